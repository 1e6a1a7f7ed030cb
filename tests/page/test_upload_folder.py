"""The page's folder of uploads, while other pages start and other people have folders."""

from __future__ import annotations

import fcntl
import os

from page import upload_folder as module
from page.upload_folder import upload_folder


def test_a_folder_that_another_page_took_before_the_lock_is_made_anew(tmp_path, monkeypatch):
    taken = []

    def take_first(held, operation):
        if not taken:
            taken.extend(tmp_path.glob("page-*"))
            taken[0].rmdir()
        real(held, operation)

    real = fcntl.flock
    monkeypatch.setattr(module.fcntl, "flock", take_first)
    with upload_folder(tmp_path) as folder:
        assert folder.is_dir()
        assert folder not in taken

    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_somebody_else_s_is_left_alone(tmp_path, monkeypatch):
    foreign = tmp_path / "page-foreign"
    foreign.mkdir()

    def refuse(path, flags):
        if path == foreign:  # root, who runs some tests, may open everything
            raise PermissionError(13, "Permission denied")
        return real(path, flags)

    real = os.open
    monkeypatch.setattr(module.os, "open", refuse)
    with upload_folder(tmp_path) as folder:
        assert folder.is_dir()

    assert foreign.is_dir()
