"""The monitor's headline figures: four numbers for the whole time range.

Pure functions of answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from page.monitor_charts import count, milliseconds, weighted_mean
from page.states import UNEXPECTED
from page.texts import percent, say
from sentiment.language import number

if TYPE_CHECKING:
    import pandas as pd

    from page.answers import Answer
    from page.questions import View

_FIGURES = ("figure_requests", "figure_p95", "figure_bad", "figure_low")


def figures(view: View, answers: Mapping[str, Answer]) -> str:
    """Return the four headline figures of the time range; unknown ones are a dash."""
    makers: tuple[Callable[[], tuple[str, str]], ...] = (
        lambda: _requests_figure(view, answers["requests_per_minute"].frame),
        lambda: _latency_figure(view, answers["latency_overall"].frame),
        lambda: _feedback_figure(view, answers["feedback_rate"].frame),
        lambda: _confidence_figure(view, answers["confidence"].frame),
    )
    tiles = []
    for name, make in zip(_FIGURES, makers, strict=True):
        try:
            value, detail = make()
        except UNEXPECTED:
            value, detail = "–", ""
        tiles.append(
            f'<li><span class="name">{say(view.language, name)}</span>'
            f'<strong>{value}</strong><span class="fine">{detail}</span></li>'
        )
    return f'<ul class="figures">{"".join(tiles)}</ul>'


def _requests_figure(view: View, frame: pd.DataFrame | None) -> tuple[str, str]:
    if frame is None:
        return "–", ""
    total = int(frame["requests"].sum())
    minutes = view.range.length / timedelta(minutes=1)
    return number(view.language, total), say(
        view.language, "per_minute", value=count(view.language, total / minutes)
    )


def _latency_figure(view: View, frame: pd.DataFrame | None) -> tuple[str, str]:
    if frame is None or frame.empty:
        return "–", "" if frame is None else say(view.language, "no_predictions")
    row = frame.iloc[-1]
    half = milliseconds(view.language, float(row["p50"]))
    return milliseconds(view.language, float(row["p95"])), say(view.language, "half_below", value=half)


def _feedback_figure(view: View, frame: pd.DataFrame | None) -> tuple[str, str]:
    if frame is None:
        return "–", ""
    rows = frame[frame["model"] == view.model] if view.model else frame
    bad, total = int(rows["bad"].sum()), int(rows["bad"].sum() + rows["good"].sum())
    if not total:
        return "–", say(view.language, "no_feedback")
    detail = say(view.language, "bad_of", bad=number(view.language, bad), all=number(view.language, total))
    return percent(view.language, bad / total), detail


def _confidence_figure(view: View, frame: pd.DataFrame | None) -> tuple[str, str]:
    if frame is None:
        return "–", ""
    share = weighted_mean(frame, "low_confidence_share", "predictions")
    if share is None:
        return "–", say(view.language, "no_predictions")
    total, limit = (
        number(view.language, int(frame["predictions"].sum())),
        percent(view.language, view.low_confidence),
    )
    return percent(view.language, share, 1), say(view.language, "low_of", all=total, score=limit)


def skeleton_figures() -> str:
    """Return the headline figures before any answer."""
    tile = "<li><span>…</span><strong>–</strong><span>…</span></li>"
    return f'<ul class="figures" aria-busy="true">{tile * len(_FIGURES)}</ul>'
