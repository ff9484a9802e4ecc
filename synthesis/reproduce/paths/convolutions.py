"""Paths of convolutional networks on MNIST: sparsification, damaged filters, a million weights.

Sources: arXiv:2012.09605 and arXiv:2106.02793 (sparsification), arXiv:2005.11603 (damage and
recovery); lottery tickets after J. Frankle, M. Carbin, arXiv:1803.03635.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vvalues import VValue, from_buffer

from ...architectures.convolutional import ConvolutionalNetwork, FilterLayer, convolve
from ...optimize import adam, schedule
from ...tasks import Digits, load_mnist
from ...weight_space import (
    Categorical,
    Reference,
    TaskLoss,
    damaged,
    freeze,
    gradual_magnitude,
    invariant_path,
    largest_kept,
    last,
    learn,
    lottery_ticket,
    normalized,
    recovery,
    settled,
    sparsified,
    unit_vulnerability,
    walk,
)
from ..tables import Claims, Report, medians, process_seconds, seeds_in_words, table

__all__ = ["reproduce"]

LAYERS = (FilterLayer(8, 5, pool=2), FilterLayer(16, 5, pool=2))
LARGE = (FilterLayer(32, 3, padding=1, pool=2), FilterLayer(64, 3, padding=1, pool=2))
LARGE_DENSE = FilterLayer(320, 0)
BATCH, UNLABELLED, RANKED_BY = 50, 5000, 200
CHOOSING_SEED = 100  # none of the seeds of the figures
DAMAGED, SPARSITY = 0.75, 0.95
STEPS = {"training": 2000, "recovery": 800, "path": 2400, "settling": 600}
ROUNDS, REWIND = 6, 100
METHODS = ("one-shot", "path, projected", "path, settled", "gradual magnitude", "lottery ticket")

# What is chosen among: rate of training; temperature of the distance and length of the first step.
RATES = (0.003, 0.01)
RECOVERIES = ((1.0, 0.2), (4.0, 0.2), (4.0, 0.5), (4.0, 1.0))
PATHS = ((4.0, 0.1), (4.0, 0.3), (4.0, 0.6))


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``convolutions.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        Seeds 0 to 2 (about twenty minutes on one core); otherwise seed 0 and a tenth of the steps.
    out : Path
    """
    report = Report("convolutions", "Paths of convolutional networks", out, full)
    digits, share = load_mnist().with_batch_size(BATCH), 1.0 if full else 0.1
    _say_costs(report, digits)
    experiment = Experiment(digits.validation_split(), share, CHOOSING_SEED)
    chosen = _chosen(report, experiment)
    job = partial(_figures, digits, share, chosen)
    report.each_seed("network", range(3 if full else 1), job, partial(_say_network, share))
    return report.figures


class Experiment:
    """One network of one seed, and what is done to it.

    Parameters
    ----------
    digits : Digits
    share : float
        Of the steps of `STEPS`.
    seed : int
    model : ConvolutionalNetwork, optional
        The one for MNIST when omitted.
    """

    def __init__(
        self, digits: Digits, share: float, seed: int, model: ConvolutionalNetwork | None = None
    ) -> None:
        self.digits, self.share, self.seed = digits, share, seed
        self.model = model or ConvolutionalNetwork((1, 28, 28), LAYERS, 10)
        self.start = self.model.initial(self.rng(0))
        self.inputs, _ = digits.store(UNLABELLED, self.rng(1))
        self._trained: dict[float, VValue] = {}

    def rng(self, part: int) -> np.random.Generator:
        """A generator of its own for every part, so that parts may be left out."""
        return np.random.default_rng([self.seed, part])

    def steps(self, part: str) -> int:
        """How many steps a part takes."""
        return _steps(part, self.share)

    def accuracy(self, parameters: VValue) -> float:
        """Percent of the test images, or of what stands in their place."""
        return self.digits.accuracy(self.model, parameters)

    def trained(self, rate: float) -> VValue:
        """The whole network, trained with labels; once for every rate."""
        if rate not in self._trained:
            steps = self.steps("training")
            optimizer = adam(schedule(rate, rate / 25, steps))
            self._trained[rate] = learn(
                self.model, self.digits, self.start, optimizer, steps, self.rng(2)
            )
        return self._trained[rate]

    def reference(self, whole: VValue, temperature: float) -> Reference:
        """The whole network on unlabelled images."""
        return freeze(self.model, whole, self.inputs, Categorical(temperature))

    def damages(self, whole: VValue, filters: float = DAMAGED) -> dict[str, VValue]:
        """Masks of what is damaged: weights of filters, whole filters at random, the worst ones."""
        rng, share = self.rng(3), f"{100 * filters:.0f} %"
        some = self.inputs[:: max(len(self.inputs) // RANKED_BY, 1)]
        weights, random, worst = (from_buffer(whole.support, np.zeros(whole.size)),) * 3
        for i, layer in enumerate(self.model.hidden, start=1):
            path = (self.model.layers[i - 1], "weights")
            cut = rng.random(np.shape(whole[path])) < DAMAGED
            weights = weights.at(path).set(cut.astype(np.float64))
            n = round(filters * layer.filters)
            scores = unit_vulnerability(self.model, whole, some, i)
            random += self.model.units(i, rng.permutation(layer.filters)[:n])
            worst += self.model.units(i, np.argsort(-scores)[:n])
        return {
            f"{100 * DAMAGED:.0f} % of the filters' weights": weights,
            f"{share} of the filters, random": _once(random),
            f"{share} of the filters, worst": _once(worst),
        }

    def recovered(self, whole: VValue, damage: VValue, temperature: float, size: float) -> VValue:
        """What is left after damage, walked back to what the whole network does."""
        steps = self.steps("recovery")
        path = recovery(
            self.reference(whole, temperature), damaged(whole, damage), damage, steps=steps,
            sizes=schedule(size, size / 40, steps), per_step=BATCH, rng=self.rng(4), every=steps,
        )  # fmt: skip
        end = last(path).parameters
        if np.any(end.buffer[damage.buffer != 0]):
            raise ValueError("a damaged weight has moved")
        return end

    def sparse(self, whole: VValue, temperature: float, size: float) -> tuple[VValue, VValue]:
        """The end of a path to a sparse network, and what it settles to; without labels."""
        reference, rng = self.reference(whole, temperature), self.rng(5)
        found = sparsified(
            reference, SPARSITY, rng=rng, steps=self.steps("path"), size=size, per_step=BATCH
        )
        sizes = schedule(size / 2, size / 100, self.steps("settling"), "linear")
        end = settled(
            reference, found.projected, steps=self.steps("settling"), rng=rng, sizes=sizes,
            per_step=BATCH,
        )  # fmt: skip
        return found.projected, end

    def ticket(self, rate: float) -> VValue:
        """A lottery ticket of the same sparsity, every training at this rate; with labels."""
        steps = self.steps("training")
        return lottery_ticket(
            self.model, self.digits, self.start, SPARSITY, steps=steps, rng=self.rng(7),
            rounds=ROUNDS, rewind=min(REWIND, steps // 2),
            optimizer=adam(schedule(rate, rate / 25, steps)),
        )  # fmt: skip


def _once(mask: VValue) -> VValue:
    """1 also where two masks of neighbouring layers overlap."""
    return from_buffer(mask.support, np.minimum(mask.buffer, 1.0))


def _steps(part: str, share: float) -> int:
    return max(int(share * STEPS[part]), 20)


# -------------------- choices, on a validation split --------------------


def _chosen(report: Report, of: Experiment) -> dict[str, Any]:
    """The rate of training, and the constants of recovery and of the path to sparse networks."""
    trained = {rate: of.trained(rate) for rate in RATES}
    rates = {f"{rate:g}": of.accuracy(whole) for rate, whole in trained.items()}
    rate = max(RATES, key=lambda rate: rates[f"{rate:g}"])
    whole = trained[rate]
    damage = next(iter(of.damages(whole).values()))
    recoveries = {c: of.accuracy(of.recovered(whole, damage, *c)) for c in RECOVERIES}
    paths = {c: of.accuracy(of.sparse(whole, *c)[1]) for c in PATHS}
    chosen = {
        "rate": rate,
        "recovery": max(RECOVERIES, key=recoveries.__getitem__),
        "path": max(PATHS, key=paths.__getitem__),
    }
    rows = [["training", f"rate {rate}", value] for rate, value in rates.items()]
    for name, found in (("recovery", recoveries), ("path", paths)):
        rows += [[name, f"temperature {t:g}, first step {s:g}", v] for (t, s), v in found.items()]
    report.keep("validation", rows)
    report.say(
        "## Choices, on a validation split",
        f"Percent of the last {len(of.digits.test_labels):,} training images, seed {of.seed}; the "
        "best of each is taken. Test images are read at the end only.",
        table(["", "constants", "right"], rows),
    )
    return chosen


# -------------------- figures --------------------


def _figures(digits: Digits, share: float, chosen: dict[str, Any], seed: int) -> dict[str, float]:
    of = Experiment(digits, share, seed)
    whole = of.trained(chosen["rate"])
    networks = {"whole": whole}
    for name, damage in of.damages(whole).items():
        networks[f"{name}, damaged"] = damaged(whole, damage)
        networks[f"{name}, recovered"] = of.recovered(whole, damage, *chosen["recovery"])
    networks |= zip(METHODS, _sparse(of, whole, chosen), strict=True)
    return {name: of.accuracy(network) for name, network in networks.items()}


def _sparse(of: Experiment, whole: VValue, chosen: dict[str, Any]) -> list[VValue]:
    """A sparse network by each of the methods; their zeros are counted."""
    steps = of.steps("path") + of.steps("settling")
    found = [largest_kept(whole, SPARSITY), *of.sparse(whole, *chosen["path"])]
    found.append(
        gradual_magnitude(of.model, of.digits, whole, SPARSITY, steps=steps, rng=of.rng(6))
    )
    found.append(of.ticket(chosen["rate"]))
    for name, network in zip(METHODS, found, strict=True):
        zeros = int(np.count_nonzero(network.buffer == 0.0))
        if zeros < round(SPARSITY * network.size):
            raise ValueError(f"{name}: {zeros} zeros of {network.size}")
    return found


def _say_network(share: float, report: Report, results: list[dict[str, float]]) -> None:
    taken = {part: f"{_steps(part, share):,}" for part in STEPS}
    middle, seeds = medians(results), seeds_in_words(results)
    damages = [name.removesuffix(", damaged") for name in middle if name.endswith(", damaged")]
    model = ConvolutionalNetwork((1, 28, 28), LAYERS, 10)
    filters = " and ".join(f"{layer.filters} filters of 5 x 5" for layer in LAYERS)
    report.say(
        "## Damage and recovery",
        f"{filters}, each pooled by 2, and ten outputs: {model.support.size:,} weights. Percent of "
        f"the 10,000 test images, {seeds}; the whole network {middle['whole']:.2f}. Worst: largest "
        f"predicted change of the outputs. Recovery: {taken['recovery']} normalised steps of "
        f"{BATCH} of {UNLABELLED:,} unlabelled images, undamaged weights only (damaged ones are "
        "checked to be exactly zero).",
        table(
            ["cut", "damaged", "recovered"],
            [[n, middle[f"{n}, damaged"], middle[f"{n}, recovered"]] for n in damages],
        ),
    )
    report.say(
        f"## {100 * SPARSITY:.0f} % zeros",
        f"Percent of the test images, {seeds}. The path: {taken['path']} steps in stages and "
        f"{taken['settling']} to settle, {BATCH} of {UNLABELLED:,} unlabelled images each. Gradual "
        f"magnitude pruning: as many steps with labels. The lottery ticket: {ROUNDS + 1} trainings "
        f"of {taken['training']} steps with labels, rewound to step {REWIND}. "
        f"Zeros are counted over all weights and biases, at least "
        f"{round(SPARSITY * model.support.size):,} of {model.support.size:,} in each.",
        table(["", "right"], [["whole", middle["whole"]], *([m, middle[m]] for m in METHODS)]),
    )
    claims = Claims()
    lost = middle["whole"] - middle[f"{damages[0]}, recovered"]
    claims.at_most(f"{damages[0]} damaged, recovered: points below whole", lost, 2.0)
    behind = middle["lottery ticket"] - middle["path, settled"]
    claims.at_most("path without labels: points behind the lottery ticket", behind, 1.0)
    claims.at_most("a million weights: path step / gradient step", report.figures["ratio"], 3.0)
    claims.say(report)


# -------------------- costs --------------------


def _say_costs(report: Report, digits: Digits) -> None:
    """Process time of a path step of a million weights, and of ways to convolve."""
    rng = np.random.default_rng(0)
    model = ConvolutionalNetwork((1, 28, 28), (*LARGE, LARGE_DENSE), 10)
    weights = model.initial(rng)
    reference = freeze(model, weights, digits.store(BATCH, rng)[0])
    moved = from_buffer(weights.support, 1.001 * weights.buffer)
    loss, optimizer = TaskLoss(model, digits), normalized(0.01)

    def gradient_step() -> None:
        last(walk(moved, loss, optimizer, steps=1, rng=rng))

    def path_step() -> None:
        last(invariant_path(reference, moved, loss, optimizer, steps=1, rng=rng))

    costs = {name: 1e3 * process_seconds(step, 7) for name, step in
             {"gradient step": gradient_step, "path step": path_step}.items()}  # fmt: skip
    report.keep("ratio", costs["path step"] / costs["gradient step"])
    ways = _ways(rng)
    report.keep("ms", costs | ways)
    report.say(
        "## A million weights",
        f"32 and 64 filters of 3 x 3, each pooled by 2, a dense layer of {LARGE_DENSE.filters}: "
        f"{model.support.size:,} weights. Process time in ms; {BATCH} images with labels for the "
        f"gradient step, {BATCH} stored ones more for the path step. Ratio "
        f"{report.figures['ratio']:.2f}.",
        table(["", "ms"], [[name, value] for name, value in costs.items()]),
        "The same convolution, 50 pictures of 8 channels, 12 x 12, with 16 filters of 5 x 5:",
        table(["", "ms"], [[name, value] for name, value in ways.items()]),
    )


def _ways(rng: np.random.Generator) -> dict[str, float]:
    """Milliseconds of the convolution of a second layer, by product, shift by shift, by FFT."""
    x, w = rng.standard_normal((8, 12, 12, 50)), rng.standard_normal((8, 5, 5, 16))

    def by_shifts() -> np.ndarray:
        maps = np.zeros((16, 8, 8, 50))
        for i, j in np.ndindex(5, 5):
            maps += np.tensordot(w[:, i, j], x[:, i : i + 8, j : j + 8], (0, 0))
        return maps

    def by_fft() -> np.ndarray:
        pictures = np.fft.rfft2(x, axes=(1, 2)).transpose(1, 2, 0, 3)
        filters = np.fft.rfft2(w[:, ::-1, ::-1], (12, 12), axes=(1, 2)).transpose(1, 2, 3, 0)
        return np.fft.irfft2(filters @ pictures, (12, 12), axes=(0, 1))[4:, 4:].transpose(
            2, 0, 1, 3
        )

    ways: dict[str, Callable[[], np.ndarray]] = {
        "one product of patches": lambda: convolve(x, w), "shift by shift": by_shifts,
        "FFT": by_fft,
    }  # fmt: skip
    expected = convolve(x, w)
    for name, way in ways.items():
        if not np.allclose(way(), expected, rtol=1e-10, atol=1e-10):
            raise ValueError(f"{name}: another convolution")
    return {name: 1e3 * process_seconds(way) for name, way in ways.items()}
