"""A machine that recalls what it was shown once, whatever the angles between the keys.

A rule that edits links along the present key alone disturbs what it has learned of keys that are
not at right angles to it. This one first filters the key: what is left of it at right angles to
all keys seen so far is the only direction that can be edited without harm.
"""

from __future__ import annotations

from vvalues import VValue

from ..machine import Machine, links, machine_of

__all__ = ["novelty_rule"]

SHARP = 1e6
"""Scale of what the filter divides: it keeps a share of 1 / SHARP^2 of a key it has seen."""

DULL = 1e3
"""Scale of what the learner divides: so small a share of a key moves nothing."""

RULES = f"""
sharp.dict <- novel.dict {SHARP:g}
filter.gate <- clock-3.stream
filter.post <- novel-cells.dict -1
filter.pre <- sharp.dict {SHARP:g}
self.delta <- filter.delta
dull.dict <- novel.dict {DULL:g}
learner.gate <- clock-3.stream
learner.post <- y.dict
learner.post <- p.dict -1
learner.pre <- dull.dict {DULL:g}
self.delta <- learner.delta
"""

FRAME = """
self.accum <- self.single
places.single <- places.single
filter.mask <- places.single
learner.mask <- places.single
output.dict-1 <- cell-1.dict
p.number-1 <- cell-1.dict
y.number-1 <- y-1.stream
"""


def novelty_rule(inputs: int = 8) -> Machine:
    """Two rules: a filter unlearns every direction it has seen, the delta rule goes by the rest.

    Parameters
    ----------
    inputs : int
        Streams ``x-1``, ...: keys; what belongs to them is on ``y-1``, in periods of five ticks,
        see `synthesis.tasks.streams.learning`.

    Notes
    -----
    The neurons ``novel-1``, ... emit ``n = P x``, at first ``x`` itself. At phase 3 of a period
    ``P -= n n / |n|^2`` and ``W += (y - W x) n / |n|^2``. As ``n`` is at right angles to all
    earlier keys, no earlier answer changes: the method of Gram and Schmidt, a pair at a time.
    Neurons of type ``normalised`` divide, at scales where the 1 that they add hardly counts.

    References
    ----------
    T. Kohonen, E. Oja, Biological Cybernetics 21 (1976), 85-95: orthogonalising filters.

    Examples
    --------
    >>> from dmm.show.rules import learning_rules
    >>> machine = novelty_rule(inputs=2)
    >>> print(*learning_rules(machine), sep="; ")
    W += -1.0e+06 novel-cells sharp clock-3; W += 1000 (y - p) dull clock-3
    """
    xs = [f"x-{i}" for i in range(1, inputs + 1)]
    cells = [f"novel-{i}" for i in range(1, inputs + 1)]
    neurons = {
        "self": "accumulator",
        "places": "register",
        "filter": "plasticity",
        "learner": "plasticity",
        "sharp": "normalised",
        "dull": "normalised",
        "novel": f"label({','.join(f'{x}/stream' for x in xs)})",
        "novel-cells": f"label({','.join(f'{cell}/dict' for cell in cells)})",
        "y": "label(cell-1/dict)",
        "p": "label(cell-1/dict)",
        "output": "output",
        **dict.fromkeys(["cell-1", *cells], "identity"),
        **dict.fromkeys([*xs, "y-1", "clock-3"], "stream"),
    }
    labels = [
        f"{label}.number-{i} <- {cell}.dict"
        for i, cell in enumerate(cells, 1)
        for label in ("novel", "novel-cells")
    ]
    may_change = [f"{cell}.dict <- {x}.stream" for cell in ["cell-1", *cells] for x in xs]
    passing = [f"{cell}.dict <- {x}.stream" for cell, x in zip(cells, xs, strict=True)]
    return machine_of(
        neurons,
        trainable="\n".join([RULES, *passing]),
        fixed="\n".join([FRAME, *labels]),
        name="novelty-rule",
        initial=VValue({"places": {"single": links("\n".join(may_change))}}),
        matrix_port=("self", "single"),
    )
