"""Dot products of streams, bounded and not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

import vvalues as vv
from vvalues import VValue

from .elementwise import tanh
from .fields import Field
from .kernel import Kernel, Partials, Step, Stream, key_dot, stream_dot, times
from .spelling import (
    Function,
    Linear,
    Spelling,
    as_number,
    call,
    on_every_element,
    python_number,
    python_stream,
)
from .types import neuron_type

__all__ = ["ClipDot", "DotProduct", "clamp"]

DMM_LITE = "dmm-lite.jl (anhinga/julia-flux-drafts)"


@dataclass(frozen=True)
class ClipDot(Function):
    """The dot product, clipped."""

    bound: float

    def text(self, arguments: list[str]) -> str:
        product = f"<{arguments[0]}, {arguments[1]}>"
        return f"clip{self.bound:g}({product})" if np.isfinite(self.bound) else product

    def latex(self, arguments: list[str]) -> str:
        product = r"\left\langle " + r",\, ".join(arguments) + r"\right\rangle"
        clip = rf"\operatorname{{clip}}_{{{self.bound:g}}}"
        return rf"{clip}{product}" if np.isfinite(self.bound) else product

    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        product = np.sum(arguments[0] * arguments[1], axis=1)
        return as_number(np.clip(product, -self.bound, self.bound), arguments[0])


class DotProduct(Kernel):
    """``dot = bounded(sum over keys of dict-1 * dict-2)``.

    Parameters
    ----------
    bound : float
        ``inf`` for none.
    is_soft : bool
        False: clamp to ``[-bound, bound]``, with derivative 1 on the bound itself. True:
        ``bound * tanh(x / bound)``, the mean of ``-bound`` and ``bound`` under the softmax of
        ``-x / bound`` and ``x / bound``; smooth everywhere.

    Examples
    --------
    >>> one = Stream(np.array([1.0]), np.array([[2.0, 3.0]]))
    >>> [DotProduct(bound).forward([one, one])[0].number for bound in (np.inf, 4.0)]
    [array([14.]), array([4.])]
    >>> DotProduct(4.0, is_soft=True).forward([one, one])[0].number.round(3)
    array([3.993])
    """

    writes_numbers_only = True

    def __init__(self, bound: float = 4.0, *, is_soft: bool = False) -> None:
        self.bound = bound
        self.is_soft = is_soft

    def spelling(self, reads: Sequence[Field], writes: Sequence[Field]) -> Spelling:
        bound, value, portable = python_number(self.bound), "product", "product"
        if self.is_soft:
            value = f"{bound} * math.tanh(product / {bound})"
            portable = f"{bound} * tanh(product / {bound})"
        elif math.isfinite(self.bound):
            value = f"min(max(product, -{bound}), {bound})"
            portable = f"fmin(fmax(product, -{bound}), {bound})"
        add_up = on_every_element("product += in0[k] * in1[k];")
        return Spelling(
            letter="d",
            equation=None if self.is_soft else self._equation,
            python=f"product = dot_product({', '.join(map(python_stream, reads))})\n"
            f"return {{{writes[0].name!a}: {{(): {value}}}}}",
            portable=f"double product = 0.0;\n{add_up}\nout0[0] = {portable};",
        )

    def _equation(self, one: Linear, other: Linear) -> list[Linear]:
        (one, sign), (other, other_sign) = one.upright(), other.upright()
        return [call(ClipDot(self.bound), one, other) * (sign * other_sign)]

    def _bounded(self, product: np.ndarray) -> np.ndarray:
        if self.is_soft:
            return self.bound * np.tanh(product / self.bound)
        clamped = np.clip(product.real, -self.bound, self.bound)
        if np.iscomplexobj(product):
            return np.where(np.abs(product.real) <= self.bound, product, clamped)
        return clamped

    def _slope(self, product: np.ndarray) -> np.ndarray:
        if self.is_soft:
            return 1.0 - np.tanh(product / self.bound) ** 2
        return np.abs(product.real) <= self.bound

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        return [Stream(self._bounded(stream_dot(*inputs)))]

    def linearise(self, inputs: list[Stream]) -> Partials:
        return self._slope(stream_dot(*inputs)), *inputs

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        slope, one, other = partials
        g = outputs[0].number * slope
        return [Stream(g * x.number, times(x.keys, g)) for x in (other, one)]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        slope, one, other = partials
        return [Stream(slope * (stream_dot(inputs[0], other) + stream_dot(one, inputs[1])))]

    def step(self, x: np.ndarray, y: np.ndarray) -> Step:
        one, other, dot = x[:, :, 0], x[:, :, 1], y[:, :, 0, ..., 0]
        if self.is_soft or np.iscomplexobj(x):
            return lambda t: np.copyto(dot[t], self._bounded(key_dot(one[t], other[t])))
        scratch, bound = np.empty(dot.shape[1:]), self.bound

        def step(t: int) -> None:
            np.einsum("...c,...c->...", one[t], other[t], out=scratch)
            np.minimum(scratch, bound, out=scratch)
            np.maximum(scratch, -bound, out=dot[t])

        return step

    def step_linearise(self, x: np.ndarray) -> np.ndarray:
        slope = self._slope(key_dot(x[..., 0, :, :, :], x[..., 1, :, :, :]))
        return x[..., ::-1, :, :, :] * slope[..., None, :, :, None]

    def step_adjoint(self, partials: np.ndarray, y: np.ndarray, x: np.ndarray) -> Step:
        g = y[..., :1]  # one output, two inputs: broadcasts over the field axis
        return lambda t: np.multiply(g[t], partials[t], out=x[t])

    def step_tangent(self, partials: np.ndarray, x: np.ndarray, y: np.ndarray) -> Step:
        dot = y[:, :, 0, ..., 0]
        return lambda t: np.einsum("...fnbc,...fnbc->...nb", x[t], partials[t], out=dot[t])


def clamp(x: Any, bound: float) -> Any:
    """A number within ``[-bound, bound]``, with derivative 1 on the bound itself.

    Examples
    --------
    >>> from autograd import grad
    >>> [(float(clamp(x, 4.0)), float(grad(clamp)(x, 4.0))) for x in (3.0, 4.0, 5.0)]
    [(3.0, 1.0), (4.0, 1.0), (4.0, 0.0)]
    """
    if math.isinf(bound):
        return x
    if math.isinf(getval(x)):  # times zero it would be NaN
        return math.copysign(bound, getval(x))
    is_inside = float(abs(x) <= bound)
    return x * is_inside + bound * (1.0 - is_inside) * anp.sign(x)


def _dot_product(name: str, kernel: DotProduct, summary: str, source: str) -> None:
    def activation(inputs: VValue) -> dict[str, Any]:
        product = vv.inner(inputs.subtree("dict-1"), inputs.subtree("dict-2"))
        if kernel.is_soft:
            return {"dot": kernel.bound * tanh(product / kernel.bound)}
        return {"dot": clamp(product, kernel.bound)}

    activation.__doc__ = summary
    neuron_type(
        name,
        reads=["dict-1", "dict-2"],
        writes=["dot/:number"],
        kernel=kernel,
        is_alive="all",
        source=source,
    )(activation)


_dot_product(
    "dot",
    DotProduct(4.0),
    "Dot product over the common keys, clamped to +-4.",
    DMM_LITE + ", dot_product_dicts (clamped to +-4 since feedforward-run-3)",
)
_dot_product(
    "dot100",
    DotProduct(100.0),
    "Dot product over the common keys, clamped to +-100.",
    DMM_LITE + ", dot_product_dicts (as in the recurrent run-2.1)",
)
_dot_product(
    "dot_free",
    DotProduct(math.inf),
    "Dot product over the common keys.",
    DMM_LITE + " (first and second run)",
)
_dot_product(
    "dot_soft",
    DotProduct(4.0, is_soft=True),
    "Dot product over the common keys, bounded by a softmax: ``4 tanh(x / 4)``.",
    "The mean of -4 and 4 under the softmax of -x/4 and x/4; smooth, unlike the published clamp.",
)
