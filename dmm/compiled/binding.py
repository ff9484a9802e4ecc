"""Binding a plan to streams: the part of the state that no trainable weight can change."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from vvalues import Path, VValue, format_path
from vvalues.core.tree import from_leaves

from ..machine.machine import Machine, initial_outputs
from ..machine.streams import Shape, Streams, column_spans
from ..machine.wiring import links_into
from ..neurons import StreamReader
from ..reference.engine import run
from .evaluation import Evaluation
from .lowering import Lowered, clockwork, lower
from .plan import Group, Plan, Port, make_plan

__all__ = ["Columns", "bind_initial", "bind_sources", "stream_index"]


class Columns:
    """Which key columns hold which path, for one string.

    Starts from the columns of the streams; constants of the machine append theirs.
    """

    def __init__(self, keys: tuple[Path, ...], shapes: Mapping[Path, Shape]) -> None:
        self.paths = list(keys[1:])
        self.spans = column_spans(keys, shapes)

    def place(self, path: Path, shape: Shape) -> slice:
        """Columns of a path, appended where it has none yet.

        Raises
        ------
        ValueError
            If the path has columns for another shape.
        """
        known = self.spans.get(path)
        if known is None:
            first = len(self.paths)
            self.paths += [path] * prod(shape)
            known = self.spans[path] = slice(first, len(self.paths)), shape or None
        if (known[1] or ()) != shape:
            raise ValueError(
                f"the leaf at {format_path(path)} has the shape {shape} in the machine and "
                f"{known[1] or ()} in the streams; a path keeps one shape"
            )
        return known[0]


def bind_sources(
    plan: Plan, streams: Streams, indices: dict[tuple[str, int], np.ndarray] | None = None
) -> tuple[np.ndarray, np.ndarray, list[Columns]]:
    """Outputs of all sources at all ticks.

    Parameters
    ----------
    plan : Plan
    streams : Streams
    indices : dict, optional
        Remembers `stream_index` by (neuron, ticks) from one call to the next.

    Returns
    -------
    numbers : array of shape (source slots, ticks + 1, strings)
        The entry at time 0 is what is emitted before the first tick.
    keys : array of shape (keyed source slots, ticks + 1, strings, keys)
    columns : for every string, the key columns of each path
    """
    indices = {} if indices is None else indices
    columns = [Columns(keys, streams.shapes) for keys in streams.keys]
    constants = {
        group.neuron_type.name: group.neuron_type.constant()
        for group in plan.sources
        if not group.neuron_type.is_source
    }
    initial = initial_outputs(plan.machine)
    for tree, depth in (*((tree, 1) for tree in constants.values()), (initial, 2)):
        for i, path in enumerate(tree.support.paths):
            if path[depth:] or tree.support.shape(i):
                for column in columns:
                    column.place(path[depth:], tree.support.shape(i))
    # A selection of strings keeps the width of the batch it comes from: equal shapes from one
    # minibatch to the next let the workspace keep its arrays.
    width = max(
        *(len(column.paths) for column in columns),
        *(array.shape[2] - 1 for array in streams.arrays.values()),
        0,
        0,
    )
    segments = [segment for group in plan.sources for segment in group.slots]
    shape = (streams.ticks + 1, len(streams))
    numbers = np.zeros((sum(s.count for s in segments), *shape))
    keys = np.zeros((sum(s.count for s in segments if s.key_span), *shape, width))
    for group in plan.sources:
        for i, neuron in enumerate(group.neurons):
            if group.neuron_type.is_source:
                _fill_stream(plan.machine, streams, neuron, i, group, (numbers, keys), indices)
            else:
                _fill_constant(constants[group.neuron_type.name], i, group, columns, numbers, keys)
    start_numbers, start_keys = bind_initial(plan, columns, width)
    numbers[:, 0] = start_numbers[: len(numbers)]
    keys[:, 0] = start_keys[: len(keys)]
    return numbers, keys, columns


def bind_initial(plan: Plan, columns: list[Columns], width: int) -> tuple[np.ndarray, np.ndarray]:
    """What all slots emit before the first tick.

    Parameters
    ----------
    plan : Plan
    columns : as from `bind_sources`
    width : int
        Number of key columns.

    Returns
    -------
    numbers : array of shape (slots, strings)
    keys : array of shape (keyed slots, strings, keys)
    """
    initial = initial_outputs(plan.machine)
    numbers = np.zeros((plan.n_slots, len(columns)))
    keys = np.zeros((plan.n_key_slots, len(columns), width))
    for i, (path, leaf) in enumerate(initial.items()):
        port, shape = (path[0], path[1]), initial.support.shape(i)
        if port not in plan.slot_of:
            continue
        if not path[2:] and not shape:
            numbers[plan.slot_of[port]] = leaf
        elif port in plan.key_slot_of:
            for b, column in enumerate(columns):
                keys[plan.key_slot_of[port], b, column.place(path[2:], shape)] = np.ravel(leaf)
    return numbers, keys


def _fill_constant(
    constant: VValue,
    i: int,
    group: Group,
    columns: list[Columns],
    numbers: np.ndarray,
    keys: np.ndarray,
) -> None:
    for written, segment in zip(group.neuron_type.writes, group.slots, strict=True):
        stream = constant.subtree(written.name)
        for leaf_number, (path, leaf) in enumerate(stream.items()):
            shape = stream.support.shape(leaf_number)
            if not path and not shape:
                numbers[segment.start + i, 1:] = leaf
            elif segment.key_start is not None:
                for b, column in enumerate(columns):
                    place = column.place(path, shape)
                    keys[segment.key_start + i, 1:, b, place] = np.ravel(leaf)


def _fill_stream(
    machine: Machine,
    streams: Streams,
    neuron: str,
    i: int,
    group: Group,
    out: tuple[np.ndarray, np.ndarray],
    indices: dict[tuple[str, int], np.ndarray],
) -> None:
    array = streams.arrays.get(neuron)
    if array is None:
        return
    key = neuron, streams.ticks
    if key not in indices:
        indices[key] = stream_index(machine, neuron, streams.ticks)
    index = indices[key]
    emitted = np.flatnonzero(index >= 0)
    numbers, keys = out
    (segment,) = group.slots  # a stream reader writes one field
    numbers[segment.start + i, 1 + emitted] = array[index[emitted], :, 0]
    if segment.key_start is not None:
        width = array.shape[2] - 1
        keys[segment.key_start + i, 1 + emitted, :, :width] = array[index[emitted], :, 1:]


def stream_index(machine: Machine, neuron: str, ticks: int) -> np.ndarray:
    """Which entry of its external stream a source emits at each tick (-1: none).

    Found by running what drives it, which only fixed links do: on the compiled engine where all of
    it has kernels, otherwise on the reference engine with a stream whose entry ``i`` is the number
    ``i + 1``.
    """
    neuron_type = machine.type_of(neuron)
    if not neuron_type.reads:
        return np.arange(ticks)
    driving = clockwork(machine, neuron)
    fixed = {path: machine.fixed[path] for name in driving for path in links_into(machine, name)}
    initial = {path: leaf for path, leaf in machine.initial.items() if path[0] in driving}
    alone = Machine(
        {name: machine.neurons[name] for name in driving},
        from_leaves(fixed),
        initial=from_leaves(initial),
    )
    lowered = lower(alone)
    if isinstance(neuron_type.kernel, StreamReader) and isinstance(lowered, Lowered):
        numbers = _clock(lowered, (neuron, neuron_type.reads[0].name), ticks)
        return neuron_type.kernel.entries(numbers, ticks)
    code = np.arange(1.0, ticks + 1)[:, None, None]
    coded = Streams((((),),), {neuron: code}, ticks)
    field = neuron_type.writes[0].name
    emissions = [outputs.get((neuron, field)) for outputs in run(alone, coded).outputs]
    return np.array([int(e) - 1 if isinstance(e, float) else -1 for e in emissions])


def _clock(clockwork: Lowered, port: Port, ticks: int) -> np.ndarray:
    """The number that a stream reader sees at every tick, by the compiled engine."""
    plan = make_plan(clockwork, [port])
    numbers, keys, columns = bind_sources(plan, Streams((((),),), {}, ticks))
    start = bind_initial(plan, columns, keys.shape[-1])
    return Evaluation(plan, (numbers, keys)).forward(plan.base[None], start)[0][0, 0, :, 0]
