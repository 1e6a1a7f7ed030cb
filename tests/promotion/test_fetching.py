"""A champion from Blob into another machine's store: whole, checked, and never by surprise."""

import shutil
import subprocess

import pytest
from publication_fixtures import (
    fetch,
    killed_midway,
    open_releases,
    publish,
    run,
    saved_champion,
    with_a_large_file,
)

from sentiment.champions import store
from sentiment.champions.calibration import Calibration, keep_calibration, read_calibration
from sentiment.errors import GateError, StoreError


@pytest.mark.slow
def test_a_fetch_that_is_killed_leaves_the_store_as_it_was_and_the_same_command_goes_on(
    laptop, elsewhere, served_model
):
    tag = saved_champion(served_model)
    with_a_large_file(tag)
    publish()
    elsewhere()
    killed_midway("fetch")

    assert not store.has_champion()
    answer = run("fetch")
    assert (answer.returncode, answer.stdout.strip()) == (0, tag), answer.stderr
    assert store.champion().tag == tag
    assert {path.name for path in store.store_home().iterdir()} == {
        "models",
        "adopted.lock",
        store.POINTER_FILE,
        f"{store.POINTER_FILE}.lock",
    }


def test_how_to_read_the_champions_scores_comes_with_it(laptop, elsewhere, served_model):
    tag = saved_champion(served_model)
    publish()
    first, second, third = (
        Calibration(tag, 1 + week / 10, 0.7, 500, f"2026-11-{week:02}T07:00:00+00:00") for week in (1, 8, 15)
    )
    for learned in (first, second):
        keep_calibration(learned)
        publish()
        publish()
    elsewhere()

    assert run("fetch").returncode == 0
    assert read_calibration(tag) == second
    keep_calibration(third)
    assert run("fetch").returncode == 0
    assert read_calibration(tag) == third


@pytest.mark.parametrize("change", ["altered", "truncated", "deleted"])
def test_a_file_that_was_tampered_with_never_reaches_the_store(
    laptop, elsewhere, served_model, container, change
):
    tag = saved_champion(served_model)
    publish()
    blob = container.get_blob_client(f"{tag.replace(':', '/')}/served/weights.npz")
    content = bytearray(blob.download_blob().readall())
    content[100] ^= 1
    if change == "deleted":
        blob.delete_blob()
    else:
        blob.upload_blob(bytes(content if change == "altered" else content[:-1]), overwrite=True)
    elsewhere()

    answer = run("fetch")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "weights.npz" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not store.has_champion()
    assert list((store.store_home() / "models").rglob("*")) == []


def test_a_release_whose_files_are_another_model_never_reaches_the_store(laptop, elsewhere, served_model):
    tag = saved_champion(served_model)
    open_releases().publish("tweet-sentiment:other", {"served": store.find(tag).path}, print)
    elsewhere()

    with pytest.raises(StoreError, match=f"say that they are {tag}"):
        fetch("tweet-sentiment:other")
    assert not store.has_champion()


def test_a_copy_in_the_store_that_is_not_the_release_is_refused(laptop, served_model):
    tag = saved_champion(served_model)
    publish()
    (store.find(tag).path / "model.json").write_text("{}")

    with pytest.raises(StoreError, match=f"copy of {tag} is not what .* holds"):
        fetch()
    with pytest.raises(StoreError, match="a release never changes"):
        publish()


def test_what_was_rolled_back_here_does_not_come_back_unless_named(laptop, served_model):
    first, second = saved_champion(served_model), None
    publish()
    second = saved_champion(served_model)
    publish()
    store.roll_back(because="it annoys people")

    with pytest.raises(
        GateError,
        match=rf"{second}, .* was rolled back here on .* \(it annoys people\): run 'python -m flows.publish'",
    ):
        fetch()
    assert store.pointer() == first
    assert publish() == first
    assert open_releases().pointer().tags == (first, second)
    assert fetch(second) == second == store.pointer()


def test_a_champion_here_that_changed_during_the_fetch_is_not_displaced(laptop, elsewhere, served_model):
    saved_champion(served_model)
    publish()
    elsewhere()
    ours = []

    with pytest.raises(GateError, match="the champion is tweet-sentiment:"):
        fetch(progress=lambda line: ours or ours.append(saved_champion(served_model)))
    assert store.pointer() == ours[0]


def test_only_the_last_champions_stay_in_the_store(laptop, elsewhere, served_model):
    tags = []
    for _ in range(4):
        tags.append(saved_champion(served_model))
        publish()
    elsewhere()
    for tag in tags:
        fetch(tag)

    assert store.pointed() == tags[:0:-1]
    assert len(list((store.store_home() / "models" / "tweet-sentiment").glob("*/"))) == 3


@pytest.mark.parametrize("name", ["../../x", "tweet-sentiment:..", "tweet-sentiment:/etc"])
def test_a_version_that_leads_elsewhere_is_refused(laptop, name):
    with pytest.raises(StoreError, match="is no tag"):
        fetch(name)


def test_the_store_cannot_be_told_from_one_that_saved_the_model_itself(laptop, elsewhere, served_model):
    tag = saved_champion(served_model)
    publish()
    original = store.find(tag).path
    elsewhere()
    fetch()
    comparison = shutil.which("diff")
    assert comparison
    assert (
        subprocess.run([comparison, "-r", str(original), str(store.find(tag).path)], check=False).returncode
        == 0
    )
