"""What is reviewed, as values: reports that come in, the items they become, and what people settled. Where they are kept is in `review`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Origin = Literal["feedback", "low confidence", "random"]
UNCLEAR, SKIPPED = "unclear", "skip"
FLOOD = 20  # reports of one source within an hour; a person does not correct more
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Report:
    """One prediction that came for review: what a person said of it, or a sampled one. The text is masked, the moment in UTC."""

    feedback_id: str
    prediction_id: str
    text: str
    predicted_label: str
    feedback_label: str | None
    score: float
    model: str
    origin: Origin
    source: str | None
    received_at: datetime


@dataclass(frozen=True)
class Item:
    """A tweet to review. `copies` are the reports that say the same; `notes` hold `copies`, `flood` and `contradictory` where they apply.

    `needed` is how many annotators judge it.
    """

    item_id: str
    text: str
    predicted_label: str
    feedback_label: str | None
    score: float
    model: str
    prediction_id: str
    origin: str
    received_at: datetime
    copies: int
    notes: tuple[str, ...]
    priority: float
    needed: int


@dataclass(frozen=True)
class Settled:
    """An item with the label that people agreed on or that was adjudicated; `unclear` is such a label, too."""

    item: Item
    label: str
    annotators: tuple[str, ...]
    validated_at: datetime
    sources: tuple[str, ...]
    is_exported: bool


@dataclass(frozen=True)
class Progress:
    """How far the review is; `mine` is what one annotator judged, `waiting` what still waits for anybody."""

    items: int
    settled: int
    unclear: int
    disagreements: int
    waiting: int
    mine: int


@dataclass(frozen=True)
class Added:
    """What became of reports: new items, copies that joined one, and those that were there already."""

    new: int
    collapsed: int
    known: int


def priority(report: Report, form: str, known_words: Collection[str]) -> float:
    """Return how much a judgement would tell, 0 to 3: disagreement with the model, its doubt, and the share of words not seen so far."""
    disagreement = 1.0 if report.feedback_label else 0.5 if report.origin == "feedback" else 0.0
    words = form.split()
    novelty = sum(word not in known_words for word in words) / len(words) if words else 0.0
    return disagreement + (1 - report.score) + novelty


def annotators_needed(item_id: str, overlap: float) -> int:
    """Return 2 for a share of the items, chosen by a hash of their id, else 1."""
    position = int.from_bytes(hashlib.sha256(item_id.encode()).digest()[:8]) / 2**64
    return 2 if position < overlap else 1


def is_flood(moments: Sequence[datetime]) -> bool:
    """Return whether more than FLOOD of one source's reports came within some hour."""
    ordered = sorted(moments)
    return any(later - earlier <= _HOUR for earlier, later in zip(ordered, ordered[FLOOD:], strict=False))


def to_text(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC with microseconds, so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
