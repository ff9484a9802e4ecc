"""What every reproduction does with its figures: tables, files, medians over seeds, claims."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dmm.show import pyplot
from vvalues.files import write_atomically

from ..tasks import Digits, load_mnist

__all__ = [
    "Claims",
    "Report",
    "figures_table",
    "medians",
    "mnist_or_why_not",
    "process_seconds",
    "quartiles",
    "save_plot",
    "seeds_in_words",
    "table",
    "train_and_test",
]

T = TypeVar("T")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown; floats get three digits, or two decimals from 10 on."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|--:" * (len(header) - 1) + "|"]
    lines += ["| " + " | ".join(map(_shown, row)) + " |" for row in rows]
    return "\n".join(lines)


def train_and_test(first: str, figures: Mapping[str, float]) -> str:
    """A table of figures called ``NAME, train`` and ``NAME, test``, a row per name."""
    names = [key.removesuffix(", train") for key in figures if key.endswith(", train")]
    rows = [[name, figures[f"{name}, train"], figures[f"{name}, test"]] for name in names]
    return table([first, "train", "test"], rows)


def figures_table(first: str, results: Mapping[str, Mapping[str, Any]]) -> str:
    """A table of results by name, a row each; columns are the figures of the first one."""
    names = list(next(iter(results.values())))
    rows = [[key, *(result.get(name, "") for name in names)] for key, result in results.items()]
    return table([first, *(name.replace("_", " ") for name in names)], rows)


def _shown(entry: object) -> str:
    if isinstance(entry, float):
        return f"{entry:.2f}" if 10 <= abs(entry) < 1e5 else f"{entry:.3g}"
    return str(entry)


# -------------------- over seeds --------------------


def seeds_in_words(results: Sequence[object]) -> str:
    """How many seeds stand behind a table.

    Examples
    --------
    >>> seeds_in_words([1]), seeds_in_words([1, 2, 3])
    ('seed 0', 'medians of seeds 0 to 2')
    """
    return "seed 0" if len(results) == 1 else f"medians of seeds 0 to {len(results) - 1}"


def medians(results: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Median of every figure over the results of several seeds.

    Examples
    --------
    >>> medians([{"a": 1.0}, {"a": 3.0}, {"a": 4.0}])
    {'a': 3.0}
    """
    return {key: float(np.median([result[key] for result in results])) for key in results[0]}


def quartiles(values: Sequence[float] | np.ndarray, digits: int) -> str:
    """Median and quartiles in words.

    Examples
    --------
    >>> quartiles([1, 2, 3, 4, 5], 1)
    '3.0 (2.0 to 4.0)'
    """
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def process_seconds(action: Callable[[], object], repeats: int = 15) -> float:
    """Median process time of a call, after one call that is not counted."""
    action()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return float(np.median(times))


# -------------------- reports --------------------


class Report:
    """Figures and text of one reproduction, on disk after every addition.

    Parameters
    ----------
    name : str
        Files are ``NAME.md`` and ``NAME.json``; the report is what ``reproduce NAME`` writes.
    title : str
    out : Path
        Made if it does not exist.
    full : bool
        Whether it was asked for ``--full``.
    """

    def __init__(self, name: str, title: str, out: Path, full: bool) -> None:
        self.name = name
        self.out = Path(out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.figures: dict[str, Any] = {}
        self.known: dict[str, Any] = {}
        command = f"python -m synthesis reproduce {name}{' --full' if full else ''}"
        version = f"Python {platform.python_version()}, numpy {np.__version__}"
        self._sections: dict[str, tuple[str, ...]] = {}
        self._sections[title] = (f"# {title}", f"Written by `{command}`; {version}.")

    def keep(self, key: str, value: Any) -> None:
        """Keep a figure (JSON-compatible), printed and written at once."""
        self.figures[key] = value
        print(f"{key}: {json.dumps(value)}", flush=True)
        text = json.dumps(self.figures, indent=1) + "\n"
        write_atomically(self.out / f"{self.name}.json", text)

    def each_seed(
        self,
        name: str,
        seeds: Iterable[int],
        job: Callable[[int], T],
        say: Callable[[Report, list[T]], None] | None = None,
    ) -> list[T]:
        """Do a job for every seed and keep its figures, as ``NAME, seed SEED`` (see `once`).

        Parameters
        ----------
        name : str
        seeds : iterable of int
        job : callable, seed -> figures (JSON-compatible)
        say : callable (report, results so far) -> None, optional
            Called after every seed, so that an interrupted run is a report too.
        """
        results: list[T] = []
        for seed in seeds:
            results.append(self.once(f"{name}, seed {seed}", partial(job, seed)))
            if say is not None:
                say(self, results)
        return results

    def once(self, key: str, job: Callable[[], T]) -> T:
        """The figures of an earlier run (`resume`) under a key, or of a job; kept."""
        figures: T = self.known[key] if key in self.known else job()
        self.keep(key, figures)
        return figures

    def each(self, key: str, jobs: Mapping[str, Callable[[], T]]) -> dict[str, T]:
        """The figures of several jobs, by name, under one key; kept after every job, see `once`."""
        found: dict[str, T] = dict(self.known.get(key, {}))
        for name, job in jobs.items():
            if name not in found:
                found[name] = job()
            self.keep(key, found)
        return {name: found[name] for name in jobs}

    def resume(self) -> None:
        """Go on with the figures that a report of this name left in this folder: `known` ones."""
        file = self.out / f"{self.name}.json"
        if file.exists():
            self.figures = json.loads(file.read_text(encoding="utf-8"))
        self.known = dict(self.figures)

    def say(self, heading: str, *paragraphs: str) -> None:
        """Add a section, or replace the one of this heading; written at once."""
        self._sections[heading] = (heading, *paragraphs)
        parts = [part for section in self._sections.values() for part in section]
        write_atomically(self.out / f"{self.name}.md", "\n\n".join(parts) + "\n")


class Claims:
    """What was asked, what was reached, and whether that is enough: a table of a report."""

    def __init__(self) -> None:
        self.rows: list[list[object]] = []

    def between(self, what: str, value: float | None, low: float, high: float) -> None:
        """Asked: not below ``low``, not above ``high``. Nothing is claimed of a value of None."""
        self._add(what, f"{low:g} to {high:g}", value, lambda x: low <= x <= high)

    def at_most(self, what: str, value: float | None, most: float) -> None:
        """Asked: not above ``most``."""
        self._add(what, f"at most {most:g}", value, lambda x: x <= most)

    def at_least(self, what: str, value: float | None, least: float) -> None:
        """Asked: not below ``least``."""
        self._add(what, f"at least {least:g}", value, lambda x: x >= least)

    def _add(
        self, what: str, asked: str, value: float | None, holds: Callable[[float], bool]
    ) -> None:
        if value is not None:
            self.rows.append([what, asked, round(value, 2), "yes" if holds(value) else "no"])

    def say(self, report: Report) -> None:
        """Write the table, if anything was claimed."""
        if self.rows:
            header = ["", "asked", "reached", "holds"]
            report.say("## Asked and reached", table(header, self.rows))


def mnist_or_why_not(report: Report, heading: str) -> Digits | None:
    """MNIST; where it is absent, None, and a section of this heading that says so."""
    try:
        return load_mnist()
    except FileNotFoundError as error:
        report.say(heading, f"Not measured: {error}.")
        print(f"{heading.lstrip('# ')}: not measured: {error}", flush=True)
        return None


def save_plot(out: Path, name: str, draw: Any, *arguments: Any, **options: Any) -> None:
    """Draw with a function that returns axes and save as PNG; nothing without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    axes = draw(*arguments, **options)
    axes.figure.savefig(Path(out) / f"{name}.png", dpi=110)
    pyplot().close(axes.figure)
