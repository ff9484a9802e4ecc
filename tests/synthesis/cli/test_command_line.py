"""The command line, as a user meets it: output, exit status, one clear line for every mistake."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from dmm import save_machine
from dmm.show import PICTURES, RENDERINGS
from dmm.zoo import duplicate_detector
from synthesis.cli import main
from synthesis.show.film import FILM
from synthesis.tasks.streams import PROGRAMS

EASY = "delayed-echo@layered-3x2"
FEW = ("dense.steps=150", "bite.steps=20", "bite.fraction=0.2", "shrink.iterations=15")
QUICK = [
    word
    for setting in (*FEW, "common.rescues=0", "judge.regrowths=0")
    for word in ("--set", setting)
]


@pytest.fixture
def detector_file(tmp_path):
    file = tmp_path / "detector.json"
    save_machine(duplicate_detector(), file)
    return file


def test_evaluate_prints_one_json_object(detector_file, capsys):
    arguments = ["evaluate", str(detector_file), "--task", "duplicate-detector", "--json"]
    assert main([*arguments, "--text", "aabb.", "--ticks", "90"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["task_loss"] == 0.0
    assert figures["max_element_loss"] == 0.0
    assert figures["links_trainable"] == 8
    assert figures["links_fixed"] == 3
    assert figures["l1_norm"] == 8.0
    assert (figures["text"], figures["ticks"]) == ("aabb.", 90)


def test_evaluate_reads_a_plain_matrix(julia_data, capsys):
    file = julia_data / "sparse20-100-steps-matrix.json"
    assert main(["evaluate", str(file), "--task", "duplicate-detector", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["task_loss"] == pytest.approx(0.0016100588, rel=1e-4)
    assert (figures["links_trainable"], figures["links_fixed"]) == (19, 3)


@pytest.mark.parametrize("rendering", ["table", "tree", "html", "page", "svg", "c", "javascript"])
def test_show_names_every_neuron(detector_file, capsys, rendering):
    assert main(["show", str(detector_file), "--as", rendering]) == 0
    shown = capsys.readouterr().out
    for neuron in duplicate_detector().neurons:
        assert neuron in shown


def test_the_guide_has_every_way_to_show_a_machine():
    guide = (Path(__file__).parents[3] / "docs" / "machines.md").read_text(encoding="utf-8")
    table = guide.partition("| how | also | what |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == {
        *RENDERINGS,
        *PICTURES,
        FILM,
    }


@pytest.mark.parametrize("rendering", ["latex", "page", "pdf"])
def test_show_writes_files(detector_file, tmp_path, capsys, rendering):
    if rendering == "pdf":
        pytest.importorskip("matplotlib")
    out = tmp_path / "out"
    assert main(["show", str(detector_file), "--as", rendering, "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"written to {out}\n"
    starts = {"latex": b"% char", "page": b"<!DOCTYPE html>", "pdf": b"%PDF-"}
    assert out.read_bytes().startswith(starts[rendering])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder of a run, and what the command has printed."""
    out, printed = tmp_path_factory.mktemp("runs") / "run", io.StringIO()
    with redirect_stdout(printed):
        assert main(["run", EASY, "--seed", "1", "--out", str(out), *QUICK]) == 0
    return out, printed.getvalue()


@pytest.mark.thorough
def test_a_film_and_a_page_of_a_run(finished, tmp_path, capsys):
    folder, out = tmp_path / "run", tmp_path / "film.html"
    shutil.copytree(finished[0], folder)
    assert main(["show", str(folder), "--as", "film", "--out", str(out)]) == 0
    html = out.read_text(encoding="utf-8")
    data = json.loads(html.partition('id="data">')[2].partition("</script>")[0])
    lines = (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()
    assert [r["links"] for r in data["records"]] == [json.loads(x)["links"] for x in lines]
    assert "weights" in data["records"][-1]
    assert main(["show", str(folder), "--as", "page"]) == 0
    assert "<title>delayed-echo@layered-3x2</title>" in capsys.readouterr().out
    with (folder / "records.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"event": "not written to its e')  # a run at work
    assert main(["show", str(folder), "--as", "film"]) == 0
    other = tmp_path / "other"
    assert main(["run", "perceptron", "--steps", "2", "--out", str(other)]) == 0
    assert main(["show", str(other), "--as", "film"]) == 2
    assert "a film is of a run of the loop" in capsys.readouterr().err
    (folder / "records.jsonl").write_text("[]\n", encoding="utf-8")
    assert main(["show", str(folder), "--as", "film"]) == 2
    assert "records.jsonl" in capsys.readouterr().err


def test_run_writes_its_files_and_prints_the_machine(finished):
    out, printed = finished
    assert printed.startswith(("Exact on the training strings", "Not exact: "))
    assert "output" in printed
    assert "held-out strings: largest error of one answer" in printed
    assert f"show {out}/machine.json --as table" in printed
    for name in ("machine.json", "records.jsonl", "report.html", "checkpoint.json"):
        assert (out / name).stat().st_size > 0
    assert main(["resume", str(out)]) == 0  # a finished run is simply shown again


def plain(tmp_path, text):
    file = tmp_path / "matrix.json"
    file.write_text(text)
    return str(file)


LINK = '{"norm-1": {"dict": {"input": {"char": %s}}}}'

BAD_FILES = {
    "missing": (None, "no such file"),
    "not JSON": ("{", "not JSON"),
    "not an object": ("[1]", "expected an object"),
    "text leaf": (LINK % '"x"', r"norm-1/dict/input/char is 'x', not a real number"),
    "boolean leaf": (LINK % "true", "norm-1/dict/input/char is True"),
    "null leaf": (LINK % "null", "norm-1/dict/input/char is None"),
    "NaN": (LINK % "NaN", "norm-1/dict/input/char is nan"),
    "infinity": (LINK % "-Infinity", "norm-1/dict/input/char is -inf"),
    "overflow": (LINK % "1e999", "norm-1/dict/input/char is inf"),
    "unknown neuron": ('{"who-1": {"dict": {"input": {"char": 1}}}}', "'who-1'"),
    "unknown field": ('{"norm-1": {"dict": {"input": {"what": 1}}}}', "'what'"),
    "too shallow": ('{"norm-1": {"dict": {"input": 1}}}', "norm-1/dict/input has 3 keys"),
    "too deep": ('{"norm-1": {"dict": {"input": {"char": {"a": 1}}}}}', "has 5 keys"),
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("command", ["evaluate", "show", "run"])
def test_a_bad_file_gives_one_clear_line(tmp_path, capsys, name, command):
    import re

    text, expected = BAD_FILES[name]
    file = str(tmp_path / "matrix.json") if text is None else plain(tmp_path, text)
    out = tmp_path / "out"
    arguments = {
        "evaluate": ["evaluate", file, "--task", "duplicate-detector"],
        "show": ["show", file],
        "run": ["run", "duplicate-detector", "--start", file, "--out", str(out)],
    }[command]
    assert main(arguments) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.count("\n") == 1
    assert "matrix.json" in streams.err
    assert re.search(expected, streams.err), streams.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "no-such-task"], "unknown task 'no-such-task'"),
        (["run", "duplicate-detector", "--seed", "-1"], "--seed"),
        (["run", "duplicate-detector", "--no-such-option"], "--no-such-option"),
        (["run", "duplicate-detector", "--set", "common.descent.rate=0"], "rate is 0"),
        (["show", "x.json", "--as", "poem"], "poem"),
        (["show", "x.json", "--as", "pdf"], "--as pdf is no text: give it a file, --out FILE"),
        (["show", "x.json", "--as", "film"], "--as film is of the folder of a run"),
        ([], "COMMAND"),
    ],
)
def test_a_bad_option_gives_one_clear_line(arguments, expected, capsys):
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert expected in error


def test_a_run_directory_is_not_overwritten(tmp_path, capsys):
    out = tmp_path / "run"
    out.mkdir()
    (out / "machine.json").write_text("precious")
    assert main(["run", "duplicate-detector", "--out", str(out)]) == 2
    assert "holds a run already" in capsys.readouterr().err
    assert (out / "machine.json").read_text() == "precious"


def test_resume_without_a_run_says_so(tmp_path, capsys):
    assert main(["resume", str(tmp_path)]) == 2
    assert "nothing to resume" in capsys.readouterr().err


@pytest.mark.thorough
def test_ctrl_c_leaves_a_checkpoint_that_resumes_to_the_same_machine(tmp_path):
    command = [sys.executable, "-m", "synthesis"]
    long_enough = ["--set", "dense.steps=600"]  # so that the signal comes in the middle of a run
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    out = tmp_path / "run"
    process = subprocess.Popen(
        [*command, "run", EASY, "--out", str(out), *QUICK, *long_enough],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that are run in the background of a shell inherit that interrupts are ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    records = out / "records.jsonl"
    while time.monotonic() < deadline and process.poll() is None:
        if records.exists() and records.read_text().count("\n") >= 1:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "synthesis resume" in error
    assert main(["resume", str(out), "--workers", "1"]) == 0
    whole = tmp_path / "whole"
    assert main(["run", EASY, "--out", str(whole), *QUICK, *long_enough, "--workers", "1"]) == 0
    assert (out / "machine.json").read_text() == (whole / "machine.json").read_text()


# -------------------- machines and tasks that do not fit --------------------


def suite_machine(tmp_path, name):
    file = tmp_path / f"{name}.json"
    save_machine(PROGRAMS[name].machine(), file)
    return str(file)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_machine_by_hand_is_right_on_its_own_task(name, tmp_path, capsys):
    assert main(["evaluate", suite_machine(tmp_path, name), "--task", name, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["task_loss"], figures["strings"]) == (0.0, 8)


def test_a_machine_of_the_same_streams_is_wrong_on_another_task(tmp_path, capsys):
    file = suite_machine(tmp_path, "bracket-depth")
    assert main(["evaluate", file, "--task", "brackets-alarm", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["task_loss"] > 1000.0


@pytest.mark.parametrize(
    ("machine", "arguments", "expected"),
    [
        ("parity", ["duplicate-detector"], "reads the streams 'stream-x'; task"),
        ("bracket-depth", ["parity"], "it is a machine for another task"),
        ("parity", ["parity", "--text", "abc"], "task 'parity' reads no text"),
        ("parity", ["parity", "--ticks", "9"], "task 'parity' reads no text"),
    ],
)
def test_a_machine_for_another_task_is_not_evaluated(
    machine, arguments, expected, tmp_path, capsys
):
    file = suite_machine(tmp_path, machine)
    assert main(["evaluate", file, "--task", *arguments]) == 2
    shown = capsys.readouterr().err
    assert expected in shown
    assert shown.count("\n") == 1


def test_a_machine_that_answers_elsewhere_is_not_evaluated(tmp_path, capsys):
    file = tmp_path / "machine.json"
    file.write_text('{"norm-1": {"dict": {"input": {"char": 1.0}}}}')
    assert main(["evaluate", str(file), "--task", "duplicate-detector"]) == 2
    assert "answers on none of the ports" in capsys.readouterr().err
