"""Tables in CSV files, read with the standard library: a header of names, a row per sample.

Whatever is wrong with a file is told in one line that names the file, the line and the column.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["CsvTable", "csv_text", "quoted", "read_csv"]

LARGEST = 50_000_000
"""Bytes of a file that are read."""

MOST_COLUMNS = 10_000
DELIMITERS = ",;\t"
UNKNOWN = ("", "nan", "na")
"""What stands, in capitals or not, for an answer that is not known."""


@dataclass(frozen=True)
class CsvTable:
    """A table of texts.

    Attributes
    ----------
    file : str
        For messages.
    columns : dict of name to texts, one per row
    lines : list of int
        Where the rows end in the file, counted from 1.
    """

    file: str
    columns: dict[str, list[str]]
    lines: list[int]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.lines)

    def column(self, name: str) -> list[str]:
        """The texts of one column.

        Raises
        ------
        ValueError
            If there is no such column; the message lists those that are there.
        """
        if name not in self.columns:
            raise ValueError(
                f"{self.file}: has no column {name!r}; its columns are {quoted(self.columns)}"
            )
        return self.columns[name]

    def numbers(self, name: str, *, with_gaps: bool = False) -> np.ndarray:
        """The numbers of one column, (rows,).

        Parameters
        ----------
        name : str
        with_gaps : bool
            Whether a cell may be empty (or NaN, or NA): NaN then.

        Raises
        ------
        ValueError
            If a cell is no finite number; the message names its line.
        """
        texts = self.column(name)
        values = np.empty(len(texts))
        for i, text in enumerate(texts):
            number = _number(text)
            if number is None and with_gaps and text.strip().lower() in UNKNOWN:
                number = math.nan
            if number is None:
                raise ValueError(self._no_number(name, i))
            values[i] = number
        return values

    def labels(self, name: str) -> list[str]:
        """The texts of one column, none of them empty.

        Raises
        ------
        ValueError
            If a cell is empty; the message names its line.
        """
        texts = self.column(name)
        for line, text in zip(self.lines, texts, strict=True):
            if not text.strip():
                raise ValueError(
                    f"{self.file}: line {line}, column {name!r} is empty; every row belongs to a "
                    "group"
                )
        return texts

    def placed(self, group: str | None) -> tuple[list[str], list[Sequence[object]]]:
        """Names and columns that tell rows apart: their lines and, if there is one, the group."""
        if group is None:
            return ["line"], [self.lines]
        return ["line", group], [self.lines, self.column(group)]

    def _no_number(self, name: str, row: int) -> str:
        text = self.columns[name][row]
        where = f"{self.file}: line {self.lines[row]}, column {name!r}"
        if text.strip().lower() in UNKNOWN:
            return f"{where} is empty; a machine needs a number in every row: fill it"
        return (
            f"{where} is {text!r:.40}, no finite number; make numbers of texts, such as 0 and 1, "
            "or leave the column out"
        )


def read_csv(file: str | os.PathLike) -> CsvTable:
    """Read a CSV file: names in the first line, cells apart by commas, semicolons or tabs.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is too large, no UTF-8 text, has no or ambiguous names, no row, or rows of another
        number of cells; the message names file and line.
    """
    where = os.fspath(file)
    text = _text(file, where)
    header = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=header.count)
    rows = _rows(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), where)
    _, names = next(rows, (1, []))
    names = [name.strip() for name in names]
    _check_names(names, where)
    lines = []
    columns: dict[str, list[str]] = {name: [] for name in names}
    for line, cells in rows:
        if len(cells) != len(names):
            raise ValueError(
                f"{where}: line {line} has {len(cells)} cells where the header has {len(names)} "
                "names; put quotes around cells that hold the delimiter"
            )
        lines.append(line)
        for column, cell in zip(columns.values(), cells, strict=True):
            column.append(cell)
    if not lines:
        raise ValueError(f"{where}: has no row below the names of the columns")
    return CsvTable(where, columns, lines)


def _text(file: str | os.PathLike, where: str) -> str:
    with open(Path(file), "rb") as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"{where}: has more than {LARGEST} bytes; cut it into several files")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(f"{where}: line {line} is no UTF-8 text; save the file as UTF-8") from None


def _rows(reader: Iterator[list[str]], where: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, with the lines on which they end."""
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells  # type: ignore[attr-defined]
    except csv.Error as error:
        line = reader.line_num  # type: ignore[attr-defined]
        raise ValueError(f"{where}: line {line} is no CSV: {error}") from None


def _check_names(names: Sequence[str], where: str) -> None:
    if not names:
        raise ValueError(f"{where}: is empty; expected names of columns in the first line")
    if len(names) > MOST_COLUMNS:
        raise ValueError(f"{where}: line 1 has {len(names)} columns; at most {MOST_COLUMNS}")
    for i, name in enumerate(names):
        if not name:
            raise ValueError(f"{where}: line 1: column {i + 1} has no name; give it one")
        if name in names[:i]:
            raise ValueError(f"{where}: line 1: two columns are called {name!r}; rename one")
    if all(_number(name) is not None for name in names):
        raise ValueError(
            f"{where}: line 1 holds numbers ({names[0]!r:.40}); put the names of the columns there"
        )


def _number(text: str) -> float | None:
    """A finite number from text; None if it is anything else."""
    try:
        number = float(text) if "_" not in text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def csv_text(names: Sequence[str], columns: Iterable[Iterable[object]]) -> str:
    """A table as CSV; numbers so that they are read back to the bit, NaN and None as empty cells.

    Examples
    --------
    >>> csv_text(["a", "b"], [["x", None], [0.5, float("nan")]])
    'a,b\\r\\nx,0.5\\r\\n,\\r\\n'
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(names)
    writer.writerows([_cell(value) for value in row] for row in zip(*columns, strict=True))
    return stream.getvalue()


def _cell(value: object) -> object:
    is_unknown = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if is_unknown else value


def quoted(names: Iterable[str]) -> str:
    """Names for a message."""
    return ", ".join(map(repr, names))
