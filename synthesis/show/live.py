"""Runs as they go, on a terminal or in a notebook: consumers of their events.

The view in a notebook is HTML and SVG from `synthesis.show.curves_svg`: no JavaScript of ours, no
matplotlib.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from html import escape
from typing import Any, TextIO

from dmm.show import count

from ..process.process import Event
from ..process.state import State

__all__ = ["watch", "where_it_stands", "with_progress"]

SECONDS = 0.5  # between two updates


# -------------------- in a notebook --------------------


def watch(events: Iterable[Event]) -> Iterator[Event]:
    """Pass a run's events through and show its curves in a notebook, updated in place.

    Outside a notebook nothing is shown and nothing is imported. The view is plain HTML and SVG.

    Parameters
    ----------
    events : iterable of Event
        For instance what `synthesis.search_events` gives.

    Yields
    ------
    Event

    Examples
    --------
    >>> from synthesis import get_task
    >>> from synthesis.loop import prepare, search_events
    >>> events = watch(search_events(*prepare(get_task("modulo-3@layered-2x1"), seed=0)))
    >>> next(events).records[0].event
    'fit'
    """
    show = _display()
    rows: list[dict[str, Any]] = []
    event, shown_at = None, -math.inf
    try:
        for event in events:
            if show is not None:
                rows += [record.to_dict() for record in event.records]
                if time.monotonic() - shown_at >= SECONDS:
                    show(_live_view(event, rows))
                    shown_at = time.monotonic()
            yield event
    finally:  # also when it is interrupted: the last word is where the run stands
        if show is not None and event is not None:
            show(_live_view(event, rows))


def _display() -> Callable[[dict[str, str]], None] | None:
    """What shows a bundle of renderings in the notebook we run in, always in one place."""
    ipython = sys.modules.get("IPython")  # not imported yet: this is no notebook
    shell = None if ipython is None else ipython.get_ipython()
    if getattr(shell, "kernel", None) is None:
        return None
    from IPython.display import display

    handles: list[Any] = []

    def show(bundle: dict[str, str]) -> None:
        if handles:
            handles[0].update(bundle, raw=True)
        else:
            handles.append(display(bundle, raw=True, display_id=True))

    return show


def _live_view(event: Event, rows: list[dict[str, Any]]) -> dict[str, str]:
    """One line about where a run stands, and its curves."""
    from dmm.show import STYLE

    from .curves_svg import svg_curves

    line = f"step {event.state.step:,} · {where_it_stands(event.state)}"
    html = (
        f'<div class="dmm"><style>{STYLE}</style><p class="head"><b>{escape(line)}</b></p>'
        f'<div class="wide">{svg_curves(rows)}</div></div>'
    )
    return {"text/html": html, "text/plain": line}


# -------------------- on a terminal --------------------


def with_progress(events: Iterable[Event], stream: TextIO | None = None) -> Iterator[Event]:
    """Pass events through and show them as one progress line.

    With tqdm a bar, on a terminal only; without it, or when the output is no terminal, nothing.

    Examples
    --------
    >>> from synthesis import get_task
    >>> from synthesis.loop import prepare, search_events
    >>> events = with_progress(search_events(*prepare(get_task("modulo-3@layered-2x1"), seed=0)))
    >>> next(events).records[0].event
    'fit'
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
