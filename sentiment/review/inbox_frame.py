"""The feedback inbox as a table; not in `feedback`, which the image carries without pandas."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING

import pandas as pd

from sentiment.feedback.feedback import Feedback

if TYPE_CHECKING:
    from sentiment.feedback.inbox import Inbox


def read_inbox(inbox: Inbox) -> pd.DataFrame:
    """Return all feedback, oldest first, with one column per field of `Feedback`.

    `received_at` are UTC timestamps.

    Raises:
        FeedbackError: The inbox cannot be read.
    """
    columns = [field.name for field in fields(Feedback)]
    types = dict.fromkeys(columns, "string") | {"correct": "bool", "score": "float64"}
    types.pop("received_at")
    frame = pd.DataFrame([asdict(feedback) for feedback in inbox.read()], columns=columns).astype(types)
    frame["received_at"] = pd.to_datetime(frame["received_at"], utc=True, format="ISO8601").astype(
        "datetime64[us, UTC]"
    )
    return frame.sort_values(["received_at", "feedback_id"], ignore_index=True)
