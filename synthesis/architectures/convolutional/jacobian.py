"""A convolutional network at one point of weight space: fused products with its Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from vvalues import Support, VValue, from_buffer

from ..layered import block
from .convolution import blocks, convolve, convolve_transposed, patches, shares_of_blocks

__all__ = ["ConvolutionalLinearization"]


class Convolutional(Protocol):
    """What is asked of a model: one layer after the other convolves, pools, and is activated."""

    pooling: str
    function: Callable
    derivative: Callable

    @property
    def support(self) -> Support:
        """Of the parameters."""
        ...

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers."""
        ...

    @property
    def pools(self) -> tuple[int, ...]:
        """Size of every layer's blocks."""
        ...

    @property
    def paddings(self) -> tuple[int, ...]:
        """Zeros around every layer's pictures."""
        ...


@dataclass
class _Layer:
    """What one layer did with some pictures."""

    name: str
    weights: np.ndarray  # (channels, rows, columns, filters)
    padding: int
    seen: np.ndarray  # (channels, rows, columns, places down, places across, n)
    shares: np.ndarray | None = None  # of blocks; None where nothing is pooled
    slope: np.ndarray | None = None  # (filters, down, across, n); None for the outputs

    @property
    def places(self) -> tuple[int, ...]:
        """Down and across."""
        return self.seen.shape[3:5]

    @property
    def has_one_place(self) -> bool:
        """Whether filters are as large as the picture: every weight is used once."""
        return self.places == (1, 1)

    def sums(self, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """What filters make of what was seen: (filters, places down, places across, n)."""
        n_filters = weights.shape[3]
        maps = weights.reshape(-1, n_filters).T @ self.seen.reshape(weights[..., 0].size, -1)
        return maps.reshape(n_filters, *self.seen.shape[3:]) + bias[:, None, None, None]

    def pushed(self, sums: np.ndarray) -> np.ndarray:
        """Tangent of the layer's output from that of its sums."""
        if self.shares is not None:
            sums = np.sum(self.shares * blocks(sums, self.shares.shape[2]), axis=(2, 4))
        return sums if self.slope is None else sums * self.slope

    def pulled(self, output: np.ndarray, times: int = 1) -> np.ndarray:
        """Cotangent of the layer's sums from that of its output, each picture so many times."""
        if self.slope is not None:
            output = output * _repeated(self.slope, times)
        if self.shares is None:
            return output
        shares = _repeated(self.shares, times)
        cut = shares * output[:, :, None, :, None]
        n_filters, down, size, across, _, n = cut.shape
        cut = cut.reshape(n_filters, down * size, across * size, n)
        left_over = [(0, place - cut.shape[i]) for i, place in enumerate(self.places, start=1)]
        return np.pad(cut, ((0, 0), *left_over, (0, 0))) if np.any(left_over) else cut


def _repeated(array: np.ndarray, times: int) -> np.ndarray:
    return array if times == 1 or array.shape[-1] == 1 else np.repeat(array, times, axis=-1)


class ConvolutionalLinearization:
    """A network at one point of weight space: values and products with its Jacobian.

    The Jacobian is formed by `rows`, and by `gram` and `diagonal` for layers whose filters have
    several places in a picture; by `push` and `pull` never.

    Attributes
    ----------
    values : array (n, outputs)
    support : Support of the parameters

    Examples
    --------
    >>> from synthesis.architectures.convolutional import ConvolutionalNetwork, FilterLayer
    >>> from synthesis.weight_space import linearize
    >>> model = ConvolutionalNetwork((1, 6, 6), [FilterLayer(2, 3)], 3)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> here = linearize(model, weights, np.eye(36)[:4])
    >>> here.values.shape, here.push(weights).shape, here.rows().shape
    ((4, 3), (4, 3), (12, 119))
    """

    def __init__(self, model: Convolutional, parameters: VValue, pictures: np.ndarray) -> None:
        self.support = model.support
        self._layers: list[_Layer] = []
        signal = pictures
        for name, pool, padding in zip(model.layers, model.pools, model.paddings, strict=True):
            weights = np.asarray(parameters[name, "weights"])
            layer = _Layer(
                name, weights, padding, patches(signal, weights.shape[1], weights.shape[2], padding)
            )
            signal = layer.sums(weights, np.asarray(parameters[name, "bias"]))
            if pool > 1:
                in_blocks = blocks(signal, pool)
                layer.shares = shares_of_blocks(in_blocks, model.pooling)
                signal = np.sum(layer.shares * in_blocks, axis=(2, 4))
            if name != model.layers[-1]:
                active = model.function(signal)
                layer.slope = model.derivative(signal, active)
                signal = active
            self._layers.append(layer)
        self.values: np.ndarray = signal[:, 0, 0].T

    def push(self, direction: VValue) -> np.ndarray:
        """Jacobian times a direction of parameters: (n, outputs)."""
        moved: np.ndarray | None = None
        for layer in self._layers:
            into = direction[layer.name]
            sums = layer.sums(np.asarray(into["weights"]), np.asarray(into["bias"]))
            if moved is not None:
                sums += convolve(moved, layer.weights, layer.padding)
            moved = layer.pushed(sums)
        assert moved is not None
        return moved[:, 0, 0].T

    def pull(self, cotangent: np.ndarray) -> VValue:
        """Transposed Jacobian times a cotangent (n, outputs): a V-value like the parameters."""
        buffer = np.empty(self.support.size)
        output = np.asarray(cotangent).T[:, None, None, :]
        for layer in reversed(self._layers):
            sums = layer.pulled(output)
            weights = block(self.support, buffer, (layer.name, "weights"))
            seen = layer.seen.reshape(weights[..., 0].size, -1)
            np.matmul(seen, sums.reshape(len(sums), -1).T, out=weights.reshape(len(seen), -1))
            np.sum(sums, axis=(1, 2, 3), out=block(self.support, buffer, (layer.name, "bias")))
            if layer is not self._layers[0]:
                output = convolve_transposed(sums, layer.weights, layer.padding)
        return from_buffer(self.support, buffer)

    # -------------------- the Jacobian, layer by layer --------------------

    @cached_property
    def _sensitivities(self) -> list[np.ndarray]:
        """Derivative of every output by every layer's sums: (filters, places, n, outputs)."""
        n, n_outputs = self.values.shape
        output = np.tile(np.eye(n_outputs), n)[:, None, None, :]
        found = []
        for layer in reversed(self._layers):
            sums = layer.pulled(output, n_outputs)
            found.append(sums.reshape(len(sums), -1, n, n_outputs))
            if layer is not self._layers[0]:
                output = convolve_transposed(sums, layer.weights, layer.padding)
        return found[::-1]

    def _rows_of(self, layer: _Layer, sensitivity: np.ndarray) -> dict[str, np.ndarray]:
        """The Jacobian by a layer's weights and by its bias, (n, outputs, size) each."""
        n_filters, n_places, n, n_outputs = sensitivity.shape
        seen = layer.seen.reshape(-1, n_places, n).transpose(2, 0, 1)
        sums = sensitivity.transpose(2, 1, 3, 0).reshape(n, n_places, n_outputs * n_filters)
        by_weight = (seen @ sums).reshape(n, -1, n_outputs, n_filters).transpose(0, 2, 1, 3)
        by_bias = sensitivity.sum(axis=1).transpose(1, 2, 0)
        return {"weights": by_weight.reshape(n, n_outputs, -1), "bias": by_bias}

    def rows(self) -> np.ndarray:
        """The Jacobian, (n * outputs, size)."""
        n, n_outputs = self.values.shape
        rows = np.empty((n, n_outputs, self.support.size))
        for layer, sensitivity in zip(self._layers, self._sensitivities, strict=True):
            for leaf, by_leaf in self._rows_of(layer, sensitivity).items():
                i = self.support.index[layer.name, leaf]
                rows[..., self.support.span(i, i + 1)] = by_leaf
        return rows.reshape(n * n_outputs, -1)

    def gram(self) -> np.ndarray:
        """Jacobian times its transpose, (n * outputs, n * outputs), layer by layer."""
        n, n_outputs = self.values.shape
        total = np.zeros((self.values.size,) * 2)
        for layer, sensitivity in zip(self._layers, self._sensitivities, strict=True):
            if layer.has_one_place:
                seen, by_bias = layer.seen.reshape(-1, n), sensitivity.reshape(-1, n * n_outputs).T
                similarity = np.kron(seen.T @ seen + 1.0, np.ones((n_outputs,) * 2))  # 1: the bias
                total += similarity * (by_bias @ by_bias.T)
            else:
                for by_leaf in self._rows_of(layer, sensitivity).values():
                    rows = by_leaf.reshape(self.values.size, -1)
                    total += rows @ rows.T
        return total

    def diagonal(self) -> VValue:
        """Sum over inputs and outputs of the squared Jacobian, element by element."""
        n, buffer = len(self.values), np.empty(self.support.size)
        for layer, sensitivity in zip(self._layers, self._sensitivities, strict=True):
            if layer.has_one_place:
                squares = np.sum(sensitivity[:, 0] ** 2, axis=2)
                seen = layer.seen.reshape(-1, n)
                found = {"weights": seen**2 @ squares.T, "bias": squares.sum(axis=1)}
            else:
                rows = self._rows_of(layer, sensitivity)
                found = {leaf: np.einsum("nop,nop->p", row, row) for leaf, row in rows.items()}
            for leaf, by_leaf in found.items():
                into = block(self.support, buffer, (layer.name, leaf))
                into[...] = by_leaf.reshape(into.shape)
        return from_buffer(self.support, buffer)
