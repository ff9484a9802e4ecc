"""Link table and tree: exact texts of small machines, shortening, hostile names."""

from __future__ import annotations

import pytest

from dmm import Machine, get_neuron_type, neuron_type
from dmm.show import (
    diagnose,
    equations,
    headline,
    layers,
    reading_order,
    report,
    shown_links,
    table,
    to_dot,
    to_mermaid,
    tree,
    type_table,
)
from dmm.show.labels import pad, plain, shorten, unique_labels, weight_text, width
from dmm.zoo import duplicate_detector
from tests.dmm.machines import library_types
from tests.dmm.show.rendered import (
    HOSTILE_NAMES,
    MACHINES,
    ZOO,
    dense_machine,
    published_machine,
    recurrent_machine,
    wide_machine,
)
from tests.marks import thorough

TABLE = """\
Machine sparse20 · 12 neurons · 22 links (19 soft, 3 hard) · Σ|soft| 12.71
timer        timer
  .timer     <= +1.000 ████   timer.timer        ↺
input        input    source
  .timer     <= +1.000 ████   timer.timer
const_1      const_1  constant: .const_1 = 1
eos          eos      constant: .char = {".": 1}
accum-1-2    accum
  .dict-1    <= +1.000 ████   accum-1-2.dict     ↺
  .dict-2    <- +0.761 ███    input.char
compare-1-2  compare  constant: .false = 0.887; unread: .true
  .dict-1    <- -0.448 ██     const_1.const_1    ⎫ pair, 2%
  .dict-2    <- +0.439 ██     const_1.const_1    ⎭
dot-2-2      dot
  .dict-1    <- -0.685 ███    accum-1-2.dict
  .dict-1    <- -0.518 ██     input.char
  .dict-2    <- -1.290 █████  eos.char
norm-2-1     norm
  .dict      <- +0.680 ███    accum-1-2.dict
  .dict      <- -0.504 ██     input.char
compare-3-1  compare  unread: .true
  .dict-1    <- -0.441 ██     compare-1-2.false  pair a, 2%
  .dict-1    <- +0.258 █      norm-2-1.norm      pair b, 3%
  .dict-2    <- +0.450 ██     compare-1-2.false  pair a
  .dict-2    <- -0.251 █      norm-2-1.norm      pair b
compare-4-2  compare  unread: .true
  .dict-1    <- -0.598 ██     norm-2-1.norm      ⎫ pair, 1%
  .dict-2    <- +0.604 ██     norm-2-1.norm      ⎭
compare-5-1  compare  unread: .false
  .dict-1    <- +0.679 ███    dot-2-2.dot        ⎫ pair, 1%
  .dict-2    <- -0.689 ███    dot-2-2.dot        ⎭
output       output   sink
  .dict-1    <- -1.257 █████  compare-3-1.false
  .dict-1    <- +1.070 ████   compare-4-2.false
  .dict-2    <- +1.086 ████   compare-5-1.true
<= hard  <- soft  ↺ self-loop   0 dead neurons, 4 unread outputs"""

TREE = """\
duplicate-detector
├─ timer (timer) / timer / timer.timer  +1  hard ↺
├─ input (input) / timer / timer.timer  +1  hard
├─ accum (accum)
│  ├─ dict-1 / accum.dict  +1  hard ↺
│  └─ dict-2 / input.char  +1
├─ dot (dot)
│  ├─ dict-1 / accum.dict  +1
│  └─ dict-2 / eos.char  +1
├─ norm (norm) / dict / accum.dict  +1
├─ compare (compare)
│  ├─ dict-1 / norm.norm  +1
│  └─ dict-2 / const_1.const_1  +1
└─ output (output)
   ├─ dict-1 / compare.true  +1
   └─ dict-2 / dot.dot  +1"""

GATED = ("lstm", "gru")


def test_the_table_of_the_published_machine():
    assert table(published_machine()) == TABLE


def test_a_machine_prints_as_its_table():
    assert str(published_machine()) == TABLE


def test_the_tree_of_the_handcrafted_machine():
    assert tree(duplicate_detector()) == TREE


def test_the_empty_machine():
    assert table(Machine({})) == (
        "Machine machine · 0 neurons · 0 links\n0 dead neurons, 0 unread outputs"
    )
    assert tree(Machine({})) == "machine\n└─ no links"


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("rendering", [table, tree])
def test_every_machine_is_printable_on_lines_without_trailing_blanks(rendering, name):
    text = rendering(MACHINES[name]())
    for line in text.split("\n"):
        assert line.isprintable()
        assert line == line.rstrip()
        assert width(line) <= 120 or line.startswith("Machine")


@pytest.mark.parametrize("name", ["published", "handcrafted", "hostile"])
def test_senders_stand_in_one_column(name):
    rows = [line for line in table(MACHINES[name]()).split("\n") if line.startswith("  .")]
    starts = set()
    for row in rows:
        head, arrow, rest = row.partition("<= ") if "<= " in row else row.partition("<- ")
        sender = rest[7:].lstrip("█ ")
        starts.add(width(head) + len(arrow) + width(rest) - width(sender))
    assert len(starts) == 1


@pytest.mark.parametrize("name", [*(n for n in ZOO if n not in GATED), *thorough(*GATED)])
def test_machines_of_the_zoo_in_every_rendering(name):
    machine = ZOO[name]()
    for rendering in (table, tree, equations, diagnose, to_mermaid, to_dot):
        assert all(line.isprintable() for line in str(rendering(machine)).split("\n"))
    assert "</html>" in report(machine)


def test_large_machines_show_the_forty_largest_links():
    text = table(wide_machine(158)).split("\n")
    rows = [line for line in text if line.startswith("  .")]
    assert len(rows) == 40
    assert rows[0].split() == [".dict-1", "<-", "+119.000", "████", "accum-119.dict"]
    assert "… 118 more links, 158 neurons without a link shown" in text
    assert "… 118 more links" in tree(wide_machine(158))


def test_sixty_links_are_shown_in_full():
    assert "…" not in table(wide_machine(59))
    assert len(shown_links(wide_machine(60))[0]) == 60
    assert len(shown_links(wide_machine(61))[0]) == 40


def test_customary_and_inert_links_are_left_out_first():
    links, n_hidden = shown_links(dense_machine())
    assert n_hidden == 1486 + 12 - 40
    assert not any(link.is_fixed for link in links)
    smallest = min(abs(link.weight) for link in links)
    larger = [k for k in dense_machine().links() if not k.is_fixed and abs(k.weight) >= smallest]
    assert len(larger) == 40


def test_long_names_with_equal_ends_get_different_labels():
    labels = unique_labels(HOSTILE_NAMES, 28)
    assert len(set(labels.values())) == len(HOSTILE_NAMES)
    assert all(width(label) <= 30 and label.isprintable() for label in labels.values())


def test_labels():
    assert plain("\N{RIGHT-TO-LEFT OVERRIDE}") == r"\u202e"
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "ab…efg"
    assert width(shorten("\N{FIRE}" * 20, 9)) <= 9
    assert width(pad("\N{FIRE}", 5)) == 5
    assert [weight_text(x) for x in (0.0, -0.5, 12345.0, 1e-9)] == [
        "+0.000",
        "-0.500",
        "+1.2e+04",
        "+1.0e-09",
    ]


# -------------------- the order of reading --------------------


def test_sources_come_first_and_sinks_last():
    order = reading_order(duplicate_detector())
    assert order == [
        "timer",
        "input",
        "const_1",
        "eos",
        "accum",
        "dot",
        "norm",
        "compare",
        "output",
    ]


@pytest.mark.parametrize("name", MACHINES)
def test_the_layers_hold_every_neuron_once(name):
    machine = MACHINES[name]()
    order = [neuron for layer in layers(machine) for neuron in layer]
    assert sorted(order) == sorted(machine.neurons)


def test_a_fully_recurrent_machine_stays_compact():
    assert len(layers(recurrent_machine())) <= 4


def test_the_headline_counts():
    assert headline(published_machine()) == (
        "12 neurons · 22 links (19 soft, 3 hard) · Σ|soft| 12.71"
    )


# -------------------- the types --------------------


def test_every_type_of_the_library_has_a_line_that_says_what_it_does():
    head, *lines = type_table(library_types()).splitlines()
    assert head.split() == ["type", "reads", "writes", "does"]
    assert [line.split()[0] for line in lines] == list(library_types())
    for name, line in zip(library_types(), lines, strict=True):
        said = get_neuron_type(name).activation.__doc__.split("\n")[0].replace("``", "")
        assert said and line.endswith(said)
    columns = {line.index("Largest") for line in lines if line.startswith("norm ")}
    assert columns == {head.index("does")}


def test_a_type_of_a_user_is_there_at_once():
    @neuron_type("two\nlines for the table", reads=["a", "b"], writes=["c"])
    def undocumented(inputs):
        return {}

    lines = type_table().splitlines()
    assert [line for line in lines if line.startswith(r"two\nlines for the table")]
    assert len(lines) == len(set(lines))
