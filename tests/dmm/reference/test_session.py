"""Live sessions: step, send, feed, inspect, undo."""

from __future__ import annotations

import asyncio
import queue

import numpy as np
import pytest

import vvalues as vv
from dmm import Session, run, text_streams, zoo
from vvalues import VValue


def accumulation():
    session = Session(zoo.asynchronous_accumulation())
    session.default("reader", {"step": 1})
    return session


def test_steps_are_the_cycles_of_the_reference_engine():
    machine = zoo.wave()
    session, trace = Session(machine), run(machine, ticks=5)
    for inputs, outputs in zip(*trace, strict=True):
        session.step()
        assert session.inputs == inputs
        assert session.outputs == outputs


def test_a_source_that_reads_a_timer_emits_what_is_fed():
    detector = zoo.duplicate_detector()
    streams = text_streams("aab.", 50)
    session = Session(detector)
    session.feed("input", *streams.trees("input", 0))
    expected = run(detector, streams).inputs
    for inputs in expected:
        session.step()
        assert session.inputs == inputs


def test_undo_goes_back_exactly():
    session = accumulation()
    moments = [session.moment]
    for action in (
        session.step,
        lambda: session.step(3),
        lambda: session.feed("reader", {"a": 1}),
        session.step,
        lambda: session.send({"printer": {"dict-2": {"reader": {"stream": 2.0}}}}),
        session.step,
    ):
        action()
        moments.append(session.moment)
    for moment in moments[-2::-1]:
        session.undo()
        assert session.moment == moment
    session.undo()  # the default
    with pytest.raises(ValueError, match="0 steps can be undone, not 1"):
        session.undo()


def test_a_failing_step_changes_nothing():
    session = accumulation()
    session.step(2)
    session.feed("reader", {"step": np.ones(3)})  # a scalar so far
    before = session.moment
    with pytest.raises(ValueError, match="neuron 'accum' \\(accum\\) at tick 3"):
        session.step(5)
    assert session.moment is before


def test_a_fragment_changes_an_external_matrix_at_the_next_tick():
    session = accumulation()
    session.step(5)
    session.send({"printer": {"dict-2": {"reader": {"stream": 2.0}}}})
    session.step()
    assert session.inputs["printer", "dict-2"] == VValue({"step": 2.0})
    with pytest.raises(ValueError, match=r"fragment: the link .* names the neuron 'nobody'"):
        session.send({"nobody": {"dict": {"accum": {"dict": 1.0}}}})


def test_a_fragment_changes_the_matrix_a_machine_holds():
    session = Session(zoo.wave())
    session.step()
    session.send(zoo.links("update-1.single <- update-2.single 3"))
    assert session.matrix["update-1", "single", "update-2", "single"] == 3.0
    session.step()
    assert session.matrix["update-1", "single", "update-2", "single"] == 3.0  # accumulated
    with pytest.raises(ValueError, match="fragment: a/b has 2 keys"):
        session.send({"a": {"b": 1.0}})


def test_fragments_arrive_through_the_direct_input_and_make_new_neurons():
    session = Session(zoo.editable({"x": "stream"}))
    session.default("x", {"x": 1.0})
    session.step(2)
    half = zoo.links("accum-new.dict-1 <- accum-new.dict\naccum-new.dict-2 <- x.stream") * 0.5
    session.feed("direct", half + half)  # fragments are scaled and added like any V-value
    session.step()
    assert "accum-new" not in session.outputs
    session.step(2)
    assert session["accum-new", "dict"] == VValue({"x": 1.0})
    session.step(2)
    assert session["accum-new", "dict"] == VValue({"x": 3.0})


def test_a_row_for_a_name_of_no_type_is_an_error_that_names_the_link():
    session = Session(zoo.editable())
    session.send(zoo.links("nonsense-1.dict <- direct.stream"))
    with pytest.raises(ValueError, match=r"nonsense-1/dict/direct/stream .* type 'nonsense'"):
        session.step()


def test_neurons_come_and_go():
    session = accumulation()
    session.step(3)
    session.send_neuron("norm", "norm", zoo.links("norm.dict <- accum.dict"))
    session.send_neuron("count", "accum")
    session.step(2)
    assert session["norm", "norm"] == 3.0
    session.remove_neuron("norm")
    session.step()
    assert "norm" not in session.outputs
    assert not any("norm" in path for path in session.matrix)
    with pytest.raises(ValueError, match="'accum' already"):
        session.send_neuron("accum", "accum")
    with pytest.raises(ValueError, match="no neuron 'norm'"):
        session.remove_neuron("norm")
    with pytest.raises(ValueError, match="send the negative"):
        Session(zoo.wave()).remove_neuron("self")


def test_the_fixed_links_of_a_new_neuron_are_fixed():
    """Or a training of the saved machine would make it another type of neuron."""
    session = accumulation()
    own = ("count", "dict-1", "count", "dict")
    links = zoo.links("count.dict-1 <- count.dict 0.5\ncount.dict-2 <- accum.dict 2")
    session.send_neuron("count", "accum", links)
    assert own in session.machine.fixed and session.machine.fixed[own] == 1.0
    assert own not in session.machine.trainable
    assert session.machine.trainable["count", "dict-2", "accum", "dict"] == 2.0
    session.remove_neuron("count")
    assert not any("count" in path for path in (*session.machine.fixed, *session.matrix))


def test_in_a_machine_that_holds_its_matrix_they_are_part_of_it():
    session = Session(zoo.wave())
    session.send_neuron("count", "accum", zoo.links("count.dict-2 <- update-1.single 2"))
    assert session.matrix["count", "dict-1", "count", "dict"] == 1.0
    assert session.matrix["count", "dict-2", "update-1", "single"] == 2.0


def test_inspect_shows_input_and_output():
    session = accumulation()
    session.step(3)
    assert session.inspect(("accum", "dict")) == {
        "input": VValue(),
        "output": VValue({"step": 2}),
    }
    assert session.inspect("printer")["input"] == VValue({"dict-1": {"step": 1}})
    assert (
        repr(session) == "<Session 'asynchronous-accumulation' after 3 ticks: 3 neurons, 3 links>"
    )


def test_only_sources_are_fed():
    with pytest.raises(ValueError, match=r"'accum' is not a source .* its sources are reader"):
        accumulation().feed("accum", {"a": 1})


def test_a_queue_is_read_one_entry_a_tick():
    session, entries = accumulation(), queue.Queue()
    session.attach("reader", entries)
    entries.put({"a": 1})
    entries.put({"b": 1})
    session.step(4)
    assert session["accum", "dict"] == VValue({"a": 1, "b": 1, "step": 1})


def test_a_session_runs_beside_other_tasks():
    async def scene():
        session, entries, printed = accumulation(), asyncio.Queue(), []
        session.attach("reader", entries)

        async def typist():
            await asyncio.sleep(0)
            await entries.put({"a": 1})

        typing = asyncio.create_task(typist())
        async for inputs in session.run(8):
            printed.append(inputs.subtree(("printer", "dict-1")))
        await typing
        return printed

    last = asyncio.run(scene())[-1]
    assert last["a"] == 1.0
    assert last["step"] == 5.0  # eight ticks: two on the way, one taken by the event


def test_the_number_key_can_be_fed():
    session = accumulation()
    session.feed("reader", {vv.NUMBER: 2.0})
    session.step(2)
    assert session["accum", "dict", vv.NUMBER] == 2.0
