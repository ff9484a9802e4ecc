"""Options that several commands have, and how their texts are read."""

from __future__ import annotations

import argparse
from typing import Any

from ..loop import Settings, flat

__all__ = ["add_limit", "add_settings", "add_steps", "add_workers", "amount", "count"]


def add_steps(parser: argparse.ArgumentParser) -> None:
    """Add ``--steps``: how long an experiment trains."""
    parser.add_argument("--steps", type=count, metavar="N", help="of an experiment")


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers``: how many processes a run may have."""
    parser.add_argument(
        "--workers",
        type=count,
        metavar="N",
        help="processes (default: one per core); the result does not depend on it",
    )


def add_limit(parser: argparse.ArgumentParser) -> None:
    """Add ``--seconds``: how long a run may take."""
    parser.add_argument("--seconds", type=amount, metavar="X", help="wall-clock limit of a run")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the limit of a run, and ``--set`` for settings of the loop, as often as one likes."""
    add_limit(parser)
    parser.add_argument(
        "--set",
        dest="settings",
        type=setting,
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="a setting of the loop, such as dense.steps=300; the command settings lists them",
    )


def setting(text: str) -> tuple[str, Any]:
    """Path and value of a setting of the loop.

    Raises
    ------
    argparse.ArgumentTypeError
        If there is no such setting, or its value is of another kind.

    Examples
    --------
    >>> setting("dense.steps=300")
    ('dense.steps', 300)
    """
    path, equals, value = text.partition("=")
    known = flat(Settings())
    if not equals or path not in known:
        raise argparse.ArgumentTypeError(
            f"{text!r}: expected PATH=VALUE; the command settings lists the paths"
        )
    try:
        return path, like(known[path], value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}: the value is not like {known[path]!r}"
        ) from None


def like(example: Any, text: str) -> Any:
    """A value of the same kind as an example, from text; a tuple's parts are parted by commas.

    Raises
    ------
    ValueError
        If the text is none.

    Examples
    --------
    >>> like((1.5, 2.0), "3,4")
    (3.0, 4.0)
    """
    if isinstance(example, tuple):
        return tuple(like(example[0], part) for part in text.split(","))
    return type(example)(text)


def count(text: str) -> int:
    """A whole number, zero or more.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is none.
    """
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number >= 0")
    return int(text)


def amount(text: str) -> float:
    """A number.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is none.
    """
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
