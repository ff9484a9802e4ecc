"""What the command is called: by whoever typed it, by a shell that completes it, by its version."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vvalues import __version__

from ..interruption import is_script

__all__ = ["COMMAND", "VERSION", "add_completion", "called", "files_completed", "next_words"]

COMMAND = "dmm"
VERSION = f"dataflow-matrix-machines {__version__}"
SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")


def called(program: str | None = None, interpreter: str | None = None) -> str:
    """How this command was called, so that what it advises can be typed as it stands.

    Parameters
    ----------
    program, interpreter : str, optional
        What runs, and what runs it (default: those of this process).

    Examples
    --------
    >>> called(".venv/bin/dmm")
    '.venv/bin/dmm'
    >>> called("/src/synthesis/__main__.py", ".venv/bin/python")
    '.venv/bin/python -m synthesis'
    >>> called("of_my_own.py", "python")
    'python -m synthesis'
    """
    program = sys.argv[0] if program is None else program
    interpreter = sys.orig_argv[0] if interpreter is None else interpreter
    if is_script(program):
        return _typed(program)
    is_module = Path(program).parts[-2:] == ("synthesis", "__main__.py")
    return f"{_typed(interpreter)} -m synthesis" if is_module else "python -m synthesis"


def _typed(program: str) -> str:
    """A program as one types it: its name alone, where the shell finds it by that."""
    name = os.path.basename(program)
    is_found = shutil.which(name) == os.path.abspath(program)
    return shlex.quote(name if is_found else program)


def next_words(report: Path, commands: Sequence[str]) -> str:
    """What to do next: a page to open, and commands as they can be typed.

    Examples
    --------
    >>> print(next_words(Path("runs/a/report.html"), ["show runs/a"]))
    next: open runs/a/report.html in a browser, or type
      python -m synthesis show runs/a
    """
    typed = "".join(f"\n  {called()} {command}" for command in commands)
    return f"next: open {report} in a browser, or type{typed}"


def files_completed(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The parser, whose arguments that are paths a shell completes with names of files."""
    from shtab import FILE

    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                files_completed(command)
        elif action.type is Path:
            action.complete = FILE  # type: ignore[attr-defined]
    return parser


def add_completion(commands: Any, parser: argparse.ArgumentParser) -> None:
    """Add the command that prints what makes a shell complete this one.

    Parameters
    ----------
    commands : what ``argparse.ArgumentParser.add_subparsers`` returns
    parser : argparse.ArgumentParser
        The parser of all commands.
    """
    completion = commands.add_parser(
        "completion",
        help="print what makes a shell complete this command",
        description=f'Print a script that completes {COMMAND}, for eval "$({COMMAND} completion '
        'bash)" in the start-up file of the shell. Needs the extra "completion".',
    )
    completion.add_argument("shell", choices=SHELLS)
    completion.set_defaults(command=lambda options: _complete(parser, options.shell))


def _complete(parser: argparse.ArgumentParser, shell: str) -> int:
    try:
        import shtab
    except ImportError:
        wanted = 'pip install "dataflow-matrix-machines[completion]"'
        raise ValueError(f"completion needs shtab: {wanted}") from None
    parser.prog = COMMAND  # whatever it was called this time
    print(shtab.complete(files_completed(parser), shell))
    return 0
