"""Where telemetry goes: Azure Monitor (or the local stand-in) and any OpenTelemetry collector.

What is recorded is in `process.py`.

Azure's exporters are used as they are. They never hold the service up: a batch that cannot be sent
goes at once to a spool below SENTIMENT_HOME and is sent again after the next success. Importing
this room loads the SDK; `telemetry.start` does it when it must.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import time
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ServiceRequestError
from azure.monitor.opentelemetry.exporter import (
    ApplicationInsightsSampler,
    AzureMonitorLogExporter,
    AzureMonitorMetricExporter,
    AzureMonitorTraceExporter,
)
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Sampler, SamplingResult

from sentiment.errors import ConfigError
from sentiment.telemetry.connection_string import SIGNALS, has_collector, read_connection_string
from sentiment.telemetry.log_filter import OWN_LOGGER, keep_exporters_discreet

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.credentials import TokenCredential

    from sentiment.config import Settings

VERSION = "0.2.0"
NAMESPACE = "sentiloop"
ALWAYS_KEPT = "POST /feedback"
_SPOOL = "telemetry"
_SEND_SECONDS = 5.0  # a slow endpoint costs a batch this long, then the batch is spooled
_SPOOL_RETRY_SECONDS = 10
_SPAN_DELAY = "OTEL_BSP_SCHEDULE_DELAY"
_SPAN_DELAY_MILLISECONDS = 1000.0  # the SDK's five seconds make batches whose packing slows requests down
_SHARE_FOR_SENDING = 0.4  # of the time to stop; the rest is for the batch under way and for spooling
_QUOTA_STATUS = (402, 439)
_REDIRECTS = (301, 302, 303, 307, 308)
_logger = logging.getLogger(OWN_LOGGER)

Exporters = tuple[Any, Any, Any]  # of traces, logs and metrics; None where one is not asked for


class Brake:
    """Passes batches on until a deadline; after it each fails at once, and so is spooled."""

    def __init__(self) -> None:
        self.moment = float("inf")

    def __call__(self, request: object) -> None:
        """Stand in the exporters' pipelines, before each request."""
        if time.monotonic() > self.moment:
            raise ServiceRequestError("the process stops: kept in the spool for the next start")


class PatientCredential:
    """A credential whose refusal counts as an endpoint that is down.

    The exporters would drop the batch; so they spool it.
    """

    def __init__(self, credential: Any, brake: Brake) -> None:
        self._credential, self._brake = credential, brake

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """Return the credential's token."""
        return self._ask(self._credential.get_token, *scopes, **options)

    def get_token_info(self, *scopes: str, **options: Any) -> Any:
        """Return the credential's token with what is known of it."""
        return self._ask(self._credential.get_token_info, *scopes, **options)

    def _ask(self, ask: Callable[..., Any], *scopes: str, **options: Any) -> Any:
        self._brake(None)
        try:
            return ask(*scopes, **options)
        # A refusal, or an answer that is no JSON: each identity endpoint has its own.
        except Exception as error:
            raise ServiceRequestError("no token was given: kept in the spool") from error


class KeepFeedbackSampler(Sampler):
    """Azure's own sampler, which keeps ItemCount right; requests with feedback are always kept."""

    def __init__(self, ratio: float) -> None:
        self._sampled, self._kept = ApplicationInsightsSampler(ratio), ApplicationInsightsSampler(1.0)

    def should_sample(
        self, parent_context: Any, trace_id: int, name: str, *details: Any, **more: Any
    ) -> SamplingResult:
        """Decide by the trace id, so that a request and its children share one fate."""
        sampler = self._kept if name == ALWAYS_KEPT else self._sampled
        return sampler.should_sample(parent_context, trace_id, name, *details, **more)

    def get_description(self) -> str:
        """Name the sampler and its ratio."""
        return f"KeepFeedback({self._sampled.get_description()})"


@dataclass(frozen=True)
class Pipelines:
    """The three providers of a process, and the parts that carry what they record to its places."""

    traces: TracerProvider
    logs: LoggerProvider
    metrics: MeterProvider
    parts: tuple[Any, ...]
    brake: Brake

    def flush(self) -> None:
        """Send all that is recorded; when it returns, everything for Azure is sent or spooled."""
        for part in self.parts:
            part.force_flush()

    def stop(self, seconds: float) -> bool:
        """Send what can be sent, spool the rest; return whether that was done in time."""
        end = time.monotonic() + seconds
        self.brake.moment = end - seconds * (1 - _SHARE_FOR_SENDING)
        threads = [Thread(target=part.shutdown, daemon=True) for part in self.parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)


def build(settings: Settings, role: str) -> Pipelines | None:
    """Return the pipelines that the environment asks for, None if none can be used.

    The log names those that cannot.
    """
    brake = Brake()
    targets = []
    try:
        connection = read_connection_string()
        targets += [_azure(settings, connection, brake)] if connection else []
    except ConfigError as error:
        _logger.error(str(error))  # noqa: TRY400 - its message says it all
    targets += [_collector()] if any(map(has_collector, SIGNALS)) else []
    return _connect(targets, settings, role, brake) if targets else None


def _connect(targets: list[Exporters], settings: Settings, role: str, brake: Brake) -> Pipelines:
    resource = Resource.create(
        {
            "service.namespace": NAMESPACE,
            "service.name": role,
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
            "service.version": VERSION,
        }
    )
    delay = None if os.environ.get(_SPAN_DELAY, "").strip() else _SPAN_DELAY_MILLISECONDS
    spans = [BatchSpanProcessor(target[0], schedule_delay_millis=delay) for target in targets if target[0]]
    records = [BatchLogRecordProcessor(target[1]) for target in targets if target[1]]
    readers = [PeriodicExportingMetricReader(target[2]) for target in targets if target[2]]
    traces = TracerProvider(KeepFeedbackSampler(settings.request_sampling), resource, shutdown_on_exit=False)
    logs = LoggerProvider(resource, shutdown_on_exit=False)
    for span_processor in spans:
        traces.add_span_processor(span_processor)
    for log_processor in records:
        logs.add_log_record_processor(log_processor)
    metrics = MeterProvider(readers, resource, shutdown_on_exit=False)
    return Pipelines(traces, logs, metrics, (*records, *spans, *readers), brake)


def _azure(settings: Settings, connection: str, brake: Brake) -> Exporters:
    """Return Azure's exporters of traces, logs and metrics; each destination has its own spool."""
    keep_exporters_discreet()
    destination = hashlib.sha256(connection.encode()).hexdigest()[:16]
    options: dict[str, Any] = {
        "connection_string": connection,
        "storage_directory": str(settings.home / _SPOOL / destination),
        "storage_min_retry_interval": _SPOOL_RETRY_SECONDS,
        "retry_total": 0,  # the spool is the retry: waiting in the exporter would keep records in memory only
        "timeout": _SEND_SECONDS,
        "read_timeout": _SEND_SECONDS,
        "raw_request_hook": brake,
        "raw_response_hook": _note_answer,
    }
    credential = _credential(connection, brake)
    if credential:
        options["credential"] = credential
    return (
        AzureMonitorTraceExporter(**options),
        AzureMonitorLogExporter(**options),
        AzureMonitorMetricExporter(**options),
    )


def _credential(connection: str, brake: Brake) -> TokenCredential | None:
    """Return the managed identity of AZURE_CLIENT_ID; tokens go to endpoints with TLS only."""
    client_id = os.environ.get("AZURE_CLIENT_ID", "").strip()
    if not client_id or "ingestionendpoint=http://" in connection.lower():
        return None
    from azure.identity import ManagedIdentityCredential

    return PatientCredential(ManagedIdentityCredential(client_id=client_id), brake)


def _collector() -> Exporters:
    """Return the exporters of the signals for which a collector is named; None for each other."""
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    kinds = (OTLPSpanExporter, OTLPLogExporter, OTLPMetricExporter)
    traces, logs, metrics = (
        kind() if has_collector(signal) else None for signal, kind in zip(SIGNALS, kinds, strict=True)
    )
    return traces, logs, metrics


def _note_answer(response: Any) -> None:
    """Log the exporters' silent failures, and follow no redirect: records go to one host only."""
    status = response.http_response.status_code
    if status in _REDIRECTS:
        raise ServiceRequestError(
            "the endpoint redirects: put the address that it names into the connection string"
        )
    if status in _QUOTA_STATUS:
        _logger.error(
            f"telemetry was refused ({status}, over quota) and dropped: "
            "run 'python -m flows.reconcile' when there is quota"
        )
