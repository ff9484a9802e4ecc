"""The registry of reproductions, what they import, and their reports."""

import ast
import json
from pathlib import Path

import pytest

from synthesis.reproduce import get, names
from synthesis.reproduce.__main__ import main
from synthesis.reproduce.tables import Claims, Report, medians, mnist_or_why_not, table

ROOT = Path(__file__).resolve().parents[3]
REPRODUCTIONS = sorted((ROOT / "synthesis" / "reproduce").rglob("*.py"))


@pytest.mark.parametrize("name", names())
def test_every_name_leads_to_a_function(name):
    assert name in names()
    assert get(name).__module__.startswith("synthesis.reproduce.")


def test_an_unknown_name_is_refused_with_the_known_ones(capsys):
    with pytest.raises(ValueError, match=r"unknown reproduction 'fip'; known ones: .*geodesics"):
        get("fip")
    assert main(["fip"]) == 2
    assert "known ones" in capsys.readouterr().err


def test_a_report_is_on_disk_after_every_addition(tmp_path, capsys):
    report = Report("toy", "Toy", tmp_path / "new", full=True)
    report.keep("seed 0", {"accuracy": 97.5})
    report.say("## Figures", "one seed")
    report.say("## Figures", "two seeds", table(["what", "value"], [["a", 0.12345], ["b", 97.456]]))
    text = (tmp_path / "new" / "toy.md").read_text()
    assert text.startswith("# Toy\n\nWritten by `python -m synthesis reproduce toy --full`;")
    assert "one seed" not in text
    assert "| a | 0.123 |\n| b | 97.46 |" in text
    figures = json.loads((tmp_path / "new" / "toy.json").read_text())
    assert figures == {"seed 0": {"accuracy": 97.5}}
    assert "seed 0" in capsys.readouterr().out


def test_a_report_is_written_after_every_seed(tmp_path):
    report = Report("toy", "Toy", tmp_path, full=False)
    written = []

    def say(report, results):
        report.say("## Figures", f"{len(results)} seeds")
        written.append((tmp_path / "toy.md").read_text().split()[-2])

    assert report.each_seed("run", range(3), lambda seed: {"twice": 2 * seed}, say) == [
        {"twice": 0}, {"twice": 2}, {"twice": 4},
    ]  # fmt: skip
    assert written == ["1", "2", "3"]
    assert report.figures["run, seed 2"] == {"twice": 4}


def test_seeds_of_an_interrupted_run_are_not_done_again(tmp_path):
    first = Report("toy", "Toy", tmp_path, full=False)
    first.resume()
    assert first.known == {}
    first.each_seed("run", range(2), lambda seed: {"twice": 2 * seed})
    again = Report("toy", "Toy", tmp_path, full=False)
    asked = []

    def job(seed):
        asked.append(seed)
        kept = json.loads((tmp_path / "toy.json").read_text())
        assert list(kept) == ["run, seed 0", "run, seed 1"]  # should this run be interrupted, too
        return {"twice": 2 * seed}

    again.resume()
    rows = again.each_seed("run", range(3), job)
    assert rows == [{"twice": 0}, {"twice": 2}, {"twice": 4}] and asked == [2]


def test_claims_say_what_holds_and_nothing_of_what_is_not_known(tmp_path):
    report, claims = Report("toy", "Toy", tmp_path, full=False), Claims()
    claims.say(report)
    assert not (tmp_path / "toy.md").exists()
    claims.between("neurons", 7.0, 5, 9)
    claims.at_most("loss", 10.51, 10.5)
    claims.at_least("good ones", 6.0, 6)
    claims.at_least("unknown", None, 6)
    assert [row[1:] for row in claims.rows] == [
        ["5 to 9", 7.0, "yes"],
        ["at most 10.5", 10.51, "no"],
        ["at least 6", 6.0, "yes"],
    ]
    claims.say(report)
    assert "| loss | at most 10.5 | 10.51 | no |" in (tmp_path / "toy.md").read_text()


@pytest.mark.parametrize("file", REPRODUCTIONS, ids=lambda f: f"{f.parent.name}.{f.stem}")
def test_reproductions_enter_other_rooms_by_their_doors(file):
    """A door is a package; modules of pictures are doors too."""
    up = len(file.relative_to(ROOT / "synthesis").parts)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == up and node.module:
            place = ROOT / "synthesis" / node.module.replace(".", "/")
            assert place.is_dir(), f"{node.module} is no door"


def test_medians_over_seeds():
    assert medians([{"a": 1.0}, {"a": 9.0}, {"a": 2.0}]) == {"a": 2.0}


def test_a_reproduction_without_mnist_says_what_it_did_not_measure(tmp_path, monkeypatch, capsys):
    def absent():
        raise FileNotFoundError("no MNIST in nowhere")

    monkeypatch.setattr("synthesis.reproduce.tables.load_mnist", absent)
    report = Report("name", "title", tmp_path, full=False)
    assert mnist_or_why_not(report, "## A readout") is None
    text = (tmp_path / "name.md").read_text()
    assert "## A readout\n\nNot measured: no MNIST in nowhere." in text
    assert "A readout: not measured" in capsys.readouterr().out
