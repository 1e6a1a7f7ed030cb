"""The gate before a new champion: a function of labels and scores that always says why. `flows/promote.py` acts on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sentiment.evaluate import evaluate, f1_macro_difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.base import Scores


@dataclass(frozen=True)
class Verdict:
    """What the gate decided and on which figures; the champion's are None on a first run."""

    is_promoted: bool
    reason: str
    candidate_f1_macro: float
    champion_f1_macro: float | None = None
    difference: float | None = None
    interval_low: float | None = None
    interval_high: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as a JSON-serialisable dict."""
        return asdict(self)


def judge(labels: Sequence[str], candidate: Scores, champion: Scores | None, *, caveat: str = "") -> Verdict:
    """Return whether the candidate replaces the champion: only if its macro F1 on the same test texts is strictly higher.

    Without a champion the candidate is promoted. `caveat` is added to the reason. The interval informs; it does not decide.

    Raises:
        ModelError: The scores are not probabilities or do not fit the labels.
    """
    new = evaluate(labels, candidate)["f1_macro"]
    if champion is None:
        return Verdict(True, f"promoted: there was no champion; the candidate has a test macro F1 of {new:.4f}{caveat}", new)
    old = evaluate(labels, champion)["f1_macro"]
    low, high = f1_macro_difference(labels, champion, candidate)
    figures = f"test macro F1 {new:.4f} against the champion's {old:.4f}: {new - old:+.4f}, 95% interval {low:+.4f} to {high:+.4f}"
    decision = "promoted: the candidate is better" if new > old else "kept the champion: the candidate is not better"
    return Verdict(new > old, f"{decision}, {figures} on {len(labels)} texts{caveat}", new, old, new - old, low, high)
