"""The pages of the reference: one per door of a package, made of what the door hands on.

What several doors hand on stands on the page of the first one; the others point there. Doors are
in the order of their names, so `vvalues` comes before its rooms.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from abc import ABC
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, Protocol

__all__ = ["doors", "public_names", "write_pages"]

PACKAGES = {
    "vvalues": "sparse vectors indexed by paths in a tree",
    "dmm": "dataflow matrix machines",
    "synthesis": "from many random links to a machine one can read",
}


def doors() -> list[str]:
    """Names of the packages and of all rooms in them.

    Examples
    --------
    >>> doors()[:3]
    ['vvalues', 'vvalues.algebra', 'vvalues.core']
    """
    found: list[str] = []
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        rooms = pkgutil.walk_packages(path, f"{package}.")
        found += [package, *(room.name for room in rooms if room.ispkg)]
    for package in ("dmm", "vvalues"):
        found.insert(found.index(f"{package}.testing"), f"{package}.strategies")
    return found


def public_names() -> dict[str, dict[str, Any]]:
    """Door to name to what it is: every function and class of ours that some door hands on, once.

    A thing stands at the first door that has it.
    """
    seen: set[int] = set()
    found: dict[str, dict[str, Any]] = {}
    for door in doors():
        module = importlib.import_module(door)
        here = {name: getattr(module, name) for name in module.__all__}
        ours = {name: thing for name, thing in here.items() if _is_ours(thing)}
        found[door] = {name: thing for name, thing in ours.items() if id(thing) not in seen}
        seen |= {id(thing) for thing in ours.values()}
    return found


def _is_ours(thing: Any) -> bool:
    is_described = callable(thing) and hasattr(thing, "__qualname__")
    return is_described and thing.__module__.split(".")[0] in PACKAGES


def write_pages(folder: Path) -> None:
    """Write a page per door, and the index of them; pages that have not changed are left alone.

    Parameters
    ----------
    folder : Path
        Made where it is not; other ``.rst`` files in it are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = public_names()
    at = {id(thing): door for door, here in names.items() for thing in here.values()}
    pages = {door: "\n".join(_page(door, here, at)) for door, here in names.items()}
    pages["index"] = "\n".join(_index(list(names)))
    for file in folder.glob("*.rst"):
        if file.stem not in pages:
            file.unlink()
    for name, text in pages.items():
        file = folder / f"{name}.rst"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def _page(door: str, names: dict[str, Any], at: dict[int, str]) -> Iterator[str]:
    yield from (door, "=" * len(door), "", f".. automodule:: {door}", "   :no-members:", "")
    yield from (f".. currentmodule:: {door}", "")
    for name, thing in sorted(names.items(), key=lambda item: item[0].lower()):
        kind = "class" if inspect.isclass(thing) else "function"
        yield f".. auto{kind}:: {name}"
        yield from ("   :members:", "   :show-inheritance:") if kind == "class" else ()
        if kind == "class" and _has_members_from_elsewhere(thing, at):
            yield "   :inherited-members:"
        yield ""
    elsewhere = _elsewhere(door, at)
    if elsewhere:
        yield from ("Handed on here as well:", "")
        yield from (f"* :py:obj:`{where}`" for where in elsewhere)
        yield ""


def _has_members_from_elsewhere(thing: type, at: dict[int, str]) -> bool:
    """Whether a base of ours has no page, so that its members would be told nowhere.

    Where a base is of another library its members would come along; such classes keep to their own.
    """
    bases = [base for base in thing.__mro__[1:] if base not in (object, ABC, Generic, Protocol)]
    return all(map(_is_ours, bases)) and any(id(base) not in at for base in bases)


def _elsewhere(door: str, at: dict[int, str]) -> list[str]:
    module = importlib.import_module(door)
    things = ((name, getattr(module, name)) for name in module.__all__)
    return [f"{at[id(t)]}.{n}" for n, t in things if at.get(id(t), door) != door]


def _index(names: list[str]) -> Iterator[str]:
    yield from (
        "Reference",
        "=========",
        "",
        "Every public name, by the door that hands it on.",
        "",
    )
    for package, what in PACKAGES.items():
        yield from (".. toctree::", f"   :caption: {package}: {what}", "   :maxdepth: 1", "")
        yield from (f"   {name}" for name in names if name.split(".")[0] == package)
        yield ""
