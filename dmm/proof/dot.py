"""Automata as the graphs that other programs write: DOT, the language of Graphviz."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

from .automata import Mealy

__all__ = ["automaton_from_dot"]

ID = r'(?:"(?:[^"\\]|\\.)*"|[\w.+-]+)'
ATTRIBUTES = r"(?:\s*\[(?P<attributes>(?:\"(?:[^\"\\]|\\.)*\"|[^\]\"])*)\])?"
EDGE = re.compile(rf"(?P<tail>{ID})\s*->\s*(?P<head>{ID}){ATTRIBUTES}")
NODE = re.compile(rf"(?P<node>{ID}){ATTRIBUTES}")
ATTRIBUTE = re.compile(rf"(\w+)\s*=\s*({ID})")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|^\s*#[^\n]*", re.DOTALL | re.MULTILINE)
KEYWORDS = ("node", "edge", "graph", "digraph", "strict", "subgraph")

ACCEPTING = "doublecircle"


def automaton_from_dot(text: str) -> Mealy:
    """The automaton that a graph in DOT draws.

    Edges are labelled ``input/answer`` (a Mealy machine), or ``input`` alone: then the answer is
    that of the state that the edge leads to, written ``state|answer`` in its label (a Moore
    machine), or 1 where it is drawn as a double circle and 0 elsewhere (an acceptor). An input is
    a number, or several with commas between them, one for each stream. The automaton begins where
    an edge without a label comes from a state that none leads to (``__start0 -> s0``); if there is
    none, in the state that comes first.

    Parameters
    ----------
    text : str

    Returns
    -------
    Mealy
        States are called as in the graph.

    Raises
    ------
    ValueError
        If there is no edge with a label, an input or answer is no number, or an input leads from a
        state to two.

    Examples
    --------
    >>> parity = automaton_from_dot('''digraph parity {
    ...     start -> even;
    ...     even -> even [label="0/0"];  even -> odd  [label="1/1"];
    ...     odd  -> odd  [label="0/1"];  odd  -> even [label="1/0"];
    ... }''')
    >>> parity.start, parity.step("even", 1.0)
    ('even', ('odd', 1.0))
    """
    body = COMMENT.sub("", text)
    body = body[body.find("{") + 1 : body.rfind("}")] if "{" in body else body
    edges = [
        (_plain(match["tail"]), _plain(match["head"]), _label(match["attributes"]))
        for match in EDGE.finditer(body)
    ]
    told = {}
    for match in NODE.finditer(EDGE.sub("", body)):
        name = _plain(match["node"])
        if name not in KEYWORDS and match["attributes"] is not None:
            told[name] = match["attributes"]
    states = dict.fromkeys(state for tail, head, label in edges if label for state in (tail, head))
    if not states:
        raise ValueError(
            'the graph has no edge with a label; expected edges as a -> b [label="1/0"]'
        )
    begun = [head for tail, head, label in edges if not label and tail not in states]
    table: dict[Hashable, dict[tuple[float, ...], tuple[Hashable, Any]]] = {s: {} for s in states}
    for tail, head, label in edges:
        if not label:
            continue
        given, slash, answer = label.partition("/")
        symbol = _numbers(given, f"edge {tail} -> {head}")
        if symbol in table[tail]:
            raise ValueError(f"state {tail!r}: the input {given.strip()} leads to two states")
        said = answer if slash else _answer(head, told.get(head, ""))
        found = _numbers(said, f"edge {tail} -> {head}, answer")
        table[tail][symbol] = head, found[0] if len(found) == 1 else found
    return Mealy(table, begun[0] if begun else next(iter(states)))


def _plain(name: str) -> str:
    """A name without its quotes."""
    return name[1:-1].replace('\\"', '"') if name.startswith('"') else name


def _attributes(text: str | None) -> dict[str, str]:
    return {name: _plain(value) for name, value in ATTRIBUTE.findall(text or "")}


def _label(text: str | None) -> str:
    return _attributes(text).get("label", "").strip()


def _answer(state: str, attributes: str) -> str:
    """What a state answers."""
    known = _attributes(attributes)
    _, bar, answer = known.get("label", "").partition("|")
    if bar:
        return answer.strip("{} ")
    return "1" if known.get("shape") == ACCEPTING else "0"


def _numbers(text: str, where: str) -> tuple[float, ...]:
    """Numbers with commas between them, in parentheses or not."""
    try:
        return tuple(float(part) for part in text.strip(" ()").split(",") if part.strip())
    except ValueError:
        raise ValueError(f"{where}: {text.strip()!r:.40} is no number, or several") from None
