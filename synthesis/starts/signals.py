"""Signals: linear combinations of what neurons emit, from which circuits are built.

Adding signals, scaling them and looking at an earlier sample of them costs no neuron: a neuron's
input is such a combination, one wire per term. What is not linear is a neuron that reads signals.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from dmm import get_neuron_type
from dmm.machine import Circuit, Wire
from dmm.machine.wiring import upstream

from ..problems import answer_port

__all__ = ["ANSWER", "Builder", "Signal", "Term", "free_name"]


class Term(NamedTuple):
    """What a neuron emitted some samples ago.

    Attributes
    ----------
    neuron, field : str
    lag : int
        Samples.
    """

    neuron: str
    field: str
    lag: int = 0


ANSWER = "answer"
"""Stands for the circuit's own output number, while that is not built yet: ``answer-0`` ..."""


class Signal:
    """A linear combination of terms; immutable.

    Examples
    --------
    >>> x = Signal.of("stream-x", "stream")
    >>> (2.0 * x - x.lagged()).terms == {Term("stream-x", "stream"): 2.0,
    ...                                  Term("stream-x", "stream", 1): -1.0}
    True
    """

    __slots__ = ("terms",)

    def __init__(self, terms: Mapping[Term, float]) -> None:
        self.terms = {term: weight for term, weight in terms.items() if weight}

    @classmethod
    def of(cls, neuron: str, field: str, lag: int = 0) -> Signal:
        """What one neuron emits."""
        return cls({Term(neuron, field, lag): 1.0})

    def __add__(self, other: Signal) -> Signal:
        total = dict(self.terms)
        for term, weight in other.terms.items():
            total[term] = total.get(term, 0.0) + weight
        return Signal(total)

    def __sub__(self, other: Signal) -> Signal:
        return self + -1.0 * other

    def __rmul__(self, factor: float) -> Signal:
        return Signal({term: factor * weight for term, weight in self.terms.items()})

    def lagged(self, samples: int = 1) -> Signal:
        """The same combination, some samples earlier."""
        return Signal({t._replace(lag=t.lag + samples): w for t, w in self.terms.items()})


def free_name(type_name: str, taken: Collection[str]) -> str:
    """A name for a new neuron that no other one has.

    Examples
    --------
    >>> free_name("accum", {"accum-1": "accum", "accum-3": "accum"})
    'accum-2'
    """
    number = 1
    while f"{type_name}-{number}" in taken:
        number += 1
    return f"{type_name}-{number}"


class Builder:
    """Builds a circuit, neuron by neuron.

    Parameters
    ----------
    sources : mapping of neuron name to type name
        Neurons that read nothing: streams and constants.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.neurons = dict(sources)
        self.inputs: dict[tuple[str, str], Signal] = {}
        self._made: dict[tuple, str] = {}

    @classmethod
    def of(cls, streams: Iterable[str]) -> Builder:
        """With some streams, and a constant, as sources."""
        return cls({**dict.fromkeys(streams, "stream"), "const_1": "const_1"})

    def new(self, type_name: str) -> str:
        """A neuron of its own that reads nothing yet; its name."""
        name = free_name(type_name, self.neurons)
        self.neurons[name] = type_name
        return name

    def neuron(
        self, type_name: str, own: str | None = None, memory: float = 1.0, **inputs: Signal
    ) -> str:
        """A neuron that reads signals; one that exists already is used again.

        Parameters
        ----------
        type_name : str
        own : str, optional
            Field on which the neuron reads what it emitted (on its only output field) one sample
            ago, in addition to the signal given for it: a memory.
        memory : float
            Weight of what it emitted.
        **inputs : Signal
            By field; ``_`` stands for ``-`` in the names of fields.

        Returns
        -------
        str, the neuron's name
        """
        fields = {name.replace("_", "-"): signal for name, signal in inputs.items()}
        return self.reading(type_name, fields, own, memory)

    def reading(
        self,
        type_name: str,
        fields: Mapping[str, Signal],
        own: str | None = None,
        memory: float = 1.0,
    ) -> str:
        """As `neuron`, with fields by whatever name they have."""
        read = frozenset((name, frozenset(s.terms.items())) for name, s in fields.items())
        key = (type_name, own, memory, read)
        if key not in self._made:
            name = self._made[key] = self.new(type_name)
            for field, signal in fields.items():
                self.inputs[name, field] = signal
            if own is not None:
                before = self.inputs.get((name, own), Signal({}))
                past = Signal.of(name, _only_output(type_name), 1)
                self.inputs[name, own] = before + memory * past
        return self._made[key]

    def looped(
        self, type_name: str, key: tuple, fields: Callable[[Signal], Mapping[str, Signal]]
    ) -> str:
        """A neuron whose inputs are made of what it emitted one sample ago, by other neurons.

        Parameters
        ----------
        type_name : str
        key : tuple
            What tells it from others of its type; one with the same key is used again.
        fields : Signal -> mapping of field to Signal
            Its inputs, from what it emitted.

        Returns
        -------
        str, the neuron's name

        Examples
        --------
        >>> x, builder = Signal.of("stream-x", "stream"), Builder({"stream-x": "stream"})
        >>> def halved(past):
        ...     rest = Signal.of(builder.neuron("compare", dict_1=x, dict_2=past), "true")
        ...     return {"dict-1": 0.5 * past, "dict-2": rest}
        >>> builder.looped("accum", ("halved",), halved)
        'accum-1'
        >>> builder.neurons["compare-1"], len(builder.inputs["accum-1", "dict-2"].terms)
        ('compare', 1)
        """
        place = (type_name, *key)
        if place not in self._made:
            name = self._made[place] = self.new(type_name)
            for field, signal in fields(Signal.of(name, _only_output(type_name), 1)).items():
                self.inputs[name, field] = signal
        return self._made[place]

    def circuit(self, outputs: Sequence[Signal]) -> Circuit:
        """The circuit whose sink reads these signals; they may refer to their own past.

        An output that is a linear combination with its own past in it becomes an accumulator.
        """
        answers = [self._remembering(number, signal) for number, signal in enumerate(outputs)]
        wires = []
        for (neuron, field), signal in self.inputs.items():
            wires += _wires(neuron, field, _closed(signal, answers))
        for number, signal in enumerate(answers):
            wires += _wires(*answer_port(number), _closed(signal, answers))
        sinks = dict.fromkeys(answer_port(number)[0] for number in range(len(outputs)))
        used = set(upstream(sinks, wires))
        neurons = {name: kind for name, kind in self.neurons.items() if name in used}
        kept = tuple(wire for wire in wires if wire.neuron_in in used)
        return Circuit({**neurons, **dict.fromkeys(sinks, "output")}, kept)

    def _remembering(self, number: int, signal: Signal) -> Signal:
        if all(_answer(term) is None for term in signal.terms):
            return signal
        name = self.new("accum")
        own = {term: weight for term, weight in signal.terms.items() if _answer(term) == number}
        past = Signal({Term(name, "dict", term.lag): weight for term, weight in own.items()})
        self.inputs[name, "dict-1"], self.inputs[name, "dict-2"] = past, signal - Signal(own)
        return Signal.of(name, "dict")


def _answer(term: Term) -> int | None:
    """Which of the circuit's own answers a term is."""
    stem, _, number = term.neuron.rpartition("-")
    return int(number) if stem == ANSWER else None


def _closed(signal: Signal, answers: Sequence[Signal]) -> Signal:
    """A signal in which the circuit's own answers are what they are made of."""
    total = Signal({})
    for term, weight in signal.terms.items():
        number = _answer(term)
        if number is None:
            total = total + Signal({term: weight})
        else:
            total = total + weight * answers[number].lagged(term.lag)
    return total


def _wires(neuron: str, field: str, signal: Signal) -> list[Wire]:
    return [Wire(neuron, field, t.neuron, t.field, w, t.lag) for t, w in signal.terms.items()]


def _only_output(type_name: str) -> str:
    return get_neuron_type(type_name).writes[0].name
