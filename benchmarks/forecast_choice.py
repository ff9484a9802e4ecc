"""Which way to forecast should be chosen: rules of choice, judged on samples that come later.

``python -m benchmarks.forecast_choice [--seeds 0:2] [--out FOLDER]``

Simulated series of many kinds are forecast by all that `synthesis.forecast` tries. Every rule of
choice sees how each way did on cuts of the first part; how the chosen one does on what follows is
set beside the way that does best there. Rules of choice were settled on such series - the share of
the standard error on other seeds than those that are told -, and not on the classical ones of
`benchmarks.forecasts`. The last column is the default's choice where no forecast looks at its own
errors: on the same scale, beside the same best way. What runs away when it runs free is left out
for all of them, and the shares that cannot be asked for know nothing of levels (see
`synthesis.forecast.ways.choice`). What a folder (``--out``) already holds is read, not run again.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np

from synthesis.forecast import Forecaster, forecaster
from synthesis.forecast.panel import read_panel
from synthesis.forecast.ways import CHOICES, Tried, chosen, losses_of, rows_of, smallest_within

from .measure import machine_line, markdown_table, seeds_of, write_result

LENGTHS = (100, 250)
LATER = 400
SETTLED = 100  # samples before the first

# -------------------- series --------------------


Step = Callable[[list[float], float], float]


def recursion(step: Step, start: float = 0.0) -> Callable:
    """A series made sample by sample from its past and a normal number."""

    def series(rng: np.random.Generator, n: int) -> np.ndarray:
        y = [start] * 13
        for noise in rng.standard_normal(n + SETTLED):
            y.append(step(y, noise))
        return np.array(y[-n:])

    return series


def seasons(rng: np.random.Generator, n: int) -> np.ndarray:
    """Growth with a season, both wandering: the model of airline passengers."""
    z = [4.0 + 0.3 * np.sin(k * np.pi / 6.0) for k in range(13)]
    e = [0.0] * 13
    for noise in 0.03 * rng.standard_normal(n):
        moved = noise - 0.4 * e[-1] - 0.6 * e[-12] + 0.24 * e[-13]
        z.append(z[-1] + z[-12] - z[-13] + moved)
        e.append(noise)
    return np.exp(np.array(z[-n:]))


def trend(rng: np.random.Generator, n: int) -> np.ndarray:
    """A line, a season, and an autoregression around both."""
    t = np.arange(n)
    rest = recursion(lambda y, e: 0.6 * y[-1] + e)(rng, n)
    return 0.05 * t + 2.0 * np.sin(t * np.pi / 6.0) + np.cos(t * np.pi / 3.0) + 0.5 * rest


def linear(weights: Sequence[float], noise: float) -> Step:
    """A constant, what the latest samples count, and by how much normal numbers disturb it."""
    constant, *lags = weights
    return lambda y, e: constant + sum(w * y[-1 - k] for k, w in enumerate(lags)) + noise * e


def regimes(above: Step, below: Step, bound: float) -> Callable:
    """A series with one rule where its sample two back exceeds a bound, another one elsewhere."""
    return recursion(lambda y, e: (above if y[-2] > bound else below)(y, e), start=2.9)


CYCLE = recursion(lambda y, e: 1.3 * y[-1] - 0.7 * y[-2] + e)

KINDS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "noise": lambda rng, n: 3.0 + rng.standard_normal(n),
    "one lag": recursion(lambda y, e: 0.7 * y[-1] + e),
    "cycle": CYCLE,
    "three lags": recursion(lambda y, e: 0.6 * y[-1] - 0.3 * y[-2] + 0.4 * y[-3] + e),
    "distant lags": recursion(
        lambda y, e: 1.1 * y[-1] - 0.5 * y[-2] + 0.2 * y[-9] - 0.25 * y[-11] + 0.5 * e
    ),
    "season": recursion(lambda y, e: 0.5 * y[-1] + 0.7 * y[-12] - 0.35 * y[-13] + e),
    "walk": lambda rng, n: np.cumsum(0.1 + rng.standard_normal(n)),
    "level": lambda rng, n: np.cumsum(0.4 * rng.standard_normal(n)) + rng.standard_normal(n),
    "trend and season": trend,
    "threshold": recursion(
        lambda y, e: (0.9 * y[-1] if y[-2] > 0.0 else -0.5 * y[-1] + 0.5) + 0.5 * e
    ),
    "population": recursion(
        lambda y, e: y[-1] + 1.2 * (1.0 - 0.6 * np.exp(y[-1]) - 0.4 * np.exp(y[-2])) + 0.15 * e
    ),
    "chaos": recursion(
        lambda y, e: float(np.clip(1.0 - 1.2 * y[-1] ** 2 + 0.3 * y[-2] + 0.02 * e, -1.6, 1.6))
    ),
    "growing season": seasons,
    "ratios": lambda rng, n: np.exp(2.0 + 0.25 * CYCLE(rng, n)),
    "squares": lambda rng, n: (4.0 + 0.4 * CYCLE(rng, n)) ** 2,
    "counts": lambda rng, n: rng.poisson(np.exp(2.0 + 0.2 * CYCLE(rng, n))).astype(float),
}


# The models of the literature (H. Tong, Non-linear Time Series, 1990, 7.2), fitted by least squares
# to the logarithms of the first hundred years of lynx.
ELEVEN = [1.03, 1.15, -0.56, 0.33, -0.42, 0.26, -0.19, 0.08, -0.09, 0.23, 0.18, -0.35]
KINDS |= {
    "lynx, AR(2)": recursion(linear([1.072, 1.378, -0.749], 0.242), start=2.9),
    "lynx, AR(11)": recursion(linear(ELEVEN, 0.213), start=2.9),
    "lynx, SETAR(2;2,2)": regimes(
        linear([1.147, 1.592, -1.0], 0.235), linear([0.593, 1.261, -0.428], 0.196), 3.318
    ),
    "lynx, SETAR(2;7,2)": regimes(
        linear([0.437, 1.565, -0.782], 0.231),
        linear([0.565, 1.074, -0.305, 0.189, -0.382, 0.210, -0.197, 0.239], 0.180),
        3.379,
    ),
    "lynx, SETAR(2;8,3)": regimes(
        linear([0.088, 1.678, -1.077, 0.293], 0.227),
        linear([0.551, 1.070, -0.302, 0.186, -0.376, 0.206, -0.185, 0.214, 0.020], 0.180),
        3.379,
    ),
}


# -------------------- rules of choice --------------------


SHARES = {"half": 0.5, "quarter": 0.25, "tenth": 0.1, "least error": 0.0}
"""Standard errors within which the smallest way is taken, beside those that can be asked for."""


def without_errors(tried: Sequence[Tried]) -> Tried:
    """The default's choice, had no forecast looked at its own errors."""
    others = [one for one in tried if not one.key.key.recipe.family.has_errors]
    return chosen(others, CHOICES[0], True)


RULES: dict[str, Callable[[Sequence[Tried]], Tried]] = {
    **{name: lambda tried, name=name: chosen(tried, name, True) for name in CHOICES},
    **{name: lambda tried, by=share: smallest_within(tried, by) for name, share in SHARES.items()},
    "no moving averages": without_errors,
}


# -------------------- measuring --------------------


def judged(series: np.ndarray, known: int) -> dict[str, tuple[float, int]]:
    """By how much (a logarithm) each rule's way loses more than the best one later; its links."""
    seen: list[Tried] = []

    def noted(tried: Sequence[Tried], *rest: object) -> Tried:
        seen.extend(tried)
        return chosen(tried, *rest)

    with patch.object(forecaster, "chosen", noted), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Forecaster().fit(series[:known])
    search, panel = model._search, read_panel(series)

    def later(one: Tried) -> float:
        way = one.key.key  # of what was tried, whose losses are judged on the way's own scale
        scale = way.recipe.transform
        rows = rows_of(panel, search.inputs, scale, search.lags, search.horizon)
        losses = losses_of(way.found, rows, scale, search.likelihood)
        return float(losses[rows.places[1] + search.horizon >= known].mean())

    found = [one for one in seen if np.isfinite(one.loss)]
    best = min(later(one) for one in found)
    picked = {name: rule(found) for name, rule in RULES.items()}
    return {name: (float(np.log(later(one) / best)), one.size) for name, one in picked.items()}


def kept_or_judged(folder: Path, kind: str, known: int, seed: int) -> dict[str, tuple[float, int]]:
    """What came of a series from its file, or judged and put there."""
    number = list(KINDS).index(kind)
    file = folder / f"{number}-{known}-{seed}.json"
    if not file.is_file():
        series = KINDS[kind](np.random.default_rng([seed, known, number]), known + LATER)
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(judged(series, known)), encoding="utf-8")
    return json.loads(file.read_text(encoding="utf-8"))


def main() -> None:
    """Measure all kinds; the table is written to ``benchmarks/results`` after each seed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", default="0:4", help="as 0 or 0:4")
    parser.add_argument("--out", type=Path, default=Path("runs/forecast_choice"))
    options = parser.parse_args()
    told: dict[str, list[dict[str, tuple[float, int]]]] = {kind: [] for kind in KINDS}
    for seed in seeds_of(options.seeds):
        for kind, of_kind in told.items():
            of_kind += [kept_or_judged(options.out, kind, known, seed) for known in LENGTHS]
            print(seed, kind, file=sys.stderr, flush=True)
        written(told, seed + 1)


def written(told: dict[str, list[dict[str, tuple[float, int]]]], seeds: int) -> None:
    """The table."""
    rows = []
    for kind, of_kind in told.items():
        rows.append(
            [kind, *(f"{np.mean([one[rule][0] for one in of_kind]):.3f}" for rule in RULES)]
        )
    every = [one for of_kind in told.values() for one in of_kind]
    more = {rule: [one[rule][0] for one in every] for rule in RULES}
    rows.append(["**mean**", *(f"**{np.mean(more[rule]):.3f}**" for rule in RULES)])
    rows.append(["worst tenth", *(f"{np.quantile(more[rule], 0.9):.3f}" for rule in RULES)])
    rows.append(["links", *(f"{np.mean([one[rule][1] for one in every]):.1f}" for rule in RULES)])
    said = (
        f"`python -m benchmarks.forecast_choice --seeds 0:{seeds}`; {machine_line()}. "
        f"Series of {' and '.join(map(str, LENGTHS))} samples for each seed; the logarithm "
        f"of what the chosen way loses on the {LATER} samples that follow, over what the way "
        "loses that does best there: 0.1 is ten per cent more than could have been."
    )
    title = "# Rules of choice among forecasts"
    write_result(
        "forecast_choice", "\n\n".join([title, said, markdown_table(["series", *RULES], rows)])
    )


if __name__ == "__main__":
    main()
