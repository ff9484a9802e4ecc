"""Free scales are divided out; weights become simple where nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dmm import compile_machine, get_neuron_type, text_streams, zoo
from dmm.zoo import duplicate_detector
from synthesis.edits.normalise import (
    FACTORS,
    SCALING,
    normalise,
    rescaled_products,
    simplify_weights,
    snap,
)
from synthesis.loop import Search
from synthesis.loop.phases.judge import _settled
from synthesis.optimize.objective import MachineObjective
from synthesis.process.models import MachineModel
from synthesis.tasks import get_task
from synthesis.tasks.streams.suite import wire
from tests.dmm.machines import random_machine
from tests.examples import examples
from vvalues import VValue
from vvalues.core.tree import from_leaves

TEXTS = ["aabb.", "abab.b", "..a.a"]
STREAMS = text_streams(TEXTS, 60)
FEW = text_streams(TEXTS, 12)


def few_outputs(machine, trainable):
    return compile_machine(machine.with_trainable(trainable))(trainable, FEW)


def rescaled_detector(rng):
    """The handcrafted detector with random scales and signs that cancel."""
    a, b, c, d = rng.uniform(0.3, 3.0, size=4)
    s, t = rng.choice([-1.0, 1.0], size=2)
    return wire(
        f"""
        accum.dict-2 <- input.char {s * a}
        norm.dict <- accum.dict {b}
        compare.dict-1 <- norm.norm {c}
        compare.dict-2 <- const_1.const_1 {a * b * c}
        dot.dict-1 <- accum.dict {t * d}
        dot.dict-2 <- eos.char {s * t / (a * d)}
        output.dict-1 <- compare.true {1 / (a * b * c)}
        output.dict-2 <- dot.dot 1
        """
    )


@given(st.integers(0, 2**32 - 1))
def test_any_point_of_the_scale_family_becomes_the_handcrafted_machine(seed):
    machine = rescaled_detector(np.random.default_rng(seed))
    np.testing.assert_allclose(normalise(machine).buffer, np.ones(8), rtol=1e-12)


SCALED = ("accum", "norm", "compare", "dot", "identity", "relu", "gate")


def partly_fixed(machine, rng, share):
    """The machine with some of its links fixed, and a few weights zero."""
    parts: tuple[dict, dict] = {}, {}
    for path, weight in machine.trainable.items():
        parts[rng.random() < share][path] = weight * (rng.random() > 0.1)
    free, held = map(from_leaves, parts)
    return replace(machine, fixed=machine.fixed + held, trainable=free)


@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([0.0, 0.2]))
@examples(100)
def test_the_machine_computes_the_same(seed, is_cyclic, share):
    rng = np.random.default_rng(seed)
    machine = random_machine(rng, 4, 0.3, is_cyclic=is_cyclic, scale=0.5, types=SCALED)
    machine = partly_fixed(machine, rng, share)
    expected = few_outputs(machine, machine.trainable)
    assume(np.abs(expected).max() < 1e3)
    found = few_outputs(machine, normalise(machine))
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("is_fixed", [False, True])
@pytest.mark.parametrize(
    "loop",
    [
        "norm.dict <- norm.norm 0.9",
        "compare.dict-2 <- compare.true 0.7",
        "dot.dict-1 <- dot.dot -0.4",
        "dot.dict-2 <- dot.dot -0.1",
        "gate.gate <- gate.dict 0.6",
        "gate.dict <- gate.dict -0.4",
    ],
)
def test_a_neuron_that_reads_itself_computes_the_same(loop, is_fixed):
    machine = wire(
        f"""
        accum.dict-2 <- const_1.const_1 0.1
        norm.dict <- accum.dict -0.3
        compare.dict-1 <- norm.norm -0.5
        dot.dict-1 <- norm.norm 0.7
        dot.dict-2 <- accum.dict -0.2
        gate.gate <- norm.norm 0.3
        gate.dict <- accum.dict -0.8
        {loop}
        output.dict-1 <- compare.false
        output.dict-1 <- gate.dict 0.9
        output.dict-2 <- dot.dot
        output.dict-2 <- norm.norm
        """
    )
    (held,) = (p for p in machine.trainable.support.paths if p[0] == p[2] and p[0] != "accum")
    if is_fixed:
        weights = dict(machine.trainable.items())
        fixed = machine.fixed + from_leaves({held: weights.pop(held)})
        machine = replace(machine, fixed=fixed, trainable=from_leaves(weights))
    expected = few_outputs(machine, machine.trainable)
    found = few_outputs(machine, normalise(machine))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert np.ptp(expected) > 0.0


def with_loops(machine, rng):
    """Some of the neurons read themselves as well."""
    links = dict(machine.trainable.items())
    for neuron, kind in machine.neurons.items():
        if kind in (*SCALING, *FACTORS) and rng.random() < 0.3:
            ports = get_neuron_type(kind)
            links[neuron, ports.reads[0].name, neuron, ports.writes[0].name] = 5.0 * rng.random()
    return machine.with_trainable(from_leaves(links))


@given(st.integers(0, 2**32 - 1))
def test_the_largest_weight_into_a_neuron_from_others_is_one(seed):
    rng = np.random.default_rng(seed)
    machine = with_loops(random_machine(rng, 5, 0.5, is_cyclic=False, types=SCALED), rng)
    found = normalise(machine)
    signed = {name for name, kind in machine.neurons.items() if kind == "relu"}
    signed |= {p[0] for p in machine.trainable.support.paths if p[0] == p[2]}
    for neuron, kind in machine.neurons.items():
        for field in FACTORS.get(kind, (None,) * (kind in SCALING)):
            into = [
                weight
                for p, weight in found.items()
                if p[0] == neuron != p[2] and field in (None, p[1])
            ]
            if into:
                largest = max(into, key=abs)
                assert abs(largest) == pytest.approx(1.0)
                assert largest > 0.0 or neuron in signed


def test_a_comparison_of_negated_streams_is_turned_round():
    machine = wire(
        """
        norm.dict <- input.char
        compare.dict-1 <- const_1.const_1 -2
        compare.dict-2 <- norm.norm -2
        output.dict-1 <- compare.true 0.5
        """
    )
    turned = normalise(machine)
    assert turned["compare", "dict-1", "norm", "norm"] == 1.0
    assert turned["compare", "dict-2", "const_1", "const_1"] == 1.0
    assert turned["output", "dict-1", "compare", "true"] == 1.0


def test_a_comparison_read_at_false_is_read_at_true():
    machine = wire(
        """
        norm.dict <- input.char
        compare.dict-2 <- norm.norm
        output.dict-1 <- compare.false
        """
    )
    turned = normalise(machine)
    assert turned["compare", "dict-1", "norm", "norm"] == 1.0
    assert turned["output", "dict-1", "compare", "true"] == 1.0


@pytest.fixture(scope="module")
def objective():
    detector = duplicate_detector()
    model = MachineModel(detector)
    return MachineObjective(model, STREAMS, model(detector.trainable, STREAMS))


def test_snapping_recovers_exact_weights(objective):
    detector = duplicate_detector()
    noisy = detector.trainable * (1.0 + 1e-9)
    assert snap(objective, noisy, 1e-12) == detector.trainable


def test_a_weight_that_is_not_simple_is_kept():
    detector = duplicate_detector()
    crooked = detector.trainable.at(("output", "dict-1", "compare", "true")).set(1.13)
    model = MachineModel(detector)
    objective = MachineObjective(model, STREAMS, model(crooked, STREAMS))
    assert snap(objective, crooked * (1.0 + 1e-9), 1e-12)[
        "output", "dict-1", "compare", "true"
    ] == (pytest.approx(1.13))


class Rough:
    """An objective that only asks that some weights stay as they are."""

    def __init__(self, parameters, kept=()):
        self.buffer, self.kept = parameters.buffer, list(kept)

    def losses(self, support, buffers):
        return np.any(buffers[:, self.kept] != self.buffer[self.kept], axis=1).astype(float)

    def loss(self, parameters):
        return 0.0


SIMPLE = np.array([0.0, 0.1, 0.25, 1 / 3, 0.5, *range(1, 20)])


@given(seed=st.integers(0, 2**32 - 1), n_kept=st.integers(0, 5))
def test_every_weight_that_may_change_goes_to_the_nearest_simple_value(seed, n_kept):
    rng = np.random.default_rng(seed)
    weights = rng.choice([0.3, 3.0, 18.0], 40) * rng.uniform(-1.0, 1.0, 40)
    tree = VValue({"w": weights})
    kept = rng.choice(40, n_kept, replace=False)
    found = snap(Rough(tree, kept), tree, 0.0)["w"]
    np.testing.assert_array_equal(found[kept], weights[kept])
    changed = np.delete(np.arange(40), kept)
    distance = np.abs(found - weights)[changed]
    assert distance == pytest.approx(np.abs(np.abs(weights)[:, None] - SIMPLE).min(1)[changed])
    assert np.all(found * weights >= 0.0)


def test_weights_that_may_change_only_together_do():
    class Together(Rough):
        def losses(self, support, buffers):
            is_changed = buffers != self.buffer
            return np.any(is_changed, axis=1) - np.all(is_changed, axis=1).astype(float)

    tree = VValue({"w": np.array([0.9, 2.2, -0.45])})
    assert snap(Together(tree), tree, 0.0)["w"].tolist() == [1.0, 2.0, -0.5]


def test_a_scale_is_divided_out_as_long_as_the_loss_is_allowed():
    machine = wire("norm.dict <- input.char 0.7\noutput.dict-1 <- norm.norm 0.9")
    tree = machine.trainable
    found = simplify_weights(machine, Rough(tree, range(len(tree))), 0.0)
    assert found == normalise(machine) != tree


def test_simplified_weights_have_no_more_loss(objective):
    machine = duplicate_detector()
    scaled = machine.with_trainable(rescaled_detector(np.random.default_rng(1)).trainable)
    simple = simplify_weights(scaled, objective, 1e-10)
    assert objective.loss(simple) == 0.0
    assert np.all(simple.buffer == 1.0)


# -------------------- scales that only longer strings show --------------------


def half_scale(machine):
    """The detector with its product at half scale: the same until more than four stops came."""
    weights = dict(machine.trainable.items())
    for path in weights:
        if path[0] == "dot" and path[1] == "dict-1":
            weights[path] *= 0.5
        if path[2] == "dot":
            weights[path] *= 2.0
    return machine.with_trainable(from_leaves(weights))


def test_one_of_the_rescaled_products_is_the_original():
    machine = duplicate_detector()
    variants = list(rescaled_products(half_scale(machine)))
    assert machine.trainable in variants
    few = text_streams("ab.ab.", 60)  # fewer than four stops: nothing tells them apart
    program = compile_machine(machine)
    expected = program(machine.trainable, few)
    for variant in variants:
        assert program(variant, few) == pytest.approx(expected, abs=1e-12)


def test_the_scales_that_are_tried_are_weights_and_their_inverses():
    machine = wire(
        """
        dot.dict-1 <- input.char 4
        dot.dict-2 <- const_1.const_1 0
        output.dict-1 <- dot.dot -3
        """
    )
    scales = [v["dot", "dict-1", "input", "char"] for v in rescaled_products(machine)]
    assert sorted(scales) == pytest.approx([1.0, 4.0 / 3.0, 12.0, 16.0])


def test_an_exact_machine_is_made_exact_on_the_proof_too():
    task = get_task("duplicate-detector")
    machine = half_scale(duplicate_detector())
    model = MachineModel(machine)
    few = MachineObjective(model, *_example(task, "ab.ab.", 60))
    many = MachineObjective(model, *_example(task, "a......", 100))
    assert few.loss(machine.trainable) == 0.0
    assert many.loss(machine.trainable) > 1.0
    objective, settled = _settled(Search(few, model, proof=many), machine.trainable)
    assert objective.loss(settled) == 0.0
    assert settled == duplicate_detector().trainable
    gradient = objective.gradient(machine.trainable)[1]
    assert gradient == few.gradient(machine.trainable)[1] + many.gradient(machine.trainable)[1]
    r, jacobian = objective.residuals(machine.trainable)
    assert r @ r == pytest.approx(objective.loss(machine.trainable))
    assert 2 * jacobian @ r == pytest.approx(gradient.buffer, abs=1e-9)
    assert objective.living(settled.support) is settled.support


def _example(task, text, ticks):
    example = task.example(text_streams(text, ticks))
    return example.inputs, example.targets


def test_every_factor_of_a_rule_gets_a_scale_of_its_own():
    rule = zoo.delta_rule(rate=0.2)
    strange = {
        ("rule-1", "gate", "clock-3", "stream"): 4.0,
        ("rule-1", "post", "y", "dict"): -0.5,
        ("rule-1", "post", "p", "dict"): 0.5,
        ("rule-1", "pre", "x", "dict"): 5.0,
        ("self", "delta", "rule-1", "delta"): -0.02,
    }
    found = normalise(rule.with_trainable(from_leaves(strange)))
    sign = found["rule-1", "post", "y", "dict"]
    assert abs(sign) == 1.0
    assert found["rule-1", "post", "p", "dict"] == -sign
    assert found["rule-1", "gate", "clock-3", "stream"] == 1.0
    assert found["rule-1", "pre", "x", "dict"] == 1.0
    assert found["self", "delta", "rule-1", "delta"] == pytest.approx(0.2 * sign)
