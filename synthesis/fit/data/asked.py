"""Answers that are asked, and whether there is anything to learn from streams and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ...problems import SOURCE, Strings
from .frames import has_names, is_frame, label
from .given import Given, names_for, read_streams
from .layouts import Block, Layout, Pieces, Rows
from .names import Names
from .numbers import is_pandas, numbers

__all__ = ["Asked", "read_answers", "to_strings"]


class Asked(NamedTuple):
    """Answers that are asked.

    Attributes
    ----------
    answers : array of shape (outputs, samples, strings)
        NaN where nothing is asked, and beyond the end of a string.
    outputs : tuple of str
    form : str
        See `synthesis.fit.names.FORMS`.

    Examples
    --------
    >>> asked = Asked(np.array([[[1.0], [np.nan]]]), ("sum",), "flat")
    >>> dict(zip(asked.outputs, np.isfinite(asked.answers).sum(axis=(1, 2)).tolist()))
    {'sum': 1}
    """

    answers: np.ndarray
    outputs: tuple[str, ...]
    form: str


def to_strings(X: Any, y: Any, group: Any = None) -> tuple[Strings, Names]:
    """Streams and answers of a user as strings to learn from.

    Parameters
    ----------
    X, group : as in `read_streams`
    y : as in `read_answers`

    Raises
    ------
    ValueError
        If they do not fit together, or cannot determine a machine: one sentence with the remedy.

    Examples
    --------
    >>> strings, names = to_strings([[1, 0, 1], [0, 1, 1]], [[1, 1, 2], [0, 1, 2]])
    >>> len(strings), strings.answers[0].T.tolist(), names.streams, names.outputs
    (2, [[1.0, 1.0, 2.0], [0.0, 1.0, 2.0]], ('x',), ('y',))
    """
    given = read_streams(X, group)
    asked = read_answers(y, given)
    _check_determined(given, asked)
    names = Names.of(given, asked.outputs, asked.form, group)
    return Strings(given.streams, asked.answers, given.lengths), names


def read_answers(y: Any, given: Given) -> Asked:
    """What is asked of some streams.

    Parameters
    ----------
    y : array-like, list of arrays, pandas.Series, pandas.DataFrame, or mapping
        Numbers for every sample, in the form of the streams, with a last axis for outputs where
        there are several; NaN where nothing is asked. A mapping has an output by name.
    given : Given

    Raises
    ------
    ValueError
        For another shape or index, and for what is infinite or no number.

    Examples
    --------
    >>> from synthesis.fit.data import read_streams
    >>> asked = read_answers({"sum": [[1.0, np.nan], [3.0]]}, read_streams([[1, 0], [3]]))
    >>> asked.outputs, asked.answers[0].T
    (('sum',), array([[ 1., nan],
           [ 3., nan]]))
    """
    if isinstance(y, Mapping) and not is_pandas(y):
        each = [_split(values, given.layout, f"y[{name!r}]") for name, values in y.items()]
        if any(string.ndim > 1 for strings in each for string in strings):
            raise ValueError(
                "y is a mapping; give every output numbers of its own, without an axis"
            )
        strings = [np.stack(parts, axis=1) for parts in zip(*each, strict=True)]
        outputs, form = tuple(map(str, y)), "mapping"
    else:
        strings = _split(y, given.layout, "y")
        form = "flat" if strings[0].ndim == 1 else "columns"
        strings = [string.reshape(len(string), -1) for string in strings]
        outputs = _outputs(y, strings[0].shape[1])
    if not outputs:
        raise ValueError("y has no output; give at least one")
    if len(set(outputs)) < len(outputs):
        raise ValueError(f"two outputs of y are called alike ({', '.join(outputs)}); rename one")
    answers = np.full((len(outputs), given.streams.ticks, len(strings)), np.nan)
    for b, string in enumerate(strings):
        if np.isinf(string).any():
            sample, k = np.argwhere(np.isinf(string))[0]
            raise ValueError(
                f"output {outputs[k]!r} is {string[sample, k]} at {given.layout.place(b, sample)}; "
                "use NaN where nothing is asked"
            )
        answers[:, : len(string), b] = string.T
    return Asked(answers, outputs, form)


def _split(y: Any, layout: Layout, what: str) -> list[np.ndarray]:
    _check_index(y, layout, what)
    strings = layout.split(y)
    if strings is not None:
        return strings
    found = numbers(y)
    if found is None and not (isinstance(layout, Pieces) and isinstance(y, (list, tuple))):
        raise ValueError(
            f"{what} is no array of numbers ({type(y).__name__}); expected the shape "
            f"{layout.expected}: make numbers of text and categories, such as 0 and 1"
        )
    shape = f"the shape {found.shape}" if found is not None else f"{len(y)} parts"
    raise ValueError(f"{what} has {shape}; expected {layout.expected}{_remedy(found, layout)}")


def _remedy(found: np.ndarray | None, layout: Layout) -> str:
    """What is probably meant where a table of samples and streams was given as an array."""
    if not isinstance(layout, Block) or found is None or found.shape[:1] != (layout.strings,):
        return ""
    return (
        f" - if X is one string of {layout.strings} samples, not {layout.strings} strings, give "
        "X[None] and y[None], with streams on the last axis of X"
    )


def _check_index(y: Any, layout: Layout, what: str) -> None:
    """Raise ValueError if rows of pandas objects are called differently in X and y."""
    if isinstance(layout, Rows) and layout.index is not None:
        pairs = [(layout.index, y)]
    elif isinstance(layout, Pieces) and layout.indexes and isinstance(y, (list, tuple)):
        pairs = list(zip(layout.indexes, y, strict=False))
    else:
        return
    for index, values in pairs:
        if is_pandas(values) and not index.equals(values.index):
            raise ValueError(
                f"X and {what} differ in their index; align them first, as with "
                f"{what}.reindex(X.index)"
            )


def _outputs(y: Any, count: int) -> tuple[str, ...]:
    """What the user calls the outputs."""
    first = y[0] if isinstance(y, (list, tuple)) and len(y) else y
    if not is_pandas(first) or not has_names(first):
        return names_for(count, "y")
    return tuple(map(label, first.columns)) if is_frame(first) else (label(first.name),)


# -------------------- is there anything to learn? --------------------


def _check_determined(given: Given, asked: Asked) -> None:
    """Raise ValueError where no machine can be told from the data."""
    lengths = given.lengths
    if lengths.max() < 2:
        raise ValueError(
            "every string of X has one sample; a string is a series in time and needs "
            "two samples or more (one string of numbers has the shape (samples,))"
        )
    counts = np.sum(~np.isnan(asked.answers), axis=(1, 2))
    for name, count in zip(asked.outputs, counts, strict=True):
        if not count:
            raise ValueError(
                f"output {name!r} is NaN at every sample: nothing is asked; give numbers where "
                "the answer is known"
            )
    if all(_is_constant(given, name) for name in given.names):
        raise ValueError(
            "all streams of X are the same at every sample: nothing to learn from; give streams "
            "that change"
        )
    if len(given.names) > counts.min():
        raise ValueError(
            f"X has {len(given.names)} streams and y asks {counts.min()} numbers, too few to tell "
            "what each stream does; give more samples or fewer streams (rows are time: is X "
            "turned round?)"
        )


def _is_constant(given: Given, name: str) -> bool:
    array = given.streams.arrays[SOURCE + name]
    inside = np.arange(len(array))[:, None] < given.lengths
    return bool(np.all(array[inside] == array[0, 0]))
