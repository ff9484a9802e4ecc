"""The multi-layer perceptron on the tree core: every weight matrix is one array leaf."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import elementwise_grad

from dmm.neurons import logistic
from vvalues import Path, Support, VValue, format_path, from_buffer

from ..process.places import AxisNeurons, hidden_units

__all__ = ["ACTIVATIONS", "Perceptron", "PerceptronLinearization"]


def _relu(z: Any) -> Any:
    return anp.maximum(z, 0.0)


def _softplus(z: Any) -> Any:
    return anp.logaddexp(z, 0.0)


def _identity(z: Any) -> Any:
    return 1.0 * z


Derivative = Callable[[np.ndarray, np.ndarray], np.ndarray]

# By name: the function, and its derivative from pre-activation and activation.
ACTIVATIONS: dict[str, tuple[Callable, Derivative]] = {
    "relu": (_relu, lambda z, a: (z > 0.0).astype(np.float64)),
    "tanh": (anp.tanh, lambda z, a: 1.0 - a * a),
    "sigmoid": (logistic, lambda z, a: a * (1.0 - a)),
    "softplus": (_softplus, lambda z, a: logistic(z)),
    "identity": (_identity, lambda z, a: np.ones_like(z)),
}


class Perceptron:
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
        if isinstance(activation, str):
            if activation not in ACTIVATIONS:
                known = ", ".join(ACTIVATIONS)
                raise ValueError(f"activation is {activation!r}; known ones: {known}")
            self.function, self.derivative = ACTIVATIONS[activation]
        else:
            slope = elementwise_grad(activation)
            self.function, self.derivative = activation, lambda z, a: slope(z)
        self.activation = activation

    @property
    def description(self) -> dict[str, Any]:
        """What `described` makes the same model of; JSON-compatible."""
        return {"kind": "Perceptron", "sizes": list(self.sizes), "activation": self.activation}

    @classmethod
    def described(cls, description: Mapping[str, Any]) -> Perceptron:
        """The model of a description."""
        return cls(description["sizes"], description["activation"])

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers of weights, first to last."""
        return tuple(f"layer-{i}" for i in range(1, len(self.sizes)))

    @cached_property
    def support(self) -> Support:
        """The support of the parameters."""
        paths, shapes = [], []
        for name, fan_in, fan_out in zip(self.layers, self.sizes, self.sizes[1:], strict=False):
            paths += [(name, "bias"), (name, "weights")]
            shapes += [(fan_out,), (fan_in, fan_out)]
        return Support.of(paths, shapes)

    def initial(self, rng: np.random.Generator) -> VValue:
        """Normal weights of variance 2 / fan-in (relu) or 1 / fan-in, biases zero.

        References
        ----------
        K. He et al., arXiv:1502.01852, section 2.2.
        """
        gain = 2.0 if self.activation == "relu" else 1.0
        tree: dict[str, Any] = {}
        for name, fan_in, fan_out in zip(self.layers, self.sizes, self.sizes[1:], strict=False):
            weights = np.sqrt(gain / fan_in) * rng.standard_normal((fan_in, fan_out))
            tree[name] = {"bias": np.zeros(fan_out), "weights": weights}
        return VValue(tree)

    def __call__(self, parameters: VValue, inputs: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) for inputs (n, inputs); differentiable in both."""
        if parameters.support is not self.support:
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

    def unit(self, layer: int, index: int) -> VValue:
        """A mask: 1 at every weight into and out of one hidden unit, 0 elsewhere.

        Parameters
        ----------
        layer : int
            1 is the first hidden layer.
        index : int
        """
        return self.units(layer, [index])

    def units(self, layer: int, indices: Sequence[int] | np.ndarray) -> VValue:
        """A mask: 1 at every weight into and out of some hidden units, 0 elsewhere.

        Raises
        ------
        ValueError
            If there is no such hidden layer or unit.
        """
        if not 1 <= layer <= len(self.sizes) - 2:
            raise ValueError(f"hidden layer {layer}: there are {len(self.sizes) - 2}, from 1 on")
        chosen = np.asarray(indices, dtype=np.intp)
        if chosen.size and not 0 <= chosen.min() <= chosen.max() < self.sizes[layer]:
            raise ValueError(f"hidden layer {layer} has the units 0 to {self.sizes[layer] - 1}")
        mask = from_buffer(self.support, np.zeros(self.support.size)).to_dict()
        assert isinstance(mask, dict)
        into, out_of = (
            {key: np.array(leaf) for key, leaf in mask[self.layers[i]].items()}
            for i in (layer - 1, layer)
        )
        into["weights"][:, chosen] = 1.0
        into["bias"][chosen] = 1.0
        out_of["weights"][chosen] = 1.0
        mask[self.layers[layer - 1]], mask[self.layers[layer]] = into, out_of
        return VValue(mask)

    # -------------------- what methods may ask --------------------

    def alive(self, parameters: VValue) -> np.ndarray:
        """Elements that can influence an output: all but those of hidden units nobody reads."""
        self._check(parameters)
        dead = np.zeros(self.support.size, dtype=bool)
        unread = np.zeros(self.sizes[-1], dtype=bool)
        for name in self.layers[::-1]:
            weights, bias = (
                _block(self.support, dead, (name, leaf)) for leaf in ("weights", "bias")
            )
            weights[:, unread], bias[unread] = True, True
            unread = ~np.any((parameters[name, "weights"] != 0.0) & ~weights, axis=1)
        return ~dead

    def places(self, layer: int = 1) -> AxisNeurons:
        """How the units of a hidden layer lie in the tree (`hidden_units`)."""
        return hidden_units(layer)

    def fitting(self, parameters: VValue) -> Perceptron:
        """The perceptron of these parameters, after units came or went."""
        shapes = [np.shape(parameters[name, "weights"]) for name in self.layers]
        sizes = (shapes[0][0], *(shape[1] for shape in shapes))
        return self if sizes == self.sizes else Perceptron(sizes, self.activation)

    def _check(self, parameters: VValue) -> None:
        wanted = self.support
        if parameters.support is wanted:
            return
        for i, path in enumerate(wanted.paths):
            j = parameters.support.index.get(path)
            got = None if j is None else parameters.support.shape(j)
            if got != wanted.shape(i):
                found = "nothing" if got is None else f"a leaf of shape {got}"
                raise ValueError(
                    f"parameters have {found} at {format_path(path)}; "
                    f"a perceptron of sizes {self.sizes} needs shape {wanted.shape(i)}"
                )


def _block(support: Support, buffer: np.ndarray, path: Path) -> np.ndarray:
    """A leaf of a buffer as a view."""
    i = support.index[path]
    return buffer[support.span(i, i + 1)].reshape(support.shape(i))


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
            weights, bias = (_block(self.support, buffer, path) for path in self._paths[i])
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
            block = (rows @ rows.T).reshape(n, n_outputs, n, n_outputs)
            total += (block * similarity[:, None, :, None]).reshape(total.shape)
        return total

    def diagonal(self) -> VValue:
        """Sum over inputs and outputs of the squared Jacobian, element by element."""
        buffer = np.empty(self.support.size)
        for i, sensitivity in enumerate(self._sensitivities):
            weights, bias = (_block(self.support, buffer, path) for path in self._paths[i])
            squared = np.sum(sensitivity**2, axis=1)
            weights[...] = (self.signals[i] ** 2).T @ squared
            bias[...] = squared.sum(axis=0)
        return from_buffer(self.support, buffer)
