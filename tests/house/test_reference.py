"""The reference: every public name has a page and says what it is; how many show an example."""

from __future__ import annotations

import inspect

import pytest

from docs.site.reference import doors, public_names, write_pages
from tests.house.rooms import PACKAGES

PUBLIC = public_names()
WITH_EXAMPLES = 942
"""Public names with an example that runs, at least; the doors of the packages have no gap."""


@pytest.mark.parametrize("door", PUBLIC)
def test_every_public_name_says_what_it_is(door):
    for name, thing in PUBLIC[door].items():
        assert inspect.getdoc(thing), f"{door}.{name} has no docstring"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_at_the_door_of_a_package_has_an_example(package):
    without = [name for name, thing in PUBLIC[package].items() if ">>>" not in thing.__doc__]
    assert without == []


def test_examples_of_public_names_do_not_get_fewer():
    things = [thing for here in PUBLIC.values() for thing in here.values()]
    n_with = sum(">>>" in (thing.__doc__ or "") for thing in things)
    assert n_with >= WITH_EXAMPLES, f"{n_with} of {len(things)}"


def test_every_door_has_a_page_with_its_names(tmp_path):
    (tmp_path / "left-over.rst").write_text("gone")
    write_pages(tmp_path)
    assert {page.stem for page in tmp_path.iterdir()} == {*doors(), "index"}
    page = (tmp_path / "vvalues.rst").read_text()
    assert ".. autofunction:: inner\n" in page and ".. autoclass:: VValue\n" in page
    room = (tmp_path / "dmm.machine.rst").read_text()
    assert "* :py:obj:`dmm.Link`" in room and ".. autoclass:: Link\n" not in room
