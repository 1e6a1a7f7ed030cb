"""A training of BERT that is killed resumes from its checkpoint, to the same weights."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import fields, replace
from itertools import chain, islice

import numpy as np
import pytest
import torch
from progress import quiet

import models
from models import bert_training
from models.bert_training import Batches, Checkpoint, FineTuning, Recipe

# The same training as `train` below, but it waits at its 24th of 42 steps to be killed.
SCRIPT = """
import json, sys, time
from pathlib import Path
import models
from models import bert_training

def report(line):
    print(line, flush=True)
    if "step 24/42" in line:
        time.sleep(250)

bert_training.CHECKPOINT_SECONDS = 0.0
hyperparameters, rows, related = json.loads(Path(sys.argv[1]).read_text())
model = models.create("bert", **hyperparameters)
data = models.TrainingData(*rows, validation=rows, related=related)
model.fit(data, progress=report, checkpoint=Path(sys.argv[2]))
"""


def test_a_training_killed_in_the_middle_ends_with_the_same_weights(
    small_corpus, small_encoder, tmp_path, monkeypatch
):
    texts, labels = small_corpus
    hyperparameters = {"base_model": str(small_encoder), "epochs": 2, "batch_size": 8, "learning_rate": 3e-3}
    related = (texts[::3], labels[::3])
    (tmp_path / "data.json").write_text(json.dumps([hyperparameters, small_corpus, related]))
    monkeypatch.setattr(bert_training, "CHECKPOINT_SECONDS", 0.0)

    def train(checkpoint):
        lines = []
        model = models.create("bert", **hyperparameters)
        data = models.TrainingData(texts, labels, validation=small_corpus, related=related)
        return model.fit(data, progress=lines.append, checkpoint=checkpoint), "".join(lines)

    whole, told = train(tmp_path / "whole")
    assert "resuming" not in told
    command = [sys.executable, "-c", SCRIPT, tmp_path / "data.json", tmp_path / "killed"]
    killed = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while not any("step 24/42" in line for line in killed.stdout):
        assert killed.poll() is None
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    resumed, told = train(tmp_path / "killed")

    assert "resuming from the checkpoint" in told
    assert "step 15/42: validation" not in told
    np.testing.assert_allclose(resumed.predict_proba(texts), whole.predict_proba(texts), atol=1e-5)
    assert resumed.trials == whole.trials


def make_tuning(corpus, encoder, **hyperparameters):
    texts, labels = corpus
    model = models.create("bert", base_model=str(encoder), batch_size=8, **hyperparameters)
    model._begin()
    recipe = Recipe(**{field.name: getattr(model, field.name) for field in fields(Recipe)})
    return FineTuning(
        model.network_,
        model._pad,
        recipe,
        model._batches(texts, labels),
        model._batches(texts[:40], labels[:40]),
    )


@pytest.fixture
def tuning(small_corpus, small_encoder):
    return make_tuning(small_corpus, small_encoder)


def test_a_training_stopped_among_the_related_texts_goes_on_there(
    small_corpus, small_encoder, tmp_path, monkeypatch
):
    monkeypatch.setattr(bert_training, "CHECKPOINT_SECONDS", 0.0)
    whole, stopped, resumed = (make_tuning(small_corpus, small_encoder, epochs=1) for _ in range(3))
    told = []

    def judge():
        return {"f1_macro": 0.5, "recall_macro": 0.5}

    def stop_at_three(tokens, targets):
        if stopped.standing.step == 3:
            raise KeyboardInterrupt
        return FineTuning.step(stopped, tokens, targets)

    monkeypatch.setattr(stopped, "step", stop_at_three)
    torch.manual_seed(0)
    whole.run(judge, quiet, Checkpoint(None, ""))
    torch.manual_seed(0)
    with pytest.raises(KeyboardInterrupt):
        stopped.run(judge, quiet, Checkpoint(tmp_path, "mine"))
    resumed.run(judge, told.append, Checkpoint(tmp_path, "mine"))

    assert stopped.early_steps == 5
    assert told[0].startswith("step 3/")
    assert resumed.standing.trials == whole.standing.trials
    for name, weights in whole.network.state_dict().items():
        torch.testing.assert_close(resumed.network.state_dict()[name], weights, atol=1e-5, rtol=0)


def test_the_rate_rises_and_falls_for_the_related_texts_and_again_for_the_own(tuning):
    shares = []
    for step in range(tuning.steps):
        tuning.standing.step = step
        shares.append(tuning._share_of_rate())

    early, own = shares[: tuning.early_steps], shares[tuning.early_steps :]
    assert (len(early), len(own)) == (5, 2 * len(tuning.batches))
    for part in (early, own):
        assert max(part) == 1
        assert part.index(1) <= len(part) // 5
        assert part[-1] < 2.5 / len(part)


def test_words_that_were_pushed_against_the_network_are_put_back(tuning):
    """The push has its length, raises the loss of its batch, and moves that batch's words only."""
    tokens, targets = next(tuning.batches.stream(1))
    inputs = tuning.pad(tokens)
    weights = tuning.batches.label_weights()
    vectors = tuning.network.get_input_embeddings().weight
    before = vectors.detach().clone()
    tuning.network.eval()
    loss = tuning._learn(inputs, targets, weights)

    with tuning._pushed_words(inputs["input_ids"]):
        moved = vectors.detach() - before
        pushed = tuning._learn(inputs, targets, weights)

    assert pushed > loss
    assert moved.norm().item() == pytest.approx(tuning.recipe.adversarial, rel=1e-3)
    assert set(moved.abs().sum(dim=1).nonzero().flatten().tolist()) <= set(
        inputs["input_ids"].flatten().tolist()
    )
    assert torch.equal(vectors.detach(), before)


@pytest.mark.parametrize(("adversarial", "steps", "learned"), [(1.0, 1, 1), (0.0, 6, 6), (1.0, 6, 7)])
def test_only_the_own_texts_are_learnt_twice(tuning, monkeypatch, adversarial, steps, learned):
    """Five steps are early, with the label weights of the related texts."""
    tuning.recipe = replace(tuning.recipe, adversarial=adversarial)
    calls = []
    real = tuning._learn
    monkeypatch.setattr(tuning, "_learn", lambda *batch: calls.append(batch[2]) or real(*batch))
    for tokens, targets in islice(chain(tuning.related.stream(1), tuning.batches.stream(1)), steps):
        tuning.step(tokens, targets)

    assert len(calls) == learned
    assert all(torch.equal(weights, tuning.related.label_weights()) for weights in calls[:5])
    assert all(torch.equal(weights, tuning.batches.label_weights()) for weights in calls[5:])


def test_nothing_is_judged_before_the_own_texts(tuning):
    judged = []

    def judge():
        judged.append(tuning.standing.step)
        return {"f1_macro": 0.5, "recall_macro": 0.5}

    trials = tuning.run(judge, quiet, Checkpoint(None, "")).trials

    assert min(judged) > tuning.early_steps
    assert trials[-1]["epochs"] == 2


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
