"""The card on drift: how far each week's texts are from training, and the words that are new.

Pure functions of the measured weeks; `flows.drift` measures them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

from page.cards import error_card
from page.chart import Plot, Series, draw
from page.clock import Clock
from page.texts import percent, say
from sentiment.drift.history import History
from sentiment.errors import AlertError
from sentiment.language import Language, decimal, number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sentiment.drift.two_sample import Difference
    from sentiment.drift.week import Week
    from sentiment.drift.words import Word

_MOST_WEEKS = 26
_MOST_WORDS = 8
_MOST_TICKS = 4
_TICKS = (0.0, 0.5, 1.0)
_LINES = ("drift_training", "drift_known", "drift_chance")
_KEYS = (*((name, f"line {name}", "M1 6h22") for name in _LINES), ("alert_firing", "band", "M1 0h22v12H1Z"))


def drift_card(folder: Path, language: Language) -> str:
    """Return the weeks kept in a folder as a card, or a line on why there is none to show."""
    try:
        weeks = History.read(folder).weeks[-_MOST_WEEKS:]
    except AlertError as error:
        return error_card(say(language, "drift_damaged"), str(error))
    if not weeks:
        return f'<p class="fine">{say(language, "drift_none")}</p>'
    title, chart, words = say(language, "drift"), _chart(language, weeks), _words(language, weeks[-1])
    return (
        f'<section class="card panel drift" aria-label="{title}"><h3>{title}'
        f'<span class="fine">{say(language, "drift_unit")}</span></h3>'
        f"{_finding(language, weeks[-1])}"
        f'<div class="split"><div>{chart}</div>{words}</div></section>'
    )


def _finding(language: Language, week: Week) -> str:
    """Return what the latest week says, with the remedy where it is news."""
    texts = number(language, week.texts)
    words = say(language, _state(week), day=_day(language, week), texts=texts)
    remedy = f" {say(language, 'drift_remedy')}" if week.alarmed else ""
    return f'<p class="{"stale" if week.alarmed else "fine"}" role="status"><b>{words}</b>{remedy}</p>'


def _state(week: Week) -> str:
    if week.training is None:
        return "drift_few"
    if week.alarmed:
        return "drift_alarm"
    if week.training.distance <= week.training.chance:
        return "drift_alike"
    return "drift_little" if week.known is None else "drift_as_known"


def _chart(language: Language, weeks: Sequence[Week]) -> str:
    """Return the distances by week; the weeks of an alarm stand out."""
    columns = (
        [_distance(week.training) for week in weeks],
        [_distance(week.known) for week in weeks],
        [week.training.chance if week.training else None for week in weeks],
    )
    step = -(-len(weeks) // _MOST_TICKS)
    shares = [(index / len(weeks), (index + 1) / len(weeks)) for index in range(len(weeks))]
    plot = Plot(
        kind="lines",
        series=[Series("", values, name) for name, values in zip(_LINES, columns, strict=True)],
        notes=[_note(language, week) for week in weeks],
        times=[
            (sum(shares[index]) / 2, _day(language, week))
            for index, week in enumerate(weeks)
            if not index % step
        ],
        summary=f"{say(language, 'drift')}. {' '.join(_note(language, week) for week in weeks)}",
        mark=lambda value: decimal(language, value, 1),
        ticks=_TICKS,
        bands=[share for share, week in zip(shares, weeks, strict=True) if week.alarmed],
    )
    keys = "".join(
        f'<li><svg viewBox="0 0 24 12" aria-hidden="true"><path class="{style}" d="{shape}"/></svg>'
        f"{say(language, name)}</li>"
        for name, style, shape in _KEYS
    )
    scale = f'<p class="fine">{say(language, "drift_scale")}</p>'
    return f'<ul class="legend">{keys}</ul>{draw(plot)}{scale}'


def _note(language: Language, week: Week) -> str:
    texts = number(language, week.texts)
    if week.training is None:
        return say(language, "drift_few", day=_day(language, week), texts=texts)
    return say(
        language,
        "drift_note",
        day=_day(language, week),
        training=say(language, "drift_training"),
        distance=decimal(language, _distance(week.training) or 0.0, 2),
        chance=say(language, "drift_chance"),
        most=decimal(language, week.training.chance, 2),
        texts=texts,
    )


def _words(language: Language, week: Week) -> str:
    """Return the new and the missing words with their counts of texts, and the week's figures."""
    (here, usual), said, expected = week.unknown, week.answers.score, week.expected.score
    figures = say(
        language,
        "drift_unknown",
        share=percent(language, here, 1),
        usual=percent(language, usual, 1),
        score=decimal(language, said, 2),
        expected=decimal(language, expected, 2),
    )
    new = [(word, word.production) for word in week.new[:_MOST_WORDS]]
    vanished = [(word, word.training) for word in week.vanished[:_MOST_WORDS]]
    lists = _word_list(language, "drift_new", new) + _word_list(language, "drift_vanished", vanished)
    return f'<div>{lists}<p class="fine">{figures}</p></div>'


def _word_list(language: Language, title: str, words: Sequence[tuple[Word, int]]) -> str:
    items = ", ".join(
        f'<bdi>{escape(word.word)}</bdi>&nbsp;<span class="fine">{number(language, count)}</span>'
        for word, count in words
    )
    return f"<p><b>{say(language, title)}</b><br>{items or say(language, 'drift_no_words')}</p>"


def _distance(difference: Difference | None) -> float | None:
    return max(difference.distance, 0.0) if difference else None


def _day(language: Language, week: Week) -> str:
    return Clock(language, UTC, "UTC").day(datetime.fromisoformat(week.look.start))
