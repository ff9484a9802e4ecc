"""Who can be linked to whom, where that is in the plane of closeness and in the parameters.

Rows are receiving neurons (hidden, then output), columns are sending ones (inputs, then hidden).
A cell is allowed if its column comes before its row in the order of neurons and is no output.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from autograd.extend import defjvp, defvjp

from vvalues import Support, VValue, format_path, from_buffer, restrict
from vvalues.core import is_traced, primitive

from ....process.bounds import Bounded, bound
from ....process.checks import check_positive, check_whole

__all__ = ["CLOSENESS", "Layout", "Start", "checked_inputs", "take", "weights_in"]

CLOSENESS = ("alpha", "beta", "gamma", "theta", "phi", "sigma", "mu")
"""The seven numbers of every receiving neuron, in the order of all arrays of this package."""

CUTOFF = ("cutoff",)


class Start(NamedTuple):
    """Normal distributions that parameters are drawn from: (mean, standard deviation) each.

    Attributes
    ----------
    alpha, beta, gamma, theta, phi, sigma, mu : pair of float
        Raw numbers of closeness.
    weight, bias : pair of float
        With link weights the deviation of a weight is divided by the root of the number of living
        links of its row.
    cutoff : float
        Raw; the source's -1 is a cutoff of 0.269.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> loose, tight = (Manifold(2, 9, 1, start=Start(cutoff=raw)) for raw in (-4.0, 0.0))
    >>> [model.links(model.initial(np.random.default_rng(0))).n_links for model in (loose, tight)]
    [54, 0]
    """

    alpha: tuple[float, float] = (5.0, 0.1)
    beta: tuple[float, float] = (0.0, 0.01)
    gamma: tuple[float, float] = (0.0, 0.1)
    theta: tuple[float, float] = (0.0, 0.1)
    phi: tuple[float, float] = (np.pi / 2, 0.001 * np.pi)
    sigma: tuple[float, float] = (5.0**0.75, 25.0**0.133)
    mu: tuple[float, float] = (0.0, 2.0)
    weight: tuple[float, float] = (0.0, 1.0)
    bias: tuple[float, float] = (0.0, 1.0)
    cutoff: float = -1.0

    @classmethod
    def toy(cls) -> Start:
        """The source's start for five inputs."""
        return cls()

    @classmethod
    def mnist(cls) -> Start:
        """The source's start for images of 28 x 28."""
        return cls(
            alpha=(5.0, 1.0), gamma=(0.0, 1.0), theta=(0.0, 1.0), phi=(np.pi / 2, 0.01 * np.pi),
            sigma=(784.0**0.66, 1000.0**0.33), mu=(0.0, 14.0),
        )  # fmt: skip

    @classmethod
    def wide_toy(cls) -> Start:
        """Ours for five inputs and link weights: wide rows of all phases, nearly all cells alive.

        The seed suggests widths close to the number of neurons, so that no region starts below
        the cutoff; the cutoff starts at 0.047.
        """
        return cls(
            gamma=(0.0, 1.0), theta=(0.0, 0.5), phi=(0.0, 1.5), sigma=(25.0, 1.0), mu=(0.0, 4.0),
            bias=(0.0, 0.0), cutoff=-3.0,
        )  # fmt: skip

    @classmethod
    def linked_mnist(cls) -> Start:
        """Ours for images of 28 x 28 and link weights: the source's closeness, biases 0."""
        return cls.mnist()._replace(weight=(0.0, 1.5), bias=(0.0, 0.0))


@dataclass(frozen=True)
class Layout(Bounded):
    """Sizes of a manifold and everything that follows from them.

    Attributes
    ----------
    n_inputs, n_hidden, n_outputs : int
    period : float
        Columns per turn of the sine: the width of the images.
    has_link_weights : bool
        One weight per link and one bias per receiving neuron, in place of one weight and one bias
        per sending neuron.

    Examples
    --------
    >>> layout = Layout(2, 3, 1, 1.0, has_link_weights=False)
    >>> layout.n_rows, layout.n_columns, layout.n_cells
    (4, 5, 14)
    """

    n_inputs: int = field(metadata=bound(partial(check_whole, least=1)))
    n_hidden: int = field(metadata=bound(check_whole))
    n_outputs: int = field(metadata=bound(partial(check_whole, least=1)))
    period: float = field(metadata=bound(check_positive))
    has_link_weights: bool

    # -------------------- rows, columns, cells --------------------

    @property
    def n_rows(self) -> int:
        """Receiving neurons: hidden and output ones."""
        return self.n_hidden + self.n_outputs

    @property
    def n_columns(self) -> int:
        """Sending neurons: inputs and hidden ones."""
        return self.n_inputs + self.n_hidden

    @cached_property
    def limits(self) -> np.ndarray:
        """Number of allowed cells of every row: its columns are ``range(limit)``."""
        return self.n_inputs + np.minimum(np.arange(self.n_rows), self.n_hidden)

    @property
    def n_cells(self) -> int:
        """Number of allowed cells."""
        return int(self.limits.sum())

    @cached_property
    def shifts(self) -> np.ndarray:
        """Coordinate of column 0 in every row; column ``j`` is ``j`` further to the right."""
        neuron = self.n_inputs + np.arange(self.n_rows)
        return np.linspace(self.n_inputs, self.n_outputs, self.n_rows) - neuron

    def all_cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of all allowed cells, row by row."""
        return cells_between(np.zeros(self.n_rows, dtype=np.intp), self.limits)

    # -------------------- names and places of the parameters --------------------

    @cached_property
    def hidden(self) -> tuple[str, ...]:
        """Names of the hidden neurons."""
        return _names("hidden", self.n_hidden)

    @cached_property
    def senders(self) -> tuple[str, ...]:
        """Names of the sending neurons, by column."""
        return (*_names("input", self.n_inputs), *self.hidden)

    @cached_property
    def receivers(self) -> tuple[str, ...]:
        """Names of the receiving neurons, by row."""
        return (*self.hidden, *_names("output", self.n_outputs))

    @cached_property
    def support(self) -> Support:
        """The support of the parameters: a subtree per neuron, and the cutoff."""
        shapes: dict[tuple[str, ...], tuple[int, ...]] = {CUTOFF: ()}
        for name, limit in zip(self.receivers, self.limits, strict=True):
            shapes |= {(name, number): () for number in CLOSENESS}
            if self.has_link_weights:
                shapes |= {(name, "bias"): (), (name, "weights"): (int(limit),)}
        if not self.has_link_weights:
            for name in self.senders:
                shapes |= {(name, "bias"): (), (name, "weight"): ()}
        return Support.of(shapes, shapes.values())

    def _at(self, names: tuple[str, ...], number: str) -> np.ndarray:
        index, offsets = self.support.index, self.support.offsets
        return np.array([offsets[index[name, number]] for name in names], dtype=np.intp)

    @cached_property
    def closeness_at(self) -> np.ndarray:
        """Elements of the parameters that closeness depends on: 7 x rows numbers and the cutoff."""
        numbers = [self._at(self.receivers, number) for number in CLOSENESS]
        cutoff = self.support.offsets[self.support.index[CUTOFF]]
        return np.concatenate([*numbers, [cutoff]]).astype(np.intp)

    @cached_property
    def gain_at(self) -> np.ndarray:
        """Elements that are weights of sending neurons, by column (shared weights only)."""
        return self._at(self.senders, "weight")

    @cached_property
    def bias_at(self) -> np.ndarray:
        """Elements that are biases: by column with shared weights, by row with link weights."""
        return self._at(self.receivers if self.has_link_weights else self.senders, "bias")

    @cached_property
    def weights_at(self) -> np.ndarray:
        """Element of the weight from column 0 to every row (link weights only)."""
        return self._at(self.receivers, "weights")

    def check_finite(self, numbers: np.ndarray) -> None:
        """Refuse closeness numbers that are infinite or none: the seven of all rows, the cutoff."""
        if np.isfinite(numbers).all():
            return
        first = int(np.flatnonzero(~np.isfinite(numbers))[0])
        leaf = np.flatnonzero(self.support.offsets[:-1] == self.closeness_at[first])[0]
        raise ValueError(
            f"the parameter at {format_path(self.support.paths[leaf])} is {numbers[first]}; "
            "closeness needs finite numbers"
        )

    def check(self, support: Support) -> None:
        """Refuse parameters of another make.

        Raises
        ------
        ValueError
            If a leaf is missing or has another shape; the message names it.
        """
        wanted = self.support
        if support is wanted:
            return
        for i, path in enumerate(wanted.paths):
            j = support.index.get(path)
            if j is None or support.shape(j) != wanted.shape(i):
                found = "nothing" if j is None else f"a leaf of shape {support.shape(j)}"
                raise ValueError(
                    f"parameters have {found} at {format_path(path)}; this manifold needs shape "
                    f"{wanted.shape(i)}: take them from its `initial`"
                )
        extra = next(path for path in support.paths if path not in wanted)
        raise ValueError(f"parameters have a leaf at {format_path(extra)} that no neuron reads")


def weights_in(support: Support) -> np.ndarray:
    """Which elements of a manifold's parameters are weights or biases, array of bool (size,)."""
    is_weight = [path[-1] in ("weight", "weights", "bias") for path in support.paths]
    return np.repeat(is_weight, np.diff(support.offsets))


def cells_between(first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the cells ``first[row] <= column < last[row]``, row by row."""
    counts = np.maximum(last - first, 0)
    rows = np.repeat(np.arange(len(counts)), counts)
    ends = np.cumsum(counts)
    columns = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - counts), counts)
    return rows, columns


def _names(kind: str, count: int) -> tuple[str, ...]:
    return tuple(f"{kind}-{i}" for i in range(count))


# -------------------- what is read --------------------


def checked_inputs(inputs: Any, n_inputs: int, axes: tuple[str, ...] = ("samples",)) -> Any:
    """Inputs as an array, or as they are if they are being differentiated.

    Parameters
    ----------
    inputs : array_like
    n_inputs : int
        Length of the last axis.
    axes : tuple of str
        Names of the axes before it; none may be empty.

    Raises
    ------
    ValueError
        For another shape, a batch of zero, or what is no real number.

    Examples
    --------
    >>> checked_inputs([[1, 2]], 2)
    array([[1, 2]])
    """
    if not is_traced(inputs):
        try:
            inputs = np.asarray(inputs)
        except ValueError as error:  # rows of different lengths
            raise ValueError(f"inputs are no array: {error}") from None
        if inputs.dtype.kind not in "buif":
            raise ValueError(f"inputs hold {inputs.dtype}; expected real numbers")
    shape = inputs.shape
    if len(shape) != len(axes) + 1 or shape[-1] != n_inputs:
        wanted = ", ".join([*axes, str(n_inputs)])
        raise ValueError(f"inputs have shape {shape}; this model needs ({wanted})")
    if 0 in shape[:-1]:
        least = " and ".join(f"one {axis.removesuffix('s')}" for axis in axes)
        raise ValueError(f"inputs have shape {shape}, a batch of zero: give at least {least}")
    return inputs


# A step reads a few thousand of the parameters, wherever they are in the buffer; one primitive
# writes their gradient back in one go, without a copy of the whole in between.


@primitive
def take(tree: VValue, index: np.ndarray, /) -> np.ndarray:
    """Elements of a tree by their places in its buffer; differentiable to any order.

    Parameters
    ----------
    tree : VValue
    index : array of int
        Without repetitions.

    Examples
    --------
    >>> take(VValue({"a": 1.0, "b": np.array([2.0, 3.0])}), np.array([2, 0]))
    array([3., 1.])
    """
    return tree.buffer[index]


@primitive
def _put(values: np.ndarray, index: np.ndarray, support: Support, /) -> VValue:
    buffer = np.zeros(support.size)
    buffer[index] = values
    return from_buffer(support, buffer)


defvjp(take, lambda ans, tree, index: lambda g: _put(g, index, tree.support), argnums=(0,))
defjvp(take, lambda d, ans, tree, index: take(restrict(d, tree.support), index), argnums=(0,))
defvjp(
    _put,
    lambda ans, values, index, support: lambda g: take(restrict(g, support), index),
    argnums=(0,),
)
defjvp(_put, lambda d, ans, values, index, support: _put(d, index, support), argnums=(0,))
