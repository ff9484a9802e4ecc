"""Small programs: detecting, choosing, counting, reacting, taking turns."""

from __future__ import annotations

from vvalues import VValue

from ..machine import Machine, links, machine_of

__all__ = [
    "asynchronous_accumulation",
    "duplicate_detector",
    "event_log",
    "fuzzy_if",
    "layers_in_turn",
    "sparse_counter",
]


def duplicate_detector() -> Machine:
    """The handcrafted duplicate-character detector: 11 links, all of weight 1.

    ``output.dict-1`` says by how much the most frequent character so far occurs more than once,
    ``output.dict-2`` counts the full stops (up to 4).

    Notes
    -----
    Trace for "test string." (ticks from 1, inputs of ``output`` as (dict-1, dict-2)): (0, 0) to
    tick 34, (1, 0) from 35, (2, 0) from 65, (2, 1) from 114, (2, 2) from 124, (2, 3) from 134,
    (2, 4) from 144, (3, 4) from 145, (4, 4) from 155. The sum of squares over 140 ticks is 447.

    References
    ----------
    arXiv:1606.09470, section 3; github anhinga/julia-flux-drafts, ``handcrafted.jl``.

    Examples
    --------
    >>> from dmm import compile_machine, text_streams
    >>> detector = duplicate_detector()
    >>> compile_machine(detector)(detector.trainable, text_streams("hello.", 60))[0, -1]
    array([1.])
    """
    names = ("timer", "input", "accum", "norm", "compare", "dot", "const_1", "eos", "output")
    return machine_of(
        {name: name for name in names},
        fixed="""
            timer.timer <- timer.timer
            input.timer <- timer.timer
            accum.dict-1 <- accum.dict
        """,
        trainable="""
            accum.dict-2 <- input.char
            norm.dict <- accum.dict
            compare.dict-1 <- norm.norm
            compare.dict-2 <- const_1.const_1
            dot.dict-1 <- accum.dict
            dot.dict-2 <- eos.char
            output.dict-1 <- compare.true
            output.dict-2 <- dot.dot
        """,
        name="duplicate-detector",
    )


def fuzzy_if() -> Machine:
    """``if condition then stream-1 else stream-2``, for any real condition.

    Notes
    -----
    Condition 1 gives ``stream-1``, 0 gives ``stream-2``, values between mix, two ticks after they
    were emitted (the multiplexer and the link out of it).

    References
    ----------
    arXiv:1712.07447, section 6; arXiv:1606.09470 (gates, multiplexers).

    Examples
    --------
    >>> from dmm import run, streams_from_trees
    >>> quarter = [VValue(0.25)] * 4
    >>> streams = {"stream-if": [quarter], "stream-1": [[VValue({"a": 1})] * 4]}
    >>> streams["stream-2"] = [[VValue({"b": 1})] * 4]
    >>> run(fuzzy_if(), streams_from_trees(streams)).inputs[-1]["output", "dict-1"]
    VValue({'a': 0.25, 'b': 0.75})
    """
    return machine_of(
        {
            "stream-if": "stream",
            "stream-1": "stream",
            "stream-2": "stream",
            "choice": "multiplexer",
            "output": "output",
        },
        trainable="""
            choice.gate <- stream-if.stream
            choice.dict-1 <- stream-1.stream
            choice.dict-2 <- stream-2.stream
            output.dict-1 <- choice.dict
        """,
        name="fuzzy-if",
    )


def sparse_counter() -> Machine:
    """Counts every letter of a text in one sparse vector: an accumulator, no alphabet needed.

    Notes
    -----
    For "abca" the counts at the output end as {a: 2, b: 1, c: 1}.

    References
    ----------
    arXiv:1606.09470, section 3.

    Examples
    --------
    >>> from dmm import run, text_streams
    >>> run(sparse_counter(), text_streams("abca", 10, period=1)).inputs[5]["output", "dict-1"]
    VValue({'a': 2.0, 'b': 1.0, 'c': 1.0})
    """
    return machine_of(
        {"timer": "timer", "input": "input", "accum": "accum", "output": "output"},
        fixed="""
            timer.timer <- timer.timer
            input.timer <- timer.timer
            accum.dict-1 <- accum.dict
        """,
        trainable="accum.dict-2 <- input.char\noutput.dict-1 <- accum.dict",
        name="sparse-counter",
    )


def layers_in_turn(matrices: list[VValue], neurons: dict[str, str]) -> Machine:
    """A machine whose network matrix is a different one at every tick, in turn.

    Each matrix names its successor: it links the register of the next one to the identity neuron
    ``self``, which holds the network matrix ("matrix registers", time slicing).

    Parameters
    ----------
    matrices : list of VValue
        The links to be in force at ticks 0, 1, 2, ... (cyclically).
    neurons : further neurons, name -> type

    References
    ----------
    github jsa-aerial/DMM, ``src/dmm/core.clj`` (the network matrix as the output of a neuron);
    arXiv:1606.09470 (layers in turn).

    Examples
    --------
    >>> from dmm import run, streams_from_trees
    >>> once, tenfold = links("a.dict <- x.stream"), links("a.dict <- x.stream 10")
    >>> machine = layers_in_turn([once, tenfold], {"x": "stream", "a": "identity"})
    >>> ones = streams_from_trees({"x": [[VValue(1.0)] * 6]})
    >>> [inputs["a", "dict"] for inputs in run(machine, ones).inputs]
    [0.0, 10.0, 1.0, 10.0, 1.0, 10.0]
    """
    n = len(matrices)
    names = [f"matrix-{k}" for k in range(n)]
    keep = "\n".join(f"{name}.single <- {name}.single" for name in names)
    whole = [
        matrix + links(f"{keep}\nself.single <- {names[(k + 1) % n]}.single")
        for k, matrix in enumerate(matrices)
    ]
    return Machine(
        {"self": "register", **dict.fromkeys(names, "register"), **neurons},
        trainable=whole[0],
        name="layers-in-turn",
        initial=VValue(
            {name: {"single": matrix} for name, matrix in zip(names, whole, strict=True)}
        ),
        matrix_port=("self", "single"),
    )


def asynchronous_accumulation() -> Machine:
    """Reader, accumulator, printer: what comes in is added up while the machine runs.

    Feed it with a `dmm.Session`: ``session.default("reader", {"step": 1})`` for the ticks at which
    nothing else is there, ``session.feed("reader", {"a": 1})`` for the rest.

    Notes
    -----
    A map that is read at one cycle is part of the sum that the printer gets two cycles later; it
    replaces the default of its cycle: ..., {step: 14}, {step: 15}, {step: 15, a: 1},
    {step: 16, a: 1}, ...

    References
    ----------
    github jsa-aerial/DMM, ``examples/dmm/oct_28_2016_experiment.clj``.

    Examples
    --------
    >>> from dmm import Session
    >>> session = Session(asynchronous_accumulation())
    >>> session.feed("reader", {"a": 1})
    >>> session.step(4)
    >>> session.inputs["printer", "dict-1"]
    VValue({'a': 1.0})
    """
    return machine_of(
        {"reader": "stream", "accum": "accum", "printer": "output"},
        fixed="accum.dict-1 <- accum.dict",
        trainable="accum.dict-2 <- reader.stream\nprinter.dict-1 <- accum.dict",
        name="asynchronous-accumulation",
    )


def event_log() -> Machine:
    """A list of all events, the newest first.

    Notes
    -----
    ``log.self`` is ``{end-list: 1}`` at the start; every signal that is not empty is put in
    front: ``{this: signal, rest: old list}``.

    References
    ----------
    github jsa-aerial/DMM, ``examples/dmm/jul_13_2017_experiment.clj`` (``dmm-cons``).

    Examples
    --------
    >>> from dmm import run, streams_from_trees
    >>> events = [VValue({"a": 1}), VValue(), VValue({"b": 2}), VValue()]
    >>> trace = run(event_log(), streams_from_trees({"events": [events]}))
    >>> trace.outputs[-1]["log", "self", "this"]  # the newest
    VValue({'b': 2.0})
    """
    return machine_of(
        {"events": "stream", "log": "event_list"},
        fixed="log.self <- log.self",
        trainable="log.signal <- events.stream",
        name="event-log",
    )
