"""Feedback to the HTTP service: what is recorded, what is refused, and how much at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from service_fixtures import TEXT, error_of, give, started

from sentiment.config import read_settings
from sentiment.feedback.inbox import Inbox
from sentiment.review.inbox_frame import read_inbox

pytestmark = pytest.mark.usefixtures("store_with_champion")


# --- feedback ---


def test_feedback_is_recorded_once(client, prediction):
    first, second = give(client, prediction), give(client, prediction, correct=False, label="negative")
    assert first.json() == {"feedback_id": first.json()["feedback_id"], "status": "recorded"}
    assert second.json() == {"feedback_id": first.json()["feedback_id"], "status": "already recorded"}


def test_recorded_feedback_is_in_the_inbox(client, prediction):
    given = give(client, prediction, correct=False, label="negative", comment="no").json()
    rows = read_inbox(Inbox(read_settings().feedback_address))
    row = rows[rows["feedback_id"] == given["feedback_id"]].to_dict("records")[0]
    assert (row["text"], row["predicted_label"], row["label"], row["correct"], row["comment"]) == (
        TEXT,
        "positive",
        "negative",
        False,
        "no",
    )
    assert (row["score"], row["model"]) == (prediction["scores"]["positive"], prediction["model"])


def test_every_prediction_of_a_batch_takes_feedback(client):
    answers = client.post("/predict_batch", json={"texts": [TEXT, TEXT]}).json()
    assert [give(client, answer).json()["status"] for answer in answers] == ["recorded", "recorded"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prediction_id": "forged"}, "not issued by this service"),
        ({"text": TEXT + "!"}, "belongs to another text"),
        ({"text": ""}, "belongs to another text"),
        ({"label": "negative"}, "change one of the two"),
        ({"correct": False, "label": "positive"}, "change one of the two"),
        ({"label": "angry"}, "label: Input should be 'negative', 'neutral' or 'positive'"),
        ({"correct": "true"}, "correct: Input should be a valid boolean"),
        ({"correct": 1}, "correct: Input should be a valid boolean"),
        ({"correct": None}, "correct: "),
        ({"comment": "x" * 1001}, "comment: String should have at most 1000 characters"),
        ({"prediction_id": 5}, "prediction_id: "),
        ({"extra": 1}, "an unknown field: "),
    ],
)
def test_feedback_that_cannot_be_right_is_refused_and_not_stored(client, prediction, changes, message):
    before = len(read_inbox(Inbox(read_settings().feedback_address)))
    assert message in error_of(give(client, prediction, **changes), 400)
    assert len(read_inbox(Inbox(read_settings().feedback_address))) == before


def test_an_altered_prediction_id_is_refused(client, prediction):
    identifier = prediction["prediction_id"]
    altered = identifier[:20] + ("A" if identifier[20] != "A" else "B") + identifier[21:]
    assert "was altered" in error_of(give(client, prediction, prediction_id=altered), 400)


def test_an_expired_prediction_id_is_refused(prediction):
    with started(prediction_ttl_days=1e-9) as client:
        time.sleep(1.1)
        assert "predict the text again" in error_of(give(client, prediction), 400)


def test_replicas_that_share_a_key_take_each_others_ids():
    with (
        started(signing_key="a shared key of 24 chars") as first,
        started(signing_key="a shared key of 24 chars") as second,
    ):
        prediction = first.post("/predict", json={"text": TEXT}).json()
        assert give(second, prediction).json()["status"] == "recorded"
    with started(signing_key="another key of many chars") as other:
        error_of(give(other, prediction), 400)


def test_a_key_is_rotated_in_three_steps_and_no_feedback_is_refused():
    old, new = "the key of last year", "the key of this year"
    steps = ({"signing_key": old}, {"signing_key": old, "previous_signing_key": new})
    steps += ({"signing_key": new, "previous_signing_key": old}, {"signing_key": new})
    for before, after in pairwise(steps):
        with started(**before) as earlier, started(**after) as later:  # replicas change one after the other
            for source, target in ((earlier, later), (later, earlier)):
                prediction = source.post("/predict", json={"text": TEXT}).json()
                if (before, after) != steps[
                    2:
                ] or source is later:  # the last step waits for the ids to expire
                    assert give(target, prediction).json()["status"] == "recorded"


def test_an_inbox_that_cannot_be_written_is_a_503(tmp_path):
    (tmp_path / "file").write_text("")
    with started(feedback_url=tmp_path / "file") as client:
        prediction = client.post("/predict", json={"text": TEXT}).json()
        assert "check SENTIMENT_FEEDBACK_URL" in error_of(give(client, prediction), 503)


def test_more_feedback_at_once_than_is_set_is_a_429(monkeypatch):
    entered, release, record = threading.Event(), threading.Event(), Inbox.record

    def wait(self, feedback):
        entered.set()
        release.wait(20)
        return record(self, feedback)

    monkeypatch.setattr(Inbox, "record", wait)
    with started(max_concurrency=1) as client, ThreadPoolExecutor(1) as pool:
        first, second = (client.post("/predict", json={"text": TEXT}).json() for _ in range(2))
        held = pool.submit(give, client, first)
        assert entered.wait(10)
        refused = give(client, second)
        page = client.get("/")
        release.set()
        assert held.result().json()["status"] == "recorded"
        assert give(client, second).json()["status"] == "recorded"
    assert error_of(refused, 429) == "more than 1 requests at once: try again in a second"
    assert refused.headers["retry-after"] == "1"
    assert page.status_code == 200


def test_feedback_that_takes_too_long_is_a_504_and_leaves_its_place_to_others(monkeypatch):
    release, record = threading.Event(), Inbox.record
    monkeypatch.setattr(Inbox, "record", lambda self, feedback: release.wait(20))
    with started(timeout_seconds=0.3, max_concurrency=1) as client:
        prediction = client.post("/predict", json={"text": TEXT}).json()
        answer = give(client, prediction)
        monkeypatch.setattr(Inbox, "record", record)
        assert give(client, prediction).json()["status"] == "recorded"
        release.set()
    assert "no answer within 0.3 seconds: try again" in error_of(answer, 504)


def test_more_feedback_of_one_sender_in_a_minute_than_is_set_is_a_429_for_that_sender_alone():
    with started(feedback_per_minute=3, trusted_proxies=1) as client:
        prediction = client.post("/predict", json={"text": TEXT}).json()
        said = {"prediction_id": prediction["prediction_id"], "text": TEXT, "correct": True}

        def send(address):
            return client.post("/feedback", json=said, headers={"X-Forwarded-For": address})

        assert [send("10.0.0.1").status_code for _ in range(15)] == [200] * 15  # of five minutes
        refused = send("10.0.0.1")
        assert error_of(refused, 429) == "more than 3 feedbacks a minute: try again in 20 s"
        assert refused.headers["retry-after"] == "20"
        assert send("10.0.0.2").status_code == 200


def test_feedback_of_one_sender_may_be_without_a_limit():
    with started(feedback_per_minute=0) as client:
        prediction = client.post("/predict", json={"text": TEXT}).json()
        assert {give(client, prediction).status_code for _ in range(310)} == {200}
