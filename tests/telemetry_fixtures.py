"""What the tests of telemetry share: a home with a champion, the service in this process with telemetry on, and feedback to send."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from itertools import count

import pytest
from crowning import home_with_champion
from recorder import Recorder
from starlette.testclient import TestClient

from sentiment import telemetry
from sentiment.config import read_settings
from sentiment.feedback import Feedback

TEXT = "I love this, thank you so much!"
QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_BLRP_SCHEDULE_DELAY": "50"}
NO_SAMPLES = {"SENTIMENT_SAMPLE_RANDOM": "0", "SENTIMENT_SAMPLE_LOW_CONFIDENCE": "0"}
_numbers = count(1)


@pytest.fixture(scope="module")
def champion(tmp_path_factory, tfidf_model):
    """The tag of a champion in a home for one file of tests."""
    with home_with_champion(tmp_path_factory.mktemp("telemetry") / "home", tfidf_model) as tag:
        yield tag


@pytest.fixture
def recorder():
    """A receiver that is well until it is told otherwise."""
    with Recorder() as recorder:
        yield recorder


@contextlib.contextmanager
def environment(recorder, **variables):
    """An environment that sends telemetry to a recorder, quickly; None: nowhere."""
    with pytest.MonkeyPatch.context() as patch:
        connection = recorder.connection_string if recorder else ""
        for name, value in {"APPLICATIONINSIGHTS_CONNECTION_STRING": connection, **QUICK, **NO_SAMPLES, **variables}.items():
            patch.setenv(name, str(value))
        yield patch


@contextlib.contextmanager
def serving(recorder, **variables):
    """A client of a service in this process; when the block ends, the recorder has all that was sent."""
    from service import SentimentService

    with environment(recorder, **variables) as patch:
        patch.setitem(SentimentService.config, "metrics", {"enabled": False})  # one process registers them once only
        with TestClient(SentimentService.to_asgi(), raise_server_exceptions=False) as client:
            yield client


@contextlib.contextmanager
def sending(recorder, **variables):
    """Telemetry without a service, as a flow uses it."""
    with environment(recorder, **variables):
        running = telemetry.start(read_settings(), role="test")
        try:
            yield running
        finally:
            running.stop()


def make_feedback(**changes):
    """A feedback that nobody has sent yet."""
    number = next(_numbers)
    fields = {
        "feedback_id": f"{number:032x}",
        "prediction_id": f"prediction-{number}",
        "text": "so bad, @ann",
        "predicted_label": "positive",
        "label": "negative",
        "correct": False,
        "score": 0.75,
        "model": "tweet-sentiment:m1",
        "comment": "a secret comment",
        "received_at": datetime.now(UTC).isoformat(timespec="microseconds"),
    }
    return Feedback(**{**fields, **changes})


def spool(home):
    """The batches that wait below a home to be sent again."""
    return sorted(path for path in (home / "telemetry").rglob("*.blob*"))


def let_time_pass(home):
    """End the waiting time of every batch in the spool, as if it were over."""
    for path in spool(home):
        path.rename(path.with_name(path.name.partition("@")[0]))
