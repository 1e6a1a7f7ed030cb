"""The quantisation of a network: channels of very different sizes, and smoothing alone."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, load, numpy_helper, save
from onnxruntime import InferenceSession

from models.bert_export import _smooth, quantise


@pytest.fixture
def loud_products(tmp_path):
    """A network of two products that share a matrix, and an input for it.

    One channel of the input is a thousand times as loud as the rest.
    """
    randomness = np.random.default_rng(0)
    matrix = randomness.normal(size=(32, 32)).astype(np.float32)
    matrix[0] /= 1000
    nodes = [
        helper.make_node("MatMul", [given, "w"], [result], name=f"of_{given}")
        for given, result in (("x", "y"), ("y", "z"))
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 32]) for name in ("x", "z")]
    graph = helper.make_graph(nodes, "products", ends[:1], ends[1:], [numpy_helper.from_array(matrix, "w")])
    save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
        tmp_path / "float.onnx",
    )
    values = randomness.normal(size=(64, 32)).astype(np.float32)
    values[:, 0] *= 1000
    return tmp_path / "float.onnx", values


def test_channels_of_very_different_loudness_survive_eight_bits(loud_products, tmp_path):
    """With one scale for all of them as they are, the quiet ones would be rounded to nothing."""
    path, values = loud_products
    quantise(path, tmp_path / "small.onnx", [{"x": values}])

    whole, small = (
        InferenceSession(file).run(None, {"x": values})[0] for file in (path, tmp_path / "small.onnx")
    )
    assert np.abs(whole - small).mean() / np.abs(whole).mean() < 0.1


def test_smoothing_alone_changes_nothing(loud_products):
    path, values = loud_products
    smooth = _smooth(load(path), [{"x": values}])

    whole, same = (
        InferenceSession(form).run(None, {"x": values})[0] for form in (path, smooth.SerializeToString())
    )
    np.testing.assert_allclose(same, whole, rtol=1e-3, atol=1e-3)
    assert {tensor.name for tensor in smooth.graph.initializer} == {
        f"of_{x}_{part}" for x in "xy" for part in ("inverse_factors", "louder")
    }
