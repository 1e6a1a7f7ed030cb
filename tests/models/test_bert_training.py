"""A training of BERT that is killed resumes from its checkpoint, to the same weights."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import fields

import numpy as np
import pytest
from progress import quiet

import models
from models import bert_training
from models.bert_training import Batches, Checkpoint, FineTuning, Recipe

# The same training as `train` below, but it waits at its 18th of 36 steps to be killed.
SCRIPT = """
import json, sys, time
from pathlib import Path
import models
from models import bert_training

def report(line):
    print(line, flush=True)
    if "step 18/36" in line:
        time.sleep(250)

bert_training.CHECKPOINT_SECONDS = 0.0
hyperparameters, rows = json.loads(Path(sys.argv[1]).read_text())
model = models.create("bert", **hyperparameters)
data = models.TrainingData(*rows, validation=rows)
model.fit(data, progress=report, checkpoint=Path(sys.argv[2]))
"""


@pytest.mark.slow
def test_a_training_killed_in_the_middle_ends_with_the_same_weights(small_corpus, small_encoder, tmp_path):
    texts, labels = small_corpus
    hyperparameters = {"base_model": str(small_encoder), "epochs": 2, "batch_size": 8, "learning_rate": 3e-3}
    (tmp_path / "data.json").write_text(json.dumps([hyperparameters, small_corpus]))

    def train(checkpoint):
        lines = []
        model = models.create("bert", **hyperparameters)
        data = models.TrainingData(texts, labels, validation=small_corpus)
        return model.fit(data, progress=lines.append, checkpoint=checkpoint), "".join(lines)

    whole, told = train(None)
    assert "resuming" not in told
    command = [sys.executable, "-c", SCRIPT, tmp_path / "data.json", tmp_path / "killed"]
    killed = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while not any("step 18/36" in line for line in killed.stdout):
        assert killed.poll() is None
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    resumed, told = train(tmp_path / "killed")

    assert "resuming from the checkpoint" in told
    assert "step 9/36: validation" not in told
    np.testing.assert_allclose(resumed.predict_proba(texts), whole.predict_proba(texts), atol=1e-5)
    assert resumed.trials == whole.trials


def make_tuning(corpus, encoder, **hyperparameters):
    texts, labels = corpus
    model = models.create("bert", base_model=str(encoder), batch_size=8, **hyperparameters)
    model._begin()
    recipe = Recipe(**{field.name: getattr(model, field.name) for field in fields(Recipe)})
    return FineTuning(model.network_, model._pad, recipe, model._batches(texts, labels))


@pytest.fixture
def tuning(small_corpus, small_encoder):
    return make_tuning(small_corpus, small_encoder)


def test_the_rate_rises_to_its_peak_and_falls_to_nothing(tuning):
    shares = []
    for step in range(tuning.steps):
        tuning.standing.step = step
        shares.append(tuning._share_of_rate())

    assert len(shares) == 2 * len(tuning.batches)
    assert max(shares) == 1
    assert shares.index(1) <= len(shares) // 5
    assert shares[-1] < 2.5 / len(shares)


def test_each_epoch_is_judged_twice(tuning):
    trials = tuning.run(lambda: {"f1_macro": 0.5, "recall_macro": 0.5}, quiet, Checkpoint(None, "")).trials

    assert [trial["epochs"] for trial in trials] == pytest.approx([0.5, 1, 1.5, 2], abs=0.1)


def test_a_checkpoint_of_other_data_or_a_damaged_one_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(bert_training, "CHECKPOINT_SECONDS", 0.0)
    Checkpoint(tmp_path, "one").write_if_due(lambda: {"step": 3})

    assert Checkpoint(tmp_path, "one").read() == {"step": 3}
    assert Checkpoint(tmp_path, "other").read() is None
    Checkpoint(tmp_path, "one").path.write_bytes(b"half a fi")
    assert Checkpoint(tmp_path, "one").read() is None


def test_a_checkpoint_is_written_no_more_often_than_its_time(tmp_path, monkeypatch):
    checkpoint = Checkpoint(tmp_path, "one")
    checkpoint.write_if_due(lambda: pytest.fail("it is not two minutes old"))
    now = time.monotonic()
    monkeypatch.setattr(bert_training.time, "monotonic", lambda: now + bert_training.CHECKPOINT_SECONDS + 1)
    checkpoint.write_if_due(lambda: {"step": 1})

    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.path.name]


def test_without_a_directory_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bert_training, "CHECKPOINT_SECONDS", 0.0)
    checkpoint = Checkpoint(None, "one")
    checkpoint.write_if_due(lambda: {"step": 1})

    assert checkpoint.read() is None
    assert not list(tmp_path.iterdir())


def test_every_text_comes_once_per_epoch_in_batches_of_like_length():
    lengths = [3, 40, 5, 41, 4, 39, 60, 2]
    batches = Batches(
        [np.full(length, number, dtype=np.int32) for number, length in enumerate(lengths)],
        np.arange(8),
        2,
        seed=0,
    )

    seen = [[int(ids[0]) for ids in tokens] for tokens, _ in batches.stream(2)]

    assert (
        sorted(number for batch in seen[:4] for number in batch)
        == sorted(number for batch in seen[4:] for number in batch)
        == list(range(8))
    )
    assert seen[:4] != seen[4:]
    assert max(abs(lengths[first] - lengths[second]) for first, second in seen) < 30
