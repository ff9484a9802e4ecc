"""What a run leaves in its folder when it has ended."""

from __future__ import annotations

import json
from pathlib import Path

from dmm import save_machine
from vvalues import save
from vvalues.files import write_atomically

from ..loop.loop import Loop, Result
from ..process.codec import to_plain
from ..process.process import Outcome, StoredProcess
from ..show.outcome import outcome_page
from ..show.report import report

__all__ = ["FIGURES", "FRONT", "MACHINE", "PARAMETERS", "REPORT", "write_outcome"]

MACHINE = "machine.json"
FRONT = "front"
REPORT = "report.html"
PARAMETERS = "parameters.npz"
FIGURES = "figures.json"


def write_outcome(folder: Path, process: StoredProcess, outcome: Outcome) -> tuple[str, ...]:
    """Machine, front and report of a synthesis; parameters, figures and report of anything else.

    Returns
    -------
    tuple of str
        Names of what was written.
    """
    if not (isinstance(process, Loop) and isinstance(outcome, Result)):
        save(outcome.parameters, folder / PARAMETERS)
        figures = {"training_loss": outcome.loss, **outcome.figures}
        write_atomically(folder / FIGURES, json.dumps(to_plain(figures), indent=1) + "\n")
        write_atomically(folder / REPORT, outcome_page(process, outcome))
        return PARAMETERS, FIGURES, REPORT
    save_machine(outcome.machine, folder / MACHINE)
    front = folder / FRONT
    front.mkdir(exist_ok=True)
    for member in outcome.front:
        machine = process.search.model.machine(member.parameters, name=f"{member.links}-links")
        save_machine(machine, front / f"{member.links:04d}-links.json")
    write_atomically(folder / REPORT, report(outcome, process.task, process.seed))
    return MACHINE, REPORT, f"{FRONT}/"
