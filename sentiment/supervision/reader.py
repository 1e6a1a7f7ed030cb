"""Queries to Log Analytics or the local monitor: a query in, a tidy DataFrame out."""

from __future__ import annotations

import os
from collections import deque
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from sentiment.errors import ConfigError, QueryError
from sentiment.loopback import is_loopback

if TYPE_CHECKING:
    from types import TracebackType

    import pandas as pd
    from azure.core.credentials import TokenCredential
    from azure.monitor.query import LogsQueryClient

    from sentiment.config import Settings

Period = timedelta | tuple[datetime, datetime] | None
Window = tuple[datetime, datetime]

PAGE = timedelta(days=7)
SMALLEST_PAGE = timedelta(seconds=1)
# Pages overlap by this much, so that it makes no difference whether Azure includes their borders.
OVERLAP = timedelta(milliseconds=1)
_CONNECT_SECONDS, _READ_SECONDS, _SERVER_SECONDS = 5, 60, 55
_LONGEST_WAIT_SECONDS = 60
_TABLES = "AppTraces, AppRequests, AppDependencies, AppExceptions, AppEvents, AppMetrics"
_EXTENT = f"union isfuzzy=true {_TABLES} | summarize first = min(TimeGenerated), last = max(TimeGenerated)"


class LogsReader:
    """A reader of one workspace, in Azure or on the local monitor; threads may share it."""

    def __init__(self, endpoint: str, workspace: str, credential: TokenCredential | None = None) -> None:
        """Connect to Azure over https, or to the local monitor over http.

        Without a credential, Azure's default ones are used; the local monitor needs none.

        Raises:
            ConfigError: The endpoint is no address, or is plain http to another machine.
        """
        self.endpoint, self.workspace = endpoint, workspace
        self._resources = ExitStack()
        client = (
            _local_client(endpoint)
            if _is_local(endpoint)
            else _azure_client(endpoint, credential or _find_credential())
        )
        self._client = self._resources.enter_context(client)

    @classmethod
    def from_settings(cls, settings: Settings) -> LogsReader:
        """Return a reader of `settings.workspace` at `settings.logs_address`."""
        return cls(settings.logs_address, settings.workspace)

    def frame(self, query: str, period: Period) -> pd.DataFrame:
        """Return the whole result of a query.

        Timestamps are `datetime64[us, UTC]`, numbers `Int64` or `float64`, truth values `boolean`,
        all else `string`; an empty result keeps its columns and types. A period is a range of
        `TimeGenerated` that includes its start, not its end; None is unlimited.

        Raises:
            QueryError: The query fails, or its result is partial.
        """
        from azure.core.exceptions import AzureError

        from sentiment.supervision import azure_errors, frames

        target = azure_errors.Target(self.endpoint, self.workspace, is_local=_is_local(self.endpoint))
        try:
            answer: Any = self._client.query_workspace(
                self.workspace,
                query,
                timespan=_check(period),
                server_timeout=_SERVER_SECONDS,
                retry_on_methods=frozenset({"POST"}),
            )
            error, tables = getattr(answer, "partial_error", None), list(answer)
        except AzureError as failure:
            raise azure_errors.explain(failure, target) from failure
        # Raised by the client itself on a response of another format.
        except (AttributeError, KeyError, TypeError, JSONDecodeError, UnicodeDecodeError) as failure:
            raise azure_errors.not_logs(target) from failure
        if error:
            raise QueryError(
                f"the answer is cut off ({azure_errors.partial_reason(error)}): ask for a shorter period",
                "partial",
            )
        if not tables:
            raise azure_errors.not_logs(target)
        return frames.to_frame(tables[0])

    def rows(self, query: str, period: Period) -> pd.DataFrame:
        """Return all rows of a query for single events, newest first, in pages where it needs them.

        No row is lost or doubled at the border of two pages: pages overlap, and rows are told apart
        by their `TimeGenerated` or, without it, their `feedback_id`. Each feedback_id is returned
        once in any case.

        Raises:
            QueryError: The query fails, one second has too many rows, or the rows of several pages
                cannot be told apart.
        """
        from sentiment.supervision import frames

        if period is None:
            try:
                return frames.concatenate([self.frame(query, None)])
            except QueryError as error:
                if error.reason != "partial" or (extent := self._extent()) is None:
                    raise
                period = extent
        whole = _to_window(period)
        return frames.concatenate(self._pages(query, whole))

    def _pages(self, query: str, whole: Window) -> list[pd.DataFrame]:
        from sentiment.supervision import frames

        pages, waiting = [], deque(_split(whole, PAGE))
        while waiting:
            window = waiting.popleft()
            try:
                page = self.frame(query, _widen(window, whole))
            except QueryError as error:
                if error.reason != "partial":
                    raise
                waiting.extendleft(reversed(_halve(window, error)))
            else:
                pages.append(page if window == whole else frames.cut(page, window))
        return pages

    def _extent(self) -> Window | None:
        extent = self.frame(_EXTENT, None)
        if extent.empty or extent.isna().any(axis=None):
            return None
        return extent["first"][0].to_pydatetime(), extent["last"][0].to_pydatetime() + OVERLAP

    def close(self) -> None:
        """Close the connections."""
        self._resources.close()

    def __enter__(self) -> LogsReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_local(endpoint: str) -> bool:
    """Return whether an endpoint is plain http on this machine; refuse plain http to another."""
    parts = urlsplit(endpoint)
    if not parts.hostname or parts.scheme not in ("http", "https") or parts.username:
        raise ConfigError(
            f"the logs endpoint {endpoint!r} is no address: "
            "set SENTIMENT_LOGS_ENDPOINT to one such as https://HOST"
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ConfigError(
            f"the logs endpoint {endpoint} would send queries and answers unencrypted: "
            "use https, or http to 127.0.0.1"
        )
    return parts.scheme == "http"


def _local_client(endpoint: str) -> LogsQueryClient:
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    # A policy that does nothing stands where the token would be added; the client insists on some
    # credential, which is never asked.
    return _azure_client(
        endpoint,
        cast("TokenCredential", object()),
        authentication_policy=SansIOHTTPPolicy[Any, Any](),
        use_env_settings=False,
    )


def _azure_client(endpoint: str, credential: TokenCredential, **options: Any) -> LogsQueryClient:
    from azure.monitor.query import LogsQueryClient

    from sentiment.supervision.azure_errors import patient_retries

    return LogsQueryClient(
        credential,
        endpoint=endpoint,
        retry_policy=patient_retries(_LONGEST_WAIT_SECONDS),
        permit_redirects=False,  # the answer of no other host
        connection_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        **options,
    )


def _find_credential() -> TokenCredential:
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    client_id = os.environ.get("AZURE_CLIENT_ID")
    return ManagedIdentityCredential(client_id=client_id) if client_id else DefaultAzureCredential()


def _check(period: Period) -> Period:
    if isinstance(period, timedelta) and period <= timedelta(0):  # the client would send no limit at all
        raise QueryError(f"the period is {period}: give a longer one, or None for all there is", "query")
    if isinstance(period, tuple):
        start, end = period
        if start.tzinfo is None or end.tzinfo is None:
            raise QueryError(f"the period {start} to {end} has no time zone: use UTC", "query")
        if start >= end:
            raise QueryError(
                f"the period ends at {end}, before it has begun at {start}: exchange the two", "query"
            )
        return start.astimezone(UTC), end.astimezone(UTC)
    return period


def _to_window(period: timedelta | Window) -> Window:
    checked = cast("timedelta | Window", _check(period))
    if isinstance(checked, tuple):
        return checked
    now = datetime.now(UTC)
    return now - checked, now


def _split(window: Window, length: timedelta) -> list[Window]:
    """Return the parts of a window, newest first; the oldest may be shorter than `length`."""
    start, end = window
    parts = []
    while end > start:
        parts.append((max(start, end - length), end))
        end -= length
    return parts


def _halve(window: Window, error: QueryError) -> list[Window]:
    length = window[1] - window[0]
    if length <= SMALLEST_PAGE:
        raise QueryError(
            f"the second from {window[0]} holds more than one answer can: let the query give fewer rows",
            "partial",
        ) from error
    return _split(window, max(length - length // 2, SMALLEST_PAGE))


def _widen(window: Window, whole: Window) -> Window:
    return max(window[0] - OVERLAP, whole[0]), min(window[1] + OVERLAP, whole[1])
