"""A verdict as a value: the decision, every check with its figures, and who overrules it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from sentiment.errors import GateError

Outcome = Literal["pass", "hold", "reject", "note"]


class Decision(StrEnum):
    """PROMOTE: better, and nothing speaks against it. HOLD: not shown, or a person must look.

    REJECT: worse, or not to be trusted.
    """

    PROMOTE = "PROMOTE"
    HOLD = "HOLD"
    REJECT = "REJECT"


@dataclass(frozen=True)
class Check:
    """A question that the gate asked, and its outcome.

    `group`: evidence, quality, slices, behaviour, calibration or budget.
    """

    name: str
    group: str
    outcome: Outcome
    sentence: str
    figures: Mapping[str, float | int | str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Override:
    """The people who promote a challenger whatever the gate decides, and their reason."""

    approved_by: tuple[str, ...]
    reason: str


def make_override(approved_by: Sequence[str], because: str) -> Override | None:
    """Return the override that names and a reason make; None if neither is given.

    Raises:
        GateError: One of the two is missing, or a name is blank.
    """
    names, reason = tuple(name.strip() for name in approved_by), because.strip()
    if not names and not reason:
        return None
    if not names or not all(names) or not reason:
        raise GateError(
            "an override needs who approved it and why: give --approved-by NAME and --because REASON"
        )
    return Override(names, reason)


@dataclass(frozen=True)
class Verdict:
    """The decision, its reasons and its data; an override leaves `decision` as the gate made it."""

    decision: Decision
    reasons: tuple[str, ...]
    checks: tuple[Check, ...]
    challenger: Mapping[str, Any]
    champion: Mapping[str, Any] | None
    data: Mapping[str, Any]
    thresholds: Mapping[str, float]
    judged_at: str
    override: Override | None = None

    @property
    def is_promoted(self) -> bool:
        """Whether the challenger may become the champion: by the gate or by an override."""
        return self.decision is Decision.PROMOTE or self.override is not None
