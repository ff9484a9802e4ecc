"""What every reproduction does with its figures: tables, files, medians over seeds."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vvalues.files import write_atomically

from ..tasks.digits import Digits, load_mnist

__all__ = ["Report", "medians", "mnist_or_why_not", "over_seeds", "save_plot", "table"]


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown; floats get three digits, or two decimals from 10 on."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|--:" * (len(header) - 1) + "|"]
    lines += ["| " + " | ".join(map(_shown, row)) + " |" for row in rows]
    return "\n".join(lines)


def _shown(entry: object) -> str:
    if isinstance(entry, float):
        return f"{entry:.2f}" if 10 <= abs(entry) < 1e5 else f"{entry:.3g}"
    return str(entry)


def over_seeds(results: Sequence[object]) -> str:
    """How many seeds stand behind a table, in words.

    Examples
    --------
    >>> over_seeds([1]), over_seeds([1, 2, 3])
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


class Report:
    """Figures and text of one reproduction, on disk after every addition.

    Parameters
    ----------
    name : str
        Files are ``NAME.md`` and ``NAME.json``.
    title : str
    out : Path
        Made if it does not exist.
    command : str
        How to get the same report.
    """

    def __init__(self, name: str, title: str, out: Path, command: str) -> None:
        self.name = name
        self.out = Path(out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.figures: dict[str, Any] = {}
        version = f"Python {platform.python_version()}, numpy {np.__version__}"
        self._sections: dict[str, tuple[str, ...]] = {}
        self._sections[title] = (f"# {title}", f"Written by `{command}`; {version}.")

    def keep(self, key: str, value: Any) -> None:
        """Keep a figure (JSON-compatible), printed and written at once."""
        self.figures[key] = value
        print(f"{key}: {json.dumps(value)}", flush=True)
        text = json.dumps(self.figures, indent=1) + "\n"
        write_atomically(self.out / f"{self.name}.json", text)

    def say(self, heading: str, *paragraphs: str) -> None:
        """Add a section, or replace the one of this heading; written at once.

        A section that is said again after every seed makes an interrupted run a report too.
        """
        self._sections[heading] = (heading, *paragraphs)
        parts = [part for section in self._sections.values() for part in section]
        write_atomically(self.out / f"{self.name}.md", "\n\n".join(parts) + "\n")


def mnist_or_why_not(report: Report, heading: str) -> Digits | None:
    """MNIST; where it is absent, None, and a section of this heading that says so."""
    try:
        return load_mnist()
    except FileNotFoundError as error:
        report.say(heading, f"Not measured: {error}.")
        print(f"{heading.lstrip('# ')}: not measured: {error}", flush=True)
        return None


def save_plot(out: Path, name: str, draw: Any, *arguments: Any, **options: Any) -> None:
    """Draw with a function of `weight_space.plots` and save as PNG; nothing without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    axes = draw(*arguments, **options)
    axes.figure.savefig(Path(out) / f"{name}.png", dpi=110)
    plt.close(axes.figure)
