"""Processes by name: what a run's folder says it is, made again."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ..process.process import StoredProcess

__all__ = ["PROCESSES", "process_of"]

PROCESSES: Mapping[str, str] = {
    "binary-family": "synthesis.architectures.binary:FamilyEvolution",
    "elastic": "synthesis.architectures.elastic:ElasticTraining",
    "elastic-networks": "synthesis.architectures.elastic:NetworksTraining",
    "evolving": "synthesis.architectures.evolving:EvolvingTraining",
    "loop": "synthesis.loop:Loop",
    "manifold": "synthesis.architectures.manifold:ManifoldTraining",
    "residual": "synthesis.architectures.elastic.residual:ResidualTraining",
}
"""Name to module and class; the class has a method ``from_identity``."""


def process_of(identity: Mapping[str, Any]) -> StoredProcess:
    """The process of an identity, as a checkpoint stores it.

    Raises
    ------
    ValueError
        If no process of that name can be made again from its identity alone, or the identity lacks
        something or holds something else than it should.
    """
    name = str(identity.get("process"))
    if name not in PROCESSES:
        raise ValueError(
            f"process {name!r:.60} cannot be made again from a file alone; resume it from Python: "
            "Run.resumed(folder, process)"
        )
    module, _, cls = PROCESSES[name].partition(":")
    try:
        return getattr(import_module(module), cls).from_identity(identity)
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        # What a file says goes to many constructors, which take their caller's word for its types.
        raise ValueError(f"the identity of the run is malformed: {error!r:.120}") from error
