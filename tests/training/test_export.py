"""Exports give the scores of their models, alone and in batches, without the frameworks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest
from crowning import crown
from served import served
from serving_environment import installed_megabytes, make_environment

import models
from models import ModelError
from models.onnx_session import FLOAT_FILE, NETWORK_FILE, choose_precision
from sentiment.champions import store
from sentiment.data.dataset import Split
from sentiment.training import export

ROOT = Path(__file__).parents[2]
TEXTS = (
    "I love this, thank you so much!",
    "don't like it AT ALL :( @ann https://t.co/x",
    "RT @bob: meh 😐 … 50 % off #sale",
    "é" * 300,
    "a",
    "!?",
    "word " * 200,
    "İstanbul ß straße ﬁne",
    "so 😍😍 happy",
)


@pytest.fixture
def bert(fitted, small_corpus):
    return fitted["bert"], small_corpus


def test_an_export_gives_the_scores_of_its_model(family, fitted, exported, tmp_path):
    folder = tmp_path / "exact"
    shutil.copytree(exported[family], folder)
    choose_precision(folder, "float32")
    served = models.load(folder)

    assert type(served) is not type(fitted[family])
    assert np.abs(served.predict_proba(TEXTS) - fitted[family].predict_proba(TEXTS)).max() < (
        1e-12 if family == "tfidf" else 1e-4
    )
    assert served.family == family
    assert served.predict_proba([]).shape == (0, 3)


def test_the_answer_to_a_text_depends_on_no_other_text(family, exported):
    """Activations scaled by the largest value in a batch would let a neighbour change an answer."""
    served = models.load(exported[family])
    alone = np.concatenate([served.predict_proba([text]) for text in TEXTS])

    assert np.abs(served.predict_proba(TEXTS) - alone).max() < 1e-5
    assert np.abs(served.predict_proba(TEXTS[::-1])[::-1] - alone).max() < 1e-5


def test_an_export_is_copied_by_saving_it(family, exported, tmp_path):
    served = models.load(exported[family])
    served.save(tmp_path / "copy")

    assert np.array_equal(models.load(tmp_path / "copy").predict_proba(TEXTS), served.predict_proba(TEXTS))


def test_an_export_serves_without_the_frameworks_and_unpickles_nothing(family, exported, tmp_path):
    script = f"""
import pickle, sys
def refuse(*arguments, **options):
    raise AssertionError("unpickled")
pickle.load = pickle.loads = pickle.Unpickler = refuse
training = "torch", "tensorflow", "keras", "transformers", "sklearn", "scipy", "skops", "joblib"
for name in (*training, "mlflow", "prefect", "pandas"):
    sys.modules[name] = None
import models
print(models.load({str(exported[family])!r}).predict(["I love this, thank you so much!"])[0])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ
    )

    assert (done.stdout.strip(), done.stderr) == ("positive", "")


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """The Python of an environment with the packages of `bentofile.yaml` alone."""
    return make_environment(tmp_path_factory.mktemp("listed") / "environment")


def test_the_packages_that_the_image_lists_are_enough_to_serve(family, exported, listed, home):
    crown(store.save(models.load(exported[family]), metadata={}))
    with served(home / "service.log", workers=1, python=listed) as (address, _):
        answer = httpx.post(f"{address}/predict", json={"text": "I love this, thank you so much!"}).json()
        told = httpx.post(
            f"{address}/feedback",
            json={
                "prediction_id": answer["prediction_id"],
                "text": "I love this, thank you so much!",
                "correct": True,
            },
        )

    assert answer["label"] == "positive"
    assert told.status_code == 200


def test_the_packages_that_the_image_lists_hold_no_training_and_are_small(listed):
    script = (
        "import importlib.util, sys; print([name for name in sys.argv[1:] if importlib.util.find_spec(name)])"
    )
    names = (
        "torch",
        "tensorflow",
        "keras",
        "transformers",
        "sklearn",
        "scipy",
        "mlflow",
        "prefect",
        "pandas",
        "pytest",
        "gradio",
    )
    listing = subprocess.run(
        [listed, "-c", script, *names], capture_output=True, text=True, check=True, cwd="/"
    )

    assert listing.stdout == "[]\n"
    assert installed_megabytes(listed) < 350


def test_a_quantised_network_is_a_third_of_its_size_or_less_and_says_nearly_the_same(fitted, exported):
    folder = exported["bert"]
    served = models.load(folder)

    assert (folder / NETWORK_FILE).stat().st_size < (folder / FLOAT_FILE).stat().st_size / 3
    assert np.abs(served.predict_proba(TEXTS) - fitted["bert"].predict_proba(TEXTS)).max() < 0.15


def test_the_precision_is_chosen_once(exported, tmp_path):
    for precision in ("int8", "float32"):
        shutil.copytree(exported["bert"], tmp_path / precision)
        choose_precision(tmp_path / precision, precision)
        choose_precision(tmp_path / precision, "int8")  # there is nothing left to choose

    assert {path.name for path in (tmp_path / "int8").iterdir()} == {
        "emoji.json",
        "model.json",
        NETWORK_FILE,
        "tokenizer.json",
    }
    assert (tmp_path / "float32" / NETWORK_FILE).stat().st_size == (
        exported["bert"] / FLOAT_FILE
    ).stat().st_size


def test_an_export_that_lacks_a_file_is_a_clear_error(family, exported, tmp_path):
    names = {path.name for path in exported[family].iterdir()} - {FLOAT_FILE}
    for name in names:
        shutil.copytree(exported[family], tmp_path / name)
        (tmp_path / name / name).unlink()
        with pytest.raises(ModelError, match=rf"{name}.*: run 'make train'"):
            models.load(tmp_path / name)
    assert len(names) > 2


@pytest.mark.parametrize("file", ["network.onnx", "tokenizer.json"])
def test_a_damaged_export_is_a_clear_error(exported, tmp_path, file):
    shutil.copytree(exported["bert"], tmp_path, dirs_exist_ok=True)
    (tmp_path / file).write_bytes(b"damaged")

    with pytest.raises(ModelError, match=rf"{file} cannot be .*run 'make train' again"):
        models.load(tmp_path)


def test_an_export_that_says_something_else_is_refused():
    native = np.array([[0.8, 0.1, 0.1]] * 1000)
    changed = native.copy()
    changed[:2] = (0.1, 0.8, 0.1)
    labels = ["negative", "neutral", "positive"] * 333 + ["negative"]

    differences = export.compare(labels, native, native)
    assert differences == {"labels_changed": 0, "score_difference": 0, "f1_lost": 0}
    export.check_exact("bert", differences | {"labels_changed": 0.002, "score_difference": 0.01})
    with pytest.raises(ModelError, match=r"0.20% of its labels and scores by up to 0.700 differ"):
        export.check_exact("bert", export.compare(labels, native, changed))


@pytest.mark.parametrize(("most_lost", "is_float"), [(1.0, False), (-1.0, True)])
def test_a_network_that_loses_too_much_as_integers_is_served_in_floating_point(
    bert, tmp_path, monkeypatch, most_lost, is_float
):
    model, corpus = bert
    in_floating_point = 4 * model.network_.num_parameters()
    monkeypatch.setattr(export, "MOST_LOST", most_lost)
    _, differences = export.export(model, tmp_path / "served", Split(*map(tuple, corpus)))

    assert set(differences) == {"labels_changed", "score_difference", "f1_lost"}
    assert ((tmp_path / "served" / NETWORK_FILE).stat().st_size > in_floating_point / 2) is is_float


@pytest.mark.parametrize(
    ("lost", "changed", "too_much"),
    [
        (0.003, 0.0, False),
        (0.0031, 0.0, True),
        (0.0049, 0.0144, False),
        (0.005, 0.01, True),
        (0.0, 0.051, True),
    ],
)
def test_a_loss_within_the_noise_of_the_changed_labels_is_none_unless_many_change(lost, changed, too_much):
    assert export.loses_too_much({"f1_lost": lost, "labels_changed": changed}, texts=3600) is too_much


def test_the_description_of_an_export_holds_no_training(exported):
    assert set(json.loads((exported["keras"] / "model.json").read_text())) == {
        "family",
        "labels",
        "temperature",
        "form",
        "has_emoji_words",
        "has_pairs",
        "has_valences",
        "max_tokens",
    }
