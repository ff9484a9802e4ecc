"""An executor that gives every call a process of its own.

In a `concurrent.futures.ProcessPoolExecutor` one killed process takes all pending calls with it,
and does not tell which call it was carrying out. Here a killed process is the failure of exactly
one call, and the others never notice. A start costs about a second (the interpreter and its
imports), which is little beside a synthesis.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from ..process.workers import THREAD_VARIABLES, ProcessLost, answer_to, result_of, usable_cores

__all__ = ["ProcessLost", "ProcessPerCall", "usable_cores"]

_environment = threading.Lock()


class ProcessPerCall(Executor):
    """Calls in processes of their own, at most so many at a time.

    Functions, arguments and results must be picklable; a script that uses this needs the usual
    ``if __name__ == "__main__":`` guard, because every process imports it anew (start method
    "spawn", on all systems). Linear algebra is limited to one thread per process.

    Parameters
    ----------
    workers : int, optional
        Processes at a time; one per usable core when omitted.

    Raises
    ------
    ValueError
        If ``workers`` is less than 1.

    Examples
    --------
    >>> with ProcessPerCall(2) as executor:
    ...     executor.submit(divmod, 7, 3).result()
    (2, 1)
    """

    def __init__(self, workers: int | None = None) -> None:
        workers = usable_cores() if workers is None else workers
        if workers < 1:
            raise ValueError(f"workers is {workers}; expected at least 1")
        self._context = multiprocessing.get_context("spawn")
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="process-per-call")
        self._running: set[Any] = set()
        self._lock = threading.Lock()
        self._is_stopped = False

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Schedule a call.

        The future raises what the call raised; `ProcessLost` if the process died; what pickle
        raised if function or arguments cannot be sent.
        """
        return self._threads.submit(self._call, function, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As for any executor."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)

    def stop(self) -> None:
        """Cancel what waits and terminate what runs, at once."""
        with self._lock:
            self._is_stopped = True
            for process in self._running:
                process.terminate()
        self.shutdown(cancel_futures=True)

    # -------------------- one call, in a thread that waits for its process --------------------

    def _call(self, function: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> Any:
        # Pickled here and not by the start of the process: a failure is then the call's, not ours.
        job = pickle.dumps((function, args, kwargs))
        receiver, sender = self._context.Pipe(duplex=False)
        with receiver:
            process = self._start(sender, job)
            try:
                return self._outcome(process, receiver)
            finally:
                process.join()
                with self._lock:
                    self._running.discard(process)
                process.close()

    def _start(self, sender: Connection, job: bytes) -> Any:
        process = self._context.Process(target=_carry_out, args=(sender, job), daemon=True)
        with self._lock:
            if self._is_stopped:
                sender.close()
                raise ProcessLost("stopped before it began")
            with sender, _environment, _one_thread():
                process.start()
            self._running.add(process)
        return process

    @staticmethod
    def _outcome(process: Any, receiver: Connection) -> Any:
        try:
            answer = receiver.recv_bytes()
        except (EOFError, OSError):
            # Our copy of the sender is closed, so the pipe ends with the process.
            process.join()
            raise ProcessLost(f"the process {_how_it_ended(process.exitcode)}") from None
        return result_of(answer)


def _how_it_ended(exitcode: int) -> str:
    if exitcode < 0:
        try:
            return f"was killed by {signal.Signals(-exitcode).name}"
        except ValueError:
            return f"was killed by signal {-exitcode}"
    return f"ended with exit status {exitcode} before it had a result"


@contextmanager
def _one_thread() -> Iterator[None]:
    """The environment with linear algebra on one thread, while a process is being started.

    A process reads the variables when it loads its libraries; there is no later moment to set
    them that does not come too late.
    """
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _carry_out(sender: Connection, job: bytes) -> None:
    """What the process does: the call, then its result or exception through the pipe."""
    # A keyboard interrupt reaches all processes of a terminal; the one that started us handles it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    answer = answer_to(job)
    with sender:
        sender.send_bytes(answer)


def _end_with_parent() -> None:
    """Nobody waits for the result of a call whose process has lost the one that started it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
