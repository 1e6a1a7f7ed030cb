"""A calibration is told to GitHub as changed only where the champion's has changed."""

from __future__ import annotations

import sys

import pytest

from infra.calibration import calibrate
from infra.programs import ProgramError
from sentiment.champions import store

KEEP = """
from sentiment.champions import store
from sentiment.champions.calibration import Calibration, keep_calibration
keep_calibration(Calibration(store.champion().tag, 1.5, 0.4, 250, "2026-11-30T06:47:00+00:00"))
print("250 labels")
"""


@pytest.mark.usefixtures("store_with_champion")
def test_what_was_learned_is_a_change_once():
    program = (sys.executable, "-c", KEEP)

    assert store.has_champion()
    assert calibrate((sys.executable, "-c", "print('too few labels')")) is False
    assert calibrate(program) is True
    assert calibrate(program) is False


@pytest.mark.usefixtures("store_with_champion")
def test_a_flow_that_fails_is_an_error():
    with pytest.raises(ProgramError, match="failed with 3"):
        calibrate((sys.executable, "-c", "raise SystemExit(3)"))
