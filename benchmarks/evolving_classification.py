"""Evolving layers on real data: classes, beside a perceptron and gradient boosting; and transfer.

``python -m benchmarks.evolving_classification [--seeds 0:5]``

Two tables that come with scikit-learn, which only this benchmark needs: digits (64 pixels, ten
classes) and breast cancer (30 measures, two classes). An evolving network learns 0 and 1 per class
by squared error and is asked for the largest; the perceptron learns cross-entropy. Every method has
a ladder of sizes. Of each seed the smallest size is taken that is right on a validation part as
often as the best evolving network, less a point; the test part is read once, for that size.

Transfer: a network evolved on the digits 0 to 4 is the start for the digits 5 to 9. Its operations
stay, its outputs begin anew.
"""

from __future__ import annotations

import argparse
import os
import pickle
import time
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from synthesis.architectures import Perceptron
from synthesis.architectures.evolving import (
    OUTPUT,
    EvolvingModel,
    EvolvingSettings,
    EvolvingTraining,
)
from synthesis.architectures.training import kept
from synthesis.optimize import adam, schedule
from synthesis.optimize.losses import cross_entropies
from synthesis.process import events
from synthesis.tasks import RegressionTask
from synthesis.weight_space import learn
from vvalues import VValue, from_buffer

from .measure import machine_line, markdown_table, median_seconds, seeds_of, write_result

SLACK = 1.0  # points below the best evolving network that a size may be
PARTS = {"digits": (1000, 297), "breast cancer": (300, 99)}  # to train on, to choose by
ADDED, STEPS_EACH = 4, 25  # operations per epoch, steps per epoch

EVOLVING_SIZES = (8, 20, 40, 80, 160)  # operations
PERCEPTRON_SIZES = (4, 8, 16, 32, 64, 128)  # hidden units
BOOSTING_SIZES = (3, 10, 30, 100, 300)  # trees per class

ROWS = (25, 100, None)  # of 5 to 9 to train on; None: all
SOURCE_EPOCHS, EPOCHS, HIDDEN, PERCEPTRON_STEPS = 20, 10, 32, 250


@dataclass(frozen=True)
class Classes:
    """Rows with classes in three parts: to train on, to choose by, to be judged by once.

    Attributes
    ----------
    rows : tuple of arrays (n, inputs)
    labels : tuple of arrays (n,)
    """

    rows: tuple[np.ndarray, ...]
    labels: tuple[np.ndarray, ...]
    batch_size: int = 50

    @property
    def n_classes(self) -> int:
        """Of all parts."""
        return int(max(part.max() for part in self.labels)) + 1

    def only(self, classes: range, n: int | None = None) -> Classes:
        """The rows of some classes, counted from 0; the first ``n`` to train on."""
        chosen = [np.isin(labels, classes) for labels in self.labels]
        rows = [rows[index] for rows, index in zip(self.rows, chosen, strict=True)]
        labels = [labels[index] - classes[0] for labels, index
                  in zip(self.labels, chosen, strict=True)]  # fmt: skip
        rows[0], labels[0] = rows[0][:n], labels[0][:n]
        return replace(self, rows=tuple(rows), labels=tuple(labels))

    def as_regression(self) -> RegressionTask:
        """Columns of 0 and 1, one per class."""
        names = (tuple(f"{letter}{i}" for i in range(n)) for letter, n in
                 (("x", self.rows[0].shape[1]), ("y", self.n_classes)))  # fmt: skip
        columns = [np.eye(self.n_classes)[labels] for labels in self.labels]
        return RegressionTask(
            "classes", "0 and 1 per class", *names, self.rows[0], columns[0], self.rows[1],
            columns[1],
        )  # fmt: skip

    # What `learn` asks of a task.

    def batch(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Random rows to train on."""
        chosen = rng.integers(len(self.labels[0]), size=self.batch_size)
        return self.rows[0][chosen], self.labels[0][chosen]

    def loss(self, predictions: Any, targets: np.ndarray) -> Any:
        """Mean cross-entropy."""
        entropies = cross_entropies(predictions, targets)
        return entropies.sum() / len(targets)


def table_of(name: str, seed: int) -> Classes:
    """A table, its rows shuffled, columns standardised by the rows to train on."""
    from sklearn.datasets import load_breast_cancer, load_digits

    loaded = load_digits() if name == "digits" else load_breast_cancer()
    order = np.random.default_rng([seed, 1]).permutation(len(loaded.target))
    n_train, n_choose = PARTS[name]
    parts = np.split(order, [n_train, n_train + n_choose])
    rows, labels = ([array[part] for part in parts] for array in (loaded.data, loaded.target))
    deviations = rows[0].std(axis=0)
    varies = deviations > 0.0
    # Pixels that are nearly always white do not blow up.
    scale = deviations[varies] + 0.05 * deviations.mean()
    moved = tuple((part - rows[0].mean(axis=0))[:, varies] / scale for part in rows)
    return Classes(moved, tuple(labels))


# -------------------- methods --------------------


@dataclass(frozen=True)
class Found:
    """What a method has made of a table.

    Attributes
    ----------
    predict : callable, rows -> labels
    needed : anything that can be pickled
        All that a prediction needs.
    numbers : int
        Of a network those in its leaves; how many trees.
    seconds : float
        Of training.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    needed: Any
    numbers: int
    seconds: float

    def right(self, data: Classes, part: int) -> float:
        """Percent of a part."""
        return 100.0 * float(np.mean(self.predict(data.rows[part]) == data.labels[part]))

    @property
    def kilobytes(self) -> float:
        """Pickled and packed."""
        return len(zlib.compress(pickle.dumps(self.needed))) / 1000

    def microseconds(self, rows: np.ndarray) -> float:
        """A prediction, row by row of so many together."""
        return 1e6 * median_seconds(lambda: self.predict(rows), 7) / len(rows)


def _evolving_training(
    data: Classes, epochs: int, seed: int, largest: int | None = None
) -> EvolvingTraining:
    """A training that ends with as many operations as it has added, unless more may stay."""
    task = data.as_regression()
    model = EvolvingModel(task.input_names, task.output_names)
    settings = EvolvingSettings(
        epochs=epochs, steps=STEPS_EACH, rate=0.02, last_rate=0.001, added=ADDED,
        largest=ADDED * epochs if largest is None else largest, proposals=200,
    )  # fmt: skip
    return EvolvingTraining.of(model, task, (seed, 2), settings)


def _evolved_from(training: EvolvingTraining, start: VValue | None = None) -> Found:
    """Train, prune, evolve, from a network or from linear outputs."""
    began, model = time.process_time(), training.model
    state = training.start(training.rng)
    if start is not None:
        moments = kept(training.optimizer.init(start))
        state = replace(state, parameters=start, moments=moments)
    for event in events(training, state):
        state = event.state
    seconds, parameters = time.process_time() - began, state.parameters

    def predict(rows: np.ndarray) -> np.ndarray:
        return np.argmax(model(parameters, rows), axis=1)

    return Found(predict, (model.description, parameters), parameters.size, seconds)


def evolved(data: Classes, operations: int, seed: int) -> Found:
    """An evolving network of so many operations."""
    return _evolved_from(_evolving_training(data, operations // ADDED, seed))


def perceptron(
    data: Classes, hidden: int, seed: int, start: VValue | None = None, steps: int = 1500
) -> Found:
    """A perceptron of one hidden layer of so many units."""
    model = Perceptron([data.rows[0].shape[1], hidden, data.n_classes])
    rng, began = np.random.default_rng([seed, 3]), time.process_time()
    first = model.initial(rng) if start is None else start
    parameters = learn(model, data, first, adam(schedule(0.01, 0.001, steps)), steps, rng)
    seconds = time.process_time() - began

    def predict(rows: np.ndarray) -> np.ndarray:
        return np.argmax(model(parameters, rows), axis=1)

    return Found(predict, (model.description, parameters), parameters.size, seconds)


def boosted(data: Classes, trees: int, seed: int) -> Found:
    """Gradient boosting of so many trees per class."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    began = time.process_time()
    model = HistGradientBoostingClassifier(
        max_iter=trees, early_stopping=False, random_state=seed, min_samples_leaf=5
    )
    model.fit(data.rows[0], data.labels[0])
    seconds = time.process_time() - began
    n_trees = model.n_iter_ * model.n_trees_per_iteration_
    return Found(model.predict, model, n_trees, seconds)


METHODS: dict[str, tuple[Callable[[Classes, int, int], Found], tuple[int, ...], str]] = {
    "evolving layer": (evolved, EVOLVING_SIZES, "operations"),
    "perceptron": (perceptron, PERCEPTRON_SIZES, "hidden units"),
    "gradient boosting": (boosted, BOOSTING_SIZES, "trees per class"),
}


# -------------------- at equal accuracy --------------------


def beside(name: str, seed: int) -> dict[str, list[float]]:
    """By method: size, right (to choose by; test), numbers, kilobytes, seconds, microseconds."""
    data, rows, asked = table_of(name, seed), {}, None
    for method, (make, sizes, _) in METHODS.items():
        found = {size: make(data, size, seed) for size in sizes}
        chosen_by = {size: each.right(data, 1) for size, each in found.items()}
        most = max(chosen_by.values())
        asked = most - SLACK if asked is None else asked
        reached = [size for size in sizes if chosen_by[size] >= min(asked, most)]
        size, test = reached[0], data.rows[2]
        each = found[size]
        rows[method] = [
            size, chosen_by[size], each.right(data, 2), each.numbers, each.kilobytes,
            each.seconds, each.microseconds(test), each.microseconds(test[:1]),
        ]  # fmt: skip
    return rows


def _medians(results: list[dict[str, list[float]]]) -> dict[str, list[float]]:
    return {
        name: [median(column) for column in zip(*(r[name] for r in results), strict=True)]
        for name in results[0]
    }


# -------------------- transfer --------------------


def transferred(n_rows: int | None, seed: int) -> dict[str, list[float]]:
    """Right on test rows of 5 to 9, trained on so many: from scratch, from a network for 0 to 4."""
    data = table_of("digits", seed)
    first, second = data.only(range(5)), data.only(range(5, 10), n_rows)
    training = _evolving_training(second, EPOCHS, seed, ADDED * (SOURCE_EPOCHS + EPOCHS))
    source = _evolved_from(_evolving_training(first, SOURCE_EPOCHS, seed)).needed[1]
    start = _with_new_outputs(source, training.start(training.rng).parameters)
    hidden = perceptron(first, HIDDEN, seed).needed[1]
    fresh = Perceptron([data.rows[0].shape[1], HIDDEN, 5]).initial(np.random.default_rng(seed))
    moved = VValue({"layer-1": hidden["layer-1"], "layer-2": fresh["layer-2"]})
    found = {
        "evolving layer": (_evolved_from(training), _evolved_from(training, start)),
        "perceptron": tuple(
            perceptron(second, HIDDEN, seed, start, PERCEPTRON_STEPS) for start in (None, moved)
        ),
    }
    return {name: [each.right(second, 2) for each in pair] for name, pair in found.items()}


def _with_new_outputs(source: VValue, initial: VValue) -> VValue:
    """The operations of one network; linear outputs of another, which do not read them yet."""
    new = dict(initial.items())
    values = [new.get(path, 0.0) if path[1] == OUTPUT else value for path, value in source.items()]
    return from_buffer(source.support, np.array(values))


# -------------------- the report --------------------


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=seeds_of, default=range(5), metavar="A:B")
    seeds = parser.parse_args().seeds
    # Some pixels are white in all of the few rows of a transfer.
    warnings.filterwarnings("ignore", message="input columns without variance.*")
    warnings.filterwarnings("ignore", message=".* samples determine fewer than the .*")
    parts = [
        "# Evolving layers on real data",
        f"`python -m benchmarks.evolving_classification --seeds {seeds.start}:{seeds.stop}`; "
        f"{machine_line()} of {len(seeds)} seeds.",
        f"Of every method the smallest size that is right on the validation part as often as the "
        f"best evolving network, less {SLACK:g} point; where none is, its best. Kilobytes: all "
        "that a prediction needs, pickled and packed. Numbers: of a network; or trees. "
        "Microseconds a row: all test rows together; one alone.",
    ]
    header = ["", "size", "validation, %", "test, %", "numbers", "kB", "training, s",
              "us a row", "us, one alone"]  # fmt: skip
    for name, (n_train, n_choose) in PARTS.items():
        middle = _medians([beside(name, seed) for seed in seeds])
        rows = [
            [method, f"{row[0]:.0f} {METHODS[method][2]}", *(f"{x:.1f}" for x in row[1:3]),
             f"{row[3]:,.0f}", *(f"{x:.3g}" for x in row[4:])]
            for method, row in middle.items()
        ]  # fmt: skip
        parts += [
            f"## {name.capitalize()}: {n_train:,} rows to train on, {n_choose} to choose by",
            markdown_table(header, rows),
        ]
    rows = []
    for n_rows in ROWS:
        middle = _medians([transferred(n_rows, seed) for seed in seeds])
        rows.append([n_rows or "all", *(f"{x:.1f}" for pair in middle.values() for x in pair)])
    parts += [
        "## Transfer: from the digits 0 to 4 to the digits 5 to 9",
        f"Percent of the test rows. An evolving network of {SOURCE_EPOCHS * ADDED} operations, "
        f"trained and evolved for {EPOCHS} epochs more; a perceptron of {HIDDEN} hidden units, "
        f"trained for {PERCEPTRON_STEPS} steps more; outputs begin anew in both.",
        markdown_table(
            ["rows to train on", "evolving, from scratch", "transferred",
             "perceptron, from scratch", "transferred"], rows,
        ),
    ]  # fmt: skip
    write_result("evolving_classification", "\n\n".join(parts))


if __name__ == "__main__":
    main()
