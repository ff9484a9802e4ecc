"""Starts that ask which of few things the answer is."""

from .otherwise import Otherwise
from .which import Which

__all__ = ["Otherwise", "Which"]
