"""Lanes: eight doubles in one register, as a type of numba, and arithmetic on them; or one double.

Plain loops over a small inner axis do not become vector instructions that stay in registers (half
the speed); so lanes are a type of their own, lowered to ``<8 x double>`` of LLVM. The arrays say
which it is: lanes are the rows of a matrix, single doubles the elements of a flat array. Kernels
are compiled for both.

Nothing checks an index here: what the tables say is tested. numba's cache of the kernels looks at
their own file only: after a change here, touch ``ticking.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from .tables import WIDTH

__all__ = [
    "at",
    "clamped",
    "fused",
    "larger",
    "load",
    "magnitude",
    "negative",
    "over",
    "plus",
    "positive",
    "settle",
    "sign_where",
    "splat",
    "store",
    "times",
    "within",
]

VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)


class _LanesType(types.Type):
    def __init__(self) -> None:
        super().__init__(name="lanes")


@register_model(_LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, VECTOR)


LANES = _LanesType()


def _lanes_of(array: Any) -> Any:
    """What lies in an array: lanes in a matrix, else doubles."""
    return LANES if array.ndim == 2 else types.float64


# -------------------- memory --------------------


def _pointer(context: Any, builder: Any, signature: Any, args: Any, stride: int) -> Any:
    data = context.make_array(signature.args[0])(context, builder, args[0]).data
    index = builder.mul(args[1], ir.Constant(args[1].type, stride))
    return builder.gep(data, [index])


def _place(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    if signature.args[0].ndim == 1:
        return _pointer(context, builder, signature, args, 1)
    pointer = _pointer(context, builder, signature, args, WIDTH)
    return builder.bitcast(pointer, VECTOR.as_pointer())


@intrinsic
def load(context: Any, array: Any, i: Any) -> Any:
    """Lanes number ``i`` of a matrix, or a double of a flat array: a weight that is one for all."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_place(context, builder, signature, args), align=8)

    return _lanes_of(array)(array, types.intp), codegen


@intrinsic
def store(context: Any, array: Any, i: Any, lanes: Any) -> Any:
    """Write lanes number ``i`` of an array."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _place(context, builder, signature, args), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, _lanes_of(array)), codegen


@intrinsic
def at(context: Any, array: Any, i: Any) -> Any:
    """Element of a flat array; negative indices are not handled, which costs time."""
    found = types.intp if isinstance(array.dtype, types.Integer) else array.dtype

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = builder.load(_pointer(context, builder, signature, args, 1))
        return context.cast(builder, value, signature.args[0].dtype, found)

    return found(array, types.intp), codegen


def _splat(builder: Any, x: Any) -> Any:
    undefined = ir.Constant(VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, x, ir.Constant(ir.IntType(32), 0))
    order = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(first, undefined, order)


@intrinsic
def splat(context: Any, array: Any, x: Any) -> Any:
    """One number in all lanes, as they lie in an array."""
    found = _lanes_of(array)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _splat(builder, args[1]) if found is LANES else args[1]

    return found(array, types.float64), codegen


@intrinsic
def settle(context: Any, sums: Any, i: Any, lanes: Any) -> Any:
    """Write number ``i`` of some sums: that over the lanes, or (to a matrix) each of its own."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found = args[2]
        if lanes is LANES and signature.args[0].ndim == 1:
            found = builder.extract_element(args[2], ir.Constant(ir.IntType(32), 0))
            for k in range(1, WIDTH):
                lane = builder.extract_element(args[2], ir.Constant(ir.IntType(32), k))
                found = builder.fadd(found, lane)
        builder.store(found, _place(context, builder, signature, args), align=8)
        return context.get_dummy_value()

    return types.void(sums, types.intp, lanes), codegen


# -------------------- arithmetic, lane by lane --------------------


def _unary(build: Callable[..., Any]) -> Any:
    """An operation on lanes, from a function that builds its instructions."""

    def operation(context: Any, x: Any) -> Any:
        return x(x), lambda context, builder, signature, args: build(builder, *args)

    return intrinsic(update_wrapper(operation, build, ("__name__", "__doc__", "__module__"), ()))


def _binary(build: Callable[..., Any]) -> Any:
    """As `_unary`, with two arguments."""

    def operation(context: Any, x: Any, y: Any) -> Any:
        return x(x, x), lambda context, builder, signature, args: build(builder, *args)

    return intrinsic(update_wrapper(operation, build, ("__name__", "__doc__", "__module__"), ()))


@intrinsic
def fused(context: Any, x: Any, y: Any, z: Any) -> Any:
    """``x * y + z``; ``x`` may be one number for all lanes."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first = _splat(builder, args[0]) if x is not y else args[0]
        return _llvm("fmuladd", builder, first, *args[1:])

    return z(x, z, z), codegen


def _llvm(name: str, builder: Any, *args: Any) -> Any:
    of = args[0].type
    suffix = f"v{WIDTH}f64" if of == VECTOR else "f64"
    kind = ir.FunctionType(of, [of] * len(args))
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.{suffix}")
    return builder.call(function, args)


def _all(value: float, like: Any) -> Any:
    return ir.Constant(like.type, [value] * WIDTH if like.type == VECTOR else value)


def _is(builder: Any, x: Any, relation: str, y: Any) -> Any:
    return builder.fcmp_ordered(relation, x, y)


@_binary
def plus(builder: Any, x: Any, y: Any) -> Any:
    """``x + y``."""
    return builder.fadd(x, y)


@_binary
def times(builder: Any, x: Any, y: Any) -> Any:
    """``x * y``."""
    return builder.fmul(x, y)


@_binary
def over(builder: Any, x: Any, y: Any) -> Any:
    """``x / y``."""
    return builder.fdiv(x, y)


@_unary
def negative(builder: Any, x: Any) -> Any:
    """``-x``."""
    return builder.fneg(x)


@_unary
def magnitude(builder: Any, x: Any) -> Any:
    """Absolute value."""
    return _llvm("fabs", builder, x)


@_unary
def positive(builder: Any, x: Any) -> Any:
    """1 where ``x > 0``, else 0."""
    return builder.select(_is(builder, x, ">", _all(0.0, x)), _all(1.0, x), _all(0.0, x))


@_binary
def larger(builder: Any, x: Any, y: Any) -> Any:
    """The larger one; NaN if either is."""
    is_x = builder.or_(_is(builder, x, ">", y), builder.fcmp_unordered("uno", x, x))
    return builder.select(is_x, x, y)


@_binary
def clamped(builder: Any, x: Any, bound: Any) -> Any:
    """Within ``[-bound, bound]``; NaN stays NaN."""
    x = builder.select(_is(builder, x, ">", bound), bound, x)
    lowest = builder.fneg(bound)
    return builder.select(_is(builder, x, "<", lowest), lowest, x)


@_binary
def within(builder: Any, x: Any, bound: Any) -> Any:
    """1 where ``|x| <= bound``, else 0."""
    is_within = _is(builder, _llvm("fabs", builder, x), "<=", bound)
    return builder.select(is_within, _all(1.0, x), _all(0.0, x))


@_binary
def sign_where(builder: Any, x: Any, size: Any) -> Any:
    """Sign of ``x`` where ``|x| = size``, else 0; NaN stays NaN."""
    is_there = _is(builder, _llvm("fabs", builder, x), "==", size)
    is_up, is_down = _is(builder, x, ">", _all(0.0, x)), _is(builder, x, "<", _all(0.0, x))
    sign = builder.select(is_up, _all(1.0, x), builder.select(is_down, _all(-1.0, x), _all(0.0, x)))
    sign = builder.select(is_there, sign, _all(0.0, x))
    return builder.select(builder.fcmp_unordered("uno", x, x), x, sign)
