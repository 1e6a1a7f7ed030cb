"""A tweet with its words marked by how much each moved the label's score.

Told apart by underline as well as by colour; pure functions.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from page.texts import Language, percent, say

if TYPE_CHECKING:
    from page.service_client import Prediction, WeighedWord

_LEAST_WEIGHT, _LEAST_STRENGTH = 0.01, 0.1  # of a score; of the strongest word's weight
_NAMED = 3  # words of each side that screen readers hear


def weighed_text(language: Language, prediction: Prediction) -> str:
    """Return the text as HTML, escaped, with the words that matter in marks whose `--strength` is 0 to 1."""
    strongest = _strongest(prediction)
    html, end = "", 0
    for one in prediction.explanation:
        html += escape(prediction.text[end : one.start])
        html += _mark(language, prediction, one, strongest) if _matters(one, strongest) else escape(one.word)
        end = one.end
    return html + escape(prediction.text[end:])


def weights_legend(language: Language, prediction: Prediction) -> str:
    """Return what the marks mean, and for those who cannot see them which words have one; nothing, where no word has."""
    strongest = _strongest(prediction)
    marked = sorted(
        (one for one in prediction.explanation if _matters(one, strongest)), key=lambda one: -abs(one.weight)
    )
    if not marked:
        return ""
    keys, heard = "", ""
    for side, words in (
        ("for", [one for one in marked if one.weight > 0]),
        ("against", [one for one in marked if one.weight < 0]),
    ):
        if words:
            title = say(language, f"speaks_{side}", label=say(language, prediction.label))
            keys += f'<mark class="{side}" aria-hidden="true" style="--strength:0.7">{title}</mark>'
            heard += f" {title}: {', '.join(f'<bdi>{escape(one.word)}</bdi>' for one in words[:_NAMED])}."
    hint = f'<span aria-hidden="true">{say(language, "weights_hint")}</span>'
    return f'<p class="fine weights">{keys}{hint}<span class="unseen">{heard}</span></p>'


def _strongest(prediction: Prediction) -> float:
    return max((abs(one.weight) for one in prediction.explanation), default=0)


def _matters(one: WeighedWord, strongest: float) -> bool:
    return abs(one.weight) >= max(_LEAST_WEIGHT, _LEAST_STRENGTH * strongest)


def _mark(language: Language, prediction: Prediction, one: WeighedWord, strongest: float) -> str:
    side = "for" if one.weight > 0 else "against"
    without = min(1.0, max(0.0, prediction.scores[prediction.label] - one.weight))
    title = say(
        language, "without_word", label=say(language, prediction.label), share=percent(language, without)
    )
    return f'<mark class="{side}" style="--strength:{abs(one.weight) / strongest:.2f}" title="{title}">{escape(one.word)}</mark>'
