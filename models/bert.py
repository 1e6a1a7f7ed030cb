"""A fine-tuned BERT encoder with a classification head (Transformers, torch).

It reads whole sentences and costs the most.

Source of the recipe: Devlin et al. 2019, BERT, appendix A.3 (AdamW, warm-up then linear decay, 2 to
4 epochs).
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging as transformers_logging

from models.base import SentimentModel, read_description, write_description
from models.bert_training import Batches, Checkpoint, FineTuning, Recipe, Tokens, has_fast_bfloat16
from models.emoji import EmojiWords, read_words, write_words
from models.emoji_ratings import packaged_feelings, packaged_names, packaged_signs
from models.errors import ModelError
from models.learning import Progress, TrainingData, encode_labels, trial_metrics
from models.onnx_session import FLOAT_FILE, NETWORK_FILE
from models.packaged_bases import MINILM, MPNET, located
from models.served_bert import TOKENIZER_FILE, spelled_with
from models.text import LABELS, Scores, clean_text

_PREDICT_BATCH = 64
_TOKENISED_AT_ONCE = 1024
_MOST_UNKNOWN = 0.5  # of the emoji; MiniLM's tokenizer lacks 99 of 100, pieces of bytes lack none
_RECIPE = tuple(field.name for field in fields(Recipe))


class BertModel(SentimentModel):
    """A BERT encoder fine-tuned end to end.

    `base_model` is a hub name, a local folder, or a packaged encoder: `minilm` or `mpnet`.
    """

    family = "bert"
    removed = frozenset({"adversarial"})
    words_: EmojiWords | None = None  # models saved before 0.2.0 read official names

    def __init__(
        self,
        *,
        base_model: str = MINILM,
        epochs: int = 2,
        learning_rate: float = 1e-4,
        batch_size: int = 32,
        max_tokens: int = 128,
        warmup_share: float = 0.1,
        weight_decay: float = 0.01,
        max_gradient_norm: float = 1.0,
        patience: int = 3,
        seed: int = 0,
    ) -> None:
        """Keep the hyperparameters.

        `patience` counts evaluations, of which there are two per epoch.
        """
        self.base_model = base_model
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_tokens = max_tokens
        self.warmup_share = warmup_share
        self.weight_decay = weight_decay
        self.max_gradient_norm = max_gradient_norm
        self.patience = patience
        self.seed = seed

    def _learn(self, data: TrainingData, progress: Progress, checkpoint: Path | None) -> None:
        """Fine-tune the encoder and keep the weights that are best on validation."""
        data = data.repeated()
        truth = encode_labels(*data.validation)
        self._begin()
        recipe = Recipe(**{name: getattr(self, name) for name in _RECIPE})
        training = FineTuning(self.network_, self._pad, recipe, self._batches(data.texts, data.labels))
        held_out = self.tokenise(data.validation[0])
        rows = (data.texts, data.labels, *data.validation)
        done = training.run(
            lambda: trial_metrics(truth, self._score(held_out, is_exact=False)),
            progress,
            Checkpoint(checkpoint, self._fingerprint(*rows)),
        )
        self.trials_, self.earlier_seconds_ = done.trials, done.seconds
        self.chosen_ = {"best_step": done.best_step}

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text's word pieces, at most `max_tokens` per text."""
        ids: list[list[int]] = []
        # The tokenizer's own answer takes many times the room of the ids.
        for start in range(0, len(texts), _TOKENISED_AT_ONCE):
            some = texts[start : start + _TOKENISED_AT_ONCE]
            spelled = [spelled_with(self.words_, clean_text(text)) for text in some]
            ids += self.tokenizer_(spelled, truncation=True, max_length=self.max_tokens)["input_ids"]
        return ids

    def infer_uncalibrated(self, tokens: list[list[int]]) -> Scores:
        """Return the scores of word pieces, shape (n, 3), in the order given."""
        return self._score(tokens, is_exact=True)

    def save(self, directory: Path | str) -> None:
        """Write the network (safetensors), its configuration and its tokenizer."""
        folder = self._write_description(directory, has_emoji_words=self.words_ is not None)
        write_words(folder, self.words_)
        self.network_.save_pretrained(folder)
        self.tokenizer_.save_pretrained(folder)

    def export(self, directory: Path | str, texts: Sequence[str]) -> None:
        """Write the network as ONNX with 8-bit integers, and its tokenizer.

        `texts` show the range of the network's activations.
        """
        from models import bert_export

        reading = {"max_tokens": self.max_tokens, "has_emoji_words": self.words_ is not None}
        folder = write_description(directory, self, {"form": "served"} | reading)
        write_words(folder, self.words_)
        self.tokenizer_.backend_tokenizer.save(str(folder / TOKENIZER_FILE))
        samples = [
            {name: value.cpu().numpy() for name, value in self._pad([ids]).items()}
            for ids in self.tokenise(texts)
        ]
        bert_export.export_float(self.network_, folder / FLOAT_FILE)
        bert_export.quantise(folder / FLOAT_FILE, folder / NETWORK_FILE, samples)

    @classmethod
    def load(cls, directory: Path | str) -> Self:
        """Return a saved model, on the GPU if there is one."""
        model = cls._from_description(directory)
        model.device_ = _device()
        model.tokenizer_, model.network_ = load_pretrained(str(directory), new_head=False)
        model.network_.to(model.device_)
        is_used = read_description(directory).get("has_emoji_words", False)
        model.words_ = read_words(directory, is_used=is_used)
        return model

    def _batches(self, texts: Sequence[str], labels: Sequence[str]) -> Batches:
        targets = encode_labels(texts, labels)
        return Batches(
            [np.array(ids, dtype=np.int32) for ids in self.tokenise(texts)],
            targets,
            self.batch_size,
            self.seed,
        )

    def _begin(self) -> None:
        """Load the base model with a new head; the same seed gives the same start."""
        random.seed(self.seed)
        np.random.seed(self.seed)
        torch.manual_seed(self.seed)
        self.device_ = _device()
        self.tokenizer_, self.network_ = load_pretrained(self.base_model, new_head=True)
        self.words_ = packaged_signs() if knows_emoji(self.tokenizer_) else packaged_names()
        self.network_.to(self.device_)

    def _score(self, tokens: list[list[int]], *, is_exact: bool) -> Scores:
        """Return the scores of word pieces, in 16-bit floats where these are faster and allowed."""
        scores = np.empty((len(tokens), len(LABELS)), dtype=np.float64)
        by_length = sorted(range(len(tokens)), key=lambda number: len(tokens[number]))
        is_short = not is_exact and has_fast_bfloat16(self.device_)
        self.network_.eval()
        with (
            torch.inference_mode(),
            torch.autocast(self.device_.type, dtype=torch.bfloat16, enabled=is_short),
        ):
            for start in range(0, len(by_length), _PREDICT_BATCH):
                batch = by_length[start : start + _PREDICT_BATCH]
                logits = self.network_(**self._pad([tokens[number] for number in batch])).logits
                scores[batch] = torch.softmax(logits.double(), dim=-1).cpu().numpy()
        return scores

    def _pad(self, tokens: Sequence[Sequence[int] | Tokens]) -> dict[str, torch.Tensor]:
        padded = self.tokenizer_.pad(
            {"input_ids": [np.asarray(ids).tolist() for ids in tokens]}, return_tensors="pt"
        )
        return {name: value.to(self.device_) for name, value in padded.items()}

    def _fingerprint(self, *rows: Sequence[str]) -> str:
        return hashlib.sha256(
            json.dumps([self._arguments(), self.device_.type, self.words_, *map(list, rows)]).encode()
        ).hexdigest()


def knows_emoji(tokenizer: Any) -> bool:
    """Return whether a tokenizer has pieces for most emoji that carry a feeling.

    Such an encoder has met them in its pretraining, and reads the sign; others read its name.
    """
    emoji = [sign for sign in packaged_feelings() if not sign.isascii()]
    ids = tokenizer(emoji, add_special_tokens=False)["input_ids"]
    return sum(tokenizer.unk_token_id in some for some in ids) < _MOST_UNKNOWN * len(emoji)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def load_pretrained(base_model: str, *, new_head: bool) -> tuple[Any, Any]:
    """Return the tokenizer and the network with one output per label.

    Raises:
        ModelError: The base model is not to be had; the message names the two remedies.
    """
    label2id = {label: number for number, label in enumerate(LABELS)}
    head = {"num_labels": len(LABELS), "id2label": dict(enumerate(LABELS)), "label2id": label2id}
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with located(base_model) as source:
            tokenizer = AutoTokenizer.from_pretrained(source)
            network = AutoModelForSequenceClassification.from_pretrained(
                source, dtype=torch.float32, use_safetensors=True, **(head if new_head else {})
            )
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the base model {base_model!r} cannot be loaded ({str(error).splitlines()[0][:160]}): "
            f"pass --base-model {MINILM} or {MPNET} for a packaged encoder, or --base-model FOLDER "
            f"with a copy downloaded elsewhere (hf download {base_model} --local-dir FOLDER)"
        ) from error
    return tokenizer, network
