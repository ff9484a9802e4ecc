"""Programming patterns: choices, counting, taking turns."""

from __future__ import annotations

from vvalues import VValue

from ..machine.machine import Machine
from .links import links, machine_of

__all__ = ["fuzzy_if", "layers_in_turn", "sparse_counter"]

PATTERNS = "arXiv:1712.07447, section 6; arXiv:1606.09470"


def fuzzy_if() -> Machine:
    """``if condition then stream-1 else stream-2``, for any real condition.

    Notes
    -----
    Condition 1 gives ``stream-1``, 0 gives ``stream-2``, values between mix, two ticks after they
    were emitted (the multiplexer and the link out of it).

    References
    ----------
    arXiv:1712.07447, section 6; arXiv:1606.09470 (gates, multiplexers).
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
