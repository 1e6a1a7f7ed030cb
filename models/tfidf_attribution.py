"""Exact word weights of a TF-IDF model, by counting n-grams instead of scoring texts.

Only the n-grams near a word come and go with it, so all words together cost little more than
reading the text a few times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.attribution import Explaining, clean_words, split_words, weighted_words
from models.calibration import soften
from models.emoji import spell_each
from models.lexicon import Typography, apply_negations, cut, summarise

if TYPE_CHECKING:
    from models.lexicon import Valences
    from models.served_tfidf import Ngrams, ServedTfidf
    from models.text import Scores

Floats = NDArray[np.float64]


def explain_counted(model: ServedTfidf, text: str, scores: Sequence[float]) -> Explaining:
    """Return the weights of a raw text's words; as a generator, it yields nothing."""
    yield from ()
    words = spell_each(clean_words(split_words(text)), model.words_)
    without = _scores_without(model, words)[:, int(np.argmax(scores))]
    return weighted_words(text, (without[-1] - without[:-1]).tolist())


def _scores_without(model: ServedTfidf, words: Sequence[str]) -> Scores:
    """Return the scores of a text without each word, and last of the whole: shape (n + 1, 3)."""
    logits = np.tile(model.bias_, (len(words) + 1, 1))
    for number, part in enumerate(model.parts):
        logits += _decide_without(model, number, [part.cut(word.lower()) for word in words])
    if model.valences_:
        logits += np.array(_valences_without(words, model.valences_)) @ model.valence_coefficients_
    return soften(soften(np.exp(logits), 1.0), model.temperature_)


def _valences_without(words: Sequence[str], valences: Valences) -> list[list[float]]:
    """Return the valence features of a text without each word, and last of the whole text."""
    tokens = [cut(word, valences) for word in words]
    flat, ends = list(chain.from_iterable(tokens)), list(accumulate(map(len, tokens)))
    whole = list(apply_negations(flat, valences))
    rated = [(position, valence) for position, (valence, _) in enumerate(whole) if valence]
    written = Typography.of(" ".join(filter(None, words)))
    rows = []
    for word, cut_word, end in zip(words, tokens, ends, strict=True):
        start, position = end - len(cut_word), end
        # A negation may change these, until the scope is again what it is with the word.
        near = []
        scope_before = whole[start - 1][1] if start else 0
        for valence, scope in apply_negations(islice(flat, end, None), valences, scope_before):
            near.append(valence)
            position += 1
            if scope == whole[position - 1][1]:
                break
        before, after = (
            [value for at, value in rated if at < start],
            [value for at, value in rated if at >= position],
        )
        gone = Typography.of(word + " " if word and written.length > len(word) else word)
        typography = Typography(*(all_ - missing for all_, missing in zip(written, gone, strict=True)))
        rows.append(summarise([*before, *filter(None, near), *after], typography))
    return [*rows, summarise([value for _, value in rated], written)]


def _decide_without(model: ServedTfidf, number: int, words: Sequence[Sequence[str]]) -> Floats:
    """Return the contribution of one part to each row of logits."""
    part, idf, coefficients = model.parts[number], model.idf[number], model.coefficients[number]
    whole, rows, terms, signs = _find(part, model.numbers[number], words)
    # A text holds few of a model's n-grams.
    known, places = np.unique(np.array(whole + terms, dtype=np.int64), return_inverse=True)
    counts = np.bincount(places[: len(whole)], minlength=len(known))
    keys, same = np.unique(
        np.array(rows, dtype=np.int64) * len(known) + places[len(whole) :], return_inverse=True
    )
    changes = _sum(np.array(signs, dtype=np.float64), same, len(keys))
    changed_rows, columns = np.divmod(keys, max(1, len(known)))
    idf, coefficients = idf[known], coefficients[known]
    held, old, new = (
        _weigh(part, some, idf[of])
        for some, of in (
            (counts, slice(None)),
            (counts[columns], columns),
            (counts[columns] + changes, columns),
        )
    )

    def total(values: Floats) -> Floats:
        return _sum(values, changed_rows, len(words) + 1)

    left = counts.sum() + total(changes)
    # Nothing is left of some: not even rounding errors.
    squares = np.where(left > 0, held @ held + total(new * new - old * old), 1)
    sums = held @ coefficients + np.stack(
        [total((new - old) * column) for column in coefficients[columns].T], axis=1
    )
    return np.where(left[:, None] > 0, sums / np.sqrt(squares)[:, None], 0)


def _find(
    part: Ngrams, numbers: Mapping[str, int], words: Sequence[Sequence[str]]
) -> tuple[list[int], list[int], list[int], list[int]]:
    """Return the known n-grams of the text, and the changes that each word's absence makes.

    The changes are three lists: the word, the n-gram, and its change by 1 or -1.
    """
    rows, terms, signs = [], [], []
    for row, near in enumerate(_near(part, words)):
        for sign, ngrams in zip((-1, 1), near, strict=True):
            known = [number for term in ngrams if (number := numbers.get(term)) is not None]
            rows += [row] * len(known)
            terms += known
            signs += [sign] * len(known)
    if not _reach(part):
        return terms, rows, terms, signs
    whole = [
        number
        for term in part.join(list(chain.from_iterable(words)))
        if (number := numbers.get(term)) is not None
    ]
    return whole, rows, terms, signs


def _near(part: Ngrams, words: Sequence[Sequence[str]]) -> Iterator[tuple[Iterator[str], Iterator[str]]]:
    """Yield for each word the n-grams around it, and those in its absence."""
    flat, end = list(chain.from_iterable(words)), 0
    reach = _reach(part)
    for word in words:
        start, end = end, end + len(word)
        before, after = flat[max(0, start - reach) : start], flat[end : end + reach]
        yield part.join([*before, *word, *after]), part.join([*before, *after])


def _reach(part: Ngrams) -> int:
    """Return how many words away an n-gram may change when a word is missing.

    N-grams of characters end with their word.
    """
    return 0 if part.pattern is None else part.most - 1


def _sum(values: Floats, places: NDArray[np.int64], size: int) -> Floats:
    """Return the sums of the values that share an index."""
    return np.asarray(np.bincount(places, weights=values, minlength=size), dtype=np.float64)


def _weigh(part: Ngrams, counts: NDArray[np.number[Any]], idf: Floats) -> Floats:
    frequencies = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0) if part.is_sublinear else counts
    return np.asarray(frequencies * idf, dtype=np.float64)
