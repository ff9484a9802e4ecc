"""Bounds of settings: declared once, checked on construction, errors that name the field."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace

import pytest

from synthesis.architectures.binary import FamilySettings
from synthesis.architectures.elastic import ElasticSettings
from synthesis.architectures.elastic.residual import ResidualSettings
from synthesis.architectures.evolving import EvolvingSettings
from synthesis.architectures.evolving.search import SearchSettings
from synthesis.architectures.manifold import ManifoldSettings, TermWeights
from synthesis.architectures.self_organised.growth import PoolingSettings, TissueSettings
from synthesis.architectures.self_organised.spiking import Encoding
from synthesis.process.bounds import (
    Bounded,
    above,
    at_least,
    bound,
    checked,
    finite,
    positive,
    share,
    whole,
)
from synthesis.process.checks import check_positive

SETTINGS = (
    ElasticSettings, Encoding, EvolvingSettings, FamilySettings, ManifoldSettings,
    PoolingSettings, ResidualSettings, SearchSettings, TissueSettings, TermWeights,
)  # fmt: skip


def check_even(name, value):
    if value % 2:
        raise ValueError(f"{name} is {value!r}; expected an even number")


@dataclass(frozen=True)
class Everything(Bounded, called="setting {}"):
    side: float = field(metadata=bound(check_positive, "of the square"))
    steps: int = whole(3, least=1)
    chance: float = share(0.5)
    noise: float = finite(0.0)
    rate: float = positive(0.1)
    trace: float | None = positive(None)
    seconds: float = at_least(2.0, 1)
    largest: float = above(math.inf, 0)
    pairs: int = checked(4, check_even)
    free: object = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.noise > self.side:
            raise ValueError("noise is larger than the side")


def test_what_is_within_bounds_passes():
    settings = Everything(1.0, trace=2.0, seconds=math.inf, free="anything")
    assert settings == replace(settings)
    assert Everything(2.0).trace is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"side": 0.0}, r"^setting of the square is 0\.0; expected a finite number > 0$"),
        ({"steps": 0}, "^setting steps is 0; expected a whole number >= 1$"),
        ({"steps": 2.0}, r"^setting steps is 2\.0; expected a whole number >= 1$"),
        ({"chance": 1.5}, r"^setting chance is 1\.5; a probability is between 0 and 1$"),
        ({"noise": -1.0}, r"^setting noise is -1\.0; expected a finite number >= 0$"),
        ({"rate": math.nan}, "^setting rate is nan; expected a finite number > 0$"),
        ({"trace": -1.0}, r"^setting trace is -1\.0; expected a finite number > 0$"),
        ({"seconds": 0.5}, r"^setting seconds is 0\.5; expected a number >= 1$"),
        ({"largest": 0}, "^setting largest is 0; expected a number > 0$"),
        ({"pairs": 3}, "^setting pairs is 3; expected an even number$"),
        ({"noise": 5.0}, "^noise is larger than the side$"),
    ],
)
def test_what_is_not_is_named_with_its_value(changes, message):
    with pytest.raises(ValueError, match=message):
        Everything(**{"side": 1.0, **changes})
    with pytest.raises(ValueError, match=message):
        replace(Everything(1.0), **changes)


def test_a_field_without_default_is_required():
    with pytest.raises(TypeError, match="side"):
        Everything()


@pytest.mark.parametrize("kind", SETTINGS)
def test_every_bounded_field_refuses_nan_by_name(kind):
    bounded = [item for item in fields(kind) if "bound" in item.metadata]
    assert bounded
    for item in bounded:
        with pytest.raises(ValueError, match=f"{item.name} is nan; "):
            kind(**{item.name: math.nan})
