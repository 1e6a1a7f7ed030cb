"""LitServe over a Transformers pipeline, with its batching on.

Source: LitServe's documentation, "Batching".
"""

# mypy: disable-error-code="import-not-found, misc"
# (LitServe is not in the project's environment.)

from __future__ import annotations

import os
import sys
from typing import Any

import litserve
import torch
from transformers import pipeline

MOST_TEXTS, LONGEST_WAIT = 32, 0.01  # the wait in seconds


class Sentiment(litserve.LitAPI):
    """Labels texts."""

    def setup(self, device: str) -> None:
        """Load the model in the worker."""
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        self.classify: Any = pipeline("text-classification", model=os.environ["BENCH_MODEL"], device=device)

    def decode_request(self, request: dict[str, str]) -> str:
        """Return the text of a request."""
        return request["text"]

    def predict(self, texts: list[str]) -> list[dict[str, Any]]:
        """Label a batch."""
        with torch.inference_mode():
            found: list[dict[str, Any]] = self.classify(list(texts), batch_size=len(texts), truncation=True)
            return found

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        """Return the answer."""
        return output


if __name__ == "__main__":
    api = Sentiment(max_batch_size=MOST_TEXTS, batch_timeout=LONGEST_WAIT)
    server = litserve.LitServer(api, accelerator="cpu", timeout=60)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", generate_client_file=False)
