"""Sums of features, grown one at a time.

Growth is greedy with exchange: after every feature that joins, any one that was taken may be given
up for a better one, and the bound or rate of the newest is moved to where it serves best. A bent or
gated feature joins only beside the one that it bends, so that what lies beyond the largest sample
seen goes on as a line.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...likelihoods import Likelihood
from .features import Feature, Hinge, Leaky, Product, Step
from .fitting import Rows, Sum, fitted, sizes

__all__ = ["grown", "midpoints", "parent"]

INDEPENDENT = 1e-7
"""Share of a feature that those taken may not tell, for it to count as another one."""

EXCHANGES = 10
LEAST = 1e-6
"""Share of the loss that an exchange has to save."""

BOUNDS = 40
"""Bounds that are tried for a feature that has one."""

RATES = (*(k / 20.0 for k in range(1, 20)), 0.97, 0.98, 0.99)


def parent(feature: Feature) -> Feature | None:
    """The feature without which this one may not be taken.

    Examples
    --------
    >>> from .features import Given
    >>> print(parent(Hinge(Given("y"), 2.0)))
    y
    """
    if isinstance(feature, Hinge):
        return feature.of
    if isinstance(feature, Product) and isinstance(feature.one, Step):
        return feature.other
    return None


def midpoints(column: np.ndarray) -> np.ndarray:
    """Between every two neighbouring values of a feature, in order.

    Examples
    --------
    >>> midpoints(np.array([4.0, 1.0, 2.0, 2.0]))
    array([1.5, 3. ])
    """
    seen = np.unique(column)
    return (seen[1:] + seen[:-1]) / 2.0


def grown(
    rows: Rows,
    candidates: Sequence[Feature],
    likelihood: Likelihood,
    most: int,
    outputs: int = 1,
) -> list[Sum]:
    """The best sums of no feature, one, two, ... that greedy growth finds.

    Parameters
    ----------
    rows : Rows
    candidates : sequence of Feature
        Parents among them.
    likelihood : Likelihood
    most : int
        Features at most.
    outputs : int

    Returns
    -------
    list of Sum
        By the number of features; a number at which nothing could be added is missing.

    Examples
    --------
    >>> from synthesis.likelihoods import Gaussian
    >>> from .features import Values, latest
    >>> series = np.sin(0.7 * np.arange(40.0))[None]
    >>> rows = Rows(Values({"y": series}), series, (np.zeros(35, int), np.arange(4, 39)), horizon=1)
    >>> for found in grown(rows, latest("y", 4), Gaussian(), most=2):
    ...     print(*found.features, f"{found.loss:.3f}")
    0.511
    y[t-3] 0.055
    y[t-3] y 0.000
    """
    if not candidates:
        return [fitted(rows, (), likelihood, outputs)]
    return _Growth(rows, candidates, likelihood, outputs).path(most)


class _Growth:
    def __init__(
        self, rows: Rows, candidates: Sequence[Feature], likelihood: Likelihood, outputs: int
    ) -> None:
        self.rows, self.likelihood, self.outputs = rows, likelihood, outputs
        self.candidates = list(candidates)
        place = {feature: k for k, feature in enumerate(self.candidates)}
        raw = np.array([rows.column(feature) for feature in self.candidates])
        self.matrix = raw / sizes(raw)[:, None]
        above = [parent(feature) for feature in self.candidates]
        self.parents = np.array([-1 if f is None else place[f] for f in above])

    def path(self, most: int) -> list[Sum]:
        best = [self.fit(())]
        current = best[0]
        while len(current.features) < most:
            joined = self.joined(current, most)
            if joined is None:
                break
            current = self.exchanged(self.refined(joined))
            best = [s for s in best if len(s.features) != len(current.features)] + [current]
        return best

    def fit(self, features: Sequence[Feature], start: Sum | None = None) -> Sum:
        return fitted(self.rows, features, self.likelihood, self.outputs, start)

    def joined(self, current: Sum, most: int) -> Sum | None:
        """With the feature that promises most for every one that has to come along."""
        gain, cost = self.promises(current)
        gain = np.where(cost <= most - len(current.features), gain / cost, 0.0)
        if not gain.max(initial=0.0) > 0.0:
            return None
        k = int(gain.argmax())
        missing = [self.candidates[self.parents[k]]] if cost[k] == 2 else []
        return self.fit((*current.features, *missing, self.candidates[k]), current)

    def promises(self, current: Sum) -> tuple[np.ndarray, np.ndarray]:
        """By how much every candidate would lower the loss, and how many features it brings."""
        is_taken = np.array([feature in current.features for feature in self.candidates])
        has_to_bring = (self.parents >= 0) & ~is_taken[self.parents]
        gain = self._gain(current, self.matrix, self.parents, has_to_bring)
        return np.where(is_taken, 0.0, gain), np.where(has_to_bring, 2, 1)

    def _gain(
        self, current: Sum, matrix: np.ndarray, parents: np.ndarray, has_to_bring: np.ndarray
    ) -> np.ndarray:
        """What rows of a matrix would add to a sum: exact for squares, else to second order."""
        taken = self.rows.matrix(current.features)
        residual, sure = self.likelihood.working(current.weights @ taken, self.rows.target)
        gain = np.zeros(len(matrix))
        for k in range(self.outputs):
            root = np.sqrt(sure[k])
            basis, _ = np.linalg.qr((taken * root).T)
            rest = matrix * root
            rest = rest - (rest @ basis) @ basis.T
            gain += _gains(rest, residual[k] * root, parents, has_to_bring, sure[k].sum())
        return gain

    def refined(self, current: Sum) -> Sum:
        """With the newest feature's bound or rate where it serves best."""
        *others, newest = current.features
        if newest.number is None:
            return current
        numbers = self.numbers(newest)
        without = self.fit(others, current)
        raw = np.array([self.rows.column(newest.with_number(number)) for number in numbers])
        nobody, is_alone = np.full(len(raw), -1), np.zeros(len(raw), dtype=bool)
        gain = self._gain(without, raw / sizes(raw)[:, None], nobody, is_alone)
        best = self.fit((*others, newest.with_number(numbers[int(gain.argmax())])), without)
        return best if best.loss < current.loss else current

    def numbers(self, feature: Feature) -> Sequence[float]:
        """Bounds between samples, or rates."""
        holder = feature.one if isinstance(feature, Product) else feature
        if isinstance(holder, Leaky):
            return RATES
        between = midpoints(self.rows.column(holder.parts[0]))
        inner = between[len(between) // 20 : len(between) - len(between) // 20]
        if len(inner) <= BOUNDS:
            return inner.tolist()
        places = np.linspace(0, len(inner) - 1, BOUNDS).round().astype(int)
        return inner[places].tolist()

    def exchanged(self, current: Sum) -> Sum:
        """With single features given up for better ones, while there are such."""
        for _ in range(EXCHANGES):
            better = self._one_exchanged(current)
            if better is None:
                return current
            current = better
        return current

    def _one_exchanged(self, current: Sum) -> Sum | None:
        needed = {parent(feature) for feature in current.features}
        for leaver in current.features:
            if leaver in needed:
                continue
            fewer = self.fit([f for f in current.features if f != leaver], current)
            gain, cost = self.promises(fewer)
            gain = np.where(cost == 1, gain, 0.0)
            k = int(gain.argmax())
            promised = fewer.loss - self.likelihood.square * gain[k] / len(self.rows)
            newcomer = self.candidates[k]
            if newcomer == leaver or promised >= current.loss * (1.0 - LEAST):
                continue
            trial = self.fit((*fewer.features, newcomer), fewer)
            if trial.loss < current.loss * (1.0 - LEAST):
                return trial
        return None


def _gains(
    rest: np.ndarray,
    residual: np.ndarray,
    parents: np.ndarray,
    has_to_bring: np.ndarray,
    total: float,
) -> np.ndarray:
    """What each row of ``rest`` tells of a residual; beside its parent's where that is missing."""
    own = np.einsum("ij,ij->i", rest, rest)
    told = rest @ residual
    is_new = own > INDEPENDENT * total
    alone = np.where(is_new, told**2 / np.maximum(own, 1e-300), 0.0)
    above = np.maximum(parents, 0)
    common = np.einsum("ij,ij->i", rest, rest[above])
    determinant = own * own[above] - common**2
    is_pair = is_new & is_new[above] & (determinant > INDEPENDENT * own * own[above])
    pair = told**2 * own[above] - 2.0 * told * told[above] * common + told[above] ** 2 * own
    both = np.where(is_pair, pair / np.where(is_pair, determinant, 1.0), 0.0)
    return np.where(has_to_bring, both, alone)
