"""The handcrafted duplicate-character detector."""

from __future__ import annotations

from ..machine.machine import Machine
from .links import machine_of

__all__ = ["duplicate_detector"]


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
