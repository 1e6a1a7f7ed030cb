"""The line in the page's head that says which model is being trained, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from page.texts import percent, say
from sentiment.language import Language, number

if TYPE_CHECKING:
    from sentiment.training.training_now import TrainingNow

_NAMES = {"tfidf": "TF-IDF", "keras": "Keras", "bert": "BERT"}


def training_line(language: Language, training: TrainingNow | None) -> str:
    """Return the state of the training that runs now as HTML; nothing where none runs."""
    if training is None:
        return ""
    place = training.families.index(training.family) + 1 if training.family in training.families else 1
    words = say(
        language,
        "training_now",
        model=_NAMES.get(training.family, "?"),
        place=number(language, place),
        models=number(language, len(training.families)),
    )
    bar = ""
    if training.share is not None:
        words += f" · {percent(language, training.share)}"
        bar = f'<progress max="1" value="{training.share:.3f}" aria-hidden="true"></progress>'
    if training.seconds_left is not None:
        minutes = max(1, round(training.seconds_left / 60))
        words += f", {say(language, 'training_left', minutes=number(language, minutes))}"
    after = say(language, "training_then")
    return f'<p class="training" role="status"><span>{words}</span>{bar}<span class="fine">{after}</span></p>'
