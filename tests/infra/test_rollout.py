"""The traffic of a release in steps, and what is left of earlier revisions afterwards."""

from __future__ import annotations

import argparse
import threading
import time
from datetime import UTC, datetime

import pytest
from cloud_fixtures import COMMIT, IMAGE, NEW, OLD
from release_fixtures import QUICK, app, assert_old_serves, released

from infra.container_app import ContainerApp
from infra.first_minutes import Limits
from infra.programs import ProgramError
from infra.release import parse_steps, release
from infra.rollback import adopt, take_back
from infra.rollout import retire
from infra.running import RunningError, choose_live
from infra.smoke import SmokeError

AT_ONCE = Limits(seconds=0, every=0.05, steps=(100,))
NIGHT = datetime(2026, 11, 26, 23, tzinfo=UTC)
PLACEHOLDER = {"image": "mcr.microsoft.com/azurelinux/base/python:3.12", "command": ["python3", "-c", "..."]}


def next_release(cloud, number):
    """Another image of another commit."""
    image = IMAGE.replace("sha256:ab", f"sha256:{number:02x}")
    return release(app(), image, COMMIT, ready_seconds=0.5, limits=AT_ONCE)


def weights_set(cloud):
    return [
        dict(pair.split("=") for pair in call["options"]["--revision-weight"])
        for call in cloud.calls
        if call["verb"] == "ingress traffic set"
    ]


def test_the_traffic_goes_over_in_steps_each_of_which_is_watched(cloud, capsys):
    released(cloud)

    assert weights_set(cloud) == [
        {NEW: "10", OLD: "90"},
        {NEW: "50", OLD: "50"},
        {NEW: "100", OLD: "0"},
    ]
    said = capsys.readouterr().out
    assert [f"with {percent}% of the traffic" in said for percent in (10, 50, 100)] == [True] * 3


def test_what_breaks_at_ten_percent_never_has_more(cloud):
    vars(cloud.new).update(served=100, failed=50)

    with pytest.raises(SmokeError, match="50 of 100 requests"):
        released(cloud)

    assert_old_serves(cloud)
    assert all(weights.get(NEW, "0") in ("0", "10") for weights in weights_set(cloud))


def test_a_revision_that_answers_wrongly_is_seen_though_the_stable_one_answers_most_callers(cloud):
    """At 10% the app's own address mostly leads to the stable revision."""

    def break_it():
        while cloud.weights().get(NEW) != 10:
            time.sleep(0.01)
        cloud.new.predict = 500

    thread = threading.Thread(target=break_it)
    thread.start()
    with pytest.raises(SmokeError, match="answered 500"):
        released(cloud, Limits(seconds=20, every=0.05, steps=(10, 100)))
    thread.join()

    assert_old_serves(cloud)


@pytest.mark.parametrize("text", ["10,50", "50,10,100", "0,100", "ten,100", "100,100", ""])
def test_steps_that_do_not_rise_to_all_traffic_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="no rising percentages that end with 100"):
        parse_steps(text)


def test_the_first_release_replaces_the_placeholder_at_once_and_for_good(cloud):
    changed = cloud.app
    changed["revisions"][0]["properties"]["template"] = {"containers": [PLACEHOLDER]}
    cloud.app = changed | {"traffic": [{"latestRevision": True, "weight": 100}]}

    released(cloud, AT_ONCE)

    assert cloud.weights() == {NEW: 100}
    assert cloud.active() == [NEW]
    container = cloud.app["revisions"][-1]["properties"]["template"]["containers"][0]
    assert container == {
        "image": IMAGE,
        "command": None,
    }  # else our image would run the placeholder's program
    with pytest.raises(ProgramError, match="choose one with --to: none"):
        take_back(app())


def test_releases_in_a_row_leave_one_entry_of_traffic(cloud):
    """Azure deletes inactive revisions over a limit, and refuses traffic that names one of them."""
    cloud.app = cloud.app | {"max_inactive": 1}

    for number in range(4):
        newest = next_release(cloud, number)

    assert cloud.app["traffic"] == [{"revisionName": newest, "weight": 100, "label": "stable"}]
    assert len(cloud.active()) == 2


def test_the_fake_refuses_what_azure_refuses_where_idle_entries_stay(cloud, monkeypatch):
    """The belief that entries of ended revisions do no harm (delivery facts, 42) is caught."""
    monkeypatch.setattr(ContainerApp, "drop_idle_entries", lambda self: None)
    cloud.app = cloud.app | {"max_inactive": 1}

    for number in range(3):
        next_release(cloud, number)

    with pytest.raises(ProgramError, match="RevisionNotFound"):
        next_release(cloud, 3)


def test_entries_that_cannot_be_removed_leave_the_release_as_it_is(cloud, capsys):
    cloud.trouble({"call": "rest", "do": "fail", "times": 3})

    released(cloud, AT_ONCE)

    assert cloud.weights() == {NEW: 100}
    assert "keeps its idle entries" in capsys.readouterr().out


def test_a_label_of_somebody_elses_stays(cloud):
    beta = {"revisionName": OLD, "weight": 0, "label": "beta"}
    cloud.app = cloud.app | {"traffic": [*cloud.app["traffic"], beta]}

    app().drop_idle_entries()

    assert beta in cloud.app["traffic"]


# --- The former revision, some hours later ---


def test_the_former_revision_ends_some_hours_after_the_release(cloud):
    released(cloud, AT_ONCE)
    soon = datetime.fromisoformat("2026-11-26T12:00:00+00:00")

    assert retire(app(), hours=6, now=soon) == []
    assert set(cloud.active()) == {OLD, NEW}
    assert retire(app(), hours=6, now=NIGHT) == [OLD]
    assert cloud.active() == [NEW]
    assert retire(app(), hours=6, now=NIGHT) == []


def test_after_that_a_rollback_says_how_far_back_it_reaches(cloud):
    released(cloud, AT_ONCE)
    retire(app(), hours=6, now=NIGHT)

    with pytest.raises(ProgramError, match=rf"choose one with --to: {OLD} \(ended\)"):
        take_back(app())
    assert take_back(app(), OLD) == OLD
    assert cloud.weights() == {OLD: 100}


@pytest.mark.parametrize("weights", [(90, 10), (0, 100)])
def test_nothing_ends_while_a_release_is_under_way(cloud, weights):
    released(cloud, AT_ONCE)
    old, new = weights
    stable = {"revisionName": NEW, "weight": old, "label": "stable"}
    cloud.app = cloud.app | {"traffic": [stable, {"revisionName": OLD, "weight": new}]}

    assert retire(app(), hours=6, now=NIGHT) == []
    assert set(cloud.active()) == {OLD, NEW}


def test_a_newer_revision_that_waits_for_its_adoption_is_left_alone(cloud):
    add_revision(cloud, "sentiloop--newer", "2026-11-26T11:00:00+00:00")

    assert retire(app(), hours=6, now=NIGHT) == []
    assert "sentiloop--newer" in cloud.active()


# --- A revision that no release made ---


def add_revision(cloud, name, created, *, active=True):
    properties = {"active": active, "createdTime": created, "fqdn": "x", "template": {"containers": [{}]}}
    changed = cloud.app
    changed["revisions"].append({"name": name, "properties": properties})
    cloud.app = changed


def test_a_change_of_the_infrastructure_is_adopted_with_the_label(cloud):
    add_revision(cloud, "sentiloop--infra", "2026-11-26T11:00:00+00:00")

    assert adopt(app(), "sentiloop--infra") == "sentiloop--infra"

    assert choose_live(cloud.app["traffic"]) == "sentiloop--infra"
    assert cloud.stable() == ["sentiloop--infra"]
    assert OLD in cloud.active()
    assert take_back(app()) == OLD


def test_setting_the_traffic_alone_stops_the_next_deployment_of_the_infrastructure(cloud):
    """The belief that `traffic set latest=100` is enough (delivery facts, 46) is caught."""
    cloud.app = cloud.app | {
        "traffic": [
            {"revisionName": OLD, "weight": 0, "label": "stable"},
            {"latestRevision": True, "weight": 100},
        ]
    }

    with pytest.raises(RunningError, match="a release is under way"):
        choose_live(cloud.app["traffic"])


@pytest.mark.parametrize("name", ["sentiloop--nowhere", "sentiloop--ended"])
def test_only_a_revision_that_runs_is_adopted(cloud, name):
    add_revision(cloud, "sentiloop--ended", "2026-11-26T11:00:00+00:00", active=False)

    with pytest.raises(ProgramError, match="that runs: choose one of"):
        adopt(app(), name)

    assert_old_serves(cloud)
    assert cloud.verbs() == []


def test_quick_limits_are_those_of_a_release_but_for_their_time():
    assert QUICK.steps == Limits().steps == (10, 50, 100)
