"""``forecast``: what comes next in a column of a CSV file, without Python."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dmm import save_machine
from vvalues.files import write_atomically

from ..fit.fitted import MACHINE
from .calling import called
from .csv_files import CsvTable, csv_text, read_csv
from .options import count
from .own_data import EQUATIONS, PREDICTIONS, chosen, free_folder

if TYPE_CHECKING:
    from ..forecast import Forecaster

__all__ = ["add_command"]

REPORT, FUTURE = "report.txt", "forecast.csv"
LIKELIHOODS = ("gaussian", "huber", "poisson", "bernoulli", "categorical")


def add_command(commands: Any) -> None:
    """Add ``forecast`` to the parsers of commands.

    Parameters
    ----------
    commands : what ``argparse.ArgumentParser.add_subparsers`` returns
    """
    forecast = commands.add_parser(
        "forecast",
        help="find a machine that tells what comes next in a column of a CSV file",
        description="Find the smallest machine that forecasts a column of a CSV file as well as "
        "any that was tried. A row is a sample; rows of one group are one string.",
    )
    forecast.set_defaults(command=_forecast)
    forecast.add_argument("data", type=Path, metavar="DATA.csv")
    forecast.add_argument("--series", required=True, metavar="Y", help="column that is forecast")
    forecast.add_argument(
        "--inputs", metavar="A[,B]", help="columns beside it (default: none; its own past is known)"
    )
    forecast.add_argument("--group", metavar="RUN", help="column that tells strings apart")
    forecast.add_argument(
        "--horizon", type=count, default=1, metavar="N", help="samples ahead (default 1)"
    )
    forecast.add_argument(
        "--steps", type=count, default=12, metavar="N", help="samples after the end (default 12)"
    )
    forecast.add_argument(
        "--likelihood", choices=LIKELIHOODS, default="gaussian", help="categorical: of texts"
    )
    forecast.add_argument("--seed", type=count, default=0, help="of draws (default 0)")
    forecast.add_argument("--out", type=Path, metavar="DIR", help="default runs/DATA")


def _forecast(options: argparse.Namespace) -> int:
    from ..forecast import Forecaster

    folder = free_folder(options, "a forecast or a fit", (MACHINE, REPORT))
    table = read_csv(options.data)
    series, beside, group = _streams(options, table)
    model = Forecaster(options.horizon, likelihood=options.likelihood, seed=options.seed)
    model.fit(series, beside, group)
    folder.mkdir(parents=True, exist_ok=True)
    written = _write(folder, model, table, options)
    print(f"{model.report_}\n")
    print(f"written to {folder}: {', '.join(written)}")
    machine = shlex.quote(str(folder / MACHINE))
    print(f"next: {called()} show {machine} --as table")
    return 0


def _streams(
    options: argparse.Namespace, table: CsvTable
) -> tuple[Any, dict[str, np.ndarray], list[str] | None]:
    """The series, streams beside it, and the group of every row."""
    is_symbols = options.likelihood == "categorical"
    name = options.series
    series = table.labels(name) if is_symbols else table.numbers(name)
    inputs = chosen(options.inputs, table) if options.inputs else []
    for one in inputs:
        if one in (name, options.group):
            raise ValueError(f"column {one!r} is both an input and the series or the group")
    beside = {one: table.numbers(one) for one in inputs}
    return series, beside, table.labels(options.group) if options.group else None


def _write(
    folder: Path, model: Forecaster, table: CsvTable, options: argparse.Namespace
) -> list[str]:
    """Write what was found; names of the files."""
    save_machine(replace(model.machine_, name=options.data.stem), folder / MACHINE)
    write_atomically(folder / REPORT, f"{model.report_}\n")
    write_atomically(folder / EQUATIONS, f"{model.equations_}\n")
    write_atomically(folder / PREDICTIONS, _predictions(model, table, options))
    written = [MACHINE, REPORT, EQUATIONS, PREDICTIONS]
    if not options.group and model.rule_.reads.isdisjoint(model.panel_.beside):
        write_atomically(folder / FUTURE, _future(model, options))
        written.append(FUTURE)
    return written


def _predictions(model: Forecaster, table: CsvTable, options: argparse.Namespace) -> str:
    """What is forecast for every row from those before it, beside what came."""
    names, columns = table.placed(options.group)
    names += [options.series, f"predicted {options.series}"]
    columns += [table.column(options.series), model.predict().tolist()]
    if model.rule_.has_noise:
        names += ["low", "high"]
        columns += [one.tolist() for one in model.interval()]
    return csv_text(names, columns)


def _future(model: Forecaster, options: argparse.Namespace) -> str:
    """What comes after the end, sample by sample."""
    ahead = model.forecast(options.steps)
    names: list[str] = ["sample"]
    columns: list[Any] = [range(1, options.steps + 1)]
    if ahead.mean.ndim > 1:
        names += [f"probability of {one}" for one in model.classes_]
        columns += ahead.mean.T.tolist()
    else:
        names += [options.series, "low", "high"]
        columns += [one.tolist() for one in (ahead.mean, ahead.low, ahead.high)]
    return csv_text(names, columns)
