"""A champion from one machine's store to Blob: a real Azurite, real MLflow, real kills."""

import numpy as np
import pytest
from crowning import crown
from publication_fixtures import (
    fetch,
    killed_midway,
    open_releases,
    publish,
    run,
    saved_champion,
    with_a_large_file,
)

import models
from sentiment.champions import store
from sentiment.champions.releases import Pointer, Releases
from sentiment.config import read_settings
from sentiment.errors import GateError, StoreError
from sentiment.serving.champion import Champion
from sentiment.training import runs, versions

TEXTS = ["I love this, thank you so much!", "worst flight ever", "the meeting is on Tuesday"]


def test_a_champion_travels_with_its_native_form_and_answers_the_same(
    laptop, elsewhere, tfidf_model, tmp_path
):
    runs.connect(read_settings())
    trained = tmp_path / runs.MODEL_FOLDER
    tfidf_model.save(trained)
    tfidf_model.export(trained / runs.SERVED_FOLDER, [])
    with runs.start_run("tfidf") as run_id:
        uri = runs.log_model(trained, "tfidf")
    version = versions.register(uri, tags={})
    served = models.load(trained / runs.SERVED_FOLDER)
    tag = store.save(served, metadata={"run_id": run_id, "mlflow_version": version.number})
    crown(tag)
    assert publish() == tag

    elsewhere()
    assert fetch(native=tmp_path / "native") == tag
    assert store.champion().tag == tag == store.pointer()
    assert store.champion().metadata["run_id"] == run_id
    assert np.array_equal(
        models.load(store.champion().path).predict_proba(TEXTS), served.predict_proba(TEXTS)
    )
    native = models.load(tmp_path / "native")
    assert isinstance(native, type(tfidf_model))
    assert np.array_equal(native.predict_proba(TEXTS), tfidf_model.predict_proba(TEXTS))
    assert {path.name for path in (tmp_path / "native").iterdir()} == {
        path.name for path in trained.iterdir()
    } - {runs.SERVED_FOLDER}
    ready = Champion()
    assert ready.look(), ready.problem
    assert publish() == fetch() == tag


def test_without_mlflow_a_champion_travels_without_its_native_form_and_that_is_said(
    laptop, elsewhere, served_model, tmp_path
):
    tag = saved_champion(served_model)
    lines = []
    publish(progress=lines.append)
    assert any(f"MLflow does not hold the training of {tag}" in line for line in lines)

    elsewhere()
    with pytest.raises(StoreError, match="published without its native form"):
        fetch(native=tmp_path / "native")
    assert fetch() == tag


def test_a_champion_that_this_store_has_never_had_is_not_displaced_unseen(laptop, elsewhere, served_model):
    theirs = saved_champion(served_model)
    publish()
    elsewhere()
    ours = saved_champion(served_model)

    with pytest.raises(GateError, match=f"is {theirs}, which this store has never had: .* --over {theirs}"):
        publish()
    assert open_releases().pointer().champion == theirs
    assert publish(over=theirs) == ours
    assert open_releases().pointer().tags == (ours, theirs)


def test_who_fetched_and_judged_may_publish(laptop, elsewhere, served_model):
    first = saved_champion(served_model)
    publish()
    elsewhere()
    fetch()
    second = saved_champion(served_model)

    assert publish() == second
    assert open_releases().pointer().tags == (second, first)


def test_the_writer_that_loses_the_race_is_told_and_the_other_stays_champion(
    laptop, served_model, monkeypatch
):
    first = saved_champion(served_model)
    publish()
    rival, ours = saved_champion(served_model), saved_champion(served_model)
    upload = Releases.publish

    def overtaken(releases, tag, forms, progress):
        upload(releases, rival, {"served": store.find(rival).path}, progress)
        releases.swap_champion(rival, releases.pointer())
        return upload(releases, tag, forms, progress)

    monkeypatch.setattr(Releases, "publish", overtaken)
    with pytest.raises(GateError, match=f"is {rival}, no longer {first}: somebody published meanwhile"):
        publish()
    assert open_releases().pointer().tags == (rival, first)
    assert store.pointer() == ours


@pytest.mark.slow
def test_an_upload_that_is_killed_is_never_visible_and_the_same_command_goes_on(
    laptop, elsewhere, served_model, container
):
    before = saved_champion(served_model)
    publish()
    tag = saved_champion(served_model)
    with_a_large_file(tag)
    killed_midway("publish")

    left = {blob.name: blob.last_modified for blob in container.list_blobs(f"{tag.replace(':', '/')}/")}
    assert left
    assert f"{tag.replace(':', '/')}/manifest.json" not in left
    assert open_releases().find(tag) is None
    assert open_releases().pointer().champion == before

    answer = run("publish")
    assert (answer.returncode, answer.stdout.strip()) == (0, tag), answer.stderr
    assert {
        name: time
        for name, time in left.items()
        if container.get_blob_client(name).get_blob_properties().last_modified != time
    } == {}
    elsewhere()
    assert fetch() == tag


def test_an_empty_place_has_no_champion(laptop):
    with pytest.raises(StoreError, match=r"has no champion: run 'python -m flows.publish'"):
        fetch()
    with pytest.raises(StoreError, match="no model 'tweet-sentiment' in the store"):
        publish()
    assert open_releases().pointer() == Pointer()
