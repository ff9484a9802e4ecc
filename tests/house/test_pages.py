"""Pages: their examples run, and their links lead to files that are there."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path

import pytest

from docs.site.links import dead_links
from tests.house.rooms import ROOT
from tests.marks import thorough

GUIDES = ("fitting-trees", "wrong-gradients", *thorough("tour"))
"""Those whose examples no other test runs."""

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/results/*.md")])
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
LINK = re.compile(r"\]\((?!https?:|#)([^)\s#]+)(?:#[^)\s]*)?\)")
NOTEBOOK = re.compile(r"notebooks/(\d\d-[a-z-]+\.ipynb)|`notebooks/(\d\d)`|[Nn]otebook (\d\d)")


@pytest.mark.parametrize("name", GUIDES)
def test_examples_of_a_guide_run(name):
    page = ROOT / "docs" / f"{name}.md"
    result = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert result.attempted > 10 and result.failed == 0


def texts(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        return [text]
    cells = json.loads(text)["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


@pytest.mark.parametrize("file", [*PAGES, *NOTEBOOKS], ids=lambda file: file.name)
def test_links_of_a_page_lead_to_files(file):
    found = [link for text in texts(file) for link in LINK.findall(text)]
    assert [link for link in found if not (file.parent / link).exists()] == []


@pytest.mark.parametrize("file", [*PAGES, *NOTEBOOKS], ids=lambda file: file.name)
def test_notebooks_that_are_named_are_there(file):
    names = {notebook.name for notebook in NOTEBOOKS}
    known = names | {name[:2] for name in names}
    mentioned = [next(filter(None, m)) for text in texts(file) for m in NOTEBOOK.findall(text)]
    assert set(mentioned) <= known


def test_every_guide_and_picture_is_shown_on_the_site():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {page.stem for page in ROOT.glob("docs/*.md")} - {"index"}
    listed = set(re.findall(r"^([a-z-]+)$", index, re.MULTILINE))
    assert pages - listed == set()
    shown = "".join(page.read_text(encoding="utf-8") for page in ROOT.glob("docs/*.md"))
    pictures = {picture.name for picture in (ROOT / "docs" / "pictures").iterdir()}
    assert {name for name in pictures if name not in shown} == set()


def test_dead_links_of_a_site_are_found(tmp_path):
    (tmp_path / "a.html").write_text('<h1 id="top"></h1><a href="b.html#here">b</a><a href="#top">')
    (tmp_path / "b.html").write_text('<a href="a.html#gone">a</a><img src="c.png"><a href="x:y">')
    found = [(file.name, link) for file, link in dead_links(tmp_path)]
    assert found == [("a.html", "b.html#here"), ("b.html", "a.html#gone"), ("b.html", "c.png")]
