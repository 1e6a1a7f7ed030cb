"""The monitor's questions for one view: shared queries with the viewer's time range and model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from page.answers import Question
from page.clock import Clock
from page.ranges import Range
from sentiment import queries
from sentiment.language import Language
from sentiment.supervision.alert_rule import AlertRule
from sentiment.supervision.panels import PANELS

# What is drawn step by step.
STEPPED = tuple(panel.query for panel in PANELS if panel.kind in ("lines", "area"))
_BY_MODEL = (*STEPPED, "bad_predictions")
_ONE_STEP = timedelta(days=36_500)  # so long that a whole range lies in it
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class View:
    """A viewer's time range, model and language; no model is every model."""

    clock: Clock
    range: Range
    model: str
    rule: AlertRule
    low_confidence: float
    now: datetime

    @property
    def language(self) -> Language:
        """The language of the words."""
        return self.clock.language

    @property
    def window_minutes(self) -> int:
        """How many minutes the alert rule counts over."""
        return int(self.rule.window_size.total_seconds() // 60)


def view_questions(view: View) -> dict[str, Question]:
    """Return every question of a view, by the name of its panel."""
    length, step = view.range.length, view.range.step
    names = (*STEPPED, "errors", "bad_predictions", "feedback_rate", "shadow", "models")
    return alert_questions(view.rule) | {
        **{name: Question(_text(name, view), length, step) for name in names},
        "latency_overall": Question(queries.read("latency", model=view.model, step=_ONE_STEP), length, step),
        "alert_history": history_question(view.rule, length),
    }


def alert_questions(rule: AlertRule) -> dict[str, Question]:
    """Return the questions for the alert's state: the rule's window, and a day of its counts."""
    return {
        "alert": Question(rule.criterion.query, rule.window_size),
        "alert_day": history_question(rule, _DAY),
    }


def history_question(rule: AlertRule, length: timedelta) -> Question:
    """Return the question for the alert's history, with the hours before the range."""
    before = rule.lookback + rule.quiet_evaluations * rule.evaluation_frequency
    return Question(queries.read("alert_history"), length + before, _MINUTE)


def _text(name: str, view: View) -> str:
    model = {"model": view.model} if name in _BY_MODEL else {}
    step = {"step": view.range.step} if name in STEPPED else {}
    return queries.read(name, **model, **step)
