"""Small machines written as text: one link a line, ``receiver.field <- sender.field [weight]``."""

from __future__ import annotations

import re

from dmm import Machine, machine_from_matrix
from vvalues.core.tree import from_leaves

__all__ = ["wire"]

_LINK = re.compile(r"(\S+)\.(\S+)\s*<-\s*(\S+)\.(\S+)(?:\s+(\S+))?$")


def wire(text: str, name: str = "machine") -> Machine:
    """A machine from its links; neuron types are read from the names, weights default to 1.

    Raises
    ------
    ValueError
        If a line is no link; the message shows it.

    Examples
    --------
    >>> len(wire("norm.dict <- stream-x.stream\\noutput.dict-1 <- norm.norm -2").trainable)
    2
    """
    links = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _LINK.match(line)
        if match is None:
            raise ValueError(
                f"{line!r} is no link; expected: receiver.field <- sender.field [weight]"
            )
        *path, weight = match.groups()
        links[tuple(path)] = float(weight or 1.0)
    return machine_from_matrix(from_leaves(links), name=name)
