"""Published systems, reproduced by one command each.

A module or room listed here has a function ``reproduce(full: bool, out: Path) -> dict`` that prints
what it measures, writes its tables (Markdown), figures (JSON) and plots to ``out``, and returns the
figures. It is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["get", "names"]

MODULES = {
    "invariant-paths": "paths.invariant_paths",
    "geodesics": "paths.geodesics",
    "sparse-path": "paths.sparse_path",
    "resilience": "paths.resilience",
    "robustness": "paths.robustness",
    "convolutions": "paths.convolutions",
    "tickets": "paths.tickets",
    "single-links": "paths.single_links",
    "million-weights": "paths.million_weights",
    "colour-images": "paths.colour_images",
    "evolving-layers": "evolving_layers",
    "dynamic-manifold": "manifold",
    "manifold-mnist": "manifold.weights_alone",
    "manifold-film": "manifold.movie",
    "manifold-time": "manifold.times",
    "manifold-rows": "manifold.row_by_row",
    "manifold-rescaling": "manifold.rescaling",
    "growth": "growth",
    "pools": "pools",
    "pool-shapes": "pool_shapes",
    "agnostic": "agnostic",
    "binary-tasks": "binary_tasks",
    "spiking": "spiking",
    "deeper-stacks": "deeper_stacks",
    "elastic-rnn": "elastic",
    "elastic-seeds": "elastic.twenty_seeds",
    "elastic-areas": "elastic.networks_of_areas",
}


def names() -> tuple[str, ...]:
    """Names of all reproductions.

    Examples
    --------
    >>> names()[:3]
    ('invariant-paths', 'geodesics', 'sparse-path')
    """
    return tuple(MODULES)


def get(name: str) -> Callable[[bool, Path], dict[str, Any]]:
    """The function ``reproduce(full, out)`` of this name.

    Raises
    ------
    ValueError
        If there is none; the message lists the known ones.

    Examples
    --------
    >>> get("growth").__module__
    'synthesis.reproduce.growth'
    """
    if name not in MODULES:
        raise ValueError(f"unknown reproduction {name!r}; known ones: {', '.join(MODULES)}")
    return import_module(f"{__name__}.{MODULES[name]}").reproduce
