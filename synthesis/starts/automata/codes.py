"""Numbers for the states of an automaton, under which it has a short description.

With a number for every state, and symbols that are numbers, the next state and the answer are
functions of sums of the two: ``u = code of the state + weights . inputs``. A code is a good one if
both are piecewise linear in such sums with few pieces: a counter modulo five has one step, a carry
one, whatever the base.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from .mealy import Mealy

__all__ = ["ALL_ORDERS", "Coding", "Table", "codings", "pieces_of", "sums_of"]

ALL_ORDERS = 7
"""States of which all orders are tried; more are improved by exchanging two."""

STRETCHES = (1.0, 2.0, 3.0, 4.0)
SLOPES = (0.0, 1.0, -1.0, 2.0, -2.0)
WIDEST = 200.0
"""Different sums that are looked at."""

NONE = 1e6
"""Pieces of what is no function of a sum."""


@dataclass(frozen=True)
class Coding:
    """Numbers for states, and how they are added to the inputs.

    Attributes
    ----------
    codes : float array (states,)
        0 for the first state: memories begin with nothing.
    weights, answer_weights : tuple of float
        Of the inputs in the sums that the next state and the answer depend on.
    pieces : int
        Kinks and steps of the two functions together.
    flag : int, optional
        An input of zeros and ones by which there are two functions for the next state: of the sum
        with ``weights`` where it is 1, of that with ``weights_off`` where it is 0.
    weights_off : tuple of float
    """

    codes: np.ndarray
    weights: tuple[float, ...]
    answer_weights: tuple[float, ...]
    pieces: int
    flag: int | None = None
    weights_off: tuple[float, ...] = ()


def codings(automaton: Mealy, values: np.ndarray, most: int = 4) -> list[Coding]:
    """The best codes, the fewest pieces first; the last one always works.

    Parameters
    ----------
    automaton : Mealy
    values : float array (symbols, inputs)
        Whole numbers that the symbols are.
    most : int
    """
    table = Table(automaton, values)
    found: dict[bytes, Coding] = {}
    orders = _orders(table)
    for stretch in STRETCHES:
        for coding in table.best(stretch * orders, most):
            found.setdefault(coding.codes.tobytes(), coding)
    ranked = sorted(found.values(), key=lambda c: (c.pieces, float(np.abs(c.codes).sum())))
    return [coding for coding in ranked if coding.pieces < NONE][:most] + table.injective()


def _orders(table: Table) -> np.ndarray:
    """Codes 0, 1, 2 ... in any order, shifted so that the first state has 0."""
    n = table.states
    if n <= ALL_ORDERS:
        ranks = np.array(list(permutations(range(n))), dtype=float)
    else:
        ranks = np.unique([_improved(table, order) for order in _first_orders(table)], axis=0)
    return ranks - ranks[:, :1]


def _first_orders(table: Table) -> Iterator[np.ndarray]:
    """As they are reached; by what follows on every symbol; by what is answered on it."""
    yield np.arange(table.states, dtype=float)
    for column in (*table.after.T, *table.told.T):
        yield np.argsort(np.argsort(column, kind="stable"), kind="stable").astype(float)


def _improved(table: Table, ranks: np.ndarray) -> np.ndarray:
    """Exchange two ranks, or shift one between others, as long as that saves pieces."""
    n = len(ranks)
    pieces = table.pieces(ranks[None] - ranks[0])[0]
    while True:
        order = np.argsort(ranks)
        moved = []
        for i, j in permutations(range(n), 2):
            shifted = np.insert(np.delete(order, i), j, order[i])
            moved.append(np.argsort(shifted))
            if i < j:
                swapped = order.copy()
                swapped[[i, j]] = swapped[[j, i]]
                moved.append(np.argsort(swapped))
        neighbours = np.array(moved, dtype=float)
        counts = table.pieces(neighbours - neighbours[:, :1])
        best = int(np.argmin(counts))
        if counts[best] >= pieces:
            return ranks
        ranks, pieces = neighbours[best], counts[best]


def sums_of(values: np.ndarray, codes: np.ndarray) -> list[tuple[float, ...]]:
    """Weights of the inputs beside a code: small ones, none, and those that tell all apart."""
    inputs = values.shape[1]
    apart = _digits(values, float(np.ptp(codes)) + 1.0)
    return [*_small_weights(inputs), (0.0,) * inputs, apart]


def _digits(values: np.ndarray, unit: float) -> tuple[float, ...]:
    """Weights under which inputs are the digits of a number of such units."""
    widths = np.ptp(values, axis=0) + 1.0
    return tuple((unit * np.cumprod([1.0, *widths[:-1]])).tolist())


def _small_weights(inputs: int) -> list[tuple[float, ...]]:
    choices = (1.0, -1.0, 2.0, -2.0, 3.0, -3.0) if inputs == 1 else (1.0, -1.0, 0.0, 2.0, -2.0)
    first = [w for w in product(choices, repeat=min(inputs, 2)) if any(w)]
    return [(*w, *(1.0,) * (inputs - 2)) for w in first]


class Table:
    """The known entries of an automaton's tables, as rows."""

    def __init__(self, automaton: Mealy, values: np.ndarray) -> None:
        self.states = len(automaton)
        self.after, self.told = automaton.following, automaton.answers
        self.values = values
        self.next_at = np.argwhere(self.after >= 0)
        self.told_at = np.argwhere(~np.isnan(self.told))
        self.weights = _small_weights(values.shape[1])
        self.answer_weights = [*self.weights, (0.0,) * values.shape[1]]

    def pieces(self, codes: np.ndarray) -> np.ndarray:
        """Least pieces over all weights, for every row of codes."""
        following, answers = self.counts(codes)
        return np.asarray(following.min(axis=0) + answers.min(axis=0))

    def best(self, codes: np.ndarray, most: int) -> Iterator[Coding]:
        """The best of some codes."""
        following, answers = self.counts(codes)
        total = following.min(axis=0) + answers.min(axis=0)
        for i in np.argsort(total, kind="stable")[:most]:
            first = int(np.argmin(following[:, i]))
            # The same sum for both, if that costs no more: its pieces are shared.
            is_shared = answers[first, i] == answers[:, i].min()
            second = first if is_shared else int(np.argmin(answers[:, i]))
            weights = self.weights[first], self.answer_weights[second]
            yield Coding(codes[i] + 0.0, *weights, int(total[i]))

    def counts(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pieces of both functions, (weights, codes)."""
        state, symbol = self.next_at.T
        goal = codes[:, self.after[state, symbol]]
        following = [
            pieces_of(codes[:, state] + (self.values @ w)[symbol], goal) for w in self.weights
        ]
        state, symbol = self.told_at.T
        told = np.broadcast_to(self.told[state, symbol], (len(codes), len(state)))
        answers = [
            pieces_of(codes[:, state] + (self.values @ w)[symbol], told)
            for w in self.answer_weights
        ]
        return np.array(following), np.array(answers)

    def injective(self) -> list[Coding]:
        """A code under which every state and symbol have a sum of their own."""
        weights = _digits(self.values, 1.0)
        stretch = float(np.prod(np.ptp(self.values, axis=0) + 1.0))
        codes = stretch * np.arange(self.states)
        if stretch * self.states > WIDEST:
            return []
        return [Coding(codes, weights, weights, int(NONE))]


def pieces_of(sums: np.ndarray, goals: np.ndarray) -> np.ndarray:
    """Kinks or steps that goals need as functions of sums, by row; many where they are none."""
    low = sums.min()
    width = int(sums.max() - low) + 1
    count = np.full(len(sums), NONE)
    if width > WIDEST:
        return count
    places = (sums - low).astype(int)
    rows = np.arange(len(sums))[:, None]
    table = np.full((len(sums), width), np.nan)
    table[rows, places] = goals
    is_function = (table[rows, places] == goals).all(axis=1)
    count[is_function] = _least_pieces(table[is_function])
    return count


def _least_pieces(table: np.ndarray) -> np.ndarray:
    """The fewest kinks, or steps on lines of one slope, through the known values of every row."""
    n = len(table)
    last_place, last_value = np.full(n, np.nan), np.full(n, np.nan)
    last_slope = np.full(n, np.nan)
    kinks = np.zeros(n)
    steps = np.zeros((len(SLOPES), n))
    is_known = ~np.isnan(table)
    for place in np.flatnonzero(is_known.any(axis=0)):
        value, is_here = table[:, place], is_known[:, place]
        slope = (value - last_value) / (place - last_place)
        is_second = is_here & ~np.isnan(slope)
        kinks += is_second & ~np.isnan(last_slope) & (np.abs(slope - last_slope) > 1e-9)
        for k, line in enumerate(SLOPES):
            steps[k] += is_second & (np.abs(slope - line) > 1e-9)
        last_slope = np.where(is_second, slope, last_slope)
        last_place = np.where(is_here, place, last_place)
        last_value = np.where(is_here, value, last_value)
    return np.asarray(np.minimum(kinks, steps.min(axis=0)))
