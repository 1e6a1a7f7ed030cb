"""A release: its steps, its repetition, and what it refuses to begin with."""

from __future__ import annotations

import pytest
from cloud_fixtures import COMMIT, IMAGE, NEW, Cloud
from release_fixtures import QUICK, app, assert_new_serves, assert_old_serves, released

from infra.programs import ProgramError
from infra.release import release, suffix_of
from infra.rollback import take_back
from infra.smoke import SmokeError
from sentiment.errors import ConfigError

GOES_ON = ["update", *["ingress traffic set"] * 3, "revision label add", "rest"]


def test_a_release_deploys_tests_shifts_watches_and_marks(cloud):
    assert released(cloud) == NEW

    assert_new_serves(cloud)
    assert cloud.verbs() == GOES_ON
    update = next(call["options"] for call in cloud.calls if call["verb"] == "update")
    assert update["--image"] == [IMAGE]  # by its digest


def test_releasing_the_same_image_again_changes_nothing(cloud):
    released(cloud)
    before = len(cloud.verbs())

    assert released(cloud) == NEW

    assert len(cloud.verbs()) == before


def test_an_image_that_failed_can_be_released_again(cloud):
    cloud.new.ready = 503
    with pytest.raises(SmokeError):
        released(cloud)
    cloud.new.ready = 200

    released(cloud)

    assert_new_serves(cloud)
    assert cloud.verbs().count("update") == 1


def test_traffic_that_follows_the_newest_revision_is_pinned_first(cloud):
    cloud.app = cloud.app | {"traffic": [{"latestRevision": True, "weight": 100}]}
    cloud.new.ready = 503

    with pytest.raises(SmokeError):
        released(cloud)

    assert_old_serves(cloud)
    assert cloud.verbs()[:3] == ["ingress traffic set", "revision label add", "update"]


def test_what_earlier_releases_left_behind_is_ended(cloud):
    stray = {"active": True, "createdTime": "2026-11-25T11:00:00+00:00", "fqdn": "x"}
    stray["template"] = {"containers": [{"image": "y"}]}
    changed = cloud.app
    changed["revisions"].append({"name": "sentiloop--stray", "properties": stray})
    cloud.app = changed

    released(cloud)

    assert_new_serves(cloud)


def test_the_services_key_is_sent_along(cloud, monkeypatch):
    cloud.new.key = "a key of the service"
    with pytest.raises(SmokeError, match="401"):
        released(cloud)
    monkeypatch.setenv("SENTIMENT_API_KEY", "a key of the service")

    released(cloud)

    assert_new_serves(cloud)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mode": "Single"}, "set-mode"),
        ({"fqdn": ""}, "no ingress"),
        ({"traffic": []}, "no revision of the app has traffic"),
        ({"name": "another"}, "does not exist"),
    ],
)
def test_an_app_that_cannot_be_released_to_is_left_alone(cloud, change, words):
    cloud.app = cloud.app | change

    with pytest.raises(ProgramError, match=words):
        released(cloud)

    assert cloud.verbs() == []


@pytest.mark.parametrize(
    "image",
    ["ann/sentiloop:latest", "ann/sentiloop", f"{IMAGE[:-1]}", f"{IMAGE}\nx", "--help@sha256:" + "a" * 64],
)
def test_an_image_without_its_digest_is_refused(image):
    with pytest.raises(ConfigError, match="digest"):
        suffix_of(image, COMMIT)


@pytest.mark.parametrize("commit", ["main", "", "c0ffee", "C0FFEE0"])
def test_what_is_no_commit_is_refused(commit):
    with pytest.raises(ConfigError, match="no commit"):
        suffix_of(IMAGE, commit)


def test_the_name_of_a_revision_is_one_that_azure_takes():
    suffix = suffix_of(IMAGE, COMMIT)

    assert suffix == suffix.lower()
    assert suffix[0].isalpha()
    assert len(f"{'a' * 32}--{suffix}") < 64  # the longest name of an app, and of a revision
    assert suffix != suffix_of(IMAGE.replace("ab", "cd"), COMMIT)


def test_without_az_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ProgramError, match="az cannot be started"):
        app(tries=1).read()


def test_the_fake_knows_no_command_that_releases_do_not_use(cloud):
    released(cloud)
    take_back(app())
    cloud.new.ready = 503
    with pytest.raises(SmokeError):
        release(app(), IMAGE.replace("ab", "cd"), COMMIT, ready_seconds=0.1, limits=QUICK)
    take_back(app(), NEW)

    assert {call["verb"] for call in cloud.calls} == {
        *(
            "show",
            "update",
            "ingress traffic set",
            "revision list",
            "revision label add",
            "revision activate",
            "revision deactivate",
            "rest",
        )
    }
    assert isinstance(cloud, Cloud)
