"""Tasks in words: what tells one task from another, and the same task made again from them.

Plain fields are written as they are, data by their shape and checksum. A task whose data were drawn
or read by a function of this room remembers how, as its `Origin`: it is made again in the same way,
and refused if it has become another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from importlib import import_module
from typing import Any
from zlib import crc32

import numpy as np

from ..process.codec import to_plain
from ..process.state import generator_from, generator_state

__all__ = ["Origin", "described", "drawn_by", "task_of"]

MAKERS: Mapping[str, str] = {
    "SumsAndDifferences": "synthesis.tasks.drawn:SumsAndDifferences",
    "Echo": "synthesis.tasks.drawn:Echo",
    "Latch": "synthesis.tasks.drawn:Latch",
    "easy": "synthesis.tasks.characters:easy_task",
    "hard": "synthesis.tasks.characters:hard_task",
    "products": "synthesis.tasks.regression:small_experiment",
    "cart-pole": "synthesis.tasks.worlds:CartPoleImitation",
    "mountain-car": "synthesis.tasks.worlds:MountainCarImitation",
    "MNIST": "synthesis.tasks.digits:load_mnist",
    "bars": "synthesis.tasks.bars:bars_task",
    "shapes": "synthesis.tasks.colour:shapes_task",
    "seen": "synthesis.tasks.digits:seen",
    "small digits": "synthesis.tasks.digits:small_digits",
}
"""Name to module and function. A class of plain fields goes by its own name."""

PLAIN = (str, int, float)


@dataclass(frozen=True)
class Origin:
    """How the data of a task came about.

    Attributes
    ----------
    maker : str
        A name in `MAKERS`.
    options : mapping
        Its keyword arguments (JSON-compatible).
    rng : mapping, optional
        State of the generator that it drew from.

    Examples
    --------
    >>> from synthesis.tasks import easy_task
    >>> origin = easy_task(np.random.default_rng(0), 400).origin
    >>> origin.maker, origin.options
    ('easy', {'groups': 400, 'repeat': 0.6})
    """

    maker: str
    options: Mapping[str, Any] = field(default_factory=dict)
    rng: Mapping[str, Any] | None = None


def drawn_by(maker: str, rng: np.random.Generator, **options: Any) -> Origin:
    """The origin of data that a maker is about to draw."""
    return Origin(maker, options, generator_state(rng))


def described(task: Any) -> dict[str, Any]:
    """A task's kind, settings and origin; JSON-compatible.

    Examples
    --------
    >>> from synthesis.tasks.drawn import SumsAndDifferences
    >>> described(SumsAndDifferences(batch_size=7))
    {'kind': 'SumsAndDifferences', 'batch_size': 7, 'n_test': 20000}
    """
    if is_dataclass(task):
        parts = {item.name: getattr(task, item.name) for item in fields(task)}
    else:
        parts = {name: value for name, value in vars(task).items() if not name.startswith("_")}
    origin = parts.pop("origin", None)
    words = {"kind": type(task).__name__, **{name: _plain(part) for name, part in parts.items()}}
    return words if origin is None else {**words, "origin": to_plain(vars(origin))}


def _plain(part: Any) -> Any:
    if isinstance(part, np.ndarray):
        checksum = crc32(np.ascontiguousarray(part).data)
        return f"{part.dtype} {part.shape}, crc32 {checksum:08x}"
    if isinstance(part, (list, tuple)):
        return [_plain(item) for item in part]
    if callable(part):
        return getattr(part, "__qualname__", type(part).__name__)
    return described(part) if is_dataclass(part) else to_plain(part)


def task_of(description: Mapping[str, Any]) -> Any:
    """The task of a description.

    Raises
    ------
    ValueError
        If nothing tells how it was made, or made again it is another one; the message says what
        differs.

    Examples
    --------
    >>> from synthesis.tasks import easy_task
    >>> task = easy_task(np.random.default_rng(0), 400)
    >>> again = task_of(described(task))
    >>> task.decode(task.codes[:12]), again.decode(again.codes[:12])
    ('(abab)(ab)(a', '(abab)(ab)(a')
    """
    words = dict(description)
    kind, origin = words.pop("kind"), words.pop("origin", None)
    origin = {"maker": kind, "options": words, "rng": None} if origin is None else origin
    if origin["maker"] not in MAKERS:
        raise ValueError(
            f"a task of the kind {kind} cannot be made again from its description; give the "
            "process itself: Run.resumed(folder, process)"
        )
    module, _, name = MAKERS[origin["maker"]].partition(":")
    rng = [] if origin["rng"] is None else [generator_from(origin["rng"])]
    task = getattr(import_module(module), name)(*rng, **origin["options"])
    if is_dataclass(task) and not isinstance(task, type):
        plain = {name: words[name] for name in words if isinstance(getattr(task, name), PLAIN)}
        task = replace(task, **plain)
    _check_same(dict(description), described(task))
    return task


def _check_same(asked: dict[str, Any], made: dict[str, Any]) -> None:
    for name in {**asked, **made}:
        if asked.get(name) != made.get(name):
            raise ValueError(
                f"the task {asked['kind']} is not the same when it is made again: its {name} is "
                f"{made.get(name)!r:.80}, it was {asked.get(name)!r:.80}; give the process itself: "
                "Run.resumed(folder, process)"
            )
