"""Links between different kinds of streams: the declared coercion is applied to the sender."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd.tracer import getval

from vvalues import VValue, put, select

from ..neurons import get_neuron_type
from ..neurons.fields import coercion, has_coercions

__all__ = ["coerced", "coerced_links"]

Path = tuple[str, ...]


def coerced_links(neurons: Mapping[str, str], paths: Any) -> dict[Path, tuple[str, str]]:
    """Links that need a coercion, with the kinds they lead from and to."""
    found: dict[Path, tuple[str, str]] = {}
    for path in paths if has_coercions() else ():
        if len(path) < 4 or not {path[0], path[2]} <= neurons.keys():
            continue
        received = get_neuron_type(neurons[path[0]]).read_field(path[1])
        sent = get_neuron_type(neurons[path[2]]).written_field(path[3])
        if received and sent and coercion(sent.kind, received.kind):
            found[path] = sent.kind, received.kind
    return found


def coerced(neurons: Mapping[str, str], matrix: VValue, outputs: VValue) -> tuple[VValue, VValue]:
    """Matrix and outputs in which every link joins streams of one kind.

    A coerced stream is put beside the original one under its own field, and the links that want
    it are led there.
    """
    links = coerced_links(neurons, getval(matrix).support.paths)
    if not links:
        return matrix, outputs
    plain = select(matrix, lambda path: path not in links)
    for path, (sent, received) in links.items():
        field = f"{path[3]} as {received}"
        convert = coercion(sent, received)
        assert convert is not None
        outputs = put(outputs, (path[2], field), convert(outputs.subtree(path[2:4])))
        plain = put(plain, (*path[:3], field), matrix[path])
    return plain, outputs
