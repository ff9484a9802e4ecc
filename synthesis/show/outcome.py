"""What a run of any architecture has found, in text and as a page."""

from __future__ import annotations

from contextlib import suppress
from pkgutil import resolve_name
from typing import Any

import numpy as np

from dmm.show import page
from vvalues import VValue
from vvalues.show.text import indented

from ..process.abilities import HasNeurons
from ..process.process import Outcome, StoredProcess
from .curves_svg import svg_curves

__all__ = ["figures_of", "model_shown", "outcome_page", "outcome_text"]

LEAVES = 60
SEVERAL = "elastic-networks"
ADJACENCY = "synthesis.architectures.manifold:adjacency_text"
RENDERERS = {
    "EvolvingModel": "synthesis.architectures.evolving:to_text",
    **dict.fromkeys(("Manifold", "MemoryManifold", "RecurrentManifold"), ADJACENCY),
}
"""Class of a model to module and function (model, parameters) -> str; others are shown as trees."""


def figures_of(outcome: Outcome) -> dict[str, Any]:
    """Training loss and the task's figures, by names that read well."""
    named = {name.replace("_", " "): value for name, value in outcome.figures.items()}
    return {"training loss": outcome.loss, **named}


def model_shown(process: StoredProcess) -> Any:
    """The model that a process's parameters belong to; None for several networks side by side."""
    if process.identity.get("process") == SEVERAL:
        return None
    return process.model  # type: ignore[attr-defined]


def _size(model: Any, parameters: VValue) -> str:
    """How large a network is, in a line."""
    zeros = parameters.size - int(np.count_nonzero(parameters.buffer))
    parts = [f"{parameters.size:,} parameters at {len(parameters):,} paths"]
    if zeros:
        parts.append(f"{zeros:,} of them zero")
    if isinstance(model, HasNeurons):
        with suppress(TypeError, ValueError):  # where it has none, it would say why
            parts.append(f"{len(model.places().names(parameters)):,} neurons that can come and go")
    return ", ".join(parts)


def outcome_text(model: Any, parameters: VValue) -> str:
    """A network in text: a formula, an adjacency matrix, or its tree.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model = Perceptron([1, 1])
    >>> print(outcome_text(model, model.initial(np.random.default_rng(0)) * 0.0))
    2 parameters at 2 paths, 2 of them zero
    <BLANKLINE>
    layer-1
      bias  array(1,)
      weights  array(1, 1)
    """
    size = _size(model, parameters)
    place = RENDERERS.get(type(model).__name__)
    if place is None:
        return f"{size}\n\n{indented(parameters, LEAVES)}"
    return f"{size}\n\n{resolve_name(place)(model, parameters)}"


def outcome_page(process: StoredProcess, outcome: Outcome) -> str:
    """One self-contained HTML page: figures, curves, the network, and how to go on."""
    model, identity = model_shown(process), process.identity
    curves = svg_curves(record.to_dict() for record in outcome.records)
    return page(
        str(identity.get("process", type(process).__name__)),
        _size(model, outcome.parameters),
        figures_of(outcome),
        lead=f"Trained by {type(process).__name__}, seed {identity.get('seed')}.",
        texts={
            "Network": outcome_text(model, outcome.parameters),
            "To go on": "python -m synthesis show DIR\npython -m synthesis evaluate DIR",
        },
        sections={"Training": curves} if curves else {},
    )
