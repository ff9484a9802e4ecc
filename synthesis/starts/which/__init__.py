"""The start that asks which of few simple things the answer is."""

from .which import Which

__all__ = ["Which"]
