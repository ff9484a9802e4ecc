"""A run shown live in a notebook: a consumer of its events, as `synthesis.process.progress` is.

The view is HTML and SVG from `synthesis.show.curves_svg`: no JavaScript of ours, no matplotlib.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from html import escape
from typing import Any

from ..process.events import Event

__all__ = ["watch"]

SECONDS = 0.5  # between two updates


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
    ``events = list(watch(search_events(*prepare(task, seed=0))))``
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
    from dmm.show import STYLE, count

    from .curves_svg import svg_curves

    state = event.state
    best = "" if state.best is None else f" · best so far {count(len(state.best), 'link')}"
    links = count(len(state.parameters), "link")
    line = f"step {state.step:,} · {state.phase} · {links} · loss {state.loss:.3g}{best}"
    html = (
        f'<div class="dmm"><style>{STYLE}</style><p class="head"><b>{escape(line)}</b></p>'
        f'<div class="wide">{svg_curves(rows)}</div></div>'
    )
    return {"text/html": html, "text/plain": line}
