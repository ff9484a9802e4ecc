"""Rooms are neither too full nor too small, and a name means one thing."""

from __future__ import annotations

from collections import defaultdict
from configparser import ConfigParser

import pytest

from tests.house.rooms import MODULES, PACKAGES, ROOT, code_lines, name_of

LARGEST, SMALLEST, MOST_MODULES = 400, 40, 14

# Modules with less code than a module should have, and why they stand alone.
SMALL = {
    "synthesis.__main__": "the door of the command line",
    "synthesis.architectures.films": "frames of a film, which families that know nothing of each "
    "other draw",
    "synthesis.architectures.self_organised.movies": "the one film that all sheets share",
    "synthesis.architectures.self_organised.spiking.networks": "spiking layers as trees and as "
    "networks, apart from how they live",
    "synthesis.reproduce.__main__": "the door of the reproductions",
    "dmm.show.frames": "text files of packages, which programs and pages are made from",
    "dmm.strategies": "what draws the machines of dmm.testing, where Hypothesis is installed",
    "dmm.machine.coercions": "links between kinds of streams, apart from the links of one kind",
    "synthesis.interruption": "how commands end early; it must import nothing",
    "synthesis.optimize.losses": "softmax and its entropies, which every classifier shares",
    "synthesis.optimize.regularizers": "the one charge that knows what a neuron is",
    "synthesis.fit.failures": "how a search goes on after an error of a start",
    "synthesis.fit.parameters": "what scikit-learn asks of every estimator",
    "synthesis.fit.tried": "what searches, fronts and verdicts hand to each other",
    "synthesis.forecast.sums.innovations": "the one feature that knows the forecast it belongs to",
    "synthesis.forecast.transforms": "the scales",
    "synthesis.likelihoods.likelihood": "what a likelihood is, which all of them know",
    "synthesis.runs.catalogue": "a table of names",
    "synthesis.verdicts.description": "one idea: bits",
    "synthesis.verdicts.verdict": "what a user reads",
    "synthesis.starts.proposal": "what starts and trials hand to each other",
    "synthesis.tasks.successions": "one task after the other, apart from what the tasks are",
    "synthesis.tasks.bars": "images that a program draws, apart from those that are read",
    "vvalues.testing.closeness": "how close two trees are, which every law asks",
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


@pytest.mark.parametrize("package", PACKAGES)
def test_a_module_holds_one_idea(package):
    modules = {name_of(file): file for file in MODULES if file.is_relative_to(ROOT / package)}
    lines = {name: file.read_text(encoding="utf-8").count("\n") for name, file in modules.items()}
    assert not {name: n for name, n in lines.items() if n > LARGEST}, "more than one idea"
    alone = {name: file for name, file in modules.items() if file.name != "__init__.py"}
    code = {name: code_lines(file) for name, file in alone.items() if name not in SMALL}
    assert not {name: n for name, n in code.items() if n < SMALLEST}, "whose part is it?"


def test_files_that_are_no_modules_are_shipped():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    shipped = set()
    for package, patterns in setup["options.package_data"].items():
        for pattern in patterns.split():
            found = set((ROOT / package).glob(pattern))
            assert found, f"{package}: nothing is called {pattern}"
            shipped |= found
    there = {
        file
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".py"
    }
    assert there == shipped


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


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_stands_in_two_rooms(package):
    rooms = defaultdict(list)
    for file in MODULES:
        name = name_of(file)
        if name.split(".")[0] == package and file.stem not in COMMON_NAMES:
            rooms[file.stem].append(name)
    assert not {stem: names for stem, names in rooms.items() if len(names) > 1}
