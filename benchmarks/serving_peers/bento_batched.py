"""BentoML over the ONNX network with its adaptive batching on.

Source: BentoML's documentation, "Adaptive batching".
"""

# mypy: disable-error-code="misc, untyped-decorator"
# (BentoML's SDK carries no types.)

from __future__ import annotations

import bentoml

from benchmarks.serving_peers.onnx_network import OnnxNetwork


@bentoml.service(logging={"access": {"enabled": False}})
class Batched:
    """The sentiment of texts; BentoML concatenates the lists of several requests."""

    def __init__(self) -> None:
        self.network = OnnxNetwork()

    @bentoml.api(batchable=True, max_batch_size=32, max_latency_ms=10_000)
    def predict(self, texts: list[str]) -> list[dict[str, str | float]]:
        """Label texts."""
        return self.network.label(texts)
