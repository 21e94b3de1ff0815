"""Encode the convnet as an ONNX file, with only the messages that it needs.

Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
Encoding: https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Sequence

import numpy as np

VARINT, BYTES = 0, 2  # wire types
FLOAT, INT, INTS = 1, 2, 7  # element type of tensors; types of attributes
IR_VERSION, OPSET = 8, 17


def encode(weights: Sequence[np.ndarray]) -> bytes:
    """Encode an ONNX model from `image` (n, 1, 28, 28) to `digits` (n, 10).

    Args:
        weights: kernel and bias of two convolutions and of a dense layer, as in Keras.
    """
    first, first_bias, second, second_bias, dense, dense_bias = weights
    channels = second.shape[-1]
    side = int((len(dense) / channels) ** 0.5)
    # Keras flattens (row, column, channel), ONNX (channel, row, column).
    dense = dense.reshape(side, side, channels, -1).transpose(2, 0, 1, 3).reshape(dense.shape)
    kept = {
        **{"k1": first.transpose(3, 2, 0, 1), "b1": first_bias},
        **{"k2": second.transpose(3, 2, 0, 1), "b2": second_bias},
        **{"k3": dense, "b3": dense_bias},
    }
    halved = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [
        node("Conv", ["image", "k1", "b1"], "c1"),
        node("Relu", ["c1"], "r1"),
        node("MaxPool", ["r1"], "p1", **halved),
        node("Conv", ["p1", "k2", "b2"], "c2"),
        node("Relu", ["c2"], "r2"),
        node("MaxPool", ["r2"], "p2", **halved),
        node("Flatten", ["p2"], "f", axis=1),
        node("Gemm", ["f", "k3", "b3"], "logits"),
        node("Softmax", ["logits"], "digits", axis=1),
    ]
    graph = b"".join(
        [
            *(field(1, each) for each in nodes),
            field(2, "convnet"),
            *(field(5, tensor(name, values)) for name, values in kept.items()),
            field(11, value("image", [1, 28, 28])),
            field(12, value("digits", [10])),
        ]
    )
    operators = field(1, "") + field(2, OPSET)
    return field(1, IR_VERSION) + field(7, graph) + field(8, operators)


def node(
    operation: str, inputs: Sequence[str], output: str, **attributes: int | list[int]
) -> bytes:
    """Encode a NodeProto."""
    encoded = b"".join(field(5, attribute(name, value)) for name, value in attributes.items())
    names = b"".join(field(1, name) for name in inputs)
    return names + field(2, output) + field(3, output) + field(4, operation) + encoded


def attribute(name: str, value: int | list[int]) -> bytes:
    """Encode an AttributeProto with one integer or a list."""
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, INT)
    return field(1, name) + b"".join(field(8, each) for each in value) + field(20, INTS)


def tensor(name: str, values: np.ndarray) -> bytes:
    """Encode a TensorProto of float32."""
    shape = b"".join(field(1, length) for length in values.shape)
    raw = np.ascontiguousarray(values, dtype="<f4").tobytes()
    return shape + field(2, FLOAT) + field(8, name) + field(9, raw)


def value(name: str, shape: Sequence[int]) -> bytes:
    """Encode a ValueInfoProto of float32, with a batch of any size before `shape`."""
    lengths = [field(2, "n"), *(field(1, length) for length in shape)]
    dimensions = b"".join(field(1, length) for length in lengths)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, dimensions)))


def field(number: int, content: int | str | bytes) -> bytes:
    """Encode one field of a protobuf message: an integer, text or bytes."""
    if isinstance(content, int):
        return varint(number << 3 | VARINT) + varint(content)
    held = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | BYTES) + varint(len(held)) + held


def varint(number: int) -> bytes:
    """Encode a variable-length integer: 7 bits per byte, lowest first; the high bit means more."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])
