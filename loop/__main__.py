"""Run the loop once: production moves, people label it, and a model that learned it takes over.

Everything is done through the service's HTTP calls, the flows' commands and the review queue's
functions. Of SENTIMENT_HOME only the folder `loop` is written, and it is emptied first.
"""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING

from loop.people import PEOPLES_TWEETS, asking, correct, predict, read_tweets, review, write_corpus
from loop.ring import LoopError, Ring, set_up, wait_until
from sentiment.config import read_settings
from sentiment.errors import SentiloopError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loop.people import Tweet

PEOPLE = 25
_HELD_BACK = (3, 4)  # the exit codes of HOLD and REJECT


def main() -> int:
    """Run the loop; return 0 if every step succeeded."""
    began = time.monotonic()
    # So that a stop ends what the ring started, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = read_settings()
        with set_up(settings.home / "loop") as ring:
            go_round(ring)
    except SentiloopError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    print(
        f"\nThe ring is closed, in {time.monotonic() - began:.0f} s. The verdict: "
        f"{settings.home / 'loop' / 'verdict' / 'verdict.md'}"
    )
    return 0


def go_round(ring: Ring) -> None:
    """Run every step of the loop once, and print its result."""
    base, people = read_tweets()
    corpus = write_corpus(ring.home / "base", base)
    truth = {tweet.text: tweet.label for tweet in people}

    say("train", f"a champion, on {len(base):,} tweets, none of them to airlines")
    ring.run("flows.train", "--profile", "quick", "--families", "tfidf", "--data", str(corpus))
    ring.start("service", ["bentoml", "serve", "service:SentimentService"], f"{ring.service}/readyz")
    first = predict(ring, people[0].text)["model"]
    say("predict", f"{first} answers")

    collect_corrections(ring, people)
    say("drift", ring.run("flows.drift", "--data", str(corpus)).splitlines()[-1])
    say("collect", ring.run("flows.collect").splitlines()[-1])
    say("review", review(ring, truth))
    say("dataset", ring.run("flows.validate", "--data", str(corpus)).splitlines()[-1])

    with asking(ring, people[0].text) as asked:
        retrain_and_promote(ring, corpus)
        await_model(ring, people[0].text, "the service takes up the new champion", lambda tag: tag != first)
        say("promote", f"{predict(ring, people[0].text)['model']} answers, without a restart")
        ring.run("flows.promote", "--rollback", "--because", "the ring's last step")
        await_model(
            ring, people[0].text, "the service takes back the earlier champion", lambda tag: tag == first
        )
        say("roll back", f"{first} answers again")
    say("meanwhile", f"{asked.answered} requests answered, {asked.failed} failed")
    if asked.failed:
        raise LoopError(
            f"{asked.failed} of {asked.answered + asked.failed} requests failed "
            "while the champion changed: see the service's log"
        )


def collect_corrections(ring: Ring, people: list[Tweet]) -> None:
    """Let one user's corrections raise the alert, and others give more of them."""
    wrong = correct(ring, people[:60], most=3)
    say("correct", f"{wrong} wrong predictions corrected by one person")
    time.sleep(60 - time.time() % 60)  # the rule is evaluated at whole minutes
    fired: list[str] = []

    def fires() -> bool:
        fired.extend(line for line in ring.run("flows.watch").splitlines() if "fired since" in line)
        return bool(fired)

    wait_until(fires, "the alert fires", pause=5)
    say("alert", fired[0])
    more = sum(correct(ring, people[60 + number :: PEOPLE], sender=number + 2) for number in range(PEOPLE))
    say("correct", f"{more} more, by {PEOPLE} people, of {PEOPLES_TWEETS - 60:,} predictions")
    time.sleep(6)  # the service's telemetry leaves every few seconds


def retrain_and_promote(ring: Ring, corpus: Path) -> None:
    """Train a challenger on what people labelled, and let the gate judge it.

    Raises:
        LoopError: The gate does not promote the challenger.
    """
    ring.run("flows.retrain", "--data", str(corpus), allowed=(0, *_HELD_BACK))
    record = ring.home / "verdict" / "verdict.md"
    verdict = record.read_text("utf-8").partition("\n")[0].strip("# ")
    say("verdict", verdict)
    if not verdict.startswith("PROMOTE"):
        raise LoopError(f"the challenger was not promoted, so nothing is left to show: see {record}")


def await_model(ring: Ring, text: str, what: str, is_it: Callable[[str], bool]) -> None:
    """Wait until the service answers with a model of which a condition holds."""
    wait_until(lambda: is_it(predict(ring, text)["model"]), what)


def say(step: str, what: str) -> None:
    """Print a step and its result on one line."""
    print(f"{step:>10}  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
