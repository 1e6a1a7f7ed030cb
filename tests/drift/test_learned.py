"""What a champion learned from, ready for the comparison."""

import pytest
from drifting import tweets_about

from sentiment.data.fingerprints import fingerprint
from sentiment.drift.learned import describe_training, learned_texts
from sentiment.errors import DataError

TEXTS = tweets_about("flights", 100)


def test_the_texts_are_those_whose_fingerprints_the_training_left():
    rows = {fingerprint(text) for text in TEXTS[:40]}

    assert learned_texts(TEXTS, rows, "m") == TEXTS[:40]
    assert learned_texts(TEXTS, None, "m") == TEXTS


def test_a_champion_of_other_data_is_an_error():
    with pytest.raises(DataError, match="m learned from 0 of these 100 training tweets: name with --data"):
        learned_texts(TEXTS, {"0" * 16}, "m")


def test_training_is_masked_like_production_and_asked_about_validation(tfidf_model):
    learned = [*TEXTS, "@ann call 0171 1234567 now, the gate is late"]
    training = describe_training(learned, ["unheard things", TEXTS[0]], tfidf_model, "m:1")

    assert "@user call (phone) now, the gate is late" in training.sample
    assert not any("0171" in text for text in training.sample)
    assert training.unknown == 2 / 11
    assert (training.answers.model, training.answers.texts) == ("m:1", 2)
    assert sum(training.answers.labels.values()) == pytest.approx(1)
    assert 1 / 3 <= training.answers.score <= 1
