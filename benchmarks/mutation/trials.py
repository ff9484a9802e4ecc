"""Mutants on trial: each in a fork that has everything imported, before the tests that can see it.

This process has imported what the library stands on, and nothing of the library. A fork of it
collects the tests of a scope; a fork of that is a mutant, whose functions get their changed code in
place. What is executed while modules are imported is tried in a fork of this process instead, by
importing the module with its change.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import signal
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple

import autograd  # noqa: F401
import hypothesis.extra.numpy  # noqa: F401
import numpy  # noqa: F401
import pytest
import scipy.linalg
import scipy.optimize  # noqa: F401
from hypothesis import given, strategies

from .sessions import ARGUMENTS, Chosen, Quick, chosen, first_failure
from .traces import Traces, Tracing

__all__ = ["Trial", "tried"]

ROOT = Path(__file__).resolve().parents[2]
MEMORY = 8 << 30
SURVIVED, KILLED = 0, 1


class Trial(NamedTuple):
    """A changed module: its file, the code as it is, as it would be, and the change's place."""

    module: str
    name: str
    code: CodeType
    changed: CodeType
    lines: range
    is_inside: bool

    @property
    def file(self) -> str:
        """The module's file."""
        return str(ROOT / self.module)


Tell = Callable[[Trial, str, int], None]


def tried(scope: str, trials: Sequence[Trial], tell: Tell) -> None:
    """Try every mutant before the tests of a scope; what becomes of it is told at once.

    It is told as ``"survived"``, ``"killed"`` or ``"too long"``, with the number of tests that can
    see the change; this may happen in another process.

    Raises
    ------
    RuntimeError
        If the tests cannot be run.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        file = Path(folder) / "traces.json"
        tracing = Tracing(ROOT, sorted({trial.module for trial in trials}), file)
        code = _ended(_forked(lambda: _pytest(scope.split(), tracing)))
        if code or not file.exists():
            raise RuntimeError(f"pytest {scope} ends with {code}; expected that it can be run")
        traces = Traces.read(file)
        in_place = [trial for trial in trials if _is_in_place(trial, traces)]
        _ended(_forked(lambda: _pytest(scope.split(), _Serving(in_place, traces, tell))))
        for trial in trials:
            if trial not in in_place:
                _imported(trial, traces, tell)


# -------------------- the two ways --------------------


class _Serving(Quick):
    """A plugin of pytest: with all tests collected, fork once for every mutant."""

    def __init__(self, trials: Sequence[Trial], traces: Traces, tell: Tell) -> None:
        self.trials, self.traces, self.tell = trials, traces, tell

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try the mutants."""
        given(strategies.integers())(lambda x: None)()  # reads the constants of all modules
        functions = _functions({trial.file for trial in self.trials})
        for trial in self.trials:
            tests = self.traces.tests_of(trial.module, trial.lines)

            def judged(trial: Trial = trial, tests: Sequence[str] = tests) -> int:
                for old, new in _pairs(trial.code, trial.changed):
                    for function in functions[old] if old != new else ():
                        function.__code__ = new
                return SURVIVED if first_failure(chosen(session.items, tests)) is None else KILLED

            _judge(trial, tests, self.traces, judged, self.tell)
        return True


def _imported(trial: Trial, traces: Traces, tell: Tell) -> None:
    """Try a mutant by importing its module with the change."""
    # A default is of its function; what importing executes may be felt wherever the module is used.
    tests = [] if trial.is_inside else traces.tests_of(trial.module, trial.lines)
    tests = tests or traces.tests_of(trial.module, None)
    usual = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, name: str) -> CodeType | None:
        return trial.changed if self.path == trial.file else usual(self, name)

    def judged() -> int:
        SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
        files = sorted({test.partition("::")[0] for test in tests})
        return SURVIVED if _pytest(files, Chosen(tests)) == pytest.ExitCode.OK else KILLED

    _judge(trial, tests, traces, judged, tell)


def _judge(
    trial: Trial, tests: Sequence[str], traces: Traces, judged: Callable[[], int], tell: Tell
) -> None:
    if not tests:
        tell(trial, "survived", 0)
        return
    limit = 10.0 + 4.0 * sum(traces.seconds[test] for test in tests)
    code = _ended(_forked(judged), limit)
    how = "too long" if code is None else "survived" if code == SURVIVED else "killed"
    tell(trial, how, len(tests))


def _pytest(arguments: Sequence[str], plugin: object) -> int:
    return int(pytest.main([*ARGUMENTS, *arguments], plugins=[plugin]))


# -------------------- code in place --------------------


def _is_in_place(trial: Trial, traces: Traces) -> bool:
    """Whether a change is in functions that are first called when all modules are imported."""
    met = set(traces.imported.get(trial.module, ()))
    if not trial.is_inside or met & set(trial.lines):
        return False
    pairs = list(_pairs(trial.code, trial.changed))
    return bool(pairs) and all(len(a.co_freevars) == len(b.co_freevars) for a, b in pairs)


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The codes in a module with their changed ones; nothing if one of them is without a match."""
    inner = [[one for one in code.co_consts if isinstance(one, CodeType)] for code in (old, new)]
    below = []
    for one, other in zip(*inner, strict=False):
        below += [(one, other), *_pairs(one, other)]
    names = [[one.co_name for one in codes] for codes in inner]
    return iter(below if names[0] == names[1] else [])


def _functions(files: set[str]) -> Mapping[CodeType, list[FunctionType]]:
    """All functions there are whose code is of these files."""
    found = defaultdict(list)
    gc.unfreeze()  # what the tests' collection has frozen is not among the objects that are listed
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename in files:
            found[thing.__code__].append(thing)
    return found


# -------------------- processes --------------------


def _forked(work: Callable[[], int]) -> int:
    """Number of a new process, silent and bounded in memory, that ends as the work says."""
    child = os.fork()
    if child:
        return child
    code = KILLED
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        code = work()
    finally:
        os._exit(code)


def _ended(child: int, limit: float | None = None) -> int | None:
    """Exit code of a process, negative for a signal; None if it was stopped at the limit."""
    watched, is_over = os.pidfd_open(child), False
    try:
        is_over = bool(select.select([watched], [], [], limit)[0])
    finally:  # also when somebody stops us
        if not is_over:
            os.killpg(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        os.close(watched)
    return os.waitstatus_to_exitcode(status) if is_over else None
