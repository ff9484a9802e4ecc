"""What a network costs on this machine: seconds and bytes as functions of its links and levels.

The source wished for a loss on processing time and used a count of cells instead. Here networks of
many sizes are timed where the library runs, a sum of a few plausible terms is fitted to the times
by non-negative least squares, and the sum is a differentiable function of the strengths: a link
counts ``|D| / (|D| + softness)``, and the number of levels is the longest path on which every link
counts that much.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval
from scipy.optimize import nnls

from .model import Links
from .structure.evaluation import GATHER_BELOW, Evaluation
from .structure.layout import Layout, cells_between
from .structure.schedule import Schedule

__all__ = [
    "CostModel",
    "Sample",
    "fit_cost",
    "measure",
    "measured_here",
    "random_schedule",
    "soft_levels",
]

REPEATS = 7


class Sample(NamedTuple):
    """A network that was run: what it is, and what forward and gradient of one batch took.

    Attributes
    ----------
    layout : Layout
    links, levels, batch : int
    seconds, bytes : float
    """

    layout: Layout
    links: int
    levels: int
    batch: int
    seconds: float
    bytes: float


def _terms(layout: Layout, links: Any, levels: Any, batch: int, n_links: float) -> list[Any]:
    """What time and memory are made of; ``n_links`` settles how products are taken."""
    by_link = n_links < GATHER_BELOW * layout.n_cells
    return [
        1.0,
        levels * 1.0,
        links * 1.0,
        links * float(batch * by_link),
        links * float(batch),
        float(layout.n_columns * batch),
        levels * float(layout.n_hidden * batch),
        float(layout.n_rows * layout.n_columns * batch * (not by_link)),
        float(layout.n_rows * layout.n_columns * (not by_link)),
    ]


@dataclass(frozen=True)
class CostModel:
    """Coefficients of the terms of time (seconds) and memory (bytes).

    Attributes
    ----------
    for_seconds, for_bytes : tuple of float
    softness : float
        Strength at which a link counts half.

    Examples
    --------
    >>> model = CostModel((1e-5, *[0.0] * 8), (0.0, 0.0, 16.0, *[0.0] * 6))  # 16 bytes a link
    >>> layout = Layout(2, 3, 1, 1.0, has_link_weights=False)
    >>> model.predicted(layout, links=11, levels=2, batch=8)
    (1e-05, 176.0)
    """

    for_seconds: tuple[float, ...]
    for_bytes: tuple[float, ...]
    softness: float = 0.05

    def seconds(self, layout: Layout, links: Links, batch: int) -> Any:
        """Predicted time of forward and gradient of one batch; differentiable in the strengths."""
        return self._soft(self.for_seconds, layout, links, batch)

    def bytes(self, layout: Layout, links: Links, batch: int) -> Any:
        """Predicted peak memory of the same; differentiable in the strengths."""
        return self._soft(self.for_bytes, layout, links, batch)

    def predicted(self, layout: Layout, links: int, levels: int, batch: int) -> tuple[float, float]:
        """Seconds and bytes of a network by its counts."""
        terms = _terms(layout, links, levels, batch, links)
        return float(np.dot(self.for_seconds, terms)), float(np.dot(self.for_bytes, terms))

    def _soft(self, weights: Sequence[float], layout: Layout, links: Links, batch: int) -> Any:
        size = anp.abs(links.strengths)
        presence = size / (size + self.softness)
        levels = soft_levels(links.schedule, presence)
        terms = _terms(layout, anp.sum(presence), levels, batch, links.n_links)
        return sum((w * term for w, term in zip(weights, terms, strict=True) if w), 0.0)


def soft_levels(schedule: Schedule, presence: Any) -> Any:
    """Number of levels where a link of presence p passes on p (1 + depth of its sender).

    With every presence 1 this is the number of levels of the sparse schedule. Differentiable: the
    longest path is found in numbers, its length is traced.

    Parameters
    ----------
    schedule : Schedule
    presence : array (links,), in [0, 1]
    """
    layout = schedule.layout
    if not layout.n_hidden:
        return 0.0
    numbers = getval(presence)
    depth, via = [0.0] * layout.n_hidden, [-1] * layout.n_hidden
    inner = np.sort(schedule.inner)
    senders = schedule.columns[inner] - layout.n_inputs
    for link, row, sender in zip(
        inner.tolist(), schedule.rows[inner].tolist(), senders.tolist(), strict=True
    ):
        reached = numbers[link] * (1.0 + depth[sender])
        if reached > depth[row]:
            depth[row], via[row] = reached, link
    path, neuron = [], int(np.argmax(depth))
    while via[neuron] >= 0:
        path.append(via[neuron])
        neuron = int(schedule.columns[via[neuron]]) - layout.n_inputs
    if not path:
        return 1.0
    # p1 (1 + p2 (1 + ...)): the sum of the products of the first presences of the path
    return 1.0 + anp.sum(anp.exp(anp.cumsum(anp.log(presence[np.array(path)]))))


# -------------------- measuring and fitting --------------------


def random_schedule(layout: Layout, density: float, rng: np.random.Generator) -> Schedule:
    """A sparse network whose rows are living windows of random width, as closeness makes them."""
    width = np.minimum(rng.exponential(density, layout.n_rows), 1.0) * layout.limits
    middle = rng.uniform(0, layout.limits)
    first = np.clip(middle - width / 2, 0, layout.limits).astype(np.intp)
    last = np.clip(first + np.ceil(width), 1, layout.limits).astype(np.intp)
    return Schedule(layout, *cells_between(first, last), is_dense=False)


def measure(schedule: Schedule, batch: int, rng: np.random.Generator) -> Sample:
    """Run forward and gradient of a network on a random batch; the least of several times.

    Time is that of the process, so that other programs on the machine count little.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> model = Manifold(2, 3, 1)
    >>> parameters = model.initial(np.random.default_rng(0))
    >>> sample = measure(model.links(parameters).schedule, 8, np.random.default_rng(0))
    >>> sample.links, sample.levels, sample.batch  # and sample.seconds, sample.bytes
    (11, 2, 8)
    """
    layout = schedule.layout
    inputs = rng.standard_normal((layout.n_inputs, batch))
    run = Evaluation(schedule, inputs, shared=False)
    vector = 0.1 * rng.standard_normal(len(schedule.rows) + layout.n_hidden)
    g = np.ones((batch, layout.n_outputs))
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        run.forward(vector)
        run.pullback(vector, g)
        seconds.append(time.process_time() - start)
        vector = vector.copy()  # or the trace of the last call would serve again
    tracemalloc.start()
    run.forward(vector)
    run.pullback(vector, g)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Sample(layout, len(schedule.rows), schedule.n_levels, batch, min(seconds), float(peak))


def fit_cost(samples: Iterable[Sample], softness: float = 0.05) -> CostModel:
    """The cost model that fits measured networks best, by relative error.

    Raises
    ------
    ValueError
        For fewer samples than terms.

    Examples
    --------
    >>> fit_cost([])
    Traceback (most recent call last):
        ...
    ValueError: 0 samples cannot settle the terms of cost: measure 30
    """
    samples = list(samples)
    rows = [_terms(s.layout, s.links, s.levels, s.batch, s.links) for s in samples]
    if not samples or len(samples) < len(rows[0]):
        raise ValueError(f"{len(samples)} samples cannot settle the terms of cost: measure 30")
    terms = np.array(rows)
    found = []
    for name in ("seconds", "bytes"):
        cost = np.array([getattr(sample, name) for sample in samples])
        relative = terms / cost[:, None]
        scale = np.maximum(np.linalg.norm(relative, axis=0), 1e-300)
        found.append(tuple(float(x) for x in nnls(relative / scale, np.ones(len(cost)))[0] / scale))
    return CostModel(found[0], found[1], softness)


def measured_here(n_networks: int, rng: np.random.Generator, largest: int = 1000) -> list[Sample]:
    """Random networks of random sizes, timed on this machine.

    Parameters
    ----------
    n_networks : int
    rng : numpy.random.Generator
    largest : int
        Upper bound of the number of neurons.

    Examples
    --------
    >>> samples = measured_here(2, np.random.default_rng(0), largest=20)
    >>> [sample.layout.n_outputs > 0 for sample in samples]
    [True, True]
    """
    samples = []
    for _ in range(n_networks):
        n = round(largest * rng.uniform(0.1, 1.0))
        n_outputs = int(rng.integers(1, 20))
        n_hidden = max(1, int((n - n_outputs) * rng.uniform(0.1, 0.6)))
        layout = Layout(max(1, n - n_outputs - n_hidden), n_hidden, n_outputs, 28.0, True)
        schedule = random_schedule(layout, float(10 ** rng.uniform(-2.2, -1.0)), rng)
        samples.append(measure(schedule, int(rng.choice([10, 20, 50, 100])), rng))
    return samples
