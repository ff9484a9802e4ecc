"""Machines of the literature, written by hand, each with its source and expected trace."""

from __future__ import annotations

from typing import Union

import numpy as np

from vvalues.tree import from_leaves

from .machine import Machine

__all__ = ["duplicate_detector"]

Links = dict[tuple[str, ...], Union[float, np.ndarray]]  # noqa: UP007


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
    fixed: Links = {
        ("timer", "timer", "timer", "timer"): 1.0,
        ("input", "timer", "timer", "timer"): 1.0,
        ("accum", "dict-1", "accum", "dict"): 1.0,
    }
    trainable: Links = {
        ("accum", "dict-2", "input", "char"): 1.0,
        ("norm", "dict", "accum", "dict"): 1.0,
        ("compare", "dict-1", "norm", "norm"): 1.0,
        ("compare", "dict-2", "const_1", "const_1"): 1.0,
        ("dot", "dict-1", "accum", "dict"): 1.0,
        ("dot", "dict-2", "eos", "char"): 1.0,
        ("output", "dict-1", "compare", "true"): 1.0,
        ("output", "dict-2", "dot", "dot"): 1.0,
    }
    names = ("timer", "input", "accum", "norm", "compare", "dot", "const_1", "eos", "output")
    return Machine(
        {name: name for name in names},
        from_leaves(fixed),
        from_leaves(trainable),
        name="duplicate-detector",
    )
