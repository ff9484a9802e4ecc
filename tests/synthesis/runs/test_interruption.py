"""Signals at any instant - imports, work, sweeps: one line, no traceback, no process left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synthesis.interruption import is_command
from synthesis.runs.run import Run
from synthesis.tasks import get_task

SMALL = "delayed-echo@layered-3x2"
SIGNALS = [signal.SIGINT, signal.SIGTERM]


def started(*arguments, options=(), **more):
    return subprocess.Popen(
        [sys.executable, *options, "-m", "synthesis", *map(str, arguments)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        # Tests that are run in the background of a shell inherit that interrupts are ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **more,
    )


def waited_for(found, process, seconds=60):
    end = time.monotonic() + seconds
    while not found() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    assert found(), process.communicate()[1]


def assert_ended_quietly(process, number, *, error=None):
    error = process.communicate(timeout=60)[1] if error is None else error
    assert process.wait(60) == 128 + number, error
    assert "Traceback" not in error and "Exception ignored" not in error, error
    assert error.strip().splitlines()[-1].startswith("synthesis: interrupted"), error


@pytest.mark.parametrize(
    ("number", "n_imports"),
    [
        (signal.SIGINT, 4),
        (signal.SIGTERM, 200),
        *(pytest.param(s, n, marks=pytest.mark.heavy) for s in SIGNALS for n in range(1, 340, 20)),
    ],
)
def test_an_interrupt_among_the_imports_ends_quietly(number, n_imports):
    """The interpreter tells of every import; the signal comes so many after our first."""
    process = started("tasks", options=["-X", "importtime"])
    seen = None
    told = []
    for line in process.stderr:
        told.append(line)
        if line.rstrip().endswith("synthesis.interruption"):
            seen = len(told)
        if seen is not None and len(told) == seen + n_imports:
            process.send_signal(number)
            break
    assert seen is not None, "".join(told)
    rest = "".join(process.stderr)
    process.stderr.close()
    assert_ended_quietly(process, number, error=rest)


def test_the_script_is_a_command_and_what_it_starts_is_none(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/dmm", "tasks"])
    monkeypatch.setattr(sys, "orig_argv", ["python", "/usr/bin/dmm", "tasks"])
    assert is_command()
    monkeypatch.setattr(sys, "orig_argv", ["python", "-c", "from multiprocessing import spawn"])
    assert not is_command()


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.heavy)]
)
def test_an_interrupted_run_says_how_to_go_on(number, tmp_path):
    folder = tmp_path / "run"
    process = started("run", SMALL, "--out", folder, "--set", "dense.steps=100000")
    records = folder / "records.jsonl"
    waited_for(lambda: records.is_file() and records.stat().st_size > 0, process)
    process.send_signal(number)
    error = process.communicate(timeout=60)[1]
    assert_ended_quietly(process, number, error=error)
    assert f"go on with: {sys.executable} -m synthesis resume {folder}" in error
    with Run.resumed(folder) as run:
        assert run.process.task.name == get_task(SMALL).name


def children_of(process):
    file = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    threads = file.parent.parent.glob("*/children")
    return [int(number) for each in threads for number in each.read_text().split()]


def is_running(number):
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for children in /proc")
@pytest.mark.parametrize(
    "number", [signal.SIGKILL, *(pytest.param(s, marks=pytest.mark.heavy) for s in SIGNALS)]
)
def test_an_interrupted_sweep_leaves_no_process_behind(number, tmp_path):
    process = started(
        *("sweep", SMALL, "--seeds", "0:2", "--workers", "2", "--out", tmp_path / "sweep"),
        *("--set", "dense.steps=100000"),
    )
    files = [tmp_path / "sweep" / f"{SMALL}-{seed}" / "records.jsonl" for seed in range(2)]
    waited_for(lambda: all(f.is_file() and f.stat().st_size for f in files), process)
    children = children_of(process)
    assert len(children) >= 2
    process.send_signal(number)
    process.wait(60)
    end = time.monotonic() + 60
    while any(map(is_running, children)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(map(is_running, children))
    if number != signal.SIGKILL:
        assert_ended_quietly(process, number)
    else:
        process.stderr.close()


@pytest.mark.thorough
def test_a_signal_that_is_ignored_stays_so(tmp_path):
    code = (
        "import signal, os; from synthesis import interruption\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "interruption.end_quietly()\n"
        "os.kill(os.getpid(), signal.SIGINT); print('alive')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "alive\n"


@pytest.mark.thorough
def test_a_reader_that_goes_away_is_no_error(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "synthesis", "settings"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 141
    assert error == ""
