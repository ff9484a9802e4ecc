"""The small changes of a module: one node of its syntax tree is another one.

Left out, because no test has to notice them: annotations, imports and whatever is of types only;
docstrings and every other text; what a `raise`, an `assert` or `warnings.warn` says, and the
private functions that nothing else calls (that something is raised is tried); `__repr__` and its
like; `__all__` and `__slots__`; decorators, most of which are caches, where only time
changes, or make of a function something without which nothing can be imported.
"""

from __future__ import annotations

import ast
import random
import warnings
from collections import Counter
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple

__all__ = ["Mutant", "code_of", "in_random_order", "mutants_of"]

ARITHMETIC: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
COMPARISONS: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
NAMES = {"min": "max", "any": "all", "minimum": "maximum"}
NAMES |= {other: name for name, other in NAMES.items()}
FOR_EYES = {"__repr__", "__str__", "__format__", "_repr_html_", "_repr_svg_"}
LISTS = {"__all__", "__slots__", "__match_args__"}
LARGE = 10
SHOWN = 110


class Mutant(NamedTuple):
    """One change of a module; ``name`` says it in words that outlive a move of its lines."""

    name: str
    lines: range
    is_inside: bool
    owner: ast.AST
    field: str
    index: int | None
    new: ast.AST

    def apply(self) -> ast.AST:
        """Make the change in the tree; what stood there."""
        held = getattr(self.owner, self.field)
        if self.index is None:
            setattr(self.owner, self.field, self.new)
            return held
        old, held[self.index] = held[self.index], self.new
        return old

    def undone(self, old: ast.AST) -> None:
        """Put back what stood there."""
        self._replace(new=old).apply()


class _Site(NamedTuple):
    statement: ast.AST
    function: ast.AST | None
    outer: ast.AST | None
    path: tuple[str, ...]


def mutants_of(tree: ast.Module) -> list[Mutant]:
    """All changes of a module, in the order of its lines. The tree is theirs from now on."""
    silent = _functions_of_errors(tree)
    found, seen = [], Counter[str]()
    for site, owner, field, index, new in _walked(tree, _Site(tree, None, None, ()), silent):
        mutant = Mutant("", _lines(site), site.function is not None, owner, field, index, new)
        before = _text(site.statement)
        old = mutant.apply()
        after = _text(new if isinstance(new, ast.stmt) else site.statement)
        mutant.undone(old)
        name = f"{'.'.join(site.path)}: {_difference(before, after)}"
        seen[name] += 1
        times = f" (no. {seen[name]})" if seen[name] > 1 else ""
        found.append(mutant._replace(name=name + times))
    return found


def in_random_order(mutants: list[Mutant]) -> list[Mutant]:
    """The same order at every call: the first n are a random sample, part of every larger one."""
    return random.Random(0).sample(mutants, len(mutants))


def code_of(tree: ast.Module, mutant: Mutant | None, file: str) -> CodeType:
    """A module's code with one change made, or with none; a SyntaxError if that is no Python."""
    if mutant is None:
        return compile(tree, file, "exec", dont_inherit=True)
    old = mutant.apply()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return compile(ast.fix_missing_locations(tree), file, "exec", dont_inherit=True)
    finally:
        mutant.undone(old)


# -------------------- where --------------------


def _walked(node: ast.AST, site: _Site, silent: set[str]) -> Iterator[tuple]:
    """Every change below a node, as (site, owner, field, index, new)."""
    for field, held in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params", "bases"):
            continue
        children = list(enumerate(held)) if isinstance(held, list) else [(None, held)]
        for index, child in children:
            if not isinstance(child, ast.AST) or _is_left_out(child, silent):
                continue
            within = _within(site, child)
            for new in _changes(child, node, field):
                placed = new if hasattr(new, "lineno") else ast.copy_location(new, child)
                yield within, node, field, index, placed
            if not isinstance(child, (ast.Raise, ast.Assert)):
                yield from _walked(child, within, silent)


def _within(site: _Site, child: ast.AST) -> _Site:
    if isinstance(child, ast.arguments):  # defaults belong to whoever defines the function
        return site._replace(function=site.outer)
    if isinstance(child, ast.Lambda):
        return site._replace(function=child, outer=site.function)
    if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return _Site(child, child, site.function, (*site.path, child.name))
    if isinstance(child, ast.ClassDef):
        return _Site(child, site.function, site.outer, (*site.path, child.name))
    return site._replace(statement=child) if isinstance(child, ast.stmt) else site


def _lines(site: _Site) -> range:
    """Lines whose execution may mean that the change was met; of a default, all the function."""
    node: ast.AST = site.statement
    if isinstance(site.function, ast.Lambda):
        node = site.function.body
    first = node.lineno if not isinstance(node, ast.Module) else 1
    body = getattr(node, "body", None)
    is_default = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    if isinstance(node, ast.stmt) and isinstance(body, list) and not is_default:
        return range(first, max(first + 1, body[0].lineno))
    return range(first, (node.end_lineno or first) + 1)


def _is_left_out(node: ast.AST, silent: set[str]) -> bool:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return True
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        overloaded = any(_last_name(one) == "overload" for one in node.decorator_list)
        return overloaded or node.name in FOR_EYES or node.name in silent
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        is_of_types = isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.BitOr)
        is_at_the_top = node.col_offset == 0
        return is_at_the_top and (is_of_types or any(_last_name(one) in LISTS for one in targets))
    if isinstance(node, ast.If):
        return _last_name(node.test) == "TYPE_CHECKING"
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return _last_name(node.value.func) == "warn"
    return isinstance(node, ast.JoinedStr)


def _functions_of_errors(tree: ast.Module) -> set[str]:
    """Private functions that are called inside `raise` and `assert` alone."""
    errors = [node for node in ast.walk(tree) if isinstance(node, (ast.Raise, ast.Assert))]
    inside = Counter(name for node in errors for name in _names(node))
    everywhere = Counter(_names(tree))
    return {name for name, n in inside.items() if name.startswith("_") and n == everywhere[name]}


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)):
            yield _last_name(node)


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


# -------------------- what --------------------


def _changes(node: ast.AST, owner: ast.AST, field: str) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    if isinstance(node, ast.operator):
        yield ARITHMETIC[type(node)]()
    elif isinstance(node, ast.cmpop):
        yield from (other() for other in COMPARISONS[type(node)])
    elif isinstance(node, ast.boolop):
        yield ast.Or() if isinstance(node, ast.And) else ast.And()
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.UAdd):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from _numbers(node.value)
    elif isinstance(node, ast.Name) and node.id in NAMES:
        yield ast.Name(NAMES[node.id], node.ctx)
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield ast.Attribute(node.value, NAMES[node.attr], node.ctx)
    elif isinstance(node, ast.stmt):
        yield from _statements(node)
    if isinstance(node, ast.expr):
        is_test = field == "test" or (isinstance(owner, ast.comprehension) and field == "ifs")
        plain = not isinstance(node, (ast.Compare, ast.BoolOp, ast.UnaryOp))
        if is_test and plain:
            yield ast.UnaryOp(ast.Not(), node)
        if isinstance(owner, (ast.For, ast.comprehension)) and field == "iter":
            yield ast.Tuple([], ast.Load())


def _numbers(value: object) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, (int, float)) and abs(value) < LARGE:
        yield ast.Constant(value + 1)
        yield ast.Constant(value - 1)
    elif isinstance(value, (int, float)):
        yield ast.Constant(value * 2)
        yield ast.Constant(type(value)(value / 2))


def _statements(node: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(node, (ast.Break, ast.Continue)):
        yield ast.Continue() if isinstance(node, ast.Break) else ast.Break()
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    is_stored = isinstance(node, ast.Assign) and not isinstance(
        node.targets[0], (ast.Name, ast.Tuple)
    )
    if is_call or is_stored or isinstance(node, (ast.AugAssign, ast.Raise)):
        yield ast.Pass()


# -------------------- in words --------------------


def _text(node: ast.AST) -> str:
    """A simple statement, or the head of a compound one."""
    body = getattr(node, "body", None)
    if not isinstance(body, list) or isinstance(node, ast.Module):
        return ast.unparse(node)
    parts = {field: [] for field in ("body", "orelse", "finalbody", "handlers", "decorator_list")}
    head = {field: getattr(node, field) for field in node._fields} | parts
    bare = type(node)(**{field: head[field] for field in node._fields})
    return ast.unparse(ast.copy_location(bare, node))


def _difference(before: str, after: str) -> str:
    """Both texts, cut down to the neighbourhood of what differs."""
    before, after = " ".join(before.split()), " ".join(after.split())
    start = next((i for i, (a, b) in enumerate(zip(before, after)) if a != b), 0)  # noqa: B905
    left = max(0, start - SHOWN // 2)
    cut = [text[left : left + SHOWN] for text in (before, after)]
    dots = ["…" * (left > 0) + text for text in cut]
    return f"`{dots[0]}` → `{dots[1]}`"
