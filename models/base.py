"""What the three models share: the labels, the text cleaning and the contract that each one keeps.

Cleaning runs inside `fit` and `tokenise`, so that training and serving cannot drift apart. No ML
framework is imported here.

Scores are calibrated by a temperature that `fit` learns from the validation texts; it changes no
label. Source: Guo et al. 2017, On Calibration of Modern Neural Networks.
"""

from __future__ import annotations

import html
import inspect
import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import ftfy
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from models.attribution import Explaining, Variant

LABELS = ("negative", "neutral", "positive")
MODEL_FILE = "model.json"
TEMPERATURES = (0.25, 4.0)
_LEAST_SCORE = 1e-12
_TEACHER_SHARE = 0.8

Scores = NDArray[np.float64]
Progress = Callable[[str], None]

_LINK = re.compile(r"\bhttps?:\S*|\b(?:www|pic\.twitter)\.\S+|\bt\.co/\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<!\w)@\w+|(?<=\w)@\w+\b(?!\.\w)")  # not the domain of an e-mail address
# They hold emoji and some scripts together; every other format character is invisible noise.
_JOINERS = "\u200c\u200d"


class ModelError(Exception):
    """A model cannot be made, trained, saved or loaded; the message gives the fact, the value and the remedy."""


def clean_text(text: str) -> str:
    """Return a tweet in the one form that all models read: repaired, on one line, without anyone's handle or link.

    Broken encodings are repaired (ftfy), HTML entities decoded, `@handle` becomes `@user`, a link
    becomes `http`, invisible characters go and white space is folded. Emoji, case and negations
    stay. Cleaning twice changes nothing.

    >>> clean_text("RT @ann: I don&#39;t  like it 😀 https://t.co/x")
    "RT @user: I don't like it 😀 http"
    """
    while (cleaned := _clean_once(text)) != text:
        text = cleaned
    return cleaned


def _clean_once(text: str) -> str:
    while (unescaped := html.unescape(text)) != text:
        text = unescaped
    # Nothing to repair in plain text: most tweets, ten times faster.
    if not (text.isascii() and text.isprintable()):
        text = ftfy.fix_text(text, unescape_html=False)
        text = "".join(character for character in text if _is_visible(character))
    text = _HANDLE.sub("@user", _LINK.sub("http", text))
    return " ".join(text.split())


def _is_visible(character: str) -> bool:
    return character.isprintable() or character.isspace() or character in _JOINERS


class Classifier(ABC):
    """Labels tweets. A trained model is one, and so is what it exports for serving."""

    family: ClassVar[str]
    calls_at_once: ClassVar[int] = 1  # more threads than this may call it, but get no more out of the machine
    explaining_cost: ClassVar[float] = 7.0  # how many times the text itself may be scored to explain it
    temperature_: float = 1.0

    @abstractmethod
    def tokenise(self, texts: Sequence[str]) -> Any:
        """Return raw texts in the form that `infer` reads: cleaned and cut into the model's own features, one entry per text."""

    @abstractmethod
    def infer_uncalibrated(self, tokens: Any) -> Scores:
        """Return the scores as the network or the classifier gives them: shape (n, 3), columns as in LABELS, each row summing to 1."""

    @abstractmethod
    def save(self, directory: Path | str) -> None:
        """Write the classifier to a directory (made if missing), in formats that load without unpickling."""

    @classmethod
    @abstractmethod
    def load(cls, directory: Path | str) -> Self:
        """Return the classifier that `save` or a model's `export` wrote; it gives the same scores."""

    def infer(self, tokens: Any) -> Scores:
        """Return the scores of what `tokenise` returned: shape (n, 3), columns in the order of LABELS, each row summing to 1."""
        return soften(self.infer_uncalibrated(tokens), self.temperature_)

    def predict_proba(self, texts: Sequence[str]) -> Scores:
        """Return the scores of raw texts: `tokenise` and `infer` in one call."""
        return self.infer(self.tokenise(texts))

    def explain(self, text: str, scores: Sequence[float]) -> Explaining:
        """Begin to explain a raw text whose scores are known: a generator that asks for scores of variants and returns the words' weights.

        `models.attribution.explain` runs it; the service lets its batches score the variants.
        """
        from models.attribution import occlude  # here, because it imports this module

        return occlude(self, text, scores)

    def cut(self, words: Sequence[str]) -> Sequence[str] | Sequence[list[Any]]:
        """Return for each raw word of a text what the model reads of it; nothing, where it reads nothing."""
        return words

    def join(self, pieces: Sequence[Any]) -> Variant:
        """Return what `cut` gave as one text, raw or as `tokenise` gives it."""
        return " ".join(pieces)

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Return the label with the highest score for each text."""
        return [LABELS[index] for index in self.predict_proba(texts).argmax(axis=1)] if len(texts) else []


class SentimentModel(Classifier):
    """A classifier that learns.

    `__init__` only keeps hyperparameters; what `fit` learns has a trailing underscore.

    A second `fit` forgets the first. The same seed on the same machine gives the same model.
    """

    chosen_: dict[str, Any]
    trials_: list[dict[str, Any]]
    # That a training took before it was killed, up to the checkpoint that the last one went on
    # from.
    earlier_seconds_: float = 0.0

    @abstractmethod
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
        """Learn from raw texts and their labels; `validation` chooses hyperparameters and stops early.

        `progress` receives one line of text per step worth telling. A training of many minutes
        keeps its state in the directory `checkpoint` and goes on from there if it was killed. Keras
        also learns `teacher_scores`, shape (n, 3): what a better model says of the same texts. BERT
        first learns `related`, labelled texts of another source, once.

        Raises:
            ModelError: The texts and labels differ in number, or a label is unknown or missing.
        """

    @abstractmethod
    def export(self, directory: Path | str, texts: Sequence[str]) -> None:
        """Write what serving needs to a directory (made if missing): `models.load` reads it without this model's framework.

        Raw `texts` show what the model will meet, where the export must know the range of numbers
        in the network.
        """

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """The constructor's arguments and what `fit` chose; flat."""
        return self._arguments() | getattr(self, "chosen_", {}) | {"temperature": round(self.temperature_, 4)}

    @property
    def trials(self) -> list[dict[str, Any]]:
        """The hyperparameters that `fit` tried: one flat dict per trial, with `f1_macro` and `recall_macro` on held-out texts."""
        return list(getattr(self, "trials_", []))

    def _calibrate(self, validation: tuple[Sequence[str], Sequence[str]]) -> Self:
        """Choose the temperature that makes the validation labels most likely."""
        texts, labels = validation
        truth = encode_labels(texts, labels)
        self.temperature_ = best_temperature(self.infer_uncalibrated(self.tokenise(texts)), truth)
        return self

    def _arguments(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def _write_description(self, directory: Path | str) -> Path:
        """Make the directory, write its `model.json` and return the directory."""
        content = {"arguments": self._arguments(), "chosen": self.chosen_, "trials": self.trials_}
        return write_description(directory, self, content)

    @classmethod
    def _from_description(cls, directory: Path | str) -> Self:
        """Return the model that a `model.json` describes, without its weights.

        Raises:
            ModelError: The model was saved by another version, or trained with other labels.
        """
        content = read_description(directory)
        try:
            model = cls(**content["arguments"])
            model.chosen_, model.trials_ = content["chosen"], content["trials"]
        except (KeyError, TypeError) as error:
            raise ModelError(
                f"the model in {directory} was saved by another version ({error}): run 'make train' again"
            ) from error
        model.temperature_ = content.get("temperature", 1.0)  # models saved before had none
        return model


def write_description(directory: Path | str, model: Classifier, content: Mapping[str, Any]) -> Path:
    """Make the directory, write its `model.json` and return the directory."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    described = {"family": model.family, "labels": LABELS, "temperature": model.temperature_, **content}
    (folder / MODEL_FILE).write_text(json.dumps(described, indent=2, ensure_ascii=False), "utf-8")
    return folder


def read_description(directory: Path | str) -> dict[str, Any]:
    """Return the content of a directory's `model.json`.

    Raises:
        ModelError: It is missing or damaged, or the model was trained with other labels.
    """
    try:
        content: dict[str, Any] = json.loads((Path(directory) / MODEL_FILE).read_text("utf-8"))
        labels = content["labels"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"no saved model in {directory} ({MODEL_FILE} is missing or damaged): run 'make train' first"
        ) from error
    if tuple(labels) != LABELS:
        raise ModelError(
            f"the model in {directory} has the labels {labels}; this version needs {list(LABELS)}: run 'make train' again"
        )
    return content


def encode_labels(texts: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    """Return labels as indices into LABELS, after checking what `fit` was given.

    Raises:
        ModelError: No texts, unequal numbers, an unknown label, or a label without any text.
    """
    if not len(texts) or len(texts) != len(labels):
        raise ModelError(
            f"fit got {len(texts)} texts and {len(labels)} labels: give one label per text, and at least one of each label"
        )
    unknown = sorted(set(labels) - set(LABELS))
    missing = [label for label in LABELS if label not in set(labels)]
    if unknown or missing:
        raise ModelError(
            f"labels must be exactly {', '.join(LABELS)}; unknown: {unknown or 'none'}, missing: {missing or 'none'}"
        )
    return np.array([LABELS.index(label) for label in labels], dtype=np.int64)


def soft_targets(truth: NDArray[np.int64], teacher_scores: Scores | None) -> Scores:
    """Return what to learn instead of labels, shape (n, 3): mostly the teacher's scores, which tell doubtful labels from clear ones.

    Source: Hinton et al. 2015, Distilling the Knowledge in a Neural Network.
    """
    certain: Scores = np.eye(len(LABELS))[truth]
    return (
        certain
        if teacher_scores is None
        else (1 - _TEACHER_SHARE) * certain + _TEACHER_SHARE * teacher_scores
    )


def measure(truth: NDArray[np.int64], scores: Scores) -> dict[str, float]:
    """Return what a trial is judged by: `f1_macro` and `recall_macro` of indices into LABELS and scores of shape (n, 3)."""
    from sklearn.metrics import f1_score, recall_score  # here, because serving needs no scikit-learn

    predicted = scores.argmax(axis=1)
    return {
        "f1_macro": float(f1_score(truth, predicted, average="macro")),
        "recall_macro": float(recall_score(truth, predicted, average="macro")),
    }


def merit(trial: Mapping[str, Any]) -> float:
    """Return what hyperparameters and early stopping are chosen by: the mean of a trial's macro F1 and macro recall.

    F1 alone fits a model to how often each label happens to occur in the validation split; recall
    alone forgives every false alarm.
    """
    return float(trial["f1_macro"] + trial["recall_macro"]) / 2


def soften(scores: Scores, temperature: float) -> Scores:
    """Return scores at a temperature: above 1 less sure, below 1 surer, in the same order.

    >>> soften(np.array([[0.8, 0.2]]), 2).round(3).tolist()
    [[0.667, 0.333]]
    """
    logits = np.log(np.maximum(scores, _LEAST_SCORE)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    softened: Scores = powers / powers.sum(axis=1, keepdims=True)
    return softened


def best_temperature(scores: Scores, truth: NDArray[np.int64]) -> float:
    """Return the temperature, within TEMPERATURES, at which the true labels are likeliest."""
    from scipy.optimize import minimize_scalar  # here, because serving needs no SciPy

    def mean_log_loss(log_temperature: float) -> float:
        likelihoods = soften(scores, math.exp(log_temperature))[np.arange(len(truth)), truth]
        return -float(np.log(likelihoods).mean())

    bounds = tuple(math.log(bound) for bound in TEMPERATURES)
    return math.exp(minimize_scalar(mean_log_loss, bounds=bounds, method="bounded").x)
