"""The contract that the three models keep, and the description that every saved model has.

No ML framework is imported here.
"""

from __future__ import annotations

import inspect
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from models.attribution import Explaining, Variant, occlude
from models.calibration import best_temperature, soften
from models.errors import ModelError
from models.learning import Progress, TrainingData, check_learnable, encode_labels
from models.text import LABELS, Scores

MODEL_FILE = "model.json"


class Classifier(ABC):
    """Labels tweets. A trained model is one, and so is what it exports for serving."""

    family: ClassVar[str]
    calls_at_once: ClassVar[int] = 1  # how many threads that call it at once make it faster
    explaining_cost: ClassVar[float] = 7.0  # how many times the text itself may be scored to explain it
    temperature_: float = 1.0

    @abstractmethod
    def tokenise(self, texts: Sequence[str]) -> Any:
        """Return the tokens of raw texts: cleaned and cut into features, one entry per text."""

    @abstractmethod
    def infer_uncalibrated(self, tokens: Any) -> Scores:
        """Return scores of shape (n, 3) before calibration: columns as in LABELS, rows sum to 1."""

    @abstractmethod
    def save(self, directory: Path | str) -> None:
        """Write the classifier to a directory (made if missing), in formats without pickles."""

    @classmethod
    @abstractmethod
    def load(cls, directory: Path | str) -> Self:
        """Return the classifier that `save` or `export` wrote; it gives the same scores."""

    def infer(self, tokens: Any) -> Scores:
        """Return the calibrated scores of tokens: shape (n, 3), each row summing to 1."""
        return soften(self.infer_uncalibrated(tokens), self.temperature_)

    def predict_proba(self, texts: Sequence[str]) -> Scores:
        """Return the scores of raw texts: `tokenise` and `infer` in one call."""
        return self.infer(self.tokenise(texts))

    def explain(self, text: str, scores: Sequence[float]) -> Explaining:
        """Return a generator of text variants to score, which ends with the words' weights.

        The text is raw and its `scores` are known. `models.attribution.explain` runs the generator;
        the service lets its batches score the variants.
        """
        return occlude(self, text, scores)

    def cut(self, words: Sequence[str]) -> Sequence[str] | Sequence[list[Any]]:
        """Return what the model reads of each raw word of a text, which may be nothing."""
        return words

    def join(self, pieces: Sequence[Any]) -> Variant:
        """Return what `cut` gave as one text, raw or as `tokenise` gives it."""
        return " ".join(pieces)

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Return the label with the highest score for each text."""
        return [LABELS[index] for index in self.predict_proba(texts).argmax(axis=1)] if len(texts) else []


class SentimentModel(Classifier):
    """A classifier that learns.

    `__init__` only keeps hyperparameters; what `fit` learns has a trailing underscore. A second
    `fit` forgets the first. The same seed on the same machine gives the same model.
    """

    learns: ClassVar[frozenset[str]] = frozenset()  # the optional parts of TrainingData that it can learn
    removed: ClassVar[frozenset[str]] = frozenset()  # hyperparameters that only older saved models have
    chosen_: dict[str, Any]
    trials_: list[dict[str, Any]]
    earlier_seconds_: float = 0.0  # of a training that was killed, up to the checkpoint it resumed from

    def fit(self, data: TrainingData, *, progress: Progress = print, checkpoint: Path | None = None) -> Self:
        """Learn from training data, and calibrate the scores on its validation texts.

        `progress` receives a line of text per step. A training of many minutes keeps its state in
        the directory `checkpoint` and resumes from there if it was killed; shorter ones start
        again.

        Raises:
            ModelError: The texts and labels differ in number, a label is unknown or missing, or the
                data holds what this family cannot learn.
        """
        check_learnable(self.family, data, self.learns)
        self._learn(data, progress, checkpoint)
        texts, labels = data.validation
        truth = encode_labels(texts, labels)
        self.temperature_ = best_temperature(self.infer_uncalibrated(self.tokenise(texts)), truth)
        return self

    @abstractmethod
    def _learn(self, data: TrainingData, progress: Progress, checkpoint: Path | None) -> None:
        """Set all that is learned but the temperature, `chosen_` and `trials_` among it."""

    @abstractmethod
    def export(self, directory: Path | str, texts: Sequence[str]) -> None:
        """Write what `models.load` needs to serve this model without its framework.

        The directory is made if missing. Raw `texts` show what the model will meet, where the
        export must know the range of numbers in the network.
        """

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """The constructor's arguments and what `fit` chose; flat."""
        return self._arguments() | getattr(self, "chosen_", {}) | {"temperature": round(self.temperature_, 4)}

    @property
    def trials(self) -> list[dict[str, Any]]:
        """A flat dict per trial of `fit`: its hyperparameters and held-out metrics."""
        return list(getattr(self, "trials_", []))

    def _arguments(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def _write_description(self, directory: Path | str, **more: Any) -> Path:
        """Make the directory, write its `model.json` and return the directory."""
        content = {"arguments": self._arguments(), "chosen": self.chosen_, "trials": self.trials_}
        return write_description(directory, self, content | more)

    @classmethod
    def _from_description(cls, directory: Path | str) -> Self:
        """Return the model that a `model.json` describes, without its weights.

        Raises:
            ModelError: The model was saved by another version, or trained with other labels.
        """
        content = read_description(directory)
        try:
            arguments = content["arguments"].items()
            model = cls(**{name: value for name, value in arguments if name not in cls.removed})
            model.chosen_, model.trials_ = content["chosen"], content["trials"]
        except (AttributeError, KeyError, TypeError) as error:
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
            f"the model in {directory} has the labels {labels}; "
            f"this version needs {list(LABELS)}: run 'make train' again"
        )
    return content
