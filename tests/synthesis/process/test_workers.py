"""Warm processes: what they answer, and that they do not outlive who asked."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synthesis.process.workers import ProcessLost, WarmProcesses
from tests.synthesis.runs.test_interruption import is_running

BUSY = """
import time
from synthesis.process.workers import WarmProcesses
executor = WarmProcesses(1)
print(executor.submit(__import__("os").getpid).result(), flush=True)
executor.submit(time.sleep, 600).result()
"""


def test_calls_and_their_exceptions_come_back():
    with WarmProcesses(1) as executor:
        executor.submit(print, "what a call prints does not get between the results").result()
        assert executor.submit(divmod, 7, 3).result() == (2, 1)
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 7, 0).result()
        first, second = (executor.submit(os.getpid).result() for _ in range(2))
        assert first == second != os.getpid()
    with pytest.raises(ValueError, match="workers is 0"):
        WarmProcesses(0)


def test_a_process_that_dies_is_told_and_replaced():
    with WarmProcesses(1) as executor:
        with pytest.raises(ProcessLost, match="ended with 3"):
            executor.submit(os._exit, 3).result()
        assert executor.submit(divmod, 7, 3).result() == (2, 1)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for the process in /proc")
def test_a_busy_process_ends_with_the_one_that_asked():
    asking = subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, text=True)
    worker = int(asking.stdout.readline())
    assert is_running(worker)
    asking.kill()
    asking.wait(60)
    asking.stdout.close()
    end = time.monotonic() + 60
    while is_running(worker) and time.monotonic() < end:
        time.sleep(0.02)
    assert not is_running(worker)
