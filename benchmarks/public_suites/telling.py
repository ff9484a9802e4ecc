"""Tables and equations from outcomes."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence

from .. import measure
from .measuring import TEST, TIMES, Outcome
from .published import NO, PUBLISHED
from .rivals import RIVALS
from .suites import SUITES

__all__ = ["line", "report"]

Found = Sequence[tuple[Outcome, Mapping[str, float | None]]]


def _share(right: float | None) -> str:
    """100 % is said only where nothing is wrong."""
    if right is None:
        return "-"
    return "yes" if right == 1.0 else f"{min(100.0 * right, 99.99):.4g} %"


def line(outcome: Outcome) -> str:
    """One outcome while a run goes on."""
    return " | ".join(map(str, _cells(outcome)))


def _cells(outcome: Outcome) -> list[object]:
    return [
        outcome.task,
        outcome.seed,
        _share(outcome.right),
        _share(outcome.right_long),
        _proof(outcome),
        "FALSELY" if outcome.is_false_claim else "yes" if outcome.claimed else "no",
        outcome.links_proposed,
        outcome.links,
        f"{outcome.seconds:.1f}",
        outcome.start.partition(":")[0],
    ]


def _proof(outcome: Outcome) -> str:
    """Where a proof is open, how far it goes."""
    if outcome.proof == "open":
        return f"open, {outcome.proof_length} samples"
    return outcome.proof or "-"


HEADER = [
    "task",
    "seed",
    "exact",
    "long",
    "proof",
    "claimed",
    "proposed",
    "links",
    "CPU s",
    "start",
]


def _others(outcome: Outcome, rivals: Mapping[str, float | None], names: Sequence[str]) -> list:
    cells: list[object] = [_share(rivals.get(name)) for name in names]
    published = PUBLISHED.get(outcome.task)
    if published is None:
        return [*cells, "-", "-", "-"]
    by_hand = "-" if published.links_by_hand is None else published.links_by_hand
    return [*cells, published.mips, published.gpt4, by_hand]


def summary(outcomes: Iterable[Outcome]) -> list[object]:
    """Counts of one suite."""
    found = list(outcomes)
    seconds = [outcome.seconds for outcome in found]
    return [
        f"{sum(o.is_exact for o in found)} of {len(found)}",
        sum(o.proof == "proved" for o in found),
        sum(o.is_exact and o.proof == "refuted" for o in found),
        sum(o.claimed for o in found),
        sum(o.is_false_claim for o in found),
        f"{statistics.median(seconds):.1f}",
        f"{sum(seconds):.0f}",
    ]


def beside_others(found: Found) -> list[list[object]]:
    """Tasks of MIPS that each method solves, over all seeds of the library."""
    mine = [(o, rivals) for o, rivals in found if o.task in PUBLISHED]
    seeds = len({o.seed for o, _ in mine})
    tasks = {o.task for o, _ in mine}
    names = dict.fromkeys(name for _, others in mine for name in others)
    lines: list[list[object]] = [
        ["this library, every seed", _of(_on_every_seed(mine, seeds), tasks)],
        *([name, _solved(mine, name, tasks)] for name in names),
        ["MIPS", _of(sum(PUBLISHED[task].mips != NO for task in tasks), tasks)],
        ["GPT-4", _of(sum(PUBLISHED[task].gpt4 != NO for task in tasks), tasks)],
    ]
    return lines


def _of(count: float, tasks: Collection[str]) -> str:
    return f"{count:g} of {len(tasks)}"


def _solved(found: Found, name: str, tasks: Collection[str]) -> str:
    """Tasks that a method solves, per seed on which it was measured, if not on all tasks."""
    measured = [(outcome.seed, others[name]) for outcome, others in found if name in others]
    seeds = len({seed for seed, _ in measured})
    solved = _of(sum(right == 1.0 for _, right in measured) / seeds, tasks)
    return solved if len(measured) == seeds * len(tasks) else f"at least {solved}"


def _on_every_seed(found: Found, seeds: int) -> int:
    exact = [outcome.task for outcome, _ in found if outcome.is_exact]
    return sum(exact.count(task) == seeds for task in set(exact))


def _by_hand(found: Iterable[Outcome]) -> str:
    """Tasks whose machine has on every seed no more links than the one that was built by hand."""
    no_larger: dict[str, bool] = {}
    for outcome in found:
        by_hand = PUBLISHED[outcome.task].links_by_hand
        if by_hand is not None:
            is_small = outcome.is_exact and outcome.links <= by_hand
            no_larger[outcome.task] = no_larger.get(outcome.task, True) and is_small
    return f"{sum(no_larger.values())} of {len(no_larger)}"


def report(found: Found, strings: int, starts: str = "auto") -> str:
    """The whole text; of some starts alone if these are named."""
    outcomes = [outcome for outcome, _ in found]
    suites = [name for name in SUITES if any(o.suite == name for o in outcomes)]
    head = [
        "suite",
        "exact",
        "proved",
        "exact, refuted",
        "claimed",
        "falsely",
        "median CPU s",
        "in all",
    ]
    parts = [
        "# Public suites",
        f"{measure.machine_line()}. {strings} strings of training length for every task (10 or 20 "
        f"samples), `Synthesizer(seed=...)` with {_with(starts)}, nothing set per task; the suites "
        "were known when the library was written. Exact: every answer right on "
        f"{TEST} fresh strings of that length, and on {TEST} long ones: {TIMES} times as long, or "
        "up to 500 samples before the answer (chomsky); Newton_Magnetic and Bit_Palindrome at "
        "training length only. Proved: right on strings of "
        "every length, by visiting all states (those of what counts without bound in intervals) "
        "or, for linear tasks, by impulse responses; open: "
        "more states than were visited, right on every string of up to so many samples. Claimed: "
        "called exact by its own verdict. Proposed: links of the machine as "
        "its start made it; links: of what is left of them.",
        measure.markdown_table(head, [_suite_line(name, outcomes) for name in suites]),
    ]
    mips = [outcome for outcome in outcomes if outcome.suite == "mips"]
    if mips:
        parts += [
            "## MIPS beside others",
            "State merging (AALpy) and least squares see the same strings and are judged on the "
            "same long ones. MIPS saw 1,000,000 strings of every task and is judged on strings of "
            "training length; GPT-4 saw ten.",
            measure.markdown_table(["method", "solved"], beside_others(found)),
            f"No more links than the machine built by hand, on every seed: {_by_hand(mips)} tasks.",
        ]
    beside = list(dict.fromkeys(name for _, others in found for name in others))
    missing = [name for name in RIVALS if name not in beside]
    if missing:
        parts.append(f"Not measured: {', '.join(missing)}.")
    for name in suites:
        header = [*HEADER, *beside, "MIPS", "GPT-4", "links by hand"]
        lines = [[*_cells(o), *_others(o, r, beside)] for o, r in found if o.suite == name]
        parts += [f"## {name}", measure.markdown_table(header, lines)]
    parts += ["## Equations of what is exact", _equations(outcomes)]
    return "\n\n".join(parts)


def _with(starts: str) -> str:
    return "its defaults" if starts == "auto" else f"no other start than {starts}"


def _suite_line(name: str, outcomes: Sequence[Outcome]) -> list[object]:
    return [name, *summary(o for o in outcomes if o.suite == name)]


def _equations(outcomes: Sequence[Outcome]) -> str:
    first = {o.task: o for o in reversed(outcomes) if o.is_exact}
    shown = [f"{task}\n{_indented(o.equations)}" for task, o in reversed(first.items())]
    return "```\n" + "\n".join(shown) + "\n```"


def _indented(text: str) -> str:
    return "\n".join(f"    {each}" for each in text.splitlines())
