"""A bank of streams: what operations make of others, each known by what it does to the data.

Streams are grown in order of their size. Two that agree on all samples of the bank are the same to
it, and the first one found - no larger than the other - stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..signals import Builder, Signal
from .atoms import Operation, are_flags

__all__ = ["Bank", "Stream", "values_key"]

LARGEST = 1e9  # a stream that grows beyond this is of no use
ROUND = 50  # streams between two looks at how full the bank is
FEW = 50  # a stream of whole numbers up to this is worth a threshold


@dataclass(frozen=True)
class Stream:
    """One stream of a bank.

    Attributes
    ----------
    name : str
        What it is made of.
    size : int
        Operations in it.
    operation : Operation or None
        None for a stream that was given.
    arguments : tuple of int
        Their numbers in the bank.
    kinds : frozenset of str
        What it can be read as: "number", "flag", "whole", "keyed", "any".
    """

    name: str
    size: int
    operation: Operation | None
    arguments: tuple[int, ...]
    kinds: frozenset[str]

    @property
    def is_flag(self) -> bool:
        """0 or 1 everywhere."""
        return "flag" in self.kinds

    @property
    def is_keyed(self) -> bool:
        """Trees, not numbers."""
        return "keyed" in self.kinds


def _kinds(values: np.ndarray) -> frozenset[str]:
    if values.ndim == 3:
        return frozenset({"keyed", "any"})
    kinds = {"number", "any"}
    if are_flags(values):
        kinds.add("flag")
    elif values.max() <= FEW and np.all(values == np.round(values)) and values.min() >= -FEW:
        kinds.add("whole")
    return frozenset(kinds)


def values_key(values: np.ndarray) -> bytes:
    """What streams that agree but for rounding have in common."""
    scale = max(float(np.abs(values).max(initial=0.0)), 1.0)
    return (np.round(values * (1e8 / scale)) + 0.0).tobytes()


class Bank:
    """Streams over the same samples.

    Parameters
    ----------
    given : mapping of name to array (strings, samples[, keys])
    signals : mapping of name to Signal
        What the given streams are in a circuit.
    unary, binary : sequences of Operation
        Binary ones count for one operation each.
    most, largest : int
        The bank is full with so many streams; operations in a stream.
    """

    def __init__(
        self,
        given: Mapping[str, np.ndarray],
        signals: Mapping[str, Signal],
        unary: Sequence[Operation],
        binary: Sequence[Operation],
        most: int,
        largest: int,
    ) -> None:
        self.binary, self.most, self.largest = binary, most, largest
        self._unary_by_size: dict[int, list[Operation]] = {}
        for operation in unary:
            self._unary_by_size.setdefault(operation.size, []).append(operation)
        self.streams: list[Stream] = []
        self.values: list[np.ndarray] = []
        self.signals = dict(signals)
        self._known: set[bytes] = set()
        for name, values in given.items():
            self._add(name, 0, None, (), values)
        self._growth = self._grown()

    def __len__(self) -> int:
        return len(self.streams)

    def grow(self) -> bool:
        """Grow a little; False when the bank is full."""
        return next(self._growth, None) is not None

    def _add(
        self,
        name: str,
        size: int,
        operation: Operation | None,
        arguments: tuple[int, ...],
        values: np.ndarray,
    ) -> None:
        if not np.abs(values).max(initial=0.0) <= LARGEST:
            return
        key = values_key(values)
        if key in self._known:
            return
        self._known.add(key)
        self.streams.append(Stream(name, size, operation, arguments, _kinds(values)))
        self.values.append(values)

    def _grown(self) -> Iterator[int]:
        for size in range(1, self.largest + 1):
            streams = enumerate(self.streams)
            of_size: list[list[int]] = [[] for _ in range(size)]
            for i, stream in streams:
                of_size[stream.size].append(i)
            # Trees are few, and what is made of them is worth more than more of the same numbers.
            for is_keyed in (True, False):
                for _ in self._of_one_size(of_size, is_keyed):
                    if len(self) >= self.most:
                        return
                    yield len(self)

    def _of_one_size(self, of_size: list[list[int]], is_keyed: bool) -> Iterator[None]:
        """Add the streams of the next size whose first argument is a tree, or is none."""
        size = len(of_size)
        first = [[i for i in same if self.streams[i].is_keyed == is_keyed] for same in of_size]
        for cost, operations in self._unary_by_size.items():
            for count, i in enumerate(first[size - cost] if cost <= size else ()):
                for operation in operations:
                    self._apply(operation, (i,), size)
                if count % ROUND == 0:
                    yield
        yield
        for smaller in range(size):
            for count, i in enumerate(first[smaller]):
                for j in of_size[size - 1 - smaller]:
                    self._combine(i, j, size)
                if count % ROUND == 0:
                    yield
            yield

    def _combine(self, i: int, j: int, size: int) -> None:
        for operation in self.binary:
            if i != j and not (operation.is_symmetric and i > j):
                self._apply(operation, (i, j), size)

    def _apply(self, operation: Operation, arguments: tuple[int, ...], size: int) -> None:
        kinds = [self.streams[i].kinds for i in arguments]
        if any(wanted not in kind for wanted, kind in zip(operation.reads, kinds, strict=True)):
            return
        if len(kinds) == 2 and ("keyed" in kinds[0]) != ("keyed" in kinds[1]):
            return
        values = operation.values(*(self.values[i] for i in arguments))
        names = [self.streams[i].name for i in arguments]
        name = (
            f"({names[0]} {operation.name} {names[1]})"
            if operation.name in "+-*>"
            else f"{operation.name}({', '.join(names)})"
        )
        self._add(name, size, operation, arguments, values)

    # -------------------- on other data, and as circuits --------------------

    def evaluated(self, number: int, given: Mapping[str, np.ndarray]) -> np.ndarray:
        """A stream of the bank over other samples."""
        stream = self.streams[number]
        if stream.operation is None:
            return given[stream.name]
        return stream.operation.values(*(self.evaluated(i, given) for i in stream.arguments))

    def built(self, number: int, builder: Builder) -> Signal:
        """A stream of the bank as a signal of a circuit."""
        stream = self.streams[number]
        if stream.operation is None:
            return self.signals[stream.name]
        parts = [self.built(i, builder) for i in stream.arguments]
        return stream.operation.build(builder, *parts)
