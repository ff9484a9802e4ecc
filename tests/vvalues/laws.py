"""How many random cases a law of the algebra of trees is tried on."""

from __future__ import annotations

from hypothesis import settings

# 100 by default; 10,000 in the profiles that try 1,000 of anything else.
_usual = settings().max_examples
laws = settings(max_examples=_usual if _usual <= 100 else 10 * _usual)
