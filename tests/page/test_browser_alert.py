"""The alert in a real browser: from an empty monitor to firing to a monitor that is gone.

Page and monitor are processes of their own.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import monitor_story
import pytest
from monitor_fixtures import MonitorProcess, bad_prediction, request
from page_server import open_monitor, page_over, take_picture
from playwright.sync_api import expect

from page.monitor_tab import REFRESH_SECONDS

NASTY = '<img src=x onerror="window.hacked = true"> <b>late</b> مرحبا 😡'
TEXTS = (NASTY, "the crew was lovely", "thanks for nothing 🙃")


def asked(page):
    """Return a list that grows with what the browser asks of the page."""
    sent = []
    page.on(
        "request",
        lambda sending: (
            sent.append(json.loads(sending.post_data)["data"]) if "queue/join" in sending.url else None
        ),
    )
    return sent


def three_bad_predictions():
    """Return envelopes of three requests and of feedback on each; one feedback is sent twice."""
    now = datetime.now(UTC)
    return [
        *(request(time=now - timedelta(seconds=90)) for _ in range(3)),
        *(
            bad_prediction(f"f-{n}", tweet_text=text, time=now - timedelta(seconds=40 - n))
            for n, text in enumerate(TEXTS)
        ),
        bad_prediction("f-0", tweet_text=NASTY, time=now - timedelta(seconds=30)),
    ]


def expect_badge_on_other_tabs(page):
    """Expect the alert's badge on another tab, and no query for the hidden one."""
    sent = asked(page)
    page.get_by_role("tab", name="Try it").click()
    page.wait_for_timeout(500)
    sent.clear()
    page.wait_for_timeout(1200 * REFRESH_SECONDS)
    expect(page.locator("#alert-line")).to_contain_text(
        "Alert: 3 bad predictions in 5 minutes", timeout=20_000
    )
    take_picture(page, "monitor-badge")
    # Nobody looks at the monitor, so nobody asks for it.
    assert [data for data in sent if len(data) == 3] == []


@pytest.fixture
def empty_monitor(tmp_path):
    with MonitorProcess(tmp_path / "monitor") as monitor:
        yield monitor


@pytest.mark.slow
def test_three_bad_predictions_show_fire_the_alert_and_stay_when_the_monitor_stops(
    visit, empty_monitor, tmp_path
):
    with page_over(empty_monitor, tmp_path / "page") as address:
        page = open_monitor(visit(address))
        expect(page.locator("#alert .calm")).to_contain_text(
            "0 bad predictions in the last 5 minutes. The alert fires at 3."
        )
        expect(page.locator("#trouble")).to_contain_text("Nothing yet")
        take_picture(page, "monitor-empty")

        monitor_story.send(three_bad_predictions(), empty_monitor.address)
        expect(page.locator("#alert .firing")).to_contain_text(
            "3 bad predictions in the last 5 minutes", timeout=20_000
        )
        expect(page.locator("#bad-predictions tbody tr")).to_have_count(3)
        expect(page.locator("#bad-predictions .tweet")).to_have_text(TEXTS[::-1])
        expect(page.locator("#trouble .card")).to_have_count(0)
        assert page.evaluate("window.hacked") is None

        expect_badge_on_other_tabs(page)
        open_monitor(page)
        expect(page.locator("#bad-predictions tbody tr")).to_have_count(3)
        empty_monitor.stop()
        expect(page.locator("#trouble [role=alert]")).to_contain_text(empty_monitor.address, timeout=30_000)
        expect(page.locator("#bad-predictions .stale")).to_contain_text("the latest attempt failed")
        expect(page.locator("#bad-predictions")).to_contain_text("the crew was lovely")
        expect(page.locator("#alert .stale")).to_contain_text("As of")
        take_picture(page, "monitor-stopped")

        empty_monitor.start(port=int(empty_monitor.address.rsplit(":", 1)[1]))
        expect(page.locator("#trouble .card")).to_have_count(0, timeout=30_000)
        expect(page.locator(".stale")).to_have_count(0)
        page.close()  # before its server goes
