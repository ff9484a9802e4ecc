"""Warm processes: an executor whose processes stay, and start without the script that asked.

A process of `multiprocessing` imports the main script again, which therefore needs a guard; these
are interpreters of their own that know the library and nothing else, so that even a line typed
into a notebook can use all cores. They end with the executor, and with the process that made it.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import IO, Any

__all__ = [
    "THREAD_VARIABLES",
    "ProcessLost",
    "WarmProcesses",
    "answer_to",
    "result_of",
    "serve",
    "usable_cores",
]

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""What linear-algebra libraries read, once, when they are loaded."""

LENGTH = struct.Struct("<Q")
COMMAND = "from synthesis.process.workers import serve; serve()"


class ProcessLost(BrokenExecutor):
    """A process ended before it delivered a result.

    Examples
    --------
    >>> with WarmProcesses(1) as executor:  # doctest: +SKIP
    ...     executor.submit(os._exit, 1).result()
    Traceback (most recent call last):
        ...
    synthesis.process.workers.ProcessLost: the process ended with 1 before it had a result
    """


def usable_cores() -> int:
    """Number of cores this process may use.

    Examples
    --------
    >>> usable_cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


class WarmProcesses(Executor):
    """Calls in processes that stay for the next call.

    Functions, arguments and results must be picklable, and importable by name: what stands in the
    main script or a notebook is not. A process starts with the first call that needs it. Linear
    algebra is limited to one thread per process.

    Parameters
    ----------
    workers : int
        Processes at a time.

    Raises
    ------
    ValueError
        If ``workers`` is less than 1.

    Examples
    --------
    >>> with WarmProcesses(1) as executor:
    ...     executor.submit(divmod, 7, 3).result()
    (2, 1)
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValueError(f"workers is {workers}; expected at least 1")
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="warm-process")
        self._own = threading.local()  # each thread has a process
        self._all: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._is_stopped = False

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Schedule a call.

        The future raises what the call raised; `ProcessLost` if the process died.

        Raises
        ------
        Exception
            What pickle raises if function or arguments cannot be sent.
        """
        return self._threads.submit(self._call, pickle.dumps((function, args, kwargs)))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As for any executor; the processes end."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        with self._lock:
            self._is_stopped = True
            for process in self._all:
                _end(process)

    def stop(self) -> None:
        """Cancel what waits and end what runs, at once."""
        with self._lock:
            self._is_stopped = True
            for process in self._all:
                process.kill()
        self.shutdown(cancel_futures=True)

    def _call(self, job: bytes) -> Any:
        process = getattr(self._own, "process", None) or self._started()
        try:
            _send(process.stdin, job)
            answer = _received(process.stdout)
        except OSError:
            answer = None
        if answer is None:
            del self._own.process
            _end(process)
            raise ProcessLost(f"the process ended with {process.returncode} before it had a result")
        return result_of(answer)

    def _started(self) -> subprocess.Popen[bytes]:
        one_thread = dict.fromkeys(THREAD_VARIABLES, "1")
        where = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with self._lock:
            if self._is_stopped:
                raise ProcessLost("stopped before it began")
            process = self._own.process = subprocess.Popen(
                [sys.executable, "-c", COMMAND],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **one_thread, **where},
            )
            self._all.append(process)
        return process


# -------------------- the two ends of a pipe --------------------


def _end(process: subprocess.Popen[bytes]) -> None:
    """A process ends with its input."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()
        process.wait()


def _send(stream: IO[bytes] | None, message: bytes) -> None:
    assert stream is not None
    stream.write(LENGTH.pack(len(message)) + message)
    stream.flush()


def _received(stream: IO[bytes] | None) -> bytes | None:
    """The next message; None at the end of the stream."""
    assert stream is not None
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    message = stream.read(length)
    return message if len(message) == length else None


def serve() -> None:
    """What a warm process does: calls from its input, results to its output, until input ends.

    A call that runs then is left undone: whoever asked for it has stopped, or is no more.
    """
    # A keyboard interrupt reaches all processes of a terminal; the one that started us handles it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a call prints must not get between the results.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    jobs: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read_on, args=(jobs,), daemon=True).start()
    while True:
        answer = answer_to(jobs.get())
        with suppress(BrokenPipeError):  # then the input has ended, too
            _send(answers, answer)


def _read_on(jobs: SimpleQueue[bytes]) -> None:
    """Pass on what comes in; at its end the process ends, whatever it is doing."""
    while (job := _received(sys.stdin.buffer)) is not None:
        jobs.put(job)
    os._exit(0)


# -------------------- one call on its way --------------------


def answer_to(job: bytes) -> bytes:
    """Carry out a pickled call: its result or its exception, pickled, for `result_of`."""
    try:
        function, args, kwargs = pickle.loads(job)
        return pickle.dumps((True, function(*args, **kwargs)))
    except Exception as error:
        return _pickled(error)


def result_of(answer: bytes) -> Any:
    """What a call returned.

    Raises
    ------
    Exception
        What the call raised.
    """
    is_result, value = pickle.loads(answer)
    if is_result:
        return value
    raise value


def _pickled(error: Exception) -> bytes:
    """A failed call; an exception that does not survive the way becomes its text."""
    try:
        answer = pickle.dumps((False, error))
        pickle.loads(answer)
    except Exception:
        answer = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return answer
