"""The page to play on, in a real browser: typed into, clicked on, and read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dmm import Machine, run, streams_from_trees, superfluid_space, text_streams
from dmm.machine import Circuit, Wire
from dmm.machine.streams import Streams
from dmm.show import play_page
from dmm.show.export.interface import interface_of
from dmm.show.export.statements import statements
from dmm.show.play.page import NUMBERS, TEXT
from dmm.zoo import duplicate_detector
from tests.dmm.show.chromium import find_chromium
from tests.dmm.show.devtools import Page, browser
from tests.dmm.show.rendered import MACHINES, small_recurrent_machine
from vvalues import VValue
from vvalues.core.tree import from_leaves

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="chromium is not installed"),
]

NEAR = 1e-9
DETECTOR = duplicate_detector()
DEFAULT = list(map(float, NUMBERS))


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browser() as opened:
        yield opened


@pytest.fixture
def opened(page, tmp_path) -> Callable[..., Page]:
    def open_page(machine: Machine, width: int = 1280, is_dark: bool = False) -> Page:
        file = tmp_path / "page.html"
        file.write_text(play_page(machine), encoding="utf-8")
        page.troubles.clear()
        page.open(file, width, is_dark=is_dark)
        return page

    return open_page


ALL_TICKS = """(() => {
  const found = [], bar = document.getElementById("tick"), step = document.getElementById("step");
  document.getElementById("first").click();
  while (Number(bar.value) < Number(bar.max)) {
    step.click();
    found.push(Object.fromEntries([...document.querySelectorAll("[data-output]")].map(
      (place) => [place.dataset.output, JSON.parse(place.value)])));
  }
  return found;
})()"""


def assert_shows(page: Page, machine: Machine, streams: Streams) -> None:
    """What stands on the page at every tick is what the engine has there."""
    found = page(ALL_TICKS)
    assert len(found) == streams.ticks
    interface = interface_of(statements(machine).machine)
    trace = run(machine, streams)
    trees = trace.outputs if interface.are_outputs else trace.inputs
    for shown, tree in zip(found, trees, strict=True):
        assert set(shown) == {"/".join(port) for port in interface.observed}
        for port in interface.observed:
            wanted = {"/".join(path): x for path, x in tree.subtree(port).items()}
            for key in wanted.keys() | shown["/".join(port)].keys():
                difference = shown["/".join(port)].get(key, 0.0) - wanted.get(key, 0.0)
                assert abs(difference) <= NEAR, (port, key)
    assert page.troubles == []


def numbers(values: list[float], ticks: int, source: str = "input") -> Streams:
    """Numbers as the page feeds them: one per tick, then nothing."""
    array = np.zeros((ticks, 1, 1))
    array[: len(values), 0, 0] = values
    return Streams((((),),), {source: array}, ticks)


def with_weight(machine: Machine, link: str, weight: float) -> Machine:
    """A machine with another weight of one link, called as on the page."""
    for path in machine.matrix.support.paths:
        if f"{path[0]}.{path[1]} ← {path[2]}.{path[3]}" == link:
            parts = {}
            for part in ("fixed", "trainable"):
                leaves = dict(getattr(machine, part).items())
                if path in leaves:
                    leaves[path] = weight
                parts[part] = from_leaves(leaves)
            return replace(machine, **parts)
    raise AssertionError(link)


def control(page: Page, kind: str, link: str) -> str:
    """The selector of what moves a link: "on", "slide" or "weight"."""
    index = page(
        "[...document.querySelectorAll('#links tr')].find(row => "
        f"row.querySelector('th').innerText.startsWith({json.dumps(link)}))"
        ".querySelector('input').id"
    ).partition("-")[2]
    return f"#{kind}-{index}"


# -------------------- twenty things to do --------------------

IN, NORM, DOT, ONE, MEMORY = (
    "accum.dict-2 ← input.char",
    "norm.dict ← accum.dict",
    "dot.dict-1 ← accum.dict",
    "compare.dict-2 ← const_1.const_1",
    "accum.dict-1 ← accum.dict",
)
USUAL = text_streams(TEXT, 140)


def nothing(page):
    return DETECTOR, USUAL


def another_text(page):
    page.type("#text-input", "aabb.")
    return DETECTOR, text_streams("aabb.", 140)


def a_strange_text(page):
    page.type("#text-input", 'é\\"<b>😀<')
    return DETECTOR, text_streams('é\\"<b>😀<', 140)


def shorter_periods(page):
    page.type("#period", "3")
    return DETECTOR, text_streams(TEXT, 140, period=3)


def fewer_ticks(page):
    page.type("#ticks", "33")
    return DETECTOR, text_streams(TEXT, 33)


def ticks_that_are_wrong_at_first(page):
    page.type("#ticks", "0")
    assert page("document.getElementById('ticks').getAttribute('aria-invalid')") == "true"
    assert "at least 1" in page.text("#status")
    page.type("#ticks", "20")
    assert page("document.getElementById('ticks').getAttribute('aria-invalid')") == "false"
    return DETECTOR, text_streams(TEXT, 20)


def numbers_in_place_of_text(page):
    page.focus("#mode-input")
    page.press("ArrowDown")
    return DETECTOR, numbers(DEFAULT, 140)


def typed_numbers(page):
    numbers_in_place_of_text(page)
    page.type("#numbers-input", "1, x")
    assert "not a list of numbers" in page.text("#status")
    page.type("#numbers-input", "1; -2.5 3e-1")
    return DETECTOR, numbers([1.0, -2.5, 0.3], 140)


def a_stream_drawn_with_the_pointer(page):
    numbers_in_place_of_text(page)
    page.type("#numbers-input", "0 0 0 0")
    page.click("#pad-input", along=0.625, down=0.25)  # the third of four, half way up
    return DETECTOR, numbers([0.0, 0.0, 1.0, 0.0], 140)


def a_stream_drawn_with_keys(page):
    numbers_in_place_of_text(page)
    page.type("#numbers-input", "0 0 0 0")
    page.focus("#pad-input")
    page.press("ArrowRight")
    page.press("ArrowUp", 3)
    page.press("ArrowRight")
    page.press("ArrowDown", 5)
    assert page("document.getElementById('pad-input').getAttribute('aria-valuetext')") == (
        "number 3 of 4: -0.5"
    )
    return DETECTOR, numbers([0.0, 0.3, -0.5, 0.0], 140)


def a_link_switched_off(page):
    page.click(control(page, "on", NORM))
    assert f"{NORM} is off" in page.text("#status")
    return with_weight(DETECTOR, NORM, 0.0), USUAL


def a_link_switched_off_with_the_keyboard(page):
    page.focus(control(page, "on", DOT))
    page.press(" ")
    return with_weight(DETECTOR, DOT, 0.0), USUAL


def a_link_switched_off_in_the_graph(page):
    index = control(page, "on", IN).partition("-")[2]
    x, y = page(
        "(() => { const line = document.querySelector("
        f"'#graph [data-link=\"{index}\"] .line');"
        "line.scrollIntoView({block: 'center'});"
        "const half = line.getPointAtLength(line.getTotalLength() / 2);"
        "const p = half.matrixTransform(line.getScreenCTM()); return [p.x, p.y]; })()"
    )
    page.click_at(x, y)
    return with_weight(DETECTOR, IN, 0.0), USUAL


def a_link_off_and_on_again(page):
    page.click(control(page, "on", NORM))
    page.click(control(page, "on", NORM))
    assert "Nothing that is observed differs" in page.text("#status")
    return DETECTOR, USUAL


def a_hard_link_switched_off(page):
    page.click(control(page, "on", MEMORY))
    return with_weight(DETECTOR, MEMORY, 0.0), USUAL


def a_weight_typed(page):
    page.type(control(page, "weight", ONE), "0.123456789012345")
    return with_weight(DETECTOR, ONE, 0.123456789012345), USUAL


def a_weight_that_is_wrong_at_first(page):
    field = control(page, "weight", ONE)
    page.type(field, "-")
    page.type(field, "-2e-3")
    return with_weight(DETECTOR, ONE, -2e-3), USUAL


def a_weight_moved_with_keys(page):
    page.focus(control(page, "slide", NORM))
    page.press("ArrowLeft", 7)
    return with_weight(DETECTOR, NORM, 0.93), USUAL


def two_links_changed(page):
    page.type(control(page, "weight", NORM), "-1.5")
    page.click(control(page, "on", ONE))
    return with_weight(with_weight(DETECTOR, NORM, -1.5), ONE, 0.0), USUAL


def everything_mended(page):
    two_links_changed(page)
    assert not page("document.getElementById('mend').disabled")
    page.click("#mend")
    assert page("document.getElementById('mend').disabled")
    return DETECTOR, USUAL


def damage_and_another_text(page):
    page.type(control(page, "weight", DOT), "2")
    page.type("#text-input", "b.b.")
    return with_weight(DETECTOR, DOT, 2.0), text_streams("b.b.", 140)


@pytest.mark.parametrize(
    "act",
    [
        nothing,
        another_text,
        a_strange_text,
        shorter_periods,
        fewer_ticks,
        ticks_that_are_wrong_at_first,
        numbers_in_place_of_text,
        typed_numbers,
        a_stream_drawn_with_the_pointer,
        a_stream_drawn_with_keys,
        a_link_switched_off,
        a_link_switched_off_with_the_keyboard,
        a_link_switched_off_in_the_graph,
        a_link_off_and_on_again,
        a_hard_link_switched_off,
        a_weight_typed,
        a_weight_that_is_wrong_at_first,
        a_weight_moved_with_keys,
        two_links_changed,
        everything_mended,
        damage_and_another_text,
    ],
)
def test_what_is_done_to_the_detector(act, opened):
    page = opened(DETECTOR)
    assert_shows(page, *act(page))


def test_what_differs_is_counted(opened):
    page = opened(DETECTOR)
    page.type(control(page, "weight", ONE), "0.5")
    damaged = with_weight(DETECTOR, ONE, 0.5)
    one, other = (
        [tree["output", "dict-1", ":number"] for tree in run(machine, USUAL).inputs]
        for machine in (DETECTOR, damaged)
    )
    n_same = sum(abs(x - y) <= NEAR for x, y in zip(one, other, strict=True))
    rows = page("[...document.querySelectorAll('#outputs tr')].map(row => row.cells[3].innerText)")
    assert rows == [f"{n_same} of 140 ticks", "every tick"]
    assert f"differs at {140 - n_same} of 140 ticks" in page.text("#status")
    assert "may not hold now" in page.text("#holds")


# -------------------- other machines --------------------


def test_a_machine_of_numbers(opened):
    assert_shows(
        opened(small_recurrent_machine()), small_recurrent_machine(), numbers(DEFAULT, 40, "stream")
    )


def test_superfluid_machines_are_played_in_elementary_neurons(opened):
    machine = superfluid_space(np.random.default_rng(3), 2, 0.3)
    assert_shows(opened(machine), machine, USUAL)


def test_a_machine_of_samples_takes_rows(opened):
    wires = [
        Wire("accum", "dict-2", "stream-x", "stream"),
        Wire("accum", "dict-1", "accum", "dict", lag=1),
        Wire("output", "dict-1", "accum", "dict"),
    ]
    neurons = {"stream-x": "stream", "accum": "accum", "output": "output"}
    machine, pace = Circuit(neurons, wires).lowered(ticks=2)
    page = opened(machine)
    page.type("#numbers-stream-x", "1 2 3")
    held = [*np.repeat([1.0, 2.0, 3.0], 2), *[0.0] * pace.delay]
    assert_shows(page, machine, numbers(held, len(held), "stream-x"))


def test_two_streams_of_two_kinds(opened):
    links = {
        ("accum", "dict-1", "stream-1", "stream"): 1.0,
        ("accum", "dict-2", "stream-2", "stream"): -0.5,
        ("output", "dict-1", "accum", "dict"): 2.0,
    }
    neurons = {"stream-1": "stream", "stream-2": "stream", "accum": "accum", "output": "output"}
    machine = Machine(neurons, trainable=from_leaves(links))
    page = opened(machine)
    page.focus("#mode-stream-1")
    page.press("ArrowUp")
    page.type("#text-stream-1", "ab")
    page.type("#period", "2")
    page.type("#numbers-stream-2", "4 3 2 1")
    letters = ["a" if t == 0 else "b" for t in range(40)]
    trees = [VValue({letter: 1.0} if t % 2 == 0 else {}) for t, letter in enumerate(letters)]
    others = [VValue({":number": x}) for x in (4.0, 3.0, 2.0, 1.0)] + [VValue()] * 36
    assert_shows(page, machine, streams_from_trees({"stream-1": [trees], "stream-2": [others]}))


# -------------------- time, equations, copies --------------------


def test_the_bar_of_time(opened):
    page = opened(DETECTOR)
    assert page.text("#time") == "tick 0 of 140"
    page.click("#step")
    page.click("#step")
    page.click("#back")
    assert page.text("#time") == "tick 1 of 140"
    assert page.text("#status").startswith("Tick 1: output/dict-1 0")
    page.focus("#tick")
    page.press("ArrowRight", 14)
    assert page.text("#time") == "tick 15 of 140"
    page.press("End")
    assert page.text("#time") == "tick 140 of 140"
    page.click("#first")
    assert page("[first.disabled, back.disabled, step.disabled]") == [True, True, False]


def test_it_plays_to_the_end_and_can_be_paused(opened):
    page = opened(DETECTOR)
    page.type("#ticks", "3")
    page.click("#play")
    assert page.text("#play") == "Pause"
    assert page("document.getElementById('play').getAttribute('aria-pressed')") == "true"
    page("new Promise(done => setInterval(() => tick.value == 3 && done(true), 20))")
    page("new Promise(done => setInterval(() => play.innerText == 'Play' && done(true), 20))")
    page.type("#ticks", "140")
    page.focus("#play")
    page.press("Enter")
    page.press("Enter")
    assert page.text("#play") == "Play"


def test_equations_are_lit_while_they_are_not_zero(opened):
    page = opened(DETECTOR)
    page.type("#text-input", "aab.")
    trace = run(DETECTOR, text_streams("aab.", 140))
    page.focus("#tick")
    for tick in (1, 3, 15, 34):
        page.press("Home")
        page.press("ArrowRight", tick)
        lit = page("[...document.querySelectorAll('#equations li')].map(x => x.classList[0])")
        inputs, outputs = trace.inputs[tick - 1], trace.outputs[tick - 1]
        streams = [
            outputs.subtree(("accum", "dict")),
            outputs.subtree(("norm", "norm")),
            outputs.subtree(("dot", "dot")),
            inputs.subtree(("output", "dict-1")),
            inputs.subtree(("output", "dict-2")),
        ]
        assert [each == "lit" for each in lit] == [bool(any(s.buffer)) for s in streams]


def test_what_is_copied(opened):
    page = opened(DETECTOR)
    page("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    for button, text in (
        ("#copy-text", DETECTOR.equations()),
        ("#copy-latex", DETECTOR.latex()),
        ("#copy-program", DETECTOR.to_javascript()),
    ):
        page.click(button)
        assert page("window.copied") == text
        assert "copied" in page.text("#status")


# -------------------- for everyone --------------------


@pytest.mark.parametrize("name", MACHINES)
def test_nothing_overflows_at_any_width(name, opened):
    page = opened(MACHINES[name](), 375)
    for width in (375, 768, 1280, 2000):
        page.resize(width)
        assert page("document.documentElement.scrollWidth") <= width
    assert page.troubles == []


def test_every_control_has_a_name_and_can_be_reached(opened):
    page = opened(DETECTOR)
    page.send("Accessibility.enable")
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "slider", "checkbox", "textbox", "spinbutton", "combobox", "status"}
    found = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored") and node.get("role", {}).get("value") in roles
    ]
    assert {role for role, _ in found} == roles
    assert all(name for role, name in found if role != "status"), found
    page("document.activeElement.blur()")
    reached = set()
    for _ in range(80):
        page.press("Tab")
        reached.add(page("document.activeElement.id"))
        assert page(
            "document.activeElement === document.body"
            " || getComputedStyle(document.activeElement).outlineStyle !== 'none'"
        )
    assert {"text-input", "play", "tick", "graph", "copy-text"} <= reached
    assert {f"on-{i}" for i in range(11)} <= reached


@pytest.mark.parametrize(
    ("is_dark", "paper"), [(False, "rgb(251, 250, 247)"), (True, "rgb(20, 23, 28)")]
)
def test_light_and_dark(is_dark, paper, opened):
    page = opened(DETECTOR, is_dark=is_dark)
    assert page("getComputedStyle(document.querySelector('main')).backgroundColor") == paper


def test_hostile_names_stay_names(opened):
    machine = MACHINES["hostile"]()
    page = opened(machine)
    assert page.text("h1") == machine.name
    assert page("document.title") == machine.name
    assert page("document.querySelectorAll('img').length") == 0
    assert_shows(page, machine, numbers(DEFAULT, 40))


def test_it_asks_for_nothing_and_runs_its_own_scripts_only(page, tmp_path):
    html = play_page(DETECTOR)
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in html
    file = tmp_path / "page.html"
    file.write_text(
        html.replace("</main>", "<script>document.title = 'pwned'</script></main>"),
        encoding="utf-8",
    )
    page.troubles.clear()
    page.open(Path(file))
    assert page("document.title") == DETECTOR.name
    assert any("Content Security Policy" in trouble for trouble in page.troubles)
    assert page("performance.getEntriesByType('resource').length") == 0
