"""The pictures of the weekly report, each with its finding as the headline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import to_rgba

from models import LABELS
from sentiment.reports.canvas import ACCENT, INK, LABEL_COLOURS, LINE, PAPER, QUIET, separate_cells
from sentiment.reports.span import window_label, window_length
from sentiment.reports.weekly_drawing import (
    WINDOWS,
    draw_bars,
    draw_shares,
    drawable,
    errors_around,
    label_ends,
    make_figure,
    mark_shares,
    mark_windows,
    place_panel,
)
from sentiment.reports.weekly_production import draw_production
from sentiment.reports.weekly_shares import HIGHER, Share
from sentiment.reports.weekly_tables import NO_LABEL
from sentiment.reports.wording import label_name, milliseconds, percent, say, short_model, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sentiment.reports.weekly_finding import Finding
    from sentiment.reports.weekly_report import Weekly

_RIGHT = "#9cc3da"
_MOST_WORDS = 15
_ROW = 0.36  # the height of a word
_LONG_WORD, _LONGEST_WORD = 14, 24
_DARK_CELL = 0.55


def draw_weekly(weekly: Weekly, findings: Mapping[str, Finding]) -> dict[str, Figure]:
    """Return the pictures by topic; none for a topic without data or an empty period."""
    if weekly.is_empty:
        return {}
    tables, measures = weekly.tables, weekly.measures
    candidates: dict[str, tuple[Any, Any]] = {
        "production": (_draw_production, any(week.quality for week in weekly.production.weeks)),
        "feedback": (_draw_feedback, measures["feedback"].now),
        "mistakes": (_draw_mistakes, measures["bad_predictions"].now),
        "words": (_draw_words, len(tables["words"])),
        "models": (_draw_models, (tables["models"]["right"] + tables["models"]["wrong"] > 0).sum() > 1),
        "service": (_draw_service, measures["requests"].now),
        "confidence": (_draw_confidence, measures["predictions"].now),
    }
    return {
        topic: draw(weekly, findings[topic].headline)
        for topic, (draw, has_data) in candidates.items()
        if has_data
    }


def _draw_production(weekly: Weekly, headline: str) -> Figure:
    return draw_production(weekly.production, headline)


def _draw_feedback(weekly: Weekly, headline: str) -> Figure:
    windows = weekly.tables["by_window"]
    figure = make_figure(4.65, headline, window_length(weekly.span))
    draw_bars(place_panel(figure, 3.05, 1.6, say("Feedback")), windows, {"wrong": ACCENT, "right": _RIGHT})
    shares = place_panel(figure, WINDOWS + 0.1, 1.5, say("Share of wrong, with 95% intervals"))
    mark_windows(shares, weekly.span, windows, draw_shares(shares, windows, "wrong", ["wrong", "right"]))
    return figure


def _draw_confidence(weekly: Weekly, headline: str) -> Figure:
    windows = weekly.tables["by_window"]
    figure = make_figure(4.65, headline, window_length(weekly.span))
    panel = place_panel(figure, 3.05, 1.6, say("Labels given"))
    totals = windows[list(LABELS)].sum(axis=1).clip(lower=1)
    draw_bars(panel, windows.assign(**{label: windows[label] / totals for label in LABELS}), LABEL_COLOURS)
    panel.set_ylim(0, 1)
    mark_shares(panel, "y")
    low = place_panel(figure, WINDOWS + 0.1, 1.5, say("Low confidence, with 95% intervals"))
    mark_windows(low, weekly.span, windows, draw_shares(low, windows, "low_confidence", ["predictions"]))
    return figure


def _draw_service(weekly: Weekly, headline: str) -> Figure:
    windows = weekly.tables["by_window"]
    has_latency = len(weekly.tables["latency"]) > 0
    figure = make_figure(5.0 if has_latency else 2.35, headline, window_length(weekly.span))
    panel = place_panel(figure, 3.4 if has_latency else WINDOWS + 0.1, 1.5, say("Requests"))
    draw_bars(panel, windows, {"requests": ACCENT})
    mark_windows(panel, weekly.span, windows)
    if has_latency:
        title = say("Response time, this period (ms)")
        _draw_latency(place_panel(figure, 0.55, 1.5, title, (0.75, 1.4)), weekly)
    return figure


def _draw_latency(panel: Axes, weekly: Weekly) -> None:
    """Draw the percentiles of each step, labelled with those of the whole period."""
    steps, span = weekly.tables["latency"], weekly.span
    hours = (steps["timestamp"] - span.start).dt.total_seconds() / 3600
    ends = []
    for key, colour, width in (("p99", QUIET, 1.5), ("p95", ACCENT, 2.5), ("p50", INK, 1.5)):
        panel.plot(hours, steps[key], color=colour, linewidth=width, marker="o", markersize=3)
        whole = milliseconds(weekly.measures[f"latency_ms_{key}"].now)
        ends.append((float(steps[key].iloc[-1]), f"{key} {whole}", colour))
    panel.set_ylim(0, max(1.0, float(steps["p99"].max())) * 1.1)
    label_ends(panel, ends)
    window = span.window.total_seconds() / 3600
    panel.set_xlim(min(0.0, float(hours.min())), len(span.starts) * window)
    shown = range(0, len(span.starts), -(-len(span.starts) // 7))
    labels = [window_label(span.starts[number], span) for number in shown]
    panel.set_xticks([number * window for number in shown], labels)
    panel.tick_params(axis="x", pad=6)
    panel.locator_params(axis="y", nbins=4)
    panel.grid(axis="y", color=LINE)


def _draw_mistakes(weekly: Weekly, headline: str) -> Figure:
    """Draw people's labels for each predicted label: mistakes in colour, the rest grey."""
    table = weekly.tables["confusion"].set_index("predicted")
    columns = [*LABELS, *([NO_LABEL] if table[NO_LABEL].any() else [])]
    subtitle = say("rows: the model's label; columns: the label that people gave; grey: called right")
    figure = make_figure(2.7, headline, subtitle)
    panel = place_panel(figure, 0.25, 2.45, "", (1.2, 0.25))
    _draw_counts(panel, table.loc[list(LABELS), columns].to_numpy(dtype="int64"))
    panel.set_xticks(range(len(columns)), [say(column) for column in columns], size=13)
    panel.set_yticks(range(len(LABELS)), [label_name(label) for label in LABELS], size=13)
    panel.xaxis.set_ticks_position("top")
    separate_cells(panel, len(LABELS), len(columns))
    return figure


def _draw_counts(panel: Axes, counts: NDArray[np.int64]) -> None:
    """Draw a table whose diagonal is grey; the more of a mistake there is, the darker its cell."""
    is_right = np.eye(*counts.shape) > 0
    most = max(1, int(counts[~is_right].max()))
    strength = np.where(is_right, 0.5, counts / most)
    colours = np.where(is_right[..., None], to_rgba(LINE), to_rgba(ACCENT))
    colours[..., 3] = strength
    panel.imshow(colours, aspect="auto")
    for (y, x), count in np.ndenumerate(counts):
        colour = QUIET if is_right[y, x] else PAPER if strength[y, x] > _DARK_CELL else INK
        weight = "bold" if count == most and not is_right[y, x] else "normal"
        panel.text(x, y, whole(int(count)), ha="center", va="center", size=17, color=colour, weight=weight)


def _draw_words(weekly: Weekly, headline: str) -> Figure:
    """Draw the share of the wrong and of the right tweets that hold each word."""
    words = weekly.tables["words"].head(_MOST_WORDS)
    subtitle = say("share of the tweets that hold the word; bold: clearly more in the mistakes")
    figure = make_figure(0.45 + _ROW * len(words), headline, subtitle)
    panel = place_panel(figure, 0.45, _ROW * len(words), "", (2.35, 0.4))
    rows = range(len(words))
    colours = [ACCENT if verdict == HIGHER else QUIET for verdict in words["verdict"]]
    panel.hlines(rows, words["right_share"], words["wrong_share"], colours, linewidth=3, alpha=0.4, zorder=1)
    right = panel.scatter(words["right_share"], rows, s=55, c=PAPER, edgecolor=QUIET, linewidth=2, zorder=2)
    wrong = panel.scatter(words["wrong_share"], rows, s=80, c=colours, zorder=3)
    _name_words(panel, words)
    most = float(words[["wrong_share", "right_share"]].max().max())
    panel.set_xlim(-0.02 * most, most * 1.05)
    mark_shares(panel, "x")
    panel.legend(
        (wrong, right),
        (say("predicted wrong"), say("predicted right")),
        loc="lower left",
        bbox_to_anchor=(-0.02, 0.98),
        ncols=2,
        frameon=False,
        labelcolor=INK,
        fontsize=12,
        handletextpad=0,
    )
    return figure


def _name_words(panel: Axes, words: pd.DataFrame) -> None:
    names = [
        name if len(name := drawable(word)) <= _LONGEST_WORD else name[: _LONGEST_WORD - 1] + "…"
        for word in words["word"]
    ]
    panel.set_yticks(range(len(words)), names, size=13)
    panel.set_ylim(len(words) - 0.5, -0.5)
    for label, name, verdict in zip(panel.get_yticklabels(), names, words["verdict"], strict=True):
        label.set_parse_math(False)
        label.set_fontsize(13 if len(name) <= _LONG_WORD else 11)
        if verdict == HIGHER:
            label.set(fontweight="bold", color=ACCENT)


def _draw_models(weekly: Weekly, headline: str) -> Figure:
    """Draw the share of wrong feedback of each model with its interval."""
    table = weekly.tables["models"]
    table = table[table["right"] + table["wrong"] > 0]
    height = 0.6 * len(table)
    subtitle = say("share of each model's feedback that says wrong, with its 95% interval")
    figure = make_figure(0.45 + height, headline, subtitle)
    panel = place_panel(figure, 0.45, height, "", (2.0, 0.4))
    shares = [Share(row.wrong, row.wrong + row.right) for row in table.itertuples()]
    at, rows = [share.value for share in shares], range(len(shares))
    panel.errorbar(at, rows, xerr=errors_around(shares), fmt="none", color=ACCENT, elinewidth=8, alpha=0.25)
    panel.scatter(at, rows, s=90, color=ACCENT, zorder=2)
    style: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "size": 11, "color": INK}
    for y, share in enumerate(shares):
        note = say(
            "{share}, {part} of {all}",
            share=percent(share.value),
            part=whole(share.part),
            all=whole(share.whole),
        )
        panel.annotate(note, (share.value, y), (0, 9), **style)
    panel.set_yticks(rows, [short_model(model) for model in table["model"]], size=11)
    panel.set_ylim(len(table) - 0.6, -0.6)
    panel.set_xlim(0, float(table["high"].max()) * 1.05)
    mark_shares(panel, "x")
    return figure
