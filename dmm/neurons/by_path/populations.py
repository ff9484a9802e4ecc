"""Populations: one stream holds many machines, and neurons try, select and change them.

A population is a V-value ``member / receiving neuron / field / sending neuron / field``: every
member is a fragment of a network matrix. So a machine can search for its own links while it runs:
`trials` asks what every member would make of the present outputs, `selection` takes the best one,
`mutation` makes the next members out of it, and the winner goes where fragments go, into the
running matrix. Random numbers come from outside, as a stream.

References
----------
I. Rechenberg, Evolutionsstrategie, 1973 (one parent, many offspring, the best one survives);
populations as streams: arXiv:1712.07447, section 6 (higher-order neurons).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from autograd.tracer import getval

from vvalues import NUMBER, Path, VValue, assemble, put

from ..spelling import Spelling
from ..types import neuron_type

__all__ = ["PARENT"]

PARENT = "parent"
"""The member that is its parent as it was."""

MEMBER_LINK = 5
"""Keys of a link of a member: its name, and those of the link."""

SOURCE = "arXiv:1712.07447, section 6 (higher-order neurons); Rechenberg 1973"


TRIALS = """
fed, outputs, answers = {}, read('outputs'), read('answers')
ports = set(answers)
for path, weight in read('population').items():
    if len(path) == 5:
        own, port = fed.setdefault(path[0], {}), path[1:3]
        own[port] = own.get(port, 0.0) + weight * outputs.get(path[3:], 0.0)
        ports.add(port)
return {'losses': {
    (member,): sum((own.get(p, 0.0) - answers.get(p, 0.0)) ** 2 for p in sorted(ports))
    for member, own in fed.items()
}}
"""

SELECTION = """
population, losses = read('population'), read('losses')
members = sorted({path[0] for path in population if path}, key=lambda m: (m != 'parent', m))
best = min(members, key=lambda m: losses.get((m,), 0.0), default=None)
if best is None:
    return {'best': {}, 'loss': {(): 0.0}}
return {'best': subtree(best, population), 'loss': {(): losses.get((best,), 0.0)}}
"""

MUTATION = """
parent, changes = read('parent'), read('changes')
population = below('parent', parent)
for member in sorted({path[0] for path in changes if path} - {'parent'}):
    population = add(population, below(member, add(parent, subtree(member, changes))))
return {'population': population}
"""


@neuron_type(
    "trials",
    reads=["population", "outputs", "answers"],
    writes=["losses"],
    source=SOURCE,
    spelling=Spelling(python=TRIALS),
)
def trials(inputs: VValue) -> dict[str, Any]:
    """Squared error of every member: its down movement of ``outputs``, beside ``answers``.

    ``outputs`` has numbers by sending neuron / field, ``answers`` by receiving neuron / field; what
    is not there is 0. All ports that some member feeds count, and those that have an answer. What
    is no link of a member takes no part.
    """
    population, outputs = inputs.subtree("population"), inputs.subtree("outputs")
    answers = inputs.subtree("answers")
    fed: dict[str, dict[Path, Any]] = defaultdict(dict)
    ports = set(getval(answers).support.paths)
    for path in getval(population).support.paths:
        if len(path) != MEMBER_LINK:
            continue
        own, port, at = fed[path[0]], path[1:3], (*path[3:], NUMBER)
        own[port] = own.get(port, 0.0) + population[path] * outputs[at]
        ports.add(port)
    asked = {port: answers[at] for port, at in ((p, (*p, NUMBER)) for p in sorted(ports))}
    losses = {
        member: sum((own.get(port, 0.0) - answer) ** 2 for port, answer in asked.items())
        for member, own in fed.items()
    }
    return {"losses": assemble(losses)}


@neuron_type(
    "selection",
    reads=["population", "losses"],
    writes=["best", "loss/:number"],
    source=SOURCE,
    spelling=Spelling(python=SELECTION),
)
def selection(inputs: VValue) -> dict[str, Any]:
    """The member that has lost least, and what it has lost.

    Of equals the parent is taken, then the first by name. Nothing, where there is no member.
    """
    population, losses = inputs.subtree("population"), inputs.subtree("losses")
    members = sorted(getval(population).support.children(), key=lambda name: name != PARENT)
    if not members:
        return {"best": VValue(), "loss": 0.0}
    best = min(members, key=lambda member: float(getval(losses[member, NUMBER])))
    return {"best": population.subtree((best,)), "loss": losses[best, NUMBER]}


@neuron_type(
    "mutation",
    reads=["parent", "changes"],
    writes=["population"],
    source=SOURCE,
    spelling=Spelling(python=MUTATION),
)
def mutation(inputs: VValue) -> dict[str, Any]:
    """The parent as it is, and for every member of ``changes`` the parent plus that change."""
    parent, changes = inputs.subtree("parent"), inputs.subtree("changes")
    population = put(VValue(), PARENT, parent)
    for member in getval(changes).support.children():
        if member != PARENT:
            population = population + put(VValue(), member, parent + changes.subtree((member,)))
    return {"population": population}
