"""Lists as streams: nested ``this`` / ``rest`` with an explicit end."""

from __future__ import annotations

from typing import Any

from autograd.tracer import getval

from vvalues import VValue, assemble

from .spelling import Spelling
from .types import neuron_type

__all__ = ["END", "as_list"]

END = "end-list"
"""Key that says that a list ends here."""

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
)
def rest(inputs: VValue) -> dict[str, Any]:
    """A list without its first entry."""
    return {"rest": inputs.subtree(("list", "rest"))}


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
)
def event_list(inputs: VValue) -> dict[str, Any]:
    """All signals so far that were not empty, the newest first."""
    signal, old = inputs.subtree("signal"), inputs.subtree("self")
    is_interesting = bool(getval(signal).buffer.any())
    return {"self": _cons(signal, old) if is_interesting else old}
