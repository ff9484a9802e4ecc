"""Input streams: strings, several sources, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import vvalues as vv
from dmm import (
    Machine,
    ReferenceProgram,
    compile_machine,
    recurrent_space,
    run,
    streams_from_trees,
    text_streams,
)
from vvalues import VValue
from vvalues.core.tree import from_leaves


def random_stream(rng, ticks, keys=("a", "b")):
    """Numbers and two keys; some entries are missing."""
    stream = []
    for _ in range(ticks):
        leaves = {(): rng.standard_normal(), **{(key,): rng.standard_normal() for key in keys}}
        stream.append(from_leaves({p: x for p, x in leaves.items() if rng.random() < 0.7}))
    return stream


def test_a_text_is_a_character_every_period_ticks_and_the_last_one_repeats():
    streams = text_streams("ab", 40, period=10)
    stream = streams.trees("input", 0)
    emitted = {t: tree for t, tree in enumerate(stream) if tree}
    assert emitted == {
        t: VValue({key: 1}) for t, key in [(0, "a"), (10, "b"), (20, "b"), (30, "b")]
    }


def test_strings_over_different_letters_share_columns():
    streams = text_streams(["abc", "xyz"], 5, period=1)
    assert streams.columns == 4
    assert streams.trees("input", 1)[0] == VValue({"x": 1})
    assert streams.select([1]).trees("input", 0)[0] == VValue({"x": 1})
    assert streams.select([1]).labels == ("xyz",)


def test_streams_of_trees_come_back():
    rng = np.random.default_rng(0)
    batch = [random_stream(rng, 6), random_stream(rng, 6, "xyz")]
    streams = streams_from_trees({"stream": batch})
    for b, stream in enumerate(batch):
        assert streams.trees("stream", b) == stream
    assert streams.trees("nobody", 0) == []


def test_several_sources_in_both_engines():
    rng = np.random.default_rng(1)
    sources = (("stream-left", "stream"), ("stream-right", "stream"), ("const_1", "const_1"))
    space = recurrent_space(rng, scale=0.4, sources=sources)
    streams = streams_from_trees(
        {
            name: [random_stream(rng, 12) for _ in range(2)]
            for name in ("stream-left", "stream-right")
        }
    )
    compiled = compile_machine(space)
    reference = ReferenceProgram(space, compiled.observed)
    values = compiled(space.trainable, streams)
    np.testing.assert_allclose(values, reference(space.trainable, streams), rtol=0, atol=1e-12)
    assert np.any(values)


def test_a_stream_is_read_one_tick_after_it_was_emitted():
    links = from_leaves({("output", "dict-1", "stream", "stream"): 2.0})
    machine = Machine({"stream": "stream", "output": "output"}, trainable=links)
    numbers = [VValue({vv.NUMBER: x}) for x in (3.0, 5.0, 7.0)]
    streams = streams_from_trees({"stream": [numbers]})
    observed = compile_machine(machine)(links, streams)
    assert observed[0, :, 0].tolist() == [0.0, 6.0, 10.0]
    assert [inputs["output", "dict-1"] for inputs in run(machine, streams).inputs] == [0, 6, 10]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"texts": ["ab", ""], "ticks": 3}, "a text is empty"),
        ({"texts": "ab", "ticks": 0}, "ticks is 0"),
        ({"texts": "ab", "ticks": 3, "period": 0}, "period is 0"),
    ],
)
def test_text_streams_refuse(arguments, message):
    with pytest.raises(ValueError, match=message):
        text_streams(**arguments)


def test_streams_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="pad short streams"):
        streams_from_trees({"a": [[VValue()]], "b": [[VValue(), VValue()]]})


def test_a_selection_from_a_batch_gives_the_same_values():
    rng = np.random.default_rng(3)
    space = recurrent_space(rng, scale=0.3)
    program = compile_machine(space)
    pool = text_streams(["test string.", "ab.", "abcdefghij."], 30)
    together = program(space.trainable, pool)
    for chosen in ([1], [2, 0], [1, 1]):
        alone = program(space.trainable, pool.select(chosen))
        np.testing.assert_allclose(alone, together[:, :, chosen], rtol=0, atol=1e-12)
