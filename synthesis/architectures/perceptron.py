"""The multi-layer perceptron on the tree core: every weight matrix is one array leaf."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import autograd.numpy as anp
import numpy as np

from vvalues import VValue, from_buffer

from .layered import LayeredNetwork, block

__all__ = ["Perceptron", "PerceptronLinearization"]


class Perceptron(LayeredNetwork):
    """A multi-layer perceptron; its outputs are linear (logits).

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden layers, outputs.
    activation : str or callable
        One of `ACTIVATIONS`, or an elementwise function made of ``autograd.numpy``.

    Raises
    ------
    ValueError
        For fewer than two sizes, a size below 1, or an unknown activation.

    Notes
    -----
    Parameters are a V-value ``layer-1/weights`` (inputs, outputs), ``layer-1/bias`` (outputs,), ...
    A call is plain autograd with about five tape nodes a layer, differentiable to any order;
    `linearize` gives values and fused first derivatives without a tape.

    Examples
    --------
    >>> model = Perceptron([4, 3, 2])
    >>> model.initial(np.random.default_rng(0))["layer-1", "weights"].shape
    (4, 3)
    """

    def __init__(self, sizes: Sequence[int], activation: str | Callable = "relu") -> None:
        self.sizes = tuple(int(n) for n in sizes)
        if len(self.sizes) < 2 or min(self.sizes) < 1:
            raise ValueError(f"sizes are {tuple(sizes)}; expected inputs, ..., outputs, all >= 1")
        super().__init__(tuple(zip(self.sizes, self.sizes[1:], strict=False)), activation)

    @property
    def in_words(self) -> str:
        """What it is, for messages."""
        return f"a perceptron of sizes {self.sizes}"

    @property
    def description(self) -> dict[str, Any]:
        """What `described` makes the same model of; JSON-compatible."""
        return {"kind": "Perceptron", "sizes": list(self.sizes), "activation": self.activation}

    @classmethod
    def described(cls, description: Mapping[str, Any]) -> Perceptron:
        """The model of a description."""
        return cls(description["sizes"], description["activation"])

    def __call__(self, parameters: VValue, inputs: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) for inputs (n, inputs); differentiable in both."""
        self._check(parameters)
        signal = inputs
        for name in self.layers:
            layer = parameters[name]
            signal = anp.dot(signal, layer["weights"]) + layer["bias"]
            if name != self.layers[-1]:
                signal = self.function(signal)
        return signal

    def linearize(self, parameters: VValue, inputs: np.ndarray) -> PerceptronLinearization:
        """Values and fused first derivatives at the parameters on inputs (n, inputs)."""
        self._check(parameters)
        return PerceptronLinearization(self, parameters, np.asarray(inputs, dtype=np.float64))

    def fitting(self, parameters: VValue) -> Perceptron:
        """The perceptron of these parameters, after units came or went."""
        shapes = [np.shape(parameters[name, "weights"]) for name in self.layers]
        sizes = (shapes[0][0], *(shape[1] for shape in shapes))
        return self if sizes == self.sizes else Perceptron(sizes, self.activation)


class PerceptronLinearization:
    """A perceptron at one point of weight space: values and products with its Jacobian.

    The Jacobian is formed by `rows` alone, not by `push`, `pull`, `gram` and `diagonal`.

    Attributes
    ----------
    values : array (n, outputs)
    support : Support of the parameters
    signals : list of arrays
        Inputs of every layer of weights: the inputs, then each hidden layer's activations.

    Examples
    --------
    >>> model, inputs = Perceptron([2, 3, 1]), np.ones((4, 2))
    >>> here = PerceptronLinearization(model, model.initial(np.random.default_rng(0)), inputs)
    >>> here.values.shape, here.rows().shape, here.gram().shape
    ((4, 1), (4, 13), (4, 4))
    """

    def __init__(self, model: Perceptron, parameters: VValue, inputs: np.ndarray) -> None:
        self.support = model.support
        leaves = dict(parameters.items())
        self._paths = [((name, "weights"), (name, "bias")) for name in model.layers]
        self._weights = [np.asarray(leaves[weights]) for weights, _ in self._paths]
        self.signals, self._slopes = [inputs], []
        for weights, (_, bias) in zip(self._weights, self._paths, strict=True):
            z = self.signals[-1] @ weights
            z += leaves[bias]
            if len(self.signals) == len(self._weights):
                break
            signal = model.function(z)
            self._slopes.append(model.derivative(z, signal))
            self.signals.append(signal)
        self.values: np.ndarray = z

    def push(self, direction: VValue) -> np.ndarray:
        """Jacobian times a direction of parameters: (n, outputs)."""
        leaves = dict(direction.items())
        moved: np.ndarray | None = None
        for i, (weights, bias) in enumerate(self._paths):
            change = self.signals[i] @ leaves[weights] + leaves[bias]
            if moved is not None:
                change += moved @ self._weights[i]
            moved = change if i == len(self._slopes) else change * self._slopes[i]
        assert moved is not None
        return moved

    def pull(self, cotangent: np.ndarray) -> VValue:
        """Transposed Jacobian times a cotangent (n, outputs): a V-value like the parameters."""
        buffer = np.empty(self.support.size)
        delta = np.asarray(cotangent)
        for i in reversed(range(len(self._paths))):
            weights, bias = (block(self.support, buffer, path) for path in self._paths[i])
            np.matmul(self.signals[i].T, delta, out=weights)
            np.sum(delta, axis=0, out=bias)
            if i:
                delta = (delta @ self._weights[i].T) * self._slopes[i - 1]
        return from_buffer(self.support, buffer)

    @cached_property
    def _sensitivities(self) -> list[np.ndarray]:
        """Derivative of every output by every layer's pre-activations: (n, outputs, width)."""
        n, n_outputs = self.values.shape
        found = [np.broadcast_to(np.eye(n_outputs), (n, n_outputs, n_outputs))]
        for i in reversed(range(len(self._slopes))):
            found.append((found[-1] @ self._weights[i + 1].T) * self._slopes[i][:, None, :])
        return found[::-1]

    def rows(self) -> np.ndarray:
        """The Jacobian, (n * outputs, size)."""
        n, n_outputs = self.values.shape
        rows = np.empty((n, n_outputs, self.support.size))
        for i, sensitivity in enumerate(self._sensitivities):
            weights, bias = (self.support.index[path] for path in self._paths[i])
            by_weight = self.signals[i][:, None, :, None] * sensitivity[:, :, None, :]
            rows[..., self.support.span(weights, weights + 1)] = by_weight.reshape(n, n_outputs, -1)
            rows[..., self.support.span(bias, bias + 1)] = sensitivity
        return rows.reshape(n * n_outputs, -1)

    def gram(self) -> np.ndarray:
        """Jacobian times its transpose, (n * outputs, n * outputs), layer by layer."""
        n, n_outputs = self.values.shape
        total = np.zeros((n * n_outputs,) * 2)
        for signal, sensitivity in zip(self.signals, self._sensitivities, strict=True):
            rows = sensitivity.reshape(n * n_outputs, -1)
            similarity = signal @ signal.T + 1.0  # the 1 is the bias
            products = (rows @ rows.T).reshape(n, n_outputs, n, n_outputs)
            total += (products * similarity[:, None, :, None]).reshape(total.shape)
        return total

    def diagonal(self) -> VValue:
        """Sum over inputs and outputs of the squared Jacobian, element by element."""
        buffer = np.empty(self.support.size)
        for i, sensitivity in enumerate(self._sensitivities):
            weights, bias = (block(self.support, buffer, path) for path in self._paths[i])
            squared = np.sum(sensitivity**2, axis=1)
            weights[...] = (self.signals[i] ** 2).T @ squared
            bias[...] = squared.sum(axis=0)
        return from_buffer(self.support, buffer)
