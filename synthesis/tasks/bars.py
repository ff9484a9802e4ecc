"""Bars in images: which way does it run? For where no images are at hand, and for quick runs."""

from __future__ import annotations

import numpy as np

from ..process.checks import check_whole
from .descriptions import drawn_by
from .digits import Digits

__all__ = ["bars_task"]

CLASSES = ("across", "down", "diagonal")
INK = 255


def bars_task(rng: np.random.Generator, n: int = 600, side: int = 8, noise: float = 40.0) -> Digits:
    """Images with one bar at a random place: across, down or diagonal.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
        Images to train on; half as many are for testing.
    side : int
        Pixels of a side, at least 3.
    noise : float
        Standard deviation of normal noise on every pixel, whose ink is 0 to 255.

    Returns
    -------
    Digits
        Of three classes.

    Raises
    ------
    ValueError
        For no images, or images that are too small.

    Examples
    --------
    >>> task = bars_task(np.random.default_rng(0), n=30)
    >>> task.n_pixels, task.classes, len(task.test_labels)
    (64, (0, 1, 2), 15)
    """
    check_whole("n", n, 2)
    check_whole("side", side, 3)
    origin = drawn_by("bars", rng, n=n, side=side, noise=noise)
    (images, labels), (tested, answers) = (_drawn(rng, count, side, noise) for count in (n, n // 2))
    return Digits(
        "bars", images, labels, tested, answers, len(CLASSES), 50, float(INK), origin=origin
    )


def _drawn(
    rng: np.random.Generator, n: int, side: int, noise: float
) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, pixels) and classes (n,)."""
    labels = rng.integers(len(CLASSES), size=n)
    places = rng.integers(side, size=n)
    images = noise * np.abs(rng.standard_normal((n, side, side)))
    along = np.arange(side)
    for image, label, place in zip(images, labels, places, strict=True):
        if label == 0:
            image[place, along] += INK
        elif label == 1:
            image[along, place] += INK
        else:
            image[along, (along + place) % side] += INK
    return np.clip(images, 0, INK).astype(np.uint8).reshape(n, -1), labels
