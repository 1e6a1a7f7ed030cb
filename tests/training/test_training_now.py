"""The file that says which model is being trained, and how far it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sentiment import durable
from sentiment.training import training_now
from sentiment.training.training_now import FILE, read_training, telling


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(training_now.time, "time", lambda: now[0])
    return now


def test_a_training_tells_where_it_is_and_how_long_it_will_take(tmp_path, clock):
    with telling(tmp_path, ["bert", "keras"]) as tell:
        tell("bert", "")
        assert read_training(tmp_path).share is None
        tell("bert", "step 200/1000: resuming from the checkpoint")
        clock[0] += 30
        tell("bert", "step 300/1000, loss 0.512")
        told = read_training(tmp_path)
        assert (told.families, told.family) == (("bert", "keras"), "bert")
        assert told.share == pytest.approx(0.3)
        assert told.seconds_left == pytest.approx(210)  # at the pace since it resumed
        tell("keras", "network: epoch 3, loss 0.4")
        assert (read_training(tmp_path).family, read_training(tmp_path).seconds_left) == ("keras", None)

    assert read_training(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_training_that_fails_or_was_killed_is_not_shown_as_running(tmp_path, clock):
    files = []

    def fail():
        with telling(tmp_path, ["tfidf"]) as tell:
            tell("tfidf", "")
            files.append((tmp_path / FILE).read_bytes())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert read_training(tmp_path) is None

    (tmp_path / FILE).write_bytes(files[0])
    assert read_training(tmp_path) is not None
    clock[0] += 601
    assert read_training(tmp_path) is None


@pytest.mark.parametrize("content", ["", "half a fi", "[]", "{}", json.dumps({"families": 3})])
def test_a_damaged_file_says_nothing(tmp_path, content):
    (tmp_path / FILE).write_text(content)

    assert read_training(tmp_path) is None


def test_a_full_disk_does_not_stop_the_training(tmp_path, monkeypatch):
    def refuse(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "replace", refuse)
    with telling(tmp_path, ["tfidf"]) as tell:
        tell("tfidf", "step 1/2")

    assert read_training(tmp_path) is None
