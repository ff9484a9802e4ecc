"""Stand-alone programs in every language, run as a user would run them."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from dmm import Machine, run
from dmm.machine.streams import Streams
from dmm.show import to_c, to_javascript, to_python
from dmm.show.export.interface import column_name, interface_of
from dmm.show.export.statements import statements

__all__ = ["LANGUAGES", "NEEDS", "assert_answers", "csv_of", "missing", "program", "table"]

LANGUAGES = ("python", "c", "javascript")
TOLERANCE = 1e-9
Given = Mapping[str, str] | None
NEEDS = {"c": "gcc", "javascript": "node"}


def missing(language: str) -> str:
    """Why programs of a language cannot be tried here; empty if they can."""
    tool = NEEDS.get(language)
    return "" if tool is None or shutil.which(tool) else f"{tool} is not installed"


def _python(machine: Machine, folder: Path, given: Given) -> list[str]:
    file = folder / "machine.py"
    file.write_text(to_python(machine, given), encoding="utf-8")
    return [sys.executable, "-I", str(file)]


def _javascript(machine: Machine, folder: Path, given: Given) -> list[str]:
    file = folder / "machine.js"
    file.write_text(to_javascript(machine, given), encoding="utf-8")
    return ["node", str(file)]


def _c(machine: Machine, folder: Path, given: Given) -> list[str]:
    source, made = folder / "machine.c", folder / "machine"
    source.write_text(to_c(machine, given), encoding="utf-8")
    strict = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"]
    compile_it = ["gcc", *strict, "-o", str(made), str(source), "-lm"]
    done = subprocess.run(compile_it, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [str(made)]


MAKERS: dict[str, Callable[[Machine, Path, Given], list[str]]] = {
    "python": _python,
    "c": _c,
    "javascript": _javascript,
}


def program(
    language: str, machine: Machine, folder: Path, given: Given = None
) -> Callable[..., subprocess.CompletedProcess]:
    """A function that runs the program of a machine on arguments and standard input."""
    command = MAKERS[language](machine, folder, given)

    def call(*arguments: str, given: str = "") -> subprocess.CompletedProcess:
        return subprocess.run(
            [*command, *arguments],
            input=given,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            # What a program has taken is given back by its end.
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
        )

    return call


def table(done: subprocess.CompletedProcess) -> dict[str, np.ndarray]:
    """Columns by name of what a program has printed."""
    assert done.returncode == 0, done.stderr
    header, *rows = csv.reader(io.StringIO(done.stdout))
    assert len(set(header)) == len(header)
    values = np.array([list(map(float, row)) for row in rows]).reshape(len(rows), len(header))
    return dict(zip(header, values.T, strict=True))


def csv_of(streams: Streams, string: int) -> str:
    """One string as a table with a row per tick."""
    text = io.StringIO()
    writer = csv.writer(text)
    keys = streams.keys[string]
    writer.writerow([column_name((name, *key)) for name in streams.arrays for key in keys])
    for t in range(streams.ticks):
        rows = (streams.arrays[name][t, string, : len(keys)] for name in streams.arrays)
        writer.writerow([repr(float(x)) for row in rows for x in row])
    return text.getvalue()


def assert_answers(
    machine: Machine,
    found: dict[str, np.ndarray],
    streams: Streams,
    string: int = 0,
    at: Sequence[int] | None = None,
    given: Given = None,
) -> None:
    """A program's table is what the engine has at its ports, at all ticks or at these."""
    interface = interface_of(statements(machine, given).machine)
    trace = run(machine, streams, string=string)
    trees = trace.outputs if interface.are_outputs else trace.inputs
    leaves = [abs(x) for tree in (*trace.inputs, *trace.outputs) for _, x in tree.items()]
    scale = max([1.0, *leaves])
    assert np.isfinite(scale)
    ticks = range(streams.ticks) if at is None else at
    names = set()
    for port in interface.observed:
        seen = [dict(trees[t].subtree(port).items()) for t in ticks]
        for path in {(), *(path for stream in seen for path in stream)}:
            name = column_name((*port, *path))
            names.add(name)
            wanted = np.array([stream.get(path, 0.0) for stream in seen])
            answered = found.get(name, np.zeros(len(wanted)))
            assert answered.shape == wanted.shape
            np.testing.assert_allclose(answered, wanted, rtol=0, atol=TOLERANCE * scale)
    others = set(found) - names - {"tick", "row"}
    assert not any(found[name].any() for name in others)
