"""Colour images of 32 x 32 pixels: shapes that a program draws, and CIFAR where it is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..process.checks import check_whole
from .descriptions import drawn_by
from .digits import Digits

__all__ = ["SHAPES", "load_cifar", "shapes_task"]

SIDE = 32
SHAPES = (
    "disc", "ring", "square", "frame", "triangle", "cross", "diagonal cross", "bars across",
    "bars down", "checks",
)  # fmt: skip
CENTRE, SPREAD = 0.5, 0.25  # inputs are standardised by them
CIFAR_FILES = {
    # folder's kind: training files, test file, bytes before the pixels, classes
    "CIFAR-10": ([f"data_batch_{i}.bin" for i in range(1, 6)], "test_batch.bin", 1, 10),
    "CIFAR-100": (["train.bin"], "test.bin", 2, 100),
}


def shapes_task(rng: np.random.Generator, n: int = 4000, noise: float = 25.0) -> Digits:
    """Ten shapes at random places, sizes and in random colours, on a ground of another colour.

    Colours say nothing of the class, so that it must be seen from the shape.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
        Images to train on; a quarter as many are for testing.
    noise : float
        Standard deviation of normal noise on every number, 0 to 255.

    Returns
    -------
    Digits
        Of ten classes (`SHAPES`) and 3,072 numbers an image, channel by channel.

    Raises
    ------
    ValueError
        For fewer than four images.

    Examples
    --------
    >>> task = shapes_task(np.random.default_rng(0), n=40)
    >>> task.n_pixels, task.n_classes, len(task.test_labels)
    (3072, 10, 10)
    """
    check_whole("n", n, 4)
    origin = drawn_by("shapes", rng, n=n, noise=noise)
    (images, labels), (tested, answers) = (_drawn(rng, count, noise) for count in (n, n // 4))
    return Digits(
        "shapes", images, labels, tested, answers, len(SHAPES), 50, mean=CENTRE, deviation=SPREAD,
        origin=origin,
    )  # fmt: skip


def _drawn(rng: np.random.Generator, n: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 3072) and classes (n,)."""
    labels = rng.integers(len(SHAPES), size=n)
    radii = rng.uniform(7.0, 13.0, n)
    centres = SIDE / 2 + rng.uniform(-1.0, 1.0, (n, 2)) * (SIDE / 2 - 2 - radii)[:, None]
    ground = rng.uniform(0, 255, (n, 3))
    away = rng.choice([-1.0, 1.0], (n, 3)) * rng.uniform(80, 128, (n, 3))
    ink = np.where(np.abs(ground + away - 127.5) <= 127.5, ground + away, ground - away)
    pixels = noise * rng.standard_normal((n, 3, SIDE, SIDE))
    for i in range(n):
        covered = _covered(SHAPES[labels[i]], centres[i], radii[i])
        pixels[i] += np.where(covered, ink[i, :, None, None], ground[i, :, None, None])
    return np.clip(pixels, 0, 255).astype(np.uint8).reshape(n, -1), labels


def _covered(shape: str, centre: np.ndarray, radius: float) -> np.ndarray:
    """Which pixels a shape covers, (32, 32)."""
    grid = np.indices((SIDE, SIDE)) + 0.5
    down, across = (grid - centre[:, None, None]) / radius
    far, out = np.hypot(down, across), np.maximum(np.abs(down), np.abs(across))
    inside, thin, stripe = out <= 1, 0.3, 0.5
    if shape == "disc":
        return far <= 1
    if shape == "ring":
        return (far <= 1) & (far > 1 - 2 * thin)
    if shape == "square":
        return inside
    if shape == "frame":
        return inside & (out > 1 - 2 * thin)
    if shape == "triangle":
        return inside & (2 * np.abs(across) <= down + 1)
    if shape == "cross":
        return inside & (np.minimum(np.abs(down), np.abs(across)) <= thin)
    if shape == "diagonal cross":
        return inside & (np.minimum(np.abs(down - across), np.abs(down + across)) <= 2**0.5 * thin)
    lines, columns = (np.floor(x / stripe).astype(int) % 2 == 0 for x in (down, across))
    return inside & {"bars across": lines, "bars down": columns, "checks": lines ^ columns}[shape]


def load_cifar(folder: str | os.PathLike) -> Digits:
    """CIFAR-10 or CIFAR-100 from a folder with the files of its binary version.

    Parameters
    ----------
    folder : path
        With ``data_batch_1.bin`` to ``data_batch_5.bin`` and ``test_batch.bin``, or ``train.bin``
        and ``test.bin``.

    Raises
    ------
    FileNotFoundError
        If the files of neither are there.
    ValueError
        If one does not hold whole images, or a class that does not exist; the message names it.

    References
    ----------
    A. Krizhevsky, "Learning multiple layers of features from tiny images" (2009), binary version.

    Examples
    --------
    >>> load_cifar("/data/cifar-10-batches-bin").images.shape  # doctest: +SKIP
    (50000, 3072)
    """
    place = Path(folder)
    for name, (train, test, before, n_classes) in CIFAR_FILES.items():
        if all((place / file).exists() for file in (*train, test)):
            parts = [_read(place / file, before, n_classes) for file in (*train, test)]
            images, labels = (np.concatenate(found) for found in zip(*parts[:-1], strict=True))
            tested, answers = parts[-1]
            return Digits(
                name, images, labels, tested, answers, n_classes, 50, mean=CENTRE, deviation=SPREAD
            )
    known = " or ".join(f"{', '.join((*t, last))}" for t, last, *_ in CIFAR_FILES.values())
    raise FileNotFoundError(f"no CIFAR in {place}: expected {known}")


def _read(file: Path, before: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 3072) and the last of the label bytes before each."""
    data = np.frombuffer(file.read_bytes(), np.uint8)
    record = before + 3 * SIDE * SIDE
    if not len(data) or len(data) % record:
        raise ValueError(
            f"{file}: {len(data):,} bytes are no whole images of {record:,} bytes each"
        )
    rows = data.reshape(-1, record)
    labels = rows[:, before - 1].astype(np.intp)
    if labels.max() >= n_classes:
        raise ValueError(f"{file}: class {labels.max()} of {n_classes} classes")
    return rows[:, before:], labels
