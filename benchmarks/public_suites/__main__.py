"""The public suites of small stream tasks, learnt from strings and answers alone.

``python -m benchmarks.public_suites [--suite mips tomita chomsky life] [--tasks ...]
[--seeds 0 1 2] [--starts ...] [--strings 400] [--no-rivals]``

One procedure for all tasks: as many strings of the task's own training length for each, and
`Synthesizer` with its defaults. Exact means right on every answer of 64 fresh strings of training
length, and of 64 ten times as long, or up to 500 samples long where the original test is. What is
proved holds for strings of every length. Outcomes are appended to ``outcomes.jsonl`` in a folder
(``--out``) as they come, those of rivals to ``rivals.jsonl``; what is there already is not measured
again, so a new state of the library wants a new folder (rivals may be copied to it). What
``--starts composition`` or ``--starts forced`` (descent from random weights) reached in the same
folder is a column of the next table. Table and
equations go to ``benchmarks/results/public_suites.md``, those of some suites to files that are
called after them, and exact machines to ``benchmarks/results/machines/public_suites``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from dmm import save_machine
from synthesis.fit.efforts import EFFORTS
from synthesis.starts import Forced, Start

from .. import measure
from .measuring import STRINGS, Outcome, least_right, measured
from .rivals import rivals_of
from .suites import SUITES, TASKS
from .telling import line, report

OUTCOMES, RIVALS = "outcomes.jsonl", "rivals.jsonl"

MACHINES = measure.RESULTS / "machines" / "public_suites"
"""Where exact machines are kept, by task and seed."""

OFFERED: tuple[Start, ...] = (*EFFORTS["normal"].starts, Forced())
"""The starts of the normal effort, and descent from random weights."""

ALONE = {"composition": "compositions alone", "forced": "gradient starts alone"}
"""Starts that have a column of their own if they were measured alone."""

Key = tuple[str, int, int, str]
"""Task, seed, number of strings, starts."""


def starts_of(names: list[str] | None) -> str | tuple[Start, ...]:
    """Starts whose names begin so; those of the normal effort when there are no names."""
    if not names:
        return "auto"
    found = tuple(start for start in OFFERED if start.name.startswith(tuple(names)))
    if not found:
        known = ", ".join(start.name for start in OFFERED)
        raise SystemExit(f"no start is called {' or '.join(names)}; there are {known}")
    return found


# -------------------- what was measured already --------------------


def kept(folder: Path) -> dict[Key, Outcome]:
    """Outcomes of a folder."""
    found = {}
    for plain in _lines(folder / OUTCOMES):
        outcome = Outcome.from_plain(plain["outcome"])
        found[outcome.task, outcome.seed, outcome.strings, plain["starts"]] = outcome
    return found


def kept_rivals(folder: Path) -> dict[tuple[str, int], dict[str, float | None]]:
    """What rivals reached, by task and seed."""
    return {(plain["task"], plain["seed"]): plain["right"] for plain in _lines(folder / RIVALS)}


def _lines(file: Path) -> list[dict[str, Any]]:
    if not file.is_file():
        return []
    return [json.loads(text) for text in file.read_text(encoding="utf-8").splitlines()]


def _append(file: Path, plain: dict[str, Any]) -> None:
    with open(file, "a", encoding="utf-8") as lines:
        lines.write(json.dumps(plain) + "\n")


class Measured:
    """Outcomes and rivals of a folder; what is missing is measured and appended.

    Parameters
    ----------
    folder : path
    strings : int
        To learn from, per task.
    starts : list of str, optional
        Only starts whose names begin so.
    """

    def __init__(self, folder: Path, strings: int, starts: list[str] | None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.strings, self.starts = folder, strings, starts_of(starts)
        self.starts_named = " ".join(starts or ["auto"])
        self.outcomes, self.rivals = kept(folder), kept_rivals(folder)

    def outcome(self, name: str, seed: int) -> Outcome:
        """Of a task."""
        key = name, seed, self.strings, self.starts_named
        if key not in self.outcomes:
            outcome, machine = measured(TASKS[name], seed, self.strings, self.starts)
            if machine is not None:
                save_machine(machine, self.machine(name, seed))
            plain = {"starts": self.starts_named, "outcome": outcome.to_plain()}
            _append(self.folder / OUTCOMES, plain)
            self.outcomes[key] = outcome
        return self.outcomes[key]

    def machine(self, name: str, seed: int) -> Path:
        """The file of the machine of a task."""
        starts = "" if self.starts_named == "auto" else f"-{self.starts_named}"
        return self.folder / f"{name}-{seed}-{self.strings}{starts}.json"

    def right_of_rivals(self, name: str, seed: int) -> dict[str, float | None]:
        """What rivals reach on a task; it does not change with the library."""
        if (name, seed) not in self.rivals:
            right = rivals_of(TASKS[name], seed)
            _append(self.folder / RIVALS, {"task": name, "seed": seed, "right": right})
            self.rivals[name, seed] = right
        return self.rivals[name, seed]

    def alone(self, name: str, seed: int) -> dict[str, float | None]:
        """What some of the starts reach on a task, where that is known.

        They come first: where all starts together end with a machine of theirs, so do they alone.
        """
        found = {}
        for starts, told in ALONE.items():
            together = self.outcomes.get((name, seed, self.strings, "auto"))
            if together is not None and not together.start.startswith(f"{starts}:"):
                together = None
            alone = self.outcomes.get((name, seed, self.strings, starts), together)
            if alone is not None:
                found[told] = least_right(alone)
        return found


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--suite", nargs="*", choices=SUITES, default=list(SUITES))
    parser.add_argument("--tasks", nargs="*", choices=TASKS, help="only these")
    parser.add_argument("--seeds", nargs="*", default=["0"], help="as 0 or 0:3, several if need be")
    parser.add_argument("--starts", nargs="*", help="only starts whose names begin so")
    parser.add_argument("--strings", type=int, default=STRINGS, help="to learn from, per task")
    parser.add_argument("--no-rivals", dest="rivals", action="store_false")
    parser.add_argument("--out", type=Path, default=Path("runs/public_suites"))
    options = parser.parse_args()
    names = [n for suite in options.suite for n in SUITES[suite]]
    names = [n for n in names if not options.tasks or n in options.tasks]
    results = Measured(options.out, options.strings, options.starts)
    found = []
    for seed in (seed for text in options.seeds for seed in measure.seeds_of(text)):
        for name in names:
            outcome = results.outcome(name, seed)
            others = results.right_of_rivals(name, seed) if options.rivals else {}
            found.append((outcome, {**results.alone(name, seed), **others}))
            print(line(outcome), file=sys.stderr, flush=True)
    text = report(found, options.strings, results.starts_named)
    if options.tasks or options.starts:
        print(text)
    else:
        suites = options.suite if len(options.suite) < len(SUITES) else ()
        measure.write_result("_".join(["public_suites", *suites]), text)
        MACHINES.mkdir(parents=True, exist_ok=True)
        for outcome, _ in found:
            name, seed = outcome.task, outcome.seed
            if outcome.is_exact and results.machine(name, seed).is_file():
                shutil.copyfile(results.machine(name, seed), MACHINES / f"{name}-{seed}.json")


if __name__ == "__main__":
    main()
