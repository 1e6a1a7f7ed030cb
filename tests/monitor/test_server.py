"""Who may reach the monitor, and where the faults of tests stand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from monitor_fixtures import message


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
