"""What all tests of fits share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def few_states(monkeypatch):
    """Whether a machine has finitely many states is given up earlier than for users."""
    monkeypatch.setattr("synthesis.verdicts.endurance.MOST_STATES", 200)
