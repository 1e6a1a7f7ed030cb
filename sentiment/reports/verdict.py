"""The picture of a verdict: every difference in F1 with its interval, and all other checks."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FuncFormatter

from sentiment.gate.phrase import translated
from sentiment.gate.verdict import Check, Decision
from sentiment.language import spoken
from sentiment.reports.canvas import INK, LINE, QUIET, add_panel, new_figure
from sentiment.reports.wording import fixed, say, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sentiment.gate.verdict import Outcome, Verdict

_COLOURS: dict[Outcome, str] = {"pass": "#1f8a70", "hold": "#b7791f", "reject": "#c4502e", "note": QUIET}
# Told apart without colour.
_SIGNS: dict[Outcome, str] = {"pass": "✔", "hold": "▲", "reject": "✖", "note": "•"}
_DECISION_COLOURS = {
    Decision.PROMOTE: _COLOURS["pass"],
    Decision.HOLD: _COLOURS["hold"],
    Decision.REJECT: _COLOURS["reject"],
}
_TITLES = {
    Decision.PROMOTE: "PROMOTE: the challenger becomes the champion",
    Decision.HOLD: "HOLD: the champion stays until a person has looked",
    Decision.REJECT: "REJECT: the champion stays",
}
_FEWEST_POINTS = 0.5  # the least reach of the axis to both sides
_PRODUCTION = "In production"
_NAMES = {
    "macro F1 in production": "production",
    "macro F1 on test": "base, whole test split",
    "macro F1 on feedback": "complaints",
}
_GROUPS = {"behaviour": "Behaviour", "calibration": "Calibration", "budget": "Cost", "evidence": "Evidence"}
_WIDTH = 62


def draw_verdict(verdict: Verdict) -> Figure:
    """Return the verdict in 1600 x 1000 pixels, as README, MLflow and the demo page show it."""
    reason = translated(verdict.reasons[0], spoken()) if verdict.reasons else ""
    title = say(_TITLES[verdict.decision])
    if verdict.override:
        names = ", ".join(verdict.override.approved_by)
        title = say("{title}; overridden by {names}", title=title, names=names)
    figure = new_figure(16, 10, title, "\n".join(textwrap.wrap(reason, 150)[:2]))
    figure.texts[0].set_color(_DECISION_COLOURS[verdict.decision])
    rows = [check for check in verdict.checks if check.figures.get("low") is not None]
    if rows:
        what = say("F1, challenger minus champion, in points")
        _draw_differences(add_panel(figure, (0.15, 0.075, 0.36, 0.73), what), rows)
    else:
        alone, none = "There was no champion to compare with.", "Nothing could be compared."
        figure.text(0.05, 0.5, say(none if verdict.champion else alone), size=15)
    others = [
        check
        for check in verdict.checks
        if not _is_a_matter_of_course(check) and (check.group in _GROUPS or _title(check) == _PRODUCTION)
    ]
    order = [_PRODUCTION, *_GROUPS.values()]
    _draw_list(figure, sorted([*others, *_passed(verdict)], key=lambda check: order.index(_title(check))))
    _write_legend(figure, verdict)
    return figure


def _write_legend(figure: Figure, verdict: Verdict) -> None:
    legend = "   ".join(f"{_SIGNS[outcome]} {say(outcome)}" for outcome in _SIGNS)
    names = say(
        "challenger: {challenger}, champion: {champion}",
        challenger=verdict.challenger["name"],
        champion=verdict.champion["name"] if verdict.champion else say("none"),
    )
    figure.text(0.01875, 0.012, f"{legend}      {names}", size=12, color=QUIET)


def _passed(verdict: Verdict) -> list[Check]:
    """Return one line for all checks of models and data that passed, as a rule all of them."""
    count = sum(_is_a_matter_of_course(check) for check in verdict.checks)
    sentence = say("{count} checks passed of where models and data come from.", count=count)
    return [Check("passed", "evidence", "pass", sentence)] if count else []


def _title(check: Check) -> str:
    """Return the heading that a check stands below; empty if it is in no list."""
    if check.name.endswith("in production") or check.name == "exam":
        return _PRODUCTION
    return _GROUPS.get(check.group, "")


def _label(check: Check) -> str:
    """Return what a difference is of: production, the whole base, or a part of either."""
    if check.name in _NAMES:
        return say(_NAMES[check.name])
    name = translated(check.name, spoken())
    return name if _title(check) == _PRODUCTION else say("base, {name}", name=name)


def _is_a_matter_of_course(check: Check) -> bool:
    return check.group == "evidence" and check.outcome == "pass"


def _draw_differences(panel: Axes, rows: list[Check]) -> None:
    """Draw each difference as a point, its 95% interval as a line, and its margin as a mark."""
    reach = max(
        [
            _FEWEST_POINTS,
            *(abs(100 * float(check.figures[side] or 0)) for check in rows for side in ("low", "high")),
        ]
    )
    panel.axvline(0, color=INK, linewidth=1)
    for row, check in enumerate(rows):
        _draw_difference(panel, row, check, reach)
    panel.text(1.28 * reach, -0.9, say("points"), ha="right", va="center", size=11, color=QUIET)
    panel.text(1.52 * reach, -0.9, say("texts"), ha="right", va="center", size=11, color=QUIET)
    panel.set_yticks(
        range(len(rows)),
        [f"{_label(check)}  {_SIGNS[check.outcome]}" for check in rows],
    )
    panel.set_ylim(len(rows) - 0.4, -1.1)
    panel.set_xlim(-1.08 * reach, 1.08 * reach)
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _points(f"{value:+g}") if value else "0"))
    panel.grid(visible=True, axis="x", color=LINE, linewidth=0.8)


def _draw_difference(panel: Axes, row: int, check: Check, reach: float) -> None:
    difference, low, high, margin = (
        100 * float(check.figures.get(key) or 0) for key in ("difference", "low", "high", "margin")
    )
    colour, is_main = _COLOURS[check.outcome], check.group == "quality"
    line: dict[str, Any] = {"linewidth": 4.0 if is_main else 2.5, "solid_capstyle": "round"}
    panel.plot([low, high], [row, row], color=colour, **line)
    panel.plot(difference, row, "o", color=colour, markersize=9 if is_main else 7)
    if margin and -margin <= 1.2 * reach:
        panel.plot([margin, margin], [row - 0.3, row + 0.3], color=QUIET, linewidth=1.2)
    place: dict[str, Any] = {"ha": "right", "va": "center"}
    panel.text(1.28 * reach, row, _points(f"{difference:+.1f}"), size=13, color=colour, **place)
    count = whole(int(check.figures.get("rows") or 0))
    panel.text(1.52 * reach, row, count, size=12, color=QUIET, **place)


def _points(number: str) -> str:
    return number.replace(".", fixed(0, 1)[1])


def _draw_list(figure: Figure, checks: list[Check]) -> None:
    """Write the other checks as sentences with their signs, group by group."""
    height, left, group = 0.825, 0.64, ""
    for check in checks:
        if _title(check) != group:
            height -= 0.012 if group else 0
            group = _title(check)
            figure.text(left, height, say(group), size=15, weight="bold", color=INK, va="top")
            height -= 0.033
        lines = textwrap.wrap(translated(check.sentence, spoken()), _WIDTH)[
            : 5 if group == _PRODUCTION else 3
        ]
        figure.text(left, height, _SIGNS[check.outcome], size=12, color=_COLOURS[check.outcome], va="top")
        figure.text(left + 0.016, height, "\n".join(lines), size=11.5, color=INK, va="top", linespacing=1.25)
        height -= 0.0195 * len(lines) + 0.009
