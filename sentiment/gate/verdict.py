"""What the gate said, as a record: every check with its figures and a sentence, who it was about, and a hash over it all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

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
    """One thing that the gate looked at.

    `group`: evidence, quality, slices, behaviour, calibration or budget.
    """

    name: str
    group: str
    outcome: Outcome
    sentence: str
    figures: Mapping[str, float | int | str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Override:
    """People who promote a challenger against the gate's word, and why."""

    approved_by: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Verdict:
    """The decision, why, and on what. With an override, `decision` stays the gate's own word."""

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
        """Whether the challenger may become the champion: by the gate's word or against it."""
        return self.decision is Decision.PROMOTE or self.override is not None
