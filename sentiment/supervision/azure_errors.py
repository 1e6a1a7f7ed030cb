"""Azure's errors as ours, and the retries of a query."""

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
class Target:
    """The endpoint and the workspace that a query was sent to."""

    endpoint: str
    workspace: str
    is_local: bool


def patient_retries(longest_wait: float) -> RetryPolicy[Any, Any]:
    """Return the client's retries, without long waits and without repeats of a query timeout.

    `longest_wait` is in seconds.
    """
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


def explain(failure: AzureError, target: Target) -> QueryError:
    """Return the client's exception as an error with a reason and a remedy."""
    from azure.core.exceptions import HttpResponseError

    response = getattr(failure, "response", None)
    if isinstance(failure, HttpResponseError) and not target.is_local and not _is_from(response, target):
        return _no_credential(target, was_refused=False)  # raised where the token was fetched
    if isinstance(failure, HttpResponseError):
        return _explain_status(response, target)
    remedy = (
        "start the monitor with 'python -m monitor', or check" if target.is_local else "check the network and"
    )
    return QueryError(
        f"the logs at {target.endpoint} do not answer: {remedy} SENTIMENT_LOGS_ENDPOINT", "unreachable"
    )


def not_logs(target: Target) -> QueryError:
    """Return the error for a response that is not from Log Analytics."""
    return QueryError(
        f"what answers at {target.endpoint} is not Log Analytics: check SENTIMENT_LOGS_ENDPOINT",
        "unreachable",
    )


def partial_reason(error: Any) -> str:
    """Return why a result is partial, from the details of the client's `partial_error`."""
    inner = [_innermost(_chain(detail)) for detail in error.details or ()]
    return inner[0] if inner else one_line(error.message)


def one_line(message: str | None) -> str:
    """Return a message as one line of bounded length.

    >>> one_line("  cut   off ")
    'cut off'
    """
    line = " ".join((message or "no reason given").split())
    return line if len(line) <= _MAX_CHARS else f"{line[: _MAX_CHARS - 1]}…"


def _explain_status(response: Any, target: Target) -> QueryError:  # noqa: PLR0911 - one per reason
    status, chain = response.status_code, _errors(response)
    codes = {str(error.get("code")) for error in chain}
    workspace = f"the workspace {target.workspace} at {target.endpoint}"
    if any(code.startswith(_TOKEN_ERRORS) for code in codes):
        return _no_credential(target, was_refused=True)
    if "WorkspaceNotFoundError" in codes or (status == HTTPStatus.NOT_FOUND and chain):
        return QueryError(
            f"{workspace} is not there: set SENTIMENT_WORKSPACE_ID to the id that the portal shows",
            "workspace",
        )
    if status == HTTPStatus.FORBIDDEN:
        return QueryError(
            f"{workspace} may not be read ({_innermost(chain)}): "
            "give this identity the role 'Log Analytics Reader' on it",
            "role",
        )
    if status == HTTPStatus.BAD_REQUEST and chain:
        return QueryError(
            f"the query cannot be answered: {_innermost(chain)}{_position(chain)}: mend the query", "query"
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = response.headers.get("Retry-After")
        return QueryError(
            f"too many queries at {target.endpoint}: ask again{f' in {wait} seconds' if wait else ' later'}",
            "throttled",
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return QueryError(
            f"the logs at {target.endpoint} failed with the status {status} ({_innermost(chain)}): "
            "ask again later",
            "unreachable",
        )
    return not_logs(target)


def _no_credential(target: Target, *, was_refused: bool) -> QueryError:
    fact = (
        f"the credential for {target.endpoint} was refused"
        if was_refused
        else f"no credential for {target.endpoint} was found"
    )
    return QueryError(
        f"{fact}: run 'az login', or set AZURE_CLIENT_ID to the client id of this machine's managed identity",
        "credential",
    )


def _is_from(response: Any, target: Target) -> bool:
    return response is not None and str(response.request.url).startswith(target.endpoint)


def _errors(response: Any) -> list[Mapping[str, Any]]:
    """Return the nested errors of a response, the innermost last; none from another format."""
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
