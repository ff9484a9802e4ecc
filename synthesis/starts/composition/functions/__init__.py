"""Answers as functions of one sum of streams: of a few, of windows, of many with learnt weights."""

from .cuts import with_cuts_again
from .finder import PROJECTIONS, WIDE, FunctionFinder, Told

__all__ = ["PROJECTIONS", "WIDE", "FunctionFinder", "Told", "with_cuts_again"]
