"""What makes a machine a machine: checks of its parts, with messages that say where and why."""

from __future__ import annotations

from collections.abc import Mapping

from vvalues import VValue, format_path

from ..neurons import get_neuron_type, may_flow, neuron_types
from ..neurons.fields import names_of

__all__ = ["DEPTH", "check_initial", "check_links", "check_matrix", "check_matrix_port"]

DEPTH = 4
"""Keys of a link: receiving neuron / receiving field / sending neuron / sending field."""


def check_matrix(neurons: Mapping[str, str], matrix: VValue, part: str) -> None:
    """Raise ValueError unless every path is a possible link between these neurons.

    Parameters
    ----------
    neurons : mapping of neuron name to type name
    matrix : VValue
    part : str
        What to call the matrix in messages.
    """
    check_links(matrix, part)
    for path in matrix.support.paths:
        for name in (path[0], path[2]):
            if name not in neurons:
                raise ValueError(
                    f"{part}: the link {format_path(path)} names the neuron {name!r}, "
                    "which the machine does not have"
                )
        _check_field(neurons, path, path[0], path[1], part)
        _check_field(neurons, path, path[2], path[3], part)
        _check_kinds(neurons, path, part)


def check_links(matrix: VValue, part: str) -> None:
    """Raise ValueError unless every leaf is a number at four keys, see `check_matrix`."""
    if matrix.support.shapes is not None:
        i = next(i for i, shape in enumerate(matrix.support.shapes) if shape)
        raise ValueError(
            f"{part}: the weight at {format_path(matrix.support.paths[i])} is an array of shape "
            f"{matrix.support.shape(i)}; a link has one number"
        )
    for path in matrix.support.paths:
        if len(path) != DEPTH:
            raise ValueError(
                f"{part}: {format_path(path)} has {len(path)} keys; a link has four: "
                "receiving neuron / receiving field / sending neuron / sending field"
            )


def _check_field(
    neurons: Mapping[str, str], path: tuple[str, ...], neuron: str, name: str, part: str
) -> None:
    neuron_type = get_neuron_type(neurons[neuron])
    if neuron_type.read_field(name) or neuron_type.written_field(name):
        return
    if not any(
        known.read_field(name) or known.written_field(name)
        for known in map(get_neuron_type, neuron_types())
    ):
        fields = names_of((*neuron_type.reads, *neuron_type.writes))
        raise ValueError(
            f"{part}: the link {format_path(path)} names the field {name!r}, which no "
            f"neuron type has; {neuron!r} ({neuron_type.name}) has {fields}"
        )


def _check_kinds(neurons: Mapping[str, str], path: tuple[str, ...], part: str) -> None:
    received = get_neuron_type(neurons[path[0]]).read_field(path[1])
    sent = get_neuron_type(neurons[path[2]]).written_field(path[3])
    if received is None or sent is None or may_flow(sent.kind, received.kind):
        return
    raise ValueError(
        f"{part}: the link {format_path(path)} leads from a stream of kind {sent.kind!r} to a "
        f"port of kind {received.kind!r}; insert a neuron that converts, or declare_coercion("
        f"{sent.kind!r}, {received.kind!r}, function)"
    )


def check_initial(neurons: Mapping[str, str], initial: VValue) -> None:
    """Raise ValueError unless ``initial`` holds streams (neuron / field / ...) of these neurons."""
    for i, path in enumerate(initial.support.paths):
        if len(path) < 2:
            raise ValueError(
                f"initial outputs: {format_path(path)} has {len(path)} keys; expected "
                "neuron / field / stream"
            )
        neuron, field = path[:2]
        if neuron not in neurons:
            raise ValueError(
                f"initial outputs: {format_path(path)} names the neuron {neuron!r}, which the "
                "machine does not have"
            )
        neuron_type = get_neuron_type(neurons[neuron])
        written = neuron_type.written_field(field)
        if written is None:
            raise ValueError(
                f"initial outputs: {format_path(path)} names the field {field!r}; {neuron!r} "
                f"({neuron_type.name}) writes {names_of(neuron_type.writes)}"
            )
        if written.is_scalar and (path[2:] or initial.support.shape(i)):
            raise ValueError(
                f"initial outputs: {format_path(path)} is no number, which is all that "
                f"{neuron!r} ({neuron_type.name}) writes to {field!r}"
            )


def check_matrix_port(neurons: Mapping[str, str], port: tuple[str, str] | None) -> None:
    """Raise ValueError unless the port is None or an output of one of these neurons."""
    if port is None:
        return
    neuron, field = port
    if neuron not in neurons:
        raise ValueError(f"matrix_port {format_path(port)}: the machine has no neuron {neuron!r}")
    neuron_type = get_neuron_type(neurons[neuron])
    if neuron_type.written_field(field) is None:
        raise ValueError(
            f"matrix_port {format_path(port)}: {neuron!r} ({neuron_type.name}) writes "
            f"{names_of(neuron_type.writes)}"
        )
