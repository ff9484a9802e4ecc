"""Runs in folders, and sweeps over seeds."""

from .catalogue import PROCESSES, process_of
from .cluster import ClusterExecutor, dask_executor
from .processes import ProcessLost, ProcessPerCall, usable_cores
from .run import Run
from .sweep import Member, parse_seeds, run_member
from .sweep_result import COLUMNS, MemberOutcome, SweepResult

__all__ = [
    "COLUMNS",
    "PROCESSES",
    "ClusterExecutor",
    "Member",
    "MemberOutcome",
    "ProcessLost",
    "ProcessPerCall",
    "Run",
    "SweepResult",
    "dask_executor",
    "parse_seeds",
    "process_of",
    "run_member",
    "usable_cores",
]
