"""Images read row by row: a real task over time, of the images that are there already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vvalues import VValue

from ..process.checks import check_whole
from ..process.models import Model
from .digits import Digits

__all__ = ["DigitRows"]


@dataclass(frozen=True, eq=False)
class DigitRows:
    """Digits whose pixels come a row at a time; the class is read after the last one.

    A network without memory sees the last row only.

    Attributes
    ----------
    digits : Digits
    width : int
        Pixels of a row.

    Raises
    ------
    ValueError
        If the images do not consist of whole rows.

    Examples
    --------
    >>> from synthesis.tasks import bars_task
    >>> task = DigitRows(bars_task(np.random.default_rng(0)), width=8)
    >>> inputs, labels = task.batch(np.random.default_rng(0))
    >>> inputs.shape, labels.shape, task.name
    ((50, 8, 8), (50,), 'bars, row by row')
    """

    digits: Digits
    width: int

    def __post_init__(self) -> None:
        check_whole("width", self.width, 1)
        if self.digits.n_pixels % self.width:
            raise ValueError(
                f"width is {self.width}; the {self.digits.n_pixels} pixels of {self.digits.name} "
                "are no whole rows of it: give the width of the images"
            )

    @property
    def name(self) -> str:
        """Of the digits, and how they are read."""
        return f"{self.digits.name}, row by row"

    @property
    def n_classes(self) -> int:
        """Number of outputs a model needs."""
        return self.digits.n_classes

    @property
    def batch_size(self) -> int:
        """Images of a batch."""
        return self.digits.batch_size

    def rows(self, inputs: np.ndarray) -> np.ndarray:
        """Inputs (n, pixels) as sequences (n, rows, width)."""
        return inputs.reshape(len(inputs), -1, self.width)

    def last_row(self) -> Digits:
        """What is left without memory: the same images, of which only the last row is seen."""
        return self.digits.seen_by(np.arange(self.digits.n_pixels)[-self.width :])

    def batch(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Sequences (batch, rows, width) and labels (batch,)."""
        inputs, labels = self.digits.batch(rng)
        return self.rows(inputs), labels

    def loss(self, predictions: Any, targets: np.ndarray) -> Any:
        """Mean cross-entropy after the last row; predictions (n, rows, classes), differentiable.

        Raises
        ------
        ValueError
            If they are no sequences, or there are fewer logits than classes.
        """
        if len(predictions.shape) != 3:
            raise ValueError(
                f"predictions have shape {predictions.shape}; images read row by row need "
                f"(n, rows, {self.n_classes}): a model over time"
            )
        return self.digits.loss(predictions[:, -1], targets)

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """``{"accuracy": percent of test images}``, after the last row."""

        def after_the_last(weights: VValue, inputs: np.ndarray) -> Any:
            return model(weights, self.rows(inputs))[:, -1]

        return {"accuracy": self.digits.accuracy(after_the_last, parameters)}  # type: ignore[arg-type]
