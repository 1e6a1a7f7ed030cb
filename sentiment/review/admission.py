"""Which settled items may join the dataset of validated feedback, and why the others may not.

Pure functions of values.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment.data.near_duplicates import canonical_form
from sentiment.data.validated_feedback import ValidatedRow, near
from sentiment.review.items import UNCLEAR, to_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
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
    """The largest share of the training rows, base and feedback together, that one source or one week of feedback may add."""

    source: float
    week: float


@dataclass(frozen=True)
class Choice:
    """The items that join as rows, and how many do not, by reason.

    Those over a cap may join later; the others never will.
    """

    joining: tuple[Settled, ...]
    refused: Mapping[str, int]


def choose_rows(
    settled: Sequence[Settled], base: Dataset, caps: Caps, joined: Collection[str] = ()
) -> Choice:
    """Return which settled items join now; those whose feedback ids `joined` before count for the caps.

    The base's own rows are the measure of the caps, so that what joins does not raise them: a
    source's cap of 5% of 30,000 rows is 1,500. Sampled items have no source, feedback that names
    none is all of one. An item that several sources reported counts for each, and joins while one
    of them has room: so nobody gains by a second address, and nobody shuts out an honest report by
    copying it.
    """
    held_back, refused = near(base), Counter[str]()
    earlier = [one for one in settled if one.item.item_id in joined]
    by_source = Counter(source for one in earlier for source in one.sources)
    by_week = Counter(week_of(one.item.received_at) for one in earlier)
    most_of_source, most_of_week = (
        max(1, int(share * len(base.train.texts))) for share in (caps.source, caps.week)
    )
    joining = []
    for one in settled:
        week = week_of(one.item.received_at)
        if one.item.item_id in joined:
            continue
        if one.label == UNCLEAR:
            refused[NOT_CLEAR] += 1
        elif held_back.find(canonical_form(one.item.text)) is not None:
            refused[TEST_TEXT] += 1
        elif one.sources and all(by_source[source] >= most_of_source for source in one.sources):
            refused[OVER_SOURCE] += 1
        elif by_week[week] >= most_of_week:
            refused[OVER_WEEK] += 1
        else:
            joining.append(one)
            by_source.update(one.sources)
            by_week[week] += 1
    return Choice(tuple(joining), dict(refused))


def to_row(one: Settled) -> ValidatedRow:
    """Return a settled item as a row of the dataset."""
    item = one.item
    return ValidatedRow(
        text=item.text,
        label=one.label,
        predicted_label=item.predicted_label,
        prediction_id=item.prediction_id,
        feedback_id=item.item_id,
        model=item.model,
        annotators=";".join(one.annotators),
        validated_at=to_text(one.validated_at),
    )


def week_of(moment: datetime) -> str:
    """Return the ISO week of a moment.

    >>> from datetime import UTC, datetime
    >>> week_of(datetime(2026, 11, 24, tzinfo=UTC))
    '2026-W48'
    """
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02d}"
