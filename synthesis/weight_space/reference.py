"""The frozen reference: what a network did before it was moved, and how far another is from that.

Outputs are compared by the Bhattacharyya distance, for classes and for plain numbers. To second
order it is an eighth of the Fisher metric: it is the finite form of the metric of weight space, and
its gradient needs no Jacobian.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from vvalues import Support, VValue, format_path, from_buffer, restrict
from vvalues.core.tracing import is_traced

from ..optimize.losses import log_softmax, softmax
from ..process.linearization import inputs_at, linearize, number_of_inputs
from ..process.models import Model

__all__ = [
    "Categorical",
    "Numbers",
    "Outputs",
    "Reference",
    "check_inputs",
    "check_same_support",
    "divergence",
    "freeze",
]


# -------------------- how far apart two outputs are --------------------


class Outputs(Protocol):
    """The meaning of a model's output, as a family of distributions."""

    def divergence(self, values: np.ndarray, reference: np.ndarray) -> float:
        """Sum over inputs of the distance between two outputs."""
        ...

    def gradient(self, values: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """Its derivative by ``values``, in their shape."""
        ...


class Categorical:
    """Outputs are logits of classes, (inputs, classes).

    ``-log sum_k sqrt(p_k q_k)``, summed over inputs.

    Parameters
    ----------
    temperature : float
        Logits are divided by it. The distributions of a well-trained network are nearly certain
        and say little; at 1, as published, only that little is held. At a higher temperature the
        unlikely classes count as well.

    Raises
    ------
    ValueError
        If the temperature is not positive.

    Notes
    -----
    The gradient by the logits is ``(p - r / sum r) / (2 temperature)`` with ``r = sqrt(p q)``.
    Both are worked out in logarithms, so the small constant that the released code adds under the
    root (against an infinite slope at 0) is not needed.

    References
    ----------
    github Guruprasad93/FlexibleMachineLearning @9043036, the loss ``BC``; A. Bhattacharyya, Bull.
    Calcutta Math. Soc. 35 (1943), 99-109. Temperature: G. Hinton et al., arXiv:1503.02531.

    Examples
    --------
    >>> logits, other = np.array([[2.0, 0.0]]), np.array([[0.0, 2.0]])
    >>> [round(Categorical(t).divergence(logits, other), 3) for t in (1.0, 4.0)]
    [0.434, 0.031]
    """

    def __init__(self, temperature: float = 1.0) -> None:
        if not temperature > 0:
            raise ValueError(f"temperature is {temperature}; expected a number above 0")
        self.temperature = temperature

    def divergence(self, values: np.ndarray, reference: np.ndarray) -> float:
        """Sum over inputs."""
        half = 0.5 * (self._log_softmax(values) + self._log_softmax(reference))
        largest = np.max(half, axis=-1, keepdims=True)
        return float(-np.sum(largest[..., 0] + np.log(np.sum(np.exp(half - largest), axis=-1))))

    def gradient(self, values: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """By the logits."""
        log_p = self._log_softmax(values)
        overlap = softmax(0.5 * (log_p + self._log_softmax(reference)))
        return (0.5 / self.temperature) * (np.exp(log_p) - overlap)

    def _log_softmax(self, logits: np.ndarray) -> np.ndarray:
        return log_softmax(logits / self.temperature)


class Numbers:
    """Outputs are numbers with Gaussian noise: ``|a - b|^2 / (8 sigma^2)``.

    Parameters
    ----------
    sigma : float
        Standard deviation of the noise, in units of the outputs.

    Raises
    ------
    ValueError
        If ``sigma`` is not positive.

    Examples
    --------
    >>> Numbers(sigma=0.5).divergence(np.array([[1.0]]), np.array([[3.0]]))
    2.0
    """

    def __init__(self, sigma: float = 1.0) -> None:
        if not sigma > 0:
            raise ValueError(f"sigma is {sigma}; expected a number above 0")
        self.sigma = sigma

    def divergence(self, values: np.ndarray, reference: np.ndarray) -> float:
        """Sum over all outputs."""
        return float(np.sum((values - reference) ** 2)) / (8.0 * self.sigma**2)

    def gradient(self, values: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """By the values."""
        return (values - reference) / (4.0 * self.sigma**2)


# -------------------- what a network did --------------------


def check_same_support(one: VValue, other: VValue, names: str = "student and reference") -> None:
    """Refuse two V-values of different support.

    Raises
    ------
    ValueError
        Naming the first path that only one of them has.
    """
    if one.support is other.support:
        return
    ours, theirs = set(one.support.paths), set(other.support.paths)
    different = sorted(ours ^ theirs)
    where = f"only one of them has {format_path(different[0])}" if different else "leaf shapes"
    raise ValueError(
        f"{names} have different supports ({len(ours)} and {len(theirs)} leaves; {where}); "
        "bring both to one support first: vvalues.restrict(parameters, support)"
    )


def check_inputs(inputs: Any, needed: int, purpose: str) -> None:
    """Refuse fewer inputs than a method needs."""
    available = number_of_inputs(inputs)
    if available < max(needed, 1):
        raise ValueError(
            f"{purpose} needs at least {max(needed, 1)} inputs; {available} were given"
        )


def _check_apart(student: VValue, reference: VValue) -> None:
    """Refuse a reference that is the student: it would move along and never pull back."""
    if student is reference or np.shares_memory(student.buffer, reference.buffer):
        raise ValueError(
            "the reference shares its object with the student: it would move along with it, and "
            "their divergence would be zero for ever; freeze(model, parameters, inputs) takes a "
            "copy"
        )


def copied(parameters: VValue) -> VValue:
    """The same vector in a buffer of its own."""
    return from_buffer(parameters.support, np.array(parameters.buffer))


@dataclass(frozen=True, eq=False)
class Reference:
    """A frozen network: its weights, stored inputs, and its outputs on them. See `freeze`.

    Attributes
    ----------
    model : Model
    parameters : VValue
    inputs : stored inputs
    values : array
        The frozen network's outputs on the stored inputs.
    outputs : Outputs
        What the outputs mean.
    input_axis : int
        The axis of ``values`` that counts inputs.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> reference = freeze(model, weights, inputs)
    >>> [round(reference.divergence(weights * scale), 4) for scale in (1.0, 1.1, 2.0)]
    [0.0, 0.0001, 0.0129]
    """

    model: Model
    parameters: VValue
    inputs: Any
    values: np.ndarray
    outputs: Outputs = field(default_factory=Categorical)
    input_axis: int = 0

    def __len__(self) -> int:
        """Number of stored inputs."""
        return number_of_inputs(self.inputs)

    def check(self, student: VValue) -> None:
        """Refuse a student of other support, or one that shares its object with the reference."""
        check_same_support(student, self.parameters)
        _check_apart(student, self.parameters)

    def sample(self, n: int | None, rng: np.random.Generator) -> Reference:
        """The reference on ``n`` of its inputs, drawn without replacement; on all if None."""
        if n is None or n == len(self):
            return self
        check_inputs(self.inputs, n, "a draw from the stored inputs")
        index = rng.choice(len(self), size=n, replace=False)
        values = np.take(self.values, index, axis=self.input_axis)
        return replace(self, inputs=inputs_at(self.inputs, index), values=values)

    def blended(self, rng: np.random.Generator, others: np.ndarray | None = None) -> Reference:
        """The frozen network on random blends of its stored inputs, as many as there are.

        A blend of two images shows sides of the function that neither shows; the frozen network
        itself is at hand to say what it does there. Inputs must be an array.

        Parameters
        ----------
        rng : numpy.random.Generator
        others : array of inputs, optional
            Half of the partners are taken from these, for instance from the images of a new task:
            so the old function is held towards where the new one is being learned. A stored input
            has at least half of every blend.

        References
        ----------
        H. Zhang et al., arXiv:1710.09412 (mixup).
        """
        n = len(self)
        share = 0.5 + 0.5 * rng.random((n,) + (1,) * (np.ndim(self.inputs) - 1))
        partners = self.inputs[rng.permutation(n)]
        if others is not None:
            from_others = rng.random(n) < 0.5
            chosen = rng.integers(number_of_inputs(others), size=int(from_others.sum()))
            partners[from_others] = others[chosen]
        inputs = share * self.inputs + (1.0 - share) * partners
        return replace(self, inputs=inputs, values=np.asarray(self.model(self.parameters, inputs)))

    def on(self, support: Support) -> Reference:
        """The same stored outputs, to be met by students on another support.

        For structure edits: what the frozen network did does not change when the student loses
        links. Saying so is up to the caller; a student that merely happens to differ is refused.
        """
        return replace(self, parameters=restrict(self.parameters, support))

    def divergence(self, student: VValue) -> float:
        """Bhattacharyya distance of a student's outputs, mean over the stored inputs."""
        values = np.asarray(self.model(student, self.inputs))
        return self.outputs.divergence(values, self.values) / len(self)

    def gradient(self, student: VValue) -> tuple[float, VValue]:
        """*Sum* of the distance over the stored inputs, and its gradient by the student."""
        here = linearize(self.model, student, self.inputs)
        value = self.outputs.divergence(here.values, self.values)
        return value, here.pull(self.outputs.gradient(here.values, self.values))


def freeze(
    model: Model,
    parameters: VValue,
    inputs: Any,
    outputs: Outputs | None = None,
    *,
    n: int | None = None,
) -> Reference:
    """Freeze a network: a copy of its weights, and what it does on stored inputs.

    Parameters
    ----------
    model : Model
    parameters : VValue
    inputs : array with one input per row, or `dmm.Streams`
    outputs : Outputs, optional
        `Categorical` (logits) by default, `Numbers` for machines.
    n : int, optional
        Keep the first ``n`` inputs only.

    Returns
    -------
    Reference

    Raises
    ------
    TypeError
        If the parameters are being differentiated: such a reference would move with the student.
    ValueError
        If there are fewer inputs than ``n``, or none.

    Notes
    -----
    The published notebook passes one live object as student and reference, so that its divergence
    has no gradient. Here the copy is taken by this function, and walks refuse anything else.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> frozen = freeze(model, weights, inputs)
    >>> frozen.values.shape
    (20, 2)
    """
    if is_traced(parameters):
        raise TypeError(
            "parameters are being differentiated: a reference frozen here would move with the "
            "student; freeze it before taking gradients"
        )
    check_inputs(inputs, 1 if n is None else n, "a frozen reference")
    stored = inputs if n is None else inputs_at(inputs, np.arange(n))
    copy = copied(parameters)
    values = np.array(model(copy, stored))
    values.setflags(write=False)
    axis = values.ndim - 1 if hasattr(stored, "select") else 0  # machines: strings come last
    return Reference(model, copy, stored, values, outputs or Categorical(), axis)


def divergence(
    model: Model, one: VValue, other: VValue, inputs: Any, outputs: Outputs | None = None
) -> float:
    """Bhattacharyya distance between two networks' outputs, mean over inputs.

    Raises
    ------
    ValueError
        If they have different supports, or are one object.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> round(divergence(model, weights, 2.0 * weights, inputs), 4)
    0.0129
    """
    check_same_support(one, other, "the two networks")
    _check_apart(one, other)
    return freeze(model, other, inputs, outputs).divergence(one)
