"""The shadow: a copy in the store that ends with its promotion, never a champion by accident."""

import pytest
from promotion_fixtures import GOOD, POOR, TWIN, champions, stored_tags

from sentiment.champions import store
from sentiment.errors import StoreError
from sentiment.promotion.shadow import end_shadow, start_shadow
from sentiment.training import versions


def shadow(number):
    return start_shadow(versions.read_version(number))


def test_the_shadow_is_a_copy_in_the_store_that_ends_with_its_promotion(gate):
    gate(POOR)
    tag = shadow(GOOD)

    assert (store.shadow().tag, store.champion().metadata["mlflow_version"]) == (tag, POOR)
    gate(GOOD)
    assert store.shadow() is None
    assert tag not in stored_tags()


def test_a_broken_shadow_hinders_no_promotion_and_can_be_ended(gate):
    gate(POOR)
    store.remove(shadow(GOOD))
    gate(GOOD)
    assert champions() == (GOOD, GOOD)
    assert store.shadow_tag() is None

    store.remove(shadow(TWIN))
    end_shadow()
    assert store.shadow_tag() is None
    shadow(TWIN)
    (store.store_home() / store.SHADOW_FILE).write_text("")
    end_shadow()
    assert store.shadow() is None


def test_without_a_champion_there_is_no_shadow_that_could_be_taken_for_one(registered_home):
    with pytest.raises(StoreError, match="no champion"):
        shadow(GOOD)
    assert stored_tags() == []
