"""What a new revision must pass: the smoke test, and its first minutes under traffic."""

from __future__ import annotations

import threading
import time

import prometheus_client
import pytest
from cloud_fixtures import NEW
from opentelemetry.metrics import NoOpMeter
from release_fixtures import assert_new_serves, assert_old_serves, released

from infra.first_minutes import Count, Limits, count_requests
from infra.smoke import SmokeError, forge
from sentiment.telemetry.metrics import Metrics


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
                    ["I love this, thank you so much!", "This is terrible, I hate it"], "positive"
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


def test_a_step_that_had_time_for_one_probe_only_ends_the_release_if_it_failed(cloud):
    cloud.new.metrics = 503

    with pytest.raises(SmokeError, match="1 of 1 probes failed"):
        released(cloud, Limits(seconds=0, every=1))

    assert_old_serves(cloud)


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
