"""The monitor's charts: the rows of a query, one per step, as a picture with words.

Pure functions of values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from page.chart import Plot, Series, draw
from page.ranges import floor
from page.texts import percent, say
from sentiment.language import Language, decimal, number
from sentiment.supervision.panels import PANELS

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from page.questions import View
    from sentiment.supervision.alert_state import Episode

_SHARES = (0.0, 0.5, 1.0)
_SMALL = 10  # below, a decimal says more


def count(language: Language, value: float) -> str:
    """Return a count, which may be a rate with decimals."""
    return (
        number(language, round(value))
        if value >= _SMALL or value == round(value)
        else decimal(language, value, 1 if value >= 1 else 2)
    )


def milliseconds(language: Language, value: float) -> str:
    """Return a duration in milliseconds, with its unit."""
    return f"{number(language, round(value)) if value >= _SMALL else decimal(language, value, 1)}\u00a0ms"


@dataclass(frozen=True)
class _Kind:
    """How one chart's values are written: their unit, and the meaning of a step without rows."""

    write: Callable[[Language, float], str]
    mark: Callable[[Language, float], str]  # without the unit, which stands next to the title
    empty: float | None
    ticks: tuple[float, ...] = ()


_KINDS = {
    "requests_per_minute": _Kind(count, count, 0.0),
    "latency": _Kind(milliseconds, count, None),
    "label_mix": _Kind(count, count, 0.0),
    "confidence": _Kind(percent, percent, None, _SHARES),
}
_SERIES = {panel.query: panel.series for panel in PANELS}


def chart(view: View, name: str, frame: pd.DataFrame, end: datetime) -> str:
    """Return one chart of the steps up to `end`, with its legend above."""
    starts = view.range.steps(end)
    columns = by_step(frame, _SERIES[name], starts, _KINDS[name].empty)
    series = [Series(_end_name(view.language, column), columns[column], column) for column in _SERIES[name]]
    kind = _KINDS[name]

    def write(value: float) -> str:
        return kind.write(view.language, value)

    plot = Plot(
        kind="lines" if name in ("latency", "confidence") else "area",
        series=series,
        notes=[_note(view, start, columns, write) for start in enumerate(starts)],
        times=view.clock.ticks(starts[0], starts[-1] + view.range.step),
        summary=_summary(
            view,
            say(view.language, name),
            {say(view.language, column): columns[column] for column in columns},
            kind.write,
        ),
        mark=lambda value: kind.mark(view.language, value),
        ticks=kind.ticks,
        is_whole=name == "label_mix",
    )
    return legend(view, name, frame) + draw(plot)


def by_step(
    frame: pd.DataFrame, names: Sequence[str], starts: Sequence[datetime], empty: float | None
) -> dict[str, list[float | None]]:
    """Return each column as one value per step, `empty` where a row or value is missing."""
    rows = {
        row[0].to_pydatetime(): row[1:]
        for row in frame[["timestamp", *names]].itertuples(index=False, name=None)
    }
    return {
        name: [_real(rows[start][column], empty) if start in rows else empty for start in starts]
        for column, name in enumerate(names)
    }


def legend(view: View, name: str, frame: pd.DataFrame) -> str:
    """Return the chart's lines or areas, each with its total or mean over the whole range."""
    if name == "requests_per_minute":
        peak = count(view.language, float(frame[name].max()))
        return _legend([("area", name, say(view.language, "peak", value=peak))])
    notes, shape = _legend_notes(view.language, name, frame), "area" if name == "label_mix" else "line"
    return _legend(
        [(shape, column, f"{say(view.language, column)}{notes.get(column, '')}") for column in _SERIES[name]]
    )


def alert_chart(view: View, frame: pd.DataFrame, episodes: Sequence[Episode], end: datetime) -> str:
    """Return the alert rule's counts, its threshold, and the times in which the alert was open."""
    starts = view.range.steps(end)
    begin, edge = starts[0], starts[-1] + view.range.step
    counts: list[float | None] = [float(value) for value in most_in_step(frame, starts, view.range.step)]
    name = say(view.language, "bad_in_window", minutes=view.window_minutes)
    spans = [(max(episode.fired, begin), episode.resolved or end) for episode in episodes]
    plot = Plot(
        kind="area",
        series=[Series(name, counts, "bad_in_window")],
        notes=[
            f"{_step_time(view, start)}\n{name} {number(view.language, int(value or 0))}"
            for start, value in zip(starts, counts, strict=True)
        ],
        times=view.clock.ticks(begin, edge),
        summary=_summary(view, say(view.language, "alert_history"), {name: counts}, count),
        mark=lambda value: count(view.language, value),
        is_whole=True,
        limit=view.rule.criterion.threshold,
        bands=[((first - begin) / (edge - begin), (last - begin) / (edge - begin)) for first, last in spans],
    )
    words = [
        name,
        say(view.language, "threshold", value=count(view.language, view.rule.criterion.threshold)),
        say(view.language, "alert_open"),
    ]
    return _legend(
        list(zip(("area", "line", "band"), ("bad_in_window", "limit", ""), words, strict=True))
    ) + draw(plot)


def most_in_step(frame: pd.DataFrame, starts: Sequence[datetime], step: timedelta) -> list[int]:
    """Return the highest evaluated count of each step; a short step has its minute's."""
    counts = {
        at.to_pydatetime(): int(value)
        for at, value in zip(frame["evaluation"], frame["bad_predictions"], strict=True)
    }
    minute = timedelta(minutes=1)
    ends = (max(start + step, floor(start, minute) + minute) for start in starts)
    return [
        max(
            (
                counts.get(floor(start, minute) + index * minute, 0)
                for index in range((end - floor(start, minute)) // minute)
            ),
            default=0,
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def _legend(items: Sequence[tuple[str, str, str]]) -> str:
    """Return legend entries of shape, style and words; the words are HTML."""
    drawings = {"line": "M1 6H23", "area": "M0 0H24V12H0Z", "band": "M0 0H24V12H0Z"}
    drawn = (
        f'<li><svg viewBox="0 0 24 12" aria-hidden="true"><path class="{shape} {style}" '
        f'd="{drawings[shape]}"/></svg>{words}</li>'
        for shape, style, words in items
    )
    return f'<ul class="legend">{"".join(drawn)}</ul>'


def _legend_notes(language: Language, name: str, frame: pd.DataFrame) -> Mapping[str, str]:
    if name == "label_mix":
        sums = {column: float(frame[column].sum()) for column in _SERIES[name]}
        shares = {column: value / max(sum(sums.values()), 1) for column, value in sums.items()}
    elif name == "confidence":
        shares = {column: weighted_mean(frame, column, "predictions") or 0.0 for column in _SERIES[name]}
    else:
        return {}
    return {column: f" <b>{percent(language, share)}</b>" for column, share in shares.items()}


def weighted_mean(frame: pd.DataFrame, column: str, weight: str) -> float | None:
    """Return the mean of a column weighted by another; None without weight."""
    total = float(frame[weight].sum())
    return float((frame[column] * frame[weight]).sum()) / total if total else None


def _real(value: object, empty: float | None) -> float | None:
    try:
        real = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return empty
    return real if math.isfinite(real) else empty


def _end_name(language: Language, column: str) -> str:
    return say(language, f"end_{column}") if column in _SERIES["confidence"] else say(language, column)


def _note(
    view: View,
    start: tuple[int, datetime],
    columns: Mapping[str, Sequence[float | None]],
    write: Callable[[float], str],
) -> str:
    """Return the words for one step: when it began and its values, one a line."""
    index, moment = start
    values = {name: column[index] for name, column in columns.items()}
    lines = [
        f"{say(view.language, name)} {write(value)}" for name, value in values.items() if value is not None
    ]
    return "\n".join([_step_time(view, moment), *(lines or ["–"])])


def _step_time(view: View, start: datetime) -> str:
    return view.clock.moment(start, view.now, seconds=view.range.step < timedelta(minutes=1))


def _summary(
    view: View,
    title: str,
    columns: Mapping[str, Sequence[float | None]],
    write: Callable[[Language, float], str],
) -> str:
    """Return a chart in words for screen readers: each line's lowest, highest and last value."""
    lines = " ".join(_line_summary(view.language, name, values, write) for name, values in columns.items())
    return say(
        view.language,
        "chart_summary",
        title=title,
        range=say(view.language, f"range_{view.range.key}"),
        lines=lines,
    )


def _line_summary(
    language: Language, name: str, values: Sequence[float | None], write: Callable[[Language, float], str]
) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return say(language, "line_summary_none", name=name)
    low, high, last = (write(language, value) for value in (min(known), max(known), known[-1]))
    return say(language, "line_summary", name=name, low=low, high=high, last=last)
