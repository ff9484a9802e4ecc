"""What a machine does on a string: any stream of any neuron over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

import numpy as np

from vvalues import Path, format_path, natural_key, parse_path

from ..machine.machine import Machine
from ..machine.streams import Streams
from ..neurons.fields import names_of
from ..reference.engine import run
from .labels import count, pad, plain, shorten, width

__all__ = ["PortLike", "StreamTrace", "trace", "trace_table"]

PortLike = Union[str, tuple[str, str]]  # noqa: UP007
"""``"neuron/field"`` or ``(neuron, field)``."""

NUMBER_COLUMN = ":number"
MOST_COLUMNS = 12
MOST_ROWS = 60


@dataclass(frozen=True, eq=False)
class StreamTrace:
    """One stream of a machine on one string.

    Attributes
    ----------
    port : (neuron, field)
    is_input : bool
        Whether it is what the neuron read (True) or what it emitted.
    keys : tuple of paths
        Those that ever occurred, in natural order; the empty path is the ``:number``.
    values : array of shape (ticks, keys)
        Row 0 is tick 1.
    label : str

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> held = trace(duplicate_detector(), text_streams("abba.", 50), "accum/dict")
    >>> dict(zip(held.key_labels, held.values[-1].tolist()))
    {'.': 1.0, 'a': 2.0, 'b': 2.0}
    """

    port: tuple[str, str]
    is_input: bool
    keys: tuple[Path, ...]
    values: np.ndarray
    label: str

    @property
    def ticks(self) -> int:
        """Number of ticks."""
        return len(self.values)

    @property
    def key_labels(self) -> list[str]:
        """The keys for people; blanks are quoted."""
        return [_key_label(key) for key in self.keys]

    def __str__(self) -> str:
        return _table([self])


def _key_label(key: Path) -> str:
    label = plain(format_path(key)) if key else NUMBER_COLUMN
    return label if label.strip() == label else f"'{label}'"


def trace(
    machine: Machine,
    streams: Streams | None,
    port: PortLike,
    *,
    string: int = 0,
    ticks: int | None = None,
    side: str | None = None,
) -> StreamTrace:
    """One stream of a machine over time, from the reference engine.

    Parameters
    ----------
    machine : Machine
    streams : Streams or None
    port : "neuron/field" or (neuron, field)
    string : int
        Which string of the streams.
    ticks : int, optional
        The length of the streams when omitted.
    side : {"input", "output"}, optional
        For fields that a neuron both reads and writes under one name; outputs when omitted.

    Raises
    ------
    ValueError
        If there is no such port; the message lists the neuron's fields.

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> held = trace(duplicate_detector(), text_streams("abba.", 50), ("accum", "dict"))
    >>> held.values.shape
    (50, 3)
    """
    return _traces(machine, streams, [port], string, ticks, side)[0]


def trace_table(
    machine: Machine,
    streams: Streams | None,
    ports: Sequence[PortLike],
    *,
    string: int = 0,
    ticks: int | None = None,
    changes_only: bool = True,
) -> str:
    """Several streams of a machine beside each other, one line per tick.

    Parameters
    ----------
    machine, streams, string, ticks : as for `trace`
    ports : sequence of ports
    changes_only : bool
        Leave out ticks at which nothing differs from the tick before.

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> streams = text_streams("aab.", 40)
    >>> print(trace_table(duplicate_detector(), streams, ["output/dict-1", "output/dict-2"]))
    tick  output/dict-1  output/dict-2
             :number        :number
       1        0              0
      15        1              0
      34        1              1
    """
    found = _traces(machine, streams, ports, string, ticks, None)
    return _table(found, changes_only)


def _traces(
    machine: Machine,
    streams: Streams | None,
    ports: Sequence[PortLike],
    string: int,
    ticks: int | None,
    side: str | None,
) -> list[StreamTrace]:
    resolved = [_resolve(machine, port, side) for port in ports]
    result = run(machine, streams, ticks, string=string)
    on = f" on {streams.labels[string]!r}" if streams is not None and streams.labels else ""
    found = []
    for port, is_input in resolved:
        trees = [t.subtree(port) for t in (result.inputs if is_input else result.outputs)]
        keys = sorted({key for tree in trees for key in tree.support.paths}, key=natural_key)
        column = {key: i for i, key in enumerate(keys)}
        values = np.zeros((len(trees), len(keys)))
        for t, tree in enumerate(trees):
            for key, leaf in tree.items():
                if isinstance(leaf, np.ndarray):
                    raise ValueError(
                        f"{format_path(port)} carries an array at {format_path(key)}; "
                        "a trace shows scalar streams only"
                    )
                values[t, column[key]] = leaf
        label = f"{format_path(port)} of {machine.name}{on}"
        found.append(StreamTrace(port, is_input, tuple(keys), values, plain(label)))
    return found


def _resolve(machine: Machine, port: PortLike, side: str | None) -> tuple[tuple[str, str], bool]:
    path = parse_path(port) if isinstance(port, str) else tuple(port)
    if len(path) != 2 or path[0] not in machine.neurons:
        raise ValueError(
            f"port {port!r}: expected 'neuron/field' with a neuron of this machine "
            f"({', '.join(map(plain, list(machine.neurons)[:8]))})"
        )
    neuron, name = path
    neuron_type = machine.type_of(neuron)
    sides = {"output": neuron_type.written_field(name), "input": neuron_type.read_field(name)}
    if side not in (None, *sides):
        raise ValueError(f"side is {side!r}; expected 'input' or 'output'")
    for candidate, known in sides.items():
        if known is not None and side in (None, candidate):
            return (neuron, name), candidate == "input"
    reads, writes = names_of(neuron_type.reads), names_of(neuron_type.writes)
    raise ValueError(f"port {port!r}: {neuron!r} reads {reads} and writes {writes}")


# -------------------- as a table --------------------


def _table(traces: Sequence[StreamTrace], changes_only: bool = True) -> str:
    heads, columns = [], []
    for one in traces:
        labels = one.key_labels or [NUMBER_COLUMN]
        values = one.values if one.keys else np.zeros((one.ticks, 1))
        for i, label in enumerate(labels[:MOST_COLUMNS]):
            first = plain(format_path(one.port)) if i == 0 else ""
            heads.append((shorten(first, 24), shorten(label, 16)))
            columns.append(values[:, i])
        if len(labels) > MOST_COLUMNS:
            heads.append(("", f"… {len(labels) - MOST_COLUMNS} more keys"))
            columns.append(np.full(one.ticks, np.nan))
    grid = np.array(columns).T
    shown = _changes(grid) if changes_only else list(range(len(grid)))
    widths = [max(width(a), width(b), 7) for a, b in heads]
    lines = ["tick  " + "  ".join(pad(a, w) for (a, _), w in zip(heads, widths, strict=True))]
    lines.append(
        "      " + "  ".join(_centred(b, w) for (_, b), w in zip(heads, widths, strict=True))
    )
    for t in shown[:MOST_ROWS]:
        cells = (_centred(_cell(x), w) for x, w in zip(grid[t], widths, strict=True))
        lines.append(f"{t + 1:>4}  " + "  ".join(cells))
    if len(shown) > MOST_ROWS:
        lines.append(f"… {count(len(shown) - MOST_ROWS, 'more line')}")
    return "\n".join(line.rstrip() for line in lines)


def _changes(grid: np.ndarray) -> list[int]:
    differs = [0, *(1 + np.flatnonzero((np.diff(grid, axis=0) != 0).any(axis=1)))]
    return [int(t) for t in differs[: len(grid)]]


def _cell(x: float) -> str:
    return "" if np.isnan(x) else f"{x:.4g}"


def _centred(text: str, cells: int) -> str:
    left = (cells - width(text)) // 2
    return pad(" " * left + text, cells)
