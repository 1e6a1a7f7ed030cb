"""What labels of production say of the champion's scores, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.evaluation.abstention import TARGET_RISK
from sentiment.evaluation.recalibration import LEAST_LABELS

if TYPE_CHECKING:
    from sentiment.evaluation.recalibration import Recalibration


def say_calibration(tag: str, labels: int, learned: Recalibration | None) -> str:
    """Return what was learned of a model's scores; `learned` is None with too few labels."""
    if learned is None:
        return (
            f"{labels} audit tweets that {tag} has not learned have a label, {LEAST_LABELS} are needed: "
            "its scores stay as they are. Review the audit, then run 'python -m flows.validate'."
        )
    return " ".join((f"{tag}, {labels} labels.", _of_temperature(learned), _of_threshold(learned)))


def _of_temperature(learned: Recalibration) -> str:
    chance = f"with perfect scores it would be {100 * learned.error_by_chance:.1f} on so few tweets"
    before = (
        f"The calibration error of its own scores is {100 * learned.error_before:.1f} points in production"
    )
    if learned.temperature == 1:
        return f"{before}; {chance}. No temperature is shown to mend it, so the scores stay."
    words = "less sure" if learned.temperature > 1 else "surer"
    after = f"{100 * learned.error_after:.1f} points on tweets it was not learned from"
    return f"{before}; {chance}. A temperature of {learned.temperature:.2f} makes them {words}: {after}."


def _of_threshold(learned: Recalibration) -> str:
    target = f"at most {TARGET_RISK:.0%}"
    if learned.uncertain_below is None:
        return f"No score is shown to be wrong in {target}: no answer is marked, label more tweets."
    if learned.uncertain_below == 0:
        return f"Of all labels {target} are wrong: no answer needs a mark."
    return (
        f"Answers below {learned.uncertain_below:.2f} are marked as uncertain: above it lie "
        f"{learned.kept:.0%} of the tweets, of which {learned.risk:.0%} were wrong, and {target} are with "
        "95% confidence."
    )
