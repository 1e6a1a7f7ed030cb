"""Take every step of the ring once: from a weak champion, over people's corrections, to a better one and back.

Everything is done through the service's HTTP calls, the flows' commands and the review queue's
functions. Nothing of SENTIMENT_HOME is touched but its folder `loop`, which is made anew.
"""

from __future__ import annotations

import signal
import sys
import time

from loop.people import PEOPLES_TWEETS, asking, correct, predict, read_tweets, review, write_corpus
from loop.ring import LoopError, Ring, set_up, wait_until
from sentiment.config import read_settings
from sentiment.errors import SentiloopError

PEOPLE = 25
_HELD_BACK = (3, 4)  # the exit codes of HOLD and REJECT


def main() -> int:
    """Run the ring; return 0 if every step did what it is there for."""
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
        f"\nThe ring is closed, in {time.monotonic() - began:.0f} s. The verdict: {settings.home / 'loop' / 'verdict' / 'verdict.md'}"
    )
    return 0


def go_round(ring: Ring) -> None:
    """Take every step of the ring once, and say what came of it."""
    base, people = read_tweets()
    corpus = write_corpus(ring.home / "base.csv", base)
    truth = {tweet.text: tweet.label for tweet in people}

    say("train", f"a weak champion, on 400 of {len(base):,} tweets")
    ring.run("flows.train", "--profile", "smoke", "--families", "tfidf", "--data", str(corpus))
    port = ring.environment["SENTIMENT_PORT_SERVICE"]
    serve = ["bentoml", "serve", "service:SentimentService", "--host", "127.0.0.1", "--port", port]
    ring.start("service", serve, f"{ring.service}/readyz")

    first = predict(ring, people[0].text)["model"]
    say("predict", f"{first} answers")
    wrong = correct(ring, people[:60], most=3)
    say("correct", f"{wrong} wrong predictions corrected by one person")
    wait_until(lambda: "fired since" in ring.run("flows.watch"), "the alert fires", pause=5)
    say("alert", ring.run("flows.watch").splitlines()[-1])
    more = sum(correct(ring, people[60 + number :: PEOPLE], sender=number + 2) for number in range(PEOPLE))
    say("correct", f"{more} more, by {PEOPLE} people, of {PEOPLES_TWEETS - 60:,} predictions")
    time.sleep(6)  # the service's telemetry leaves every few seconds

    say("collect", ring.run("flows.collect").splitlines()[-1])
    say("review", review(ring, truth))
    say("dataset", ring.run("flows.validate", "--data", str(corpus)).splitlines()[-1])
    with asking(ring, people[0].text) as asked:
        ring.run("flows.retrain", "--profile", "smoke", "--data", str(corpus), allowed=(0, *_HELD_BACK))
        record = ring.home / "verdict" / "verdict.md"
        verdict = record.read_text("utf-8").partition("\n")[0].strip("# ")
        say("verdict", verdict)
        # Models of a few hundred tweets differ in more than the tweets that they get right.
        if verdict.startswith("HOLD"):
            ring.run(
                "flows.promote",
                "--data",
                str(corpus),
                "--approved-by",
                "ann",
                "--because",
                "looked at it: better where it counts",
            )
            say("approve", "ann promotes it all the same; her name and her reason are in the record")
        elif not verdict.startswith("PROMOTE"):
            raise LoopError(f"the challenger was not promoted, so nothing is left to show: see {record}")
        wait_until(
            lambda: predict(ring, people[0].text)["model"] != first, "the service takes up the new champion"
        )
        say("promote", f"{predict(ring, people[0].text)['model']} answers, without a restart")
        ring.run("flows.promote", "--rollback", "--because", "the ring's last step")
        wait_until(
            lambda: predict(ring, people[0].text)["model"] == first,
            "the service takes back the earlier champion",
        )
        say("roll back", f"{first} answers again")
    say("meanwhile", f"{asked.answered} requests answered, {asked.failed} failed")
    if asked.failed:
        raise LoopError(
            f"{asked.failed} of {asked.answered + asked.failed} requests failed while the champion changed: see the service's log"
        )


def say(step: str, what: str) -> None:
    """Tell a step and what came of it, on one line."""
    print(f"{step:>10}  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
