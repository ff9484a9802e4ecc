"""Progress for people: a consumer of its events."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from dmm.show.labels import count

from ..process.events import Event
from ..process.state import State

__all__ = ["where_it_stands", "with_progress"]


def with_progress(events: Iterable[Event], stream: TextIO | None = None) -> Iterator[Event]:
    """Pass events through and show them as one progress line.

    With tqdm a bar, on a terminal only; without it, or when the output is no terminal, nothing.
    """
    stream = sys.stderr if stream is None else stream
    bar = _bar(stream)
    try:
        for event in events:
            if bar is not None:
                _show(bar, event)
            yield event
    finally:
        if bar is not None:
            bar.close()


def where_it_stands(state: State) -> str:
    """One line about a state.

    Examples
    --------
    >>> from vvalues import VValue
    >>> where_it_stands(State(VValue({"a": 1.0}), loss=0.25, phase="polish"))
    'polish: 1 link, loss 0.25'
    """
    best = getattr(state, "best", None)
    more = "" if best is None else f", best {count(len(best), 'link')}"
    links = count(state.links, "link")
    return f"{state.phase}: {links}, loss {state.loss:.3g}{more}"


def _bar(stream: TextIO) -> Any:
    if not stream.isatty():
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(file=stream, unit=" steps", dynamic_ncols=True)


def _show(bar: Any, event: Event) -> None:
    bar.n = event.state.step
    bar.set_description_str(where_it_stands(event.state))
