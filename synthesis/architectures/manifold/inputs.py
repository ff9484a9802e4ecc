"""What every model of this package asks of its inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from vvalues.core.tracing import is_traced

__all__ = ["checked_inputs"]


def checked_inputs(inputs: Any, n_inputs: int, axes: tuple[str, ...] = ("samples",)) -> Any:
    """Inputs as an array, or as they are if they are being differentiated.

    Parameters
    ----------
    inputs : array_like
    n_inputs : int
        Length of the last axis.
    axes : tuple of str
        Names of the axes before it; none may be empty.

    Raises
    ------
    ValueError
        For another shape, a batch of zero, or what is no real number.

    Examples
    --------
    >>> checked_inputs([[1, 2]], 2)
    array([[1, 2]])
    """
    if not is_traced(inputs):
        try:
            inputs = np.asarray(inputs)
        except ValueError as error:  # rows of different lengths
            raise ValueError(f"inputs are no array: {error}") from None
        if inputs.dtype.kind not in "buif":
            raise ValueError(f"inputs hold {inputs.dtype}; expected real numbers")
    shape = inputs.shape
    if len(shape) != len(axes) + 1 or shape[-1] != n_inputs:
        wanted = ", ".join([*axes, str(n_inputs)])
        raise ValueError(f"inputs have shape {shape}; this model needs ({wanted})")
    if 0 in shape[:-1]:
        least = " and ".join(f"one {axis.removesuffix('s')}" for axis in axes)
        raise ValueError(f"inputs have shape {shape}, a batch of zero: give at least {least}")
    return inputs
