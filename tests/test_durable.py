"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sentiment import durable


def test_the_first_content_wins(tmp_path):
    path = tmp_path / "new" / "file"
    assert durable.create_once(path, b"first") is True
    assert durable.create_once(path, b"second") is False
    assert path.read_bytes() == b"first"


def test_one_of_many_at_once_wins(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        wins = list(
            pool.map(lambda number: durable.create_once(tmp_path / "file", b"%d" % number), range(64))
        )
    assert sum(wins) == 1
    assert (tmp_path / "file").read_bytes() == b"%d" % wins.index(True)


@pytest.fixture(params=[errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK])
def without_links(request, monkeypatch):
    """A file system without hard links, as FAT and SMB are."""

    def refuse(*paths):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(os, "link", refuse)


def test_without_hard_links_the_first_content_wins_too(tmp_path, without_links):
    path = tmp_path / "new" / "file"
    assert [durable.create_once(path, content) for content in (b"first", b"second")] == [True, False]
    assert path.read_bytes() == b"first"
    assert {left.name for left in path.parent.iterdir()} == {"file", durable.LOCK}


def test_without_hard_links_one_of_many_at_once_wins_too(tmp_path, without_links, monkeypatch):
    exists = Path.exists

    def slowly(path):
        found = exists(path)
        time.sleep(0.002)  # the gap in which another could rename
        return found

    monkeypatch.setattr(Path, "exists", slowly)
    with ThreadPoolExecutor(8) as pool:
        wins = list(pool.map(lambda number: durable.create_once(tmp_path / "f", b"%d" % number), range(32)))
    assert sum(wins) == 1
    assert (tmp_path / "f").read_bytes() == b"%d" % wins.index(True)


def test_nothing_partial_is_left_behind(tmp_path):
    durable.create_once(tmp_path / "a", b"1")
    durable.create_once(tmp_path / "a", b"2")
    durable.replace(tmp_path / "b", b"3")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_only_the_owner_can_read_the_file(tmp_path):
    durable.create_once(tmp_path / "a", b"1")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_replace_takes_the_place_of_the_old_content(tmp_path):
    durable.replace(tmp_path / "a", b"old")
    durable.replace(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_the_content_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    steps = []
    fsync, link = os.fsync, os.link
    monkeypatch.setattr(os, "fsync", lambda descriptor: (steps.append("fsync"), fsync(descriptor)))
    monkeypatch.setattr(os, "link", lambda *paths: (steps.append("link"), link(*paths)))
    durable.create_once(tmp_path / "a", b"1")
    assert steps == ["fsync", "link", "fsync"]


def test_a_full_disk_leaves_neither_file_nor_rest(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for write in (durable.create_once, durable.replace):
        with pytest.raises(OSError, match="no space"):
            write(tmp_path / "a", b"1")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_folders_without_fsync_are_left_to_their_file_system_and_files_are_not(tmp_path, monkeypatch, number):
    fsync = os.fsync

    def of_files_alone(descriptor):
        if Path(f"/proc/self/fd/{descriptor}").resolve().is_dir():
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", of_files_alone)
    assert durable.create_once(tmp_path / "new" / "file", b"whole") is True
    monkeypatch.setattr(os, "fsync", lambda descriptor: os.truncate("", 0))
    with pytest.raises(OSError, match="No such file"):
        durable.create_once(tmp_path / "another", b"lost")


def test_trying_a_folder_leaves_nothing_in_it(tmp_path):
    durable.check_folder(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
