"""A rollback: to the previous revision, repeated, interrupted, and of a killed release."""

from __future__ import annotations

import pytest
from cloud_fixtures import COMMIT, IMAGE, NEW, OLD
from release_fixtures import DEPLOY, QUICK, app, assert_old_serves, command, released

from infra.programs import ProgramError
from infra.release import release
from infra.rollback import restore, take_back
from infra.smoke import SmokeError


def test_rolling_back_makes_the_revision_before_the_stable_one(cloud):
    released(cloud)

    assert take_back(app()) == OLD

    assert_old_serves(cloud)
    with pytest.raises(ProgramError, match="choose one with --to: none"):
        take_back(app())
    assert take_back(app(), NEW) == NEW
    assert cloud.weights() == {NEW: 100}
    assert cloud.stable() == [NEW]


def test_a_way_back_that_was_cut_off_is_finished_by_whatever_comes_next(cloud):
    released(cloud)
    for finish in (lambda: take_back(app()), lambda: restore(app())):
        cloud.trouble({"call": "ingress traffic set", "do": "fail", "times": 3})
        with pytest.raises(ProgramError):
            take_back(app(), OLD)
        assert cloud.weights() == {NEW: 100}
        cloud.trouble()

        finish()

        assert cloud.weights() == {OLD: 100}
        assert cloud.stable() == [OLD]
        take_back(app(), NEW)


def test_rolling_back_a_release_that_was_killed_goes_to_the_stable_revision(cloud):
    cloud.trouble({"call": "ingress traffic set", "do": "kill", "applied": True})
    with command(*DEPLOY, "0.1") as process:
        process.communicate(timeout=60)
    assert cloud.weights() == {NEW: 100}

    assert take_back(app()) == OLD

    assert_old_serves(cloud)


def test_the_revision_before_runs_until_another_one_is_stable(cloud):
    released(cloud)
    third = IMAGE.replace("ab", "cd")
    cloud.new.ready = 503
    with pytest.raises(SmokeError):
        release(app(), third, COMMIT, ready_seconds=0.2, limits=QUICK)
    assert set(cloud.active()) == {OLD, NEW}
    cloud.new.ready = 200

    newest = release(app(), third, COMMIT, ready_seconds=0.5, limits=QUICK)

    assert set(cloud.active()) == {NEW, newest}


def test_the_revision_before_can_be_released_again(cloud):
    released(cloud)
    newest = release(app(), IMAGE.replace("ab", "cd"), COMMIT, ready_seconds=0.5, limits=QUICK)

    assert released(cloud) == NEW

    assert cloud.weights() == {NEW: 100}
    assert set(cloud.active()) == {NEW, newest}
    ended = [call["options"]["--revision"] for call in cloud.calls if call["verb"] == "revision deactivate"]
    assert ended == [[OLD]]  # nobody tried to end the one that serves


def test_rolling_back_to_nowhere_is_refused(cloud):
    with pytest.raises(ProgramError, match="no revision sentiloop--nowhere"):
        take_back(app(), "sentiloop--nowhere")

    assert cloud.verbs() == []
