"""A service under load: 1 to 256 clients, bursts, slow readers, idle connections, feedback.

Prints a Markdown table. An answer other than 200, 429 or 503 with `Retry-After`, or a lost
feedback, ends it with an error. It needs a champion: `python -m benchmarks.load --seconds 10`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.load_client import Answers, Client, held, load
from benchmarks.serving_server import Server, clean_environment, free_port, running
from sentiment.champions import store
from sentiment.command import run_command
from sentiment.config import read_settings
from sentiment.errors import SentiloopError
from sentiment.feedback.inbox import Inbox
from sentiment.review.inbox_frame import read_inbox

CLIENTS = (1, 4, 16, 64, 256)
RATE = 100  # of feedback, a second
_TEXT = "I love the new lounge, number"
_HEADER = "| load | answers/s | p50 ms | p99 ms | others |\n| --- | --- | --- | --- | --- |"


async def predict(client: Client, number: int) -> str:
    """Ask for the label of a text that nobody asked for before."""
    return (await client.post("/predict", {"text": f"{_TEXT} {number}"}))[0]


async def give_feedback(port: int, seconds: float, given: set[str]) -> Answers:
    """Give feedback at a fixed rate, each on a prediction of its own; note the acknowledged ids."""
    answers, clients = Answers(), [Client(port) for _ in range(16)]
    bodies = []
    for number in range(int(RATE * seconds)):
        text = f"{_TEXT} feedback {number}"
        status, prediction = await clients[0].post("/predict", {"text": text})
        if status == "200":
            bodies.append({"prediction_id": prediction["prediction_id"], "text": text, "correct": True})
    began = time.perf_counter()

    async def run(place: int) -> None:
        for number in range(place, len(bodies), len(clients)):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            due = max(began + number / RATE, 0)
            status, answer = await clients[place].post("/feedback", bodies[number])
            answers.statuses[status] += 1
            if status == "200":
                given.add(answer["feedback_id"])
                answers.milliseconds.append(1000 * (time.perf_counter() - due))

    await asyncio.gather(*map(run, range(len(clients))))
    answers.seconds = time.perf_counter() - began
    return answers


async def measure(server: Server, port: int, seconds: float, given: set[str]) -> list[Answers]:
    """Run all phases, print a row for each, and return their answers."""
    phases = []

    def note(name: str, answers: Answers) -> None:
        print(f"{answers.row(name)}", flush=True)
        phases.append(answers)

    await load(port, 16, seconds, predict)  # so that all that is loaded once is there
    before = server.memory_mb()
    for clients in CLIENTS:
        note(f"{clients} clients", await load(port, clients, seconds, predict))
    note("before a burst: 8 clients", await load(port, 8, seconds, predict))
    note("a burst of ten times as many", await load(port, 80, seconds, predict))
    note("after it: 8 clients", await load(port, 8, seconds, predict))
    batch = json.dumps({"texts": [f"{_TEXT} slow {n}" for n in range(256)]}).encode()
    head = f"POST /predict_batch HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(batch)}\r\n\r\n"
    async with held(port, 16, head.encode() + batch) as taken:
        note(f"16 clients beside {taken} that read nothing", await load(port, 16, seconds, predict))
    async with held(port, 1000) as taken:
        note(f"16 clients beside {taken} idle connections", await load(port, 16, seconds, predict))
    note(f"feedback, {RATE} a second", await give_feedback(port, seconds, given))
    after = server.memory_mb()
    print(
        f"\nmemory (PSS of the whole service): {before:.0f} MB before, {after:.0f} MB after, "
        f"{100 * (after - before) / before:+.1f}%"
    )
    return phases


def main() -> None:
    """Read the command line, serve the champion, load it and print the table."""
    parser = argparse.ArgumentParser("python -m benchmarks.load", description="Load a service and look.")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each phase (default: %(default)s)")
    seconds = parser.parse_args().seconds
    store.champion()  # an error of its own where there is none
    with tempfile.TemporaryDirectory(dir=read_settings().home) as folder:
        port, home, given = free_port(), Path(folder), set[str]()
        added = {"SENTIMENT_HOME": folder, "BENTOML_HOME": str(store.store_home())}
        added |= {"SENTIMENT_PORT_SERVICE": str(port), "SENTIMENT_FEEDBACK_PER_MINUTE": "0"}
        python = Path(sys.executable)
        environment = clean_environment(python, added)
        command = [str(python), "-m", "bentoml", "serve", "service:SentimentService"]
        with running(command, port, "/predict", environment=environment, log=home / "serve.log") as server:
            server.wait_until_ready({"text": _TEXT})
            print(
                f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f} before it\n\n{_HEADER}"
            )
            phases = asyncio.run(measure(server, port, seconds, given))
        held_ids = set(read_inbox(Inbox(str(home / "feedback")))["feedback_id"])
    _refuse(phases, given - held_ids)
    print(f"{len(given)} feedbacks acknowledged, all of them in the inbox")


def _refuse(phases: list[Answers], lost: set[str]) -> None:
    """Raise an error that names unwanted answers and lost feedback, if there is any."""
    unwanted = [phase.unwanted for phase in phases if phase.unwanted]
    if unwanted or lost:
        raise SentiloopError(f"answers that should not come: {unwanted}; lost feedback: {len(lost)}")


if __name__ == "__main__":
    sys.exit(run_command(main))
