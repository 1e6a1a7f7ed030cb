"""The simulated people of the loop: users who correct predictions, and two annotators.

Tweets and labels are the default corpus's own, so corrections and judgements are people's. The
users write to airlines, of which the training base knows nothing: production has moved.
"""

from __future__ import annotations

import csv
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import httpx

from loop.ring import LoopError, Ring
from sentiment.config import read_settings
from sentiment.data.sources import is_to_airline, read_source
from sentiment.masking import mask
from sentiment.review.queue import ReviewQueue

# So many test tweets that the gate rules out a loss of two points on the base where there is one of
# a point and a quarter.
BASE_TWEETS = {"train": 12_000, "validation": 1_500, "test": 8_000}
PEOPLES_TWEETS = 1_500
_LEAST_CONFIDENCE = 0.6  # of the corpus's own annotators
_LONGEST = 280


@dataclass(frozen=True)
class Tweet:
    """A tweet and its human label."""

    text: str
    label: str


def read_tweets() -> tuple[list[Tweet], list[Tweet]]:
    """Return the training base and the tweets that users send to airlines, in a random order."""
    tweets = [
        Tweet(row.text, row.label)
        for row in read_source().rows
        if row.confidence >= _LEAST_CONFIDENCE and len(row.text) <= _LONGEST
    ]
    random.Random(0).shuffle(tweets)  # noqa: S311 - no secret
    people = [tweet for tweet in tweets if is_to_airline(tweet.text)]
    base = [tweet for tweet in tweets if not is_to_airline(tweet.text)]
    return base[: sum(BASE_TWEETS.values())], people[:PEOPLES_TWEETS]


def write_corpus(folder: Path, tweets: Sequence[Tweet]) -> Path:
    """Write tweets as a folder of splits (`BASE_TWEETS`), each a CSV file with `text,label`."""
    folder.mkdir()
    rest = iter(tweets)
    for split, size in BASE_TWEETS.items():
        with (folder / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            rows = ((tweet.text, tweet.label) for tweet in islice(rest, size))
            csv.writer(file).writerows([("text", "label"), *rows])
    return folder


def predict(ring: Ring, text: str, sender: int = 1) -> dict[str, str]:
    """Return the service's prediction of a text."""
    return _post(ring, "/predict", {"text": text}, sender)


def correct(ring: Ring, tweets: Sequence[Tweet], *, most: int | None = None, sender: int = 1) -> int:
    """Predict tweets, correct up to `most` wrong predictions, and return their number."""
    wrong = 0
    for tweet in tweets:
        answer = predict(ring, tweet.text, sender)
        if answer["label"] != tweet.label:
            body = {
                "prediction_id": answer["prediction_id"],
                "text": tweet.text,
                "correct": False,
                "label": tweet.label,
            }
            _post(ring, "/feedback", body, sender)
            wrong += 1
        if wrong == most:
            break
    return wrong


def review(ring: Ring, truth: Mapping[str, str]) -> str:
    """Let two annotators judge every waiting item by the corpus's labels; return a summary."""
    labels = {mask(text): label for text, label in truth.items()}
    settings = read_settings().model_copy(update={"home": ring.home, "review_url": None})
    judged = 0
    with ReviewQueue.from_settings(settings) as queue:
        for annotator in ("ann", "bob"):
            while item := queue.next_item(annotator, now=datetime.now(UTC)):
                queue.judge(item.item_id, annotator, labels.get(item.text, "unclear"), now=datetime.now(UTC))
                judged += 1
        progress = queue.progress(None)
    return f"{judged} judgements by two annotators, {progress.settled} of {progress.items} items settled"


@dataclass
class Asked:
    """Counts of the requests that were answered, and of those that failed."""

    answered: int = 0
    failed: int = 0


@contextmanager
def asking(ring: Ring, text: str) -> Iterator[Asked]:
    """Send requests to the service in the background, and count them."""
    asked, stop = Asked(), threading.Event()

    def ask() -> None:
        while not stop.wait(0.05):
            try:
                predict(ring, text)
            except LoopError:
                asked.failed += 1
            else:
                asked.answered += 1

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield asked
    finally:
        stop.set()
        thread.join()


def _post(ring: Ring, path: str, body: Mapping[str, object], sender: int) -> dict[str, str]:
    headers = {"X-Forwarded-For": f"10.0.0.{sender}"}
    try:
        answer = ring.http.post(ring.service + path, json=body, headers=headers)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise LoopError(f"{path} failed ({error}): see the service's log") from error
    said: dict[str, str] = answer.json()
    return said
