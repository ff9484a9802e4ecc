"""Rules of learning as machines of a few links: they change their own links while they run.

All of them are members of the search space `dmm.machine.plastic_space`, so what is found there can
be held beside them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from vvalues import Path
from vvalues.core.tree import from_leaves

from ..machine import Machine, plastic_space

__all__ = ["delta_rule", "hebb_rule"]


SHARP = 30.0
"""Scale of what is normalised: 1 is a thousandth of the square of an input of size 1."""


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
        weights["unit", "dict", "x", "dict"] = SHARP
        weights["rule-1", "pre", "unit", "dict"] = SHARP
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
