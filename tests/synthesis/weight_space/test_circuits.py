"""Invariant paths, vulnerability, recovery and joining for dataflow matrix machines."""

import numpy as np
import pytest

from dmm import Machine, layered_space, text_streams
from dmm.zoo import duplicate_detector
from synthesis.process.models import MachineModel
from synthesis.weight_space import plots
from synthesis.weight_space.circuits import (
    along_legs,
    circuit_reference,
    joined,
    neurons_cut,
    on_common_support,
    recovered_circuit,
    renamed_apart,
    vulnerability_map,
)
from synthesis.weight_space.path import Waypoint
from synthesis.weight_space.reference import freeze
from synthesis.weight_space.sparsity.pruning_path import (
    PruningSettings,
    deviation,
    pruned_along_path,
    settle,
    walked_to_zero,
)
from synthesis.weight_space.sparsity.sparse import sparsified
from vvalues import VValue, from_buffer, restrict

from .models import perceptron

STREAMS = text_streams(["aab.", "abca.b."], 70)


def detector():
    machine = duplicate_detector()
    return MachineModel(machine), machine


def with_relay(machine):
    """The same function by another circuit: the dot product goes through a relay."""
    links = machine.trainable.to_dict()
    links["output"]["dict-2"] = {"relay": {"dot": 1.0}}
    links["relay"] = {"dict-1": {"dot": {"dot": 1.0}}, "dict-2": {"const_1": {"const_1": 1.0}}}
    neurons = {**machine.neurons, "relay": "dot"}
    return Machine(neurons, machine.fixed, VValue(links), "with relay")


def detector_with_noise(seed=0, scale=0.003):
    """The detector inside a larger space, all other links small: a dense machine that works."""
    rng = np.random.default_rng(seed)
    machine = duplicate_detector()
    space = layered_space(rng, layers=1, copies=1, scale=scale)
    neurons = {**space.neurons, **machine.neurons}
    fixed = space.fixed + restrict(
        machine.fixed, machine.fixed.support.where(
            np.array([p not in space.fixed.support for p in machine.fixed.support.paths])
        )
    )  # fmt: skip
    parts = [
        path for path in space.trainable.support.paths if path not in machine.trainable.support
    ]
    noise = restrict(space.trainable, type(space.trainable.support).of(parts))
    return MachineModel(Machine(neurons, fixed, machine.trainable + noise)), machine


def test_a_path_prunes_a_machine_to_its_circuit_without_targets():
    model, _ = detector_with_noise()
    dense = model.space.trainable
    reference = circuit_reference(model, dense, STREAMS)
    settings = PruningSettings(few=30, bite_steps=20, budget=0.02)
    path = list(pruned_along_path(reference, np.random.default_rng(0), settings))
    links = [pruned.links for pruned in path]
    assert links[0] == len(dense) > 40
    assert links == sorted(links, reverse=True)
    assert links[-1] <= 12  # the handwritten circuit has 8
    assert path[-1].deviation <= settings.budget
    assert {pruned.phase for pruned in path} == {"start", "bite", "single"}


@pytest.mark.parametrize(
    "wrong", [{"few": -1}, {"bite": 1.5}, {"rate": 0.0}, {"slack": -1.0}, {"segments": 0}]
)
def test_settings_of_pruning_are_checked(wrong):
    [name] = wrong
    with pytest.raises(ValueError, match=f"^{name} is "):
        PruningSettings(**wrong)


def test_settling_undoes_a_movement_and_never_makes_it_worse():
    model, machine = detector()
    reference = circuit_reference(model, machine.trainable, STREAMS)
    noise = 0.05 * np.random.default_rng(0).standard_normal(machine.trainable.size)
    moved = from_buffer(machine.trainable.support, machine.trainable.buffer + noise)
    end = settle(reference, moved)
    assert deviation(reference, end) < 1e-6 * deviation(reference, moved)
    assert settle(reference, end, good=1.0) is end


def test_a_redundant_link_goes_and_the_others_compensate():
    _, machine = detector()
    doubled = machine.trainable.to_dict()
    doubled["output"]["dict-1"]["relay"] = {"dot": 0.4}
    doubled["output"]["dict-1"]["compare"]["true"] = 0.6
    doubled["relay"] = {
        "dict-1": {"compare": {"true": 1.0}}, "dict-2": {"const_1": {"const_1": 1.0}}
    }  # fmt: skip
    whole = Machine({**machine.neurons, "relay": "dot"}, machine.fixed, VValue(doubled))
    both = MachineModel(whole)
    reference = circuit_reference(both, whole.trainable, text_streams(["aab."], 30))
    q = whole.trainable.support.index["output", "dict-1", "relay", "dot"]
    shorter = settle(reference, walked_to_zero(reference, whole.trainable, q, 3))
    assert ("output", "dict-1", "relay", "dot") not in shorter
    # a relay adds ticks of delay, so the compensation is good, not exact
    cut = restrict(whole.trainable, shorter.support)
    assert deviation(reference, shorter) < 0.2 * deviation(reference, cut)


def test_only_machines_lose_links_this_way():
    model, parameters, inputs, rng = perceptron()
    with pytest.raises(TypeError, match="reference is of a Perceptron"):
        next(pruned_along_path(freeze(model, parameters, inputs), rng))


def test_zeros_of_machines_can_be_walked_to_as_well():
    model, _ = detector_with_noise()
    reference = circuit_reference(model, model.space.trainable, STREAMS)
    found = sparsified(
        reference,
        0.5,
        rng=np.random.default_rng(0),
        steps=40,
        per_step=None,
        stages=4,
        size=0.006,
        few=20,
    )
    assert found.zeros == round(0.5 * model.space.trainable.size)
    assert deviation(reference, found.projected) < 5.0


def test_the_map_measures_every_link():
    model, machine = detector()
    reference = circuit_reference(model, machine.trainable, STREAMS)
    found = vulnerability_map(reference)
    assert found.predicted.support is machine.trainable.support
    outgoing = ("output", "dict-2", "dot", "dot")
    # the outputs are linear in these links: prediction and measurement agree
    assert found.predicted[outgoing] == pytest.approx(found.measured[outgoing])
    assert min(found.measured.buffer) > 0  # 8 links, none to spare


def test_a_small_circuit_does_not_recover_a_redundant_one_does():
    model, machine = detector()
    reference = circuit_reference(model, machine.trainable, STREAMS)
    hurt = neurons_cut(machine.trainable, {"dot"})
    assert len(hurt) == len(machine.trainable) - 3
    lost = deviation(reference, hurt)
    assert deviation(reference, recovered_circuit(reference, hurt)) > 0.5 * lost

    other = renamed_apart(machine, machine)
    both, first, second = on_common_support(machine, other)
    whole = first * 0.7 + second * 0.3
    inner = np.array([path[0] != "output" for path in whole.support.paths])
    weights = np.where(inner, 1.0, whole.buffer)
    twice = from_buffer(whole.support, weights)
    reference = circuit_reference(both, twice, STREAMS)
    hurt = neurons_cut(twice, {"dot"})
    recovered = recovered_circuit(reference, hurt)
    assert deviation(reference, recovered) < 1e-6 * deviation(reference, hurt)
    assert recovered["output", "dict-2", "dot'", "dot"] > 0.9  # it was 0.3


def test_recovery_refuses_links_that_were_not_there():
    model, machine = detector()
    reference = circuit_reference(model, machine.trainable, STREAMS)
    foreign = machine.trainable.at(("norm", "dict", "input", "char")).set(1.0)
    with pytest.raises(ValueError, match="norm/dict/input/char"):
        recovered_circuit(reference, foreign)


def test_two_circuits_are_joined_without_moving_the_outputs():
    _, machine = detector()
    other = renamed_apart(machine, with_relay(machine))
    streams = text_streams(["aab."], 60)
    model, first, second = on_common_support(machine, other)
    assert len(first.support) == 8 + 10
    start, goal = model(first, streams), model(second, streams)
    legs = joined(first, second)
    assert [leg.name for leg in legs] == ["grow", "swap", "shrink"]
    assert legs[0].start is first
    assert legs[-1].end is second
    ends = np.stack([start, goal])
    for name, position, circuit in along_legs(legs, 5):
        outputs = model(circuit, streams)
        # between the two ends' outputs at every tick (the relay is late by a cycle)
        assert (outputs >= ends.min(0) - 1e-9).all(), (name, position)
        assert (outputs <= ends.max(0) + 1e-9).all(), (name, position)


def test_circuits_that_share_neurons_are_refused():
    _, machine = detector()
    changed = machine.with_trainable(machine.trainable * 2.0)
    _, first, second = on_common_support(machine, changed)
    with pytest.raises(ValueError, match="separate neurons first: renamed_apart"):
        joined(first, second)
    retyped = Machine({**machine.neurons, "dot": "compare"}, machine.fixed)
    with pytest.raises(ValueError, match="'dot' is dot in one circuit and compare"):
        on_common_support(machine, retyped)


# -------------------- plots --------------------


def test_plots_take_and_return_axes():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    tree = VValue({"a": 1.0})
    path = [Waypoint(i, tree, 0.0, float(i), float(i), {"accuracy": 90.0}) for i in range(3)]
    model, machine = detector()
    scores = vulnerability_map(circuit_reference(model, machine.trainable, STREAMS)).measured
    figure, grid = plt.subplots(1, 7)
    drawn = [
        plots.accuracy_along({"one": ([0, 1], [90, 95])}, grid[0]),
        plots.drift_per_step({"one": [1e-3, 1e-2]}, grid[1]),
        plots.distance_along(path, grid[2], figure="accuracy"),
        plots.sparsity_curves([0.5, 0.9], {"one": [99, 90]}, grid[3]),
        plots.recovery_curves({"one": path}, grid[4]),
        plots.pruning_curve([100, 10], {"loss": [0.1, 0.0]}, grid[5]),
        plots.vulnerability_graph(machine, scores, grid[6]),
    ]
    assert drawn == list(grid)
    assert list(grid[0].lines[0].get_ydata()) == [90, 95]
    names = {text.get_text() for text in grid[6].texts}
    assert {"accum", "dot", "output", "eos"} <= names
    figure.canvas.draw()
    plt.close(figure)
    own = plots.sparsity_curves([0.5], {"one": [99]})
    assert own.get_ylabel() == "test accuracy, %"
    plt.close(own.figure)
