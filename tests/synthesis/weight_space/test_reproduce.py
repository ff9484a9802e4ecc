"""The registry of reproductions and their reports."""

import json

import pytest

from synthesis.reproduce import get, names
from synthesis.reproduce.__main__ import main
from synthesis.reproduce.tables import Report, medians, mnist_or_why_not, table


@pytest.mark.parametrize("name", ["invariant-paths", "geodesics", "sparse-path", "resilience"])
def test_every_name_leads_to_a_function(name):
    assert name in names()
    assert get(name).__module__.startswith("synthesis.reproduce.")


def test_an_unknown_name_is_refused_with_the_known_ones(capsys):
    with pytest.raises(ValueError, match=r"unknown reproduction 'fip'; known ones: .*geodesics"):
        get("fip")
    assert main(["fip"]) == 2
    assert "known ones" in capsys.readouterr().err


def test_a_report_is_on_disk_after_every_addition(tmp_path, capsys):
    report = Report("toy", "Toy", tmp_path / "new", "a command")
    report.keep("seed 0", {"accuracy": 97.5})
    report.say("## Figures", "one seed")
    report.say("## Figures", "two seeds", table(["what", "value"], [["a", 0.12345], ["b", 97.456]]))
    text = (tmp_path / "new" / "toy.md").read_text()
    assert text.startswith("# Toy\n\nWritten by `a command`;")
    assert "one seed" not in text
    assert "| a | 0.123 |\n| b | 97.46 |" in text
    figures = json.loads((tmp_path / "new" / "toy.json").read_text())
    assert figures == {"seed 0": {"accuracy": 97.5}}
    assert "seed 0" in capsys.readouterr().out


def test_medians_over_seeds():
    assert medians([{"a": 1.0}, {"a": 9.0}, {"a": 2.0}]) == {"a": 2.0}


def test_a_reproduction_without_mnist_says_what_it_did_not_measure(tmp_path, monkeypatch, capsys):
    def absent():
        raise FileNotFoundError("no MNIST in nowhere")

    monkeypatch.setattr("synthesis.reproduce.tables.load_mnist", absent)
    report = Report("name", "title", tmp_path, "command")
    assert mnist_or_why_not(report, "## A readout") is None
    text = (tmp_path / "name.md").read_text()
    assert "## A readout\n\nNot measured: no MNIST in nowhere." in text
    assert "A readout: not measured" in capsys.readouterr().out
