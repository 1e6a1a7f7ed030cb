"""TF-IDF with logistic regression (scikit-learn), and word valences of a lexicon.

It counts n-grams of words and characters and knows nothing of the rest of the order, but for what
the valences make of negations.
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
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from models.base import SentimentModel, read_description
from models.emoji import EmojiWords, read_words, write_words
from models.emoji_ratings import packaged_signs
from models.errors import ModelError
from models.learning import Progress, TrainingData, merit, metrics_of_parts
from models.lexicon import read_valences, write_valences
from models.served_tfidf import Ngrams, ServedTfidf, clean_and_spell
from models.text import Scores
from models.tfidf_features import FEATURES, PARTS, VALENCES, Extractor, count, ratios, scale, weigh
from models.tfidf_rows import FOLDS, Flags, Numbers, SearchRows

_PIPELINE_FILE = "pipeline.skops"
_STANDARD_ERRORS = 2  # that a point of the grid may be behind the best


class TfidfModel(SentimentModel):
    """Logistic regression whose features, C and class weights race in cross-validation.

    The best is fitted on the training texts alone.
    """

    family = "tfidf"
    words_: EmojiWords | None = None

    def __init__(
        self,
        *,
        features: Sequence[str] = FEATURES,
        regularisations: Sequence[float] = (0.5, 1.0, 3.0),
        class_weights: Sequence[str | None] = (None, "balanced"),
        has_ratios: bool = True,
        seed: int = 0,
    ) -> None:
        """Keep the grid; `regularisations` are values of C: smaller is stronger (l2).

        With `has_ratios` an n-gram's weight grows with how much it tells labels apart in the
        training texts (`log_count_ratios`).
        """
        self.features = tuple(features)
        self.regularisations = tuple(regularisations)
        self.class_weights = tuple(class_weights)
        self.has_ratios = has_ratios
        self.seed = seed

    def _learn(self, data: TrainingData, progress: Progress, checkpoint: Path | None) -> None:
        """Search the grid, and fit the best point on the training texts.

        N-grams are counted once for the whole search, and weighed by the rows of each fold alone.
        """
        rows = SearchRows.of(data, self.seed)
        self.words_ = packaged_signs()
        cleaned = clean_and_spell(rows.texts, self.words_)
        # More threads of its own make a fit of sparse weights no faster, and stand in the way of
        # other fits.
        with threadpool_limits(1):
            self.trials_ = self._search(cleaned, rows, progress)
        best = max((trial for trial in self.trials_ if trial["folds"] == FOLDS), key=merit)
        self.chosen_ = {key: best[key] for key in ("features", "C", "class_weight")}
        self.extractor_ = Extractor(best["features"])
        weights = self.extractor_.fit_transform([cleaned[row] for row in rows.learned])
        targets = rows.targets[rows.learned]
        factors = self._factors(best["features"], weights, targets)
        classifier = logistic_regression(self.seed).set_params(C=best["C"], class_weight=best["class_weight"])
        self.classifier_ = classifier.fit(scale(weights, factors), targets)
        # Of the weights as they are: nobody else has to know of the factors.
        self.classifier_.coef_ *= factors

    def tokenise(self, texts: Sequence[str]) -> Any:
        """Return a sparse matrix with the features of each text: n-gram weights and valences."""
        if not len(texts):
            return np.empty((0, 0))
        return self.extractor_.transform(clean_and_spell(texts, self.words_))

    def infer_uncalibrated(self, tokens: Any) -> Scores:
        """Return the scores of weights, shape (n, 3)."""
        if not tokens.shape[0]:
            return np.empty((0, 3))
        return np.asarray(self.classifier_.predict_proba(tokens), dtype=np.float64)

    def save(self, directory: Path | str) -> None:
        """Write vectorisers and classifier as a skops file, and the lexicon where it is used."""
        folder = self._write_description(directory, has_emoji_words=self.words_ is not None)
        pipeline = Pipeline([("features", self.extractor_.union_), ("classifier", self.classifier_)])
        skops.io.dump(pipeline, folder / _PIPELINE_FILE, compression=ZIP_DEFLATED)
        write_valences(folder, self.extractor_.valences_)
        write_words(folder, self.words_)

    @classmethod
    def load(cls, directory: Path | str) -> Self:
        """Return a saved model.

        Raises:
            ModelError: The file holds types that scikit-learn does not need.
        """
        path = Path(directory) / _PIPELINE_FILE
        untrusted = skops.io.get_untrusted_types(file=path)
        if untrusted:
            raise ModelError(
                f"{path} holds types that are not trusted ({', '.join(untrusted)}): train the model again"
            )
        model = cls._from_description(directory)
        pipeline = skops.io.load(path)
        features = model.chosen_["features"]
        valences = read_valences(directory, is_used=VALENCES in PARTS[features])
        model.extractor_ = Extractor(features)
        model.extractor_.union_, model.extractor_.valences_ = pipeline["features"], valences
        model.classifier_ = pipeline["classifier"]
        is_used = read_description(directory).get("has_emoji_words", False)
        model.words_ = read_words(directory, is_used=is_used)
        return model

    def export(self, directory: Path | str, texts: Sequence[str]) -> None:
        """Write the n-grams and their weights; `texts` change nothing."""
        vectorizers = [vectorizer for _, vectorizer in self.extractor_.union_.transformer_list]
        ends = np.cumsum([len(vectorizer.vocabulary_) for vectorizer in vectorizers])
        *coefficients, of_valences = np.split(self.classifier_.coef_.T, ends)
        idf = [vectorizer.idf_ for vectorizer in vectorizers]
        served = ServedTfidf([_ngrams(vectorizer) for vectorizer in vectorizers], idf, coefficients)
        served.bias_, served.temperature_ = self.classifier_.intercept_, self.temperature_
        served.words_ = self.words_
        served.valences_, served.valence_coefficients_ = self.extractor_.valences_, of_valences
        served.save(directory)

    def _search(self, cleaned: list[str], rows: SearchRows, progress: Progress) -> list[dict[str, Any]]:
        """Return a trial for each point of the grid; its metrics are means over the folds tried.

        After each fold those that are clearly behind are out of the race. Source: Maron and Moore
        1993, Hoeffding Races. Threads fit the classifiers and share the weights: sparse products
        let other threads run.
        """
        is_heavy = rows.is_heavy
        points = self._points()
        figures: list[list[dict[str, float]]] = [[] for _ in points]
        is_right: list[list[NDArray[np.bool_]]] = [[] for _ in points]
        racing = list(range(len(points)))
        tables = {
            part: count(part, cleaned) for part in {part for name in self.features for part in PARTS[name]}
        }
        for fold in range(FOLDS):
            learnt, judged = rows.fold(fold)
            of_fold = learnt, judged, is_heavy[judged]
            fits = self._fits([points[number] for number in racing], tables, rows.targets, of_fold)
            outcomes = zip(racing, Parallel(-1, prefer="threads", return_as="generator")(fits), strict=True)
            for name, of_features in groupby(outcomes, lambda pair: points[pair[0]][0]):
                best = 0.0
                for number, (of_point, right) in of_features:
                    figures[number].append(of_point)
                    is_right[number].append(right)
                    best = max(best, of_point["f1_macro"])
                progress(f"{name}, fold {fold + 1}/{FOLDS}: macro F1 {best:.4f}")
            merits = [merit(_means(figures[number])) for number in racing]
            right = [np.concatenate(is_right[number]) for number in racing]
            seen = np.concatenate([np.flatnonzero(rows.folds == tried) for tried in range(fold + 1)])
            racing = list(compress(racing, near_the_best(merits, right, rows.targets[seen], is_heavy[seen])))
        return [
            {"features": name, **point, "folds": len(of_point), **_means(of_point)}
            for (name, point), of_point in zip(points, figures, strict=True)
        ]

    def _points(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the points of the grid: the name of the features, C and class weights of each."""
        grid = ParameterGrid({"C": self.regularisations, "class_weight": self.class_weights})
        return [(name, dict(point)) for name in self.features for point in grid]

    def _fits(
        self,
        points: Sequence[tuple[str, dict[str, Any]]],
        tables: Mapping[str, Any],
        targets: Numbers,
        rows: tuple[Numbers, Numbers, Flags],
    ) -> Iterator[Any]:
        """Yield a call of `try_on_fold` for each point, made when it is needed."""
        learnt, judged, is_heavy = rows
        weights = {
            part: weigh(part, tables[part], learnt, judged)
            for part in {part for name, _ in points for part in PARTS[name]}
        }
        for name, of_features in groupby(points, lambda point: point[0]):
            of_learnt, of_judged = (
                hstack(each, format="csr")
                for each in zip(*(weights[part] for part in PARTS[name]), strict=True)
            )
            factors = self._factors(name, of_learnt, targets[learnt])
            lesson = (scale(of_learnt, factors), targets[learnt])
            exam = (scale(of_judged, factors), targets[judged], is_heavy)
            for _, point in of_features:
                yield delayed(try_on_fold)(logistic_regression(self.seed).set_params(**point), lesson, exam)

    def _factors(self, features: str, weights: Any, targets: NDArray[np.int64]) -> NDArray[np.float64]:
        return ratios(features, weights, targets) if self.has_ratios else np.ones(weights.shape[1])


def _means(figures: Sequence[dict[str, float]]) -> dict[str, float]:
    return {metric: float(np.mean([of_fold[metric] for of_fold in figures])) for metric in figures[0]}


def near_the_best(
    merits: Sequence[float], is_right: Sequence[Flags], targets: Numbers, is_heavy: Flags | None = None
) -> list[bool]:
    """Return whether each point is at most two standard errors behind the best.

    `is_right` says which of the same n rows, of the classes `targets`, each gets right. The
    difference comes from the rows that one of the two gets right and the other wrong. Such a row
    moves macro recall, and about so merit, by 1 / (classes x rows of its class): the standard error
    is the root of the sum of these squares. Source: McNemar 1947, for accuracy. With `is_heavy` the
    merit is the mean of two parts (`metrics_of_parts`), and so is the difference.
    """
    best = int(np.argmax(merits))
    heavy = np.zeros(len(targets), dtype=bool) if is_heavy is None else is_heavy
    parts = [part for part in (heavy, ~heavy) if part.any()]
    moves = np.zeros(len(targets))
    for part in parts:
        sizes = np.bincount(targets[part])
        moves[part] = 1 / (np.count_nonzero(sizes) * sizes[targets[part]] * len(parts))
    errors = [np.sqrt(np.sum(np.square(moves[right != is_right[best]]))) for right in is_right]
    return [merits[best] - own <= _STANDARD_ERRORS * error for own, error in zip(merits, errors, strict=True)]


def try_on_fold(
    classifier: LogisticRegression, learnt: tuple[Any, Any], judged: tuple[Any, Numbers, Flags]
) -> tuple[dict[str, float], Flags]:
    """Return a fitted classifier's metrics on held-out rows, and which rows it gets right."""
    weights, targets, is_heavy = judged
    scores = classifier.fit(*learnt).predict_proba(weights)
    return metrics_of_parts(targets, scores, is_heavy), scores.argmax(axis=1) == targets


def _ngrams(vectorizer: TfidfVectorizer) -> Ngrams:
    least, most = vectorizer.ngram_range
    pattern = None if vectorizer.analyzer == "char_wb" else vectorizer.token_pattern
    return Ngrams(tuple(vectorizer.get_feature_names_out()), least, most, pattern, vectorizer.sublinear_tf)


def logistic_regression(seed: int) -> LogisticRegression:
    """Return the classifier of every trial, before its C and class weights are set."""
    return LogisticRegression(max_iter=1000, tol=1e-3, random_state=seed)
