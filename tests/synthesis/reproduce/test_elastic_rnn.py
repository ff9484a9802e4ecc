"""The experiments over seeds: kept in files, resumed, reported; on a few cycles."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from synthesis.architectures.elastic import ElasticSettings
from synthesis.reproduce import elastic_rnn, names
from synthesis.reproduce.elastic_runs import EXPERIMENTS, Runs, run_lanes
from synthesis.reproduce.tables import Report

CYCLES = 60


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One experiment of each kind, two seeds, a few cycles."""
    runs = Runs(tmp_path_factory.mktemp("runs"), CYCLES)
    chosen = ("corrected, easy", "fixed 10, hard", "decoupled 3e-5, easy-hard-easy")
    assert list(runs.compute(chosen, range(2))) == list(chosen)
    return runs, chosen


def test_it_is_listed():
    assert "elastic-rnn" in names()


def test_seeds_are_the_same_in_any_group(runs):
    computed, _ = runs
    together = computed.result("corrected, easy", range(2))
    alone = run_lanes(EXPERIMENTS["corrected, easy"], [1], CYCLES)
    np.testing.assert_array_equal(together["losses"][1], alone["losses"][0])
    np.testing.assert_array_equal(together["sizes"][1], alone["sizes"][0])


def test_what_is_there_is_not_computed_again(runs, monkeypatch):
    computed, chosen = runs

    def fail(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr("synthesis.reproduce.elastic_runs.run_experiment", fail)
    assert list(computed.compute(chosen, range(2))) == [chosen[0]]
    assert computed.result("corrected, hard", range(2)) is None


def test_results_of_other_settings_are_refused(runs, monkeypatch):
    computed, _ = runs
    changed = replace(EXPERIMENTS["corrected, easy"], settings=ElasticSettings(rate=0.5))
    monkeypatch.setitem(EXPERIMENTS, "corrected, easy", changed)
    with pytest.raises(ValueError, match="'corrected, easy' with other settings; delete it"):
        computed.result("corrected, easy", range(2))
    with pytest.raises(ValueError, match="with other settings"):
        list(computed.compute(["corrected, easy"], range(2)))


def test_the_report_has_a_table_per_question_and_the_figures_of_the_paper(runs, tmp_path):
    pytest.importorskip("matplotlib", reason="plots need the extra 'plot'")
    computed, chosen = runs
    report = Report("elastic-rnn", "title", tmp_path, "command")
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
