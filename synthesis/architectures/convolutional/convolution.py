"""Convolution of pictures with filters, its derivatives of any order, and pooling of blocks.

Pictures are arrays (channels, rows, columns, n): n pictures lie side by side, so that whatever is
copied is copied in long runs. Filters are arrays (channels, rows, columns, filters).

The number ``sum(convolve(x, w) * g)`` is linear in the pictures x, in the filters w and in the maps
g. Its derivatives by g, x and w are the three operations `convolve`, `convolve_transposed` and
`correlate`: each is the derivative of the two others, so there is nothing else to derive. Each is
one product of matrices and one copy of the pictures' patches.

References
----------
K. Chellapilla, S. Puri, P. Simard, High performance convolutional neural networks for document
processing (2006), section 3.1: convolution as a product of matrices.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.extend import def_linear, defvjp
from autograd.tracer import getval

from vvalues.core.tracing import primitive

__all__ = [
    "blocks",
    "convolve",
    "convolve_transposed",
    "correlate",
    "overlaid",
    "patches",
    "pooled",
    "shares_of_blocks",
]


# -------------------- patches --------------------


def patches(pictures: np.ndarray, rows: int, columns: int, padding: int = 0) -> np.ndarray:
    """What a filter sees at each of its places.

    Parameters
    ----------
    pictures : array (channels, height, width, n)
    rows, columns : int
        Of a filter.
    padding : int
        Zeros added around every picture.

    Returns
    -------
    array (channels, rows, columns, places down, places across, n)
        A copy, but for a filter as large as the picture.

    Raises
    ------
    ValueError
        If a filter is larger than the padded pictures.

    Examples
    --------
    >>> seen = patches(np.arange(9.0).reshape(1, 3, 3, 1), 2, 2)
    >>> seen[0, :, :, 1, 0, 0]
    array([[3., 4.],
           [6., 7.]])
    """
    if padding:
        around = (padding, padding)
        pictures = np.pad(pictures, ((0, 0), around, around, (0, 0)))
    channels, height, width, n = pictures.shape
    if rows > height or columns > width:
        raise ValueError(
            f"filters of {rows} x {columns} do not fit in pictures of {height} x {width}, padding "
            "included; choose smaller filters, less pooling before them or more padding"
        )
    if (rows, columns) == (height, width):
        return pictures[:, :, :, None, None]
    down, across = height - rows + 1, width - columns + 1
    seen = np.empty((channels, rows, columns, down, across, n), pictures.dtype)
    for i, j in np.ndindex(rows, columns):
        seen[:, i, j] = pictures[:, i : i + down, j : j + across]
    return seen


def overlaid(seen: np.ndarray, padding: int = 0) -> np.ndarray:
    """Patches laid over each other where they were taken from: the transpose of `patches`.

    Parameters
    ----------
    seen : array (channels, rows, columns, places down, places across, n)
    padding : int

    Returns
    -------
    array (channels, height, width, n)

    Examples
    --------
    >>> overlaid(patches(np.ones((1, 3, 3, 1)), 2, 2))[0, :, :, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    channels, rows, columns, down, across, n = seen.shape
    if (down, across) == (1, 1):
        pictures = seen[:, :, :, 0, 0]
    else:
        pictures = np.zeros((channels, rows + down - 1, columns + across - 1, n), seen.dtype)
        for i, j in np.ndindex(rows, columns):
            pictures[:, i : i + down, j : j + across] += seen[:, i, j]
    return pictures[:, padding:-padding, padding:-padding] if padding else pictures


# -------------------- convolution --------------------


@primitive
def convolve(pictures: Any, filters: Any, padding: int = 0, /) -> Any:
    """Maps of how much pictures look like filters, place by place.

    As in all networks the filter is not turned round: a cross-correlation.

    Parameters
    ----------
    pictures : array (channels, height, width, n)
    filters : array (channels, rows, columns, filters)
    padding : int
        Zeros added around every picture.

    Returns
    -------
    array (filters, height + 2 padding - rows + 1, width + 2 padding - columns + 1, n)

    Raises
    ------
    ValueError
        If the channels differ, or the filters are larger than the padded pictures.

    Notes
    -----
    Differentiable by pictures and filters in both modes, to any order.

    Examples
    --------
    >>> edges = np.array([[1.0, -1.0]]).reshape(1, 1, 2, 1)
    >>> convolve(np.array([[0.0, 0.0, 5.0, 5.0]]).reshape(1, 1, 4, 1), edges)[0, 0, :, 0]
    array([ 0., -5.,  0.])
    """
    if pictures.shape[0] != filters.shape[0]:
        raise ValueError(
            f"filters of shape {filters.shape} are for pictures of {filters.shape[0]} channels; "
            f"these have {pictures.shape[0]}"
        )
    seen = patches(pictures, filters.shape[1], filters.shape[2], padding)
    maps = _matrix(filters).T @ seen.reshape(-1, np.prod(seen.shape[3:]))
    return maps.reshape(filters.shape[3], *seen.shape[3:])


@primitive
def convolve_transposed(maps: Any, filters: Any, padding: int = 0, /) -> Any:
    """Pictures put together from filters, each as strong as its map says: `convolve` transposed.

    Parameters
    ----------
    maps : array (filters, places down, places across, n)
    filters : array (channels, rows, columns, filters)
    padding : int
        That `convolve` added.

    Returns
    -------
    array (channels, height, width, n)

    Examples
    --------
    >>> edges = np.array([[1.0, -1.0]]).reshape(1, 1, 2, 1)
    >>> convolve_transposed(np.array([0.0, -5.0, 0.0]).reshape(1, 1, 3, 1), edges)[0, 0, :, 0]
    array([ 0., -5.,  5.,  0.])
    """
    seen = _matrix(filters) @ maps.reshape(len(maps), -1)
    return overlaid(seen.reshape(*filters.shape[:3], *maps.shape[1:]), padding)


@primitive
def correlate(pictures: Any, maps: Any, padding: int = 0, /) -> Any:
    """Filters that see in pictures what the maps say: the derivative of `convolve` by its filters.

    Parameters
    ----------
    pictures : array (channels, height, width, n)
    maps : array (filters, places down, places across, n)
    padding : int
        That `convolve` added.

    Returns
    -------
    array (channels, rows, columns, filters)

    Examples
    --------
    >>> picture, mark = np.arange(4.0).reshape(1, 1, 4, 1), np.eye(3)[1].reshape(1, 1, 3, 1)
    >>> correlate(picture, mark)[0, 0, :, 0]
    array([1., 2.])
    """
    rows, columns = (pictures.shape[i] + 2 * padding - maps.shape[i] + 1 for i in (1, 2))
    seen = patches(pictures, rows, columns, padding)
    filters = seen.reshape(-1, np.prod(seen.shape[3:])) @ maps.reshape(len(maps), -1).T
    return filters.reshape(*seen.shape[:3], len(maps))


def _matrix(filters: np.ndarray) -> np.ndarray:
    """Filters as columns."""
    return filters.reshape(-1, filters.shape[3])


defvjp(
    convolve,
    lambda ans, x, w, padding=0: lambda g: convolve_transposed(g, w, padding),
    lambda ans, x, w, padding=0: lambda g: correlate(x, g, padding),
    argnums=(0, 1),
)
defvjp(
    convolve_transposed,
    lambda ans, g, w, padding=0: lambda x: convolve(x, w, padding),
    lambda ans, g, w, padding=0: lambda x: correlate(x, g, padding),
    argnums=(0, 1),
)
defvjp(
    correlate,
    lambda ans, x, g, padding=0: lambda w: convolve_transposed(g, w, padding),
    lambda ans, x, g, padding=0: lambda w: convolve(x, w, padding),
    argnums=(0, 1),
)
for _bilinear in (convolve, convolve_transposed, correlate):
    def_linear(_bilinear)


# -------------------- pooling --------------------


def blocks(pictures: Any, size: int) -> Any:
    """Pictures cut into blocks; rows and columns that are left over are cut off.

    Parameters
    ----------
    pictures : array (channels, height, width, n), traced or not
    size : int

    Returns
    -------
    array (channels, height // size, size, width // size, size, n)

    Examples
    --------
    >>> blocks(np.arange(6.0).reshape(1, 2, 3, 1), 2).ravel()
    array([0., 1., 3., 4.])
    """
    channels, height, width, n = pictures.shape
    down, across = height // size, width // size
    whole = pictures[:, : down * size, : across * size]
    return anp.reshape(whole, (channels, down, size, across, size, n))


def shares_of_blocks(in_blocks: np.ndarray, kind: str) -> np.ndarray:
    """What share every number has in the one that its block is pooled to.

    Parameters
    ----------
    in_blocks : array (channels, down, size, across, size, n), see `blocks`
    kind : str
        ``"mean"``: all have equal shares. ``"max"``: the largest has all; where several are the
        largest, which a network of damaged filters has, they have equal shares.

    Returns
    -------
    array in the shape of ``in_blocks``, or one that is broadcast to it

    Examples
    --------
    >>> found = shares_of_blocks(np.array([0.0, 7.0, 2.0, 7.0]).reshape(1, 1, 2, 1, 2, 1), "max")
    >>> found.ravel()
    array([0. , 0.5, 0. , 0.5])
    """
    if kind == "mean":
        size = in_blocks.shape[2]
        return np.full((1, 1, size, 1, size, 1), 1.0 / size**2)
    is_largest = in_blocks == np.max(in_blocks, axis=(2, 4), keepdims=True)
    return is_largest / np.sum(is_largest, axis=(2, 4), keepdims=True)


def pooled(pictures: Any, size: int, kind: str) -> Any:
    """Blocks of pictures, each pooled to its largest number or to its mean.

    Parameters
    ----------
    pictures : array (channels, height, width, n), traced or not
    size : int
    kind : str
        ``"max"`` or ``"mean"``.

    Returns
    -------
    array (channels, height // size, width // size, n)

    Examples
    --------
    >>> pooled(np.arange(8.0).reshape(1, 2, 4, 1), 2, "max").ravel()
    array([5., 7.])
    """
    in_blocks = blocks(pictures, size)
    return anp.sum(shares_of_blocks(getval(in_blocks), kind) * in_blocks, axis=(2, 4))
