"""Accuracy in production on the tab "Monitor": the figure, what it rests on, and its weeks.

Pure functions of standings.
"""

from __future__ import annotations

from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING

from page.chart import Whisker, draw_whiskers
from page.texts import percent, say
from sentiment.evaluation.production import LEAST_LABELS
from sentiment.language import Language, number

if TYPE_CHECKING:
    from page.clock import Clock
    from sentiment.evaluation.production import Estimate, ProductionQuality
    from sentiment.evaluation.production_periods import ProductionHistory, Standing

_STATES = ("unclear", "skipped", "disputed", "waiting")
_DIGITS = 1


def production_card(clock: Clock, history: ProductionHistory, bound: float) -> str:
    """Return the card: the champion's accuracy today, and that of each model week by week.

    `bound` is the one below which the alert fires, 0 without one.
    """
    language, standing = clock.language, history.today
    body = _figure(language, standing) if standing else _nothing(language, 0)
    picture = _picture(clock, history, bound)
    whose = say(language, "production_of", model=escape(_short(standing.model))) if standing else ""
    content = f'<div class="split production"><div>{body}</div>{picture}</div>' if picture else body
    return (
        f'<section class="card panel" aria-label="{say(language, "production")}">'
        f'<h3>{say(language, "production")}<span class="fine">{whose}</span></h3>{content}</section>'
    )


def _figure(language: Language, standing: Standing) -> str:
    labels = standing.states.get("labelled", 0)
    if standing.quality is None:
        return _nothing(language, labels) + _counts(language, standing)
    accuracy, f1 = standing.quality.accuracy, standing.quality.f1_macro
    words = say(language, "production_f1", value=percent(language, f1.value, _DIGITS), **_ends(language, f1))
    return (
        f'<p class="big"><strong>{percent(language, accuracy.value, _DIGITS)}</strong> '
        f"{say(language, 'production_between', **_ends(language, accuracy))}</p>"
        f"<p>{words}</p>{_promise(language, standing.quality)}{_counts(language, standing)}"
    )


def _promise(language: Language, quality: ProductionQuality) -> str:
    """Return what the scores promise, and whether the truth lies elsewhere."""
    if quality.promised is None:
        return ""
    is_true = quality.accuracy.low <= quality.promised <= quality.accuracy.high
    advice = "" if is_true else f" {say(language, 'production_untrue')}"
    value = percent(language, quality.promised, _DIGITS)
    return f"<p>{say(language, 'production_promised', value=value)}{advice}</p>"


def _ends(language: Language, estimate: Estimate) -> dict[str, str]:
    return {
        "low": percent(language, estimate.low, _DIGITS),
        "high": percent(language, estimate.high, _DIGITS),
    }


def _counts(language: Language, standing: Standing) -> str:
    """Return how many labels there are, and what has none and why."""
    counts = {"labels": standing.states.get("labelled", 0)} | {
        name: standing.states[name] for name in _STATES if standing.states.get(name)
    }
    words = [
        say(language, f"production_{name}", count=number(language, count)) for name, count in counts.items()
    ]
    return f'<p class="fine">{" · ".join(words)}</p>'


def _nothing(language: Language, labels: int) -> str:
    values = {"count": number(language, labels), "least": LEAST_LABELS}
    words = say(language, "production_few", **values) if labels else say(language, "production_none")
    return f'<p class="nothing"><span>{words}</span></p>'


def _picture(clock: Clock, history: ProductionHistory, bound: float) -> str:
    """Return the weeks as a picture, those of earlier models grey; nothing without any."""
    language, today = clock.language, history.today
    whiskers = [
        _whisker(clock, week, week.quality, is_earlier=bool(today and week.model != today.model))
        for week in history.weeks
        if week.quality
    ]
    if not whiskers:
        return ""
    weeks = " ".join(one.note.replace("\n", ", ") + "." for one in whiskers)
    drawing = draw_whiskers(
        whiskers,
        summary=say(language, "production_summary", weeks=weeks),
        mark=lambda value: percent(language, value),
        limit=bound or None,
    )
    words = [say(language, "production_weeks")]
    words += [say(language, "production_earlier")] if any(one.style for one in whiskers) else []
    words += [say(language, "production_bound", bound=percent(language, bound))] if bound else []
    return f'<div><p class="fine">{"; ".join(words)}</p>{drawing}</div>'


def _whisker(clock: Clock, week: Standing, quality: ProductionQuality, *, is_earlier: bool) -> Whisker:
    language, accuracy = clock.language, quality.accuracy
    day = clock.day(week.end - timedelta(seconds=1))
    note = (
        f"{_short(week.model)}, {say(language, 'production_week', day=day)}\n"
        f"{percent(language, accuracy.value, _DIGITS)}, "
        f"{say(language, 'production_between', **_ends(language, accuracy))}\n"
        f"{say(language, 'production_labels', count=number(language, quality.labels))}"
    )
    return Whisker(accuracy.value, (accuracy.low, accuracy.high), day, note, " earlier" if is_earlier else "")


def _short(model: str) -> str:
    return model.partition(":")[2] or model
