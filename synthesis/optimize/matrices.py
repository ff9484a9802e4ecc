"""Rules that see an array leaf of two axes as a matrix, and leave other leaves to another rule.

A subtree of scalars is no matrix, even where its paths look like rows and columns: what is absent
there is zero, and these rules would move it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import sqrt
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from vvalues import Support, VValue, format_path, from_buffer, partition, restrict
from vvalues.core import align

from .adaptive import Array, Rate, mixed
from .optimizers import Optimizer, State, adam
from .rates import rate_at

__all__ = ["MatrixState", "apollo", "is_matrix", "muon", "orthogonalized"]


class MatrixState(NamedTuple):
    """What rules for matrices remember."""

    updates: int
    memories: tuple[VValue, ...]  # on the leaves that are matrices
    rest: State  # of the rule for the other leaves


def is_matrix(support: Support) -> Array:
    """Which leaves are arrays of two axes, array of bool (leaves,).

    Examples
    --------
    >>> is_matrix(VValue({"bias": np.ones(2), "rate": 1.0, "weights": np.ones((3, 2))}).support)
    array([False, False,  True])
    """
    return np.array([len(support.shape(i)) == 2 for i in range(len(support))], bool)


def _on_matrices(
    rate: Rate, n: int, rule: Callable[..., tuple[Array, ...]], rest: Optimizer | None
) -> Optimizer:
    """An optimizer from a rule ``(count, path, gradient, *memories) -> (direction, *memories)``.

    The rule gets matrices, one at a time; memories have their shape. The count is 1 at the first
    update; the step is minus the rate times the direction.
    """
    otherwise = rest or adam(rate)

    def parts(tree: VValue) -> tuple[VValue, ...]:
        return partition(tree, tree.support.where(is_matrix(tree.support)))

    def init(parameters: VValue) -> MatrixState:
        matrices, others = parts(parameters)
        return MatrixState(0, (0.0 * matrices,) * n, otherwise.init(others))

    def update(
        gradient: VValue, state: MatrixState, parameters: VValue
    ) -> tuple[VValue, MatrixState]:
        matrices, others = parts(parameters)
        support, now = matrices.support, rate_at(rate, state.updates)
        step = np.array(align(gradient, support))
        # A state may come from parameters on another support: what is new starts from zero.
        memories = [np.array(align(memory, support)) for memory in state.memories]
        for path, g, *remembered in _blocks(support, step, *memories):
            direction, *new = rule(state.updates + 1, path, g, *remembered)
            g[...] = -now * direction
            for memory, value in zip(remembered, new, strict=True):
                memory[...] = value
        kept = tuple(from_buffer(support, memory) for memory in memories)
        moved, inner = otherwise.update(restrict(gradient, others.support), state.rest, others)
        total = restrict(from_buffer(support, step) + moved, parameters.support)
        return total, MatrixState(state.updates + 1, kept, inner)

    return Optimizer(init, update)


def _blocks(support: Support, *buffers: Array) -> Iterator[tuple[Any, ...]]:
    """For every leaf its path, and views of its elements in some buffers."""
    for i, path in enumerate(support.paths):
        span, shape = support.span(i, i + 1), support.shape(i)
        yield path, *(buffer[span].reshape(shape) for buffer in buffers)


# -------------------- Muon --------------------

QUINTIC = (3.4445, -4.7750, 2.0315)


def orthogonalized(matrix: Array, steps: int = 5) -> Array:
    """About the orthogonal factor U V^T of a matrix U S V^T, by a Newton-Schulz iteration.

    Parameters
    ----------
    matrix : array (rows, columns)
    steps : int
        Of ``X <- a X + (b A + c A A) X``, A = X X^T, from the matrix over its Frobenius norm.

    Returns
    -------
    array (rows, columns)
        Singular values are between about 0.7 and 1.2, not 1: the coefficients lift the small ones
        quickly instead. A zero matrix stays zero.

    References
    ----------
    K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024),
    kellerjordan.github.io/posts/muon; github KellerJordan/Muon @857d1ad, ``muon.py``.

    Examples
    --------
    >>> found = orthogonalized(np.array([[3.0, 0.0, 0.0], [0.0, 0.0, -0.5]]))
    >>> np.linalg.svd(found)[1].round(2)
    array([1.04, 0.71])
    """
    a, b, c = QUINTIC
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / (np.linalg.norm(x) + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


def muon(
    rate: Rate = 0.02,
    rest: Optimizer | None = None,
    *,
    decay: float = 0.95,
    nesterov: bool = True,
    steps: int = 5,
    outputs: int = 0,
) -> Optimizer:
    """Momentum whose matrices are made orthogonal: every direction moves equally far.

    Parameters
    ----------
    rate : float, or a schedule
        Spectral norm of a step, about.
    rest : Optimizer, optional
        For leaves that are no matrices; Adam of the same rate when omitted. Matrices that enter or
        leave a network are better trained by another rule, too: see `groups`.
    decay : float
        Of the momentum ``m = decay * m + (1 - decay) * g``.
    nesterov : bool
        Make ``decay * m + (1 - decay) * g`` orthogonal, not ``m``.
    steps : int
        Of `orthogonalized`.
    outputs : {0, 1}
        Which axis of a matrix counts outputs: a step is ``sqrt(outputs / inputs)`` times as long if
        that is above 1. The networks of this library have inputs first.

    Raises
    ------
    ValueError
        If the axis of outputs is none of two.

    References
    ----------
    As `orthogonalized`; without its decay: see `weight_decay`.

    Examples
    --------
    >>> optimizer = muon(0.1)
    >>> v = VValue({"bias": 1.0, "weights": np.diag([4.0, 2.0, 1.0])})
    >>> step, state = optimizer.update(v, optimizer.init(v), v)
    >>> np.diag(step["weights"]).round(2), round(step["bias"], 3)
    (array([-0.08, -0.11, -0.07]), -0.1)
    """
    _check("outputs", outputs, outputs in (0, 1), "0 or 1")

    def rule(count: int, path: Any, g: Array, velocity: Array) -> tuple[Array, ...]:
        velocity = mixed(decay, velocity, g)
        direction = orthogonalized(mixed(decay, velocity, g) if nesterov else velocity, steps)
        stretch = max(1.0, g.shape[outputs] / g.shape[1 - outputs])
        return sqrt(stretch) * direction, velocity

    return _on_matrices(rate, 1, rule, rest)


# -------------------- Apollo --------------------


def apollo(
    rate: Rate = 0.01,
    rest: Optimizer | None = None,
    *,
    rank: int = 4,
    period: int = 200,
    seed: int = 0,
    scale: float = 1.0,
    growth: float = 1.01,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> Optimizer:
    """Gradients of matrices, every column as long as Adam makes it in a random projection.

    Parameters
    ----------
    rate : float, or a schedule
    rest : Optimizer, optional
        For leaves that are no matrices; Adam of the same rate when omitted.
    rank : int >= 1
        Rows of the projection; at most the shorter side of a matrix.
    period : int >= 1
        Updates after which another projection is drawn.
    seed : int
        Of the projections. One is a function of the seed, the path of the leaf and the count of
        updates: an optimizer is made of pure functions, and goes on to the bit after a checkpoint.
    scale : float
        Times the scaled gradient.
    growth : float
        Its norm grows by at most this factor per update; infinite for any.
    beta1, beta2, epsilon : as those of `adam`, in the projection

    Raises
    ------
    ValueError
        If the rank or the period is below 1.

    Notes
    -----
    Columns are along the shorter side. The moments lie in the first rows of arrays of the leaf's
    shape: so a state follows a change of the support as any other, and takes as much memory as
    that of Adam. The memory that the paper saves is not saved here.

    References
    ----------
    H. Zhu et al., arXiv:2412.05270, algorithm 1 (without its decay: see `weight_decay`); limited
    growth: X. Chen et al., arXiv:2410.01623. github zhuhanqing/APOLLO @76b3472,
    ``apollo_torch/apollo.py``, which leaves the correction of the bias to the rate.

    Examples
    --------
    >>> v, slope = VValue({"w": np.ones((3, 2))}), VValue({"w": np.array([[1.0, 9.0]] * 3)})
    >>> optimizer = apollo(0.1, rank=2)
    >>> optimizer.update(slope, optimizer.init(v), v)[0]["w"].round(3)
    array([[-0.02, -0.18],
           [-0.02, -0.18],
           [-0.02, -0.18]])
    """
    _check("rank", rank, rank >= 1, "at least 1")
    _check("period", period, period >= 1, "at least 1")

    def rule(
        count: int, path: Any, g: Array, first: Array, second: Array, previous: Array
    ) -> tuple[Array, ...]:
        is_tall = g.shape[0] > g.shape[1]
        wide, r = (g.T if is_tall else g), min(rank, *g.shape)
        m, v = ((x.T if is_tall else x)[:r] for x in (first, second))
        low = _projection(seed, path, (count - 1) // period, (r, len(wide))) @ wide
        m, v = mixed(beta1, m, low), mixed(beta2, v, low**2)
        step = m / (1.0 - beta1**count) / (np.sqrt(v / (1.0 - beta2**count)) + epsilon)
        sizes = np.linalg.norm(step, axis=0) / (np.linalg.norm(low, axis=0) + epsilon)
        scaled = scale * wide * sizes
        scaled = scaled.T if is_tall else scaled
        limit, norm = growth * np.linalg.norm(previous), np.linalg.norm(scaled)
        if 0.0 < limit < norm:
            scaled = scaled * (limit / norm)
        return scaled, _in_first_rows(m, g, is_tall), _in_first_rows(v, g, is_tall), scaled

    return _on_matrices(rate, 3, rule, rest)


def _projection(seed: int, path: tuple[str, ...], draw: int, shape: tuple[int, int]) -> Array:
    """Normal numbers of variance 1 / rank; those of a leaf do not depend on other leaves."""
    rng = np.random.default_rng([seed, draw, crc32(format_path(path).encode())])
    return rng.standard_normal(shape) / sqrt(shape[0])


def _in_first_rows(low: Array, like: Array, is_tall: bool) -> Array:
    out = np.zeros_like(like)
    (out.T if is_tall else out)[: len(low)] = low
    return out


def _check(name: str, value: Any, is_right: bool, expected: str) -> None:
    if not is_right:
        raise ValueError(f"{name} is {value!r}; expected {expected}")
