"""Accuracy in production in the weekly report: its words, its table and its picture."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sentiment.reports.canvas import ACCENT, INK, LINE, QUIET
from sentiment.reports.weekly_drawing import make_figure, mark_shares, place_panel
from sentiment.reports.wording import counted, day_and_month, percent, say, short_model, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from sentiment.evaluation.production import Estimate, ProductionQuality
    from sentiment.evaluation.production_periods import ProductionHistory, Standing

_COLOURS = (ACCENT, "#c4502e", "#8a8f98", INK)
_TICK = timedelta(seconds=1)
_STATES = ("unclear", "skipped", "disputed", "waiting")
_COLUMNS = ("end", "model", "accuracy", "low", "high", "f1_macro", "f1_low", "f1_high", "labels", *_STATES)


def production_words(history: ProductionHistory) -> tuple[str, str]:
    """Return the headline and the text on accuracy in production."""
    today = history.today
    if today is None or today.quality is None:
        labels = today.states.get("labelled", 0) if today else 0
        few = say("{labels} in four weeks: too few for a figure", labels=counted(labels, "audit label"))
        return (
            few if labels else say("No audit labels yet: review some"),
            say("The audit is the predictions that were drawn at random, whatever anybody said of them."),
        )
    headline = say(
        "{model} is right in {share} of the tweets of four weeks",
        model=short_model(today.model),
        share=_with_ends(today.quality.accuracy),
    )
    macro = say("Macro F1 is {share}.", share=_with_ends(today.quality.f1_macro))
    return headline, " ".join([macro, *_promise(today.quality), _basis(today.quality, today.states)])


def _promise(quality: ProductionQuality) -> list[str]:
    if quality.promised is None:
        return []
    return [say("Its scores promised {share}.", share=percent(quality.promised))]


def _basis(quality: ProductionQuality, states: Mapping[str, int]) -> str:
    """Return what the figures rest on, and what does not count."""
    return say(
        "It rests on {labels} of predictions drawn at random, and on the scores of {waiting} more without a "
        "label. People could not tell the label of {unclear}, skipped {skipped} and disagree on {disputed}; "
        "these do not count. The intervals hold the truth in 95% of cases.",
        labels=counted(quality.labels, "label"),
        waiting=whole(quality.waiting),
        **{state: whole(states.get(state, 0)) for state in ("unclear", "skipped", "disputed")},
    )


def _with_ends(estimate: Estimate) -> str:
    return say(
        "{value} ({low} to {high})",
        value=percent(estimate.value),
        low=percent(estimate.low),
        high=percent(estimate.high),
    )


def tabulate_production(history: ProductionHistory) -> pd.DataFrame:
    """Return a row per week and model, the oldest first; too few labels make no figure."""
    return pd.DataFrame([_row(week) for week in history.weeks], columns=list(_COLUMNS))


def _row(week: Standing) -> dict[str, Any]:
    states = {state: week.states.get(state, 0) for state in _STATES}
    figures = {}
    if week.quality:
        accuracy, f1 = week.quality.accuracy, week.quality.f1_macro
        figures = {"accuracy": accuracy.value, "low": accuracy.low, "high": accuracy.high}
        figures |= {"f1_macro": f1.value, "f1_low": f1.low, "f1_high": f1.high}
    return {
        "end": week.end,
        "model": week.model,
        **figures,
        "labels": week.states.get("labelled", 0),
        **states,
    }


def draw_production(history: ProductionHistory, headline: str) -> Figure:
    """Return the accuracy of each model by week, with 95% intervals."""
    figure = make_figure(3.4, headline, say("each dot is a week, named by its last day, UTC"))
    panel = place_panel(figure, 0.85, 2.4, say("Accuracy in production, with 95% intervals"))
    weeks = [week for week in history.weeks if week.quality]
    ends = sorted({week.end for week in weeks})
    models = list(dict.fromkeys(week.model for week in weeks))
    for number, model in enumerate(models):
        own = [week for week in weeks if week.model == model]
        # Two models of one week stand side by side.
        at = np.array([ends.index(week.end) for week in own]) + 0.12 * (number - (len(models) - 1) / 2)
        estimates = [week.quality.accuracy for week in own if week.quality]
        values = np.array([one.value for one in estimates])
        errors = np.abs(np.array([[one.low for one in estimates], [one.high for one in estimates]]) - values)
        style: dict[str, Any] = {"color": _COLOURS[number % len(_COLOURS)]}
        panel.errorbar(at, values, yerr=errors, fmt="none", alpha=0.5, elinewidth=2, **style)
        panel.scatter(at, values, s=40, zorder=3, linewidth=0, label=short_model(model), **style)
    panel.set_xlim(-0.6, len(ends) - 0.4)
    panel.set_ylim(0, 1)
    panel.set_xticks(range(len(ends)), [day_and_month(end - _TICK) for end in ends])
    panel.grid(axis="y", color=LINE)
    mark_shares(panel, "y")
    panel.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.14),
        ncols=4,
        frameon=False,
        fontsize=12,
        labelcolor=QUIET,
    )
    return figure
