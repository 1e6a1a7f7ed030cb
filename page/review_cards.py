"""What the tab "Review" shows, as HTML: pure functions of items, progress and agreement.

Everything from outside is escaped here.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from models import LABELS
from page.cards import badge
from page.texts import say
from sentiment.language import Language, decimal, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentiment.review.agreement import Agreement
    from sentiment.review.items import Item, Progress


def item_card(language: Language, item: Item, *, is_revealed: bool = False) -> str:
    """Return a tweet to judge; other people's and the model's labels only if revealed."""
    revealed = f'<p class="revealed">{_other_labels(language, item)}</p>' if is_revealed else ""
    return (
        f'<section class="card review" role="status" data-item="{escape(item.item_id)}">'
        f'<p class="eyebrow">{say(language, "review_question")}</p>'
        f'<blockquote dir="auto">{escape(item.text)}</blockquote>{_notes(language, item)}{revealed}</section>'
    )


def empty_card(language: Language, title: str, text: str) -> str:
    """Return a card that says why the queue has nothing to judge, and what to do."""
    words = escape(say(language, text)).split("`")
    body = "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(words))
    return f'<section class="card empty"><strong>{say(language, title)}</strong><p>{body}</p></section>'


def progress_bar(language: Language, progress: Progress) -> str:
    """Return the review's progress as a bar and in words."""
    share = 100 * progress.settled / progress.items if progress.items else 0
    counts = {
        name: number(language, getattr(progress, name)) for name in ("settled", "items", "mine", "waiting")
    }
    words = say(language, "review_progress", **counts)
    return (
        f'<div class="review-progress"><span class="track" aria-hidden="true"><span class="bar" '
        f'style="width:{share:.1f}%"></span></span>'
        f'<p class="fine">{words}</p></div>'
    )


def agreement_card(language: Language, agreement: Agreement) -> str:
    """Return the annotators' agreement beyond chance."""
    lines = [
        say(
            language,
            "review_pair",
            first=escape(first),
            second=escape(second),
            kappa=_kappa(language, kappa),
            items=number(language, items),
        )
        for (first, second), (kappa, items) in agreement.cohen.items()
    ]
    if len(lines) > 1:
        lines.append(
            say(
                language,
                "review_all",
                kappa=_kappa(language, agreement.fleiss),
                items=number(language, agreement.items),
            )
        )
    body = "".join(f"<li>{line}</li>" for line in lines) or f"<li>{say(language, 'review_alone')}</li>"
    return (
        f'<section class="card '
        f'review-agreement"><h3>{say(language, "review_agreement")}</h3><ul>{body}</ul></section>'
    )


def disagreement_card(language: Language, item: Item, labels: Mapping[str, str], more: int) -> str:
    """Return a tweet that annotators disagree on, with the label of each."""
    judgements = "".join(
        f"<li>{escape(annotator)}: {_badge(language, label)}</li>"
        for annotator, label in sorted(labels.items())
    )
    rest = f'<p class="fine">{say(language, "review_more", count=more)}</p>' if more else ""
    return (
        f'<section class="card review-disagreement"><h3>{say(language, "review_disagreement")}</h3>'
        f'<blockquote dir="auto">{escape(item.text)}</blockquote><ul>{judgements}</ul>{rest}</section>'
    )


def _other_labels(language: Language, item: Item) -> str:
    model = f"{say(language, 'review_model_said')} {_badge(language, item.predicted_label)}"
    if item.feedback_label:
        return f"{model}, {say(language, 'review_user_said')} {_badge(language, item.feedback_label)}"
    return f"{model}, {say(language, 'review_user_wrong')}" if item.origin == "feedback" else model


def _notes(language: Language, item: Item) -> str:
    chips = "".join(
        f'<span class="chip">{say(language, f"note_{note}", count=item.copies)}</span>' for note in item.notes
    )
    return f'<p class="chips">{chips}</p>' if chips else ""


def _badge(language: Language, label: str) -> str:
    return (
        badge(language, label)
        if label in LABELS
        else f'<span class="badge">{say(language, "unclear")}</span>'
    )


def _kappa(language: Language, kappa: float | None) -> str:
    return "–" if kappa is None else decimal(language, kappa, 2)
