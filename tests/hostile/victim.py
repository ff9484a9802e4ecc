"""A process that runs trainings in folders, each in a child that dies when and how it is told.

It is started once, so that the imports are paid for once. For every line of JSON on its standard
input - ``{"case": name, "folder": path, "how": ..., "when": ...}`` - it forks, and answers with the
child's exit status (negative: the signal that ended it) and its seconds of CPU. A child ends

* ``"never"``: when its run is done;
* ``"time"``: after ``when`` seconds of CPU, by a signal that nothing can catch in time;
* ``"files"``: at the ``when``-th step (call or return, of Python or C) inside what writes files;
  where it comes to its end, the number of all steps stands in ``FOLDER.steps``;
* ``"full"``: when a file would grow beyond ``when`` bytes, with the error that it prints.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

FAILED = 3


def cases() -> dict[str, Any]:
    """Name to process: the loop on layered and recurrent machines, and every architecture."""
    from synthesis.loop import Loop, Settings
    from synthesis.tasks import get_task
    from tests.synthesis.architectures.test_processes import CASES

    brief = Settings.of(
        common={"rescues": 0},
        dense={"steps": 10, "unit": 5},
        bite={"steps": 2, "fraction": 0.4},
        shrink={"rounds": 3, "iterations": 8},
        remove={"iterations": 8, "long_iterations": 10},
        judge={"regrowths": 0, "restarts": 0},
    )
    layered = Settings.of(
        common={"rescues": 1},
        dense={"steps": 30, "unit": 10},
        bite={"steps": 5, "fraction": 0.3},
        judge={"regrowths": 1, "restarts": 1},
    )
    recurrent = Settings.of(
        common={"rescues": 0, "contest": {"steps": 5}},
        population={"starts": 2, "steps": 10, "strings": 4, "unit": 5},
    )
    return {
        "brief": lambda: Loop.of(get_task("delayed-echo@layered-3x2"), 1, brief),
        "layered": lambda: Loop.of(get_task("delayed-echo@layered-3x2"), 1, layered),
        "recurrent": lambda: Loop.of(get_task("gated-accumulator@recurrent-1"), 0, recurrent),
        **{name: lambda case=case: case.process for name, case in CASES.items()},
    }


def work(process: Any, folder: str) -> None:
    """A checkpoint after every unit of work: else hardly a run is older than its first one."""
    from synthesis.runs import run as runs

    runs.BETWEEN_CHECKPOINTS = 0.0
    with runs.Run.of(folder, process) as run:
        run.to_end().finish()


class Steps:
    """Counts what is called inside the writing of files, and ends the process at one of them."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.count = 0

    def __call__(self, frame: Any, event: str, argument: Any) -> None:
        inside: Any = frame
        for _ in range(4):
            if inside is None:
                return
            if inside.f_code.co_filename.endswith(("files/disk.py", "runs/run.py")):
                self.count += 1
                if self.count == self.last:
                    os.kill(os.getpid(), signal.SIGKILL)
                return
            inside = inside.f_back


def armed(how: str, when: float) -> Steps:
    """Prepare this process's end."""
    steps = Steps(int(when))
    if how == "time":
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_VIRTUAL, when)
    elif how == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(when), int(when)))
    elif how == "files":
        sys.setprofile(steps)
    return steps


def child(process: Any, order: dict[str, Any]) -> int:
    """What a child does; its exit status."""
    try:
        steps = armed(order["how"], order["when"])
        work(process, order["folder"])
        sys.setprofile(None)
        Path(f"{order['folder']}.steps").write_text(str(steps.count))
    except OSError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return FAILED
    return 0


def main() -> None:
    from synthesis.process.process import carried_out

    known = cases()
    made: dict[str, Any] = {}
    for line in sys.stdin:
        order = json.loads(line)
        name = order["case"]
        if name not in made:
            made[name] = known[name]()
            # What is imported and prepared on the way is then there in every child.
            carried_out(made[name], made[name].rng)
        number = os.fork()
        if not number:
            os._exit(child(made[name], order))
        _, status, used = os.wait4(number, 0)
        answer = [os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime]
        print(json.dumps(answer), flush=True)
    os._exit(0)  # nothing has to be taken apart


if __name__ == "__main__":
    main()
