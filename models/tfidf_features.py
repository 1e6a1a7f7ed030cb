"""Features of TF-IDF models: n-grams of words and characters, valences, and their weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from models.lexicon import FEATURES as VALENCE_FEATURES
from models.lexicon import Valences, read_lexicon, valence_features
from models.text import LABELS

_WORD = r"[^\W_]+(?:['’][^\W_]+)*|[:;=8][-']?[()dp/\\|]|[!?]+|[\u2600-\u27bf\U0001f300-\U0001faff]"
VALENCES = "valences"
# Each set of features is a sum of parts; `reference` is scikit-learn's own choice of words, the
# usual starting point.
PARTS: dict[str, tuple[str, ...]] = {
    "reference (1,2)": ("reference",),
    "words (1,1)": ("words_1",),
    "words (1,2)": ("words_2",),
    "characters (2,5)": ("characters",),
    "words (1,2) + characters (2,5)": ("words_2", "characters"),
    "words (1,2) + characters (2,5) + valences": ("words_2", "characters", VALENCES),
}
FEATURES = tuple(PARTS)
OPTIONS: dict[str, dict[str, Any]] = {
    "reference": {"ngram_range": (1, 2)},
    "words_1": {"token_pattern": _WORD, "ngram_range": (1, 1), "min_df": 2, "sublinear_tf": True},
    "words_2": {"token_pattern": _WORD, "ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True},
    "characters": {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 3, "sublinear_tf": True},
}
Rows = NDArray[np.int64]
_OF_SEARCH = np.float32  # the weights of the search: a fit mostly waits for memory; the model itself is exact
_WEIGHING = ("min_df", "sublinear_tf")  # the options that say nothing of how to cut
_LEAST_RATIO = 1e-9  # less is rounding


class Extractor(BaseEstimator):  # type: ignore[misc]
    """Turns cleaned texts into a sparse matrix of n-gram weights and, if wanted, valences."""

    def __init__(self, features: str) -> None:
        """Take the name of the features."""
        self.features = features

    def fit_transform(self, cleaned: Sequence[str], labels: object = None) -> Any:
        """Learn the n-grams of cleaned texts and return a row of weights per text.

        Labels change nothing.
        """
        parts = PARTS[self.features]
        self.union_ = FeatureUnion(
            [(part, TfidfVectorizer(**OPTIONS[part])) for part in parts if part != VALENCES]
        )
        self.valences_ = read_lexicon() if VALENCES in parts else {}
        return self._complete(self.union_.fit_transform(cleaned), cleaned)

    def transform(self, cleaned: Sequence[str]) -> Any:
        """Return a row of weights per cleaned text."""
        return self._complete(self.union_.transform(cleaned), cleaned)

    def _complete(self, weights: Any, cleaned: Sequence[str]) -> Any:
        return (
            hstack([weights, _valence_rows(cleaned, self.valences_)], format="csr")
            if self.valences_
            else weights
        )


def count(part: str, cleaned: Sequence[str]) -> Any:
    """Return the count of each n-gram of a part in each cleaned text, or its valence features."""
    if part == VALENCES:
        return _valence_rows(cleaned, read_lexicon()).astype(_OF_SEARCH)
    cut = {option: value for option, value in OPTIONS[part].items() if option not in _WEIGHING}
    return CountVectorizer(**cut, dtype=_OF_SEARCH).fit_transform(cleaned)


def weigh(part: str, table: Any, learnt_rows: Rows, judged_rows: Rows) -> tuple[Any, Any]:
    """Return the weights of a part for the rows that are learned and for those that are judged.

    Rows are numbers of rows of `table`, and may repeat. A vectoriser that is fitted on the first
    would give the same.
    """
    learnt, judged = table[learnt_rows], table[judged_rows]
    if part == VALENCES:
        return learnt, judged
    is_known = np.bincount(learnt.indices, minlength=table.shape[1]) >= OPTIONS[part].get("min_df", 1)
    transformer = TfidfTransformer(sublinear_tf=OPTIONS[part].get("sublinear_tf", False))
    return transformer.fit_transform(learnt[:, is_known]), transformer.transform(judged[:, is_known])


def _valence_rows(cleaned: Sequence[str], valences: Valences) -> Any:
    return csr_matrix([valence_features(text, valences) for text in cleaned])


def log_count_ratios(weights: Any, targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a factor per column of a sparse matrix (n, columns): how well it separates labels.

    The mean square is 1. It is the square root of the largest of the labels' |log of a column's
    share of a label's entries over its share of all other entries|, where each label is given one
    more entry of each column. Columns that all say nothing get 1. Source: Wang and Manning, ACL
    2012, for two labels; the root is ours.
    """
    counts = (
        np.stack(
            [
                np.bincount(weights[targets == label].indices, minlength=weights.shape[1])
                for label in range(len(LABELS))
            ]
        )
        + 1.0
    )
    others = counts.sum(axis=0) - counts
    shares, of_others = (each / each.sum(axis=1, keepdims=True) for each in (counts, others))
    ratios = np.abs(np.log(shares / of_others)).max(axis=0)
    return np.sqrt(ratios / ratios.mean()) if ratios.mean() > _LEAST_RATIO else np.ones_like(ratios)


def scale(weights: Any, factors: NDArray[np.float64]) -> Any:
    """Return a sparse matrix with each column multiplied by its factor, in its own precision."""
    return csr_matrix(
        (weights.data * factors.astype(weights.dtype)[weights.indices], weights.indices, weights.indptr),
        weights.shape,
    )


def ratios(features: str, weights: Any, targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the factor of each column: a ratio for n-grams, 1 for valences."""
    factors = np.ones(weights.shape[1])
    ngrams = slice(len(factors) - (len(VALENCE_FEATURES) if VALENCES in PARTS[features] else 0))
    factors[ngrams] = log_count_ratios(weights[:, ngrams], targets)
    return factors
