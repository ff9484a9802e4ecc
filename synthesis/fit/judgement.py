"""From a finished search to a verdict: what is claimed, and what the data leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from dmm.machine import Circuit
from dmm.show import count

from ..problems import Problem, Strings
from ..starts import smallest_automaton
from ..verdicts import (
    EXACT,
    Errors,
    Verdict,
    all_states,
    answers_of,
    hears_the_future,
    is_simple,
    long_evened_out,
    out_of_reach,
    outgrown,
)
from .front import Member
from .trials import RIVAL, Search
from .tried import Trial
from .units import errors_in_own_units

__all__ = ["judged"]

MOST_RIVALS = 12
NEAR = 1e-6
TINY, GROWS = 1e-9, 2.5
"""Of the largest answer, what is more than rounding; and by how much it is more late than early."""

MISTAKES = 0.05
"""Share of the answers that may be taken for mistakes."""

EVIDENCE = 3.0
"""Bits of answers that are asked for every bit of a machine that is believed."""


def judged(search: Search, trial: Trial, member: Member, given: Strings) -> Verdict:
    """The verdict on what a search has settled on.

    Parameters
    ----------
    search : Search
    trial : Trial
        In the problem's units.
    member : Member
        The same machine in the user's units.
    given : Strings
        What the user gave; its values are those over which the machine's states are counted.
    """
    problem = search.problem
    figures = _figures(problem, member)
    if not trial.is_right:
        return Verdict(
            False,
            _short_of_exact(search, trial, figures),
            (*filter(None, [trial.flaw]), *_slips(member, given)),
            figures,
        )
    courses = _courses(search, trial)
    long = courses[0].own
    open_points = [
        *_gaps(trial, search.problem.units),
        *_rivals(search, trial, courses),
        *_rounding(search, member, long),
        *_thin_evidence(problem, trial),
        *_automaton(search, trial, courses),
        *_large_memories(search, trial, long),
        *_growing_errors(search, trial),
    ]
    if problem.split.validation is None:
        open_points.append(problem.split.how)
    strings = search.problem.split.deciding
    if hears_the_future(trial.candidate, strings, problem.n_outputs, search.rng):
        open_points.append("an answer depends on later samples")  # never true of a circuit
    report = figures.get("report")
    if report is not None and report.right < 1.0:
        open_points.append(
            f"on the strings of the report, which nothing was decided on, only "
            f"{100.0 * report.right:.4g} % of the answers are right"
        )
    remarks = [
        *_beyond_the_data(search, long),
        *out_of_reach(trial.candidate, strings),
        *_odd_weights(member.circuit),
    ]
    caveats = (*open_points, *remarks)
    states = all_states(member.candidate, given, problem.n_outputs)
    n_states = None if states is None else states.states
    asked = sum(part.asked for name, part in figures.items() if name != "report")
    size = f"{count(member.links, 'link')}, {member.bits:.0f} bits"
    sentence = (
        f"Exact: right on all {asked} numbers that are asked, run free, and sound on strings ten "
        f"times as long ({size})."
    )
    if open_points:
        sentence = (
            f"Right on all {asked} numbers that are asked, but the data do not settle it: "
            f"{open_points[0]} ({size})."
        )
    return Verdict(not open_points, sentence, caveats, figures, n_states)


def _figures(problem: Problem, member: Member) -> dict[str, Errors]:
    figures = {"training": member.train}
    if problem.split.validation is not None:
        figures["validation"] = member.validation
    if problem.split.report is not None:
        figures["report"] = errors_in_own_units(problem, member.candidate, problem.split.report)
    return figures


def _short_of_exact(search: Search, trial: Trial, figures: dict[str, Errors]) -> str:
    # Mistakes may all be on one side.
    has_errors = "validation" in figures and figures["validation"].right < 1.0
    name = "validation" if has_errors else "training"
    errors = figures[name]
    spent = "" if search.is_complete else "; the effort is spent"
    if search.problem.is_contradictory:
        return (
            "Not exact, and no machine can be on these streams: what is the same up to a sample is "
            f"answered differently there. On {name} a mean squared error of "
            f"{errors.mean_square:.3g} is left, R^2 {errors.determination:.3f} "
            f"({count(trial.links, 'link')}, {trial.bits:.0f} bits)."
        )
    return (
        f"Not exact: {100.0 * errors.right:.4g} % of the answers of {name} are right, mean squared "
        f"error {errors.mean_square:.3g}, R^2 {errors.determination:.3f} "
        f"({count(trial.links, 'link')}, {trial.bits:.0f} bits){spent}."
    )


def _slips(member: Member, given: Strings) -> list[str]:
    """Where few of the user's answers are others, how many, and which is the first."""
    answers = answers_of(member.candidate, given, len(given.answers))
    near = _near(given.answers[given.asked])
    is_other = given.asked & ~(np.abs(answers - given.answers) <= near)
    wrong, asked = int(is_other.sum()), int(given.asked.sum())
    if not 0 < wrong <= MISTAKES * asked:
        return []
    string, t, output = (int(place[0]) for place in np.nonzero(is_other.T))
    return [
        f"{wrong} of the {asked} numbers that were given are others, the first that of string "
        f"{string + 1} at sample {t + 1}: given {given.answers[output, t, string]:.6g}, answered "
        f"{answers[output, t, string]:.6g}; where they are mistakes, put NaN in their place and "
        "fit again"
    ]


def _gaps(trial: Trial, units: Mapping[str, float]) -> list[str]:
    """Bounds that are open; those of one stream in the user's units."""
    own = (gap.times(units.get(gap.stream, 1.0), gap.stream) for gap in trial.gaps)
    return [
        f"a bound of {gap.value:g} may lie anywhere from {gap.low:.4g} to {gap.high:.4g}"
        for gap in own
        if not gap.is_settled
    ]


def _near(answers: np.ndarray) -> float:
    """How far answers may be from these and count as the same."""
    return NEAR * max(float(np.abs(answers).max(initial=0.0)), 1e-300)


def _share_off(own: np.ndarray, other: np.ndarray, tolerance: float) -> float:
    """The share of samples at which an output differs; what is not known does not."""
    return float(np.mean((np.abs(own - other) > tolerance).any(axis=0)))


class _Course(NamedTuple):
    """Strings on which machines that are right on all data may part: what they are, and answers."""

    told: str
    strings: Strings
    own: np.ndarray


def _courses(search: Search, trial: Trial) -> list[_Course]:
    """Longer strings of the same kind, and those in which what is rare is frequent."""
    n = search.problem.n_outputs
    found = [("longer strings", search.long)]
    rare = long_evened_out(search.problem.split.deciding, search.rng)
    if rare is not None:
        found.append(("longer strings in which what is rare is frequent", rare))
    return [_Course(told, s, answers_of(trial.candidate, s, n)) for told, s in found]


def _rivals(search: Search, trial: Trial, courses: Sequence[_Course]) -> list[str]:
    """Other machines, right as well and hardly longer, that answer longer strings differently."""
    right = search.right()
    # This machine has lost what it can do without since; its rivals are as they were proposed.
    rivals = [t for t in right if t.bits <= right[0].bits + RIVAL and t is not trial]
    for rival, course in product(rivals[:MOST_RIVALS], courses):
        other = answers_of(rival.candidate, course.strings, search.problem.n_outputs)
        share = _share_off(course.own, other, _near(course.own))
        if share:
            return [
                f"another machine of nearly the same size ({rival.bits:.0f} bits against "
                f"{trial.bits:.0f}) is right on all data as well, and differs on "
                f"{100.0 * share:.2g} % of {course.told}"
            ]
    return []


def _automaton(search: Search, trial: Trial, courses: Sequence[_Course]) -> list[str]:
    """The automaton that the strings tell, if it is no longer and answers longer ones otherwise."""
    found = smallest_automaton(search.problem)
    if found is None or found[1] > trial.bits + RIVAL:
        return []
    answers, bits = found
    strings = search.problem.split.deciding
    if np.any(np.abs(answers(strings) - strings.answers)[strings.asked] != 0.0):
        return []
    for told, longer, own in courses:
        share = _share_off(own, answers(longer), NEAR)
        if share:
            return [
                f"an automaton with a table of {bits:.0f} bits is right on all data as well, and "
                f"differs on {100.0 * share:.2g} % of {told}"
            ]
    return []


def _large_memories(search: Search, trial: Trial, own: np.ndarray) -> list[str]:
    """Whether a memory outgrows what numbers hold exactly, and the answers do not tell."""
    if np.abs(own).max(initial=0.0) > EXACT:
        return []
    sample = outgrown(trial.candidate, search.long)
    if sample is None:
        return []
    return [
        f"a memory grows beyond 2^53, where sums are no longer exact, on strings of {sample + 1} "
        "samples and more"
    ]


def _growing_errors(search: Search, trial: Trial) -> list[str]:
    """Whether answers are right but for little, and less so from sample to sample."""
    strings = search.problem.split.deciding
    answers = answers_of(trial.candidate, strings, search.problem.n_outputs)
    errors = np.where(strings.asked, np.abs(answers - strings.answers), np.nan)
    size = np.nanmax(np.abs(strings.answers), axis=(1, 2), initial=0.0)
    for output, (off, largest) in enumerate(zip(errors, size, strict=True)):
        asked = off[~np.isnan(off).all(axis=1)]
        third = len(asked) // 3
        if not third:
            continue
        early, late = float(np.nanmax(asked[:third])), float(np.nanmax(asked[-third:]))
        if late > TINY * largest and late > GROWS * early:
            unit = search.problem.answer_units[output]
            return [
                f"its errors are small and grow, from {unit * early:.2g} to {unit * late:.2g} on "
                "these strings: on longer ones it goes astray"
            ]
    return []


def _rounding(search: Search, member: Member, own: np.ndarray) -> list[str]:
    """Whether the machine in the user's units strays from the one in the problem's."""
    problem = search.problem
    strings = problem.in_own_units(search.long)
    units = np.array(problem.answer_units)[:, None, None]
    answers = answers_of(member.candidate, strings, problem.n_outputs) / units
    share = _share_off(own, answers, _near(own))
    if not share:
        return []
    return [
        f"in the units of the data its rounding errors grow: {100.0 * share:.2g} % of the answers "
        "to longer strings are off"
    ]


def _thin_evidence(problem: Problem, trial: Trial) -> list[str]:
    """Whether the answers could tell such a machine from chance."""
    strings = problem.split.training
    answers = strings.answers[strings.asked]
    if np.ptp(answers) == 0.0:
        return ["the answers never change, so nothing tells what would change them"]
    _, counts = np.unique(np.round(answers, 6), return_counts=True)
    share = counts / counts.sum()
    told = float(-np.sum(share * np.log2(share)) * counts.sum())
    if told < EVIDENCE * trial.bits:
        return [
            f"the answers hold some {told:.0f} bits, which does not rule out machines of "
            f"{trial.bits:.0f} bits that are right by accident; more data would"
        ]
    return []


def _beyond_the_data(search: Search, answers: np.ndarray) -> list[str]:
    """Answers on longer strings that are larger than any that was asked."""
    asked = search.problem.split.deciding.answers
    units = search.problem.answer_units
    return [
        f"on longer strings answers go from {unit * low:.6g} to {unit * high:.6g}; the data show "
        f"them from {unit * least:.6g} to {unit * most:.6g} only"
        for (low, high), (least, most), unit in zip(
            map(_range, answers), map(_range, asked), units, strict=True
        )
        if low < least - 1e-6 * abs(least) or high > most + 1e-6 * abs(most)
    ]


def _range(values: np.ndarray) -> tuple[float, float]:
    return float(np.nanmin(values)), float(np.nanmax(values))


def _odd_weights(circuit: Circuit) -> list[str]:
    weights: Sequence[float] = sorted({w.weight for w in circuit.wires if not is_simple(w.weight)})
    if not weights:
        return []
    shown = ", ".join(f"{weight:.6g}" for weight in weights[:4])
    return [f"weights that are no simple numbers: {shown}{', ...' if len(weights) > 4 else ''}"]
