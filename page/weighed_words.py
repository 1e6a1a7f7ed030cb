"""A tweet with its words marked by how much each changed the label's score.

Told apart by underline as well as by colour; pure functions.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from page.texts import percent, say
from sentiment.language import Language

if TYPE_CHECKING:
    from page.service_client import PredictedText
    from sentiment.serving.api import WeighedWord

_LEAST_WEIGHT, _LEAST_STRENGTH = 0.01, 0.1  # of a score; of the strongest word's weight
_NAMED = 3  # words of each side that screen readers hear


def weighed_text(language: Language, prediction: PredictedText) -> str:
    """Return the escaped text with its important words in marks of `--strength` 0 to 1."""
    strongest = _strongest(prediction)
    html, end = "", 0
    for word in prediction.weighed_words:
        html += escape(prediction.text[end : word.start])
        html += (
            _mark(language, prediction, word, strongest) if _matters(word, strongest) else escape(word.word)
        )
        end = word.end
    return html + escape(prediction.text[end:])


def weights_legend(language: Language, prediction: PredictedText) -> str:
    """Return the legend of the marks, with the words for screen readers; nothing without marks."""
    strongest = _strongest(prediction)
    marked = sorted(
        (word for word in prediction.weighed_words if _matters(word, strongest)),
        key=lambda word: -abs(word.weight),
    )
    if not marked:
        return ""
    keys, heard = "", ""
    for side, words in (
        ("for", [word for word in marked if word.weight > 0]),
        ("against", [word for word in marked if word.weight < 0]),
    ):
        if words:
            title = say(language, f"speaks_{side}", label=say(language, prediction.label))
            keys += f'<mark class="{side}" aria-hidden="true" style="--strength:0.7">{title}</mark>'
            heard += f" {title}: {', '.join(f'<bdi>{escape(word.word)}</bdi>' for word in words[:_NAMED])}."
    hint = f'<span aria-hidden="true">{say(language, "weights_hint")}</span>'
    return f'<p class="fine weights">{keys}{hint}<span class="unseen">{heard}</span></p>'


def _strongest(prediction: PredictedText) -> float:
    return max((abs(word.weight) for word in prediction.weighed_words), default=0)


def _matters(word: WeighedWord, strongest: float) -> bool:
    return abs(word.weight) >= max(_LEAST_WEIGHT, _LEAST_STRENGTH * strongest)


def _mark(language: Language, prediction: PredictedText, word: WeighedWord, strongest: float) -> str:
    side = "for" if word.weight > 0 else "against"
    without = min(1.0, max(0.0, prediction.score - word.weight))
    title = say(
        language, "without_word", label=say(language, prediction.label), share=percent(language, without)
    )
    return (
        f'<mark class="{side}" style="--strength:{abs(word.weight) / strongest:.2f}" '
        f'title="{title}">{escape(word.word)}</mark>'
    )
