"""Releases: every step, the failure of every step, a kill at every call of az, and the way back."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import prometheus_client
import pytest
from cloud_fixtures import COMMIT, IMAGE, NEW, OLD, Cloud
from opentelemetry.metrics import NoOpMeter

from infra.container_app import ContainerApp
from infra.first_minutes import Count, Limits, count_requests
from infra.programs import ProgramError
from infra.release import NOT_BACK, NotBackError, main, release, restore, suffix_of, take_back
from infra.smoke import SmokeError, forge
from sentiment.errors import ConfigError
from sentiment.telemetry.metrics import Metrics

ROOT = Path(__file__).parents[2]
QUICK = Limits(seconds=0.3, every=0.05)
GOES_ON = ["update", "ingress traffic set", "revision label add"]


def app(**options):
    return ContainerApp("rg", "sentiloop", **{"seconds": 20, "pause": 0.01, **options})


def released(cloud, limits=QUICK, **options):
    return release(app(**options), IMAGE, COMMIT, ready_seconds=0.5, limits=limits)


def assert_old_serves(cloud, *, is_new_active=False):
    assert cloud.weights() == {OLD: 100}
    assert cloud.stable() == [OLD]
    assert (NEW in cloud.active()) == is_new_active
    assert OLD in cloud.active()


def assert_new_serves(cloud):
    assert cloud.weights() == {NEW: 100}
    assert cloud.stable() == [NEW]
    assert set(cloud.active()) == {OLD, NEW}


def command(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "infra.release", *arguments],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )


DEPLOY = (
    "deploy",
    "--image",
    IMAGE,
    "--commit",
    COMMIT,
    "--ready-seconds",
    "1",
    "--every",
    "0.05",
    "--watch-seconds",
)


def test_a_release_deploys_tests_shifts_watches_and_marks(cloud):
    assert released(cloud) == NEW

    assert_new_serves(cloud)
    assert cloud.verbs() == GOES_ON
    update = next(call["options"] for call in cloud.calls if call["verb"] == "update")
    assert update["--image"] == [IMAGE]  # by its digest


def test_the_new_revision_has_no_traffic_until_it_passed_the_smoke_test(cloud):
    cloud.new.labels = {}

    with pytest.raises(SmokeError, match="labels"):
        released(cloud)

    assert "ingress traffic set" not in cloud.verbs()
    assert_old_serves(cloud)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"ready": 503}, "HTTP 503"),
        ({"predict": 500}, "answered 500"),
        (
            {
                "labels": dict.fromkeys(
                    ["I love this, thank you so much!", "This is terrible, I hate it."], "positive"
                )
            },
            "not 'negative'",
        ),
        ({"forged": 200}, "forged prediction id, not 400"),
        ({"forged": 500}, "answered 500 to a forged"),
        ({"error": ""}, "without saying why"),
        ({"trace": False}, "X-Trace-Id"),
    ],
)
def test_a_revision_that_fails_the_smoke_test_never_has_traffic(cloud, fault, words):
    vars(cloud.new).update(fault)

    with pytest.raises(SmokeError, match=words):
        released(cloud)

    assert_old_serves(cloud)
    assert "ingress traffic set" not in cloud.verbs()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"served": 100, "failed": 6}, "6 of 100 requests"),
        ({"served": 3, "failed": 2}, "2 of 3 requests"),
        ({"metrics": 503}, "probes failed"),
    ],
)
def test_too_many_errors_in_the_first_minutes_bring_the_old_revision_back(cloud, fault, words):
    vars(cloud.new).update(fault)

    with pytest.raises(SmokeError, match=words):
        released(cloud)

    assert_old_serves(cloud)
    assert cloud.verbs() == ["update", "ingress traffic set", "ingress traffic set", "revision deactivate"]


def test_a_revision_that_breaks_under_traffic_is_taken_back(cloud):
    def break_it():
        while NEW not in cloud.weights():
            time.sleep(0.01)
        cloud.new.predict = 500

    thread = threading.Thread(target=break_it)
    thread.start()
    with pytest.raises(SmokeError, match=r"probes failed, more than 5% may; the last: .*answered 500"):
        released(cloud, Limits(seconds=20, every=0.05))
    thread.join()

    assert_old_serves(cloud)


def test_a_few_errors_are_no_reason(cloud):
    cloud.new.served, cloud.new.failed = 100, 5

    released(cloud)

    assert_new_serves(cloud)


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
    assert NEW in [one["name"] for one in cloud.app["revisions"]]
    released(cloud)
    assert_new_serves(cloud)
    assert cloud.verbs().count("update") == 1  # the second time it is activated


def test_when_the_way_back_fails_as_well_a_person_is_called(cloud):
    vars(cloud.new).update(served=100, failed=50)
    cloud.trouble(*({"number": number, "do": "fail"} for number in range(7, 20)))

    with pytest.raises(NotBackError, match=r"infra\.release restore"):
        released(cloud, Limits(seconds=1, every=0.05), tries=1)

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
    stray = {"active": True, "createdTime": "2026-11-25T11:00:00+00:00", "fqdn": "x", "image": "y"}
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


@pytest.mark.parametrize("number", range(1, 10))
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
    released(cloud)

    assert len(cloud.calls) == 9


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


def test_the_command_tells_the_summary_and_the_exit_code(cloud, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    codes = []
    for fault in ({}, {"ready": 503}):
        vars(cloud.new).update(fault)
        image = IMAGE.replace("ab", "cd") if fault else IMAGE
        with command(
            "deploy", "--image", image, "--commit", COMMIT, "--ready-seconds", "1", "--watch-seconds", "0.1"
        ) as process:
            output = process.communicate(timeout=60)[0]
        codes.append(process.returncode)

    assert codes == [0, 1]
    assert "Traceback" not in output
    summary = (tmp_path / "summary.md").read_text()
    assert f"- {NEW} is stable; {OLD} stays ready to go back to" in summary
    assert "is not released" in summary


def test_the_command_says_by_its_exit_code_when_a_person_must_act(cloud, monkeypatch, capsys):
    cloud.new.ready = 503
    cloud.trouble(*({"number": number, "do": "fail"} for number in range(6, 30)))
    monkeypatch.setattr("infra.release._app", app)
    monkeypatch.setattr("sys.argv", ["infra.release", *DEPLOY, "0.1"])
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert ended.value.code == NOT_BACK
    assert "error: the way back to" in capsys.readouterr().err


def test_rolling_back_makes_the_revision_before_the_stable_one(cloud):
    released(cloud)

    assert take_back(app()) == OLD

    assert_old_serves(cloud)
    with pytest.raises(ProgramError, match="choose one with --to; running: sentiloop--old"):
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


def test_without_the_names_of_the_app_nothing_is_called(cloud, monkeypatch):
    monkeypatch.delenv("AZURE_CONTAINER_APP")

    with command("restore") as process:
        output = process.communicate(timeout=60)[0]

    assert process.returncode == 1
    assert "AZURE_CONTAINER_APP" in output
    assert cloud.calls == []


def test_without_az_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ProgramError, match="az cannot be started"):
        app(tries=1).read()


def test_the_requests_are_counted_from_what_the_service_really_shows():
    metrics = Metrics(NoOpMeter("test"))
    before = count_requests(prometheus_client.generate_latest().decode())
    for status in (200, 200, 400, 429, 500, 504):
        metrics.note_request("/predict", status, 0.1)

    after = count_requests(prometheus_client.generate_latest().decode())

    assert (after.requests - before.requests, after.failures - before.failures) == (6, 2)
    assert count_requests("") == Count(0, 0)


@pytest.mark.parametrize(
    ("requests", "failures", "is_over"),
    [(0, 0, False), (1, 1, False), (2, 2, True), (20, 1, False), (40, 2, False), (40, 3, True)],
)
def test_one_failure_alone_ends_no_release(requests, failures, is_over):
    assert Count(requests, failures).is_over(0.05) == is_over


def test_a_forged_id_is_another_one():
    assert forge("abc.xyAA") == "abc.xyBB"
    assert forge("abc.xyzw") == "abc.xyAA"


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
        )
    }
    assert isinstance(cloud, Cloud)
