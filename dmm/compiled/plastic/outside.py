"""What reaches a machine from outside, on the columns of one run: streams, constants, the start."""

from __future__ import annotations

import numpy as np

from ...machine.machine import initial_outputs
from ...machine.streams import Streams
from ...neurons import StreamReader
from ..plan import Port
from .following import elements_of
from .places import Arrangement

__all__ = ["Outside"]


class Outside:
    """What all slots are given without any weight."""

    def __init__(self, arrangement: Arrangement, streams: Streams) -> None:
        self.arrangement = arrangement
        self.ticks, self.strings = streams.ticks, len(streams)
        self._constant: list[tuple[Port, np.ndarray]] = []  # a row of 1 + columns for all ticks
        self._streams: list[tuple[Port, np.ndarray]] = []  # (ticks, strings, 1 + columns)
        # Of stream readers also the row that says which entry it is.
        self._readers: list[tuple[int, Port, np.ndarray]] = []
        for neuron in arrangement.origins:
            self._prepare(neuron, streams)
        self._start = self._starting()

    def fill(self, numbers: np.ndarray, keys: np.ndarray, first: int = 0) -> None:
        """Write the streams and the constants of the ticks from a first one on."""
        for port, wide in self._constant:
            self._write(port, wide[None, None], numbers[1:], keys[1:])
        for port, wide in self._streams:
            now = wide[first : first + len(numbers) - 1]
            self._write(port, now, numbers[1:], keys[1:])

    def begin(self, numbers: np.ndarray, keys: np.ndarray) -> None:
        """Add what all slots emit before the first tick."""
        for port, wide in self._start:
            slot, key_slot = self._slots(port)
            numbers[slot] += wide[0]
            if key_slot is not None:
                keys[key_slot] += wide[1:]

    def read(self, rows: np.ndarray, numbers: np.ndarray, keys: np.ndarray) -> None:
        """The entries that stream readers emit after a tick with these rows."""
        for row, port, wide in self._readers:
            index = StreamReader.entries(rows[row].real, len(wide))
            entries = wide[index, np.arange(self.strings)] * (index >= 0)[:, None]
            self._write(port, entries, numbers[None], keys[None])

    # -------------------- preparing --------------------

    def _prepare(self, neuron: str, streams: Streams) -> None:
        machine = self.arrangement.supports.machine
        neuron_type = machine.type_of(neuron)
        if not neuron_type.is_source:
            constant = elements_of(neuron_type.constant())
            for written in neuron_type.writes:
                port = neuron, written.name
                own = {e[1:]: x for e, x in constant.items() if e[0] == written.name}
                self._constant.append((port, self._wide(own)))
            return
        port = neuron, neuron_type.writes[0].name
        array = streams.arrays.get(neuron)
        if array is None:
            return
        wide = self._on_columns(streams, array)
        if neuron_type.reads:
            row = self.arrangement.row_of[neuron, neuron_type.reads[0].name]
            self._readers.append((row, port, wide))
        else:
            self._streams.append((port, wide))

    def _wide(self, elements: dict) -> np.ndarray:
        wide = np.zeros(1 + self.arrangement.n_columns)
        for element, number in elements.items():
            if element == () or element in self.arrangement.column:
                wide[1 + self.arrangement.column[element] if element else 0] = number
        return wide

    def _on_columns(self, streams: Streams, array: np.ndarray) -> np.ndarray:
        column = self.arrangement.column
        wide = np.zeros((self.ticks, self.strings, 1 + len(column)))
        wide[..., 0] = array[..., 0]
        for string in range(self.strings):
            for path, (span, shape) in streams.spans(string).items():
                elements = [path] if shape is None else _indexed(path, span.stop - span.start)
                for i, element in enumerate(elements):
                    if element in column:
                        own = array[:, string, 1 + span.start + i]
                        wide[:, string, 1 + column[element]] = own
        return wide

    def _starting(self) -> list[tuple[Port, np.ndarray]]:
        """What neurons emit before the first tick besides the matrix of the holder."""
        found: dict[Port, dict] = {}
        for element, number in elements_of(
            initial_outputs(self.arrangement.supports.machine)
        ).items():
            port = str(element[0]), str(element[1])
            if port in self.arrangement.slot_of:
                found.setdefault(port, {})[element[2:]] = number
        return [(port, self._wide(elements)) for port, elements in found.items()]

    def _slots(self, port: Port) -> tuple[int, int | None]:
        return self.arrangement.slot_of[port], self.arrangement.key_slot_of.get(port)

    def _write(self, port: Port, wide: np.ndarray, numbers: np.ndarray, keys: np.ndarray) -> None:
        slot, key_slot = self._slots(port)
        numbers[:, slot] = wide[..., 0]
        if key_slot is not None:
            keys[:, key_slot] = wide[..., 1:]


def _indexed(path: tuple, count: int) -> list[tuple]:
    return [(*path, i) for i in range(count)]
