"""Tasks where only a machine that changes itself can be right: every string asks something new.

Time goes in periods of five ticks. At the beginning of a period a machine is shown numbers ``x-1``,
``x-2``, ... and holds them before its eyes to the end; two ticks later it is asked for ``y-1``,
...; from then on the right answer is shown too (unless it is a question only). The streams
``clock-0`` to ``clock-4`` say the phase. So there is time for one rule: to predict, compare, and
change one's mind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from dmm import Streams
from dmm.machine import plastic_space

from .base import StreamTask

__all__ = [
    "ASKED",
    "PERIOD",
    "Lesson",
    "associations",
    "learning_task",
    "linear_maps",
    "unknown_codes",
]

PERIOD = 5
"""Ticks of a period."""

ASKED = 2
"""Phase at which an answer is read, and first shown."""


class Lesson(NamedTuple):
    """What is shown and asked in a batch of strings.

    Attributes
    ----------
    x : array (periods, strings, inputs)
    y : array (periods, strings, targets)
        The right answers.
    is_shown : array of bool (periods, strings)
        Whether the answer is shown after it was asked.
    is_asked : array of bool (periods, strings)
        Whether the prediction counts.
    """

    x: np.ndarray
    y: np.ndarray
    is_shown: np.ndarray
    is_asked: np.ndarray


# -------------------- lessons --------------------


def linear_maps(
    rng: np.random.Generator,
    *,
    strings: int,
    periods: int = 30,
    inputs: int = 3,
    jumps: int = 0,
    noise: float = 0.0,
) -> Lesson:
    """Numbers and an unknown linear function of them, another one in every string.

    Parameters
    ----------
    rng : numpy.random.Generator
    strings, periods, inputs : int
    jumps : int
        How often the function is replaced by another one, at random periods.
    noise : float
        Standard deviation of what is added to the answers (theirs is ``sqrt(inputs)``).
    """
    x = rng.standard_normal((periods, strings, inputs))
    maps = rng.standard_normal((jumps + 1, strings, inputs))
    since = np.sort(rng.integers(1, periods, (jumps, strings)), axis=0)
    current = (np.arange(periods)[:, None, None] >= since).sum(axis=1)
    weights = maps[current, np.arange(strings)]
    y = (x * weights).sum(-1, keepdims=True)
    y = y + noise * rng.standard_normal(y.shape)
    always = np.ones((periods, strings), dtype=bool)
    return Lesson(x, y, always, always)


def associations(
    rng: np.random.Generator,
    *,
    strings: int,
    pairs: int = 4,
    inputs: int = 4,
    are_orthonormal: bool = True,
    targets: int = 1,
) -> Lesson:
    """Keys and values shown once, then every key once more, in another order, without its value.

    Parameters
    ----------
    rng : numpy.random.Generator
    strings, pairs, inputs, targets : int
    are_orthonormal : bool
        Keys at right angles to each other; otherwise random directions. All have length 1.
    """
    keys = rng.standard_normal((strings, inputs, pairs))
    if are_orthonormal:
        keys = np.linalg.qr(keys)[0]
    keys = keys / np.linalg.norm(keys, axis=1, keepdims=True)
    x = np.moveaxis(keys, 2, 0)
    y = rng.standard_normal((pairs, strings, targets))
    order = rng.permuted(np.tile(np.arange(pairs)[:, None], (1, strings)), axis=0)
    column = np.arange(strings)
    x, y = np.concatenate([x, x[order, column]]), np.concatenate([y, y[order, column]])
    is_shown = np.repeat([[True], [False]], pairs, axis=0) & np.ones(strings, dtype=bool)
    return Lesson(x, y, is_shown, ~is_shown)


def unknown_codes(
    rng: np.random.Generator, *, strings: int, periods: int = 16, letters: int = 4
) -> Lesson:
    """Letters in a code that is new in every string: each stands for -1 or 1, found out by seeing.

    A letter's meaning is asked from its second appearance on.
    """
    code = rng.choice([-1.0, 1.0], (strings, letters))
    text = rng.integers(letters, size=(periods, strings))
    x = np.eye(letters)[text]
    y = code[np.arange(strings), text][:, :, None]
    seen = np.cumsum(x, axis=0) - x
    is_asked = np.take_along_axis(seen, text[:, :, None], axis=2)[..., 0] > 0
    return Lesson(x, y, np.ones_like(is_asked), is_asked)


# -------------------- lessons as tasks --------------------


@dataclass(frozen=True)
class _Answers:
    """The specification of a task: lessons by the streams that were made of them."""

    known: dict[int, tuple[Streams, np.ndarray]]

    def streams(self, lesson: Lesson) -> Streams:
        streams, targets = _as_streams(lesson)
        self.known[id(streams)] = streams, targets
        return streams

    def __call__(self, streams: Streams) -> np.ndarray:
        return self.known[id(streams)][1]


def learning_task(
    name: str,
    summary: str,
    lesson: Callable[..., Lesson],
    *,
    strings: int = 64,
    held_out: int = 256,
    rules: int = 2,
    leaks: int = 1,
    is_normalised: bool = False,
    scale: float = 0.3,
) -> StreamTask:
    """A task of lessons, with machines that change themselves as its search space.

    Parameters
    ----------
    name, summary : str
    lesson : callable (rng, strings=) -> Lesson
    strings, held_out : int
        Strings to train on, and strings that no decision is made on.
    rules, leaks, is_normalised, scale : see `dmm.machine.plastic_space`
    """
    answers = _Answers({})
    shape = lesson(np.random.default_rng(0), strings=1)
    inputs, targets = shape.x.shape[-1], shape.y.shape[-1]
    sources = [(f"x-{i}", "stream") for i in range(1, inputs + 1)]
    return StreamTask(
        name=name,
        summary=summary,
        draw=lambda rng: answers.streams(lesson(rng, strings=strings)),
        specification=answers,
        held_out_streams=lambda: (
            answers.streams(lesson(np.random.default_rng(len(name)), strings=held_out)),
        ),
        space=partial(
            plastic_space,
            inputs=inputs,
            targets=targets,
            clocks=PERIOD,
            rules=rules,
            leaks=leaks,
            is_normalised=is_normalised,
            scale=scale,
        ),
        observed=tuple(("p", f"number-{i}") for i in range(1, targets + 1)),
        sources=sources,
    )


def _as_streams(lesson: Lesson) -> tuple[Streams, np.ndarray]:
    """Streams of a lesson, and what is asked of the observed ports (NaN: nothing)."""
    periods, strings, inputs = lesson.x.shape
    phase = np.arange(periods * PERIOD) % PERIOD
    x, y, shown, asked = (np.repeat(part, PERIOD, axis=0) for part in lesson)
    is_visible = shown & (phase >= ASKED)[:, None]
    arrays = {f"x-{i + 1}": x[..., i, None] for i in range(inputs)}
    for i in range(y.shape[-1]):
        arrays[f"y-{i + 1}"] = np.where(is_visible, y[..., i], 0.0)[..., None]
    for tick in range(PERIOD):
        one = (phase == tick).astype(float)
        arrays[f"clock-{tick}"] = np.tile(one[:, None, None], (1, strings, 1))
    is_counted = asked & (phase == ASKED)[:, None]
    targets = np.where(is_counted[..., None], y, np.nan)
    return Streams((((),),) * strings, arrays, len(phase)), np.moveaxis(targets, 2, 0)
