"""The pictures of the weekly report.

Each carries its finding as the headline; what they are made of is in `weekly_canvas`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.patches import Rectangle

from models import LABELS
from sentiment.reports.canvas import ACCENT, INK, LABEL_COLOURS, LINE, PAPER, QUIET
from sentiment.reports.weekly_drawing import (
    AXES,
    POINTS,
    WINDOWS,
    draw_bars,
    draw_key,
    draw_percents,
    draw_shares,
    drawable,
    make_figure,
    mark_windows,
    place_panel,
    say_window,
    tick,
    write_apart,
)
from sentiment.reports.weekly_findings import milliseconds, percent, short_model
from sentiment.reports.weekly_report import NO_LABEL
from sentiment.reports.weekly_shares import HIGHER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sentiment.reports.weekly_findings import Finding
    from sentiment.reports.weekly_report import Weekly

_RIGHT = "#9cc3da"
_MOST_WORDS = 15
_ROW = 0.36  # the height of a word
_LONG_WORD, _LONGEST_WORD = 14, 24
_DARK_CELL = 0.55


def draw_weekly(weekly: Weekly, findings: Mapping[str, Finding]) -> dict[str, Figure]:
    """Return the pictures by the topic of their finding; a topic without anything to draw has none, an empty period no picture."""
    if weekly.is_empty:
        return {}
    tables, measures = weekly.tables, weekly.measures
    wanted: dict[str, tuple[Any, Any]] = {
        "feedback": (_draw_feedback, measures["feedback"].now),
        "mistakes": (_draw_mistakes, measures["bad_predictions"].now),
        "words": (_draw_words, len(tables["words"])),
        "models": (_draw_models, (tables["models"]["right"] + tables["models"]["wrong"] > 0).sum() > 1),
        "service": (_draw_service, measures["requests"].now),
        "confidence": (_draw_confidence, measures["predictions"].now),
    }
    return {
        topic: draw(weekly, findings[topic].headline)
        for topic, (draw, has_something) in wanted.items()
        if has_something
    }


def _draw_feedback(weekly: Weekly, headline: str) -> Figure:
    windows = weekly.tables["by_window"]
    figure = make_figure(4.65, headline, say_window(weekly.span))
    panel = place_panel(figure, 3.05, 1.6, "Feedback")
    draw_bars(panel, windows, {"wrong": ACCENT, "right": _RIGHT})
    draw_key(panel, {"wrong": ACCENT, "right": "#5f9cbf"})
    shares = place_panel(figure, WINDOWS + 0.1, 1.5, "Share of wrong, with 95% intervals")
    mark_windows(shares, weekly.span, windows, draw_shares(shares, windows, "wrong", ["wrong", "right"]))
    return figure


def _draw_confidence(weekly: Weekly, headline: str) -> Figure:
    windows = weekly.tables["by_window"]
    figure = make_figure(4.65, headline, say_window(weekly.span))
    panel = place_panel(figure, 3.05, 1.6, "Labels given")
    totals = windows[list(LABELS)].sum(axis=1).clip(lower=1)
    draw_bars(panel, windows.assign(**{label: windows[label] / totals for label in LABELS}), LABEL_COLOURS)
    draw_percents(panel, "y", 1)
    panel.set_ylim(0, 1)
    draw_key(panel, LABEL_COLOURS)
    shares = place_panel(figure, WINDOWS + 0.1, 1.5, "Low confidence, with 95% intervals")
    mark_windows(
        shares, weekly.span, windows, draw_shares(shares, windows, "low_confidence", ["predictions"])
    )
    return figure


def _draw_service(weekly: Weekly, headline: str) -> Figure:
    windows = weekly.tables["by_window"]
    has_latency = len(weekly.tables["latency"]) > 0
    figure = make_figure(5.0 if has_latency else 2.35, headline, say_window(weekly.span))
    panel = place_panel(figure, 3.4 if has_latency else WINDOWS + 0.1, 1.5, "Requests")
    draw_bars(panel, windows, {"requests": ACCENT})
    mark_windows(panel, weekly.span, windows)
    if has_latency:
        _draw_latency(place_panel(figure, 0.55, 1.5, "Response time, this period (ms)", (0.75, 1.4)), weekly)
    return figure


def _draw_latency(panel: Axes, weekly: Weekly) -> None:
    """Draw the percentiles of each step; beside the lines stand those of the whole period."""
    steps, span = weekly.tables["latency"], weekly.span
    hours = (steps["timestamp"] - span.start).dt.total_seconds() / 3600
    ends = []
    for key, colour, width in (("p99", QUIET, 1.5), ("p95", ACCENT, 2.5), ("p50", INK, 1.5)):
        panel.plot(hours, steps[key], color=colour, linewidth=width, marker="o", markersize=3)
        whole = milliseconds(weekly.measures[f"latency_ms_{key}"].now)
        ends.append((float(steps[key].iloc[-1]), f"{key} {whole}", colour))
    panel.set_ylim(0, max(1.0, float(steps["p99"].max())) * 1.1)
    write_apart(panel, ends)
    window = span.window.total_seconds() / 3600
    panel.set_xlim(min(0.0, float(hours.min())), len(span.starts) * window)
    shown = range(0, len(span.starts), -(-len(span.starts) // 7))
    panel.set_xticks(
        [number * window for number in shown], [tick(span.starts[number], span) for number in shown]
    )
    panel.tick_params(axis="x", pad=6)
    panel.locator_params(axis="y", nbins=4)
    panel.grid(axis="y", color=LINE)


def _draw_mistakes(weekly: Weekly, headline: str) -> Figure:
    """Draw what people said of each predicted label; the mistakes have the colour, what was right stays grey."""
    table = weekly.tables["confusion"].set_index("predicted")
    columns = [*LABELS, *([NO_LABEL] if table[NO_LABEL].any() else [])]
    figure = make_figure(
        2.7, headline, "rows: the model's label; columns: the label that people gave; grey: called right"
    )
    panel = place_panel(figure, 0.25, 2.45, "", (1.2, 0.25))
    most = max(1, *(int(table.loc[row, column]) for row in LABELS for column in columns if row != column))
    for y, row in enumerate(LABELS):
        for x, column in enumerate(columns):
            _draw_cell(panel, (x, y), int(table.loc[row, column]), None if row == column else most)
    panel.set_xlim(-0.5, len(columns) - 0.5)
    panel.set_ylim(len(LABELS) - 0.5, -0.5)
    panel.set_xticks(range(len(columns)), columns, size=13)
    panel.set_yticks(range(len(LABELS)), LABELS, size=13)
    panel.xaxis.set_ticks_position("top")
    panel.tick_params(length=0)
    return figure


def _draw_cell(panel: Axes, place: tuple[int, int], count: int, most: int | None) -> None:
    """Draw one count; `most` is the largest mistake, None for a count that is no mistake."""
    x, y = place
    strength = count / most if most else 0.5
    panel.add_patch(
        Rectangle(
            (x - 0.49, y - 0.48),
            0.98,
            0.96,
            edgecolor=PAPER,
            facecolor=ACCENT if most else LINE,
            alpha=strength,
        )
    )
    colour = (PAPER if strength > _DARK_CELL else INK) if most else QUIET
    panel.text(
        x,
        y,
        f"{count:,}",
        ha="center",
        va="center",
        size=17,
        color=colour,
        weight="bold" if count == most else "normal",
    )


def _draw_words(weekly: Weekly, headline: str) -> Figure:
    """Draw for each word its share of the tweets predicted wrong, and of those predicted right."""
    words = weekly.tables["words"].head(_MOST_WORDS)
    figure = make_figure(
        0.45 + _ROW * len(words),
        headline,
        "share of the tweets that hold the word; bold: clearly more in the mistakes",
    )
    panel = place_panel(figure, 0.45, _ROW * len(words), "", (2.35, 0.4))
    for y, row in enumerate(words.itertuples()):
        colour = ACCENT if row.verdict == HIGHER else QUIET
        panel.plot([row.right_share, row.wrong_share], [y, y], color=colour, linewidth=3, alpha=0.4, zorder=1)
        panel.scatter(row.right_share, y, s=55, color=PAPER, edgecolor=QUIET, linewidth=2, zorder=2)
        panel.scatter(row.wrong_share, y, s=80, color=colour, zorder=3)
    _name_words(panel, list(words["word"]), [verdict == HIGHER for verdict in words["verdict"]])
    most = float(max(words["wrong_share"].max(), words["right_share"].max()))
    panel.set_xlim(-0.02 * most, most * 1.05)
    draw_percents(panel, "x", most)
    for x, text, colour in ((0, "● predicted wrong", INK), (150, "○ predicted right", QUIET)):
        panel.annotate(text, (0, 1), (x, 8), xycoords=AXES, textcoords=POINTS, color=colour, size=12)
    return figure


def _name_words(panel: Axes, words: list[str], is_special: list[bool]) -> None:
    names = [
        name if len(name := drawable(word)) <= _LONGEST_WORD else name[: _LONGEST_WORD - 1] + "…"
        for word in words
    ]
    panel.set_yticks(range(len(words)), names, size=13)
    panel.set_ylim(len(words) - 0.5, -0.5)
    for label, name, special in zip(panel.get_yticklabels(), names, is_special, strict=True):
        label.set_parse_math(False)
        label.set_fontsize(13 if len(name) <= _LONG_WORD else 11)
        if special:
            label.set(fontweight="bold", color=ACCENT)


def _draw_models(weekly: Weekly, headline: str) -> Figure:
    """Draw the share of wrong feedback of each model with its interval."""
    table = weekly.tables["models"]
    table = table[table["right"] + table["wrong"] > 0]
    height = 0.6 * len(table)
    figure = make_figure(
        0.45 + height, headline, "share of each model's feedback that says wrong, with its 95% interval"
    )
    panel = place_panel(figure, 0.45, height, "", (2.0, 0.4))
    for y, row in enumerate(table.itertuples()):
        panel.plot([row.low, row.high], [y, y], color=ACCENT, linewidth=8, alpha=0.25, solid_capstyle="butt")
        panel.scatter(row.wrong_share, y, s=90, color=ACCENT, zorder=2)
        note = f"{percent(row.wrong_share)}, {row.wrong:,} of {row.wrong + row.right:,}"
        panel.annotate(note, (row.wrong_share, y), (0, 9), textcoords=POINTS, ha="center", size=11, color=INK)
    panel.set_yticks(range(len(table)), [short_model(model) for model in table["model"]], size=11)
    panel.set_ylim(len(table) - 0.6, -0.6)
    most = float(table["high"].max())
    panel.set_xlim(0, most * 1.05)
    draw_percents(panel, "x", most)
    return figure
