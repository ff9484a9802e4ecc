"""One task, one seed: fitted with the defaults on short strings, judged on fresh ones."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from dmm import Machine
from synthesis.fit import Synthesizer
from synthesis.starts import Start

from .proving import proof_of
from .task import Drawn, Task

__all__ = [
    "STRINGS",
    "TEST",
    "TIMES",
    "Outcome",
    "drawn_long",
    "least_right",
    "measured",
    "plain",
    "share_right",
]

STRINGS = 400
"""Strings that every task is learnt from, a fifth of them held out and a fifth for the report."""

TEST = 64
"""Fresh strings of either length."""

TIMES = 10
"""How many times as long as those of training the long ones are, if the task says nothing else."""


@dataclass(frozen=True)
class Outcome:
    """What came out of one fit.

    Attributes
    ----------
    task, suite : str
    seed : int
        Of data and search; fresh strings are drawn from other ones.
    strings : int
        Given, those for validation and report included.
    right, right_long : float
        Share of right answers on fresh strings of training length and on long ones; the second is
        None where longer strings make no sense.
    claimed : bool
        Whether the verdict calls the machine exact.
    start : str
        Where the machine comes from.
    seconds : float
        Process time of the fit.
    links, bits, equations, sentence, caveats : of the machine and its verdict
    links_proposed : int
        Of the machine as its start proposed it; what is exact was so before it became smaller.
    proof : str
        ``"proved"``, ``"refuted"`` or ``"open"``; empty where there is nothing to prove against.
    proof_says : str
    proof_length : int
        Samples up to which every string was compared.
    """

    task: str
    suite: str
    seed: int
    strings: int
    right: float
    right_long: float | None
    claimed: bool
    start: str
    seconds: float
    links: int
    bits: float
    equations: str
    sentence: str
    caveats: tuple[str, ...]
    links_proposed: int
    proof: str = ""
    proof_says: str = ""
    proof_length: int = 0

    @property
    def is_exact(self) -> bool:
        """Right on every fresh string, long ones included where there are some."""
        return self.right == 1.0 and self.right_long in (1.0, None)

    @property
    def is_false_claim(self) -> bool:
        """Called exact and wrong somewhere."""
        return self.claimed and not self.is_exact

    def to_plain(self) -> dict[str, Any]:
        """A JSON-compatible object."""
        return asdict(self)

    @staticmethod
    def from_plain(plain: dict[str, Any]) -> Outcome:
        """What `to_plain` gave."""
        return Outcome(**{**plain, "caveats": tuple(plain["caveats"])})


def plain(drawn: Drawn) -> tuple[dict[str, Any], Any]:
    """Streams and answers for `Synthesizer`: arrays where all strings are equally long."""

    def together(column: Sequence[np.ndarray]) -> Any:
        return np.array(column) if len({len(one) for one in column}) == 1 else list(column)

    streams, answers = drawn
    return {name: together(column) for name, column in streams.items()}, together(answers)


def share_right(found: Sequence[np.ndarray], wanted: Sequence[np.ndarray]) -> float:
    """Share of asked numbers that are right after rounding: all suites ask for whole ones."""
    right = []
    for answers, asked in zip(found, wanted, strict=True):
        is_asked = ~np.isnan(asked)
        answers = np.reshape(answers, asked.shape)
        right.append(np.round(answers[is_asked]) == asked[is_asked])
    return float(np.mean(np.concatenate(right)))


def least_right(outcome: Outcome) -> float:
    """Share of right answers where it is least: 1 for what is exact."""
    return min(outcome.right, 1.0 if outcome.right_long is None else outcome.right_long)


def fresh(task: Task, seed: int, length: int) -> tuple[dict[str, Any], Any]:
    """Fresh strings to be judged on, and what is asked."""
    return plain(task.draw(np.random.default_rng([seed, length]), TEST, length))


def drawn_long(task: Task, seed: int) -> tuple[dict[str, Any], Any]:
    """The longest strings that a learner of the task is judged on."""
    longest = task.longest or TIMES * task.length
    return fresh(task, seed, longest if task.is_longer else task.length)


def judged(model: Synthesizer, strings: tuple[dict[str, Any], Any]) -> float:
    """Share of right answers on fresh strings."""
    streams, wanted = strings
    return share_right(model.predict(streams), wanted)


def nothing(task: Task, seed: int, strings: int, seconds: float, why: str) -> Outcome:
    """What comes out where some starts alone propose no machine."""
    return Outcome(
        task=task.name,
        suite=task.suite,
        seed=seed,
        strings=strings,
        right=0.0,
        right_long=0.0 if task.is_longer else None,
        claimed=False,
        start="none",
        seconds=seconds,
        links=0,
        bits=0.0,
        equations="",
        sentence=why,
        caveats=(),
        links_proposed=0,
    )


def measured(
    task: Task, seed: int, strings: int = STRINGS, spaces: str | Sequence[Start] = "auto"
) -> tuple[Outcome, Machine | None]:
    """Fit `Synthesizer` with its defaults, and judge it; None if its starts propose no machine."""
    streams, answers = plain(task.draw(np.random.default_rng(seed), strings, task.length))
    model = Synthesizer(seed=seed, spaces=spaces, verbose=0)
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(streams, answers)
        except ValueError as error:
            if spaces == "auto":
                raise
            seconds = time.process_time() - start
            return nothing(task, seed, strings, seconds, str(error)), None
    seconds = time.process_time() - start
    best = model.front_.best
    proof = proof_of(task, model.machine_)
    outcome = Outcome(
        task=task.name,
        suite=task.suite,
        seed=seed,
        strings=strings,
        right=judged(model, fresh(task, seed, task.length)),
        right_long=judged(model, drawn_long(task, seed)) if task.is_longer else None,
        claimed=model.verdict_.is_exact,
        start=best.candidate.origin,
        seconds=seconds,
        links=best.links,
        bits=best.bits,
        equations=model.equations_,
        sentence=model.verdict_.sentence,
        caveats=model.verdict_.caveats,
        links_proposed=model.proposed_.links,
        proof="" if proof is None else proof.verdict,
        proof_says="" if proof is None else proof.sentence,
        proof_length=0 if proof is None else proof.length,
    )
    return outcome, model.machine_
