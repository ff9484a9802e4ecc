"""The experiments of elastic networks over seeds: what is trained, and the folders that keep it.

A run that is there is not done again, one that was interrupted goes on, and one of other settings
is refused (see `synthesis.runs.Run`).
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...architectures.elastic import ElasticSettings
from ...architectures.elastic.networks import NetworksTraining
from ...architectures.elastic.residual import (
    Lesson,
    ResidualNetwork,
    ResidualSettings,
    ResidualTraining,
)
from ...runs import Run
from ...tasks import (
    Digits,
    Phase,
    easy_hard_easy,
    easy_task,
    find_mnist,
    hard_task,
    load_mnist,
    small_digits,
)

__all__ = ["ALL", "EXPERIMENTS", "LAYERS", "PAIRS", "Experiment", "Experiments", "layered_figures"]

CYCLES = 300_000
EVERY = 1000
TOGETHER = 10
"""Seeds that are trained side by side in one process."""


# -------------------- recurrent networks --------------------


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
    ratio : float, optional
        Links come in pairs (see `NetworksTraining`).
    """

    settings: ElasticSettings
    sequence: str
    size: int = 1
    cycles: int = CYCLES
    ratio: float | None = None

    def phases(self, seed: int, cycles: int) -> tuple[Phase, ...]:
        """What one seed reads."""
        rng = np.random.default_rng([seed, 1])
        if self.sequence == "easy-hard-easy":
            return easy_hard_easy(rng, cycles)
        task = easy_task(rng) if self.sequence == "easy" else hard_task(rng)
        return (Phase(task, cycles),)

    def training(self, seeds: Sequence[int], cycles: int | None = None) -> NetworksTraining:
        """Networks of some seeds side by side, for other than its own number of cycles if given.

        A seed's figures do not depend on which others are trained beside it.
        """
        total = self.cycles if cycles is None else cycles
        phases = tuple(self.phases(seed, total) for seed in seeds)
        apart = tuple((seed, 2) for seed in seeds)
        every = min(EVERY, total)
        return NetworksTraining(self.settings, phases, apart, self.size, every, self.ratio)


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
    "protection 1000, easy": Experiment(ElasticSettings(protection=1000.0), "easy"),
    "inheritance, hard": Experiment(ElasticSettings(inherit=True), "hard"),
}
"""By name, in the order of their importance."""

PAIRS: dict[str, Experiment] = {
    "pairs, hard": Experiment(ElasticSettings(), "hard", ratio=0.1),
    "pairs, easy": Experiment(ElasticSettings(), "easy", ratio=0.1),
}
"""An additive and a multiplicative link between any two neurons, all else as in "corrected"."""

ALL: Mapping[str, Experiment] = ChainMap(EXPERIMENTS, PAIRS)


def carried_out(name: str, seeds: Sequence[int], cycles: int | None, folder: Path) -> None:
    """Run an experiment in a folder to its end, with a line of progress now and then.

    It is what a process of its own is asked to do.
    """
    run = Run.of(folder, ALL[name].training(seeds, cycles))
    total = ALL[name].cycles if cycles is None else cycles
    for event in run.events():
        if event.state.step % max(total // 5, EVERY) == 0:
            details = event.records[0].details
            print(
                f"{name}, seeds {seeds[0]} to {seeds[-1]}: {event.state.step:,} of {total:,} "
                f"cycles, median loss {np.median(details['losses']):.2f}, neurons "
                f"{np.median(details['sizes']):g}",
                flush=True,
            )


class Experiments:
    """Experiments by name, each group of seeds in a folder of its own.

    Parameters
    ----------
    folder : Path
    cycles : int, optional
        Instead of each experiment's own number.
    """

    def __init__(self, folder: Path, cycles: int | None = None) -> None:
        self.folder = folder
        self.cycles = cycles
        self._results: dict[Path, dict[str, Any]] = {}

    def _folder(self, name: str, seeds: Sequence[int]) -> Path:
        cycles = ALL[name].cycles if self.cycles is None else self.cycles
        words = name.replace(",", "").replace(" ", "-")
        return self.folder / f"{words}-{cycles}-seeds-{seeds[0]}-{seeds[-1]}"

    def compute(
        self, names: Iterable[str], seeds: Sequence[int], executor: Executor | None = None
    ) -> Iterator[str]:
        """Run what is missing, in groups of seeds.

        Yields the name of an experiment whenever one of its groups is done; once for all that are
        there already.

        Raises
        ------
        ValueError
            If a folder holds a run of other settings.
        """
        jobs = [(name, group) for group in _groups(seeds) for name in names]
        missing = [job for job in jobs if self._part(*job) is None]
        if len(missing) < len(jobs):
            yield jobs[0][0]
        calls = [(*job, self.cycles, self._folder(*job)) for job in missing]
        if executor is None:
            for call in calls:
                carried_out(*call)
                yield call[0]
            return
        futures = {executor.submit(carried_out, *call): call[0] for call in calls}
        for future in as_completed(futures):
            future.result()
            yield futures[future]

    def _part(self, name: str, seeds: Sequence[int]) -> dict[str, Any] | None:
        """What a group's folder holds; None where its run has not ended."""
        folder = self._folder(name, seeds)
        if folder not in self._results and folder.exists():
            training = ALL[name].training(seeds, self.cycles)
            run = Run.resumed(folder, training)
            if run.state.is_done:
                self._results[folder] = _figures(training, run)
        return self._results.get(folder)

    def result(self, name: str, seeds: Sequence[int]) -> dict[str, Any] | None:
        """All seeds of an experiment; None where a group of them is missing.

        Returns
        -------
        dict
            Arrays ``cycles`` (records,), ``losses`` and ``sizes`` (seeds, records), ``leaves``
            (seeds,) at the end; ``seconds`` of process time.
        """
        read = [self._part(name, group) for group in _groups(seeds)]
        parts = [part for part in read if part is not None]
        if not parts or len(parts) < len(read):
            return None
        return {
            "cycles": parts[0]["cycles"],
            "losses": np.concatenate([part["losses"] for part in parts]),
            "sizes": np.concatenate([part["sizes"] for part in parts]),
            "leaves": np.concatenate([part["leaves"] for part in parts]),
            "seconds": round(sum(part["seconds"] for part in parts), 1),
        }


def _groups(seeds: Sequence[int]) -> list[tuple[int, ...]]:
    return [tuple(seeds[i : i + TOGETHER]) for i in range(0, len(seeds), TOGETHER)]


def _figures(training: NetworksTraining, run: Run) -> dict[str, Any]:
    """Cycles, losses and sizes from the first cycle on, and the leaves at the end."""
    reached: Any = run.state
    start, last = training.start(training.rng), training.trainer(reached)
    losses = [start.smooth, *(record.details["losses"] for record in run.records)]
    sizes = [start.standing().sizes, *(record.details["sizes"] for record in run.records)]
    return {
        "cycles": np.array([0, *(record.step for record in run.records)]),
        "losses": np.round(losses, 4).T,
        "sizes": np.array(sizes).T,
        "leaves": np.array([last.n_links(i) for i in range(len(training.seeds))]),
        "seconds": run.seconds,
    }


# -------------------- layered networks --------------------


@dataclass(frozen=True)
class Layers:
    """A layered network that learns to tell 0 from 1, then all digits, then 0 from 1 again.

    Attributes
    ----------
    data : {"digits", "MNIST"}
    steps : int
        Per task.
    settings : ResidualSettings
    carries : bool
        Whether Adagrad's memory and the ages of units are carried on.
    """

    data: str
    steps: int
    settings: ResidualSettings
    carries: bool = False

    def training(self, seed: int) -> ResidualTraining | None:
        """One seed; None where the data set is not at hand."""
        task = self._task()
        if task is None:
            return None
        model = ResidualNetwork(task.n_pixels, task.n_classes, 32, self.settings)
        easy = task.only(EASY)
        lessons = tuple(Lesson(part, self.steps) for part in (easy, task, easy))
        return ResidualTraining(model, lessons, (seed, 4), self.carries)

    def _task(self) -> Digits | None:
        try:
            if self.data == "digits":
                return small_digits()
            find_mnist()
        except (ImportError, FileNotFoundError):
            return None
        return load_mnist()


EASY = (0, 1)
FIRM = ResidualSettings(penalty=1e-4, weight_decay=1e-5)
LAYERS: dict[str, Layers] = {
    "digits, penalty 1e-3": Layers("digits", 2000, ResidualSettings()),
    "MNIST, penalty 1e-4": Layers("MNIST", 4000, FIRM),
    "MNIST, penalty 3e-5": Layers("MNIST", 4000, ResidualSettings(penalty=3e-5, weight_decay=1e-5)),
    "digits, penalty 1e-3, memory carried on": Layers("digits", 2000, ResidualSettings(), True),
    "MNIST, penalty 1e-4, memory carried on": Layers("MNIST", 4000, FIRM, True),
}
"""By name."""


def layered_figures(name: str, seeds: Sequence[int], folder: Path) -> list[dict[str, Any]]:
    """Blocks, units and test accuracy after every task, seed by seed; none without the data set."""
    rows = []
    for seed in seeds:
        training = LAYERS[name].training(seed)
        if training is None:
            return []
        words = name.replace(",", "").replace(" ", "-")
        run = Run.of(folder / f"layers-{words}-seed-{seed}", training).to_end()
        ends = [record.details for record in run.records if record.event == "lesson"]
        rows.append({
            "seed": seed,
            "blocks": [len(end["widths"]) for end in ends],
            "units": [sum(end["widths"].values()) for end in ends],
            "accuracy": [round(end["accuracy"], 2) for end in ends],
        })  # fmt: skip
    return rows
