"""What has to hold before a forecast is looked for."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..likelihoods import Likelihood
from .panel import Panel
from .ways import CHOICES

__all__ = ["Asked", "check_data", "check_parameters", "lags_for"]

AIMS = ("one step", "free run")

PLAIN = ("gaussian", "censored")
"""Likelihoods whose loss is a squared error, as that of runs is."""

FEWEST = 20
"""Samples of all strings below which nothing can be told."""

LEAST_LAGS = 8
LAGS = 60
"""Latest samples that are looked at by default, at least and at most: a season and two."""


class Asked(Protocol):
    """The parameters of a `Forecaster`."""

    horizon: int
    most: int
    lags: int | None
    level: float
    aim: str
    choice: str
    transform: str
    uses_own_past: bool


def check_parameters(asked: Asked) -> None:
    """Raise ValueError unless every parameter is possible."""
    for name, value in (("horizon", asked.horizon), ("most", asked.most)):
        if value < 1 or value != int(value):
            raise ValueError(f"{name} is {value}; expected a whole number, 1 or more")
    if asked.aim not in AIMS:
        raise ValueError(f"aim is {asked.aim!r}; expected {' or '.join(map(repr, AIMS))}")
    if asked.choice not in CHOICES:
        raise ValueError(f"choice is {asked.choice!r}; expected {' or '.join(map(repr, CHOICES))}")
    if not 0.0 < asked.level < 1.0:
        raise ValueError(f"level is {asked.level}; expected a share between 0 and 1")


def check_data(asked: Asked, panel: Panel, likelihood: Likelihood) -> None:
    """Raise ValueError unless something can be learned from a panel in the way that is asked."""
    observed = panel.observed()
    if len(observed) < FEWEST:
        raise ValueError(
            f"{panel.own} has {len(observed)} samples; a forecast needs {FEWEST} at least"
        )
    if panel.symbols and not likelihood.has_classes:
        raise ValueError(
            f"{panel.own} holds symbols, such as {panel.symbols[0]!r}; likelihood='categorical' "
            "forecasts those"
        )
    if np.ptp(observed) == 0.0:
        only = panel.shown(observed[0])
        raise ValueError(f"{panel.own} is {only} at every sample; there is nothing to forecast")
    if not asked.uses_own_past and len(panel.streams) == 1:
        raise ValueError("without its own past a forecast needs streams beside the series")
    if asked.aim == "free run" and asked.transform not in ("auto", "none"):
        raise ValueError("aim 'free run' knows no other scale; transform the series before")
    is_plain = asked.horizon == 1 and likelihood.name in PLAIN and asked.uses_own_past
    if asked.aim == "free run" and not (is_plain and len(panel.lengths) == 1):
        raise ValueError(
            "aim 'free run' is for one string of numbers, horizon 1, likelihood 'gaussian' and the "
            "series' own past"
        )


def lags_for(asked: Asked, panel: Panel, season: int) -> int:
    """How many of the latest samples may be looked at.

    Raises
    ------
    ValueError
        If the strings are too short for what is asked.
    """
    shortest = int(panel.lengths.min())
    room = shortest - asked.horizon
    if room < 2:
        raise ValueError(
            f"the shortest string has {shortest} samples; a forecast {asked.horizon} ahead needs "
            f"{asked.horizon + 2} at least"
        )
    if asked.lags is not None:
        if not 1 <= asked.lags <= room - 1:
            raise ValueError(
                f"lags is {asked.lags}; expected 1 to {room - 1}: the shortest string has "
                f"{shortest} samples"
            )
        return asked.lags
    return max(1, min(max(LEAST_LAGS, season + 2), LAGS, room // 5))
