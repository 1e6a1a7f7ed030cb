"""Where BERT takes its encoder from, and which encoders it refuses."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from progress import quiet

import models
from models import ModelError, TrainingData


def test_a_hub_that_cannot_be_reached_names_the_two_remedies(small_corpus, tmp_path):
    script = """
import models
texts, labels = ["a", "b", "c"], list(models.LABELS)
try:
    data = models.TrainingData(texts, labels, validation=(texts, labels))
    models.create("bert", base_model="bert-base-uncased").fit(data)
except models.ModelError as error:
    print(error)
"""
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "PATH": "/usr/bin"}

    output = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
    ).stdout

    assert "the base model 'bert-base-uncased' cannot be loaded" in output
    assert "--base-model minilm" in output
    assert "--base-model FOLDER" in output


def test_bert_takes_a_local_folder_as_its_base_model(fitted, small_corpus, tmp_path):
    fitted["bert"].save(tmp_path)

    model = models.create("bert", base_model=str(tmp_path), epochs=1).fit(
        TrainingData(*small_corpus, validation=small_corpus), progress=quiet
    )

    assert model.predict(["I love this, thank you so much!"]) == ["positive"]


def test_tampered_encoder_weights_are_refused(small_corpus, monkeypatch):
    from models import bert, packaged_bases

    altered = replace(packaged_bases._MINILM_WEIGHTS, sha256="0" * 64)
    monkeypatch.setattr(packaged_bases, "_MINILM_WEIGHTS", altered)

    with pytest.raises(ModelError, match=r"the packaged encoder has the SHA-256 53aa.*, not 0000"):
        bert.BertModel().fit(TrainingData(*small_corpus, validation=small_corpus))


def test_a_model_saved_with_a_hyperparameter_of_before_still_loads(trained_once, tmp_path):
    folder = tmp_path / "bert"
    shutil.copytree(trained_once[0] / "bert", folder)
    description = json.loads((folder / "model.json").read_text())
    description["arguments"]["adversarial"] = 1.0
    (folder / "model.json").write_text(json.dumps(description))

    assert "adversarial" not in models.load(folder).hyperparameters
