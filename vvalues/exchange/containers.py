"""A way in for nested parameters of any make, and back: dictionaries, lists, dataclasses, ..."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import partial
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from ..core.paths import NUMBER, Path, format_path
from ..core.structure import assemble, take
from ..core.support import Support
from ..core.tracing import is_traced, is_tree, support_of
from ..core.tree import VValue
from ..patterns.language import Pattern, selected

__all__ = ["wrap"]

Nodes = Mapping[type, tuple[Callable[[Any], Mapping[str, Any]], Callable[[Any, dict], Any]]]
"""For other types: node -> its children by name, and (node, children by name) -> a new node."""


def wrap(
    parameters: Any,
    /,
    constant: Pattern | None = None,
    *,
    nodes: Nodes | None = None,
    tied: bool = False,
) -> tuple[VValue, Callable[[VValue], Any]]:
    """Nested parameters as a tree, and the function that makes such parameters of a tree again.

    Parameters
    ----------
    parameters : nested dictionaries, lists, tuples, named tuples, dataclasses and V-values
        Real numbers (integers and numpy's too) and arrays of them become leaves, at the path of
        keys, positions and names of fields. All else (None, bool, text, functions, ...) stays as it
        is. May be traced.
    constant : pattern, optional
        Numbers that stay as they are, too: ``"**/n_steps"``.
    nodes : mapping of type -> (children, rebuild), optional
        Other types to look into: ``children(node)`` are its parts by name, ``rebuild(node, parts)``
        makes such a node of new parts. Subclasses need an entry of their own.
    tied : bool
        One and the same array object in several places is one leaf, where it comes first; its
        gradient is that of all places.

    Returns
    -------
    tree : VValue
    unwrap : callable, VValue -> parameters
        Where the tree has nothing, the number is zero; a leaf that the parameters have no place for
        is refused. Numbers come back as floats. May be differentiated.

    Raises
    ------
    TypeError
        If an array holds something else than real numbers; the message names the path.
    ValueError
        If two keys spell the same, as 1 and "1" do.

    Examples
    --------
    >>> parameters = {"layers": [{"w": 2, "activation": "tanh"}, {"w": 3.0}], "rate": 0.1}
    >>> tree, unwrap = wrap(parameters, constant="rate")
    >>> tree
    VValue({'layers': {'0': {'w': 2.0}, '1': {'w': 3.0}}})
    >>> unwrap(tree * 10)
    {'layers': [{'w': 20.0, 'activation': 'tanh'}, {'w': 30.0}], 'rate': 0.1}
    >>> w = np.ones(2)
    >>> tree, unwrap = wrap({"decode": w, "encode": w}, tied=True)
    >>> tree, unwrap(3 * tree)
    (VValue({'decode': array(2,)}), {'decode': array([3., 3.]), 'encode': array([3., 3.])})
    """
    known = nodes or {}
    found: dict[Path, Any] = {}
    first: dict[int, Path] = {}
    ties: dict[Path, Path] = {}
    for path, leaf in _numbers((), parameters, known):
        if path in found or path in ties:
            raise ValueError(f"two parameters are at {format_path(path)}: keys that spell the same")
        if tied and isinstance(leaf, np.ndarray) and first.setdefault(id(leaf), path) != path:
            ties[path] = first[id(leaf)]
        else:
            found[path] = leaf
    if constant is not None:
        kept = selected(Support.of(found), constant)
        found = {path: leaf for path, leaf in found.items() if path not in kept}
    tree = assemble(found)
    support = support_of(tree)
    places = _Places(support, known, ties)

    def unwrap(tree: VValue) -> Any:
        given = support_of(tree, "tree")
        for path in given.paths if given is not support else ():
            if path not in support.index:
                raise ValueError(
                    f"the tree has a leaf at {format_path(path)}, and the parameters have no place "
                    "for it: select(tree, support) first"
                )
        return _rebuilt((), parameters, tree, places)

    return tree, unwrap


class _Places(NamedTuple):
    """Where numbers are: the tree's paths, types to look into, and paths that stand for others."""

    support: Support
    nodes: Nodes
    ties: dict[Path, Path]


# -------------------- containers --------------------


def _opened(node: Any, nodes: Nodes) -> tuple[Mapping[Any, Any], Callable[[dict], Any]] | None:
    """A container's children by key, and what makes one like it of others; None if it is none."""
    if type(node) in nodes:
        take_apart, make = nodes[type(node)]
        return take_apart(node), partial(make, node)
    if isinstance(node, Mapping):
        return node, type(node)
    if isinstance(node, tuple) and hasattr(node, "_fields"):
        given = {name: getattr(node, name) for name in node._fields}
        return given, lambda made: node._replace(**made)  # type: ignore[attr-defined]
    if isinstance(node, (list, tuple)):
        return dict(enumerate(node)), lambda made: type(node)(made.values())
    if is_dataclass(node) and not isinstance(node, type):
        given = {f.name: getattr(node, f.name) for f in fields(node) if f.init}
        return given, lambda made: replace(node, **made)
    return None


def _below(path: Path, key: Any) -> Path:
    if key == NUMBER:
        raise ValueError(f"key {NUMBER!r} below {format_path(path)} is reserved; rename it")
    return (*path, key if isinstance(key, str) else str(key))


def _numbers(path: Path, node: Any, nodes: Nodes) -> Iterator[tuple[Path, Any]]:
    if is_tree(node):
        for tail in support_of(node).paths:
            yield path + tail, take(node, (*tail, NUMBER))
        return
    opened = _opened(node, nodes)
    if opened is not None:
        for key, child in opened[0].items():
            yield from _numbers(_below(path, key), child, nodes)
    elif _is_number(node):
        yield path, node
    elif isinstance(node, np.ndarray) and node.dtype.kind not in "USb":
        raise TypeError(
            f"the array at {format_path(path)} holds {node.dtype}; expected real numbers"
        )


def _is_number(node: Any) -> bool:
    if is_traced(node):
        return True
    if isinstance(node, np.ndarray):
        return node.dtype.kind in "fiu"
    return isinstance(node, Real) and not isinstance(node, (bool, np.bool_))


def _rebuilt(path: Path, node: Any, tree: VValue, places: _Places) -> Any:
    if is_tree(node):
        return _inside(tree, path, support_of(node))
    opened = _opened(node, places.nodes)
    if opened is None:
        return _leaf(places.ties.get(path, path), node, tree, places.support)
    children, make = opened
    return make({key: _rebuilt(_below(path, key), x, tree, places) for key, x in children.items()})


def _inside(tree: VValue, path: Path, inside: Support) -> VValue:
    """The leaves of a tree below a path that a support has."""
    return assemble({tail: take(tree, (*path, *tail, NUMBER)) for tail in inside.paths})


def _leaf(path: Path, node: Any, tree: VValue, support: Support) -> Any:
    i = support.index.get(path)
    if i is None:
        return node
    leaf = take(tree, (*path, NUMBER))
    shape = support.shape(i)
    return leaf + np.zeros(shape) if shape and path not in support_of(tree) else leaf
