"""The admission of settled items to the dataset of validated feedback; pure functions of values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment.data.division import near
from sentiment.data.near_duplicates import canonical_form
from sentiment.data.validated_feedback import ValidatedRow
from sentiment.review.items import UNCLEAR, to_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sentiment.data.dataset import Dataset
    from sentiment.review.items import Settled

TEST_TEXT, OVER_SOURCE, OVER_WEEK, NOT_CLEAR = (
    "near a test text",
    "over the source's cap",
    "over the week's cap",
    "unclear",
)


@dataclass(frozen=True)
class Caps:
    """The most rows that one source or one week may add, as shares of the base's training rows."""

    source: float
    week: float


@dataclass(frozen=True)
class Choice:
    """The admitted items, and the number of refused ones by reason.

    Items over a cap may be admitted later; the others never will.
    """

    admitted: tuple[Settled, ...]
    refused: Mapping[str, int]


def choose_rows(
    settled: Sequence[Settled], base: Dataset, caps: Caps, earlier: Collection[str] = ()
) -> Choice:
    """Return which settled items are admitted now; `earlier` are the ids of those in the dataset.

    The caps are shares of the base's own rows, so that feedback does not raise them: a source's cap
    of 5% of 30,000 rows is 1,500. Sampled items have no source; all feedback without a source has
    one and the same. An item that several sources reported counts for each of them, and is admitted
    while one of them has room: so nobody gains by a second address, and nobody shuts out an honest
    report by copying it.
    """
    held_back, refused = near(base), Counter[str]()
    quota = _Quota(caps, len(base.train.texts), (each for each in settled if each.item.item_id in earlier))
    admitted = []
    for each in settled:
        if each.item.item_id in earlier:
            continue
        if each.label == UNCLEAR:
            refused[NOT_CLEAR] += 1
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


def to_row(settled: Settled) -> ValidatedRow:
    """Return a settled item as a row of the dataset."""
    item = settled.item
    return ValidatedRow(
        text=item.text,
        label=settled.label,
        predicted_label=item.predicted_label,
        prediction_id=item.prediction_id,
        feedback_id=item.item_id,
        model=item.model,
        annotators=";".join(settled.annotators),
        validated_at=to_text(settled.validated_at),
    )


def week_of(moment: datetime) -> str:
    """Return the ISO week of a time.

    >>> from datetime import UTC, datetime
    >>> week_of(datetime(2026, 11, 24, tzinfo=UTC))
    '2026-W48'
    """
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02d}"
