"""The picture of abstention: each model's risk against its coverage, and its threshold."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter

from sentiment.evaluation.abstention import TARGET_RISK
from sentiment.reports.canvas import ACCENT, INK, PAPER, QUIET, add_panel, name_axes, new_figure
from sentiment.reports.wording import fixed, round_percent, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sentiment.training.comparison import Comparison, ModelResult

_OTHERS = ("--", ":", "-.")


def draw_risk(comparison: Comparison) -> Figure:
    """Return the curves on the test split, with a dot at each threshold chosen on validation."""
    winner = next(result for result in comparison.models if result.family == comparison.winner)
    dots = "test split; dots: the lowest score with at most {risk} errors on validation"
    subtitle = say(dots, risk=round_percent(TARGET_RISK))
    figure = new_figure(11, 7.5, _headline(winner), subtitle)
    panel = add_panel(figure, (0.1, 0.11, 0.86, 0.7))
    others = cycle(_OTHERS)
    for result in comparison.models:
        is_winner = result.family == comparison.winner
        _draw_curve(panel, result, ACCENT if is_winner else INK, "-" if is_winner else next(others))
    panel.axhline(TARGET_RISK, color=QUIET, linewidth=1.2, linestyle=(0, (2, 3)))
    highest = max(risk for result in comparison.models for _, risk in result.risk_coverage)
    panel.set_xlim(0, 1.01)
    panel.set_ylim(0, max(highest, TARGET_RISK) * 1.35)
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda share, _: round_percent(share)))
    name_axes(
        panel,
        say("coverage: the share of tweets that get a label, the surest first"),
        say("risk: the share of these labels that are wrong"),
    )
    panel.legend(
        loc="upper left",
        frameon=False,
        labelcolor="linecolor",
        handlelength=3.5,
        prop={"weight": "bold", "size": 14},
    )
    return figure


def _draw_curve(panel: Axes, result: ModelResult, colour: str, style: str) -> None:
    coverage, risk = zip(*result.risk_coverage, strict=True)
    panel.plot(coverage, risk, style, color=colour, linewidth=2.5, label=_label(result))
    if "uncertain_below" in result.metrics:
        at = result.metrics["test_coverage_kept"], result.metrics["test_risk_kept"]
        panel.scatter(*at, s=110, color=colour, edgecolor=PAPER, linewidth=1.5, zorder=3)


def _headline(winner: ModelResult) -> str:
    if "uncertain_below" not in winner.metrics:
        never = "{model} is never sure enough for {risk} errors"
        return say(never, model=winner.family, risk=round_percent(TARGET_RISK))
    return say(
        "{model}: with {aside} set aside, {risk} of the rest are wrong",
        model=winner.family,
        aside=round_percent(1 - winner.metrics["test_coverage_kept"]),
        risk=round_percent(winner.metrics["test_risk_kept"], 1),
    )


def _label(result: ModelResult) -> str:
    threshold = result.metrics.get("uncertain_below")
    rule = (
        say("no threshold")
        if threshold is None
        else say("below {score} set aside", score=fixed(threshold, 2))
    )
    area = fixed(result.metrics["test_aurc"], 3)
    return say("{model}: {rule}, AURC {area}", model=result.family, rule=rule, area=area)
