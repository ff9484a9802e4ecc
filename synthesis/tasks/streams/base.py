"""Stream tasks: strings in, numbers out at every tick, and a machine to be found between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import autograd.numpy as anp
import numpy as np

from dmm import (
    Machine,
    Streams,
    compile_machine,
    layered_space,
    recurrent_space,
    superfluid_space,
)
from dmm.machine import SOURCES
from vvalues import VValue

from ...optimize.objective import MachineObjective
from ...process.models import OUTPUT, MachineModel, Model
from .from_streams import DELAY, to_streams, to_targets, with_constants, with_delay

__all__ = [
    "SPACE",
    "SPACES",
    "Example",
    "StreamTask",
    "named_space",
    "targets_of_machine",
    "task_from_streams",
]

SPACE = "layered-4x2"


@dataclass(frozen=True)
class Example:
    """Streams with the targets that belong to them.

    Attributes
    ----------
    inputs : Streams
    targets : array of shape (observed, ticks, strings)

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> streams = text_streams(["aa.", "ab."], 30)
    >>> example = Example(streams, targets_of_machine(duplicate_detector())(streams))
    >>> example.targets[0, -1]  # a letter twice, none
    array([1., 0.])
    """

    inputs: Streams
    targets: np.ndarray

    def batches(
        self, rng: np.random.Generator, size: int = 2
    ) -> tuple[tuple[Streams, np.ndarray], ...]:
        """The strings in random small batches, each string in one of them."""
        order = rng.permutation(len(self.inputs))
        parts = [order[i : i + size] for i in range(0, len(order), size)]
        return tuple((self.inputs.select(part), self.targets[..., part]) for part in parts)


@dataclass(frozen=True)
class StreamTask:
    """A task on streams, for machines.

    Attributes
    ----------
    name, summary : str
    draw : rng -> Streams
        Random strings that determine the task.
    specification : Streams -> array of shape (observed, ticks, strings)
        What is asked at every tick.
    held_out_streams : () -> sequence of Streams
        Strings that no decision is made on.
    space : rng -> Machine
        Search space with random initial weights.
    observed : input ports whose ``:number`` is compared with the targets
    sources : output ports that a search space may start from
    draw_pool : rng -> Streams, optional
        Strings for recurrent machines; eight batches of ``draw`` when omitted.

    Examples
    --------
    >>> from synthesis import get_task
    >>> task = get_task("modulo-3")
    >>> batch = task.batch(np.random.default_rng(0))
    >>> task.name, len(task.held_out)
    ('modulo-3', 2)
    """

    name: str
    summary: str
    draw: Callable[[np.random.Generator], Streams]
    specification: Callable[[Streams], np.ndarray]
    held_out_streams: Callable[[], Sequence[Streams]]
    space: Callable[[np.random.Generator], Machine]
    observed: Sequence[tuple[str, str]] = field(default=OUTPUT)
    sources: Sequence[tuple[str, str]] = field(default=SOURCES)
    draw_pool: Callable[[np.random.Generator], Streams] | None = None

    def pool(self, rng: np.random.Generator) -> Example:
        """Many strings, for training on small batches (recurrent machines need them)."""
        if self.draw_pool is not None:
            return self.example(self.draw_pool(rng))
        return concatenated(self.batch(rng) for _ in range(8))

    @staticmethod
    def from_streams(inputs: Any, targets: Any, **options: Any) -> StreamTask:
        """A task from a user's own data; see `task_from_streams`."""
        return task_from_streams(inputs, targets, **options)

    def with_space(self, name: str) -> StreamTask:
        """The same task in another search space (see `named_space`).

        Its name is ``TASK@SPACE``, which `synthesis.tasks.get_task` understands.
        """
        stem = self.name.partition("@")[0]
        return replace(self, name=f"{stem}@{name}", space=named_space(name, self.sources))

    def example(self, streams: Streams) -> Example:
        """Streams with their targets."""
        return Example(streams, self.specification(streams))

    def batch(self, rng: np.random.Generator) -> tuple[Streams, np.ndarray]:
        """Random training strings and their targets."""
        streams = self.draw(rng)
        return streams, self.specification(streams)

    def loss(self, predictions: Any, targets: np.ndarray) -> float:
        """Squared error summed over outputs and ticks (not where a target is NaN), mean over
        strings."""
        return anp.sum(self.residuals(predictions, targets) ** 2)

    def residuals(self, predictions: Any, targets: np.ndarray) -> Any:
        """Differences whose squares add up to the loss, in the shape of the predictions."""
        is_asked = ~np.isnan(targets)
        return (predictions - np.nan_to_num(targets)) * is_asked / np.sqrt(targets.shape[-1])

    @cached_property
    def held_out(self) -> tuple[Example, ...]:
        """Held-out strings with their targets."""
        return tuple(self.example(streams) for streams in self.held_out_streams())

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """Figures on held-out strings.

        Returns
        -------
        dict
            ``held_out_loss`` (squared error summed over everything), ``held_out_max_element``
            (largest squared error of one output at one tick), ``held_out_per_element`` (mean).
        """
        with np.errstate(all="ignore"):
            errors = [
                (model(parameters, example.inputs) - example.targets)[~np.isnan(example.targets)]
                for example in self.held_out
            ]
            asked = np.concatenate(errors) ** 2
        return {
            "held_out_loss": float(np.sum(asked)),
            "held_out_max_element": float(np.max(asked, initial=0.0)),
            "held_out_per_element": float(np.mean(asked)) if asked.size else 0.0,
        }

    def model(self, rng: np.random.Generator) -> MachineModel:
        """The search space as a model, with its random initial weights."""
        return MachineModel(self.space(rng), observed=self.observed)

    def objective(self, model: MachineModel, rng: np.random.Generator) -> MachineObjective:
        """Squared error on one random batch."""
        return MachineObjective(model, *self.batch(rng))


def task_from_streams(
    inputs: Any,
    targets: Any,
    *,
    delay: int = DELAY,
    held_out: float = 0.2,
    constants: Mapping[str, VValue | Mapping[str, float]] | None = None,
    space: str = SPACE,
    name: str = "user",
) -> StreamTask:
    """A task from a user's own data.

    Parameters
    ----------
    inputs : see `to_streams`
    targets : array of shape (strings, ticks) or (strings, ticks, outputs)
        Numbers asked for at every tick; NaN where nothing is asked.
    delay : int
        Ticks a machine may take to answer: every link costs one. The answer to tick ``t`` is read
        at tick ``t + delay``.
    held_out : float
        Share of the strings (the last ones) that nothing is decided on.
    constants : mapping of name to V-value, optional
        Streams that are the same at every tick, as further sources.
    space : str
        Search space, see `named_space`.
    name : str

    Raises
    ------
    ValueError
        If shapes do not fit, or no string is left for training or holding out.

    Examples
    --------
    >>> x = np.arange(12.0).reshape(2, 6)
    >>> task = task_from_streams({"x": x}, x.cumsum(axis=1), delay=4, held_out=0.5)
    >>> [(len(e.inputs), e.targets.shape) for e in task.held_out]
    [(1, (1, 10, 1))]
    """
    if delay < 1:
        raise ValueError(f"delay is {delay}; even a direct link takes 1 tick")
    streams = to_streams(inputs)
    asked = to_targets(targets, streams, delay)
    late = with_constants(with_delay(streams, delay), constants or {})
    n_train = len(late) - round(held_out * len(late))
    if not 0 < n_train <= len(late):
        raise ValueError(
            f"held_out is {held_out} of {len(late)} strings; no string is left to train on"
        )
    train = Example(late.select(range(n_train)), asked[..., :n_train])
    kept = range(n_train, len(late)) if n_train < len(late) else range(len(late))
    rest = Example(late.select(kept), asked[..., list(kept)])
    known = {id(example.inputs): example.targets for example in (train, rest)}
    sources: list[tuple[str, str]] = [(source, "stream") for source in late.arrays]
    sources.append(("const_1", "const_1"))
    return StreamTask(
        name=name,
        summary="a user's own streams",
        draw=lambda rng: train.inputs,
        specification=lambda given: known[id(given)],
        held_out_streams=lambda: (rest.inputs,),
        space=named_space(space, sources),
        observed=OUTPUT[: asked.shape[0]],
        sources=sources,
        draw_pool=lambda rng: train.inputs,
    )


def targets_of_machine(
    machine: Machine, observed: Sequence[tuple[str, str]] = OUTPUT
) -> Callable[[Streams], np.ndarray]:
    """The specification "do what this machine does".

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> targets_of_machine(duplicate_detector())(text_streams("aa.", 30)).shape
    (2, 30, 1)
    """
    program = compile_machine(machine, observed)
    return lambda streams: program(machine.trainable, streams)


def concatenated(batches: Iterable[tuple[Streams, np.ndarray]]) -> Example:
    """Batches of streams of equal length, and of their targets, as one."""
    parts, targets = zip(*batches, strict=True)
    width = max(streams.columns for streams in parts)

    def padded(array: np.ndarray) -> np.ndarray:
        return np.pad(array, ((0, 0), (0, 0), (0, width - array.shape[2])))

    arrays = {
        name: np.concatenate([padded(streams.arrays[name]) for streams in parts], axis=1)
        for name in parts[0].arrays
    }
    keys = tuple(key for streams in parts for key in streams.keys)
    labels = tuple(label for streams in parts for label in streams.labels)
    whole = Streams(keys, arrays, parts[0].ticks, labels)
    return Example(whole, np.concatenate(targets, axis=-1))


# -------------------- search spaces by name --------------------


SPACES = ("layered-LxC", "compare-free", "recurrent-C", "superfluid-N", "leaning-N")
"""Patterns of names: L layers, C neurons of each type (per layer), N superfluid neurons."""

Port = tuple[str, str]
_PATTERN = re.compile(r"(layered)-(\d+)x(\d+)|(recurrent|superfluid|leaning)-(\d+)|(compare-free)")


def named_space(name: str, sources: Sequence[Port]) -> Callable[[np.random.Generator], Machine]:
    """A search space with random initial weights, by name.

    Parameters
    ----------
    name : str
        ``layered-5x2`` (the published one), ``compare-free`` (six layers without comparisons),
        ``recurrent-1`` (everything linked to everything), ``superfluid-6`` (neurons that are
        mixtures), ``leaning-4`` (the same, each of one type at first), with other numbers as you
        like.
    sources : sequence of (neuron, field)

    Raises
    ------
    ValueError
        If there is no such space.

    Examples
    --------
    >>> space = named_space("layered-4x2", [("input", "char")])
    >>> len(space(np.random.default_rng(0)).trainable)
    850
    """
    match = _PATTERN.fullmatch(name)
    if match is None:
        raise ValueError(f"unknown space {name!r}; known spaces: {', '.join(SPACES)}")
    layered, layers, copies, kind, count, _ = match.groups()
    if layered:
        return lambda rng: layered_space(
            rng, layers=int(layers), copies=int(copies), sources=sources
        )
    if kind == "recurrent":
        return lambda rng: recurrent_space(rng, int(count), sources=sources)
    if kind in ("superfluid", "leaning"):
        leaning = float(kind == "leaning")
        return lambda rng: superfluid_space(rng, int(count), sources=sources, leaning=leaning)
    types = ("accum", "norm", "dot")
    return lambda rng: layered_space(rng, layers=6, copies=2, types=types, sources=sources)
