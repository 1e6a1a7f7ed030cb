"""What is adopted into the store is on the disk before it has its name."""

from __future__ import annotations

import shutil

from sentiment.champions import store
from sentiment.champions.adoption import adopted


def test_a_model_is_on_the_disk_before_it_has_its_name_in_the_store(home, served_model, tmp_path, synced):
    tag = store.save(served_model, metadata={})
    copy = shutil.copytree(store.find(tag).path, tmp_path / "copy")
    store.remove(tag)
    synced.clear()

    with adopted(tag) as folder:
        shutil.copytree(copy, folder, dirs_exist_ok=True)

    files = {path.relative_to(copy) for path in copy.rglob("*")}
    assert {path.relative_to(folder) for path in synced if path.is_relative_to(folder)} >= files
    assert store.find(tag).tag == tag
