"""The film of a synthesis: what it holds, that it is small, and what a browser shows of it."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from dmm import layered_space
from synthesis.process.records import Record
from synthesis.process.snapshots import with_snapshot
from synthesis.show.film import film
from tests.dmm.show.chromium import find_chromium
from tests.dmm.show.devtools import browser
from vvalues.core.tree import from_buffer

DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
SPACE = layered_space(np.random.default_rng(0))
SIZES = (1486, 1486, 700, 200, 60, 20, 8, 8)


def run_of_a_synthesis(sizes=SIZES, seed=1) -> list[dict]:
    """Records of machines that get smaller, each part of the one before."""
    rng = np.random.default_rng(seed)
    support = SPACE.trainable.support
    order, records = rng.permutation(support.size), []
    for i, size in enumerate(sizes):
        is_there = np.zeros(support.size, bool)
        is_there[order[:size]] = True
        there = support.where(is_there)
        parameters = from_buffer(there, rng.standard_normal(there.size))
        phase, loss = ("dense", 10.0) if i < 2 else ("bite", 10.0**-i)
        plain = Record("train" if i < 2 else "prune", phase, 50 * i, loss, size, 1.0)
        records += with_snapshot([plain], parameters, support)
    return [record.to_dict() for record in records]


def page_of(records) -> str:
    return film(records, SPACE, "a <task>, seed 0", "A synthesis.", "a = b & c")


def test_it_holds_the_records_and_nothing_of_the_network():
    html = page_of(run_of_a_synthesis())
    data = json.loads(DATA.search(html)[1])
    assert [record["links"] for record in data["records"]] == list(SIZES)
    assert ["weights" in record for record in data["records"]] == [x <= 60 for x in SIZES]
    assert [phase["spans"] for phase in data["phases"]] == [[[0, 2]], [[2, 8]]]
    assert len(data["links"]) == 1486 and len(data["nodes"]) == len(SPACE.neurons)
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "<h1>a &lt;task&gt;, seed 0</h1>" in html and "a = b &amp; c" in html


def test_a_run_of_three_hundred_records_is_small():
    sizes = np.geomspace(1486, 8, 300).astype(int).tolist()
    assert len(page_of(run_of_a_synthesis(sizes)).encode()) < 1_000_000


def test_records_without_snapshots_are_shown_without_links():
    records = [Record("train", "dense", 50, np.inf, 1486, 9.0).to_dict()]
    data = json.loads(DATA.search(page_of(records))[1])
    assert data["records"] == [
        {"event": "train", "phase": "dense", "step": 50, "loss": None, "links": 1486}
    ]


def test_what_is_wrong_is_named():
    with pytest.raises(ValueError, match="no records yet"):
        page_of([])
    records = run_of_a_synthesis()
    records[2]["links_there"] = "AAAA"
    with pytest.raises(ValueError, match=r"record 3: links_there holds 3 bytes"):
        page_of(records)


# -------------------- in a browser --------------------

needs_chromium = pytest.mark.skipif(find_chromium() is None, reason="chromium is not installed")

SEEN = """(() => {
  const cells = (name) => (document.querySelector("#matrix ." + name).getAttribute("d")
    .match(/M/g) || []).length;
  const value = (id) => Number(document.getElementById(id).value);
  return { links: value("links"), loss: value("loss"), there: cells("there") + cells("below"),
    below: cells("below"), gone: cells("gone"),
    drawn: document.querySelectorAll("#graph .link").length,
    listed: document.querySelectorAll("#list li").length };
})()"""


@pytest.mark.browser
@needs_chromium
def test_every_record_is_shown_as_it_was(tmp_path):
    records = run_of_a_synthesis()
    file = tmp_path / "film.html"
    file.write_text(page_of(records), encoding="utf-8")
    with browser() as page:
        page.open(file)
        before = None
        for i, record in enumerate(records):
            seen, size = page(SEEN), record["links"]
            assert seen["links"] == seen["there"] == size
            assert seen["loss"] == record["loss"]
            assert seen["gone"] == (0 if before is None else before - size)
            is_small = size <= 60
            assert seen["drawn"] == (size if is_small else 0)
            assert seen["below"] == sum(x < 0 for x in record.get("weights_there", ()))
            assert seen["listed"] == (size if size <= 24 else 0)
            assert page.text("#time") == f"record {i + 1} of {len(records)}"
            before = size
            page.click("#step") if i + 1 < len(records) else page.click("#first")
        assert page.text("#status").startswith("train in dense: 1486 links, loss 10")
        page.click("#curves svg", along=0.99)
        assert page.text("#time") == "record 8 of 8"
        for width in (375, 768, 2000):
            page.resize(width)
            assert page("document.documentElement.scrollWidth") <= width
        bare = Record("train", "dense", 50, np.inf, 1486, 9.0).to_dict()
        file.write_text(page_of([bare]), encoding="utf-8")
        page.open(file)
        assert page.text("#loss") == "not finite"
        assert "not in this record" in page.text("#drawn")
        assert page.troubles == []
