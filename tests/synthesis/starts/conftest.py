"""What all tests of starts share."""

from tests.synthesis.brief import brief

__all__ = ["brief"]
