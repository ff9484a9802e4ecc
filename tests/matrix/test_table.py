"""The matrix is whole, and the page shows it as it is."""

from __future__ import annotations

from importlib import import_module

from tests.matrix.architectures import ARCHITECTURES
from tests.matrix.cells import METHODS, REFUSED
from tests.matrix.table import PAGE, written


def test_most_pairs_work_and_a_refusal_is_of_a_pair():
    assert all(name in ARCHITECTURES and method in METHODS for name, method in REFUSED)
    assert len(REFUSED) <= 0.15 * len(ARCHITECTURES) * len(METHODS)


def test_every_method_of_the_table_is_tested_on_every_architecture():
    tested = set()
    for module in ("training", "walks", "edits", "runs"):
        found = vars(import_module(f"tests.matrix.test_{module}"))
        tested |= {getattr(value, "method", None) for value in found.values()}
    assert tested - {None} == set(METHODS)


def test_the_page_shows_the_matrix():
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "run: python -m tests.matrix.table"
