"""A machine as text: the link table, the tree of its network matrix; and the table of types."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from itertools import groupby

import vvalues as vv

from ..machine.machine import Link, Machine
from ..machine.wiring import by_receiver
from ..neurons import Field, get_neuron_type, neuron_types
from .diagnostics import Diagnostics, Pair, diagnose
from .labels import constant_text, count, number_text, pad, plain, unique_labels, weight_text, width
from .reading import largest_weight, reading_order, shown_links, shown_neurons

__all__ = ["SELF_LOOP", "LinkTable", "headline", "table", "tree", "type_table"]

NAME_WIDTH = 28
FIELD_WIDTH = 16
BAR_WIDTH = 5
SELF_LOOP = "↺"


def headline(machine: Machine) -> str:
    """Counts of neurons and links on one line.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> headline(duplicate_detector())
    '9 neurons · 11 links (8 soft, 3 hard) · Σ|soft| 8'
    """
    n_soft, n_hard = len(machine.trainable), len(machine.fixed)
    text = f"{count(len(machine.neurons), 'neuron')} · {count(n_soft + n_hard, 'link')}"
    if n_soft or n_hard:
        text += f" ({n_soft:,} soft, {n_hard:,} hard)"
    if n_soft:
        text += f" · Σ|soft| {vv.l1_norm(machine.trainable):.4g}"
    return text


# -------------------- the link table --------------------


def table(machine: Machine) -> str:
    """The links grouped by receiving neuron, in the order of reading.

    Hard (fixed) links are marked ``<=`` and soft (trainable) ones ``<-``; bars are relative to the
    largest weight. Beyond 60 links the 40 largest are shown.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> print("\\n".join(table(duplicate_detector()).splitlines()[:5]))
    Machine duplicate-detector · 9 neurons · 11 links (8 soft, 3 hard) · Σ|soft| 8
    timer      timer
      .timer   <= +1.000 █████  timer.timer      ↺
    input      input    source
      .timer   <= +1.000 █████  timer.timer
    """
    return "\n".join(line.rstrip() for line in _TextTable(machine).lines())


class LinkTable:
    """What link tables have in common, as text and as HTML: links by receiver, notes, marks."""

    def __init__(self, machine: Machine, name_cells: int) -> None:
        self.machine = machine
        self.diagnostics = diagnose(machine)
        self.inert = set(self.diagnostics.inert)
        self.links, self.n_hidden = shown_links(machine)
        self.into = by_receiver(self.links)
        self.marks = pair_marks(self.links, self.diagnostics.pairs)
        self.neurons = shown_neurons(machine, self.links, self.n_hidden)
        self.labels = unique_labels(machine.neurons, name_cells)
        self.largest = largest_weight(self.links)

    def mark(self, link: Link) -> str:
        """What ties a link to the other one of its pair."""
        return self.marks.get((link.path, link.is_fixed), "")

    def hidden(self) -> str:
        """What is left out; empty if nothing is."""
        n_neurons = len(self.machine.neurons) - len(self.neurons)
        if not self.n_hidden and not n_neurons:
            return ""
        return f"… {self.n_hidden:,} more links, {n_neurons:,} neurons without a link shown"

    def notes(self, neuron: str) -> str:
        """What to say about one neuron beside its type."""
        return "; ".join(notes_of(self.machine, self.diagnostics, neuron))


class _TextTable(LinkTable):
    """One table with its column widths."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, NAME_WIDTH)
        self.fields = unique_labels(
            {key: None for link in self.links for key in (link.field_in, link.field_out)},
            FIELD_WIDTH,
        )
        names = [width(self.labels[n]) for n in self.neurons]
        fields = [width(self.fields[link.field_in]) + 3 for link in self.links]
        self.name_width = max([*names, *fields, 0]) + 2
        type_names = [width(plain(machine.neurons[n])) for n in self.neurons]
        self.type_width = max(type_names, default=0) + 2
        self.weight_width = max((len(weight_text(k.weight)) for k in self.links), default=0)
        self.sender_width = max((width(self._sender(k)) for k in self.links), default=0) + 2

    def lines(self) -> Iterable[str]:
        yield f"Machine {plain(self.machine.name)} · {headline(self.machine)}"
        for neuron in self.neurons:
            yield self._neuron(neuron)
            yield from map(self._link, self.into[neuron])
        if self.hidden():
            yield self.hidden()
        legend = f"<= hard  <- soft  {SELF_LOOP} self-loop   " if self.links else ""
        yield legend + self.diagnostics.summary()

    def _neuron(self, neuron: str) -> str:
        type_name = pad(plain(self.machine.neurons[neuron]), self.type_width)
        return f"{pad(self.labels[neuron], self.name_width)}{type_name}{self.notes(neuron)}"

    def _link(self, link: Link) -> str:
        arrow = "<=" if link.is_fixed else "<-"
        weight = weight_text(link.weight).rjust(self.weight_width)
        bar = _bar(link.weight, self.largest).ljust(BAR_WIDTH)
        mark = self.mark(link)
        if link.neuron_in == link.neuron_out:
            mark = f"{SELF_LOOP} {mark}"
        if link in self.inert:
            mark = f"inert {mark}"
        head = pad(f"  .{self.fields[link.field_in]}", self.name_width)
        return f"{head}{arrow} {weight} {bar}  {pad(self._sender(link), self.sender_width)}{mark}"

    def _sender(self, link: Link) -> str:
        return f"{self.labels[link.neuron_out]}.{self.fields[link.field_out]}"


def _bar(weight: float, largest: float) -> str:
    """Blocks in proportion to the weight; a link that is there has at least one."""
    if not weight:
        return ""
    return "█" * max(1, round(BAR_WIDTH * min(abs(weight) / largest, 1.0)))


def notes_of(machine: Machine, diagnostics: Diagnostics, neuron: str) -> list[str]:
    """What to say about one neuron beside its type."""
    neuron_type = machine.type_of(neuron)
    notes = ["source"] if neuron_type.is_source else []
    if not neuron_type.writes:
        notes.append("sink")
    for field in neuron_type.writes:
        value = diagnostics.constants.get((neuron, field.name))
        if value is not None and ((neuron, field.name) not in diagnostics.unread):
            notes.append(f"constant: .{plain(field.name)} = {constant_text(value)}")
    if neuron in diagnostics.silent:
        notes.append("dead: nothing reaches it")
    elif neuron in diagnostics.unheard:
        notes.append("dead: influences no sink")
    unread = [f".{plain(field)}" for name, field in diagnostics.unread if name == neuron]
    if unread:
        notes.append(f"unread: {', '.join(unread)}")
    return notes


def pair_marks(
    links: Sequence[Link], pairs: Iterable[Pair]
) -> dict[tuple[tuple[str, ...], bool], str]:
    """Marks in the margin that tie the two links of a pair together, by (path, is_fixed).

    Neighbours are joined by a brace; others share a letter, unique within the neuron.
    """
    position = {(link.path, link.is_fixed): i for i, link in enumerate(links)}
    marks: dict[tuple[tuple[str, ...], bool], str] = {}
    shown = []
    for pair in pairs:
        places = [position.get((link.path, link.is_fixed)) for link in (pair.first, pair.second)]
        if None not in places:
            shown.append((pair, sorted(i for i in places if i is not None)))
    for _, group in groupby(shown, key=lambda entry: entry[0].first.neuron_in):
        letters = map(_letters, range(len(shown)))
        for pair, (i, j) in group:
            keys = [(links[k].path, links[k].is_fixed) for k in (i, j)]
            percent = f"{pair.mismatch:.0%}"
            if j == i + 1:
                marks[keys[0]], marks[keys[1]] = f"⎫ pair, {percent}", "⎭"
            else:
                letter = next(letters)
                marks[keys[0]], marks[keys[1]] = f"pair {letter}, {percent}", f"pair {letter}"
    return marks


def _letters(i: int) -> str:
    return chr(ord("a") + i % 26) + str(i // 26 or "")


# -------------------- the tree --------------------


def tree(machine: Machine) -> str:
    """The network matrix as a tree: receiving neuron, its fields, what they read.

    Chains of single children share a line. Beyond 60 links the 40 largest are shown.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> print("\\n".join(tree(duplicate_detector()).splitlines()[:5]))
    duplicate-detector
    ├─ timer (timer) / timer / timer.timer  +1  hard ↺
    ├─ input (input) / timer / timer.timer  +1  hard
    ├─ accum (accum)
    │  ├─ dict-1 / accum.dict  +1  hard ↺
    """
    links, n_hidden = shown_links(machine)
    labels = unique_labels(machine.neurons, NAME_WIDTH)
    place = {neuron: i for i, neuron in enumerate(reading_order(machine))}
    links.sort(key=lambda link: place[link.neuron_in])
    root: dict[str, dict] = {}
    for link in links:
        type_name = plain(machine.neurons[link.neuron_in])
        fields = root.setdefault(f"{labels[link.neuron_in]} ({type_name})", {})
        fields.setdefault(plain(link.field_in), {})[_leaf(link, labels)] = {}
    lines = [plain(machine.name), *_branches(root, "")]
    if n_hidden:
        lines.append(f"… {n_hidden:,} more links")
    return "\n".join(lines if root else [*lines, "└─ no links"])


def _leaf(link: Link, labels: dict[str, str]) -> str:
    sender = f"{labels[link.neuron_out]}.{plain(link.field_out)}"
    sign = "+" if link.weight >= 0 else ""
    marks = ["hard"] * link.is_fixed + [SELF_LOOP] * (link.neuron_in == link.neuron_out)
    return "  ".join([sender, sign + number_text(link.weight), " ".join(marks)]).rstrip()


def _branches(node: dict[str, dict], indent: str) -> Iterable[str]:
    for i, (label, children) in enumerate(node.items()):
        is_last = i == len(node) - 1
        while len(children) == 1:
            ((key, children),) = children.items()
            label = f"{label} / {key}"
        yield f"{indent}{'└─' if is_last else '├─'} {label}"
        yield from _branches(children, indent + ("   " if is_last else "│  "))


# -------------------- the types --------------------


def type_table(names: Iterable[str] | None = None) -> str:
    """Neuron types, one a line: what they read, write and do.

    Parameters
    ----------
    names : iterable of str, optional
        All registered types when omitted. Types with parameters (``delay(3)``) are there once they
        have been used.

    Examples
    --------
    >>> print(type_table(["norm", "square", "rest"]))
    type    reads  writes  does
    norm    dict   norm    Largest absolute value over all keys.
    square  dict   dict    x ** 2.
    rest    list   rest    A list without its first entry.
    """
    rows = [("type", "reads", "writes", "does")]
    rows += map(_row, neuron_types() if names is None else names)
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(pad, row, widths)).rstrip() for row in rows)


def _row(name: str) -> tuple[str, str, str, str]:
    neuron_type = get_neuron_type(name)
    summary = (inspect.getdoc(neuron_type.activation) or "").split("\n")[0].replace("``", "")
    return plain(name), _names(neuron_type.reads), _names(neuron_type.writes), summary


def _names(fields: Iterable[Field]) -> str:
    return ", ".join(plain(field.name) for field in fields)
