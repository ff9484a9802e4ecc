"""Any model at one point of weight space: its values and products with its Jacobian.

Three implementations behind one interface: a model's own (``model.linearize``), the compiled
engine's for dataflow matrix machines, and autograd's for everything else. They agree to rounding.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

import numpy as np
from autograd import make_jvp, make_vjp

from vvalues import Support, VValue, from_buffer, restrict

from .models import MachineModel, Model

__all__ = ["Linearization", "inputs_at", "linearize", "number_of_inputs"]


class Linearization(Protocol):
    """Values of a model and its Jacobian J: rows are numbers of the output, columns parameters.

    Derived classes of few parameters or outputs leave `gram` and `diagonal` to the whole Jacobian.

    Attributes
    ----------
    values : array, the model's output
    support : Support of the parameters

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> here = linearize(model, weights, inputs)
    >>> here.values.shape, here.push(weights).shape, here.pull(here.values).size, here.gram().shape
    ((20, 2), (20, 2), 17, (40, 40))
    """

    values: np.ndarray
    support: Support

    def push(self, direction: VValue) -> np.ndarray:
        """``J d``, in the shape of the values."""
        ...

    def pull(self, cotangent: np.ndarray) -> VValue:
        """``J^T c`` for a cotangent in the shape of the values."""
        ...

    def rows(self) -> np.ndarray:
        """``J`` itself, (numbers, size)."""
        ...

    def gram(self) -> np.ndarray:
        """``J J^T``, (numbers, numbers), the values flattened."""
        rows = self.rows()
        return rows @ rows.T

    def diagonal(self) -> VValue:
        """Diagonal of ``J^T J``."""
        rows = self.rows()
        return from_buffer(self.support, np.einsum("rp,rp->p", rows, rows))


def linearize(model: Model, parameters: VValue, inputs: Any) -> Linearization:
    """A model's values and Jacobian products at the parameters.

    Parameters
    ----------
    model : Model
    parameters : VValue
    inputs : whatever the model takes
        Arrays with one input per row; for machines `dmm.Streams`.

    Returns
    -------
    Linearization

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model = Perceptron([2, 3, 1])
    >>> here = linearize(model, model.initial(np.random.default_rng(0)), np.ones((5, 2)))
    >>> here.values.shape, here.gram().shape
    ((5, 1), (5, 5))
    """
    own = getattr(model, "linearize", None)
    if own is not None:
        return own(parameters, inputs)
    if isinstance(model, MachineModel):
        program = model.program(parameters.support)
        if hasattr(program, "bind"):  # the reference engine has no batched derivatives
            return MachineLinearization(program.bind(inputs), parameters)
    return TracedLinearization(model, parameters, inputs)


def number_of_inputs(inputs: Any) -> int:
    """How many inputs a batch holds: rows of an array, strings of streams."""
    return len(inputs)


def inputs_at(inputs: Any, index: np.ndarray) -> Any:
    """Some inputs of a batch: rows of an array, strings of streams.

    Raises
    ------
    ValueError
        If the inputs are the codes of one text: a text without some of its characters is another.
    """
    if hasattr(inputs, "select"):
        return inputs.select(index)
    if inputs.ndim == 1 and inputs.dtype.kind in "iu":
        raise ValueError(
            f"inputs are the codes of one text of {len(inputs)} characters, which cannot be drawn "
            "one by one; give pieces of text, (pieces, length), or use all of it"
        )
    return inputs[index]


class TracedLinearization(Linearization):
    """Through autograd: right for every differentiable model, a tape per product."""

    def __init__(self, model: Model, parameters: VValue, inputs: Any) -> None:
        self.support = parameters.support
        self._function = lambda p: model(p, inputs)
        self._parameters = parameters
        self._pull, values = make_vjp(self._function)(parameters)
        self.values = np.asarray(values)

    def push(self, direction: VValue) -> np.ndarray:
        """``J d``."""
        return np.asarray(make_jvp(self._function)(self._parameters)(direction)[1])

    def pull(self, cotangent: np.ndarray) -> VValue:
        """``J^T c``."""
        return restrict(self._pull(np.reshape(cotangent, self.values.shape)), self.support)

    def rows(self) -> np.ndarray:
        """The Jacobian, one pull per number of the output, or one push per parameter.

        A pull goes back over the tape that is there, a push runs the model again.
        """
        size = self.support.size
        if self.values.size <= 3 * size:
            return np.stack([self.pull(row).buffer for row in np.eye(self.values.size)])
        pushed = [self.push(from_buffer(self.support, unit)).ravel() for unit in np.eye(size)]
        return np.stack(pushed, axis=1) if pushed else np.zeros((self.values.size, 0))


class MachineLinearization(Linearization):
    """Through the compiled engine: the whole Jacobian in one batched forward pass."""

    def __init__(self, bound: Any, parameters: VValue) -> None:
        self.support = parameters.support
        self._bound = bound
        self._weights = np.array(parameters.buffer)
        self.values: np.ndarray = bound.forward(self._weights)

    def push(self, direction: VValue) -> np.ndarray:
        """``J d``."""
        return self._bound.pushforward(self._weights, np.array(direction.buffer))

    def pull(self, cotangent: np.ndarray) -> VValue:
        """``J^T c``."""
        shaped = np.reshape(cotangent, self.values.shape)
        return from_buffer(self.support, self._bound.pullback(self._weights, shaped))

    @cached_property
    def _jacobian(self) -> np.ndarray:
        _, jacobian = self._bound.jacobian(self._weights)
        return jacobian.reshape(self.support.size, self.values.size).T

    def rows(self) -> np.ndarray:
        """The Jacobian."""
        return self._jacobian
