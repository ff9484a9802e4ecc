"""The ledger of the sources: no sentence without an entry, and all that it names exists."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from synthesis import reproduce
from synthesis.runs.catalogue import is_experiment
from synthesis.tasks import task_names

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "sources.md"
DOCUMENTS = sorted((ROOT.parent / "shared" / "seeds").glob("*.txt"))
TEXT = PAGE.read_text(encoding="utf-8")
CODE = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", TEXT)]
PACKAGES = ("synthesis", "dmm", "vvalues", "benchmarks")
NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")


def tables() -> list[list[tuple[int, int, list[str]]]]:
    """Of each document the rows of its table: first sentence, last sentence, the other cells."""
    found = []
    for section in TEXT.split("\n## ")[1:]:
        rows = []
        for line in section.split("\n"):
            match = re.match(r"\| (\d+)(?:-(\d+))? \|(.*)\|$", line)
            if match:
                first, last, rest = match.groups()
                rows.append((int(first), int(last or first), [c.strip() for c in rest.split("|")]))
        found.append(rows)
    return found


def sentences(text: str) -> list[str]:
    """As the page says: lines, parted after . ! ? : before what begins a sentence."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    parts = (re.split(r"(?<=[.!?:])\s+(?=[A-Z\"“(•])", line) for line in lines)
    return [part for line in parts for part in line if part]


def thing_called(name: str) -> Any:
    """The module of a dotted name, or what a module has, down to an attribute; else None."""
    for parts in (name.split("."), ["synthesis", *name.split(".")]):
        for n in range(len(parts), 0, -1):
            try:
                thing = import_module(".".join(parts[:n]))
            except ModuleNotFoundError:
                continue
            for part in parts[n:]:
                thing = getattr(thing, part, None)
            if thing is not None:
                return thing
            break
    return None


def test_every_sentence_has_an_entry():
    assert len(tables()) == 5
    for rows in tables():
        firsts, lasts = [row[0] for row in rows], [row[1] for row in rows]
        assert firsts == [1, *(last + 1 for last in lasts[:-1])]
        assert all(first <= last for first, last in zip(firsts, lasts, strict=True))
        assert all(len(cells) == 3 and all(cells) for _, _, cells in rows)


@pytest.mark.skipif(not DOCUMENTS, reason="the documents are not at hand")
@pytest.mark.parametrize("number", range(5))
def test_the_entries_are_about_the_documents(number):
    rows = tables()[number]
    parts = sentences(DOCUMENTS[number].read_text(encoding="utf-8"))
    assert rows[-1][1] == len(parts)
    plain, n_quotes = str.maketrans("“”’", '""\''), 0
    for first, last, (says, *_) in rows:
        text = " ".join(parts[first - 1 : last]).translate(plain)
        quoted = re.findall(r'(?:^|[\s(])"(.+?)"(?=$|[\s,;:.)])', says.translate(plain))
        n_quotes += len(quoted)
        for quote in quoted:
            assert quote in text, f"{first}-{last}: {quote}"
    assert n_quotes >= len(rows) // 3


def places() -> list[tuple[str, str]]:
    """What the column "where" names: (module or thing, words in brackets behind it)."""
    cells = [cells[1] for rows in tables() for _, _, cells in rows]
    return [found for cell in cells for found in re.findall(r"`([^`]+)`(?: \(([^)]*)\))?", cell)]


def test_every_entry_says_where_or_that_there_is_nothing():
    for rows in tables():
        for first, _, (_, where, _) in rows:
            assert where == "-" or "`" in where, first


@pytest.mark.parametrize("name", sorted({name for name, _ in places() if NAME.match(name)}))
def test_every_module_exists(name):
    assert thing_called(name) is not None


@pytest.mark.parametrize(("name", "words"), sorted({place for place in places() if place[1]}))
def test_words_in_brackets_are_those_of_the_thing_before_them(name, words):
    source = inspect.getsource(inspect.getmodule(thing_called(name)))
    for word in re.findall(r"`([^`]+)`", words):
        assert re.search(rf"\b{word}\b", source), f"{name}: {word}"


@pytest.mark.parametrize(
    "command", sorted({code for code in CODE if code.startswith("python -m ")})
)
def test_every_command_exists(command):
    program, *words = command.removeprefix("python -m ").split()
    assert program.partition(".")[0] in PACKAGES
    assert find_spec(program) is not None
    if program == "synthesis" and words[0] == "reproduce":
        assert words[1] in reproduce.names()
    elif program == "synthesis" and words[0] == "run":
        assert is_experiment(words[1]) or words[1] in task_names()


def test_every_file_exists():
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert len(links) > 30
    for link in links:
        assert (PAGE.parent / link).exists(), link
    for code in CODE:
        if re.fullmatch(r"(tests|benchmarks|docs|synthesis)/\S+", code):
            assert (ROOT / code).exists(), code
