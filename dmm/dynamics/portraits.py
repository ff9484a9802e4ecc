"""Portraits of machines that edit themselves, and an atlas of many: what each of them comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from vvalues import Path, VValue, put, ravel
from vvalues.core.pointwise import united
from vvalues.core.tree import from_leaves

from ..compiled.plastic import PlasticProgram, Supports, supports_of, why_not_plastic
from ..machine import Machine, Streams
from ..reference.engine import initial_state, two_stroke_cycle
from .invariants import BEHAVIOURS, LARGEST, Invariants, invariants_of

__all__ = ["Portrait", "atlas", "atlas_table", "matrices", "portrait"]

BESIDE = 1e-9

Edit = tuple[int, VValue]
Matrices = tuple[tuple[Path, ...], np.ndarray]


@dataclass(frozen=True, eq=False)
class Portrait:
    """One life of a machine.

    Attributes
    ----------
    machine : Machine
    links : tuple of paths
        Those that change.
    weights : array (ticks, links)
        Entry ``t`` drives the down movement of tick ``t``.
    figures : Invariants

    Examples
    --------
    >>> from dmm.zoo import pure_soliton
    >>> found = portrait(pure_soliton(), ticks=80)
    >>> found.figures.behaviour, found.figures.return_time, found.weights.shape[0]
    ('oscillation', 5, 80)
    """

    machine: Machine
    links: tuple[Path, ...]
    weights: np.ndarray
    figures: Invariants


def matrices(machine: Machine, ticks: int, edit: Edit | None = None) -> Matrices:
    """The network matrix of every tick of a machine that reads no stream from outside.

    Parameters
    ----------
    machine : Machine
        With a matrix port.
    ticks : int
    edit : (tick, VValue), optional
        What is added to the matrix as it drives this tick.

    Returns
    -------
    tuple of paths
        The links that can change.
    array (ticks, links)

    Raises
    ------
    ValueError
        If the machine has no matrix port.

    Notes
    -----
    By the compiled engine, where it has the types of the machine.

    Examples
    --------
    >>> from dmm.zoo import pure_oscillator
    >>> links, weights = matrices(pure_oscillator(), ticks=4)
    >>> weights[:, links.index(("self", "b", "held-1", "single"))]
    array([ 1., -1.,  1., -1.])
    """
    return _lives(machine, ticks)(edit)


def _lives(machine: Machine, ticks: int) -> Callable[[Edit | None], Matrices]:
    """The lives of a machine, by the edit that is made; what they share is prepared once."""
    if machine.matrix_port is None:
        raise ValueError("the machine holds no network matrix: its links never change")
    silence = Streams((((),),), {}, ticks=ticks)
    supports = supports_of(machine, silence) if why_not_plastic(machine) is None else None
    # What makes copies may have other links in every one of its lives.
    if isinstance(supports, Supports) and not supports.can_grow:
        program = PlasticProgram(machine, ())

        def compiled(edit: Edit | None) -> Matrices:
            links, weights = program.matrices(machine.trainable, silence, edit)
            return links, weights[:, 0]

        return compiled
    return partial(_by_reference, machine, ticks)


def _by_reference(machine: Machine, ticks: int, edit: Edit | None) -> Matrices:
    assert machine.matrix_port is not None
    outputs, trees = initial_state(machine), []
    for tick in range(ticks):
        if edit is not None and tick == edit[0]:
            outputs = outputs + put(VValue(), machine.matrix_port, edit[1])
        trees.append(outputs.subtree(machine.matrix_port))
        _, outputs = two_stroke_cycle(machine, trees[-1], outputs, {}, tick=tick)
    support = united(VValue(), *trees)
    weights = [ravel(tree, support) for tree in trees]
    return support.paths, np.reshape(weights, (ticks, support.size))


def portrait(machine: Machine, ticks: int = 3000) -> Portrait:
    """Let a machine live, and measure the second half of its life.

    The same life is lived again with links that are, from the half on, a billionth of the largest
    one away: that tells the divergence.

    Parameters
    ----------
    machine : Machine
        With a matrix port; it reads no stream from outside.
    ticks : int

    Examples
    --------
    >>> from dmm.zoo import wave
    >>> portrait(wave(), ticks=40).figures.return_time
    3
    """
    live, half = _lives(machine, ticks), ticks // 2
    with np.errstate(over="ignore", invalid="ignore"):
        links, weights = live(None)
        size = np.max(np.abs(weights), initial=0.0)
        if not size < LARGEST:
            return Portrait(machine, links, weights, invariants_of(weights))
        moving = [link for i, link in enumerate(links) if np.ptp(weights[:, i]) > 0.0]
        steps = BESIDE * size * np.random.default_rng(0).standard_normal(len(moving))
        beside = from_leaves(dict(zip(moving, steps.tolist(), strict=True)))
        _, neighbour = live((half, beside))
    figures = invariants_of(weights[half:], neighbour[half:])
    return Portrait(machine, links, weights, figures)


def atlas(machines: Iterable[Machine], ticks: int = 3000) -> list[Portrait]:
    """Portraits of machines that read no streams, from the quietest behaviour to the wildest.

    Examples
    --------
    >>> from dmm.zoo import pure_oscillator, wave
    >>> [found.machine.name for found in atlas([wave(), pure_oscillator()], ticks=40)]
    ['wave', 'pure']
    """
    found = [portrait(machine, ticks) for machine in machines]
    return sorted(found, key=lambda each: BEHAVIOURS.index(each.figures.behaviour))


def atlas_table(portraits: Sequence[Portrait]) -> str:
    """How many machines do what, with the median figures of each kind.

    Examples
    --------
    >>> from dmm.zoo import pure_oscillator, wave
    >>> print(atlas_table(atlas([wave(), pure_oscillator()], ticks=40)))
    behaviour         machines  return time  recurrence  distinct  divergence  disorder  asleep
    oscillation              2          2.5         2.5       2.5           0     0.308       0
    """
    head = ("return time", "recurrence", "distinct", "divergence", "disorder", "asleep")
    lines = [f"{'behaviour':<16}  machines  {'  '.join(head)}"]
    for behaviour in BEHAVIOURS:
        own = [each.figures for each in portraits if each.figures.behaviour == behaviour]
        if not own:
            continue
        cells = []
        for name in head:
            median = np.median([getattr(figures, name.replace(" ", "_")) for figures in own])
            text = "-" if behaviour == "growth" else f"{round(median, 4) + 0.0:.3g}"
            cells.append(text.rjust(len(name)))
        lines.append(f"{behaviour:<16}  {len(own):>8}  {'  '.join(cells)}")
    return "\n".join(lines)
