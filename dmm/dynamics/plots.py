"""Pictures of an atlas: what the links of a machine do, and where machines lie among others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..show.plots import new_axes, pyplot
from ..show.style import BLUE, MUTED, ORANGE
from .invariants import BEHAVIOURS
from .portraits import Portrait

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_atlas", "draw_life", "draw_lives", "examples_of"]

MARKS = dict(zip(BEHAVIOURS, "os^Dp*x", strict=True))
"""So that a behaviour shows without its colour."""


def examples_of(portraits: Sequence[Portrait]) -> dict[str, Portrait]:
    """For every behaviour the portrait with the richest spectrum.

    Examples
    --------
    >>> from dmm.dynamics import atlas
    >>> from dmm.zoo import pure_oscillator, pure_soliton
    >>> found = examples_of(atlas([pure_oscillator(), pure_soliton()], ticks=60))
    >>> found["oscillation"].figures.return_time
    5
    """
    found: dict[str, Portrait] = {}
    for behaviour in BEHAVIOURS:
        own = [each for each in portraits if each.figures.behaviour == behaviour]
        if own:
            found[behaviour] = max(own, key=lambda each: each.figures.disorder)
    return found


def draw_life(
    portrait: Portrait, ax: Axes | None = None, *, ticks: int = 200, most: int = 12
) -> Axes:
    """The links that change over the last ticks of a life, one line each.

    Parameters
    ----------
    portrait : Portrait
    ax : Axes, optional
    ticks : int
    most : int
        Lines; those that move most.

    Examples
    --------
    >>> from dmm.dynamics import portrait
    >>> from dmm.zoo import pure_soliton
    >>> len(draw_life(portrait(pure_soliton(), ticks=60)).lines)
    5
    """
    ax = new_axes(7.0, 2.2) if ax is None else ax
    weights = portrait.weights[-ticks:]
    if not portrait.figures.is_bounded:  # as far as one can see it grow
        sizes = np.max(np.abs(portrait.weights), axis=1, initial=0.0)
        weights = portrait.weights[: int(np.argmax(~(sizes < 1e3)))]
    ranges = np.ptp(weights, axis=0)
    order = [i for i in np.argsort(-ranges, kind="stable") if ranges[i] or not ranges.any()][:most]
    first = len(portrait.weights) - len(weights) if portrait.figures.is_bounded else 0
    at = np.arange(first, first + len(weights))
    for i, link in enumerate(order):
        ax.plot(at, weights[:, link], linewidth=0.8, color=(BLUE, ORANGE, MUTED)[i % 3], alpha=0.7)
    ax.set_title(portrait.figures.behaviour, loc="left", fontsize="medium")
    ax.set_xlabel("tick")
    ax.set_ylabel("weight")
    return ax


def draw_lives(portraits: Sequence[Portrait], *, ticks: int = 200) -> Any:
    """One life for every behaviour that occurs, below each other; returns the figure.

    Examples
    --------
    >>> from dmm.dynamics import atlas
    >>> from dmm.zoo import wave
    >>> len(draw_lives(atlas([wave()], ticks=60)).axes)
    1
    """
    chosen = list(examples_of(portraits).values())
    size = (8.0, 1.6 * len(chosen))
    figure, axes = pyplot().subplots(len(chosen), figsize=size, layout="constrained", squeeze=False)
    for ax, each in zip(axes[:, 0], chosen, strict=True):
        draw_life(each, ax, ticks=ticks).set_xlabel("")
    axes[-1, 0].set_xlabel("tick")
    return figure


def draw_atlas(portraits: Sequence[Portrait], ax: Axes | None = None) -> Axes:
    """Where bounded machines lie: how fast neighbours part, and how disorderly the spectrum is.

    Neighbours that meet faster than a tenth per tick are drawn at -0.1.

    Examples
    --------
    >>> from dmm.dynamics import atlas
    >>> from dmm.zoo import pure_oscillator, wave
    >>> ax = draw_atlas(atlas([wave(), pure_oscillator()], ticks=60))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['oscillation (2)']
    """
    ax = new_axes(7.0, 4.0) if ax is None else ax
    for i, behaviour in enumerate(BEHAVIOURS[:-1]):
        own = [each.figures for each in portraits if each.figures.behaviour == behaviour]
        if not own:
            continue
        parting = np.maximum([figures.divergence for figures in own], -0.1)
        ax.scatter(
            parting,
            [figures.disorder for figures in own],
            marker=MARKS[behaviour],
            s=18,
            color=(BLUE, ORANGE, MUTED)[i % 3],
            label=f"{behaviour} ({len(own)})",
        )
    ax.axvline(0.0, color=MUTED, linewidth=0.6)
    ax.set_xlabel("divergence of neighbours, per tick")
    ax.set_ylabel("disorder of the spectrum")
    ax.legend(fontsize="small")
    return ax
