"""The BentoML store: what is saved is found, and the pointer only points to what is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from crowning import crown

import models
from sentiment.champions import store
from sentiment.errors import GateError, StoreError


class Stubborn:
    """A model with one answer to everything."""

    family = "tfidf"

    def __init__(self, *scores):
        self._scores = scores

    def predict_proba(self, texts):
        return np.array([self._scores] * len(texts))


def test_a_saved_model_comes_back_with_its_metadata_and_scores(home, tfidf_model):
    tag = store.save(tfidf_model, metadata={"run_id": "r1"})
    found = store.find(tag)
    assert tag.startswith("tweet-sentiment:")
    assert found.tag == tag
    assert found.metadata["run_id"] == "r1"
    assert np.array_equal(
        models.load(found.path).predict_proba(["I love it"]), tfidf_model.predict_proba(["I love it"])
    )


def test_the_stored_probe_is_one_that_the_model_labels_correctly(home, tfidf_model):
    metadata = store.find(store.save(tfidf_model, metadata={})).metadata
    assert metadata["probe_text"] in store.PROBES[metadata["probe_label"]]
    assert tfidf_model.predict([metadata["probe_text"]]) == [metadata["probe_label"]]


def test_the_probe_is_the_one_with_the_highest_score():
    surest = store.PROBES["positive"][1]

    class Unsure(Stubborn):
        def predict_proba(self, texts):
            return np.array([(0.0, 0.1, 0.9) if text == surest else (0.1, 0.2, 0.7) for text in texts])

    assert store.choose_probe(Unsure()) == (surest, "positive")


def test_a_probe_that_the_model_gets_wrong_is_never_chosen():
    assert store.choose_probe(Stubborn(0.1, 0.7, 0.2))[1] == "neutral"


def test_a_model_that_gets_every_probe_wrong_is_not_stored(home, monkeypatch):
    monkeypatch.setattr(store, "PROBES", {"negative": ("awful",), "neutral": ("at nine",)})
    with pytest.raises(StoreError, match=r"none of 2 unmistakable tweets .*: train it on"):
        store.save(Stubborn(0.1, 0.2, 0.7), metadata={})
    assert not store.has_champion()


def test_an_empty_store_says_what_to_do(home):
    with pytest.raises(StoreError) as caught:
        store.champion()
    assert str(caught.value) == "no model 'tweet-sentiment' in the store: run 'make train' first"


def test_without_a_pointer_the_only_model_serves_and_among_several_none(home, tfidf_model):
    first = store.save(tfidf_model, metadata={})
    assert store.champion().tag == first

    second = store.save(tfidf_model, metadata={})
    with pytest.raises(
        StoreError, match=r"none of the 2 models .*: restore that file, or write the champion's tag"
    ) as caught:
        store.champion()
    assert first in str(caught.value)
    assert second in str(caught.value)


def test_what_a_killed_process_left_half_saved_is_no_model_and_does_no_harm(home, tfidf_model):
    first = store.save(tfidf_model, metadata={})
    crown(first)
    (store.store_home() / "models" / "tweet-sentiment" / "half").mkdir()

    assert store.champion().tag == first
    crown(store.save(tfidf_model, metadata={}))
    store.prune()
    assert not (store.store_home() / "models" / "tweet-sentiment" / "half").exists()


def test_the_pointer_decides_and_can_go_back(home, tfidf_model):
    first = store.save(tfidf_model, metadata={})
    second = store.save(tfidf_model, metadata={})
    crown(first)
    assert store.champion().tag == first
    crown(second)
    assert store.champion().tag == second


@pytest.mark.parametrize(
    "tag", ["tweet-sentiment:nope", "tweet-sentiment", "tweet-sentiment:latest", "other:1", "../x", ""]
)
def test_a_tag_that_is_not_in_the_store_is_refused(home, tfidf_model, tag):
    first = store.save(tfidf_model, metadata={})
    crown(first)
    with pytest.raises(StoreError):
        crown(tag)
    assert store.champion().tag == first


def test_the_beginning_of_a_version_is_not_a_tag(home, tfidf_model):
    with pytest.raises(StoreError):
        crown(store.save(tfidf_model, metadata={})[:-2])


def test_the_store_lies_below_the_home_unless_bentoml_home_says_otherwise(home, tmp_path, monkeypatch):
    monkeypatch.delenv("BENTOML_HOME")
    assert store.store_home() == home / "bentoml"
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "elsewhere"))
    assert store.store_home() == tmp_path / "elsewhere"


def test_importing_the_store_imports_no_bentoml_and_no_framework():
    heavy = ["bentoml", "sklearn", "torch", "tensorflow", "pandas", "mlflow"]
    code = f"import sys, sentiment.champions.store; print([module for module in {heavy} if module in sys.modules])"
    root = Path(store.__file__).parents[2]
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "[]"


def test_in_an_image_the_bento_brings_its_own_model(home, tfidf_model, tmp_path, monkeypatch):
    tag = store.save(tfidf_model, metadata={})
    bento = tmp_path / "bento"
    shutil.copytree(store.store_home() / "models", bento / "models")
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "empty"))
    monkeypatch.setenv("BENTO_PATH", str(bento))

    champion = store.champion()

    assert champion.tag == tag
    assert champion.path.is_relative_to(bento)


def test_a_pointer_that_cannot_be_read_is_a_clear_error(home, tfidf_model):
    store.save(tfidf_model, metadata={})
    (store.store_home() / store.POINTER_FILE).write_bytes(b"\xff\xfe")

    assert store.has_champion()
    with pytest.raises(StoreError, match=r"cannot be read \(UnicodeDecodeError\): restore it, or write"):
        store.champion()


def test_of_two_swaps_on_the_same_champion_one_wins(home, tfidf_model):
    first, second, third = (store.save(tfidf_model, metadata={}) for _ in range(3))
    crown(first)

    with ThreadPoolExecutor(2) as pool:
        swaps = [pool.submit(store.swap_champion, tag, expected=first) for tag in (second, third)]

    failures = [swap.exception() for swap in swaps if swap.exception()]
    assert [type(failure) for failure in failures] == [GateError]
    assert store.champion().tag in (second, third)
    assert store.pointed()[1:] == [first]


def test_of_several_processes_that_swap_at_once_exactly_one_wins(home, tfidf_model):
    first, *others = (store.save(tfidf_model, metadata={}) for _ in range(5))
    crown(first)
    code = """
import sys
from sentiment.champions import store
from sentiment.errors import GateError

store.find(sys.argv[1])
print("ready", flush=True)
input()
try:
    store.swap_champion(sys.argv[1], expected=sys.argv[2])
    print("won")
except GateError as error:
    print("lost" if "changed meanwhile" in str(error) else error)
"""
    root = Path(store.__file__).parents[2]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, tag, first],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for tag in others
    ]
    assert [process.stdout.readline() for process in started] == ["ready\n"] * len(started)
    for process in started:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].strip() for process in started]

    assert sorted(said) == ["lost", "lost", "lost", "won"]
    assert store.pointed() == [others[said.index("won")], first]


def test_a_roll_back_restores_the_champion_before_and_forgets_the_present_one(home, tfidf_model):
    first, second, third = (store.save(tfidf_model, metadata={}) for _ in range(3))
    for tag in (first, second, third):
        crown(tag)

    assert [store.roll_back(), store.roll_back()] == [second, first]
    assert store.pointed() == [first]
    with pytest.raises(StoreError, match="no champion before"):
        store.roll_back()


def test_a_roll_back_needs_no_files_of_what_fell_and_keeps_why_it_fell(home, tfidf_model):
    first, second = (store.save(tfidf_model, metadata={}) for _ in range(2))
    crown(first)
    crown(second)
    shutil.rmtree(store.find(second).path)

    assert store.roll_back(because="it is broken") == first
    (fallen,) = store.fallen()
    assert (fallen.tag, fallen.successor, fallen.because) == (second, first, "it is broken")


def test_a_roll_back_that_died_between_its_two_files_has_not_happened(home, tfidf_model, monkeypatch):
    first, second = (store.save(tfidf_model, metadata={}) for _ in range(2))
    crown(first)
    crown(second)

    def die(path, tags):
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "write_tags", die)
    with pytest.raises(KeyboardInterrupt):
        store.roll_back()

    assert store.champion().tag == second
    assert store.fallen() == []


def test_pruning_keeps_the_last_champions_and_the_shadow(home, tfidf_model):
    tags = [store.save(tfidf_model, metadata={}) for _ in range(7)]
    for tag in tags[:5]:
        crown(tag)
    store.set_shadow(tags[5])
    store.prune(keep=3)

    assert store.pointed() == [tags[4], tags[3], tags[2]]
    assert store._all_tags() == {*tags[2:5], tags[5]}


def test_a_store_without_a_pointer_is_not_pruned(home, tfidf_model):
    tags = {store.save(tfidf_model, metadata={}) for _ in range(2)}
    store.prune(keep=1)

    assert store._all_tags() == tags


def test_a_roll_back_of_another_champion_than_expected_is_refused(home, tfidf_model):
    first, second = (store.save(tfidf_model, metadata={}) for _ in range(2))
    crown(first)
    crown(second)

    with pytest.raises(GateError, match="changed meanwhile"):
        store.roll_back(expected=first)
    assert store.champion().tag == second


def test_a_pointer_of_an_earlier_version_with_one_line_is_read(home, tfidf_model):
    tag = store.save(tfidf_model, metadata={})
    (store.store_home() / store.POINTER_FILE).write_text(tag)

    assert store.pointed() == [tag]
    assert store.champion().tag == tag


def test_an_empty_pointer_is_a_clear_error_and_not_the_newest_model(home, tfidf_model):
    store.save(tfidf_model, metadata={})
    (store.store_home() / store.POINTER_FILE).write_text("")

    with pytest.raises(StoreError, match="is empty"):
        store.champion()


def test_the_shadow_is_named_and_ended_without_touching_the_champion(home, tfidf_model):
    first, second = (store.save(tfidf_model, metadata={}) for _ in range(2))
    crown(first)

    store.set_shadow(second)
    assert (store.champion().tag, store.shadow().tag) == (first, second)
    store.set_shadow(None)
    assert store.shadow() is None


def test_a_shadow_that_is_missing_is_still_named_and_can_be_ended(home, tfidf_model):
    tag = store.save(tfidf_model, metadata={})
    store.set_shadow(tag)
    store.remove(tag)

    assert store.shadow_tag() == tag
    with pytest.raises(StoreError, match="no model"):
        store.shadow()
    store.set_shadow(None)
    assert store.shadow_tag() is None
