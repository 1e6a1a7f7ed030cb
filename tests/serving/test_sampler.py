"""The draws of a service, as its records say them: the audit, disagreements and low scores."""

import pytest
from champion_fixtures import settings
from telemetry_fixtures import TEXT, serving

from sentiment.config import read_settings
from sentiment.feedback.draws import audit_number, is_drawn
from sentiment.feedback.prediction_ids import PredictionSigner, make_signer
from sentiment.serving.sampler import Sampler
from sentiment.serving.shadow import Answered
from sentiment.telemetry.process import ShadowPrediction

SIGNER = PredictionSigner("a key of more than sixteen", ttl_days=30)


class Logged:
    """Telemetry that keeps the samples."""

    is_on = True

    def __init__(self):
        self.samples = []
        self.note_sample = self.samples.append

    def note_shadow(self, prediction):
        """A shadow's prediction is not what these tests are about."""


@pytest.fixture
def logged():
    return Logged()


def answered(score=0.9, text=TEXT, sender=""):
    prediction_id = SIGNER.sign(text, label="positive", score=score, model="m")
    return Answered(text, "positive", score, "m", prediction_id, sender)


def sampler(home, logged, **changes):
    shares = {"sample_random": 0.2, "sample_low_confidence": 0.5, "sample_disagreement": 0.4} | changes
    return Sampler(settings(home).model_copy(update=shares), SIGNER, logged)


def compared(one, shadow_label):
    said = (one.text, one.label, one.score, one.model)
    return one, ShadowPrediction(*said, shadow_label, 0.8, "m2")


def test_the_audit_is_drawn_by_the_id_alone_and_low_scores_of_the_rest(home, logged):
    some = [answered(score, sender=f"10.0.0.{number}") for score in (0.9, 0.4) for number in range(100)]
    drawing = sampler(home, logged)
    for one in some:
        drawing.note(one)

    audit = {one.prediction_id for one in some if audit_number(one.prediction_id) < 0.2}
    low = {
        one.prediction_id
        for one in some
        if one.score < 0.5 and is_drawn(one.prediction_id, "low confidence", 0.5)
    }
    assert {one.prediction_id for one in logged.samples if one.reason == "random"} == audit
    assert {one.prediction_id for one in logged.samples if one.reason == "low confidence"} == low - audit
    assert {(one.reason, one.probability) for one in logged.samples} == {
        ("random", 0.2),
        ("low confidence", 0.5),
    }


def test_one_sender_gives_twenty_samples_of_low_score_an_hour_and_shuts_nobody_else_out(home, logged):
    drawing = sampler(home, logged, sample_random=0, sample_low_confidence=1)
    for sender in ["10.0.0.1"] * 100 + ["10.0.0.2"]:
        drawing.note(answered(0.4, sender=sender))
    assert len(logged.samples) == 21


def test_a_sender_that_asks_much_is_in_the_audit_with_all_of_it(home, logged):
    drawing = sampler(home, logged, sample_random=1)
    for _ in range(100):
        drawing.note(answered(0.4, sender="10.0.0.1"))
    assert len(logged.samples) == 100


def test_a_service_tells_its_callers_apart_for_their_samples(recorder, champion):
    shares = {"SENTIMENT_SAMPLE_RANDOM": "0", "SENTIMENT_SAMPLE_LOW_CONFIDENCE": "1"}
    proxied = {"SENTIMENT_LOW_CONFIDENCE": "1", "SENTIMENT_TRUSTED_PROXIES": "1"}
    with serving(recorder, **shares, **proxied) as client:
        for caller in ["10.0.0.1"] * 30 + ["10.0.0.2"]:
            client.post("/predict", json={"text": TEXT}, headers={"X-Forwarded-For": caller})
    assert len(recorder.of("MessageData")) == 21


def test_what_the_shadow_disagrees_on_is_drawn_with_a_higher_probability_by_the_same_number(home, logged):
    drawing = sampler(home, logged)
    some = [answered() for _ in range(200)]
    for one in some:
        drawing.note_shadow(*compared(one, "negative"))
        drawing.note_shadow(*compared(answered(), "positive"))

    assert {one.prediction_id for one in logged.samples} == {
        one.prediction_id for one in some if audit_number(one.prediction_id) < 0.4
    }
    assert {(one.reason, one.probability) for one in logged.samples} == {("disagreement", 0.4)}


def test_a_disagreement_is_never_drawn_with_less_than_everything_else(home, logged):
    drawing = sampler(home, logged, sample_disagreement=0.1)
    for _ in range(50):
        one = answered()
        drawing.note(one)
        drawing.note_shadow(*compared(one, "negative"))

    assert {(one.reason, one.probability) for one in logged.samples} == {("random", 0.2)}


def test_a_record_is_masked_and_sealed(home, logged):
    drawing = sampler(home, logged, sample_random=1)
    one = answered(text="call @ann, +49 171 1234567")
    drawing.note(one)

    (sample,) = logged.samples
    assert sample.tweet_text == "call @user, (phone)"
    assert sample.signature == SIGNER.seal(one.prediction_id, "random", 1, sample.tweet_text)


@pytest.mark.parametrize(("length", "is_logged"), [(8192, True), (8193, False), (12_000, False)])
def test_a_text_that_a_record_would_cut_off_is_not_drawn(home, logged, length, is_logged):
    one = answered(text=("so good " * 2000)[:length])
    drawing = sampler(home, logged, sample_random=1, sample_disagreement=1)
    drawing.note(one)
    drawing.note_shadow(*compared(one, "negative"))

    assert bool(logged.samples) == is_logged


def test_a_service_logs_what_it_draws_and_calls_it_no_feedback(recorder, champion):
    with serving(recorder, SENTIMENT_SAMPLE_RANDOM="1") as client:
        prediction = client.post("/predict", json={"text": f"{TEXT} @ann"}).json()
        signer = make_signer(read_settings())

    (record,) = recorder.of("MessageData")
    assert record["message"] == "Sampled prediction"
    assert record["properties"] == {
        "tweet_text": f"{TEXT} @user",
        "predicted_label": "positive",
        "score": str(prediction["scores"]["positive"]),
        "model": champion,
        "prediction_id": prediction["prediction_id"],
        "reason": "random",
        "probability": "1.0",
        "signature": signer.seal(prediction["prediction_id"], "random", 1, f"{TEXT} @user"),
        "logger_name": "sentiment.samples",
    }


def test_doubtful_predictions_have_a_rate_of_their_own(recorder, champion):
    with serving(recorder, SENTIMENT_SAMPLE_LOW_CONFIDENCE="1", SENTIMENT_LOW_CONFIDENCE="1") as client:
        client.post("/predict", json={"text": TEXT})

    (record,) = recorder.of("MessageData")
    assert (record["properties"]["reason"], record["properties"]["probability"]) == ("low confidence", "1.0")
