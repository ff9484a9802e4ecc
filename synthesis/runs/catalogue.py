"""Processes by name: what a run's folder says it is, made again."""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any

from ..process.checkpoint import made_again
from ..process.process import StoredProcess

__all__ = ["EXPERIMENT_NAMES", "PROCESSES", "is_experiment", "process_of"]

PROCESSES: Mapping[str, str] = {
    "binary-family": "synthesis.architectures.binary:FamilyEvolution",
    "elastic": "synthesis.architectures.elastic:ElasticTraining",
    "elastic-networks": "synthesis.architectures.elastic:NetworksTraining",
    "evolving": "synthesis.architectures.evolving:EvolvingTraining",
    "loop": "synthesis.loop:Loop",
    "manifold": "synthesis.architectures.manifold:ManifoldTraining",
    "network": "synthesis.architectures.network_training:NetworkTraining",
    "residual": "synthesis.architectures.elastic.residual:ResidualTraining",
    "simulation": "synthesis.architectures.self_organised.simulation:Simulation",
}
"""Name to module and class; the class has a method ``from_identity``."""


EXPERIMENT_NAMES = (
    "perceptron", "convolutional", "elastic", "elastic-networks", "modulated", "areas",
    "residual", "manifold", "manifold-linked", "manifold-over-time", "found-network", "evolving",
    "binary-scores", "binary-network", "spiking", "grown", "tissue", "pooling", "waves",
)  # fmt: skip
"""What `synthesis.runs.experiments` knows, without the imports of all architectures."""


def is_experiment(text: str) -> bool:
    """Whether a text ``NAME[:TASK]`` names an experiment."""
    return text.partition(":")[0] in EXPERIMENT_NAMES


def process_of(identity: Mapping[str, Any]) -> StoredProcess:
    """The process of an identity, as a checkpoint stores it.

    Raises
    ------
    ValueError
        If no process of that name can be made again from its identity alone, or the identity lacks
        something or holds something else than it should.

    Examples
    --------
    >>> from synthesis import get_task
    >>> from synthesis.loop import prepare
    >>> process, _ = prepare(get_task("modulo-3@layered-2x1"), seed=7)
    >>> again = process_of(process.identity)
    >>> again.task.name, again.seed
    ('modulo-3@layered-2x1', 7)
    """
    name = str(identity.get("process"))
    if name not in PROCESSES:
        raise ValueError(
            f"process {name!r:.60} cannot be made again from a file alone; resume it from Python: "
            "Run.resumed(folder, process)"
        )
    with made_again():
        return resolve_name(PROCESSES[name]).from_identity(identity)
