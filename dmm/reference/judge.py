"""The interface of a compiled program on the reference engine."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import autograd.numpy as anp
import numpy as np

from vvalues import NUMBER, VValue
from vvalues.core.support import Support

from ..machine.machine import Machine
from ..machine.streams import Streams
from ..neurons import number
from . import engine

__all__ = ["ReferenceProgram"]


class ReferenceProgram:
    """The interface of `Program` on the reference engine.

    For machines the compiled engine cannot run (a neuron type without kernel, a network matrix
    held by a neuron), and as the judge in tests.

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> program = ReferenceProgram(duplicate_detector(), [("output", "dict-1")])
    >>> program(program.machine.trainable, text_streams("aa.", 50)).shape
    (1, 50, 1)
    """

    engine = "reference"

    def __init__(
        self,
        machine: Machine,
        observed: Sequence[tuple[str, str]],
        stopped: Collection[tuple[str, str]] = (),
    ) -> None:
        self.machine = machine
        self.observed = tuple(observed)
        self.stopped = tuple(stopped)
        self.support: Support = machine.trainable.support
        self.live = np.ones(self.support.size, dtype=bool)

    def live_on(self, streams: Streams) -> np.ndarray:
        """All links: the reference engine does not look."""
        return self.live

    def __call__(self, trainable: VValue, streams: Streams) -> np.ndarray:
        """As `Program.__call__`."""
        return anp.stack([self._one(trainable, streams, b) for b in range(len(streams))], axis=-1)

    def _one(self, trainable: VValue, streams: Streams, string: int) -> np.ndarray:
        trace = engine.run(
            self.machine, streams, trainable=trainable, string=string, stopped=self.stopped
        )
        rows = [
            anp.array([number(inputs.subtree(neuron), field) for inputs in trace.inputs])
            for neuron, field in self.observed
        ]
        return anp.stack(rows)

    def trace(self, trainable: VValue, streams: Streams) -> np.ndarray:
        """As `Program.trace`, without columns that only constants of the machine have."""
        out = np.zeros((len(self.observed), streams.ticks, len(streams), streams.columns))
        for b in range(len(streams)):
            trace = engine.run(self.machine, streams, trainable=trainable, string=b)
            spans = streams.spans(b)
            for i, port in enumerate(self.observed):
                for t, inputs in enumerate(trace.inputs):
                    stream = inputs.subtree(port)
                    own = stream[NUMBER,]
                    out[i, t, b, 0] = own if np.ndim(own) == 0 else 0.0
                    for path, (span, _) in spans.items():
                        own_scalar = (*path, NUMBER)
                        out[i, t, b, 1:][span] = np.ravel(stream[own_scalar])
        return out
