"""What a model costs, measured on real ones."""

import time

import numpy as np
import pytest

import models
from sentiment.evaluation import cost as footprint

TEXTS = ["I love this", "the meeting is on Tuesday"] * 5


def test_the_cost_of_a_saved_model(tfidf_model, tmp_path):
    tfidf_model.save(tmp_path / "model")

    cost = footprint.measure_costs({"one": tfidf_model}, {"one": tmp_path / "model"}, TEXTS)["one"]

    assert 0 < cost.latency_ms_p95 < 5000
    assert cost.size_mb == pytest.approx(
        sum(path.stat().st_size for path in (tmp_path / "model").rglob("*")) / 1e6
    )
    assert 50 < cost.memory_mb < 5000


def test_the_memory_is_the_models_own_and_not_that_of_the_process_that_asks(served_model, tmp_path):
    served_model.save(tmp_path / "model")
    ballast = np.ones(200_000_000)  # 1.6 GB, touched

    assert footprint.measure_memory(tmp_path / "model", TEXTS) < ballast.nbytes / 1e6


def test_a_model_that_waits_is_slower_in_the_same_run(served_model):
    class Slow:
        def predict_proba(self, texts):
            time.sleep(0.02)
            return served_model.predict_proba(texts)

    latencies = footprint.measure_latencies({"quick": served_model, "slow": Slow()}, TEXTS)

    assert latencies["slow"] > latencies["quick"] + 15


def test_a_model_that_does_not_load_is_a_clear_error(tmp_path):
    with pytest.raises(models.ModelError, match="cannot be measured"):
        footprint.measure_memory(tmp_path, TEXTS)
