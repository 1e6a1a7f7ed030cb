"""Agreement of annotators beyond chance: Cohen's kappa for pairs, Fleiss' kappa for all."""

from __future__ import annotations

import math
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
    shared = [labels for labels in by_item.values() if len(labels) > 1]
    pairs: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for labels in shared:
        for first, second in combinations(sorted(labels), 2):
            pairs[first, second].append((labels[first], labels[second]))
    cohen = {pair: (cohen_kappa(both), len(both)) for pair, both in sorted(pairs.items())}
    sizes = Counter(len(labels) for labels in shared)
    most = max(sizes, key=lambda size: (sizes[size], size), default=0)
    rated = [Counter(labels.values()) for labels in shared if len(labels) == most]
    return Agreement(cohen, fleiss_kappa(rated), len(rated))


def cohen_kappa(pairs: list[tuple[str, str]]) -> float | None:
    """Return Cohen's kappa of two annotators' labels of the same items.

    Source: Cohen, Educational and Psychological Measurement 20, 1960.
    """
    from sklearn.metrics import cohen_kappa_score

    if len({label for pair in pairs for label in pair}) < 2:  # noqa: PLR2004 - one label alone: no chance to disagree
        return None
    kappa = float(cohen_kappa_score([first for first, _ in pairs], [second for _, second in pairs]))
    return kappa if math.isfinite(kappa) else None


def fleiss_kappa(rated: list[Counter[str]]) -> float | None:
    """Return Fleiss' kappa of items that all have the same number of ratings.

    Source: Fleiss, Psychological Bulletin 76, 1971.
    """
    if not rated:
        return None
    raters = rated[0].total()
    totals = sum(rated, Counter())
    expected = sum((count / totals.total()) ** 2 for count in totals.values())
    if expected == 1:
        return None
    agreeing = sum(count * (count - 1) for ratings in rated for count in ratings.values())
    observed = agreeing / (len(rated) * raters * (raters - 1))
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
