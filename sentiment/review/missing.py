"""Compare the feedback inbox with what arrived in the logs: the inbox is durable, telemetry may lose. Sending is `telemetry`'s work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd


def missing_feedback(
    inbox: pd.DataFrame, logs: pd.DataFrame, *, period: tuple[datetime, datetime]
) -> pd.DataFrame:
    """Return the rows of the inbox, oldest first, that were received in `period` (from, to) and whose id the logs do not hold.

    Args:
        inbox: What `Inbox.read` returns.
        logs: A column `feedback_id`: what the logs hold of the same period or more.
        period: Let it end some minutes ago, else feedback counts as missing that is still on its
            way. That costs, but does no harm: every query counts a feedback id once.
    """
    start, end = period
    is_due = inbox["received_at"].between(start, end, inclusive="left")
    return inbox[is_due & ~inbox["feedback_id"].isin(logs["feedback_id"])].reset_index(drop=True)
