"""Memories with addresses: numbers are put into numbered cells and read from them again.

With two addresses that other neurons count, one such neuron is a stack, a queue, a tape or a table.
How much it can hold is part of the type's name, and nothing else depends on it: neither links nor,
in the compiled engine, the time a tick takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from autograd.tracer import getval

from vvalues import VValue, assemble, select
from vvalues.core.paths import printable

from ..fields import parse_field
from ..kernel import Kernel, Partials, Stream
from ..spelling import Call, Function, Linear, Spelling
from ..types import NeuronType, OwnMemory, family, number

__all__ = ["Recall"]

MOST_CELLS = 1_000_000
"""A name in a file can ask for no more."""

PYTHON = """
def cell(address):
    if address != address:
        return {count} + 1
    return int(math.floor(min(max(address + 0.5, 0.0), {count} + 1.0)))
cells, to, at = dict(read('cells')), cell(scalar(read('to'))), cell(scalar(read('from')))
if 1 <= to <= {count}:
    cells[(str(to),)] = scalar(read('number'))
held = cells.get((str(at),), 0.0) if at <= {count} else math.nan
return {{'number': {{(): held}}, 'cells': cells}}
"""


@dataclass(frozen=True)
class Recalled(Function):
    """What was put last to where is read now."""

    def text(self, arguments: list[str]) -> str:
        value, to, at = arguments
        return f"cells[{to} <- {value}][{at}]"

    def latex(self, arguments: list[str]) -> str:
        value, to, at = arguments
        return rf"\operatorname{{cells}}\left[{to} \leftarrow {value}\right]\left[{at}\right]"

    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        streams = [Stream(argument[:, 0][:, None]) for argument in arguments]
        out = np.zeros_like(arguments[0])
        out[:, 0] = Recall(MOST_CELLS).forward(streams)[0].number[:, 0]
        return out


class Recall(Kernel):
    """A whole run of memories with addresses, their cells included.

    It is no function of one tick: the last axis but one of its streams is time, and a run begins
    with empty cells.

    Parameters
    ----------
    count : int
        Cells.
    period : int, optional
        Ticks after which a cell holds again what was put into it: memories take turns. None where
        nothing is held.

    Examples
    --------
    >>> ticks = [[[7.0], [8.0], [0.0], [0.0]], [[1.0], [2.0], [0.0], [0.0]]]
    >>> streams = [Stream(np.array(x)) for x in (*ticks, [[0.0], [1.0], [2.0], [1.0]])]
    >>> Recall(2).forward(streams)[0].number.ravel()
    array([0., 7., 8., 7.])
    """

    reads_numbers_only = True
    writes_numbers_only = True

    def __init__(self, count: int, period: int | None = 1) -> None:
        self.count, self.period = count, period

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        source, is_beyond = self.linearise(inputs)
        recalled = _taken(inputs[0].number, source)
        return [Stream(np.where(is_beyond, np.nan, recalled))]

    def linearise(self, inputs: list[Stream]) -> Partials:
        """The tick that every number comes from, -1 for none; and where there is no such cell."""
        to, at = (cells_at(stream.number.real, self.count) for stream in inputs[1:3])
        source = np.empty(to.shape, np.intp)
        turns = max(to.shape[-2], 1) if self.period is None else self.period
        for turn in range(min(turns, to.shape[-2])):
            mine = np.s_[..., turn::turns, :]
            own = _sources(to[mine], at[mine])
            source[mine] = np.where(own < 0, -1, turn + turns * own)
        return source, at > self.count

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        source, is_beyond = partials
        g = np.where((source < 0) | is_beyond, 0.0, outputs[0].number)
        back = np.zeros_like(g)
        place = list(np.indices(source.shape, sparse=True))
        place[-2] = np.maximum(source, 0)
        np.add.at(back, tuple(place), g)
        return [Stream(back), Stream(np.zeros_like(g)), Stream(np.zeros_like(g))]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        source, is_beyond = partials
        return [Stream(np.where(is_beyond, 0.0, _taken(inputs[0].number, source)))]


def cells_at(addresses: np.ndarray, count: int) -> np.ndarray:
    """The cells that addresses mean: the nearest; 0 for none, ``count + 1`` for one too far.

    Examples
    --------
    >>> cells_at(np.array([-3.0, 0.4, 0.6, 2.0, 9.0, np.nan]), 4)
    array([0, 0, 1, 2, 5, 5])
    """
    nearest = np.clip(np.floor(addresses + 0.5), 0.0, count + 1.0)
    return np.where(np.isnan(nearest), count + 1.0, nearest).astype(np.intp)


def _sources(to: np.ndarray, at: np.ndarray) -> np.ndarray:
    """When what is read was put there, (..., ticks, strings); -1 for never.

    Whatever addresses there are, few cells are met: those alone are kept.
    """
    ticks, strings = to.shape[-2:]
    rows = [np.moveaxis(x, -2, 0).reshape(ticks, -1) for x in (to, at)]
    met, place = np.unique(np.concatenate(rows), return_inverse=True)
    into, out = place.reshape(2, ticks, -1)
    last = np.full((len(met), into.shape[1]), -1)
    every = np.arange(into.shape[1])
    source = np.empty(into.shape, dtype=np.intp)
    for t in range(ticks):
        last[into[t], every] = t
        last[met < 1] = -1
        source[t] = last[out[t], every]
    return np.moveaxis(source.reshape(ticks, *to.shape[:-2], strings), 0, -2)


def _taken(values: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Values of other ticks; 0 where there is none."""
    found = np.take_along_axis(values, np.maximum(source, 0), axis=-2)
    return np.where(source < 0, 0.0, found)


@family("cells")
def cells(argument: str) -> NeuronType:
    """``cells(n)``: ``number`` is put into the cell ``to``; what the cell ``from`` holds comes out.

    Cells are numbered from 1. An address is a number, the nearest cell is meant: below 1 there is
    none, nothing is put there and 0 comes out. Beyond the last cell nothing is put either, and what
    is read there is no number (NaN): what does not fit is never taken for something else.
    """
    count = int(argument) if argument.isdecimal() and len(argument) < 9 else 0
    if not 1 <= count <= MOST_CELLS:
        raise ValueError(
            f"cells({printable(argument[:20])}): expected a number of cells from 1 to {MOST_CELLS}"
        )

    def activation(inputs: VValue) -> dict[str, Any]:
        to, at = (
            int(cells_at(np.array(float(getval(number(inputs, field)))), count))
            for field in ("to", "from")
        )
        kept = inputs.subtree("cells")
        if 1 <= to <= count:
            others = select(kept, lambda path: path != (str(to),))
            kept = others + assemble({(str(to),): number(inputs, "number")})
        return {"number": np.nan if at > count else number(kept, str(at)), "cells": kept}

    return NeuronType(
        f"cells({count})",
        tuple(map(parse_field, ("number/:number", "to/:number", "from/:number", "cells"))),
        tuple(map(parse_field, ("number/:number", "cells"))),
        activation,
        fixed_links=(("cells", "", "cells"),),
        own_memory=OwnMemory("cells", lambda period: Recall(count, period)),
        source="arXiv:1606.09470 (memory as links from a neuron to itself); random-access memories "
        "as of arXiv:1410.5401",
        spelling=Spelling(letter="c", equation=_equation, python=PYTHON.format(count=count)),
    )


def _equation(value: Linear, to: Linear, at: Linear, cells: Linear) -> list[Linear]:
    recalled = Linear(((Call(Recalled(), (value, to, at)), 1.0),))
    return [recalled, cells]
