"""The weight of each word of a text: how much the score drops without it (occlusion).

The score of the text without a word is what the model gives to the rest. Where leaving out every
word would cost too much, each word is first scored alone, which is cheap, and those that look
strongest that way are left out of the text. Who scores is not decided here: `explain` of a
classifier asks its caller, which may share the work with others.

Sources: Zeiler & Fergus 2014, Visualizing and Understanding Convolutional Networks; Li et al. 2016,
Understanding Neural Networks through Representation Erasure.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from models.text import clean_text

if TYPE_CHECKING:
    from models.base import Classifier

Variant = str | list[int]  # a raw text, or what `tokenise` gives for one
_ONE_AGAINST_IN = 5
_WORD = re.compile(r"\S+")
_CLEAN_ALREADY = re.compile(r"[A-Za-z0-9']+[.,!?]*")  # most words


class WordWeight(NamedTuple):
    """A word of a raw text, its position, and its weight.

    The weight is how much lower the score of the text's label is without the word.
    """

    word: str
    start: int
    end: int
    weight: float


Explaining = Generator[list[Variant], Sequence[Sequence[float]], list[WordWeight]]


def split_words(text: str) -> list[str]:
    """Return the words of a raw text, as white space separates them."""
    return _WORD.findall(text)


def clean_words(words: Sequence[str]) -> list[str]:
    """Return each raw word in the form that models read; it may be several words, or none."""
    return [word if _CLEAN_ALREADY.fullmatch(word) else clean_text(word) for word in words]


def within(pieces: Sequence[list[Any]], room: int) -> list[list[Any]]:
    """Return the pieces of the words that begin within the first `room` tokens, else no pieces.

    >>> within([["so"], ["do", "n't"], ["go"]], 2)
    [['so'], ['do', "n't"], []]
    """
    ends = accumulate(map(len, pieces))
    return [piece if end - len(piece) < room else [] for piece, end in zip(pieces, ends, strict=True)]


def weighted_words(text: str, weights: Sequence[float]) -> list[WordWeight]:
    """Return the words of a raw text with their weights."""
    return [
        WordWeight(match[0], *match.span(), weight)
        for match, weight in zip(_WORD.finditer(text), weights, strict=True)
    ]


def explain(model: Classifier, text: str) -> list[WordWeight]:
    """Return the weights of a raw text's words in one call, scored by the model itself."""
    explaining = model.explain(text, model.predict_proba([text])[0].tolist())
    variants, weights = advance(explaining, None)
    while weights is None:
        variants, weights = advance(explaining, model.infer(tokens_of(model, variants)).tolist())
    return weights


def advance(
    explaining: Explaining, rows: Sequence[Sequence[float]] | None
) -> tuple[list[Variant], list[WordWeight] | None]:
    """Return the variants to score next, or no variants and the weights.

    `rows` are the scores of the variants asked for before, None at first.
    """
    try:
        return (explaining.send(rows) if rows is not None else next(explaining)), None
    except StopIteration as ended:
        return [], ended.value


def tokens_of(model: Classifier, variants: Sequence[Variant]) -> Any:
    """Return the tokens of variants in order: raw texts are tokenised, the others are already."""
    texts = [variant for variant in variants if isinstance(variant, str)]
    if len(texts) == len(variants):
        return model.tokenise(texts)
    tokenised = iter(model.tokenise(texts) if texts else ())
    return [next(tokenised) if isinstance(variant, str) else variant for variant in variants]


def occlude(model: Classifier, text: str, scores: Sequence[float]) -> Explaining:
    """Yield lists of variants to score, then return the weights; `scores` are the whole text's.

    A weight is the score of the label minus its score in the text without the word, and 0 for words
    that are not tried.
    """
    words = split_words(text)
    pieces = model.cut(words)
    # The model reads nothing of the others.
    read = [number for number, piece in enumerate(pieces) if len(piece)]
    whole = [pieces[number] for number in read]
    label = int(np.argmax(scores))
    # It took more than one word to repair it.
    if " ".join(clean_words(words)).split() != clean_text(text).split():
        scores = (yield [model.join(whole)])[0]
    tried = list(range(len(read)))
    if len(read) > model.explaining_cost:
        alone = [model.join([piece]) for piece in whole]
        rows = yield [model.join([]), *alone]
        room = model.explaining_cost - sum(map(len, alone)) / len(model.join(whole))
        tried = _strongest([row[label] - rows[0][label] for row in rows[1:]], max(1, int(room)))
    rows = yield [model.join([*whole[:number], *whole[number + 1 :]]) for number in tried]
    weights = [0.0] * len(words)
    for number, row in zip(tried, rows, strict=True):
        weights[read[number]] = scores[label] - row[label]
    return weighted_words(text, weights)


def _strongest(alone: Sequence[float], room: int) -> list[int]:
    """Return the numbers of the words to leave out, at most `room`, by their scores alone.

    Most speak for the label when they stand alone, some against it.
    """
    falling = sorted(range(len(alone)), key=alone.__getitem__, reverse=True)
    against = room // _ONE_AGAINST_IN
    return falling[: room - against] + falling[len(falling) - against :]
