"""The panels that the weekly report's pictures are made of, on `canvas`'s palette and narrow enough for a phone."""

from __future__ import annotations

import textwrap
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.font_manager import FontProperties, findfont, get_font

from sentiment.reports.canvas import ACCENT, INK, LINE, QUIET, add_panel, new_figure
from sentiment.reports.weekly_findings import percent
from sentiment.reports.weekly_shares import Share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sentiment.reports.weekly_report import Span

AXES, POINTS = "axes fraction", "offset points"
WINDOWS = 0.75  # the height below a panel that `mark_windows` writes in
_WIDTH = 6.4  # hundreds of pixels, as all lengths here
_MARGIN, _LINE_HEIGHT, _SMALL_LINE, _BELOW_HEAD = 0.2, 0.32, 0.22, 0.55
_HEADLINE, _SUBTITLE = 41, 72  # characters in a line
_FADED = 0.45  # the period before
_MOST_TICKS = 14
_SHARE_TICKS = 5  # at most, on an axis of shares
_DASHES = (0, (3, 3))
_JOINERS = "\u200d\ufe0f"


def make_figure(body: float, headline: str, subtitle: str) -> Figure:
    """Return a figure with its headline over as many lines as it needs and `body` of room below."""
    lines, small = _balanced(drawable(headline)), textwrap.wrap(subtitle, _SUBTITLE)
    below = _MARGIN + _LINE_HEIGHT * len(lines) + 0.1
    height = body + below + _SMALL_LINE * len(small) + _BELOW_HEAD
    figure = new_figure(_WIDTH, height, "", "")
    x = _MARGIN / _WIDTH
    figure.text(
        x,
        1 - _MARGIN / height,
        "\n".join(lines),
        size=17,
        weight="bold",
        color=INK,
        va="top",
        parse_math=False,
    )
    figure.text(x, 1 - below / height, "\n".join(small), size=12, color=QUIET, va="top")
    return figure


def place_panel(
    figure: Figure, bottom: float, height: float, title: str = "", sides: tuple[float, float] = (0.75, 0.25)
) -> Axes:
    """Return a panel by its distance from the figure's bottom, its height and its distances from the sides."""
    whole, (left, right) = figure.get_size_inches()[1], sides
    panel = add_panel(figure, (left / _WIDTH, bottom / whole, 1 - (left + right) / _WIDTH, height / whole))
    panel.set_title(title, loc="left", size=13, weight="bold", color=INK, pad=10)
    panel.tick_params(labelsize=11)
    return panel


def drawable(text: str) -> str:
    """Return a text as the pictures' font can draw it: an emoji by its name in brackets, any other sign that it lacks as a box.

    >>> drawable("late 🙄")
    'late [face with rolling eyes]'
    """
    return "".join(
        letter if _has_glyph(letter) else _name(letter) for letter in text if letter not in _JOINERS
    )


def draw_bars(panel: Axes, windows: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """Draw a column per window with the frame's columns stacked, those of the period before faded."""
    bottom = np.zeros(len(windows))
    is_before = (windows["period"] == "before").to_numpy()
    for column, colour in colours.items():
        heights = windows[column].to_numpy(dtype="float64")
        for part, alpha in ((is_before, _FADED), (~is_before, 1.0)):
            panel.bar(
                np.flatnonzero(part),
                heights[part],
                bottom=bottom[part],
                width=0.82,
                color=colour,
                alpha=alpha,
            )
        bottom += heights
    panel.set_xticks([])
    panel.set_ylim(0, max(1.0, float(bottom.max())) * 1.05)
    panel.locator_params(axis="y", nbins=4, integer=True)
    panel.grid(axis="y", color=LINE)
    _part_periods(panel, len(windows))


def draw_shares(panel: Axes, windows: pd.DataFrame, part: str, whole: Sequence[str]) -> list[str]:
    """Draw a dot with its interval per window that has anything, a band across each period for its own, and return the periods' shares."""
    half, most = len(windows) / 2, 0.0
    shares = []
    for start, period, alpha in ((0.0, "before", _FADED), (half, "this", 1.0)):
        rows = windows[windows["period"] == period]
        share = Share(int(rows[part].sum()), int(rows[list(whole)].to_numpy().sum()))
        shares.append(percent(share.value))
        if share.whole:
            edges = [start - 0.5, start + half - 0.5]
            panel.fill_between(edges, *share.interval, color=ACCENT, alpha=0.16 * alpha, linewidth=0)
            panel.plot(edges, [share.value] * 2, color=ACCENT, alpha=alpha, linewidth=1.5)
            most = max(most, share.value)
        for position, row in zip(range(int(start), len(windows)), rows.to_dict("records"), strict=False):
            most = max(
                most,
                _draw_dot(
                    panel, position, Share(int(row[part]), sum(int(row[column]) for column in whole)), alpha
                ),
            )
    panel.set_ylim(0, min(1.0, most * 1.08) or 1.0)
    _part_periods(panel, len(windows))
    draw_percents(panel, "y", most)
    return shares


def draw_percents(panel: Axes, axis: str, most: float) -> None:
    """Mark an axis of shares with a few round percentages."""
    steps = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
    step = next((step for step in steps if most / step <= _SHARE_TICKS), 0.25)
    ticks = np.arange(0, most + step / 2, step)
    (panel.set_yticks if axis == "y" else panel.set_xticks)(
        ticks, [f"{100 * tick:g}%" for tick in ticks.round(6)]
    )
    panel.grid(axis="y" if axis == "y" else "x", color=LINE)


def draw_key(panel: Axes, colours: Mapping[str, str]) -> None:
    """Write the names of the colours above a panel, at its right."""
    x = 0.0
    for text, colour in reversed(list(colours.items())):
        panel.annotate(
            f"■ {text}",
            (1, 1),
            (x, 10),
            xycoords=AXES,
            textcoords=POINTS,
            color=colour,
            size=12,
            weight="bold",
            ha="right",
        )
        x -= 8.5 * len(text) + 26


def mark_windows(panel: Axes, span: Span, windows: pd.DataFrame, values: Sequence[str] = ("", "")) -> None:
    """Name the windows below a panel, and below them the two periods, each with its value."""
    step = -(-len(windows) // _MOST_TICKS)
    shown = range(len(windows) % step, len(windows), step)
    panel.set_xticks(list(shown), [tick(windows["start"].iloc[number], span) for number in shown])
    names = ((0.25, "the period before", "normal"), (0.75, "this period", "bold"))
    for (x, name, weight), value in zip(names, values, strict=True):
        panel.annotate(
            f"{name}: {value}" if value else name,
            (x, 0),
            (0, -50),
            xycoords=AXES,
            textcoords=POINTS,
            ha="center",
            size=12,
            color=QUIET,
            weight=weight,
        )


def tick(start: datetime, span: Span) -> str:
    """Return the name of a window: its hour, or its day of the week and month."""
    if not span.window.days:
        return f"{start:%H}"
    return f"{start:%a}\n{start.day} {start:%b}" if start.day == 1 else f"{start:%a}\n{start.day}"


def say_window(span: Span) -> str:
    """Return what one bar is."""
    if not span.window.days:
        return "each bar is an hour, UTC"
    return (
        f"each bar is 24 hours from {span.start:%H:%M} UTC" if span.start.hour else "each bar is a day, UTC"
    )


def write_apart(panel: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write lines' names (value, text, colour) beside their ends, far enough apart to be read."""
    top, lowest = panel.get_ylim()[1], -1.0
    for value, text, colour in sorted(ends):
        lowest = max(value / top, lowest + 0.16)
        panel.annotate(
            text,
            (1, lowest),
            (8, 0),
            xycoords=AXES,
            textcoords=POINTS,
            color=colour,
            size=12,
            weight="bold",
            va="center",
            annotation_clip=False,
        )


def _balanced(text: str) -> list[str]:
    """Return a text in as few lines as it needs, of about the same length."""
    fewest = len(textwrap.wrap(text, _HEADLINE))
    widths = range(max((len(word) for word in text.split()), default=1), _HEADLINE)
    return next(
        (lines for width in widths if len(lines := textwrap.wrap(text, width)) <= fewest),
        textwrap.wrap(text, _HEADLINE),
    )


def _draw_dot(panel: Axes, position: int, share: Share, alpha: float) -> float:
    """Draw a share with its interval and return the upper end; nothing, and 0, without a whole."""
    if not share.whole:
        return 0.0
    panel.plot([position] * 2, share.interval, color=ACCENT, alpha=0.45 * alpha, linewidth=2)
    panel.scatter(position, share.value, s=40, color=ACCENT, alpha=alpha, zorder=3, linewidth=0)
    return share.interval[1]


def _part_periods(panel: Axes, count: int) -> None:
    panel.set_xlim(-0.6, count - 0.4)
    panel.axvline(count / 2 - 0.5, color=QUIET, linewidth=1, linestyle=_DASHES)


def _name(letter: str) -> str:
    return f"[{unicodedata.name(letter, 'sign').lower()}]" if unicodedata.category(letter) == "So" else "□"


@cache
def _has_glyph(letter: str) -> bool:
    fonts = (get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight))) for weight in (400, 700))
    return all(font.get_char_index(ord(letter)) for font in fonts)
