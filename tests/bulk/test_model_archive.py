"""A model is unpacked once per node, whole or not at all."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import models
from sentiment.bulk.model_archive import bound_to, pack, unpack
from sentiment.errors import EngineError


@pytest.fixture
def archive(served_model, tmp_path):
    served_model.save(tmp_path / "model")
    return pack(tmp_path / "model")


def test_a_model_that_was_packed_gives_the_same_scores(archive, served_model, tmp_path):
    folder = unpack(archive, tmp_path / "models")

    texts = ["I love this", "I hate that"]
    assert np.array_equal(models.load(folder).predict_proba(texts), served_model.predict_proba(texts))


def test_of_many_workers_at_once_one_unpacks(archive, tmp_path):
    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(lambda _: unpack(archive, tmp_path / "models"), range(8)))

    assert folders == {tmp_path / "models" / archive.digest}
    assert not list((tmp_path / "models").glob(".partial-*"))


def test_damaged_files_are_no_model(archive, tmp_path):
    name = next(iter(archive.files))

    with pytest.raises(EngineError, match="was damaged on its way"):
        unpack(replace(archive, files=archive.files | {name: b"other"}), tmp_path / "models")
    assert not (tmp_path / "models" / archive.digest).exists()


def test_a_process_is_bound_to_its_cores_only_meanwhile():
    before = os.sched_getaffinity(0)
    with bound_to(1):
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
