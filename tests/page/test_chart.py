"""Charts as SVG: scales, lines, areas, names, and their words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from itertools import pairwise

import pytest
from dashboard_answers import NOW, at, frame, view

from page.chart import Plot, Series, draw, scale, spread
from page.monitor_charts import by_step, chart, most_in_step
from page.ranges import RANGES


def plot(*values, kind="lines", **options):
    series = [Series(f"line {place}", line, f"style-{place}") for place, line in enumerate(values)]
    return Plot(
        kind,
        series,
        ["note"] * len(values[0]),
        [(0.5, "noon")],
        "summary",
        lambda value: f"{value:g}",
        **options,
    )


def paths(html, style):
    return re.findall(rf'<path class="[a-z]+ {style}" d="([^"]+)"', html)


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (0, [0, 1]),
        (0.3, [0, 0.1, 0.2, 0.3]),
        (1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (12, [0, 5, 10, 15]),
        (87, [0, 20, 40, 60, 80, 100]),
        (3000, [0, 1000, 2000, 3000]),
    ],
)
def test_the_scale_is_round_and_holds_the_highest_value(highest, ticks):
    assert scale(highest) == pytest.approx(ticks)


@pytest.mark.parametrize("highest", [1, 2, 3, 4, 7, 99, 1e6])
def test_counts_have_whole_values_at_the_side(highest):
    ticks = scale(highest, is_whole=True)

    assert all(tick == int(tick) for tick in ticks)
    assert ticks[-1] >= highest


def test_a_line_breaks_where_nothing_was_measured_and_a_lone_value_is_a_dot():
    assert paths(draw(plot([10, 10, None, 5, None])), "style-0") == ["M0.5 0L1.5 0M3.5 50", "M3.5 50h.01"]
    assert len(paths(draw(plot([10, 5])), "style-0")) == 1


def test_areas_stand_on_each_other_with_the_first_at_the_bottom():
    html = draw(plot([1, 3], [1, 1], kind="area", is_whole=True))

    assert paths(html, "style-0") == ["M0 100V75h1V25h1V100Z"]
    assert paths(html, "style-1") == ["M0 100V50h1V0h1V100Z"]
    assert html.index("style-1") < html.index("style-0")  # the lower one covers the upper


def test_a_limit_is_always_inside_the_chart():
    html = draw(plot([1, 0], kind="area", limit=3, is_whole=True))

    assert paths(html, "limit") == ["M0 0H2"]
    assert ">3</span>" in html


def test_names_at_the_ends_of_lines_never_touch_nor_leave_the_chart():
    places = spread([50, 51, 99, 100])

    assert all(after - before >= 10 for before, after in pairwise(places))
    assert 0 <= places[0] <= places[-1] <= 100


def test_a_chart_is_well_formed_and_says_in_words_what_it_shows():
    html = chart(
        view(), "latency", frame("latency", (at(5), 12.6, 40.0, 51.0), (at(1), 10.0, 1234.0, 2000.0)), NOW
    )

    root = ET.fromstring(f"<div>{html}</div>")
    [picture] = [svg for svg in root.iter("svg") if svg.get("role") == "img"]
    assert "p95: lowest 40\u00a0ms, highest 1,234\u00a0ms, last 1,234\u00a0ms." in picture.get("aria-label")
    assert "12:55 p50 13\u00a0ms p95 40\u00a0ms p99 51\u00a0ms" in [
        step.get("data-note") for step in root.iter("i")
    ]
    assert len(list(root.iter("i"))) == len(RANGES["1h"].steps(NOW))


def test_counts_without_rows_are_zero_and_times_are_gaps():
    starts = [at(2), at(1), at(0)]
    rows = frame("latency", (at(1), 5.0, float("nan"), 7.0))

    assert by_step(rows, ["p50", "p95"], starts, None) == {
        "p50": [None, 5.0, None],
        "p95": [None, None, None],
    }
    assert by_step(rows, ["p50"], starts, 0.0) == {"p50": [0.0, 5.0, 0.0]}


def test_a_step_shows_the_most_that_the_alert_counted_in_it():
    rows = frame("alert_history", (at(7), 2), (at(6), 4), (at(4), 1))

    assert most_in_step(rows, [at(10), at(5), at(0)], timedelta(minutes=5)) == [4, 1, 0]
    quarters = [at(4) + timedelta(seconds=15 * place) for place in range(-1, 5)]
    assert most_in_step(rows, quarters, timedelta(seconds=15)) == [0, 1, 1, 1, 1, 0]
