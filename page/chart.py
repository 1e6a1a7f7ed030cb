"""Charts as inline SVG that stretch to any width while text and lines keep their size.

Lines differ by dash as well as by colour and carry their name at the end; every step tells its
values under the pointer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Literal

_HEIGHT = 100  # of the drawing, in its own units; the style sheet says how many pixels that is
_MOST_INTERVALS = 5
_MOST_MARKS = 6
_LABEL_GAP = 10.0  # between the names at the ends of lines, so that they do not touch


@dataclass(frozen=True)
class Series:
    """One value per step, None where there is none, and the CSS class of its colour and dash."""

    name: str
    values: Sequence[float | None]
    style: str


@dataclass(frozen=True)
class Plot:
    """The content of one chart; `notes` are the words of each step, `times` the axis marks."""

    kind: Literal["lines", "area"]
    series: Sequence[Series]
    notes: Sequence[str]
    times: Sequence[tuple[float, str]]
    summary: str
    mark: Callable[[float], str]
    ticks: Sequence[float] = ()  # where the data must not decide them
    is_whole: bool = False
    limit: float | None = None  # a line across the chart
    bands: Sequence[tuple[float, float]] = ()  # spans of time that stand out, as shares of the way


def draw(plot: Plot) -> str:
    """Return the chart as HTML; screen readers get the summary."""
    heights = _stack(plot.series) if plot.kind == "area" else [list(line.values) for line in plot.series]
    highest = max((value for line in heights for value in line if value is not None), default=0.0)
    ticks = plot.ticks or scale(max(highest, plot.limit or 0.0), is_whole=plot.is_whole)
    top, width = ticks[-1], len(plot.notes)
    shapes = [
        *(
            f'<path class="band" d="M{width * begin:.2f} '
            f'0H{width * end:.2f}V{_HEIGHT}H{width * begin:.2f}Z"/>'
            for begin, end in plot.bands
        ),
        *(f'<path class="grid" d="M0 {_y(tick, top)}H{width}"/>' for tick in ticks),
        *(_areas(plot.series, heights, top) if plot.kind == "area" else _lines(plot.series, heights, top)),
        *([] if plot.limit is None else [f'<path class="line limit" d="M0 {_y(plot.limit, top)}H{width}"/>']),
    ]
    drawing = (
        f'<svg viewBox="0 0 {width} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(plot.summary)}">'
        f"{''.join(shapes)}</svg>"
    )
    ends = _end_labels(plot.series, heights, top) if plot.kind == "lines" and len(plot.series) > 1 else ""
    canvas = f'<div class="canvas">{drawing}{_values(ticks, plot.mark)}{ends}{_notes(plot.notes)}</div>'
    return f'<div class="plot{" named" if ends else ""}">{canvas}{_times(plot.times)}</div>'


@dataclass(frozen=True)
class Whisker:
    """A share with its interval, the mark below it, the words under the pointer, its style."""

    value: float
    interval: tuple[float, float]
    mark: str
    note: str
    style: str = ""  # a CSS class after a space


def draw_whiskers(
    whiskers: Sequence[Whisker], *, summary: str, mark: Callable[[float], str], limit: float | None
) -> str:
    """Return shares side by side, each a dot within its interval, on an axis from 0 to 1."""
    ticks, width = (0.0, 0.5, 1.0), len(whiskers)
    shapes = [f'<path class="grid" d="M0 {_y(tick, 1)}H{width}"/>' for tick in ticks]
    for number, one in enumerate(whiskers):
        x = number + 0.5
        low, high = (_y(end, 1) for end in one.interval)
        shapes.append(f'<path class="line whisker{one.style}" d="M{x:g} {low}V{high}"/>')
        shapes.append(f'<path class="dot{one.style}" d="M{x:g} {_y(one.value, 1)}h.001"/>')
    if limit is not None:
        shapes.append(f'<path class="line limit" d="M0 {_y(limit, 1)}H{width}"/>')
    drawing = (
        f'<svg viewBox="0 0 {width} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(summary)}">{"".join(shapes)}</svg>'
    )
    every = -(-width // _MOST_MARKS)
    marks = [((n + 0.5) / width, one.mark) for n, one in enumerate(whiskers) if n % every == 0]
    notes = _notes([one.note for one in whiskers])
    canvas = f'<div class="canvas">{drawing}{_values(ticks, mark)}{notes}</div>'
    return f'<div class="plot">{canvas}{_times(marks)}</div>'


def scale(highest: float, *, is_whole: bool = False) -> list[float]:
    """Return two to six round axis values from zero to at least the highest value."""
    if highest <= 0:
        return [0.0, 1.0]
    highest = max(highest, 1.0) if is_whole else highest
    magnitude = 10.0 ** math.floor(math.log10(highest))
    steps = [factor * magnitude for factor in (0.2, 0.5, 1, 2)]
    step = next(step for step in steps if highest / step <= _MOST_INTERVALS and not (is_whole and step < 1))
    return [round(index * step, 12) for index in range(math.ceil(highest / step - 1e-9) + 1)]


def _stack(series: Sequence[Series]) -> list[list[float | None]]:
    """Return the upper edge of each series when they are stacked, the first one at the bottom."""
    edges: list[list[float | None]] = []
    below = [0.0] * len(series[0].values)
    for line in series:
        below = [base + (value or 0.0) for base, value in zip(below, line.values, strict=True)]
        edges.append(list(below))
    return edges


def _areas(series: Sequence[Series], edges: Sequence[Sequence[float | None]], top: float) -> Iterator[str]:
    """Yield each area as steps, the highest edge first, so that those in front cover the rest."""
    for line, edge in reversed(list(zip(series, edges, strict=True))):
        outline = "".join(f"V{_y(value or 0.0, top)}h1" for value in edge)
        yield f'<path class="area {line.style}" d="M0 {_HEIGHT}{outline}V{_HEIGHT}Z"/>'


def _lines(series: Sequence[Series], heights: Sequence[Sequence[float | None]], top: float) -> Iterator[str]:
    for line, values in zip(series, heights, strict=True):
        yield f'<path class="line {line.style}" d="{_path(values, top)}"/>'
        if dots := _dots(values, top):
            yield f'<path class="dot {line.style}" d="{dots}"/>'


def _path(values: Sequence[float | None], top: float) -> str:
    """Return a path through the middles of the steps, broken where a value is missing."""
    pairs = enumerate(pairwise([None, *values]))
    return "".join(
        f"{'M' if before is None else 'L'}{index + 0.5:g} {_y(value, top)}"
        for index, (before, value) in pairs
        if value is not None
    )


def _dots(values: Sequence[float | None], top: float) -> str:
    """Return a dot for each isolated value, which no line would show."""
    around = enumerate(zip([None, *values[:-1]], values, [*values[1:], None], strict=True))
    return "".join(
        f"M{index + 0.5:g} {_y(value, top)}h.01"
        for index, (before, value, after) in around
        if value is not None and before is None and after is None
    )


def _y(value: float, top: float) -> str:
    return f"{_HEIGHT * (1 - min(value / top, 1)):.4g}"


def _values(ticks: Sequence[float], mark: Callable[[float], str]) -> str:
    marks = (f'<span style="top:{_y(tick, ticks[-1])}%">{escape(mark(tick))}</span>' for tick in ticks)
    return f'<div class="values" aria-hidden="true">{"".join(marks)}</div>'


def _times(times: Sequence[tuple[float, str]]) -> str:
    marks = (f'<span style="left:{100 * share:.2f}%">{escape(words)}</span>' for share, words in times)
    return f'<div class="times" aria-hidden="true">{"".join(marks)}</div>'


def _end_labels(series: Sequence[Series], heights: Sequence[Sequence[float | None]], top: float) -> str:
    """Return the names of the lines at the height of their last values, kept apart."""
    last = [
        (next((value for value in reversed(values) if value is not None), None), line)
        for line, values in zip(series, heights, strict=True)
    ]
    ends = sorted(
        ((float(_y(value, top)), line) for value, line in last if value is not None),
        key=lambda height: height[0],
    )
    tops = spread([height for height, _ in ends])
    labels = (
        f'<span class="{line.style}" style="top:{height:.4g}%">{escape(line.name)}</span>'
        for height, (_, line) in zip(tops, ends, strict=True)
    )
    return f'<div class="ends" aria-hidden="true">{"".join(labels)}</div>'


def spread(heights: Sequence[float]) -> list[float]:
    """Return ascending label heights, moved so that no two overlap and none leaves the chart."""
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + _LABEL_GAP) if moved else height)
    ceiling = float(_HEIGHT)
    for index in range(len(moved) - 1, -1, -1):
        moved[index] = min(moved[index], ceiling)
        ceiling = moved[index] - _LABEL_GAP
    return moved


def _notes(notes: Sequence[str]) -> str:
    """Return a column per step with its words; in the right half they open to the left."""
    half = len(notes) // 2
    return "".join(
        f'<div class="steps{side}" style="flex-grow:{len(some)}" '
        f'aria-hidden="true">{"".join(map(_column, some))}</div>'
        for side, some in (("", notes[:half]), (" right", notes[half:]))
    )


def _column(note: str) -> str:
    return f'<i data-note="{escape(note)}"></i>'
