"""Checkpoints: the whole state of a run in one file, written atomically, bit for bit.

A checkpoint is JSON. float64 survives JSON exactly, so a resumed run continues to the bit; the file
is readable, versioned, and holds no code.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vvalues import VValue
from vvalues.files import from_plain, to_plain, write_atomically

from .records import Front, FrontMember
from .state import SearchState

__all__ = ["is_checkpoint", "load_checkpoint", "save_checkpoint"]

FORMAT = "synthesis-checkpoint"
VERSION = 1


def save_checkpoint(file: str | os.PathLike, state: SearchState, run: Mapping[str, Any]) -> None:
    """Write a checkpoint.

    Parameters
    ----------
    file : path
    state : SearchState
    run : mapping
        What else is needed to go on: task, seed, settings, number of records (JSON-compatible).
    """
    document = {
        "format": FORMAT,
        "version": VERSION,
        "run": dict(run),
        "state": {
            "phase": state.phase,
            "parameters": to_plain(state.parameters),
            "loss": _number(state.loss),
            "step": state.step,
            "moments": [_leaf(leaf) for leaf in state.moments],
            "memo": dict(state.memo),
            "passes": dict(state.passes),
            "reserve": [to_plain(tree) for tree in state.reserve],
            "best": None if state.best is None else to_plain(state.best),
            "best_loss": _number(state.best_loss),
            "front": [[m.links, m.loss, to_plain(m.parameters)] for m in state.front],
            "rng": _plain_integers(state.rng),
        },
    }
    write_atomically(file, json.dumps(document, allow_nan=False, ensure_ascii=False))


def is_checkpoint(file: str | os.PathLike) -> bool:
    """Whether a file begins as checkpoints do; nothing more of it is read."""
    with open(file, encoding="utf-8", errors="replace") as stream:
        return f'"{FORMAT}"' in stream.read(80)


def load_checkpoint(file: str | os.PathLike) -> tuple[SearchState, dict[str, Any]]:
    """Read a checkpoint: ``(state, run)``.

    Raises
    ------
    ValueError
        If the file is no checkpoint of this version; the message names it.
    """
    where = os.fspath(file)
    try:
        document = json.loads(Path(file).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{where}: not a checkpoint: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"{where}: not a checkpoint of this program")
    if document.get("version") != VERSION:
        raise ValueError(
            f"{where}: checkpoint version {document.get('version')!r}; "
            f"this library reads version {VERSION}"
        )
    try:
        return _state(document["state"], where), dict(document["run"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{where}: checkpoint is incomplete: {error!r}") from None


def _state(data: Mapping[str, Any], where: str) -> SearchState:
    def tree(plain: Any) -> VValue:
        return from_plain(plain, where)

    return SearchState(
        phase=data["phase"],
        parameters=tree(data["parameters"]),
        loss=_from_number(data["loss"]),
        step=data["step"],
        moments=tuple(tree(leaf) if isinstance(leaf, dict) else leaf for leaf in data["moments"]),
        memo=data["memo"],
        passes=data["passes"],
        reserve=tuple(tree(plain) for plain in data["reserve"]),
        best=None if data["best"] is None else tree(data["best"]),
        best_loss=_from_number(data["best_loss"]),
        front=Front(FrontMember(n, loss, tree(plain)) for n, loss, plain in data["front"]),
        rng=data["rng"],
    )


def _leaf(leaf: Any) -> Any:
    return to_plain(leaf) if isinstance(leaf, VValue) else leaf


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _from_number(value: float | None) -> float:
    return math.inf if value is None else value


def _plain_integers(state: Any) -> Any:
    """Generator states may hold numpy integers and arrays."""
    if isinstance(state, Mapping):
        return {key: _plain_integers(value) for key, value in state.items()}
    if isinstance(state, np.ndarray):
        return state.tolist()
    return int(state) if isinstance(state, np.integer) else state
