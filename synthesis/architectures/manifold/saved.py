"""Saved manifolds read again: the adjacency matrix in plain text, or the network as a machine.

The checkpoint of a training holds the description of its model and the seed of its first
parameters, which is all that "before" needs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dmm import Machine
from vvalues import VValue

from ...process.checkpoint import load_checkpoint, made_again, read_identity
from .export import as_machine
from .plots import adjacency
from .process import ManifoldTraining, model_of

__all__ = ["SavedManifold", "adjacency_text", "load_manifold", "shown"]

WIDTH = 80
SHADES = " .:-=+*#%@"
"""Share of the cells of a block that are links, from none to all."""


class SavedManifold(NamedTuple):
    """A training's model and parameters.

    Attributes
    ----------
    model : Manifold, or a model over time
    before, after : VValue
        Parameters at the start and in the checkpoint.
    step : int
        Steps between them.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> model = Manifold(2, 3, 1)
    >>> parameters = model.initial(np.random.default_rng(0))
    >>> saved = SavedManifold(model, parameters, parameters, step=100)
    >>> saved.step, saved.model.links(saved.after).n_links
    (100, 11)
    """

    model: Any
    before: VValue
    after: VValue
    step: int


def load_manifold(file: str | os.PathLike) -> SavedManifold:
    """Read the checkpoint of a manifold's training.

    Raises
    ------
    ValueError
        If the file is no checkpoint, or one of something else; the message names it.

    Examples
    --------
    >>> load_manifold("runs/manifold/checkpoint.json").step  # doctest: +SKIP
    5000
    """
    identity = read_identity(file).get("identity")
    if not isinstance(identity, dict) or identity.get("process") != ManifoldTraining.name:
        raise ValueError(
            f"{os.fspath(file)}: a checkpoint, but not of a dynamic manifold; of a search for a "
            "machine, show the machine.json beside it"
        )
    state, _ = load_checkpoint(file, ManifoldTraining.types)
    with made_again():
        model = model_of(identity["model"])
        before = model.initial(np.random.default_rng(identity["seed"]))
    if state.parameters.support != before.support:
        raise ValueError(f"{os.fspath(file)}: parameters do not fit the manifold it describes")
    return SavedManifold(model, before, state.parameters, state.step)


# -------------------- in text --------------------


def adjacency_text(model: Any, parameters: VValue, width: int = WIDTH) -> str:
    """The adjacency matrix: receiving neurons down, sending neurons (inputs, hidden) across.

    A character per cell: ``+`` and ``-`` are links, ``.`` is a cell without one. A matrix of more
    than ``width`` columns is drawn in blocks of cells, the darker the more of them are links.

    Parameters
    ----------
    model : Manifold, or a model over time
    parameters : VValue
    width : int
        Characters across.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> model = Manifold(2, 1, 1)
    >>> print(adjacency_text(model, model.initial(np.random.default_rng(0))))
    3 of 5 links; receiving neurons down, sending ones across
    hidden-0 |..
    output-0 |+-+
    """
    layout = model.layout
    matrix = adjacency(model, parameters)[layout.n_inputs :, : layout.n_columns]
    is_link = np.nan_to_num(matrix) != 0.0
    head = f"{int(is_link.sum()):,} of {layout.n_cells:,} links"
    if layout.n_columns <= width:
        lines = ["".join(_character(cell) for cell in row.tolist()).rstrip() for row in matrix]
        names = layout.receivers
        head += "; receiving neurons down, sending ones across"
    else:
        block = -(-layout.n_columns // width)
        lines = _shaded(is_link, ~np.isnan(matrix), block)
        names = layout.receivers[:: 2 * block]
        head += f"; a character is {2 * block} neurons down and {block} across"
    longest = max(map(len, names))
    return "\n".join(
        [head, *(f"{name:<{longest}} |{line}" for name, line in zip(names, lines, strict=True))]
    )


def _character(strength: float) -> str:
    if np.isnan(strength):
        return " "
    return "." if strength == 0.0 else "+" if strength > 0.0 else "-"


def _shaded(is_link: np.ndarray, is_cell: np.ndarray, block: int) -> list[str]:
    """Rows of blocks; a block is twice as high as it is wide, as characters are."""

    def counted(cells: np.ndarray) -> np.ndarray:
        rows = np.add.reduceat(cells.astype(int), np.arange(0, len(cells), 2 * block), axis=0)
        return np.add.reduceat(rows, np.arange(0, cells.shape[1], block), axis=1)

    links, cells = counted(is_link), counted(is_cell)
    shade = np.ceil(links / np.maximum(cells, 1) * (len(SHADES) - 1)).astype(int)
    return ["".join(SHADES[s] for s in row).rstrip() for row in shade.tolist()]


def shown(
    file: str | os.PathLike, render: Callable[[Machine], str | bytes] | None = None
) -> str | bytes:
    """A saved manifold: its adjacency before and after, or what ``render`` says of the machine.

    Parameters
    ----------
    file : path
    render : callable, Machine -> str or bytes, optional
        Any rendering of machines; the found network is exported as one.

    Raises
    ------
    ValueError
        As `load_manifold`.
    """
    saved = load_manifold(file)
    if render is not None:
        return render(as_machine(saved.model, saved.after))
    return (
        f"before: {adjacency_text(saved.model, saved.before)}\n\n"
        f"after {saved.step:,} steps: {adjacency_text(saved.model, saved.after)}"
    )
