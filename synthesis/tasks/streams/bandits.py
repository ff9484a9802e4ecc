"""Two-armed bandits with unknown arms: what a machine is shown depends on what it does.

Streams are laid down beforehand: what either arm *would* pay in every trial. The neurons of the
environment (`dmm.zoo.reward_rule` has them) choose between the two, so only the outcome of the arm
that is pulled reaches the machine. A trial takes five ticks; outcomes appear at the fourth of them,
for one tick.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dmm import Machine, Streams, compile_machine

__all__ = ["Bandits", "bandits", "regret", "thompson_regret"]

TRIAL = 5
"""Ticks of a trial."""

PAID = 3
"""Phase at which outcomes appear."""

READ = 4
"""Phase at which reward and choice are read."""


class Bandits(NamedTuple):
    """Strings of trials with arms of their own.

    Attributes
    ----------
    streams : Streams
        ``noise``, ``outcome-1``, ``outcome-2``.
    chances : array (strings, 2)
        Of a reward of 1; otherwise it is -1.
    """

    streams: Streams
    chances: np.ndarray


def bandits(
    rng: np.random.Generator, *, strings: int, trials: int = 100, noise: float = 0.3
) -> Bandits:
    """Random arms, all chances equally likely, and what they would pay.

    Parameters
    ----------
    rng : numpy.random.Generator
    strings, trials : int
    noise : float
        Standard deviation of the stream that choices are made against: it decides where nothing
        else does.

    Examples
    --------
    >>> drawn = bandits(np.random.default_rng(0), strings=2, trials=10)
    >>> drawn.streams.ticks, drawn.chances.shape
    (50, (2, 2))
    """
    chances = rng.random((strings, 2))
    outcomes = np.where(rng.random((trials, strings, 2)) < chances, 1.0, -1.0)
    tick = np.arange(trials * TRIAL)
    paid = np.where((tick % TRIAL == PAID)[:, None, None], np.repeat(outcomes, TRIAL, axis=0), 0.0)
    against = noise * rng.standard_normal((trials, strings))
    arrays = {
        "noise": np.repeat(against, TRIAL, axis=0)[..., None],
        "outcome-1": paid[..., :1],
        "outcome-2": paid[..., 1:],
    }
    return Bandits(Streams((((),),) * strings, arrays, len(tick)), chances)


def regret(machine: Machine, drawn: Bandits) -> np.ndarray:
    """What pulling the better arm throughout would have paid more, on average, per string.

    Parameters
    ----------
    machine : Machine
        With ``choice.true-channel`` 1 for the first arm and 0 for the second, read by
        ``reward.gate``.
    drawn : Bandits

    Returns
    -------
    array (strings,)
        In expected successes: the sum over trials of the better chance minus that of the arm
        pulled.

    Examples
    --------
    >>> from dmm.zoo import reward_rule
    >>> drawn = bandits(np.random.default_rng(0), strings=200)
    >>> learned, idle = (regret(reward_rule(rate), drawn).mean() for rate in (1.0, 0.0))
    >>> bool(learned < 0.3 * idle)
    True
    """
    program = compile_machine(machine, [("reward", "gate")])
    first = program(machine.trainable, drawn.streams)[0, READ::TRIAL]
    lost = drawn.chances.max(axis=1, keepdims=True) - drawn.chances
    return np.sum(np.where(first > 0.5, lost[:, 0], lost[:, 1]), axis=0)


def thompson_regret(rng: np.random.Generator, chances: np.ndarray, trials: int) -> np.ndarray:
    """The same for Thompson sampling, which knows that all chances are equally likely.

    Parameters
    ----------
    rng : numpy.random.Generator
    chances : array (strings, 2)
    trials : int

    References
    ----------
    W. R. Thompson, Biometrika 25 (1933), 285-294.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> round(float(thompson_regret(rng, rng.random((2000, 2)), 100).mean()), 1)
    2.8
    """
    string = np.arange(len(chances))
    successes, failures = np.ones(chances.shape), np.ones(chances.shape)
    total = np.zeros(len(chances))
    for _ in range(trials):
        arm = rng.beta(successes, failures).argmax(axis=1)
        is_paid = rng.random(len(chances)) < chances[string, arm]
        successes[string, arm] += is_paid
        failures[string, arm] += ~is_paid
        total += chances.max(axis=1) - chances[string, arm]
    return total
