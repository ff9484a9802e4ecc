"""The folder of a run: one process at a time, damage refused by name, permissions, full disks."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys

import pytest

from dmm.zoo import duplicate_detector
from synthesis.cli import main
from synthesis.loop import Loop, Settings
from synthesis.runs.lock import LOCK, FolderLock
from synthesis.runs.run import Run
from synthesis.tasks import get_task
from tests.hostile.mutations import as_if_whole

BRIEF = Settings.of(
    dense={"steps": 20, "unit": 10}, judge={"regrowths": 0}, common={"rescues": 0}, seconds=0.0
)
SMALL = get_task("delayed-echo@layered-3x2")


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A folder after two units of work, as files: name to bytes."""
    folder = tmp_path_factory.mktemp("begun") / "run"
    settings = Settings.of(dense={"steps": 30, "unit": 10}, shrink={"iterations": 5})
    with Run.new(folder, Loop.of(SMALL, 1, settings)) as run:
        for i, _ in enumerate(run.events()):
            if i == 1:
                break
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def folder(begun, tmp_path):
    for name, content in begun.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def changed(folder, change):
    file = folder / "checkpoint.json"
    document = json.loads(file.read_bytes())
    change(document)
    file.write_bytes(as_if_whole(json.dumps(document).encode()))


# -------------------- one at a time --------------------


def test_two_runs_do_not_work_in_one_folder(folder):
    run = Run.resumed(folder)
    with pytest.raises(BlockingIOError, match=f"another process .number {os.getpid()}. works here"):
        Run.resumed(folder)
    run.close()
    with Run.resumed(folder) as run:
        assert run.records
    del run
    Run.resumed(folder).close()


def test_another_process_is_locked_out_until_this_one_ends(folder, capsys):
    code = "import pathlib, time; from synthesis.runs.lock import FolderLock; lock = FolderLock("
    code += f"pathlib.Path({str(folder)!r})); print('locked', flush=True); time.sleep(600)"
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "locked\n"
        assert main(["resume", str(folder)]) == 2
        error = capsys.readouterr().err
        assert f"{folder}: another process (number {other.pid}) works here" in error
        assert error.count("\n") == 1
    finally:
        other.kill()
        other.communicate()
    FolderLock(folder).release()  # a killed process locks nobody out


def test_where_nothing_can_be_locked_a_warning_says_so(tmp_path, monkeypatch):
    def no_locks(handle):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("synthesis.runs.lock._lock", no_locks)
    with pytest.warns(UserWarning, match="cannot be locked .No locks available."):
        FolderLock(tmp_path).release()


# -------------------- what is there is not believed --------------------

UNKNOWN_LINK = ["norm-9", "dict", "input", "char"]

DAMAGES = {
    "no identity": (lambda d: d["run"].pop("identity"), "the run has no identity"),
    "identity of text": (lambda d: d["run"].update(identity="x"), "the run has no identity"),
    "no task": (lambda d: d["run"]["identity"].pop("task"), "identity of the run: task: missing"),
    "seed of text": (
        lambda d: d["run"]["identity"].update(seed="1"),
        "run: seed: '1'; expected int",
    ),
    "start of text": (
        lambda d: d["run"]["identity"].update(start="x"),
        "start: expected an object",
    ),
    "no settings": (
        lambda d: d["run"]["identity"].pop("settings"),
        "identity of the run: settings: missing",
    ),
    "another process": (
        lambda d: d["run"]["identity"].update(process=["x"]),
        "cannot be made again from a file",
    ),
    "a strange setting": (
        lambda d: d["run"]["identity"]["settings"].update(what=1),
        "a Settings has no 'what'",
    ),
    "a setting of text": (
        lambda d: d["run"]["identity"]["settings"].update(seconds="1"),
        "seconds is '1', which is no float",
    ),
    "no count": (lambda d: d["run"].pop("n_records"), "n_records is None"),
    "a count of text": (lambda d: d["run"].update(n_records="1"), "n_records is '1'"),
    "a count too large": (
        lambda d: d["run"].update(n_records=99),
        "records.jsonl: has 2 of the 99",
    ),
    "time of text": (lambda d: d["run"].update(seconds="1"), "seconds are '1'"),
    "an unknown phase": (lambda d: d["state"].update(phase="nap"), "phase is 'nap'; expected one"),
    "phase of another memory": (
        lambda d: d["state"].update(phase="shrink"),
        "memory is a DenseMemory; the phase shrink remembers a ShrinkMemory",
    ),
    "a strange state": (lambda d: d["state"].update({"$of": "Counts"}), "a Counts has no"),
    "no parameters": (lambda d: d["state"].pop("parameters"), "the SearchState lacks parameters"),
    "parameters of text": (lambda d: d["state"].update(parameters="x"), "which is no VValue"),
    "text for a loss": (lambda d: d["state"].update(loss="x"), "loss is 'x', which is no float"),
    "true for a step": (lambda d: d["state"].update(step=True), "step is True, which is no int"),
    "another generator": (
        lambda d: d["state"]["rng"].update(bit_generator="seed"),
        "bit generator 'seed'; expected one of PCG64",
    ),
    "half a generator": (lambda d: d["state"]["rng"].pop("state"), "random state is malformed"),
    "moments gone": (lambda d: d["state"]["memory"]["moments"].pop(), "moments do not fit"),
    "a support of other links": (
        lambda d: d["supports"][0]["paths"].__setitem__(-1, ["zzz", *UNKNOWN_LINK[1:]]),
        "has zzz/dict/input/char, which is no link of the search space",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_checkpoint_is_one_clear_line(name, folder, capsys):
    change, message = DAMAGES[name]
    changed(folder, change)
    before = (folder / "records.jsonl").read_bytes()
    assert main(["resume", str(folder)]) == 2
    error = capsys.readouterr().err
    assert message in error and str(folder) in error, error
    assert error.count("\n") == 1
    assert (folder / "records.jsonl").read_bytes() == before


RECORD = {"event": "x", "phase": "x", "step": 1, "loss": "y", "links": 1, "l1": 0.5}

RECORDS = {
    "not JSON": (b"{\n{}\n", "line 1 is not JSON"),
    "no object": (b"[1]\n[]\n", "line 1: expected an object, not list"),
    "nothing known": (b"{}\n{}\n", "no records of a run: record {}: the Record lacks event"),
    "text for a loss": (
        b"%b\n" % json.dumps(RECORD).encode() * 2,
        "loss is 'y', which is no float",
    ),
    "empty lines": (b"\n\n\n", "2 of the first 2 lines are empty"),
    "half a line": (b'{"event":', "has 0 of the 2 records up to checkpoint.json"),
}


@pytest.mark.parametrize("name", RECORDS)
def test_damaged_records_are_one_clear_line(name, folder, capsys):
    content, message = RECORDS[name]
    (folder / "records.jsonl").write_bytes(content)
    assert main(["resume", str(folder)]) == 2
    error = capsys.readouterr().err
    assert "records.jsonl" in error and message in error, error
    assert error.count("\n") == 1


def test_what_a_killed_process_left_over_is_cleared_away(folder):
    (folder / ".checkpoint.json.part-0123456789ab").write_bytes(b"{")
    (folder / ".records.jsonl.part-0123456789ab").write_bytes(b"{")
    (folder / ".report.html.part-0123456789ab").write_bytes(b"<")
    (folder / "front").mkdir()
    (folder / "front" / ".0008-links.json.part-0123456789ab").write_bytes(b"{")
    with open(folder / "records.jsonl", "ab") as stream:
        stream.write(b'{"event": "tr')
    with Run.resumed(folder) as run:
        assert len(run.records) == 2
    assert sorted(file.name for file in folder.iterdir()) == [
        LOCK,
        "checkpoint.json",
        "front",
        "records.jsonl",
    ]
    assert not list((folder / "front").iterdir())
    assert (folder / "records.jsonl").read_bytes().count(b"\n") == 2


def test_records_with_odd_line_ends_come_back(folder):
    lines = (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()
    odd = {**json.loads(lines[0]), "note": "one\u2028two\x85three"}
    lines[0] = json.dumps(odd, ensure_ascii=False)
    (folder / "records.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with Run.resumed(folder) as run:
        assert run.records[0].details["note"] == "one\u2028two\x85three"


# -------------------- where a run begins --------------------


def test_a_start_that_a_dead_run_left_behind_is_not_taken_up(tmp_path):
    """What a run starts from stands in its checkpoint, and nowhere else."""
    with Run.new(tmp_path / "other", Loop.of(SMALL, 1, BRIEF, duplicate_detector())) as other:
        start = other.process.identity["start"]
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "start.json").write_text(json.dumps(start))
    with Run.new(tmp_path / "run", Loop.of(SMALL, 1, BRIEF)) as run:
        parameters = run.state.parameters
    with Run.resumed(tmp_path / "run") as again:
        assert again.process.begun_from is None
        assert again.process.identity["start"] is None
        assert again.state.parameters.support is parameters.support
    with Run.resumed(tmp_path / "other") as again:
        assert again.process.begun_from.neurons == duplicate_detector().neurons


# -------------------- the disk --------------------


def test_files_of_a_run_have_the_permissions_that_the_umask_leaves(tmp_path):
    before = os.umask(0o027)
    try:
        Run.new(tmp_path / "run", Loop.of(SMALL, 1, BRIEF)).to_end().finish()
    finally:
        os.umask(before)
    files = [file for file in (tmp_path / "run").rglob("*") if file.is_file()]
    assert len(files) >= 5
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o640}


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("os.replace", errno.ENOSPC),
        ("os.open", errno.EACCES),
        pytest.param("os.replace", errno.EDQUOT, marks=pytest.mark.thorough),
        pytest.param("os.open", errno.ENOSPC, marks=pytest.mark.thorough),
    ],
)
def test_errors_of_the_disk_name_the_file(folder, monkeypatch, capsys, number, call):
    def fails(*_, **__):
        raise OSError(number, os.strerror(number))

    run = Run.resumed(folder)
    monkeypatch.setattr("synthesis.runs.run.BETWEEN_CHECKPOINTS", 0.0)
    monkeypatch.setattr(call, fails)
    with pytest.raises(OSError) as caught:
        run.to_end()
    monkeypatch.undo()
    run.close()
    assert caught.value.errno == number
    assert caught.value.filename == str(folder / "checkpoint.json")
    with Run.resumed(folder) as again:
        assert again.records
