"""Machines without loops: their answers depend on the last few samples, so those are their states.

Such a machine is a definite automaton. Its outputs tell apart what relays still carry, which is a
pair of symbols even where the answer depends on one; the symbols themselves are fewer.

References
----------
M. Perles, M. O. Rabin, E. Shamir, "The theory of definite automata", IEEE Transactions on
Electronic Computers 12, 1963.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from graphlib import CycleError, TopologicalSorter

from ..machine import Circuit, Machine, Pace
from ..machine.wiring import followers, upstream, wired
from .automata import Alphabet
from .sides import Answer, MachineSide, Move, Side, paced, ports_of

__all__ = ["DefiniteSide", "memory_of", "side_of"]


def side_of(
    machine: Machine | Circuit,
    alphabet: Alphabet,
    pace: Pace | None,
    observed: Sequence[tuple[str, str]] | None,
    limit: int,
) -> Side:
    """A machine as a side: by its last samples if there are few enough, else by its bits."""
    machine, pace = paced(machine, pace)
    ports = ports_of(machine) if observed is None else observed
    side = MachineSide(machine, alphabet, pace, ports)
    memory = memory_of(machine, pace, ports, alphabet.streams)
    if memory is None or len(alphabet) ** memory > limit:
        return side
    return DefiniteSide(side, memory)


def memory_of(
    machine: Machine,
    pace: Pace,
    observed: Sequence[tuple[str, str]],
    streams: Collection[str],
) -> int | None:
    """How many samples before the one that is answered a machine without loops still hears.

    None if there is a loop on the way to what is observed, or later samples are heard as well.

    Notes
    -----
    What is observed at a tick was emitted a link earlier for every link on its way. What neurons
    emitted before the first tick counts as heard, too: after so many samples it is gone.
    """
    links = wired(machine, [*machine.fixed.support.paths, *machine.trainable.support.paths])
    sinks = {neuron for neuron, _ in observed}
    after = followers(upstream(sinks, links), links)
    try:
        backwards = list(TopologicalSorter(after).static_order())
    except CycleError:
        return None
    longest, shortest = dict.fromkeys(sinks, 0), dict.fromkeys(sinks, 0)
    for neuron in backwards:
        if neuron not in sinks:
            longest[neuron] = 1 + max(longest[each] for each in after[neuron])
            shortest[neuron] = 1 + min(shortest[each] for each in after[neuron])
    heard = [shortest[name] for name in streams if name in shortest]
    if heard and pace.delay - min(heard) >= pace.ticks:
        return None
    return max(0, -(-(max(longest.values()) - pace.delay) // pace.ticks))


class DefiniteSide:
    """A machine whose states are the last symbols that it was fed, fewer at the beginning.

    Parameters
    ----------
    side : MachineSide
        The same machine, which says what it answers to the symbols of a state and one more.
    memory : int
        As from `memory_of`.
    """

    late = 0

    def __init__(self, side: MachineSide, memory: int) -> None:
        self._side, self._memory = side, memory
        self._numbers: dict[tuple[int, ...], int] = {(): 0}
        self._windows: list[tuple[int, ...]] = [()]
        self._reached: dict[tuple[int, ...], int] = {(): 0}
        """A state of the machine after each window, whatever came before it."""

    def move(self, state: int, symbol: int) -> Move:
        """As `Side.move`."""
        window = self._windows[state]
        after, answer = self._side.move(self._reached[window], symbol)
        if self._side.late:
            answer = self._side.rest(after)[-1]
        following = (*window, symbol)[-self._memory :] if self._memory else ()
        number = self._numbers.setdefault(following, len(self._windows))
        if number == len(self._windows):
            self._windows.append(following)
            self._reached[following] = after
        return Move(number, answer)

    def rest(self, state: int) -> tuple[Answer, ...]:
        """As `Side.rest`: every answer is out already."""
        return ()
