"""Where networks side by side stand between two cycles: all that they go on from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Deleted", "Member", "Standing"]


class Deleted(NamedTuple):
    """A deleted neuron, for inheritance: its links of every kind, and who was where."""

    numbers: tuple[int, ...]
    place: int
    row: np.ndarray
    column: np.ndarray
    input: np.ndarray
    output: np.ndarray
    bias: float


class Member(NamedTuple):
    """What a network has besides its arrays.

    Attributes
    ----------
    rng : mapping
        State of its generator.
    numbers, born : tuples of int
        Numbers of its neurons, and the cycles they came in.
    next_number : int
    deleted : Deleted, optional

    Examples
    --------
    >>> Member({}, numbers=(1, 3), born=(0, 20), next_number=4).numbers
    (1, 3)
    """

    rng: Mapping[str, Any]
    numbers: tuple[int, ...]
    born: tuple[int, ...]
    next_number: int
    deleted: Deleted | None = None


class Standing(NamedTuple):
    """Where all networks stand, in arrays: what a `NetworkTrainer` goes on from.

    Attributes
    ----------
    cycles : int
        Cycles so far.
    parameters, memory : arrays (networks, rows, capacity)
        The memory is the optimizer's: sums (means, in mode "outgoing-norm") of squared gradients.
    hidden : array (networks, capacity)
    smooth : array (networks,)
        Running mean of the loss of a cycle, nats summed over its characters.
    at : array of int (networks,)
        Places in the texts.
    members : tuple (networks,) of Member

    Examples
    --------
    >>> from synthesis.tasks import Phase, easy_task
    >>> rng = np.random.default_rng(0)
    >>> phases = (Phase(easy_task(rng, 400), cycles=4),)
    >>> from synthesis.architectures.elastic import ElasticSettings, NetworkTrainer
    >>> from synthesis.architectures.elastic.networks import Texts
    >>> trainer = NetworkTrainer.begun(ElasticSettings.of("paper"), Texts([phases]), [rng], 3)
    >>> standing = trainer.standing()
    >>> standing.cycles, standing.parameters.shape, standing.sizes
    (0, (1, 19, 8), array([3]))
    """

    cycles: int
    parameters: np.ndarray
    memory: np.ndarray
    hidden: np.ndarray
    smooth: np.ndarray
    at: np.ndarray
    members: tuple[Member, ...]

    @property
    def sizes(self) -> np.ndarray:
        """Numbers of neurons, array of int (networks,)."""
        return np.array([len(member.numbers) for member in self.members])
