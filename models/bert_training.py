"""Fine-tuning of a BERT network: batches of like length, a rate schedule, checkpoints.

A training that was killed resumes from its checkpoint, to the weights that it would have reached
without the kill.
"""

from __future__ import annotations

import copy
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from models.learning import Progress, merit
from models.text import LABELS

CHECKPOINT_SECONDS = 120.0
_CHECKPOINT_FILE = "training.pt"
_EVALUATIONS_PER_EPOCH = 2
_PROGRESS_STEPS = 50
_LENGTH_NOISE = 4  # in tokens: enough to mix the batches, little enough to pad almost nothing

Tokens = NDArray[np.int32]
Pad = Callable[[Sequence[Tokens]], dict[str, torch.Tensor]]
Judge = Callable[[], dict[str, float]]


@dataclass(frozen=True)
class Recipe:
    """The hyperparameters of a fine-tuning; `patience` is as for `BertModel`."""

    epochs: int
    learning_rate: float
    batch_size: int
    warmup_share: float
    weight_decay: float
    max_gradient_norm: float
    patience: int
    seed: int


class Batches:
    """Batches of texts of like length, in a new order each epoch, with little padding."""

    def __init__(
        self, tokens: Sequence[Tokens], targets: NDArray[np.int64], batch_size: int, seed: int
    ) -> None:
        self.tokens, self.targets, self.batch_size, self.seed = tokens, targets, batch_size, seed

    def __len__(self) -> int:
        return math.ceil(len(self.tokens) / self.batch_size)

    def stream(self, epochs: int) -> Iterator[tuple[list[Tokens], torch.Tensor]]:
        """Yield batches that hold every text once per epoch.

        The texts are sorted by length with some noise and cut into batches, which are shuffled.
        """
        for epoch in range(epochs):
            randomness = random.Random(self.seed * 1000 + epoch)
            noisy_length = [len(tokens) + randomness.uniform(0, _LENGTH_NOISE) for tokens in self.tokens]
            order = sorted(range(len(self.tokens)), key=noisy_length.__getitem__)
            batches = [
                order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)
            ]
            randomness.shuffle(batches)
            for batch in batches:
                yield [self.tokens[number] for number in batch], torch.from_numpy(self.targets[batch])

    def label_weights(self) -> torch.Tensor:
        """Return a loss weight per label: the inverse square root of its share.

        The weights are 1 on average over the texts.
        """
        counts = np.bincount(self.targets, minlength=len(LABELS))
        weights = 1 / np.sqrt(counts)
        return torch.tensor(weights * counts.sum() / (weights * counts).sum(), dtype=torch.float32)


@dataclass
class Standing:
    """The state of a training: its steps, the best weights so far, and each evaluation."""

    step: int = 0
    best_step: int = 0
    best_merit: float = -1.0
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)
    stale: int = 0
    trials: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0  # of training, up to the last checkpoint


class FineTuning:
    """One fine-tuning of a network on its device."""

    def __init__(self, network: Any, pad: Pad, recipe: Recipe, batches: Batches) -> None:
        """Take a network and its batches.

        `pad` turns token ids into tensors on the network's device.
        """
        self.network, self.pad, self.recipe, self.batches = network, pad, recipe, batches
        self.device = next(network.parameters()).device
        self.steps = recipe.epochs * len(batches)
        self.standing = Standing()
        self._label_weights = batches.label_weights().to(self.device)
        self._optimizer = self._make_optimizer()

    def run(self, judge: Judge, progress: Progress, checkpoint: Checkpoint) -> Standing:
        """Train to the end, or until `patience` evaluations in a row were no better.

        The network has the best weights afterwards.
        """
        standing, self._started = self.standing, time.monotonic()
        if (state := checkpoint.read()) is not None:
            self._restore(state)
            progress(
                f"step {standing.step}/{self.steps}: resuming from the checkpoint in {checkpoint.path.parent}"
            )
        between = math.ceil(len(self.batches) / _EVALUATIONS_PER_EPOCH)
        for tokens, targets in islice(self.batches.stream(self.recipe.epochs), standing.step, None):
            if standing.stale >= self.recipe.patience:
                break
            loss = self.step(tokens, targets)
            if standing.step % _PROGRESS_STEPS == 0:
                progress(f"step {standing.step}/{self.steps}, loss {loss:.3f}")
            if standing.step % between == 0 or standing.step == self.steps:
                self._note(judge())
                f1 = standing.trials[-1]["f1_macro"]
                progress(f"step {standing.step}/{self.steps}: validation macro F1 {f1:.4f}")
            checkpoint.write_if_due(self._state)
        self.network.load_state_dict(standing.best_weights)
        return standing

    def step(self, tokens: Sequence[Tokens], targets: torch.Tensor) -> float:
        """Update the weights by one batch and return its loss."""
        for group in self._optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * self._share_of_rate()
        inputs, targets = self.pad(tokens), targets.to(self.device)
        self.network.train()
        self._optimizer.zero_grad()
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=has_fast_bfloat16(self.device)):
            logits = self.network(**inputs).logits
        loss = torch.nn.functional.cross_entropy(logits.float(), targets, self._label_weights)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.max_gradient_norm)
        self._optimizer.step()
        self.standing.step += 1
        return float(loss.item())

    def _share_of_rate(self) -> float:
        """Return the factor of the learning rate for the next step: linear warm-up and decay."""
        step, steps = self.standing.step, self.steps
        warmup = max(1, int(steps * self.recipe.warmup_share))
        return min((step + 1) / warmup, max(0.0, (steps - step) / max(1, steps - warmup)))

    def _make_optimizer(self) -> torch.optim.Optimizer:
        decayed = [weight for weight in self.network.parameters() if weight.ndim > 1]
        others = [weight for weight in self.network.parameters() if weight.ndim <= 1]
        groups = [
            {"params": decayed, "weight_decay": self.recipe.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self.recipe.learning_rate, fused=True)

    def _note(self, trial: dict[str, float]) -> None:
        standing = self.standing
        standing.trials.append({"epochs": round(standing.step / len(self.batches), 2), **trial})
        standing.stale += 1
        if merit(trial) > standing.best_merit:
            standing.best_merit, standing.best_step, standing.stale = merit(trial), standing.step, 0
            standing.best_weights = copy.deepcopy(self.network.state_dict())

    def _state(self) -> dict[str, Any]:
        return {
            "standing": vars(self.standing)
            | {"seconds": self.standing.seconds + time.monotonic() - self._started},
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "random_on_gpus": torch.cuda.get_rng_state_all(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        vars(self.standing).update(state["standing"])
        self.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        torch.cuda.set_rng_state_all(state["random_on_gpus"])


class Checkpoint:
    """A checkpoint of a training in a directory; without a directory nothing is kept.

    A file of another training is no checkpoint of this.
    """

    def __init__(self, directory: Path | None, fingerprint: str) -> None:
        """Take the directory of the checkpoint and the digest of the training's recipe and data."""
        self.path = (directory or Path()) / _CHECKPOINT_FILE
        self._is_kept, self._fingerprint = directory is not None, fingerprint
        self._due = time.monotonic() + CHECKPOINT_SECONDS

    def read(self) -> dict[str, Any] | None:
        """Return the saved state of this training, if there is one."""
        if not self._is_kept or not self.path.exists():
            return None
        try:
            content: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception:  # damaged: the training starts again
            return None
        return content["state"] if content.get("fingerprint") == self._fingerprint else None

    def write_if_due(self, state: Callable[[], dict[str, Any]]) -> None:
        """Write a state if the last one is two minutes old.

        The whole file is replaced at once, so that a kill leaves the old one.
        """
        if not self._is_kept or time.monotonic() < self._due:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".unfinished")
        torch.save({"fingerprint": self._fingerprint, "state": state()}, unfinished)
        unfinished.replace(self.path)
        self._due = time.monotonic() + CHECKPOINT_SECONDS


def has_fast_bfloat16(device: torch.device) -> bool:
    """Return whether a device multiplies 16-bit floats faster than 32-bit ones."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
