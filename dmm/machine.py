"""The machine: named neurons and the network matrix between them.

The network matrix is a V-value of depth 4 - receiving neuron / receiving field / sending neuron /
sending field - split in a ``fixed`` part and a ``trainable`` one. The trainable part *is* the
parameter tree of everything that learns.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any, NamedTuple

from vvalues import VValue, format_path, natural_key, restrict
from vvalues.io import from_plain, to_plain, write_atomically

from .neurons import NeuronType, get_neuron_type, neuron_types

__all__ = ["Link", "Machine", "load_machine", "machine_from_matrix", "save_machine"]

FORMAT = "dmm-machine"
VERSION = 1
DEPTH = 4


class Link(NamedTuple):
    """One entry of the network matrix, in the published argument order."""

    neuron_in: str
    field_in: str
    neuron_out: str
    field_out: str
    weight: float
    is_fixed: bool = False

    @property
    def path(self) -> tuple[str, str, str, str]:
        """Path in the network matrix."""
        return self[:4]


@dataclass(frozen=True)
class Machine:
    """A dataflow matrix machine with an external network matrix.

    Parameters
    ----------
    neurons : mapping of neuron name to name of a registered neuron type
    fixed, trainable : VValue
        Depth 4: receiving neuron / receiving field / sending neuron / sending field -> weight.
        Where both have a link, the weights add.
    name : str
    metadata : mapping
        Anything worth keeping beside the machine (JSON-compatible).

    Raises
    ------
    ValueError
        For a path that is not four keys, a link to a neuron that does not exist, or a field that
        no known neuron type has. A field that merely is not read (or written) by *that* neuron is
        allowed - published matrices contain such links - and costs nothing.

    References
    ----------
    arXiv:1712.07447, sections 2 and 4 (network matrix, two-stroke cycle).
    """

    neurons: Mapping[str, str]
    fixed: VValue = field(default_factory=VValue)
    trainable: VValue = field(default_factory=VValue)
    name: str = "machine"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "neurons", MappingProxyType(dict(self.neurons)))
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))
        for part, matrix in (("fixed", self.fixed), ("trainable", self.trainable)):
            _check_matrix(self.neurons, matrix, part)

    def __reduce__(self):
        parts = (dict(self.neurons), self.fixed, self.trainable, self.name, dict(self.metadata))
        return Machine, parts

    # -------------------- reading --------------------

    def type_of(self, neuron: str) -> NeuronType:
        """The type of one neuron."""
        return get_neuron_type(self.neurons[neuron])

    @property
    def matrix(self) -> VValue:
        """The whole network matrix, fixed plus trainable."""
        return self.fixed + self.trainable

    def links(self) -> Iterator[Link]:
        """All links in natural order of the receiving neuron, fixed ones first in each field."""
        every = [(path, weight, True) for path, weight in self.fixed.items()]
        every += [(path, weight, False) for path, weight in self.trainable.items()]
        for path, weight, is_fixed in sorted(
            every,
            key=lambda entry: (natural_key(entry[0][:2]), not entry[2], natural_key(entry[0][2:])),
        ):
            yield Link(*path, weight, is_fixed)

    # -------------------- out-of-place changes --------------------

    def with_trainable(self, trainable: VValue) -> Machine:
        """The same machine with another trainable matrix."""
        return replace(self, trainable=trainable)

    def without_idle_neurons(self) -> Machine:
        """Drop neurons that have no link besides their type's own fixed ones.

        Neurons that observe (types without outputs) and sources stay.
        """
        linked = {key for path in self.trainable.support.paths for key in (path[0], path[2])}
        needed = {path[2] for path in self.fixed.support.paths if path[2] != path[0]}
        keep = {
            name: kind
            for name, kind in self.neurons.items()
            if name in linked
            or name in needed
            or not self.type_of(name).writes
            or self.type_of(name).is_source
        }
        fixed = self.fixed.support.where(
            _selected(self.fixed, lambda path: path[0] in keep and path[2] in keep)
        )
        return replace(self, neurons=keep, fixed=restrict(self.fixed, fixed))

    def __str__(self) -> str:
        from .display import table

        return table(self)

    def _repr_html_(self) -> str:
        from .html import fragment

        return fragment(self)


def _selected(matrix: VValue, predicate) -> Any:
    import numpy as np

    return np.array([predicate(path) for path in matrix.support.paths], dtype=bool)


def _check_matrix(neurons: Mapping[str, str], matrix: VValue, part: str) -> None:
    for path in matrix.support.paths:
        if len(path) != DEPTH:
            raise ValueError(
                f"{part} matrix: {format_path(path)} has {len(path)} keys; a link has four: "
                "receiving neuron / receiving field / sending neuron / sending field"
            )
        for name in (path[0], path[2]):
            if name not in neurons:
                raise ValueError(
                    f"{part} matrix: the link {format_path(path)} names the neuron {name!r}, "
                    "which the machine does not have"
                )
        _check_field(neurons, path, path[0], path[1], part)
        _check_field(neurons, path, path[2], path[3], part)


def _check_field(
    neurons: Mapping[str, str], path: tuple[str, ...], neuron: str, name: str, part: str
) -> None:
    kind = get_neuron_type(neurons[neuron])
    if kind.read_field(name) or kind.written_field(name):
        return
    if not any(
        known.read_field(name) or known.written_field(name)
        for known in map(get_neuron_type, neuron_types())
    ):
        fields = [f.name for f in (*kind.reads, *kind.writes)]
        raise ValueError(
            f"{part} matrix: the link {format_path(path)} names the field {name!r}, which no "
            f"neuron type has; {neuron!r} ({kind.name}) has {', '.join(fields) or 'no fields'}"
        )


# -------------------- from a bare matrix --------------------


def type_from_name(neuron: str) -> str:
    """Neuron type in a published name: up to the first ``-`` (``accum-1-2`` is an ``accum``)."""
    return neuron.split("-", 1)[0]


def machine_from_matrix(matrix: VValue, *, name: str = "machine") -> Machine:
    """A machine from a bare network matrix, as in the published JSON files.

    Neuron types are read from the names up to the first ``-``. Fixed links that a type always has
    (accumulators' self-link; those of ``timer`` and ``input``) are added where the matrix has no
    such link itself; the links of ``timer`` and ``input`` are always fixed. The neurons
    ``timer``, ``input`` and ``output`` are there even if no link names them.

    Raises
    ------
    ValueError
        For an unknown neuron type or a malformed link; the message names the path.
    """
    names = dict.fromkeys(
        key for path in matrix.support.paths if len(path) == DEPTH for key in (path[0], path[2])
    )
    for path in matrix.support.paths:
        if len(path) != DEPTH:
            _check_matrix({}, matrix, "network")
    names.update(dict.fromkeys(("timer", "input", "output")))
    neurons = {}
    for neuron in sorted(names, key=natural_key):
        kind = type_from_name(neuron)
        if kind not in neuron_types():
            raise ValueError(
                f"neuron {neuron!r} would be of the type {kind!r} (its name up to the first '-'), "
                f"which is unknown; known types: {', '.join(neuron_types())}"
            )
        neurons[neuron] = kind
    fixed, trainable = _split_fixed(neurons, matrix)
    return Machine(neurons, fixed, trainable, name)


def fixed_links(neurons: Mapping[str, str]) -> dict[tuple[str, ...], float]:
    """The links of weight 1 that the types of these neurons always have."""
    links = {}
    for neuron, kind in neurons.items():
        for field_in, sender, field_out in get_neuron_type(kind).fixed_links:
            sender = sender or neuron
            if sender in neurons:
                links[neuron, field_in, sender, field_out] = 1.0
    return links


def _split_fixed(neurons: Mapping[str, str], matrix: VValue) -> tuple[VValue, VValue]:
    from vvalues.tree import from_leaves

    links = fixed_links(neurons)
    always = {path for path in links if neurons[path[0]] in ("timer", "input")}
    trainable = {}
    for path, weight in matrix.items():
        if path in always:
            links[path] = weight
        else:
            links.pop(path, None)
            trainable[path] = weight
    return from_leaves(links), from_leaves(trainable)


# -------------------- files --------------------


def save_machine(machine: Machine, file: str | os.PathLike) -> None:
    """Write a machine as JSON, atomically: neurons by type name, fixed and trainable links."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "name": machine.name,
        "neurons": dict(machine.neurons),
        "fixed": to_plain(machine.fixed),
        "trainable": to_plain(machine.trainable),
        "metadata": dict(machine.metadata),
    }
    write_atomically(
        file, json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    )


def load_machine(file: str | os.PathLike) -> Machine:
    """Read a machine file, or a plain nested JSON network matrix.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is malformed; the message names the file and the path inside it.
    """
    where = os.fspath(file)
    try:
        document = json.loads(FilePath(file).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{where}: not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ValueError(f"{where}: expected an object, not {type(document).__name__}")
    try:
        if document.get("format") == FORMAT:
            return _from_document(document, where)
        matrix = from_plain(document, where)
        return machine_from_matrix(matrix, name=FilePath(file).stem)
    except ValueError as error:
        text = str(error)
        raise ValueError(text if text.startswith(where) else f"{where}: {text}") from None


def _from_document(document: Mapping[str, Any], where: str) -> Machine:
    if document.get("version") != VERSION:
        raise ValueError(
            f"{where}: version {document.get('version')!r} of the machine format; "
            f"this library reads version {VERSION}"
        )
    neurons = document.get("neurons")
    if not isinstance(neurons, dict) or not all(isinstance(k, str) for k in neurons.values()):
        raise ValueError(f"{where}: neurons: expected an object of neuron name to type name")
    for kind in neurons.values():
        get_neuron_type(kind)
    metadata = document.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise ValueError(f"{where}: metadata: expected an object")
    return Machine(
        neurons,
        from_plain(document.get("fixed", {}), f"{where}: fixed"),
        from_plain(document.get("trainable", {}), f"{where}: trainable"),
        str(document.get("name", "machine")),
        metadata,
    )
