"""The algebra of the Clojure core on plain nested dicts, case by case.

A V-value is always in normal form, but the Clojure core works on *representations*: the bare number
``5`` and the map ``{":number": 5}`` stand for the same vector and are treated differently. This
module reproduces that behaviour literally, for conformance and as the oracle of ``mode="compat"``;
nothing here is differentiable, and nothing but tests and ports of old machines should need it.

A *recurrent map* is a dict of ``str`` keys whose values are numbers, recurrent maps or foreign
things. Numbers are whatever `numbers.Real` knows, so `fractions.Fraction` gives exact results.
Where a number or a map is expected, anything else (missing included) counts as 0.

References
----------
github jsa-aerial/DMM, ``src/dmm/core.clj``; its names are given with every function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from itertools import accumulate, cycle
from numbers import Real
from typing import Any

from ..core.paths import NUMBER

__all__ = [
    "accum",
    "add_number",
    "apply_matrix",
    "divide",
    "down_movement",
    "identity",
    "is_less_or_equal",
    "is_nonnegative",
    "iter_apply_fns",
    "less_or_equal",
    "lin_comb",
    "lin_comb_neuron",
    "map_every_nth",
    "map_every_other",
    "max_norm",
    "max_norm_neuron",
    "mult",
    "mult_mask",
    "mult_mask_neuron",
    "normal_form",
    "rec_map_op",
    "subtract_number",
    "sum_maps",
    "up_movement",
]

Map = Mapping[str, Any]


def _is_map(x: Any) -> bool:
    return isinstance(x, Mapping)


def _is_number(x: Any) -> bool:
    return isinstance(x, Real) and not isinstance(x, bool)


def _coerced(x: Any) -> Any:
    return x if _is_map(x) or _is_number(x) else 0


def _is_null(x: Any) -> bool:
    return x == {} if _is_map(x) else _is_number(x) and x == 0


def _without_nulls(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in items if not _is_null(value)}


# -------------------- a number and a map --------------------


def rec_map_op(operation: Callable[[Any, Any], Any], n: Any, tree: Map) -> dict[str, Any]:
    """``operation(leaf, n)`` at every numeric leaf; nulls are dropped (``rec-map-op``).

    Parameters
    ----------
    operation : callable of a leaf and ``n``
    n : number
    tree : recurrent map

    Examples
    --------
    >>> rec_map_op(lambda leaf, n: leaf - n, 1, {"a": 1, "b": {"c": 3, "d": "foreign"}})
    {'b': {'c': 2}}
    """

    def applied(value: Any) -> Any:
        if _is_map(value):
            return rec_map_op(operation, n, value)
        return operation(value, n) if _is_number(value) else 0

    return _without_nulls((key, applied(value)) for key, value in tree.items())


def mult(n: Any, tree: Map) -> Map:
    """``n`` times a map (``rec-map-mult``); by 1 it is the map *itself*, not normalised.

    Examples
    --------
    >>> mult(2, {"a": 1, "b": {"c": 0}}), mult(1, {"b": {"c": 0}}), mult(0, {"a": 1})
    ({'a': 2}, {'b': {'c': 0}}, {})
    """
    if n == 0:
        return {}
    return tree if n == 1 else rec_map_op(lambda leaf, n: leaf * n, n, tree)


def divide(n: Any, tree: Map) -> Map:
    """Every leaf divided by ``n`` (``rec-map-div``); by 1 it is the map itself.

    Examples
    --------
    >>> divide(4, {"a": 1})
    {'a': 0.25}
    """
    return tree if n == 1 else rec_map_op(lambda leaf, n: leaf / n, n, tree)


def add_number(n: Any, tree: Map) -> Map:
    """``leaf + n`` on *existing* leaves (``rec-map-add``); leaves that become 0 vanish.

    Examples
    --------
    >>> add_number(3, {"a": 1, "b": -3})
    {'a': 4}
    """
    return tree if n == 0 else rec_map_op(lambda leaf, n: leaf + n, n, tree)


def subtract_number(n: Any, tree: Map) -> Map:
    """``leaf - n`` on *existing* leaves (``rec-map-sub``).

    Examples
    --------
    >>> subtract_number(3, {"a": 1, "b": 3})
    {'a': -2}
    """
    return tree if n == 0 else rec_map_op(lambda leaf, n: leaf - n, n, tree)


# -------------------- maps and maps --------------------


def sum_maps(large: Map | None, small: Map | None, /, *more: Map | None) -> dict[str, Any]:
    """Sum of recurrent maps (``rec-map-sum``), a left fold for more than two.

    Keys that only ``large`` has are left as they are, not normalised. None counts as zero.

    Raises
    ------
    TypeError
        If an argument is a bare number: the core cannot add a scalar at the top.

    Examples
    --------
    >>> sum_maps({"a": 1, "b": 2}, {"a": {"c": 5}, "b": -2})
    {'a': {'c': 5, ':number': 1}}
    """
    return reduce(_sum_of_two, (small, *more), _top(large))  # type: ignore[arg-type]


def _top(tree: Map | None) -> dict[str, Any]:
    if tree is not None and not _is_map(tree):
        raise TypeError(
            f"argument of sum_maps is {type(tree).__name__} {tree!r:.40}; expected a map: "
            f"write {{{NUMBER!r}: {tree!r:.40}}}"
        )
    return dict(tree or {})


def _sum_of_two(large: Map, small: Map | None) -> dict[str, Any]:
    out = dict(large)
    for key, addend in _top(small).items():
        left, right = _coerced(out.get(key)), _coerced(addend)
        total: Any
        if _is_map(left) and _is_map(right):
            total = _sum_of_two(left, right)
        elif _is_map(left):
            total = _sum_of_two(left, {NUMBER: right})
        elif _is_map(right):
            total = _sum_of_two(right, {NUMBER: left})
        else:
            total = left + right
        if _is_null(total):
            out.pop(key, None)
        else:
            out[key] = total
    return out


def _product(mask: Any, value: Any, both_maps: Callable[[Map, Map], Any]) -> Any:
    """The case split that masks and linear combinations share."""
    mask, value = _coerced(mask), _coerced(value)
    if _is_map(mask):
        return both_maps(mask, value) if _is_map(value) else 0
    return mult(mask, value) if _is_map(value) else value * mask


def mult_mask(mask: Map, tree: Map) -> dict[str, Any]:
    """Multiplicative mask (``rec-map-mult-mask``): what the mask does not name is dropped.

    ``":number"`` inside a mask is an ordinary key here, *not* "scale the subtree".

    Examples
    --------
    >>> mult_mask({"c": 7}, {"a": 1, "c": {"x": 2}})
    {'c': {'x': 14}}
    """
    return _without_nulls((k, _product(m, tree.get(k), mult_mask)) for k, m in mask.items())


def lin_comb(mask: Map, tree: Map) -> dict[str, Any]:
    """Linear combination (``rec-map-lin-comb``): as `mult_mask`, the results summed into one map.

    Examples
    --------
    >>> lin_comb({"c": 7}, {"c": {"x": 2}}), lin_comb({"c": 7}, {"c": 7})
    ({'x': 14}, {':number': 49})
    """
    total: Map = {}
    for key, coefficients in mask.items():
        term = _product(coefficients, tree.get(key), lin_comb)
        if _is_map(term):
            total = _sum_of_two(total, term) if total != {} else term
        elif term != 0:
            total = _sum_of_two(total, {NUMBER: term})
    return dict(total)


def apply_matrix(matrix: Map, tree: Map, level: int) -> dict[str, Any]:
    """A `lin_comb` for every row at depth ``level`` (``apply-matrix``); empty results are kept.

    Examples
    --------
    >>> apply_matrix({"x": {"a": 8}, "y": {"b": 1}}, {"a": 3}, 1)
    {'x': {':number': 24}, 'y': {}}
    """
    if level == 0:
        return lin_comb(matrix, tree)
    return {key: apply_matrix(row, tree, level - 1) for key, row in matrix.items()}


# -------------------- norm and order --------------------


def max_norm(tree: Map) -> Any:
    """Largest absolute value of a numeric leaf, 0 if there is none (``rec-map-max-norm``).

    Examples
    --------
    >>> max_norm({"c": -2, "a": {"b": 1}})
    2
    """
    return max((0, *map(_magnitude, tree.values())))


def _magnitude(value: Any) -> Any:
    if _is_map(value):
        return max_norm(value)
    return abs(value) if _is_number(value) else 0


def is_nonnegative(tree: Map) -> bool:
    """Whether no numeric leaf is negative; foreign leaves do not matter."""
    return all(
        is_nonnegative(value) if _is_map(value) else not _is_number(value) or value >= 0
        for value in tree.values()
    )


def is_less_or_equal(left: Map, right: Map) -> bool:
    """Whether ``right - left`` is non-negative."""
    return is_nonnegative(sum_maps(right, mult(-1, left)))


def normal_form(tree: Map) -> dict[str, Any]:
    """The one representation of a vector: no zero leaf, no empty map, no needless ``":number"``.

    Examples
    --------
    >>> normal_form({"a": {":number": 2}, "b": {"c": 0}, ":number": 1})
    {'a': 2, ':number': 1}
    """

    def collapsed(value: Any) -> Any:
        if not _is_map(value):
            return _coerced(value)
        inside = normal_form(value)
        return inside[NUMBER] if inside.keys() == {NUMBER} else inside

    return _without_nulls((key, collapsed(value)) for key, value in tree.items())


# -------------------- neurons and the two strokes --------------------


def accum(inputs: Map) -> dict[str, Any]:
    """Accumulator: ``{"single": accum + delta}``."""
    return {"single": sum_maps(inputs.get("accum"), inputs.get("delta"))}


def identity(inputs: Map) -> Map:
    """The inputs as outputs; an accumulator too, with a self-link of weight 1."""
    return inputs


def max_norm_neuron(inputs: Map) -> dict[str, Any]:
    """``{":number": norm}`` of the whole input, all fields together."""
    return {NUMBER: max_norm(inputs)}


def less_or_equal(inputs: Map) -> dict[str, Any]:
    """1 on ``true-channel`` or on ``false-channel``, 0 on the other, comparing left and right."""
    holds = is_less_or_equal(inputs.get("left") or {}, inputs.get("right") or {})
    return {"true-channel": int(holds), "false-channel": int(not holds)}


def mult_mask_neuron(inputs: Map) -> dict[str, Any]:
    """``{"single": mult_mask(mask, main)}``.

    The published neuron *extracts* ``single`` from the product instead of wrapping the product in
    it, almost surely a slip: its output would be empty. This one wraps.
    """
    return {"single": mult_mask(inputs.get("mask") or {}, inputs.get("main") or {})}


def lin_comb_neuron(inputs: Map) -> dict[str, Any]:
    """``{"single": lin_comb(mask, main)}``; wraps, as `mult_mask_neuron` does."""
    return {"single": lin_comb(inputs.get("mask") or {}, inputs.get("main") or {})}


def down_movement(outputs: Mapping[Any, Map]) -> dict[Any, Any]:
    """Inputs of all neurons from their outputs; the matrix is what ``accum``/``self`` puts out.

    Parameters
    ----------
    outputs : mapping, activation function / neuron name -> output map
        The functions are the keys, `accum` itself among them.
    """
    return apply_matrix(outputs[accum]["self"]["single"], outputs, 3)  # type: ignore[arg-type]


def up_movement(inputs: Mapping[Callable, Map]) -> dict[Callable, Any]:
    """Outputs of all neurons: every activation function applied to each of its instances.

    Examples
    --------
    >>> up_movement({accum: {"a": {"accum": {"x": 1}, "delta": {"x": 2}}}})[accum]
    {'a': {'single': {'x': 3}}}
    """
    return {
        function: {name: function(argument) for name, argument in instances.items()}
        for function, instances in inputs.items()
    }


# -------------------- infinite sequences --------------------


def iter_apply_fns(start: Any, *functions: Callable[[Any], Any]) -> Iterator[Any]:
    """``start``, ``f1(start)``, ``f2(f1(start))``, … cycling through the functions, for ever.

    Examples
    --------
    >>> from itertools import islice
    >>> list(islice(iter_apply_fns(1, lambda x: 2 * x, lambda x: x + 3), 5))
    [1, 2, 5, 10, 13]
    """
    return accumulate(cycle(functions), lambda x, function: function(x), initial=start)


def map_every_nth(n: int, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """The function of every ``n``-th item (counted from 1), None in all other places.

    Examples
    --------
    >>> list(map_every_nth(3, str, range(6)))
    [None, None, '2', None, None, '5']
    """
    for i, item in enumerate(items, 1):
        yield None if i % n else function(item)


def map_every_other(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """`map_every_nth` with ``n = 2``."""
    return map_every_nth(2, function, items)
