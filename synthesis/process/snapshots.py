"""Which links were there after a unit of work, kept in the record of it: what a film is made of.

The links of a search space have an order, that of its parameters. A snapshot is a bit per link, and
the weights once there are few enough to be drawn.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from vvalues import Support, VValue

from .records import Record

__all__ = ["FEW", "Snapshot", "snapshot_in", "with_snapshot"]

FEW = 60
"""Up to so many links their weights are kept too."""

DIGITS = 4
LINKS, WEIGHTS = "links_there", "weights_there"


class Snapshot(NamedTuple):
    """The links of a moment.

    Attributes
    ----------
    is_there : array of bool, (links of the space,)
    weights : array, (links that are there,), or None
        In the order of the space, to four digits; kept up to 60 links.
    """

    is_there: np.ndarray
    weights: np.ndarray | None


def with_snapshot(records: list[Record], parameters: VValue, space: Support) -> list[Record]:
    """The same records, the last of which says which links of a search space are there.

    Parameters
    ----------
    records : list of Record
    parameters : VValue
        Links of the space, after the last record.
    space : Support

    Examples
    --------
    >>> now = VValue({"b": 2.0})
    >>> record = Record("prune", "bite", 10, 0.5, 1, 2.0)
    >>> (record,) = with_snapshot([record], now, VValue({"a": 1.0, "b": 1.0}).support)
    >>> snapshot_in(record.to_dict(), 2)
    Snapshot(is_there=array([False,  True]), weights=array([2.]))
    """
    if not records:
        return records
    places, _ = space.elements(parameters.support)
    is_there = np.zeros(len(space), dtype=bool)
    is_there[places] = True
    details: dict[str, Any] = {LINKS: base64.b64encode(np.packbits(is_there).tobytes()).decode()}
    if len(parameters) <= FEW and np.isfinite(parameters.buffer).all():
        details[WEIGHTS] = [float(f"{x:.{DIGITS}g}") for x in parameters.buffer]
    last = records[-1]
    return [*records[:-1], replace(last, details={**last.details, **details})]


def snapshot_in(record: Mapping[str, Any], n_links: int) -> Snapshot | None:
    """The snapshot in a record (as a flat dict), if it has one.

    Raises
    ------
    ValueError
        If it is malformed, or of a space with another number of links.
    """
    if LINKS not in record:
        return None
    text = record[LINKS]
    try:
        data = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise ValueError(f"{LINKS} is {text!r:.40}; expected bits in base64") from None
    if len(data) != (n_links + 7) // 8:
        raise ValueError(f"{LINKS} holds {len(data)} bytes; the search space has {n_links:,} links")
    is_there = np.unpackbits(np.frombuffer(data, np.uint8), count=n_links).astype(bool)
    weights = record.get(WEIGHTS)
    if weights is None:
        return Snapshot(is_there, None)
    is_right = isinstance(weights, list) and all(type(x) in (int, float) for x in weights)
    if not is_right or len(weights) != is_there.sum():
        raise ValueError(f"{WEIGHTS} is {weights!r:.40}; expected {is_there.sum()} numbers")
    return Snapshot(is_there, np.array(weights, dtype=float))
