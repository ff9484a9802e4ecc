"""A population of machines inside a machine: it searches for its own links while it runs.

One stream holds several fragments of the machine's network matrix, its members. In every generation
all of them are tried on the present streams, the best one becomes the parent of the next members,
and its links become links of the machine itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vvalues import Path, VValue, put
from vvalues.core.tree import from_leaves

from ..machine import Machine, Streams, links, streams_from_trees
from ..neurons import PARENT

__all__ = ["breeding_streams", "population_machine"]

GENERATION = 30
"""Ticks of a generation."""

JUDGED = range(4, 24)
"""Phases at which errors count: by then the members of before are forgotten."""

TURN = GENERATION - 1
"""Phase at which the best one takes over."""

LINKS = """
    population.single <- population.single
    population.single <- born.dict
    population.single <- gone.dict -1
    trials.population <- population.single
    outputs-late.dict <- outputs.dict
    trials.outputs <- outputs-late.dict
    trials.answers <- answers.dict
    answers.number-1 <- answer.stream
    judged.gate <- judging.stream
    judged.dict <- trials.losses
    losses.single <- losses.single
    losses.single <- judged.dict
    losses.single <- forgotten.dict -1
    forgotten.gate <- turn.stream
    forgotten.dict <- losses.single
    best.population <- population.single
    best.losses <- losses.single
    offspring.parent <- best.best
    offspring.changes <- changes.stream
    born.gate <- turn.stream
    born.dict <- offspring.population
    gone.gate <- turn.stream
    gone.dict <- population.single
    places.single <- places.single
    known.mask <- places.single
    known.main <- self.single
    won.gate <- turn.stream
    won.dict <- best.best
    lost.gate <- turn.stream
    lost.dict <- known.single
    self.accum <- self.single
    self.delta <- won.dict
    self.delta <- lost.dict -1
"""

NEURONS = {
    "population": "register",
    "trials": "trials",
    "outputs-late": "identity",
    "answer": "stream",
    "judging": "stream",
    "turn": "stream",
    "changes": "stream",
    "judged": "gate",
    "losses": "register",
    "forgotten": "gate",
    "best": "selection",
    "offspring": "mutation",
    "born": "gate",
    "gone": "gate",
    "places": "register",
    "known": "mask_multiply",
    "won": "gate",
    "lost": "gate",
    "self": "accumulator",
}


def population_machine(prepared: Machine, candidates: Sequence[Path]) -> Machine:
    """A machine that finds links by trying many, while it runs.

    Parameters
    ----------
    prepared : Machine
        Neurons and links that are there already; without a matrix port.
    candidates : sequence of paths
        Links into one port that reads a number; from ports of ``prepared``. All start at 0.

    Returns
    -------
    Machine
        It reads, besides the streams of ``prepared``, the ``answer`` that the port should read, and
        the streams of `breeding_streams`. The population is what ``population`` emits.

    Raises
    ------
    ValueError
        If candidates feed different ports, or there are none.

    Notes
    -----
    An edit is at work two ticks after the turn. Members are compared on twenty ticks; a best one
    that was lucky there can be worse later, and is given up then.

    References
    ----------
    I. Rechenberg, Evolutionsstrategie, 1973; arXiv:1712.07447, section 6.

    Examples
    --------
    >>> from dmm import run
    >>> prepared = Machine({"x": "stream", "y": "stream", "output": "output"})
    >>> candidates = [("output", "dict-1", name, "stream") for name in ("x", "y")]
    >>> machine = population_machine(prepared, candidates)
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.standard_normal((2, 300))
    >>> told = {"x": x, "y": y, "answer": np.concatenate([[0.0], (2 * x - y)[:-1]])}
    >>> trace = run(machine, breeding_streams(rng, candidates, told, members=6))
    >>> dict(trace.outputs[-1]["self", "single", "output", "dict-1"].items())
    {('x', 'stream'): 2.0, ('y', 'stream'): -1.0}
    """
    ports = {path[:2] for path in candidates}
    if len(ports) != 1:
        raise ValueError(f"candidates feed {len(ports)} ports; expected links into one port")
    [port] = ports
    senders = [path[2:] for path in candidates]
    labels = {f"number-{i}": sender for i, sender in enumerate(senders, 1)}
    neurons = {
        **prepared.neurons,
        **NEURONS,
        "outputs": f"label({','.join(map('/'.join, senders))})",
        "answers": f"label({'/'.join(port)})",
    }
    told = from_leaves({("outputs", field, *sender): 1.0 for field, sender in labels.items()})
    none = from_leaves(dict.fromkeys(candidates, 0.0))
    allowed = from_leaves(dict.fromkeys(candidates, 1.0))
    initial = put(VValue(), ("population", "single", PARENT), none)
    return Machine(
        neurons,
        fixed=prepared.fixed + links(LINKS) + told,
        trainable=prepared.trainable + none,
        name="population",
        initial=prepared.initial + initial + put(VValue(), ("places", "single"), allowed),
        matrix_port=("self", "single"),
    )


def breeding_streams(
    rng: np.random.Generator,
    candidates: Sequence[Path],
    streams: dict[str, np.ndarray | Sequence[VValue]],
    members: int = 8,
) -> Streams:
    """Streams for a population: those of a task, clocks, and changes by chance.

    Parameters
    ----------
    rng : numpy.random.Generator
    candidates : sequence of paths
    streams : mapping of source to one entry per tick, numbers or V-values
        With the ``answer``.
    members : int
        Offspring in every generation. Each has one link more than its parent, of weight 1 or -1,
        or a weight of 1 moved from one link to another.

    Returns
    -------
    Streams
        One string.

    Examples
    --------
    >>> candidates = [("output", "dict-1", "x", "stream")]
    >>> breeding_streams(np.random.default_rng(0), candidates, {"answer": np.ones(40)}).ticks
    40
    """
    ticks = len(next(iter(streams.values())))
    phase = np.arange(ticks) % GENERATION
    clocks = {"judging": np.isin(phase, JUDGED).astype(float), "turn": 1.0 * (phase == TURN)}
    trees = {
        name: [x if isinstance(x, VValue) else VValue(float(x)) for x in entries]
        for name, entries in {**streams, **clocks}.items()
    }
    trees["changes"] = [_changes(rng, candidates, members) for _ in range(ticks)]
    return streams_from_trees({name: [entries] for name, entries in trees.items()})


def _changes(rng: np.random.Generator, candidates: Sequence[Path], members: int) -> VValue:
    changes: dict[Path, float] = {}
    for i in range(members):
        sign, is_move = float(rng.choice((-1.0, 1.0))), len(candidates) > 1 and rng.random() < 0.5
        chosen = rng.choice(len(candidates), 2 if is_move else 1, replace=False)
        changes |= {
            (f"child-{i}", *candidates[k]): s for k, s in zip(chosen, (sign, -sign), strict=False)
        }
    return from_leaves(changes)
