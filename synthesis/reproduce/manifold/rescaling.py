"""Is it good that strengths of links begin at 0? A question that the source leaves open.

Source: M. Woods, Dynamic Neural Manifold (2018): "rescale the remaining bits"; "I haven't
investigated if this is a good or a bad choice".
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ...architectures.manifold import (
    Manifold,
    ManifoldObjective,
    ManifoldSettings,
    Start,
    density,
    train,
)
from ...tasks import SumsAndDifferences
from ..tables import Report, medians, seeds_in_words, table

__all__ = ["reproduce"]

STEPS = 5_000
MODES = ("source", "default")


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``manifold-rescaling.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        Five seeds (about two minutes on one core); otherwise one.
    out : Path
    """
    report = Report("manifold-rescaling", "Strengths rescaled behind the cutoff, or not", out, full)
    say = partial(_say, STEPS)
    report.each_seed("toy", range(5 if full else 1), partial(_figures, STEPS), say)
    return report.figures


def _figures(steps: int, seed: int) -> dict[str, float]:
    """Test error and density of both modes, rescaled and not."""
    figures = {}
    for mode in MODES:
        for rescaled in (True, False):
            if mode == "source":
                model = Manifold(5, 16, 4, squared=True, rescaled=rescaled)
                settings = replace(ManifoldSettings.source_toy(), steps=steps)
            else:
                start = Start.wide_toy()
                model = Manifold(5, 16, 4, link_weights=True, start=start, rescaled=rescaled)
                settings = ManifoldSettings.default_toy(steps)
            task = SumsAndDifferences()
            state, _ = train(ManifoldObjective(model, task), seed, settings)
            links = model.links(state.parameters)
            name = f"{mode}, {'rescaled' if rescaled else 'as it is'}"
            figures[f"{name}: error"] = task.evaluate(model, state.parameters)["test_loss"]
            figures[f"{name}: density"] = density(model.layout, links)
            figures[f"{name}: connected"] = float(links.schedule.connected.sum())
    return figures


def _say(steps: int, report: Report, results: list[dict[str, float]]) -> None:
    middle = medians(results)
    names = [key.removesuffix(": error") for key in middle if key.endswith(": error")]
    rows = []
    for name in names:
        errors = sorted(result[f"{name}: error"] for result in results)
        connected = [f"{result[f'{name}: connected']:.0f}" for result in results]
        rows.append([name, middle[f"{name}: error"], errors[0], errors[-1],
                     middle[f"{name}: density"], ", ".join(connected)])  # fmt: skip
    report.say(
        "## Sums and differences",
        f"{steps:,} steps of 50, {seeds_in_words(results)}. Rescaled: a link is born with strength "
        "0; as it is: with that of the cutoff, a jump of the loss. Connected: outputs of four, "
        "seed by seed.",
        table(["", "test error", "least", "largest", "density", "connected"], rows),
    )
