"""How many random cases a property is tried on, where they are slower or fewer than usual."""

from __future__ import annotations

from hypothesis import settings

__all__ = ["examples"]

_SHARE = min(1.0, settings().max_examples / 100)


def examples(count: int) -> settings:
    """So many cases in the profiles from "thorough" on; by default the share that others have."""
    return settings(max_examples=max(3, round(_SHARE * count)))
