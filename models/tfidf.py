"""TF-IDF and logistic regression, in scikit-learn, with a lexicon's word valences beside the n-grams.

It counts n-grams of words and characters and knows nothing of the rest of the order, but for what the valences make of negations.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, product
from pathlib import Path
from typing import Any, Self
from zipfile import ZIP_DEFLATED

import numpy as np
import skops.io
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.parallel import Parallel, delayed

from models.base import ModelError, Progress, Scores, SentimentModel, clean_text, encode_labels, measure, merit
from models.lexicon import read_lexicon, read_valences, valence_features, write_valences
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
_FOLDS = 3
_FAR_BEHIND = 0.02  # of merit on the first fold; what is nearer than that may catch up on the others
_ROWS_WORTH_A_PROCESS = 5000


class TfidfModel(SentimentModel):
    """Sets of features, C and class weights race in cross-validation; the best of them is fitted on the training texts alone."""

    family = "tfidf"

    def __init__(
        self,
        *,
        features: Sequence[str] = FEATURES,
        regularisations: Sequence[float] = (0.5, 1.0, 3.0),
        class_weights: Sequence[str | None] = (None, "balanced"),
        seed: int = 0,
    ) -> None:
        """Keep the grid; `regularisations` are values of C, smaller is stronger, with the l2 penalty."""
        self.features = tuple(features)
        self.regularisations = tuple(regularisations)
        self.class_weights = tuple(class_weights)
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
        """Search the grid; each vectoriser is fitted at most once per fold, whatever the number of classifiers on top."""
        targets, truth = encode_labels(texts, labels), encode_labels(*validation)
        cleaned = _clean([*texts, *validation[0]])
        folds = make_folds(len(targets), len(truth), self.seed)
        self.trials_ = self._search(cleaned, np.concatenate([targets, truth]), folds, progress)
        best = max((trial for trial in self.trials_ if trial["folds"] == _FOLDS), key=merit)
        self.chosen_ = {key: best[key] for key in ("features", "C", "class_weight")}
        self.extractor_ = Extractor(best["features"]).fit(cleaned[: len(targets)])
        classifier = logistic_regression(self.seed).set_params(C=best["C"], class_weight=best["class_weight"])
        self.classifier_ = classifier.fit(self.extractor_.transform(cleaned[: len(targets)]), targets)
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

        A point that falls far behind on the first fold is out of the race; the others are tried on all folds. Every core takes one fold
        after the other, vectorising included. Source: Maron and Moore 1993, Hoeffding Races.
        """
        grid = ParameterGrid({"C": self.regularisations, "class_weight": self.class_weights})
        points = [(name, dict(point)) for name in self.features for point in grid]
        figures: list[list[dict[str, float]]] = [[] for _ in points]
        racing = {name: [number for number, (features, _) in enumerate(points) if features == name] for name in self.features}
        jobs = -1 if len(targets) > _ROWS_WORTH_A_PROCESS else 1
        for stage in (range(1), range(1, _FOLDS)):
            classifiers = {
                name: [logistic_regression(self.seed).set_params(**points[one][1]) for one in numbers] for name, numbers in racing.items()
            }
            tasks = list(product(racing, stage))
            found = Parallel(jobs, return_as="generator")(
                delayed(try_on_fold)(classifiers[name], name, cleaned, targets, folds == fold) for name, fold in tasks
            )
            for (name, fold), of_fold in zip(tasks, found, strict=True):
                progress(f"{name}, fold {fold + 1}/{_FOLDS}: macro F1 {max(one['f1_macro'] for one in of_fold):.4f}")
                for number, one in zip(racing[name], of_fold, strict=True):
                    figures[number].append(one)
            merits = [merit(_means(of_point)) for of_point in figures]
            least = max(merits[number] for numbers in racing.values() for number in numbers) - _FAR_BEHIND
            racing = {name: kept for name, numbers in racing.items() if (kept := [one for one in numbers if merits[one] >= least])}
        return [
            {"features": name, **point, "folds": len(of_point), **_means(of_point)}
            for (name, point), of_point in zip(points, figures, strict=True)
        ]


def _means(figures: Sequence[dict[str, float]]) -> dict[str, float]:
    return {metric: float(np.mean([one[metric] for one in figures])) for metric in figures[0]}


def try_on_fold(
    classifiers: Sequence[LogisticRegression],
    features: str,
    cleaned: Sequence[str],
    targets: NDArray[np.int64],
    held_out: NDArray[np.bool_],
) -> list[dict[str, float]]:
    """Return what `measure` says of each classifier on the rows held out; the vectorisers and the classifiers learn the others."""
    extractor = Extractor(features).fit(list(compress(cleaned, ~held_out)))
    weights = extractor.transform(cleaned)
    fitted = (classifier.fit(weights[~held_out], targets[~held_out]) for classifier in classifiers)
    return [measure(targets[held_out], classifier.predict_proba(weights[held_out])) for classifier in fitted]


class Extractor(BaseEstimator):  # type: ignore[misc]
    """Turns cleaned texts into one sparse matrix: the n-grams' weights, then what the lexicon says where the features hold valences."""

    def __init__(self, features: str) -> None:
        """Take the name of the features."""
        self.features = features

    def fit(self, cleaned: Sequence[str], labels: object = None) -> Self:
        """Learn the n-grams of cleaned texts; labels change nothing."""
        parts = _FEATURES[self.features]
        self.union_ = FeatureUnion([(part, TfidfVectorizer(**_PARTS[part])) for part in parts if part != VALENCES]).fit(cleaned)
        self.valences_ = read_lexicon() if VALENCES in parts else {}
        return self

    def transform(self, cleaned: Sequence[str]) -> Any:
        """Return a row of weights per cleaned text."""
        weights = self.union_.transform(cleaned)
        if not self.valences_:
            return weights
        return hstack([weights, csr_matrix([valence_features(text, self.valences_) for text in cleaned])], format="csr")


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
