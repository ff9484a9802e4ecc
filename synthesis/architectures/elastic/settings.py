"""Settings of elastic networks: the three versions of the source, with every constant."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from ...process.bounds import Bounded, above, finite, share, whole
from ...process.checks import check_finite

__all__ = ["MODES", "ElasticSettings"]

MODES = ("corrected", "paper", "outgoing-norm")


@dataclass(frozen=True)
class ElasticSettings(Bounded):
    """How an elastic network is trained, grows and shrinks.

    Attributes
    ----------
    mode : {"corrected", "paper", "outgoing-norm"}
        "paper": the gradient by a multiplier has the multiplier in the place of its neuron's
        output, as in the source's first commit; the published figures are of this version.
        "outgoing-norm": no multipliers; what is compared with the threshold is the norm of a
        neuron's outgoing links (the source's last version). `of` sets the other constants too.
    rate : float
        Learning rate (Adagrad; RMSProp in mode "outgoing-norm").
    clip : float
        Bound of every element of the gradient.
    largest_step : float
        Bound of every element of a step.
    penalty : float
        L1 on multipliers inside the gradient, once per character.
    decoupled_penalty : float
        L1 outside the adaptive step, once per cycle: subtracted from multipliers (in mode
        "outgoing-norm": from recurrent and output weights). Adagrad divides a penalty inside the
        gradient by its ever-growing memory, so that it fades; this one keeps its strength, and a
        network shrinks again when its task becomes easier.
    threshold, smallest : float
        Neurons at or below the threshold are marked; multipliers are kept at or above the smallest.
    spare : int
        How many marked neurons a network keeps (k in the paper).
    add_probability, delete_probability : float
        Per cycle when there are too few, and per neuron and cycle when there are too many.
    spontaneous : float
        Probability per cycle of a neuron more for no reason (in the source's code, not its text).
    largest : int
        No neuron is added to a network of so many.
    protection : float
        Cycles. A marked neuron of age a is deleted with probability
        ``delete_probability * (1 - exp(-a / protection))``: the young are protected. 0 is off.
    inherit : bool
        A new neuron takes over the links of the last deleted one, as far as their other ends live.
    scale : float
        Standard deviation of initial weights.
    smoothing : float
        Share of the newest loss in the running mean.
    adapts_size : bool
        False: the number of neurons stays, and there are no multipliers.

    Raises
    ------
    ValueError
        For an unknown mode, probabilities outside [0, 1], thresholds out of order or a setting that
        is negative or not finite; the message names the setting and its value.

    Examples
    --------
    >>> ElasticSettings(threshold=-1.0)
    Traceback (most recent call last):
        ...
    ValueError: threshold is -1.0; expected a number > 0
    """

    mode: str = "corrected"
    rate: float = finite(0.1)
    clip: float = above(5.0, 0)
    largest_step: float = above(math.inf, 0)
    penalty: float = finite(3e-5)
    decoupled_penalty: float = finite(0.0)
    threshold: float = above(0.05, 0)
    smallest: float = finite(0.025)
    spare: int = whole(1)
    add_probability: float = share(0.05)
    delete_probability: float = share(0.25)
    spontaneous: float = share(1e-4)
    largest: int = whole(99, least=1)
    protection: float = finite(0.0)
    inherit: bool = False
    scale: float = finite(0.01)
    smoothing: float = share(0.001)
    adapts_size: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode not in MODES:
            raise ValueError(f"mode is {self.mode!r}; expected one of {', '.join(MODES)}")
        check_finite("threshold", self.threshold)
        if self.smallest > self.threshold:
            raise ValueError(
                f"smallest is {self.smallest!r}, above threshold = {self.threshold!r}: no neuron "
                "could ever be marked; expected smallest <= threshold"
            )

    @property
    def has_multipliers(self) -> bool:
        """Whether neurons have multipliers."""
        return self.adapts_size and self.mode != "outgoing-norm"

    @staticmethod
    def of(mode: str = "corrected", **changes: Any) -> ElasticSettings:
        """The constants of a version of the source, with changes.

        Examples
        --------
        >>> ElasticSettings.of("outgoing-norm").delete_probability
        0.05
        """
        if mode == "outgoing-norm":
            settings = ElasticSettings(
                mode,
                rate=0.01,
                clip=math.inf,
                largest_step=0.01,
                penalty=0.0,
                decoupled_penalty=1e-4,
                add_probability=0.01,
                delete_probability=0.05,
                smoothing=0.01,
            )
        else:
            settings = ElasticSettings(mode)
        return replace(settings, **changes) if changes else settings

    @staticmethod
    def shrinking(**changes: Any) -> ElasticSettings:
        """Ours: networks that grow for a hard task, learn it sooner, and shrink after it.

        The penalty is decoupled; the rate is half the source's, because a neuron adds up over all
        others and the source's rate is one for a few of them; two neurons are kept in reserve.
        """
        return replace(
            ElasticSettings(rate=0.05, penalty=0.0, decoupled_penalty=1e-5, spare=2), **changes
        )

    @staticmethod
    def fixed_size(**changes: Any) -> ElasticSettings:
        """The control of the paper: no multipliers, the same optimizer."""
        return replace(ElasticSettings(adapts_size=False, penalty=0.0), **changes)
