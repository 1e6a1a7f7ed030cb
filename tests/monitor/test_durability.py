"""What the monitor has acknowledged survives a stop and a kill -9 in the middle of a write."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import httpx
import pytest
from monitor_fixtures import ROOT, Client, MonitorProcess, bad_prediction, message, rows_of_feedback
from waiting import wait_for

from monitor.database import Database, MonitorError
from monitor.writer import Writer

FILE = "monitor/telemetry.duckdb"


class Poster(threading.Thread):
    """Posts envelopes until the monitor is gone; remembers which were acknowledged."""

    def __init__(self, address, name, size):
        super().__init__()
        self.address, self.prefix, self.size = address, name, size
        self.sent, self.acknowledged = [], []

    def run(self):
        client = Client(self.address)
        number = 0
        while True:
            ids = [f"{self.prefix}-{number}-{item}" for item in range(self.size)]
            self.sent += ids
            try:
                if client.track(*(bad_prediction(one) for one in ids)).status_code != 200:
                    return
            except httpx.TransportError:
                return
            self.acknowledged += ids
            number += 1


@pytest.mark.slow
def test_a_kill_in_the_middle_of_writing_loses_nothing_that_was_acknowledged(tmp_path):
    acknowledged, sent = [], []

    for round_number in range(3):
        monitor = MonitorProcess(tmp_path, "--no-alerts").start()
        posters = [
            Poster(monitor.address, f"{round_number}-{number}", size)
            for number, size in enumerate((1, 1, 1, 50, 400))
        ]
        for poster in posters:
            poster.start()
        wait_for(
            lambda posters=posters: all(len(poster.acknowledged) >= 2 * poster.size for poster in posters)
        )
        assert monitor.stop(signal.SIGKILL) == -signal.SIGKILL
        for poster in posters:
            poster.join()
            acknowledged += poster.acknowledged
            sent += poster.sent

    with MonitorProcess(tmp_path, "--no-alerts") as monitor:
        rows = monitor.rows("AppTraces | summarize times = count() by id = tostring(Properties.feedback_id)")
    kept = dict(rows)
    assert len(acknowledged) > 1000
    assert set(acknowledged) <= set(kept)
    assert set(kept) <= set(sent)
    assert set(kept.values()) == {1}


def test_a_log_that_ends_in_the_middle_of_an_entry_gives_what_was_whole(tmp_path):
    with MonitorProcess(tmp_path, "--no-alerts") as monitor:
        monitor.track(message("first"))
        monitor.track(message("second"))
        monitor.stop(signal.SIGKILL)
    log = tmp_path / f"{FILE}.wal"
    log.write_bytes(log.read_bytes() + b"\x07" * 100)

    with MonitorProcess(tmp_path, "--no-alerts") as monitor:
        assert monitor.rows("AppTraces | project Message | order by Message asc") == [["first"], ["second"]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_clean_and_the_next_start_has_everything(tmp_path, number):
    monitor = MonitorProcess(tmp_path).start()
    monitor.track(message("kept"))

    assert monitor.stop(number) == 0
    assert not (tmp_path / f"{FILE}.wal").exists()
    with MonitorProcess(tmp_path, "--no-alerts") as monitor:
        assert monitor.rows("AppTraces | project Message") == [["kept"]]


def test_posts_that_arrive_during_a_stop_are_kept_if_they_are_acknowledged(tmp_path):
    monitor = MonitorProcess(tmp_path, "--no-alerts").start()
    poster = Poster(monitor.address, "a", 20)
    poster.start()
    wait_for(lambda: len(poster.acknowledged) > 100)

    assert monitor.stop(signal.SIGTERM) == 0

    poster.join()
    with MonitorProcess(tmp_path, "--no-alerts") as monitor:
        kept = {row[0] for row in monitor.rows("AppTraces | project tostring(Properties.feedback_id)")}
    assert set(poster.acknowledged) <= kept


def run_monitor(home, *options):
    command = [sys.executable, "-m", "monitor", "--port", "0", "--home", str(home), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_two_monitors_on_one_file_are_refused_with_a_remedy(tmp_path):
    with MonitorProcess(tmp_path, "--no-alerts") as first:
        second = run_monitor(tmp_path)

        assert second.returncode == 1
        assert re.search(
            rf"error: process {first.process.pid} has the telemetry in \S+ open: stop that "
            rf"monitor, or set SENTIMENT_HOME",
            second.stderr,
        )
        assert "Traceback" not in second.stderr
        assert first.rows("print 1") == [[1]]


@pytest.mark.parametrize("content", [b"no database at all" * 1000, b"", b"\x00" * 20_000])
def test_a_damaged_file_is_named_and_left_alone(tmp_path, content):
    file = tmp_path / FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(content)

    refused = run_monitor(tmp_path)

    assert refused.returncode == 1
    assert re.search(
        r"error: the telemetry in \S+ cannot be read \(.*\): nothing was deleted; move "
        r"telemetry.duckdb and telemetry",
        refused.stderr,
    )
    assert file.read_bytes() == content


def test_a_log_that_is_damaged_in_the_middle_is_named_and_left_alone(tmp_path):
    with MonitorProcess(tmp_path, "--no-alerts") as monitor:
        for number in range(5):
            monitor.track(message(f"{number}"))
        monitor.stop(signal.SIGKILL)
    log = tmp_path / f"{FILE}.wal"
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 0xFF
    log.write_bytes(content)

    with pytest.raises(MonitorError, match="cannot be read"):
        Database(tmp_path / FILE)

    assert log.read_bytes() == content


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "monitor").write_text("a file in the way")

    with pytest.raises(MonitorError, match=r"monitor cannot be written .*: set SENTIMENT_HOME"):
        Database(tmp_path / FILE)


def test_a_port_in_use_is_named(tmp_path):
    with MonitorProcess(tmp_path / "one", "--no-alerts") as monitor:
        port = monitor.address.rsplit(":", 1)[1]
        refused = run_monitor(tmp_path / "two", "--port", port)

    assert refused.returncode == 1
    assert f"error: cannot listen on 127.0.0.1:{port}" in refused.stderr
    assert "SENTIMENT_PORT_MONITOR" in refused.stderr


def test_an_address_beyond_this_machine_is_warned_of(tmp_path):
    command = [
        sys.executable,
        "-m",
        "monitor",
        "--port",
        "0",
        "--home",
        str(tmp_path),
        "--host",
        "0.0.0.0",
        "--no-alerts",
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        lines = [process.stdout.readline() for _ in range(3)]
        client = Client(re.search(r"http://\S+", lines[1])[0])
        wait_for(lambda: _answers(client))

        assert "without any authentication" in lines[0]
        assert "APPLICATIONINSIGHTS_CONNECTION_STRING='InstrumentationKey=" in lines[2]
        assert client.http.get("/healthz", headers={"Host": "monitor.example"}).json() == {"status": "ok"}
        client.http.close()
    finally:
        process.terminate()
        assert process.wait(20) == 0


def _answers(client):
    try:
        return client.http.get("/healthz").is_success
    except httpx.TransportError:
        return False


def test_one_order_that_fails_does_not_spoil_those_that_wait_with_it(tmp_path):
    database = Database(tmp_path / FILE)
    writer = Writer(database, {}).start()
    gate = threading.Event()
    writer.call(lambda _: gate.wait(10))
    good, bad = rows_of_feedback(2, datetime.now(UTC)), rows_of_feedback(1, datetime.now(UTC))
    bad[0].values["ItemCount"] = 2**40

    first, second, third = writer.submit(good), writer.submit(bad), writer.submit(good)
    gate.set()

    assert first.result(5) is None
    assert third.result(5) is None
    with pytest.raises(Exception, match="too large"):
        second.result(5)
    assert database.cursor().execute('SELECT count(*) FROM "AppTraces"').fetchone() == (4,)
    writer.close()
    assert isinstance(writer.submit(good).exception(1), RuntimeError)
    database.close()


def test_many_small_posts_share_their_commits(tmp_path):
    database = Database(tmp_path / FILE)
    writer = Writer(database, {}).start()
    gate = threading.Event()
    writer.call(lambda _: gate.wait(10))
    one = rows_of_feedback(1, datetime.now(UTC))
    before = _transactions(database)

    futures = [writer.submit(one) for _ in range(3000)]
    gate.set()
    for future in futures:
        future.result(60)

    assert _transactions(database) - before < 10
    assert database.cursor().execute('SELECT count(*) FROM "AppTraces"').fetchone() == (3000,)
    writer.close()
    database.close()


def _transactions(database):
    return database.cursor().execute("SELECT txid_current()").fetchone()[0]
