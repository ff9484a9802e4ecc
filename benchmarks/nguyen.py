"""Nguyen's twelve formulas: evolving layers beside gplearn.

``python -m benchmarks.nguyen [--seeds N] [--seconds S] [--only NAME ...] [--constants]``

Each formula is given as 20 uniform samples; a formula counts as recovered when R² on 1,000 held-out
samples is above 0.999999. Both programs have the same operations, the same settings for all
formulas, two processes and the same wall-clock limit: ours searches with two workers; gplearn,
whose own ``n_jobs`` only splits one population, runs one seed after the other in each of two
processes until one of them is exact or the time is up. gplearn (extra ``benchmark``) is skipped
with a message when it is not installed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from synthesis.architectures.evolving.formula import formulas, size, to_text
from synthesis.architectures.evolving.search.symbolic import symbolic_search
from synthesis.tasks.formulas import CONSTANTS, NGUYEN, formula_task
from synthesis.tasks.regression import r_squared

from .measure import machine_line, markdown_table, write_result

RECOVERED = 0.999999
WORKERS = 2
POPULATION, GENERATIONS = 1000, 50
HEADER = ["formula", "program", "recovered", "1 - R²", "size", "seconds", "found"]


def _ours(task, executor):
    model, found = symbolic_search(task.inputs, task.targets, executor=executor)
    r2 = task.evaluate(model, found.parameters)["held_out_r2"]
    shown, n = to_text(model, found.parameters, 4), None
    try:
        from synthesis.architectures.evolving.formula_simplify import simplified

        simple = simplified(model, found.parameters, task.held_out_inputs)["y0"]
        shown, n = simple.text, simple.size
    except ModuleNotFoundError:
        n = size(formulas(model, found.parameters)["y0"])
    return r2, n, shown


def gplearn_seed(task, deadline, seed, clock=time.time):
    """One run of gplearn, stopped after the generation in which the time is up."""
    from gplearn.functions import make_function
    from gplearn.genetic import SymbolicRegressor

    warnings.simplefilter("ignore")
    exp = make_function(function=_protected_exp, name="exp", arity=1)
    regressor = SymbolicRegressor(
        population_size=POPULATION,
        generations=1,
        function_set=("add", "sub", "mul", "div", "sin", "cos", "log", exp),
        parsimony_coefficient=0.001,
        metric="mse",
        # Most of the formulas need no constants but 1: every other run goes without.
        const_range=(-1.0, 1.0) if seed % 2 else None,
        warm_start=True,
        random_state=seed,
    )
    best = (-np.inf, 0, "", 0.0)
    for generation in range(1, GENERATIONS + 1):
        regressor.set_params(generations=generation)
        regressor.fit(task.inputs, task.targets[:, 0])
        error = float(np.mean((regressor.predict(task.inputs) - task.targets[:, 0]) ** 2))
        r2 = r_squared(regressor.predict(task.held_out_inputs), task.held_out_targets[:, 0])
        if not best[2] or -error >= best[0]:
            program = regressor._program
            best = (-error, len(program.program), str(program), r2)
        if error < 1e-20 or clock() > deadline:
            break
    return best


def _protected_exp(x):
    with np.errstate(over="ignore"):
        return np.where(np.abs(x) < 100, np.exp(x), 0.0)


def _gplearn(task, executor, seconds):
    """Seeds until one is exact on the training samples; the best one on these counts."""
    deadline = time.time() + seconds
    job = partial(gplearn_seed, task, deadline)
    best = None
    seed = 0
    while time.time() < deadline:
        found = list(executor.map(job, range(seed, seed + WORKERS)))
        seed += WORKERS
        best = max([*found, *([best] if best else [])], key=lambda run: run[0])
        if best[0] > -1e-20:
            break
    _, n, shown, r2 = best
    return r2, n, shown


def has_gplearn():
    """Whether gplearn is installed, which is measured beside ours."""
    try:
        import gplearn.genetic  # noqa: F401
    except ImportError:
        return False
    return True


def _row(name, program, work, seconds):
    r2, n, shown = work
    shown = shown if len(shown) <= 100 else shown[:97] + "..."
    mark = "yes" if r2 > RECOVERED else "no"
    return [name, program, mark, f"{max(1 - r2, 0.0):.1e}", n, f"{seconds:.1f}", f"`{shown}`"]


def _measured(work, *arguments):
    start = time.perf_counter()
    result = work(*arguments)
    return result, time.perf_counter() - start


def _suite(suite, names, seeds, seconds, with_gplearn, executor):
    rows, counts = [], {"ours": [], "gplearn": []}
    for seed in range(seeds):
        for name in names:
            task = formula_task(suite[name], np.random.default_rng([seed, 5]))
            label = f"{name}: {suite[name].text}" if seeds == 1 else f"{name} (data {seed})"
            programs = [("ours", _ours, (task, executor))]
            if with_gplearn:
                programs.append(("gplearn", _gplearn, (task, executor, seconds)))
            for program, work, arguments in programs:
                result, took = _measured(work, *arguments)
                rows.append(_row(label, program, result, took))
                counts[program].append((result[0] > RECOVERED, took))
                print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
    return rows, counts


def _summary(counts):
    lines = []
    for program, found in counts.items():
        if found:
            n, longest = sum(ok for ok, _ in found), max(took for _, took in found)
            lines.append(f"{program}: {n} of {len(found)} recovered, at most {longest:.1f} s each")
    return "; ".join(lines) + "."


def main():
    """Measure and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=1, help="random tables per formula")
    parser.add_argument("--seconds", type=float, default=60.0, help="limit for gplearn")
    parser.add_argument("--only", nargs="*", help="names of formulas")
    parser.add_argument("--no-gplearn", action="store_true")
    parser.add_argument(
        "--constants", action="store_true", help="also the Constant suite, ours only"
    )
    options = parser.parse_args()
    with_gplearn = has_gplearn() and not options.no_gplearn
    if not has_gplearn():
        print("gplearn is not installed (extra 'benchmark'): ours only", file=sys.stderr)
    parts = [
        "# Nguyen's formulas from 20 samples each",
        f"{machine_line().replace('process time, medians', 'wall-clock seconds')}, {WORKERS} "
        "processes. Size counts operations, inputs and constants; ours after simplification, each "
        "formula checked against the network. Source of the formulas: arXiv:1912.04871 and github "
        "dso-org/deep-symbolic-optimization, `dso/dso/task/regression/benchmarks.csv`. gplearn: "
        f"population {POPULATION}, {GENERATIONS} generations, parsimony 0.001, seeds one after "
        f"the other in both processes until one is exact or {options.seconds:g} s are over; every "
        "second seed with random constants, the others without.",
    ]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as executor:
        list(executor.map(abs, range(WORKERS)))  # workers are up before the first clock starts
        names = options.only or list(NGUYEN)
        suite = {**NGUYEN, **CONSTANTS}
        rows, counts = _suite(suite, names, options.seeds, options.seconds, with_gplearn, executor)
        parts += [markdown_table(HEADER, rows), _summary(counts)]
        if options.constants:
            rows, counts = _suite(CONSTANTS, list(CONSTANTS), options.seeds, 0.0, False, executor)
            parts += [
                "## Formulas with constants that are no simple numbers",
                "The Constant suite of the same source; ours only, same settings.",
                markdown_table(HEADER, rows),
                _summary(counts),
            ]
    write_result("nguyen", "\n\n".join(parts))


if __name__ == "__main__":
    main()
