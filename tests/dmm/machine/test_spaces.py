"""Search spaces have exactly the published links."""

from __future__ import annotations

import numpy as np
import pytest

from dmm import (
    compile_machine,
    layered_space,
    load_machine,
    recurrent_space,
    superfluid_space,
    text_streams,
)
from dmm.machine.spaces import TYPES
from dmm.neurons import FUNCTION
from vvalues import Support, from_buffer, restrict


def rng():
    return np.random.default_rng(0)


def test_the_layered_space_is_the_published_one(julia_data):
    published = load_machine(julia_data / "feedforward-initial-matrix.json")
    space = layered_space(rng())
    assert len(space.trainable) == 1486
    assert space.trainable.support is published.trainable.support
    assert space.fixed == published.fixed
    assert dict(space.neurons) == dict(published.neurons)


@pytest.mark.parametrize(("copies", "n_links"), [(1, 72), (2, 208), (5, 1036)])
def test_the_recurrent_space_holds_the_links_that_can_matter(copies, n_links):
    space = recurrent_space(rng(), copies=copies)
    program = compile_machine(space)
    assert len(space.trainable) == n_links
    assert program.live.all()
    assert sorted(space.fixed) == [
        ("input", "timer", "timer", "timer"),
        ("timer", "timer", "timer", "timer"),
    ]


def test_the_recurrent_space_is_the_live_part_of_the_published_one(julia_data):
    published = load_machine(julia_data / "recurrent-932-initial-matrix.json")
    live = compile_machine(published).live
    paths = [path for path, lives in zip(published.trainable, live, strict=True) if lives]
    assert sorted(recurrent_space(rng()).trainable) == sorted(paths)


FIELDS = ("dict", "dict-1", "dict-2", "norm", "dot", "true", "false")


@pytest.mark.parametrize(("copies", "n_links"), [(1, 930), (5, 20306)])
def test_what_the_published_program_linked_beyond_that_changes_nothing(copies, n_links):
    """It linked every field name of every neuron with every other, whether it is read or not.

    (It counted the two fixed links of the clock too: 932 and 20,308.)
    """
    space = recurrent_space(rng(), copies)
    hidden = [name for name, kind in space.neurons.items() if kind in TYPES]
    ports = [(name, field) for name in hidden for field in FIELDS]
    receivers = [*ports, ("output", "dict-1"), ("output", "dict-2")]
    senders = [*ports, ("input", "char"), ("eos", "char"), ("const_1", "const_1")]
    support = Support.of([(*receiver, *sender) for receiver in receivers for sender in senders])
    assert support.size == n_links
    weights = from_buffer(support, 0.02 * rng().standard_normal(support.size))
    streams = text_streams("test string.", 60)
    outputs = []
    for trainable in (weights, restrict(weights, space.trainable.support)):
        machine = space.with_trainable(trainable)
        outputs.append(compile_machine(machine)(machine.trainable, streams))
    assert np.isfinite(outputs[1]).all() and np.ptp(outputs[1]) > 0
    assert np.array_equal(*outputs)


def test_weights_have_the_scale_asked_for_and_come_from_the_generator():
    one, same = recurrent_space(rng(), 5, 0.3), recurrent_space(rng(), 5, 0.3)
    assert one.trainable == same.trainable
    assert np.std(one.trainable.buffer) == pytest.approx(0.3, rel=0.1)


def test_sources_may_be_any_number_of_streams():
    sources = (("stream-left", "stream"), ("stream-right", "stream"), ("const_1", "const_1"))
    for space in (recurrent_space(rng(), sources=sources), layered_space(rng(), sources=sources)):
        assert "timer" not in space.neurons
        assert space.neurons["stream-left"] == "stream"
        assert compile_machine(space).live.all()


def test_a_space_of_nothing_is_refused():
    with pytest.raises(ValueError, match="copies is 0"):
        recurrent_space(rng(), copies=0)
    with pytest.raises(ValueError, match="layers is 0"):
        layered_space(rng(), layers=0)
    with pytest.raises(ValueError, match="unknown neuron type 'nonsense'"):
        recurrent_space(rng(), types=["nonsense"])


def test_the_recurrent_space_runs():
    space = recurrent_space(rng())
    values = compile_machine(space)(space.trainable, text_streams("test string.", 140))
    assert values.shape == (2, 140, 1)
    assert np.all(np.isfinite(values))


def test_superfluid_neurons_lean_to_one_type_each():
    even, own = (superfluid_space(rng(), 6, scale=0.0, leaning=share) for share in (0.0, 1.0))
    assert even.trainable.support is own.trainable.support
    for i in range(6):
        cell = own.trainable[f"cell-{i + 1}", FUNCTION, "functions"]
        assert [cell[name, ":number"] for name in TYPES] == [float(k == i % 4) for k in range(4)]
    with pytest.raises(ValueError, match=r"leaning is 1.5; expected a share from 0 to 1"):
        superfluid_space(rng(), leaning=1.5)
