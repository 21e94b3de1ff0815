"""Layers in the form that each backend learns soonest in; the numbers and the file are the same."""

import contextlib

import keras

from train.network.normalisation import computed, fused


def faster(network: keras.Model) -> contextlib.AbstractContextManager[None]:
    """Within it, the network's layers learn by the backend's better kernels."""
    return multiplied(network) if keras.backend.backend() == "jax" else fused(network)


def multiplied(network: keras.Model) -> contextlib.AbstractContextManager[None]:
    """Within it, depthwise convolutions that cover the whole map are sums of products.

    XLA on CPUs is slow at the gradients of depthwise convolutions: without this, a step of `tiny`
    took 193 ms of processor time and of `wide` 477, with it 30 and 88.
    """
    layers = [
        layer
        for layer in network.layers
        if isinstance(layer, keras.layers.DepthwiseConv2D)
        and layer.padding == "valid"
        and not layer.use_bias
        and tuple(layer.output.shape[1:3]) == (1, 1)
    ]
    return computed(layers, covered)


def covered(layer: keras.layers.DepthwiseConv2D, inputs: keras.KerasTensor) -> keras.KerasTensor:
    """(batch, 1, 1, channels * multiplier) of (batch, rows, columns, channels)."""
    products = keras.ops.einsum("nrck,rckm->nkm", inputs, layer.kernel)
    return keras.ops.reshape(products, (-1, 1, 1, layer.output.shape[-1]))
