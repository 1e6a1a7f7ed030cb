"""MLflow and the store after a loss or an interruption: aligned, and no champion guessed."""

import shutil

import pytest
from promotion_fixtures import GOOD, POOR, TWIN, champions

from sentiment.champions import store
from sentiment.errors import StoreError
from sentiment.gate.verdict import Decision
from sentiment.promotion.shadow import start_shadow
from sentiment.training import versions


def test_empty_store_gets_back_the_champion_that_mlflow_knows(gate, home):
    gate(GOOD)
    shutil.rmtree(home / "bentoml")
    verdict = gate(POOR)

    assert verdict.decision is Decision.REJECT
    assert champions() == (GOOD, GOOD)


def test_a_lost_pointer_is_restored_from_mlflow_and_no_shadow_is_taken_for_the_champion(gate):
    gate(GOOD)
    start_shadow(versions.read_version(POOR))
    (store.store_home() / store.POINTER_FILE).unlink()
    with pytest.raises(StoreError, match="none of the 2 models"):
        store.champion()
    gate(TWIN)

    assert champions() == (GOOD, GOOD)


def test_interrupted_promotion_is_put_right_by_the_next_one(gate):
    gate(GOOD)
    versions.set_alias("champion", versions.read_version(POOR))
    gate(TWIN)

    assert champions() == (GOOD, GOOD)
