"""The values of the review: reports, the items that they become, and settled items."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from sentiment.errors import ReviewError
from sentiment.feedback.draws import audit_number
from sentiment.hash_draws import hash_draw

if TYPE_CHECKING:
    from collections.abc import Collection

    from sentiment.data.validated_row import Drawn

Origin = Literal["feedback", "low confidence", "random", "disagreement"]
UNCLEAR, SKIPPED = "unclear", "skip"
UNKNOWN = "unknown"  # the source of all feedback without one
FLOOD = 20  # reports of one source within an hour; a person does not correct more
HOUR = timedelta(hours=1)
_MOST = 3.0  # the highest priority


class ItemClosedError(ReviewError):
    """An item takes no more judgements, or no adjudication; the queue has others."""


@dataclass(frozen=True)
class Report:
    """One prediction to review: one that a person called wrong, or a sampled one.

    The text is masked, the time in UTC.

    Attributes:
        drawn: How it came to be reviewed, as in `ValidatedRow`; a complaint also where that is not
            known any more.
        probability: With which it was drawn; None for a complaint.
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
    drawn: Drawn = "complaint"
    probability: float | None = None

    @property
    def audit_order(self) -> float | None:
        """Its place in the audit's random order, from 0 to 1; None if it is not of the audit.

        What lies below a limit is itself a random sample, with the probability times that limit.
        """
        if self.drawn != "audit" or self.probability is None:
            return None
        return audit_number(self.prediction_id) / self.probability

    @property
    def sender(self) -> str | None:
        """The source that floods and caps count it for; None for a sample."""
        return self.source or (UNKNOWN if self.origin == "feedback" else None)


@dataclass(frozen=True)
class Item:
    """A tweet to review.

    `copies` is the number of reports that say the same; `notes` hold `copies`, `contradictory` and
    `flood` where they apply; `needed` is the number of annotators who judge it; `audit_order` is
    its place in the audit's random order, None if it is not of the audit.
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
    audit_order: float | None = None


@dataclass(frozen=True)
class AuditDraw:
    """A prediction of the audit: each becomes a row of the dataset, also where texts repeat."""

    feedback_id: str
    prediction_id: str
    predicted_label: str
    model: str
    probability: float

    @property
    def order(self) -> float:
        """Its place in the audit's random order; see `Report.audit_order`."""
        return audit_number(self.prediction_id) / self.probability


@dataclass(frozen=True)
class Settled:
    """An item with the label that annotators agreed on or that was adjudicated; also `unclear`.

    Attributes:
        sources: Who complained of it.
        draws: The predictions of the audit that say it, in the audit's order.
        probability: With which an item that is neither of the audit nor complained of was drawn for
            its low score; else None.
    """

    item: Item
    label: str
    annotators: tuple[str, ...]
    validated_at: datetime
    sources: tuple[str, ...]
    draws: tuple[AuditDraw, ...] = ()
    probability: float | None = None


@dataclass(frozen=True)
class AuditProgress:
    """Numbers of the audit's predictions; the last four add up to `drawn`.

    Attributes:
        settled: With a label.
        unclear: Whose annotators could not tell.
        skipped: That annotators only skipped so far.
        waiting: All others, also those that annotators disagree on.
    """

    drawn: int
    settled: int
    unclear: int
    skipped: int
    waiting: int


@dataclass(frozen=True)
class Progress:
    """Numbers of items by state; `mine` are those that one annotator judged."""

    items: int
    settled: int
    unclear: int
    disagreements: int
    waiting: int
    mine: int
    audit: AuditProgress


@dataclass(frozen=True)
class Added:
    """The result of adding reports: new items, reports added to an item, reports known already."""

    new: int
    collapsed: int
    known: int

    def __add__(self, other: Added) -> Added:
        """Return the sum of two results."""
        return Added(self.new + other.new, self.collapsed + other.collapsed, self.known + other.known)


def priority(report: Report, novelty: float, *, is_flood: bool) -> float:
    """Return how informative a judgement would be, 0 to 3; for a report in a flood, 3 less.

    It is the sum of the disagreement with the model, the model's doubt, and the novelty.
    """
    disagreement = 1.0 if report.feedback_label else 0.5 if report.origin == "feedback" else 0.0
    return disagreement + (1 - report.score) + novelty - (_MOST if is_flood else 0)


def novelty(form: str, known_words: Collection[str]) -> float:
    """Return the share of a form's words that are unknown so far."""
    words = form.split()
    return sum(word not in known_words for word in words) / len(words) if words else 0.0


def annotators_needed(item_id: str, overlap: float) -> int:
    """Return 2 for the share `overlap` of the items, chosen by a hash of their id, else 1."""
    return 2 if hash_draw(item_id) < overlap else 1


def to_text(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC with microseconds, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
