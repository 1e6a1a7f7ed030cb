"""Signed prediction ids: good for one text, for a while, and for nobody else to make."""

from __future__ import annotations

import base64
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from sentiment.config import read_settings
from sentiment.errors import ConfigError, PredictionIdError
from sentiment.feedback.prediction_ids import PredictionSigner, make_signer, stated_in

KEY = "a key of more than sixteen"
TEXT = "my secret bag is lost 😡"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture
def signer():
    return PredictionSigner(KEY, ttl_days=1)


def sign(signer, text=TEXT):
    return signer.sign(text, label="negative", score=0.75, model="tweet-sentiment:v1")


def test_an_id_gives_back_what_was_signed(signer):
    prediction_id = sign(signer)
    found = signer.check(prediction_id, TEXT)
    assert (found.prediction_id, found.label, found.score, found.model) == (
        prediction_id,
        "negative",
        0.75,
        "tweet-sentiment:v1",
    )


def test_replicas_with_the_same_key_agree(signer):
    assert PredictionSigner(KEY, ttl_days=1).check(sign(signer), TEXT).label == "negative"


def test_while_a_key_is_rotated_the_ids_of_both_are_good_and_the_new_one_signs(signer):
    new, old = "the key that comes next", KEY
    early, late = PredictionSigner(old, 1, also=new), PredictionSigner(new, 1, also=old)

    assert early.check(sign(late), TEXT).label == late.check(sign(early), TEXT).label == "negative"
    assert PredictionSigner(new, 1).check(sign(late), TEXT)
    with pytest.raises(PredictionIdError, match="another text"):
        late.check(sign(early), "another text")
    with pytest.raises(PredictionIdError, match="was altered"):
        PredictionSigner(new, 1).check(sign(early), TEXT)
    assert late.seals("id", "random", 0.1, TEXT) == [
        PredictionSigner(key, 1).seal("id", "random", 0.1, TEXT) for key in (new, old)
    ]


def test_a_previous_key_that_is_too_short_is_named():
    with pytest.raises(ConfigError, match=r"has 5 characters, .* lengthen SENTIMENT_PREVIOUS_SIGNING_KEY"):
        PredictionSigner(KEY, ttl_days=1, also="short")


def test_two_predictions_of_one_text_have_different_ids(signer):
    assert len({sign(signer) for _ in range(100)}) == 100


def test_the_text_cannot_be_read_or_guessed_from_the_id(signer):
    payload = base64.urlsafe_b64decode(sign(signer).split(".")[0] + "==").decode()
    assert "secret" not in payload
    other = base64.urlsafe_b64decode(sign(PredictionSigner(KEY + "!", 1)).split(".")[0] + "==").decode()
    assert payload.split('"')[3] != other.split('"')[3], "the digest must depend on the key"


@pytest.mark.parametrize("text", [TEXT + " ", TEXT.upper(), "", "\ufffd"])
def test_an_id_of_another_text_is_refused(signer, text):
    with pytest.raises(PredictionIdError, match="belongs to another text: send the exact text") as caught:
        signer.check(sign(signer), text)
    assert "secret" not in str(caught.value).lower()


def test_an_id_signed_with_another_key_is_refused(signer):
    with pytest.raises(PredictionIdError, match="not issued by this service"):
        signer.check(sign(PredictionSigner(KEY + "!", ttl_days=1)), TEXT)


def test_an_id_altered_at_any_place_is_refused(signer):
    prediction_id = sign(signer)
    for place, character in enumerate(prediction_id):
        other = ALPHABET[(ALPHABET.index(character) + 1) % 64] if character in ALPHABET else "A"
        with pytest.raises(PredictionIdError):
            signer.check(prediction_id[:place] + other + prediction_id[place + 1 :], TEXT)


@pytest.mark.parametrize(
    "change",
    [
        lambda i: i + "!",
        lambda i: i + "=",
        lambda i: i + "\n",
        lambda i: i[:-3] + "*" + i[-3:],
        lambda i: i[:-1],
    ],
)
def test_the_same_signature_in_another_spelling_is_refused(signer, change):
    with pytest.raises(PredictionIdError):
        signer.check(change(sign(signer)), TEXT)


@pytest.mark.parametrize("garbage", ["", ".", "..", "a.b.c", "é" * 50, "A" * 10_000, "\ufffd", ".eJw.x.y"])
def test_garbage_is_refused(signer, garbage):
    with pytest.raises(PredictionIdError):
        signer.check(garbage, TEXT)


def test_what_an_id_states_can_be_read_without_the_key(signer):
    signed, issued = stated_in(signer.sign("hello", label="positive", score=0.8, model="m"))

    assert (signed.label, signed.score, signed.model) == ("positive", 0.8, "m")
    assert abs(datetime.now(UTC) - issued) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "garbage", ["", "p-1", "a.b.c", "WzFd.aa.bb", "é.a.b", "WzEsMiwzLDQsNV0.aaaaaaaaaaaa.b"]
)
def test_what_is_no_id_states_nothing(garbage):
    with pytest.raises(PredictionIdError):
        stated_in(garbage)


def test_an_id_expires(signer, monkeypatch):
    import itsdangerous.timed

    prediction_id = sign(signer)
    now = itsdangerous.timed.time.time()
    monkeypatch.setattr(itsdangerous.timed.time, "time", lambda: now + 86_390)
    assert signer.check(prediction_id, TEXT)
    monkeypatch.setattr(itsdangerous.timed.time, "time", lambda: now + 86_410)
    with pytest.raises(PredictionIdError, match="older than 1 days: predict the text again"):
        signer.check(prediction_id, TEXT)


@pytest.mark.parametrize("seconds", [2, 600, 3500])
def test_a_clock_that_is_behind_refuses_no_fresh_id(signer, monkeypatch, seconds):
    prediction_id, now = sign(signer), time.time()
    monkeypatch.setattr(time, "time", lambda: now - seconds)
    assert signer.check(prediction_id, TEXT).label == "negative"


def test_an_id_from_hours_ahead_is_refused_with_the_true_reason(signer, monkeypatch):
    prediction_id, now = sign(signer), time.time()
    monkeypatch.setattr(time, "time", lambda: now - 7300)
    with pytest.raises(PredictionIdError, match=r"2\.0 hours ahead of the service's clock: set the clocks"):
        signer.check(prediction_id, TEXT)


def test_a_short_key_is_refused_without_being_shown():
    with pytest.raises(ConfigError, match="has 9 characters, at least 16 are needed") as caught:
        PredictionSigner("too-short", ttl_days=1)
    assert "too-short" not in str(caught.value)


def test_the_set_key_signs(home, monkeypatch, signer):
    monkeypatch.setenv("SENTIMENT_SIGNING_KEY", KEY)
    assert make_signer(read_settings()).check(sign(signer), TEXT)
    assert not home.exists()


def test_without_a_key_all_workers_agree_on_a_random_one(home):
    with ThreadPoolExecutor(8) as pool:
        signers = list(pool.map(lambda _: make_signer(read_settings()), range(16)))
    prediction_id = sign(signers[0])
    assert all(signer.check(prediction_id, TEXT) for signer in signers)
    assert (home / "signing.key").stat().st_mode & 0o777 == 0o600


def test_two_homes_have_different_keys(home, monkeypatch, tmp_path):
    prediction_id = sign(make_signer(read_settings()))
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / "other"))
    with pytest.raises(PredictionIdError):
        make_signer(read_settings()).check(prediction_id, TEXT)


def test_a_damaged_key_file_is_an_error_and_not_a_weak_key(home):
    home.mkdir()
    (home / "signing.key").write_text("")
    with pytest.raises(ConfigError, match="0 characters"):
        make_signer(read_settings())
