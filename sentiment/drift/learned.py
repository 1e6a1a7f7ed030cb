"""What a champion learned from, made ready for the comparison with production."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models import LABELS
from sentiment.data.fingerprints import fingerprint
from sentiment.drift.two_sample import LEAST_TEXTS, distinct
from sentiment.drift.week import Group, Training
from sentiment.drift.words import Words, unknown_share
from sentiment.errors import DataError
from sentiment.masking import mask

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from models import Classifier

_MOST_ANSWERS = 1000  # validation texts that the champion is asked about


def learned_texts(texts: Sequence[str], rows: Collection[str] | None, name: str) -> list[str]:
    """Return those of the texts that a model learned from, by the fingerprints of its training.

    All of them where no fingerprints are at hand; `name` is the model's, for the error.

    Raises:
        DataError: It learned from hardly any of them.
    """
    learned = [text for text in texts if rows is None or fingerprint(text) in rows]
    if len(learned) < LEAST_TEXTS:
        raise DataError(
            f"{name} learned from {len(learned)} of these {len(texts)} training tweets: "
            "name with --data what it was trained on"
        )
    return learned


def describe_training(
    learned: Sequence[str], validation: Sequence[str], model: Classifier, tag: str
) -> Training:
    """Return what production is compared with: the texts a model learned from, and its answers.

    The texts are masked as those of production are. `validation` are texts of the same source that
    the model did not learn from: they show which unknown words and scores are nothing new.
    """
    words, asked = Words.of(learned), distinct(validation, _MOST_ANSWERS)
    scores = model.predict_proba(asked)
    chosen = scores.argmax(axis=1)
    return Training(
        sample=[mask(text) for text in distinct(learned)],
        words=words,
        unknown=unknown_share(Words.of(asked), words),
        answers=Group(
            tag,
            len(asked),
            {label: float((chosen == index).mean()) for index, label in enumerate(LABELS)},
            float(scores.max(axis=1).mean()),
        ),
    )
