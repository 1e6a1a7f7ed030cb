"""The tab "Monitor" in a real browser, over a monitor with some hours of a service's telemetry."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import monitor_story
import pytest
from monitor_fixtures import MonitorProcess
from page_server import open_monitor, page_over, sharp, take_picture
from playwright.sync_api import expect

CHARTS = ("requests-per-minute", "latency", "label-mix", "confidence", "alert-history")

# Every text that can be seen in the tab: its size in pixels, and its contrast with what is painted
# behind it.
MEASURE = """() => {
    const dye = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const paint = (colours) => {
        dye.clearRect(0, 0, 1, 1);
        for (const colour of colours) { dye.fillStyle = colour; dye.fillRect(0, 0, 1, 1); }
        return [...dye.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = (rgb) => {
        const linear = (part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        const [r, g, b] = rgb.map((part) => linear(part / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const walker = document.createTreeWalker(document.querySelector('#monitor'), NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement, style = getComputedStyle(element);
        const text = walker.currentNode.data.trim();
        if (!text || !element.getClientRects().length || style.visibility === 'hidden') continue;
        const layers = [];
        for (let parent = element; parent; parent = parent.parentElement) {
            layers.unshift(getComputedStyle(parent).backgroundColor);
        }
        const [front, back] = [light(paint([...layers, style.color])), light(paint(layers))];
        const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
        found.push({text: text.slice(0, 40), size: parseFloat(style.fontSize), contrast});
    }
    return found;
}"""


def choose_range(page, name):
    page.locator("#range label", has_text=name).click()
    expect(page.locator("#range label.selected")).to_have_text(name)


class Ready(BaseHTTPRequestHandler):
    """A service that answers only that it is ready."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def service():
    """The address of a service that is ready."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Ready) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def told_page(tmp_path_factory, service):
    """The address of a page over a monitor that was told some hours of a service."""
    folder = tmp_path_factory.mktemp("story")
    with (
        MonitorProcess(folder / "monitor") as monitor,
        page_over(monitor, folder / "page", service) as address,
    ):
        monitor_story.send(monitor_story.tell(datetime.now(UTC)), monitor.address)
        yield address


def visit_story(visit, told_page, range_="6 hours", **options):
    page = open_monitor(visit(told_page, timezone_id="Europe/Paris", **options))
    choose_range(page, range_)
    expect(page.locator("#label-mix h3")).to_contain_text("5 minutes", timeout=20_000)
    for chart in CHARTS:
        expect(page.locator(f"#{chart} svg[role=img]")).to_be_visible(timeout=20_000)
    return page


def test_the_story_of_some_hours_is_told_in_figures_charts_and_tables(visit, told_page):
    page = visit_story(visit, told_page)

    expect(page.locator("#alert .firing")).to_contain_text("5 bad predictions in the last 5 minutes")
    expect(page.locator("#figures strong")).to_have_count(4)
    expect(page.locator("#bad-predictions .tweet").first).to_have_text(
        "Great, another Monday without hot water 🙃"
    )
    expect(page.locator("#bad-predictions h3")).to_contain_text("times in Europe/Paris")
    expect(page.locator("#alert-history tbody tr")).to_have_count(2)
    expect(page.locator("#feedback-rate tbody tr")).to_have_count(2)
    expect(page.locator("#errors")).to_contain_text("POST /predict_batch")
    take_picture(page, "monitor")


def test_values_show_under_the_pointer(visit, told_page):
    page = visit_story(visit, told_page)
    step = page.locator("#latency .steps.right i").nth(9)

    step.hover()

    words = step.evaluate("step => getComputedStyle(step, '::after').content")
    assert "p50" in words
    assert "ms" in words


def test_the_model_filter_narrows_charts_and_bad_predictions_and_is_remembered(visit, told_page):
    page = visit_story(visit, told_page)
    page.locator("#model input").click()
    page.get_by_role("option", name=monitor_story.OLD).click()

    expect(page.locator("#bad-predictions .model code").first).to_have_text(monitor_story.OLD)
    expect(page.locator("#bad-predictions")).not_to_contain_text(monitor_story.NEW)
    expect(page.locator("#errors h3")).to_contain_text("all models")

    # Gradio would complain of an answer that it still reads: leave the page just after one.
    page.wait_for_event("requestfinished", lambda request: "/queue/data" in request.url)
    page.reload()
    expect(page.locator("#status .status")).to_be_visible()
    open_monitor(page)
    expect(page.locator("#model input")).to_have_value(monitor_story.OLD)
    expect(page.locator("#range label.selected")).to_have_text("6 hours")
    expect(page.locator("#bad-predictions")).not_to_contain_text(monitor_story.NEW)
    expect(page.locator("#bad-predictions .model code").first).to_have_text(monitor_story.OLD)


def test_the_range_filter_changes_what_is_counted_and_drawn(visit, told_page):
    page = visit_story(visit, told_page)
    everything = page.locator("#figures strong").first.inner_text()

    choose_range(page, "15 minutes")

    expect(page.locator("#figures strong").first).not_to_have_text(everything)
    expect(page.locator("#label-mix h3")).to_contain_text("texts per 15 seconds")
    expect(page.locator("#bad-predictions tbody tr")).to_have_count(5)


def test_a_refresh_leaves_alone_what_did_not_change(visit, told_page):
    page = visit_story(visit, told_page)
    updated = page.locator("#fresh").inner_text()
    page.locator("#bad-predictions .rows").evaluate("rows => { rows.scrollTop = 60; window.table = rows; }")
    page.locator("#model input").click()

    expect(page.locator("#fresh")).not_to_have_text(updated)

    assert page.evaluate("window.table.isConnected && window.table.scrollTop") == 60
    expect(page.get_by_role("option")).to_have_count(3)


def test_the_filters_can_be_used_by_keyboard(visit, told_page):
    page = visit_story(visit, told_page)
    page.locator("#range input").nth(1).focus()
    page.keyboard.press("Space")

    expect(page.locator("#range label.selected")).to_have_text("1 hour")
    page.locator("#bad-predictions .rows").focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_french_reader_sees_french_numbers_and_words(visit, told_page):
    page = visit_story(visit, told_page, "6 heures", locale="fr-FR")

    shown = page.locator("#monitor").inner_text()
    for french in (
        "Alerte depuis",
        "Requêtes par minute",
        "Étiquettes prédites",
        "toujours ouverte",
        "Tous les modèles",
        "Mis à jour à",
    ):
        assert french in shown or french == "Tous les modèles"
    for english in ("Loading", "Requests", "Updated", "since", "Wrong", "not given"):
        assert english not in shown
    expect(page.locator("#model input")).to_have_value("Tous les modèles")
    take_picture(page, "monitor-fr")


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_text_is_large_and_clear_and_nothing_scrolls_sideways(visit, told_page, scheme, width):
    still = {"reduced_motion": "reduce", "color_scheme": scheme}  # a colour on its way to another is neither
    page = visit_story(visit, told_page, viewport={"width": width, "height": 844}, **sharp(), **still)

    texts = page.evaluate(MEASURE)

    assert len(texts) > 100
    assert [text for text in texts if text["size"] < 12] == []
    assert [text for text in texts if text["contrast"] < 4.5] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.get_by_role("tab", name="Monitor").is_visible()
    take_picture(page, f"monitor-{'phone' if width == 390 else 'desktop'}-{scheme}")
