"""Export of a fine-tuned BERT network: ONNX, fused layers, weights in 8-bit integers.

An activation's range is measured once, on real texts, and stays: the answer to a text depends on no
other text in its batch, and is the same on every processor. Sources: Jacob et al. 2018,
Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference; Xiao
et al. 2023, SmoothQuant.
"""

from __future__ import annotations

import copy
import logging
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

_OPSET = 17
_LEVELS = 255
# 0: channels stay as they are; 1: all channels of an activation have the same range, and its
# weights bear the difference.
_SMOOTHING = 0.8
_LEAST = 1e-6
_DYNAMIC = "DynamicQuantizeLinear"
_PRODUCTS = ("MatMul", "Attention")  # of an activation and a matrix of weights


def export_float(network: Any, path: Path) -> None:
    """Write a `...ForSequenceClassification` network as float32 ONNX with fused layers."""
    from onnxruntime.transformers.optimizer import optimize_model

    plain = copy.deepcopy(network).cpu().float().eval()
    plain.set_attn_implementation("eager")  # the form that ONNX Runtime knows how to fuse
    config = plain.config
    with tempfile.TemporaryDirectory(prefix="sentiloop-") as folder:
        unfused = Path(folder) / "unfused.onnx"
        _trace(_Logits(plain).eval(), unfused)
        logging.getLogger("onnxruntime.transformers").setLevel(logging.WARNING)
        fused = optimize_model(
            str(unfused),
            model_type="bert",
            num_heads=config.num_attention_heads,
            hidden_size=config.hidden_size,
        )
        fused.save_model_to_file(str(path))


def quantise(float_path: Path, path: Path, samples: Sequence[dict[str, NDArray[np.int64]]]) -> None:
    """Write a float network as 8-bit integers: a scale per weight channel and per activation.

    An activation's scale is fixed, measured on `samples`. Weights take 7 of the 8 bits: processors
    without VNNI add two products in 16 bits, which 8 would overflow.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(prefix="sentiloop-") as folder:
        smooth, dynamic = Path(folder) / "smooth.onnx", Path(folder) / "dynamic.onnx"
        onnx.save(_smooth(onnx.load(float_path), samples), smooth)
        quantize_dynamic(
            smooth,
            dynamic,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        model = onnx.load(dynamic)
    nodes = [node for node in model.graph.node if node.op_type == _DYNAMIC]
    ranges = {name: _Range() for name in dict.fromkeys(node.input[0] for node in nodes)}
    for name, values in _watch(model, list(ranges), samples):
        ranges[name].take(values)
    for node in nodes:
        _fix_scale(model.graph, node, ranges[node.input[0]])
    onnx.save(model, path)


class _Logits(torch.nn.Module):
    """A network with two arrays as inputs and one as output."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def _trace(network: torch.nn.Module, path: Path) -> None:
    """Write a network as ONNX, for any number of texts of any length."""
    ids = torch.ones((2, 8), dtype=torch.int64)
    with warnings.catch_warnings():
        # The tracer of torch warns of itself; torch's newer one leaves nothing that could be fused.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (ids, ids),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in ("input_ids", "attention_mask")}
            | {"logits": {0: "texts"}},
            opset_version=_OPSET,
            dynamo=False,
        )


def _smooth(model: onnx.ModelProto, samples: Sequence[dict[str, NDArray[np.int64]]]) -> onnx.ModelProto:
    """Return the network with smoothed activations: the same function, easier to quantise.

    The loud channels of an activation become quieter before the encoder's products, and their
    weights louder. One scale serves all channels of an activation, and a few loud ones would leave
    the others few of its 255 levels.
    """
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    products = [node for node in model.graph.node if node.op_type in _PRODUCTS and node.input[1] in weights]
    loudest: dict[str, NDArray[np.float32]] = {}
    for name, values in _watch(model, list(dict.fromkeys(node.input[0] for node in products)), samples):
        loudest[name] = np.maximum(
            loudest.get(name, _LEAST), np.abs(values).reshape(-1, values.shape[-1]).max(axis=0)
        )
    for node in products:
        matrix = onnx.numpy_helper.to_array(weights[node.input[1]])
        largest = np.maximum(np.abs(matrix).max(axis=1), _LEAST)
        factors = (loudest[node.input[0]] ** _SMOOTHING / largest ** (1 - _SMOOTHING)).astype(np.float32)
        inverse, quieter, louder = (
            f"{node.name}_inverse_factors",
            f"{node.name}_quieter",
            f"{node.name}_louder",
        )
        # A matrix of its own: layers may share one.
        arrays = ((1 / factors, inverse), (matrix * factors[:, None], louder))
        model.graph.initializer.extend(onnx.numpy_helper.from_array(array, name) for array, name in arrays)
        position = list(model.graph.node).index(node)
        model.graph.node.insert(
            position, onnx.helper.make_node("Mul", [node.input[0], inverse], [quieter], name=quieter)
        )
        node.input[0], node.input[1] = quieter, louder
    used = {name for node in model.graph.node for name in node.input}
    for name in [name for name in weights if name not in used]:
        model.graph.initializer.remove(weights[name])
    return model


def _watch(
    model: onnx.ModelProto, names: Sequence[str], samples: Iterable[dict[str, NDArray[np.int64]]]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield the values of each named activation for each sample."""
    import onnxruntime

    outputs = len(model.graph.output)
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names
    )
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    del model.graph.output[outputs:]
    for sample in samples:
        yield from zip(names, session.run(names, sample), strict=True)


@dataclass
class _Range:
    """The least and the greatest value of an activation, 0 included."""

    least: float = 0.0
    greatest: float = 0.0

    def take(self, values: NDArray[np.float32]) -> None:
        """Widen the range to hold these values."""
        self.least, self.greatest = (
            min(self.least, float(values.min())),
            max(self.greatest, float(values.max())),
        )


def _fix_scale(graph: onnx.GraphProto, node: onnx.NodeProto, observed: _Range) -> None:
    """Replace the node that computes a scale for every batch by a constant scale."""
    scale = max(observed.greatest - observed.least, _LEAST) / _LEVELS
    values, scale_name, zero_name = node.output
    graph.initializer.append(onnx.numpy_helper.from_array(np.array(scale, dtype=np.float32), scale_name))
    graph.initializer.append(
        onnx.numpy_helper.from_array(np.array(round(-observed.least / scale), dtype=np.uint8), zero_name)
    )
    fixed = onnx.helper.make_node(
        "QuantizeLinear", [node.input[0], scale_name, zero_name], [values], name=node.name
    )
    node.CopyFrom(fixed)
