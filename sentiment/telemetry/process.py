"""The telemetry of one process, on when the environment names a destination.

While it is off, /metrics alone counts.

Spans are in `spans.py`, metrics in `metrics.py`, what is hidden in `masking.py`, where it all goes
in `exporters.py`.
"""

from __future__ import annotations

import functools
import logging
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from opentelemetry.metrics import NoOpMeter
from opentelemetry.trace import NoOpTracer

from models import LABELS
from sentiment.config import tool_environment
from sentiment.masking import mask
from sentiment.telemetry.connection_string import is_named
from sentiment.telemetry.metrics import Metrics
from sentiment.telemetry.spans import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opentelemetry.metrics import Meter
    from opentelemetry.trace import Tracer

    from sentiment.config import Settings
    from sentiment.feedback.draws import Sample
    from sentiment.feedback.feedback import Feedback
    from sentiment.telemetry.exporters import Pipelines

NAME = "sentiment"
STOP_SECONDS = 10.0
OLDEST = timedelta(hours=48)  # Azure refuses records that say they are older
_RESEND_BATCH = 512
_AZURE_SWITCHES = "APPLICATIONINSIGHTS_"
_logger = logging.getLogger("bentoml.sentiment")
_feedback_logger = logging.getLogger("sentiment.feedback")
_sample_logger = logging.getLogger("sentiment.samples")
_shadow_logger = logging.getLogger("sentiment.shadow")
_EVENT_LOGGERS = (_feedback_logger, _sample_logger, _shadow_logger)


@dataclass(frozen=True)
class ShadowPrediction:
    """The champion's answer for one text and the shadow's; the fields are keys of the record."""

    tweet_text: str
    predicted_label: str
    score: float
    model: str
    shadow_label: str
    shadow_score: float
    shadow_model: str


class Telemetry:
    """What a process records.

    Nothing here waits for the network, except `resend`, `flush` and `stop`.
    """

    def __init__(self, settings: Settings | None = None, pipelines: Pipelines | None = None) -> None:
        self._low_confidence = settings.low_confidence if settings else 0.0
        self._pipelines = pipelines
        meter: Meter = pipelines.metrics.get_meter(NAME) if pipelines else NoOpMeter(NAME)
        self.metrics = Metrics(meter)
        self.tracer: Tracer = pipelines.traces.get_tracer(NAME) if pipelines else NoOpTracer()
        self._handler = _event_handler(pipelines) if pipelines else None
        if self._handler:
            for logger in _EVENT_LOGGERS:
                logger.addHandler(self._handler)
                logger.propagate = False

    @property
    def is_on(self) -> bool:
        """Whether records leave this process."""
        return self._pipelines is not None

    def note_predictions(
        self, model: str, labels: Sequence[str], scores: Sequence[float], *, uncertain: int = 0
    ) -> None:
        """Count the texts of one request, also on its span; `scores` are the highest ones.

        `uncertain` is how many of the answers say that they are.
        """
        low = sum(score < self._low_confidence for score in scores)
        self.metrics.note_predictions(model, labels, scores, low_confidence=low, uncertain=uncertain)
        counts = {label: labels.count(label) for label in LABELS}
        describe(
            {"model": model, "texts": len(labels), **counts, "low_confidence": low, "score_sum": sum(scores)}
        )

    def note_sample(self, sample: Sample) -> None:
        """Log a prediction that was drawn for review."""
        if self.is_on:
            _log_event(_sample_logger, "Sampled prediction", asdict(sample))

    def note_shadow(self, prediction: ShadowPrediction) -> None:
        """Count and log the shadow's prediction; its text, masked, only where the labels differ."""
        keys = asdict(prediction)
        text = keys.pop("tweet_text")
        agrees = prediction.shadow_label == prediction.predicted_label
        self.metrics.note_shadow(prediction.model, prediction.shadow_model, agrees=agrees)
        _log_event(_shadow_logger, "Shadow prediction", keys | ({} if agrees else {"tweet_text": mask(text)}))

    def resend(self, feedback: Iterable[Feedback]) -> None:
        """Log feedback again in batches that fit the queue; send or spool it before returning."""
        for number, one in enumerate(feedback, start=1):
            log_feedback(one)
            if number % _RESEND_BATCH == 0:
                self.flush()
        self.flush()

    def flush(self) -> None:
        """Send all records; those that Azure does not take now are in the spool on return."""
        if self._pipelines:
            self._pipelines.flush()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Send or spool all records, and end; returns within `seconds`."""
        if self in _running:
            _running.remove(self)
        if self._pipelines is None or self._handler is None:
            return
        for logger in _EVENT_LOGGERS:
            logger.removeHandler(self._handler)
            logger.propagate = not any(other.is_on for other in _running)
        if not self._pipelines.stop(seconds):
            _logger.warning(
                "telemetry did not end within %g seconds: "
                "'python -m flows.reconcile' sends feedback that is missing",
                seconds,
            )


_running: list[Telemetry] = []


@functools.cache
def _off() -> Telemetry:
    return Telemetry()


def start(settings: Settings, role: str = "service") -> Telemetry:
    """Start the telemetry of this process; it is off without a destination that can be used.

    Args:
        settings: Name the spool's folder, the sampling of requests and what counts as low
            confidence.
        role: The program's name in the records, after `sentiloop.`.
    """
    telemetry = Telemetry(settings, _build(settings, role))
    _running.append(telemetry)
    return telemetry


def current() -> Telemetry:
    """Return the telemetry started last in this process; before any start, one that is off."""
    return _running[-1] if _running else _off()


def log_feedback(feedback: Feedback) -> None:
    """Log a feedback as `Bad prediction` or `Good prediction`, masked, at its time of receipt.

    Feedback that is older than Azure accepts is logged as of now, with its own time as
    `received_at`. Its comment is never sent. Never raises: the feedback is in the inbox, and
    `flows.reconcile` sends again what did not arrive.
    """
    if not _feedback_logger.handlers:
        return
    try:
        _feedback_logger.handle(_to_record(feedback, datetime.now(UTC)))
    except Exception as error:  # whatever fails here, the feedback is durable and its sender must hear so
        _logger.error("feedback %s was not logged (%s)", feedback.feedback_id, type(error).__name__)  # noqa: TRY400


def _to_record(feedback: Feedback, now: datetime) -> logging.LogRecord:
    level, message = (
        (logging.INFO, "Good prediction") if feedback.correct else (logging.WARNING, "Bad prediction")
    )
    received = datetime.fromisoformat(feedback.received_at).astimezone(UTC)
    is_late = now - received > OLDEST
    keys = {
        "tweet_text": mask(feedback.text),
        "predicted_label": feedback.predicted_label,
        "feedback_label": feedback.label,
        "score": feedback.score,
        "model": feedback.model,
        "prediction_id": feedback.prediction_id,
        "feedback_id": feedback.feedback_id,
        "received_at": received.isoformat(timespec="microseconds") if is_late else None,
    }
    extra = {key: value for key, value in keys.items() if value is not None}
    record = _feedback_logger.makeRecord(_feedback_logger.name, level, "", 0, message, (), None, extra=extra)
    record.created = (now if is_late else received).timestamp()
    return record


def _build(settings: Settings, role: str) -> Pipelines | None:
    if not is_named():
        return None
    for name, value in tool_environment(settings).items():
        if name.startswith(_AZURE_SWITCHES):  # the exporters read these when they are imported
            os.environ[name] = os.environ.get(name) or value
    from sentiment.telemetry import exporters

    try:
        return exporters.build(settings, role)
    except Exception as error:  # telemetry must not keep the service from serving
        _logger.error(  # noqa: TRY400
            "telemetry is off: it cannot start (%s); check %s",
            type(error).__name__,
            settings.home / "telemetry",
        )
        return None


def _event_handler(pipelines: Pipelines) -> logging.Handler:
    from opentelemetry.instrumentation.logging.handler import LoggingHandler

    handler = LoggingHandler(logger_provider=pipelines.logs)
    # What others say on these loggers stays here.
    handler.addFilter(lambda record: hasattr(record, "predicted_label"))
    return handler


def _log_event(logger: logging.Logger, message: str, keys: dict[str, Any]) -> None:
    """Log a record for the exporters, if there are any; never raises."""
    if logger.handlers:
        try:
            logger.handle(logger.makeRecord(logger.name, logging.INFO, "", 0, message, (), None, extra=keys))
        except Exception as error:
            _logger.error("%s was not logged (%s)", message, type(error).__name__)  # noqa: TRY400
