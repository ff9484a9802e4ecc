"""``forecast`` as a user without Python meets it."""

import csv
from functools import partial

import numpy as np
import pytest

from dmm import load_machine
from synthesis.cli import main
from synthesis.cli.csv_files import csv_text
from synthesis.cli.forecasting import LIKELIHOODS
from synthesis.forecast import FAMILIES, Forecaster
from synthesis.likelihoods import LIKELIHOODS as ALL


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A walk that returns, a pump that drives it, the weather, in two runs."""
    rng = np.random.default_rng(0)
    pump = rng.integers(0, 2, 80).astype(float)
    y = np.zeros(80)
    for t in range(1, 80):
        y[t] = 0.5 * y[t - 1] + 2.0 * pump[t - 1] + 0.1 * rng.standard_normal()
    sky = ["rain" if t % 3 == 0 else "sun" for t in range(80)]
    run = [t // 40 for t in range(80)]
    file = tmp_path_factory.mktemp("forecast") / "tank.csv"
    text = csv_text(["y", "pump", "sky", "run"], [y.tolist(), pump.tolist(), sky, run])
    file.write_text(text, encoding="utf-8", newline="")
    return file


def read(file):
    with open(file, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_forecast_leaves_machine_report_and_what_comes_next(table, tmp_path, capsys, monkeypatch):
    simple = partial(Forecaster, families=FAMILIES[:1])  # what is found is not the claim
    monkeypatch.setattr("synthesis.forecast.Forecaster", simple)
    out = tmp_path / "out"
    assert main(["forecast", str(table), "--series", "y", "--steps", "5", "--out", str(out)]) == 0
    assert "1 sample ahead" in capsys.readouterr().out
    assert load_machine(out / "machine.json").name == "tank"
    rows = read(out / "predictions.csv")
    assert len(rows) == 80 and rows[0]["predicted y"] == "" and rows[-1]["line"] == "81"
    assert float(rows[-1]["low"]) < float(rows[-1]["predicted y"]) < float(rows[-1]["high"])
    ahead = read(out / "forecast.csv")
    assert [row["sample"] for row in ahead] == ["1", "2", "3", "4", "5"]
    assert main(["forecast", str(table), "--series", "y", "--out", str(out)]) == 2
    assert "choose another --out" in capsys.readouterr().err


@pytest.mark.thorough
def test_streams_beside_it_and_groups(table, tmp_path):
    out = tmp_path / "out"
    beside = ["--inputs", "pump", "--group", "run", "--out", str(out)]
    assert main(["forecast", str(table), "--series", "y", *beside]) == 0
    assert "pump" in (out / "equations.txt").read_text(encoding="utf-8")
    rows = read(out / "predictions.csv")
    assert rows[40]["run"] == "1" and rows[40]["predicted y"] == ""  # a string begins
    error = [float(r["predicted y"]) - float(r["y"]) for r in rows if r["predicted y"]]
    assert np.std(error) < 0.2
    assert not (out / "forecast.csv").exists()  # the pump's future is not known


@pytest.mark.thorough
def test_the_next_symbol_with_its_probability(table, tmp_path):
    out = tmp_path / "out"
    options = ["--likelihood", "categorical", "--steps", "3", "--out", str(out)]
    assert main(["forecast", str(table), "--series", "sky", *options]) == 0
    ahead = read(out / "forecast.csv")
    assert [round(float(row["probability of sun"])) for row in ahead] == [1, 0, 1]
    assert read(out / "predictions.csv")[-2]["predicted sky"] == "rain"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--series", "z"], "has no column 'z'"),
        (["--series", "sky"], "no finite number"),
        (["--series", "y", "--inputs", "y"], "both an input and the series"),
        (["--series", "y", "--horizon", "0"], "horizon is 0"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(table, tmp_path, capsys, options, message):
    assert main(["forecast", str(table), *options, "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert message in told and told.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_every_likelihood_may_be_named():
    assert tuple(ALL) == LIKELIHOODS
