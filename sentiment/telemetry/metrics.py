"""The metrics of the service, each recorded twice: for OpenTelemetry and for Prometheus.

Labels come from bounded sets only: routes, status codes, labels and the one model that a process
serves; never a text.
"""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.metrics import Meter


@dataclass(frozen=True)
class Metric:
    """One metric: a counter, or a histogram with the upper bounds of its buckets."""

    name: str
    kind: Literal["counter", "histogram"]
    description: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


REQUESTS = Metric("sentiment_requests", "counter", "Requests answered, probes left out", ("route", "status"))
REQUEST_SECONDS = Metric(
    "sentiment_request_seconds",
    "histogram",
    "Seconds from a request to the end of its answer",
    ("route",),
    (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
PREDICTIONS = Metric("sentiment_predictions", "counter", "Texts labelled", ("label", "model"))
SCORE = Metric(
    "sentiment_score",
    "histogram",
    "The highest score of each text",
    ("model",),
    (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1),
)
LOW_CONFIDENCE = Metric(
    "sentiment_low_confidence",
    "counter",
    "Texts whose highest score is below SENTIMENT_LOW_CONFIDENCE",
    ("model",),
)
UNCERTAIN = Metric(
    "sentiment_uncertain",
    "counter",
    "Texts whose answer says that it is uncertain",
    ("model",),
)
BATCH_SIZE = Metric(
    "sentiment_batch_size",
    "histogram",
    "Texts in one request of /predict_batch",
    (),
    (1, 2, 4, 8, 16, 32, 64, 128, 256),
)
SHADOW = Metric(
    "sentiment_shadow", "counter", "Texts that the shadow scored, too", ("model", "shadow_model", "agrees")
)
RELOADS = Metric(
    "sentiment_reloads", "counter", "New champions that a running worker took up, or refused", ("outcome",)
)

_LOCK = threading.Lock()
METRICS = (
    REQUESTS,
    REQUEST_SECONDS,
    PREDICTIONS,
    SCORE,
    LOW_CONFIDENCE,
    UNCERTAIN,
    BATCH_SIZE,
    SHADOW,
    RELOADS,
)


class Metrics:
    """The metrics of one process, recorded to a meter of OpenTelemetry and to Prometheus."""

    def __init__(self, meter: Meter) -> None:
        self._instruments = {metric.name: _instrument(meter, metric) for metric in METRICS}
        self._children: dict[tuple[str, ...], Any] = {}  # of Prometheus; to look one up costs 5 µs

    def note_request(self, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._record(REQUESTS, 1, route=route, status=str(status))
        self._record(REQUEST_SECONDS, seconds, route=route)

    def note_predictions(
        self,
        model: str,
        labels: Sequence[str],
        scores: Sequence[float],
        *,
        low_confidence: int,
        uncertain: int,
    ) -> None:
        """Count the texts of one request by label, and their highest scores.

        Args:
            model: The tag of the model.
            labels: One per text.
            scores: The highest score of each text.
            low_confidence: How many scores are below SENTIMENT_LOW_CONFIDENCE.
            uncertain: How many answers say that they are uncertain.
        """
        for label, score in zip(labels, scores, strict=True):
            self._record(PREDICTIONS, 1, label=label, model=model)
            self._record(SCORE, score, model=model)
        self._record(LOW_CONFIDENCE, low_confidence, model=model)
        self._record(UNCERTAIN, uncertain, model=model)

    def note_batch(self, texts: int) -> None:
        """Count one request of /predict_batch."""
        self._record(BATCH_SIZE, texts)

    def note_shadow(self, model: str, shadow_model: str, *, agrees: bool) -> None:
        """Count one text that the shadow scored."""
        self._record(SHADOW, 1, model=model, shadow_model=shadow_model, agrees=str(agrees).lower())

    def note_reload(self, is_taken_up: bool) -> None:
        """Count a new champion that was taken up or refused."""
        self._record(RELOADS, 1, outcome="taken up" if is_taken_up else "refused")

    def _record(self, metric: Metric, value: float, **labels: str) -> None:
        instrument = self._instruments[metric.name]
        key = (metric.name, *labels.values())
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = _child(metric, labels)
        if metric.kind == "counter":
            instrument.add(value, labels)
            child.inc(value)
        else:
            instrument.record(value, labels)
            child.observe(value)


def _instrument(meter: Meter, metric: Metric) -> Any:
    if metric.kind == "counter":
        return meter.create_counter(metric.name, description=metric.description)
    return meter.create_histogram(
        metric.name, description=metric.description, explicit_bucket_boundaries_advisory=list(metric.buckets)
    )


def _child(metric: Metric, labels: dict[str, str]) -> Any:
    """Return what counts a metric with these labels for Prometheus."""
    with _LOCK:  # two first requests at once must not register it twice
        collector = _registered(metric)
    return collector.labels(**labels) if labels else collector


@functools.cache
def _registered(metric: Metric) -> Any:
    """Return the process's one Prometheus collector of a metric.

    Prometheus is imported at the first use: BentoML's workers choose its multi-process mode after
    they have imported the service.
    """
    import prometheus_client

    if metric.kind == "counter":
        return prometheus_client.Counter(metric.name, metric.description, metric.labels)
    return prometheus_client.Histogram(metric.name, metric.description, metric.labels, buckets=metric.buckets)
