"""Evolving layers as trees: operations are subtrees, their arguments are links.

A path has at most four keys, as in a network matrix::

    layer-1/multiply-1/first/x0    = 1.0    a link: argument "first" reads the input x0
    layer-1/add-2/second           = 0.5    the argument's own number: a trained constant
    layer-1/multiply-1/log-scale   = 0.7    logarithm of what the operation's value is divided by
    layer-1/output/y0/multiply-1   = 0.3    a weight of the linear output
    layer-1/output/y0              = 0.1    its bias

An argument is the sum of its links plus its own number. All names are keys, so nothing is ever
renumbered when operations come and go. The operations of one layer read the layer's inputs and each
other; a later layer reads the outputs of the one before, by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from vvalues import Path, Support, VValue, format_path, from_buffer, restrict

from .operations import OPERATIONS, Operation

__all__ = [
    "OUTPUT",
    "SCALE",
    "add_operation",
    "fresh_name",
    "kind_of",
    "layer_name",
    "levels",
    "links_of",
    "operation_names",
    "operation_of",
    "readers",
    "remove_operation",
    "remove_unused",
    "unread_operations",
    "without_idle",
    "without_scales",
]

OUTPUT = "output"
SCALE = "log-scale"
"""Leaf of the running scale; it holds the logarithm, so an absent one is 0 and divides by 1."""


def layer_name(number: int) -> str:
    """Key of a layer, counted from 1.

    Examples
    --------
    >>> layer_name(2)
    'layer-2'
    """
    return f"layer-{number}"


def kind_of(name: str) -> str:
    """The kind of an operation from its name.

    Examples
    --------
    >>> kind_of("multiply-12")
    'multiply'
    """
    return name.rpartition("-")[0]


def operation_of(name: str, path: Path = ()) -> Operation:
    """The registry's entry for an operation's name.

    Raises
    ------
    ValueError
        If the name is not ``kind-number`` with a registered kind; the message names the path.

    Examples
    --------
    >>> operation_of("multiply-3").kind
    'multiply'
    """
    kind, _, number = name.rpartition("-")
    if kind not in OPERATIONS or not number.isdecimal():
        where = format_path(path or (name,))
        known = ", ".join(OPERATIONS)
        raise ValueError(
            f"{where}: {name!r} is no operation; expected kind-number, kind one of {known}"
        )
    return OPERATIONS[kind]


def operation_names(support: Support, layer: str) -> tuple[str, ...]:
    """Names of a layer's operations, oldest first.

    Examples
    --------
    >>> tree = VValue({"layer-1": {"multiply-1": {"first": {"a": 1.0}, "second": {"b": 1.0}}}})
    >>> operation_names(tree.support, "layer-1")
    ('multiply-1',)
    """
    names = {path[1] for path in support.paths if len(path) > 1 and path[0] == layer} - {OUTPUT}
    return tuple(sorted(names, key=_age))


def _age(name: str) -> tuple[int, str]:
    number = name.rpartition("-")[2]
    return (int(number) if number.isdecimal() else 0), name


def fresh_name(support: Support, layer: str, kind: str) -> str:
    """A name that no operation of the layer has: its number is higher than all others.

    Examples
    --------
    >>> tree = VValue({"layer-1": {"multiply-1": {"first": {"a": 1.0}, "second": {"b": 1.0}}}})
    >>> fresh_name(tree.support, "layer-1", "multiply")
    'multiply-2'
    """
    numbers = [_age(name)[0] for name in operation_names(support, layer)]
    return f"{kind}-{max(numbers, default=0) + 1}"


def links_of(support: Support, layer: str) -> dict[str, dict[str, set[str]]]:
    """Which sources each argument of each operation reads: ``{operation: {argument: sources}}``.

    Raises
    ------
    ValueError
        If a path is no part of an operation; the message names the path.

    Examples
    --------
    >>> tree = VValue({"layer-1": {"multiply-1": {"first": {"a": 1.0}, "second": {"b": 1.0}}}})
    >>> sorted(links_of(tree.support, "layer-1")["multiply-1"])
    ['first', 'second']
    """
    found: dict[str, dict[str, set[str]]] = {}
    for path in support.paths:
        if path[0] != layer or path[1:2] == (OUTPUT,):
            continue
        if len(path) not in (3, 4):
            raise ValueError(
                f"{format_path(path)} has {len(path)} keys; expected layer/operation/argument or "
                "layer/operation/argument/source"
            )
        operation = operation_of(path[1], path)
        arguments = found.setdefault(path[1], {name: set() for name in operation.arguments})
        if path[2:] == (SCALE,):
            continue
        if path[2] not in arguments:
            raise ValueError(
                f"{format_path(path)}: {operation.kind} has no argument {path[2]!r}; "
                f"it has {', '.join(operation.arguments)}"
            )
        arguments[path[2]].update(path[3:])
    return found


def readers(support: Support, layer: str) -> dict[str, set[str]]:
    """For every source that an operation of the layer reads: which operations do.

    Examples
    --------
    >>> tree = VValue({"layer-1": {"multiply-1": {"first": {"a": 1.0}, "second": {"b": 1.0}}}})
    >>> readers(tree.support, "layer-1")["a"]
    {'multiply-1'}
    """
    found: dict[str, set[str]] = {}
    for name, arguments in links_of(support, layer).items():
        for source in set().union(*arguments.values()):
            found.setdefault(source, set()).add(name)
    return found


def unread_operations(support: Support, layer: str) -> tuple[str, ...]:
    """Operations that no other operation reads (the seed's leaf operations), oldest first.

    Examples
    --------
    >>> tree = VValue({"layer-1": {"multiply-1": {"first": {"a": 1.0}, "second": {"b": 1.0}}}})
    >>> unread_operations(tree.support, "layer-1")
    ('multiply-1',)
    """
    read = readers(support, layer)
    return tuple(name for name in operation_names(support, layer) if name not in read)


def levels(support: Support, layer: str, inputs: Iterable[str]) -> list[list[str]]:
    """Operations in an order of evaluation: all of one level at once.

    Raises
    ------
    ValueError
        If a link reads something that the layer does not have, or operations read each other in a
        circle; the message names the path.

    Examples
    --------
    >>> tree = VValue({"layer-1": {"multiply-1": {"first": {"a": 1.0}, "second": {"b": 1.0}}}})
    >>> tree, wave = add_operation(tree, "layer-1", "sin", ["multiply-1"])
    >>> levels(tree.support, "layer-1", ["a", "b"])
    [['multiply-1'], ['sin-2']]
    """
    links = links_of(support, layer)
    available = set(inputs)
    for name, arguments in links.items():
        for argument, sources in arguments.items():
            for source in sources - available - set(links):
                path = format_path((layer, name, argument, source))
                raise ValueError(f"{path}: {source!r} is neither an input nor an operation here")
    order: list[list[str]] = []
    waiting = {name: set().union(*arguments.values()) for name, arguments in links.items()}
    while waiting:
        level = sorted((n for n, needed in waiting.items() if needed <= available), key=_age)
        if not level:
            raise ValueError(
                f"{layer}: operations read each other in a circle: {', '.join(sorted(waiting))}"
            )
        order.append(level)
        available.update(level)
        for name in level:
            del waiting[name]
    return order


# -------------------- edits of the tree --------------------


def add_operation(
    parameters: VValue,
    layer: str,
    kind: str,
    arguments: Sequence[str | float | Mapping[str, float]],
    *,
    outputs: Sequence[str] = (),
    scale: float | None = 1.0,
) -> tuple[VValue, str]:
    """The tree with one more operation, and the operation's name.

    Parameters
    ----------
    parameters : VValue
    layer : str
    kind : str
    arguments : sequence, one entry per argument
        A source's name (a link of weight 1), a number (a trained constant), or a mapping from
        sources to weights, with the constant at ``":number"``.
    outputs : sequence of str
        Outputs that get a link of weight 0 from the new operation, so that it changes nothing yet.
    scale : float > 0, or None
        Running scale to start from; None for an operation without one.

    Raises
    ------
    ValueError
        If the kind is unknown, or the number of arguments is wrong.

    Examples
    --------
    >>> tree = VValue({"layer-1": {"output": {"y": {"a": 1.0}}}})
    >>> tree, name = add_operation(tree, "layer-1", "multiply", ["a", "b"], outputs=["y"])
    >>> name, len(tree)
    ('multiply-1', 5)
    """
    name = fresh_name(parameters.support, layer, kind)
    operation = operation_of(name)
    if len(arguments) != operation.arity:
        raise ValueError(f"{kind} takes {operation.arity} arguments, not {len(arguments)}")
    subtree: dict[str, object] = {} if scale is None else {SCALE: float(np.log(scale))}
    for field, argument in zip(operation.arguments, arguments, strict=True):
        subtree[field] = {argument: 1.0} if isinstance(argument, str) else argument
    addition = {layer: {name: subtree, OUTPUT: {output: {name: 0.0} for output in outputs}}}
    return parameters + VValue(addition), name


def _without(support: Support, layer: str, names: set[str]) -> Support:
    """The support without some operations and without the links that read them."""

    def is_kept(path: Path) -> bool:
        if path[0] != layer:
            return True
        return path[1] not in names and not (len(path) == 4 and path[3] in names)

    return support.where(np.array([is_kept(path) for path in support.paths], dtype=bool))


def remove_operation(parameters: VValue, layer: str, name: str) -> VValue:
    """The tree without one operation and without every link from it.

    Raises
    ------
    ValueError
        If the layer has no such operation.

    Examples
    --------
    >>> tree = VValue({"layer-1": {"multiply-1": {"first": {"a": 1.0}, "second": {"b": 1.0}}}})
    >>> operation_names(remove_operation(tree, "layer-1", "multiply-1").support, "layer-1")
    ()
    """
    if name not in operation_names(parameters.support, layer):
        raise ValueError(f"{layer} has no operation {name!r}")
    return restrict(parameters, _without(parameters.support, layer, {name}))


def without_scales(parameters: VValue) -> VValue:
    """The same network with running scales taken into the links that read the operations.

    An operation that reads nothing keeps its leaf, for a scale of 1: without any leaf it would not
    exist.

    Examples
    --------
    >>> sine = {"sin-1": {"value": {"x": 1.0}}, "output": {"y": {"sin-1": 2.0}}}
    >>> tree = VValue({"layer-1": sine})
    >>> scaled = tree + VValue({"layer-1": {"sin-1": {"log-scale": 0.5}}})
    >>> round(without_scales(scaled)["layer-1", "output", "y", "sin-1"], 4)
    1.2131
    """
    paths = parameters.support.paths
    scales = {path[:2]: value for path, value in parameters.items() if path[2:] == (SCALE,)}
    reading = {path[:2] for path in paths if path[2:] != (SCALE,)}
    buffer = np.array(parameters.buffer)
    for i, path in enumerate(paths):
        if path[2:] == (SCALE,):
            buffer[i] = 0.0
        elif len(path) == 4:
            buffer[i] *= np.exp(-scales.get((path[0], path[3]), 0.0))
    keep = np.array([path[2:] != (SCALE,) or path[:2] not in reading for path in paths], dtype=bool)
    return restrict(from_buffer(parameters.support, buffer), parameters.support.where(keep))


def remove_unused(parameters: VValue) -> VValue:
    """The tree without operations that no output depends on, and without output weights of 0.

    Examples
    --------
    >>> tree = VValue({"layer-1": {"multiply-1": {"first": {"a": 1.0}, "second": {"b": 1.0}}}})
    >>> operation_names(remove_unused(tree).support, "layer-1")  # no output reads it
    ()
    """
    keep = [p[1:2] != (OUTPUT,) or len(p) < 4 or value != 0.0 for p, value in parameters.items()]
    support = parameters.support.where(np.array(keep, dtype=bool))
    return restrict(parameters, without_idle(support, support.children()))


def without_idle(support: Support, layers: Iterable[str]) -> Support:
    """The support without operations that nothing reads and no output is linked to."""
    for layer in layers:
        linked = {p[3] for p in support.paths if p[:2] == (layer, OUTPUT) and len(p) == 4}
        while idle := set(unread_operations(support, layer)) - linked:
            support = _without(support, layer, idle)
    return support
