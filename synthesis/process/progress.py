"""Progress for people: a consumer of the loop's events."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from .events import Event

__all__ = ["with_progress"]


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


def _bar(stream: TextIO) -> Any:
    if not stream.isatty():
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(file=stream, unit=" steps", dynamic_ncols=True)


def _show(bar: Any, event: Event) -> None:
    state = event.state
    bar.n = state.step
    best = "" if state.best is None else f", best {len(state.best)} links"
    loss = f"loss {state.loss:.3g}"
    bar.set_description_str(f"{state.phase}: {len(state.parameters)} links, {loss}{best}")
