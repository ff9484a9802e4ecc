"""The modules of the three packages, as the rules of the house see them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("vvalues", "dmm", "synthesis")

# Modules that need an optional package at once, or whose examples do; all others ask for it when
# they use it.
NEEDS = {
    "dmm.compiled.fast.lanes": "numba",
    "dmm.compiled.fast.ticking": "numba",
    "synthesis.architectures.evolving.evaluation.kernels": "numba",
    "dmm.dynamics.plots": "matplotlib",
    "dmm.show.plots": "matplotlib",
    "synthesis.architectures.evolving.formula_equality": "sympy",
    "synthesis.architectures.evolving.formula_simplify": "sympy",
    "synthesis.show.plots": "matplotlib",
}

MODULES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))


def name_of(file: Path) -> str:
    """Dotted name of a module."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def with_its_packages(name: str) -> ModuleType:
    """A module; the test that asks is skipped where a package that it needs is not installed."""
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"{name} needs {NEEDS[name]}")
    return import_module(name)


def code_lines(file: Path) -> int:
    """Lines that hold code: neither blank, nor comment, nor docstring."""
    text = file.read_text(encoding="utf-8")
    lines = {
        i
        for i, line in enumerate(text.split("\n"), 1)
        if line.strip() and not line.strip().startswith("#")
    }
    for node in statements_of(ast.parse(text)):
        is_scope = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        if is_scope and ast.get_docstring(node, clean=False) is not None:
            docstring = node.body[0]
            lines -= set(range(docstring.lineno, (docstring.end_lineno or 0) + 1))
    return len(lines)


def statements_of(node: ast.AST) -> Iterator[ast.AST]:
    """A node and every statement inside it; expressions, which are many, are not gone through."""
    yield node
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        inside = getattr(node, part, ())
        for one in inside if isinstance(inside, list) else ():
            yield from statements_of(one)
