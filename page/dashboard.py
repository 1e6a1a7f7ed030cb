"""The monitor's panels: answers to queries in, HTML out.

Every panel has its states: waiting, empty, failed, stale. Pure functions.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from page.answers import Answer
from page.headline import figures
from page.monitor_charts import alert_chart, chart
from page.monitor_tables import (
    bad_predictions_table,
    episodes_table,
    errors_table,
    feedback_rate_table,
    newest,
    shadow_table,
)
from page.questions import STEPPED
from page.states import UNEXPECTED, no_answer, skeleton, stale_note, trouble_of_all
from page.texts import say
from sentiment.supervision.alert_state import episodes

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from page.questions import View
    from sentiment.language import Language

_LOG = logging.getLogger(__name__)

PANELS = (*STEPPED, "bad_predictions", "alert_history", "feedback_rate", "shadow", "errors")
_TABLES = {"errors": errors_table, "feedback_rate": feedback_rate_table, "shadow": shadow_table}
PARTS = ("trouble", "figures", *PANELS)
_NO_ROWS = {
    "bad_predictions": "no_bad_predictions",
    "errors": "no_errors",
    "alert_history": "no_alerts",
    "shadow": "no_shadow",
}


def render(view: View, answers: Mapping[str, Answer]) -> dict[str, str]:
    """Return the HTML of each of `PARTS`; a failed one says so and leaves the others alone."""
    trouble = trouble_of_all(view.language, answers)
    is_empty = _is_empty(answers)
    parts = {
        "trouble": trouble or (_nothing_yet(view.language) if is_empty else ""),
        "figures": figures(view, answers),
    }
    for name in PANELS:
        answer = answers[name]
        is_hidden = (is_empty and answer.frame is not None) or (trouble and answer.frame is None)
        parts[name] = "" if is_hidden else panel(view, name, answer, says_why=not trouble)
    return parts


def panel(view: View, name: str, answer: Answer, *, says_why: bool = True) -> str:
    """Return one chart or table in its frame, or why it is missing or old."""
    try:
        body, detail = _body(view, name, answer)
    except UNEXPECTED as error:
        _LOG.exception("the panel %s cannot be drawn", name)
        answer = Answer(None, None, error)
        body, detail = _body(view, name, answer)
    note = stale_note(view, answer, says_why=says_why) if answer.frame is not None else ""
    return (
        f'<section class="card panel" '
        f'aria-label="{escape(say(view.language, name))}"><h3>{say(view.language, name)}'
        f'<span class="fine">{detail}</span></h3>{body}{note}</section>'
    )


def _body(view: View, name: str, answer: Answer) -> tuple[str, str]:
    """Return a panel's content, and the words beside its title."""
    if answer.frame is None or answer.at is None:
        return (
            no_answer(view.language, answer.error) if answer.error else skeleton(is_tall=name in STEPPED)
        ), ""
    if name in STEPPED:
        is_bare = answer.frame.empty
        return (
            _nothing(view.language, name) if is_bare else chart(view, name, answer.frame, answer.at)
        ), _unit(view, name)
    if name == "alert_history":
        return _alert_history(view, answer.frame, answer.at)
    if answer.frame.empty:
        return _nothing(view.language, name), _whose(view, name)
    if name == "bad_predictions":
        zone = say(view.language, "times_in", zone=escape(view.clock.name))
        return bad_predictions_table(
            view, answer.frame
        ), f"{newest(view.language, len(answer.frame))} · {zone}"
    return _TABLES[name](view, answer.frame), _whose(view, name)


def _alert_history(view: View, frame: pd.DataFrame, end: datetime) -> tuple[str, str]:
    start = end - view.range.length
    recent = [
        episode
        for episode in episodes(frame, view.rule, end)
        if episode.resolved is None or episode.resolved > start
    ]
    table = episodes_table(view, recent) if recent else _nothing(view.language, "alert_history")
    return f'<div class="split"><div>{alert_chart(view, frame, recent, end)}</div>{table}</div>', _whose(
        view, "alert_history"
    )


def _unit(view: View, name: str) -> str:
    if name not in ("latency", "label_mix"):
        return ""
    return say(view.language, f"{name}_unit", step=say(view.language, f"step_{view.range.key}"))


def _whose(view: View, name: str) -> str:
    return (
        say(view.language, "every_model")
        if view.model and name in ("errors", "alert_history", "feedback_rate", "shadow")
        else ""
    )


def _nothing(language: Language, name: str) -> str:
    return f'<p class="nothing">{say(language, _NO_ROWS.get(name, "nothing_here"))}</p>'


def _nothing_yet(language: Language) -> str:
    return (
        f'<section class="card empty"><strong>{say(language, "nothing_yet")}</strong>'
        f"<p>{say(language, 'nothing_yet_remedy')}</p></section>"
    )


def _is_empty(answers: Mapping[str, Answer]) -> bool:
    """Return whether every question has an answer without rows."""
    asked = [
        answers[name].frame for name in ("requests_per_minute", "bad_predictions", "feedback_rate", "errors")
    ]
    return all(frame is not None and frame.empty for frame in asked)


def skeleton_panel(name: str) -> str:
    """Return a panel before any answer, the same in every language."""
    return (
        f'<section class="card panel" '
        f'aria-busy="true"><h3>…</h3>{skeleton(is_tall=name in STEPPED)}</section>'
    )
