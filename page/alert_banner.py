"""The alert on the page: a banner on the tab "Monitor" and a badge in the page's head.

Pure functions of answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from page.states import UNEXPECTED, explain, stale_note, trouble_of_all
from page.texts import say
from sentiment.errors import AlertError
from sentiment.language import Language, number
from sentiment.supervision.alert_state import Episode, episodes, is_met, measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from page.answers import Answer
    from page.questions import View
    from sentiment.supervision.alert_rule import AlertRule

_BELL = (
    '<svg class="face" viewBox="0 0 24 24" aria-hidden="true">'
    '<path d="M12 3.5a6 6 0 0 0-6 6c0 5-2 6.5-2 6.5h16s-2-1.5-2-6.5a6 6 0 0 0-6-6zM10 19.5a2.2 '
    '2.2 0 0 0 4 0"/></svg>'
)
_CHECK = (
    '<svg class="face" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" '
    'r="9.5"/><path d="M8 12.3l2.8 2.8L16 9.5"/></svg>'
)


@dataclass(frozen=True)
class AlertNow:
    """The state of the alert, its count of bad predictions now, and its open firing, if any."""

    count: int
    is_open: bool
    episode: Episode | None


def alert_now(rule: AlertRule, answers: Mapping[str, Answer]) -> AlertNow | None:
    """Return the state of the alert; None while it is not known."""
    window, history = answers["alert"], answers["alert_day"]
    if window.frame is None or history.frame is None or history.at is None:
        return None
    value = measure(rule, window.frame)
    newest = next(iter(episodes(history.frame, rule, history.at)), None)
    current = newest if newest and newest.resolved is None else None
    return AlertNow(int(value), current is not None or is_met(rule, value), current)


def banner(view: View, answers: Mapping[str, Answer]) -> str:
    """Return the state of the alert as a wide card: calm, firing, or not known and why."""
    # Which says why once for all.
    language, has_trouble = view.language, bool(trouble_of_all(view.language, answers))
    error = answers["alert"].error or answers["alert_day"].error
    try:
        state = alert_now(view.rule, answers)
    except (*UNEXPECTED, AlertError) as fault:
        state, error = None, fault
    if state is None:
        why = f": {escape(explain(language, error))}" if error and not has_trouble else "."
        words = f"{say(language, 'alert_unknown')}{why}" if error else f"{say(language, 'loading')}…"
        return f'<section class="card alert unknown" role="status">{words}</section>'
    note = stale_note(view, answers["alert"], says_why=not has_trouble)
    if state.is_open:
        return _card(
            "firing",
            f"{say(language, 'alert_firing')}{_since(view, state)}",
            f"{_counted(view, state)} {_outlook(view, state)}",
            note,
        )
    rule = say(language, "alert_rule", threshold=number(language, round(view.rule.criterion.threshold)))
    return _card("calm", say(language, "alert_calm"), f"{_counted(view, state)} {rule}", note)


def head_badge(language: Language, rule: AlertRule, answers: Mapping[str, Answer]) -> str:
    """Return a small line for the page's head while the alert is open, and nothing otherwise."""
    try:
        state = alert_now(rule, answers)
    except (*UNEXPECTED, AlertError):  # the tab says why
        return ""
    if state is None or not state.is_open:
        return ""
    key = "alert_badge" if is_met(rule, state.count) else "alert_badge_open"
    words = say(language, key, count=number(language, state.count), minutes=_minutes(rule))
    return f'<p class="alert-badge" role="status">{_BELL}{words}</p>'


def _card(kind: str, title: str, text: str, note: str) -> str:
    picture = _BELL if kind == "firing" else _CHECK
    return (
        f'<section class="card alert {kind}" '
        f'role="status">{picture}<div><strong>{title}</strong><p>{text}</p>{note}</div></section>'
    )


def _since(view: View, state: AlertNow) -> str:
    return (
        f" {say(view.language, 'alert_since', time=view.clock.moment(state.episode.fired, view.now))}"
        if state.episode
        else ""
    )


def _counted(view: View, state: AlertNow) -> str:
    key = "alert_count_one" if state.count == 1 else "alert_count"
    return say(view.language, key, count=number(view.language, state.count), minutes=view.window_minutes)


def _outlook(view: View, state: AlertNow) -> str:
    """Return the highest count, if it was higher than now, and what ends the alert."""
    most = state.episode.most if state.episode else 0
    words = [say(view.language, "alert_most", most=number(view.language, most))] if most > state.count else []
    minutes = int(view.rule.quiet_evaluations * view.rule.evaluation_frequency.total_seconds() // 60)
    threshold = number(view.language, round(view.rule.criterion.threshold))
    return " ".join([*words, say(view.language, "alert_ends", threshold=threshold, minutes=minutes)])


def _minutes(rule: AlertRule) -> int:
    return int(rule.window_size.total_seconds() // 60)
