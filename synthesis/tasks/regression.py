"""Regression tasks: tables, and the small experiment of evolving layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import autograd.numpy as anp
import numpy as np

from vvalues import VValue

from ..process.models import Model
from .descriptions import Origin, drawn_by

__all__ = [
    "RegressionTask",
    "check_table",
    "r_squared",
    "small_experiment",
    "table_task",
]


def check_table(values: Any, names: Sequence[str], what: str) -> np.ndarray:
    """A table of finite numbers, or a clear error.

    Parameters
    ----------
    values : array-like (rows, columns); one dimension counts as one column
    names : names of the columns
    what : str
        What the table is, for messages.

    Raises
    ------
    ValueError
        If the shape is wrong, there is no row, or a value is NaN or infinite; the message names
        row and column.

    Examples
    --------
    >>> check_table([[1.0, 2.0], [3.0, float("nan")]], ["mass", "speed"], "inputs")
    Traceback (most recent call last):
        ...
    ValueError: inputs: row 1, column speed is nan; expected finite numbers
    """
    try:
        table = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{what} are not a table of numbers") from None
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2 or table.shape[1] != len(names):
        raise ValueError(f"{what} have shape {table.shape}; expected (rows, {len(names)})")
    if not len(table):
        raise ValueError(f"{what} have no rows")
    bad = np.argwhere(~np.isfinite(table))
    if len(bad):
        row, column = bad[0]
        raise ValueError(
            f"{what}: row {row}, column {names[column]} is {table[row, column]}; "
            "expected finite numbers"
        )
    return table


def r_squared(predictions: Any, targets: np.ndarray) -> float:
    """Coefficient of determination, 1 for a perfect fit; -inf where a prediction is not finite.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 3.0])
    >>> r_squared(y, y), r_squared(np.full(3, 2.0), y)
    (1.0, 0.0)
    """
    with np.errstate(all="ignore"):
        error = float(np.sum((np.asarray(predictions) - targets) ** 2))
    total = float(np.sum((targets - targets.mean(axis=0)) ** 2))
    if not np.isfinite(error):
        return float("-inf")
    return 1.0 - error / total if total > 0 else float(error == 0.0)


@dataclass(frozen=True)
class RegressionTask:
    """A table to learn and another one to be judged on; it is a `Task`.

    Attributes
    ----------
    name, summary : str
    input_names, output_names : tuple of str
    inputs, targets : arrays (samples, inputs) and (samples, outputs)
        What is trained on.
    held_out_inputs, held_out_targets : arrays
        What no decision is made on.
    expectation : (inputs, targets, weights) or None
        Points and weights whose weighted mean *is* the expected value (quadrature), so that a
        bound on the expected error can be checked without sampling noise.
    origin : Origin, optional
        How the tables were drawn.

    Examples
    --------
    >>> task = small_experiment(np.random.default_rng(0), samples=100)
    >>> task.input_names, task.output_names, task.inputs.shape, task.targets.shape
    (('x0', 'x1', 'x2', 'x3'), ('y0', 'y1'), (100, 4), (100, 2))
    >>> round(float(task.loss(0.0 * task.targets, task.targets)), 3)  # of a model that says 0
    0.953
    """

    name: str
    summary: str
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    inputs: np.ndarray
    targets: np.ndarray
    held_out_inputs: np.ndarray
    held_out_targets: np.ndarray
    expectation: tuple[np.ndarray, np.ndarray, np.ndarray] | None = field(default=None, repr=False)
    origin: Origin | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for what, names in (("inputs", self.input_names), ("targets", self.output_names)):
            check_table(getattr(self, what), names, f"{self.name}: {what}")
            check_table(getattr(self, f"held_out_{what}"), names, f"{self.name}: held-out {what}")

    def batch(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The whole training table (full batch)."""
        return self.inputs, self.targets

    def loss(self, predictions: Any, targets: np.ndarray) -> float:
        """Mean squared error over samples and outputs; differentiable."""
        return anp.mean((predictions - targets) ** 2)

    def residuals(self, predictions: Any, targets: np.ndarray) -> Any:
        """Differences whose squares add up to the loss, in the shape of the predictions."""
        return (predictions - targets) / np.sqrt(targets.size)

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """Figures on the held-out table.

        Returns
        -------
        dict
            ``held_out_loss`` (mean squared error), ``held_out_r2``, ``held_out_max_error``, and
            where the task knows it ``expected_loss`` (mean squared error by quadrature).
        """
        with np.errstate(all="ignore"):
            predictions = model(parameters, self.held_out_inputs)
            error = predictions - self.held_out_targets
            figures = {
                "held_out_loss": float(np.mean(error**2)),
                "held_out_r2": r_squared(predictions, self.held_out_targets),
                "held_out_max_error": float(np.max(np.abs(error))),
            }
            if self.expectation is not None:
                inputs, targets, weights = self.expectation
                squared = np.mean((model(parameters, inputs) - targets) ** 2, axis=1)
                figures["expected_loss"] = float(weights @ squared)
        return figures

    def split(
        self, rng: np.random.Generator, share: float = 0.25
    ) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """The training table in two: to fit, and to prune by.

        Parameters
        ----------
        share : float in (0, 1)
            Share of the samples in the second part (at least one each).
        """
        order = rng.permutation(len(self.inputs))
        n = min(max(round(share * len(order)), 1), len(order) - 1)
        kept, aside = order[n:], order[:n]
        return (self.inputs[kept], self.targets[kept]), (self.inputs[aside], self.targets[aside])


def table_task(
    inputs: Any,
    targets: Any,
    rng: np.random.Generator,
    *,
    input_names: tuple[str, ...] | None = None,
    output_names: tuple[str, ...] | None = None,
    held_out: float = 0.25,
    name: str = "table",
) -> RegressionTask:
    """A task from a table of one's own; a random share of the rows is held out.

    Raises
    ------
    ValueError
        If a value is not finite, shapes disagree, or there are fewer than two rows.

    Examples
    --------
    >>> x = np.linspace(0.0, 1.0, 40)[:, None]
    >>> task = table_task(x, x**2, np.random.default_rng(0))
    >>> len(task.inputs), len(task.held_out_inputs)
    (30, 10)
    """
    x, y = (np.asarray(t, dtype=np.float64) for t in (inputs, targets))
    x, y = (t[:, None] if t.ndim == 1 else t for t in (x, y))
    input_names = input_names or tuple(f"x{i}" for i in range(x.shape[-1]))
    output_names = output_names or tuple(f"y{i}" for i in range(y.shape[-1]))
    x = check_table(x, input_names, f"{name}: inputs")
    y = check_table(y, output_names, f"{name}: targets")
    if len(x) != len(y) or len(x) < 2:
        raise ValueError(f"{name}: {len(x)} rows of inputs and {len(y)} of targets; need 2 or more")
    order = rng.permutation(len(x))
    n = min(max(round(held_out * len(x)), 1), len(x) - 1)
    test, train = order[:n], order[n:]
    return RegressionTask(
        name,
        f"{len(x)} rows",
        input_names,
        output_names,
        x[train],
        y[train],
        x[test],
        y[test],
    )


# -------------------- the small experiment --------------------


def small_experiment(
    rng: np.random.Generator,
    *,
    samples: int = 2000,
    distractors: int = 0,
    noise: float = 0.0,
) -> RegressionTask:
    """Two products to be found: ``y = (x0 x1 + x2, x0 x1 x3)``, all inputs standard normal.

    Parameters
    ----------
    samples : int
        Rows of the training table, and as many of the held-out one.
    distractors : int
        Further inputs that nothing depends on.
    noise : float
        Standard deviation of normal noise on the *training* targets.

    Notes
    -----
    Both products are uncorrelated with every input, so the expected squared error of a linear
    model is 1 per output, and that of any function without products of ``x0`` at least 1. The
    quadrature of the task (7 Gauss-Hermite nodes per relevant input) keeps this bound exactly:
    under its discrete measure ``x0`` is independent of the rest, with mean 0 and variance 1.

    Examples
    --------
    >>> task = small_experiment(np.random.default_rng(0), samples=3, distractors=1)
    >>> x0, x1, x2, x3, _ = task.inputs.T
    >>> task.targets[:, 0].round(2), (x0 * x1 + x2).round(2)
    (array([ 0.62,  1.42, -2.35]), array([ 0.62,  1.42, -2.35]))
    """
    origin = drawn_by("products", rng, samples=samples, distractors=distractors, noise=noise)
    n = 4 + distractors
    tables = [rng.standard_normal((samples, n)) for _ in range(2)]
    targets = [_products(x) for x in tables]
    nodes, weights = np.polynomial.hermite_e.hermegauss(7)
    grid = np.stack(np.meshgrid(*[nodes] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    weight = np.prod(np.meshgrid(*[weights / weights.sum()] * 4, indexing="ij"), axis=0).ravel()
    # Any fixed values serve for the distractors: the bound holds for each of them.
    points = np.concatenate([grid, rng.standard_normal((len(grid), distractors))], axis=1)
    return RegressionTask(
        name="products",
        summary="y0 = x0 x1 + x2, y1 = x0 x1 x3",
        input_names=tuple(f"x{i}" for i in range(n)),
        output_names=("y0", "y1"),
        inputs=tables[0],
        targets=targets[0] + noise * rng.standard_normal(targets[0].shape),
        held_out_inputs=tables[1],
        held_out_targets=targets[1],
        expectation=(points, _products(points), weight),
        origin=origin,
    )


def _products(x: np.ndarray) -> np.ndarray:
    product = x[:, 0] * x[:, 1]
    return np.stack([product + x[:, 2], product * x[:, 3]], axis=1)
