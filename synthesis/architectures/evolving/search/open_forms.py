"""Lots of forms as one job of a search: each fitted, the best made a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from vvalues import VValue

from ..model import EvolvingModel
from ..objective import EvolvingObjective
from ..structure import OUTPUT, add_operation, layer_name
from .constants import Constants, fitted
from .form import Argument, Form, Term, count_constants, size, small_forms
from .found import Found, polished, with_simple_numbers
from .selection import EXACT, SPARE

__all__ = ["form_network", "search_forms", "search_model"]

FITTED = 0.1 * EXACT
ITERATIONS = 20


def search_forms(
    inputs: np.ndarray, targets: np.ndarray, operations: Sequence[str], lot: tuple[int, int]
) -> Found | None:
    """The first form of a lot that gives the targets exactly, or the best one.

    Parameters
    ----------
    inputs : array (samples, inputs)
    targets : array (samples, outputs)
    operations : sequence of str
        Kinds that forms are made of.
    lot : (int, int)
        First and last of the forms of these kinds, in order of size.

    Returns
    -------
    Found, with simple numbers if it is exact; None if there are no forms in the lot, or none that
    the samples are enough for

    Examples
    --------
    >>> x = np.linspace(0.5, 3.0, 30)[:, None]
    >>> found = search_forms(x, 2.0 * x / (1.3 + x), ["divide"], (0, 6))
    >>> found.is_exact, found.kinds
    (True, ('divide',))
    """
    model = search_model(inputs, targets, operations)
    objective = EvolvingObjective(model, inputs, targets, warns=False)
    best: tuple[float, Form, Constants] | None = None
    for form in small_forms(inputs, operations, lot[1])[lot[0] :]:
        n = count_constants(form) + (len(form) + 1) * targets.shape[1]
        if targets.size - n < SPARE:
            continue
        constants = fitted(form, inputs, targets, FITTED)
        if not np.isfinite(constants.error):
            continue
        if constants.error < EXACT:
            found = _network_found(objective, form, constants)
            if found.is_exact:
                return with_simple_numbers(objective, found)
        score = np.log(constants.error / (1.0 - n / targets.size) + EXACT) + 0.02 * size(form)
        if best is None or score < best[0]:
            best = (float(score), form, constants)
    return None if best is None else _network_found(objective, *best[1:])


def search_model(
    inputs: np.ndarray, targets: np.ndarray, operations: Sequence[str]
) -> EvolvingModel:
    """The model of the networks that a search comes to: one layer, whose links are trained."""
    return EvolvingModel(
        inputs.shape[1], targets.shape[1], operations=operations, trains_links=True
    )


def _network_found(objective: EvolvingObjective, form: Form, constants: Constants) -> Found:
    parameters = form_network(objective.model, form, constants)
    kinds = tuple(sorted({kind for term in form for kind in _kinds(term)}))
    return polished(objective, parameters, size(form), ITERATIONS, kinds)


def _kinds(term: Term) -> Iterator[str]:
    if term.kind:
        yield term.kind
    for argument in term.arguments:
        for part, _ in argument.parts:
            yield from _kinds(part)


# -------------------- a form as a network --------------------


def form_network(model: EvolvingModel, form: Form, constants: Constants) -> VValue:
    """A form with its constants as the parameters of a model of one layer.

    Examples
    --------
    >>> x = Term("", column=0)
    >>> wave = Term("sin", (Argument(((x, "frequency"),), "phase"),))
    >>> found = Constants(np.array([2.0, 0.5]), np.array([[1.0], [3.0]]), 0.0)
    >>> model = EvolvingModel(1, 1, operations=["sin"], trains_links=True)
    >>> values = model(form_network(model, (wave,), found), np.array([[1.0]]))
    >>> bool(np.isclose(values[0, 0], 1.0 + 3.0 * np.sin(2.5)))
    True
    """
    layer = layer_name(1)
    bias, *rows = constants.weights
    outputs = model.outputs[0]
    biases = {o: {":number": float(b)} for o, b in zip(outputs, bias, strict=True)}
    writer = _Writer(model, VValue({layer: {OUTPUT: biases}}), iter(constants.inner))
    for term, weights in zip(form, rows, strict=True):
        name = writer.name_of(term)
        links = {o: {name: float(w)} for o, w in zip(outputs, weights, strict=True)}
        writer.parameters = writer.parameters + VValue({layer: {OUTPUT: links}})
    return writer.parameters


class _Writer:
    """Adds the operations of terms to a tree, with constants in the order of the form."""

    def __init__(self, model: EvolvingModel, parameters: VValue, inner: Iterator[float]) -> None:
        self.model, self.parameters, self.inner = model, parameters, inner
        self.written: dict[Term, str] = {}

    def name_of(self, term: Term) -> str:
        """The input's name, or that of the operation; without constants it is written once."""
        if not term.kind:
            return self.model.inputs[term.column]
        if term in self.written:
            return self.written[term]
        arguments = [self._links(argument) for argument in term.arguments]
        self.parameters, name = add_operation(
            self.parameters, layer_name(1), term.kind, arguments, scale=None
        )
        if not count_constants((term,)):
            self.written[term] = name
        return name

    def _links(self, argument: Argument) -> dict[str, float]:
        links: dict[str, float] = {}
        for part, weight in argument.parts:
            name = self.name_of(part)  # its constants come before its own weight
            links[name] = self._constant(weight)
        number = self._constant(argument.number)
        # Only constants that are there already are trained: those that vanish are as a rule right,
        # and next to a pole (log of x) the least step away from zero is a step too far.
        return {**links, ":number": number} if number or not links else links

    def _constant(self, constant: str | float) -> float:
        return float(next(self.inner)) if isinstance(constant, str) else constant
