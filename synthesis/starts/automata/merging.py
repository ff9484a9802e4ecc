"""State merging: the automaton behind strings, found by folding their prefix tree.

Source: K. Lang, B. Pearlmutter, R. Price, Results of the Abbadingo One DFA learning competition
(ICGI 1998): red states are settled, blue ones follow them; a blue one is merged into the red one
that most answers speak for, or becomes red itself. Here with answers on transitions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .mealy import UNKNOWN, Mealy

__all__ = ["merged", "prefix_tree"]

FIRST = 40
"""Strings that the first attempt looks at."""


def merged(
    symbols: np.ndarray, answers: np.ndarray, most_states: int, n_symbols: int | None = None
) -> Mealy | None:
    """The automaton that gives the answers; None if there is none with so few states.

    It is learnt from a few strings, and again with those that it gets wrong added, until all are
    right.

    Parameters
    ----------
    symbols : int array (strings, samples)
        0, 1, ...; -1 beyond the end of a string.
    answers : float array (strings, samples)
        NaN where nothing is asked.
    most_states : int
    n_symbols : int, optional
        Those that there are, where these strings may not have all.
    """
    n = len(symbols)
    if n_symbols is None:
        n_symbols = int(symbols.max()) + 1
    chosen = list(range(min(FIRST, n)))
    while True:
        found = _folded(symbols[chosen], answers[chosen], n_symbols, most_states)
        wrong = range(n) if found is None else np.flatnonzero(_is_wrong(found, symbols, answers))
        if found is not None and not len(wrong):
            return found.minimal()
        new = [int(i) for i in wrong if int(i) not in set(chosen)]
        if not new:
            return None
        chosen += new[: len(chosen)]


def _is_wrong(automaton: Mealy, symbols: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Strings with an answer that is not given."""
    _, given = automaton.run(symbols)
    return np.asarray((~np.isnan(answers) & (given != answers)).any(axis=1))


# -------------------- the tree of all prefixes --------------------


def prefix_tree(
    symbols: np.ndarray, answers: np.ndarray, n_symbols: int
) -> tuple[list[list[int]], list[list[float | None]]]:
    """Children and answers of every node, by symbol; nodes in order of their depth.

    Two strings that agree up to a sample share its node. Raises ValueError if they do not agree on
    an answer there.
    """
    children: list[list[int]] = [[UNKNOWN] * n_symbols]
    told: list[list[float | None]] = [[None] * n_symbols]
    nodes = np.zeros(len(symbols), dtype=int)
    for t in range(symbols.shape[1]):
        for b in np.flatnonzero(symbols[:, t] >= 0):
            node, symbol, answer = int(nodes[b]), int(symbols[b, t]), float(answers[b, t])
            if answer == answer:
                if told[node][symbol] not in (None, answer):
                    raise ValueError("two strings that are equal so far have different answers")
                told[node][symbol] = answer
            if children[node][symbol] == UNKNOWN:
                children[node][symbol] = len(children)
                children.append([UNKNOWN] * n_symbols)
                told.append([None] * n_symbols)
            nodes[b] = children[node][symbol]
    return children, told


# -------------------- folding --------------------


def _folded(
    symbols: np.ndarray, answers: np.ndarray, n_symbols: int, most_states: int
) -> Mealy | None:
    try:
        fold = _Fold(*prefix_tree(symbols, answers, n_symbols))
    except ValueError:
        return None
    red = [0]
    while True:
        blue = fold.blue(red)
        if not blue:
            return fold.automaton(red)
        best, merge = 0, None
        for parent, symbol in blue:
            scores = [fold.score(parent, symbol, state) for state in red]
            if max(scores) < 0:
                merge = None
                red.append(fold.children[parent][symbol])
                break
            if merge is None or max(scores) > best:
                best, merge = max(scores), (parent, symbol, red[int(np.argmax(scores))])
        if merge is not None:
            fold.merge(*merge)
        elif len(red) > most_states:
            return None


_Change = tuple[list[Any], int, int, Any]
"""What stood in a table, for a state and a symbol."""


class _Fold:
    """A prefix tree whose first states have been folded into a graph.

    A merge changes few states, so that most scores are those of before it.
    """

    def __init__(self, children: list[list[int]], told: list[list[float | None]]) -> None:
        self.children, self.told = children, told
        self._scores: dict[tuple[int, int], int] = {}
        self._read: dict[int, list[tuple[int, int]]] = {}
        """State to the pairs whose scores depend on what is known of it."""

    def blue(self, red: list[int]) -> list[tuple[int, int]]:
        """States that follow a red one and are none, the shallowest first: parents and symbols."""
        known = set(red)
        found = {
            child: (state, symbol)
            for state in red
            for symbol, child in enumerate(self.children[state])
            if child != UNKNOWN and child not in known
        }
        return [found[child] for child in sorted(found)]

    def score(self, parent: int, symbol: int, state: int) -> int:
        """Answers that speak for merging the child into a state; -1 if one speaks against it."""
        pair = self.children[parent][symbol], state
        if pair not in self._scores:
            score, undo, read = self._merge(parent, symbol, state)
            for table, one, place, before in reversed(undo):
                table[one][place] = before
            self._scores[pair] = score
            # What is added by merges changes no contradiction: states that differ always will.
            for one in read if score >= 0 else ():
                self._read.setdefault(one, []).append(pair)
        return self._scores[pair]

    def merge(self, parent: int, symbol: int, state: int) -> None:
        """Fold the child and what follows it into a state."""
        _, changes, _ = self._merge(parent, symbol, state)
        for _, one, _, _ in changes:
            for pair in self._read.pop(one, ()):
                self._scores.pop(pair, None)

    def _merge(self, parent: int, symbol: int, state: int) -> tuple[int, list[_Change], set[int]]:
        """Fold a child into a state: the score, what was changed, and the states that were read."""
        child = self.children[parent][symbol]
        undo: list[_Change] = [(self.children, parent, symbol, child)]
        self.children[parent][symbol] = state
        waiting, score, read = [(state, child)], 0, set[int]()
        while waiting:
            one, other = waiting.pop()
            read.update((one, other))
            told, children = self.told[one], self.children[one]
            for place, answer in enumerate(self.told[other]):
                if answer is not None:
                    if told[place] is None:
                        undo.append((self.told, one, place, None))
                        told[place] = answer
                    elif told[place] != answer:
                        return -1, undo, read
                    else:
                        score += 1
                follower = self.children[other][place]
                if follower == UNKNOWN:
                    continue
                if children[place] == UNKNOWN:
                    undo.append((self.children, one, place, UNKNOWN))
                    children[place] = follower
                else:
                    waiting.append((children[place], follower))
        return score, undo, read

    def automaton(self, red: list[int]) -> Mealy:
        """The graph as a table."""
        names = {state: name for name, state in enumerate(red)}
        following = [[names.get(child, UNKNOWN) for child in self.children[s]] for s in red]
        told = [[np.nan if a is None else a for a in self.told[s]] for s in red]
        return Mealy(np.array(following), np.array(told, dtype=float))
