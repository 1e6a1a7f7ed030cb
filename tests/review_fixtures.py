"""Reports for the tests of the review: made-up tweets, no two of which are near-duplicates."""

from datetime import UTC, datetime, timedelta

import pytest

from sentiment.intake import feedback_id_of
from sentiment.review import ReviewQueue
from sentiment.review_items import Report

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
_TWEETS = (
    "Oh great, another hour on the tarmac. Just what I needed 🙃",
    "Can't believe how kind the night crew was, thank you!",
    "They moved the keynote to the small hall",
    "This phone gets so hot I could fry eggs on it",
    "not bad for a first album, not bad at all",
    "Why does nobody answer at your desk in Lyon?",
    "Rain again. Garden is happy, I am less so",
    "Best coffee of the week, hands down ☕",
    "My parcel went to the neighbours. Twice.",
    "Exhibition opens Friday at seven, free entry",
    "the ending ruined three good seasons for me",
    "Slept through the whole film, which says it all",
)


def report(number, **changes):
    """The report with this number; each has a text of its own."""
    prediction_id = f"prediction-{number}"
    values = {
        "feedback_id": feedback_id_of(prediction_id),
        "prediction_id": prediction_id,
        "text": _TWEETS[number] if number < len(_TWEETS) else " ".join(f"word{number}x{place}" for place in range(6)),
        "predicted_label": "neutral",
        "feedback_label": "negative",
        "score": 0.6,
        "model": "tweet-sentiment:a",
        "origin": "feedback",
        "source": f"source{number}",
        "received_at": NOW + timedelta(minutes=number),
    }
    return Report(**(values | changes))


@pytest.fixture
def queue_url(tmp_path):
    return f"sqlite:///{tmp_path / 'review.db'}"


@pytest.fixture
def queue(queue_url):
    with ReviewQueue(queue_url, overlap=0) as opened:
        yield opened
