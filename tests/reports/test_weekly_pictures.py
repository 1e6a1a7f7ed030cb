"""The pictures of a report: their headlines, their size, and no text outside them."""

import io
from datetime import timedelta

import pytest
from made_up_week import END, good, records
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread

from sentiment.reports.canvas import as_png
from sentiment.reports.span import Span
from sentiment.reports.weekly_findings import find
from sentiment.reports.weekly_pictures import draw_weekly
from sentiment.reports.weekly_report import analyse


def test_pictures_carry_their_finding_and_are_as_wide_as_a_phone_can_show(busy_week):
    findings = find(busy_week)

    figures = draw_weekly(busy_week, findings)

    assert list(figures) == ["production", "feedback", "mistakes", "words", "models", "service", "confidence"]
    for topic, figure in figures.items():
        headline = next(text.get_text() for text in figure.texts if text.get_fontsize() == 17)
        assert headline.replace("\n", " ") == findings[topic].headline
        assert imread(io.BytesIO(as_png(figure, scale=2))).shape[1] == 1280


def texts_of(panel):
    legend = panel.get_legend()
    names = legend.get_texts() if legend else ()
    return [*panel.texts, *names, *labels_of(panel.xaxis), *labels_of(panel.yaxis)]


def labels_of(axis):
    """The labels of the ticks within the axis's limits; matplotlib draws no others."""
    low, high = sorted(axis.get_view_interval())
    ticks = zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=True)
    return [label for position, label in ticks if low <= position <= high]


def test_every_text_of_a_picture_lies_within_it(busy_week):
    for figure in draw_weekly(busy_week, find(busy_week)).values():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        width, height = canvas.get_width_height()
        for text in [*figure.texts, *(text for panel in figure.axes for text in texts_of(panel))]:
            box = text.get_window_extent()
            assert not text.get_text() or (
                box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
            ), text


def test_the_mistake_that_is_the_largest_stands_out(busy_week):
    panel = draw_weekly(busy_week, find(busy_week))["mistakes"].axes[0]

    assert [text.get_text() for text in panel.texts if text.get_fontweight() == "bold"] == ["30"]


@pytest.mark.parametrize("days", [1, 31])
def test_the_shortest_and_the_longest_period_are_drawn(days):
    span = Span.ending(END, days)
    hours = [(span.start + timedelta(hours=n), 4, 1, 1, 1, 0.7, 0.1) for n in range(24 * days)]
    now = records(good=good((span.start, "fine", "neutral")), hours=hours, latency=[(span.start, 1, 2, 3)])

    figures = draw_weekly(weekly := analyse(span, now, records(), []), find(weekly))

    assert len(figures["service"].axes[0].get_xticklabels()) <= 14
    assert all(as_png(figure, scale=2) for figure in figures.values())
