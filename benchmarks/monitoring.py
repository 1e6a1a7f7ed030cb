"""Speed of the monitor as a process pinned to one core: `python -m benchmarks.monitoring`.

- ingest: envelopes of feedback as the exporter makes them, in its batches and one per post, until
  each post is answered, so on the disk.
- query: over HTTP, over a million rows of AppTraces that are feedback, half of it bad, each with
  its own text and id.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from monitor.database import Database
from sentiment import queries
from sentiment.config import LOCAL_WORKSPACE
from sentiment.loopback import ADDRESS

_HEADERS = {"Content-Type": "application/json"}
_QUERIES = {
    "bad_predictions.kql, newest 1000": queries.read("bad_predictions") + "\n| take 1000",
    "bad predictions: mean score by model": (
        'AppTraces | where Message == "Bad prediction" '
        "| summarize avg(todouble(Properties.score)) by model = tostring(Properties.model)"
    ),
    "count by minute": "AppTraces | summarize count() by bin(TimeGenerated, 1m)",
    "every feedback once": (
        "AppTraces | summarize arg_min(TimeGenerated, *) by feedback_id = tostring(Properties.feedback_id) "
        "| count"
    ),
    "alert.kql": queries.read("alert") + "\n| count",
    "feedback_rate.kql": queries.read("feedback_rate"),
    "models.kql": queries.read("models"),
}
FILL = """
INSERT INTO "AppTraces" BY NAME
SELECT now()::TIMESTAMP - to_milliseconds(({rows} - i) * 1000) AS "TimeGenerated",
    if(i % 2 = 0, 'Bad prediction', 'Good prediction') AS "Message",
    if(i % 2 = 0, 2, 1) AS "SeverityLevel", 1 AS "ItemCount",
    md5('op' || i) AS "OperationId", uuid()::VARCHAR AS "_ItemId", 'sentiloop.service' AS "AppRoleName",
    json_object('tweet_text',
        'the flight ' || md5(i::VARCHAR) || ' was late and nobody told us why, thank you [user] ' || i,
        'predicted_label', ['negative', 'neutral', 'positive'][1 + i % 3],
        'feedback_label', ['negative', 'neutral', 'positive'][1 + i // 3 % 3],
        'score', format('{{:.4f}}', 0.34 + 0.66 * random()),
        'model', 'tweet-sentiment:h4kq2mzvnc5bgxy' || (i % 3),
        'prediction_id', md5('a' || i) || md5('b' || i) || md5('c' || i) || md5('d' || i),
        'feedback_id', uuid()::VARCHAR,
        'logger_name', 'sentiment.feedback') AS "Properties"
FROM range({rows}) numbers(i)
"""


def envelope(number: int) -> dict[str, object]:
    """Return a feedback as the exporter sends it, about 1.2 kB."""
    properties = {
        "tweet_text": f"the flight {number} was late and nobody told us why, thank you [user] for nothing",
        "predicted_label": "positive",
        "feedback_label": "negative",
        "score": "0.9312",
        "model": "tweet-sentiment:h4kq2mzvnc5bgxyf",
        "prediction_id": "a" * 128,
        "feedback_id": f"{number:032x}",
        "logger_name": "sentiment.feedback",
    }
    tags = {
        "ai.cloud.role": "sentiloop.service",
        "ai.cloud.roleInstance": "host:4711",
        "ai.application.ver": "0.1.0",
        "ai.device.id": "host",
        "ai.device.osVersion": "6.1",
        "ai.device.type": "Other",
        "ai.internal.sdkVersion": "py3.11:otel1.45.1:ext1.0.0b58",
        "ai.operation.id": f"{number:032x}",
        "ai.operation.parentId": f"{number:016x}",
    }
    base = {
        "ver": 2,
        "message": "Bad prediction",
        "severityLevel": 2,
        "properties": properties,
        "measurements": {},
    }
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    name = "Microsoft.ApplicationInsights.Message"
    return {
        "ver": 1,
        "name": name,
        "time": now,
        "iKey": LOCAL_WORKSPACE,
        "tags": tags,
        "data": {"baseType": "MessageData", "baseData": base},
    }


@contextmanager
def monitor_process(home: Path, core: int | None) -> Iterator[int]:
    """Run a monitor, pinned to a core unless that is None, and yield its port."""
    wanted = str(core) if core is not None else f"0-{(os.cpu_count() or 1) - 1}"
    command = [
        "taskset",
        "--cpu-list",
        wanted,
        sys.executable,
        "-m",
        "monitor",
        "--port",
        "0",
        "--home",
        str(home),
        "--no-alerts",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
    try:
        lines = iter(process.stdout or ())
        match = next(
            (match for line in lines if (match := re.search(r"listens on http://127\.0\.0\.1:(\d+)", line))),
            None,
        )
        if match is None:
            raise SystemExit("error: the monitor did not start, as told above")
        yield int(match[1])
    finally:
        process.terminate()
        process.wait(30)


def post_all(port: int, bodies: list[bytes], callers: int) -> float:
    """Post all bodies over a few persistent connections, and return the seconds it took."""
    queue = iter(bodies)
    lock = threading.Lock()

    def run() -> None:
        connection = http.client.HTTPConnection(ADDRESS, port)
        while True:
            with lock:
                body = next(queue, None)
            if body is None:
                return
            connection.request("POST", "//v2.1/track", body, _HEADERS)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:  # noqa: PLR2004
                raise SystemExit(f"error: a post was answered {answer.status}")

    threads = [threading.Thread(target=run) for _ in range(callers)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def ask(port: int, query: str) -> float:
    """Return the seconds until a query's answer is complete."""
    started = time.perf_counter()
    connection = http.client.HTTPConnection(ADDRESS, port)
    connection.request(
        "POST", f"/v1/workspaces/{LOCAL_WORKSPACE}/query", json.dumps({"query": query}), _HEADERS
    )
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:  # noqa: PLR2004
        raise SystemExit(f"error: a query was answered {answer.status}: {content.decode()[:500]}")
    return time.perf_counter() - started


def measure_ingest(port: int, rounds: int) -> None:
    """Print a row per way of posting: the median rate."""
    print("| ingest, one core | envelopes per second |\n| --- | --- |")
    for title, size, posts, callers in (
        ("batches of 500", 500, 20, 2),
        ("batches of 20", 20, 250, 4),
        ("one per post", 1, 3000, 16),
    ):
        rates = []
        for number in range(rounds):
            first = number * size * posts
            bodies = [
                json.dumps([envelope(first + post * size + item) for item in range(size)]).encode()
                for post in range(posts)
            ]
            rates.append(size * posts / post_all(port, bodies, callers))
        print(f"| {title}, {callers} connections | {statistics.median(rates):,.0f} |", flush=True)


def measure_queries(port: int, rounds: int, title: str) -> None:
    """Print a row per query: the median and the slowest of its rounds."""
    print(f"\n| query, {title} | median | slowest |\n| --- | --- | --- |")
    for name, query in _QUERIES.items():
        ask(port, query)
        seconds = [ask(port, query) for _ in range(rounds)]
        print(f"| {name} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s |", flush=True)


def in_home(prepare: Callable[[Path], None], measure: Callable[[int], None], core: int | None) -> None:
    """Measure a monitor in a home of its own."""
    with tempfile.TemporaryDirectory(prefix="sentiloop-bench-") as folder:
        prepare(Path(folder))
        with monitor_process(Path(folder), core) as port:
            time.sleep(2)  # let it warm up
            measure(port)


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser("python -m benchmarks.monitoring", description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="rows of AppTraces to query (default: %(default)s)"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="rounds of each measurement (default: %(default)s)"
    )
    chosen = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[1:] or cores)  # the callers keep off the monitor's core

    def fill(home: Path) -> None:
        database = Database(home / "monitor" / "telemetry.duckdb")
        database.cursor().execute(FILL.format(rows=chosen.rows))
        database.close()

    in_home(lambda _: None, partial(measure_ingest, rounds=chosen.rounds), cores[0])
    for core, title in ((cores[0], "one core"), (None, f"{len(cores)} cores")):
        in_home(
            fill, partial(measure_queries, rounds=chosen.rounds, title=f"{chosen.rows:,} rows, {title}"), core
        )


if __name__ == "__main__":
    main()
