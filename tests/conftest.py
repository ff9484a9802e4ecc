"""Shared settings of the test suite: Hypothesis profiles and the published data."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# What is imported stays: the garbage collector finds next to nothing while tests are collected.
gc.set_threshold(100_000, 50, 50)
# With a worker per core, threads of linear algebra only stand in each other's way. Nothing above
# imports numpy, which reads this once.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Tests start dozens of processes; each would compile the packages anew, and every run the tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# By default everyone meets the same few random cases; "thorough" and "ci" have more and many,
# "nightly" looks for new ones.
_common = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("default", max_examples=10, derandomize=True, **_common)
settings.register_profile("thorough", max_examples=100, derandomize=True, **_common)
settings.register_profile("ci", max_examples=1000, derandomize=True, **_common)
settings.register_profile("nightly", max_examples=1000, **_common)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported stays until the end: the garbage collector need not walk it every time.

    Without it a collection is soon done, and often: ten thousand new objects will do for one.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(scope="session")
def julia_data() -> Path:
    """Folder of the matrices and losses published with the 2022 Julia run."""
    folder = SHARED / "data" / "julia"
    if not folder.is_dir():
        pytest.skip(f"the published matrices are not at {folder.relative_to(SHARED.parent)}")
    return folder
