"""Tweets whose label is beyond doubt for a person; any model that may serve knows it."""

from __future__ import annotations

# By label: the service asks the one that its champion is surest of before it says it is ready.
PROBES = {
    "negative": (
        "This is terrible, I hate it",
        "Worst flight ever, awful service, never again",
        "So sad and angry, what a horrible day",
    ),
    "neutral": (
        "The flight leaves at nine from gate four",
        "The meeting is on Tuesday",
        "The report has twelve pages",
    ),
    "positive": (
        "I love this, thank you so much!",
        "Best day ever, great crew",
        "What an amazing and wonderful surprise",
    ),
}
