"""Which test executes which lines: noted once, that a mutant meets only tests that can see it."""

from __future__ import annotations

import inspect
import json
import sys
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import pytest

from .sessions import Quick, run_item

__all__ = ["Traces", "Tracing"]

PATIENCE = 10.0
"""Seconds (while being traced) of the tests that a mutant meets at most, the shortest first."""


class Traces(NamedTuple):
    """Seconds and lines of every test of a scope that passes, and lines met by importing."""

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[int]]]
    imported: dict[str, list[int]]

    @classmethod
    def read(cls, file: Path) -> Traces:
        """What `Tracing` wrote."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))

    def tests_of(self, module: str, lines: Collection[int] | None) -> list[str]:
        """Tests that execute one of the lines, or anything of a module; the shortest first."""
        met = {test: set(by_file.get(module, ())) for test, by_file in self.lines.items()}
        tests = [test for test, own in met.items() if (own & set(lines) if lines else own)]
        tests.sort(key=lambda test: (self.seconds[test], test))
        total, chosen = 0.0, []
        for test in tests:
            total += self.seconds[test]
            if chosen and total > PATIENCE:
                break
            chosen.append(test)
        return chosen


class Tracing(Quick):
    """A plugin of pytest that runs every test once and writes `Traces` of some modules."""

    def __init__(self, root: Path, modules: Sequence[str], file: Path) -> None:
        self.names = {str(root / module): module for module in modules}
        self.file = file
        self.is_importing = True
        self.met: dict[str, set[int]] = {}
        self.left: dict[CodeType, set[int]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Iterator[None]:
        """Note what importing the tests executes."""
        self.be_quick()
        with self.noted():
            return (yield)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests one by one."""
        imported, self.is_importing = self.listed(), False
        seconds, lines = {}, {}
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            start = time.perf_counter()
            with self.noted():
                has_passed = run_item(item, following)
            if has_passed:
                seconds[item.nodeid] = round(time.perf_counter() - start, 4)
                lines[item.nodeid] = self.listed()
        traces = Traces(seconds, lines, imported)
        self.file.write_text(json.dumps(traces._asdict()), encoding="utf-8")
        return True

    def listed(self) -> dict[str, list[int]]:
        """Lines by module."""
        return {module: sorted(lines) for module, lines in self.met.items()}

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note the lines that are executed, in this thread and those it starts."""
        self.met, self.left = {}, {}
        threading.settrace(self.called)
        sys.settrace(self.called)
        try:
            yield
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]

    def called(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Look into the functions of the modules in question, and nowhere else."""
        module = self.names.get(frame.f_code.co_filename)
        is_function = frame.f_code.co_flags & inspect.CO_OPTIMIZED
        if module is None or (self.is_importing and not is_function):
            return None
        code = frame.f_code
        if code not in self.left:
            self.left[code] = {line for _, _, line in code.co_lines() if line}
        left, met = self.left[code], self.met.setdefault(module, set())
        if not left:
            return None  # all of it was executed before

        def line(frame: FrameType, event: str, argument: Any) -> Any:
            met.add(frame.f_lineno)
            left.discard(frame.f_lineno)
            return line

        return line
