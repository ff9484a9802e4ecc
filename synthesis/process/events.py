"""What a run yields after every unit of work."""

from __future__ import annotations

from typing import NamedTuple

from .records import Record
from .state import SearchState

__all__ = ["Event"]


class Event(NamedTuple):
    """Where a run stands after a unit of work.

    Attributes
    ----------
    state : SearchState
        The run can be resumed from it.
    records : list of Record
        What happened in the unit.
    """

    state: SearchState
    records: list[Record]
