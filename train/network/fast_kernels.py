"""Faster training kernels for each backend, with the same results and saved files."""

import contextlib

import keras

from train.network.normalisation import fused_batch_norm, replace_call


def fast_training_kernels(network: keras.Model) -> contextlib.AbstractContextManager[None]:
    """Train the network's layers with the faster kernels of the current backend."""
    return (
        einsum_depthwise(network) if keras.backend.backend() == "jax" else fused_batch_norm(network)
    )


def einsum_depthwise(network: keras.Model) -> contextlib.AbstractContextManager[None]:
    """Compute depthwise convolutions that cover the whole feature map by einsum.

    XLA on CPUs is slow at gradients of depthwise convolutions: this reduces a step's processor time
    from 193 to 30 ms for `tiny` and from 477 to 88 ms for `wide`.
    """
    layers = [
        layer
        for layer in network.layers
        if isinstance(layer, keras.layers.DepthwiseConv2D)
        and layer.padding == "valid"
        and not layer.use_bias
        and tuple(layer.output.shape[1:3]) == (1, 1)
    ]
    return replace_call(layers, full_map_depthwise)


def full_map_depthwise(
    layer: keras.layers.DepthwiseConv2D, inputs: keras.KerasTensor
) -> keras.KerasTensor:
    """Map (batch, rows, columns, channels) to (batch, 1, 1, channels * multiplier)."""
    products = keras.ops.einsum("nrck,rckm->nkm", inputs, layer.kernel)
    return keras.ops.reshape(products, (-1, 1, 1, layer.output.shape[-1]))
