"""Evolution of a family: losses of drawn members, and a strategy that goes neuron by neuron.

No derivative is taken anywhere: both gradient sources that fit `FamilyObjective` -
`gradients.EvolutionStrategy` and `NeuronStrategy` - see losses of drawn networks and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vvalues import Support, VValue, from_buffer

from ...optimize.losses import cross_entropies
from ...process.bounds import Bounded, whole
from ...process.checks import check_positive
from .model import BinaryFamily, largest_signs

__all__ = ["FamilyObjective", "MemberLoss", "NeuronStrategy", "cross_entropy", "squared_error"]

MemberLoss = Callable[[np.ndarray, np.ndarray], np.ndarray]


def cross_entropy(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean cross-entropy in nats: outputs (..., n, classes), labels (n,) -> (...).

    Raises
    ------
    ValueError
        If labels are not whole numbers from 0 to classes - 1, one per row of outputs.
    """
    labels = np.asarray(labels)
    n, classes = outputs.shape[-2:]
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels are {labels.dtype} of shape {labels.shape}; expected a class per row, {(n,)}"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels are from {labels.min()} to {labels.max()}; {classes} outputs stand for the "
            f"classes 0 to {classes - 1}"
        )
    return np.mean(cross_entropies(outputs, labels), axis=-1)


def squared_error(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Mean squared error: outputs (..., n, numbers), targets (n, numbers) -> (...)."""
    return np.mean((outputs - targets) ** 2, axis=(-2, -1))


class FamilyObjective:
    """Loss of the networks that scores (with noise already added) stand for.

    Parameters
    ----------
    family : BinaryFamily
    inputs : array (n, inputs)
    targets : array
        What ``member_loss`` takes.
    member_loss : callable
        Outputs (..., n, outputs) and targets -> losses (...).
    gain : float
        Factor of the outputs before the loss (an inverse temperature).
    precision : numpy type
        Of the forward passes. Single precision is twice as fast; losses are compared, not
        differentiated.

    Raises
    ------
    ValueError
        If inputs do not fit the family, targets are not one per input, or the gain is not above 0.

    Examples
    --------
    >>> from synthesis.tasks import bars_task
    >>> family, task = BinaryFamily([64, 8, 3], kept=[6, 4]), bars_task(np.random.default_rng(0))
    >>> objective = FamilyObjective(family, *task.batch(np.random.default_rng(0)))
    >>> scores = family.initial(np.random.default_rng(1))
    >>> round(objective.loss(scores), 2)
    2.19
    """

    def __init__(
        self,
        family: BinaryFamily,
        inputs: np.ndarray,
        targets: np.ndarray,
        member_loss: MemberLoss = cross_entropy,
        gain: float = 2.0,
        precision: type = np.float32,
    ) -> None:
        family.check_inputs(inputs)
        if len(targets) != len(inputs) or not len(inputs):
            raise ValueError(f"{len(inputs)} inputs and {len(targets)} targets; one each is needed")
        check_positive("gain", gain)
        self.family, self.targets = family, targets
        self.member_loss, self.gain, self.precision = member_loss, gain, precision
        self.inputs: np.ndarray = np.asarray(inputs, dtype=precision)

    def loss(self, parameters: VValue) -> float:
        """Loss of the mode."""
        return float(self.losses(parameters.support, parameters.buffer[None])[0])

    def losses(self, support: Support, weights: np.ndarray) -> np.ndarray:
        """Losses of many noisy score vectors, (vectors, size) -> (vectors,)."""
        return np.array([self._loss(row) for row in weights])

    def _loss(self, buffer: np.ndarray) -> float:
        family = self.family
        blocks = family.blocks(buffer.astype(self.precision))
        signs = [largest_signs(block, k) for block, k in zip(blocks, family.kept, strict=True)]
        return float(self.of_outputs(family.outputs(signs, self.inputs)))

    def of_outputs(self, outputs: np.ndarray) -> np.ndarray:
        """Losses of outputs (..., n, outputs)."""
        return self.member_loss(self.precision(self.gain) * outputs, self.targets)

    def gradient(self, parameters: VValue) -> tuple[float, VValue]:
        """There is none."""
        raise NotImplementedError(
            "a binary family has no exact gradient (signs have no slope); use NeuronStrategy or "
            "gradients.EvolutionStrategy as gradient source"
        )

    def residuals(self, parameters: VValue) -> tuple[np.ndarray, np.ndarray]:
        """There are none: nothing is differentiated."""
        raise NotImplementedError("a binary family has no residuals with a Jacobian")

    def living(self, support: Support) -> Support:
        """All of it."""
        return support


@dataclass(frozen=True)
class NeuronStrategy(Bounded):
    """An evolution strategy that varies one neuron at a time around a drawn member.

    A member is drawn. Every neuron then gets ``2 * pairs`` alternatives to its own inputs
    (antithetic: ``scores +- noise``), each judged by the loss of the member with that one neuron
    exchanged. Losses of a neuron's alternatives are replaced by their ranks in [-1/2, 1/2]; the
    estimate is the mean of rank times noise.

    An ordinary evolution strategy draws all neurons at once: the loss then tells how good the whole
    draw was, and ``n`` weights need of the order of ``n`` draws. Here each neuron has the loss to
    itself, and its inputs (784, say) take the place of all weights (200,000) in that count. The
    price is small, because the other neurons' activity is computed once.

    Parameters
    ----------
    pairs : int
        Antithetic pairs of alternatives per neuron.
    block : int
        Neurons exchanged in one batch: bounds memory.

    Notes
    -----
    Implements `gradients.GradientSource`. Only for families of one hidden layer.

    Examples
    --------
    >>> from synthesis.tasks import bars_task
    >>> family, task = BinaryFamily([64, 8, 3], kept=[6, 4]), bars_task(np.random.default_rng(0))
    >>> objective = FamilyObjective(family, *task.batch(np.random.default_rng(0)))
    >>> scores = family.initial(np.random.default_rng(1))
    >>> loss, slope = NeuronStrategy(pairs=2)(objective, scores, np.random.default_rng(2))
    >>> slope.size
    536
    """

    pairs: int = whole(32, least=1)
    block: int = whole(2, least=1)

    def __call__(
        self, objective: FamilyObjective, parameters: VValue, rng: np.random.Generator | None = None
    ) -> tuple[float, VValue]:
        """Loss of the drawn member, and the estimated gradient by the scores.

        Raises
        ------
        ValueError
            If ``rng`` is missing, or the family has not exactly one hidden layer.
        """
        if rng is None:
            raise ValueError("rng is missing: an evolution strategy draws random networks")
        family = objective.family
        if len(family.sizes) != 3:
            raise ValueError(
                f"the family has sizes {family.sizes}; NeuronStrategy takes one hidden layer, "
                "gradients.EvolutionStrategy any number"
            )
        family.check_scores(parameters)
        kind = objective.precision
        first, second = blocks = family.blocks(parameters.buffer.astype(kind))
        own_first, own_second = (
            largest_signs(block + _normal(rng, block.shape, kind), kept, ties=True)
            for block, kept in zip(blocks, family.kept, strict=True)
        )
        gain_in, gain_out = (kind(gain) for gain in family.gains)
        hidden = np.tanh(gain_in * (objective.inputs @ own_first.T))
        outputs = gain_out * (hidden @ own_second.T)
        gradient = np.empty(parameters.size)
        into_hidden, into_outputs = family.blocks(gradient)
        for start in range(0, len(first), self.block):
            units = slice(start, start + self.block)
            noise, signs = self._alternatives(first[units], family.kept[0], rng)
            sums = signs.reshape(-1, signs.shape[-1]) @ objective.inputs.T
            varied = np.tanh(gain_in * sums).reshape(*signs.shape[:2], -1)
            change = varied - hidden.T[units, None]
            weights = gain_out * own_second[:, units]
            moved = outputs.T[:, None, None] + weights[..., None, None] * change
            losses = objective.of_outputs(np.moveaxis(moved, 0, -1))
            into_hidden[units] = _slope(losses, noise)
        noise, signs = self._alternatives(second, family.kept[1], rng)
        moved = np.empty((len(second), 2 * self.pairs, len(hidden)), dtype=kind)
        for unit in range(len(second)):
            moved[:] = outputs.T[:, None]
            moved[unit] = gain_out * (signs[unit] @ hidden.T)
            losses = objective.of_outputs(np.moveaxis(moved, 0, -1))
            into_outputs[unit] = _slope(losses, noise[unit])
        return float(objective.of_outputs(outputs)), from_buffer(parameters.support, gradient)

    def _alternatives(
        self, scores: np.ndarray, kept: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Noise (units, pairs, sources), and signs (units, 2 pairs, sources): plus, then minus."""
        units, sources = scores.shape
        noise = _normal(rng, (units, self.pairs, sources), scores.dtype.type)
        varied = np.empty((units, 2 * self.pairs, sources), dtype=scores.dtype)
        np.add(scores[:, None], noise, out=varied[:, : self.pairs])
        np.subtract(scores[:, None], noise, out=varied[:, self.pairs :])
        return noise, largest_signs(varied, kept, ties=True)

    def evaluations(self, size: int) -> int:
        """Losses per estimate and neuron, and one for the member itself."""
        return 2 * self.pairs + 1


def _normal(rng: np.random.Generator, shape: tuple[int, ...], kind: type) -> np.ndarray:
    return rng.standard_normal(shape, dtype=kind)  # type: ignore[arg-type]


def _slope(losses: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Mean of rank times noise; losses (..., 2 pairs), noise (..., pairs, sources)."""
    n = losses.shape[-1]
    ranks = np.argsort(np.argsort(losses, axis=-1, kind="stable"), axis=-1) / (n - 1)
    up, down = ranks[..., : n // 2], ranks[..., n // 2 :]
    weights = ((up - down) / n).astype(noise.dtype)
    return np.matmul(weights[..., None, :], noise)[..., 0, :]
