"""Machines that hold their own network matrix and edit it."""

from __future__ import annotations

from vvalues import VValue, assemble

from ..machine.machine import Machine
from .links import links, machine_of

__all__ = ["editable", "wave"]


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
    """
    own = links("self.accum <- self.single\nself.delta <- direct.stream")
    return Machine(
        {"self": "accumulator", "direct": "stream", **(neurons or {})},
        trainable=own + (VValue() if matrix is None else matrix),
        name="editable",
        matrix_port=("self", "single"),
    )
