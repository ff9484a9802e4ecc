"""Machines that sound and move: a bell, points on orbits, a melody that rewires its own player.

A tick is a sample, or a frame; `dmm.show.Sound` and `Motion` play what comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from vvalues import Path, VValue, assemble
from vvalues.core.tree import from_leaves

from ..machine import Machine, fixed_links, links

__all__ = ["bell", "melody", "orbits"]

SOURCE = ("const_1", "const_1")


def bell(pitch: float = 0.055, brightness: float = 0.05, decay: float = 0.9992) -> Machine:
    """A bell: one oscillator moves the frequency of another, and both fade.

    Parameters
    ----------
    pitch : float
        Turns per tick: 0.055 at 8,000 samples a second is 440 Hz.
    brightness : float
        How far the frequency goes up and down at first, in turns per tick.
    decay : float
        What is left of the sound after a tick.

    Returns
    -------
    Machine
        It reads nothing; ``output.dict-1`` is what sounds.

    References
    ----------
    J. M. Chowning, Journal of the Audio Engineering Society 21, 1973 (frequency modulation).

    Examples
    --------
    >>> from dmm import run
    >>> heard = [tick["output", "dict-1", ":number"] for tick in run(bell(), ticks=400).inputs]
    >>> round(max(heard[:200]), 2), max(heard[200:]) < max(heard[:200])
    (0.97, True)
    """
    neurons = {
        "modulator": "oscillator",
        "swing": "gate",
        "carrier": "oscillator",
        "loudness": "identity",
        "heard": "gate",
        "const_1": "const_1",
        "output": "output",
    }
    trainable = f"""
        modulator.frequency <- const_1.const_1 {1.4 * pitch}
        swing.gate <- loudness.dict {brightness}
        swing.dict <- modulator.wave
        carrier.frequency <- const_1.const_1 {pitch}
        carrier.frequency <- swing.dict
        loudness.dict <- loudness.dict {decay}
        heard.gate <- loudness.dict
        heard.dict <- carrier.wave
        output.dict-1 <- heard.dict
    """
    return Machine(
        neurons,
        fixed=from_leaves(fixed_links(neurons)),
        trainable=links(trainable),
        name="bell",
        initial=VValue({"loudness": {"dict": 1.0}}),
    )


def orbits(year: int = 240, month: int = 40) -> Machine:
    """A planet on a circle, and a moon around it.

    Parameters
    ----------
    year, month : int
        Ticks of a turn.

    Returns
    -------
    Machine
        Its points are what ``points.dict`` emits, at ``planet/x``, ``planet/y``, ...

    Examples
    --------
    >>> from dmm import run
    >>> points = run(orbits(), ticks=245).outputs[-1]["points", "dict"]
    >>> round(points["planet", "x", ":number"] ** 2 + points["planet", "y", ":number"] ** 2, 9)
    1.0
    """
    neurons = dict.fromkeys(("year-x", "year-y", "month-x", "month-y"), "oscillator")
    neurons |= {"const_1": "const_1", "output": "output"}
    neurons["points"] = "label(planet/x,planet/y,moon/x,moon/y)"
    trainable = "".join(
        f"""
        {name}-{axis}.frequency <- const_1.const_1 {1.0 / ticks}
        """
        for name, ticks in (("year", year), ("month", month))
        for axis in "xy"
    )
    trainable += """
        points.number-1 <- year-x.wave
        points.number-2 <- year-y.wave
        points.number-3 <- year-x.wave
        points.number-3 <- month-x.wave 0.3
        points.number-4 <- year-y.wave
        points.number-4 <- month-y.wave 0.3
    """
    return Machine(
        neurons,
        fixed=from_leaves(fixed_links(neurons)),
        trainable=links(trainable),
        name="orbits",
        initial=VValue({name: {"phase": 0.25} for name in ("year-x", "month-x")}),  # cosines
    )


def melody(pitches: Sequence[float], decay: float = 0.9985) -> Machine:
    """A machine that plays a melody by rewiring itself, and begins again at its end.

    Parameters
    ----------
    pitches : sequence of float
        Turns per tick, one for every beat; two at least.
    decay : float
        What is left of a sound after a tick.

    Returns
    -------
    Machine
        It reads ``beat``, a stream that is 1 where a note begins and 0 elsewhere, and sounds at
        ``output.dict-1``.

    Raises
    ------
    ValueError
        If there are less than two pitches.

    Notes
    -----
    The frequency of the oscillator is a link from the constant 1. Every note has a register that
    holds an edit: the link's change to the next pitch, and the move of the one link that says whose
    turn it is. A beat sends it to the matrix. As in `wave`, nothing but the matrix knows where the
    melody is; before the first beat it is at its end.

    Examples
    --------
    >>> import numpy as np
    >>> from dmm.compiled.plastic import PlasticProgram
    >>> machine, beats = melody([0.05, 0.06, 0.04]), np.zeros((40, 1, 1))
    >>> beats[::10] = 1.0
    >>> from dmm import Streams
    >>> program = PlasticProgram(machine, [("output", "dict-1")])
    >>> paths, weights = program.matrices(machine.trainable, Streams((((),),), {"beat": beats}, 40))
    >>> weights[::10, 0, paths.index(("voice", "frequency", "const_1", "const_1"))].round(3)
    array([0.04, 0.05, 0.06, 0.04])
    """
    if len(pitches) < 2:
        raise ValueError(f"there are {len(pitches)} pitches; a melody has two at least")
    notes = [f"note-{i}" for i in range(1, len(pitches) + 1)]
    neurons = {
        "self": "accumulator",
        "beat": "stream",
        "turn": "gate",
        "voice": "oscillator",
        "loudness": "identity",
        "heard": "gate",
        "const_1": "const_1",
        "output": "output",
        **dict.fromkeys(notes, "register"),
    }
    trainable = f"""
        voice.frequency <- const_1.const_1 {pitches[-1]}
        turn.dict <- {notes[-1]}.single
        turn.gate <- beat.stream
        self.delta <- turn.dict
        loudness.dict <- beat.stream
        loudness.dict <- loudness.dict {decay}
        heard.gate <- loudness.dict
        heard.dict <- voice.wave
        output.dict-1 <- heard.dict
    """
    kept: dict[Path, Any] = {(note, "single", note, "single"): 1.0 for note in notes}
    kept |= {("self", "accum", "self", "single"): 1.0, **fixed_links(neurons)}
    held = {}
    round_again = [*zip(notes, pitches, strict=True), (notes[0], pitches[0])]
    for (note, pitch), (following, higher) in pairwise(round_again):
        held[note, "single"] = from_leaves(
            {
                ("voice", "frequency", *SOURCE): higher - pitch,
                ("turn", "dict", note, "single"): -1.0,
                ("turn", "dict", following, "single"): 1.0,
            }
        )
    return Machine(
        neurons,
        fixed=from_leaves(kept),
        trainable=links(trainable),
        name="melody",
        initial=assemble(held),
        matrix_port=("self", "single"),
    )
