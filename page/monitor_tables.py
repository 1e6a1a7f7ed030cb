"""The monitor's tables: the rows of a query as escaped HTML; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from models import LABELS
from page.cards import badge
from page.texts import percent, say
from sentiment.language import Language, number

if TYPE_CHECKING:
    from page.questions import View
    from sentiment.supervision.alert_state import Episode

SHOWN_ROWS = 100


def bad_predictions_table(view: View, frame: pd.DataFrame) -> str:
    """Return the newest predictions that people marked wrong, at most a hundred."""
    rows = (
        [
            ("time", _moment(view, row["timestamp"], seconds=True)),
            ("tweet", f'<span dir="auto">{escape(_text(row["tweet_text"]))}</span>'),
            ("judged", _label(view.language, row["predicted_label"])),
            ("judged", _label(view.language, row["feedback_label"])),
            ("number", _share(view.language, row["score"])),
            ("model", f"<code>{escape(_text(row['model']))}</code>"),
        ]
        for row in frame.head(SHOWN_ROWS).to_dict("records")
    )
    return _table(
        view,
        "bad_predictions",
        ("time", "tweet_text", "predicted_label", "feedback_label", "score_column", "model"),
        rows,
    )


def errors_table(view: View, frame: pd.DataFrame) -> str:
    """Return the refused or failed requests, by name and status."""
    rows = (
        [
            ("request", f"<code>{escape(_request(view, row['name']))}</code>"),
            ("http-status", escape(_text(row["status"]))),
            ("number", _count(view.language, row["requests"])),
            ("time", _moment(view, row["last_seen"])),
        ]
        for row in frame.head(SHOWN_ROWS).to_dict("records")
    )
    return _table(view, "errors", ("request", "http_status", "count", "last_seen"), rows)


def feedback_rate_table(view: View, frame: pd.DataFrame) -> str:
    """Return each model's predictions, its feedback, and the share of feedback that says wrong."""
    rows = (
        [
            ("model", f"<code>{escape(_text(row['model'])) or '–'}</code>"),
            ("number", _count(view.language, row["predictions"])),
            ("number", _count(view.language, row["good"])),
            ("number", _count(view.language, row["bad"])),
            ("number", _share(view.language, row["bad_rate"])),
        ]
        for row in frame.head(SHOWN_ROWS).to_dict("records")
    )
    return _table(view, "feedback_rate", ("model", "predictions", "good", "bad", "bad_share"), rows)


def shadow_table(view: View, frame: pd.DataFrame) -> str:
    """Return how often each shadow challenger agrees with the champion, and its other labels."""
    changes = ("to_negative", "to_neutral", "to_positive")
    rows = (
        [
            ("model", f"<code>{escape(_text(row['model']))}</code>"),
            ("model", f"<code>{escape(_text(row['shadow_model']))}</code>"),
            ("number", _count(view.language, row["compared"])),
            ("number", _share(view.language, row["agreement"])),
            *(("number", _count(view.language, row[change])) for change in changes),
        ]
        for row in frame.head(SHOWN_ROWS).to_dict("records")
    )
    return _table(view, "shadow", ("model", "shadow_model", "compared", "agreement", *changes), rows)


def episodes_table(view: View, episodes: Sequence[Episode]) -> str:
    """Return the alert's firings: start, end, and the highest count of bad predictions."""
    rows = (
        [
            ("time", _moment(view, episode.fired)),
            (
                "time",
                _moment(view, episode.resolved)
                if episode.resolved
                else f'<b class="warn">{say(view.language, "still_open")}</b>',
            ),
            ("number", number(view.language, episode.most)),
        ]
        for episode in episodes[:SHOWN_ROWS]
    )
    return _table(view, "alert_history", ("fired", "resolved", "most"), rows)


def newest(language: Language, total: int) -> str:
    """Return the number of rows shown, or the number of all."""
    return (
        say(language, "newest_of", shown=SHOWN_ROWS, total=number(language, total))
        if total > SHOWN_ROWS
        else number(language, total)
    )


def _table(view: View, name: str, heads: Sequence[str], rows: Iterable[Sequence[tuple[str, str]]]) -> str:
    """Return a table that scrolls by keyboard too, and whose cells stack on a phone."""
    language = view.language
    names = [say(language, head, minutes=view.window_minutes) for head in heads]
    lines = [
        "<tr>" + "".join(f'<td class="{kind}">{cell}</td>' for kind, cell in row) + "</tr>" for row in rows
    ]
    kinds = [f' class="{head}"' for head in heads]
    head = "".join(
        f'<th scope="col"{kind}>{escape(text)}</th>' for kind, text in zip(kinds, names, strict=True)
    )
    return (
        f'<div class="rows {name}" tabindex="0" role="region" '
        f'aria-label="{escape(say(language, name))}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _request(view: View, name: Any) -> str:
    """Return a request's name, of an unknown path in the reader's language."""
    return _text(name).replace(say("en", "unknown_path"), say(view.language, "unknown_path"))


def _moment(view: View, value: Any, *, seconds: bool = False) -> str:
    return "–" if pd.isna(value) else escape(view.clock.moment(value, view.now, seconds=seconds))


def _label(language: Language, value: Any) -> str:
    """Return a label as a badge, other words as they are, and a dash for none."""
    text = _text(value)
    if text in LABELS:
        return badge(language, text)
    return escape(text) or f'<span class="fine">{say(language, "label_not_given")}</span>'


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _count(language: Language, value: Any) -> str:
    return "–" if pd.isna(value) else number(language, int(value))


def _share(language: Language, value: Any) -> str:
    return "–" if pd.isna(value) else percent(language, float(value))
