"""Frames of programs and pages: text files beside the modules, with marks for what is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files

__all__ = ["filled", "frame"]

MARK = re.compile(r"@([A-Z_]+)@")


def frame(room: str, file: str) -> str:
    """A text file of a package, by the names of both."""
    return files(room).joinpath(file).read_text(encoding="utf-8")


def filled(room: str, file: str, pieces: Mapping[str, str]) -> str:
    """A frame with a piece in place of every ``@NAME@``.

    Raises
    ------
    KeyError
        If the frame has a mark for which there is no piece.
    """
    return MARK.sub(lambda mark: pieces[mark[1]], frame(room, file))
