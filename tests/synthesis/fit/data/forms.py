"""The same streams and answers in every form in which a user may have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vvalues.strategies import numbers

NAMES = ("x1", "x2", "x3")
OUTPUTS = ("y1", "y2")


class Data(NamedTuple):
    """Strings of streams (samples, streams) and answers (samples, outputs)."""

    streams: list[np.ndarray]
    answers: list[np.ndarray]

    @property
    def lengths(self) -> list[int]:
        return [len(string) for string in self.streams]

    @property
    def n_streams(self) -> int:
        return self.streams[0].shape[1]

    @property
    def n_outputs(self) -> int:
        return self.answers[0].shape[1]


@st.composite
def data(draw, *, one_string=False, equal=False, streams=3, outputs=2):
    """Random data that determine something: two samples or more, streams that change."""
    n = 1 if one_string else draw(st.integers(1, 4))
    lengths = (
        [draw(st.integers(3, 6))] * n
        if equal
        else draw(st.lists(st.integers(3, 6), min_size=n, max_size=n))
    )
    k = draw(st.integers(1, streams))
    m = draw(st.integers(1, outputs))
    tables = [draw(_table(length, k, numbers())) for length in lengths]
    answers = [draw(_table(length, m, st.one_of(numbers(), st.just(np.nan)))) for length in lengths]
    tables[0][:2, 0] = 1.0, 2.0
    answers[0][:] = np.nan_to_num(answers[0])
    return Data(tables, answers)


def _table(rows, columns, elements):
    return arrays(np.float64, (rows, columns), elements=elements)


class Form(NamedTuple):
    """A form: the data that suit it, and X, y and the labels of groups in it."""

    data: st.SearchStrategy[Data]
    bring: Callable[[Data], tuple[Any, Any, Any]]


def _flat(answers: np.ndarray) -> np.ndarray:
    """Without the axis of outputs, where there is one."""
    return answers[..., 0] if answers.shape[-1] == 1 else answers


def interleaved(given: Data) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the strings and the samples in them, for rows in a mixed order of strings."""
    pairs = [(t, b) for b, length in enumerate(given.lengths) for t in range(length)]
    order = sorted(pairs)
    return np.array([b for _, b in order]), np.array([t for t, _ in order])


def _rows(given: Data, what: list[np.ndarray]) -> np.ndarray:
    return np.array([what[b][t] for b, t in zip(*interleaved(given), strict=True)])


def _mapping(given: Data, of: Callable[[int], Any]) -> dict[str, Any]:
    return {name: of(k) for k, name in enumerate(NAMES[: given.n_streams])}


FORMS = {
    "rows": Form(
        data(one_string=True, streams=1),
        lambda d: (d.streams[0][:, 0], _flat(d.answers[0]), None),
    ),
    "rows by name, in groups": Form(
        data(),
        lambda d: (
            _mapping(d, lambda k: _rows(d, d.streams)[:, k]),
            _flat(_rows(d, d.answers)),
            interleaved(d)[0],
        ),
    ),
    "block": Form(
        data(equal=True, streams=1),
        lambda d: (np.stack(d.streams)[..., 0], _flat(np.stack(d.answers)), None),
    ),
    "block of several streams": Form(
        data(equal=True), lambda d: (np.stack(d.streams), np.stack(d.answers), None)
    ),
    "nested lists": Form(
        data(equal=True),
        lambda d: (np.stack(d.streams).tolist(), _flat(np.stack(d.answers)).tolist(), None),
    ),
    "block by name": Form(
        data(equal=True),
        lambda d: (
            _mapping(d, lambda k: np.stack(d.streams)[..., k]),
            _flat(np.stack(d.answers)),
            None,
        ),
    ),
    "pieces": Form(
        data(streams=1),
        lambda d: ([x[:, 0] for x in d.streams], [_flat(y) for y in d.answers], None),
    ),
    "pieces of several streams": Form(data(), lambda d: (list(d.streams), list(d.answers), None)),
    "pieces by name": Form(
        data(),
        lambda d: (
            _mapping(d, lambda k: [x[:, k].tolist() for x in d.streams]),
            [_flat(y) for y in d.answers],
            None,
        ),
    ),
    "mapping of answers": Form(
        data(),
        lambda d: (
            _mapping(d, lambda k: [x[:, k] for x in d.streams]),
            {name: [y[:, k] for y in d.answers] for k, name in enumerate(OUTPUTS[: d.n_outputs])},
            None,
        ),
    ),
}
