"""What it means when Log Analytics does not answer: Azure's errors as ours, and how long to try again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sentiment.errors import QueryError

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError
    from azure.core.pipeline.policies import RetryPolicy

_MAX_CHARS = 300
# Some come with the status 403.
_TOKEN_ERRORS = ("InvalidAuthenticationToken", "InvalidTokenError", "AuthenticationFailed")


@dataclass(frozen=True)
class Place:
    """Where a query was asked."""

    endpoint: str
    workspace: str
    is_local: bool


def patient_retries(longest_wait: float) -> RetryPolicy[Any, Any]:
    """Return the client's own retries, except that none waits longer than this many seconds or repeats a query that took too long."""
    from azure.core.pipeline.policies import RetryPolicy

    class PatientRetries(RetryPolicy[Any, Any]):
        def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
            is_too_long = (self.get_retry_after(response) or 0) > longest_wait
            return (
                not is_too_long
                and response.http_response.status_code != HTTPStatus.GATEWAY_TIMEOUT
                and bool(super().is_retry(settings, response))
            )

    return PatientRetries(
        retry_total=3, retry_connect=2, retry_read=1, retry_status=3, retry_backoff_factor=0.5
    )


def explain(failure: AzureError, place: Place) -> QueryError:
    """Return what the client's exception means to the user."""
    from azure.core.exceptions import HttpResponseError

    response = getattr(failure, "response", None)
    if isinstance(failure, HttpResponseError) and not place.is_local and not _is_from(response, place):
        return _no_credential(place, was_refused=False)  # raised where the token was fetched
    if isinstance(failure, HttpResponseError):
        return _explain_status(response, place)
    remedy = (
        "start the monitor with 'python -m monitor', or check" if place.is_local else "check the network and"
    )
    return QueryError(
        f"the logs at {place.endpoint} do not answer: {remedy} SENTIMENT_LOGS_ENDPOINT", "unreachable"
    )


def not_logs(place: Place) -> QueryError:
    """Return the error for an answer that Log Analytics would not give."""
    return QueryError(
        f"what answers at {place.endpoint} is not Log Analytics: check SENTIMENT_LOGS_ENDPOINT", "unreachable"
    )


def partial_reason(error: Any) -> str:
    """Return why an answer is cut off: Azure hides it in the details of the client's `partial_error`."""
    inner = [_innermost(_chain(detail)) for detail in error.details or ()]
    return inner[0] if inner else one_line(error.message)


def one_line(message: str | None) -> str:
    """Return a message of Azure's as one line of bounded length.

    >>> one_line("  cut   off ")
    'cut off'
    """
    line = " ".join((message or "no reason given").split())
    return line if len(line) <= _MAX_CHARS else f"{line[: _MAX_CHARS - 1]}…"


def _explain_status(response: Any, place: Place) -> QueryError:  # noqa: PLR0911 - one return for each thing that Azure may say
    status, chain = response.status_code, _errors(response)
    codes = {str(error.get("code")) for error in chain}
    workspace = f"the workspace {place.workspace} at {place.endpoint}"
    if any(code.startswith(_TOKEN_ERRORS) for code in codes):
        return _no_credential(place, was_refused=True)
    if "WorkspaceNotFoundError" in codes or (status == HTTPStatus.NOT_FOUND and chain):
        return QueryError(
            f"{workspace} is not there: set SENTIMENT_WORKSPACE_ID to the id that the portal shows",
            "workspace",
        )
    if status == HTTPStatus.FORBIDDEN:
        return QueryError(
            f"{workspace} may not be read ({_innermost(chain)}): give this identity the role 'Log Analytics Reader' on it",
            "role",
        )
    if status == HTTPStatus.BAD_REQUEST and chain:
        return QueryError(
            f"the query cannot be answered: {_innermost(chain)}{_position(chain)}: mend the query", "query"
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = response.headers.get("Retry-After")
        return QueryError(
            f"too many queries at {place.endpoint}: ask again{f' in {wait} seconds' if wait else ' later'}",
            "throttled",
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return QueryError(
            f"the logs at {place.endpoint} failed with the status {status} ({_innermost(chain)}): ask again later",
            "unreachable",
        )
    return not_logs(place)


def _no_credential(place: Place, *, was_refused: bool) -> QueryError:
    fact = (
        f"the credential for {place.endpoint} was refused"
        if was_refused
        else f"no credential for {place.endpoint} was found"
    )
    return QueryError(
        f"{fact}: run 'az login', or set AZURE_CLIENT_ID to the client id of this machine's managed identity",
        "credential",
    )


def _is_from(response: Any, place: Place) -> bool:
    return response is not None and str(response.request.url).startswith(place.endpoint)


def _errors(response: Any) -> list[Mapping[str, Any]]:
    """Return the error of an answer and the errors in it, the innermost last; none if the answer is of another shape."""
    try:
        return _chain(response.json()["error"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return []


def _chain(error: Any) -> list[Mapping[str, Any]]:
    chain = []
    while isinstance(error, Mapping):
        chain.append(error)
        error = error.get("innererror")
    return chain


def _innermost(chain: list[Mapping[str, Any]]) -> str:
    messages = [str(error["message"]) for error in chain if error.get("message")]
    return one_line(messages[-1] if messages else None).rstrip(".")


def _position(chain: list[Mapping[str, Any]]) -> str:
    for error in reversed(chain):
        if "line" in error:
            return f" (line {error['line']}, position {error.get('pos', '?')})"
    return ""
