"""One program, one data seed, one learner: fitted on short strings, judged on long ones."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from synthesis.fit import Synthesizer

from .drawing import Answers, Program

__all__ = ["TEST", "TRAIN", "Outcome", "judged", "measured", "share_right"]

TRAIN = (60, 30)
"""Strings and samples that a learner is given."""

TEST = (40, 300)
"""Fresh strings that it is judged on, ten times as long."""

NEAR = 1e-6
"""A real answer is right if it is this near, relative to the largest that is asked."""


@dataclass(frozen=True)
class Outcome:
    """What came out of one fit.

    Attributes
    ----------
    program, group, learner : str
    seed : int
        Of the data; fresh strings are drawn from another one.
    right : float
        Share of right answers on the fresh strings.
    claimed : bool
        Whether the learner called its answer exact; False for learners that make no claims.
    seconds : float
        Process time of the fit.
    links : int, optional
    bits : float, optional
    equations : str
        Or whatever the learner can say about itself.
    caveats : tuple of str
    """

    program: str
    group: str
    learner: str
    seed: int
    right: float
    claimed: bool
    seconds: float
    links: int | None = None
    bits: float | None = None
    equations: str = ""
    caveats: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Right on every asked number of the fresh strings."""
        return self.right == 1.0

    @property
    def is_false_claim(self) -> bool:
        """Called exact and wrong somewhere."""
        return self.claimed and not self.is_exact

    def to_plain(self) -> dict:
        """A JSON-compatible object."""
        return asdict(self)


def drawn(program: Program, seed: int) -> tuple[tuple, tuple]:
    """Streams and answers to learn from, and fresh ones to be judged on."""
    return (
        program(np.random.default_rng(seed), *TRAIN),
        program(np.random.default_rng([seed, 10]), *TEST),
    )


def share_right(answers: Answers, wanted: Answers) -> float:
    """Share of right numbers; whole answers are rounded where whole ones are asked."""
    if not isinstance(wanted, Mapping):
        answers, wanted = {"y": answers}, {"y": wanted}
    right = [_right(np.asarray(answers[name]), asked) for name, asked in wanted.items()]
    return float(np.mean(np.concatenate(right)))


def _right(answers: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Which of the asked numbers are right, flat."""
    asked = ~np.isnan(wanted)
    found, target = answers[asked], wanted[asked]
    if np.all(target == np.round(target)):
        return np.round(found) == target
    return np.abs(found - target) <= NEAR * np.abs(target).max()


def judged(model: Synthesizer, streams: Mapping, wanted: Answers) -> float:
    """Share of right answers of a fitted model."""
    return share_right(model.predict(streams), wanted)


def measured(name: str, group: str, program: Program, seed: int) -> Outcome:
    """Fit `Synthesizer` with its defaults and judge it."""
    (streams, answers), (fresh, wanted) = drawn(program, seed)
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Synthesizer(verbose=0).fit(streams, answers)
    seconds = time.process_time() - start
    best = model.front_.best
    return Outcome(
        program=name,
        group=group,
        learner="Synthesizer",
        seed=seed,
        right=judged(model, fresh, wanted),
        claimed=model.verdict_.is_exact,
        seconds=seconds,
        links=best.links,
        bits=best.bits,
        equations=model.equations_,
        caveats=model.verdict_.caveats,
    )
