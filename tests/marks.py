"""Cases that are left to the thorough run."""

from __future__ import annotations

from typing import Any

import pytest

__all__ = ["thorough"]


def thorough(*values: Any) -> list[Any]:
    """Values of one parameter that the default run leaves out, because they take long."""
    return [pytest.param(value, marks=pytest.mark.thorough) for value in values]
