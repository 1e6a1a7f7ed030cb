"""The flow `collect` with a real monitor, inbox and queue: nothing lost, nothing twice."""

import shutil
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from locked_only import run_with
from monitor_fixtures import bad_prediction, message
from served import served
from waiting import wait_for

from flows.collect import collect
from sentiment.champions import store
from sentiment.config import read_settings
from sentiment.feedback.feedback import Feedback, feedback_id_of
from sentiment.feedback.inbox import Inbox
from sentiment.feedback.prediction_ids import make_signer
from sentiment.review.queue import ReviewQueue

pytestmark = pytest.mark.usefixtures("prefect_server")
TEXTS = {
    "p1": "a doubtful morning in the harbour",
    "p2": "my complaint about trains",
    "p3": "nobody answers at your desk",
}


class Ring:
    """The places that the flow reads, and the queue that it fills."""

    def __init__(self, monitor):
        self.settings, self._monitor = read_settings(), monitor

    def sample(self, prediction_id, **changes):
        """A sampled prediction arrives in the logs."""
        keys = {
            "tweet_text": TEXTS.get(prediction_id, "a tweet"),
            "predicted_label": "neutral",
            "score": "0.4",
            "model": "m",
            **changes,
        }
        self._track(
            message("Sampled prediction", prediction_id=prediction_id, reason="low confidence", **keys)
        )

    def complain(self, prediction_id, *, hours_ago=0.0, **changes):
        """A complaint arrives in the logs, so many hours after it was made."""
        keys = {
            "tweet_text": TEXTS.get(prediction_id, "a tweet"),
            "predicted_label": "neutral",
            "model": "m",
            "score": "0.4",
            **changes,
        }
        time = datetime.now(UTC) - timedelta(hours=hours_ago)
        feedback_id = keys.pop("feedback_id", feedback_id_of(prediction_id))
        self._track(bad_prediction(feedback_id, time=time, prediction_id=prediction_id, **keys))

    def record(self, prediction_id, *, correct=False):
        """A feedback arrives in the inbox."""
        label = "neutral" if correct else "negative"
        moment = datetime.now(UTC).isoformat()
        given = (
            feedback_id_of(prediction_id),
            prediction_id,
            TEXTS[prediction_id],
            "neutral",
            label,
            correct,
            0.4,
            "m",
            None,
            moment,
            "src",
        )
        Inbox(self.settings.feedback_address).record(Feedback(*given))

    def items(self):
        """The origin, the label and the copies of each item, by text."""
        with ReviewQueue(self.settings.review_address) as queue:
            return {item.text: (item.origin, item.feedback_label, item.copies) for item in queue.items()}

    def _track(self, envelope):
        assert self._monitor.track(envelope).status_code == 200


@pytest.fixture
def ring(loop_home, monkeypatch, monitor):
    monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", monitor.address)
    monkeypatch.setenv("SENTIMENT_REVIEW_OVERLAP", "0")  # one annotator settles an item, whatever its id
    return Ring(monitor)


def counts(added):
    return (added.new, added.collapsed, added.known)


def test_what_came_once_is_known_the_next_time_wherever_it_stands(ring):
    ring.sample("p1")
    ring.complain("p2")
    ring.record("p2")
    ring.record("p3")

    assert counts(collect()) == (3, 0, 0)
    assert counts(collect()) == (0, 0, 2)  # of the logs; the inbox holds nothing new
    assert ring.items() == {
        TEXTS["p1"]: ("low confidence", None, 1),
        TEXTS["p2"]: ("feedback", "negative", 1),
        TEXTS["p3"]: ("feedback", "negative", 1),
    }


def test_the_job_on_github_does_the_same_with_few_packages(ring):
    ring.sample("p1")
    ring.complain("p2")
    ring.record("p2")
    ring.record("p3")

    first, again = (run_with("collect", "infra.collection") for _ in range(2))

    assert "- 3 new items to review, 0 reports that joined one, 0 known already" in first.stdout, first.stderr
    assert "- 0 new items to review, 0 reports that joined one, 2 known already" in again.stdout, again.stderr
    assert set(ring.items()) == set(TEXTS.values())


def test_the_job_on_github_takes_the_inbox_where_the_logs_do_not_answer(ring):
    ring.record("p3")

    run = run_with("collect", "infra.collection", SENTIMENT_LOGS_ENDPOINT="http://127.0.0.1:9")

    assert run.returncode == 1
    assert "the logs do not answer; from the inbox: 1 new items to review" in run.stderr
    assert list(ring.items()) == [TEXTS["p3"]]


def test_a_row_that_arrives_two_days_late_is_still_found(ring):
    began = datetime.now(UTC)
    collect()
    ring.complain("p2", hours_ago=47)

    assert counts(collect()) == (1, 0, 0)
    with ReviewQueue(ring.settings.review_address) as queue:
        assert queue.watermark("bad_predictions") == queue.watermark("sampled_predictions") > began


def test_the_first_time_looks_as_far_back_as_it_is_told(ring):
    ring.complain("p1", hours_ago=30)
    ring.complain("p2", hours_ago=1)

    assert counts(collect(days=1)) == (1, 0, 0)
    assert list(ring.items()) == [TEXTS["p2"]]


def test_a_sample_that_somebody_complains_of_later_is_a_complaint_with_its_source(ring):
    ring.sample("p1")
    collect()
    ring.record("p1")
    ring.complain("p1")

    assert counts(collect()) == (0, 1, 1)
    assert counts(collect()) == (0, 0, 2)
    assert ring.items() == {TEXTS["p1"]: ("feedback", "negative", 1)}
    with ReviewQueue(ring.settings.review_address, overlap=0) as queue:
        queue.judge(feedback_id_of("p1"), "ann", "negative", now=datetime.now(UTC))
        assert [one.sources for one in queue.settled()] == [("src",)]


def test_a_sample_that_somebody_called_right_comes_all_the_same(ring):
    ring.sample("p1")
    ring.record("p1", correct=True)

    assert counts(collect()) == (1, 0, 0)


def test_a_row_that_nobody_of_ours_wrote_is_left_out_and_stops_nothing(ring):
    signer = make_signer(ring.settings)
    genuine = signer.sign(TEXTS["p1"], label="neutral", score=0.4, model="m")
    ring.complain(genuine, tweet_text=TEXTS["p1"])
    ring.complain(genuine, tweet_text="another id", feedback_id="f" * 32)
    ring.complain("forged", tweet_text="not signed")
    ring.sample("forged", tweet_text="not signed either")
    ring.complain(signer.sign("x", label="positive", score=0.4, model="m"), tweet_text="of another label")
    ring.complain(signer.sign("x", label="neutral", score=0.4, model="m"), tweet_text="no score", score="inf")

    assert counts(collect()) == (1, 0, 0)
    assert ring.items() == {TEXTS["p1"]: ("feedback", "negative", 1)}
    with ReviewQueue(ring.settings.review_address, overlap=0) as queue:
        queue.judge(feedback_id_of(genuine), "ann", "negative", now=datetime.now(UTC))
        assert [one.sources for one in queue.settled()] == [("unknown",)]


def test_collecting_makes_no_signing_key(ring):
    ring.sample("p1")
    collect()

    assert list(ring.items()) == [TEXTS["p1"]]
    assert not list(ring.settings.home.glob("signing*"))


def test_what_our_service_writes_is_vouched_for_by_our_key(ring, monitor, served_model, monkeypatch):
    store.swap_champion(store.save(served_model, metadata={}), expected=None)
    monkeypatch.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", monitor.connection_string)
    tweets = ("best day ever, write to bob@example.com", "the train to Boston stops here @ann")
    with served(ring.settings.home / "serve.log", workers=1, SENTIMENT_SAMPLE_RANDOM="1") as (address, _):
        answers = [httpx.post(f"{address}/predict", json={"text": text}).json() for text in tweets]
        body = {"prediction_id": answers[1]["prediction_id"], "text": tweets[1], "correct": False}
        assert httpx.post(f"{address}/feedback", json=body).status_code == 200
        wait_for(
            lambda: (
                len(monitor.rows("AppTraces | where Message in ('Sampled prediction', 'Bad prediction')"))
                == 3
            )
        )
    shutil.rmtree(ring.settings.feedback_address)  # the logs are all there is

    assert counts(collect()) == (2, 1, 0)
    assert {text: found[0] for text, found in ring.items().items()} == {
        "best day ever, write to (email)": "random",
        "the train to Boston stops here @user": "feedback",
    }
