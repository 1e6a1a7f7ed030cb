"""What the tests of the flows share: a Prefect server, a home whose MLflow is set up already, and a small corpus as a CSV file."""

import csv
import itertools
import random
import shutil
from pathlib import Path

import pytest

from sentiment import footprint
from sentiment.sources import read_source

_SUBJECTS = ("the flight", "my phone", "this show", "the crew", "that film", "the game", "our hotel", "the update", "the meal", "your app")
_TIMES = ("today", "last night", "this morning", "on Monday", "in Boston", "at the gate", "for once", "at noon")
_VERDICTS = {
    "negative": ("was terrible, I hate it", "is the worst, so angry", "was awful and sad", "is broken, what a waste"),
    "neutral": ("starts at nine", "is on the second floor", "has twelve parts", "was announced"),
    "positive": ("was amazing, I love it", "is the best, so happy", "was wonderful, thank you", "made my day, great"),
}


@pytest.fixture(scope="session")
def corpus_file(tmp_path_factory):
    """About 320 templated tweets with `text,label`."""
    rows = [
        (f"{subject} {verdict} {time}", label)
        for label, some in _VERDICTS.items()
        for subject, verdict, time in itertools.product(_SUBJECTS, some, _TIMES)
    ]
    path = tmp_path_factory.mktemp("corpus") / "tweets.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows[::3]])
    return path


@pytest.fixture(scope="session")
def tweets_file(tmp_path_factory):
    """2,500 tweets of the default corpus with `text,label`: enough to tell a good model from a poor one."""
    rows = [(row.text, row.label) for row in read_source().rows]
    random.Random(0).shuffle(rows)
    path = tmp_path_factory.mktemp("tweets") / "tweets.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows[:2500]])
    return path


@pytest.fixture
def memory_measured_once(monkeypatch):
    """The memory of a model is measured for the first one of a test run only: each costs a process of seconds."""
    monkeypatch.setattr(footprint, "measure_memory", lambda folder, texts: _measured_once(str(folder)))


_measured = []


def _measured_once(folder):
    if not _measured:
        _measured.append(_measure_memory(Path(folder), ["I love this"]))
    return _measured[0]


_measure_memory = footprint.measure_memory


@pytest.fixture(scope="session")
def prefect_server():
    """A Prefect server with a temporary database, for the whole session."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):  # two workers start one each, on a machine that may be busy
        yield


@pytest.fixture(scope="session")
def empty_mlflow(tmp_path_factory):
    """MLflow's database with nothing in it but our experiment: setting one up takes seconds, copying it none."""
    from sentiment import tracking
    from sentiment.config import Settings

    home = tmp_path_factory.mktemp("empty")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
        tracking.connect(Settings(home=home))
    return home / "mlflow.db"


@pytest.fixture
def loop_home(home, empty_mlflow):
    """A SENTIMENT_HOME of the test's own with an empty MLflow."""
    home.mkdir()
    shutil.copy(empty_mlflow, home / "mlflow.db")
    return home
