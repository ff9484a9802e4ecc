"""Layered networks of elastic width and depth: residual blocks with multipliers.

    s = x W + b,   s <- s + M_k ((m_k * relu(s A_k + a_k)) B_k) for every block k,   y = s V + c

Every hidden unit of a block has a multiplier (m_k), and every block has one (M_k) before its result
is added. L1 on both, a threshold and a reserve do for units and blocks what they do for the neurons
of a recurrent network: widths and depth follow what the task needs.

The source only proposes this (T. Miconi, arXiv:1606.06216, section 5). A block is a subtree, a unit
is an index along its arrays; both come and go by the general edits of `synthesis.edits.neurons`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import autograd.numpy as anp
import numpy as np

from vvalues import Path, VValue, from_buffer, natural_key
from vvalues.core import unboxed

from ....edits.neurons import AxisNeurons, KeyedNeurons
from ....optimize.losses import cross_entropy_and_errors
from ....process.bounds import Bounded, finite, share, whole
from ....process.codec import from_plain, to_plain

__all__ = ["ResidualNetwork", "ResidualSettings"]

BLOCK = "block-"


@dataclass(frozen=True)
class ResidualSettings(Bounded):
    """How a residual network is trained, grows and shrinks.

    Attributes
    ----------
    rate : float
        Learning rate of Adagrad.
    penalty : float
        Decoupled L1: subtracted from every multiplier at every step.
    weight_decay : float
        Decoupled L2: share of every weight taken away at every step. Without it weights grow while
        multipliers shrink, and the penalty has nothing to hold on to.
    threshold, smallest, spare, protection
        As in `ElasticSettings`; ages are counted in steps.
    add_probability, delete_probability : float
        Per step, in every block, for units.
    block_add_probability, block_delete_probability : float
        The same for blocks.
    spontaneous : float
        Per step and block.
    largest, largest_depth : int
        Units of a block, and blocks.
    first_units : int
        Units of a new block.

    Raises
    ------
    ValueError
        For probabilities outside [0, 1], thresholds out of order or a negative setting.

    Examples
    --------
    >>> ResidualSettings(add_probability=1.5)
    Traceback (most recent call last):
        ...
    ValueError: add_probability is 1.5; a probability is between 0 and 1
    """

    rate: float = finite(0.03)
    penalty: float = finite(1e-3)
    weight_decay: float = share(1e-4)
    threshold: float = finite(0.05)
    smallest: float = finite(0.025)
    spare: int = whole(1, least=1)
    add_probability: float = share(0.1)
    delete_probability: float = share(0.25)
    block_add_probability: float = share(0.02)
    block_delete_probability: float = share(0.05)
    spontaneous: float = share(0.0)
    largest: int = whole(256, least=1)
    largest_depth: int = whole(12, least=1)
    first_units: int = whole(2, least=1)
    protection: float = finite(0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.smallest > self.threshold:
            raise ValueError(
                f"smallest is {self.smallest!r}, above threshold = {self.threshold!r}: no unit "
                "could ever be marked; expected smallest <= threshold"
            )

    @cached_property
    def for_blocks(self) -> ResidualSettings:
        """What blocks come and go by, as units do by these settings; one is kept in reserve."""
        return replace(
            self,
            spare=1,
            add_probability=self.block_add_probability,
            delete_probability=self.block_delete_probability,
            spontaneous=0.0,
            largest=self.largest_depth,
            protection=0.0,
        )


class ResidualNetwork:
    """A classifier of residual blocks; every tree with such blocks is a member.

    Parameters
    ----------
    n_inputs, n_outputs : int
    width : int
        Of the signal that the blocks add to.
    settings : ResidualSettings, optional

    Examples
    --------
    >>> model = ResidualNetwork(64, 10, 16)
    >>> tree = model.initial(np.random.default_rng(0))
    >>> model.widths(tree)
    {'block-1': 2}
    >>> model(tree, np.zeros((5, 64))).shape
    (5, 10)
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        width: int = 32,
        settings: ResidualSettings | None = None,
    ) -> None:
        for name, value in (("n_inputs", n_inputs), ("n_outputs", n_outputs), ("width", width)):
            if value < 1:
                raise ValueError(f"{name} is {value!r}; expected at least 1")
        self.n_inputs, self.n_outputs, self.width = n_inputs, n_outputs, width
        self.settings = ResidualSettings() if settings is None else settings

    @property
    def description(self) -> dict[str, Any]:
        """What `described` makes the same model of; JSON-compatible."""
        return {
            "n_inputs": self.n_inputs,
            "n_outputs": self.n_outputs,
            "width": self.width,
            "settings": to_plain(self.settings),
        }

    @classmethod
    def described(cls, description: Mapping[str, Any]) -> ResidualNetwork:
        """The model of a description."""
        settings = from_plain(description["settings"], [ResidualSettings])
        return cls(**{**description, "settings": settings})

    def initial(self, rng: np.random.Generator) -> VValue:
        """One block of a few units whose multipliers are 1."""
        tree = VValue(
            {
                "stem": self._linear(self.n_inputs, self.width, rng),
                "readout": self._linear(self.width, self.n_outputs, rng),
            }
        )
        return tree + self._new_block(tree, f"{BLOCK}1", rng, 1.0)

    @staticmethod
    def _linear(n: int, m: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"weights": rng.standard_normal((n, m)) / np.sqrt(n), "bias": np.zeros(m)}

    def _new_block(
        self, tree: VValue, name: str, rng: np.random.Generator, multiplier: float | None = None
    ) -> VValue:
        n, d = self.settings.first_units, self.width
        return VValue(
            {
                name: {
                    "weights": rng.standard_normal((d, n)) * np.sqrt(2.0 / d),
                    "bias": np.zeros(n),
                    "multipliers": np.ones(n),
                    "output": rng.standard_normal((n, d)) / np.sqrt(d),
                    "multiplier": self.settings.threshold if multiplier is None else multiplier,
                }
            }
        )

    # -------------------- reading --------------------

    def blocks(self, parameters: VValue) -> tuple[str, ...]:
        """Names of the blocks in the order of the signal."""
        children = [key for key in parameters.support.children() if key.startswith(BLOCK)]
        return tuple(sorted(children, key=natural_key))

    def widths(self, parameters: VValue) -> dict[str, int]:
        """Number of units of every block."""
        support = parameters.support
        return {
            name: support.shape(support.index[name, "bias"])[0] for name in self.blocks(parameters)
        }

    def __call__(self, parameters: VValue, inputs: np.ndarray) -> Any:
        """Logits (n, outputs) for inputs (n, inputs); differentiable to any order.

        Raises
        ------
        ValueError
            If the inputs are of another shape, or none.
        """
        self._check_inputs(inputs)
        signal = _affine(inputs, parameters["stem"])
        # Names are structure: they are read off the support, which is never traced.
        for name in self.blocks(unboxed(parameters, "parameters")):
            block = parameters[name]
            units = anp.maximum(anp.dot(signal, block["weights"]) + block["bias"], 0.0)
            added = anp.dot(units * block["multipliers"], block["output"])
            signal = signal + block["multiplier"] * added
        return _affine(signal, parameters["readout"])

    def loss_and_gradient(
        self, parameters: VValue, inputs: np.ndarray, labels: np.ndarray
    ) -> tuple[float, VValue]:
        """Mean cross-entropy in nats, and its gradient; no tape.

        Parameters
        ----------
        parameters : VValue
        inputs : array (n, inputs)
        labels : array of int (n,)

        Raises
        ------
        ValueError
            If inputs or labels do not fit the network or each other.
        """
        self._check_inputs(inputs)
        self._check_labels(labels, len(inputs))
        leaves, names = dict(parameters.items()), self.blocks(parameters)
        signal = inputs @ leaves["stem", "weights"] + leaves["stem", "bias"]
        signals, units = [signal], []
        for name in names:
            unit = signal @ leaves[name, "weights"] + leaves[name, "bias"]
            np.maximum(unit, 0.0, out=unit)
            scaled = unit * (leaves[name, "multiplier"] * leaves[name, "multipliers"])
            signal = signal + scaled @ leaves[name, "output"]
            units.append(unit)
            signals.append(signal)
        logits = signal @ leaves["readout", "weights"] + leaves["readout", "bias"]
        total, errors = cross_entropy_and_errors(logits, labels)
        errors /= len(labels)

        gradient: dict[Path, Any] = {}
        _pull_affine(gradient, "readout", signal, errors)
        flow = errors @ np.asarray(leaves["readout", "weights"]).T
        for name, unit, signal in zip(names[::-1], units[::-1], signals[-2::-1], strict=True):
            flow = _pull_block(gradient, name, leaves, unit, signal, flow)
        _pull_affine(gradient, "stem", inputs, flow)
        support = parameters.support
        return total / len(labels), from_buffer(
            support, np.concatenate([np.ravel(gradient[path]) for path in support.paths])
        )

    def _check_inputs(self, inputs: Any) -> None:
        shape = np.shape(inputs)
        if len(shape) != 2 or shape[1] != self.n_inputs or not shape[0]:
            raise ValueError(
                f"inputs are of shape {shape}; expected (samples, {self.n_inputs}), at least one"
            )

    def _check_labels(self, labels: np.ndarray, n_samples: int) -> None:
        if np.shape(labels) != (n_samples,):
            raise ValueError(f"labels are of shape {np.shape(labels)}; expected ({n_samples},)")
        if not 0 <= labels.min() <= labels.max() < self.n_outputs:
            raise ValueError(
                f"labels are {labels.min()} to {labels.max()}; the network has the classes 0 to "
                f"{self.n_outputs - 1}"
            )

    # -------------------- what methods may ask --------------------

    def alive(self, parameters: VValue) -> np.ndarray:
        """Elements that can influence an output: not those of units and blocks nobody reads."""
        support = parameters.support
        leaves: dict[Path, Any] = dict(parameters.items())
        alive = np.ones(support.size, dtype=bool)
        for name in self.blocks(parameters):
            has_block = leaves.get((name, "multiplier"), 0.0) != 0.0
            sent = leaves[name, "multipliers"][:, None] * leaves[name, "output"]
            dead = ~(np.any(sent != 0.0, axis=1) & has_block)
            for path, axis in self.units(name).axes.items():
                i = support.index[path]
                block = alive[support.span(i, i + 1)].reshape(support.shape(i))
                np.moveaxis(block, axis, 0)[dead] = False
            if dead.all() and (name, "multiplier") in support:
                alive[support.offsets[support.index[name, "multiplier"]]] = False
        return alive

    def places(self, block: str | None = None) -> AxisNeurons:
        """How the units of a block (the first one when omitted) lie in the tree."""
        return self.units(f"{BLOCK}1" if block is None else block)

    def units(self, block: str) -> AxisNeurons:
        """How a block's units lie in the tree, for `add_neuron` and `delete_neuron`."""
        axes: dict[Path, int] = {
            (block, "weights"): 1,
            (block, "bias"): 0,
            (block, "multipliers"): 0,
            (block, "output"): 0,
        }
        fixed: dict[Path, float] = {
            (block, "bias"): 0.0,
            (block, "multipliers"): self.settings.threshold,
        }
        return AxisNeurons(axes, 1.0 / np.sqrt(self.width), fixed)

    @property
    def depth(self) -> KeyedNeurons:
        """How blocks do."""
        return KeyedNeurons(lambda path: (0,) if path[0].startswith(BLOCK) else (), self._new_block)


def _affine(inputs: Any, layer: Any) -> Any:
    return anp.dot(inputs, layer["weights"]) + layer["bias"]


def _pull_affine(
    gradient: dict[Path, Any], name: str, inputs: np.ndarray, errors: np.ndarray
) -> None:
    gradient[name, "weights"], gradient[name, "bias"] = inputs.T @ errors, errors.sum(axis=0)


def _pull_block(
    gradient: dict[Path, Any],
    name: str,
    leaves: dict[Path, Any],
    unit: np.ndarray,
    signal: np.ndarray,
    flow: np.ndarray,
) -> np.ndarray:
    """Gradients of a block; returns the gradient by the signal it reads."""
    whole, each = leaves[name, "multiplier"], leaves[name, "multipliers"]
    through = unit.T @ flow
    by_unit = (through * leaves[name, "output"]).sum(axis=1)
    gradient[name, "output"] = (whole * each)[:, None] * through
    gradient[name, "multipliers"] = whole * by_unit
    gradient[name, "multiplier"] = each @ by_unit
    errors = (flow @ leaves[name, "output"].T) * (whole * each) * (unit > 0.0)
    _pull_affine(gradient, name, signal, errors)
    return flow + errors @ leaves[name, "weights"].T
