"""The public suites of small stream tasks, learnt from strings and answers alone.

``python -m benchmarks.public_suites [--suite mips tomita chomsky life] [--tasks ...] [--seeds 0:3]
[--starts ...] [--strings 400] [--no-rivals]``

One procedure for all tasks: as many strings of the task's own training length for each, and
`Synthesizer` with its defaults. Exact means right on every answer of 64 fresh strings of training
length, and of 64 ten times as long, or up to 500 samples long where the original test is. What is
proved holds for strings of every length. Outcomes are appended to ``outcomes.jsonl`` in a folder
(``--out``) as they come; those that are there already are not measured again, so a new state of the
library wants a new folder. Table and equations go to ``benchmarks/results/public_suites.md``, those
of some suites to files that are called after them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from dmm import save_machine
from synthesis.fit.efforts import EFFORTS
from synthesis.starts import Start

from .. import measure
from .measuring import STRINGS, Outcome, measured
from .rivals import rivals_of
from .suites import SUITES, TASKS
from .telling import line, report

Key = tuple[str, int, int, str]
"""Task, seed, number of strings, starts."""


def starts_of(names: list[str] | None) -> str | tuple[Start, ...]:
    """The starts of the normal effort whose names begin so; all of them when there are no names."""
    if not names:
        return "auto"
    found = tuple(s for s in EFFORTS["normal"].starts if s.name.startswith(tuple(names)))
    if not found:
        known = ", ".join(start.name for start in EFFORTS["normal"].starts)
        raise SystemExit(f"no start is called {' or '.join(names)}; there are {known}")
    return found


# -------------------- kept outcomes --------------------


def kept(file: Path) -> dict[Key, tuple[Outcome, dict[str, float | None]]]:
    """Outcomes of a file, and what rivals reached."""
    found = {}
    if file.is_file():
        for text in file.read_text(encoding="utf-8").splitlines():
            plain = json.loads(text)
            outcome = Outcome.from_plain(plain["outcome"])
            key = outcome.task, outcome.seed, outcome.strings, plain["starts"]
            found[key] = outcome, plain["rivals"]
    return found


def measured_and_kept(
    options: argparse.Namespace, name: str, seed: int, starts: str
) -> tuple[Outcome, dict[str, float | None]]:
    """Measure a task, and append what comes out to the file."""
    task = TASKS[name]
    outcome, machine = measured(task, seed, options.strings, starts_of(options.starts))
    rivals = rivals_of(task, seed) if options.rivals else {}
    save_machine(machine, options.out / f"{name}-{seed}-{options.strings}.json")
    plain = {"starts": starts, "outcome": outcome.to_plain(), "rivals": rivals}
    with open(options.out / "outcomes.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(plain) + "\n")
    return outcome, rivals


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--suite", nargs="*", choices=SUITES, default=list(SUITES))
    parser.add_argument("--tasks", nargs="*", choices=TASKS, help="only these")
    parser.add_argument("--seeds", default="0", help="as 0 or 0:3")
    parser.add_argument("--starts", nargs="*", help="only starts whose names begin so")
    parser.add_argument("--strings", type=int, default=STRINGS, help="to learn from, per task")
    parser.add_argument("--no-rivals", dest="rivals", action="store_false")
    parser.add_argument("--out", type=Path, default=Path("runs/public_suites"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    names = [n for suite in options.suite for n in SUITES[suite]]
    names = [n for n in names if not options.tasks or n in options.tasks]
    starts = " ".join(options.starts or ["auto"])
    known = kept(options.out / "outcomes.jsonl")
    found = []
    for seed in measure.seeds_of(options.seeds):
        for name in names:
            key = name, seed, options.strings, starts
            if key not in known:
                known[key] = measured_and_kept(options, name, seed, starts)
            found.append(known[key])
            print(line(found[-1][0]), file=sys.stderr, flush=True)
    text = report(found, options.strings)
    if options.tasks or options.starts:
        print(text)
    else:
        suites = options.suite if len(options.suite) < len(SUITES) else ()
        measure.write_result("_".join(["public_suites", *suites]), text)


if __name__ == "__main__":
    main()
