"""The ONNX network in a plain script: `tokenizers` and ONNX Runtime, padded per batch."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

LABELS = ("negative", "neutral", "positive")
MOST_TOKENS = 128


class OnnxNetwork:
    """Labels texts with the model in the folder that BENCH_MODEL names."""

    def __init__(self) -> None:
        folder = Path(os.environ["BENCH_MODEL"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        self._session = onnxruntime.InferenceSession(
            str(folder / "network.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def label(self, texts: list[str]) -> list[dict[str, str | float]]:
        """Return the label and the score of each text."""
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in encoded], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        logits = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores = powers / powers.sum(axis=1, keepdims=True)
        return [{"label": LABELS[row.argmax()], "score": float(row.max())} for row in scores]
