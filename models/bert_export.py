"""Turns a fine-tuned BERT network into what serves: ONNX, its layers fused, its weights and activations as 8-bit integers.

An activation's range is measured once, on real texts, and stays: the answer to a text depends on no other text in its batch, and is the
same on every processor. Source: Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference.
"""

from __future__ import annotations

import copy
import logging
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

_OPSET = 17
_LEVELS = 255
_DYNAMIC = "DynamicQuantizeLinear"


def export_float(network: Any, path: Path) -> None:
    """Write a `...ForSequenceClassification` network with attention, normalisation and activations fused; float32, same scores."""
    from onnxruntime.transformers.optimizer import optimize_model

    plain = copy.deepcopy(network).cpu().float().eval()
    plain.set_attn_implementation("eager")  # the form that ONNX Runtime knows how to fuse
    config = plain.config
    with tempfile.TemporaryDirectory(prefix="sentiloop-") as folder:
        unfused = Path(folder) / "unfused.onnx"
        _trace(_Logits(plain).eval(), unfused)
        logging.getLogger("onnxruntime.transformers").setLevel(logging.WARNING)
        fused = optimize_model(str(unfused), model_type="bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size)
        fused.save_model_to_file(str(path))


def quantise(float_path: Path, path: Path, samples: Iterable[dict[str, NDArray[np.int64]]]) -> None:
    """Write a float network with 8-bit weights (a scale per channel) and activations (a fixed scale each, measured on `samples`).

    Weights take 7 of the 8 bits: processors without VNNI add two products in 16 bits, which 8 would overflow.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(prefix="sentiloop-") as folder:
        dynamic = Path(folder) / "dynamic.onnx"
        quantize_dynamic(
            float_path,
            dynamic,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        model = onnx.load(dynamic)
    measured = _measure_ranges(model, samples)
    for node in [node for node in model.graph.node if node.op_type == _DYNAMIC]:
        _fix_scale(model.graph, node, *measured[node.input[0]])
    onnx.save(model, path)


class _Logits(torch.nn.Module):
    """A network that takes two arrays and gives one."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def _trace(network: torch.nn.Module, path: Path) -> None:
    """Write a network as ONNX, with any number of texts of any length."""
    ids = torch.ones((2, 8), dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer of torch warns of itself; torch's newer one leaves nothing that could be fused
        torch.onnx.export(
            network,
            (ids, ids),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in ("input_ids", "attention_mask")} | {"logits": {0: "texts"}},
            opset_version=_OPSET,
            dynamo=False,
        )


def _measure_ranges(model: onnx.ModelProto, samples: Iterable[dict[str, NDArray[np.int64]]]) -> dict[str, tuple[float, float]]:
    """Return the least and the greatest value of each activation that is quantised, 0 included, over all samples."""
    import onnxruntime

    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    names = list(dict.fromkeys(node.input[0] for node in model.graph.node if node.op_type == _DYNAMIC))
    watched.graph.output.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    ranges = dict.fromkeys(names, (0.0, 0.0))
    for sample in samples:
        for name, values in zip(names, session.run(names, sample), strict=True):
            least, greatest = ranges[name]
            ranges[name] = (min(least, float(values.min())), max(greatest, float(values.max())))
    return ranges


def _fix_scale(graph: onnx.GraphProto, node: onnx.NodeProto, least: float, greatest: float) -> None:
    """Replace the node that finds a scale anew for every batch by one with a constant scale."""
    scale = max(greatest - least, 1e-6) / _LEVELS
    values, scale_name, zero_name = node.output
    graph.initializer.append(onnx.numpy_helper.from_array(np.array(scale, dtype=np.float32), scale_name))
    graph.initializer.append(onnx.numpy_helper.from_array(np.array(round(-least / scale), dtype=np.uint8), zero_name))
    fixed = onnx.helper.make_node("QuantizeLinear", [node.input[0], scale_name, zero_name], [values], name=node.name)
    node.CopyFrom(fixed)
