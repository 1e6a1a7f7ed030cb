"""Which failures a Prefect task retries."""

from __future__ import annotations

from typing import Any

from sentiment.errors import QueryError


def is_worth_asking_again(_task: Any, _run: Any, state: Any) -> bool:
    """Return whether to query the logs again: not if the query or the role is at fault."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, QueryError) and error.is_passing
