"""``fit`` and ``predict`` as a user without Python meets them."""

from __future__ import annotations

import csv
import json
from itertools import pairwise

import numpy as np
import pytest

from dmm import load_machine
from synthesis.cli import main

RUNS, ROWS = 12, 12


def write(file, names, rows):
    with open(file, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        writer.writerows(rows)
    return file


def counted(rng, runs=RUNS, rows=ROWS):
    """Rows of a counter of events: run, event, something else, count."""
    for run in range(runs):
        events = rng.integers(0, 2, rows)
        for event, count in zip(events, np.cumsum(events), strict=True):
            yield f"run {run}", int(event), int(rng.integers(0, 3)), int(count)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A folder with data and the fit of a counter."""
    folder = tmp_path_factory.mktemp("fit")
    rows = list(counted(np.random.default_rng(0)))
    data = write(folder / "door.csv", ["run", "event/s", "other", "count"], rows)
    out = folder / "out"
    options = ["--target", "count", "--group", "run", "--effort", "quick", "--out", str(out)]
    assert main(["fit", str(data), *options]) == 0
    return folder


def read(file):
    with open(file, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_fit_leaves_machine_report_equations_and_predictions(fitted):
    out = fitted / "out"
    names = {"machine.json", "report.html", "equations.txt", "predictions.csv", "fitted.json"}
    assert {file.name for file in out.iterdir()} == names
    assert "stream-event/s" in load_machine(out / "machine.json").neurons
    assert "count" in (out / "equations.txt").read_text()
    rows = read(out / "predictions.csv")
    assert [row["line"] for row in rows[:2]] == ["2", "3"]
    assert len(rows) == RUNS * ROWS
    for row in rows:
        assert float(row["predicted count"]) == pytest.approx(float(row["count"]), abs=1e-9)


def test_the_verdict_comes_first_in_the_report(fitted):
    page = (fitted / "out" / "report.html").read_text()
    places = [page.index(f"<h2>{title}") for title in ("Figures", "Equations", "What the data")]
    assert 0 < page.index("Exact: right on all") < places[0] < places[1] < places[2]
    for title in ("Answers on the last string", "Machines to choose from", "To go on"):
        assert f"<h2>{title}" in page


def test_predict_answers_data_that_were_not_fitted(fitted, capsys):
    rows = list(counted(np.random.default_rng(1), runs=2, rows=40))
    names = ["count", "other", "run", "event/s"]  # in another order, with a column more
    turned = [(count, other, run, event) for run, event, other, count in rows]
    data = write(fitted / "new.csv", names, turned)
    for file in ("out", "out/machine.json", "out/fitted.json"):
        assert main(["predict", str(fitted / file), str(data)]) == 0
        found = list(csv.DictReader(capsys.readouterr().out.splitlines()))
        assert [float(row["predicted count"]) for row in found] == [count for *_, count in rows]
        assert [row["run"] for row in found] == [run for run, *_ in rows]
    answers = fitted / "answers.csv"
    assert main(["predict", str(fitted / "out"), str(data), "--out", str(answers)]) == 0
    assert [float(row["predicted count"]) for row in read(answers)] == [row[-1] for row in rows]


def test_a_fit_does_not_overwrite_another(fitted, capsys):
    before = (fitted / "out" / "machine.json").read_bytes()
    arguments = ["fit", str(fitted / "door.csv"), "--target", "count", "--out", str(fitted / "out")]
    assert main(arguments) == 2
    assert "holds a fit already (machine.json); choose another --out" in capsys.readouterr().err
    assert (fitted / "out" / "machine.json").read_bytes() == before


def test_inputs_targets_and_lookahead_are_what_the_options_say(tmp_path, capsys):
    rng = np.random.default_rng(2)
    series = rng.integers(0, 5, 80)
    # What is asked is the next number: nothing earlier tells it, one sample of lookahead does.
    rows = [(x, later, 7 * x, i) for i, (x, later) in enumerate(pairwise(series))]
    data = write(tmp_path / "echo.csv", ["x", "next, one", "seven", "row"], rows)
    arguments = ["fit", str(data), "--target", "next, one", "--inputs", "x", "--lookahead", "1"]
    assert main([*arguments, "--effort", "quick", "--out", str(tmp_path / "out")]) == 0
    names = json.loads((tmp_path / "out" / "fitted.json").read_text())
    assert names["lookahead"] == 1
    assert [stream["name"] for stream in names["names"]["streams"]] == ["x"]
    rows = read(tmp_path / "out" / "predictions.csv")
    for row in rows[:-1]:
        assert float(row["predicted next, one"]) == pytest.approx(float(row["next, one"]))


BAD_OPTIONS = {
    "no target": (["--target", "z"], "has no column 'z'"),
    "target twice": (["--target", "y,y"], "'y' is named twice"),
    "input is target": (["--target", "y", "--inputs", "a,y"], "both an input and a target"),
    "no group": (["--target", "y", "--group", "z"], "has no column 'z'"),
    "text": (["--target", "y"], "line 2, column 'day' is 'mon', no finite number"),
    "no answers": (["--target", "none", "--inputs", "a"], "'none' is NaN at every sample"),
    "constant": (["--target", "y", "--inputs", "one"], "same at every sample"),
    "strange neurons": (
        ["--target", "y", "--inputs", "a", "--vocabulary", "accum,cubic"],
        "cubic",
    ),
    "strange effort": (["--target", "y", "--effort", "endless"], "invalid choice"),
    "negative lookahead": (["--target", "y", "--lookahead", "-1"], "--lookahead"),
}


@pytest.mark.parametrize("name", BAD_OPTIONS)
def test_what_cannot_be_fitted_is_refused_in_one_line(name, tmp_path, capsys):
    options, expected = BAD_OPTIONS[name]
    rows = [(i % 3, 1, "mon", "", i) for i in range(12)]
    data = write(tmp_path / "data.csv", ["a", "one", "day", "none", "y"], rows)
    try:
        status = main(["fit", str(data), *options, "--out", str(tmp_path / "out")])
    except SystemExit as error:  # argparse says it itself
        status = error.code
    shown = capsys.readouterr().err
    assert (status, shown.count("\n")) == (2, 1)
    assert expected in shown
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_answered_is_refused_in_one_line(fitted, tmp_path, capsys):
    data = write(tmp_path / "data.csv", ["event", "other"], [(1, 0)])
    assert main(["predict", str(fitted / "out"), str(data)]) == 2
    shown = capsys.readouterr().err
    assert "has the columns 'event', 'other'; expected the streams 'event/s', 'other'" in shown
    assert "(missing: 'event/s')" in shown
    assert main(["predict", str(tmp_path), str(data)]) == 2
    assert "no such file" in capsys.readouterr().err
    assert main(["predict", str(fitted / "out"), str(tmp_path / "none.csv")]) == 2
    assert "none.csv: no such file" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_told_before_the_work(fitted, capsys, monkeypatch):
    monkeypatch.setattr("synthesis.fit.Synthesizer.fit", None)
    arguments = ["fit", str(fitted / "door.csv"), "--target", "count", "--group", "run"]
    assert main([*arguments, "--out", str(fitted / "door.csv" / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_interrupted_before_anything_was_found(fitted, capsys, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("synthesis.fit.Synthesizer.fit", interrupted)
    arguments = ["fit", str(fitted / "door.csv"), "--target", "count", "--group", "run"]
    assert main([*arguments, "--out", str(fitted / "none")]) == 130
    assert "interrupted before a machine was found" in capsys.readouterr().err
    assert not (fitted / "none").exists()


def test_a_fit_is_shown_in_samples_by_the_names_of_its_columns(fitted, capsys):
    out = fitted / "out"
    written = (out / "equations.txt").read_text().strip()
    for file in (out, out / "machine.json"):
        assert main(["show", str(file), "--as", "equations"]) == 0
        assert capsys.readouterr().out.strip() == written
    assert main(["show", str(out)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(written) and "stream-event/s" in shown
    assert main(["show", str(out), "--as", "film"]) == 2


@pytest.mark.thorough
def test_names_of_columns_do_not_reach_the_terminal_raw(tmp_path, capsys):
    rows = [
        (f"r{i // 12}", event, count)
        for i, (_, event, _, count) in enumerate(counted(np.random.default_rng(0)))
    ]
    data = write(tmp_path / "door.csv", ["run", "e\x1b[31m", "c\x1b[2J"], rows)
    arguments = ["fit", str(data), "--target", "c\x1b[2J", "--group", "run", "--effort", "quick"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert "\x1b" not in (tmp_path / "out" / "report.html").read_text()
