"""The command line: ``python -m synthesis COMMAND``."""

from .command_line import main

__all__ = ["main"]
