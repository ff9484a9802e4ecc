"""What a sweep found: one row per member, one table, one plot."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from dmm import Machine
from dmm.show import pyplot
from vvalues.files import write_atomically

__all__ = ["COLUMNS", "MemberOutcome", "SweepResult"]

COLUMNS = (
    "task",
    "setting",
    "seed",
    "status",
    "links",
    "loss",
    "held_out_loss",
    "held_out_max_element",
    "held_out_per_element",
    "figures",
    "steps",
    "seconds",
    "cpu_seconds",
    "folder",
    "error",
)
"""Columns of tables, CSV and JSON, in this order."""

NOT_SHOWN = {"held_out_max_element", "held_out_per_element", "steps", "folder"}
SHOWN = tuple(name for name in COLUMNS if name not in NOT_SHOWN)
LEAST_ERROR, LARGEST_ERROR = 1e-32, 1e6  # of a dot; zero and infinity go there, too
ERROR_WIDTH = 60
MARKERS = "osD^vP*X<>"


@dataclass(frozen=True)
class MemberOutcome:
    """How one member of a sweep ended.

    Attributes
    ----------
    row : dict
        The keys of `COLUMNS`; ``status`` is "done", "failed" (it raised an exception) or "killed"
        (its process died); what is not known is None. ``cpu_seconds`` is the time its thread really
        ran: on a busy computer less than ``seconds``.
    machine : Machine or None
    traceback : str
        Of a member that failed.

    Examples
    --------
    >>> MemberOutcome({"task": "modulo-3", "seed": 0, "status": "done", "links": 9}).is_done
    True
    """

    row: dict[str, Any]
    machine: Machine | None = None
    traceback: str = ""

    @property
    def is_done(self) -> bool:
        """Whether there is a machine."""
        return self.row["status"] == "done"


@dataclass(frozen=True)
class SweepResult:
    """Outcomes of all members, in the order of tasks, settings, seeds.

    Attributes
    ----------
    outcomes : tuple of MemberOutcome

    Examples
    --------
    >>> rows = [{"task": "modulo-3", "seed": s, "status": "done", "links": 9 + s} for s in (0, 1)]
    >>> result = SweepResult(tuple(MemberOutcome(row) for row in rows))
    >>> result.summary(), [row["links"] for row in result.rows]
    ('2 members: 2 done', [9, 10])
    """

    outcomes: tuple[MemberOutcome, ...] = field(default=())

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One dict per member, with the keys of `COLUMNS`."""
        return [dict(outcome.row) for outcome in self.outcomes]

    @property
    def failures(self) -> tuple[MemberOutcome, ...]:
        """Members without a machine."""
        return tuple(outcome for outcome in self.outcomes if not outcome.is_done)

    # -------------------- text --------------------

    def table(self) -> str:
        """All members as aligned text, with a line of totals below."""
        varied = [name for name in SHOWN if any(row[name] not in (None, "") for row in self.rows)]
        lines = [varied, *([_shown(row[name]) for name in varied] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join(
                cell.rjust(width) if _is_right(name) else cell.ljust(width)
                for name, cell, width in zip(varied, line, widths, strict=True)
            ).rstrip()
            for line in lines
        ]
        return "\n".join([*text, self.summary()])

    def summary(self) -> str:
        """How many ended how, in one line."""
        counts = Counter(outcome.row["status"] for outcome in self.outcomes)
        ends = ", ".join(f"{number} {status}" for status, number in counts.items())
        return f"{len(self.outcomes)} members: {ends}" if ends else "no members"

    def to_csv(self) -> str:
        """All columns as comma-separated values, numbers in full."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()

    def to_json(self) -> str:
        """All rows as a JSON array; numbers that are not finite become null."""
        rows = [{name: _plain(value) for name, value in row.items()} for row in self.rows]
        return json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def save(self, folder: str | os.PathLike) -> None:
        """Write ``sweep.txt``, ``sweep.csv`` and ``sweep.json`` into a folder, atomically."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "sweep.txt", self.table() + "\n")
        write_atomically(folder / "sweep.csv", self.to_csv())
        write_atomically(folder / "sweep.json", self.to_json())

    # -------------------- picture --------------------

    def plot(self, ax: Any = None) -> Any:
        """Held-out error against links, one dot per member, one colour and shape per task.

        Errors of less than 1e-32 or more than 1e6 are drawn there.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            A new figure's when omitted.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        if ax is None:
            ax = pyplot().subplots(layout="constrained")[1]
        groups: dict[str, list[dict[str, Any]]] = {}
        for outcome in self.outcomes:
            if outcome.is_done:
                groups.setdefault(_group(outcome.row), []).append(outcome.row)
        for (name, rows), marker in zip(groups.items(), cycle(MARKERS), strict=False):
            errors = [_drawn(row["held_out_loss"]) for row in rows]
            links = [row["links"] for row in rows]
            ax.scatter(links, errors, marker=marker, alpha=0.6, label=f"{name} ({len(rows)})")
        ax.set_yscale("log")
        ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        ax.set_xlabel("trainable links")
        ax.set_ylabel("held-out squared error")
        ax.set_title(self.summary())
        if groups:
            ax.legend()
        return ax


def _drawn(error: float) -> float:
    return LARGEST_ERROR if math.isnan(error) else min(max(error, LEAST_ERROR), LARGEST_ERROR)


def _group(row: dict[str, Any]) -> str:
    return f"{row['task']}, {row['setting']}" if row["setting"] else row["task"]


def _is_right(name: str) -> bool:
    return name not in ("task", "setting", "status", "figures", "error")


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3g}"
    text = str(value)
    return text if len(text) <= ERROR_WIDTH else text[: ERROR_WIDTH - 1] + "…"


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
