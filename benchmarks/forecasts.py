"""Forecasts of classical series, choices of simulated agents, and the time a fit takes.

``python -m benchmarks.forecasts [--data FOLDER]``

The series are those of ``shared/data/series`` (lynx, sunspots, airline passengers); everything is
decided on the first part of each, the last part is read once, one sample ahead. The agents choose
between two arms for 20 times 500 trials; their rule is to be found from choices and rewards.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np

from synthesis.forecast import FAMILIES, Forecaster
from synthesis.forecast.ways import CHOICES

from .measure import machine_line, markdown_table, write_result

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "series"

SERIES: dict[str, tuple[int, int, Callable[[np.ndarray], np.ndarray], str]] = {
    "lynx": (100, 114, np.log10, "AR(2) 0.0176, SETAR 0.0047; asked 0.0110"),
    "sunspots": (221, 288, np.array, "AR(9) 305, SETAR 262; asked 262"),
    "airline": (100, 144, np.array, "AR(13) 216, seasonal naive 1815; asked 216"),
}
"""Samples to decide by, samples in all, the scale, mean squared errors measured before."""

SUBJECTS, TRIALS, REVERSAL = 20, 500, 100
REWARDED = (0.8, 0.2)


# -------------------- series --------------------


def _series(folder: Path) -> Iterator[list[object]]:
    for name, (known, total, scale, before) in SERIES.items():
        with (folder / f"{name}.csv").open(encoding="utf-8") as file:
            y = scale(np.array([float(row[1]) for row in list(csv.reader(file))[1:]]))[:total]
        start = time.process_time()
        model = Forecaster().fit(y[:known])
        seconds = time.process_time() - start
        told = model.predict(y)[known:]
        low, high = (edge[known:] for edge in model.interval(y))
        yield [
            name,
            before,
            f"**{np.mean((told - y[known:]) ** 2):.4g}**",
            model.report_.links,
            f"{np.mean((low <= y[known:]) & (y[known:] <= high)):.0%}",
            {True: "yes", False: "no", None: "-"}[model.is_stable_],
            f"{seconds:.1f}",
            f"`{'; '.join(model.equations_.splitlines())}`",
        ]


# -------------------- agents --------------------


def _forgetful(memory: dict, choice: int, reward: float) -> float:
    """Q-learning with forgetting: rate 0.2, inverse temperature 3."""
    q = memory.setdefault("q", np.zeros(2))
    q *= 0.8
    q[choice] += 0.2 * reward
    return 3.0 * (q[1] - q[0])


def _stay_or_shift(memory: dict, choice: int, reward: float) -> float:
    """Win: stay; lose: shift."""
    return 2.0 * (2.0 * choice - 1.0) * (2.0 * reward - 1.0)


def _actor_critic(memory: dict, choice: int, reward: float) -> float:
    """Preferences that follow surprise (0.3) and fade (0.9); a critic (0.1); perseveration 0.8."""
    preference, value = memory.setdefault("p", np.zeros(2)), memory.get("v", 0.0)
    preference[choice] += 0.3 * (reward - value)
    preference *= 0.9
    memory["v"] = value + 0.1 * (reward - value)
    return preference[1] - preference[0] + 0.8 * (2.0 * choice - 1.0)


AGENTS = {
    "Q-learning with forgetting": _forgetful,
    "win-stay lose-shift": _stay_or_shift,
    "actor-critic with perseveration": _actor_critic,
}


def _simulated(agent: Callable, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Choices, rewards and the agent's own log-odds, (subjects, trials)."""
    found = np.zeros((3, SUBJECTS, TRIALS))
    for subject in range(SUBJECTS):
        memory: dict = {}
        odds = 0.0
        for trial in range(TRIALS):
            choice = int(rng.random() < 1.0 / (1.0 + np.exp(-odds)))
            is_reversed = trial // REVERSAL % 2
            reward = float(rng.random() < REWARDED[choice ^ is_reversed])
            found[:, subject, trial] = choice, reward, odds
            odds = agent(memory, choice, reward)
    return tuple(found)


def _agents() -> Iterator[list[object]]:
    families = [f for f in FAMILIES if not (f.has_bends or f.has_steps)]
    for (name, agent), choice in product(AGENTS.items(), CHOICES[:3]):
        choices, rewards, _ = _simulated(agent, np.random.default_rng(0))
        beside = {"side": 2.0 * choices - 1.0, "reward": rewards}
        start = time.process_time()
        model = Forecaster(
            likelihood="bernoulli",
            lags=3,
            families=families,
            most=4,
            uses_own_past=False,
            choice=choice,
        ).fit(choices, beside)
        seconds = time.process_time() - start
        others, gains, odds = _simulated(agent, np.random.default_rng(1))
        told = model.predict_proba(others, {"side": 2.0 * others - 1.0, "reward": gains})
        known = ~np.isnan(told[..., 1])
        own = np.where(others == 1.0, told[..., 1], told[..., 0])[known]
        true = 1.0 / (1.0 + np.exp(np.where(others == 1.0, -odds, odds)[known]))
        ours, theirs = -np.log(own).mean(), -np.log(true).mean()
        shown = "; ".join(model.equations_.splitlines())
        yield [
            name,
            choice,
            f"{ours:.4f}",
            f"{theirs:.4f}",
            f"{ours / theirs - 1.0:+.2%}",
            f"{seconds:.1f}",
            f"`{shown}`",
        ]


def _two_thousand() -> list[object]:
    rng = np.random.default_rng(0)
    y = [0.0, 0.0]
    for noise in rng.standard_normal(2000):
        y.append(1.2 * y[-1] - 0.5 * y[-2] + noise)
    start = time.process_time()
    model = Forecaster().fit(y)
    return [len(y), f"{time.process_time() - start:.1f}", f"`{model.equations_}`"]


def main() -> None:
    """Measure both kinds of forecasts, print and keep the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    folder = parser.parse_args().data
    made = f"`python -m benchmarks.forecasts`; {machine_line()}"
    lines = ["# Forecasts", "", made, "", "## Series, one sample ahead", ""]
    if folder.is_dir():
        head = [
            "series",
            "mean squared errors before",
            "ours",
            "links",
            "in 90 % interval",
            "stable run free",
            "seconds",
            "found",
        ]
        lines += [markdown_table(head, list(_series(folder)))]
    else:
        lines += [f"skipped: there is no folder {folder.name} of series"]
    head = ["agent", "choice", "held-out loss", "of the true rule", "more", "seconds", "found"]
    lines += ["", "## Choices of agents, other subjects", "", markdown_table(head, list(_agents()))]
    head = ["samples", "seconds", "found"]
    lines += ["", "## Time of a fit", "", markdown_table(head, [_two_thousand()])]
    write_result("forecasts", "\n".join(lines))


if __name__ == "__main__":
    main()
