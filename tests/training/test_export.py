"""What serves says what was trained: every family's export, alone and among others, and without the framework that made it."""

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
from onnx import TensorProto, helper, load, numpy_helper, save
from onnxruntime import InferenceSession
from served import served
from serving_environment import installed_megabytes, make_environment

import models
from models import ModelError
from models.bert_export import _smooth, quantise
from models.onnx_session import FLOAT_FILE, NETWORK_FILE, choose_precision, cores
from models.served_bert import batches_of_like_length
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
    """Activations that were scaled by the largest value in the batch would let a neighbour change an answer."""
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
for name in ("torch", "tensorflow", "keras", "transformers", "sklearn", "scipy", "skops", "joblib", "mlflow", "prefect", "pandas"):
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
    found = subprocess.run(
        [listed, "-c", script, *names], capture_output=True, text=True, check=True, cwd="/"
    )

    assert found.stdout == "[]\n"
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

    found = export.compare(labels, native, native)
    assert found == {"labels_changed": 0, "score_difference": 0, "f1_lost": 0}
    export.check_exact("bert", found | {"labels_changed": 0.002, "score_difference": 0.01})
    with pytest.raises(ModelError, match=r"0.20% of its labels and scores by up to 0.700 differ"):
        export.check_exact("bert", export.compare(labels, native, changed))


@pytest.mark.parametrize(("most_lost", "is_float"), [(1.0, False), (-1.0, True)])
def test_a_network_that_loses_too_much_as_integers_is_served_in_floating_point(
    bert, tmp_path, monkeypatch, most_lost, is_float
):
    model, corpus = bert
    in_floating_point = 4 * model.network_.num_parameters()
    monkeypatch.setattr(export, "MOST_LOST", most_lost)
    _, found = export.export(model, tmp_path / "served", Split(*map(tuple, corpus)))

    assert set(found) == {"labels_changed", "score_difference", "f1_lost"}
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


@pytest.fixture
def loud_products(tmp_path):
    """Two products that share a matrix, the first of an input with one channel a thousand times as loud as the rest; and such an input."""
    randomness = np.random.default_rng(0)
    matrix = randomness.normal(size=(32, 32)).astype(np.float32)
    matrix[0] /= 1000
    nodes = [
        helper.make_node("MatMul", [given, "w"], [result], name=f"of_{given}")
        for given, result in (("x", "y"), ("y", "z"))
    ]
    places = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 32]) for name in ("x", "z")]
    graph = helper.make_graph(
        nodes, "products", places[:1], places[1:], [numpy_helper.from_array(matrix, "w")]
    )
    save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
        tmp_path / "float.onnx",
    )
    values = randomness.normal(size=(64, 32)).astype(np.float32)
    values[:, 0] *= 1000
    return tmp_path / "float.onnx", values


def test_channels_of_very_different_loudness_survive_eight_bits(loud_products, tmp_path):
    """With one scale for all of them as they are, the quiet ones would be rounded to nothing."""
    path, values = loud_products
    quantise(path, tmp_path / "small.onnx", [{"x": values}])

    whole, small = (
        InferenceSession(file).run(None, {"x": values})[0] for file in (path, tmp_path / "small.onnx")
    )
    assert np.abs(whole - small).mean() / np.abs(whole).mean() < 0.1


def test_smoothing_alone_changes_nothing(loud_products):
    path, values = loud_products
    smooth = _smooth(load(path), [{"x": values}])

    whole, same = (
        InferenceSession(form).run(None, {"x": values})[0] for form in (path, smooth.SerializeToString())
    )
    np.testing.assert_allclose(same, whole, rtol=1e-3, atol=1e-3)
    assert {one.name for one in smooth.graph.initializer} == {
        f"of_{x}_{part}" for x in "xy" for part in ("inverse_factors", "louder")
    }


def test_batches_are_of_like_length_and_none_has_too_many_tokens():
    lengths = [number % 97 + 1 for number in range(1000)]
    batches = list(batches_of_like_length(lengths, 2048))

    assert sorted(row for batch in batches for row in batch) == list(range(1000))
    assert all(len(batch) * max(lengths[row] for row in batch) <= 2048 for batch in batches)
    assert all(
        max(lengths[row] for row in batch) - min(lengths[row] for row in batch) <= 20 for batch in batches
    )
    assert lengths[batches[0][0]] == 97  # the longest first: no core is left with one at the end


def test_the_threads_are_those_that_the_container_may_use(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)))
    for content, expected in (
        ("150000 100000\n", 2),
        ("max 100000\n", 8),
        ("50000 100000", 1),
        ("9900000 100000", 8),
    ):
        quota = tmp_path / "cpu.max"
        quota.write_text(content)
        monkeypatch.setattr("models.onnx_session._CPU_QUOTA", quota)
        assert cores() == expected


def test_the_description_of_an_export_holds_no_training(exported):
    assert set(json.loads((exported["keras"] / "model.json").read_text())) == {
        "family",
        "labels",
        "temperature",
        "form",
        "has_pairs",
        "has_valences",
        "max_tokens",
    }
