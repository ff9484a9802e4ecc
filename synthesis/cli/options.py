"""Options that several commands have, and how their texts are read."""

from __future__ import annotations

import argparse
from typing import Any

from ..loop import Settings, flat

__all__ = ["add_limit", "add_settings", "add_steps", "add_workers", "amount", "count"]


def add_steps(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--steps", type=count, metavar="N", help="of an experiment")


def add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workers",
        type=count,
        metavar="N",
        help="processes (default: one per core); the result does not depend on it",
    )


def add_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=amount, metavar="X", help="wall-clock limit of a run")


def add_settings(parser: argparse.ArgumentParser) -> None:
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
    """A value of the same kind as an example, from text."""
    if isinstance(example, tuple):
        return tuple(like(example[0], part) for part in text.split(","))
    return type(example)(text)


def count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number >= 0")
    return int(text)


def amount(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
