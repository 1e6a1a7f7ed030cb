"""Who may reach the monitor, and where the faults of tests stand."""

from __future__ import annotations

import logging
import socket
import time
from datetime import timedelta

import pytest
from monitor_fixtures import MonitorProcess, message


def test_the_faults_of_tests_are_before_the_monitor_and_not_in_it(monitor):
    monitor.set_faults(track={"status": 429, "times": 2, "retry_after": 3}, query={"status": 503})

    answers = [monitor.track(message(str(number))) for number in range(3)]

    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "3"
    assert monitor.query("AppTraces").status_code == 503
    assert monitor.track(message("4")).status_code == 200
    monitor.set_faults(track={"delay": 0.3}, query={"status": 206})
    assert monitor.track(message("5")).elapsed > timedelta(seconds=0.3)
    cut_off = monitor.query("AppTraces").json()
    assert (len(cut_off["tables"][0]["rows"]), cut_off["error"]["code"]) == (1, "PartialError")
    assert monitor.rows("AppTraces | project Message | order by Message asc") == [["2"], ["4"], ["5"]]
    assert monitor.http.put("/faults", json={}).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "[x"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    ],
)
def test_pages_of_other_sites_cannot_reach_it(idle_monitor, headers):
    assert idle_monitor.http.get("/healthz", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Host": "localhost:8600"}, {"Host": "[::1]:8600"}, {"Origin": "http://127.0.0.1:7860"}]
)
def test_this_machine_can_reach_it_by_every_name(idle_monitor, headers):
    assert idle_monitor.http.get("/healthz", headers=headers).json() == {"status": "ok"}


def test_headers_without_an_end_are_a_431(tmp_path):
    with MonitorProcess(tmp_path) as monitor:
        answer = monitor.http.get("/healthz", headers={"A": "x" * 70_000})
        assert (answer.status_code, monitor.http.get("/healthz").status_code) == (431, 200)


@pytest.mark.parametrize("path", ["/v1/workspaces/0/query", "/v1/$batch", "/v2.1/track"])
def test_a_client_that_hangs_up_in_the_middle_of_its_body_leaves_no_traceback(idle_monitor, caplog, path):
    port = int(idle_monitor.address.rpartition(":")[2])
    with caplog.at_level(logging.INFO), socket.create_connection(("127.0.0.1", port)) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(head.encode() + b"{")
        time.sleep(0.2)
    time.sleep(0.5)
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
    assert idle_monitor.http.get("/healthz").status_code == 200
