"""``python -m benchmarks.mutation [MODULE ...] [--sample N] [--known]``: score and survivors.

What was tried before is not tried again while the module is the same; a survivor meets the tests
that have changed since. ``.mutation`` keeps it. The table is written at the end, also an early one.
"""

from __future__ import annotations

import argparse
import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ.pop("HYPOTHESIS_PROFILE", None)

from .judges import JUDGES
from .mutants import Mutant, code_of, in_random_order, mutants_of
from .records import Fate, Kept, Score, equivalents, written
from .trials import ROOT, Trial, tried

TERMINAL = os.dup(1)  # the processes that try are silent
RESULTS = ROOT / "benchmarks" / "results" / "mutation.md"


class Module:
    """A module, its mutants (some of them, if there is a sample) and what became of them."""

    def __init__(self, name: str, sample: int | None) -> None:
        self.name, self.kept = name, Kept(name, JUDGES[name])
        self.tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        self.all = mutants_of(self.tree)
        self.sample = in_random_order(self.all)[:sample]
        self.reasons = equivalents().get(name, {})

    def trials(self) -> Iterator[tuple[str, Trial]]:
        """Those of the sample that have tests to meet, with these tests."""
        for mutant in sorted(self.sample, key=lambda mutant: mutant.lines.start):
            is_known = mutant.name in self.kept.fates and mutant.name in self.reasons
            unmet = () if is_known else self.kept.unmet(mutant.name)
            if unmet:
                yield " ".join(unmet), self._trial(mutant)

    def _trial(self, mutant: Mutant) -> Trial:
        file = str(ROOT / self.name)
        codes = code_of(self.tree, None, file), code_of(self.tree, mutant, file)
        return Trial(self.name, mutant.name, *codes, mutant.lines, mutant.is_inside)

    def score(self) -> Score:
        """Of the sample, as far as it was tried."""
        fates = self.kept.read()
        own = {one.name: fates[one.name] for one in self.sample if one.name in fates}
        alive = {name: fate for name, fate in own.items() if not fate.is_killed}
        survivors = {name: fate for name, fate in alive.items() if name not in self.reasons}
        survivors = dict(sorted(survivors.items(), key=lambda pair: pair[1].line))
        n_killed, n_same = len(own) - len(alive), len(alive) - len(survivors)
        return Score(self.name, len(self.all), len(own), n_killed, n_same, survivors)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", default=list(JUDGES), metavar="MODULE")
    parser.add_argument("--sample", type=int, help="so many mutants of each module only")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--known", action="store_true", help="write what is known, try nothing")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.modules) - set(JUDGES))
    if unknown:
        parser.error(f"unknown modules {unknown}; known: {', '.join(JUDGES)}")
    sampled = "" if options.sample is None else f" --sample {options.sample}"
    given = "" if options.modules == list(JUDGES) else " " + " ".join(options.modules)
    modules = {name: Module(name, options.sample) for name in options.modules}
    try:
        if not options.known:
            _try(modules)
    finally:
        scores = [module.score() for module in modules.values()]
        text = written(scores, f"python -m benchmarks.mutation{given}{sampled}")
        options.out.write_text(text, encoding="utf-8")


def _try(modules: Mapping[str, Module]) -> None:
    """Try what has tests to meet, scope by scope."""
    for scope in dict.fromkeys(JUDGES[name] for name in modules):
        waiting: dict[str, list[Trial]] = {}
        for name, module in modules.items():
            for tests, trial in module.trials() if JUDGES[name] == scope else ():
                waiting.setdefault(tests, []).append(trial)
        for name in {trial.module for trials in waiting.values() for trial in trials}:
            modules[name].kept.begin()
        for tests, trials in waiting.items():
            tried(tests, trials, lambda trial, how, n: _tell(modules[trial.module], trial, how, n))


def _tell(module: Module, trial: Trial, how: str, n_tests: int) -> None:
    module.kept.add(trial.name, Fate(how, n_tests, trial.lines.start))
    line = f"{how:9} {trial.module}:{trial.lines.start} {trial.name}\n"
    os.write(TERMINAL, line.encode())


if __name__ == "__main__":
    main()
