"""What jobs on empty machines hand on, by a real Azurite."""

from __future__ import annotations

import pytest

from infra.carried_folder import CarriedFolder
from sentiment.blobs import open_folder
from sentiment.errors import BlobError


@pytest.fixture
def carried(container, tmp_path):
    """A function that opens the same copy on a machine of its own."""
    blobs = open_folder(f"az://{container.container_name}/state")

    def open_on(machine):
        return CarriedFolder(blobs, "drift", tmp_path / machine), tmp_path / machine

    return open_on


def test_what_one_machine_stored_the_next_one_has(carried):
    (first, here), (second, there) = carried("first"), carried("second")
    assert first.fetch() is False
    (here / "weeks").mkdir(parents=True)
    (here / "weeks" / "1.json").write_text("häh 😀", "utf-8")
    assert first.store() is True

    assert second.fetch() is True
    assert (there / "weeks" / "1.json").read_text("utf-8") == "häh 😀"
    assert second.store() is False  # nothing is new


def test_of_two_that_changed_it_at_once_one_is_told(carried):
    (first, here), (second, there) = carried("first"), carried("second")
    for carry, folder, text in ((first, here, "a"), (second, there, "b")):
        carry.fetch()
        folder.mkdir()
        (folder / "x").write_text(text)
    first.store()

    with pytest.raises(BlobError, match=r"drift\.tar was changed by another job meanwhile: run this"):
        second.store()


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:1000], lambda raw: b"no archive"], ids=["cut off", "other"]
)
def test_a_damaged_copy_leaves_the_folder_as_it_is(carried, container, damage):
    (first, here), (second, there) = carried("first"), carried("second")
    first.fetch()
    here.mkdir()
    (here / "x").write_text("a" * 2000)
    first.store()
    blob = container.get_blob_client("state/drift.tar")
    blob.upload_blob(damage(blob.download_blob().readall()), overwrite=True)

    with pytest.raises(BlobError, match=r"cannot be unpacked .*restore an earlier version"):
        second.fetch()
    assert not there.exists()
