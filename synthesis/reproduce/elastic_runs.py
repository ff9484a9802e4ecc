"""The experiments of elastic networks, run over seeds in lanes; results kept in files."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vvalues.files import write_atomically

from ..architectures.elastic import ElasticSettings, LaneRecord, train_lanes
from ..tasks import Phase, easy_hard_easy, easy_task, hard_task

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
    "shrinking, easy-hard-easy": Experiment(ElasticSettings.shrinking(), "easy-hard-easy"),
    "decoupled 3e-5, easy-hard-easy": Experiment(_decoupled(3e-5), "easy-hard-easy"),
    "paper, easy": Experiment(ElasticSettings.of("paper"), "easy"),
    "paper, hard": Experiment(ElasticSettings.of("paper"), "hard"),
    "corrected, easy-hard-easy": Experiment(ElasticSettings(), "easy-hard-easy"),
    "decoupled 1e-5, easy-hard-easy": Experiment(_decoupled(1e-5), "easy-hard-easy"),
    "decoupled 2e-5, easy-hard-easy": Experiment(_decoupled(2e-5), "easy-hard-easy"),
    "paper, easy-hard-easy": Experiment(ElasticSettings.of("paper"), "easy-hard-easy"),
    "shrinking, hard": Experiment(ElasticSettings.shrinking(), "hard"),
    "fixed 10, hard": Experiment(ElasticSettings.fixed_size(), "hard", 10),
    "fixed 27, hard": Experiment(ElasticSettings.fixed_size(), "hard", 27),
    "decoupled 3e-5, hard": Experiment(_decoupled(3e-5), "hard"),
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
    on_record: Callable[[LaneRecord], None] | None = None,
) -> dict[str, Any]:
    """Train some seeds side by side.

    Returns
    -------
    dict
        ``experiment`` (in words), ``seeds``; ``cycles`` (records,); ``losses`` and ``sizes``
        (seeds, records); ``seconds`` of process time. A seed's figures do not depend on which
        others are run beside it.
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
            on_record(record)
    return {
        "experiment": repr(experiment),
        "seeds": list(seeds),
        "cycles": [record.cycle for record in records],
        "losses": np.round([record.losses for record in records], 4).T.tolist(),
        "sizes": np.array([record.sizes for record in records]).T.tolist(),
        "seconds": round(time.process_time() - start, 1),
    }


def run_experiment(name: str, seeds: Sequence[int], cycles: int | None = None) -> dict[str, Any]:
    """`run_lanes` for an experiment by name, with a line of progress now and then.

    It is what a process of its own is asked to do.
    """
    experiment = EXPERIMENTS[name]
    total = experiment.cycles if cycles is None else cycles

    def progress(record: LaneRecord) -> None:
        if record.cycle and record.cycle % max(total // 5, EVERY) == 0:
            print(
                f"{name}, seeds {seeds[0]} to {seeds[-1]}: {record.cycle:,} of {total:,} cycles, "
                f"median loss {np.median(record.losses):.2f}, neurons {np.median(record.sizes):g}",
                flush=True,
            )

    return run_lanes(experiment, seeds, cycles, progress)


def _groups(seeds: Sequence[int]) -> list[tuple[int, ...]]:
    return [tuple(seeds[i : i + LANES]) for i in range(0, len(seeds), LANES)]


class Runs:
    """Experiments with their results in a folder: what is there is not run again.

    A file of an experiment that has other settings by now is refused (ValueError).

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
    ) -> Iterator[str]:
        """Run what is missing, in groups of seeds.

        Yields the name of an experiment whenever one of its groups is done and written; once for
        all that are there already.
        """
        jobs = [(name, group) for group in _groups(seeds) for name in names]
        missing = [job for job in jobs if self._read(*job) is None]
        if len(missing) < len(jobs):
            yield jobs[0][0]
        if executor is None:
            for name, group in missing:
                yield self._kept(name, group, run_experiment(name, group, self.cycles))
            return
        futures = {executor.submit(run_experiment, *job, self.cycles): job for job in missing}
        for future in as_completed(futures):
            yield self._kept(*futures[future], future.result())

    def _kept(self, name: str, seeds: Sequence[int], result: dict[str, Any]) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._file(name, seeds), json.dumps(result) + "\n")
        return name

    def _read(self, name: str, seeds: Sequence[int]) -> dict[str, Any] | None:
        """What a file holds, None where there is none."""
        file = self._file(name, seeds)
        if not file.exists():
            return None
        found = json.loads(file.read_text(encoding="utf-8"))
        if found.get("experiment") != repr(EXPERIMENTS[name]):
            raise ValueError(
                f"{file} is of an experiment {name!r} with other settings; delete it or choose "
                "another folder"
            )
        return found

    def result(self, name: str, seeds: Sequence[int]) -> dict[str, Any] | None:
        """All seeds of an experiment, as arrays; None where a group of seeds is missing."""
        read = [self._read(name, group) for group in _groups(seeds)]
        parts = [part for part in read if part is not None]
        if not parts or len(parts) < len(read):
            return None
        return {
            "cycles": np.array(parts[0]["cycles"]),
            "losses": np.concatenate([part["losses"] for part in parts]),
            "sizes": np.concatenate([part["sizes"] for part in parts]),
            "seconds": sum(part["seconds"] for part in parts),
        }
