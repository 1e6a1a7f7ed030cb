"""BentoML over the ONNX network as in its quickstart: one text, and one call, per request."""

# mypy: disable-error-code="misc, untyped-decorator"
# (BentoML's SDK carries no types.)

from __future__ import annotations

import bentoml

from benchmarks.serving_peers.onnx_network import OnnxNetwork


@bentoml.service(logging={"access": {"enabled": False}})
class Plain:
    """The sentiment of one text."""

    def __init__(self) -> None:
        self.network = OnnxNetwork()

    @bentoml.api
    def predict(self, text: str) -> dict[str, str | float]:
        """Label one text."""
        return self.network.label([text])[0]
