"""What is reviewed, as values: reports that come in, the items they become, and what people settled. Where they are kept is in `review`."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from sentiment.errors import ReviewError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

Origin = Literal["feedback", "low confidence", "random"]
UNCLEAR, SKIPPED = "unclear", "skip"
UNKNOWN = "unknown"  # the one source of all feedback that names none
FLOOD = 20  # reports of one source within an hour; a person does not correct more
HOUR = timedelta(hours=1)
_MOST = 3.0  # the highest priority


class ItemClosedError(ReviewError):
    """An item takes no judgement any more, or no decision; others wait."""


@dataclass(frozen=True)
class Report:
    """One prediction that came for review: what a person said of it, or a sampled one.

    The text is masked, the moment in UTC.
    """

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

    @property
    def sender(self) -> str | None:
        """Whom floods and caps count it for; nobody where it is a sample."""
        return self.source or (UNKNOWN if self.origin == "feedback" else None)


@dataclass(frozen=True)
class Item:
    """A tweet to review.

    `copies` are the reports that say the same; `notes` hold `copies`, `contradictory` and `flood`
    where they apply.

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
    """What became of reports: new items, those that joined one (copies, complaints about a sample), and those known already."""

    new: int
    collapsed: int
    known: int


def priority(report: Report, novelty: float, *, is_flood: bool) -> float:
    """Return how much a judgement would tell, 0 to 3: disagreement with the model, its doubt, and novelty; in a flood, 3 less."""
    disagreement = 1.0 if report.feedback_label else 0.5 if report.origin == "feedback" else 0.0
    return disagreement + (1 - report.score) + novelty - (_MOST if is_flood else 0)


def novelty(form: str, known_words: Collection[str]) -> float:
    """Return the share of a form's words that were not seen so far."""
    words = form.split()
    return sum(word not in known_words for word in words) / len(words) if words else 0.0


def annotators_needed(item_id: str, overlap: float) -> int:
    """Return 2 for a share of the items, chosen by a hash of their id, else 1."""
    position = int.from_bytes(hashlib.sha256(item_id.encode()).digest()[:8]) / 2**64
    return 2 if position < overlap else 1


class Arrivals:
    """When the reports of each source came.

    A flood is what one source sends beyond FLOOD within an hour.
    """

    def __init__(self, earlier: Iterable[tuple[str, str]] = ()) -> None:
        self._moments: defaultdict[str, list[str]] = defaultdict(list)
        for source, moment in sorted(earlier):
            self._moments[source].append(moment)

    def is_flood(self, source: str, moment: datetime) -> bool:
        """Note a report, and return whether its source had sent FLOOD others in the hour before it."""
        moments, now = self._moments[source], to_text(moment)
        before = bisect_right(moments, now) - bisect_left(moments, to_text(moment - HOUR))
        insort(moments, now)
        return before >= FLOOD


def to_text(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC with microseconds, so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
