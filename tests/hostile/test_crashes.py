"""Runs that are killed anywhere, or run out of space, lose nothing: what is resumed ends the same.

By default one kill of the loop and one of another process; four of the loop and one of every third
architecture with ``pytest -m thorough``; the rest, and 300 over all phases of layered and recurrent
runs and every architecture, with ``pytest -m heavy -k kills -s``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
import pytest

from synthesis.runs.lock import LOCK
from tests.hostile.victim import FAILED
from tests.synthesis.architectures.test_processes import CASES as ARCHITECTURES

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes that it forks")

ENDS = {"time": -signal.SIGVTALRM, "files": -signal.SIGKILL}


class Victim:
    """The process of `tests.hostile.victim`, and what it is told."""

    def __init__(self, errors: IO[str]) -> None:
        self.errors = errors
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.victim"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )

    def run(self, case, folder, how="never", when=0):
        """Exit status and seconds of CPU of a child."""
        order = {"case": case, "folder": str(folder), "how": how, "when": when}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def said(self):
        """What it has printed of errors so far."""
        self.errors.seek(0)
        return self.errors.read()

    def end(self):
        self.process.communicate()


@pytest.fixture(scope="module")
def victim():
    with TemporaryFile("w+") as errors:
        one = Victim(errors)
        yield one
        one.end()


class Whole:
    """A case that was never interrupted: how long it takes, and what it leaves."""

    def __init__(self, victim, case, folder):
        status, self.seconds = victim.run(case, folder)
        assert status == 0, case
        self.victim, self.case, self.folder = victim, case, folder
        self.files = contents(folder)

    @cached_property
    def steps(self):
        """How many steps inside what writes files it has."""
        counted = self.folder.with_name(f"{self.folder.name}-counted")
        assert self.victim.run(self.case, counted, "files", -1)[0] == 0
        assert contents(counted) == self.files, f"{self.case}: two runs of one seed differ"
        return int(Path(f"{counted}.steps").read_text())


def contents(folder):
    """Every file of a run, but for what tells times and processes."""
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name != LOCK:
            found[str(file.relative_to(folder))] = file.read_bytes()
    checkpoint = json.loads(found["checkpoint.json"])
    del checkpoint["run"]["seconds"], checkpoint["checksum"]
    return {**found, "checkpoint.json": json.dumps(checkpoint).encode()}


def progress(folder):
    """Number of records that the checkpoint knows of, which is whole; -1 where there is none."""
    file = folder / "checkpoint.json"
    return json.loads(file.read_bytes())["run"]["n_records"] if file.exists() else -1


def killed(victim, case, n_kills, folder, rng, wanted=frozenset()):
    """Kill runs of a case so many times, each resumed until it ends; compare every end.

    More often, up to four times as often, until there was a kill in every phase that is wanted.
    """
    folder.mkdir()
    whole = Whole(victim, case, folder / "whole")
    done, n_runs, known, phases = 0, 0, -1, set()
    while True:
        is_over = done >= n_kills and (phases >= wanted or done >= 4 * n_kills)
        if is_over and n_runs and known < 0:
            return done, phases
        run = folder / f"run-{n_runs}"
        how = "never" if is_over else str(rng.choice(["time", "files"]))
        reach = rng.uniform(0.0, 0.6)
        when = max(1e-4, reach * whole.seconds) if how == "time" else 1 + int(reach * whole.steps)
        status, _ = victim.run(case, run, how, when)
        assert status in (0, ENDS.get(how, 0)), (case, how, when, victim.said())
        assert progress(run) >= known, (case, how, when)
        known = progress(run)
        if status == 0:
            assert contents(run) == whole.files, (case, run)
            n_runs, known = n_runs + 1, -1
        else:
            done += 1
            if known >= 0:
                phases.add(json.loads((run / "checkpoint.json").read_bytes())["state"]["phase"])


@pytest.mark.parametrize(
    ("case", "n_kills"),
    [
        ("brief", 1),
        ("manifold", 1),
        pytest.param("brief", 4, marks=pytest.mark.thorough),
        *(
            pytest.param(case, 1, marks=pytest.mark.heavy if i % 3 else pytest.mark.thorough)
            for i, case in enumerate(ARCHITECTURES)
            if case != "manifold"
        ),
    ],
)
def test_kills(victim, case, n_kills, tmp_path):
    rng = np.random.default_rng([n_kills, len(case)])
    assert killed(victim, case, n_kills, tmp_path / "runs", rng)[0] == n_kills


PHASES = {
    "layered": {"dense", "bite", "shrink", "remove", "polish", "judge", "regrow"},
    "recurrent": {"population", "sparsify", "thin", "refine", "remove", "polish", "judge"},
}


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("case", "n_kills"), [("layered", 100), ("recurrent", 80), *((c, 8) for c in ARCHITECTURES)]
)
def test_kills_in_every_phase(victim, case, n_kills, tmp_path):
    rng, wanted = np.random.default_rng(7), PHASES.get(case, set())
    done, phases = killed(victim, case, n_kills, tmp_path / "runs", rng, wanted)
    print(f"{case}: {done} kills, in the phases {', '.join(sorted(phases))}")
    assert done >= n_kills and phases >= wanted


@pytest.mark.parametrize("share", [0.9, pytest.param(0.3, marks=pytest.mark.heavy)])
def test_a_disk_that_is_full_ends_a_run_that_can_be_resumed(victim, share, tmp_path):
    """A file may grow to a share of the largest checkpoint only; then there is room again."""
    case = "manifold"
    whole = Whole(victim, case, tmp_path / "whole")
    largest = max(map(len, whole.files.values()))
    run = tmp_path / "run"
    assert victim.run(case, run, "full", share * largest)[0] == FAILED
    assert not list(run.glob(".*.part-*"))
    assert victim.run(case, run)[0] == 0
    assert contents(run) == whole.files


@pytest.mark.thorough
def test_a_full_disk_is_told_by_the_name_of_the_file(victim, tmp_path):
    assert victim.run("brief", tmp_path / "run", "full", 2000)[0] == FAILED
    assert f"File too large: '{tmp_path / 'run' / 'checkpoint.json'}'" in victim.said()
