"""Binding a plan to streams: the part of the state that no trainable weight can change."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vvalues import Path, VValue

from .engine import run
from .machine import Machine
from .neurons import NeuronType
from .plan import Group, Plan
from .streams import Streams

__all__ = ["bind_sources", "stream_index"]


def bind_sources(plan: Plan, streams: Streams) -> tuple[np.ndarray, np.ndarray, list[dict]]:
    """Outputs of all sources at all ticks.

    Returns
    -------
    numbers : array of shape (source slots, ticks + 1, strings)
        The entry at time 0 is the empty state before the first tick.
    keys : array of shape (keyed source slots, ticks + 1, strings, keys)
    columns : for every string, the key column of each path
    """
    columns = [{path: c - 1 for c, path in enumerate(paths) if path} for paths in streams.keys]
    constants = {
        group.kind.name: group.kind.constant() for group in plan.sources if not group.kind.is_source
    }
    for constant in constants.values():
        for path in constant.support.paths:
            for column in columns:
                if path[1:]:
                    column.setdefault(path[1:], len(column))
    width = max(map(len, columns), default=0)
    n_slots = sum(segment.count for group in plan.sources for segment in group.slots)
    n_keyed = sum(
        segment.count
        for group in plan.sources
        for segment in group.slots
        if segment.key_start is not None
    )
    shape = (streams.ticks + 1, len(streams))
    numbers = np.zeros((n_slots, *shape))
    keys = np.zeros((n_keyed, *shape, width))
    for group in plan.sources:
        for i, neuron in enumerate(group.neurons):
            if group.kind.is_source:
                _fill_stream(plan.machine, streams, neuron, i, group, numbers, keys)
            else:
                _fill_constant(constants[group.kind.name], i, group, columns, numbers, keys)
    return numbers, keys, columns


def _fill_constant(
    constant: VValue,
    i: int,
    group: Group,
    columns: list[dict[Path, int]],
    numbers: np.ndarray,
    keys: np.ndarray,
) -> None:
    for written, segment in zip(group.kind.writes, group.slots, strict=True):
        for path, leaf in constant.subtree(written.name).items():
            if not path:
                numbers[segment.start + i, 1:] = leaf
            elif segment.key_start is not None:
                for b, column in enumerate(columns):
                    keys[segment.key_start + i, 1:, b, column[path]] = leaf


def _fill_stream(
    machine: Machine,
    streams: Streams,
    neuron: str,
    i: int,
    group: Group,
    numbers: np.ndarray,
    keys: np.ndarray,
) -> None:
    array = streams.arrays.get(neuron)
    if array is None:
        return
    index = stream_index(machine, neuron, streams.ticks)
    emitted = np.flatnonzero(index >= 0)
    (segment,) = group.slots  # a stream reader writes one field
    numbers[segment.start + i, 1 + emitted] = array[index[emitted], :, 0]
    if segment.key_start is not None:
        width = array.shape[2] - 1
        keys[segment.key_start + i, 1 + emitted, :, :width] = array[index[emitted], :, 1:]


def stream_index(machine: Machine, neuron: str, ticks: int) -> np.ndarray:
    """Which entry of its external stream a source emits at each tick (-1: none).

    Found by running the neurons upstream of it on the reference engine, with a stream whose entry
    ``i`` is the number ``i + 1``.

    Raises
    ------
    ValueError
        If trainable links reach the source: its timing would then depend on the weights.
    """
    kind = machine.type_of(neuron)
    if not kind.reads:
        return np.arange(ticks)
    upstream = _ancestors(machine, neuron)
    for path in machine.trainable.support.paths:
        if path[0] in upstream and _is_wired(machine, path):
            raise ValueError(
                f"the stream reader {neuron!r} depends on the trainable link {'/'.join(path)}; "
                "only the reference engine can run that"
            )
    from vvalues.tree import from_leaves

    fixed = {path: w for path, w in machine.fixed.items() if path[0] in upstream}
    clockwork = Machine({name: machine.neurons[name] for name in upstream}, from_leaves(fixed))
    code = np.arange(1.0, ticks + 1)[:, None, None]
    coded = Streams((((),),), {neuron: code}, ticks)
    field = kind.writes[0].name
    emissions = [outputs.get((neuron, field)) for outputs in run(clockwork, coded).outputs]
    return np.array([int(e) - 1 if isinstance(e, float) else -1 for e in emissions])


def _is_wired(machine: Machine, path: tuple[str, ...]) -> bool:
    receiver: NeuronType = machine.type_of(path[0])
    return receiver.read_field(path[1]) is not None


def _ancestors(machine: Machine, neuron: str) -> Mapping[str, None]:
    senders: dict[str, set[str]] = {}
    for path in (*machine.fixed.support.paths, *machine.trainable.support.paths):
        if _is_wired(machine, path):
            senders.setdefault(path[0], set()).add(path[2])
    found: dict[str, None] = {}
    frontier = [neuron]
    while frontier:
        name = frontier.pop()
        if name not in found:
            found[name] = None
            frontier.extend(senders.get(name, ()))
    return found
