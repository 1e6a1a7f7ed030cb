"""Some hours of a service's life as telemetry, as the exporter sends it: for pictures of the monitor and for tests of what it shows.

Two models follow each other; the second is slower, less sure and more often wrong, so that the alert fires at the end.
`python -m tests.monitor_story http://127.0.0.1:8600` sends the story to a monitor that runs there; then look at the tab "Monitor".
The picture `docs/images/monitor.png` is what `SENTIMENT_SCREENSHOTS=docs/images pytest tests/test_browser_monitor.py -k story` saves.
"""

from __future__ import annotations

import itertools
import json
import math
import random
import sys
import urllib.request
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

OLD, NEW = "tweet-sentiment:h4kq2mzvnc5bgxyf", "tweet-sentiment:xfqgpghhccmv2ax4"
KEY = "00000000-0000-0000-0000-000000000000"
LABELS = ("negative", "neutral", "positive")
_BATCH = 500
# text, what was predicted, what people said it is (None: only that it is wrong)
WRONG = [
    ("Great, another Monday without hot water 🙃", "positive", "negative"),
    ("not the worst landing I have seen this week", "negative", "positive"),
    ("Can’t wait to spend four more hours at gate B7. Living the dream.", "positive", "negative"),
    ("the new timetable is out", "negative", "neutral"),
    ("I could have loved this phone, if it had turned on", "positive", "negative"),
    ("Sick beat, wicked show, I am dead 💀💀", "negative", "positive"),
    ("Thanks for nothing, @user", "positive", "negative"),
    ("the keynote moved from hall 4 to hall 2", "positive", "neutral"),
    ("Well, that went exactly as badly as expected 😂", "positive", None),
    ("My bag has seen more of Europe than I have, thanks @user", "positive", "negative"),
    ("no complaints from me about the crew", "negative", "positive"),
    ("The queue was short because the museum was closed. Classic.", "neutral", "negative"),
]


@dataclass(frozen=True)
class Prediction:
    """What the service said of one text."""

    label: str = "positive"
    score: float = 0.9
    model: str = NEW
    text: str = ""


@dataclass
class Story:
    """Envelopes of a service, gathered one request at a time; the same seed tells the same story."""

    seed: int = 7
    envelopes: list[dict] = field(default_factory=list)

    def __post_init__(self):
        self.random = random.Random(self.seed)

    def predict(self, at, said, *, milliseconds=12.0, texts=1):
        """Add a request for predictions that succeeded."""
        counts = {name: str(texts if name == said.label else 0) for name in LABELS}
        properties = {"model": said.model, "texts": str(texts), **counts, "low_confidence": str(texts if said.score < 0.5 else 0)}
        properties["score_sum"] = str(said.score * texts)
        self.request(at, "POST /predict" if texts == 1 else "POST /predict_batch", properties=properties, milliseconds=milliseconds)

    def request(self, at, name, *, status=200, properties=None, milliseconds=3.0):
        """Add a request."""
        base = {
            "ver": 2,
            "id": f"{self.random.getrandbits(64):016x}",
            "name": name,
            "duration": f"0.00:00:{milliseconds / 1000:09.6f}",
            "responseCode": str(status),
            "success": status < 400,
            "url": "http://127.0.0.1:8000" + name.split()[1],
            "properties": properties or {},
            "measurements": {},
        }
        self._add(at, "Request", "RequestData", base)

    def feedback(self, at, said, *, label=None, is_good=False):
        """Add a feedback on a prediction, and the request that brought it; without a label it only says that the prediction is wrong."""
        self.request(at, "POST /feedback")
        properties = {
            "tweet_text": said.text,
            "predicted_label": said.label,
            **({"feedback_label": label} if label else {}),
            "score": str(said.score),
            "model": said.model,
            "prediction_id": f"p-{self.random.getrandbits(48):012x}",
            "feedback_id": f"f-{self.random.getrandbits(48):012x}",
            "logger_name": "sentiment.feedback",
        }
        base = {
            "ver": 2,
            "message": "Good prediction" if is_good else "Bad prediction",
            "severityLevel": 1 if is_good else 2,
            "properties": properties,
            "measurements": {},
        }
        self._add(at, "Message", "MessageData", base)

    def shadow(self, at, label, shadow_label):
        """Add what a challenger in the shadow would have answered."""
        properties = {"predicted_label": label, "shadow_label": shadow_label, "score": "0.7", "shadow_score": "0.8"}
        properties |= {"model": NEW, "shadow_model": "tweet-sentiment:c9d0", "logger_name": "sentiment.shadow"}
        base = {"ver": 2, "message": "Shadow prediction", "severityLevel": 1, "properties": properties, "measurements": {}}
        self._add(at, "Message", "MessageData", base)

    def _add(self, at, kind, base_type, base):
        trace = f"{self.random.getrandbits(128):032x}"
        tags = {"ai.cloud.role": "sentiloop.service", "ai.cloud.roleInstance": "laptop", "ai.operation.id": trace}
        self.envelopes.append(
            {
                "name": f"Microsoft.ApplicationInsights.{kind}",
                "time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "iKey": KEY,
                "tags": tags,
                "data": {"baseType": base_type, "baseData": base},
            }
        )


def tell(now, hours=6.2):
    """Return the envelopes of some hours up to `now`: a busy service, a new model after two thirds, an alert open at the end."""
    story = Story()
    start = now - timedelta(hours=hours)
    change = start + timedelta(hours=hours * 0.68)
    minutes = int(hours * 60)
    for minute in range(minutes):
        _tell_minute(story, start + timedelta(minutes=minute), change, busy=9 + 6 * math.sin(2 * math.pi * minute / minutes * 1.4 - 1))
    texts = itertools.cycle(WRONG)
    for minute in (34, 88, 89.4, 90.2, 91, 171, 214, 239):
        _wrong(story, start + timedelta(minutes=minute * hours / 5), texts, OLD if minute < 200 else NEW)
    for seconds in (205, 161, 118, 64, 23):
        _wrong(story, now - timedelta(seconds=seconds), texts, NEW)
    for minute in range(40):
        story.shadow(now - timedelta(minutes=minute), LABELS[minute % 3], LABELS[2] if minute % 8 == 0 else LABELS[minute % 3])
    return sorted(story.envelopes, key=lambda envelope: envelope["time"])


def _tell_minute(story, minute, change, busy):
    rnd, is_new = story.random, minute >= change
    for _ in range(max(0, round(rnd.gauss(busy, 2)))):
        at = minute + timedelta(seconds=rnd.uniform(0, 59))
        weights = (0.46, 0.2, 0.34) if is_new else (0.31, 0.27, 0.42)
        score = min(0.995, max(0.36, rnd.gauss(0.69 if is_new else 0.81, 0.15)))
        said = Prediction(rnd.choices(LABELS, weights)[0], score, NEW if is_new else OLD)
        texts = 8 if rnd.random() < 0.05 else 1
        story.predict(at, said, milliseconds=rnd.lognormvariate(3.5 if is_new else 2.7, 0.32), texts=texts)
        if rnd.random() < 0.035:
            story.feedback(at + timedelta(seconds=8), said, is_good=True)
        if rnd.random() < 0.012:
            status, name = rnd.choice(
                [(400, "POST /predict"), (413, "POST /predict_batch"), (404, "GET (unknown path)"), (429, "POST /predict")]
            )
            story.request(at, name, status=status, milliseconds=rnd.uniform(0.5, 3))


def _wrong(story, at, texts, model):
    text, predicted, label = next(texts)
    story.feedback(at, Prediction(predicted, round(story.random.uniform(0.41, 0.83), 3), model, text), label=label)


def send(envelopes, monitor):
    """Post envelopes to a monitor as the exporter does, some hundred at a time."""
    for start in range(0, len(envelopes), _BATCH):
        body = json.dumps(envelopes[start : start + _BATCH]).encode()
        headers = {"Content-Type": "application/json", "x-ms-client-request-id": str(uuid.uuid4())}
        request = urllib.request.Request(f"{monitor}/v2.1/track", body, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            assert answer.status == 200, answer.read()


if __name__ == "__main__":
    told = tell(datetime.now(UTC))
    send(told, sys.argv[1])
    print(f"{len(told)} envelopes sent")
