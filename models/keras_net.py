"""A small Keras network over word embeddings that are averaged or read by an LSTM.

Validation chooses between the two. Nothing is pretrained.

Source of the averaging design: Joulin et al. 2017, Bag of Tricks for Efficient Text Classification
(bags of word bigrams).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

# The tokenizer layer runs on TensorFlow; Keras reads this once, at import.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf
from sklearn.utils.class_weight import compute_sample_weight

from models.base import SentimentModel, read_description, write_description
from models.emoji import EmojiWords, read_words, write_words
from models.emoji_ratings import packaged_signs
from models.learning import Progress, TrainingData, encode_labels, merit, soft_targets, trial_metrics
from models.lexicon import read_lexicon, read_valences, write_valences
from models.onnx_session import NETWORK_FILE
from models.served_keras import VOCABULARY_FILE, split, with_marks
from models.text import LABELS, Scores

_NETWORK_FILE = "network.keras"
_PREDICT_BATCH = 256
ARCHITECTURES = ("average", "lstm")


class KerasModel(SentimentModel):
    """Embeddings, averaged (words and pairs) or read by an LSTM, then softmax.

    The marks of a lexicon count as words.
    """

    family = "keras"
    learns = frozenset({"teacher_scores"})
    words_: EmojiWords | None = None

    def __init__(
        self,
        *,
        architectures: Sequence[str] = ARCHITECTURES,
        vocabulary_size: int = 40_000,
        embedding_size: int = 128,
        lstm_units: int = 64,
        dropout: float = 0.5,
        max_tokens: int = 80,
        learning_rate: float = 2e-3,
        batch_size: int = 128,
        epochs: int = 12,
        patience: int = 2,
        has_lexicon: bool = True,
        seed: int = 0,
    ) -> None:
        """Keep the hyperparameters; each architecture is tried for at most `epochs` epochs."""
        self.architectures = tuple(architectures)
        self.vocabulary_size = vocabulary_size
        self.embedding_size = embedding_size
        self.lstm_units = lstm_units
        self.dropout = dropout
        self.max_tokens = max_tokens
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.has_lexicon = has_lexicon
        self.seed = seed

    def _learn(self, data: TrainingData, progress: Progress, checkpoint: Path | None) -> None:
        """Train each architecture with early stopping and keep the network with the most merit."""
        # Else a busy machine adds in another order, and the same seed gives another model.
        tf.config.experimental.enable_op_determinism()
        data = data.repeated()
        targets = encode_labels(data.texts, data.labels)
        truth = encode_labels(*data.validation)
        self.valences_ = read_lexicon() if self.has_lexicon else {}
        self.words_ = packaged_signs()
        train_texts, validation_texts = self.tokenise(data.texts), self.tokenise(data.validation[0])
        self.trials_ = []
        for architecture in self.architectures:
            keras.utils.set_random_seed(self.seed)
            network = self._build(architecture, train_texts)
            stopper = _StopOnMerit(validation_texts, truth, self.patience, progress)
            network.fit(
                tf.data.Dataset.from_tensor_slices(
                    (
                        train_texts,
                        soft_targets(targets, data.teacher_scores),
                        compute_sample_weight("balanced", targets),
                    )
                )
                .shuffle(len(targets), seed=self.seed)
                .batch(self.batch_size)
                .prefetch(2),
                epochs=self.epochs,
                callbacks=[stopper],
                shuffle=False,  # the dataset shuffles itself
                verbose=0,
            )
            self.trials_.append({"architecture": architecture, "epochs": stopper.best_epoch, **stopper.best})
            if self.trials_[-1] is max(self.trials_, key=merit):
                is_taught = data.teacher_scores is not None
                self.network_, self.chosen_ = network, {"architecture": architecture, "is_taught": is_taught}

    def tokenise(self, texts: Sequence[str]) -> tf.Tensor:
        """Return the texts as tokens separated by spaces, shape (n, 1).

        The network's tokenizer layer looks them up.
        """
        tokens = [with_marks(split(text, self.words_), self.valences_, self.max_tokens) for text in texts]
        joined = [[" ".join(some)] for some in tokens]
        return tf.constant(joined, dtype=tf.string, shape=(len(joined), 1))

    def infer_uncalibrated(self, tokens: tf.Tensor) -> Scores:
        """Return the scores of tokens, shape (n, 3)."""
        return _predict(self.network_, tokens)

    def save(self, directory: Path | str) -> None:
        """Write the network with its vocabulary as one `.keras` file."""
        without_optimizer = keras.Sequential(
            [keras.Input(shape=(1,), dtype="string"), *self.network_.layers], name=self.network_.name
        )
        folder = self._write_description(directory, has_emoji_words=self.words_ is not None)
        without_optimizer.save(folder / _NETWORK_FILE)
        write_valences(folder, self.valences_)
        write_words(folder, self.words_)

    def export(self, directory: Path | str, texts: Sequence[str]) -> None:
        """Write the vocabulary, and the network behind it as ONNX; `texts` change nothing."""
        tokenizer, *layers = self.network_.layers
        has_pairs = self.chosen_["architecture"] == "average"
        folder = write_description(
            directory,
            self,
            {
                "form": "served",
                "has_pairs": has_pairs,
                "has_valences": self.has_lexicon,
                "has_emoji_words": self.words_ is not None,
                "max_tokens": self.max_tokens,
            },
        )
        write_valences(folder, self.valences_)
        write_words(folder, self.words_)
        (folder / VOCABULARY_FILE).write_text(
            json.dumps([str(term) for term in tokenizer.get_vocabulary()], ensure_ascii=False), "utf-8"
        )
        network = keras.Sequential([keras.Input(shape=(None,), dtype="int32", name="tokens"), *layers])
        tokens = keras.InputSpec(shape=(None, None), dtype="int32", name="tokens")
        network.export(folder / NETWORK_FILE, format="onnx", verbose=False, input_signature=[tokens])

    @classmethod
    def load(cls, directory: Path | str) -> Self:
        """Return a saved model."""
        model = cls._from_description(directory)
        model.network_ = keras.models.load_model(
            Path(directory) / _NETWORK_FILE, compile=False, safe_mode=True
        )
        # Models saved before had none.
        description = read_description(directory)
        model.has_lexicon = description["arguments"].get("has_lexicon", False)
        model.valences_ = read_valences(directory, is_used=model.has_lexicon)
        model.words_ = read_words(directory, is_used=description.get("has_emoji_words", False))
        return model

    def _build(self, architecture: str, texts: tf.Tensor) -> keras.Model:
        is_average = architecture == "average"
        tokenizer = keras.layers.TextVectorization(
            max_tokens=self.vocabulary_size,
            standardize=None,
            split="whitespace",
            ngrams=2 if is_average else None,
        )
        tokenizer.adapt(texts, batch_size=1024)
        layers = [
            keras.Input(shape=(1,), dtype="string"),
            tokenizer,
            keras.layers.Embedding(tokenizer.vocabulary_size(), self.embedding_size, mask_zero=True),
            keras.layers.Dropout(self.dropout),
            keras.layers.GlobalAveragePooling1D()
            if is_average
            else keras.layers.LSTM(self.lstm_units, dropout=self.dropout),
            keras.layers.Dense(len(LABELS), activation="softmax"),
        ]
        network = keras.Sequential(layers, name=architecture)
        network.compile(optimizer=keras.optimizers.Adam(self.learning_rate), loss="categorical_crossentropy")
        return network


class _StopOnMerit(keras.callbacks.Callback):
    """Stops after `patience` epochs without a better merit; restores the best weights."""

    def __init__(
        self, texts: tf.Tensor, truth: np.ndarray[Any, Any], patience: int, progress: Progress
    ) -> None:
        super().__init__()
        self.texts, self.truth, self.patience, self.progress = texts, truth, patience, progress
        self.best: dict[str, float] = {"f1_macro": -1.0, "recall_macro": -1.0}
        self.best_epoch, self.best_weights = 0, None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        metrics = trial_metrics(self.truth, _predict(self.model, self.texts))
        loss, f1 = (logs or {})["loss"], metrics["f1_macro"]
        self.progress(f"{self.model.name}: epoch {epoch + 1}, loss {loss:.3f}, validation macro F1 {f1:.4f}")
        if merit(metrics) > merit(self.best):
            self.best, self.best_epoch, self.best_weights = metrics, epoch + 1, self.model.get_weights()
        elif epoch + 1 - self.best_epoch >= self.patience:
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.model.set_weights(self.best_weights)


def _predict(network: keras.Model, texts: tf.Tensor) -> Scores:
    batches = [
        np.asarray(network(texts[start : start + _PREDICT_BATCH], training=False))
        for start in range(0, len(texts), _PREDICT_BATCH)
    ]
    scores: Scores = np.concatenate([np.empty((0, len(LABELS))), *batches]).astype(np.float64)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores
