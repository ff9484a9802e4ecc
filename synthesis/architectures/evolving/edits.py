"""Edits of evolving layers: which operations there are.

Each takes parameters and an optimizer's state, and returns both on the new support. The table of an
`EvolvingObjective` tells what an operation contributes; a held-out table makes an edit by held-out
loss.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vvalues import Support, VValue

from ...optimize.optimizers import restrict_state
from .evaluation import Run
from .objective import EvolvingObjective
from .operations import OPERATIONS
from .places import Proposal, draw_operation
from .structure import OUTPUT, add_operation, operation_names, remove_operation, unread_operations

__all__ = [
    "contributions",
    "evolve_operation",
    "evolve_screened_operation",
    "prune_operation",
    "prune_operation_by_loss",
    "screen",
]

Edited = tuple[VValue, Any]


# -------------------- evolving --------------------


def evolve_operation(
    parameters: VValue,
    state: Any,
    objective: EvolvingObjective,
    rng: np.random.Generator,
    *,
    layer: str | None = None,
    index_zero_defect: bool = False,
) -> Edited:
    """Add one random operation; its output weights are 0, so the predictions do not change yet.

    Parameters
    ----------
    layer : str, optional
        The layer that grows; a random one when omitted.
    index_zero_defect : bool
        See `draw_operation`.

    References
    ----------
    Seed 003, ``EvLayer.evolve``.

    Examples
    --------
    >>> from synthesis.architectures.evolving import EvolvingModel, EvolvingObjective
    >>> from vvalues import VValue
    >>> product = {"multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}}}
    >>> tree = VValue({"layer-1": {**product, "output": {"y0": {"multiply-1": 2}}}})
    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> objective = EvolvingObjective(EvolvingModel(2, 1), x, 2.0 * x[:, :1] * x[:, 1:])
    >>> larger, _ = evolve_operation(tree, (), objective, np.random.default_rng(0))
    >>> tree.size, larger.size, objective.loss(larger) - objective.loss(tree)
    (3, 7, 0.0)
    """
    return evolve_screened_operation(
        parameters,
        state,
        objective,
        rng,
        proposals=1,
        layer=layer,
        index_zero_defect=index_zero_defect,
    )


def evolve_screened_operation(
    parameters: VValue,
    state: Any,
    objective: EvolvingObjective,
    rng: np.random.Generator,
    *,
    proposals: int = 64,
    layer: str | None = None,
    index_zero_defect: bool = False,
) -> Edited:
    """Draw many random operations and add the one that correlates best with the residual.

    Parameters
    ----------
    proposals : int >= 1
        Operations drawn; 1 is plain random mutation.

    Notes
    -----
    In a layer before the last one the part of the residual is played by the derivative of the loss
    by the layer's outputs. Cost: one evaluation and one row operation per proposal.

    Examples
    --------
    >>> from synthesis.architectures.evolving import EvolvingModel, EvolvingObjective
    >>> from vvalues import VValue
    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> objective = EvolvingObjective(EvolvingModel(2, 1), x, x[:, :1] * x[:, 1:])
    >>> tree, rng = VValue({"layer-1": {"output": {"y0": {"x0": 1.0}}}}), np.random.default_rng(0)
    >>> larger, _ = evolve_screened_operation(tree, (), objective, rng)
    >>> sorted(larger["layer-1", "multiply-1"].support.paths)
    [('first', 'x1'), ('log-scale',), ('second', 'x0')]
    """
    if proposals < 1:
        raise ValueError(f"proposals is {proposals}; expected at least 1")
    model = objective.model
    layer = str(rng.choice(model.layers)) if layer is None else layer
    sources = (*model.layer_inputs(layer), *operation_names(parameters.support, layer))
    drawn = [
        draw_operation(model.operations, sources, rng, index_zero_defect=index_zero_defect)
        for _ in range(proposals)
    ]
    run = objective.run(parameters)
    rows = [_value(proposal, layer, run) for proposal in drawn]
    best = 0
    if proposals > 1:
        best = int(np.argmax(screen(np.array(rows), _residual(objective, run, layer))))
    root = float(np.sqrt(np.mean(rows[best] ** 2)))
    arguments = [_argument(argument, model.trains_links) for argument in drawn[best].arguments]
    parameters, _ = add_operation(
        parameters,
        layer,
        drawn[best].kind,
        arguments,
        outputs=model.layer_outputs(layer),
        scale=root if np.isfinite(root) and root > 1e-12 else 1.0,
    )
    return parameters, restrict_state(state, parameters.support)


def _argument(argument: str | float, has_constant: bool) -> Any:
    """Where links are trained, an argument also has a trained constant."""
    if isinstance(argument, str) and has_constant:
        return {argument: 1.0, ":number": 0.0}
    return argument


def _value(proposal: Proposal, layer: str, run: Run) -> np.ndarray:
    rows = [_row(argument, layer, run) for argument in proposal.arguments]
    with np.errstate(all="ignore"):
        return OPERATIONS[proposal.kind].apply(*rows)


def _row(argument: str | float, layer: str, run: Run) -> np.ndarray:
    if isinstance(argument, str):
        return run.values[run.plan.row_of(layer, argument)]
    return np.full(run.values.shape[1], float(argument))


def _residual(objective: EvolvingObjective, run: Run, layer: str) -> np.ndarray:
    """What the layer's outputs should still move by, up to a factor: (outputs, samples)."""
    _, adjoint = run.pullback(objective.targets - run.outputs)
    rows = [run.plan.rows[layer, name] for name in objective.model.layer_outputs(layer)]
    return adjoint[rows]


def screen(rows: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Share of the residual that each candidate explains by itself.

    Parameters
    ----------
    rows : array (candidates, samples)
    residual : array (outputs, samples)

    Returns
    -------
    array (candidates,): squared correlations, weighted by the outputs' residual variance; 0 for a
    candidate that is constant or not finite.

    Examples
    --------
    >>> rows = np.array([[1.0, 2.0, 3.0], [1.0, -2.0, 1.0], [5.0, 5.0, 5.0]])
    >>> screen(rows, np.array([[2.0, 4.0, 6.0]])).round(3)
    array([1., 0., 0.])
    """
    with np.errstate(all="ignore"):
        centred = rows - rows.mean(axis=1, keepdims=True)
        norm = np.sqrt(np.sum(centred**2, axis=1))
        size = np.max(np.abs(rows), axis=1)
        usable = np.isfinite(norm) & (norm > 1e-10 * size) & (norm > 0)
        unit = np.where(usable[:, None], centred / np.where(usable, norm, 1.0)[:, None], 0.0)
    left = residual - residual.mean(axis=1, keepdims=True)
    total = np.sum(left**2)
    return np.sum((unit @ left.T) ** 2, axis=1) / (total if total > 0 else 1.0)


# -------------------- pruning --------------------


def contributions(parameters: VValue, objective: EvolvingObjective) -> dict[tuple[str, str], float]:
    """How far each operation moves its layer's outputs: ``{(layer, operation): deviation}``.

    The standard deviation of the operation's value over the samples, times the Euclidean norm of
    its output weights. (The seed sums the weights over outputs, where they may cancel.)

    Examples
    --------
    >>> from synthesis.architectures.evolving import EvolvingModel, EvolvingObjective
    >>> from vvalues import VValue
    >>> product = {"multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}}}
    >>> tree = VValue({"layer-1": {**product, "output": {"y0": {"multiply-1": 2}}}})
    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> objective = EvolvingObjective(EvolvingModel(2, 1), x, 2.0 * x[:, :1] * x[:, 1:])
    >>> {name: round(size, 3) for name, size in contributions(tree, objective).items()}
    {('layer-1', 'multiply-1'): 1.916}
    """
    run = objective.run(parameters)
    found = {}
    for layer in objective.model.layers:
        outputs = objective.model.layer_outputs(layer)
        for name in operation_names(parameters.support, layer):
            weights = [float(parameters[layer, OUTPUT, o, name]) for o in outputs]
            deviation = float(np.std(run.values[run.plan.rows[layer, name]], ddof=1))
            found[layer, name] = float(np.linalg.norm(weights)) * deviation
    return found


def prune_operation(
    parameters: VValue,
    state: Any,
    objective: EvolvingObjective,
    *,
    count: int = 1,
    keep: int = 0,
) -> Edited:
    """Remove unread operations that contribute least, one after the other.

    Parameters
    ----------
    count : int
        At most so many operations go.
    keep : int
        Stop when no more than so many operations are left.

    References
    ----------
    Seed 003, ``EvLayer.evolve`` (the pruning half).

    Examples
    --------
    >>> from synthesis.architectures.evolving import EvolvingModel, EvolvingObjective
    >>> from vvalues import VValue
    >>> product = {"multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}}}
    >>> tree = VValue({"layer-1": {**product, "output": {"y0": {"multiply-1": 2}}}})
    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> objective = EvolvingObjective(EvolvingModel(2, 1), x, 2.0 * x[:, :1] * x[:, 1:])
    >>> fewer, _ = prune_operation(tree, (), objective)
    >>> tree.size, fewer.size
    (3, 0)
    """
    for _ in range(count):
        candidates = _unread(parameters.support, objective)
        if not candidates or objective.model.count_operations(parameters) <= keep:
            break
        moved = contributions(parameters, objective)
        layer, name = min(candidates, key=lambda candidate: moved[candidate])
        parameters = remove_operation(parameters, layer, name)
    return parameters, restrict_state(state, parameters.support)


def prune_operation_by_loss(
    parameters: VValue,
    state: Any,
    objective: EvolvingObjective,
    *,
    count: int = 1,
    keep: int = 0,
    allowed: float = float("inf"),
) -> Edited:
    """Remove unread operations whose removal raises the measured loss least.

    Parameters
    ----------
    objective : EvolvingObjective
        On held-out samples, to prune what only memorises.
    count, keep : int
        As for `prune_operation`.
    allowed : float
        Stop where the loss would rise above ``(1 + allowed)`` times the loss before.

    Examples
    --------
    >>> from synthesis.architectures.evolving import EvolvingModel, EvolvingObjective
    >>> from vvalues import VValue
    >>> product = {"multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}}}
    >>> tree = VValue({"layer-1": {**product, "output": {"y0": {"multiply-1": 2}}}})
    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> objective = EvolvingObjective(EvolvingModel(2, 1), x, 2.0 * x[:, :1] * x[:, 1:])
    >>> [prune_operation_by_loss(tree, (), objective, allowed=a)[0].size for a in (0.1, np.inf)]
    [3, 0]
    """
    before = objective.loss(parameters)
    for _ in range(count):
        candidates = _unread(parameters.support, objective)
        if not candidates or objective.model.count_operations(parameters) <= keep:
            break
        smaller = [remove_operation(parameters, layer, name) for layer, name in candidates]
        losses = [objective.loss(candidate) for candidate in smaller]
        best = int(np.argmin(losses))
        if losses[best] > (1.0 + allowed) * before:
            break
        parameters = smaller[best]
    return parameters, restrict_state(state, parameters.support)


def _unread(support: Support, objective: EvolvingObjective) -> list[tuple[str, str]]:
    return [
        (layer, name)
        for layer in objective.model.layers
        for name in unread_operations(support, layer)
    ]
