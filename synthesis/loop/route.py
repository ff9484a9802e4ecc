"""The route of the loop: all phases with their settings, and which follows which.

A phase does one unit of work and says in a word how it ended; the table says what comes next.
"more" is the same phase again. No target number of links is known anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from ..process.bounds import Bounded, at_least
from ..process.state import DONE
from .phases import (
    Begin,
    Bite,
    Confirm,
    Dense,
    FreshStart,
    Judge,
    NextStart,
    Polish,
    Population,
    Refine,
    Regrow,
    Remove,
    Rescue,
    Shrink,
    Simplify,
    Sparsify,
    Thin,
)
from .search import Common, Phase

__all__ = ["ROUTE", "Settings", "flat", "phases", "route_chart", "route_table"]


@dataclass(frozen=True)
class Settings(Bounded, called="setting {}"):
    """All constants of the loop; the defaults serve every task of this package.

    Every phase is a field, and its own fields are its settings.

    Attributes
    ----------
    seconds : float
        Wall-clock limit of a run, a last resort that is looked at between units of work. A run
        that it ends can be resumed; ``common.steps`` is a limit that does not go by the clock.
    common : Common
        What several phases go by.
    begin, dense, bite, population, sparsify, thin, refine, shrink, remove, polish, confirm,
    judge, next_start, rescue, fresh_start, regrow, simplify : Phase

    Examples
    --------
    >>> settings = Settings.of(dense={"steps": 300}, seconds=60)
    >>> settings.dense.steps, settings.remove.candidates
    (300, 6)
    """

    seconds: float = at_least(3600.0, 0.0)
    common: Common = field(default_factory=Common)
    begin: Begin = field(default_factory=Begin)
    dense: Dense = field(default_factory=Dense)
    bite: Bite = field(default_factory=Bite)
    population: Population = field(default_factory=Population)
    sparsify: Sparsify = field(default_factory=Sparsify)
    thin: Thin = field(default_factory=Thin)
    refine: Refine = field(default_factory=Refine)
    shrink: Shrink = field(default_factory=Shrink)
    remove: Remove = field(default_factory=Remove)
    polish: Polish = field(default_factory=Polish)
    confirm: Confirm = field(default_factory=Confirm)
    judge: Judge = field(default_factory=Judge)
    next_start: NextStart = field(default_factory=NextStart)
    rescue: Rescue = field(default_factory=Rescue)
    fresh_start: FreshStart = field(default_factory=FreshStart)
    regrow: Regrow = field(default_factory=Regrow)
    simplify: Simplify = field(default_factory=Simplify)

    @classmethod
    def of(cls, **changes: Any) -> Settings:
        """The defaults with changes; what is nested may be given as a mapping of its changes.

        Raises
        ------
        ValueError
            For a setting that does not exist, or a value out of its bounds.
        """
        return _changed(cls(), changes, "")

    @classmethod
    def for_learners(cls, **changes: Any) -> Settings:
        """Settings for machines that change themselves, with changes as in `of`.

        Such machines run off easily, so that descent begins with the first part of their lives;
        and nothing that learns is exact, so that a link goes if the loss hardly rises. What is left
        is confirmed on further strings, and a second random start competes with it there, unless
        the first machine is exact.
        """
        return _changed(_changed(cls(), LEARNERS, ""), changes, "")


LEARNERS: Mapping[str, Any] = {
    "common": {
        "small": 24,
        "rescues": 0,
        "fit_l1": 0.01,
        "budget": 1e-6,
        "alike": 0.02,
        "descent": {"rate": 0.02},
    },
    "dense": {"steps": 250, "l1": 0.03, "unit": 25, "first_life": 0.1, "trials": 3},
    "bite": {"fraction": 0.2, "steps": 20, "l1": 0.03},
    "shrink": {"factor": 1.02, "floor": 1e-9, "iterations": 10, "rounds": 4},
    "remove": {
        "factor": 1.03,
        "iterations": 8,
        "candidates": 4,
        "all_below": 8,
        "long_iterations": 0,
    },
    "polish": {"iterations": 15, "patience": 3},
    "confirm": {"batches": 5},
    "judge": {"regrowths": 0, "restarts": 1},
}

ROUTE: Mapping[str, Mapping[str, str]] = {
    "begin": {"large": "dense", "small": "shrink", "recurrent": "population"},
    # large, layered spaces: descent, then bites
    "dense": {"more": "dense", "done": "bite"},
    "bite": {"more": "bite", "small": "shrink"},
    # recurrent spaces: a population, then contests
    "population": {
        "more": "population",
        "starts": "sparsify",
        "none": "population",
        "no better": "judge",
    },
    "sparsify": {"winner": "thin", "no winner": "thin"},
    "thin": {"winner": "thin", "no winner": "refine", "small": "refine"},
    "refine": {"small": "remove", "large": "judge"},
    # small machines: least squares, link by link
    "shrink": {"more": "shrink", "settled": "remove", "lost": "judge"},
    "remove": {"more": "remove", "stuck": "polish"},
    "polish": {"done": "judge", "further": "confirm"},
    "confirm": {"more": "confirm", "done": "judge"},
    # and once more, from somewhere else
    "judge": {
        "next start": "next_start",
        "second opinion": "next_start",
        "rescue": "rescue",
        "fresh start": "fresh_start",
        "regrow": "regrow",
        "enough": "simplify",
    },
    "next_start": {"done": "sparsify"},
    "rescue": {"large": "dense", "recurrent": "population"},
    "fresh_start": {"large": "dense", "small": "shrink", "recurrent": "population"},
    "regrow": {"done": "shrink"},
    "simplify": {"done": DONE},
}
"""From a phase and the word it ends with to the next phase."""


def phases(settings: Settings) -> dict[str, Phase]:
    """The phases by name."""
    return {name: getattr(settings, name) for name in ROUTE}


def route_table() -> str:
    """The route as a table in Markdown: what every phase does, how it can end, what follows."""
    rows = ["| phase | does | ends | then |", "|---|---|---|---|"]
    for name, phase in phases(Settings()).items():
        does = (type(phase).__doc__ or "").split("\n")[0]
        shown = f"`{name}` | {does}"
        for word, following in ROUTE[name].items():
            rows.append(f"| {shown} | {word}: {phase.words[word]} | `{following}` |")
            shown = " | "
    return "\n".join(rows)


def route_chart() -> str:
    """The route as a flowchart in Mermaid."""
    arrows = [
        f"  {name} -->|{word}| {following}"
        for name, row in ROUTE.items()
        for word, following in row.items()
        if following != name
    ]
    return "\n".join(["flowchart TD", *arrows])


# -------------------- settings by path --------------------


def flat(settings: Any, prefix: str = "") -> dict[str, Any]:
    """All settings by path.

    Examples
    --------
    >>> flat(Settings())["dense.steps"], flat(Settings())["common.descent.rate"]
    (600, 0.003)
    """
    found: dict[str, Any] = {}
    for item in fields(settings):
        value, name = getattr(settings, item.name), f"{prefix}{item.name}"
        found.update(flat(value, f"{name}.") if is_dataclass(value) else {name: value})
    return found


def _changed(settings: Any, changes: Mapping[str, Any], prefix: str) -> Any:
    known = {item.name: getattr(settings, item.name) for item in fields(settings)}
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"no setting {prefix}{name}; there are {', '.join(known) or 'none'}")
        if isinstance(value, Mapping) and is_dataclass(known[name]):
            value = _changed(known[name], value, f"{prefix}{name}.")
        known[name] = value
    return replace(settings, **known)
