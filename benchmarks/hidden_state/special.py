"""What users also bring: other units, gaps, one long series, noise, a glance ahead, short strings.

``python -m benchmarks.hidden_state.special [--only NAME ...]``
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable, Iterator

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from synthesis.fit import Synthesizer

from .drawing import entering, flags, levels, reals
from .measuring import TEST, TRAIN, share_right
from .programs.seen import SEEN
from .programs.tuned import TUNED
from .programs.unseen import UNSEEN

CASES: dict[str, Callable[[], Iterator[str]]] = {}
FACTORS = (1.0, 30.0, 1000.0, 0.001)

case = entering(CASES)


def fitted(streams, answers, **settings) -> tuple[Synthesizer, float]:
    """A model and the process time of its fit."""
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Synthesizer(verbose=0, **settings).fit(streams, answers)
    return model, time.process_time() - start


def told(what: str, found: tuple[Synthesizer, float], right: float) -> str:
    """One line about one fit."""
    model, seconds = found
    claim = "claimed exact" if model.verdict_.is_exact else "not claimed"
    mark = " FALSE CLAIM" if model.verdict_.is_exact and right < 1.0 else ""
    equations = "; ".join(model.equations_.splitlines())
    return (
        f"{what}: {100.0 * right:.6g} % right, {claim}{mark}, {model.front_.best.links} links, "
        f"{seconds:.1f} s: `{equations}`"
        + "".join(f"\n    not settled: {caveat}" for caveat in model.verdict_.caveats)
    )


def tried(what: str, program, seed: int = 0, train=TRAIN, **settings) -> str:
    """Fit a program's own data and judge on fresh strings."""
    streams, answers = program(np.random.default_rng(seed), *train)
    fresh, wanted = program(np.random.default_rng([seed, 10]), *TEST)
    try:
        found = fitted(streams, answers, **settings)
    except ValueError as error:
        return f"{what}: refused: {error}"
    return told(what, found, share_right(found[0].predict(fresh), wanted))


# -------------------- units --------------------


def scaled(program, factor: float, streams: tuple[str, ...], scales_answers: bool):
    """The same program in other units."""

    def other(rng, strings, samples):
        given, answers = program(rng, strings, samples)
        given = {name: x * factor if name in streams else x for name, x in given.items()}
        return given, answers * factor if scales_answers else answers

    return other


def running_sum(rng, strings, samples):
    """The sum of numbers so far."""
    x = reals(rng, strings, samples)
    return {"x": x}, np.cumsum(x, axis=1)


def leaky_mean(rng, strings, samples):
    """Moves by a fifth towards the number."""
    x = reals(rng, strings, samples)
    y, mean = np.zeros_like(x), np.zeros(strings)
    for t in range(samples):
        mean = 0.8 * mean + 0.2 * x[:, t]
        y[:, t] = mean
    return {"x": x}, y


@case
def units():
    """Five programs whose numbers are 1, 30, 1,000 and 0.001 times as large."""
    programs = (
        ("max_with_reset", TUNED["max_with_reset"], ("x",), True),
        ("gated_memory", TUNED["gated_memory"], ("x",), True),
        ("hysteresis", TUNED["hysteresis"], ("x",), False),
        ("counter_reset", TUNED["counter_reset"], ("e", "r"), True),
        ("leaky_mean", leaky_mean, ("x",), True),
        ("thermostat", UNSEEN["thermostat"], ("degrees",), False),
    )
    for name, program, streams, scales_answers in programs:
        for factor in FACTORS:
            yield tried(f"{name} x{factor:g}", scaled(program, factor, streams, scales_answers))


# -------------------- forms of data --------------------


@case
def two_outputs():
    """Two programs that have nothing to do with each other, as two outputs of one machine."""
    for first, second in (("gated_memory", "toggle_edge"), ("counter_reset", "set_reset")):

        def both(rng, strings, samples, first=first, second=second):
            one, y = TUNED[first](rng, strings, samples)
            other, z = SEEN[second](rng, strings, samples)
            one = {f"{name}1": x for name, x in one.items()}
            return {**one, **{f"{name}2": x for name, x in other.items()}}, {"y": y, "z": z}

        yield tried(f"{first} and {second}", both)


def masked(program, kept: float):
    """The same program; only some answers are given while learning."""

    def other(rng, strings, samples):
        given, answers = program(rng, strings, samples)
        if samples == TRAIN[1]:
            answers = np.where(rng.random(answers.shape) < kept, answers, np.nan)
        return given, answers

    return other


@case
def gaps():
    """Half or nine tenths of the answers are missing; then all but the last one."""
    for name in ("counter_reset", "debounce3", "gated_memory"):
        for kept in (0.5, 0.1):
            yield tried(f"{name}, {100 * kept:g} % kept", masked(TUNED[name], kept))

        def last(rng, strings, samples, program=TUNED[name]):
            given, answers = program(rng, strings, samples)
            if samples == TRAIN[1]:
                answers = answers.copy()
                answers[:, :-1] = np.nan
            return given, answers

        yield tried(f"{name}, last answer only", last)


@case
def one_long_series():
    """2,000 samples in a row instead of strings."""
    for name, program in (
        ("counter_reset", TUNED["counter_reset"]),
        ("hysteresis", TUNED["hysteresis"]),
        ("toggle_edge", SEEN["toggle_edge"]),
        ("leaky_mean", leaky_mean),
        ("thermostat", UNSEEN["thermostat"]),
    ):
        streams, answers = program(np.random.default_rng(0), 1, 2000)
        found = fitted({k: x[0] for k, x in streams.items()}, answers[0])
        fresh, wanted = program(np.random.default_rng([0, 10]), *TEST)
        yield told(name, found, share_right(found[0].predict(fresh), wanted))


@case
def unequal_lengths():
    """60 strings of 3 to 40 samples."""
    for name, program in (
        ("counter_reset", TUNED["counter_reset"]),
        ("debounce3", TUNED["debounce3"]),
        ("gated_memory", TUNED["gated_memory"]),
    ):
        rng = np.random.default_rng(0)
        streams, answers = program(rng, 60, 40)
        ends = rng.integers(3, 41, 60)
        cut = {k: [row[:end] for row, end in zip(x, ends, strict=True)] for k, x in streams.items()}
        found = fitted(cut, [row[:end] for row, end in zip(answers, ends, strict=True)])
        fresh, wanted = program(np.random.default_rng([0, 10]), *TEST)
        yield told(name, found, share_right(found[0].predict(fresh), wanted))


@case
def ahead():
    """The next sample, with and without leave to wait for it."""

    def program(rng, strings, samples):
        x = reals(rng, strings, samples)
        answers = np.full_like(x, np.nan)
        answers[:, :-1] = x[:, 1:]
        return {"x": x}, answers

    for lookahead in (0, 1, 2):
        yield tried(f"y[t] = x[t+1], lookahead={lookahead}", program, lookahead=lookahead)


# -------------------- noise --------------------


def determination(answers, wanted) -> float:
    """R^2 beside the answers without noise."""
    return 1.0 - float(np.sum((answers - wanted) ** 2) / np.sum((wanted - wanted.mean()) ** 2))


@case
def noise():
    """Answers that are noisy while learning; judged on clean ones of strings ten times as long."""

    def gaussian(rng, answers):
        return answers + rng.normal(0.0, 0.05 * answers.std(), answers.shape)

    def flipped(rng, answers):
        return np.where(rng.random(answers.shape) < 0.05, 1.0 - answers, answers)

    def nothing(rng, answers):
        return flags(rng, *answers.shape)

    for name, program, spoil in (
        ("running sum, 5 % Gaussian", running_sum, gaussian),
        ("leaky mean, 5 % Gaussian", leaky_mean, gaussian),
        ("debounce3, 5 % flipped", TUNED["debounce3"], flipped),
        ("counter_reset, 5 % Gaussian", TUNED["counter_reset"], gaussian),
        ("answers that have nothing to do with the streams", TUNED["debounce3"], nothing),
    ):
        rng = np.random.default_rng(0)
        streams, answers = program(rng, *TRAIN)
        found = fitted(streams, spoil(rng, answers))
        fresh, wanted = program(np.random.default_rng([0, 10]), *TEST)
        guess = np.asarray(found[0].predict(fresh))
        line = told(name, found, share_right(guess, wanted))
        yield f"{line}\n    R^2 beside clean answers: {determination(guess, wanted):.5f}"


# -------------------- little data --------------------


@case
def few_strings():
    """8 strings of 12 samples: too little for some programs; those must not be called exact."""
    for name, program in {**TUNED, **SEEN, **UNSEEN}.items():
        yield tried(name, program, train=(8, 12))


@case
def rare_events():
    """What happens seldom: a count that saturates at 16, a level that changes once in 25."""

    def late(rng, strings, samples):
        x = flags(rng, strings, samples, 0.4)
        return {"x": x}, np.minimum(np.cumsum(x, axis=1), 16.0)

    def slow(rng, strings, samples):
        x = levels(rng, strings, samples, 0.04)
        return {"x": x}, np.cumsum(np.diff(x, axis=1, prepend=0.0) > 0.0, axis=1) % 2.0

    yield tried("count that saturates at 16", late)
    yield tried("toggle by a slow level", slow)


def main():
    """Try the cases and print a line for every fit."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="*", choices=CASES)
    for name in parser.parse_args().only or CASES:
        print(f"{name}: {CASES[name].__doc__}", flush=True)
        for line in CASES[name]():
            print(f"  {line}", flush=True)


if __name__ == "__main__":
    main()
