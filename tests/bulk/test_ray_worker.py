"""What runs on a node: a model, loaded once, with the calibration of its scores."""

from __future__ import annotations

import os

import numpy as np

from sentiment.bulk.model_archive import pack
from sentiment.bulk.ray_worker import Worker


def test_a_worker_scores_with_the_calibration(home, served_model, tmp_path):
    served_model.save(tmp_path / "model")
    worker = Worker()

    temperature, _, process = worker.begin(pack(tmp_path / "model"), 2.0)

    assert (temperature, process) == (served_model.temperature_ * 2.0, os.getpid())
    softened = worker.score(["I love this"])
    assert softened.max() < served_model.predict_proba(["I love this"]).max()
    assert np.isclose(softened.sum(), 1.0)
    assert [path.parent.parent.name for path in home.rglob("model.json")] == ["models"]
