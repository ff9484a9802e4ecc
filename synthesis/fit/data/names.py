"""What streams and answers are called, remembered from `fit` and checked in `predict`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...problems import SOURCE, answer_port
from .given import Given, read_streams
from .numbers import is_pandas, quoted

__all__ = ["FORMS", "Names"]

FORMS = ("flat", "columns", "mapping")
"""Answers without an axis for outputs, with one, or as a mapping of name to flat answers."""

KINDS = {"numbers": "plain numbers", "keys": "keys", "both": "numbers and keys", "nothing": "empty"}


@dataclass(frozen=True)
class Names:
    """Names, kinds and forms of what a machine was fitted on.

    Attributes
    ----------
    streams : tuple of str
    kinds : tuple of str, one of `KINDS` for every stream
    is_named : bool
        Whether the user gave the names of the streams.
    outputs : tuple of str
    form : str
        How answers were given, one of `FORMS`.
    group : str or int, optional
        The column that told which string a row belongs to.

    Examples
    --------
    >>> from synthesis.fit.data import read_streams
    >>> names = Names.of(read_streams({"x": [[1, 0]], "y": ["ab"]}), ("sum",), "flat")
    >>> names.streams, names.kinds
    (('x', 'y'), ('numbers', 'keys'))
    >>> names.read({"y": ["b"], "x": [[7]]}).names
    ('x', 'y')
    """

    streams: tuple[str, ...]
    kinds: tuple[str, ...]
    is_named: bool
    outputs: tuple[str, ...]
    form: str = "flat"
    group: str | int | None = None

    @staticmethod
    def of(given: Given, outputs: tuple[str, ...], form: str, group: Any = None) -> Names:
        """The names of what was read."""
        kinds = tuple(_kind(given, name) for name in given.names)
        column = group if isinstance(group, (str, int)) else None
        return Names(given.names, kinds, given.is_named, outputs, form, column)

    @property
    def called(self) -> dict[tuple[str, str], str]:
        """What the answers of a machine are called, by the port that reads them."""
        return {answer_port(k): name for k, name in enumerate(self.outputs)}

    def read(self, X: Any, group: Any = None) -> Given:
        """Streams to answer, in the order in which they were fitted.

        Parameters
        ----------
        X, group : as in `read_streams`
            The remembered column of groups is used where ``X`` has it.

        Raises
        ------
        ValueError
            If a stream is missing, unknown, without its name or of another kind; the message says
            what was expected and what was received.
        """
        if group is None and self.group is not None and _has_column(X, self.group):
            group = self.group
        given = read_streams(X, group)
        if given.is_named or self.is_named:
            self._check_names(given)
        elif len(given.names) != len(self.streams):
            raise ValueError(
                f"X has {_streams(len(given.names))}; expected {len(self.streams)}, as in fit"
            )
        streams = given.streams
        arrays = {SOURCE + name: streams.arrays[SOURCE + name] for name in self.streams}
        for name, kind in zip(self.streams, self.kinds, strict=True):
            _check_kind(name, kind, _kind(given, name))
        ordered = replace(streams, arrays=arrays)
        return Given(ordered, given.layout, self.streams, self.is_named)

    def _check_names(self, given: Given) -> None:
        expected = f"expected {quoted(self.streams)}, as in fit"
        if not given.is_named:
            raise ValueError(
                f"X has {_streams(len(given.names))} without names; {expected}: give a mapping "
                "name -> stream, or a DataFrame"
            )
        missing = [name for name in self.streams if name not in given.names]
        unknown = [name for name in given.names if name not in self.streams]
        if missing or unknown:
            parts = [
                f"{what}: {quoted(names)}"
                for what, names in (("missing", missing), ("unknown", unknown))
                if names
            ]
            raise ValueError(
                f"X has the streams {quoted(given.names)}; {expected} ({'; '.join(parts)})"
            )

    def give(self, given: Given, answers: np.ndarray) -> Any:
        """Answers in the form in which the streams came.

        Parameters
        ----------
        given : Given
        answers : array of shape (outputs, samples, strings)

        Returns
        -------
        array, list of arrays, pandas object or list of these; a mapping of output to them where
        the answers of `fit` were a mapping
        """
        strings = [answers[:, :length, b].T for b, length in enumerate(given.lengths)]
        if self.form != "mapping":
            return given.layout.join(strings, self.outputs, self.form == "flat")
        return {
            name: given.layout.join([string[:, [k]] for string in strings], (name,), True)
            for k, name in enumerate(self.outputs)
        }

    # -------------------- files --------------------

    def to_plain(self) -> dict[str, Any]:
        """A JSON-compatible object."""
        return {
            "streams": [
                {"name": name, "kind": kind}
                for name, kind in zip(self.streams, self.kinds, strict=True)
            ],
            "named": self.is_named,
            "outputs": list(self.outputs),
            "form": self.form,
            "group": self.group,
        }

    @staticmethod
    def from_plain(document: Any, where: str) -> Names:
        """Inverse of `to_plain`.

        Raises
        ------
        ValueError
            If it is malformed; the message begins with ``where``.
        """
        if not isinstance(document, Mapping):
            raise ValueError(f"{where}: expected an object, not {type(document).__name__}")
        entries = document.get("streams")
        streams = [
            e if isinstance(e, dict) else {} for e in (entries if isinstance(entries, list) else ())
        ]
        names = _unique(stream.get("name") for stream in streams)
        kinds = tuple(str(stream.get("kind")) for stream in streams)
        if not names or not set(kinds) <= set(KINDS):
            raise ValueError(f"{where}: streams: expected a list of objects with name and kind")
        outputs = document.get("outputs")
        found = _unique(outputs) if isinstance(outputs, list) else ()
        if not found:
            raise ValueError(f"{where}: outputs: expected a list of different names")
        form, is_named, group = (document.get(key) for key in ("form", "named", "group"))
        if form not in FORMS or (form == "flat" and len(found) > 1):
            raise ValueError(f"{where}: form: {form!r:.40} is none of {', '.join(FORMS)}")
        if not isinstance(is_named, bool):
            raise ValueError(f"{where}: named: expected true or false, not {is_named!r:.40}")
        if not isinstance(group, (str, int, type(None))):
            raise ValueError(f"{where}: group: expected a name or null, not {group!r:.40}")
        return Names(names, kinds, is_named, found, str(form), group)


def _unique(names: Iterable[Any]) -> tuple[str, ...]:
    """Names, if they are different texts; else none."""
    found = tuple(names)
    is_fine = all(isinstance(name, str) for name in found) and len(set(found)) == len(found)
    return found if is_fine else ()


def _kind(given: Given, name: str) -> str:
    if given.has_keys(name):
        return "both" if given.has_numbers(name) else "keys"
    return "numbers" if given.has_numbers(name) else "nothing"


def _check_kind(name: str, fitted: str, found: str) -> None:
    if fitted in (found, "both", "nothing") or found == "nothing":
        return
    raise ValueError(f"stream {name!r} holds {KINDS[found]}; expected {KINDS[fitted]}, as in fit")


def _has_column(X: Any, name: str | int) -> bool:
    if is_pandas(X):
        return X.ndim == 2 and name in X.columns
    return isinstance(X, Mapping) and name in X


def _streams(count: int) -> str:
    return "1 stream" if count == 1 else f"{count} streams"
