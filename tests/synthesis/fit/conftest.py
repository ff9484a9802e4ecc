"""What all tests of fits share."""

from tests.synthesis.brief import brief

__all__ = ["brief"]
