"""The unattended loop: outcomes, resumption to the bit, and edits."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest

from dmm import load_machine
from dmm.zoo import duplicate_detector
from synthesis.edits import prune_by_ablation, prune_by_magnitude, remove_dead
from synthesis.loop import Loop, Settings, prepare, search_events, synthesize
from synthesis.optimize.optimizers import adam
from synthesis.process.checkpoint import load_checkpoint, save_checkpoint
from synthesis.process.records import Front
from synthesis.runs.run import Run
from synthesis.tasks import get_task
from vvalues import VValue, restrict

TASK = get_task("duplicate-detector")
SMALL = get_task("delayed-echo@layered-3x2")
PLENTY = {
    "dense": {"steps": 30, "unit": 15},
    "bite": {"steps": 10, "fraction": 0.2},
    "shrink": {"iterations": 15},
    "judge": {"regrowths": 1, "restarts": 0},
}
BRIEF = Settings.of(
    **{**PLENTY, "common": {"rescues": 0}, "judge": {"regrowths": 0, "restarts": 0}}
)


@pytest.fixture(
    scope="module",
    params=[(SMALL, 496, 4), pytest.param((TASK, 1486, 12), marks=pytest.mark.heavy)],
    ids=["delayed-echo", "duplicate-detector"],
)
def pass_of(request):
    """One full first pass (seed 2), from so many random links to no more than so many."""
    task, start, end = request.param
    return synthesize(task, seed=2, settings=Settings.of(judge={"regrowths": 0})), start, end


@pytest.fixture(scope="module")
def outcome(pass_of):
    return pass_of[0]


def test_a_small_exact_machine_is_found_without_a_human(pass_of):
    outcome, _, most = pass_of
    assert len(outcome.parameters) <= most
    assert outcome.figures["held_out_loss"] <= 1e-6
    assert outcome.loss <= 1e-10


def test_everything_it_decided_is_in_the_records(pass_of):
    outcome, start, _ = pass_of
    events = [record.event for record in outcome.records]
    assert {"train", "prune", "fit", "remove", "polish", "judge"} <= set(events)
    links = [record.links for record in outcome.records]
    assert links[0] == start
    assert links[-1] == len(outcome.parameters)
    assert all(math.isfinite(record.loss) for record in outcome.records)


def test_the_front_holds_no_dominated_machine(outcome):
    members = list(outcome.front)
    assert all(a.links < b.links and a.loss > b.loss for a, b in pairwise(members))


def test_the_machine_reads_from_its_own_file(outcome, tmp_path):
    from dmm import save_machine

    save_machine(outcome.machine, tmp_path / "machine.json")
    again = load_machine(tmp_path / "machine.json")
    assert again.trainable == outcome.parameters
    assert again.neurons == outcome.machine.neurons


def states(seed, count, state=None):
    search, first = prepare(SMALL, seed, BRIEF)
    events = search_events(search, first if state is None else state)
    return [event.state for event, _ in zip(events, range(count), strict=False)]


@pytest.mark.thorough
def test_resuming_from_any_checkpoint_gives_the_same_run_to_the_bit(tmp_path):
    """The next state is that of the run that was not resumed, and so on: from every state."""
    whole = states(5, 9)
    for now, expected in pairwise(whole):
        save_checkpoint(tmp_path / "c.json", now, {})
        loop = Loop.of(SMALL, 5, BRIEF)
        state, _ = load_checkpoint(tmp_path / "c.json", loop.types)
        (ours,) = states(5, 1, state)
        save_checkpoint(tmp_path / "ours.json", ours, {})
        save_checkpoint(tmp_path / "expected.json", expected, {})
        assert (tmp_path / "ours.json").read_bytes() == (tmp_path / "expected.json").read_bytes()
        assert ours.phase == expected.phase
        assert ours.parameters.support is expected.parameters.support
        assert ours.parameters.buffer.tobytes() == expected.parameters.buffer.tobytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Folder of a run that was never interrupted."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    Run.new(folder, Loop.of(SMALL, 1, BRIEF)).to_end().finish()
    return folder


def test_an_interrupted_run_resumes_to_the_same_machine(whole, tmp_path):
    broken = Run.new(tmp_path / "broken", Loop.of(SMALL, 1, BRIEF))
    for i, _ in enumerate(broken.events()):
        if i == 5:
            break
    broken.close()
    resumed = Run.resumed(tmp_path / "broken")
    for _ in resumed.events():
        pass
    resumed.finish()
    for name in ("machine.json", "records.jsonl"):
        assert (whole / name).read_text() == (tmp_path / "broken" / name).read_text()


def test_a_finished_directory_is_not_overwritten(tmp_path):
    Run.new(tmp_path / "run", Loop.of(TASK, 0, BRIEF)).close()
    with pytest.raises(FileExistsError, match="holds a run already"):
        Run.new(tmp_path / "run", Loop.of(TASK, 0, BRIEF))


def test_a_checkpoint_of_another_make_is_refused(tmp_path):
    file = tmp_path / "checkpoint.json"
    file.write_text('{"format": "something else"}')
    with pytest.raises(ValueError, match=r"checkpoint\.json: not a checkpoint"):
        load_checkpoint(file, [])
    file.write_text("{")
    with pytest.raises(ValueError, match=r"checkpoint\.json is not JSON"):
        load_checkpoint(file, [])
    document = {"format": "synthesis-checkpoint", "version": 99}
    file.write_text(json.dumps(document))
    with pytest.raises(ValueError, match="version 99"):
        load_checkpoint(file, [])


def test_a_handcrafted_start_stays_what_it_is():
    outcome = synthesize(TASK, seed=0, settings=BRIEF, start=duplicate_detector())
    assert len(outcome.parameters) == 8
    assert outcome.figures["held_out_loss"] <= 1e-20


@pytest.mark.thorough
def test_a_run_cut_by_the_clock_goes_on_to_the_machine_of_one_that_was_not(whole, tmp_path):
    run = Run.new(tmp_path / "cut", Loop.of(SMALL, 1, BRIEF))
    events = run.events()
    for _ in range(3):
        next(events)
    events.close()
    run.limit = 0.0
    assert run.to_end().is_cut
    assert "out of time" in [record.event for record in run.records[-2:]]
    run.finish()
    resumed = Run.resumed(tmp_path / "cut").to_end()
    assert not resumed.is_cut
    resumed.finish()
    for name in ("machine.json", "records.jsonl"):
        assert (whole / name).read_text() == (tmp_path / "cut" / name).read_text()


@pytest.mark.thorough
def test_no_attempt_begins_when_all_work_is_done():
    settings = Settings.of(**{**PLENTY, "common": {"steps": 1}})
    records = synthesize(SMALL, 1, settings, workers=1).records
    events = [record.event for record in records]
    assert events.count("judge") == 1 and "out of work" in events and "regrow" not in events
    assert "regrow" in [r.event for r in synthesize(SMALL, 1, Settings.of(**PLENTY)).records]


# -------------------- edits --------------------


@pytest.fixture(scope="module")
def search():
    return prepare(TASK, 3, BRIEF)


def test_magnitude_pruning_takes_the_smallest_and_what_dies_with_them(search):
    loop, state = search
    search, before = loop.search, state.parameters
    pruned, moments = prune_by_magnitude(
        before, adam(0.1).init(before), search.objective, count=100
    )
    assert len(pruned) <= len(before) - 100
    assert moments.first.support is pruned.support
    smallest = np.sort(np.abs(before.buffer))[100]
    assert np.abs(pruned.buffer).min() >= smallest


def test_removing_dead_links_keeps_the_loss(search):
    loop, state = search
    search = loop.search
    cut = state.parameters.support.where(np.arange(1486) % 5 == 0)
    thinned = restrict(state.parameters, cut)
    living, _ = remove_dead(thinned, (), search.objective)
    assert len(living) < len(thinned)
    assert search.objective.loss(living) == pytest.approx(search.objective.loss(thinned), rel=1e-12)


def test_ablation_pruning_measures_the_loss():
    detector = duplicate_detector()
    useless = detector.trainable.at(("compare", "dict-2", "norm", "norm")).set(1e-12)
    loop, state = prepare(TASK, 0, BRIEF, detector.with_trainable(useless))
    pruned, _ = prune_by_ablation(state.parameters, (), loop.search.objective)
    assert pruned == detector.trainable


# -------------------- records, settings --------------------


def test_a_front_ignores_losses_that_are_not_finite():
    assert len(Front().add(VValue({"a": 1}), float("nan"))) == 0


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"common": {"descent": {"rate": 0.0}}}, "rate"),
        ({"dense": {"l1": -1.0}}, "l1"),
        ({"bite": {"fraction": 1.0}}, "fraction"),
        ({"seconds": "x"}, "seconds"),
        ({"dense": {"stepz": 3}}, r"no setting dense\.stepz"),
    ],
)
def test_impossible_settings_are_refused(changes, name):
    with pytest.raises(ValueError, match=name):
        Settings.of(**changes)


def test_a_run_out_of_time_delivers_the_best_so_far():
    outcome = synthesize(TASK, seed=0, settings=Settings(seconds=0.0))
    assert outcome.records[-1].event == "out of time"
    assert len(outcome.parameters) == 1486
