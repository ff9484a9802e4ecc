"""Command line: ``dmm fit|predict|forecast|run|resume|evaluate|show|sweep|reproduce|...``.

``python -m synthesis`` is the same command by another name. Whatever is wrong with a file, a name
or an option gives one clear line on standard error and exit status 2.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

from vvalues.core.paths import printable

from .. import interruption
from ..loop import Loop, Result, Settings, flat
from . import forecasting
from .calling import VERSION, add_completion, called, next_words
from .options import add_limit, add_settings, add_steps, add_workers, count
from .own_data import INTERRUPTED, add_commands

__all__ = ["main"]

PIPE_CLOSED = 141


class UsageError(Exception):
    """Something the user can mend; its text is the one line that is printed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status.

    Examples
    --------
    >>> from contextlib import redirect_stdout
    >>> from io import StringIO
    >>> with redirect_stdout(StringIO()) as told:
    ...     status = main(["tasks"])
    >>> status, told.getvalue().splitlines()[-1]
    (0, 'modulo-3               number of ones so far, modulo 3')
    """
    options = _parser().parse_args(arguments)
    try:
        status = options.command(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has had enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return PIPE_CLOSED
    except (UsageError, ValueError, OSError, MemoryError) as error:
        print(f"synthesis: {_one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nsynthesis: interrupted", file=sys.stderr)
        return INTERRUPTED
    return status


def _one_line(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "not enough memory for this"
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{printable(os.fsdecode(error.filename))}: {error.strerror.lower()}"
    return printable(" ".join(str(error).split()))


# -------------------- commands --------------------


def _run(options: argparse.Namespace) -> int:
    from dmm import load_machine

    from ..runs.catalogue import is_experiment
    from ..runs.run import Run
    from ..tasks import get_task

    if options.list:
        return _list_experiments()
    if options.task is None:
        raise UsageError("the following arguments are required: NAME[:TASK], or --list")
    if is_experiment(options.task):
        return _run_experiment(options)
    task = get_task(options.task)
    if options.space is not None:
        task = task.with_space(options.space)
    start = None if options.start is None else load_machine(options.start)
    folder = options.out or f"runs/{task.name}-{options.seed}"
    run = Run.new(folder, Loop.of(task, options.seed, _settings(options), start))
    return _carry_out(run, options)


def _run_experiment(options: argparse.Namespace) -> int:
    from ..runs.experiments import experiment_of
    from ..runs.run import Run

    for name in ("start", "space", "settings", "seconds"):
        if getattr(options, name):
            raise UsageError(f"--{name.replace('settings', 'set')} is of the unattended loop")
    experiment, task = experiment_of(options.task)
    experiment.check(task)
    folder = options.out or f"runs/{options.task.replace(':', '-')}-{options.seed}"
    return _carry_out(
        Run.new(folder, experiment.process(options.seed, task, options.steps)), options
    )


def _list_experiments() -> int:
    from ..runs.experiments import EXPERIMENTS
    from ..tasks import get_task, task_names

    names = {name: f"{each.summary}; tasks: {', '.join(each.tasks)}" for name, each
             in EXPERIMENTS.items()}  # fmt: skip
    tasks = {name: get_task(name).summary for name in task_names()}
    width = max(map(len, (*names, *tasks)))
    print("architectures, run NAME[:TASK]:")
    print("\n".join(f"  {name:<{width}}  {summary}" for name, summary in names.items()))
    print("the unattended loop, run TASK:")
    print("\n".join(f"  {name:<{width}}  {summary}" for name, summary in tasks.items()))
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    """The defaults with what ``--set PATH=VALUE`` and ``--seconds`` say."""
    changes: dict[str, Any] = {}
    for path, value in options.settings:
        *above, name = path.split(".")
        part = changes
        for key in above:
            part = part.setdefault(key, {})
        part[name] = value
    if options.seconds is not None:
        changes["seconds"] = options.seconds
    return Settings.of(**changes)


def _list_settings(options: argparse.Namespace) -> int:
    for path, value in flat(Settings()).items():
        print(f"{path} = {value}")
    return 0


def _resume(options: argparse.Namespace) -> int:
    from ..runs.run import Run

    run = Run.resumed(options.folder)
    if options.seconds is not None:
        run.limit = options.seconds
    return _carry_out(run, options)


def _carry_out(run: Any, options: argparse.Namespace) -> int:
    from ..runs.run import REPORT
    from ..show.live import with_progress

    began = time.monotonic()
    advice = f"go on with: {called()} resume {printable(str(run.folder))}"
    interruption.advise(advice)
    try:
        with ExitStack() as stack:
            if isinstance(run.process, Loop):
                run.process = stack.enter_context(run.process.side_by_side(options.workers))
            for _ in with_progress(run.events()):
                pass
    except KeyboardInterrupt:
        print(f"\nsynthesis: interrupted: {advice}", file=sys.stderr)
        return INTERRUPTED
    if run.is_cut:
        print(
            f"synthesis: stopped after {run.limit:g} seconds; this is the best so far, go on with: "
            f"{called()} resume {run.folder} --seconds X",
            file=sys.stderr,
        )
    outcome = run.finish()
    seconds = time.monotonic() - began
    folder = shlex.quote(str(run.folder))
    if isinstance(outcome, Result):
        from ..show.closing import closing_words

        print(closing_words(outcome, seconds))
        going_on = [
            f"show {folder}/machine.json --as table",
            f"show {folder}/machine.json --as python",
        ]
    else:
        from ..show.outcome import figures_of

        print("\n".join(f"{name} {x:.3g}" for name, x in figures_of(outcome).items()))
        print(f"this took {seconds:.0f} seconds")
        going_on = [f"show {folder}", f"evaluate {folder}"]
    print(f"written to {run.folder}: {', '.join(run.written)}")
    print(next_words(run.folder / REPORT, going_on))
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from dmm import load_machine

    from ..runs.judged import figures_of_run, is_run
    from ..show.figures import evaluate_machine, figures_table
    from ..tasks import get_task

    if is_run(options.file):
        figures = figures_of_run(options.file, options.task)
    elif options.task is None:
        raise UsageError("the following arguments are required: --task (of a machine)")
    else:
        task = get_task(options.task)
        figures = evaluate_machine(load_machine(options.file), task, options.text, options.ticks)
    print(json.dumps(figures) if options.json else figures_table(figures))
    return 0


def _show(options: argparse.Namespace) -> int:
    from dmm.show import PICTURES
    from vvalues.files import write_atomically

    from ..runs.judged import shown

    if options.rendering in PICTURES and options.out is None:
        raise UsageError(f"--as {options.rendering} is no text: give it a file, --out FILE")
    content = shown(options.file, options.rendering)
    if options.out is None:
        print(content)
        return 0
    write_atomically(options.out, content)
    print(f"written to {options.out}")
    return 0


def _sweep(options: argparse.Namespace) -> int:
    from ..runs.sweep import dask_executor, parse_seeds, sweep

    seeds = parse_seeds(options.seeds)
    cluster = nullcontext() if options.dask is None else dask_executor(options.dask)
    folder = options.out or Path("runs") / f"sweep-{options.task.replace(':', '-')}"
    with cluster as executor:
        outcome = sweep(
            options.task,
            seeds,
            _settings(options),
            executor,
            options.workers,
            folder,
            _report_member,
            options.steps,
        )
    print(outcome.table())
    print(f"written to {folder}: sweep.txt, sweep.csv, sweep.json and a directory per seed")
    return 1 if outcome.failures else 0


def _report_member(row: dict[str, Any], done: int, count: int) -> None:
    shown = ", ".join(f"{name} {row[name]}" for name in ("task", "seed", "status") if name in row)
    print(f"{done}/{count}: {shown}", file=sys.stderr)


def _reproduce(options: argparse.Namespace) -> int:
    from .. import reproduce

    run = reproduce.get(options.name)
    out = options.out or Path("runs") / options.name
    out.mkdir(parents=True, exist_ok=True)
    run(options.full, out)
    print(f"written to {out}")
    return 0


def _tasks(options: argparse.Namespace) -> int:
    from ..tasks import get_task, task_names

    width = max(map(len, task_names()))
    for name in task_names():
        print(f"{name:<{width}}  {get_task(name).summary}")
    return 0


# -------------------- options --------------------


class _Parser(argparse.ArgumentParser):
    """Errors in one line, like all others."""

    def error(self, message: str) -> Any:
        self.exit(2, f"synthesis: {message} (see {called()} --help)\n")


def _parser() -> argparse.ArgumentParser:
    from dmm.show import PICTURES, RENDERINGS

    from ..show.film import FILM
    from ..tasks.streams.duplicate_detector import PUBLISHED_TEXT, PUBLISHED_TICKS

    parser = _Parser(prog=called(), description=__doc__.split("\n")[0])
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    add_commands(commands)
    forecasting.add_command(commands)

    run = commands.add_parser(
        "run",
        help="synthesize a machine, unattended, or run the experiment of an architecture",
        description="Synthesize a machine for a stream task, or run the published experiment of "
        "another architecture, small enough for minutes; --list tells what there is.",
    )
    run.set_defaults(command=_run)
    run.add_argument("task", metavar="NAME[:TASK]", nargs="?", help="stream task, or experiment")
    run.add_argument("--list", action="store_true", help="tell what can be run")
    add_steps(run)
    run.add_argument("--seed", type=count, default=0, help="determines everything (default 0)")
    run.add_argument("--out", type=Path, metavar="DIR", help="default runs/TASK-SEED")
    run.add_argument("--start", type=Path, metavar="FILE", help="machine to start from")
    run.add_argument("--space", metavar="NAME", help="search space, such as recurrent-1")
    add_workers(run)
    add_settings(run)

    resume = commands.add_parser("resume", help="go on with an interrupted run")
    resume.set_defaults(command=_resume)
    resume.add_argument("folder", type=Path, metavar="DIR")
    add_workers(resume)
    add_limit(resume)

    evaluate = commands.add_parser(
        "evaluate", help="figures of a machine on one string, or of a run on its task"
    )
    evaluate.set_defaults(command=_evaluate)
    evaluate.add_argument("file", type=Path, metavar="FILE", help="machine, or a run's folder")
    evaluate.add_argument("--task", help="needed for a machine; of a run its own by default")
    evaluate.add_argument("--text", help=f"default {PUBLISHED_TEXT!r}")
    evaluate.add_argument("--ticks", type=count, help=f"default {PUBLISHED_TICKS}")
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")

    show = commands.add_parser(
        "show",
        help="render a machine, or what a run has found",
        description="Render a machine, or what a run has found: of evolving layers the formula, "
        "of others the tree; of a fit the equations in samples, and the machine. Of a dynamic "
        "manifold: its adjacency matrix before and after training or, with --as, the found network "
        "as a machine. With --as film: the records of a run of the loop, from its first links to "
        "its last.",
    )
    show.set_defaults(command=_show)
    show.add_argument(
        "file", type=Path, metavar="FILE", help="machine, matrix, folder or checkpoint"
    )
    show.add_argument(
        "--as",
        dest="rendering",
        choices=(*RENDERINGS, *PICTURES, FILM),
        metavar="HOW",
        help="text: table (default), tree, equations, latex; the graph: mermaid, dot, svg, pdf; "
        "HTML: html (a report), page (to play on), film (of a run); "
        "a program: python, c, javascript",
    )
    show.add_argument("--out", type=Path, metavar="FILE", help="write it there; pdf needs one")

    sweep = commands.add_parser("sweep", help="run many seeds, in processes or on a cluster")
    sweep.set_defaults(command=_sweep)
    sweep.add_argument("task", metavar="TASK[@SPACE]", help="or an experiment, NAME[:TASK]")
    add_steps(sweep)
    sweep.add_argument("--seeds", default="0:10", help="such as 0:10 or 1,5,7 (default 0:10)")
    sweep.add_argument("--out", type=Path, metavar="DIR")
    where = sweep.add_mutually_exclusive_group()
    where.add_argument("--workers", type=count, metavar="N", help="processes at a time")
    where.add_argument("--dask", metavar="ADDRESS", help="scheduler of a Dask cluster")
    add_settings(sweep)

    reproduce = commands.add_parser("reproduce", help="reproduce a published system")
    reproduce.set_defaults(command=_reproduce)
    reproduce.add_argument("name", metavar="NAME")
    reproduce.add_argument("--full", action="store_true", help="the published size")
    reproduce.add_argument("--out", type=Path, metavar="DIR", help="default runs/NAME")

    tasks = commands.add_parser("tasks", help="list the tasks")
    tasks.set_defaults(command=_tasks)

    settings = commands.add_parser("settings", help="list the settings of the loop")
    settings.set_defaults(command=_list_settings)

    add_completion(commands, parser)
    return parser
