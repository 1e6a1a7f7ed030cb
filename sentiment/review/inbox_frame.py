"""The feedback inbox as a table; not in `feedback`, which the image carries without pandas."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING

import pandas as pd

from sentiment.feedback.feedback import Feedback
from sentiment.review.inbox_parts import InboxParts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sentiment.feedback.inbox import Inbox


def read_inbox(inbox: Inbox, period: tuple[datetime, datetime] | None = None) -> pd.DataFrame:
    """Return all feedback, oldest first, as `to_frame` does.

    With a period in UTC, parts without feedback received in it are not read; what else is received
    outside it is returned as well.

    Raises:
        FeedbackError: The inbox cannot be read.
    """
    outside = set()
    if period:
        first, last = (moment.date().isoformat() for moment in period)
        outside = {part.name for part in inbox.listing().parts if part.last < first or part.first > last}
    return to_frame(row for batch in InboxParts(inbox).unread(outside) for row in batch.feedback)


def to_frame(feedback: Iterable[Feedback]) -> pd.DataFrame:
    """Return feedback, oldest first and each id once, with one column per field of `Feedback`.

    `received_at` are UTC timestamps.
    """
    columns = [field.name for field in fields(Feedback)]
    types = dict.fromkeys(columns, "string") | {"correct": "bool", "score": "float64"}
    types.pop("received_at")
    frame = pd.DataFrame([asdict(row) for row in feedback], columns=columns).astype(types)
    frame = frame.drop_duplicates("feedback_id")
    frame["received_at"] = pd.to_datetime(frame["received_at"], utc=True, format="ISO8601").astype(
        "datetime64[us, UTC]"
    )
    return frame.sort_values(["received_at", "feedback_id"], ignore_index=True)
