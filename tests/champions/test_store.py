"""The BentoML store: what is saved is found, and the pointer only points to what is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from crowning import crown

import models
from sentiment.champions import store
from sentiment.errors import StoreError


def test_a_saved_model_comes_back_with_its_metadata_and_scores(home, served_model):
    tag = store.save(served_model, metadata={"run_id": "r1"})
    found = store.find(tag)
    assert tag.startswith("tweet-sentiment:")
    assert found.tag == tag
    assert found.metadata["run_id"] == "r1"
    assert np.array_equal(
        models.load(found.path).predict_proba(["I love it"]), served_model.predict_proba(["I love it"])
    )


def test_an_empty_store_says_what_to_do(home):
    with pytest.raises(StoreError) as caught:
        store.champion()
    assert str(caught.value) == "no model 'tweet-sentiment' in the store: run 'make train' first"


def test_without_a_pointer_the_only_model_serves_and_among_several_none(home, served_model):
    first = store.save(served_model, metadata={})
    assert store.champion().tag == first

    second = store.save(served_model, metadata={})
    with pytest.raises(
        StoreError, match=r"none of the 2 models .*: restore that file, or write the champion's tag"
    ) as caught:
        store.champion()
    assert first in str(caught.value)
    assert second in str(caught.value)


def test_what_a_killed_process_left_half_saved_is_no_model_and_does_no_harm(home, served_model):
    first = store.save(served_model, metadata={})
    crown(first)
    (store.store_home() / "models" / "tweet-sentiment" / "half").mkdir()

    assert store.champion().tag == first
    crown(store.save(served_model, metadata={}))
    store.prune()
    assert not (store.store_home() / "models" / "tweet-sentiment" / "half").exists()


@pytest.mark.parametrize(
    "tag", ["tweet-sentiment:nope", "tweet-sentiment", "tweet-sentiment:latest", "other:1", "../x", ""]
)
def test_a_tag_that_is_not_in_the_store_is_refused(home, served_model, tag):
    first = store.save(served_model, metadata={})
    crown(first)
    with pytest.raises(StoreError):
        crown(tag)
    assert store.champion().tag == first


def test_the_beginning_of_a_version_is_not_a_tag(home, served_model):
    with pytest.raises(StoreError):
        crown(store.save(served_model, metadata={})[:-2])


def test_a_champion_is_on_the_disk_before_the_pointer_names_it(home, served_model, synced):
    tag = store.save(served_model, metadata={})
    synced.clear()
    crown(tag)

    path = store.find(tag).path
    pointer = next(place for place, name in enumerate(synced) if "champion" in name.name)
    files = {path, *path.rglob("*"), path.parent, path.parent.parent, store.store_home()}
    assert set(synced[:pointer]) >= files


def test_earlier_champions_are_those_still_in_the_store_the_newest_first(home, served_model):
    tags = [store.save(served_model, metadata={}) for _ in range(4)]
    for tag in tags:
        crown(tag)
    store.remove(tags[1])

    assert [stored.tag for stored in store.earlier_champions()] == [tags[2], tags[0]]


def test_the_store_lies_below_the_home_unless_bentoml_home_says_otherwise(home, tmp_path, monkeypatch):
    monkeypatch.delenv("BENTOML_HOME")
    assert store.store_home() == home / "bentoml"
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "elsewhere"))
    assert store.store_home() == tmp_path / "elsewhere"


def test_importing_the_store_imports_no_bentoml_and_no_framework():
    heavy = ["bentoml", "sklearn", "torch", "tensorflow", "pandas", "mlflow"]
    code = f"import sys, sentiment.champions.store; print([name for name in {heavy} if name in sys.modules])"
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


def test_in_an_image_the_bento_brings_its_own_model(home, served_model, tmp_path, monkeypatch):
    tag = store.save(served_model, metadata={})
    bento = tmp_path / "bento"
    shutil.copytree(store.store_home() / "models", bento / "models")
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "empty"))
    monkeypatch.setenv("BENTO_PATH", str(bento))

    champion = store.champion()

    assert champion.tag == tag
    assert champion.path.is_relative_to(bento)


def test_pruning_keeps_the_last_champions_and_the_shadow(home, served_model):
    tags = [store.save(served_model, metadata={}) for _ in range(7)]
    for tag in tags[:5]:
        crown(tag)
    store.set_shadow(tags[5])
    store.prune(keep=3)

    assert store.pointed() == [tags[4], tags[3], tags[2]]
    assert store._all_tags() == {*tags[2:5], tags[5]}


def test_a_store_without_a_pointer_is_not_pruned(home, served_model):
    tags = {store.save(served_model, metadata={}) for _ in range(2)}
    store.prune(keep=1)

    assert store._all_tags() == tags


def test_the_shadow_is_named_and_ended_without_touching_the_champion(home, served_model):
    first, second = (store.save(served_model, metadata={}) for _ in range(2))
    crown(first)

    store.set_shadow(second)
    assert (store.champion().tag, store.shadow().tag) == (first, second)
    store.set_shadow(None)
    assert store.shadow() is None


def test_a_shadow_that_is_missing_is_still_named_and_can_be_ended(home, served_model):
    tag = store.save(served_model, metadata={})
    store.set_shadow(tag)
    store.remove(tag)

    assert store.shadow_tag() == tag
    with pytest.raises(StoreError, match="no model"):
        store.shadow()
    store.set_shadow(None)
    assert store.shadow_tag() is None
