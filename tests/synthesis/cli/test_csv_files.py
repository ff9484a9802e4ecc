"""CSV files: what was written is read, and what is wrong is told with file, line and column."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.cli.csv_files import csv_text, read_csv
from vvalues.strategies import numbers

NAME = st.text("abcxyz_é ", min_size=1).map(str.strip).filter(bool)


@given(
    names=st.lists(NAME, min_size=1, max_size=3, unique=True),
    rows=st.lists(st.tuples(numbers(), st.text("ab,;\"\n' ", max_size=4)), min_size=1, max_size=4),
)
def test_what_is_written_is_read(names, rows, tmp_path_factory):
    file = tmp_path_factory.mktemp("csv") / "data.csv"
    values = [number for number, _ in rows]
    texts = [f"_{text}" for _, text in rows]
    file.write_bytes(csv_text([*names, "text"], [*[values] * len(names), texts]).encode())
    table = read_csv(file)
    for name in names:
        np.testing.assert_array_equal(table.numbers(name), values)
    assert table.column("text") == texts


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "a;b\n1;2\n", "\ufeffa\tb\r\n\r\n1\t2\r\n", "a , b\n 1,2 "]
)
def test_delimiters_blank_lines_and_byte_order_marks(tmp_path, text):
    file = tmp_path / "data.csv"
    file.write_text(text, encoding="utf-8", newline="")
    table = read_csv(file)
    assert {name: table.numbers(name).tolist() for name in table.columns} == {"a": [1], "b": [2]}


def test_answers_may_be_unknown(tmp_path):
    file = tmp_path / "data.csv"
    file.write_text("y,z\n1,0\n,0\nNA,0\nNaN,0\n")
    np.testing.assert_array_equal(
        read_csv(file).numbers("y", with_gaps=True), [1, np.nan, np.nan, np.nan]
    )
    with pytest.raises(ValueError, match=r"data\.csv: line 3, column 'y' is empty"):
        read_csv(file).numbers("y")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"a,b\n", "no row"),
        (b"a,\n1,2\n", "line 1: column 2 has no name"),
        (b"a,b,a\n1,2,3\n", "line 1: two columns are called 'a'"),
        (b"1,2\n3,4\n", "line 1 holds numbers"),
        (b"a,b\n1,2\n3\n", "line 3 has 1 cells where the header has 2"),
        (b"a,b\n1,2\n\n1,2,3\n", "line 4 has 3 cells"),
        (b"a,b\n1,\xff\n", "line 2 is no UTF-8"),
        (b'a,b\n1,2\n"1,2\n', "line 3 is no CSV"),
        (b'a,b\n"x"y,2\n', "line 2 is no CSV"),
        (b"a\n" + b"1" * (csv.field_size_limit() + 1), "line 2 is no CSV"),
        (b",".join(b"c%d" % i for i in range(10_001)), "10001 columns"),
    ],
)
def test_hostile_files_are_refused_in_one_line(tmp_path, content, expected):
    file = tmp_path / "data.csv"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=expected) as caught:
        read_csv(file)
    assert str(caught.value).startswith(f"{file}: ")


@pytest.mark.parametrize("cell", ["on", "inf", "1e999", "1_000", "1,5", "0x1", "2026-01-01"])
def test_a_cell_that_is_no_number_is_named(tmp_path, cell):
    file = tmp_path / "data.csv"
    file.write_text(f'a,b\n1,2\n"{cell}",3\n')
    with pytest.raises(
        ValueError, match=r"data\.csv: line 3, column 'a' is '.*', no finite number"
    ):
        read_csv(file).numbers("a")


def test_large_files_are_not_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("synthesis.cli.csv_files.LARGEST", 10)
    file = tmp_path / "data.csv"
    file.write_text("a,b\n" + "1,2\n" * 10)
    with pytest.raises(ValueError, match="more than 10 bytes"):
        read_csv(file)


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path):
    file = tmp_path / "data.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"no column 'c'; its columns are 'a', 'b'"):
        read_csv(file).numbers("c")
