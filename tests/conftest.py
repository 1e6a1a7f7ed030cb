"""What every test shares: an environment of its own, a small corpus and a small model."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from sentiment.config import read_settings, tool_environment

# Before any tool is imported. Each of pytest's workers computes in one thread: two on two cores
# would wait for each other's. All that the tools write goes to a temporary home, and none of them
# reports usage.
for _variable in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
):
    os.environ.setdefault(_variable, "1")
_HOME = tempfile.TemporaryDirectory(prefix="sentiloop-test-", ignore_cleanup_errors=True)
os.environ["SENTIMENT_HOME"] = _HOME.name
os.environ.update(tool_environment(read_settings()))
os.environ.pop("PREFECT_API_URL", None)

# Every fixture that files share is registered here, once: a test module that registered one would
# do so for the whole run.
pytest_plugins = sorted(path.stem for path in Path(__file__).parent.glob("fixtures/*_fixtures.py"))
pytest.register_assert_rewrite(*pytest_plugins)  # some import each other

# What takes longest starts first, as measured: else one of pytest's workers would end long after
# the others.
_LONGEST_FIRST = (
    *("test_loop.py", "test_behaviour.py", "test_deploy.py", "test_train.py"),
    *("test_browser_review.py", "test_browser_monitor.py", "test_browser.py"),
    *("models", "flows", "promotion", "training", "telemetry", "feedback", "supervision", "test_demo.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        room_and_file = item.path.parts[-2:]
        ranks = (number for number, name in enumerate(_LONGEST_FIRST) if name in room_and_file)
        return next(ranks, len(_LONGEST_FIRST))

    items.sort(key=rank)


_OPENINGS = ("", "@ann ", "so ", "today: ", "well, ", "honestly ")
_TWEETS = {
    "negative": [
        "this is terrible, I hate it",
        "worst flight ever, never again",
        "awful service and a rude crew",
        "so sad and angry about the delay",
        "my bag is lost, horrible airline",
        "I am disappointed, what a waste",
        "bad, bad, bad 😡",
        "it is broken again, useless",
    ],
    "neutral": [
        "the flight leaves at nine from gate four",
        "they tested the car in Nevada",
        "the meeting is on Tuesday",
        "where can I find the schedule?",
        "the report has twelve pages http://t.co/abc",
        "the train to Boston stops here",
        "we are waiting at the gate",
        "the show starts at eight in the hall",
    ],
    "positive": [
        "I love this, thank you so much!",
        "best day ever, great crew",
        "amazing service, very happy",
        "what a wonderful surprise 😍",
        "so excited for the festival, awesome",
        "thanks, you made my day",
        "good, good, good :)",
        "perfect landing, excellent pilot",
    ],
}


@pytest.fixture(scope="session")
def small_corpus() -> tuple[list[str], list[str]]:
    """144 short tweets, 48 of each label, that any of the three models can learn."""
    rows = [
        (opening + tweet, label)
        for opening in _OPENINGS
        for label, tweets in _TWEETS.items()
        for tweet in tweets
    ]
    return [text for text, _ in rows], [label for _, label in rows]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory, worker_id) -> Callable[[str, Callable[[Path], object]], Path]:
    """Make a folder once in a test run: the first of pytest's workers fills it, the others wait.

    As in pytest-xdist's documentation: "Making session-scoped fixtures execute only once".
    """
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent

    def made(name: str, fill: Callable[[Path], object]) -> Path:
        folder, is_whole = shared / name, shared / f"{name}.whole"
        with FileLock(shared / f"{name}.lock"):
            if not is_whole.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fill(folder)
                is_whole.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def corpus(made_once):
    """The default corpus, whole."""
    from sentiment.data.dataset import Dataset, load_dataset

    return Dataset.load(made_once("corpus", lambda folder: load_dataset().save(folder)))


@pytest.fixture(scope="session")
def tfidf_model(small_corpus, made_once):
    """A TF-IDF model fitted on the small corpus."""
    import models

    def fit(folder: Path) -> None:
        data = models.TrainingData(*small_corpus, validation=small_corpus)
        models.create("tfidf").fit(data, progress=lambda line: None).save(folder)

    return models.load(made_once("tfidf", fit))


@pytest.fixture(scope="session")
def served_model(tfidf_model, made_once):
    """The same model in the form that a store holds: a process that serves it loads no tool."""
    import models

    return models.load(made_once("tfidf-served", lambda folder: tfidf_model.export(folder, [])))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A SENTIMENT_HOME of the test's own."""
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / "home"))
    for variable, value in tool_environment(read_settings()).items():
        monkeypatch.setenv(variable, value)
    return tmp_path / "home"
