"""Releases on a real Azurite: whole or invisible, never changed, checked when downloaded."""

import hashlib
import json

import pytest

from sentiment import blobs
from sentiment.champions.pointer import POINTER_FILE
from sentiment.champions.releases import NATIVE, SERVED, Pointer, Releases, describe_all
from sentiment.errors import BlobError, GateError, StoreError

FIRST, SECOND, THIRD = (f"tweet-sentiment:{name}" for name in ("first", "second", "third"))


def silent(line):
    pass


@pytest.fixture
def releases(container):
    return Releases(blobs.open_folder(f"az://{container.container_name}"))


@pytest.fixture
def forms(tmp_path):
    """A model's folders, with a file in a subfolder, an empty file and one of several blocks."""
    served, native = tmp_path / "served", tmp_path / "native"
    (served / "tokens").mkdir(parents=True)
    native.mkdir()
    (served / "model.yaml").write_text("name: x")
    (served / "tokens" / "vocabulary 1.txt").write_text("été 😀")
    (served / "empty").write_bytes(b"")
    (served / "network.onnx").write_bytes(bytes(range(256)) * 40_000)
    (native / "model.keras").write_bytes(b"keras")
    return {SERVED: served, NATIVE: native}


def published(releases, forms, *tags):
    for tag in tags:
        releases.publish(tag, forms, silent)


def fetched(releases, tag, form, folder):
    folder.mkdir()
    releases.download(releases.manifest(tag), form, folder, silent)
    return folder


def test_a_version_comes_back_as_it_was(releases, forms, tmp_path):
    published(releases, forms, FIRST)
    for form, folder in forms.items():
        assert describe_all(fetched(releases, FIRST, form, tmp_path / f"back-{form}")) == describe_all(folder)


def test_a_version_lies_below_its_own_prefix_with_its_digests(releases, forms, container):
    published(releases, forms, FIRST)
    names = set(container.list_blob_names())
    files = {
        "served/model.yaml",
        "served/tokens/vocabulary 1.txt",
        "served/empty",
        "served/network.onnx",
        "native/model.keras",
    }
    assert names == {f"tweet-sentiment/first/{name}" for name in (*files, "manifest.json")}
    manifest = json.loads(container.download_blob("tweet-sentiment/first/manifest.json").readall())
    assert set(manifest["files"]) == files
    assert manifest["files"]["native/model.keras"] == {
        "sha256": hashlib.sha256(b"keras").hexdigest(),
        "size": 5,
    }


def test_publishing_the_same_again_changes_nothing(releases, forms, container):
    published(releases, forms, FIRST)
    before = {blob.name: (blob.etag, blob.last_modified) for blob in container.list_blobs()}
    published(releases, forms, FIRST)
    assert {blob.name: (blob.etag, blob.last_modified) for blob in container.list_blobs()} == before


def test_a_version_never_changes(releases, forms):
    published(releases, forms, FIRST)
    before = releases.manifest(FIRST)
    (forms[SERVED] / "model.yaml").write_text("name: y")
    with pytest.raises(StoreError, match="is there already with other content, and a release never changes"):
        published(releases, forms, FIRST)
    assert releases.manifest(FIRST) == before


def test_what_an_interrupted_upload_left_is_invisible_and_taken_up(releases, forms, container):
    uploaded = []

    def die(line):
        uploaded.append(line)
        if len(uploaded) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        releases.publish(FIRST, forms, die)
    before = {blob.name: blob.last_modified for blob in container.list_blobs()}
    assert len(before) == 2
    assert releases.find(FIRST) is None
    with pytest.raises(StoreError, match="holds no model 'tweet-sentiment:first'"):
        releases.swap_champion(FIRST, Pointer())

    published(releases, forms, FIRST)
    after = {blob.name: blob.last_modified for blob in container.list_blobs()}
    assert {name: after[name] for name in before} == before


def test_an_interrupted_upload_of_other_content_is_not_mixed_with_ours(releases, forms, container):
    container.upload_blob(
        "tweet-sentiment/first/served/model.yaml", b"name: z", metadata={"sha256": "0" * 64}
    )
    with pytest.raises(StoreError, match=r"served/model.yaml is there already with other content"):
        published(releases, forms, FIRST)
    assert releases.find(FIRST) is None


@pytest.mark.parametrize("content", [b"name: y", b"name", b"", b"name: x and more"])
def test_an_altered_or_truncated_file_is_refused(releases, forms, container, tmp_path, content):
    published(releases, forms, FIRST)
    container.upload_blob("tweet-sentiment/first/served/model.yaml", content, overwrite=True)
    with pytest.raises(
        StoreError,
        match=rf"served/model.yaml has {len(content)} bytes with the SHA-256 \w+…, not 7 "
        r".* altered or damaged",
    ):
        fetched(releases, FIRST, SERVED, tmp_path / "back")


def test_a_file_that_is_missing_is_refused(releases, forms, container, tmp_path):
    published(releases, forms, FIRST)
    container.delete_blob("tweet-sentiment/first/served/empty")
    with pytest.raises(BlobError, match=r"tweet-sentiment/first/served/empty is missing: restore the blob"):
        fetched(releases, FIRST, SERVED, tmp_path / "back")


def _manifest(**changes):
    file = {"sha256": "0" * 64, "size": 1}
    return json.dumps(
        {"tag": FIRST, "published_at": "2026-01-01T00:00:00+00:00", "files": {"served/x": file}} | changes
    ).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        _manifest(tag=SECOND),
        _manifest(files={}),
        _manifest(files={"served/x": {"sha256": 1, "size": "1"}}),
        *(
            _manifest(files={"served/x": {"sha256": "0", "size": 1}, name: {"sha256": "0", "size": 1}})
            for name in (
                "served/../x",
                "../x",
                "/etc/x",
                "served//x",
                "served/.x",
                "served/a\\x",
                "other/x",
                "served/",
                "served/x\n",
            )
        ),
    ],
)
def test_a_manifest_that_is_damaged_or_leads_elsewhere_is_refused(releases, container, content):
    container.upload_blob("tweet-sentiment/first/manifest.json", content)
    with pytest.raises(StoreError, match=r"the manifest of tweet-sentiment:first .* is damaged"):
        releases.manifest(FIRST)


def test_a_file_whose_name_could_not_be_fetched_is_not_published(releases, forms, container):
    (forms[SERVED] / ".hidden").write_text("")
    with pytest.raises(StoreError, match=r"'served/.hidden' .* rename it"):
        published(releases, forms, FIRST)
    assert list(container.list_blob_names()) == []


@pytest.mark.parametrize(
    "tag", ["", "tweet-sentiment", "tweet-sentiment:../x", "other:first", "tweet-sentiment:a/b"]
)
def test_what_is_no_tag_is_refused(releases, tag):
    with pytest.raises(StoreError, match="is no tag of a model"):
        releases.manifest(tag)


def test_the_champion_is_swapped_and_those_before_it_stay_named(releases, forms):
    published(releases, forms, FIRST, SECOND, THIRD)
    assert releases.pointer() == Pointer()
    for tag in (FIRST, SECOND, THIRD, FIRST):
        releases.swap_champion(tag, releases.pointer())
    assert releases.pointer().tags == (FIRST, THIRD, SECOND)


@pytest.mark.parametrize("has_champion", [True, False])
def test_the_writer_that_loses_the_race_is_told_and_changes_nothing(releases, forms, has_champion):
    published(releases, forms, FIRST, SECOND, THIRD)
    if has_champion:
        releases.swap_champion(FIRST, Pointer())
    seen = releases.pointer()
    releases.swap_champion(SECOND, seen)
    won = releases.pointer()

    before = "tweet-sentiment:first" if has_champion else "none"
    with pytest.raises(
        GateError, match=f"is tweet-sentiment:second, no longer {before}: somebody published meanwhile"
    ):
        releases.swap_champion(THIRD, seen)
    assert releases.pointer() == won


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"../x", b"tweet-sentiment:first other:x"])
def test_a_pointer_that_names_no_model_is_a_clear_error(releases, container, content):
    container.upload_blob(POINTER_FILE, content)
    with pytest.raises(StoreError, match="names no model: restore"):
        releases.pointer()
