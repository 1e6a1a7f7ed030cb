"""Agreement of annotators beyond chance: Cohen's kappa for pairs, Fleiss' kappa for all."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Judgement = tuple[str, str, str]  # item, annotator, label


@dataclass(frozen=True)
class Agreement:
    """Kappas from -1 to 1; None without a shared item, or where only one label was used.

    `cohen` gives for each pair of annotators its kappa and the number of items that both judged;
    `fleiss` is over the `items` that the same number of annotators judged.
    """

    cohen: Mapping[tuple[str, str], tuple[float | None, int]]
    fleiss: float | None
    items: int


def agree(judgements: Iterable[Judgement]) -> Agreement:
    """Return the agreement of annotators who gave one judgement per item each."""
    by_item: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for item, annotator, label in judgements:
        by_item[item][annotator] = label
    pairs: defaultdict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    ratings: Counter[tuple[str, ...]] = Counter()
    for labels in by_item.values():
        for first, second in combinations(sorted(labels), 2):
            pairs[first, second][labels[first], labels[second]] += 1
        ratings[tuple(sorted(labels.values()))] += len(labels) > 1
    return agreement_of(pairs, ratings)


def agreement_of(
    pairs: Mapping[tuple[str, str], Mapping[tuple[str, str], int]], ratings: Mapping[tuple[str, ...], int]
) -> Agreement:
    """Return the agreement from counts.

    Args:
        pairs: For each two annotators, the items that both judged by the two labels.
        ratings: The items with several labels by these, in alphabetical order.
    """
    cohen = {pair: (cohen_kappa(counts), sum(counts.values())) for pair, counts in sorted(pairs.items())}
    sizes: Counter[int] = Counter()
    for labels, number in ratings.items():
        sizes[len(labels)] += number
    most = max((size for size in sizes if sizes[size]), key=lambda size: (sizes[size], size), default=0)
    rated = {labels: number for labels, number in ratings.items() if len(labels) == most and number}
    return Agreement(cohen, fleiss_kappa(rated), sum(rated.values()))


def cohen_kappa(counts: Mapping[tuple[str, str], int]) -> float | None:
    """Return Cohen's kappa of two annotators from the numbers of items by their two labels.

    Source: Cohen, Educational and Psychological Measurement 20, 1960.
    """
    total = sum(counts.values())
    labels = {label for both in counts for label in both}
    if not total or len(labels) < 2:  # noqa: PLR2004 - one label alone: no chance to disagree
        return None
    shares = [
        [sum(number for both, number in counts.items() if both[side] == label) / total for label in labels]
        for side in (0, 1)
    ]
    expected = float(sum(one * other for one, other in zip(*shares, strict=True)))
    if expected == 1:
        return None
    observed = sum(number for (first, second), number in counts.items() if first == second) / total
    return (observed - expected) / (1 - expected)


def fleiss_kappa(rated: Mapping[tuple[str, ...], int]) -> float | None:
    """Return Fleiss' kappa from the numbers of items by their labels, the same number of each.

    Source: Fleiss, Psychological Bulletin 76, 1971.
    """
    if not rated:
        return None
    raters, items = len(next(iter(rated))), sum(rated.values())
    totals: Counter[str] = Counter()
    agreeing = 0
    for labels, number in rated.items():
        ratings = Counter(labels)
        totals.update({label: count * number for label, count in ratings.items()})
        agreeing += number * sum(count * (count - 1) for count in ratings.values())
    expected = sum((count / totals.total()) ** 2 for count in totals.values())
    if expected == 1:
        return None
    observed = agreeing / (items * raters * (raters - 1))
    return (observed - expected) / (1 - expected)


def in_words(kappa: float | None) -> str:
    """Return the name of a kappa's range (Landis and Koch, Biometrics 33, 1977)."""
    if kappa is None:
        return "not defined"
    steps = (
        (0.81, "almost perfect"),
        (0.61, "substantial"),
        (0.41, "moderate"),
        (0.21, "fair"),
        (0.0, "slight"),
    )
    return next((words for least, words in steps if kappa >= least), "poor")
