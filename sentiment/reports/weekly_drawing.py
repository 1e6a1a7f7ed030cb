"""Panels and axes of the weekly report's pictures, narrow enough for a phone."""

from __future__ import annotations

import textwrap
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sentiment.reports.canvas import ACCENT, INK, LINE, QUIET, add_panel, new_figure
from sentiment.reports.span import window_label
from sentiment.reports.weekly_shares import Share
from sentiment.reports.wording import percent, round_percent, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sentiment.reports.span import Span

WINDOWS = 0.75  # the height below a panel that `mark_windows` writes in
_WIDTH = 6.4  # hundreds of pixels, as all lengths here
_MARGIN, _LINE_HEIGHT, _SMALL_LINE, _BELOW_HEAD = 0.2, 0.32, 0.22, 0.55
_HEADLINE, _SUBTITLE = 41, 72  # characters in a line
_FADED = 0.45  # the period before
_MOST_TICKS = 14
_SHARE_TICKS = 5  # at most, on an axis of shares
_DASHES = (0, (3, 3))
_JOINERS = "\u200d\ufe0f"
_AXES: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}


def make_figure(body: float, headline: str, subtitle: str) -> Figure:
    """Return a figure with a wrapped headline and, below it, room of the height `body`."""
    lines, small = _balanced(drawable(headline)), textwrap.wrap(subtitle, _SUBTITLE)
    below = _MARGIN + _LINE_HEIGHT * len(lines) + 0.1
    height = body + below + _SMALL_LINE * len(small) + _BELOW_HEAD
    figure = new_figure(_WIDTH, height, "", "")
    x = _MARGIN / _WIDTH
    style: dict[str, Any] = {"size": 17, "weight": "bold", "color": INK, "va": "top"}
    figure.text(x, 1 - _MARGIN / height, "\n".join(lines), parse_math=False, **style)
    figure.text(x, 1 - below / height, "\n".join(small), size=12, color=QUIET, va="top")
    return figure


def place_panel(
    figure: Figure, bottom: float, height: float, title: str = "", sides: tuple[float, float] = (0.75, 0.25)
) -> Axes:
    """Return a panel at this height above the figure's bottom, with these side margins."""
    whole, (left, right) = figure.get_size_inches()[1], sides
    panel = add_panel(figure, (left / _WIDTH, bottom / whole, 1 - (left + right) / _WIDTH, height / whole))
    panel.set_title(title, loc="left", size=13, weight="bold", color=INK, pad=10)
    panel.tick_params(labelsize=11)
    return panel


def drawable(text: str) -> str:
    """Return a text with the signs that the font lacks replaced: an emoji by its name, else a box.

    >>> drawable("late 🙄")
    'late [face with rolling eyes]'
    """
    return "".join(
        letter if _has_glyph(letter) else _name(letter) for letter in text if letter not in _JOINERS
    )


def draw_bars(panel: Axes, windows: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """Draw a stacked bar per window, those of the period before faded, and name the colours."""
    bottom = np.zeros(len(windows))
    is_before = (windows["period"] == "before").to_numpy()
    for column, colour in colours.items():
        heights = windows[column].to_numpy(dtype="float64")
        for part, alpha, label in ((is_before, _FADED, ""), (~is_before, 1.0, say(column))):
            style: dict[str, Any] = {"width": 0.82, "color": colour, "alpha": alpha, "label": label}
            panel.bar(np.flatnonzero(part), heights[part], bottom=bottom[part], **style)
        bottom += heights
    panel.set_xticks([])
    panel.set_ylim(0, max(1.0, float(bottom.max())) * 1.05)
    panel.locator_params(axis="y", nbins=4, integer=True)
    panel.grid(axis="y", color=LINE)
    _divide_periods(panel, len(windows))
    if len(colours) > 1:
        _name_colours(panel, len(colours))


def draw_shares(panel: Axes, windows: pd.DataFrame, part: str, whole: Sequence[str]) -> list[str]:
    """Draw the shares of windows and periods with their intervals; return the periods' shares."""
    half, most = len(windows) // 2, 0.0
    shares = []
    for start, period, alpha in ((0, "before", _FADED), (half, "this", 1.0)):
        rows = windows[windows["period"] == period]
        parts, wholes = rows[part].tolist(), rows[list(whole)].sum(axis=1).tolist()
        share = Share(sum(parts), sum(wholes))
        shares.append(percent(share.value))
        if share.whole:
            _draw_band(panel, (start - 0.5, start + half - 0.5), share, alpha)
        dots = [
            (start + number, Share(*counts))
            for number, counts in enumerate(zip(parts, wholes, strict=True))
            if counts[1]
        ]
        most = max(most, share.value if share.whole else 0, *(dot.interval[1] for _, dot in dots), 0)
        _draw_dots(panel, dots, alpha)
    panel.set_ylim(0, min(1.0, most * 1.08) or 1.0)
    _divide_periods(panel, len(windows))
    mark_shares(panel, "y")
    return shares


def mark_shares(panel: Axes, axis: str) -> None:
    """Mark an axis of shares with a few round percentages."""
    marked = panel.yaxis if axis == "y" else panel.xaxis
    marked.set_major_locator(MaxNLocator(_SHARE_TICKS, steps=[1, 2, 5, 10]))
    marked.set_major_formatter(FuncFormatter(_mark))
    marked.grid(visible=True, color=LINE)


def _mark(share: float, _: int) -> str:
    """Return a round share in percent, with as many decimals as it has."""
    digits = len(f"{100 * share:.3g}".partition(".")[2])
    return round_percent(share, digits)


def errors_around(shares: Sequence[Share]) -> NDArray[np.float64]:
    """Return the distances from shares to the ends of their intervals, as `errorbar` takes them."""
    low, high = zip(*(share.interval for share in shares), strict=True)
    values = np.array([share.value for share in shares])
    distances: NDArray[np.float64] = np.abs(np.array([low, high]) - values)
    return distances


def mark_windows(panel: Axes, span: Span, windows: pd.DataFrame, values: Sequence[str] = ("", "")) -> None:
    """Label the windows below a panel, and below them the two periods, each with its value."""
    step = -(-len(windows) // _MOST_TICKS)
    shown = range(len(windows) % step, len(windows), step)
    panel.set_xticks(list(shown), [window_label(windows["start"].iloc[number], span) for number in shown])
    names = ((0.25, say("the period before"), "normal"), (0.75, say("this period"), "bold"))
    for (x, name, weight), value in zip(names, values, strict=True):
        text = say("{name}: {value}", name=name, value=value) if value else name
        panel.annotate(text, (x, 0), (0, -50), **_AXES, ha="center", size=12, color=QUIET, weight=weight)


def label_ends(panel: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Label lines (last value, text, colour) at the right of a panel, without any overlap."""
    top, lowest = panel.get_ylim()[1], -1.0
    for value, text, colour in sorted(ends):
        lowest = max(value / top, lowest + 0.16)
        style: dict[str, Any] = {"size": 12, "weight": "bold", "va": "center", "color": colour}
        panel.annotate(text, (1, lowest), (8, 0), **_AXES, **style, annotation_clip=False)


def _draw_band(panel: Axes, edges: tuple[float, float], share: Share, alpha: float) -> None:
    panel.fill_between(edges, *share.interval, color=ACCENT, alpha=0.16 * alpha, linewidth=0)
    panel.plot(edges, [share.value] * 2, color=ACCENT, alpha=alpha, linewidth=1.5)


def _draw_dots(panel: Axes, dots: Sequence[tuple[int, Share]], alpha: float) -> None:
    if not dots:
        return
    shares = [share for _, share in dots]
    at = [position for position, _ in dots], [share.value for share in shares]
    style: dict[str, Any] = {"color": ACCENT, "fmt": "none", "alpha": 0.45 * alpha}
    panel.errorbar(*at, yerr=errors_around(shares), elinewidth=2, **style)
    panel.scatter(*at, s=40, color=ACCENT, alpha=alpha, zorder=3, linewidth=0)


def _name_colours(panel: Axes, columns: int) -> None:
    panel.legend(
        loc="lower right",
        bbox_to_anchor=(1.01, 0.98),
        ncols=columns,
        frameon=False,
        labelcolor=INK,
        fontsize=12,
        handlelength=0.8,
        handleheight=0.8,
        handletextpad=0.4,
        columnspacing=1.2,
    )


def _divide_periods(panel: Axes, count: int) -> None:
    panel.set_xlim(-0.6, count - 0.4)
    panel.axvline(count / 2 - 0.5, color=QUIET, linewidth=1, linestyle=_DASHES)


def _balanced(text: str) -> list[str]:
    """Return a text in as few lines as it needs, of about the same length."""
    fewest = len(textwrap.wrap(text, _HEADLINE))
    widths = range(max((len(word) for word in text.split()), default=1), _HEADLINE)
    return next(
        (lines for width in widths if len(lines := textwrap.wrap(text, width)) <= fewest),
        textwrap.wrap(text, _HEADLINE),
    )


def _name(letter: str) -> str:
    return f"[{unicodedata.name(letter, 'sign').lower()}]" if unicodedata.category(letter) == "So" else "□"


@cache
def _has_glyph(letter: str) -> bool:
    fonts = (get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight))) for weight in (400, 700))
    return all(font.get_char_index(ord(letter)) for font in fonts)
