"""What a machine does on random streams, to check its equations against.

The reference engine is the judge. Streams carry numbers and keys, sparse and dense, small and
large, so that clips and comparisons are seen on both sides.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from vvalues import VValue

from ...machine.machine import Machine, initial_outputs
from ...machine.streams import Streams
from ...neurons.spelling import Linear, Port
from ...reference.engine import Trace, run
from ..labels import plain
from ..reading import layers
from .expressions import Evaluator

__all__ = ["Observations", "observe", "random_streams"]

Key = tuple[str, ...]

SEED = 20120
SCALES = (1.0, 0.1, 5.0)  # one string each; the last one reaches the bounds of clips
TICKS_AFTER_START = 24
TOLERANCE = 1e-9


@dataclass
class Observations:
    """Traces of all ports on some strings.

    Attributes
    ----------
    outputs, inputs : for every string, port -> array (1 + ticks, keys)
        Row 0 is the state before the first tick.
    keys : for every string, the path of each column; column 0 is the ``:number``
    scales : for every string, the largest value of any port up to each tick, at least 1
    trouble : why the machine cannot be run on random streams, or ""

    Examples
    --------
    >>> from dmm.zoo import wave
    >>> found = observe(wave())
    >>> found.ticks, found.trouble
    (26, 'the machine holds its links itself, in self.single, and may edit them')
    """

    outputs: list[dict[Port, np.ndarray]] = field(default_factory=list)
    inputs: list[dict[Port, np.ndarray]] = field(default_factory=list)
    keys: list[list[Key]] = field(default_factory=list)
    scales: list[np.ndarray] = field(default_factory=list)
    ticks: int = 0
    trouble: str = ""
    tolerance: float = TOLERANCE

    def error(
        self,
        port: Port,
        right: Linear,
        signs: Mapping[Port, int],
        *,
        is_input: bool = False,
        is_sum: bool = False,
        is_number: bool = False,
        valid_from: int = 1,
    ) -> float:
        """Largest difference between an equation and the machine, relative to the state so far.

        Infinite if there is no tick to compare at.
        """
        worst, n_compared = 0.0, 0
        for outputs, inputs, keys, scale in zip(
            self.outputs, self.inputs, self.keys, self.scales, strict=True
        ):
            silence = np.zeros((1 + self.ticks, len(keys)))
            observed = (inputs if is_input else outputs).get(port, silence)

            named = partial(_signed, signs, outputs, silence)
            with np.errstate(all="ignore"):
                claimed = Evaluator(named, keys, self.ticks).values(right)
                if is_sum:
                    claimed[0] = observed[0]  # what there is before the first tick
                    claimed = np.cumsum(claimed, axis=0)
                columns = slice(0, 1) if is_number else slice(None)
                differences = np.abs(claimed - observed)[:, columns].max(axis=1) / scale
            comparable = np.isfinite(scale)
            comparable[:valid_from] = False
            n_compared += int(comparable.sum())
            worst = max(worst, float(np.max(differences[comparable], initial=0.0)))
        return worst if n_compared and np.isfinite(worst) else np.inf

    def constant_error(self, port: Port, value: VValue, start: int) -> float:
        """Largest deviation of an output from a constant, from a tick on."""
        worst, leaves = 0.0, dict(value.items())
        for outputs, keys in zip(self.outputs, self.keys, strict=True):
            expected = np.array([leaves.get(key, 0.0) for key in keys])
            observed = outputs.get(port, np.zeros((1 + self.ticks, len(keys))))
            worst = max(worst, float(np.abs(observed[start:] - expected).max(initial=0.0)))
        return worst if start <= self.ticks else np.inf


def observe(machine: Machine, seed: int = SEED) -> Observations:
    """Run a machine on random streams; what goes wrong is reported, not raised.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> found = observe(duplicate_detector())
    >>> found.outputs[0]["norm", "norm"][-3:, 0].round(2)  # it never falls
    array([3.44, 3.44, 3.44])
    """
    ticks = TICKS_AFTER_START + len(layers(machine))
    observations = Observations(ticks=ticks)
    if machine.matrix_port is not None:
        port = ".".join(map(plain, machine.matrix_port))
        observations.trouble = f"the machine holds its links itself, in {port}, and may edit them"
        return observations
    streams = random_streams(machine, ticks, seed)
    try:
        for string in range(len(streams)):
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")  # divergence is no error here
                _add(observations, machine, run(machine, streams, ticks, string=string))
    except Exception as error:  # a user's activation may raise anything
        observations.trouble = plain(f"{type(error).__name__}: {error}")
    return observations


def random_streams(machine: Machine, ticks: int, seed: int = SEED) -> Streams:
    """One string per scale; every source of the machine gets a number and a few keys.

    Examples
    --------
    >>> from dmm.zoo import fuzzy_if
    >>> streams = random_streams(fuzzy_if(), ticks=5)
    >>> len(streams), streams.ticks, sorted(streams.arrays)
    (3, 5, ['stream-1', 'stream-2', 'stream-if'])
    """
    rng = np.random.default_rng(seed)
    constants = [
        path[1:]
        for neuron_type in map(machine.type_of, machine.neurons)
        if not neuron_type.reads and not neuron_type.is_source and neuron_type.writes
        for path in neuron_type.constant().support.paths
        if path[1:]
    ]
    keys: tuple[Key, ...] = tuple(dict.fromkeys([(), ("a",), ("b",), *constants]))
    arrays = {}
    for neuron in machine.neurons:
        if machine.type_of(neuron).is_source:
            shape = (ticks, len(SCALES), len(keys))
            dense = rng.standard_normal(shape) * np.array(SCALES)[:, None]
            arrays[neuron] = dense * (rng.random(shape) < 0.5)
    return Streams((keys,) * len(SCALES), arrays, ticks)


def _add(observations: Observations, machine: Machine, trace: Trace) -> None:
    keys: dict[Key, int] = {(): 0}
    initial = initial_outputs(machine)
    for tree in (initial, *trace.inputs, *trace.outputs):
        for path, leaf in tree.items():
            if isinstance(leaf, np.ndarray):
                raise ValueError("its streams hold arrays")
            keys.setdefault(path[2:], len(keys))
    outputs = _arrays([initial, *trace.outputs], keys)
    inputs = _arrays([VValue(), *trace.inputs], keys)
    scale = np.ones(1 + observations.ticks)
    for array in (*outputs.values(), *inputs.values()):
        with np.errstate(all="ignore"):
            scale = np.maximum(scale, np.abs(array).max(axis=1))
    observations.outputs.append(outputs)
    observations.inputs.append(inputs)
    observations.keys.append(list(keys))
    observations.scales.append(np.maximum.accumulate(np.where(np.isnan(scale), np.inf, scale)))


def _arrays(trees: list[VValue], keys: Mapping[Key, int]) -> dict[Port, np.ndarray]:
    arrays: dict[Port, np.ndarray] = {}
    for t, tree in enumerate(trees):
        for path, leaf in tree.items():
            port = path[0], path[1]
            if port not in arrays:
                arrays[port] = np.zeros((len(trees), len(keys)))
            arrays[port][t, keys[path[2:]]] = leaf
    return arrays


def _signed(
    signs: Mapping[Port, int], outputs: Mapping[Port, np.ndarray], silence: np.ndarray, of: Port
) -> np.ndarray:
    """What a name stands for: an output, or its negative."""
    return signs.get(of, 1) * outputs.get(of, silence)
