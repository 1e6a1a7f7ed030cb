"""The service reads its champion's scores as production says, from its next look on."""

import time

import numpy as np
import pytest
from service_fixtures import TEXT, started

from models import LABELS
from models.calibration import soften
from sentiment.champions import store
from sentiment.champions.calibration import CALIBRATION_FILE, Calibration, keep_calibration
from sentiment.serving.champion import Champion

SECONDS = 20


@pytest.fixture
def tag(store_with_champion):
    """The champion's tag; its calibration is gone afterwards."""
    yield store_with_champion
    (store.store_home() / CALIBRATION_FILE).unlink(missing_ok=True)


def test_scores_change_without_a_restart_and_the_label_stays(tag):
    with started(reload_seconds="0.05") as client:
        before = client.post("/predict", json={"text": TEXT}).json()
        keep_calibration(Calibration(tag, 2.0, 0.99, 300))
        until = time.monotonic() + SECONDS
        while (after := client.post("/predict", json={"text": TEXT}).json())["scores"] == before["scores"]:
            assert time.monotonic() < until
        [of_batch] = client.post("/predict_batch", json={"texts": [TEXT]}).json()

    softened = soften(np.array([[before["scores"][label] for label in LABELS]]), 2.0)[0]
    assert [after["scores"][label] for label in LABELS] == pytest.approx(softened.tolist(), abs=1e-6)
    assert (after["label"], after["model"]) == (before["label"], tag)
    assert ("uncertain" in before, after["uncertain"], of_batch["uncertain"]) == (False, True, True)


def test_a_setting_of_ones_own_comes_before_the_learned_threshold(tag):
    keep_calibration(Calibration(tag, 1.0, 1.0, 300))
    with started(uncertain_below="0.01") as client:
        assert client.post("/predict", json={"text": TEXT}).json()["uncertain"] is False


def test_a_damaged_calibration_is_said_once_and_what_is_served_stays(tag, caplog):
    learned = Calibration(tag, 1.5, 0.7, 300)
    keep_calibration(learned)
    champion = Champion()
    champion.look()
    (store.store_home() / CALIBRATION_FILE).write_text("damaged", "utf-8")

    assert not champion.look()
    assert not champion.look()

    assert champion.get().calibration == learned
    [line] = [line for line in caplog.messages if "stays as it was" in line]
    assert CALIBRATION_FILE in line


def test_a_damaged_calibration_at_the_start_leaves_the_scores_of_the_training(tag):
    (store.store_home() / CALIBRATION_FILE).write_text("damaged", "utf-8")
    champion = Champion()

    assert champion.look()
    assert champion.get().calibration == Calibration(tag)


def test_the_same_scores_learned_again_reload_nothing(tag):
    keep_calibration(Calibration(tag, 1.5, 0.7, 300, "2026-11-23T07:00:00+00:00"))
    champion = Champion()
    champion.look()
    keep_calibration(Calibration(tag, 1.5, 0.7, 400, "2026-11-30T07:00:00+00:00"))

    assert not champion.look()
