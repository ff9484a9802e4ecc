"""The convolutional network on the tree core: the filters of every layer are one array leaf."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import autograd.numpy as anp
import numpy as np

from vvalues import VValue, from_buffer
from vvalues.core.tracing import is_traced

from ...process.bounds import Bounded, whole
from ..layered import LayeredNetwork, block
from .convolution import (
    blocks,
    convolve,
    convolve_transposed,
    patches,
    pooled,
    shares_of_blocks,
)
from .jacobian import LayerTrace

__all__ = ["ConvolutionalLinearization", "ConvolutionalNetwork", "FilterLayer"]

POOLINGS = ("max", "mean")
PART = 250  # pictures that are predicted together: their patches stay in tens of megabytes


@dataclass(frozen=True)
class FilterLayer(Bounded, called="layer's {}"):
    """A hidden layer of a convolutional network.

    Attributes
    ----------
    filters : int
    size : int
        Rows and columns of a filter; 0 for filters as large as the picture, a dense layer.
    padding : int
        Zeros added around every picture.
    pool : int
        Blocks of so many rows and columns become one number; 1 for no pooling.

    Examples
    --------
    >>> layers = [FilterLayer(8, 5, pool=2), FilterLayer(32, 0)]
    >>> model = ConvolutionalNetwork((1, 28, 28), layers, 10)
    >>> [model.initial(np.random.default_rng(0))[name, "weights"].shape for name in model.layers]
    [(1, 5, 5, 8), (8, 12, 12, 32), (32, 1, 1, 10)]
    """

    filters: int = whole(8, least=1)
    size: int = whole(3, least=0)
    padding: int = whole(0, least=0)
    pool: int = whole(1, least=1)


class ConvolutionalNetwork(LayeredNetwork):
    """A convolutional network; its outputs are linear (logits).

    Parameters
    ----------
    picture : tuple of int
        Channels, height and width of an input.
    hidden : sequence of FilterLayer
    n_outputs : int
    activation : str or callable
        One of `ACTIVATIONS`, or an elementwise function made of ``autograd.numpy``.
    pooling : str
        ``"max"`` or ``"mean"``.

    Raises
    ------
    ValueError
        For a picture or number of outputs below 1, filters or blocks larger than what they are
        laid over, an unknown activation or pooling.

    Notes
    -----
    Parameters are a V-value ``layer-1/weights`` (channels, rows, columns, filters) and
    ``layer-1/bias`` (filters,), ... The outputs are a layer of filters as large as what the last
    hidden layer gives. A layer convolves, adds its bias, pools, and only then applies the
    activation: with a monotone activation the largest stays the largest, and there is less to do.

    A call is autograd's, differentiable to any order in parameters and inputs; `linearize` gives
    values and fused first derivatives without a tape.

    Examples
    --------
    >>> model = ConvolutionalNetwork((1, 8, 8), [FilterLayer(4, 3, pool=2)], 10)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> weights["layer-1", "weights"].shape, weights["layer-2", "weights"].shape
    ((1, 3, 3, 4), (4, 3, 3, 10))
    >>> model(weights, np.zeros((5, 64))).shape
    (5, 10)
    """

    def __init__(
        self,
        picture: tuple[int, int, int],
        hidden: Sequence[FilterLayer],
        n_outputs: int,
        activation: str | Callable = "relu",
        pooling: str = "max",
    ) -> None:
        self.picture: tuple[int, ...] = tuple(int(n) for n in picture)
        self.hidden, self.n_outputs, self.pooling = tuple(hidden), int(n_outputs), pooling
        if len(self.picture) != 3 or min(*self.picture, self.n_outputs) < 1:
            raise ValueError(
                f"picture is {tuple(picture)} and n_outputs {n_outputs}; expected channels, "
                "height, width and outputs, all >= 1"
            )
        if pooling not in POOLINGS:
            raise ValueError(f"pooling is {pooling!r}; known ones: {', '.join(POOLINGS)}")
        shapes: list[tuple[int, ...]] = []
        seen: tuple[int, ...] = self.picture
        for i, layer in enumerate((*self.hidden, FilterLayer(self.n_outputs, 0)), start=1):
            shape, seen = _laid_over(seen, layer, i)
            shapes.append(shape)
        super().__init__(shapes, activation)

    @property
    def in_words(self) -> str:
        """What it is, for messages."""
        filters = [shape[-1] for shape in self.shapes]
        return f"a convolutional network of {filters} filters on pictures of {self.picture}"

    @property
    def description(self) -> dict[str, Any]:
        """What `described` makes the same model of; JSON-compatible."""
        return {
            "kind": "ConvolutionalNetwork",
            "picture": list(self.picture),
            "hidden": [asdict(layer) for layer in self.hidden],
            "outputs": self.n_outputs,
            "activation": self.activation,
            "pooling": self.pooling,
        }

    @classmethod
    def described(cls, description: Mapping[str, Any]) -> ConvolutionalNetwork:
        """The model of a description."""
        return cls(
            tuple(description["picture"]),
            [FilterLayer(**layer) for layer in description["hidden"]],
            description["outputs"],
            description["activation"],
            description["pooling"],
        )

    @property
    def pools(self) -> tuple[int, ...]:
        """Size of every layer's blocks, that of the outputs included."""
        return (*(layer.pool for layer in self.hidden), 1)

    @property
    def paddings(self) -> tuple[int, ...]:
        """Padding of every layer, that of the outputs included."""
        return (*(layer.padding for layer in self.hidden), 0)

    def as_pictures(self, inputs: Any) -> Any:
        """Inputs (n, numbers), channel by channel and row by row, as (channels, height, width, n).

        Raises
        ------
        ValueError
            If an input has not as many numbers as a picture.
        """
        n_numbers = int(np.prod(self.picture))
        if len(inputs.shape) != 2 or inputs.shape[1] != n_numbers:
            raise ValueError(
                f"inputs have shape {inputs.shape}; pictures of {self.picture} need (n, "
                f"{n_numbers})"
            )
        return anp.reshape(anp.transpose(inputs), (*self.picture, inputs.shape[0]))

    def __call__(self, parameters: VValue, inputs: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) for inputs (n, numbers of a picture); differentiable in both."""
        if parameters.support is not self.support:
            self._check(parameters)
        if is_traced(parameters) or is_traced(inputs) or len(inputs) <= PART:
            return self._predicted(parameters, inputs)
        parts = range(0, len(inputs), PART)
        return np.concatenate([self._predicted(parameters, inputs[i : i + PART]) for i in parts])

    def _predicted(self, parameters: VValue, inputs: np.ndarray) -> np.ndarray:
        signal = self.as_pictures(inputs)
        for name, pool, padding in zip(self.layers, self.pools, self.paddings, strict=True):
            layer = parameters[name]
            signal = convolve(signal, layer["weights"], padding)
            signal = signal + anp.reshape(layer["bias"], (-1, 1, 1, 1))
            if pool > 1:
                signal = pooled(signal, pool, self.pooling)
            if name != self.layers[-1]:
                signal = self.function(signal)
        return anp.transpose(signal[:, 0, 0])

    def linearize(self, parameters: VValue, inputs: np.ndarray) -> ConvolutionalLinearization:
        """Values and fused first derivatives at the parameters on inputs (n, numbers)."""
        self._check(parameters)
        pictures = self.as_pictures(np.asarray(inputs, dtype=np.float64))
        return ConvolutionalLinearization(self, parameters, np.ascontiguousarray(pictures))

    def fitting(self, parameters: VValue) -> ConvolutionalNetwork:
        """The network of these parameters, after filters came or went."""
        counts = [np.shape(parameters[name, "bias"])[0] for name in self.layers]
        if counts == [shape[-1] for shape in self.shapes]:
            return self
        hidden = [replace(layer, filters=n) for n, layer in zip(counts, self.hidden, strict=False)]
        return ConvolutionalNetwork(
            self.picture, hidden, counts[-1], self.activation, self.pooling  # type: ignore[arg-type]
        )  # fmt: skip


def _laid_over(
    picture: tuple[int, ...], layer: FilterLayer, number: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shape of a layer's weights, and of the picture that it gives."""
    channels, height, width = picture
    height, width = height + 2 * layer.padding, width + 2 * layer.padding
    rows, columns = (layer.size, layer.size) if layer.size else (height, width)
    given = (height - rows + 1) // layer.pool, (width - columns + 1) // layer.pool
    if min(given) < 1:
        raise ValueError(
            f"layer {number}: filters of {rows} x {columns} and blocks of {layer.pool} leave "
            f"nothing of a picture of {height} x {width}, padding included; choose smaller filters "
            "or blocks"
        )
    return (channels, rows, columns, layer.filters), (layer.filters, *given)


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

    def __init__(
        self, model: ConvolutionalNetwork, parameters: VValue, pictures: np.ndarray
    ) -> None:
        self.support = model.support
        self._layers: list[LayerTrace] = []
        signal = pictures
        for name, pool, padding in zip(model.layers, model.pools, model.paddings, strict=True):
            weights = np.asarray(parameters[name, "weights"])
            layer = LayerTrace(
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
        for layer, sums in self._pulled(np.asarray(cotangent).T[:, None, None, :]):
            weights = block(self.support, buffer, (layer.name, "weights"))
            seen = layer.seen.reshape(weights[..., 0].size, -1)
            np.matmul(seen, sums.reshape(len(sums), -1).T, out=weights.reshape(len(seen), -1))
            np.sum(sums, axis=(1, 2, 3), out=block(self.support, buffer, (layer.name, "bias")))
        return from_buffer(self.support, buffer)

    def _pulled(self, output: np.ndarray, times: int = 1) -> Iterator[tuple[LayerTrace, Any]]:
        """Every layer, last to first, with the cotangent of its sums from that of the outputs."""
        for layer in reversed(self._layers):
            sums = layer.pulled(output, times)
            yield layer, sums
            if layer is not self._layers[0]:
                output = convolve_transposed(sums, layer.weights, layer.padding)

    # -------------------- the Jacobian, layer by layer --------------------

    @cached_property
    def _sensitivities(self) -> list[np.ndarray]:
        """Derivative of every output by every layer's sums: (filters, places, n, outputs)."""
        n, n_outputs = self.values.shape
        output = np.tile(np.eye(n_outputs), n)[:, None, None, :]
        pulled = self._pulled(output, n_outputs)
        return [sums.reshape(len(sums), -1, n, n_outputs) for _, sums in pulled][::-1]

    def rows(self) -> np.ndarray:
        """The Jacobian, (n * outputs, size)."""
        n, n_outputs = self.values.shape
        rows = np.empty((n, n_outputs, self.support.size))
        for layer, sensitivity in zip(self._layers, self._sensitivities, strict=True):
            for leaf, by_leaf in layer.rows(sensitivity).items():
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
                for by_leaf in layer.rows(sensitivity).values():
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
                rows = layer.rows(sensitivity)
                found = {leaf: np.einsum("nop,nop->p", row, row) for leaf, row in rows.items()}
            for leaf, by_leaf in found.items():
                into = block(self.support, buffer, (layer.name, leaf))
                into[...] = by_leaf.reshape(into.shape)
        return from_buffer(self.support, buffer)
