"""Telemetry of real `bentoml serve` processes: SIGTERM, kill -9, dead and slow endpoints."""

from __future__ import annotations

import json
import signal
import time

import httpx
import pytest
from crowning import crown
from recorder import Recorder
from served import family, kill, served
from telemetry_fixtures import NO_SAMPLES, QUICK, TEXT, let_time_pass, spool

from sentiment.champions import store
from sentiment.config import read_settings
from sentiment.feedback.feedback import Feedback
from sentiment.feedback.inbox import Inbox
from sentiment.review.inbox_frame import read_inbox
from sentiment.telemetry import process as telemetry


class Story:
    """What happened to three servers on one home, one after the other."""

    def __init__(self, home):
        self.home = home
        self.given, self.seconds = {}, {}

    def use(self, name, address, feedback):
        """Give feedback on new connections, so that both workers answer; note the slowest."""
        start, slowest = time.perf_counter(), 0.0
        for number in range(feedback):
            text = f"{TEXT} {name} {number}"
            prediction = httpx.post(f"{address}/predict", json={"text": text}).json()
            answer = httpx.post(
                f"{address}/feedback",
                json={"prediction_id": prediction["prediction_id"], "text": text, "correct": False},
            )
            assert answer.json()["status"] == "recorded"
            self.given.setdefault(name, []).append(answer.json()["feedback_id"])
            slowest, start = max(slowest, time.perf_counter() - start), time.perf_counter()
        self.seconds[name] = slowest

    def terminate(self, name, process):
        """SIGTERM; note how long the end took and how it ended."""
        workers = family(process)[1:]
        start = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0
        assert not [worker for worker in workers if worker.is_running()]
        self.seconds[f"{name} ended"] = time.perf_counter() - start


def _environment(connection_string, folder):
    """What the service runs with: every call that it makes is written to calls.jsonl."""
    settings = {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": connection_string,
        "PYTHONPATH": str(folder / "hook"),
        "AZURE_CLIENT_ID": "nobody",
    }
    settings |= NO_SAMPLES  # else one prediction in a hundred is a message, too
    switches = ("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED")
    return settings | dict.fromkeys(switches, "")


def _fail_and_delay(story, log, settings, port):
    """Use the service while its endpoint is down, then while it is slow, and terminate it."""
    with served(log, **settings) as (url, process):
        story.use("down", url, 4)
        with Recorder(address="127.0.0.2", port=port) as recorder:
            recorder.answer = "slow"
            story.use("slow", url, 4)
            story.terminate("slow", process)


def _send_and_kill(story, recorder, log, settings):
    """Use the service while its endpoint is well and terminate it; use it again and kill it."""
    # With the delays of production: only the end can send what is left.
    with served(log, **settings) as (url, process):
        story.use("up", url, 6)
        httpx.post(f"{url}/predict_batch", json={"texts": [TEXT]})
        story.metrics = httpx.get(f"{url}/metrics").text
        story.terminate("up", process)
    story.replayed = recorder.feedback_ids()
    story.requests = [data["name"] for data in recorder.of("RequestData")]
    story.roles = {envelope["tags"]["ai.cloud.roleInstance"] for envelope in recorder.envelopes}

    # Else a slow kill might come too late.
    with served(log, **settings, OTEL_BLRP_SCHEDULE_DELAY="60000") as (url, process):
        story.use("killed", url, 4)
        kill(process)
    story.arrived = recorder.feedback_ids()
    story.inbox = read_inbox(Inbox(read_settings().feedback_address))


@pytest.fixture(scope="module")
def endpoint_story(tmp_path_factory, served_model):
    """A dead endpoint, then a slow one, and SIGTERM; then a good one, and SIGTERM; then kill -9."""
    folder = tmp_path_factory.mktemp("faults")
    (folder / "hook").mkdir()
    (folder / "hook" / "sitecustomize.py").write_text(_AUDIT.format(folder=str(folder)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(folder / "home"))
        patch.delenv("BENTOML_HOME", raising=False)
        crown(store.save(served_model, metadata={}))
        endpoint_story = Story(folder / "home")
        with Recorder(address="127.0.0.2") as recorder:
            address, port = recorder.connection_string, recorder.port
        settings = _environment(address, folder)
        log = folder / "serve.log"

        _fail_and_delay(endpoint_story, log, settings | QUICK, port)
        endpoint_story.spooled = waiting_feedback(endpoint_story.home)
        let_time_pass(endpoint_story.home)

        with Recorder(address="127.0.0.2", port=port) as recorder:
            _send_and_kill(endpoint_story, recorder, log, settings)
            patch.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", address)
            endpoint_story.reconciled = _reconcile(endpoint_story, recorder)
        endpoint_story.calls = [
            json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()
        ]
        endpoint_story.log = log.read_text()
        endpoint_story.port = port
        yield endpoint_story


_AUDIT = """
import json, os, sys

def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        target = arguments[1] if event in ("socket.connect", "socket.sendto") else list(arguments[:2])
        place = repr(target) if isinstance(target, (str, bytes)) else list(target)
        call = [event, place, "azure.monitor.opentelemetry.exporter" in sys.modules]
        with open("{folder}/calls.jsonl", "a") as file:
            file.write(json.dumps(call, default=repr) + "\\n")

sys.addaudithook(note)
"""


def waiting_feedback(home):
    """The feedback ids in the spool, among records of every kind."""
    records = [
        json.loads(line)["data"] for path in spool(home) for line in path.read_text("utf-8").splitlines()
    ]
    return [
        record["baseData"]["properties"]["feedback_id"]
        for record in records
        if record["baseType"] == "MessageData"
    ]


def _reconcile(endpoint_story, recorder):
    """Send missing feedback from the inbox, as another process would; return what has arrived."""
    missing = endpoint_story.inbox[~endpoint_story.inbox["feedback_id"].isin(recorder.feedback_ids())]
    running = telemetry.start(read_settings(), role="reconcile")
    rows = missing.astype(object).where(missing.notna(), None).to_dict("records")
    running.resend(Feedback(**{**row, "received_at": row["received_at"].isoformat()}) for row in rows)
    running.stop()
    return recorder.feedback_ids()


@pytest.mark.slow
def test_a_dead_and_a_slow_endpoint_delay_neither_answers_nor_the_end_and_lose_nothing(endpoint_story):
    assert sorted(endpoint_story.spooled) == sorted(
        endpoint_story.given["down"] + endpoint_story.given["slow"]
    )
    assert max(endpoint_story.seconds["down"], endpoint_story.seconds["slow"]) < 2
    assert endpoint_story.seconds["slow ended"] < 15


def test_what_waited_is_sent_by_the_next_server_and_sigterm_loses_nothing(endpoint_story):
    assert sorted(endpoint_story.replayed) == sorted(
        endpoint_story.given["down"] + endpoint_story.given["slow"] + endpoint_story.given["up"]
    )
    assert (
        endpoint_story.requests.count("POST /feedback")
        == endpoint_story.requests.count("POST /predict")
        == 4 + 4 + 6
    )


def test_each_worker_has_a_name_of_its_own(endpoint_story):
    assert len(endpoint_story.roles) >= 2


def test_metrics_of_both_workers_are_one_in_prometheus(endpoint_story):
    counts = {}
    for line in endpoint_story.metrics.splitlines():
        if line.startswith("sentiment_requests_total{"):
            name, _, value = line.rpartition(" ")
            counts[name] = float(value)
    assert counts == {
        'sentiment_requests_total{route="/predict",status="200"}': 6,
        'sentiment_requests_total{route="/predict_batch",status="200"}': 1,
        'sentiment_requests_total{route="/feedback",status="200"}': 6,
    }
    for name in (
        "request_seconds_bucket",
        "predictions_total",
        "score_bucket",
        "low_confidence_total",
        "batch_size_count",
    ):
        assert f"sentiment_{name}" in endpoint_story.metrics, name


def test_kill_9_loses_nothing_that_the_inbox_cannot_give_back(endpoint_story):
    given = sorted(identifier for some in endpoint_story.given.values() for identifier in some)
    assert sorted(endpoint_story.inbox["feedback_id"]) == given
    assert set(endpoint_story.arrived) < set(given), (
        "a kill right after the answers should have lost some telemetry"
    )
    assert sorted(set(endpoint_story.reconciled)) == given


def test_a_server_calls_no_host_but_the_endpoint(endpoint_story):
    """Even where the environment blanks the exporters' switches and names an unknown identity."""
    calls = {
        (event, str(target[0]), target[1])
        for event, target, _ in endpoint_story.calls
        if isinstance(target, list)
    }
    assert ("socket.connect", "127.0.0.2", endpoint_story.port) in calls
    hosts = {host for _, host, _ in calls}
    assert hosts <= {"127.0.0.1", "127.0.0.2", "localhost"}, calls
    from_workers = {
        (str(target[0]), target[1])
        for event, target, is_worker in endpoint_story.calls
        if is_worker and isinstance(target, list)
    }
    assert from_workers == {("127.0.0.2", endpoint_story.port)}


def test_the_servers_logs_show_no_text_and_no_traceback(endpoint_story):
    assert TEXT not in endpoint_story.log
    assert "Traceback" not in endpoint_story.log
