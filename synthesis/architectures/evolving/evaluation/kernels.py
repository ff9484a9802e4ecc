"""The fast kernels: an evolving network node by node, a few samples at a time.

Samples are taken so few at a time that all values and adjoints of them stay in cache. What an
operation reads is not kept: it is a link or a few, and summed again for the derivatives.

Tables are as `Flat` describes them; ``divisors`` are the running scales of all rows. numba's cache
looks at this file only: touch it when what it imports changes. Loops stand where slices might be
assigned, for those take two or three times as long to compile.
"""

# mypy: ignore-errors
# (numba types these functions when it compiles them.)

from __future__ import annotations

from math import cos, exp, log, sin, tanh

import numpy as np
from numba import njit

from ..operations import LARGEST, SMALLEST
from .flat import KINDS

__all__ = ["CHUNK", "evaluate", "pull_back"]

CHUNK = 128  # samples at a time; 200 rows of them, twice, are 400 KB

(
    OUTPUT, ADD, SUBTRACT, MULTIPLY, DIVIDE, SQUARE, SIN, COS, EXP, LOG, RELU, MAX, MIN, GATE,
) = range(len(KINDS) + 1)  # fmt: skip


# -------------------- values --------------------


@njit(error_model="numpy")
def _sum(x, argument, start, values, links, sources, leaves, weights):
    """``x = sum of weight * values[source]`` over the links of an argument, some samples of it."""
    for j in range(len(x)):
        x[j] = 0.0
    for i in range(links[argument], links[argument + 1]):
        weight, read = weights[leaves[i]], values[sources[i], start : start + len(x)]
        for j in range(len(x)):
            x[j] += weight * read[j]


@njit(error_model="numpy")
def _value(kind, value, x, y):
    """The value of an operation from its arguments (of which the second may be absent)."""
    n = len(value)
    if kind == OUTPUT:
        for j in range(n):
            value[j] = x[j]
    elif kind == ADD:
        for j in range(n):
            value[j] = x[j] + y[j]
    elif kind == SUBTRACT:
        for j in range(n):
            value[j] = x[j] - y[j]
    elif kind == MULTIPLY:
        for j in range(n):
            value[j] = x[j] * y[j]
    elif kind == DIVIDE:
        for j in range(n):
            value[j] = 0.0 if abs(y[j]) < SMALLEST else x[j] / y[j]
    elif kind == SQUARE:
        for j in range(n):
            value[j] = x[j] * x[j]
    elif kind == SIN:
        for j in range(n):
            value[j] = sin(x[j])
    elif kind == COS:
        for j in range(n):
            value[j] = cos(x[j])
    elif kind == EXP:
        for j in range(n):
            value[j] = exp(LARGEST if x[j] > LARGEST else x[j])
    elif kind == LOG:
        for j in range(n):
            value[j] = 0.0 if abs(x[j]) < SMALLEST else log(abs(x[j]))
    elif kind == RELU:
        for j in range(n):
            value[j] = 0.0 if x[j] < 0.0 else x[j]
    elif kind == MAX:
        for j in range(n):
            value[j] = y[j] if x[j] < y[j] or y[j] != y[j] else x[j]
    elif kind == MIN:
        for j in range(n):
            value[j] = y[j] if x[j] > y[j] or y[j] != y[j] else x[j]
    elif kind == GATE:
        for j in range(n):
            value[j] = 0.5 * (1.0 + tanh(0.5 * x[j])) * y[j]


@njit(cache=True, error_model="numpy")
def evaluate(values, kinds, arguments, links, sources, leaves, weights, divisors):
    """All rows after the inputs."""
    n_samples, first = values.shape[1], len(values) - len(kinds)
    one, other = np.empty(CHUNK), np.empty(CHUNK)
    for start in range(0, n_samples, CHUNK):
        n = min(CHUNK, n_samples - start)
        x, y = one[:n], other[:n]
        for k in range(len(kinds)):
            value, divisor = values[first + k, start : start + n], divisors[first + k]
            _sum(x, arguments[k, 0], start, values, links, sources, leaves, weights)
            if arguments[k, 1] >= 0:
                _sum(y, arguments[k, 1], start, values, links, sources, leaves, weights)
            _value(kinds[k], value, x, y)
            if divisor != 1.0:
                for j in range(n):
                    value[j] /= divisor


# -------------------- derivatives --------------------


@njit(error_model="numpy")
def _larger(x, y):
    """1 where ``x`` is larger, one half at a tie."""
    if x > y:
        return 1.0
    return 0.0 if x < y else 0.5


@njit(error_model="numpy")
def _adjoints(kind, above, value, divisor, x, y):
    """Adjoints of the arguments, in their place, from that of the value."""
    n = len(above)
    if kind == OUTPUT:
        for j in range(n):
            x[j] = above[j]
    elif kind == ADD:
        for j in range(n):
            x[j] = y[j] = above[j]
    elif kind == SUBTRACT:
        for j in range(n):
            x[j], y[j] = above[j], -above[j]
    elif kind == MULTIPLY:
        for j in range(n):
            x[j], y[j] = above[j] * y[j], above[j] * x[j]
    elif kind == DIVIDE:
        for j in range(n):
            by_first = 0.0 if abs(y[j]) < SMALLEST else above[j] / y[j]
            x[j], y[j] = by_first, -(divisor * value[j]) * by_first
    elif kind == SQUARE:
        for j in range(n):
            x[j] *= 2.0 * above[j]
    elif kind == SIN:
        for j in range(n):
            x[j] = above[j] * cos(x[j])
    elif kind == COS:
        for j in range(n):
            x[j] = -above[j] * sin(x[j])
    elif kind == EXP:
        for j in range(n):
            x[j] = above[j] * (divisor * value[j]) if x[j] < LARGEST else 0.0
    elif kind == LOG:
        for j in range(n):
            x[j] = 0.0 if abs(x[j]) < SMALLEST else above[j] / x[j]
    elif kind == RELU:
        for j in range(n):
            x[j] = above[j] * _larger(x[j], 0.0)
    elif kind == MAX:
        for j in range(n):
            share = _larger(x[j], y[j])
            x[j], y[j] = above[j] * share, above[j] * (1.0 - share)
    elif kind == MIN:
        for j in range(n):
            share = _larger(y[j], x[j])
            x[j], y[j] = above[j] * share, above[j] * (1.0 - share)
    elif kind == GATE:
        for j in range(n):
            opening = 0.5 * (1.0 + tanh(0.5 * x[j]))
            x[j] = above[j] * opening * (1.0 - opening) * y[j]
            y[j] = above[j] * opening


@njit(error_model="numpy", fastmath={"reassoc", "contract"})
def _dot(x, y):
    total = 0.0
    for j in range(len(x)):
        total += x[j] * y[j]
    return total


@njit(cache=True, error_model="numpy")
def pull_back(
    g, adjoint, lowest, out, values,
    kinds, arguments, links, sources, leaves, weights, divisors, trained,
):  # fmt: skip
    """Derivatives of ``sum(g * outputs)``, ``g`` of shape (outputs, samples).

    Those by weights are added to ``out`` (weights, 1), or written there sample by sample (weights,
    samples). Adjoints of rows from ``lowest`` on are complete; with room for no more than a chunk
    they are those of the last one.
    """
    n_rows, n_samples = values.shape
    first, first_output = n_rows - len(kinds), n_rows - len(g)
    room = np.empty((3, CHUNK))
    for start in range(0, n_samples, CHUNK):
        n = min(CHUNK, n_samples - start)
        at = start if adjoint.shape[1] == n_samples else 0
        above, x, y = room[0, :n], room[1, :n], room[2, :n]
        for row in range(n_rows):
            for j in range(n):
                adjoint[row, at + j] = (
                    0.0 if row < first_output else g[row - first_output, start + j]
                )
        for k in range(len(kinds) - 1, -1, -1):
            kind, divisor, row = kinds[k], divisors[first + k], first + k
            for j in range(n):
                above[j] = adjoint[row, at + j] / divisor
            if kind > SUBTRACT:
                _sum(x, arguments[k, 0], start, values, links, sources, leaves, weights)
                if arguments[k, 1] >= 0:
                    _sum(y, arguments[k, 1], start, values, links, sources, leaves, weights)
            _adjoints(kind, above, values[row, start : start + n], divisor, x, y)
            for argument, below in ((arguments[k, 0], x), (arguments[k, 1], y)):
                if argument < 0:
                    continue
                for i in range(links[argument], links[argument + 1]):
                    leaf, source = leaves[i], sources[i]
                    read = values[source, start : start + n]
                    if trained[leaf] and out.shape[1] == 1:
                        out[leaf, 0] += _dot(below, read)
                    elif trained[leaf]:
                        slope = out[leaf, start : start + n]
                        for j in range(n):
                            slope[j] = below[j] * read[j]
                    if source >= lowest:
                        weight, down = weights[leaf], adjoint[source, at : at + n]
                        for j in range(n):
                            down[j] += weight * below[j]
