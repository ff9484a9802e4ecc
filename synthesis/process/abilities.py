"""What a model may offer beyond its predictions, and how methods ask for it.

Every `Model` can be trained and walked on. Whoever offers more gets more:

* ``linearize(parameters, inputs)``: values and Jacobian products of its own
  (`synthesis.process.linearization`); those of autograd when it has none.
* ``prunable(support)``: which elements are weights, so that zero means absence; all by default.
* ``living(support)``: leaves that can influence an output, where links are leaves.
* ``alive(parameters)``: elements that can, where links are elements of arrays.
* ``support``: the only support its parameters can have; what is pruned then stays, as zeros.
* ``places()``: how neurons lie in the tree (`synthesis.process.places.Neurons`).
* ``fitting(parameters)``: the model that parameters belong to after neurons came or went.

A model for which one of these has no meaning raises TypeError from it, and says why in a sentence.
A task offers ``residuals`` for least squares (`synthesis.optimize.objective.ModelObjective`).
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np

from vvalues import Support, VValue

from .models import Model

__all__ = [
    "HasArraysOfLinks",
    "HasLinks",
    "HasNeurons",
    "HasWeights",
    "elements_of",
    "fitted",
    "living_elements",
    "neurons_of",
    "prunable_elements",
]


@runtime_checkable
class HasWeights(Protocol):
    """A model some of whose parameters are no weights: geometry, running figures."""

    def prunable(self, support: Support) -> np.ndarray:
        """Elements whose zero means absence, array of bool (size,)."""
        ...


@runtime_checkable
class HasLinks(Protocol):
    """A model whose leaves are links."""

    def living(self, support: Support) -> Support:
        """The leaves that can influence an output."""
        ...


@runtime_checkable
class HasArraysOfLinks(Protocol):
    """A model whose links are elements of array leaves; a zero is no link."""

    def alive(self, parameters: VValue) -> np.ndarray:
        """Elements that can influence an output, array of bool (size,)."""
        ...


@runtime_checkable
class HasNeurons(Protocol):
    """A model whose neurons can come and go."""

    def places(self) -> Any:
        """How they lie in the tree, a `synthesis.process.places.Neurons`."""
        ...


def elements_of(support: Support, leaves: np.ndarray) -> np.ndarray:
    """An entry per leaf as an entry per element.

    Examples
    --------
    >>> tree = VValue({"a": 1.0, "b": np.zeros(2)})
    >>> elements_of(tree.support, np.array([True, False]))
    array([ True, False, False])
    """
    return np.repeat(leaves, np.diff(support.offsets))


def prunable_elements(model: Model, support: Support) -> np.ndarray:
    """Elements whose zero means absence, array of bool (size,); all if the model says nothing."""
    if isinstance(model, HasWeights):
        return model.prunable(support)
    return np.ones(support.size, dtype=bool)


def living_elements(model: Model, parameters: VValue) -> np.ndarray:
    """Elements that can influence an output, array of bool (size,).

    Raises
    ------
    TypeError
        If the model cannot tell.
    """
    support = parameters.support
    if isinstance(model, HasArraysOfLinks):
        return model.alive(parameters)
    if isinstance(model, HasLinks):
        living = model.living(support)
        return elements_of(support, np.array([path in living for path in support.paths], bool))
    raise TypeError(
        f"a {type(model).__name__} does not say which of its parameters can influence an output; "
        "it needs a method living(support) or alive(parameters)"
    )


def neurons_of(model: Model) -> Any:
    """How the neurons of a model lie in its tree.

    Raises
    ------
    TypeError
        If it has none that could come or go.
    """
    if isinstance(model, HasNeurons):
        return model.places()
    raise TypeError(
        f"a {type(model).__name__} has no neurons that could come or go; it needs a method places()"
    )


def fitted(model: Model, parameters: VValue) -> Model:
    """The model that parameters belong to after an edit; the same one if it takes any structure."""
    fitting = getattr(model, "fitting", None)
    return model if fitting is None else fitting(parameters)
