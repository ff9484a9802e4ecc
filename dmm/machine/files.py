"""Machines from files, from bare network matrices, and from lines of text."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from vvalues import VValue, drop, natural_key, select
from vvalues.core.paths import printable
from vvalues.core.tree import from_leaves
from vvalues.files import (
    MEMORY,
    Budget,
    from_plain,
    json_bytes,
    parse_object,
    read_bytes,
    to_plain,
    write_atomically,
)

from ..neurons import get_neuron_type, known_types, neuron_types
from .checks import check_links
from .machine import Machine, fixed_links, type_from_name

__all__ = [
    "links",
    "load_machine",
    "machine_from_matrix",
    "machine_from_plain",
    "machine_of",
    "machine_to_plain",
    "save_machine",
]

FORMAT = "dmm-machine"
VERSION = 1


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

    Examples
    --------
    >>> matrix = VValue({"norm-1-1": {"dict": {"accum-1-1": {"dict": 0.5}}}})
    >>> machine_from_matrix(matrix).neurons["norm-1-1"]
    'norm'
    """
    check_links(matrix, "network matrix")
    names = dict.fromkeys(key for path in matrix.support.paths for key in (path[0], path[2]))
    names.update(dict.fromkeys(("timer", "input", "output")))
    neurons = {}
    for neuron in sorted(names, key=natural_key):
        type_name = type_from_name(neuron)
        if type_name not in neuron_types():
            raise ValueError(
                f"neuron {neuron!r} would be of the type {type_name!r} (its name up to the first "
                f"'-'), which is unknown; {known_types()}"
            )
        neurons[neuron] = type_name
    fixed, trainable = _split_fixed(neurons, matrix)
    return Machine(neurons, fixed, trainable, name)


def _split_fixed(neurons: Mapping[str, str], matrix: VValue) -> tuple[VValue, VValue]:
    links = from_leaves(fixed_links(neurons))
    always = select(links, lambda path: neurons[path[0]] in ("timer", "input")).support
    return drop(links, matrix.support) + select(matrix, always), drop(matrix, always)


# -------------------- lines of text --------------------


def links(text: str) -> VValue:
    """A network matrix from lines ``receiver.field <- sender.field [weight]``, weight 1 if omitted.

    Raises
    ------
    ValueError
        For a line that is not of this form; the message shows it.

    Examples
    --------
    >>> links("norm.dict <- accum.dict 0.5")
    VValue({'norm': {'dict': {'accum': {'dict': 0.5}}}})
    """
    weights: dict[tuple[str, ...], Any] = {}
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        path = [key for word in words[0:3:2] for key in word.split(".", 1)]
        if len(words) not in (3, 4) or words[1] != "<-" or len(path) != 4:
            raise ValueError(
                f"link {line.strip()!r}: expected 'receiver.field <- sender.field [weight]'"
            )
        weights[tuple(path)] = float(words[3]) if len(words) == 4 else 1.0
    return from_leaves(weights)


def machine_of(
    neurons: Mapping[str, str], *, fixed: str = "", trainable: str = "", **options: Any
) -> Machine:
    """A machine from links as text; further options are those of `Machine`.

    Examples
    --------
    >>> machine = machine_of({"x": "input", "a": "accum"}, trainable="a.dict-2 <- x.char 0.5")
    >>> [link.weight for link in machine.links() if not link.is_fixed]
    [0.5]
    """
    return Machine(neurons, links(fixed), links(trainable), **options)


# -------------------- files --------------------


def save_machine(machine: Machine, file: str | os.PathLike) -> None:
    """Write a machine as JSON, atomically: neurons by type name, fixed and trainable links.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from dmm.zoo import duplicate_detector
    >>> with TemporaryDirectory() as folder:
    ...     save_machine(duplicate_detector(), os.path.join(folder, "detector.json"))
    ...     load_machine(os.path.join(folder, "detector.json")) == duplicate_detector()
    True
    """
    write_atomically(file, json_bytes(machine_to_plain(machine), indent=1))


def machine_to_plain(machine: Machine) -> dict[str, Any]:
    """What a machine file holds: a JSON-compatible object.

    Examples
    --------
    >>> from dmm.zoo import sparse_counter
    >>> sorted(machine_to_plain(sparse_counter()))
    ['fixed', 'format', 'metadata', 'name', 'neurons', 'trainable', 'version']
    """
    document = {
        "format": FORMAT,
        "version": VERSION,
        "name": machine.name,
        "neurons": dict(machine.neurons),
        "fixed": to_plain(machine.fixed),
        "trainable": to_plain(machine.trainable),
        "metadata": dict(machine.metadata),
    }
    if machine.initial:
        document["initial"] = to_plain(machine.initial)
    if machine.matrix_port:
        document["matrix_port"] = list(machine.matrix_port)
    return document


def load_machine(file: str | os.PathLike, *, memory: int = MEMORY) -> Machine:
    """Read a machine file, or a plain nested JSON network matrix.

    Parameters
    ----------
    file : path
    memory : int
        Bytes that reading may take, beyond a multiple of the file's size (see
        `vvalues.files.reading`); allow more for files that you trust.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is malformed or too large; the message names the file and the path inside it.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from dmm.zoo import sparse_counter
    >>> with TemporaryDirectory() as folder:
    ...     file = os.path.join(folder, "counter.json")
    ...     save_machine(sparse_counter(), file)
    ...     print(load_machine(file).name)
    sparse-counter
    """
    where = printable(os.fspath(file))
    data = read_bytes(file, memory)
    budget = Budget(where, len(data), memory)
    document = parse_object(data, where, budget)
    try:
        if document.get("format") == FORMAT:
            return machine_from_plain(document, where, budget)
        matrix = from_plain(document, where, budget)
        return machine_from_matrix(matrix, name=FilePath(file).stem)
    except ValueError as error:
        text = str(error)
        raise ValueError(text if text.startswith(where) else f"{where}: {text}") from None


def machine_from_plain(
    document: Any, where: str = "machine", budget: Budget | None = None
) -> Machine:
    """Inverse of `machine_to_plain`.

    Parameters
    ----------
    document : JSON-compatible object
    where : str
        What it is, for messages: a file name, say.
    budget : Budget, optional
        Memory that may be taken, if it is from a file.

    Raises
    ------
    ValueError
        If it is malformed; the message begins with ``where`` and names the path inside.

    Examples
    --------
    >>> from dmm.zoo import sparse_counter
    >>> machine_from_plain(machine_to_plain(sparse_counter())) == sparse_counter()
    True
    """
    if not isinstance(document, Mapping):
        raise ValueError(f"{where}: expected an object, not {type(document).__name__}")
    if document.get("version") != VERSION:
        raise ValueError(
            f"{where}: version {document.get('version')!r:.60} of the machine format; "
            f"this library reads version {VERSION}"
        )
    neurons = document.get("neurons")
    if not isinstance(neurons, dict) or not all(isinstance(k, str) for k in neurons.values()):
        raise ValueError(f"{where}: neurons: expected an object of neuron name to type name")
    metadata, name = document.get("metadata") or {}, document.get("name", "machine")
    if not isinstance(metadata, dict):
        raise ValueError(f"{where}: metadata: expected an object")
    if not isinstance(name, str):
        raise ValueError(f"{where}: name: {name!r:.60} is not a str")
    fixed, trainable, initial = (
        from_plain(document.get(part, {}), f"{where}: {part}", budget)
        for part in ("fixed", "trainable", "initial")
    )
    port = _matrix_port(document.get("matrix_port"), where)
    try:
        for type_name in set(neurons.values()):
            get_neuron_type(type_name)
        return Machine(neurons, fixed, trainable, name, metadata, initial, port)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _matrix_port(value: Any, where: str) -> tuple[str, str] | None:
    if value is None:
        return None
    if not (isinstance(value, list) and len(value) == 2 and all(isinstance(k, str) for k in value)):
        raise ValueError(f"{where}: matrix_port: expected [neuron, field], not {value!r:.60}")
    return value[0], value[1]
