"""The connection string of the environment, read as people paste it; its key is never shown."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from sentiment.errors import ConfigError

CONNECTION_STRING = "APPLICATIONINSIGHTS_CONNECTION_STRING"
SIGNALS = ("TRACES", "LOGS", "METRICS")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REMEDY = (
    "copy the Connection String from the Overview of the Application Insights resource; "
    "until then telemetry is off"
)


def is_named() -> bool:
    """Return whether the environment names any place for telemetry."""
    return _is_set(CONNECTION_STRING) or any(map(has_collector, SIGNALS))


def has_collector(signal: str) -> bool:
    """Return whether OpenTelemetry's own variables name a collector for one of `SIGNALS`."""
    return _is_set(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") or _is_set("OTEL_EXPORTER_OTLP_ENDPOINT")


def _is_set(variable: str) -> bool:
    return bool(os.environ.get(variable, "").strip())


def read_connection_string() -> str | None:
    """Return the environment's connection string as the exporters spell it; None if blank.

    The exporters read the variable once more themselves and stumble over a semicolon at its end, so
    the variable gets that spelling, too.

    Raises:
        ConfigError: It is malformed; the message names what is wrong without showing it.
    """
    cleaned = clean_connection_string(os.environ.get(CONNECTION_STRING, ""))
    if cleaned:
        os.environ[CONNECTION_STRING] = cleaned
    return cleaned


def clean_connection_string(text: str) -> str | None:
    """Return a connection string without blanks and empty parts, its key in lower case.

    None if nothing is left.

    Raises:
        ConfigError: A part is no `Name=value`, the key is no GUID, or an endpoint is no URL.
    """
    parts = [part.strip().partition("=") for part in text.strip().strip("\"'").split(";") if part.strip()]
    if not parts:
        return None
    if any(not separator or "=" in value for _, separator, value in parts):
        raise ConfigError(
            f"{CONNECTION_STRING} is not of the form "
            f"'InstrumentationKey=GUID;IngestionEndpoint=URL': {_REMEDY}"
        )
    values = {name.strip().lower(): (name.strip(), value.strip()) for name, _, value in parts}
    name, key = values.get("instrumentationkey", ("InstrumentationKey", ""))
    if not _GUID.fullmatch(key.lower()):
        raise ConfigError(f"{CONNECTION_STRING} holds no InstrumentationKey that is a GUID: {_REMEDY}")
    values["instrumentationkey"] = (name, key.lower())
    endpoint = values.get("ingestionendpoint")
    if endpoint and not _is_web_address(endpoint[1]):
        raise ConfigError(
            f"{CONNECTION_STRING} holds an IngestionEndpoint that is no http or https URL: {_REMEDY}"
        )
    return ";".join(f"{name}={value}" for name, value in values.values())


def _is_web_address(text: str) -> bool:
    try:
        address = urlsplit(text)
        return address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        return False
