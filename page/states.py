"""Panels whose figures are missing or old: waiting, failed, stale.

Pure functions of answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING

from page.cards import error_card
from page.texts import say
from sentiment.errors import SentiloopError
from sentiment.language import Language

if TYPE_CHECKING:
    from page.answers import Answer
    from page.questions import View

# Of rows that are not what their query promises.
UNEXPECTED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
_LATE = timedelta(seconds=25)


def skeleton(*, is_tall: bool) -> str:
    """Return a grey shape as large as the panel that will replace it."""
    return f'<div class="skeleton{" tall" if is_tall else ""}" aria-hidden="true"></div>'


def trouble_of_all(language: Language, answers: Mapping[str, Answer]) -> str:
    """Return one card if every question failed for the same reason, so that it is said once."""
    words = {explain(language, answer.error) if answer.error else "" for answer in answers.values()}
    return (
        error_card(say(language, "no_answer_at_all"), words.pop())
        if len(words) == 1 and "" not in words
        else ""
    )


def explain(language: Language, error: BaseException) -> str:
    """Return the message of one of Sentiloop's errors; of any other error only its type."""
    return (
        str(error)
        if isinstance(error, SentiloopError)
        else say(language, "unexpected", fault=type(error).__name__)
    )


def no_answer(language: Language, error: BaseException) -> str:
    """Return why a panel is empty; screen readers read it when they can."""
    return (
        f'<p class="nothing trouble" role="status"><b>{say(language, "no_answer")}</b> '
        f"{escape(explain(language, error))}</p>"
    )


def stale_note(view: View, answer: Answer, *, says_why: bool) -> str:
    """Return an old answer's time and why there is no newer one; nothing for a fresh one."""
    if answer.at is None or not (answer.error or view.now - answer.at > _LATE):
        return ""
    time = view.clock.moment(answer.at, view.now, seconds=True)
    if answer.error is None:
        return f'<p class="stale">{say(view.language, "stale_waiting", time=time)}</p>'
    why = f": {escape(explain(view.language, answer.error))}" if says_why else "."
    return f'<p class="stale">{say(view.language, "stale", time=time)}{why}</p>'
