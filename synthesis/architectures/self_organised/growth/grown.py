"""Grown structures as V-values, and as networks that every other method takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vvalues import VValue, drop, select, unstack

from ...wired import INPUTS, SYNAPSE, WiredNetwork, numbered, synapse_tree, wiring_tree
from ..readout import Readout, fit_readout
from .pooling import Pooling
from .tissue import Tissue

__all__ = ["anatomy", "grown_network", "pooled_features", "pooling_tree", "tissue_tree", "wiring"]

SENSOR_LAYER, UNIT_LAYER = "layer-0", "layer-1"
SYNAPSES = f"*/*/{INPUTS}/*"
ROW_BIAS = 0.1


def tissue_tree(tissue: Tissue) -> VValue:
    """A tissue as one V-value: a subtree per cell and per unit.

    Returns
    -------
    VValue
        ``layer-0/cell/position`` (2,), ``.../divisions-left``, ``.../clock``;
        ``layer-1/unit/position`` (2,), ``.../threshold``, ``.../inputs/cell`` -> weight (>= 0.1).
        Division is a new subtree, a wound removes subtrees, wiring is the support below
        ``inputs``.

    Examples
    --------
    >>> from synthesis.architectures.self_organised import Polygon
    >>> from synthesis.architectures.self_organised.growth import Tissue
    >>> tissue = Tissue(Polygon([(0, 0), (6, 0), (6, 6), (0, 6)]), np.random.default_rng(0))
    >>> sorted({path[2] for path in tissue_tree(tissue).support.paths})
    ['clock', 'divisions-left', 'position']
    """
    cells = VValue(
        {"position": tissue.positions, "divisions-left": tissue.hayflick, "clock": tissue.clock}
    )
    tree = VValue({SENSOR_LAYER: dict(zip(tissue.names, unstack(cells), strict=True))})
    if not tissue.unit_names:
        return tree
    units = VValue({"position": tissue.unit_positions, "threshold": tissue.threshold})
    tree += VValue({UNIT_LAYER: dict(zip(tissue.unit_names, unstack(units), strict=True))})
    return tree + synapse_tree(UNIT_LAYER, tissue.unit_names, tissue.names, tissue.weights)


def pooling_tree(pooling: Pooling, only_small: bool = False) -> VValue:
    """A self-organised pooling layer as one V-value; paths as in `tissue_tree`.

    With ``only_small``, units that are not organised yet (see `PoolingSettings.small`) have no
    synapses.

    Examples
    --------
    >>> from synthesis.architectures.self_organised.growth import Pooling, PoolingSettings
    >>> rng = np.random.default_rng(0)
    >>> pooling = Pooling(rng, PoolingSettings(n_sensors=20, n_units=3, side=4.0))
    >>> tree = pooling_tree(pooling)
    >>> sorted({path[0] for path in tree.support.paths}), len(wiring(tree))
    (['layer-0', 'layer-1'], 60)
    """
    weights = pooling.weights
    sensors, units = numbered("cell", len(weights)), numbered("unit", weights.shape[1])
    if only_small:
        sizes = np.count_nonzero(weights >= SYNAPSE, axis=0)
        weights = weights * (sizes < pooling.settings.small)
    places = unstack(VValue({"position": pooling.positions}))
    thresholds = unstack(VValue({"threshold": pooling.layer.threshold}))
    tree = VValue({SENSOR_LAYER: dict(zip(sensors, places, strict=True))})
    tree += VValue({UNIT_LAYER: dict(zip(units, thresholds, strict=True))})
    return tree + synapse_tree(UNIT_LAYER, units, sensors, weights)


def wiring(tree: VValue) -> VValue:
    """The part of a tree that is synapses: what a network computes with and training moves.

    Examples
    --------
    >>> from synthesis.architectures.self_organised.growth import Pooling, PoolingSettings
    >>> rng = np.random.default_rng(0)
    >>> pooling = Pooling(rng, PoolingSettings(n_sensors=20, n_units=3, side=4.0))
    >>> tree = pooling_tree(pooling)
    >>> len(tree), len(wiring(tree)), len(anatomy(tree))
    (83, 60, 23)
    """
    return select(tree, SYNAPSES)


def anatomy(tree: VValue) -> VValue:
    """The rest: positions, counters, thresholds. ``anatomy(t) + wiring(t) == t``.

    Examples
    --------
    >>> from synthesis.architectures.self_organised.growth import Pooling, PoolingSettings
    >>> rng = np.random.default_rng(0)
    >>> pooling = Pooling(rng, PoolingSettings(n_sensors=20, n_units=3, side=4.0))
    >>> tree = pooling_tree(pooling)
    >>> len(tree), len(anatomy(tree)), sorted({path[2] for path in anatomy(tree).support.paths})
    (83, 23, ['position', 'threshold'])
    """
    return drop(tree, SYNAPSES)


def grown_network(
    tree: VValue,
    classes: Sequence[str],
    rng: np.random.Generator,
    activation: str = "tanh",
) -> tuple[WiredNetwork, VValue]:
    """A grown first layer with fresh, fully wired outputs on top: a model and its parameters.

    Weights of a unit are scaled to sum 1, so a unit is a weighted mean of its sensors.

    Parameters
    ----------
    tree : VValue from `tissue_tree` or `pooling_tree`
    classes : sequence of str
        Names of the outputs.
    rng : numpy.random.Generator
        For the outputs' weights.

    Returns
    -------
    model : WiredNetwork
        Inputs are the sensors, in order of their names.
    parameters : VValue
        ``layer-1/unit/inputs/cell``, ``layer-2/class/inputs/unit``, and biases of the outputs.

    Raises
    ------
    ValueError
        If nothing is wired yet.

    Examples
    --------
    >>> from synthesis.architectures.self_organised.growth import Pooling, PoolingSettings
    >>> rng = np.random.default_rng(0)
    >>> pooling = Pooling(rng, PoolingSettings(n_sensors=20, n_units=3, side=4.0))
    >>> model, parameters = grown_network(pooling_tree(pooling), ["left", "right"], rng)
    >>> model(parameters, np.ones((5, 20))).shape
    (5, 2)
    """
    synapses = wiring(tree)
    if not synapses:
        raise ValueError("the tree has no synapses yet: let it grow until units have budded")
    sensors = tuple(dict.fromkeys(p[1] for p in tree.support.paths if p[0] == SENSOR_LAYER))
    units = tuple(dict.fromkeys(path[1] for path in synapses.support.paths))
    model = WiredNetwork([sensors, units, tuple(classes)], activation)
    weights = model.matrices(synapses)[0]
    top = rng.standard_normal((len(units), len(classes))) / np.sqrt(len(units))
    parameters = wiring_tree(UNIT_LAYER, units, sensors, weights / weights.sum(axis=0))
    parameters = parameters + wiring_tree("layer-2", classes, units, top)
    biases = VValue({"layer-2": {name: {"bias": 0.0} for name in classes}})
    return model, parameters + biases


# -------------------- the published readout --------------------


def pooled_features(inputs: np.ndarray, synapses: np.ndarray, rng: np.random.Generator) -> Features:
    """Features of binary wiring as the released code computes them, scaled on these inputs.

    Parameters
    ----------
    inputs : array (n, sensors)
    synapses : array of bool (sensors, units)
    rng : numpy.random.Generator
        For the weights of the bias input.

    Examples
    --------
    >>> synapses = np.array([[True, False], [True, False], [False, True]])
    >>> features = pooled_features(np.eye(3), synapses, np.random.default_rng(0))
    >>> features(np.array([[1.0, 0.0, 0.0]])).shape
    (1, 2)
    """
    if np.ndim(inputs) != 2 or np.shape(inputs)[1] != len(synapses):
        raise ValueError(
            f"inputs have shape {np.shape(inputs)}; expected a row of {len(synapses)} sensors each"
        )
    weights = np.vstack([synapses, rng.random(synapses.shape[1])])
    found = Features(weights, np.zeros(weights.shape[1]), np.ones(weights.shape[1]))
    sums = found.sums(inputs)
    low, high = sums.min(axis=0), sums.max(axis=0)
    return Features(weights, low, np.where(high > low, high - low, 1.0))


class Features:
    """Rows standardised, a bias of 0.1, sums over the wiring, units scaled to [0, 1], tanh.

    A blank row (all sensors equal) becomes zeros.

    References
    ----------
    github thomsonlab/GrowingBrains @82b81dc, ``Functionality_Network/helm_train_modify2.m``.
    """

    def __init__(self, weights: np.ndarray, low: np.ndarray, width: np.ndarray) -> None:
        self.weights, self.low, self.width = weights, low, width

    def sums(self, inputs: np.ndarray) -> np.ndarray:
        """Sums over every unit's sensors, (n, units)."""
        rows = inputs - inputs.mean(axis=1, keepdims=True)
        spread = rows.std(axis=1, ddof=1, keepdims=True)
        blank = spread <= 1e-12 * np.abs(inputs).max(axis=1, keepdims=True)
        rows /= np.where(blank, 1.0, spread)
        return rows @ self.weights[:-1] + ROW_BIAS * self.weights[-1]

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Features (n, units)."""
        return np.tanh((self.sums(inputs) - self.low) / self.width)

    def readout(self, inputs: np.ndarray, labels: np.ndarray, strength: float = 1e-6) -> Readout:
        """A linear readout trained on these inputs (n, sensors)."""
        return fit_readout(self(inputs), labels, strength)
