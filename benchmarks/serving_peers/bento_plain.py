"""BentoML over the ONNX network, as its quickstart has it: one text per request, one call of the network each."""

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
