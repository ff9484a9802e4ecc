"""Mutation testing: is every small change of a module that carries correctness noticed by a test?

``python -m benchmarks.mutation [MODULE ...] [--sample N] [--out FILE]`` works on a copy of the
repository (cosmic-ray changes files where they are), takes hours for all modules, and writes its
table as it goes. Which tests look at which module stands in `TESTS`; a mutant takes seconds.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "mutation.md"

CORE = " ".join(  # the fast ones first: a mutant ends with the first test that fails
    f"tests/vvalues/core/test_{name}.py"
    for name in ("autodiff", "graphs", "tree", "support", "primitives", "fused")
)
COMPILED = "tests/dmm/compiled tests/dmm/neurons"
WEIGHTS = "tests/synthesis/weight_space"

TESTS: dict[str, str] = {
    **{
        f"vvalues/core/{name}.py": CORE
        for name in (
            *("kernels", "linear", "pointwise", "products", "structure", "bridges", "fused"),
            "support",
        )
    },
    **{
        f"dmm/neurons/{name}.py": COMPILED
        for name in (
            *("comparisons", "elementwise", "gates", "kernel", "memories", "norms", "products"),
            *("sums", "superfluid"),
        )
    },
    **{
        f"dmm/compiled/{name}.py": COMPILED
        for name in (
            *("binding", "bound", "directions", "evaluation", "loop_groups", "loops", "lowering"),
            *("movement", "parallel", "plan", "program", "segments", "stepping"),
        )
    },
    **{
        f"dmm/proof/{name}.py": "tests/dmm/proof"
        for name in ("automata", "definite", "equivalence", "exploration", "linear", "sides")
    },
    "dmm/show/algebra/simplify.py": "tests/dmm/show/test_equations.py",
    "synthesis/optimize/least_squares.py": "tests/synthesis/optimize/test_least_squares.py",
    **{
        f"synthesis/edits/{name}.py": "tests/synthesis/edits"
        for name in ("links", "neurons", "normalise")
    },
    "synthesis/process/places.py": "tests/synthesis/edits",
    "synthesis/process/linearization.py": WEIGHTS,
    **{
        f"synthesis/weight_space/{name}.py": WEIGHTS
        for name in ("chains", "damage", "metric", "path", "pulls", "sparse")
    },
}
"""Module to the tests that have to notice a change of it."""

COPIED = ("vvalues", "dmm", "synthesis", "tests", "setup.cfg", "pyproject.toml")
TIMEOUT = 120.0


class Outcome(NamedTuple):
    """What became of the mutants of a module; survivors as (line, operator, difference)."""

    module: str
    n_mutants: int
    survivors: list[tuple[int, str, str]]

    @property
    def row(self) -> str:
        """A row of the table."""
        killed = self.n_mutants - len(self.survivors)
        score = 100.0 * killed / max(self.n_mutants, 1)
        return f"| `{self.module}` | {self.n_mutants} | {killed} | {score:.0f} % |"


def mutated(module: str, folder: Path, sample: int | None) -> Outcome:
    """Mutate one module of a copy, all ways or a random sample of them."""
    session, config = folder / "session.sqlite", folder / "cosmic-ray.toml"
    session.unlink(missing_ok=True)
    tests = f"{sys.executable} -m pytest -x -q -p no:cacheprovider {TESTS[module]}"
    config.write_text(
        "[cosmic-ray]\n"
        f"module-path = {json.dumps(module)}\ntimeout = {TIMEOUT}\nexcluded-modules = []\n"
        f"test-command = {json.dumps(tests)}\n"
        '[cosmic-ray.distributor]\nname = "local"\n'
    )
    for command in ("init", "exec"):
        if command == "exec" and sample is not None:
            _keep(session, sample)
        arguments = ["-m", "cosmic_ray.cli", command, str(config), str(session)]
        subprocess.run([sys.executable, *arguments], cwd=folder, check=True)
    return Outcome(module, *_counted(session))


def _keep(session: Path, sample: int) -> None:
    with sqlite3.connect(session) as database:
        jobs = sorted(row[0] for row in database.execute("select job_id from work_items"))
        dropped = set(jobs) - set(random.Random(0).sample(jobs, min(sample, len(jobs))))
        for table in ("mutation_specs", "work_items"):
            database.executemany(
                f"delete from {table} where job_id = ?", [(job,) for job in dropped]
            )
    database.close()


def _counted(session: Path) -> tuple[int, list[tuple[int, str, str]]]:
    question = (
        "select m.start_pos_row, m.operator_name, r.test_outcome, r.diff from mutation_specs m "
        "join work_results r on m.job_id = r.job_id order by m.start_pos_row"
    )
    database = sqlite3.connect(session)
    rows = list(database.execute(question))
    database.close()
    survivors = [(line, name, diff) for line, name, how, diff in rows if "SURVIVED" in how.upper()]
    return len(rows), survivors


def written(outcomes: Sequence[Outcome], command: str) -> str:
    """The table, and the survivors below it."""
    lines = ["# Mutation testing", "", f"`{command}`", ""]
    lines += ["| module | mutants | killed | score |", "|---|---|---|---|"]
    lines += [outcome.row for outcome in outcomes]
    for outcome in outcomes:
        for line, name, diff in outcome.survivors:
            changed = " / ".join(_changes(diff))
            lines.append(f"\n* `{outcome.module}:{line}` {name}: `{changed}`")
    return "\n".join(lines) + "\n"


def _changes(diff: str) -> Iterator[str]:
    for line in (diff or "").splitlines():
        if line[:1] in "+-" and not line.startswith(("---", "+++")):
            yield line.strip()


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=list(TESTS), metavar="MODULE")
    parser.add_argument("--sample", type=int, help="so many mutants of each module only")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    sampled = "" if options.sample is None else f" --sample {options.sample}"
    given = "" if options.modules == list(TESTS) else " " + " ".join(options.modules)
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in COPIED:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, folder / part)
        for module in options.modules:
            outcomes.append(mutated(module, folder, options.sample))
            text = written(outcomes, f"python -m benchmarks.mutation{given}{sampled}")
            options.out.write_text(text, encoding="utf-8")
            print(outcomes[-1].row, flush=True)


if __name__ == "__main__":
    main()
