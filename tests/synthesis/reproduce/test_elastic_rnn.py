"""The experiments over seeds: kept in files, resumed, reported; on a few cycles."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from synthesis.architectures.elastic import ElasticSettings
from synthesis.architectures.elastic.residual import ResidualSettings
from synthesis.reproduce import names
from synthesis.reproduce.elastic import elastic_experiments, elastic_rnn
from synthesis.reproduce.elastic.elastic_experiments import (
    EXPERIMENTS,
    Experiments,
    layered_figures,
)
from synthesis.reproduce.tables import Report
from synthesis.tasks import Digits

CYCLES = 60


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One experiment of each kind, two seeds, a few cycles."""
    runs = Experiments(tmp_path_factory.mktemp("runs"), CYCLES)
    chosen = ("corrected, easy", "fixed 10, hard", "decoupled 3e-5, easy-hard-easy")
    assert list(runs.compute(chosen, range(2))) == list(chosen)
    return runs, chosen


def test_it_is_listed():
    assert "elastic-rnn" in names()


def test_seeds_are_the_same_in_any_group(runs, tmp_path):
    computed, _ = runs
    together = computed.result("corrected, easy", range(2))
    other = Experiments(tmp_path, CYCLES)
    assert list(other.compute(["corrected, easy"], [1])) == ["corrected, easy"]
    alone = other.result("corrected, easy", [1])
    assert together["cycles"].tolist() == [0, CYCLES]
    np.testing.assert_array_equal(together["losses"][1], alone["losses"][0])
    np.testing.assert_array_equal(together["sizes"][1], alone["sizes"][0])


def test_what_is_there_is_not_computed_again(runs, monkeypatch):
    computed, chosen = runs

    def fail(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(elastic_experiments, "carried_out", fail)
    again = Experiments(computed.folder, CYCLES)
    assert list(again.compute(chosen, range(2))) == [chosen[0]]
    assert again.result("corrected, hard", range(2)) is None


def test_results_of_other_settings_are_refused(runs, monkeypatch):
    computed, _ = runs
    changed = replace(EXPERIMENTS["corrected, easy"], settings=ElasticSettings(rate=0.5))
    monkeypatch.setitem(EXPERIMENTS, "corrected, easy", changed)
    again = Experiments(computed.folder, CYCLES)
    with pytest.raises(ValueError, match=r"its settings\.rate is 0\.1, not 0\.5; choose another"):
        again.result("corrected, easy", range(2))
    with pytest.raises(ValueError, match=r"settings\.rate"):
        list(again.compute(["corrected, easy"], range(2)))


def test_layered_networks_are_kept_in_folders_too(tmp_path, monkeypatch):
    images = np.random.default_rng(0).integers(0, 17, (90, 16), dtype=np.uint8)
    labels = np.arange(90) % 3
    few = Digits("few", images, labels, images, labels, 3, 10, 16.0)
    monkeypatch.setattr(elastic_experiments, "small_digits", lambda: few)
    short = elastic_experiments.Layers("digits", 5, ResidualSettings())
    monkeypatch.setitem(elastic_experiments.LAYERS, "digits, few", short)
    rows = layered_figures("digits, few", [0, 1], tmp_path)
    assert [row["seed"] for row in rows] == [0, 1]
    assert all(len(row[key]) == 3 for row in rows for key in ("blocks", "units", "accuracy"))
    assert layered_figures("digits, few", [0, 1], tmp_path) == rows
    changed = replace(short, settings=ResidualSettings(rate=0.5))
    monkeypatch.setitem(elastic_experiments.LAYERS, "digits, few", changed)
    with pytest.raises(ValueError, match=r"model\.settings\.rate is 0\.03, not 0\.5"):
        layered_figures("digits, few", [0], tmp_path)


@pytest.mark.thorough
def test_the_report_has_a_table_per_question_and_the_figures_of_the_paper(runs, tmp_path):
    pytest.importorskip("matplotlib", reason="plots need the extra 'plot'")
    computed, chosen = runs
    report = Report("elastic-rnn", "title", tmp_path, full=True)
    results = {name: computed.result(name, range(2)) for name in chosen}
    elastic_rnn._say(report, results, full=True)
    text = (tmp_path / "elastic-rnn.md").read_text()
    for heading in ("## One problem", "## Easy, hard, easy again", "## Asked and reached"):
        assert heading in text
    kept = json.loads((tmp_path / "elastic-rnn.json").read_text())
    assert np.shape(kept["decoupled 3e-5, easy-hard-easy"]["neurons"]) == (3, 2)
    assert len(list(tmp_path.glob("*.png"))) == 3


def test_the_phases_end_at_thirds():
    cycles = np.arange(0, 300_001, 1000)
    ends = elastic_rnn._phase_ends("corrected, easy-hard-easy", cycles)
    assert cycles[ends].tolist() == [100_000, 200_000, 300_000]
    assert elastic_rnn._phase_ends("corrected, hard", cycles) == [300]
