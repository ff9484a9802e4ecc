"""A seeded fuzzer for all loaders: damaged files are read, or refused in one line by name.

1,750 files in the default run, a million with ``pytest -m heavy -k fuzz -s``. Nothing but a
ValueError whose message names the file may come out, and memory stays within 200 MB.
"""

from __future__ import annotations

import json
import resource
import signal
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import vvalues as vv
from dmm import load_machine, save_machine, zoo
from dmm.machine import Circuit, Wire, machine_to_plain
from synthesis.fit import Fitted, to_strings
from synthesis.loop import Loop, Settings
from synthesis.process import (
    Record,
    codec,
    read_identity,
    read_jsonl,
    save_checkpoint,
    to_jsonl,
)
from synthesis.process.codec import types_in
from synthesis.runs.run import Run
from synthesis.runs.stored import read_run, read_state
from synthesis.tasks import get_task
from tests.hostile.mutations import as_if_whole, mutated
from vvalues import VValue
from vvalues.core.tree import from_leaves
from vvalues.files import parse_object, read_bytes, to_plain

MEGABYTES = 200
HANGS = 60  # seconds after which the alarm ends the test

TREE = VValue({"a": {"b": 1.5, "c": np.array([[1.0, -2.0]])}, "n10": -1e300, "\x1b[0m": 3.0})
BRIEF = Settings.of(dense={"steps": 20, "unit": 10}, judge={"regrowths": 0}, common={"rescues": 0})


@dataclass(frozen=True)
class Kind:
    """One kind of file: what it is called, examples that are whole, and what reads it."""

    name: str
    examples: Callable[[Path], list[bytes]]
    read: Callable[[Path], object]


@cache
def loop():
    return Loop.of(get_task("delayed-echo@layered-3x2"), 1, BRIEF)


def trees(folder):
    vv.save(TREE, folder / "tree.json")
    vv.save(VValue(dict.fromkeys("abcdef", 0.5)), folder / "flat.json")
    vv.save(from_leaves({("k",) * 70: 1.0}), folder / "deep.json")
    return contents(folder, "*.json")


def archives(folder):
    vv.save(TREE, folder / "tree.npz")
    vv.save(VValue(dict.fromkeys("abcdef", 0.5)), folder / "flat.npz")
    return contents(folder, "*.npz")


def machines(folder):
    for make in (zoo.duplicate_detector, zoo.wave, zoo.self_copying):
        save_machine(make(), folder / f"{make.__name__}.json")
    bare = json.dumps(to_plain(zoo.duplicate_detector().trainable))
    (folder / "bare.json").write_text(bare)
    return contents(folder, "*.json")


def checkpoints(folder):
    process = loop()
    state = process.start(process.rng)
    for i in range(3):
        run = {"identity": process.identity, "n_records": 0, "seconds": 0.5}
        save_checkpoint(folder / f"{i}.json", state, run)
        state, _ = process.advance(state)
    return contents(folder, "*.json")


def settings(folder):
    return [json.dumps(codec.to_plain(one)).encode() for one in (Settings(), BRIEF)]


def records(folder):
    state, found = loop().start(loop().rng), []
    for _ in range(3):
        state, new = loop().advance(state)
        found += new
    return [to_jsonl(found).encode()]


def fits(folder):
    """What is said about a machine, which lies whole where the damaged files will be."""
    neurons, wire = {"stream-x": "stream", "out": "output"}, ("out", "dict-1", "stream-x", "stream")
    machine = Circuit(neurons, [Wire(*wire)]).lowered()[0]
    save_machine(machine, folder.parent / "machine.json")
    found = []
    for answers in ([[1, 2], [5]], {"total": [[1, 2], [5]], "sum / 1": [[1, 2], [5]]}):
        names = to_strings({"x": [[1, 2], [5]], "other": [["a", "b"], ["a"]]}, answers)[1]
        Fitted(machine, names, lookahead=3).save(folder)
        found += contents(folder, "fitted.json")
    return found


def contents(folder, pattern):
    return [file.read_bytes() for file in sorted(folder.glob(pattern))]


def read_settings(file):
    return codec.from_plain(parse_object(read_bytes(file), str(file)), types_in(Settings()))


def read_records(file):
    return list(map(Record.from_dict, read_jsonl(read_bytes(file), str(file))))


KINDS = {
    "V-values in JSON": Kind("damaged.json", trees, vv.load),
    "V-values in npz": Kind("damaged.npz", archives, vv.load),
    "machines": Kind("damaged.json", machines, load_machine),
    "checkpoints": Kind("damaged.json", checkpoints, lambda file: read_state(file, loop())),
    "identities": Kind("damaged.json", checkpoints, read_identity),
    "settings": Kind("damaged.json", settings, read_settings),
    "records": Kind("damaged.jsonl", records, read_records),
    "names of fits": Kind("fitted.json", fits, Fitted.load),
}

CHECKPOINTS = ("checkpoints", "identities")
NAMES_THE_FILE = {name for name in KINDS if name not in ("settings", "records")}
"""Of the others a part is read here that the caller names: settings, a record."""


@contextmanager
def no_hang():
    """An alarm where a loader does not come back."""

    def ring(*_):
        raise AssertionError(f"no answer after {HANGS} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANGS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def largest_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fuzz(name, count, folder, seed):
    """Counts of files read and refused, the slowest in seconds, and the growth in megabytes."""
    kind = KINDS[name]
    (folder / "whole").mkdir()
    examples = kind.examples(folder / "whole")
    file = folder / kind.name
    for example in examples:
        file.write_bytes(example)
        kind.read(file)
    before, slowest, n_read = largest_megabytes(), 0.0, 0
    for i in range(count):
        data = mutated(np.random.default_rng([seed, i]), examples)
        if name in CHECKPOINTS and i % 4:
            data = as_if_whole(data)
        file.write_bytes(data)
        began = time.process_time()
        try:
            with no_hang():
                kind.read(file)
            n_read += 1
        except ValueError as error:
            text = str(error)
            assert text.isprintable(), f"seed {seed}, file {i}: {text!r}"
            if name in NAMES_THE_FILE:
                assert str(file) in text, f"seed {seed}, file {i}: {text!r}"
        except BaseException as error:
            (folder / "guilty").write_bytes(data)
            raise AssertionError(f"seed {seed}, file {i} ({folder}/guilty): {error!r}") from error
        slowest = max(slowest, time.process_time() - began)
    return n_read, count - n_read, slowest, largest_megabytes() - before


def told(name, count, folder, seed):
    n_read, n_refused, slowest, grown = fuzz(name, count, folder, seed)
    print(
        f"{name}: {count:,} files, {n_read:,} read, {n_refused:,} refused; the slowest took "
        f"{slowest:.3f} s of CPU, memory grew by {grown:.0f} MB"
    )
    assert n_refused > count // 5 and n_read > 0
    assert grown <= MEGABYTES


@pytest.mark.parametrize("name", KINDS)
def test_fuzz(name, tmp_path):
    told(name, 125 if name in CHECKPOINTS else 250, tmp_path, seed=0)


@pytest.mark.heavy
@pytest.mark.parametrize("name", KINDS)
def test_fuzz_a_million(name, tmp_path):
    told(name, 10**6 // len(KINDS) + 1, tmp_path, seed=1)


# -------------------- damaged checkpoints of runs, whatever they say --------------------


def resume_all(count, folder, seed):
    process = loop()
    with Run.new(folder / "run", process) as run:
        next(run.events())
    file = folder / "run" / "checkpoint.json"
    whole = file.read_bytes()
    n_read = 0
    for i in range(count):
        file.write_bytes(as_if_whole(mutated(np.random.default_rng([seed, i]), [whole])))
        try:
            with no_hang():
                read_run(folder / "run", process, 2**27)
            n_read += 1
        except ValueError as error:
            assert str(error).startswith(str(folder)), (seed, i, error)
            assert str(error).isprintable(), (seed, i, error)
    return n_read


def test_fuzz_what_is_resumed(tmp_path):
    assert resume_all(60, tmp_path, seed=2) < 60


@pytest.mark.heavy
def test_fuzz_what_is_resumed_many_times(tmp_path):
    print(f"runs: 20,000 checkpoints, {resume_all(20_000, tmp_path, seed=3):,} of them resumed")


def test_the_same_seed_damages_in_the_same_way():
    examples = [json.dumps(machine_to_plain(zoo.wave())).encode()]
    first, again = (
        [mutated(np.random.default_rng([5, i]), examples) for i in range(50)] for _ in range(2)
    )
    assert first == again and len(set(first)) > 40
