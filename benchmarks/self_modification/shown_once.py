"""Keys shown once: what the best rule of a kind can recall, and what machines do.

A rule that edits along the present key while it is shown leaves ``W = sum_t c_t x_t`` behind, where
the number ``c_t`` is decided with pair ``t``. The answers to all keys are ``G c`` with ``G`` the
matrix of the keys' inner products. Values are independent, of mean 0 and variance 1, so only the
part of ``c_t`` that is linear in ``y_1 .. y_t`` can help: the rest adds an error of its own. So
``c = L y`` with ``L`` lower triangular, and the mean squared error is ``|G L - 1|^2 / pairs``:
column by column the squared distance of a unit vector from the span of the columns ``t .. pairs``
of ``G``. That is a bound for every such rule, even one that remembers everything and knows all
keys beforehand.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from dmm import Machine, compile_machine, zoo
from synthesis.tasks import StreamTask
from synthesis.tasks.streams.learning import associations, learning_task

from ..measure import markdown_table, write_result

__all__ = ["measure"]

CASES = ((8, 2), (8, 5), (16, 5), (32, 5))
"""Dimensions of a key, and keys."""

SETS = 20_000
RATES = (0.6, 0.7, 0.8, 0.9, 1.0)
SHOWINGS = 8
ENOUGH = 0.05
"""Error that was asked for."""


def measure() -> None:
    """Write the table: one row for every number of dimensions and keys."""
    header = (
        "dimensions", "keys", "bound for rules along the present key", "delta rule, best rate",
        f"showings to {ENOUGH} at rate 1", "novelty rule",
    )  # fmt: skip
    rows = []
    for case in CASES:
        rows.append(_row(*case))
        print(*rows[-1], flush=True)
    text = "\n".join(
        (
            "# One-shot association of random keys: mean squared error of a recalled value",
            "",
            f"Keys are random directions; values have variance 1. The bound: mean of {SETS:,} sets",
            "of keys, with its standard error. Machines: 256 strings.",
            "",
            markdown_table(header, rows),
            "",
            "`python -m benchmarks.self_modification shown-once`",
        )
    )
    write_result("self_modification_shown_once", text)


def _row(inputs: int, pairs: int) -> tuple[object, ...]:
    rng = np.random.default_rng(0)
    keys = rng.standard_normal((SETS, pairs, inputs))
    keys /= np.linalg.norm(keys, axis=2, keepdims=True)
    errors = _least_errors(keys)
    lesson = partial(associations, pairs=pairs, inputs=inputs, are_orthonormal=False)
    task = learning_task("keys", "", lesson)
    delta = {rate: _error(zoo.delta_rule(inputs, rate=rate), task) for rate in RATES}
    best = min(RATES, key=lambda rate: delta[rate])
    return (
        inputs,
        pairs,
        f"{errors.mean():.4f} +- {errors.std() / SETS**0.5:.4f}",
        f"{delta[best]:.3f} ({best})",
        _showings(keys, rng.standard_normal((SETS, pairs))),
        f"{_error(zoo.novelty_rule(inputs), task):.0e}",
    )


def _least_errors(keys: np.ndarray) -> np.ndarray:
    """The bound for every set of keys, (sets, keys, inputs) -> (sets,)."""
    pairs = keys.shape[1]
    products = keys @ keys.transpose(0, 2, 1)
    total = np.zeros(len(keys))
    for t in range(pairs):
        basis = np.linalg.qr(products[:, :, t:])[0]
        total += 1.0 - np.sum(basis[:, t] ** 2, axis=-1)
    return total / pairs


def _showings(keys: np.ndarray, values: np.ndarray) -> str:
    """How often the delta rule of rate 1 has to see all pairs."""
    weights = np.zeros(keys[:, 0].shape)
    for showing in range(1, SHOWINGS + 1):
        for t in range(keys.shape[1]):
            error = values[:, t] - np.sum(weights * keys[:, t], axis=1)
            weights += error[:, None] * keys[:, t]
        recalled = np.einsum("kti,ki->kt", keys, weights)
        if np.mean((recalled - values) ** 2) <= ENOUGH:
            return str(showing)
    return f"more than {SHOWINGS}"


def _error(machine: Machine, task: StreamTask) -> float:
    example = task.held_out[0]
    said = compile_machine(machine, task.observed)(machine.trainable, example.inputs)
    return float(np.nanmean((said - example.targets) ** 2))
