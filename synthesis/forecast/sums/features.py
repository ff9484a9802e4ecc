"""Features: what a forecast may be a sum of, as numbers over a whole series and as neurons.

A feature is a small expression over given streams: a sample some time ago, a sum that forgets, what
exceeds a bound, a step, a product. It is known by its values while a forecast is put together, and
built exactly when that is done.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...starts.composition.atoms import (
    constant,
    exceeds_signal,
    leaky_signal,
    product_signal,
    relu_signal,
)
from ...starts.composition.running import leaky
from ...starts.signals import Builder, Signal

__all__ = [
    "Below",
    "Feature",
    "Given",
    "Hinge",
    "Lagged",
    "Leaky",
    "OfOne",
    "OfTwo",
    "Product",
    "Step",
    "Values",
    "depth",
    "latest",
    "streams_of",
]


class Feature(ABC):
    """An expression over streams; immutable and hashable.

    Examples
    --------
    >>> bent = Hinge(Lagged(Given("y"), 2), 1.5)
    >>> print(bent, "is made of", *bent.parts)
    relu(y[t-2] - 1.5) is made of y[t-2]
    """

    @property
    @abstractmethod
    def parts(self) -> tuple[Feature, ...]:
        """What it is made of."""

    @property
    def number(self) -> float | None:
        """The bound or the rate in it that may be moved; None if there is none."""
        return None

    def with_number(self, number: float) -> Feature:
        """The same with another bound or rate."""
        return self

    @abstractmethod
    def over(self, *parts: np.ndarray) -> np.ndarray:
        """Its values by those of its parts, all (strings, samples)."""

    @abstractmethod
    def signal(self, builder: Builder, *parts: Signal) -> Signal:
        """Its neuron, by the signals of its parts."""


@dataclass(frozen=True)
class Given(Feature):
    """A stream as it comes.

    Examples
    --------
    >>> Values({"y": np.array([[1.0, 2.0]])})[Given("y")]
    array([[1., 2.]])
    """

    name: str
    parts: tuple[Feature, ...] = ()

    def over(self, *parts: np.ndarray) -> np.ndarray:
        raise LookupError(f"no values for the stream {self.name!r}")

    def signal(self, builder: Builder, *parts: Signal) -> Signal:
        raise LookupError(f"no neuron for the stream {self.name!r}")

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class OfOne(Feature):
    """An expression over one other."""

    of: Feature

    @property
    def parts(self) -> tuple[Feature, ...]:
        return (self.of,)


@dataclass(frozen=True)
class OfTwo(Feature):
    """An expression over two others."""

    one: Feature
    other: Feature

    @property
    def parts(self) -> tuple[Feature, ...]:
        return (self.one, self.other)


@dataclass(frozen=True)
class Lagged(OfOne):
    """What a feature was some samples ago; 0 before the first.

    Examples
    --------
    >>> Values({"y": np.array([[1.0, 2.0, 4.0]])})[Lagged(Given("y"), 2)]
    array([[0., 0., 1.]])
    """

    lag: int

    def over(self, *parts: np.ndarray) -> np.ndarray:
        (x,) = parts
        late = np.zeros_like(x)
        late[:, self.lag :] = x[:, : x.shape[1] - self.lag]
        return late

    def signal(self, builder: Builder, *parts: Signal) -> Signal:
        return parts[0].lagged(self.lag)

    def __str__(self) -> str:
        return f"{self.of}[t-{self.lag}]"


@dataclass(frozen=True)
class Leaky(OfOne):
    """A sum that forgets: ``rate`` times what it was, plus what comes.

    Examples
    --------
    >>> Values({"y": np.array([[1.0, 2.0, 4.0]])})[Leaky(Given("y"), 0.5)]
    array([[1.  , 2.5 , 5.25]])
    """

    rate: float

    @property
    def number(self) -> float | None:
        return self.rate

    def with_number(self, number: float) -> Leaky:
        return replace(self, rate=number)

    def over(self, *parts: np.ndarray) -> np.ndarray:
        return leaky(parts[0], self.rate)

    def signal(self, builder: Builder, *parts: Signal) -> Signal:
        return leaky_signal(builder, parts[0], self.rate)

    def __str__(self) -> str:
        return f"leaky({self.of}, {self.rate:.4g})"


@dataclass(frozen=True)
class _Bounded(OfOne):
    """An expression with a bound that may be moved."""

    bound: float

    @property
    def number(self) -> float | None:
        return self.bound

    def with_number(self, number: float) -> _Bounded:
        return replace(self, bound=number)


@dataclass(frozen=True)
class Hinge(_Bounded):
    """By how much a feature exceeds a bound; 0 where it does not.

    Examples
    --------
    >>> Values({"y": np.array([[1.0, 2.0, 4.0]])})[Hinge(Given("y"), 1.5)]
    array([[0. , 0.5, 2.5]])
    """

    def over(self, *parts: np.ndarray) -> np.ndarray:
        return np.maximum(parts[0] - self.bound, 0.0)

    def signal(self, builder: Builder, *parts: Signal) -> Signal:
        return relu_signal(builder, parts[0], constant(self.bound))

    def __str__(self) -> str:
        return f"relu({self.of} - {self.bound:.4g})"


@dataclass(frozen=True)
class Step(_Bounded):
    """1 where a feature exceeds a bound, else 0.

    Examples
    --------
    >>> Values({"y": np.array([[1.0, 2.0, 4.0]])})[Step(Given("y"), 1.5)]
    array([[0., 1., 1.]])
    """

    def over(self, *parts: np.ndarray) -> np.ndarray:
        return (parts[0] > self.bound).astype(float)

    def signal(self, builder: Builder, *parts: Signal) -> Signal:
        return exceeds_signal(builder, parts[0], constant(self.bound))

    def __str__(self) -> str:
        return f"[{self.of} > {self.bound:.4g}]"


@dataclass(frozen=True)
class Below(_Bounded):
    """1 where a feature does not exceed a bound, else 0: the other side of a `Step`.

    Examples
    --------
    >>> Values({"y": np.array([[1.0, 2.0, 4.0]])})[Below(Given("y"), 2.0)]
    array([[1., 1., 0.]])
    """

    def over(self, *parts: np.ndarray) -> np.ndarray:
        return (parts[0] <= self.bound).astype(float)

    def signal(self, builder: Builder, *parts: Signal) -> Signal:
        return constant() - exceeds_signal(builder, parts[0], constant(self.bound))

    def __str__(self) -> str:
        return f"[{self.of} <= {self.bound:.4g}]"


@dataclass(frozen=True)
class Product(OfTwo):
    """Two features multiplied; with a step, one that counts on one side of a bound only.

    Examples
    --------
    >>> gated = Product(Step(Given("u"), 0.0), Given("y"))
    >>> print(gated)
    [u > 0] y
    >>> Values({"u": np.array([[1.0, -1.0]]), "y": np.array([[3.0, 4.0]])})[gated]
    array([[3., 0.]])
    """

    @property
    def number(self) -> float | None:
        return self.one.number

    def with_number(self, number: float) -> Product:
        return replace(self, one=self.one.with_number(number))

    def over(self, *parts: np.ndarray) -> np.ndarray:
        return parts[0] * parts[1]

    def signal(self, builder: Builder, *parts: Signal) -> Signal:
        return product_signal(builder, *parts)

    def __str__(self) -> str:
        return f"{self.one} {self.other}"


def latest(name: str, samples: int) -> list[Feature]:
    """The latest samples of a stream, the newest first.

    Examples
    --------
    >>> print(*latest("y", 3))
    y y[t-1] y[t-2]
    """
    given = Given(name)
    return [Lagged(given, lag) if lag else given for lag in range(samples)]


class Values:
    """Values of features over given streams, each computed once.

    Parameters
    ----------
    given : mapping of name to array (strings, samples)

    Examples
    --------
    >>> Values({"y": np.array([[1.0, 2.0]])})[Product(Given("y"), Given("y"))]
    array([[1., 4.]])
    """

    def __init__(self, given: Mapping[str, np.ndarray]) -> None:
        self._known: dict[Any, np.ndarray] = {Given(name): x for name, x in given.items()}

    def __getitem__(self, feature: Feature) -> np.ndarray:
        if feature not in self._known:
            self._known[feature] = feature.over(*(self[part] for part in feature.parts))
        return self._known[feature]


def depth(feature: Feature) -> int:
    """Samples back that a feature looks, memories that fade aside.

    Examples
    --------
    >>> depth(Hinge(Lagged(Given("y"), 3), 1.0))
    3
    """
    own = getattr(feature, "lag", 0)
    return own + max((depth(part) for part in feature.parts), default=0)


def streams_of(feature: Feature) -> set[str]:
    """Names of the streams that a feature looks at.

    Examples
    --------
    >>> sorted(streams_of(Product(Given("u"), Lagged(Given("y"), 1))))
    ['u', 'y']
    """
    if isinstance(feature, Given):
        return {feature.name}
    return set().union(*(streams_of(part) for part in feature.parts))
