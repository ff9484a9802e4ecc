"""Lists as streams: nested ``this`` / ``rest`` with an explicit end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np
from autograd.tracer import getval

from vvalues import Path, VValue, assemble

from ..spelling import Spelling
from ..terms import Decision, Element, Term
from ..types import neuron_type

__all__ = ["END", "as_list"]

END = "end-list"
"""Key that says that a list ends here."""

LONGER, AS_IT_WAS = 1, 2
"""What becomes of a list of events at a tick."""

EVENTS = "github jsa-aerial/DMM, examples of July 2017 (dmm-cons, jul_13_2017)"


def as_list(tree: VValue) -> list[VValue]:
    """The entries of a list, the newest first.

    Examples
    --------
    >>> as_list(VValue({"this": {"a": 1}, "rest": {"end-list": 1}}))
    [VValue({'a': 1.0})]
    """
    entries = []
    while "this" in tree:
        entries.append(tree.subtree("this"))
        tree = tree.subtree("rest")
    return entries


def _moved(
    written: str, read: str, *, below: Path = (), under: Path = ()
) -> Callable[[Mapping[str, Collection[Element]]], Iterator[Term]]:
    """Terms that move what stands ``under`` a key to where it stands ``below`` another."""

    def terms(inputs: Mapping[str, Collection[Element]]) -> Iterator[Term]:
        n = len(under)
        for element in inputs[read]:
            if element[:n] == under:
                yield Term(written, (*below, *element[n:]), ((read, element),))

    return terms


def _cons_terms(inputs: Mapping[str, Collection[Element]]) -> Iterator[Term]:
    for field in ("this", "rest"):
        yield from _moved("list", field, below=(field,))(inputs)


def _cons(this: VValue, rest: VValue) -> VValue:
    return assemble({("this",): this, ("rest",): rest})


@neuron_type(
    "cons",
    reads=["this", "rest"],
    writes=["list"],
    source=EVENTS,
    spelling=Spelling(
        python="return {'list': add(below('this', read('this')), below('rest', read('rest')))}"
    ),
    terms=_cons_terms,
)
def cons(inputs: VValue) -> dict[str, Any]:
    """The list of ``this`` followed by the list ``rest``."""
    return {"list": _cons(inputs.subtree("this"), inputs.subtree("rest"))}


@neuron_type(
    "first",
    reads=["list"],
    writes=["this"],
    source=EVENTS,
    spelling=Spelling(python="return {'this': subtree('this', read('list'))}"),
    terms=_moved("this", "list", under=("this",)),
)
def first(inputs: VValue) -> dict[str, Any]:
    """The first entry of a list."""
    return {"this": inputs.subtree(("list", "this"))}


@neuron_type(
    "rest",
    reads=["list"],
    writes=["rest"],
    source=EVENTS,
    spelling=Spelling(python="return {'rest': subtree('rest', read('list'))}"),
    terms=_moved("rest", "list", under=("rest",)),
)
def rest(inputs: VValue) -> dict[str, Any]:
    """A list without its first entry."""
    return {"rest": inputs.subtree(("list", "rest"))}


def _event_terms(inputs: Mapping[str, Collection[Element]]) -> Iterator[Term]:
    """The longer list where there is a signal, the old one where there is none."""
    reads = tuple(("signal", element) for element in inputs["signal"])
    decision = Decision(reads, lambda x: np.where(np.any(x, axis=0), LONGER, AS_IT_WAS), cases=2)
    for field, key in (("signal", "this"), ("self", "rest")):
        for term in _moved("self", field, below=(key,))(inputs):
            yield term._replace(decision=decision, case=LONGER)
    for term in _moved("self", "self")(inputs):
        yield term._replace(decision=decision, case=AS_IT_WAS)


@neuron_type(
    "event_list",
    reads=["self", "signal"],
    writes=["self"],
    fixed_links=(("self", "", "self"),),
    initial=VValue({"self": {END: 1.0}}),
    source=EVENTS,
    spelling=Spelling(
        python="""
signal, old = read('signal'), read('self')
if not any(signal.values()):
    return {'self': old}
return {'self': add(below('this', signal), below('rest', old))}
"""
    ),
    terms=_event_terms,
)
def event_list(inputs: VValue) -> dict[str, Any]:
    """All signals so far that were not empty, the newest first."""
    signal, old = inputs.subtree("signal"), inputs.subtree("self")
    is_interesting = bool(getval(signal).buffer.any())
    return {"self": _cons(signal, old) if is_interesting else old}
