"""Latent streams that are known on the data: explained like answers, and then read like inputs.

Whatever knows a memory on all strings (the states of an automaton that was learnt, say) makes two
problems of one: how the memory goes on, and how the answers depend on it. Circuits for the two are
joined where the one emits what the other reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np

from dmm.machine import Circuit

from ..problems import SOURCE, Problem, Split, Strings
from ..verdicts import Candidate, answers_of
from .proposal import Proposal
from .splicing import joined

__all__ = ["asking_for", "explained", "latent_sources", "reading", "with_latent"]

LatentOf = Callable[[Strings], np.ndarray]
"""Latent streams on any strings, (streams, strings, samples); NaN where they are not known."""

Parts = Callable[[Problem], Iterable[Proposal]]


def latent_sources(count: int) -> tuple[str, ...]:
    """The sources that stand for so many latent streams.

    Examples
    --------
    >>> latent_sources(2)
    ('stream-latent-1', 'stream-latent-2')
    """
    return tuple(f"{SOURCE}latent-{k + 1}" for k in range(count))


def with_latent(strings: Strings, latent: np.ndarray) -> Strings:
    """Strings with latent streams as further inputs.

    Parameters
    ----------
    strings : Strings
    latent : float array (streams, strings, samples)
        NaN where a stream is not known; no answer is asked there.
    """
    arrays = dict(strings.inputs.arrays)
    for source, values in zip(latent_sources(len(latent)), latent, strict=True):
        arrays[source] = np.nan_to_num(values.T)[..., None]
    is_known = ~np.isnan(latent).any(axis=0).T
    answers = np.where(is_known, strings.answers, np.nan)
    return Strings(replace(strings.inputs, arrays=arrays), answers, strings.lengths)


def reading(problem: Problem, latent: np.ndarray) -> Problem:
    """The problem whose machine reads latent streams; it has training strings only."""
    training = with_latent(problem.split.training, latent)
    units = {**problem.units, **dict.fromkeys(latent_sources(len(latent)), 1.0)}
    return replace(problem, split=Split(training, None, None, problem.split.how), units=units)


def asking_for(problem: Problem, latent: np.ndarray) -> Problem:
    """The problem whose answers are latent streams; it has training strings only."""
    training = problem.split.training
    asked = Strings(training.inputs, latent.transpose(0, 2, 1), training.lengths)
    n = len(latent)
    return replace(
        problem,
        split=Split(asked, None, None, problem.split.how),
        answer_units=(1.0,) * n,
        is_whole=(True,) * n,
    )


# -------------------- the whole --------------------


def explained(
    problem: Problem,
    latent_of: LatentOf,
    goes_on: Parts,
    answers: Parts,
    name: str,
    holds: Callable[[Circuit], bool] | None = None,
) -> Iterator[Proposal]:
    """Circuits that carry latent streams on and make the answers of them.

    Parameters
    ----------
    problem : Problem
    latent_of : Strings -> array
    goes_on : Problem -> proposals
        Circuits whose answers are the latent streams.
    answers : Problem -> proposals
        Circuits whose inputs they are.
    name : str
        Where the streams come from.
    holds : Circuit -> bool, optional
        As of a `Proposal`.
    """
    latent = latent_of(problem.split.training)
    carrying = list(goes_on(asking_for(problem, latent)))
    if not carrying:
        return

    def whole(answer: Proposal, carried: Proposal) -> Proposal:
        def refitted(strings: Strings) -> Proposal:
            assert answer.refitted is not None
            return whole(answer.refitted(with_latent(strings, latent_of(strings))), carried)

        return replace(
            answer,
            circuit=joined(answer.circuit, carried.circuit, latent_sources(len(latent))),
            origin=f"{name}; {answer.origin}",
            gaps=answer.gaps + carried.gaps,
            refitted=None if answer.refitted is None else refitted,
            expected=_expected(answer.circuit, latent_of),
            holds=holds,
        )

    found = list(answers(reading(problem, latent)))
    ranks = product(range(len(found)), range(len(carrying)))
    for i, j in sorted(ranks, key=sum):
        yield whole(found[i], carrying[j])


def _expected(reader: Circuit, latent_of: LatentOf) -> Callable[[Strings], np.ndarray]:
    """What a circuit answers that is given the latent streams, and need not carry them on."""

    @cache  # lowering takes longer than answering, and most circuits are never asked
    def candidate() -> Candidate:
        return Candidate(*reader.lowered(), "given the latent streams")

    def expected(strings: Strings) -> np.ndarray:
        latent = latent_of(strings)
        answers = answers_of(candidate(), with_latent(strings, latent), len(strings.answers))
        return np.where(np.isnan(latent).any(axis=0).T, np.nan, answers)

    return expected
