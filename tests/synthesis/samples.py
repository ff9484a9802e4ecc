"""Strings of samples for tests, and what circuits answer to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dmm.machine import Circuit
from synthesis.fit.data import read_streams
from synthesis.problems import Strings
from synthesis.starts.composition.forms import (
    Case,
    Extreme,
    Form,
    Kinked,
    Plus,
    Staircase,
    Sum,
    Threshold,
)
from synthesis.starts.signals import Builder, Signal
from synthesis.verdicts import Candidate, answers_of

__all__ = [
    "arrays_of",
    "builder_for",
    "candidate_of",
    "random_samples",
    "said",
    "sources_of",
    "strings_of",
    "value_of",
]


def strings_of(streams: Mapping[str, Any], *answers: Any) -> Strings:
    """Strings of streams by name, with answers (strings, samples) per output; 0 where none."""
    given = read_streams(streams)
    shape = (len(given.lengths), given.streams.ticks)
    rows = [np.full(shape, np.nan) for _ in answers] or [np.zeros(shape)]
    for row, asked in zip(rows, answers, strict=False):
        for string, numbers in enumerate(asked):
            row[string, : len(numbers)] = numbers
    return Strings(given.streams, np.stack(rows).transpose(0, 2, 1), given.lengths)


def random_samples(rng: np.random.Generator, kind: str, strings: int = 3, samples: int = 9) -> Any:
    """Random samples as users give them: a "number", a "flag", a "whole" number or "keyed"."""
    shape = strings, samples
    if kind == "flag":
        return rng.integers(0, 2, shape).astype(float)
    if kind == "whole":
        return rng.integers(-2, 9, shape).astype(float)
    if kind == "keyed":
        letters, sizes = rng.choice(list("abc"), shape), rng.integers(-2, 3, shape) / 2.0
        return [
            [{letter: size} for letter, size in zip(*row, strict=True)]
            for row in zip(letters, sizes, strict=True)
        ]
    return rng.integers(-6, 7, shape) / 4.0


def arrays_of(strings: Strings) -> list[np.ndarray]:
    """Streams as operations see them: (strings, samples), with keys as a third axis for trees."""
    return [
        strings.trees(source) if array[..., 1:].any() else strings.numbers(source)
        for source, array in strings.inputs.arrays.items()
    ]


def sources_of(strings: Strings) -> dict[str, Signal]:
    """The streams as signals, by the names of their neurons."""
    return {source: Signal.of(source, "stream") for source in strings.inputs.arrays}


def builder_for(strings: Strings) -> Builder:
    """A builder with the strings' streams and a constant."""
    return Builder({**dict.fromkeys(strings.inputs.arrays, "stream"), "const_1": "const_1"})


def candidate_of(circuit: Circuit, ticks: int | None = None) -> Candidate:
    """The machine of a circuit."""
    return Candidate(*circuit.lowered(ticks))


def said(circuit: Circuit, strings: Strings, ticks: int | None = None) -> np.ndarray:
    """What a circuit answers, (outputs, strings, samples)."""
    answers = answers_of(candidate_of(circuit, ticks), strings, len(strings.answers))
    return np.asarray(answers.transpose(0, 2, 1))


def value_of(form: Form, rows: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """What a form makes of rows, written down from its definition."""
    if isinstance(form, Case):
        return np.where(rows[form.flag] > 0.5, value_of(form.one, rows), value_of(form.other, rows))
    if isinstance(form, Staircase):
        steps = zip(form.steps, form.heights, strict=True)
        return form.constant + sum(height * value_of(step, rows) for step, height in steps)
    if isinstance(form, Plus):
        return rows[form.row] + value_of(form.form, rows)
    if isinstance(form, Extreme):
        one, other = rows[form.rows[0]], form.weight * rows[form.rows[1]] + form.constant
        return np.maximum(one, other) if form.is_larger else np.minimum(one, other)
    assert isinstance(form, (Sum, Kinked, Threshold))
    total = np.zeros(np.shape(rows[0]))
    for row, weight in zip(form.rows, form.weights, strict=True):
        total = total + weight * rows[row]
    if isinstance(form, Threshold):
        return (total > form.bound).astype(float)
    if isinstance(form, Sum):
        return total + form.constant
    for centre in form.folds:
        total = np.abs(total - centre)
    kinks = (change * np.maximum(0.0, total - place) for place, change in form.kinks)
    steps = (change * (total > place) for place, change in form.steps)
    return form.slope * total + form.constant + sum(kinks) + sum(steps)
