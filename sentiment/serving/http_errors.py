"""Errors as HTTP answers: one JSON form, one table of status codes."""

from __future__ import annotations

import errno
import logging
import traceback
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from sentiment.errors import FeedbackError, OverloadError, PredictionIdError, RequestError, StoreError
from sentiment.feedback.feedback import InvalidFeedbackError
from sentiment.telemetry.spans import note_exception

if TYPE_CHECKING:
    from collections.abc import Mapping

TOO_MANY = 429
_BUSY = {"Retry-After": "1"}
_USED_UP = {errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE}
CLIENT_HUNG_UP = 499  # nobody reads it but the metrics
_logger = logging.getLogger("bentoml.sentiment")


class RefusedError(RequestError):
    """A request that is answered with a status and headers of its own."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.headers = status, headers
        super().__init__(message)


def error_answer(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the one form that all errors have."""
    return JSONResponse({"error": message}, status_code=status, headers=headers)


def answer_to(error: Exception, path: str) -> JSONResponse:
    """Return the answer to an error; what is logged of it holds no text."""
    if isinstance(error, RefusedError):
        return error_answer(error.status, str(error), error.headers)
    if isinstance(error, OverloadError):
        return error_answer(TOO_MANY, str(error), {"Retry-After": str(error.retry_after)})
    if isinstance(error, RequestError | PredictionIdError | InvalidFeedbackError):
        return error_answer(400, str(error))
    if isinstance(error, HTTPException):
        return error_answer(error.status_code, error.detail, error.headers)
    note_exception(error)
    if isinstance(error, StoreError | FeedbackError):
        _logger.error("%s failed: %s", path, error)
        return error_answer(503, str(error), _BUSY)
    # A traceback's last line could quote the text.
    place = traceback.format_tb(error.__traceback__)[-1].strip()
    _logger.error("%s failed with %s: %s", path, type(error).__name__, place)
    return (
        error_answer(503, "no memory, thread or file is free for this request: try again", _BUSY)
        if is_used_up(error)
        else error_answer(500, f"the service failed ({type(error).__name__}): its log has the place")
    )


def is_used_up(error: Exception) -> bool:
    """Return whether an error says that the process may have no more memory, threads or files."""
    return (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno in _USED_UP)
        or "can't start new thread" in str(error)  # a RuntimeError of Python's, without a number
    )
