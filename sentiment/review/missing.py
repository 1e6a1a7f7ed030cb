"""Feedback that is in the durable inbox but never arrived in the logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd


def missing_feedback(
    inbox: pd.DataFrame, logs: pd.DataFrame, *, period: tuple[datetime, datetime]
) -> pd.DataFrame:
    """Return the inbox rows of a period, oldest first, whose feedback id is not in the logs.

    Args:
        inbox: What `read_inbox` returns.
        logs: A column `feedback_id`, of the same period or more.
        period: Start and end of `received_at`. Let it end some minutes ago, else feedback that is
            still on its way counts as missing. That costs, but does no harm: every query counts a
            feedback id once.
    """
    start, end = period
    is_due = inbox["received_at"].between(start, end, inclusive="left")
    return inbox[is_due & ~inbox["feedback_id"].isin(logs["feedback_id"])].reset_index(drop=True)
