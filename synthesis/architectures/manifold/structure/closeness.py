"""Closeness: seven numbers per neuron say how strongly every cell of its row is linked.

For a cell at coordinate x of a row, with raw numbers alpha, ..., mu of that row::

    G = exp(-(x - mu)^2 / (2 s^2))                         s     = softplus(sigma)
    S = (0.501 + 0.5 sin(2 pi x / (period t) + phi))^b     b     = beta + 1
                                                           t     = softplus(theta) / ln 2
    d = a G (S - c)                                        a     = 2 sigmoid(alpha) - 1
                                                           c     = sigmoid(gamma)
    strength = sign(d) (|d| - k) / (1 - k) if |d| > k, else no link;   k = sigmoid(cutoff)

Without rescaling the strength of a link is d itself.

Only cells that can pass the cutoff are evaluated: |d| <= |a| G max|S - c| bounds, row by row, how
far from mu a living cell can be. Nothing is lost by that.

References
----------
M. Woods, Dynamic Neural Manifold (2018), github Miej/Dynamic_Neural_Manifold.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dmm.neurons import logistic, soft_plus

from .layout import CLOSENESS, Layout, cells_between

__all__ = ["Closeness", "Numbers", "transformed"]

LN2 = np.log(2.0)
LOW, HIGH = 0.001, 1.001  # the range of the base 0.501 + 0.5 sin
LARGEST_POWER = 300.0  # of the bound; beyond it the window is the whole row anyway
MARGIN = 1e-9  # widens windows against rounding


class Numbers(NamedTuple):
    """The seven numbers of every row as they enter closeness, the cutoff, and their slopes.

    Attributes
    ----------
    alpha, beta, gamma, theta, phi, sigma, mu : arrays (rows,)
    cutoff : array ()
    slopes : array (7, rows)
        Derivatives of the seven by their raw values.
    cutoff_slope : array ()

    Examples
    --------
    >>> numbers = transformed(np.array([*np.zeros(14), -1.0]))
    >>> round(float(numbers.cutoff), 3), numbers.slopes.shape
    (0.269, (7, 2))
    """

    alpha: np.ndarray
    beta: np.ndarray
    gamma: np.ndarray
    theta: np.ndarray
    phi: np.ndarray
    sigma: np.ndarray
    mu: np.ndarray
    cutoff: np.ndarray
    slopes: np.ndarray
    cutoff_slope: np.ndarray


def transformed(vector: np.ndarray) -> Numbers:
    """Numbers from raw ones: a vector of 7 x rows and the cutoff.

    Examples
    --------
    >>> numbers = transformed(np.zeros(7 * 2 + 1))
    >>> numbers.sigma.round(3), float(numbers.cutoff)
    (array([0.693, 0.693]), 0.5)
    """
    raw = vector[:-1].reshape(len(CLOSENESS), -1)
    alpha, beta, gamma, theta, phi, sigma, mu = raw
    squashed, level, cutoff = logistic(alpha), logistic(gamma), logistic(vector[-1])
    one = np.ones_like(beta)
    slopes = np.stack([
        2 * squashed * (1 - squashed), one, level * (1 - level), logistic(theta) / LN2,
        one, logistic(sigma), one,
    ])  # fmt: skip
    return Numbers(
        2 * squashed - 1, beta + 1, level, soft_plus(theta) / LN2, phi, soft_plus(sigma), mu,
        cutoff, slopes, cutoff * (1 - cutoff),
    )  # fmt: skip


class _Parts(NamedTuple):
    """Closeness of some cells, and what it is made of."""

    numbers: Numbers
    x: np.ndarray
    distance: np.ndarray  # (x - mu) / sigma
    gauss: np.ndarray
    angle: np.ndarray
    base: np.ndarray
    wave: np.ndarray
    closeness: np.ndarray


def _parts(layout: Layout, numbers: Numbers, rows: np.ndarray, columns: np.ndarray) -> _Parts:
    turn = 2 * np.pi / (layout.period * numbers.theta)
    x = columns + layout.shifts[rows]
    distance = (x - numbers.mu[rows]) / numbers.sigma[rows]
    gauss = np.exp(-0.5 * distance * distance)
    angle = x * turn[rows] + numbers.phi[rows]
    base = 0.501 + 0.5 * np.sin(angle)
    wave = base ** numbers.beta[rows]
    closeness = numbers.alpha[rows] * gauss * (wave - numbers.gamma[rows])
    return _Parts(numbers, x, distance, gauss, angle, base, wave, closeness)


def windows(layout: Layout, numbers: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """First column and the one after the last that can pass the cutoff, for every row."""
    ends = [
        np.exp(np.clip(numbers.beta * np.log(end), -LARGEST_POWER, LARGEST_POWER))
        for end in (LOW, HIGH)
    ]
    swing = np.maximum(*(np.abs(end - numbers.gamma) for end in ends))
    bound = np.abs(numbers.alpha) * swing * (1 + MARGIN)
    ratio = np.maximum(bound / numbers.cutoff, 1.0)
    reach = numbers.sigma * np.sqrt(2 * np.log(ratio)) * (1 + MARGIN)
    middle = numbers.mu - layout.shifts
    first = np.clip(np.ceil(middle - reach), 0, layout.limits)
    last = np.clip(np.floor(middle + reach) + 1, first, layout.limits)
    last = np.where(bound > numbers.cutoff, last, first)
    return first.astype(np.intp), last.astype(np.intp)


class Closeness:
    """The living cells at given numbers, and their strengths as a function of the numbers.

    It is the run of `vvalues.core.fused.evaluate`: which cells live is settled when it is
    made, strengths of these cells are smooth.

    Parameters
    ----------
    layout : Layout
    vector : array (7 * rows + 1,)
        Raw numbers and cutoff.
    everywhere : bool
        Evaluate all allowed cells, as the source does, instead of windows: the same cells live.
    within : (rows, columns), optional
        Look at these cells only, row by row.
    rescaled : bool
        Strengths begin at 0, not at the cutoff.

    Attributes
    ----------
    rows, columns : arrays of int (links,)
        Living cells, row by row.
    n_evaluated : int
        Cells whose closeness was looked at.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> model = Manifold(2, 3, 1)
    >>> parameters = model.initial(np.random.default_rng(0))
    >>> raw = parameters.buffer[model.layout.closeness_at]
    >>> close = Closeness(model.layout, raw)
    >>> close.n_links, close.forward(raw).round(2)
    (11, array([ 0.23, -0.15,  0.  , -0.19,  0.23, -0.04,  0.08, -0.2 ,  0.27,
           -0.28,  0.24]))
    """

    def __init__(
        self,
        layout: Layout,
        vector: np.ndarray,
        *,
        everywhere: bool = False,
        within: tuple[np.ndarray, np.ndarray] | None = None,
        rescaled: bool = True,
    ) -> None:
        self.layout, self.rescaled = layout, rescaled
        numbers = transformed(vector)
        if within is not None:
            rows, columns = within
        elif everywhere:
            rows, columns = layout.all_cells()
        else:
            rows, columns = cells_between(*windows(layout, numbers))
        with np.errstate(under="ignore"):
            found = _parts(layout, numbers, rows, columns)
        alive = np.flatnonzero(np.abs(found.closeness) > numbers.cutoff)
        self.n_evaluated = len(rows)
        self.rows, self.columns = rows[alive], columns[alive]
        self._vector = np.array(vector)
        self._living = _Parts(numbers, *(part[alive] for part in found[1:]))

    @property
    def n_links(self) -> int:
        """Number of living cells."""
        return len(self.rows)

    def _at(self, vector: np.ndarray) -> _Parts:
        if vector is self._vector or np.array_equal(vector, self._vector):
            return self._living
        return _parts(self.layout, transformed(vector), self.rows, self.columns)

    # -------------------- values and derivatives --------------------

    def forward(self, vector: np.ndarray) -> np.ndarray:
        """Strengths of the living cells."""
        parts = self._at(vector)
        k = self._lost(parts.numbers)
        return (parts.closeness - _sign(parts.closeness) * k) / (1 - k)

    def _lost(self, numbers: Numbers) -> np.ndarray | float:
        """What a strength is less than closeness, before it is stretched."""
        return numbers.cutoff if self.rescaled else 0.0

    def pullback(self, vector: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Cotangent of the raw numbers from that of the strengths."""
        numbers, slopes, by_cutoff = self._slopes(vector)
        weighted = slopes * g
        sums = np.zeros((len(CLOSENESS), self.layout.n_rows), dtype=weighted.dtype)
        if self.n_links:
            starts = np.flatnonzero(np.diff(self.rows, prepend=-1))
            sums[:, self.rows[starts]] = np.add.reduceat(weighted, starts, axis=1)
        sums *= numbers.slopes
        return np.append(sums.ravel(), numbers.cutoff_slope * np.dot(by_cutoff, g))

    def pushforward(self, vector: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Tangent of the strengths along a direction of the raw numbers."""
        numbers, slopes, by_cutoff = self._slopes(vector)
        moved = direction[:-1].reshape(len(CLOSENESS), -1) * numbers.slopes
        change = np.sum(slopes * moved[:, self.rows], axis=0)
        return change + by_cutoff * (numbers.cutoff_slope * direction[-1])

    def _slopes(self, vector: np.ndarray) -> tuple[Numbers, np.ndarray, np.ndarray]:
        """Numbers, derivatives of strengths by the seven of the row, and by the cutoff."""
        parts = self._at(vector)
        numbers, rows, d = parts.numbers, self.rows, parts.closeness
        k = self._lost(numbers)
        scaled = d / (1 - k)
        peak = parts.gauss * (1 / (1 - k))
        by_wave = numbers.alpha[rows] * peak
        by_power = by_wave * parts.wave
        by_angle = by_power * numbers.beta[rows] * (0.5 * np.cos(parts.angle) / parts.base)
        by_mu = scaled * parts.distance / numbers.sigma[rows]
        stretch = -2 * np.pi / (self.layout.period * numbers.theta**2)
        slopes = np.stack([
            peak * (parts.wave - numbers.gamma[rows]), by_power * np.log(parts.base), -by_wave,
            by_angle * parts.x * stretch[rows], by_angle, by_mu * parts.distance, by_mu,
        ])  # fmt: skip
        return numbers, slopes, self.rescaled * (d - _sign(d)) / (1 - k) ** 2


def _sign(x: np.ndarray) -> np.ndarray:
    return np.sign(np.real(x))
