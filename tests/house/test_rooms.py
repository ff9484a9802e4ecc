"""Rooms are neither too full nor too small, and a name means one thing."""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.house.rooms import MODULES, ROOT, code_lines, name_of

LARGEST, SMALLEST, MOST_MODULES = 400, 40, 14

# Modules with less code than a module should have, and why they stand alone.
SMALL = {
    "synthesis.__main__": "the door of the command line",
    "synthesis.edits.links": "edits of links; those of neurons and of scales stand beside it",
    "synthesis.reproduce.__main__": "the door of the reproductions",
}

# Names that mean the same in every room that has them.
COMMON_NAMES = {
    "__init__",
    "__main__",
    "model",
    "objective",
    "settings",
    "process",
    "places",
    "plots",
}


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_a_module_holds_one_idea(file):
    lines = file.read_text(encoding="utf-8").count("\n")
    assert lines <= LARGEST, f"{name_of(file)} has {lines} lines: it holds more than one idea"
    if file.name != "__init__.py" and name_of(file) not in SMALL:
        lines = code_lines(file)
        assert lines >= SMALLEST, f"{name_of(file)} has {lines} lines of code: whose part is it?"


def test_small_modules_that_are_excused_are_small():
    excused = {name_of(file): code_lines(file) for file in MODULES if name_of(file) in SMALL}
    assert set(excused) == set(SMALL)
    assert all(lines < SMALLEST for lines in excused.values())


def test_no_folder_is_too_full():
    rooms = defaultdict(list)
    for file in MODULES:
        if file.name != "__init__.py":
            rooms[file.parent].append(file.stem)
    full = {str(room.relative_to(ROOT)): names for room, names in rooms.items()}
    assert not {room: len(names) for room, names in full.items() if len(names) > MOST_MODULES}


@pytest.mark.parametrize("package", ["vvalues", "dmm", "synthesis"])
def test_no_name_stands_in_two_rooms(package):
    rooms = defaultdict(list)
    for file in MODULES:
        name = name_of(file)
        if name.split(".")[0] == package and file.stem not in COMMON_NAMES:
            rooms[file.stem].append(name)
    assert not {stem: names for stem, names in rooms.items() if len(names) > 1}


@pytest.mark.parametrize("file", [f for f in MODULES if f.name == "__init__.py"], ids=name_of)
def test_a_door_says_what_the_room_is_for_and_hides_no_module(file):
    text = file.read_text(encoding="utf-8")
    assert text.startswith('"""'), f"{name_of(file)} does not say what it is for"
    modules = {part.stem for part in file.parent.iterdir() if part.name != "__init__.py"}
    if name_of(file) in ("vvalues", "dmm", "synthesis"):
        return
    handed_on = {line.strip(" ,\"'") for line in text.split("__all__")[-1].splitlines()}
    shadowed = (handed_on & modules) - {"gates", "memories"}
    assert not shadowed, f"{name_of(file)} hides its modules {sorted(shadowed)}"
