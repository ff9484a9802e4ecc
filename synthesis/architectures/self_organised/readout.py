"""Frozen layers with a linear readout: what self-organised wiring is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve
from scipy.spatial import cKDTree

from ...process.checks import check_positive, check_whole
from .arguments import check_positions

__all__ = ["Readout", "disc_wiring", "fit_readout", "pixels_under", "random_wiring"]


def pixels_under(
    positions: np.ndarray, image_shape: tuple[int, int], extent: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Index of the pixel under every sensor of a flat image laid over a rectangle.

    Parameters
    ----------
    positions : array (sensors, 2), x to the right and y downwards
    image_shape : (rows, columns)
    extent : (low, high)
        Opposite corners of the rectangle, arrays (2,).

    Returns
    -------
    array of int (sensors,)

    Raises
    ------
    ValueError
        If the rectangle has no area, the image no pixels, or a sensor is outside or not finite.

    Examples
    --------
    >>> corners = np.array([0.0, 0.0]), np.array([4.0, 4.0])
    >>> pixels_under(np.array([[0.5, 0.5], [3.5, 0.5], [0.5, 3.5]]), (2, 2), corners)
    array([0, 1, 2])
    """
    points = check_positions(positions)
    if points.shape[1] != 2:
        raise ValueError(f"positions have shape {points.shape}; an image lies under (x, y)")
    low, high = (np.asarray(corner, dtype=np.float64) for corner in extent)
    if not np.all(high > low) or not np.isfinite(high - low).all():
        raise ValueError(f"extent from {low} to {high} has no area")
    for name, count in zip(("rows", "columns"), image_shape, strict=True):
        check_whole(f"image_shape: {name}", count, 1)
    share = (points - low) / (high - low)
    if share.min() < 0.0 or share.max() > 1.0:
        raise ValueError("a sensor is outside the extent; lay the image over all of them")
    rows, columns = image_shape
    column = np.minimum((share[:, 0] * columns).astype(np.intp), columns - 1)
    row = np.minimum((share[:, 1] * rows).astype(np.intp), rows - 1)
    return row * columns + column


def disc_wiring(positions: np.ndarray, sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hand-made pooling: every unit reads the sensors next to a random one.

    Parameters
    ----------
    positions : array (sensors, 2)
    sizes : array of int (units,)
        Sensors per unit, at least 1.

    Returns
    -------
    array of bool (sensors, units)

    Raises
    ------
    ValueError
        If a unit is to read no sensor, or more than there are.

    Examples
    --------
    >>> line = np.arange(6.0)[:, None] * [[1.0, 0.0]]
    >>> disc_wiring(line, np.array([3, 2]), np.random.default_rng(0)).astype(int).T
    array([[0, 0, 0, 1, 1, 1],
           [0, 0, 1, 1, 0, 0]])
    """
    positions = check_positions(positions)
    sizes = _checked_sizes(sizes, len(positions))
    wiring = np.zeros((len(positions), len(sizes)), dtype=bool)
    tree = cKDTree(positions)
    centres = positions[rng.integers(len(positions), size=len(sizes))]
    for unit, (centre, size) in enumerate(zip(centres, sizes, strict=True)):
        wiring[tree.query(centre, k=[*range(1, int(size) + 1)])[1], unit] = True
    return wiring


def random_wiring(n_sensors: int, sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every unit reads so many sensors anywhere: array of bool (sensors, units).

    Raises
    ------
    ValueError
        As for `disc_wiring`.

    Examples
    --------
    >>> random_wiring(6, np.array([3, 2]), np.random.default_rng(0)).astype(int).T
    array([[0, 0, 1, 1, 0, 1],
           [0, 0, 0, 0, 1, 1]])
    """
    check_whole("n_sensors", n_sensors, 1)
    sizes = _checked_sizes(sizes, n_sensors)
    wiring = np.zeros((n_sensors, len(sizes)), dtype=bool)
    for unit, size in enumerate(sizes):
        wiring[rng.permutation(n_sensors)[: int(size)], unit] = True
    return wiring


def _checked_sizes(sizes: np.ndarray, n_sensors: int) -> np.ndarray:
    found = np.asarray(sizes)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise ValueError(
            f"sizes are {found.dtype} of shape {found.shape}; expected a whole number per unit"
        )
    wrong = np.flatnonzero((found < 1) | (found > n_sensors))
    if wrong.size:
        raise ValueError(
            f"sizes: unit {wrong[0]} is to read {found[wrong[0]]} of {n_sensors} sensors; expected "
            f"1 to {n_sensors} (leave out units without sensors)"
        )
    return found


@dataclass(frozen=True, eq=False)
class Readout:
    """A linear map from standardised features to scores of classes. See `fit_readout`.

    Attributes
    ----------
    mean, scale : arrays (features,)
    weights : array (features + 1, classes)
        The last row is the bias.

    Examples
    --------
    >>> features, labels = np.array([[0.0], [1.0], [4.0], [5.0]]), np.array([0, 0, 1, 1])
    >>> fit_readout(features, labels).accuracy(np.array([[0.5], [4.5]]), np.array([0, 0]))
    50.0
    """

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray

    def scores(self, features: np.ndarray) -> np.ndarray:
        """Scores (n, classes)."""
        return ((features - self.mean) / self.scale) @ self.weights[:-1] + self.weights[-1]

    def accuracy(self, features: np.ndarray, labels: np.ndarray) -> float:
        """Percent classified rightly."""
        return 100.0 * float(np.mean(self.scores(features).argmax(axis=1) == labels))


def fit_readout(features: np.ndarray, labels: np.ndarray, strength: float = 1e-3) -> Readout:
    """Ridge regression from standardised features to one-hot labels.

    Parameters
    ----------
    features : array (n, features)
        A constant feature counts for nothing.
    labels : array of int (n,)
    strength : float
        Penalty of the squared weights, per sample.

    Raises
    ------
    ValueError
        If the strength is not above 0, there is no sample, features are not finite, or labels are
        not one class from 0 on per sample.

    Examples
    --------
    >>> features, labels = np.array([[0.0], [1.0], [4.0], [5.0]]), np.array([0, 0, 1, 1])
    >>> readout = fit_readout(features, labels)
    >>> readout.scores(np.array([[0.5], [4.5]])).argmax(axis=1)
    array([0, 1])
    """
    check_positive("strength", strength)
    if not len(features):
        raise ValueError("features are empty; a readout needs samples")
    if not np.isfinite(features).all():
        raise ValueError("features are not finite: they contain NaN or infinity")
    if labels.shape != (len(features),) or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise ValueError(
            f"labels are {labels.dtype} of shape {labels.shape}; expected a class from 0 on for "
            f"each of {len(features)} samples"
        )
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 1e-12 * np.maximum(np.abs(mean), 1.0), scale, np.inf)
    x = (features - mean) / scale
    targets = np.eye(int(labels.max()) + 1)[labels]
    bias = targets.mean(axis=0)
    gram = x.T @ x
    gram[np.diag_indices_from(gram)] += strength * len(x)
    weights = solve(gram, x.T @ (targets - bias), assume_a="pos")
    return Readout(mean, scale, np.vstack([weights, bias]))
