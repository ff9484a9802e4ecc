"""What a run leaves in its folder when it has ended."""

from __future__ import annotations

from pathlib import Path

from dmm import save_machine
from vvalues import save
from vvalues.files import write_atomically

from ..loop.loop import Loop, Result
from ..process.process import Outcome, StoredProcess
from ..show.report import report

__all__ = ["FRONT", "MACHINE", "PARAMETERS", "REPORT", "write_outcome"]

MACHINE = "machine.json"
FRONT = "front"
REPORT = "report.html"
PARAMETERS = "parameters.npz"


def write_outcome(folder: Path, process: StoredProcess, outcome: Outcome) -> None:
    """Machine, front and report of a synthesis; the parameters of anything else."""
    if not (isinstance(process, Loop) and isinstance(outcome, Result)):
        save(outcome.parameters, folder / PARAMETERS)
        return
    save_machine(outcome.machine, folder / MACHINE)
    front = folder / FRONT
    front.mkdir(exist_ok=True)
    for member in outcome.front:
        machine = process.search.model.machine(member.parameters, name=f"{member.links}-links")
        save_machine(machine, front / f"{member.links:04d}-links.json")
    write_atomically(folder / REPORT, report(outcome, process.task, process.seed))
