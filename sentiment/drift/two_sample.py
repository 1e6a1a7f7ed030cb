"""Whether two samples of texts come from the same source: a classifier two-sample test.

A classifier learns to tell the two apart; the better it does on texts that it did not learn from,
the more they differ. Source: Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests, ICLR
2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sentiment.data.near_duplicates import NearDuplicates, canonical_form
from sentiment.hash_draws import hash_draw

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEAST_TEXTS = 30  # different texts in each sample, below which nothing is compared
MOST_TEXTS = 1000  # of each sample; more are drawn by hash
PERMUTATIONS = 999  # so the smallest p-value is one in 1,000
_FOLDS = 5
_RIDGE = 1.0  # the strength of the penalty on weights, where every text has length 1
_BY_CHANCE = 0.995
_ROUNDING = 1e-9
_TOKEN = r"(?u)#?\w+(?:['’]\w+)*|[^\w\s]"  # noqa: S105 - words, hashtags, and single signs such as emoji

_Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Difference:
    """How well a classifier tells two samples of texts apart.

    Attributes:
        distance: Twice the area under the ROC curve, less one, on texts that the classifier did not
            learn from: about 0 if the samples are alike, 1 if every text shows its sample.
        chance: The distance that one in 200 comparisons of samples that are alike exceeds.
        p_value: The probability of a distance as large as this one if they are alike.
        texts: The number of different texts in each sample.
    """

    distance: float
    chance: float
    p_value: float
    texts: tuple[int, int]


def distinct(texts: Iterable[str], most: int = MOST_TEXTS) -> list[str]:
    """Return at most `most` of the texts, drawn by hash; of near-duplicates only the first.

    Copies count once, so that a text which many people repeat is one text.
    """
    index, kept = NearDuplicates(), list[str]()
    for text in sorted(set(texts), key=hash_draw):
        form = canonical_form(text)
        if form and index.find(form) is None:
            index.add(form)
            kept.append(text)
        if len(kept) == most:
            break
    return kept


def compare(
    reference: Sequence[str], production: Sequence[str], *, permutations: int = PERMUTATIONS
) -> Difference | None:
    """Compare two samples of `distinct` texts; None if one has fewer than LEAST_TEXTS.

    A text that both samples hold says nothing of either and is left out. The p-value is exact for
    samples of one source, whatever the classifier: the labels are permuted within each fold, and
    the classifier learns anew from each permutation. That it is a linear classifier with a squared
    loss makes this cheap: all of them are one product of matrices.
    """
    both = {canonical_form(text) for text in reference} & {canonical_form(text) for text in production}
    samples = [
        [text for text in sample if canonical_form(text) not in both] for sample in (reference, production)
    ]
    if min(map(len, samples)) < LEAST_TEXTS:
        return None
    labels = np.repeat([False, True], [len(sample) for sample in samples])
    similarity = _similarities([text for sample in samples for text in sample])
    chance = np.random.default_rng(0)
    folds = _divide(labels, chance)
    permuted = np.repeat(labels[:, None], permutations + 1, axis=1)
    for fold in folds:
        permuted[fold, 1:] = chance.permuted(permuted[fold, 1:], axis=0)
    distances = 2 * _held_out_areas(similarity, permuted, folds) - 1
    as_large = int((distances >= distances[0] - _ROUNDING).sum())
    return Difference(
        distance=float(distances[0]),
        chance=float(np.quantile(distances[1:], _BY_CHANCE)),
        p_value=as_large / (permutations + 1),
        texts=(len(samples[0]), len(samples[1])),
    )


def _similarities(texts: Sequence[str]) -> _Numbers:
    """Return the cosine similarities of texts, shape (n, n), by their weighted words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    features = TfidfVectorizer(
        token_pattern=_TOKEN, min_df=2, sublinear_tf=True, dtype=np.float32
    ).fit_transform(texts)
    similarities: _Numbers = (features @ features.T).toarray()
    return similarities


def _divide(labels: NDArray[np.bool_], chance: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return the rows of each fold; every fold has the same share of both samples."""
    orders = [chance.permutation(np.flatnonzero(labels == value)) for value in (False, True)]
    return [np.concatenate([order[fold::_FOLDS] for order in orders]) for fold in range(_FOLDS)]


def _held_out_areas(
    similarity: _Numbers, labels: NDArray[np.bool_], folds: Sequence[NDArray[np.int64]]
) -> NDArray[np.float64]:
    """Return the mean area under the ROC curve over the folds for each column of labels.

    Each fold is scored by ridge regression on the others, in the closed form of its left-out
    residuals.
    """
    penalty = np.float32(_RIDGE) * np.eye(len(labels), dtype=np.float32)
    residual_maker = np.float32(_RIDGE) * np.linalg.inv(similarity + penalty)
    targets = np.where(labels, np.float32(1), np.float32(-1))
    residuals = residual_maker @ targets
    areas: list[NDArray[np.float64]] = []
    for fold in folds:
        left_out = np.linalg.solve(residual_maker[np.ix_(fold, fold)], residuals[fold])
        areas.append(_areas(targets[fold] - left_out, labels[fold]))
    mean: NDArray[np.float64] = np.mean(areas, axis=0)
    return mean


def _areas(scores: _Numbers, labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the area under the ROC curve of each column, by the Mann-Whitney statistic."""
    from scipy.stats import rankdata  # here, because the page reads measured weeks without it

    ones = int(labels[:, 0].sum())
    ranks = rankdata(scores.round(5), axis=0)
    wins = (ranks * labels).sum(axis=0) - ones * (ones + 1) / 2
    areas: NDArray[np.float64] = wins / (ones * (len(labels) - ones))
    return areas
