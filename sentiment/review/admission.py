"""The admission of settled items to the dataset of validated feedback; pure functions of values."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sentiment.data.division import near
from sentiment.data.near_duplicates import canonical_form
from sentiment.data.validated_row import ValidatedRow
from sentiment.review.items import UNCLEAR, to_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sentiment.data.dataset import Dataset
    from sentiment.review.items import AuditDraw, Settled

TEST_TEXT, OVER_SOURCE, OVER_WEEK, NOT_CLEAR, NOT_YET = (
    "near a test text",
    "over the source's cap",
    "over the week's cap",
    "unclear",
    "before its turn in the audit",
)


@dataclass(frozen=True)
class Caps:
    """The most rows that one source or one week may add, as shares of the base's training rows."""

    source: float
    week: float


@dataclass(frozen=True)
class Choice:
    """The admitted items, and the number of refused ones by reason.

    Items over a cap or before their turn may be admitted later; the others never will.
    """

    admitted: tuple[Settled, ...]
    refused: Mapping[str, int]


@dataclass(frozen=True)
class Known:
    """What was exported before, and how far the audit is reviewed.

    Attributes:
        feedback_ids: Those of the dataset.
        frontier: The place in the audit's order before which annotators have seen everything.
    """

    feedback_ids: Collection[str] = ()
    frontier: float = math.inf

    def counts(self, settled: Settled) -> bool:
        """Return whether an item was exported for itself, and not as a draw of the audit."""
        item_id = settled.item.item_id
        return item_id in self.feedback_ids and all(draw.feedback_id != item_id for draw in settled.draws)

    def due(self, settled: Settled) -> list[AuditDraw]:
        """Return the audit's draws of an item that may become rows now."""
        return [
            draw
            for draw in settled.draws
            if draw.order < self.frontier and draw.feedback_id not in self.feedback_ids
        ]


NOTHING = Known()


def choose_rows(settled: Sequence[Settled], base: Dataset, caps: Caps, known: Known = NOTHING) -> Choice:
    """Return which settled items are admitted now.

    Items of the audit are admitted when their turn comes, so that the rows stay a random sample:
    whatever is near a test text, and beyond every cap. Of the other items:

    The caps are shares of the base's own rows, so that feedback does not raise them: a source's cap
    of 5% of 30,000 rows is 1,500. Sampled items have no source; all feedback without a source has
    one and the same. An item that several sources reported counts for each of them, and is admitted
    while one of them has room: so nobody gains by a second address, and nobody shuts out an honest
    report by copying it.
    """
    held_back, refused = near(base), Counter[str]()
    quota = _Quota(caps, len(base.train.texts), (each for each in settled if known.counts(each)))
    admitted = []
    for each in settled:
        if not each.draws and each.item.item_id in known.feedback_ids:
            continue
        if each.label == UNCLEAR:
            refused[NOT_CLEAR] += 1
        elif each.draws:
            admitted += [each] if known.due(each) else []
            if late := sum(draw.order >= known.frontier for draw in each.draws):
                refused[NOT_YET] += late
        elif held_back.find(canonical_form(each.item.text)) is not None:
            refused[TEST_TEXT] += 1
        elif reason := quota.reason_against(each):
            refused[reason] += 1
        else:
            admitted.append(each)
            quota.count(each)
    return Choice(tuple(admitted), dict(refused))


class _Quota:
    """The rows that each source and each week has added, against the caps."""

    def __init__(self, caps: Caps, training_rows: int, admitted: Iterable[Settled]) -> None:
        self._most_of_source, self._most_of_week = (
            max(1, int(share * training_rows)) for share in (caps.source, caps.week)
        )
        self._by_source, self._by_week = Counter[str](), Counter[str]()
        for each in admitted:
            self.count(each)

    def count(self, settled: Settled) -> None:
        """Count an admitted item for its sources and its week."""
        self._by_source.update(settled.sources)
        self._by_week[week_of(settled.item.received_at)] += 1

    def reason_against(self, settled: Settled) -> str | None:
        """Return the cap that an item exceeds; None while there is room for it."""
        sources = settled.sources
        if sources and all(self._by_source[source] >= self._most_of_source for source in sources):
            return OVER_SOURCE
        is_over = self._by_week[week_of(settled.item.received_at)] >= self._most_of_week
        return OVER_WEEK if is_over else None


def to_rows(settled: Settled, known: Known = NOTHING) -> list[ValidatedRow]:
    """Return a settled item as rows of the dataset: one, or one per due draw of the audit."""
    item = settled.item
    row = ValidatedRow(
        text=item.text,
        label=settled.label,
        predicted_label=item.predicted_label,
        prediction_id=item.prediction_id,
        feedback_id=item.item_id,
        model=item.model,
        annotators=";".join(settled.annotators),
        validated_at=to_text(settled.validated_at),
    )
    if settled.draws:
        return [_to_audit_row(row, draw) for draw in known.due(settled)]
    if settled.probability is None:
        return [row]
    return [replace(row, drawn="uncertain", weight=_weight(settled.probability))]


def _to_audit_row(row: ValidatedRow, draw: AuditDraw) -> ValidatedRow:
    names = ("feedback_id", "prediction_id", "predicted_label", "model")
    its_own = {name: getattr(draw, name) for name in names}
    return replace(row, **its_own, drawn="audit", weight=_weight(draw.probability))


def _weight(probability: float) -> str:
    """Return 1 / a probability as text, with more digits than any analysis needs.

    >>> _weight(0.01), _weight(0.3)
    ('100', '3.33333333333')
    """
    return f"{1 / probability:.12g}"


def week_of(moment: datetime) -> str:
    """Return the ISO week of a time.

    >>> from datetime import UTC, datetime
    >>> week_of(datetime(2026, 11, 24, tzinfo=UTC))
    '2026-W48'
    """
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02d}"
