"""Machines that hold their own network matrix and edit it: waves, live edits, copies, learning."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from autograd.tracer import getval

from vvalues import VValue, assemble, put

from ..machine import Machine, links, machine_of
from ..neurons import Decision, Element, Term, neuron_type, number

__all__ = ["copy_links", "editable", "fast_weights", "self_copying", "wave"]


def wave() -> Machine:
    """A wave that travels through the machine's own network matrix.

    ``self`` accumulates its matrix; three registers hold matrices that move the one link into
    ``self.delta`` from their own register to the next one.

    Notes
    -----
    The row ``self.delta`` is ``{update-1: 1}`` before any cycle and ``{update-2: 1}``,
    ``{update-3: 1}``, ``{update-1: 1}``, ... after cycles 1, 2, 3, ...

    References
    ----------
    github jsa-aerial/DMM, ``examples/dmm/oct_19_2016_experiment.clj``; github
    anhinga/late-2022-julia-drafts, ``draft-self-referential.jl``.

    Examples
    --------
    >>> from dmm import run
    >>> trace = run(wave(), ticks=3)
    >>> rows = [outputs["self", "single", "self", "delta"] for outputs in trace.outputs]
    >>> [sender for row in rows for (sender, _), weight in row.items() if weight]
    ['update-2', 'update-3', 'update-1']
    """
    updates = ("update-1", "update-2", "update-3")
    held = {}
    for i, name in enumerate(updates):
        following = updates[(i + 1) % len(updates)]
        held[name, "single"] = links(
            f"""
            self.delta <- {name}.single -1
            self.delta <- {following}.single
            """
        )
    return machine_of(
        {"self": "accumulator", **dict.fromkeys(updates, "register")},
        trainable="""
            self.accum <- self.single
            self.delta <- update-1.single
            update-1.single <- update-1.single
            update-2.single <- update-2.single
            update-3.single <- update-3.single
        """,
        name="wave",
        initial=assemble(held),
        matrix_port=("self", "single"),
    )


def editable(neurons: dict[str, str] | None = None, matrix: VValue | None = None) -> Machine:
    """A machine that adds every matrix fragment that arrives at ``direct`` to its running matrix.

    Parameters
    ----------
    neurons, matrix : further neurons and links to start with

    Notes
    -----
    A fragment sent at tick ``t`` drives the down movement of tick ``t + 2``: it takes one tick to
    reach ``self``, whose output at that tick is the next matrix. Rows for new names make new
    neurons.

    References
    ----------
    github jsa-aerial/DMM, live editing sessions of January, March and April 2018.

    Examples
    --------
    >>> from dmm import run, streams_from_trees
    >>> fragment = links("output.dict-1 <- x.stream 3")
    >>> trees = {"x": [[VValue(1.0)] * 5], "direct": [[fragment, *[VValue()] * 4]]}
    >>> trace = run(editable({"x": "stream", "output": "output"}), streams_from_trees(trees))
    >>> [inputs["output", "dict-1"] for inputs in trace.inputs]
    [0.0, 0.0, 3.0, 3.0, 3.0]
    """
    own = links("self.accum <- self.single\nself.delta <- direct.stream")
    return Machine(
        {"self": "accumulator", "direct": "stream", **(neurons or {})},
        trainable=own + (VValue() if matrix is None else matrix),
        name="editable",
        matrix_port=("self", "single"),
    )


def copy_links(matrix: VValue, members: set[str], suffix: str, outgoing: float = 0.0) -> VValue:
    """The links that add a copy of a subgraph to a network matrix.

    Links among the members are copied among the copies; a copy keeps the incoming links of its
    original; its links to the outside have ``outgoing`` times the original weight.

    Parameters
    ----------
    matrix : VValue, depth 4
    members : set of neuron names
    suffix : str
        What to append to the names of the copies; the type is still the name up to the first
        ``-``.
    outgoing : float
        0 adds the copies without any effect on the rest, ready to be trained.

    Returns
    -------
    VValue, depth 4, the copied links only

    References
    ----------
    arXiv:1712.07447, section 6 (deep copy, described there and never implemented by the authors).

    Examples
    --------
    >>> copy_links(links("norm-1.dict <- accum-1.dict"), {"norm-1"}, "'")
    VValue({"norm-1'": {'dict': {'accum-1': {'dict': 1.0}}}})
    """
    copies = VValue()
    for path in getval(matrix).support.paths:
        receiver, field_in, sender, field_out = path
        if receiver in members:
            sender = sender + suffix if sender in members else sender
            copies = put(copies, (receiver + suffix, field_in, sender, field_out), matrix[path])
        elif sender in members:
            weight = matrix[path] * outgoing
            copies = put(copies, (receiver, field_in, sender + suffix, field_out), weight)
    return copies


MOST_COPIES = 100
"""Copies of one subgraph, by number; what asks for more is not compiled."""

UNTOLD = (
    "a copy begins while part of the subgraph is 0, so that only the support of the stream says "
    f"whether it is to be copied, or it is none of the copies 1 to {MOST_COPIES}"
)


def _copy_terms(inputs: Mapping[str, Collection[Element]], copies: int) -> Iterator[Term]:
    """Memory, and for each of so many copies its links, which count at the tick it is made."""
    named = [element for element in inputs["subgraph"] if element and isinstance(element[0], str)]
    members = {str(element[0]) for element in named}
    memory = tuple((field, ()) for field in ("trigger", "before", "count"))
    decision = Decision(
        (*memory, *(("subgraph", element) for element in named)),
        partial(_copy_made, tuple(str(element[0]) for element in named)),
        copies,
        UNTOLD,
    )
    yield Term("before", (), (("trigger", ()),))
    yield Term("count", (), (("count", ()),))
    for k in range(1, copies + 1):
        yield Term("count", (), (), decision, k)
        for target, factors in _copied(inputs["matrix"], members, f"'{k}").items():
            yield Term("delta", target, factors, decision, k)


def _copy_made(members: tuple[str, ...], numbers: np.ndarray) -> np.ndarray:
    """The number of the copy that is made by these: trigger, before, count, then the subgraph."""
    (trigger, before, count), named = numbers[:3], numbers[3:]
    starts = (trigger > 0.0) & (before <= 0.0)
    if not starts.any():
        return np.zeros(starts.shape, int)
    made = np.trunc(count + 1.0)
    is_told = (made >= 1.0) & (made <= MOST_COPIES)  # False for what is no number
    for member in set(members):
        is_told &= named[[own == member for own in members]].any(axis=0)
    return np.where(starts, np.where(is_told, made, -1), 0).astype(int)


def _copied(
    matrix: Collection[Element], members: set[str], suffix: str
) -> dict[Element, tuple[tuple[str, Element], ...]]:
    """The links of one copy, and what their weights are products of; see `copy_links`."""
    found: dict[Element, tuple[tuple[str, Element], ...]] = {}
    for path in matrix:
        if len(path) != 4 or not all(isinstance(key, str) for key in path):
            raise ValueError(
                f"matrix can come to have {'/'.join(map(str, path))}, which is no link"
            )
        receiver, field_in, sender, field_out = map(str, path)
        if not {receiver, sender} & members:
            continue
        factors: tuple[tuple[str, Element], ...] = (("matrix", path),)
        if receiver in members:
            receiver += suffix
        else:
            factors += (("outgoing", ()),)
        sender += suffix if sender in members else ""
        target = (receiver, field_in, sender, field_out)
        if target in found:
            raise ValueError(f"several links have the copy {'/'.join(target)}")
        found[target] = factors
    return found


@neuron_type(
    "deep_copy",
    reads=[
        "matrix",
        "subgraph",
        "trigger/:number",
        "outgoing/:number",
        "before/:number",
        "count/:number",
    ],
    writes=["delta", "before/:number", "count/:number"],
    source="arXiv:1712.07447, section 6 (deep copy)",
    open_terms=_copy_terms,
)
def deep_copy(inputs: VValue) -> dict[str, Any]:
    """Links of a fresh copy of ``subgraph`` whenever ``trigger`` turns positive.

    ``subgraph`` has a key for every neuron to copy; ``matrix`` is the running network matrix.
    ``before`` and ``count`` are its memory (self-links of weight 1). Copies are called
    ``name`` + ``'1``, ``'2``, ...
    """
    trigger = number(inputs, "trigger")
    starts = bool(getval(trigger) > 0 >= getval(number(inputs, "before")))
    count = number(inputs, "count") + float(starts)
    delta = VValue()
    if starts:
        members = {path[0] for path in getval(inputs.subtree("subgraph")).support.paths if path}
        suffix = f"'{int(getval(count))}"
        matrix = inputs.subtree("matrix")
        delta = copy_links(matrix, members, suffix, number(inputs, "outgoing"))
    return {"delta": delta, "before": trigger, "count": count}


def self_copying() -> Machine:
    """A machine that copies a part of itself as soon as its input has grown large enough.

    ``accum-1`` adds up the stream and ``norm-1`` measures it. When the norm passes 2.5 the
    comparison triggers ``copier``, which adds ``accum-1'1`` and ``norm-1'1`` to the network, with
    their links among each other and from the stream, and links of weight 0.5 to the output.

    Notes
    -----
    Fed with {x: 1} at every tick, the output's ``dict-1`` is the sum so far until the copy begins
    to send, and then that plus half of what the copy has counted since its birth.

    References
    ----------
    arXiv:1712.07447, section 6: triggered by the network, nested copies give fractal growth. The
    authors announced a deep copy and did not release one.

    Examples
    --------
    >>> from dmm import run, streams_from_trees
    >>> trace = run(self_copying(), streams_from_trees({"x": [[VValue({"x": 1})] * 12]}))
    >>> [inputs["output", "dict-1"] for inputs in trace.inputs]
    [0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.5, 10.0]
    >>> list(trace.outputs[-1]["self", "single", "norm-1'1"].items())
    [(('dict', "accum-1'1", 'dict'), 1.0)]
    """
    matrix = links(
        """
        self.accum <- self.single
        self.delta <- copier.delta
        copier.matrix <- self.single
        copier.subgraph <- subgraph.single
        copier.trigger <- compare.true
        copier.outgoing <- const_1.const_1 0.5
        copier.before <- copier.before
        copier.count <- copier.count
        subgraph.single <- subgraph.single
        accum-1.dict-1 <- accum-1.dict
        accum-1.dict-2 <- x.stream
        norm-1.dict <- accum-1.dict
        compare.dict-1 <- norm-1.norm
        compare.dict-2 <- const_1.const_1 2.5
        output.dict-1 <- norm-1.norm
        """
    )
    neurons = {
        "self": "accumulator",
        "copier": "deep_copy",
        "subgraph": "register",
        "x": "stream",
        "accum-1": "accum",
        "norm-1": "norm",
        "compare": "compare",
        "const_1": "const_1",
        "output": "output",
    }
    members = VValue({"accum-1": 1.0, "norm-1": 1.0})
    return Machine(
        neurons,
        trainable=matrix,
        name="self-copying",
        initial=VValue({"subgraph": {"single": members}}),
        matrix_port=("self", "single"),
    )


def fast_weights(rate: float = 0.1) -> Machine:
    """A machine that learns the weights of one of its own neurons while it runs (delta rule).

    ``cell`` combines the streams ``x-1`` and ``x-2`` with weights that start at 0. Its error
    against the stream ``target``, times each input, times ``rate``, goes back into these very
    weights: a gate multiplies error and input, a second one scales a register that holds the
    matrix element in question, and ``self`` adds it to the network matrix.

    Parameters
    ----------
    rate : float
        Learning rate; a link weight, so that it can be trained itself, by differentiating through
        the life of the machine.

    Notes
    -----
    With ``target = 0.7 x-1 - 0.4 x-2`` the links ``cell.dict <- x-1`` and ``x-2`` tend to 0.7
    and -0.4.

    References
    ----------
    B. Widrow, M. Hoff, 1960 (delta rule); J. Schmidhuber, Neural Computation 4, 1992 (fast
    weights); the self-modifying matrix: arXiv:1712.07447.

    Examples
    --------
    >>> import numpy as np
    >>> from dmm import Streams, run
    >>> x = np.random.default_rng(0).normal(size=(2, 60, 1, 1))
    >>> arrays = {"x-1": x[0], "x-2": x[1], "target": 0.7 * x[0] - 0.4 * x[1]}
    >>> trace = run(fast_weights(), Streams((((),),), arrays, ticks=60))
    >>> learned = trace.outputs[-1]["self", "single", "cell", "dict"]
    >>> {path[0]: round(weight, 2) for path, weight in learned.items()}
    {'x-1': 0.7, 'x-2': -0.4}
    """
    text = """
        self.accum <- self.single
        cell.dict <- x-1.stream 0
        cell.dict <- x-2.stream 0
        target-late.dict <- target.stream
        error.dict <- target-late.dict
        error.dict <- cell.dict -1
        output.dict-1 <- error.dict
    """
    for k in (1, 2):
        text += f"""
        x-{k}-late-1.dict <- x-{k}.stream
        x-{k}-late-2.dict <- x-{k}-late-1.dict
        product-{k}.gate <- error.dict
        product-{k}.dict <- x-{k}-late-2.dict
        change-{k}.gate <- product-{k}.dict {rate}
        change-{k}.dict <- place-{k}.single
        place-{k}.single <- place-{k}.single
        self.delta <- change-{k}.dict
        """
    neurons = {
        "self": "accumulator",
        "target": "stream",
        "cell": "identity",
        "error": "identity",
        "target-late": "identity",
        "output": "output",
    }
    places = {}
    for k in (1, 2):
        neurons.update({f"x-{k}": "stream", f"place-{k}": "register"})
        neurons.update({f"x-{k}-late-{i}": "identity" for i in (1, 2)})
        neurons.update({f"product-{k}": "gate", f"change-{k}": "gate"})
        places[f"place-{k}"] = {"single": links(f"cell.dict <- x-{k}.stream")}
    return Machine(
        neurons,
        trainable=links(text),
        name="fast-weights",
        initial=VValue(places),
        matrix_port=("self", "single"),
    )
