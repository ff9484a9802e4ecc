"""``fit`` and ``predict``: a user's own streams in CSV files, without Python."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vvalues.files import write_atomically

from .calling import next_words
from .csv_files import CsvTable, csv_text, quoted, read_csv
from .options import count

if TYPE_CHECKING:
    from ..fit import Fitted, Synthesizer

__all__ = ["EQUATIONS", "PREDICTIONS", "add_commands", "chosen", "free_folder"]

REPORT = "report.html"
EQUATIONS = "equations.txt"
PREDICTIONS = "predictions.csv"
INTERRUPTED = 130


def add_commands(commands: Any) -> None:
    """Add ``fit`` and ``predict`` to the parsers of commands.

    Parameters
    ----------
    commands : what ``argparse.ArgumentParser.add_subparsers`` returns
    """
    fit = commands.add_parser(
        "fit",
        help="find a machine for the columns of a CSV file",
        description="Find the smallest machine that makes the target columns of a CSV file out of "
        "its other columns. A row is a sample; rows of one group are one string.",
    )
    fit.set_defaults(command=_fit)
    fit.add_argument("data", type=Path, metavar="DATA.csv")
    fit.add_argument("--target", required=True, metavar="Y[,Z]", help="columns that are asked")
    fit.add_argument("--inputs", metavar="A[,B]", help="columns of streams (default: all others)")
    fit.add_argument("--group", metavar="RUN", help="column that tells strings apart")
    fit.add_argument(
        "--lookahead", type=count, default=0, metavar="K", help="later samples an answer may use"
    )
    fit.add_argument("--effort", choices=("quick", "normal", "thorough"), default="normal")
    fit.add_argument("--vocabulary", metavar="TYPE[,TYPE]", help="neuron types to use")
    fit.add_argument("--seed", type=count, default=0, help="determines everything (default 0)")
    fit.add_argument("--out", type=Path, metavar="DIR", help="default runs/DATA")

    predict = commands.add_parser("predict", help="answers of a fitted machine to a CSV file")
    predict.set_defaults(command=_predict)
    predict.add_argument("file", type=Path, metavar="FILE", help="machine.json or folder of a fit")
    predict.add_argument("data", type=Path, metavar="DATA.csv")
    predict.add_argument("--group", metavar="RUN", help="default: the column named in the fit")
    predict.add_argument("--out", type=Path, metavar="ANSWERS.csv", help="default: print them")


# -------------------- fit --------------------


@dataclass(frozen=True)
class _Data:
    """Columns of a table as streams and answers."""

    table: CsvTable
    streams: dict[str, Any]
    answers: dict[str, np.ndarray]
    group: str | None

    @staticmethod
    def of(options: argparse.Namespace) -> _Data:
        """What the options of ``fit`` name.

        Raises
        ------
        ValueError
            If a column is not there, is used twice, or holds what is no number.
        """
        table = read_csv(options.data)
        targets = chosen(options.target, table)
        if options.group is not None:
            table.labels(options.group)
        rest = [name for name in table.columns if name not in (*targets, options.group)]
        inputs = chosen(options.inputs, table) if options.inputs else rest
        for name in inputs:
            if name not in rest:
                raise ValueError(f"column {name!r} is both an input and a target or the group")
        answers = {name: table.numbers(name, with_gaps=True) for name in targets}
        return _Data(table, _streams(table, inputs, options.group), answers, options.group)


def free_folder(options: argparse.Namespace, what: str, names: Iterable[str]) -> Path:
    """The folder to write to.

    Parameters
    ----------
    options : argparse.Namespace
        With ``out``, None for the folder called after ``data``.
    what : str
        That would be there, in words.
    names : iterable of str
        Files that may not be there yet.

    Raises
    ------
    FileExistsError
        If one of them is.
    """
    folder = options.out or Path("runs") / options.data.stem
    for name in names:
        if (folder / name).exists():
            raise FileExistsError(f"{folder}: holds {what} already ({name}); choose another --out")
    return folder


def chosen(text: str, table: CsvTable) -> list[str]:
    """Columns by name; commas part names, unless one column is called so as a whole.

    Raises
    ------
    ValueError
        If there is no such column, or one is named twice.
    """
    names = [text] if text in table.columns else [name.strip() for name in text.split(",")]
    for i, name in enumerate(names):
        table.column(name)
        if name in names[:i]:
            raise ValueError(f"column {name!r} is named twice in {text!r}")
    return names


def _streams(table: CsvTable, inputs: Iterable[str], group: str | None) -> dict[str, Any]:
    streams: dict[str, Any] = {name: table.numbers(name) for name in inputs}
    return streams if group is None else {**streams, group: table.labels(group)}


def _fit(options: argparse.Namespace) -> int:
    from ..fit import ConvergenceWarning, Synthesizer
    from ..fit.fitted import FITTED, MACHINE

    folder = free_folder(options, "a fit", (MACHINE, FITTED))
    data = _Data.of(options)
    synthesizer = Synthesizer(
        options.seed,
        vocabulary=options.vocabulary and options.vocabulary.split(","),
        effort=options.effort,
        lookahead=options.lookahead,
    )
    is_new = not folder.exists()
    # A folder that cannot be made is told before the work.
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            synthesizer.fit(data.streams, data.answers, data.group)
    except BaseException as error:
        if is_new:
            folder.rmdir()
        if not isinstance(error, KeyboardInterrupt):
            raise
        print("\nsynthesis: interrupted before a machine was found", file=sys.stderr)
        return INTERRUPTED
    for warning in caught:
        if not issubclass(warning.category, ConvergenceWarning):  # the verdict says that
            print(f"synthesis: {warning.message}", file=sys.stderr)
    seconds = time.perf_counter() - began
    written = _write(folder, options.data.stem, synthesizer, data, seconds)
    print(f"{synthesizer.verdict_.told()}\n\n{synthesizer.equations_}\n")
    print(f"written to {folder} after {seconds:.1f} s: {', '.join(written)}")
    machine = shlex.quote(str(folder / MACHINE))
    going_on = [f"predict {machine} NEW.csv", f"show {machine} --as table"]
    print(next_words(folder / REPORT, going_on))
    return 0


def _write(
    folder: Path, name: str, synthesizer: Synthesizer, data: _Data, seconds: float
) -> tuple[str, ...]:
    """Write what was found; names of the files."""
    from ..fit import Fitted
    from ..fit.fitted import FITTED, MACHINE
    from ..show.report import fit_report

    machine = replace(synthesizer.machine_, name=name)
    fitted = Fitted(machine, synthesizer.names_, synthesizer.front_.best.lookahead)
    predicted = fitted.predict(data.streams, data.group)
    page = fit_report(
        machine,
        synthesizer.verdict_,
        seconds=seconds,
        equations=synthesizer.equations_,
        front=str(synthesizer.front_),
        answers=_last_string(fitted, data, predicted),
        commands=[
            f"python -m synthesis predict {folder / MACHINE} {data.table.file}",
            f"python -m synthesis show {folder / MACHINE} --as page --out page.html   # to play on",
        ],
    )
    fitted.save(folder)
    write_atomically(folder / EQUATIONS, synthesizer.equations_ + "\n")
    write_atomically(
        folder / PREDICTIONS, _answers_csv(data.table, data.group, predicted, data.answers)
    )
    write_atomically(folder / REPORT, page)
    return MACHINE, REPORT, EQUATIONS, PREDICTIONS, FITTED


def _last_string(fitted: Fitted, data: _Data, predicted: dict[str, np.ndarray]) -> str:
    """Asked and answered on the last string."""
    from ..fit.data import read_answers
    from ..show.report import answers_table

    given = fitted.names.read(data.streams, data.group)
    inside = slice(int(given.lengths[-1]))
    asked, answered = (
        read_answers(y, given).answers[:, inside, -1] for y in (data.answers, predicted)
    )
    return answers_table(list(data.answers), asked, answered, "sample")


# -------------------- predict --------------------


def _predict(options: argparse.Namespace) -> int:
    from ..fit import Fitted

    fitted = Fitted.load(options.file)
    table = read_csv(options.data)
    expected, found = fitted.names.streams, table.columns
    missing = [name for name in expected if name not in found]
    if missing:
        raise ValueError(
            f"{table.file}: has the columns {quoted(found)}; expected the streams "
            f"{quoted(expected)} (missing: {quoted(missing)})"
        )
    group = options.group
    if group is None and fitted.names.group in found:
        group = str(fitted.names.group)
    answers = fitted.predict(_streams(table, expected, group), group)
    if not isinstance(answers, dict):
        answers = dict(zip(fitted.names.outputs, answers.reshape(len(table), -1).T, strict=True))
    text = _answers_csv(table, group, answers)
    if options.out is None:
        sys.stdout.write(text.replace("\r\n", "\n"))
    else:
        write_atomically(options.out, text)
        print(f"written to {options.out}: {', '.join(answers)} for {len(table)} rows")
    return 0


def _answers_csv(
    table: CsvTable,
    group: str | None,
    predicted: dict[str, np.ndarray],
    asked: dict[str, np.ndarray] | None = None,
) -> str:
    """Answers as CSV, beside the lines of the data that they belong to."""
    names, columns = table.placed(group)
    for name, answers in predicted.items():
        if asked is not None:
            names.append(name)
            columns.append(asked[name].tolist())
        names.append(f"predicted {name}")
        columns.append(answers.tolist())
    return csv_text(names, columns)
