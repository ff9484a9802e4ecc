"""A training as a film: snapshots, what changes between them, movies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from synthesis.architectures.manifold import (
    Manifold,
    ManifoldObjective,
    ManifoldSettings,
    ManifoldTraining,
)
from synthesis.architectures.manifold.over_training import (
    Snapshot,
    adjacency_movie,
    changes,
    largest_shift,
    snapshots,
)
from synthesis.reproduce.manifold.movie import ignored_input
from synthesis.tasks import SumsAndDifferences
from tests.marks import thorough
from vvalues import from_buffer

MODEL = Manifold(5, 16, 4, squared=True)


@pytest.fixture(scope="module")
def film():
    settings = replace(ManifoldSettings.source_toy(), steps=60, segment=10)
    objective = ManifoldObjective(MODEL, SumsAndDifferences())
    return list(snapshots(ManifoldTraining.of(objective, settings, 0)))


def moved(snapshot, step, **numbers):
    """The snapshot with the cutoff, or with every row's number of a kind, moved by so much."""
    tree = snapshot.parameters
    buffer = np.array(tree.buffer)
    for i, path in enumerate(tree.support.paths):
        buffer[i] += numbers.get(path[-1], 0.0)
    return Snapshot(step, from_buffer(tree.support, buffer), 0.0, 0.0)


def test_a_film_has_the_start_and_every_segment(film):
    assert [snapshot.step for snapshot in film] == [0, 10, 20, 30, 40, 50, 60]
    assert np.isnan(film[0].objective) and all(s.objective > 0 for s in film[1:])
    found = changes(MODEL, film)
    assert [c.links for c in found] == [MODEL.links(s.parameters).n_links for s in film[1:]]
    assert all(0 <= c.turnover <= 1 for c in found)


def test_nothing_that_moves_nothing(film):
    (still,) = changes(MODEL, [film[0], moved(film[0], 1)])
    assert still.turnover == still.by_cutoff == still.from_start == 0
    assert set(still.moved.values()) == {0.0}


def test_what_the_cutoff_does_is_told_from_what_the_rows_do(film):
    by_cutoff, by_rows = changes(
        MODEL, [film[0], moved(film[0], 1, cutoff=1.0), moved(film[0], 2, cutoff=1.0, mu=3.0)]
    )
    assert by_cutoff.turnover == by_cutoff.by_cutoff > 0
    assert by_cutoff.links < MODEL.links(film[0].parameters).n_links
    assert by_rows.turnover > 0 == by_rows.by_cutoff
    assert by_rows.moved["mu"] == pytest.approx(3.0) and by_rows.moved["sigma"] == 0


def test_the_shift_is_the_largest_change(film):
    still = [moved(film[0], step, mu=0.01 * step) for step in range(1, 5)]
    jump = [moved(film[0], 5, mu=4.0), moved(film[0], 6, mu=4.01), moved(film[0], 10, mu=4.02)]
    shift = largest_shift(changes(MODEL, [film[0], *still, *jump]))
    assert (shift.place, shift.share) == (4, 0.5)
    assert shift.ratio == np.inf  # hardly any other change exchanges a link
    walk = [moved(film[0], step, mu=0.5 * step) for step in range(1, 5)]
    assert 1 < largest_shift(changes(MODEL, [film[0], *walk, moved(film[0], 5, mu=6.0)])).ratio < 50
    with pytest.raises(ValueError, match="1 changes after 60% of the training"):
        largest_shift(changes(MODEL, [film[0], *still, *jump]), 0.6)


def test_an_input_that_is_cut_off_is_ignored(film):
    assert ignored_input(MODEL, film[0]) > 0.01
    network = Manifold(5, 16, 4, squared=True)
    # Without the weight of its sender an input says nothing.
    tree = film[0].parameters
    buffer = np.array(tree.buffer)
    at = [i for i, path in enumerate(tree.support.paths) if path == ("input-0", "weight")]
    assert len(at) == 1
    buffer[at] = 0.0
    silent = Snapshot(0, from_buffer(tree.support, buffer), 0.0, 0.0)
    assert ignored_input(network, silent) == 0.0


@pytest.mark.parametrize("ending", ["gif", *thorough("html")])
def test_the_movie_is_one_file(film, tmp_path, ending):
    pytest.importorskip("matplotlib")
    file = adjacency_movie(MODEL, film[:2], tmp_path / f"film.{ending}")
    assert list(tmp_path.iterdir()) == [file]
    content = file.read_bytes()
    assert content[:3] == b"GIF" if ending == "gif" else content.count(b"data:image/png") == 2
