"""Neurons that apply one function: to every element of a stream, or to its ``:number``.

A function that maps 0 to 0 makes sense on every element of a tree, because an absent path is zero
and stays so (`identity`, `relu`, `tanh`, `square`). The others would turn the infinitely many
absent paths into something, and work on the ``:number`` alone (`sigmoid`, `softplus`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
import numpy as np

import vvalues as vv
from vvalues import VValue

from .kernels import Elementwise, NumberFunction, Sum
from .types import NeuronType, number, parse_field, register

__all__ = ["logistic", "soft_plus"]

PATTERNS = "arXiv:1712.07447, section 6 (patterns: linear, bilinear and sigmoid neurons)"


def _rectified(x: Any) -> Any:
    return x * (np.real(_plain(x)) > 0)


def _step(x: np.ndarray) -> np.ndarray:
    return (np.real(x) > 0).astype(float)


def logistic(x: Any) -> Any:
    """``1 / (1 + exp(-x))``, without overflow and also for complex arguments."""
    return 0.5 * (1.0 + anp.tanh(0.5 * x))


def soft_plus(x: Any) -> Any:
    """``log(1 + exp(x))``, without overflow and also for complex arguments."""
    sign = np.where(np.real(_plain(x)) >= 0, 1.0, -1.0)
    return 0.5 * (x + sign * x) + anp.log1p(anp.exp(-sign * x))


def _plain(x: Any) -> Any:
    from autograd.tracer import getval

    return getval(x)


# -------------------- on every element --------------------


def _on_every_element(name: str, function: Callable, derivative: Callable, summary: str) -> None:
    def activation(inputs: VValue) -> dict[str, Any]:
        return {"dict": vv.map_leaves(function, inputs.subtree("dict"))}

    activation.__doc__ = summary
    register(
        NeuronType(
            name,
            (parse_field("dict"),),
            (parse_field("dict"),),
            activation,
            Elementwise(function, derivative),
            source=PATTERNS,
        )
    )


def _identity(inputs: VValue) -> dict[str, Any]:
    """The stream itself, one tick later: a delay, or a memory if it has a self-link."""
    return {"dict": inputs.subtree("dict")}


register(
    NeuronType(
        "identity",
        (parse_field("dict"),),
        (parse_field("dict"),),
        _identity,
        Sum(),
        source="github jsa-aerial/DMM, src/dmm/core.clj; id_transform in dmm-lite.jl",
    )
)
_on_every_element("relu", _rectified, _step, "``max(0, x)``; derivative 0 at 0.")
_on_every_element("tanh", anp.tanh, lambda x: 1.0 - np.tanh(x) ** 2, "Hyperbolic tangent.")
_on_every_element("square", lambda x: x * x, lambda x: 2.0 * x, "``x ** 2``.")


# -------------------- on the number --------------------


def _on_the_number(name: str, function: Callable, derivative: Callable, summary: str) -> None:
    def activation(inputs: VValue) -> dict[str, Any]:
        return {"number": function(number(inputs, "number"))}

    activation.__doc__ = summary
    register(
        NeuronType(
            name,
            (parse_field("number/:number"),),
            (parse_field("number/:number"),),
            activation,
            NumberFunction(function, derivative),
            is_alive="always",
            source=PATTERNS,
        )
    )


_on_the_number(
    "sigmoid",
    logistic,
    lambda x: 0.25 * (1.0 - np.tanh(0.5 * x) ** 2),
    "Logistic function of the ``:number``; 1/2 where nothing arrives.",
)
_on_the_number(
    "softplus",
    soft_plus,
    lambda x: np.asarray(logistic(x)),
    "``log(1 + exp(x))`` of the ``:number``; log 2 where nothing arrives.",
)
