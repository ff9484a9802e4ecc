"""The three figures of the paper on elastic networks: medians and quartiles over seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dmm.show import new_axes, pyplot

__all__ = ["FLOORS", "curves", "easy_hard_easy", "variable_against_fixed"]

FLOORS = {"easy": 9.614, "hard": 8.959}
"""Least possible loss of 40 characters, nats."""

THOUSAND = 1000.0
HARD_PLATEAUS = {"reversal without the flip": 13.517, "position alone": 20.794}

Results = Mapping[str, Mapping[str, Any]]


def _band(
    axes: Any, result: Mapping[str, Any], key: str, color: str, label: str, unit: float = THOUSAND
) -> None:
    """Median as a line, quartiles as a band, over cycles in this unit."""
    low, middle, high = np.percentile(result[key], [25, 50, 75], axis=0)
    cycles = np.asarray(result["cycles"]) / unit
    axes.plot(cycles, middle, color=color, lw=1.3, label=label)
    axes.fill_between(cycles, low, high, color=color, alpha=0.2, lw=0)


def _loss_axes(axes: Any, floors: Mapping[str, float]) -> None:
    for name, floor in floors.items():
        axes.axhline(floor, color="0.5", lw=0.8, ls="--")
        axes.annotate(name, (0.995, floor), xycoords=("axes fraction", "data"), ha="right",
                      va="bottom", fontsize=7, color="0.4")  # fmt: skip
    axes.set(ylabel="loss of 40 characters, nats", ylim=(8, 28), xlabel="thousand cycles")


def curves(results: Results) -> Any:
    """Figure 1: loss (above) and neurons (below) over time, the easy and the hard problem.

    Parameters
    ----------
    results : mapping of "MODE, PROBLEM" to arrays ``cycles``, ``losses`` and ``sizes``
    """
    _, axes = pyplot().subplots(2, 2, figsize=(9, 6), sharex="col", squeeze=False)
    for column, problem in enumerate(("easy", "hard")):
        plateaus = HARD_PLATEAUS if problem == "hard" else {}
        _loss_axes(axes[0, column], {f"least possible, {problem}": FLOORS[problem], **plateaus})
        axes[0, column].set(title=f"{problem} problem", xlabel="")
        axes[1, column].set(ylabel="neurons", xlabel="thousand cycles")
        for color, mode in (("C0", "corrected"), ("C1", "paper"), ("C2", "outgoing-norm")):
            result = results.get(f"{mode}, {problem}")
            if result is not None:
                _band(axes[0, column], result, "losses", color, mode)
                _band(axes[1, column], result, "sizes", color, mode)
        if axes[1, column].lines:
            axes[1, column].legend(fontsize=8)
    axes[0, 0].figure.tight_layout()
    return axes[0, 0]


def variable_against_fixed(results: Results) -> Any:
    """Figure 2: medians of the hard problem, networks of variable (colours) and fixed sizes."""
    axes = new_axes(7, 4.5)
    _loss_axes(axes, {"least possible": FLOORS["hard"], **HARD_PLATEAUS})
    names = [name for name in results if name.endswith(", hard")]
    fixed = [name for name in names if name.startswith("fixed")]
    colours = dict(zip(fixed, map(str, np.linspace(0.75, 0.0, max(len(fixed), 1))), strict=False))
    colours |= {name: f"C{i}" for i, name in enumerate(n for n in names if n not in fixed)}
    for name in names:
        cycles = np.asarray(results[name]["cycles"]) / THOUSAND
        middle = np.median(results[name]["losses"], axis=0)
        axes.plot(cycles, middle, color=colours[name], lw=1.4, label=name.removesuffix(", hard"))
    if names:
        axes.legend(fontsize=8, ncol=2)
    return axes


def easy_hard_easy(results: Results) -> Any:
    """Figure 3: the problem switches at a third and two thirds of each run's cycles."""
    chosen = {k: v for k, v in results.items() if k.endswith(", easy-hard-easy")}
    _, axes = pyplot().subplots(2, 1, figsize=(7, 6), sharex=True)
    _loss_axes(axes[0], {f"least possible, {name}": floor for name, floor in FLOORS.items()})
    axes[0].set(xlabel="")
    for i, (name, result) in enumerate(chosen.items()):
        for row, key in ((0, "losses"), (1, "sizes")):
            label, last = name.partition(",")[0], result["cycles"][-1]
            _band(axes[row], result, key, f"C{i % 10}", label, last)
    for row in axes:
        for share in (1, 2):
            row.axvline(share / 3, color="0.7", lw=0.8)
    axes[1].set(ylabel="neurons", xlabel="share of the cycles")
    if chosen:
        axes[1].legend(fontsize=8)
    axes[0].figure.tight_layout()
    return axes[0]
