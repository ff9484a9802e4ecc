"""What derivatives are judged by: difference quotients along every coordinate, away from kinks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ..core import kernels
from ..core.support import Support
from ..core.tree import VValue, from_buffer
from .closeness import coordinate_name

__all__ = ["MODES", "assert_slopes", "check_modes", "clear_of_kinks", "keep_clear"]

MODES = ("reverse", "forward")
_EPSILON = float(np.finfo(float).eps)
_N_SHOWN = 6


# -------------------- before --------------------


def check_modes(modes: Iterable[str]) -> None:
    """Refuse a mode of differentiation that there is not.

    Raises
    ------
    ValueError
        Naming the mode.
    """
    __tracebackhide__ = True
    for mode in modes:
        if mode not in MODES:
            raise ValueError(f"mode is {mode!r}; expected one of {', '.join(MODES)}")


def clear_of_kinks(
    trees: Sequence[VValue], kinks: Sequence[float], margin: float, step: float
) -> tuple[VValue, ...]:
    """The points, moved so far away from kinks that no probe crosses one.

    Raises
    ------
    ValueError
        If the margin is within reach of the probes.
    """
    __tracebackhide__ = True
    if not kinks:
        return tuple(trees)
    reach = 2 * step * max(1.0, *(abs(kink) + margin for kink in kinks))
    if margin <= reach:
        raise ValueError(f"margin is {margin}; the probes reach {reach:g} far: choose more")
    return tuple(keep_clear(tree, kinks, margin) for tree in trees)


def keep_clear(tree: VValue, kinks: Iterable[float], margin: float) -> VValue:
    """Move every element that is closer than ``margin`` to a kink just out of the margin.

    Parameters
    ----------
    tree : VValue
    kinks : numbers, further apart than two margins
    margin : float, in the units of the leaves

    Returns
    -------
    VValue on the same support

    Raises
    ------
    ValueError
        If the margins of two kinks overlap.

    Examples
    --------
    >>> keep_clear(VValue({"a": -0.001, "b": 0.0, "c": 2.0}), [0.0], 0.1)
    VValue({'a': -0.1, 'b': 0.1, 'c': 2.0})
    """
    ordered = np.sort(np.array([float(kink) for kink in kinks]))
    if np.any(np.diff(ordered) <= 2 * margin):
        raise ValueError(f"kinks {ordered.tolist()} are closer than two margins of {margin}")
    out = np.array(tree.buffer)
    for kink in ordered:
        is_near = np.abs(out - kink) < margin
        out[is_near] = kink + np.where(out[is_near] < kink, -margin, margin)
    return from_buffer(tree.support, out)


# -------------------- the judgement --------------------


def assert_slopes(
    along: Callable[[VValue, float], float],
    tree: VValue,
    probed: Support,
    claims: Mapping[str, np.ndarray],
    words: str,
    rtol: float,
    step: float,
) -> None:
    """Assert that what is claimed of every slope is what differences say.

    Parameters
    ----------
    along : callable, (direction, distance) -> float
        Value of the function at some distance from the point.
    tree : VValue, the point
    probed : Support, the coordinates to look at
    claims : mapping of words to array (size of the support,)
        Slopes by whoever claims them.
    words : str
        What is wrong, if it is.
    rtol, step : float
        As those of `check_tree_gradients`.

    Raises
    ------
    AssertionError
        Beginning with the words, then naming paths and both values.
    """
    __tracebackhide__ = True
    point, wrong = kernels.align(tree, probed), []
    for element in range(probed.size):
        unit = np.zeros(probed.size)
        unit[element] = 1.0
        direction = from_buffer(probed, unit)
        h = step * max(1.0, abs(float(point[element])))
        f = np.array([along(direction, k * h) for k in (-2, -1, 0, 1, 2)])
        said = {whose: float(claimed[element]) for whose, claimed in claims.items()}
        complaint = _complaint(f, h, said, rtol)
        if complaint:
            wrong.append(f"  {coordinate_name(probed, element)}: {complaint}")
    if wrong:
        more = f"\n  … and {len(wrong) - _N_SHOWN} more" if len(wrong) > _N_SHOWN else ""
        raise AssertionError(
            f"{words} ({len(wrong)} of {probed.size} coordinates)\n"
            + "\n".join(wrong[:_N_SHOWN])
            + more
        )


def _complaint(f: np.ndarray, h: float, claims: Mapping[str, float], rtol: float) -> str:
    """The first claim that is not what the differences of five values say; empty if all are."""
    slope = (8 * (f[3] - f[1]) - (f[4] - f[0])) / (12 * h)
    noise = 64 * _EPSILON * float(np.max(np.abs(f))) / h
    for whose, given in claims.items():
        if not abs(given - slope) <= rtol * max(abs(given), abs(slope)) + noise:
            remark = _kink_remark(f, h, noise)
            return f"{whose} {_short(given)}, differences give {_short(slope)}{remark}"
    return ""


def _short(number: float) -> str:
    return repr(float(f"{number:.7g}"))


def _kink_remark(f: np.ndarray, h: float, noise: float) -> str:
    left = (3 * f[2] - 4 * f[1] + f[0]) / (2 * h)
    right = (-3 * f[2] + 4 * f[3] - f[4]) / (2 * h)
    if abs(right - left) <= 1e-2 * max(abs(left), abs(right)) + 8 * noise:
        return ""
    return (
        f" (slope {_short(left)} on the left, {_short(right)} on the right: a kink? "
        "keep the point away from it)"
    )
