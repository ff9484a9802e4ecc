"""The page to play on as text: small, closed, and honest about what it leaves out."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from dmm import Machine
from dmm.show import RENDERINGS, equations, play_page, to_javascript, to_latex
from dmm.zoo import duplicate_detector
from tests.dmm.show.rendered import MACHINES
from tests.marks import thorough

SCRIPT = re.compile(r'<script id="code-(\w+)">(.*?)</script>', re.DOTALL)
DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def test_it_is_small():
    assert len(play_page(duplicate_detector()).encode()) < 300_000
    assert duplicate_detector().page() == RENDERINGS["page"](duplicate_detector())


@pytest.mark.parametrize(
    "name", [*(name for name in MACHINES if name != "dense"), *thorough("dense")]
)
def test_it_allows_the_scripts_that_it_has_and_no_others(name):
    html = play_page(MACHINES[name]())
    scripts = dict(SCRIPT.findall(html))
    digests = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in scripts.values()
    ]
    assert re.findall(r"'sha256-([^']*)'", html) == digests
    assert len(digests) == 4 and html.count("<script") == 5
    assert scripts["program"] == to_javascript(MACHINES[name]())


def test_what_can_be_copied_is_what_the_machine_says():
    machine = MACHINES["published"]()
    data = json.loads(DATA.search(play_page(machine))[1])
    assert data["text"] == equations(machine) and data["latex"] == to_latex(machine)


def test_a_large_machine_lists_its_largest_links_and_says_so():
    machine = MACHINES["dense"]()
    html = play_page(machine)
    links = json.loads(DATA.search(html)[1])["links"]
    assert len(links) == 40
    assert f"The 40 largest links; {len(list(machine.links())) - 40:,} more are at work" in html


def test_every_link_of_a_small_machine_is_in_the_list_and_in_the_graph():
    machine = MACHINES["published"]()
    html = play_page(machine)
    links = json.loads(DATA.search(html)[1])["links"]
    drawn = sorted(map(int, re.findall(r'data-link="(\d+)"', html)))
    assert sorted(link["index"] for link in links) == drawn == list(range(len(links)))
    assert sum(link["is_fixed"] for link in links) == len(machine.fixed)


def test_a_machine_that_no_program_can_be_made_of_is_refused():
    with pytest.raises(ValueError, match="'cons' has no form in arrays of numbers"):
        play_page(Machine({"n": "cons"}))
