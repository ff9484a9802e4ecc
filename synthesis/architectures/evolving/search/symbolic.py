"""Symbolic regression: screened evolution to the end, then training, pruning and rounding.

For every small set of operations a library of compositions is screened against the targets, the
best combinations become networks, and their constants are trained by least squares. The smallest
network that leaves nothing but rounding wins; otherwise the one with the least held-out score. One
set of operations is one job, so that a search spreads over processes and still gives the same
result.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from vvalues import VValue

from ....optimize.least_squares import levenberg_marquardt
from ....process.bounds import Bounded, at_least
from ..library import Library, Recipe, grow_library, starts
from ..model import EvolvingModel
from ..objective import EvolvingObjective
from ..operations import get_operations
from ..structure import OUTPUT, add_operation, layer_name, remove_unused
from .rounding import rounded
from .selection import EXACT, SHARE, Choice, choices, small_structures

__all__ = ["Found", "SearchSettings", "as_network", "search", "symbolic_search"]

FIRST = 6  # least-squares steps after which the worse candidates are left alone


@dataclass(frozen=True)
class SearchSettings(Bounded, called="setting {}"):
    """Constants of the search; the same for every table.

    Attributes
    ----------
    operations : tuple of str
        Kinds to compose.
    depth, largest : int
        See `grow_library`.
    beam, terms : int
        See `evolving_selection.choices`.
    polished : int
        Candidates per set of operations whose constants are trained for `FIRST` steps.
    iterations : int
        Further least-squares steps for the best fifth of them.
    seconds : float
        Wall-clock limit: no further set of operations is begun after it.
    """

    operations: tuple[str, ...] = (
        "add",
        "subtract",
        "multiply",
        "divide",
        "sin",
        "cos",
        "exp",
        "log",
    )
    depth: int = at_least(3, 1)
    largest: int = at_least(2500, 1)
    beam: int = at_least(12, 1)
    terms: int = at_least(5, 1)
    polished: int = at_least(60, 1)
    iterations: int = at_least(40, 1)
    seconds: float = at_least(45.0, 1)


class Found(NamedTuple):
    """A network that a search came to.

    Attributes
    ----------
    parameters : VValue
    error : float
        Norm of the training residual over that of the centred targets.
    share : float
        Independent trained numbers (the rank of the Jacobian) per target value.
    score : float
        What networks that are not exact are compared by: held-out error with a price on size.
    kinds : tuple of str
        The set of operations it was found with.
    """

    parameters: VValue
    error: float
    share: float
    score: float
    kinds: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        """Whether nothing but rounding is left, though there are targets enough to tell."""
        return self.error < EXACT and self.share <= SHARE


def symbolic_search(
    inputs: np.ndarray,
    targets: np.ndarray,
    settings: SearchSettings | None = None,
    executor: Executor | None = None,
) -> tuple[EvolvingModel, Found]:
    """A small network that gives the targets.

    Parameters
    ----------
    inputs : array (samples, inputs)
    targets : array (samples, outputs)
    settings : SearchSettings, optional
    executor : concurrent.futures.Executor, optional
        Where the sets of operations are searched at the same time.

    Returns
    -------
    model : EvolvingModel
        With trained links.
    found : Found
        The smallest exact network among the sets with as few kinds of one argument as suffice,
        so the result does not depend on the number of workers (unless the time limit cuts in).

    Raises
    ------
    ValueError
        If a table is not finite or has the wrong shape, or the set of operations is empty.
    """
    settings = settings or SearchSettings()
    inputs, targets = _columns(inputs), _columns(targets)
    model = _model(inputs, targets, settings)
    objective = EvolvingObjective(model, inputs, targets)  # says what is wrong with the tables
    best: Found | None = None
    for found in _over_starts(inputs, targets, settings, executor):
        if best is not None and best.is_exact and _breadth(found) > _breadth(best):
            break
        best = found if best is None else min(best, found, key=_rank)
    assert best is not None
    return model, best if best.is_exact else _rounded(objective, best)


def _breadth(found: Found) -> int:
    """Operations of one argument in the set it was searched with: sets come in this order."""
    return sum(operation.arity == 1 for operation in get_operations(found.kinds))


def _rank(found: Found) -> tuple:
    """Exact networks first, small ones before large ones; the others by their score."""
    return (0, len(found.parameters), found.score) if found.is_exact else (1, found.score)


def _over_starts(
    inputs: np.ndarray, targets: np.ndarray, settings: SearchSettings, executor: Executor | None
) -> Iterator[Found]:
    """Outcomes in order, while there is time."""
    deadline = time.monotonic() + settings.seconds
    job = partial(search, inputs, targets, settings)
    sets = starts(settings.operations)
    futures = [] if executor is None else [executor.submit(job, kinds) for kinds in sets]
    try:
        for i, kinds in enumerate(sets):
            yield futures[i].result() if futures else job(kinds)
            if time.monotonic() > deadline:
                return
    finally:
        for future in futures:
            future.cancel()


def _columns(table: np.ndarray) -> np.ndarray:
    table = np.asarray(table, dtype=np.float64)
    return table[:, None] if table.ndim == 1 else table


def _model(inputs: np.ndarray, targets: np.ndarray, settings: SearchSettings) -> EvolvingModel:
    return EvolvingModel(
        inputs.shape[1], targets.shape[1], operations=settings.operations, trains_links=True
    )


# -------------------- one set of operations --------------------


def search(
    inputs: np.ndarray, targets: np.ndarray, settings: SearchSettings, kinds: Sequence[str]
) -> Found:
    """The best network with one set of operations; its numbers are rounded if it is exact."""
    library = grow_library(inputs, kinds, depth=settings.depth, largest=settings.largest)
    candidates = choices(library, targets, beam=settings.beam, terms=settings.terms)
    model = _model(inputs, targets, settings)
    objective = EvolvingObjective(model, inputs, targets, warns=False)
    worth = _worth_polishing(library, targets, candidates, settings.polished)
    polished = [
        _polished(objective, as_network(model, library, choice), choice.size, FIRST, tuple(kinds))
        for choice in worth
    ]
    order = sorted(range(len(worth)), key=lambda i: polished[i].score)
    networks = [
        _polished(
            objective, polished[i].parameters, worth[i].size, settings.iterations, tuple(kinds)
        )
        for i in order[: max(settings.polished // 5, 1)]
    ]
    exact = [network for network in networks if network.is_exact]
    if not exact:
        return min(networks, key=lambda network: network.score)
    return _rounded(objective, min(exact, key=lambda network: len(network.parameters)))


def _rounded(objective: EvolvingObjective, found: Found) -> Found:
    """With simple numbers, as far as an exact network stays exact, and another one as good."""
    exact = EXACT**2 * float(np.var(objective.targets, axis=0).mean())
    tolerated = exact if found.is_exact else 1.001 * objective.loss(found.parameters)
    parameters = rounded(objective, found.parameters, tolerated)
    return found._replace(parameters=parameters, error=_error(objective, parameters))


def _worth_polishing(
    library: Library, targets: np.ndarray, candidates: list[Choice], n: int
) -> list[Choice]:
    """The exact one; otherwise the smallest ones, then singles, products, pairs and so on in turn.

    Trained constants make good what a combination of one or two entries lacks; among larger ones
    there are always some with less error, which would crowd them out.
    """
    if candidates[0].is_exact:
        return candidates[:1]
    small = small_structures(library, targets, n // 2)
    groups: dict[tuple[int, bool], list[Choice]] = {}
    for candidate in candidates:
        is_product = any(isinstance(entry, Recipe) for entry in candidate.entries)
        groups.setdefault((min(len(candidate.entries), 3), is_product), []).append(candidate)
    in_turn = [c for rank in zip_longest(*groups.values()) for c in rank if c is not None]
    return [*small, *in_turn][:n]


def _error(objective: EvolvingObjective, parameters: VValue) -> float:
    variance = float(np.var(objective.targets, axis=0).mean()) or 1.0
    return float(np.sqrt(objective.loss(parameters) / variance))


def _polished(
    objective: EvolvingObjective,
    parameters: VValue,
    size: float,
    iterations: int,
    kinds: tuple[str, ...],
) -> Found:
    """A network with its constants trained, unless it is exact already."""
    if _error(objective, parameters) >= EXACT:
        target = (0.01 * EXACT) ** 2 * float(np.var(objective.targets, axis=0).mean())
        with np.errstate(all="ignore"):
            parameters = levenberg_marquardt(
                objective, parameters, iterations=iterations, target=target
            ).parameters
    error = _error(objective, parameters)
    share = _freedom(objective, parameters) / objective.targets.size
    # Generalised cross-validation: trained constants count like the linear weights.
    score = float(np.log(error / max(1.0 - share, 0.02) + EXACT)) + 0.02 * size
    return Found(parameters, error, share, score, kinds)


def _freedom(objective: EvolvingObjective, parameters: VValue) -> int:
    _, jacobian = objective.residuals(parameters)
    norms = np.linalg.norm(jacobian, axis=1)
    jacobian = jacobian[norms > 0] / norms[norms > 0, None]
    if not jacobian.size or not np.all(np.isfinite(jacobian)):
        return parameters.size
    return int(np.linalg.matrix_rank(jacobian, tol=1e-9))


def as_network(model: EvolvingModel, library: Library, choice: Choice) -> VValue:
    """A linear combination of compositions as the parameters of a model of one layer.

    Compositions that occur several times become one operation that is read several times.
    """
    layer = layer_name(1)
    outputs = model.outputs[0]
    biases = {output: float(b) for output, b in zip(outputs, choice.weights[0], strict=True)}
    parameters = VValue({layer: {OUTPUT: {o: {":number": b} for o, b in biases.items()}}})
    names: dict[Recipe, str] = {}
    for entry, weights in zip(choice.entries, choice.weights[1:], strict=True):
        recipe = entry if isinstance(entry, Recipe) else library.recipes[entry]
        parameters, name = _composed(model, library, parameters, recipe, names)
        links = {o: {name: float(w)} for o, w in zip(outputs, weights, strict=True)}
        parameters = parameters + VValue({layer: {OUTPUT: links}})
    return remove_unused(parameters)


def _composed(
    model: EvolvingModel,
    library: Library,
    parameters: VValue,
    recipe: Recipe,
    names: dict[Recipe, str],
) -> tuple[VValue, str]:
    """The tree with a composition and all it is made of, and the name of its result."""
    if not recipe.kind:
        return parameters, model.inputs[recipe.arguments[0][0]]
    if recipe in names:
        return parameters, names[recipe]
    arguments = []
    for entry, weight, constant in recipe.arguments:
        parameters, source = _composed(model, library, parameters, library.recipes[entry], names)
        # Only constants that are there already are trained: those that vanish are as a rule right,
        # and next to a pole (log of x) the least step away from zero is a step too far.
        own = {":number": constant} if constant else {}
        arguments.append({source: weight, **own})
    parameters, names[recipe] = add_operation(
        parameters, layer_name(1), recipe.kind, arguments, scale=None
    )
    return parameters, names[recipe]
