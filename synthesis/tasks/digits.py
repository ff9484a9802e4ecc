"""Digits to classify: MNIST and whatever comes in its format, with its continual variants."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import autograd.numpy as anp
import numpy as np

from vvalues import VValue

from ..optimize.losses import cross_entropies
from ..process.checks import check_whole
from ..process.models import Model
from .descriptions import Origin, described, task_of
from .idx import read_images_and_labels

__all__ = ["Digits", "find_mnist", "load_mnist", "small_digits"]

FOLDER_VARIABLE = "MNIST_FOLDER"
FILES = {"train": "train", "test": "t10k"}
MEAN, DEVIATION = 0.1307, 0.3081  # of MNIST's pixels / 255
CHUNK = 2000  # images per forward pass of an evaluation


@dataclass(frozen=True, eq=False)
class Digits:
    """Images of several classes, as a task.

    Attributes
    ----------
    name : str
    images, test_images : array of uint8, shape (n, pixels)
        Kept as bytes: as numbers of double precision MNIST would take 376 MB.
    labels, test_labels : array of int, shape (n,)
    n_classes : int
        Number of outputs a model needs.
    batch_size : int
    largest_pixel : float
        The byte that means full ink.
    order : array of int, shape (pixels,), optional
        A permutation of the pixels.
    mean, deviation : float
        Ink between 0 and 1 is standardised by them; (0, 1) leaves it as it is.
    origin : Origin, optional
        Where the images came from.

    Examples
    --------
    >>> from synthesis.tasks import bars_task
    >>> task = bars_task(np.random.default_rng(0))
    >>> task.n_pixels, task.n_classes, task.batch(np.random.default_rng(0))[0].shape
    (64, 3, (50, 64))
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    n_classes: int = 10
    batch_size: int = 100
    largest_pixel: float = 255.0
    order: np.ndarray | None = None
    mean: float = MEAN
    deviation: float = DEVIATION
    origin: Origin | None = field(default=None, repr=False)

    @property
    def n_pixels(self) -> int:
        """Number of inputs of a model."""
        return self.images.shape[1]

    @property
    def classes(self) -> tuple[int, ...]:
        """The classes that occur."""
        return tuple(int(c) for c in np.unique(self.labels))

    # -------------------- data as numbers --------------------

    @cached_property
    def _levels(self) -> np.ndarray:
        return (np.arange(256) / self.largest_pixel - self.mean) / self.deviation

    def as_inputs(self, images: np.ndarray) -> np.ndarray:
        """Bytes as standardised inputs: (n, pixels) -> float64 (n, pixels)."""
        return self._levels[images if self.order is None else images[:, self.order]]

    def batch(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """``batch_size`` random training images: inputs (batch, pixels) and labels (batch,)."""
        chosen = rng.integers(len(self.labels), size=self.batch_size)
        return self.as_inputs(self.images[chosen]), self.labels[chosen]

    def store(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Training images to keep: random, equally many of every class (up to one).

        Parameters
        ----------
        n : int
        rng : numpy.random.Generator

        Returns
        -------
        inputs : array (n, pixels)
        labels : array (n,)

        Raises
        ------
        ValueError
            If a class has fewer images than its share.
        """
        shares = np.full(len(self.classes), n // len(self.classes))
        shares[: n % len(self.classes)] += 1
        chosen = []
        for label, share in zip(self.classes, shares, strict=True):
            available = np.flatnonzero(self.labels == label)
            if share > len(available):
                raise ValueError(
                    f"{n} stored inputs need {share} of class {label}; {self.name} has "
                    f"{len(available)}: store fewer"
                )
            chosen.append(rng.choice(available, size=share, replace=False))
        index = np.concatenate(chosen)
        return self.as_inputs(self.images[index]), self.labels[index]

    # -------------------- loss and figures --------------------

    def loss(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        """Mean cross-entropy in nats of logits (n, classes) and labels (n,); differentiable.

        Raises
        ------
        ValueError
            If there are fewer logits than classes, or not as many rows as labels.
        """
        self._check_logits(predictions, len(targets))
        return anp.mean(cross_entropies(predictions, targets))

    def _check_logits(self, predictions: Any, n: int) -> None:
        shape = predictions.shape
        if len(shape) != 2 or shape[0] != n or shape[1] < self.n_classes:
            raise ValueError(
                f"predictions have shape {shape}; {n} labels of {self.name} need ({n}, "
                f"{self.n_classes}): a model with {self.n_classes} outputs"
            )

    def predicted(self, model: Model, parameters: VValue) -> np.ndarray:
        """Class predicted for every test image.

        Raises
        ------
        ValueError
            If the model has fewer outputs than there are classes.
        """
        parts = []
        for first in range(0, len(self.test_labels), CHUNK):
            images = self.test_images[first : first + CHUNK]
            logits = model(parameters, self.as_inputs(images))
            self._check_logits(logits, len(images))
            parts.append(np.argmax(logits, axis=1))
        return np.concatenate(parts)

    def accuracy(self, model: Model, parameters: VValue) -> float:
        """Share of test images classified rightly, in percent."""
        return 100.0 * float(np.mean(self.predicted(model, parameters) == self.test_labels))

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """``{"accuracy": percent of test images}``."""
        return {"accuracy": self.accuracy(model, parameters)}

    # -------------------- variants --------------------

    def only(self, classes: Collection[int]) -> Digits:
        """The images of some classes; labels and number of outputs stay.

        Raises
        ------
        ValueError
            If one of them does not occur.
        """
        absent = sorted(set(classes) - set(self.classes))
        if absent:
            raise ValueError(f"{self.name} has no images of class {absent[0]}")
        train, test = (np.isin(of, list(classes)) for of in (self.labels, self.test_labels))
        name = f"{self.name} {', '.join(map(str, sorted(classes)))}"
        return replace(self._some(train, test), name=name)

    def _some(self, train: Any, test: Any) -> Digits:
        """Some images of both sets, by a mask or a slice of each."""
        return replace(
            self,
            images=self.images[train],
            labels=self.labels[train],
            test_images=self.test_images[test],
            test_labels=self.test_labels[test],
        )

    def split(self, classes_each: int = 2) -> list[Digits]:
        """Consecutive groups of classes, one task each (split MNIST)."""
        groups = range(0, len(self.classes), classes_each)
        return [self.only(self.classes[i : i + classes_each]) for i in groups]

    def permuted(self, rng: np.random.Generator) -> Digits:
        """The same images with their pixels in a random order (permuted MNIST)."""
        order = rng.permutation(self.n_pixels)
        if self.order is not None:
            order = self.order[order]
        return replace(self, name=f"{self.name}, permuted", order=order)

    def seen_by(self, pixels: np.ndarray) -> Digits:
        """The same images as sensors see them: the pixel under each.

        Parameters
        ----------
        pixels : array of int (sensors,)
        """
        order = pixels if self.order is None else self.order[pixels]
        options = {"of": described(self), "pixels": [int(pixel) for pixel in pixels]}
        origin = None if self.origin is None else Origin("seen", options)
        return replace(self, name=f"{self.name}, seen", order=order, origin=origin)

    def validation_split(self, n: int = 10_000) -> Digits:
        """The task on which choices are made: none of the test images is in it.

        Parameters
        ----------
        n : int
            The last ``n`` training images stand where the test images stood.

        Raises
        ------
        ValueError
            If no training image would be left.
        """
        check_whole("n", n, 1)
        if n >= len(self.labels):
            raise ValueError(
                f"a validation split of {n} images leaves none of the {len(self.labels)} training "
                f"images of {self.name}: split fewer off"
            )
        return replace(
            self,
            name=f"{self.name}, validation split",
            images=self.images[:-n],
            labels=self.labels[:-n],
            test_images=self.images[-n:],
            test_labels=self.labels[-n:],
            origin=None,
        )

    def shortened(self, n_train: int, n_test: int) -> Digits:
        """The first images of both sets, for quick runs."""
        return self._some(slice(n_train), slice(n_test))

    def with_batch_size(self, batch_size: int) -> Digits:
        """The same task, another batch size.

        Raises
        ------
        ValueError
            If it is no whole number, or below 1.
        """
        check_whole("batch_size", batch_size, 1)
        return replace(self, batch_size=batch_size)

    def as_ink(self) -> Digits:
        """The same task, inputs between 0 (paper) and 1 (full ink)."""
        return replace(self, mean=0.0, deviation=1.0)


def seen(of: dict[str, Any], pixels: list[int]) -> Digits:
    """The task of a description, seen by sensors (`Digits.seen_by`)."""
    return task_of(of).seen_by(np.array(pixels))


# -------------------- where the data is --------------------


def find_mnist(folder: str | os.PathLike | None = None) -> Path:
    """The folder with MNIST's four files.

    Parameters
    ----------
    folder : path, optional
        When omitted: the environment variable ``MNIST_FOLDER``, then ``../shared/data/mnist``
        beside the checkout.

    Raises
    ------
    FileNotFoundError
        If there is none; the message says where was looked.

    Examples
    --------
    >>> find_mnist("/data/mnist")  # doctest: +SKIP
    PosixPath('/data/mnist')
    """
    beside_checkout = Path(__file__).resolve().parents[3] / "shared" / "data" / "mnist"
    asked = os.environ.get(FOLDER_VARIABLE) if folder is None else folder
    place = Path(asked or beside_checkout)
    if not _idx_file(place, "train", "images").exists():
        raise FileNotFoundError(
            f"no MNIST in {place} (train-images-idx3-ubyte[.gz] and its three companions); give a "
            f"folder or set {FOLDER_VARIABLE}"
        )
    return place


def _idx_file(folder: Path, part: str, kind: str) -> Path:
    dimensions = 3 if kind == "images" else 1
    plain = folder / f"{FILES[part]}-{kind}-idx{dimensions}-ubyte"
    packed = plain.with_name(plain.name + ".gz")
    return packed if packed.exists() else plain


def load_mnist(folder: str | os.PathLike | None = None, name: str = "MNIST") -> Digits:
    """MNIST, or another data set in its four files (Fashion-MNIST, KMNIST, ...).

    Parameters
    ----------
    folder : path, optional
        See `find_mnist`.
    name : str

    Returns
    -------
    Digits
        60,000 training and 10,000 test images of 784 pixels.

    Raises
    ------
    FileNotFoundError
        If the files are not there.
    ValueError
        If one is corrupt or holds no images; the message names it.

    Examples
    --------
    >>> load_mnist().images.shape  # doctest: +SKIP
    (60000, 784)
    """
    return _load(find_mnist(folder).resolve(), name)


@lru_cache(maxsize=2)
def _load(folder: Path, name: str) -> Digits:
    parts = {}
    for part in FILES:
        files = (_idx_file(folder, part, kind) for kind in ("images", "labels"))
        parts[part] = read_images_and_labels(*files)
    (images, labels), (test_images, test_labels) = parts["train"], parts["test"]
    if images.shape[1] != test_images.shape[1]:
        raise ValueError(
            f"{folder}: training images have {images.shape[1]} pixels, test images "
            f"{test_images.shape[1]}"
        )
    n_classes = int(max(labels.max(), test_labels.max())) + 1
    origin = Origin("MNIST", {"name": name})
    return Digits(name, images, labels, test_images, test_labels, n_classes, origin=origin)


def small_digits() -> Digits:
    """The 1,797 digits of 8 x 8 pixels that come with scikit-learn; the last 297 are for testing.

    For where MNIST is not at hand.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    Examples
    --------
    >>> small_digits().images.shape  # doctest: +SKIP
    (1500, 64)
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ImportError(
            "the small digits come with scikit-learn: pip install scikit-learn, or use MNIST "
            "(load_mnist)"
        ) from None
    data = load_digits()
    images, labels = data.data.astype(np.uint8), data.target.astype(np.intp)
    return Digits(
        "small digits", images[:1500], labels[:1500], images[1500:], labels[1500:],
        largest_pixel=16.0, origin=Origin("small digits"),
    )  # fmt: skip
