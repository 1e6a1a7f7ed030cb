"""TF-IDF and logistic regression, in scikit-learn, with a lexicon's word valences beside the n-grams.

It counts n-grams of words and characters and knows nothing of the rest of the order, but for what the valences make of negations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import compress, groupby
from pathlib import Path
from typing import Any, Self
from zipfile import ZIP_DEFLATED

import numpy as np
import skops.io
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import FeatureUnion, Pipeline
from threadpoolctl import threadpool_limits

from models.base import LABELS, ModelError, Progress, Scores, SentimentModel, clean_text, encode_labels, measure, merit
from models.lexicon import FEATURES as VALENCE_FEATURES
from models.lexicon import Valences, read_lexicon, read_valences, valence_features, write_valences
from models.served_tfidf import Ngrams, ServedTfidf

_PIPELINE_FILE = "pipeline.skops"
_WORD = r"[^\W_]+(?:['’][^\W_]+)*|[:;=8][-']?[()dp/\\|]|[!?]+|[\u2600-\u27bf\U0001f300-\U0001faff]"
VALENCES = "valences"
# Each set of features is a sum of parts; `reference` is scikit-learn's own choice of words, the usual starting point.
_FEATURES: dict[str, tuple[str, ...]] = {
    "reference (1,2)": ("reference",),
    "words (1,1)": ("words_1",),
    "words (1,2)": ("words_2",),
    "characters (2,5)": ("characters",),
    "words (1,2) + characters (2,5)": ("words_2", "characters"),
    "words (1,2) + characters (2,5) + valences": ("words_2", "characters", VALENCES),
}
FEATURES = tuple(_FEATURES)
_PARTS: dict[str, dict[str, Any]] = {
    "reference": {"ngram_range": (1, 2)},
    "words_1": {"token_pattern": _WORD, "ngram_range": (1, 1), "min_df": 2, "sublinear_tf": True},
    "words_2": {"token_pattern": _WORD, "ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True},
    "characters": {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 3, "sublinear_tf": True},
}
_OF_SEARCH = np.float32  # the weights of the search: a fit mostly waits for memory; the model itself is exact
_WEIGHING = ("min_df", "sublinear_tf")  # the options that say nothing of how to cut
_LEAST_RATIO = 1e-9  # less is rounding
_FOLDS = 3
_STANDARD_ERRORS = 2  # that a point of the grid may be behind the best


class TfidfModel(SentimentModel):
    """Sets of features, C and class weights race in cross-validation; the best of them is fitted on the training texts alone."""

    family = "tfidf"

    def __init__(
        self,
        *,
        features: Sequence[str] = FEATURES,
        regularisations: Sequence[float] = (0.5, 1.0, 3.0),
        class_weights: Sequence[str | None] = (None, "balanced"),
        has_ratios: bool = True,
        seed: int = 0,
    ) -> None:
        """Keep the grid; `regularisations` are values of C, smaller is stronger, with the l2 penalty.

        With `has_ratios` an n-gram's weight grows with how much it tells labels apart in the training texts (`log_count_ratios`).
        """
        self.features = tuple(features)
        self.regularisations = tuple(regularisations)
        self.class_weights = tuple(class_weights)
        self.has_ratios = has_ratios
        self.seed = seed

    def fit(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        *,
        validation: tuple[Sequence[str], Sequence[str]],
        progress: Progress = print,
        checkpoint: Path | None = None,
        teacher_scores: Scores | None = None,
        related: tuple[Sequence[str], Sequence[str]] | None = None,
    ) -> Self:
        """Search the grid and fit the best; n-grams are counted once for the whole search, and weighed by the rows of each fold alone."""
        targets, truth = encode_labels(texts, labels), encode_labels(*validation)
        cleaned = _clean([*texts, *validation[0]])
        folds = make_folds(len(targets), len(truth), self.seed)
        with threadpool_limits(1):  # more threads of its own make a fit of sparse weights no faster, and stand in the way of other fits
            self.trials_ = self._search(cleaned, np.concatenate([targets, truth]), folds, progress)
        best = max((trial for trial in self.trials_ if trial["folds"] == _FOLDS), key=merit)
        self.chosen_ = {key: best[key] for key in ("features", "C", "class_weight")}
        self.extractor_ = Extractor(best["features"])
        weights = self.extractor_.fit_transform(cleaned[: len(targets)])
        ratios = self._ratios(best["features"], weights, targets)
        classifier = logistic_regression(self.seed).set_params(C=best["C"], class_weight=best["class_weight"])
        self.classifier_ = classifier.fit(scale(weights, ratios), targets)
        self.classifier_.coef_ *= ratios  # of the weights as they are: nobody else has to know of the ratios
        return self._calibrate(validation)

    def tokenise(self, texts: Sequence[str]) -> Any:
        """Return the weights of each text's n-grams and what the lexicon says of it, a sparse matrix with one row per text."""
        return self.extractor_.transform(_clean(texts)) if len(texts) else np.empty((0, 0))

    def infer_uncalibrated(self, tokens: Any) -> Scores:
        """Return the scores of weights, shape (n, 3)."""
        if not tokens.shape[0]:
            return np.empty((0, 3))
        return np.asarray(self.classifier_.predict_proba(tokens), dtype=np.float64)

    def save(self, directory: Path | str) -> None:
        """Write the vectorisers and the classifier as a skops file, and the lexicon where it is used."""
        folder = self._write_description(directory)
        pipeline = Pipeline([("features", self.extractor_.union_), ("classifier", self.classifier_)])
        skops.io.dump(pipeline, folder / _PIPELINE_FILE, compression=ZIP_DEFLATED)
        write_valences(folder, self.extractor_.valences_)

    @classmethod
    def load(cls, directory: Path | str) -> Self:
        """Return a saved model.

        Raises:
            ModelError: The file holds types that scikit-learn does not need.
        """
        path = Path(directory) / _PIPELINE_FILE
        untrusted = skops.io.get_untrusted_types(file=path)
        if untrusted:
            raise ModelError(f"{path} holds types that are not trusted ({', '.join(untrusted)}): train the model again")
        model = cls._from_description(directory)
        pipeline = skops.io.load(path)
        features = model.chosen_["features"]
        valences = read_valences(directory, is_used=VALENCES in _FEATURES[features])
        model.extractor_ = Extractor(features)
        model.extractor_.union_, model.extractor_.valences_ = pipeline["features"], valences
        model.classifier_ = pipeline["classifier"]
        return model

    def export(self, directory: Path | str, texts: Sequence[str]) -> None:
        """Write the n-grams and their weights; nothing of it depends on `texts`."""
        vectorizers = [vectorizer for _, vectorizer in self.extractor_.union_.transformer_list]
        ends = np.cumsum([len(vectorizer.vocabulary_) for vectorizer in vectorizers])
        *coefficients, of_valences = np.split(self.classifier_.coef_.T, ends)
        idf = [vectorizer.idf_ for vectorizer in vectorizers]
        served = ServedTfidf([_ngrams(vectorizer) for vectorizer in vectorizers], idf, coefficients)
        served.bias_, served.temperature_ = self.classifier_.intercept_, self.temperature_
        served.valences_, served.valence_coefficients_ = self.extractor_.valences_, of_valences
        served.save(directory)

    def _search(self, cleaned: list[str], targets: NDArray[np.int64], folds: NDArray[np.int64], progress: Progress) -> list[dict[str, Any]]:
        """Return a trial for each point of the grid: its figures are the means over the `folds` that it was tried on.

        After each fold those that are clearly behind are out of the race. Source: Maron and Moore 1993, Hoeffding Races. Threads fit the
        classifiers and share the weights: sparse products let other threads run.
        """
        grid = ParameterGrid({"C": self.regularisations, "class_weight": self.class_weights})
        points = [(name, dict(point)) for name in self.features for point in grid]
        figures: list[list[dict[str, float]]] = [[] for _ in points]
        is_right: list[list[NDArray[np.bool_]]] = [[] for _ in points]
        racing = list(range(len(points)))
        tables = {part: _table(part, cleaned) for part in {part for name in self.features for part in _FEATURES[name]}}
        for fold in range(_FOLDS):
            fits = self._fits([points[number] for number in racing], tables, targets, folds == fold)
            found = zip(racing, Parallel(-1, prefer="threads", return_as="generator")(fits), strict=True)
            for name, of_features in groupby(found, lambda pair: points[pair[0]][0]):
                best = 0.0
                for number, (of_point, right) in of_features:
                    figures[number].append(of_point)
                    is_right[number].append(right)
                    best = max(best, of_point["f1_macro"])
                progress(f"{name}, fold {fold + 1}/{_FOLDS}: macro F1 {best:.4f}")
            merits = [merit(_means(figures[number])) for number in racing]
            racing = list(compress(racing, near_the_best(merits, [np.concatenate(is_right[number]) for number in racing])))
        return [
            {"features": name, **point, "folds": len(of_point), **_means(of_point)}
            for (name, point), of_point in zip(points, figures, strict=True)
        ]

    def _fits(
        self,
        points: Sequence[tuple[str, dict[str, Any]]],
        tables: Mapping[str, Any],
        targets: NDArray[np.int64],
        held_out: NDArray[np.bool_],
    ) -> Iterator[Any]:
        """Return a call of `try_on_fold` for each point, made when it is asked for."""
        weights = {part: weigh(part, tables[part], held_out) for part in {part for name, _ in points for part in _FEATURES[name]}}
        for name, of_features in groupby(points, lambda point: point[0]):
            of_learnt, of_judged = (hstack(each, format="csr") for each in zip(*(weights[part] for part in _FEATURES[name]), strict=True))
            ratios = self._ratios(name, of_learnt, targets[~held_out])
            rows = (scale(of_learnt, ratios), targets[~held_out]), (scale(of_judged, ratios), targets[held_out])
            for _, point in of_features:
                yield delayed(try_on_fold)(logistic_regression(self.seed).set_params(**point), *rows)

    def _ratios(self, features: str, weights: Any, targets: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the factor of each column: what the lexicon says is not a matter of how often it says something."""
        ratios = np.ones(weights.shape[1])
        if self.has_ratios:
            ngrams = slice(len(ratios) - (len(VALENCE_FEATURES) if VALENCES in _FEATURES[features] else 0))
            ratios[ngrams] = log_count_ratios(weights[:, ngrams], targets)
        return ratios


def _means(figures: Sequence[dict[str, float]]) -> dict[str, float]:
    return {metric: float(np.mean([one[metric] for one in figures])) for metric in figures[0]}


def near_the_best(merits: Sequence[float], is_right: Sequence[NDArray[np.bool_]]) -> list[bool]:
    """Return whether each point is behind the best by at most two standard errors of their difference.

    `is_right` says which of the same n rows each gets right. The difference comes from the rows that one of the two gets right and the
    other wrong: of a share d of them its standard error is sqrt(d / n), for accuracy, and about that for merit. Source: McNemar 1947.
    """
    best = int(np.argmax(merits))
    errors = [np.sqrt(np.mean(right != is_right[best]) / len(right)) for right in is_right]
    return [merits[best] - one <= _STANDARD_ERRORS * error for one, error in zip(merits, errors, strict=True)]


def try_on_fold(
    classifier: LogisticRegression, learnt: tuple[Any, Any], judged: tuple[Any, Any]
) -> tuple[dict[str, float], NDArray[np.bool_]]:
    """Return what `measure` says of a classifier on some weights and targets, when it has learnt others, and which rows it gets right."""
    weights, targets = judged
    scores = classifier.fit(*learnt).predict_proba(weights)
    return measure(targets, scores), scores.argmax(axis=1) == targets


def _table(part: str, cleaned: Sequence[str]) -> Any:
    """Return how often each n-gram of a part is in each cleaned text, or what the lexicon says of it."""
    if part == VALENCES:
        return _valence_rows(cleaned, read_lexicon()).astype(_OF_SEARCH)
    cut = {option: value for option, value in _PARTS[part].items() if option not in _WEIGHING}
    return CountVectorizer(**cut, dtype=_OF_SEARCH).fit_transform(cleaned)


def weigh(part: str, table: Any, held_out: NDArray[np.bool_]) -> tuple[Any, Any]:
    """Return the weights of a part for the rows that are not held out and for those that are, as a vectoriser of the first would give."""
    learnt, judged = table[~held_out], table[held_out]
    if part == VALENCES:
        return learnt, judged
    is_known = np.bincount(learnt.indices, minlength=table.shape[1]) >= _PARTS[part].get("min_df", 1)
    transformer = TfidfTransformer(sublinear_tf=_PARTS[part].get("sublinear_tf", False))
    return transformer.fit_transform(learnt[:, is_known]), transformer.transform(judged[:, is_known])


def _valence_rows(cleaned: Sequence[str], valences: Valences) -> Any:
    return csr_matrix([valence_features(text, valences) for text in cleaned])


def log_count_ratios(weights: Any, targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how well each column of a sparse matrix (n, columns) tells labels apart, with a mean square of 1: shape (columns,).

    It is the square root of the largest of the labels' |log of a column's share of a label's entries over its share of all other entries|,
    where each label is given one more entry of each column. Columns that all say nothing get 1. Source: Wang and Manning, ACL 2012, for two
    labels; the root is ours.
    """
    counts = np.stack([np.bincount(weights[targets == label].indices, minlength=weights.shape[1]) for label in range(len(LABELS))]) + 1.0
    others = counts.sum(axis=0) - counts
    shares, of_others = (each / each.sum(axis=1, keepdims=True) for each in (counts, others))
    ratios = np.abs(np.log(shares / of_others)).max(axis=0)
    return np.sqrt(ratios / ratios.mean()) if ratios.mean() > _LEAST_RATIO else np.ones_like(ratios)


def scale(weights: Any, factors: NDArray[np.float64]) -> Any:
    """Return a sparse matrix with each column multiplied by its factor, in its own precision."""
    return csr_matrix((weights.data * factors.astype(weights.dtype)[weights.indices], weights.indices, weights.indptr), weights.shape)


class Extractor(BaseEstimator):  # type: ignore[misc]
    """Turns cleaned texts into one sparse matrix: the n-grams' weights, then what the lexicon says where the features hold valences."""

    def __init__(self, features: str) -> None:
        """Take the name of the features."""
        self.features = features

    def fit_transform(self, cleaned: Sequence[str], labels: object = None) -> Any:
        """Learn the n-grams of cleaned texts and return a row of weights per text; labels change nothing."""
        parts = _FEATURES[self.features]
        self.union_ = FeatureUnion([(part, TfidfVectorizer(**_PARTS[part])) for part in parts if part != VALENCES])
        self.valences_ = read_lexicon() if VALENCES in parts else {}
        return self._complete(self.union_.fit_transform(cleaned), cleaned)

    def transform(self, cleaned: Sequence[str]) -> Any:
        """Return a row of weights per cleaned text."""
        return self._complete(self.union_.transform(cleaned), cleaned)

    def _complete(self, weights: Any, cleaned: Sequence[str]) -> Any:
        return hstack([weights, _valence_rows(cleaned, self.valences_)], format="csr") if self.valences_ else weights


def make_folds(train_size: int, validation_size: int, seed: int) -> NDArray[np.int64]:
    """Return each row's fold: the validation texts are one, the training texts are dealt out to the others.

    One fold of this size would choose by luck: its macro F1 has a standard error of 0.8 points, more than most choices differ.
    """
    dealt = np.random.default_rng(seed).permutation(train_size) % (_FOLDS - 1)
    return np.concatenate([dealt, np.full(validation_size, _FOLDS - 1)])


def _clean(texts: Sequence[str]) -> list[str]:
    return [clean_text(text) for text in texts]


def _ngrams(vectorizer: TfidfVectorizer) -> Ngrams:
    least, most = vectorizer.ngram_range
    pattern = None if vectorizer.analyzer == "char_wb" else vectorizer.token_pattern
    return Ngrams(tuple(vectorizer.get_feature_names_out()), least, most, pattern, vectorizer.sublinear_tf)


def logistic_regression(seed: int) -> LogisticRegression:
    """Return the classifier of every trial, before its C and class weights are set."""
    return LogisticRegression(max_iter=1000, tol=1e-3, random_state=seed)
