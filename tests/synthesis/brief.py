"""An effort for programs that are found early."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from synthesis.fit.efforts import EFFORTS
from synthesis.starts import Noisy


@pytest.fixture(autouse=True, scope="package")
def brief() -> Iterator[None]:
    """The effort of that name, for a package of tests; many states are given up early, too.

    With the effort "first" little more is tried than what is proposed first: for what is claimed of
    any end of a search, and where nothing can be found.
    """
    few = replace(EFFORTS["quick"], trials=50, after=10, noisy=(Noisy(bank=500, largest=3),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(EFFORTS, "brief", few)
        patch.setitem(EFFORTS, "first", replace(few, trials=10))
        patch.setattr("synthesis.verdicts.endurance.MOST_STATES", 200)
        yield
