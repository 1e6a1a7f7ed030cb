"""The exceptions that a user may meet.

Each message gives the fact, the value and the remedy, never a secret or a whole tweet.
"""

from __future__ import annotations

import math


class SentiloopError(Exception):
    """Any error that Sentiloop raises on purpose outside `models`."""


class ConfigError(SentiloopError):
    """A setting is missing or out of range."""


class DataError(SentiloopError):
    """A data source cannot be read or is not fit to train on."""


class TrackingError(SentiloopError):
    """MLflow cannot be reached or does not hold what is asked for."""


class StoreError(SentiloopError):
    """The BentoML model store does not hold what is asked for."""


class BlobError(SentiloopError):
    """Azure Blob storage cannot be used, or does not hold what is asked for."""


class FeedbackError(SentiloopError):
    """A feedback cannot be stored or read."""


class PredictionIdError(FeedbackError):
    """A prediction id is forged, altered, expired or of another text."""


class QueryError(SentiloopError):
    """The logs cannot be queried.

    `reason` is `unreachable`, `credential`, `workspace`, `role`, `query`, `partial` or `throttled`.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason

    @property
    def is_passing(self) -> bool:
        """Whether asking again can help: the logs were away or busy."""
        return self.reason in ("unreachable", "throttled")


class AlertError(SentiloopError):
    """An alert rule cannot be used, or the state of its alert cannot be read or kept."""


class ReviewError(SentiloopError):
    """The review queue cannot be reached, or a judgement cannot be taken."""


class GateError(SentiloopError):
    """A promotion is refused: its basis has changed, or its evidence is not what it claims."""


class DeployError(SentiloopError):
    """The flows cannot be put on a Prefect server."""


class EngineError(SentiloopError):
    """A cluster that is to compute is not there, or too small, or loses its workers."""


class RequestError(SentiloopError):
    """A request cannot be used as it is."""


class OverloadError(SentiloopError):
    """More texts wait than the service takes on; `retry_after` is in seconds."""

    def __init__(self, waiting: int, retry_after: float) -> None:
        self.retry_after = max(1, math.ceil(retry_after))
        super().__init__(
            f"{waiting} texts wait already: try again in {self.retry_after} s, or start more replicas"
        )
