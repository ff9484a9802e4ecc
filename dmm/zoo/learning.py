"""Rules of learning as machines of a few links: they change their own links while they run.

Those of Widrow and Hoff (`delta_rule`) and of Hebb (`hebb_rule`) are members of the search space
`dmm.machine.plastic_space`, so what is found there can be held beside them; `novelty_rule` recalls
what it was shown once, whatever the angles between the keys; `reward_rule` learns from rewards
which of two arms to pull, and its environment is neurons too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from vvalues import Path, VValue
from vvalues.core.tree import from_leaves

from ..machine import Machine, links, machine_of, plastic_space

__all__ = ["delta_rule", "hebb_rule", "novelty_rule", "reward_rule"]

# -------------------- by errors, and by what is joined --------------------

SCALE = 30.0
"""Of what is normalised: 1 is a thousandth of the square of an input of size 1."""


def delta_rule(
    inputs: int = 3,
    targets: int = 1,
    rate: float = 0.2,
    leak: float = 0.0,
    is_normalised: bool = False,
) -> Machine:
    """A machine that learns a linear map while it runs, from its errors.

    Parameters
    ----------
    inputs, targets : int
        Streams ``x-1``, ... and ``y-1``, ..., in periods of five ticks: see
        `synthesis.tasks.streams.learning`.
    rate : float
        Share of the error, times the input, that goes into the links.
    leak : float
        Share of every learned link that is forgotten at the same time.
    is_normalised : bool
        Whether the input is divided by its square: ``rate`` is then the share of an error that is
        corrected at once, whatever the size of the inputs.

    Notes
    -----
    At phase 3 of a period the error of the prediction, ``y - p``, is there; its outer product with
    the input is added to the links from the inputs to the cells.

    References
    ----------
    B. Widrow, M. Hoff, IRE WESCON Convention Record 4, 1960; normalised: J. Nagumo, A. Noda,
    IEEE Transactions on Automatic Control 12 (1967), 282-287.

    Examples
    --------
    >>> from dmm.show.rules import learning_rules
    >>> learning_rules(delta_rule(rate=0.31, leak=0.02))
    ['W += -0.020 W clock-3', 'W += 0.310 (y - p) x clock-3']
    >>> learning_rules(delta_rule(rate=1.0, is_normalised=True))
    ['W += 30 (y - p) unit clock-3']
    """
    leaks = 1 if leak else 0
    space = _space(inputs=inputs, targets=targets, leaks=leaks, is_normalised=is_normalised)
    weights = _hebbian(rate)
    weights["rule-1", "post", "p", "dict"] = -1.0
    if is_normalised:
        del weights["rule-1", "pre", "x", "dict"]
        weights["unit", "dict", "x", "dict"] = SCALE
        weights["rule-1", "pre", "unit", "dict"] = SCALE
    if leak:
        weights["leak-1", "gate", "clock-3", "stream"] = 1.0
        weights["self", "delta", "leak-1", "dict"] = -leak
    return replace(space, trainable=from_leaves(weights), name="delta-rule")


def hebb_rule(inputs: int = 4, targets: int = 1, rate: float = 1.0) -> Machine:
    """A machine that keeps what it has seen once: links grow with what they join.

    With inputs at right angles to each other and of length 1, and ``rate`` 1, it recalls every
    value exactly.

    Parameters
    ----------
    inputs, targets, rate : as for `delta_rule`

    References
    ----------
    D. O. Hebb, The Organization of Behavior, 1949.

    Examples
    --------
    >>> from dmm.show.rules import learning_rules
    >>> learning_rules(hebb_rule())
    ['W += 1 y x clock-3']
    """
    space = _space(inputs=inputs, targets=targets, leaks=0)
    return replace(space, trainable=from_leaves(_hebbian(rate)), name="hebb-rule")


def _hebbian(rate: float) -> dict[Path, float]:
    return {
        ("rule-1", "gate", "clock-3", "stream"): 1.0,
        ("rule-1", "post", "y", "dict"): 1.0,
        ("rule-1", "pre", "x", "dict"): 1.0,
        ("self", "delta", "rule-1", "delta"): rate,
    }


def _space(**options: Any) -> Machine:
    return plastic_space(np.random.default_rng(0), rules=1, **options)  # its weights are replaced


# -------------------- by what is new --------------------

# A rule that edits links along the present key alone disturbs what it has learned of keys that are
# not at right angles to it. This one first filters the key: what is left of it at right angles to
# all keys seen so far is the only direction that can be edited without harm.

SHARP = 1e6
"""Scale of what the filter divides: it keeps a share of 1 / SHARP^2 of a key it has seen."""

DULL = 1e3
"""Scale of what the learner divides: so small a share of a key moves nothing."""

NOVELTY = f"""
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

NOVELTY_FRAME = """
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
        trainable="\n".join([NOVELTY, *passing]),
        fixed="\n".join([NOVELTY_FRAME, *labels]),
        name="novelty-rule",
        initial=VValue({"places": {"single": links("\n".join(may_change))}}),
        matrix_port=("self", "single"),
    )


# -------------------- by rewards --------------------

BANDIT = {
    "self": "accumulator",
    "places": "register",
    "learner": "plasticity",
    "const_1": "const_1",
    "cell-1": "identity",
    "noise": "stream",
    "outcome-1": "stream",
    "outcome-2": "stream",
    "choice": "less_or_equal",
    "reward": "multiplexer",
    "chosen": "label(cell-1/dict)",
    "one": "label(const_1/const_1)",
    "output": "output",
}

BANDIT_FRAME = """
self.accum <- self.single
places.single <- places.single
learner.mask <- places.single
one.number-1 <- const_1.const_1
choice.left <- noise.stream
choice.right <- cell-1.dict
chosen.number-1 <- choice.true-channel
chosen.number-1 <- choice.false-channel -1
reward.gate <- choice.true-channel
reward.dict-1 <- outcome-1.stream
reward.dict-2 <- outcome-2.stream
output.dict-1 <- reward.dict
output.dict-2 <- chosen.dict
"""


def reward_rule(rate: float = 1.0) -> Machine:
    """Hebb's rule with the reward as its third factor, on one link: a preference between two arms.

    Parameters
    ----------
    rate : float
        How much a reward of 1 or -1 changes the preference, beside the streams of noise.

    Returns
    -------
    Machine
        It reads ``noise``, ``outcome-1`` and ``outcome-2``, in trials of five ticks: see
        `synthesis.tasks.streams.bandits`. Its preference is the link from the constant to
        ``cell-1``; at or above the noise it pulls the first arm, and ``reward`` is that arm's
        outcome. ``output`` reads the reward, and which arm it was (1 or -1 at ``cell-1 / dict``).

    Notes
    -----
    Rewards are 1 or -1 and arms are 1 or -1, so the preference is what the first arm has paid in
    all minus what the second has: a failure of one speaks for the other.

    References
    ----------
    R. J. Williams, Machine Learning 8 (1992), 229-256: reward times eligibility.

    Examples
    --------
    >>> from dmm.show.rules import learning_rules
    >>> learning_rules(reward_rule())
    ['W += 1 chosen one reward']
    """
    return machine_of(
        BANDIT,
        trainable=f"""
            cell-1.dict <- const_1.const_1 0
            learner.gate <- reward.dict
            learner.post <- chosen.dict
            learner.pre <- one.dict
            self.delta <- learner.delta {rate!r}
        """,
        fixed=BANDIT_FRAME,
        name="reward-rule",
        initial=VValue({"places": {"single": links("cell-1.dict <- const_1.const_1")}}),
        matrix_port=("self", "single"),
    )
