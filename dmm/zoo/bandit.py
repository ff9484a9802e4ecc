"""A machine that learns from rewards which of two arms to pull: its environment is neurons too."""

from __future__ import annotations

from vvalues import VValue

from ..machine import Machine, links, machine_of

__all__ = ["reward_rule"]

NEURONS = {
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

FRAME = """
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
        NEURONS,
        trainable=f"""
            cell-1.dict <- const_1.const_1 0
            learner.gate <- reward.dict
            learner.post <- chosen.dict
            learner.pre <- one.dict
            self.delta <- learner.delta {rate!r}
        """,
        fixed=FRAME,
        name="reward-rule",
        initial=VValue({"places": {"single": links("cell-1.dict <- const_1.const_1")}}),
        matrix_port=("self", "single"),
    )
