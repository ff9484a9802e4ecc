"""Whether a machine that only adds and scales is a given linear filter, by impulse responses.

Numbers are fractions here, so nothing is rounded; what is proved holds for all real inputs, as far
as the floating point of a run is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from ..machine import Circuit, Machine, Pace
from ..machine.machine import initial_outputs
from ..machine.wiring import links_into, reach
from ..neurons import Kernel
from .automata import Automaton
from .equivalence import Counterexample, Proof
from .sides import check_sources, paced, ports_of

__all__ = ["prove_linear"]

Port = tuple[str, str]
Inputs = Mapping[str, Sequence[Fraction]]
Answers = list[tuple[Fraction, ...]]


def prove_linear(
    machine: Machine | Circuit,
    other: Machine | Circuit | Automaton,
    streams: Sequence[str],
    *,
    order: int | None = None,
    pace: Pace | None = None,
    other_pace: Pace | None = None,
    observed: Sequence[Port] | None = None,
) -> Proof:
    """Decide whether a machine of linear neurons answers like a linear filter.

    Parameters
    ----------
    machine : Machine or Circuit
        What its answers depend on are sums, constants and streams.
    other : Machine, Circuit or Automaton
        An automaton whose state is a vector, and whose step is linear in state and numbers up to a
        constant; that it is, is taken on trust. Its step must work on fractions.
    streams : sequence of str
        Source neurons, in the order of the automaton's arguments.
    order : int, optional
        Numbers in the state of the automaton; needed for one.
    pace, other_pace, observed : as in `dmm.proof.prove`

    Returns
    -------
    Proof
        "proved" or "refuted"; its ``states`` are the numbers in the states of both sides.

    Raises
    ------
    ValueError
        If a neuron is not linear, a stream is no source of a machine, or the order of an automaton
        is missing.

    Notes
    -----
    Two linear systems with ``n`` and ``m`` numbers in their states that agree on their first
    ``n + m + 1`` responses to an impulse agree on all (Cayley and Hamilton); constants add one to
    each.

    Examples
    --------
    >>> from dmm.machine import Wire
    >>> from dmm.proof import Transducer
    >>> total = Circuit({"x": "stream", "sum": "accum", "output": "output"},
    ...                 [Wire("sum", "dict-2", "x", "stream"),
    ...                  Wire("sum", "dict-1", "sum", "dict", lag=1),
    ...                  Wire("output", "dict-1", "sum", "dict")])
    >>> added = Transducer(lambda total, x: (total + x, total + x))
    >>> prove_linear(total, added, ["x"], order=1).verdict
    'proved'
    """
    one = _Filter(machine, streams, pace, observed)
    two: _Filter | _Followed
    if isinstance(other, (Machine, Circuit)):
        two = _Filter(other, streams, other_pace, observed)
    elif order is None:
        raise ValueError("order is missing: say how many numbers the automaton's state has")
    else:
        two = _Followed(other, order)
    late = max(one.late, two.late)
    samples = one.order + two.order + late + 3
    # The impulse comes when the latest answers to earlier samples are out: nothing may hear of it.
    for kick in (None, *streams):
        inputs = {name: [Fraction(0)] * samples for name in streams}
        if kick is not None:
            inputs[kick][late] = Fraction(1)
        given, asked = one.answers(inputs, samples), two.answers(inputs, samples)
        for sample, (here, there) in enumerate(zip(given, asked, strict=True)):
            if here != there:
                return _refuted(inputs, sample, here, there, one.order + two.order)
    sentence = (
        f"Proved: responses to nothing and to an impulse on any stream agree for {samples} samples,"
        f" and the two sides hold {one.order + two.order} numbers; so the answers agree on all "
        "strings, as far as the floating point of a run is exact."
    )
    return Proof("proved", sentence, one.order + two.order, samples)


def _refuted(
    inputs: Inputs,
    sample: int,
    given: tuple[Fraction, ...],
    asked: tuple[Fraction, ...],
    states: int,
) -> Proof:
    if len(given) != len(asked):
        raise ValueError(
            f"the machine has {len(given)} outputs, and the other side answers with {len(asked)}; "
            "say which ports are observed"
        )
    streams = {name: tuple(map(float, numbers[: sample + 1])) for name, numbers in inputs.items()}
    found = Counterexample(streams, sample, tuple(map(float, given)), tuple(map(float, asked)))
    return Proof("refuted", f"Refuted: {found}.", states, sample, found)


class _Followed:
    """An automaton that is run on fractions."""

    late = 0

    def __init__(self, automaton: Automaton, order: int) -> None:
        self.order = order
        self._automaton = automaton

    def answers(self, inputs: Inputs, samples: int) -> Answers:
        state, answers = self._automaton.start, []
        for numbers in zip(*inputs.values(), strict=True):
            found = self._automaton.step(state, *numbers)
            if found is None or found[1] is None:
                raise ValueError("a linear filter answers every sample; this automaton does not")
            state, answer = found
            several = answer if isinstance(answer, (tuple, list)) else (answer,)
            answers.append(tuple(map(Fraction, several)))
        return answers


class _Filter:
    """A machine of linear neurons that is run on fractions."""

    def __init__(
        self,
        machine: Machine | Circuit,
        streams: Sequence[str],
        pace: Pace | None,
        observed: Sequence[Port] | None,
    ) -> None:
        machine, self._pace = paced(machine, pace)
        check_sources(machine, streams)
        self._observed = list(ports_of(machine) if observed is None else observed)
        matrix = machine.matrix
        self._into: dict[str, list[tuple[str, Port, Fraction]]] = {}

        def senders(neuron: str) -> list[str]:
            self._into[neuron] = [
                (path[1], (path[2], path[3]), Fraction(float(matrix[path])))
                for path in links_into(machine, neuron)
            ]
            return [port[0] for _, port, _ in self._into[neuron]]

        neurons = reach(dict.fromkeys(port[0] for port in self._observed), senders)
        self._sums = [_sum_of(machine, name) for name in neurons if machine.type_of(name).writes]
        self._start = {
            (path[0], path[1]): Fraction(float(leaf))
            for path, leaf in initial_outputs(machine).items()
            if len(path) == 2
        }
        self.late = self._pace.delay // self._pace.ticks
        self.order = len(self._sums)

    def answers(self, inputs: Inputs, samples: int) -> Answers:
        outputs, seen = dict(self._start), []
        for tick in range(self._pace.of(samples - 1) + 1):
            seen.append(tuple(self._read(outputs, *port) for port in self._observed))
            sample = tick // self._pace.ticks
            fed = {name: numbers[sample] for name, numbers in inputs.items() if sample < samples}
            outputs = {
                port: offset + fed.get(port[0], 0) + self._read(outputs, port[0])
                for port, offset in self._sums
            }
        return [seen[self._pace.of(sample)] for sample in range(samples)]

    def _read(self, outputs: Mapping[Port, Fraction], neuron: str, field: str = "") -> Fraction:
        """What a neuron reads on a field, or on all of them."""
        return sum(
            (
                weight * outputs.get(port, Fraction(0))
                for field_in, port, weight in self._into[neuron]
                if field in ("", field_in)
            ),
            Fraction(0),
        )


def _sum_of(machine: Machine, neuron: str) -> tuple[Port, Fraction]:
    """The output of a neuron that adds up what it reads, and what it adds of its own.

    Raises
    ------
    ValueError
        If it does anything else.
    """
    kind = machine.type_of(neuron)
    port = neuron, kind.writes[0].name
    if isinstance(kind.kernel, Kernel) and kind.kernel.is_sum:
        return port, Fraction(kind.kernel.offset)
    if kind.is_source and not kind.reads:
        return port, Fraction(0)
    if not kind.reads:
        emitted = dict(kind.constant().items())
        if set(emitted) == {(port[1],)}:
            return port, Fraction(float(emitted[port[1],]))
    raise ValueError(f"neuron {neuron!r} ({kind.name}) does more than add up numbers")
