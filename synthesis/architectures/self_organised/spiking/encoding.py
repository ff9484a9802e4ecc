"""Images through frozen spiking layers: spikes of constant currents, mean responses, a readout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....process.bounds import Bounded, finite, positive, whole
from ....process.checks import check_whole
from ..arguments import unit_indices
from ..leaky import LeakySheet
from ..sheets import LateralKernel

__all__ = ["Encoding", "level_trains", "mean_responses"]

NO_KERNEL = LateralKernel(0.0, 0.0, 1.0, 1.0)
LEVELS = 256


@dataclass(frozen=True)
class Encoding(Bounded):
    """How an image is shown to frozen layers (neither source says).

    Attributes
    ----------
    milliseconds : int
        For how long; one step each.
    current : float
        Of a white pixel; others in proportion.
    sharpness : float
        Responses are ``(y / max y)^sharpness y``: the layers' own competition, all units taking
        part, with exponent 1 in place of 4 (0: none).

    Examples
    --------
    >>> encoding = Encoding(milliseconds=10, current=20.0)
    >>> np.flatnonzero(level_trains(encoding)[:, 255])  # when a white pixel fires, in ms
    array([0, 1, 3, 6])
    """

    milliseconds: int = whole(30, least=1)
    current: float = positive(10.0)  # without one nothing fires
    sharpness: float = finite(1.0)


def level_trains(encoding: Encoding) -> np.ndarray:
    """When a leaky unit fires under a constant current, for every grey level of a byte.

    Without noise and lateral input, sensors under equal pixels fire together: 256 units stand for
    all sensors of all images.

    Returns
    -------
    array of bool (milliseconds, 256)

    Examples
    --------
    >>> trains = level_trains(Encoding())
    >>> trains.shape, trains.sum(axis=0)[[0, 64, 128, 255]]  # spikes of four levels of grey
    ((30, 256), array([0, 1, 2, 4]))
    """
    places = np.arange(float(LEVELS))[:, None]
    sheet = LeakySheet(places, NO_KERNEL, np.random.default_rng(0), noise=0.0, milliseconds=1.0)
    sheet.reset[:] = 0.0
    drive = encoding.current * np.arange(LEVELS) / (LEVELS - 1)
    trains = np.zeros((encoding.milliseconds, LEVELS), dtype=bool)
    for step in trains:
        step[sheet.step(drive)] = True
    return trains


def mean_responses(
    images: np.ndarray,
    pixels: np.ndarray,
    weights: np.ndarray,
    thresholds: np.ndarray | float = 0.0,
    encoding: Encoding | None = None,
    chunk: int = 2000,
) -> np.ndarray:
    """Mean response of every unit of a frozen layer to every image.

    Parameters
    ----------
    images : array of uint8 (n, pixels)
    pixels : array of int (sensors,)
        The pixel under every sensor.
    weights : array (sensors, units)
    thresholds : array (units,) or number
    encoding : Encoding, optional
    chunk : int
        Images at a time.

    Returns
    -------
    array (n, units)
        Computed in single precision: spikes are 0 or 1 and responses are means over time.

    Raises
    ------
    ValueError
        If the images are not bytes in rows, or pixels, weights and thresholds do not fit.

    Examples
    --------
    >>> images = np.array([[0, 0], [255, 0], [255, 255]], dtype=np.uint8)
    >>> mean_responses(images, np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 1.0]])).round(2)
    array([[0.  , 0.  ],
           [0.13, 0.  ],
           [0.27, 0.07]])
    """
    check_whole("chunk", chunk, 1)
    if images.ndim != 2:
        raise ValueError(f"images have shape {images.shape}; expected a row of pixels per image")
    if images.dtype != np.uint8:
        raise ValueError(f"images are of type {images.dtype}; expected bytes (uint8)")
    if len(pixels) != len(weights):
        raise ValueError(f"{len(pixels)} sensors, but weights for {len(weights)}")
    pixels = unit_indices("pixels", pixels, images.shape[1])
    if np.shape(thresholds) not in ((), (weights.shape[1],)):
        raise ValueError(
            f"thresholds have shape {np.shape(thresholds)}; expected a number or shape "
            f"{(weights.shape[1],)}"
        )
    encoding = Encoding() if encoding is None else encoding
    trains = level_trains(encoding)
    pixels, weights = _by_pixel(pixels, weights)
    w, limits = weights.astype(np.float32), np.asarray(thresholds, dtype=np.float32)
    found = np.zeros((len(images), w.shape[1]))
    for first in range(0, len(images), chunk):
        levels = images[first : first + chunk][:, pixels]
        part = found[first : first + chunk]
        for train in trains:
            if train.any():
                part += _sharpened(train[levels].astype(np.float32) @ w - limits, encoding)
    return found / encoding.milliseconds


def _by_pixel(pixels: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels with sensors above them, and summed weights: sensors above one fire together."""
    distinct, place = np.unique(pixels, return_inverse=True)
    summed = np.zeros((len(distinct), weights.shape[1]))
    np.add.at(summed, place, weights)
    return distinct, summed


def _sharpened(excess: np.ndarray, encoding: Encoding) -> np.ndarray:
    y = np.maximum(excess, 0.0)
    if not encoding.sharpness:
        return y
    largest = np.maximum(y.max(axis=1, keepdims=True), np.float32(1e-30))
    return y * (y / largest) ** np.float32(encoding.sharpness)
