"""How often an exam may be looked at: what a verdict may spend, and how many labels are missing.

The error that the exam of one champion may cost is spent once, little by little as its tweets come
(alpha spending: Lan and DeMets, Biometrika 70, 1983). Whoever asks again without new tweets has
nothing to spend, so asking often never gives a better chance.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from sentiment.data.division import EXAM_SHARE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentiment.gate.thresholds import Thresholds

POWER = 0.9
GAINS = (0.02, 0.03, 0.05)
_MOST_TWEETS = 10**7
_LEAST_LEVEL = 1e-6  # records round what was spent: less is nothing


@dataclass(frozen=True)
class Look:
    """An earlier verdict on a challenger of the same champion.

    Attributes:
        challenger: The name of the one that was judged.
        start: The first row of the file that its exam was taken from.
        end: How many rows the file had.
        rows: The number of the exam's tweets; below `Thresholds.least_exam` the base decided alone.
        alpha: The level at which production was asked.
    """

    challenger: str
    start: int
    end: int
    rows: int
    alpha: float


def share_spent(rows: int, limits: Thresholds) -> float:
    """Return which share of its error an exam of so many tweets may have spent in all.

    It grows by the same amount whenever the exam doubles, up to 1 at `limits.whole_exam` tweets.

    >>> from sentiment.gate.thresholds import Thresholds
    >>> [round(share_spent(rows, Thresholds()), 2) for rows in (50, 100, 500, 1000, 7000)]
    [0.23, 0.41, 0.82, 1.0, 1.0]
    """
    if rows <= limits.first_spent:
        return 0.0
    return min(1.0, math.log(rows / limits.first_spent) / math.log(limits.whole_exam / limits.first_spent))


def may_spend(rows: int, challenger: str, looks: Sequence[Look], limits: Thresholds) -> float:
    """Return the level at which an exam of so many tweets may be asked about a challenger now.

    Two accounts must cover it: that of the exam, which all challengers share, and the challenger's
    own. A challenger on which the base has decided alone keeps only a rest (`limits.alpha_again`).

    Args:
        rows: The number of the exam's tweets.
        challenger: The name of the challenger that asks.
        looks: Earlier verdicts with this exam, or on this challenger.
        limits: The levels.
    """
    if rows < limits.least_exam:
        return 0.0
    own = [look for look in looks if look.challenger == challenger]
    was_judged_alone = any(look.rows < limits.least_exam for look in own)
    of_own = limits.alpha_again if was_judged_alone else limits.alpha_production
    share = share_spent(rows, limits)
    left = limits.alpha_production * share - sum(look.alpha for look in looks)
    level = min(left, of_own * share - sum(look.alpha for look in own))
    return level if level > _LEAST_LEVEL else 0.0


def level_of_base(rows: int, challenger: str, looks: Sequence[Look], limits: Thresholds) -> float:
    """Return the level at which the test split may be asked about a challenger.

    It is all of `limits.alpha` where the base decides alone, unless production was asked about this
    challenger before.
    """
    was_asked = any(look.challenger == challenger and look.rows >= limits.least_exam for look in looks)
    return limits.alpha_base if rows >= limits.least_exam or was_asked else limits.alpha


def labels_missing(
    gain: float, *, rows: int, spread: float, level: Callable[[int], float], from_new: Callable[[int], float]
) -> int:
    """Return how many more audit labels would show a true gain with a power of 90%.

    Args:
        gain: The gain in macro F1, as a share of 1.
        rows: The number of the exam's tweets now.
        spread: The standard error of the difference for one tweet.
        level: The level at which this exam may be asked, by its number of tweets.
        from_new: The same of the next exam, which is asked where this one never could.
    """
    needed = _tweets_needed(gain, rows, spread, level)
    if needed is not None:
        return math.ceil((needed - rows) / EXAM_SHARE)
    return math.ceil((_tweets_needed(gain, 1, spread, from_new) or _MOST_TWEETS) / EXAM_SHARE)


def _tweets_needed(gain: float, rows: int, spread: float, level: Callable[[int], float]) -> int | None:
    """Return the least number of tweets from `rows` on that shows a gain; None: none does."""
    normal = NormalDist()

    def is_enough(tweets: int) -> bool:
        alpha = level(tweets)
        needed = normal.inv_cdf(1 - alpha) + normal.inv_cdf(POWER) if alpha > 0 else math.inf
        return gain * math.sqrt(tweets) >= needed * spread

    if not is_enough(_MOST_TWEETS):
        return None
    return rows + bisect_left(range(rows, _MOST_TWEETS), True, key=is_enough)
