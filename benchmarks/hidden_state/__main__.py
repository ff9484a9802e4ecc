"""Programs with hidden state, found from streams and answers alone, and judged on long strings.

``python -m benchmarks.hidden_state [--group G ...] [--program P ...] [--seeds 0:3] [--rivals]``

Every learner sees 60 strings of 30 samples and answers 40 fresh strings of 300. Exact means right
on every one of them: whole answers rounded, real ones to 1e-6 of the largest. `Synthesizer` has its
defaults. What a folder (``--out``) already holds is read, not run again. Table, failures and
equations go to ``benchmarks/results/hidden_state.md``, all figures to ``hidden_state.json``; those
of some groups to files that are called after them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from .. import measure
from .groups import GROUPS
from .measuring import TEST, TRAIN, Outcome, measured
from .random_programs import RANDOM, kinds_of, program_of_seed
from .rivals import RIVALS, is_there, rival_outcome

OURS = "Synthesizer"
ABOUT = {
    "tuned": "the library was tuned on them",
    "seen": "kept apart at first, looked at later",
    "unseen": "written before the search was read, its failures looked at after the first run",
    "fresh": "written after the others, its failures looked at after the first run",
    "blind": "written after those, before any of them was tried, never tuned on",
    "sealed": "written before the search was changed again, its failures looked at after that",
    "sealed_two": "written after those, before another change, its failures looked at after it",
    "sealed_three": "by somebody who had not read the search, committed before anybody ran it",
    "sealed_four": "by another who had not read the search, committed before anybody ran it",
    "sealed_five": "by a third who had not read the search, committed before anybody ran it",
    "sealed_six": "by a fourth who had not read the search, committed before anybody ran it",
    "sealed_seven": "by a fifth who had not read the search, committed before anybody ran it",
    "random": "drawn from a grammar, one from every seed, none left out after a run",
}


# -------------------- running --------------------


def kept_or_measured(folder: Path, learner: str, name: str, group: str, seed: int) -> Outcome:
    """An outcome from its file, or measured and put there."""
    word = "".join(c if c.isalnum() else "-" for c in learner)
    file = folder / f"{word}-{name}-{seed}.json"
    if file.is_file():
        plain = json.loads(file.read_text(encoding="utf-8"))
        return Outcome(**{**plain, "group": group, "caveats": tuple(plain["caveats"])})
    if learner == OURS:
        outcome = measured(name, group, GROUPS[group][name], seed)
    else:
        outcome = rival_outcome(next(r for r in RIVALS if r.name == learner), name, group, seed)
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(outcome.to_plain(), indent=1), encoding="utf-8")
    return outcome


def outcomes_of(options: argparse.Namespace, learners: Sequence[str]) -> list[Outcome]:
    """All outcomes that are asked, one line on the way for each."""
    found = []
    for seed in measure.seeds_of(options.seeds):
        for group in options.group:
            for name in GROUPS[group]:
                if options.program and name not in options.program:
                    continue
                for learner in learners:
                    outcome = kept_or_measured(options.out, learner, name, group, seed)
                    print(*_cells(outcome)[:7], sep=" | ", file=sys.stderr, flush=True)
                    found.append(outcome)
    return found


# -------------------- telling --------------------


def _share(outcome: Outcome) -> str:
    """100 % is said only where nothing is wrong."""
    return "100 %" if outcome.is_exact else f"{min(100.0 * outcome.right, 99.99):.4g} %"


def _cells(outcome: Outcome) -> list[object]:
    shown = "; ".join(outcome.equations.splitlines())
    return [
        outcome.program,
        outcome.seed,
        "yes" if outcome.is_exact else f"no ({_share(outcome)} right)",
        "FALSELY" if outcome.is_false_claim else "yes" if outcome.claimed else "no",
        f"{outcome.seconds:.1f}",
        outcome.links if outcome.links is not None else "-",
        "-" if outcome.bits is None else f"{outcome.bits:.0f}",
        f"`{shown}`",
    ]


HEADER = ["program", "data seed", "exact", "claimed", "seconds", "links", "bits", "found"]


def summary(outcomes: Iterable[Outcome]) -> list[object]:
    """Counts of one learner on one group."""
    found = list(outcomes)
    seconds = [outcome.seconds for outcome in found]
    return [
        f"{sum(o.is_exact for o in found)} of {len(found)}",
        sum(o.claimed for o in found),
        sum(o.is_false_claim for o in found),
        f"{statistics.median(seconds):.1f}",
        f"{max(seconds):.1f}",
    ]


def summaries(outcomes: Sequence[Outcome], groups: Sequence[str], learners: Sequence[str]) -> list:
    """One row for every learner and group."""
    lines = []
    for learner in learners:
        for group in groups:
            mine = [o for o in outcomes if (o.learner, o.group) == (learner, group)]
            if mine:
                counts = summary(mine)
                if learner != OURS:
                    counts[1:3] = ["-", "-"]
                lines.append([learner, group, *counts])
    return lines


def rivals_by_program(outcomes: Sequence[Outcome], learners: Sequence[str]) -> list[list[object]]:
    """Per program the median share of right answers of every learner; E where all are exact."""
    lines = []
    for name in dict.fromkeys(o.program for o in outcomes):
        cells: list[object] = [name]
        for learner in learners:
            mine = [o for o in outcomes if (o.program, o.learner) == (name, learner)]
            middle = min(99.9, 100.0 * statistics.median(o.right for o in mine))
            cells.append("E" if all(o.is_exact for o in mine) else f"{middle:.3g}")
        lines.append(cells)
    return lines


def what_was_drawn(outcomes: Sequence[Outcome]) -> list[str]:
    """How many random programs of each kind are exact, and what each of them does."""
    drawn = {name: program_of_seed(seed) for seed, name in enumerate(RANDOM)}
    exact: dict[str, list[bool]] = {}
    for outcome in outcomes:
        for kind in kinds_of(drawn[outcome.program]) if outcome.program in drawn else ():
            exact.setdefault(kind, []).append(outcome.is_exact)
    counts = [[kind, f"{sum(found)} of {len(found)}"] for kind, found in sorted(exact.items())]
    texts = [[name, f"`{program}`"] for name, program in drawn.items()]
    return [
        "## Random programs by kind",
        measure.markdown_table(["has", "exact"], counts),
        "## What was drawn",
        measure.markdown_table(["program", "what it does"], texts),
    ]


def report(
    outcomes: Sequence[Outcome], groups: Sequence[str], learners: Sequence[str], missing: list[str]
) -> str:
    """The whole text."""
    ours = [o for o in outcomes if o.learner == OURS]
    head = ["learner", "group", "exact", "claimed", "falsely", "median seconds", "most"]
    parts = [
        "# Programs with hidden state",
        f"{measure.machine_line()}. {TRAIN[0]} strings of {TRAIN[1]} samples, judged on {TEST[0]} "
        f"fresh strings of {TEST[1]}; exact: right on every number (whole answers rounded, real "
        "ones to 1e-6 of the largest). Claimed: called exact by its own verdict. "
        + "; ".join(f"{group}: {ABOUT[group]}" for group in groups)
        + ".",
        measure.markdown_table(head, summaries(outcomes, groups, learners)),
    ]
    if missing:
        parts.append(f"Not installed, left out: {', '.join(missing)}.")
    wrong = [o for o in ours if not o.is_exact]
    if wrong:
        wrong.sort(key=lambda o: not o.claimed)
        parts += ["## Not exact", measure.markdown_table(HEADER, map(_cells, wrong))]
    if len(learners) > 1:
        parts += [
            "## Beside rivals",
            "Median share of right answers in %; E: exact on all data seeds.",
            measure.markdown_table(["program", *learners], rivals_by_program(outcomes, learners)),
        ]
    for group in groups:
        mine = [o for o in ours if o.group == group]
        parts += [f"## All of {group}", measure.markdown_table(HEADER, map(_cells, mine))]
    if "random" in groups:
        parts += what_was_drawn(ours)
    return "\n\n".join(parts)


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--group", nargs="*", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--program", nargs="*", help="only these")
    parser.add_argument("--seeds", default="0:3", help="data seeds, as 0 or 0:3")
    parser.add_argument("--rivals", action="store_true", help="other learners too")
    parser.add_argument("--out", type=Path, default=Path("runs/hidden_state"))
    options = parser.parse_args()
    rivals = RIVALS if options.rivals else ()
    missing = [f"{rival.name} ({rival.package})" for rival in rivals if not is_there(rival)]
    learners = [OURS, *(rival.name for rival in rivals if is_there(rival))]
    outcomes = outcomes_of(options, learners)
    groups = [group for group in options.group if any(o.group == group for o in outcomes)]
    text = report(outcomes, groups, learners, missing)
    if options.program:
        print(text)
        return
    name = "_".join(["hidden_state", *(groups if len(groups) < len(GROUPS) else ())])
    measure.write_result(name, text)
    kept = measure.RESULTS / f"{name}.json"
    kept.write_text(json.dumps([o.to_plain() for o in outcomes], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
