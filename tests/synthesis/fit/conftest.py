"""What all tests of fits share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthesis.fit.efforts import EFFORTS


@pytest.fixture(autouse=True, scope="package")
def brief():
    """An effort for programs that are found early; that states are few is given up early, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(EFFORTS, "brief", replace(EFFORTS["quick"], trials=50, after=10))
        patch.setattr("synthesis.verdicts.endurance.MOST_STATES", 200)
        yield
