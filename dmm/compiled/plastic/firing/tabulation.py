"""Terms of neurons as products of entries of rows, once it is known where everything lies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ....neurons import Decision, Element, Term
from ...plan import Segment
from .decisions import Decided
from .groups import Product
from .one_vector import NUMBER, Entry

__all__ = ["Tabulation"]


class Tabulation:
    """What is multiplied where, and which decisions that depends on.

    Parameters
    ----------
    column : mapping of Element to int

    Attributes
    ----------
    decided : list of Decided
    n_switches : int

    Examples
    --------
    >>> from dmm.neurons import get_neuron_type
    >>> terms = get_neuron_type("first").terms({"list": [("this", "a")]})
    >>> rows, slots = {"list": Segment(0, 1, 0)}, {"this": Segment(4, 1, 2)}
    >>> [product] = Tabulation({("a",): 0, ("this", "a"): 1}).products(terms, ["f"], rows, slots)
    >>> product
    (Entry(place=2, column=0), [Entry(place=0, column=1)])
    """

    def __init__(self, column: dict[Element, int]) -> None:
        self.decided: list[Decided] = []
        self.n_switches = 0
        self._column = column

    def products(
        self,
        terms: Iterable[Term],
        neurons: list[str],
        rows: dict[str, Segment],
        slots: dict[str, Segment],
    ) -> Iterator[Product]:
        """The terms of neurons that have the same elements, in segments of rows and slots.

        A term that is zero, because nothing can be where one of its factors is, is left out.
        """
        known: dict[tuple[int, int], Decided] = {}
        for term in terms:
            for i, neuron in enumerate(neurons):
                target = self._entry(slots[term.field], i, term.element)
                found = [self._entry(rows[field], i, element) for field, element in term.factors]
                factors = [entry for entry in found if entry is not None]
                if target is None or len(factors) < len(found):
                    continue
                if term.decision is not None:
                    key = id(term.decision), i
                    if key not in known:
                        known[key] = self._decided(term.decision, neuron, i, rows)
                    factors.append(known[key].switch(term.case))
                yield target, factors

    def _decided(
        self, decision: Decision, neuron: str, i: int, rows: dict[str, Segment]
    ) -> Decided:
        reads = [self._entry(rows[field], i, element) for field, element in decision.reads]
        self.decided.append(Decided(neuron, decision, reads, self.n_switches))
        self.n_switches += decision.cases
        return self.decided[-1]

    def _entry(self, segment: Segment, i: int, element: Element) -> Entry | None:
        if not element:
            return Entry(segment.start + i, NUMBER)
        if segment.key_start is None or element not in self._column:
            return None
        return Entry(segment.key_start + i, self._column[element])
