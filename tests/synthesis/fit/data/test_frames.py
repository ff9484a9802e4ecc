"""Streams and answers of pandas: the same strings as from arrays, answers with the index of X."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from synthesis.fit.data import read_streams, to_strings
from tests.synthesis.fit.data.forms import NAMES, OUTPUTS, Data, data, interleaved

pandas = pytest.importorskip("pandas", reason="pandas is not installed")


def frame_of(drawn: Data, string: int, first: int = 0):
    index = pandas.RangeIndex(first, first + len(drawn.streams[string]), name="t")
    return pandas.DataFrame(
        drawn.streams[string], index=index, columns=list(NAMES[: drawn.n_streams])
    )


def answers_of(drawn: Data, string: int, index):
    frame = pandas.DataFrame(
        drawn.answers[string], index=index, columns=list(OUTPUTS[: drawn.n_outputs])
    )
    return frame.iloc[:, 0] if drawn.n_outputs == 1 else frame


def same_strings(strings, drawn):
    np.testing.assert_array_equal(strings.lengths, drawn.lengths)
    assert [source.removeprefix("stream-") for source in strings.inputs.arrays] == list(
        NAMES[: drawn.n_streams]
    )
    for b, (streams, answers) in enumerate(zip(drawn.streams, drawn.answers, strict=True)):
        for k, source in enumerate(strings.inputs.arrays):
            np.testing.assert_array_equal(strings.numbers(source)[b, : len(streams)], streams[:, k])
        np.testing.assert_array_equal(strings.answers[:, : len(answers), b].T, answers)


def same(one, other):
    check = pandas.testing.assert_series_equal
    if isinstance(other, pandas.DataFrame):
        check = pandas.testing.assert_frame_equal
    check(one, other, check_names=True)


@given(drawn=data(one_string=True))
def test_rows_of_a_frame_are_one_string(drawn):
    X = frame_of(drawn, 0, first=5)
    y = answers_of(drawn, 0, X.index)
    strings, names = to_strings(X, y)
    same_strings(strings, drawn)
    same(names.give(names.read(X), strings.answers), y)


@given(drawn=data())
def test_a_list_of_frames_has_a_string_each(drawn):
    X = [frame_of(drawn, b) for b in range(len(drawn.streams))]
    y = [answers_of(drawn, b, frame.index) for b, frame in enumerate(X)]
    strings, names = to_strings(X, y)
    same_strings(strings, drawn)
    back = names.give(names.read(X), strings.answers)
    assert len(back) == len(y)
    for one, other in zip(back, y, strict=True):
        same(one, other)


@given(drawn=data())
def test_rows_of_one_group_are_one_string(drawn):
    runs, times = interleaved(drawn)
    tables = {
        "x": [drawn.streams[b][t] for b, t in zip(runs, times, strict=True)],
        "y": [drawn.answers[b][t] for b, t in zip(runs, times, strict=True)],
    }
    X = pandas.DataFrame(np.array(tables["x"]), columns=list(NAMES[: drawn.n_streams]))
    y = pandas.DataFrame(np.array(tables["y"]), columns=list(OUTPUTS[: drawn.n_outputs]))
    X.index = y.index = pandas.Index(times, name="time")  # the same times in every run
    named = X.assign(run=[f"run {b}" for b in runs])
    strings, names = to_strings(named, y, "run")
    same_strings(strings, drawn)
    same(names.give(names.read(named), strings.answers), y)
    again, _ = to_strings(X, y, runs)
    same_strings(again, drawn)


def test_a_series_is_a_stream_of_its_name():
    index = pandas.date_range("2026-01-01", periods=4, freq="D")
    X = pandas.Series([1, 0, 1, 1], index, name="rain")
    y = pandas.Series([True, False, True, True], index, name="wet")
    strings, names = to_strings(X, y)
    assert (names.streams, names.is_named, names.outputs) == (("rain",), True, ("wet",))
    same(names.give(names.read(X), strings.answers), y.astype(float))
    with pytest.raises(ValueError, match="1 stream without names; expected 'rain'"):
        names.read(X.to_numpy())
    assert read_streams(X.rename(None)).names == ("x",)


def test_a_mapping_of_series_keeps_their_index():
    index = pandas.Index([3, 5, 8])
    X = {"a": [1, 2, 3], "b": pandas.Series([3.0, 2.0, 1.0], index)}
    strings, names = to_strings(X, [1, 2, 3])
    assert names.give(names.read(X), strings.answers).index.equals(index)


def test_columns_that_nobody_named_are_called_as_those_of_arrays_are():
    assert read_streams(pandas.DataFrame(np.ones((3, 2)))).names == ("x1", "x2")
    nested = pandas.DataFrame(np.ones((3, 1)), columns=pandas.MultiIndex.from_tuples([("a", "b")]))
    assert read_streams(nested).names == ("a/b",)


def test_numbers_of_every_dtype_are_read():
    X = pandas.DataFrame({"a": [True, False, True], "b": pandas.array([1, 2, 3], dtype="Int64")})
    y = pandas.Series(pandas.array([1, None, 3], dtype="Int64"))
    strings, _ = to_strings(X, y)
    assert strings.numbers("stream-a").tolist() == [[1.0, 0.0, 1.0]]
    np.testing.assert_array_equal(strings.answers[0, :, 0], [1.0, np.nan, 3.0])


def frame(index=None, **columns):
    return pandas.DataFrame(columns or {"a": [1.0, 2.0, 3.0]}, index=index)


DAYS = pandas.to_datetime(["2026-01-02", "2026-01-01", "2026-01-03"])
Y = [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("X", "y", "group", "expected"),
    [
        (frame(a=["on", "off", "on"]), Y, None, "column 'a' of X has the dtype .*'on'.*0 and 1"),
        (frame(a=pandas.Series([1, 2, 3], dtype=object)), Y, None, "dtype object"),
        (frame(a=pandas.Categorical([1, 2, 3])), Y, None, "dtype category"),
        (frame(a=DAYS), Y, None, "dtype datetime"),
        (frame(a=[1j, 2, 3]), Y, None, "dtype complex"),
        (frame(a=[1.0, None, 3.0]), Y, None, "'a' is missing .* at row 1"),
        (frame(DAYS, a=[1.0, np.inf, 3.0]), Y, None, "not in order"),
        (frame([0, 1, 1]), Y, None, "has 1 twice"),
        (frame([0, 2, 1]), Y, None, "not in order .at 1"),
        (frame(DAYS), Y, None, "not in order .*2026-01-01.*sort_index"),
        (frame([0, 0, 0]), Y, [1, 1, 2], "has 0 twice in string 1"),
        (frame(), pandas.Series(Y, index=[1, 2, 3]), None, "differ in their index"),
        (frame(), pandas.Series(["a", "b", "c"]), None, "no array of numbers"),
        (frame(), Y[:2], None, r"expected \(3,\)"),
        (frame(), Y, "run", r"'run' is no column of X \(columns: 'a'\)"),
        (frame()["a"], Y, "run", "no column"),
        (frame(), Y, pandas.Series([1, 1, 2], index=[1, 2, 3]), "group and X differ"),
        (frame(), Y, pandas.Series([1, None, 2]), "group is .* at row 1"),
        ([frame(), frame(b=Y)], [Y, Y], None, "string 2 of X has the columns 'b'"),
        ([frame(), frame([0, 2, 1])], [Y, Y], None, "not in order in string 2"),
        ([frame()], [Y], [1], "apart already"),
        (pandas.DataFrame(np.ones((3, 2)), columns=["a", "a"]), Y, None, "called 'a'"),
        (pandas.DataFrame(index=range(3)), Y, None, "no stream"),
        (frame().iloc[:0], [], None, "no sample"),
        (
            {"a": pandas.Series(Y), "b": pandas.Series(Y, index=[1, 2, 3])},
            Y,
            None,
            "differ in their index",
        ),
    ],
)
def test_tables_that_cannot_be_learned_from_are_refused(X, y, group, expected):
    with pytest.raises(ValueError, match=expected) as caught:
        to_strings(X, y, group)
    assert "\n" not in str(caught.value)


def test_labels_in_an_index_have_no_order():
    strings, _ = to_strings(frame(["b", "a", "c"]), Y)
    assert strings.numbers("stream-a").tolist() == [Y]
