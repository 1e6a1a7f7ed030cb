"""A log filter for the exporters: failures are logged, the records that failed never are."""

from __future__ import annotations

import logging
import time

OWN_LOGGER = "bentoml.sentiment.telemetry"
_ROOMS = ("_base", "logs._exporter", "metrics._exporter", "trace._exporter")
_LOGGERS = (OWN_LOGGER, *(f"azure.monitor.opentelemetry.exporter.export.{room}" for room in _ROOMS))
_QUIET_SECONDS = 60.0


class _Discretion(logging.Filter):
    """Cuts envelopes and tracebacks out of a line, and passes the same line once a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is shown, after making it harmless."""
        if record.levelno < logging.WARNING:
            return False
        now = time.monotonic()
        if now - self._last.get(record.msg, -_QUIET_SECONDS) < _QUIET_SECONDS:
            return False
        self._last[record.msg] = now
        arguments = record.args if isinstance(record.args, tuple) else ()
        record.args = tuple(
            item if isinstance(item, str | int) else type(item).__name__ for item in arguments
        )
        record.exc_info = record.exc_text = None
        return True


_DISCRETION = _Discretion()


def keep_exporters_discreet() -> None:
    """Install the filter on the exporters' loggers and our own; a second call changes nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_DISCRETION)
