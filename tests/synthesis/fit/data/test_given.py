"""Streams and answers are the same strings in every form, and answers come back in it."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dmm import compile_machine, load_machine, save_machine, streams_from_trees
from dmm.machine import Circuit, Wire
from synthesis.fit.data import Names, read_streams, to_strings
from tests.examples import examples
from tests.synthesis.fit.data.forms import FORMS, data
from vvalues import VValue


def same(one, other):
    """Equal in type, shape and numbers."""
    assert type(one) is type(other)
    if isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for name in one:
            same(one[name], other[name])
    else:
        np.testing.assert_array_equal(one, other, strict=True)


@pytest.mark.parametrize("form", FORMS)
@given(random=st.data())
@examples(30)
def test_every_form_holds_the_same_strings(form, random):
    drawn = random.draw(FORMS[form].data)
    strings, names = to_strings(*FORMS[form].bring(drawn))
    np.testing.assert_array_equal(strings.lengths, drawn.lengths)
    assert strings.samples == max(drawn.lengths)
    assert len(names.streams) == drawn.n_streams
    assert len(names.outputs) == len(strings.answers) == drawn.n_outputs
    for b, (streams, answers) in enumerate(zip(drawn.streams, drawn.answers, strict=True)):
        length = len(streams)
        for k, source in enumerate(strings.inputs.arrays):
            np.testing.assert_array_equal(strings.numbers(source)[b, :length], streams[:, k])
            assert not strings.numbers(source)[b, length:].any()
        np.testing.assert_array_equal(strings.answers[:, :length, b].T, answers)
        assert not strings.asked[:, length:, b].any()


@pytest.mark.parametrize("form", FORMS)
@given(random=st.data())
@examples(30)
def test_answers_come_back_in_the_form_in_which_they_were_given(form, random):
    drawn = random.draw(FORMS[form].data)
    X, y, group = FORMS[form].bring(drawn)
    strings, names = to_strings(X, y, group)
    back = names.give(names.read(X, group), strings.answers)
    same(back, as_array(y) if len(set(drawn.lengths)) == 1 else y)


def as_array(y):
    """Strings of equal length as the array in which they come back."""
    return {k: np.array(v) for k, v in y.items()} if isinstance(y, dict) else np.array(y)


@given(drawn=data(), rng=st.randoms(use_true_random=False))
def test_the_order_of_named_streams_does_not_matter(drawn, rng):
    X, y, group = FORMS["pieces by name"].bring(drawn)
    strings, names = to_strings(X, y, group)
    turned = dict(rng.sample(list(X.items()), len(X)))
    found = names.read(turned)
    assert list(found.streams.arrays) == list(strings.inputs.arrays)
    for source, array in strings.inputs.arrays.items():
        np.testing.assert_array_equal(found.streams.arrays[source], array)


@given(texts=st.lists(st.text("abc.", min_size=1, max_size=6), min_size=1, max_size=4))
def test_a_text_is_a_key_per_sample(texts):
    streams = read_streams({"text": texts}).streams
    for b, text in enumerate(texts):
        trees = streams.trees("stream-text", b)
        assert [list(tree) for tree in trees[: len(text)]] == [[(key,)] for key in text]
        assert not any(trees[len(text) :])
    assert len(set(streams.keys)) == 1  # one assignment of keys to columns for all strings


def test_samples_may_be_mappings_vvalues_keys_and_numbers():
    tree = VValue({"a": {"b": 2.0}})
    streams = read_streams([[{"k": 2.0}, 1, True], ["key", tree]]).streams
    assert streams.trees("stream-x", 0) == [VValue({"k": 2.0}), *2 * [VValue({":number": 1.0})]]
    assert streams.trees("stream-x", 1) == [VValue({"key": 1.0}), tree, VValue()]


def test_one_text_is_one_string():
    found = read_streams({"text": "abca", "x": [1, 2, 3, 4]})
    assert (found.lengths.tolist(), found.names) == ([4], ("text", "x"))


def test_a_value_alone_is_the_same_at_every_sample():
    streams = read_streams({"text": ["ab.", "b"], "stop": {".": 1.0}}).streams
    stop = VValue({".": 1.0})
    assert streams.trees("stream-stop", 0) == [stop] * 3
    assert streams.trees("stream-stop", 1) == [stop, VValue(), VValue()]


def test_streams_are_taken_as_they_are():
    trees = [[VValue({"a": 1.0}), VValue()], [VValue({"b": 2.0}), VValue({"a": 1.0})]]
    numbers = [[VValue(), VValue({":number": 3.0})]] * 2
    given = read_streams(streams_from_trees({"input": trees, "stream-n": numbers}))
    assert given.names == ("input", "n")
    assert [given.streams.trees("stream-input", b) for b in (0, 1)] == trees
    assert [given.streams.trees("stream-n", b) for b in (0, 1)] == numbers


def test_arrays_of_arrays_are_lists():
    X = np.empty(2, dtype=object)
    X[:] = [np.array([1.0, 2.0]), np.array([3.0])]
    tables = np.empty(2, dtype=object)
    tables[:] = [np.ones((2, 3)), np.ones((4, 3))]
    assert read_streams(X).lengths.tolist() == [2, 1]
    assert read_streams(tables).names == ("x1", "x2", "x3")
    assert to_strings(X, X)[0].asked.sum() == 3


def test_what_is_masked_in_answers_is_not_asked():
    y = np.ma.masked_equal([[1, 0, 2, 9]], 9)
    strings, _ = to_strings([[1, 2, 3, 4]], y)
    np.testing.assert_array_equal(strings.answers[0, :, 0], [1, 0, 2, np.nan])


def test_names_that_the_user_does_not_give():
    assert read_streams([1, 2]).names == ("x",)
    assert read_streams(np.ones((1, 2, 3))).names == ("x1", "x2", "x3")
    assert to_strings([1, 2, 3], [1, 2, 3])[1].outputs == ("y",)
    assert to_strings([1, 2, 3], np.ones((3, 2)))[1].outputs == ("y1", "y2")


def test_reading_numbers_does_not_import_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    strings, names = to_strings({"x": [[1, 2], [3]]}, [[1, 2], [3]])
    names.give(names.read({"x": [[1, 2], [3]]}), strings.answers)


# -------------------- names --------------------


@given(names=st.lists(st.text(max_size=5), min_size=1, max_size=3, unique=True))
def test_machines_with_streams_of_any_name_survive_files(names, tmp_path_factory):
    sources = [f"stream-{name}" for name in names]
    circuit = Circuit(
        {**dict.fromkeys(sources, "stream"), "output": "output"},
        [Wire("output", "dict-1", source, "stream", k + 1.0) for k, source in enumerate(sources)],
    )
    machine, _ = circuit.lowered()
    file = tmp_path_factory.mktemp("machine") / "machine.json"
    save_machine(machine, file)
    again = load_machine(file)
    streams = read_streams({name: [1.0, 2.0] for name in names}).streams
    program = compile_machine(again, [("output", "dict-1")])
    answers = program(again.trainable, streams)
    total = sum(range(1, len(names) + 1))
    np.testing.assert_array_equal(answers[0, 1:, 0], [total])


X = {"a": np.arange(5.0), "b": np.ones(5)}
NAMED = to_strings(X, np.arange(5.0))[1]
UNNAMED = to_strings(np.arange(10.0).reshape(1, 5, 2), np.zeros((1, 5)))[1]
TEXT = to_strings({"text": ["abc"]}, [[1, 2, 3]])[1]


@pytest.mark.parametrize(
    ("names", "given", "expected"),
    [
        (NAMED, {"a": [1, 2]}, r"has the streams 'a'; expected 'a', 'b', .*\(missing: 'b'\)"),
        (NAMED, {**X, "c": np.ones(5)}, r"'a', 'b', 'c'; expected 'a', 'b', .*\(unknown: 'c'\)"),
        (NAMED, {"a": [1, 2], "B": [1, 2]}, r"\(missing: 'b'; unknown: 'B'\)"),
        (NAMED, np.ones((1, 5, 2)), "2 streams without names; expected 'a', 'b'"),
        (NAMED, np.ones((1, 5)), "1 stream without names; expected 'a', 'b'"),
        (NAMED, {}, "no stream"),
        (UNNAMED, np.ones((1, 5, 3)), "has 3 streams; expected 2"),
        (UNNAMED, {"a": [1, 2], "b": [1, 2]}, "expected 'x1', 'x2'"),
        (UNNAMED, {"x1": ["ab"], "x2": ["ab"]}, "'x1' holds keys; expected plain numbers"),
        (TEXT, {"text": [[1, 2, 3]]}, "'text' holds plain numbers; expected keys"),
    ],
)
def test_streams_that_were_not_fitted_are_refused(names, given, expected):
    with pytest.raises(ValueError, match=expected):
        names.read(given)


def test_names_that_we_gave_may_be_left_out_or_used():
    unnamed = UNNAMED.read(np.arange(10.0).reshape(1, 5, 2))
    named = UNNAMED.read({"x2": [[1, 3, 5, 7, 9]], "x1": [[0, 2, 4, 6, 8]]})
    for source, array in unnamed.streams.arrays.items():
        np.testing.assert_array_equal(named.streams.arrays[source], array)


def test_groups_are_remembered_by_the_name_of_their_column():
    X = {"x": [1, 2, 3, 4], "run": ["b", "b", "a", "a"]}
    strings, names = to_strings(X, [1, 2, 3, 4], "run")
    assert strings.lengths.tolist() == [2, 2]
    assert names.read(X).lengths.tolist() == [2, 2]
    assert names.read({"x": [1, 2, 3, 4]}).lengths.tolist() == [4]
    assert names.read(read_streams({"x": [1, 2]}).streams).lengths.tolist() == [2]


@given(
    streams=st.lists(st.text(max_size=5), min_size=1, max_size=3, unique=True),
    form=st.sampled_from(["columns", "mapping"]),
    group=st.one_of(st.none(), st.text(max_size=3), st.integers()),
)
def test_names_survive_a_file(streams, form, group):
    kinds = ("numbers", "keys", "both")[: len(streams)]
    names = Names(tuple(streams), kinds, True, ("y", "a/b"), form, group)
    assert Names.from_plain(json.loads(json.dumps(names.to_plain())), "file") == names


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"streams": 3}, "streams"),
        ({"streams": [3]}, "streams"),
        ({"streams": [{"name": "a", "kind": "strange"}]}, "streams"),
        ({"streams": [{"name": "a", "kind": "keys"}] * 2}, "streams"),
        ({"outputs": "y"}, "outputs"),
        ({"outputs": []}, "outputs"),
        ({"outputs": ["y", "z"]}, "form"),
        ({"form": ["flat"]}, "form"),
        ({"named": 1}, "named"),
        ({"group": []}, "group"),
    ],
)
def test_a_damaged_file_of_names_is_refused(changes, expected):
    document = {**NAMED.to_plain(), **changes}
    with pytest.raises(ValueError, match=f"^file: {expected}"):
        Names.from_plain(document, "file")


# -------------------- what is refused --------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.one_of(st.text(max_size=3), st.integers()), inner, max_size=3)
        | st.lists(st.floats(), max_size=4).map(np.array)
    ),
    max_leaves=12,
)


@given(X=ANYTHING, y=ANYTHING, group=st.none() | ANYTHING)
@example(X=[], y=None, group=0.0)
def test_anything_is_read_or_refused_in_one_sentence(X, y, group):
    try:
        strings, names = to_strings(X, y, group)
    except ValueError as error:
        assert "\n" not in str(error)
    else:
        assert strings.answers.shape == (len(names.outputs), strings.samples, len(strings))


@given(X=ANYTHING)
def test_anything_is_answered_or_refused(X):
    for names in (NAMED, UNNAMED, TEXT):
        try:
            assert names.read(X).names == names.streams
        except ValueError as error:
            assert "\n" not in str(error)


FIVE = np.arange(5.0)


@pytest.mark.parametrize(
    ("X", "y", "group", "expected"),
    [
        (FIVE, np.full(5, np.nan), None, "'y' is NaN at every sample"),
        (FIVE, np.stack([FIVE, np.full(5, np.nan)], 1), None, "'y2' is NaN at every sample"),
        (np.ones((3, 5)), np.ones((3, 5)), None, "same at every sample"),
        ({"a": {"k": 1.0}}, FIVE, None, "same at every sample"),
        (np.ones((5, 1)), np.ones((5, 1)), None, "one sample"),
        (np.arange(12.0).reshape(1, 2, 6), np.ones((1, 2)), None, "6 streams and y asks 2"),
        ([[1, np.nan]], [[1, 2]], None, "'x' is missing .* sample 2 of string 1"),
        ([[1, 2], [np.inf, 3]], [[1, 2]] * 2, None, "'x' is inf at sample 1 of string 2"),
        ([[1, None]], [[1, 2]], None, "missing"),
        ([["a", np.nan]], [[1, 2]], None, "X, sample 2 of string 1 .* is nan"),
        ([["a", object()]], [[1, 2]], None, "expected a number, a key"),
        ([["a", {"k": "text"}]], [[1, 2]], None, "is no V-value"),
        ([[1, 2], 3], [[1, 2]], None, "string 2 is 3"),
        (FIVE * 1j, FIVE, None, "expected a number"),
        ([1, 10**400], [1, 2], None, "expected a number"),
        (np.ones((2, 2, 2, 2)), FIVE, None, r"shape \(2, 2, 2, 2\)"),
        ({"a": np.ones((2, 2, 2))}, FIVE, None, "for one stream"),
        (3.0, 3.0, None, r"shape \(\)"),
        (object(), FIVE, None, "X is object"),
        ([], [], None, "no sample"),
        ([[1, 2], []], [[1, 2], []], None, "string 2 of X has no sample"),
        ({}, FIVE, None, "no stream"),
        ({"a": FIVE, "b": np.ones(4)}, FIVE, None, "'b' has 4 rows where 'a' has 5 rows"),
        ({"a": FIVE, "b": np.ones((1, 5))}, FIVE, None, "same strings and samples"),
        ({1: FIVE, "1": FIVE}, FIVE, None, "two streams that are called '1'"),
        ([np.ones((2, 2)), np.ones((3, 3))], FIVE, None, r"\[2, 3\] streams"),
        (FIVE, np.ones(4), None, r"shape \(4,\); expected \(5,\)"),
        (np.arange(6.0).reshape(3, 2), np.ones(3), None, r"give X\[None\]"),
        (np.ones((2, 3)), np.ones((3, 2)), None, r"expected \(strings, samples\) = \(2, 3\)"),
        ([[1, 2], [3]], [[1, 2], [3, 4]], None, "a list of 2 arrays"),
        ([[1, 2], [3]], [[1, 2]], None, "a list of 2 arrays"),
        (FIVE, ["a"] * 5, None, "no array of numbers"),
        (FIVE, None, None, "expected"),
        (FIVE, [1, 2, np.inf, 4, 5], None, "'y' is inf at row 3"),
        (FIVE, {}, None, "no output"),
        (FIVE, np.ones((5, 0)), None, "no output"),
        (FIVE, {"a": np.ones((5, 2))}, None, "y is a mapping"),
        (FIVE, {1: FIVE, "1": FIVE}, None, "called alike"),
        (FIVE, FIVE, "run", "'run' is the name of a column"),
        ({"x": FIVE}, FIVE, "run", "'run' is no stream"),
        (FIVE, FIVE, [1, 2], "group has 2 labels where X has 5 rows"),
        (FIVE, FIVE, [1, 2, None, 1, 2], "group is None at row 3"),
        (FIVE, FIVE, [[1]] * 5, "one label"),
        (FIVE[None], FIVE[None], [1], "the strings are apart already"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_in_one_sentence(X, y, group, expected):
    with pytest.raises(ValueError, match=expected) as caught:
        to_strings(X, y, group)
    assert "\n" not in str(caught.value)


def test_one_stream_may_be_constant():
    strings, _ = to_strings({"a": FIVE, "b": np.ones(5)}, FIVE)
    assert list(strings.inputs.arrays) == ["stream-a", "stream-b"]
