"""The connection string of Application Insights, as people paste it."""

from __future__ import annotations

import os

import pytest

from sentiment.errors import ConfigError
from sentiment.telemetry.connection_string import (
    CONNECTION_STRING,
    clean_connection_string,
    is_named,
    read_connection_string,
)

KEY = "11111111-aaaa-3333-4444-555555555555"
GOOD = f"InstrumentationKey={KEY};IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/"


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"{GOOD};",
        f"  {GOOD} ; ; ",
        f'"{GOOD}"',
        GOOD.replace(KEY, KEY.upper()),
        GOOD.replace(";", " ; "),
        GOOD.replace("=", " = "),
    ],
)
def test_a_good_string_gets_the_spelling_that_the_exporters_take(text):
    assert clean_connection_string(text) == GOOD


@pytest.mark.parametrize("text", ["", " ", ";", " ; ; "])
def test_nothing_is_off(text):
    assert clean_connection_string(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("secret", "is not of the form"),
        (f"InstrumentationKey={KEY};secret", "is not of the form"),
        (f"InstrumentationKey==={KEY}", "is not of the form"),
        ("IngestionEndpoint=https://x.com/", "holds no InstrumentationKey that is a GUID"),
        ("InstrumentationKey=secret", "holds no InstrumentationKey that is a GUID"),
        (f"InstrumentationKey={KEY}0", "holds no InstrumentationKey that is a GUID"),
        (
            f"InstrumentationKey={KEY};IngestionEndpoint=secret",
            "holds an IngestionEndpoint that is no http or https URL",
        ),
        (
            f"InstrumentationKey={KEY};IngestionEndpoint=https://",
            "holds an IngestionEndpoint that is no http or https URL",
        ),
        (
            f"InstrumentationKey={KEY};IngestionEndpoint=http://x:99999",
            "holds an IngestionEndpoint that is no http or https URL",
        ),
    ],
)
def test_a_malformed_string_is_refused_with_the_remedy_and_without_showing_it(text, reason):
    with pytest.raises(
        ConfigError, match=f"{reason}.*copy the Connection String from the Overview"
    ) as caught:
        clean_connection_string(text)

    assert "secret" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_the_variable_itself_is_mended_because_the_exporters_read_it_too(monkeypatch):
    monkeypatch.setenv(CONNECTION_STRING, f"{GOOD};")

    assert read_connection_string() == GOOD
    assert os.environ[CONNECTION_STRING] == GOOD


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        (CONNECTION_STRING, " ", False),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x", True),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://x", True),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", " ", False),
    ],
)
def test_a_blank_variable_names_no_place(monkeypatch, variable, value, expected):
    monkeypatch.delenv(CONNECTION_STRING, raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.setenv(variable, value)

    assert is_named() is expected
