"""Reader of IDX files, the format of MNIST and its relatives."""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["read_idx", "read_images_and_labels"]

TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}


def read_idx(file: str | os.PathLike) -> np.ndarray:
    """The array in an IDX file, plain or gzip.

    Parameters
    ----------
    file : path

    Returns
    -------
    array, in the file's shape and number type (native byte order)

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is not IDX, holds fewer or more bytes than its header announces, or has more
        dimensions than an array can have; the message names the file.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "The IDX file format": two zero
    bytes, a type code, the number of dimensions, big-endian 32-bit lengths, the numbers.
    """
    data = _bytes_of(Path(file))
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in TYPES:
        raise ValueError(
            f"{file}: not an IDX file: it begins with the bytes {data[:4].hex(' ') or '(none)'}; "
            "expected 00 00, a type code from 08 to 0e, the number of dimensions"
        )
    dtype, n_dimensions = TYPES[data[2]], data[3]
    start = 4 + 4 * n_dimensions
    if len(data) < start:
        raise ValueError(f"{file}: truncated: the header of {start} bytes ends after {len(data)}")
    shape = struct.unpack(f">{n_dimensions}I", data[4:start])
    needed = start + prod(shape) * dtype.itemsize
    if len(data) != needed:
        what = "truncated" if len(data) < needed else "too long"
        raise ValueError(
            f"{file}: {what}: shape {shape} needs {needed:,} bytes, the file holds {len(data):,}"
        )
    try:
        array = np.frombuffer(data, dtype, offset=start).reshape(shape)
    except ValueError as error:  # more dimensions than an array can have (32 or 64)
        raise ValueError(f"{file}: {n_dimensions} dimensions: {error}") from None
    return array.astype(dtype.newbyteorder("="))


def _bytes_of(file: Path) -> bytes:
    data = file.read_bytes()
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{file}: corrupt or truncated gzip: {error}") from None


def read_images_and_labels(
    images_file: str | os.PathLike, labels_file: str | os.PathLike
) -> tuple[np.ndarray, np.ndarray]:
    """A pair of IDX files that belong together.

    Parameters
    ----------
    images_file, labels_file : path

    Returns
    -------
    images : array of uint8, shape (n, pixels)
    labels : array of integers >= 0, shape (n,)

    Raises
    ------
    ValueError
        As `read_idx`; and if the files are not images and labels, differ in number, or are empty.
    """
    images, labels = read_idx(images_file), read_idx(labels_file)
    if images.ndim < 2 or images.dtype != np.uint8:
        raise ValueError(
            f"{images_file}: holds {images.dtype} of shape {images.shape}; expected images: "
            "unsigned bytes of shape (number, rows, columns)"
        )
    if not images.size:
        raise ValueError(f"{images_file}: holds no images: its shape is {images.shape}")
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"{labels_file}: holds {labels.dtype} of shape {labels.shape}; expected labels: "
            "whole numbers of shape (number,)"
        )
    if labels.size and labels.min() < 0:
        at = int(np.argmin(labels))
        raise ValueError(f"{labels_file}: label {at} is {labels[at]}; classes count from 0")
    if len(images) != len(labels):
        raise ValueError(
            f"{images_file} holds {len(images):,} images, {labels_file} {len(labels):,} labels; "
            "they must be as many"
        )
    return images.reshape(len(images), -1), labels.astype(np.intp)
