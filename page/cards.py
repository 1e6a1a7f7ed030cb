"""The pieces of HTML that the page shows: pure functions of values.

Whatever comes from people or the service is escaped here.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from models import LABELS
from page.texts import percent, say
from page.weighed_words import weighed_text, weights_legend
from sentiment.language import Language, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from page.service_client import PredictedText, ServiceError
    from sentiment.serving.api import FeedbackAnswer

_PREVIEW_CHARS = 140

_UNSURE = (
    '<svg class="face" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10"/>'
    '<path d="M9.2 9.6a2.8 2.8 0 1 1 4 2.6c-.9.5-1.2 1-1.2 1.9M12 17.2v.1"/></svg>'
)

# Faces differ by shape as well as by colour: the label can be told without seeing colours.
_MOUTHS = {"negative": "M8 16.2q4-4 8 0", "neutral": "M8 15.2h8", "positive": "M8 14q4 4 8 0"}


def face(label: str) -> str:
    """Return a small drawn face for a label; it is decoration beside the label's word."""
    return (
        f'<svg class="face" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10"/>'
        f'<path d="M9 9.2v.6M15 9.2v.6M{_MOUTHS[label][1:]}"/></svg>'
    )


def result_card(language: Language, prediction: PredictedText, milliseconds: float) -> str:
    """Return one tweet's answer: label, marked words, scores, model and response time."""
    label, scores = prediction.label, prediction.score_by_label
    share = percent(language, prediction.score)
    return (
        f'<section class="card result {label}" role="status">'
        f'<div class="verdict">{face(label)}<strong>{say(language, label)}</strong><span '
        f'class="share">{share}</span></div>'
        f"{_doubt(language, prediction)}"
        f'<blockquote dir="auto">{weighed_text(language, prediction)}</blockquote>'
        f"{weights_legend(language, prediction)}"
        f"{bars(language, scores, {name: percent(language, score) for name, score in scores.items()})}"
        f'<p class="fine"><code>{escape(prediction.model)}</code> · '
        f"{say(language, 'answered_in', ms=max(1, round(milliseconds)))}</p>"
        "</section>"
    )


def _doubt(language: Language, prediction: PredictedText) -> str:
    return f'<p class="unsure">{_UNSURE}{say(language, "uncertain")}</p>' if prediction.is_uncertain else ""


def bars(language: Language, shares: Mapping[str, float], notes: Mapping[str, str]) -> str:
    """Return one bar per label: `shares` of 1 are the lengths, `notes` the words at the ends."""
    rows = (
        f'<li class="{label}"><span class="name">{say(language, label)}</span>'
        f'<span class="track" aria-hidden="true"><span class="bar" '
        f'style="width:{100 * shares[label]:.1f}%"></span></span>'
        f'<span class="note">{escape(notes[label])}</span></li>'
        for label in reversed(LABELS)
    )
    return f'<ul class="bars">{"".join(rows)}</ul>'


def thanks_card(language: Language, receipt: FeedbackAnswer) -> str:
    """Return the acknowledgement of feedback, with its id."""
    text = say(language, "thanks" if receipt.status == "recorded" else "thanks_again")
    identifier = (
        f'<p class="fine">{say(language, "feedback_id")} <code>{escape(receipt.feedback_id)}</code></p>'
    )
    return f'<section class="card good" role="status"><p>{text}</p>{identifier}</section>'


def error_card(title: str, text: str) -> str:
    """Return an error's title and text; screen readers read it at once."""
    return (
        f'<section class="card bad" '
        f'role="alert"><strong>{escape(title)}</strong><p>{escape(text)}</p></section>'
    )


def service_error_card(language: Language, error: ServiceError, address: str) -> str:
    """Return an error of the service: its own words for a refusal, else the page's."""
    if error.reason == "refused":
        return error_card(say(language, "error_refused", status=error.status), str(error))
    return error_card(say(language, "error_title"), explain(language, error, address))


def explain(language: Language, error: ServiceError, address: str) -> str:
    """Return one sentence on why the service gave no answer."""
    return (
        str(error)
        if error.reason == "refused"
        else say(language, f"error_{error.reason}", address=address, status=error.status)
    )


def status_line(language: Language, key: str, detail: str = "") -> str:
    """Return the service's status line; `key` is `status_ready`, `_waiting` or `_down`."""
    more = f" <code>{escape(detail)}</code>" if detail else ""
    return (
        f'<p class="status {key}" role="status"><span class="dot" '
        f'aria-hidden="true"></span>{say(language, key)}{more}</p>'
    )


def summary_card(language: Language, counts: Mapping[str, int], rows: int, error_column: str) -> str:
    """Return how many rows were scored, how many have each label, and where errors are told."""
    scored = sum(counts.values())
    shares = {label: counts[label] / max(scored, 1) for label in LABELS}
    notes = {
        label: f"{number(language, counts[label])} · {percent(language, shares[label], 1)}"
        for label in LABELS
    }
    errors = say(language, "row_errors", errors=number(language, rows - scored), column=error_column)
    failed = f'<p class="warn">{errors}</p>' if scored < rows else ""
    title = say(language, "scored", scored=number(language, scored), rows=number(language, rows))
    return (
        f'<section class="card counts" '
        f'role="status"><h3>{title}</h3>{bars(language, shares, notes)}{failed}</section>'
    )


def preview_table(
    language: Language, rows: Sequence[tuple[int, str, PredictedText | str]], total: int
) -> str:
    """Return the first rows of a scored file: line, text, and the label or the error."""
    caption = say(language, "preview", shown=number(language, len(rows)), rows=number(language, total))
    head = "".join(
        f'<th scope="col" class="{key}">{say(language, key)}</th>'
        for key in ("line", "text", "label", "score_column")
    )
    body = "".join(
        f'<tr><td class="fine">{line}</td><td class="tweet" '
        f'dir="auto">{escape(shorten(text))}</td>{_outcome_cells(language, outcome)}</tr>'
        for line, text, outcome in rows
    )
    return table(caption, head, body)


def rows_table(language: Language, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the first rows of a file as they were read, with the names of their columns."""
    head = "".join(f'<th scope="col">{escape(shorten(name))}</th>' for name in header)
    body = "".join(
        f"<tr>{''.join(f'<td dir=auto>{escape(shorten(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    return table(say(language, "first_rows"), head, body)


def shorten(text: str) -> str:
    """Return the beginning of a text, with an ellipsis where it was cut."""
    return text if len(text) <= _PREVIEW_CHARS else text[: _PREVIEW_CHARS - 1] + "…"


def table(caption: str, head: str, body: str) -> str:
    """Return a table that scrolls sideways on a narrow screen, by keyboard too."""
    return (
        f'<div class="scroll" tabindex="0" role="region" '
        f'aria-label="{escape(caption)}"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def badge(language: Language, label: str) -> str:
    """Return a label as a small coloured word with its face."""
    return f'<span class="badge {label}">{face(label)}{say(language, label)}</span>'


def _outcome_cells(language: Language, outcome: PredictedText | str) -> str:
    if isinstance(outcome, str):
        return f'<td class="warn" colspan="2">{escape(outcome)}</td>'
    doubt = f'<span class="fine">{say(language, "uncertain_row")}</span>' if outcome.is_uncertain else ""
    return (
        f"<td>{badge(language, outcome.label)}{doubt}</td><td "
        f'class="number">{percent(language, outcome.score)}</td>'
    )
