"""The experiments of elastic networks, run over seeds in lanes; results kept in files."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vvalues.io import write_atomically

from ..architectures.elastic import ElasticSettings, train_lanes
from ..tasks.characters import Phase, easy_hard_easy, easy_task, hard_task

__all__ = ["EXPERIMENTS", "Experiment", "Runs", "run_experiment", "run_lanes"]

CYCLES = 300_000
EVERY = 1000
LANES = 10
"""Seeds that are trained side by side in one process."""


@dataclass(frozen=True)
class Experiment:
    """What is trained.

    Attributes
    ----------
    settings : ElasticSettings
    sequence : {"easy", "hard", "easy-hard-easy"}
    size : int
        Neurons to begin with.
    cycles : int
    """

    settings: ElasticSettings
    sequence: str
    size: int = 1
    cycles: int = CYCLES

    def phases(self, seed: int, cycles: int) -> tuple[Phase, ...]:
        """What one seed reads."""
        rng = np.random.default_rng([seed, 1])
        if self.sequence == "easy-hard-easy":
            return easy_hard_easy(rng, cycles)
        task = easy_task(rng) if self.sequence == "easy" else hard_task(rng)
        return (Phase(task, cycles),)


def _decoupled(strength: float) -> ElasticSettings:
    return ElasticSettings(penalty=0.0, decoupled_penalty=strength)


EXPERIMENTS: dict[str, Experiment] = {
    "corrected, easy": Experiment(ElasticSettings(), "easy"),
    "corrected, hard": Experiment(ElasticSettings(), "hard"),
    "decoupled 3e-5, easy-hard-easy": Experiment(_decoupled(3e-5), "easy-hard-easy"),
    "paper, easy": Experiment(ElasticSettings.of("paper"), "easy"),
    "paper, hard": Experiment(ElasticSettings.of("paper"), "hard"),
    "corrected, easy-hard-easy": Experiment(ElasticSettings(), "easy-hard-easy"),
    "paper, easy-hard-easy": Experiment(ElasticSettings.of("paper"), "easy-hard-easy"),
    "fixed 10, hard": Experiment(ElasticSettings.fixed_size(), "hard", 10),
    "fixed 27, hard": Experiment(ElasticSettings.fixed_size(), "hard", 27),
    "decoupled 3e-5, hard": Experiment(_decoupled(3e-5), "hard"),
    "decoupled 2e-5, easy-hard-easy": Experiment(_decoupled(2e-5), "easy-hard-easy"),
    "decoupled 5e-5, easy-hard-easy": Experiment(_decoupled(5e-5), "easy-hard-easy"),
    "decoupled 1e-5, easy-hard-easy": Experiment(_decoupled(1e-5), "easy-hard-easy"),
    "outgoing-norm, easy": Experiment(ElasticSettings.of("outgoing-norm"), "easy", cycles=100_000),
    "outgoing-norm, hard": Experiment(ElasticSettings.of("outgoing-norm"), "hard", cycles=100_000),
    "outgoing-norm, easy-hard-easy": Experiment(
        ElasticSettings.of("outgoing-norm"), "easy-hard-easy", cycles=100_000
    ),
    "fixed 50, hard": Experiment(ElasticSettings.fixed_size(), "hard", 50),
    "fixed 100, hard": Experiment(ElasticSettings.fixed_size(), "hard", 100),
    "protection 1000, hard": Experiment(ElasticSettings(protection=1000.0), "hard"),
    "inheritance, hard": Experiment(ElasticSettings(inherit=True), "hard"),
}
"""By name, in the order of their importance."""


def run_lanes(
    experiment: Experiment,
    seeds: Sequence[int],
    cycles: int | None = None,
    on_record: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Train some seeds side by side.

    Returns
    -------
    dict
        ``seeds``; ``cycles`` (records,); ``losses`` and ``sizes`` (seeds, records); ``seconds`` of
        process time. A seed's figures do not depend on which others are run beside it.
    """
    total = experiment.cycles if cycles is None else cycles
    start = time.process_time()
    records = []
    events = train_lanes(
        experiment.settings,
        [experiment.phases(seed, total) for seed in seeds],
        [np.random.default_rng([seed, 2]) for seed in seeds],
        experiment.size,
        min(EVERY, total),
    )
    for _, record in events:
        records.append(record)
        if on_record is not None:
            on_record(record.cycle)
    return {
        "seeds": list(seeds),
        "cycles": [record.cycle for record in records],
        "losses": np.round([record.losses for record in records], 4).T.tolist(),
        "sizes": np.array([record.sizes for record in records]).T.tolist(),
        "seconds": round(time.process_time() - start, 1),
    }


def run_experiment(name: str, seeds: Sequence[int], cycles: int | None = None) -> dict[str, Any]:
    """`run_lanes` for an experiment by name (what a process of its own is asked to do)."""
    return run_lanes(EXPERIMENTS[name], seeds, cycles)


class Runs:
    """Experiments with their results in a folder: what is there is not run again.

    Parameters
    ----------
    folder : Path
    cycles : int, optional
        Instead of each experiment's own number.
    """

    def __init__(self, folder: Path, cycles: int | None = None) -> None:
        self.folder = folder
        self.cycles = cycles

    def _file(self, name: str, seeds: Sequence[int]) -> Path:
        cycles = EXPERIMENTS[name].cycles if self.cycles is None else self.cycles
        words = name.replace(",", "").replace(" ", "-")
        return self.folder / f"{words}-{cycles}-seeds-{seeds[0]}-{seeds[-1]}.json"

    def compute(
        self, names: Iterable[str], seeds: Sequence[int], executor: Executor | None = None
    ) -> None:
        """Run what is missing, in groups of seeds; each group is written as it is done."""
        groups = [tuple(seeds[i : i + LANES]) for i in range(0, len(seeds), LANES)]
        jobs = [(name, group) for group in groups for name in names]
        missing = [job for job in jobs if not self._file(*job).exists()]
        if executor is None:
            for name, group in missing:
                self._keep(name, group, run_experiment(name, group, self.cycles))
            return
        futures = {executor.submit(run_experiment, *job, self.cycles): job for job in missing}
        for future in as_completed(futures):
            self._keep(*futures[future], future.result())

    def _keep(self, name: str, seeds: Sequence[int], result: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._file(name, seeds), json.dumps(result) + "\n")
        losses = np.median([curve[-1] for curve in result["losses"]])
        sizes = np.median([curve[-1] for curve in result["sizes"]])
        print(
            f"{name}: seeds {seeds[0]} to {seeds[-1]} in {result['seconds']:.0f} s, median loss "
            f"{losses:.2f}, median neurons {sizes:g}",
            flush=True,
        )

    def result(self, name: str, seeds: Sequence[int]) -> dict[str, Any] | None:
        """All seeds of an experiment, as arrays; None where a group of seeds is missing."""
        groups = [tuple(seeds[i : i + LANES]) for i in range(0, len(seeds), LANES)]
        files = [self._file(name, group) for group in groups]
        if not files or not all(file.exists() for file in files):
            return None
        parts = [json.loads(file.read_text()) for file in files]
        return {
            "cycles": np.array(parts[0]["cycles"]),
            "losses": np.concatenate([part["losses"] for part in parts]),
            "sizes": np.concatenate([part["sizes"] for part in parts]),
            "seconds": sum(part["seconds"] for part in parts),
        }
