"""The cells of the matrix: which pairs of method and architecture have no meaning, and why.

A test of a method is decorated with `works_on_all`: it then runs on every architecture, and where a
refusal is noted it has to raise that very sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from tests.matrix.architectures import ARCHITECTURES, made

METHODS = (
    "gradient, order 2",
    "evolution strategies",
    "save and load",
    "learn",
    "invariant path",
    "geodesic",
    "sparsify",
    "vulnerability, recovery",
    "prune by magnitude",
    "prune by ablation",
    "add, delete neurons",
    "remove what is dead",
    "least squares",
    "repair",
    "checkpoint, resume",
    "run, sweep, evaluate, show",
)

NO_SLOPE = "the scores of a binary family choose signs, which have no slope"
NO_LINKS = "the scores of a binary family are no links: all its members have as many zeros"

REFUSED: dict[tuple[str, str], str] = {
    **dict.fromkeys(
        [("binary scores", method) for method in (
            "gradient, order 2", "learn", "invariant path", "geodesic", "vulnerability, recovery",
            "least squares",
        )],
        NO_SLOPE,
    ),
    **dict.fromkeys(
        [("binary scores", method) for method in (
            "sparsify", "prune by magnitude", "prune by ablation", "remove what is dead", "repair",
        )],
        NO_LINKS,
    ),
    ("binary scores", "add, delete neurons"): (
        "the units of a binary family are part of its wiring density, so none can come or go"
    ),
    ("manifold, shared weights", "add, delete neurons"): (
        "a deleted neuron of a manifold with shared weights would come back through its bias"
    ),
}  # fmt: skip
"""The sentence, as the library says it, by architecture and method; all other pairs work."""


def works_on_all(
    method: str, thorough: Collection[str] = ()
) -> Callable[[Callable[..., None]], Any]:
    """A test of a method that runs on every architecture, or has to be refused there.

    It is handed a `Case` and, if it takes more, an empty folder and pytest's ``capsys``. On the
    architectures named ``thorough`` it takes seconds, and is left to the thorough run.
    """
    assert method in METHODS
    names = [
        pytest.param(name, marks=[pytest.mark.thorough] if name in thorough else [])
        for name in ARCHITECTURES
    ]

    def decorated(check: Callable[..., None]) -> Any:
        wanted = len(signature(check).parameters)

        @pytest.mark.parametrize("name", names)
        def test(name: str, tmp_path: Path, capsys: Any) -> None:
            given = (made(name), tmp_path, capsys)[:wanted]
            sentence = REFUSED.get((name, method))
            if sentence is None:
                check(*given)
            else:
                with pytest.raises((TypeError, ValueError), match=re.escape(sentence)):
                    check(*given)

        test.__doc__ = check.__doc__
        test.method = method  # type: ignore[attr-defined]
        return test

    return decorated
