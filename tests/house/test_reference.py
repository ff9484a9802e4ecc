"""The reference: every public name has a page and says what it is; how many show an example."""

from __future__ import annotations

import inspect

import pytest

from docs.site.reference import doors, public_names, write_pages

PUBLIC = public_names()


@pytest.mark.parametrize("door", PUBLIC)
def test_every_public_name_says_what_it_is(door):
    for name, thing in PUBLIC[door].items():
        assert inspect.getdoc(thing), f"{door}.{name} has no docstring"


@pytest.mark.parametrize("door", PUBLIC)
def test_every_public_name_has_an_example(door):
    without = [name for name, thing in PUBLIC[door].items() if ">>>" not in thing.__doc__]
    assert without == []


def test_every_door_has_a_page_with_its_names(tmp_path):
    (tmp_path / "left-over.rst").write_text("gone")
    write_pages(tmp_path)
    assert {page.stem for page in tmp_path.iterdir()} == {*doors(), "index"}
    page = (tmp_path / "vvalues.rst").read_text()
    assert ".. autofunction:: inner\n" in page and ".. autoclass:: VValue\n" in page
    room = (tmp_path / "dmm.machine.rst").read_text()
    assert "* :py:obj:`dmm.Link`" in room and ".. autoclass:: Link\n" not in room
