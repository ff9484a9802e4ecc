"""A checker of gradients with respect to trees.

`check_tree_gradients` differs from autograd's ``check_grads`` where that one is blind: it probes
every coordinate instead of one random direction, also where the gradient reports components that
the argument does not have; it compares relatively, so a wrong gradient of 1e-9 is wrong; and it
says which path is wrong and by how much.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import grad, make_jvp
from autograd.extend import vspace

from ..core import kernels
from ..core.linear import inner
from ..core.structure import restrict
from ..core.support import Support
from ..core.tracing import is_tree
from ..core.tree import VValue, from_buffer
from .probing import MODES, assert_slopes, check_modes, clear_of_kinks

__all__ = ["check_tree_gradients"]


def check_tree_gradients(
    function: Callable,
    *trees: VValue,
    order: int = 2,
    modes: Sequence[str] = MODES,
    rtol: float = 1e-6,
    step: float = 1e-3,
    kinks: Iterable[float] = (),
    margin: float = 1e-2,
    support: Support | None = None,
    rng: np.random.Generator | None = None,
) -> None:
    """Assert that autograd's derivatives of a function of V-values are right.

    Every coordinate of the union of the supports of argument *and* gradient is compared with a
    central difference of fourth order, in every argument, and likewise the derivative of a random
    combination of the gradients up to ``order``.

    Parameters
    ----------
    function : callable of V-values
        Returns a number, an array or a V-value (the latter two are tested in one random
        combination of their elements).
    *trees : VValue, the point
    order : int
        Highest order of differentiation.
    modes : subset of {"reverse", "forward"}
    rtol : float
        Relative tolerance of a derivative; what rounding does to the difference is allowed extra.
    step : float
        Probing distance of an element x in units of ``max(1, |x|)``; probes reach two steps far.
    kinks : numbers
        Values of a leaf at which the function has no derivative (0 for ``relu`` or ``l1_norm``).
        Leaves closer than ``margin`` are moved away before the check, see `keep_clear`.
    margin : float
        Distance to keep from kinks, above two steps; in units of the leaves.
    support : Support, optional
        Coordinates to probe instead of the union: a larger one asks for components that the
        gradient should have reported, the argument's own leaves out what is absent.
    rng : numpy.random.Generator, optional
        For the random combinations; fixed when omitted.

    Raises
    ------
    AssertionError
        Naming the argument, the mode, the path and both values, and whether it looks like a kink.
    ValueError
        For an unknown mode or a margin within reach of the probes.

    Notes
    -----
    Costs four evaluations per coordinate and order, and one forward pass in forward mode.

    Examples
    --------
    >>> from vvalues import l1_norm, stop_gradient
    >>> point = VValue({"a": 1.5, "b": {"c": -2.0}})
    >>> check_tree_gradients(l1_norm, point, kinks=[0])
    >>> check_tree_gradients(lambda v: v["a"] * stop_gradient(v["a"]), point)
    Traceback (most recent call last):
        ...
    AssertionError: wrong derivative of order 1 with respect to argument 0 (1 of 2 coordinates)
      a: reverse mode gives 1.5, differences give 3.0
    """
    __tracebackhide__ = True
    check_modes(modes)
    rng = np.random.default_rng(0) if rng is None else rng
    trees = clear_of_kinks(trees, tuple(kinks), margin, step)
    scalar = _scalarised(function, trees, rng)
    with warnings.catch_warnings():
        # A gradient that is zero everywhere is compared like any other.
        warnings.filterwarnings("ignore", message="Output seems independent of input")
        for current in range(1, order + 1):
            probes = []
            for i in range(len(trees)):  # no comprehension: its frame could not be hidden
                probes.append(
                    _check_argument(scalar, trees, i, current, modes, rtol, step, support)
                )
            scalar = _along(scalar, [from_buffer(s, rng.normal(size=s.size)) for s in probes])


def _scalarised(function: Callable, trees: tuple[VValue, ...], rng: np.random.Generator) -> Any:
    value = function(*trees)
    if isinstance(value, VValue):
        weights = from_buffer(value.support, rng.normal(size=value.size))
        return lambda *args: inner(function(*args), weights)
    if np.shape(value):
        array_weights = rng.normal(size=np.shape(value))
        return lambda *args: anp.sum(function(*args) * array_weights)
    return function


def _along(scalar: Callable, directions: list[VValue]) -> Callable:
    """Sum of the directional derivatives, itself a function to be checked."""

    def combined(*trees: Any) -> Any:
        return sum(
            inner(grad(scalar, i)(*trees), direction) for i, direction in enumerate(directions)
        )

    return combined


def _check_argument(
    scalar: Callable,
    trees: tuple[VValue, ...],
    i: int,
    order: int,
    modes: Sequence[str],
    rtol: float,
    step: float,
    support: Support | None,
) -> Support:
    __tracebackhide__ = True
    gradient = grad(scalar, i)(*trees)
    if not is_tree(gradient):
        raise AssertionError(
            f"the gradient with respect to argument {i} is {type(gradient).__name__}, not a VValue"
        )
    union = trees[i].support.union(gradient.support).support
    probed = union if support is None else support
    claims = {}
    if "reverse" in modes:
        claims["reverse mode gives"] = kernels.align(gradient, probed)
    if "forward" in modes:
        push = make_jvp(scalar, i)(*trees)
        basis = vspace(restrict(trees[i], probed)).standard_basis()
        claims["forward mode gives"] = np.array([float(push(unit)[1]) for unit in basis])

    def along(direction: VValue, distance: float) -> float:
        moved = kernels.add(trees[i], kernels.scale(direction, distance))
        return float(scalar(*trees[:i], moved, *trees[i + 1 :]))

    words = f"wrong derivative of order {order} with respect to argument {i}"
    assert_slopes(along, trees[i], probed, claims, words, rtol, step)
    return probed
