"""A release of which a call of az fails or hangs, or that is killed or cancelled at any step."""

from __future__ import annotations

import signal
import time

import pytest
from cloud_fixtures import COMMIT, IMAGE, NEW, OLD
from release_fixtures import DEPLOY, QUICK, app, assert_new_serves, assert_old_serves, command, released

from infra.first_minutes import Limits
from infra.programs import ProgramError
from infra.release import NotBackError, release
from infra.rollback import restore
from infra.smoke import SmokeError


@pytest.mark.parametrize(
    "call", ["show", "revision list", "update", "ingress traffic set", "revision label add"]
)
@pytest.mark.parametrize("trouble", ["fail", "nonsense"])
def test_when_a_call_of_az_fails_for_good_the_old_revision_serves(cloud, call, trouble):
    cloud.trouble({"call": call, "do": trouble, "times": 3})  # as often as it is tried

    with pytest.raises(ProgramError):
        released(cloud)

    assert_old_serves(cloud)


def test_a_label_that_moved_although_az_failed_is_moved_back(cloud):
    cloud.trouble({"call": "revision label add", "do": "fail", "times": 3, "applied": True})

    with pytest.raises(ProgramError):
        released(cloud)

    assert_old_serves(cloud)


def test_a_call_that_fails_once_is_tried_again(cloud):
    cloud.trouble(
        *(
            {"call": call, "do": "fail", "times": 2}
            for call in ("show", "ingress traffic set", "revision label add")
        )
    )

    released(cloud)

    assert_new_serves(cloud)


def test_an_update_that_hangs_is_ended_and_its_revision_too(cloud):
    cloud.trouble({"call": "update", "do": "hang", "applied": True})
    start = time.monotonic()

    with pytest.raises(ProgramError, match="'az containerapp update' took longer than 4 s"):
        released(cloud, seconds=4)

    assert time.monotonic() - start < 30
    assert_old_serves(cloud)
    assert NEW in [revision["name"] for revision in cloud.app["revisions"]]
    released(cloud)
    assert_new_serves(cloud)
    assert cloud.verbs().count("update") == 1  # the second time it is activated


def test_when_the_way_back_fails_as_well_a_person_is_called(cloud):
    vars(cloud.new).update(served=100, failed=50)
    cloud.trouble(*({"number": number, "do": "fail"} for number in range(8, 20)))

    with pytest.raises(NotBackError, match=r"infra\.release restore"):
        released(cloud, Limits(seconds=1, every=0.05, steps=(100,)), tries=1)

    assert cloud.weights() == {NEW: 100}
    cloud.trouble()
    assert restore(app()).is_all_on(OLD)


def test_a_new_revision_that_cannot_be_ended_does_not_hide_why_it_failed(cloud, capsys):
    cloud.new.ready = 503
    cloud.trouble({"call": "revision deactivate", "do": "fail", "times": 3})

    with pytest.raises(SmokeError, match="was not ready"):
        released(cloud)

    assert_old_serves(cloud, is_new_active=True)
    assert f"{NEW} still runs, without traffic" in capsys.readouterr().out


@pytest.mark.parametrize("number", range(1, 13))
def test_a_release_that_is_killed_at_any_call_is_finished_by_the_next(cloud, number):
    cloud.trouble({"number": number, "do": "kill", "applied": True})
    with command(*DEPLOY, "0.1") as process:
        output = process.communicate(timeout=60)[0]
    assert process.returncode == -signal.SIGKILL, output
    assert len(cloud.calls) == number
    cloud.trouble()

    released(cloud)

    assert_new_serves(cloud)


def test_the_calls_of_a_release_are_those_that_the_test_above_kills_it_at(cloud):
    released(cloud, Limits(0.1, 0.05, steps=(100,)))

    assert len(cloud.calls) == 12


def test_another_image_after_a_kill_starts_from_the_stable_revision(cloud):
    cloud.trouble({"call": "ingress traffic set", "do": "kill", "applied": True})
    with command(*DEPLOY, "0.1") as process:
        process.communicate(timeout=60)
    assert cloud.weights() == {NEW: 100}  # nobody has watched it
    cloud.trouble()
    cloud.new.ready = 503

    with pytest.raises(SmokeError):
        release(app(), IMAGE.replace("ab", "cd"), COMMIT, ready_seconds=0.2, limits=QUICK)

    assert_old_serves(cloud)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_job_that_is_cancelled_while_it_watches_goes_back(cloud, number):
    with command(*DEPLOY, "60") as process:
        while NEW not in cloud.weights():
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(number)
        time.sleep(0.05)
        process.send_signal(signal.SIGTERM)  # as GitHub does some seconds later
        process.communicate(timeout=60)

    assert process.returncode != 0
    assert_old_serves(cloud)
