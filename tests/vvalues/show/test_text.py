"""Renderings, to the character."""

from __future__ import annotations

import html.parser
import sys
import types

import numpy as np
import pytest

from vvalues import VValue

V = VValue(
    {
        "n1": {"in": {":number": 4, "x": 2, "y": -1}},
        "n2": {"in": {"x": 0.5}},
        "n10": 1,
        "a/b": {"": {"<c>": 1e-9, "w": np.zeros((2, 3))}},
    }
)


def test_repr_is_one_line_that_reads_as_python():
    assert repr(VValue()) == "VValue({})"
    assert repr(VValue({":number": 2})) == "VValue({':number': 2.0})"
    assert repr(V) == (
        "VValue({'a/b': {'': {'<c>': 1e-09, 'w': array(2, 3)}}, "
        "'n1': {'in': {':number': 4.0, 'x': 2.0, 'y': -1.0}}, 'n10': 1.0, "
        "'n2': {'in': {'x': 0.5}}})"
    )
    scalars = VValue({"a": 0.1, "b": {":number": 1 / 3, "c": -2e300}})
    assert eval(repr(scalars)) == scalars


def test_repr_of_many_leaves_counts_what_it_leaves_out():
    wide = VValue({f"k{i:02}": i for i in range(20)})
    assert repr(wide).endswith("'k10': 10.0, 'k11': 11.0, … 8 more leaves})")


def test_indented_tree_collapses_chains_in_natural_order():
    assert str(V).splitlines() == [
        r"a\/b/\0",
        "  <c>  +1e-09",
        "  w  array(2, 3)",
        "n1/in  +4",
        "  x  +2",
        "  y  -1",
        "n2/in/x  +0.5",
        "n10  +1",
    ]
    assert str(VValue()) == "(empty V-value)"
    assert str(VValue({":number": 3, "a": {"b": 1, "c": {"d": 2}}})).splitlines() == [
        "(root)  +3",
        "a",
        "  b  +1",
        "  c/d  +2",
    ]


def test_indented_tree_is_cut_with_a_count():
    lines = str(VValue({f"k{i}": i for i in range(250)})).splitlines()
    assert len(lines) == 201
    assert lines[0] == "k0  +0" and lines[2] == "k2  +2" and lines[199] == "k199  +199"
    assert lines[-1] == "… 50 more leaves"


class Balance(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


def test_html_is_balanced_escaped_and_without_scripts():
    evil = V + VValue({"<script>alert(1)</script>": {'"onload="': 1.0, "n": float("nan")}})
    text = evil._repr_html_()
    parsed = Balance()
    parsed.feed(text)
    assert parsed.open == []
    assert set(parsed.tags) == {"style", "div", "p", "details", "summary", "i"}
    assert "<script" not in text and "onload=" not in text.replace("&quot;onload=&quot;", "")
    shown = "".join(parsed.text)
    assert "VValue, 9 leaves" in shown and "<script>alert(1)<\\/script>" in shown


def test_html_folds_and_draws_bars():
    text = VValue({"n1": {"x": 2, "y": -1}})._repr_html_()
    assert text.endswith(
        '<div class="vvalue"><p>VValue, 2 leaves</p>'
        '<details open><summary title="n1">n1</summary>'
        '<p title="n1/x">x <i style="width:4.00em"></i>+2</p>'
        '<p title="n1/y">y <i class="negative" style="width:2.00em"></i>-1</p></details></div>'
    )
    assert "… 50 more leaves" in VValue({f"k{i}": i for i in range(250)})._repr_html_()
    assert "VValue, 0 leaves" in VValue()._repr_html_()
    assert "VValue, 1 leaf<" in VValue({"a": 0})._repr_html_()


def test_treescope_is_handed_a_dictionary(monkeypatch):
    seen = {}
    package, repr_lib = types.ModuleType("treescope"), types.ModuleType("treescope.repr_lib")
    repr_lib.render_dictionary_wrapper = lambda **arguments: seen.update(arguments) or "rendering"
    package.repr_lib = repr_lib
    monkeypatch.setitem(sys.modules, "treescope", package)
    assert V.__treescope_repr__("path", "renderer") == "rendering"
    assert seen == {
        "object_type": VValue,
        "wrapped_dict": seen["wrapped_dict"],
        "path": "path",
        "subtree_renderer": "renderer",
    }
    assert VValue(seen["wrapped_dict"]) == V


def test_treescope_itself():
    treescope = pytest.importorskip("treescope", reason="treescope is not installed")
    text = treescope.render_to_text(VValue({"a": {":number": 4, "x": 2}}))
    assert text.startswith("VValue({") and "'a': {':number': 4.0, 'x': 2.0}" in text
