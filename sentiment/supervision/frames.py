"""Tables of Log Analytics as tidy DataFrames, and pages of rows as one DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sentiment.errors import QueryError

if TYPE_CHECKING:
    from datetime import datetime

    from azure.monitor.query import LogsTable

_TYPES = {
    "datetime": "datetime64[us, UTC]",
    "bool": "boolean",
    "int": "Int64",
    "long": "Int64",
    "real": "float64",
    "decimal": "float64",
}
_TIMES = ("timestamp", "TimeGenerated")


def to_frame(table: LogsTable) -> pd.DataFrame:
    """Return a table with the types that `LogsReader.frame` promises, even without rows."""
    columns = zip(table.columns, table.columns_types, range(len(table.columns)), strict=True)
    return pd.DataFrame(
        {name: _column([row[index] for row in table.rows], kind) for name, kind, index in columns}
    )


def _column(values: list[Any], kind: str) -> pd.Series:
    if kind in ("real", "decimal"):  # Azure writes NaN, Infinity and decimals as text
        return pd.Series([None if value is None else float(value) for value in values], dtype="float64")
    if kind == "datetime":
        return pd.to_datetime(pd.Series(values, dtype="object"), utc=True).astype(_TYPES[kind])
    if kind in ("timespan", "guid"):  # the client makes the text None of a null
        values = [None if value == "None" else value for value in values]
    return pd.Series(values, dtype=_TYPES.get(kind, "string"))


def cut(page: pd.DataFrame, window: tuple[datetime, datetime]) -> pd.DataFrame:
    """Return the rows of an overlapping page that lie in its window, excluding the end.

    Rows without `TimeGenerated` all stay: `concatenate` tells them apart by their feedback_id.

    Raises:
        QueryError: The rows have neither.
    """
    if "TimeGenerated" in page:
        return page[(page["TimeGenerated"] >= window[0]) & (page["TimeGenerated"] < window[1])]
    if "feedback_id" not in page:
        raise QueryError(
            "the answer takes several pages, but its rows cannot be told apart: "
            "let the query give TimeGenerated",
            "query",
        )
    return page


def concatenate(pages: list[pd.DataFrame]) -> pd.DataFrame:
    """Return pages (newest first) as one frame, newest row first, each feedback_id only once."""
    rows = pd.concat([page for page in pages if len(page)] or pages[:1], ignore_index=True)
    if "feedback_id" in rows:
        rows = rows[~(rows["feedback_id"].duplicated(keep="last") & rows["feedback_id"].fillna("").ne(""))]
    for time in _TIMES:
        if time in rows:
            return rows.sort_values(time, ascending=False, kind="stable", ignore_index=True)
    return rows.reset_index(drop=True)
