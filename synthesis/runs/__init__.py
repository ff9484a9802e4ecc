"""Runs in folders, sweeps over seeds, and a class in scikit-learn's style."""

from .catalogue import PROCESSES, process_of
from .cluster import ClusterExecutor, dask_executor
from .estimator import Synthesizer
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
    "Synthesizer",
    "dask_executor",
    "parse_seeds",
    "process_of",
    "run_member",
    "usable_cores",
]
