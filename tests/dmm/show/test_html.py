"""HTML: well-formed, self-contained, escaped, complete."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from dmm.show import fragment, report
from tests.dmm.show.rendered import HOSTILE_NAMES, MACHINES, published_machine, wide_machine
from tests.marks import thorough

VOID = {"meta", "br"}
TAGS = {"html", "head", "body", "title", "style", "main", "section", "div", "h1", "h2", "p", "pre"}
TAGS |= {"details", "summary", "table", "tr", "td", "th", "b", "i", "span", "a", "meta"}
TAGS |= {"svg", "g", "path", "rect", "text", "circle"}

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0L1 1"/></svg>'


class Document(HTMLParser):
    """Checks nesting while it reads; collects tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.texts)

    def values(self, name: str) -> list[str]:
        return [value or "" for key, value in self.attributes if key == name]


SMALLER = [*(name for name in MACHINES if name != "dense"), *thorough("dense")]


@pytest.mark.parametrize("name", SMALLER)
@pytest.mark.parametrize("rendering", [fragment, report])
def test_every_machine_gives_well_formed_html_of_harmless_tags(rendering, name):
    document = Document(rendering(MACHINES[name]()))
    assert document.tags <= TAGS
    assert not [key for key, _ in document.attributes if key.startswith("on")]
    assert not [key for key, _ in document.attributes if key in ("src", "srcset", "action")]
    assert all(link.startswith("#") for link in document.values("href"))


@pytest.mark.parametrize("name", SMALLER)
def test_anchors_lead_somewhere_and_are_unique(name):
    document = Document(report(MACHINES[name]()))
    ids = document.values("id")
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in document.values("href")} <= set(ids)


def test_fragments_of_different_machines_share_no_anchor():
    ids = [set(Document(fragment(MACHINES[n]())).values("id")) for n in ("published", "hostile")]
    assert ids[0] and ids[1] and not ids[0] & ids[1]


def test_hostile_names_are_text():
    text = report(MACHINES["hostile"](), figures={"<b>": "</table>"})
    for name in ("<script", "<img", "<b>odd"):
        assert name not in text
    document = Document(text)
    titles = document.values("title")
    assert HOSTILE_NAMES[0] in titles
    assert HOSTILE_NAMES[5] in titles
    assert "</table>" in document.text


def test_the_report_needs_nothing_from_outside():
    text = report(published_machine(), sections={"Picture": PICTURE})
    assert text.startswith("<!DOCTYPE html>\n<html")
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert "url(" not in text and "@import" not in text
    assert set(re.findall(r"https?://[^\"]+", text)) == {"http://www.w3.org/2000/svg"}


def test_light_and_dark_define_the_same_colours():
    text = report(published_machine())
    light, dark = (
        set(re.findall(r"(--\w+): #", part))
        for part in re.findall(r"\.dmm \{ (--ink[^}]*)", text)[:2]
    )
    assert (
        light
        == dark
        == {"--ink", "--paper", "--card", "--muted", "--rule", "--pos", "--neg", "--gap"}
    )
    assert "prefers-color-scheme: dark" in text
    used = set(re.findall(r"var\((--\w+)", text))
    assert used - {"--width"} <= light


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two colours."""

    def luminance(colour: str) -> float:
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
def test_text_and_lines_have_enough_contrast(scheme):
    part = re.findall(r"\.dmm \{ (--ink[^}]*)", fragment(published_machine()))[scheme]
    colours = dict(re.findall(r"(--\w+): (#\w{6})", part))
    for ground in ("--paper", "--card"):
        for ink, least in (("--ink", 7.0), ("--muted", 4.5), ("--pos", 4.5), ("--neg", 4.5)):
            assert contrast(colours[ink], colours[ground]) >= least


def test_the_report_holds_all_renderings():
    figures = {"loss": 0.00161, "links": 19}
    document = Document(report(published_machine(), figures, texts={"<Notes>": "a <b"}))
    for part in (
        "Figures",
        "0.00161",
        "m = max_norm(0.680 a - 0.504 char)",
        "Graph",
        "<Notes>",
        "a <b",
        "⎫ pair, 2%",
        "unread   compare-1-2.true",
        "├─ norm-2-1 (norm) / dict",
    ):
        assert part in document.text


def test_what_is_not_given_has_no_section():
    text = Document(report(published_machine())).text
    assert "Figures" not in text


def test_further_sections_stand_behind_the_graph_as_they_are():
    text = report(published_machine(), sections={"One & <other>": PICTURE})
    assert f'<h2>One &amp; &lt;other&gt;</h2>\n<div class="wide">{PICTURE}</div>' in text
    titles = re.findall("<h2>([^<]*)</h2>", text)
    assert titles[1:4] == ["Graph", "One &amp; &lt;other&gt;", "Links"]


def test_trivial_neurons_are_folded():
    text = fragment(published_machine())
    blocks = re.findall(
        r'<details class="neuron" id="[^"]*"( open)?><summary><b title="([^"]*)"', text
    )
    assert {name for is_open, name in blocks if not is_open} == {"timer", "input", "const_1", "eos"}


def test_large_machines_are_shortened():
    text = Document(report(wide_machine(158))).text
    assert text.count("… 118 more links") == 4  # equations, graph, table, tree


def test_bars_show_sign_by_side_and_hardness_by_hatching():
    text = fragment(published_machine())
    assert text.count('<i class="pos hard" style="width:38.8%">') == 3  # 1.0 of 1.29
    assert '<i class="neg" style="width:50.0%">' in text
    assert ".dmm .bar .neg { right: 50%; border" in text
    assert "repeating-linear-gradient" in text


def test_a_machine_shows_itself_in_a_notebook():
    assert published_machine()._repr_html_() == fragment(published_machine())
