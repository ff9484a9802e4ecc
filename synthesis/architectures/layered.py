"""Networks of layers: what perceptrons and convolutional networks share.

A layer is an array of weights, its units along the last axis, and a bias per unit. The units of a
layer are the entries of the next layer's first axis: numbers, or maps of a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import elementwise_grad

from dmm.neurons import logistic, tanh
from vvalues import Path, Support, VValue, format_path, from_buffer

from ..process.places import AxisNeurons, hidden_units

__all__ = ["ACTIVATIONS", "LayeredNetwork", "block", "with_derivative"]

Derivative = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _relu(z: Any) -> Any:
    return anp.maximum(z, 0.0)


def _softplus(z: Any) -> Any:
    return anp.logaddexp(z, 0.0)


def _identity(z: Any) -> Any:
    return 1.0 * z


# By name: the function, and its derivative from pre-activation and activation.
ACTIVATIONS: dict[str, tuple[Callable, Derivative]] = {
    "relu": (_relu, lambda z, a: (z > 0.0).astype(np.float64)),
    "tanh": (tanh, lambda z, a: 1.0 - a * a),
    "sigmoid": (logistic, lambda z, a: a * (1.0 - a)),
    "softplus": (_softplus, lambda z, a: logistic(z)),
    "identity": (_identity, lambda z, a: np.ones_like(z)),
}


def with_derivative(activation: str | Callable) -> tuple[Callable, Derivative]:
    """An activation, by name or any elementwise function, as the entries of `ACTIVATIONS`.

    Raises
    ------
    ValueError
        For an unknown name.
    """
    if not isinstance(activation, str):
        slope = elementwise_grad(activation)
        return activation, lambda z, a: slope(z)
    if activation not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise ValueError(f"activation is {activation!r}; known ones: {known}")
    return ACTIVATIONS[activation]


class LayeredNetwork:
    """The parameters of a network of layers, ``layer-1/weights`` and ``layer-1/bias``, ...

    Parameters
    ----------
    shapes : sequence of tuples of int
        Of every layer's weights: units of the layer before first, units of the layer last.
    activation : str or callable
        Of the hidden layers: one of `ACTIVATIONS`, or an elementwise function made of
        ``autograd.numpy``. Outputs are linear.

    Raises
    ------
    ValueError
        For an unknown activation.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]], activation: str | Callable) -> None:
        self.shapes = tuple(shapes)
        self.activation = activation
        self.function, self.derivative = with_derivative(activation)

    @property
    def in_words(self) -> str:
        """What it is, for messages."""
        raise NotImplementedError

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers of weights, first to last."""
        return tuple(f"layer-{i}" for i in range(1, len(self.shapes) + 1))

    @cached_property
    def support(self) -> Support:
        """The support of the parameters."""
        paths, shapes = [], []
        for name, shape in zip(self.layers, self.shapes, strict=True):
            paths += [(name, "bias"), (name, "weights")]
            shapes += [shape[-1:], shape]
        return Support.of(paths, shapes)

    def initial(self, rng: np.random.Generator) -> VValue:
        """Normal weights of variance 2 / fan-in (relu) or 1 / fan-in, biases zero.

        References
        ----------
        K. He et al., arXiv:1502.01852, section 2.2.
        """
        gain = 2.0 if self.activation == "relu" else 1.0
        tree: dict[str, Any] = {}
        for name, shape in zip(self.layers, self.shapes, strict=True):
            weights = np.sqrt(gain / np.prod(shape[:-1])) * rng.standard_normal(shape)
            tree[name] = {"bias": np.zeros(shape[-1]), "weights": weights}
        return VValue(tree)

    # -------------------- units --------------------

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
        if not 1 <= layer <= len(self.shapes) - 1:
            raise ValueError(f"hidden layer {layer}: there are {len(self.shapes) - 1}, from 1 on")
        n_units = self.shapes[layer - 1][-1]
        chosen = np.asarray(indices, dtype=np.intp)
        if chosen.size and not 0 <= chosen.min() <= chosen.max() < n_units:
            raise ValueError(f"hidden layer {layer} has the units 0 to {n_units - 1}")
        mask = np.zeros(self.support.size)
        into, out_of = self.layers[layer - 1], self.layers[layer]
        block(self.support, mask, (into, "weights"))[..., chosen] = 1.0
        block(self.support, mask, (into, "bias"))[chosen] = 1.0
        block(self.support, mask, (out_of, "weights"))[chosen] = 1.0
        return from_buffer(self.support, mask)

    # -------------------- what methods may ask --------------------

    def alive(self, parameters: VValue) -> np.ndarray:
        """Elements that can influence an output: all but those of hidden units nobody reads."""
        self._check(parameters)
        dead = np.zeros(self.support.size, dtype=bool)
        unread = np.zeros(self.shapes[-1][-1], dtype=bool)
        for name in self.layers[::-1]:
            weights = block(self.support, dead, (name, "weights"))
            bias = block(self.support, dead, (name, "bias"))
            weights[..., unread], bias[unread] = True, True
            is_read = (parameters[name, "weights"] != 0.0) & ~weights
            unread = ~np.any(is_read, axis=tuple(range(1, weights.ndim)))
        return ~dead

    def places(self, layer: int = 1) -> AxisNeurons:
        """How the units of a hidden layer lie in the tree (`hidden_units`)."""
        return hidden_units(layer)

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
                    f"{self.in_words} needs shape {wanted.shape(i)}"
                )


def block(support: Support, buffer: np.ndarray, path: Path) -> np.ndarray:
    """A leaf of a buffer as a view.

    Examples
    --------
    >>> support, buffer = Support.of([("a",), ("b",)], [(2,), (1, 2)]), np.arange(4.0)
    >>> block(support, buffer, ("b",))
    array([[2., 3.]])
    """
    i = support.index[path]
    return buffer[support.span(i, i + 1)].reshape(support.shape(i))
