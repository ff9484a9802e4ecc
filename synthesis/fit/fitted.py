"""A machine and what it needs to answer a user: the names of streams, and how long it may wait."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dmm import Machine, get_neuron_type, load_machine, save_machine
from dmm.machine import Circuit, Pace
from dmm.show.algebra import sample_equations
from vvalues.core.paths import printable
from vvalues.files import MEMORY, Budget, parse_object, read_bytes, write_atomically

from ..problems import Strings
from ..verdicts import Candidate, answers_of
from .data import SOURCE, Names

__all__ = ["FITTED", "MACHINE", "Fitted", "is_fitted"]

MACHINE = "machine.json"
FITTED = "fitted.json"

FORMAT = "synthesis-fitted"
VERSION = 1
MOST_LOOKAHEAD = 100_000
MOST_TICKS = 10_000


@dataclass(frozen=True)
class Fitted:
    """A machine that answers streams of the names on which it was fitted.

    Attributes
    ----------
    machine : Machine
        Its metadata holds its pace (see `dmm.machine.Circuit.lowered`).
    names : Names
    lookahead : int
        Samples that an answer waits for.

    Examples
    --------
    >>> from dmm.machine import Circuit, Wire
    >>> from synthesis.fit.data import read_streams
    >>> neurons = {"stream-x": "stream", "sum": "accum", "output": "output"}
    >>> wires = [("sum", "dict-2", "stream-x", "stream"), ("output", "dict-1", "sum", "dict")]
    >>> memory = Wire("sum", "dict-1", "sum", "dict", lag=1)
    >>> machine, _ = Circuit(neurons, [memory, *(Wire(*ends) for ends in wires)]).lowered()
    >>> Fitted(machine, Names.of(read_streams([[1.0]]), ("y",), "flat")).predict([[1.0, 2.0]])
    array([[1., 3.]])
    >>> print(Fitted(machine, Names.of(read_streams([[1.0]]), ("y",), "flat")).equations)
    y = y[t-1] + x
    """

    machine: Machine
    names: Names
    lookahead: int = 0

    @property
    def equations(self) -> str:
        """What the machine does, in samples and by the user's names, an equation per line.

        Raises
        ------
        ValueError
            If links were added to the machine that carry something before it is there.
        """
        return sample_equations(Circuit.of(self.machine), self.names.called, self.lookahead)

    def predict(self, X: Any, group: Any = None) -> Any:
        """Answers, in the form in which the streams come.

        Parameters
        ----------
        X, group : as in `synthesis.fit.data.read_streams`

        Raises
        ------
        ValueError
            If the streams are not those of the names, or hold what is no number or key; or if a
            string needs more than the machine's memories hold.
        """
        given = self.names.read(X, group)
        streams, n_outputs = given.streams, len(self.names.outputs)
        nothing = np.full((n_outputs, streams.ticks, len(streams)), np.nan)
        strings = Strings(streams, nothing, given.lengths).later(self.lookahead)
        candidate = Candidate(self.machine, Pace.of_machine(self.machine))
        answers = answers_of(candidate, strings, n_outputs)
        _check_held(self.machine, answers, strings)
        return self.names.give(given, answers[:, self.lookahead :])

    # -------------------- files --------------------

    def save(self, folder: str | os.PathLike) -> None:
        """Write ``machine.json`` and ``fitted.json`` into a folder, which is made if need be."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        document = {
            "format": FORMAT,
            "version": VERSION,
            "lookahead": self.lookahead,
            "names": self.names.to_plain(),
        }
        save_machine(self.machine, Path(folder) / MACHINE)
        write_atomically(Path(folder) / FITTED, json.dumps(document, indent=1) + "\n")

    @staticmethod
    def load(file: str | os.PathLike, *, memory: int = MEMORY) -> Fitted:
        """Read what `save` wrote.

        Parameters
        ----------
        file : path
            The folder, or one of the two files; the other one is looked for beside it.
        memory : int
            Bytes that reading each may take, beyond a multiple of its size (see
            `vvalues.files.reading`); allow more for files that you trust.

        Raises
        ------
        OSError
            If a file cannot be read.
        ValueError
            If one is malformed or too large, or they do not belong together; the message names
            the file.
        """
        path = Path(file)
        folder = path if path.is_dir() else path.parent
        is_machine = not path.is_dir() and path.name != FITTED
        machine_file = path if is_machine else folder / MACHINE
        machine = load_machine(machine_file, memory=memory)
        where = printable(str(folder / FITTED))
        document = _document(read_bytes(folder / FITTED, memory), where, memory)
        lookahead = document.get("lookahead")
        if type(lookahead) is not int or not 0 <= lookahead <= MOST_LOOKAHEAD:
            raise ValueError(
                f"{where}: lookahead: expected a whole number from 0 to {MOST_LOOKAHEAD}, not "
                f"{lookahead!r:.40}"
            )
        names = Names.from_plain(document.get("names"), f"{where}: names")
        _check_together(machine, names, printable(str(machine_file)), where)
        return Fitted(machine, names, lookahead)


def is_fitted(path: str | os.PathLike) -> bool:
    """Whether a path is the folder of a fit, or a machine that lies beside what a fit says of it.

    Examples
    --------
    >>> is_fitted("no such folder")
    False
    """
    path = Path(path)
    if path.is_dir():
        return (path / FITTED).is_file() and (path / MACHINE).is_file()
    return path.name in (MACHINE, FITTED) and is_fitted(path.parent)


def _check_held(machine: Machine, answers: np.ndarray, strings: Strings) -> None:
    """Raise ValueError if answers are no numbers because a memory was too small."""
    memories = [
        f"{name!r}, {kind}"
        for name, kind in machine.neurons.items()
        if get_neuron_type(kind).own_memory is not None
    ]
    lost = np.argwhere(np.isnan(answers).any(axis=0).T & strings.inside())
    if memories and len(lost):
        string, sample = lost[0]
        raise ValueError(
            f"string {string + 1} is too long for this machine: from sample {sample + 1} on it "
            f"needs more than its memory holds ({'; '.join(memories)}); fit with a larger one in "
            "the vocabulary, such as 'cells(100000)'"
        )


def _document(data: bytes, where: str, memory: int) -> dict[str, Any]:
    budget = Budget("the text", len(data), memory)
    try:
        document = parse_object(data, budget.where, budget)
    except ValueError as error:
        raise ValueError(f"{where}: not JSON that `Fitted.save` writes: {error}") from None
    if document.get("format") != FORMAT:
        raise ValueError(f'{where}: expected an object with "format": "{FORMAT}"')
    version = document.get("version")
    if version != VERSION:
        raise ValueError(f"{where}: version {version!r:.40}; this library reads version {VERSION}")
    return document


def _check_together(machine: Machine, names: Names, machine_file: str, where: str) -> None:
    """Raise ValueError unless the machine reads only streams that have a name, at a known pace."""
    try:
        pace = Pace.of_machine(machine)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{machine_file}: {error}") from None
    if not (1 <= pace.ticks <= MOST_TICKS and 0 <= pace.delay <= MOST_TICKS):
        raise ValueError(
            f"{machine_file}: ticks per sample {pace.ticks}, delay {pace.delay}: expected at most "
            f"{MOST_TICKS}"
        )
    known = {SOURCE + name for name in names.streams}
    for neuron in machine.neurons:
        if machine.type_of(neuron).is_source and neuron not in known:
            raise ValueError(
                f"{machine_file}: has the stream {neuron!r}, which {where} does not name; they do "
                "not belong together"
            )
