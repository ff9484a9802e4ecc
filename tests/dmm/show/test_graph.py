"""Mermaid, DOT and SVG: exact texts, grammar, hostile names; pictures where the extras are."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from dmm import Machine
from dmm.show import draw, save_graph, to_dot, to_mermaid, to_networkx, to_pdf, to_svg
from dmm.show.drawing import BOX_WIDTH, arrange, curve, row_of
from dmm.zoo import duplicate_detector
from tests.dmm.show.rendered import (
    HOSTILE_NAMES,
    MACHINES,
    hostile_machine,
    published_machine,
    wide_machine,
)
from tests.marks import thorough
from vvalues.core.tree import from_leaves

MERMAID = """\
flowchart LR
  n0["timer<br/>timer"]
  n1["input<br/>input"]
  n2["const_1<br/>const_1"]
  n3["eos<br/>eos"]
  n4["accum-1-2<br/>accum"]
  n5["compare-1-2<br/>compare"]
  n6["dot-2-2<br/>dot"]
  n7["norm-2-1<br/>norm"]
  n8["compare-3-1<br/>compare"]
  n9["compare-4-2<br/>compare"]
  n10["compare-5-1<br/>compare"]
  n11["output<br/>output"]
  n4 ==>|"dict-1 +1.000 hard"| n4
  n1 -->|"dict-2 +0.761"| n4
  n2 -.->|"pair -0.887"| n5
  n5 -.->|"pair -0.891"| n8
  n7 -->|"pair +0.508"| n8
  n7 -.->|"pair -1.203"| n9
  n6 -->|"pair +1.369"| n10
  n4 -.->|"dict-1 -0.685"| n6
  n1 -.->|"dict-1 -0.518"| n6
  n3 -.->|"dict-2 -1.290"| n6
  n0 ==>|"timer +1.000 hard"| n1
  n4 -->|"dict +0.680"| n7
  n1 -.->|"dict -0.504"| n7
  n8 -.->|"dict-1 -1.257"| n11
  n9 -->|"dict-1 +1.070"| n11
  n10 -->|"dict-2 +1.086"| n11
  n0 ==>|"timer +1.000 hard"| n0"""

DOT = """\
digraph "small" {
  graph [rankdir=LR, fontname="sans-serif"];
  node [shape=box, style=rounded, fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  n0 [label="stream\\nstream"];
  n1 [label="accum\\naccum"];
  n2 [label="output\\noutput"];
  n1 -> n1 [label="dict-1 +1.000", penwidth=1.50, color="#1a5fa8:invis:#1a5fa8"];
  n0 -> n1 [label="dict-2 +0.500", penwidth=1.00, color="#1a5fa8"];
  n1 -> n2 [label="dict-1 -2.000", penwidth=2.50, color="#b04508", style=dashed, arrowhead=empty];
}"""

MERMAID_LINE = re.compile(
    r"""flowchart\ LR
    | \ \ n\d+\["[^"`<>]*<br/>[^"`<>]*"\]
    | \ \ n\d+\ (==>|-->|-\.->)\|"[^"`<>]*"\|\ n\d+
    | \ \ %%\ …\ [\d,]+\ more\ links""",
    re.VERBOSE,
)
STRING = r'"(?:[^"\\]|\\["\\n])*"'
DOT_LINE = re.compile(
    rf"""digraph\ {STRING}\ \{{
    | \ \ (graph|node|edge)\ \[[a-zA-Z]+=(\w+|{STRING})(,\ [a-z]+=(\w+|{STRING}))*\];
    | \ \ n\d+\ \[label={STRING}\];
    | \ \ n\d+\ ->\ n\d+\ \[label={STRING},\ penwidth=\d\.\d\d,\ color={STRING}
        (,\ style=dashed,\ arrowhead=empty)?\];
    | \}}""",
    re.VERBOSE,
)


def small_machine() -> Machine:
    return Machine(
        {"stream": "stream", "accum": "accum", "output": "output"},
        from_leaves({("accum", "dict-1", "accum", "dict"): 1.0}),
        from_leaves(
            {
                ("accum", "dict-2", "stream", "stream"): 0.5,
                ("output", "dict-1", "accum", "dict"): -2.0,
            }
        ),
        name="small",
    )


def test_mermaid_of_the_published_machine():
    assert to_mermaid(published_machine()) == MERMAID


def test_dot_of_a_small_machine():
    assert to_dot(small_machine()) == DOT


@pytest.mark.parametrize("name", MACHINES)
def test_mermaid_lines_are_well_formed(name):
    for line in to_mermaid(MACHINES[name]()).split("\n"):
        assert MERMAID_LINE.fullmatch(line), line


@pytest.mark.parametrize("name", MACHINES)
def test_dot_lines_are_well_formed(name):
    for line in to_dot(MACHINES[name]()).split("\n"):
        assert DOT_LINE.fullmatch(line), line


def test_large_machines_are_shortened():
    assert to_mermaid(wide_machine(158)).endswith("\n  %% … 118 more links")
    assert to_dot(wide_machine(158)).endswith('  graph [label="… 118 more links"];\n}')
    assert to_mermaid(wide_machine(158)).count("-->") == 40
    assert "… 118 more links" in to_svg(wide_machine(158))


def test_the_two_links_of_a_pair_stay_apart_if_one_is_fixed():
    machine = published_machine()
    path = "compare-4-2", "dict-1", "norm-2-1", "norm"
    weight = machine.trainable[path]
    machine = Machine(
        machine.neurons,
        machine.fixed.at(path).set(weight),
        machine.trainable.at(path).remove(),
    )
    assert to_mermaid(machine).count("pair") == 4


# -------------------- SVG --------------------


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


@pytest.mark.parametrize("name", MACHINES)
def test_svg_is_well_formed_and_inside_its_frame(name):
    machine = MACHINES[name]()
    root = parsed(to_svg(machine))
    space = "{http://www.w3.org/2000/svg}"
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    assert {e.tag.removeprefix(space) for e in root.iter()} <= {
        "svg",
        "style",
        "g",
        "title",
        "path",
        "rect",
        "text",
    }
    assert not [a for e in root.iter() for a in e.attrib if a.startswith("on") or "href" in a]
    for text in root.iter(f"{space}text"):
        assert 0 < float(text.attrib["x"]) < width
        assert 0 < float(text.attrib["y"]) < height
    numbers = [
        float(x)
        for path in root.iter(f"{space}path")
        if "tip" not in path.attrib["class"]
        for x in re.findall(r"-?\d+\.\d+", path.attrib["d"])
    ]
    assert min(numbers, default=0) >= 0
    assert max(numbers, default=0) <= max(width, height)


def test_svg_shows_every_link_with_its_full_names():
    root = parsed(to_svg(published_machine()))
    titles = [e.text for e in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "norm-2-1.norm → compare-4-2.dict-1  -0.598" in titles
    assert "timer.timer → input.timer  +1.000 (hard)" in titles
    assert len(titles) == 12 + 22


def test_sign_and_hardness_do_not_hang_on_colour():
    svg = to_svg(published_machine())
    assert ".dmm-graph .neg .line { stroke: var(--neg); stroke-dasharray: 6 4; }" in svg
    assert svg.count('class="gap"') == 3  # hard links are double lines
    root = parsed(svg)
    negative = [e for e in root.iter() if e.attrib.get("class") == "edge neg"]
    assert len(negative) == sum(k.weight < 0 for k in published_machine().links())


@pytest.mark.parametrize("name", MACHINES)
def test_boxes_do_not_overlap_and_links_end_at_their_rows(name):
    drawing = arrange(MACHINES[name]())
    boxes = list(drawing.boxes.values())
    for i, one in enumerate(boxes):
        for other in boxes[:i]:
            apart = abs(one.x - other.x) >= BOX_WIDTH
            above = one.y + one.height <= other.y or other.y + other.height <= one.y
            assert apart or above
    for link, route in drawing.routes:
        x, y = curve(link, route)[-1][1][-1]
        assert route[-1].neuron == link.neuron_in
        assert y == route[-1].row_y(row_of(link, route[-1]))
        assert x < route[-1].x


# -------------------- extras --------------------


def test_renderings_import_no_optional_package():
    code = (
        "import sys, dmm.show\n"
        "from dmm.zoo import duplicate_detector\n"
        "for render in dmm.show.RENDERINGS.values():\n"
        "    render(duplicate_detector())\n"
        "dmm.show.to_svg(duplicate_detector())\n"
        "found = {'matplotlib', 'networkx', 'graphviz', 'rich', 'IPython', 'pandas'}\n"
        "print(sorted(found & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_networkx_graph_holds_every_link():
    networkx = pytest.importorskip("networkx")
    graph = to_networkx(published_machine())
    assert isinstance(graph, networkx.MultiDiGraph)
    assert graph.nodes["norm-2-1"] == {"kind": "norm"}
    weights = sorted(data["weight"] for *_, data in graph.edges(data=True))
    assert weights == sorted(link.weight for link in published_machine().links())
    assert networkx.has_path(graph, "input", "output")
    assert "weight" in "".join(networkx.generate_graphml(graph))


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(ImportError, match=r"networkx .*extra 'graph': pip install"):
        to_networkx(duplicate_detector())


def test_the_graph_can_be_drawn_on_axes():
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    _, ax = plt.subplots()
    assert draw(small_machine(), ax) is ax
    assert [text.get_text() for text in ax.texts][:2] == ["stream", "stream"]
    plt.close("all")


def test_svg_files_need_no_extra(tmp_path):
    file = save_graph(published_machine(), tmp_path / "machine.svg")
    assert parsed(file.read_text(encoding="utf-8")).tag.endswith("svg")


@pytest.mark.parametrize("name", ["hostile", "empty", *thorough("published", "dense")])
def test_pictures_through_matplotlib(tmp_path, name):
    pytest.importorskip("matplotlib")
    from matplotlib.image import imread

    file = save_graph(MACHINES[name](), tmp_path / "machine.png")
    picture = imread(file)[..., :3]
    if MACHINES[name]().neurons:
        assert np.mean(picture < 0.9) > 0.005  # something is drawn
        assert picture[:3].min() == 1.0  # and nothing touches the edge
        assert picture[:, :3].min() == 1.0


def test_pictures_through_graphviz(tmp_path):
    pytest.importorskip("graphviz")
    try:
        file = save_graph(published_machine(), tmp_path / "machine.svg", engine="graphviz")
    except ImportError as error:
        pytest.skip(str(error))
    texts = [e.text for e in parsed(file.read_text(encoding="utf-8")).iter() if e.text]
    assert {"norm-2-1", "pair +1.369"} <= set(texts)


def test_engines_are_checked(tmp_path):
    with pytest.raises(ValueError, match="engine is 'paint'; expected one of svg, matplotlib"):
        save_graph(small_machine(), tmp_path / "machine.svg", engine="paint")
    with pytest.raises(ValueError, match=r"writes \.svg files; use 'matplotlib'"):
        save_graph(small_machine(), tmp_path / "machine.png", engine="svg")


def test_hostile_names_reach_dot_and_mermaid_as_text():
    dot, mermaid = to_dot(hostile_machine()), to_mermaid(hostile_machine())
    assert r'"say \"hi\" \\ ' in dot
    assert "&amp;lt;&amp;amp;#34;" in dot
    assert '"say #34;hi#34; #92; #39;ho#39;' in mermaid
    assert len(HOSTILE_NAMES) + 2 == len(re.findall(r"^  n\d+ \[", dot, re.MULTILINE))


@pytest.mark.thorough
def test_a_page_of_pdf_is_the_same_every_time():
    pytest.importorskip("matplotlib", reason="matplotlib draws it")
    machine = MACHINES["published"]()
    page = to_pdf(machine)
    assert page.startswith(b"%PDF-") and page == to_pdf(machine)
