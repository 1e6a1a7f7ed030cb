"""A champion from one machine's store to Blob and into another's: a real Azurite, real MLflow, real kills."""

import base64
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from azurite import connection_string
from crowning import crown

import models
from flows import fetch as fetching
from flows.fetch import fetch
from flows.publish import publish
from sentiment.champions import store
from sentiment.champions.releases import Pointer, Releases
from sentiment.config import read_settings, tool_environment
from sentiment.errors import ConfigError, GateError, StoreError
from sentiment.promotion import publication
from sentiment.serving.champion import Champion
from sentiment.training import runs, versions

ROOT = Path(__file__).parents[2]
TEXTS = ["I love this, thank you so much!", "worst flight ever", "the meeting is on Tuesday"]


@pytest.fixture
def laptop(loop_home, container, monkeypatch):
    """A home with an empty MLflow, and an empty container to publish to."""
    monkeypatch.setenv("SENTIMENT_MODELS_URL", f"az://{container.container_name}")
    return loop_home


@pytest.fixture
def elsewhere(laptop, tmp_path, monkeypatch):
    """A function that goes on at another machine: a home without anything in it."""

    def move():
        monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / "elsewhere"))
        for variable, value in tool_environment(read_settings()).items():
            monkeypatch.setenv(variable, value)

    return move


def open_releases():
    return publication.open_releases(read_settings())


def saved_champion(model):
    tag = store.save(model, metadata={})
    crown(tag)
    return tag


def run(command, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", f"flows.{command}", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def killed_midway(command):
    """Run a command and kill -9 it when it has told of its first file."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"flows.{command}"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    for line in process.stderr:
        if line.startswith("served/"):
            break
    process.send_signal(signal.SIGKILL)
    process.stderr.close()
    assert process.wait(timeout=30) == -signal.SIGKILL


def with_a_large_file(tag):
    """Give a stored model a last file that takes a while to carry."""
    (store.find(tag).path / "zz.bin").write_bytes(os.urandom(60_000_000))


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
    laptop, elsewhere, tfidf_model, tmp_path, capsys
):
    tag = saved_champion(tfidf_model)
    publish()
    assert f"MLflow does not hold the training of {tag}" in capsys.readouterr().err

    elsewhere()
    with pytest.raises(StoreError, match="published without its native form"):
        fetch(native=tmp_path / "native")
    assert fetch() == tag


def test_a_champion_that_this_store_has_never_had_is_not_displaced_unseen(laptop, elsewhere, tfidf_model):
    theirs = saved_champion(tfidf_model)
    publish()
    elsewhere()
    ours = saved_champion(tfidf_model)

    with pytest.raises(GateError, match=f"is {theirs}, which this store has never had: .* --over {theirs}"):
        publish()
    assert open_releases().pointer().champion == theirs
    assert publish(over=theirs) == ours
    assert open_releases().pointer().tags == (ours, theirs)


def test_who_fetched_and_judged_may_publish(laptop, elsewhere, tfidf_model):
    first = saved_champion(tfidf_model)
    publish()
    elsewhere()
    fetch()
    second = saved_champion(tfidf_model)

    assert publish() == second
    assert open_releases().pointer().tags == (second, first)


def test_the_writer_that_loses_the_race_is_told_and_the_other_stays_champion(
    laptop, tfidf_model, monkeypatch
):
    first = saved_champion(tfidf_model)
    publish()
    rival, ours = saved_champion(tfidf_model), saved_champion(tfidf_model)
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


def test_an_upload_that_is_killed_is_never_visible_and_the_same_command_goes_on(
    laptop, elsewhere, tfidf_model, container
):
    before = saved_champion(tfidf_model)
    publish()
    tag = saved_champion(tfidf_model)
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


def test_a_fetch_that_is_killed_leaves_the_store_as_it_was_and_the_same_command_goes_on(
    laptop, elsewhere, tfidf_model
):
    tag = saved_champion(tfidf_model)
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


@pytest.mark.parametrize("change", ["altered", "truncated", "deleted"])
def test_a_file_that_was_tampered_with_never_reaches_the_store(
    laptop, elsewhere, tfidf_model, container, change
):
    tag = saved_champion(tfidf_model)
    publish()
    blob = container.get_blob_client(f"{tag.replace(':', '/')}/served/pipeline.skops")
    content = bytearray(blob.download_blob().readall())
    content[100] ^= 1
    if change == "deleted":
        blob.delete_blob()
    else:
        blob.upload_blob(bytes(content if change == "altered" else content[:-1]), overwrite=True)
    elsewhere()

    answer = run("fetch")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "pipeline.skops" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not store.has_champion()
    assert list((store.store_home() / "models").rglob("*")) == []


def test_a_release_whose_files_are_another_model_never_reaches_the_store(laptop, elsewhere, tfidf_model):
    tag = saved_champion(tfidf_model)
    open_releases().publish("tweet-sentiment:other", {"served": store.find(tag).path}, print)
    elsewhere()

    with pytest.raises(StoreError, match=f"say that they are {tag}"):
        fetch("tweet-sentiment:other")
    assert not store.has_champion()


def test_a_copy_in_the_store_that_is_not_the_release_is_refused(laptop, tfidf_model):
    tag = saved_champion(tfidf_model)
    publish()
    (store.find(tag).path / "model.json").write_text("{}")

    with pytest.raises(StoreError, match=f"copy of {tag} is not what .* holds"):
        fetch()
    with pytest.raises(StoreError, match="a release never changes"):
        publish()


def test_what_was_rolled_back_here_does_not_come_back_unless_named(laptop, tfidf_model):
    first, second = saved_champion(tfidf_model), None
    publish()
    second = saved_champion(tfidf_model)
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


def test_a_champion_here_that_changed_during_the_fetch_is_not_displaced(
    laptop, elsewhere, tfidf_model, monkeypatch
):
    saved_champion(tfidf_model)
    publish()
    elsewhere()
    ours = []
    monkeypatch.setattr(fetching, "tell", lambda line: ours or ours.append(saved_champion(tfidf_model)))

    with pytest.raises(GateError, match=f"the champion is {ours[0] if ours else 'tweet-sentiment:'}"):
        fetch()
    assert store.pointer() == ours[0]


def test_only_the_last_champions_stay_in_the_store(laptop, elsewhere, tfidf_model):
    tags = []
    for _ in range(4):
        tags.append(saved_champion(tfidf_model))
        publish()
    elsewhere()
    for tag in tags:
        fetch(tag)

    assert store.pointed() == tags[:0:-1]
    assert len(list((store.store_home() / "models" / "tweet-sentiment").glob("*/"))) == 3


def test_an_empty_place_has_no_champion(laptop):
    with pytest.raises(StoreError, match=r"has no champion: run 'python -m flows.publish'"):
        fetch()
    with pytest.raises(StoreError, match="no model 'tweet-sentiment' in the store"):
        publish()
    assert open_releases().pointer() == Pointer()


@pytest.mark.parametrize("name", ["../../x", "tweet-sentiment:..", "tweet-sentiment:/etc"])
def test_a_version_that_leads_elsewhere_is_refused(laptop, name):
    with pytest.raises(StoreError, match="is no tag"):
        fetch(name)


def test_without_an_address_the_error_names_the_setting(laptop, tfidf_model, monkeypatch):
    saved_champion(tfidf_model)
    monkeypatch.delenv("SENTIMENT_MODELS_URL")
    for command in (publish, fetch):
        with pytest.raises(
            ConfigError, match=r"SENTIMENT_MODELS_URL is not set, .*: set it to az://CONTAINER"
        ):
            command()


@pytest.mark.parametrize("command", ["publish", "fetch"])
@pytest.mark.parametrize("fault", ["wrong key", "storage down"])
def test_a_command_that_fails_says_why_in_one_line_without_a_secret(
    laptop, tfidf_model, azurite, command, fault
):
    saved_champion(tfidf_model)
    wrong = base64.b64encode(b"x" * 64).decode()
    connection = connection_string(azurite.port, key=wrong) if fault == "wrong key" else connection_string(9)
    answer = run(command, AZURE_STORAGE_CONNECTION_STRING=connection)

    assert (answer.returncode, answer.stdout) == (1, "")
    expected = (
        "may not be used (AuthorizationFailure)"
        if fault == "wrong key"
        else "does not answer (ServiceRequestError)"
    )
    assert answer.stderr.startswith("error: ")
    assert expected in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert wrong[:20] not in answer.stderr


def test_the_store_cannot_be_told_from_one_that_saved_the_model_itself(laptop, elsewhere, tfidf_model):
    tag = saved_champion(tfidf_model)
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
