"""Every fault of the endpoint, really caused: what is spooled and what is sent again."""

from __future__ import annotations

import json
import logging
import time

import pytest
from recorder import Recorder
from telemetry_fixtures import TEXT, let_time_pass, make_feedback, sending, serving, spool

from sentiment.feedback.inbox import Inbox
from sentiment.review.inbox_frame import read_inbox
from sentiment.telemetry import exporters, process


def waiting(home):
    """The feedback ids in the spool."""
    records = [json.loads(line) for path in spool(home) for line in path.read_text("utf-8").splitlines()]
    return sorted(record["data"]["baseData"]["properties"]["feedback_id"] for record in records)


def send(running, *several):
    """Log feedback in one batch; return how long that held the caller up."""
    start = time.perf_counter()
    for feedback in several:
        process.log_feedback(feedback)
    seconds = time.perf_counter() - start
    running.flush()
    return seconds


@pytest.mark.parametrize(
    "answer",
    [(429, {"Retry-After": "3600"}), (500, {}), (503, {}), (401, {}), (403, {}), "close"],
    ids=["429", "500", "503", "401", "403", "close"],
)
def test_what_is_refused_for_now_waits_in_the_spool_and_is_sent_once(recorder, home, answer):
    recorder.answer = answer
    first, second = make_feedback(), make_feedback()
    with sending(recorder) as running:
        start = time.perf_counter()
        send(running, first)
        assert time.perf_counter() - start < 5  # with Azure's own retries: an hour for the 429
        assert (waiting(home), recorder.feedback_ids()) == ([first.feedback_id], [])

        recorder.answer = (200, {})
        let_time_pass(home)
        send(running, second)

    assert sorted(recorder.feedback_ids()) == sorted([first.feedback_id, second.feedback_id])
    assert spool(home) == []


def test_a_redirect_is_not_followed_and_the_batch_waits(recorder, home):
    with Recorder() as elsewhere:
        recorder.answer = (307, {"Location": f"{elsewhere.url}/v2.1/track"})
        feedback = make_feedback()
        with sending(recorder) as running:
            send(running, feedback)

        assert waiting(home) == [feedback.feedback_id]
        assert elsewhere.posts == []


def test_a_batch_waits_as_long_as_the_endpoint_asks(recorder, home):
    recorder.answer = (429, {"Retry-After": "3600"})
    with sending(recorder) as running:
        send(running, make_feedback())
        (batch,) = spool(home)
        recorder.answer = (200, {})
        send(running, make_feedback())

    assert batch.exists()
    assert len(recorder.feedback_ids()) == 1


def test_an_endpoint_that_is_down_costs_nothing_and_gets_all_later_from_another_process(home):
    with Recorder() as recorder:
        port = recorder.port
    sent = [make_feedback() for _ in range(3)]
    with sending(recorder) as running:
        seconds = [send(running, feedback) for feedback in sent]
    assert max(seconds) < 0.2
    assert waiting(home) == sorted(feedback.feedback_id for feedback in sent)

    let_time_pass(home)
    last = make_feedback()
    with Recorder(port=port) as recorder, sending(recorder) as running:
        send(running, last)
        assert sorted(recorder.feedback_ids()) == sorted(feedback.feedback_id for feedback in [*sent, last])
    assert spool(home) == []


def test_of_a_partly_accepted_batch_only_the_rest_is_sent_again(recorder, home):
    recorder.answer = "partial"
    refused, accepted, later = make_feedback(), make_feedback(), make_feedback()
    with sending(recorder) as running:
        send(running, refused, accepted)
        assert (waiting(home), recorder.feedback_ids()) == ([refused.feedback_id], [accepted.feedback_id])

        recorder.answer = (200, {})
        let_time_pass(home)
        send(running, later)

    assert sorted(recorder.feedback_ids()) == sorted(
        feedback.feedback_id for feedback in (refused, accepted, later)
    )


@pytest.mark.parametrize("status", [402, 439])
def test_over_quota_the_log_says_so_and_the_inbox_still_has_the_feedback(
    recorder, champion, caplog, tmp_path, status
):
    recorder.answer = (status, {})
    with serving(recorder, SENTIMENT_HOME=tmp_path) as client:
        prediction = client.post("/predict", json={"text": TEXT}).json()
        given = client.post(
            "/feedback", json={"prediction_id": prediction["prediction_id"], "text": TEXT, "correct": False}
        )

    assert (given.status_code, recorder.envelopes, spool(tmp_path)) == (200, [], [])
    assert len(recorder.posts) > 1
    (line,) = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert line.startswith(
        f"telemetry was refused ({status}, over quota) and dropped: run 'python -m flows.reconcile'"
    )
    assert list(read_inbox(Inbox(str(tmp_path / "feedback")))["feedback_id"]) == [given.json()["feedback_id"]]


def test_a_slow_endpoint_holds_neither_the_caller_nor_the_end_up(recorder, home, monkeypatch):
    monkeypatch.setattr(exporters, "_SEND_SECONDS", 0.5)
    recorder.answer = "slow"
    sent = [make_feedback() for _ in range(600)]
    start = time.perf_counter()
    # Twelve batches would take six seconds.
    with sending(recorder, OTEL_BLRP_MAX_EXPORT_BATCH_SIZE="50") as running:
        for feedback in sent:
            process.log_feedback(feedback)
        logged = time.perf_counter() - start
        running.stop(seconds=2)
        stopped = time.perf_counter() - start

    assert logged < 1
    assert stopped < 3
    assert waiting(home) == sorted(feedback.feedback_id for feedback in sent)


def test_an_end_that_takes_too_long_is_cut_short_and_said(recorder, home, monkeypatch, caplog):
    monkeypatch.setattr(exporters, "_SEND_SECONDS", 20.0)
    recorder.answer = "slow"
    start = time.perf_counter()
    with sending(recorder) as running:
        process.log_feedback(make_feedback())
        assert recorder.wait(lambda: recorder.asked)
        running.stop(seconds=0.5)

    assert time.perf_counter() - start < 5
    assert (
        "telemetry did not end within 0.5 seconds: 'python -m flows.reconcile' sends feedback that is missing"
        in caplog.text
    )


def test_a_dead_endpoint_is_one_line_a_minute_in_the_log(home, caplog):
    with Recorder() as recorder:
        pass
    with sending(recorder) as running:
        for _ in range(5):
            send(running, make_feedback())

    assert (
        len([record for record in caplog.records if "Retrying due to server request error" in record.message])
        <= 1
    )


def test_each_destination_has_a_spool_of_its_own(home):
    with Recorder() as first, Recorder() as second:
        first.answer = (500, {})
        with sending(first) as running:
            send(running, make_feedback())
        let_time_pass(home)
        with sending(second) as running:
            send(running, make_feedback())

        assert len(spool(home)) == 1
        assert len(second.feedback_ids()) == 1
