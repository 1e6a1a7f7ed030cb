"""TF-IDF and logistic regression, in scikit-learn. It counts n-grams of words and characters and knows nothing of the rest of the order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import scipy.sparse
import skops.io
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import FeatureUnion, Pipeline

from models.base import ModelError, Progress, Scores, SentimentModel, clean_text, encode_labels

_PIPELINE_FILE = "pipeline.skops"
_WORD = r"[^\W_]+(?:['’][^\W_]+)*|[:;=8][-']?[()dp/\\|]|[!?]+|[\u2600-\u27bf\U0001f300-\U0001faff]"
# Each set of features is a sum of parts; `reference` is scikit-learn's own choice of words, the usual starting point.
_FEATURES: dict[str, tuple[str, ...]] = {
    "reference (1,2)": ("reference",),
    "words (1,1)": ("words_1",),
    "words (1,2)": ("words_2",),
    "characters (2,5)": ("characters",),
    "words (1,2) + characters (2,5)": ("words_2", "characters"),
}
_ROWS_WORTH_A_PROCESS = 5000


class TfidfModel(SentimentModel):
    """Every set of features times every C and class weight is fitted on the training texts; validation macro F1 chooses."""

    family = "tfidf"

    def __init__(
        self,
        *,
        features: Sequence[str] = tuple(_FEATURES),
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
    ) -> Self:
        """Search the grid; each vectoriser is fitted once, whatever the number of classifiers on top."""
        targets, truth = encode_labels(texts, labels), encode_labels(*validation)
        cleaned, validation_cleaned = _clean(texts), _clean(validation[0])
        fold = PredefinedSplit([-1] * len(targets) + [0] * len(truth))
        parts: dict[str, TfidfVectorizer] = {}
        matrices: dict[str, scipy.sparse.csr_matrix] = {}
        self.trials_ = []
        for name in self.features:
            for part in _FEATURES[name]:
                if part not in parts:
                    parts[part] = _vectorizer(part)
                    fitted = parts[part].fit_transform(cleaned)
                    matrices[part] = scipy.sparse.vstack([fitted, parts[part].transform(validation_cleaned)])
            matrix = scipy.sparse.hstack([matrices[part] for part in _FEATURES[name]], format="csr")
            self._search(name, matrix, np.concatenate([targets, truth]), fold)
            progress(f"{name}: validation macro F1 {max(trial['f1_macro'] for trial in self.trials_ if trial['features'] == name):.4f}")
        self.chosen_ = {key: value for key, value in max(self.trials_, key=lambda trial: trial["f1_macro"]).items() if key != "f1_macro"}
        chosen_parts = _FEATURES[self.chosen_["features"]]
        matrix = scipy.sparse.hstack([matrices[part][: len(targets)] for part in chosen_parts], format="csr")
        classifier = _classifier(self.seed).set_params(C=self.chosen_["C"], class_weight=self.chosen_["class_weight"]).fit(matrix, targets)
        self.pipeline_ = Pipeline([("features", FeatureUnion([(part, parts[part]) for part in chosen_parts])), ("classifier", classifier)])
        return self

    def predict_proba(self, texts: Sequence[str]) -> Scores:
        """Return the scores of raw texts, shape (n, 3)."""
        if not len(texts):
            return np.empty((0, 3))
        return np.asarray(self.pipeline_.predict_proba(_clean(texts)), dtype=np.float64)

    def save(self, directory: Path | str) -> None:
        """Write the pipeline as a skops file."""
        skops.io.dump(self.pipeline_, self._write_description(directory) / _PIPELINE_FILE)

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
        model.pipeline_ = skops.io.load(path)
        return model

    def _search(self, name: str, matrix: scipy.sparse.csr_matrix, targets: np.ndarray[Any, Any], fold: PredefinedSplit) -> None:
        grid = {"C": self.regularisations, "class_weight": self.class_weights}
        jobs = -1 if len(targets) > _ROWS_WORTH_A_PROCESS else 1
        search = GridSearchCV(_classifier(self.seed), grid, scoring="f1_macro", cv=fold, refit=False, n_jobs=jobs).fit(matrix, targets)
        for parameters, f1 in zip(search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True):
            self.trials_.append({"features": name, **parameters, "f1_macro": float(f1)})


def _clean(texts: Sequence[str]) -> list[str]:
    return [clean_text(text) for text in texts]


def _vectorizer(part: str) -> TfidfVectorizer:
    match part:
        case "reference":
            return TfidfVectorizer(ngram_range=(1, 2))
        case "words_1" | "words_2":
            return TfidfVectorizer(token_pattern=_WORD, ngram_range=(1, int(part[-1])), min_df=2, sublinear_tf=True)
        case _:
            return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)


def _classifier(seed: int) -> LogisticRegression:
    return LogisticRegression(max_iter=1000, tol=1e-3, random_state=seed)
