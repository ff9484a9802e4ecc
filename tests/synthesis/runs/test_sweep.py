"""Sweeps: members that end well, fail, or are killed; on threads, processes and a Dask cluster."""

from __future__ import annotations

import csv
import json
import math
import multiprocessing
import os
import signal
import warnings
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from dmm import layered_space, load_machine
from synthesis.loop import Settings, synthesize
from synthesis.loop.phases.remove import Remove
from synthesis.runs.cluster import ClusterExecutor
from synthesis.runs.processes import ProcessLost, ProcessPerCall
from synthesis.runs.sweep import dask_executor, parse_seeds, sweep
from synthesis.runs.sweep_result import COLUMNS, MemberOutcome, SweepResult
from synthesis.tasks import StreamTask, get_task

TASK = "duplicate-detector"
SMALL = "delayed-echo@layered-3x2"
AT_ONCE = Settings(seconds=0.0)  # out of time before the first step: the start is the result
STEPS = Settings.of(
    common={"small": 5, "rescues": 0},
    dense={"steps": 10},
    bite={"steps": 2, "fraction": 0.9},
    shrink={"rounds": 1},
    judge={"regrowths": 0},
)


def _raise(rng):
    raise RuntimeError("no data\ntoday")


def _die(rng):
    os.kill(os.getpid(), signal.SIGKILL)


def _zeros(streams):
    return np.zeros((2, streams.ticks, len(streams)))


def _nothing():
    return []


def task_that(draw, name):
    return StreamTask(
        name=name,
        summary="a task for the worst case",
        draw=draw,
        specification=_zeros,
        held_out_streams=_nothing,
        space=layered_space,
    )


FAILING, FATAL = task_that(_raise, "failing"), task_that(_die, "fatal")


def status(result):
    return {(row["task"], row["seed"]): row["status"] for row in result.rows}


# -------------------- processes, by default --------------------


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """A good member, one that raises, one whose process dies."""
    out = tmp_path_factory.mktemp("mixed")
    calls = []

    def progress(row, done, total):
        calls.append((row["task"], done, total))

    tasks = [FATAL, TASK, FAILING]
    result = sweep(tasks, [1], AT_ONCE, workers=2, out=out, progress=progress)
    return result, out, calls


@pytest.mark.thorough
def test_a_killed_and_a_failed_member_do_not_end_the_sweep(mixed):
    result, _, _ = mixed
    ends = {TASK: "done", "failing": "failed", "fatal": "killed"}
    assert status(result) == {(task, 1): end for task, end in ends.items()}


def test_rows_are_in_order_and_say_what_happened(mixed):
    result, out, _ = mixed
    fatal, done, failing = result.rows
    assert [row["task"] for row in result.rows] == ["fatal", TASK, "failing"]
    assert "SIGKILL" in fatal["error"]
    assert failing["error"] == "RuntimeError: no data today"
    assert "_raise" in result.outcomes[2].traceback
    assert done["links"] == 1486
    assert done["seconds"] > 0
    assert done["cpu_seconds"] > 0
    assert done["folder"] == str(out / f"{TASK}-1")
    assert all(tuple(row) == COLUMNS for row in result.rows)
    assert len(result.failures) == 2


def test_a_member_is_the_run_of_its_task_and_seed(mixed):
    result, out, _ = mixed
    expected = synthesize(get_task(TASK), 1, AT_ONCE)
    assert result.outcomes[1].machine.trainable == expected.parameters
    assert result.rows[1]["loss"] == expected.loss
    assert result.rows[1]["held_out_loss"] == expected.figures["held_out_loss"]
    assert load_machine(out / f"{TASK}-1" / "machine.json").trainable == expected.parameters


def test_progress_is_told_of_every_member(mixed):
    _, _, calls = mixed
    assert [done for _, done, _ in calls] == [1, 2, 3]
    assert {total for _, _, total in calls} == {3}


def test_tables_are_written_in_three_forms(mixed):
    result, out, _ = mixed
    text = (out / "sweep.txt").read_text()
    assert text == result.table() + "\n"
    assert text.endswith("3 members: 1 killed, 1 done, 1 failed\n")
    with open(out / "sweep.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == [row["status"] for row in result.rows]
    assert float(rows[1]["loss"]) == result.rows[1]["loss"]
    assert json.loads((out / "sweep.json").read_text()) == result.rows


def test_the_same_call_goes_on_where_a_sweep_stopped(tmp_path):
    first = sweep(TASK, [0], STEPS, ThreadPoolExecutor(1), out=tmp_path)
    machine = (tmp_path / f"{TASK}-0" / "machine.json").read_bytes()
    (tmp_path / f"{TASK}-0" / "machine.json").unlink()
    again = sweep(TASK, [0, 1], STEPS, ThreadPoolExecutor(1), out=tmp_path)
    assert (tmp_path / f"{TASK}-0" / "machine.json").read_bytes() == machine
    same = ("links", "loss", "held_out_loss", "steps", "status")
    assert [again.rows[0][key] for key in same] == [first.rows[0][key] for key in same]
    assert again.rows[1]["status"] == "done"


def test_a_folder_of_other_settings_is_not_touched(tmp_path):
    with ThreadPoolExecutor(1) as executor:
        sweep(TASK, [0], STEPS, executor, out=tmp_path)
        before = (tmp_path / f"{TASK}-0" / "checkpoint.json").read_bytes()
        other = sweep(
            TASK, [0], replace(STEPS, remove=Remove(candidates=7)), executor, out=tmp_path
        )
    assert other.rows[0]["status"] == "failed"
    assert "its settings.remove.candidates is 6, not 7" in other.rows[0]["error"]
    assert (tmp_path / f"{TASK}-0" / "checkpoint.json").read_bytes() == before


@pytest.mark.thorough
def test_an_interruption_stops_what_is_running():
    def interrupt(row, done, total):
        raise KeyboardInterrupt

    settings = {"brief": AT_ONCE, "long": Settings.of(dense={"steps": 10**6}, seconds=1e6)}
    with pytest.raises(KeyboardInterrupt):
        sweep(TASK, [0], settings, workers=2, progress=interrupt)
    assert multiprocessing.active_children() == []


def test_a_process_per_call_runs_linear_algebra_on_one_thread(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with ProcessPerCall(1) as executor:
        inside = executor.submit(eval, "dict(__import__('os').environ)").result()
        assert inside["OPENBLAS_NUM_THREADS"] == inside["MKL_NUM_THREADS"] == "1"
    assert os.environ["OPENBLAS_NUM_THREADS"] == "3"
    assert "MKL_NUM_THREADS" not in os.environ


def test_a_process_per_call_hands_exceptions_back():
    with ProcessPerCall(2) as executor:
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result()
        with pytest.raises(ProcessLost, match="exit status 7"):
            executor.submit(os._exit, 7).result()
        with pytest.raises(Exception, match=r"pickle|local object"):
            executor.submit(lambda: None).result()
    with pytest.raises(ValueError, match="workers is 0"):
        ProcessPerCall(0)


# -------------------- other executors --------------------


def test_any_executor_will_do():
    with ThreadPoolExecutor(2) as executor:
        result = sweep([SMALL, FAILING], [3, 0], {"a": AT_ONCE, "b": AT_ONCE}, executor)
    assert [(row["setting"], row["seed"], row["status"]) for row in result.rows] == [
        (setting, seed, end) for end in ("done", "failed") for setting in "ab" for seed in (3, 0)
    ]


@pytest.mark.thorough
def test_a_broken_process_pool_is_replaced():
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as executor:
        result = sweep([FATAL, TASK], [0], AT_ONCE, executor, workers=1)
    assert status(result) == {("fatal", 0): "killed", (TASK, 0): "done"}


def test_an_error_of_the_progress_function_is_not_a_members():
    def complain(row, done, total):
        raise ValueError("no terminal")

    with ThreadPoolExecutor(1) as executor, pytest.raises(ValueError, match="no terminal"):
        sweep(TASK, [0, 1], AT_ONCE, executor, progress=complain)


class Refusing(Executor):
    """Takes no work at all."""

    def submit(self, function, /, *args, **kwargs):
        raise RuntimeError("cannot schedule new futures")


def test_what_cannot_be_submitted_is_reported():
    result = sweep(TASK, [0, 1], AT_ONCE, Refusing())
    assert [row["status"] for row in result.rows] == ["failed", "failed"]
    assert "cannot schedule" in result.rows[0]["error"]


class KilledWorker(Exception):
    """As a cluster calls it."""


class Losing(Executor):
    """Loses a worker, then shuts down."""

    def __init__(self):
        self.futures = [Future(), Future()]
        self.futures[0].set_exception(KilledWorker("worker died"))
        self.futures[1].cancel()
        self.futures[1].set_running_or_notify_cancel()

    def submit(self, function, /, *args, **kwargs):
        return self.futures[args[0].seed]


def test_a_worker_killed_on_a_cluster_counts_as_killed():
    lost, cancelled = sweep(TASK, [0, 1], AT_ONCE, Losing()).rows
    assert lost["status"] == "killed"
    assert cancelled["status"] == "failed"
    assert cancelled["error"] == "CancelledError: cancelled by the executor"


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
    import dask

    # Dask blames a dead worker's death on every call the worker was given: one at a time, then.
    blame = {
        "distributed.scheduler.allowed-failures": 0,
        "distributed.scheduler.worker-saturation": 1,
    }
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with warnings.catch_warnings(), dask.config.set(blame):
        warnings.simplefilter("ignore")  # its own, at start and end
        with distributed.LocalCluster(processes=True, **options) as cluster:
            yield cluster


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore")
def test_on_the_executor_of_a_dask_client(cluster):
    """As long as no worker dies; see `synthesis.runs.cluster.ClusterExecutor` for when one does."""
    from distributed import Client

    with Client(cluster) as client, client.get_executor() as executor:
        result = sweep([TASK, FAILING], [0, 1], AT_ONCE, executor)
    ends = {TASK: "done", "failing": "failed"}
    assert status(result) == {(task, seed): end for task, end in ends.items() for seed in (0, 1)}


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore")
def test_on_a_dask_cluster(cluster):
    with dask_executor(cluster.scheduler_address) as executor:
        result = sweep([TASK, FAILING, FATAL], [0, 1], AT_ONCE, executor)
    ends = {TASK: "done", "failing": "failed", "fatal": "killed"}
    assert status(result) == {(task, seed): end for task, end in ends.items() for seed in (0, 1)}
    expected = synthesize(get_task(TASK), 1, AT_ONCE)
    assert result.outcomes[1].machine.trainable == expected.parameters


def test_a_cluster_executor_always_answers():
    """A worker that dies while a result is fetched makes Dask raise there; the future says so."""

    class Remote:
        def __init__(self, result):
            self.answer = result

        def result(self):
            if isinstance(self.answer, BaseException):
                raise self.answer
            return self.answer

        def add_done_callback(self, callback):
            callback(self)

        def cancel(self):
            raise AssertionError("a call that has ended needs no cancelling")

    class Client:
        def submit(self, function, *args, pure, **kwargs):
            assert pure is False  # the same call twice is two calls
            return Remote(args[0])

    executor = ClusterExecutor(Client())
    assert executor.submit(print, 3).result(timeout=1) == 3
    with pytest.raises(KilledWorker, match="died"):
        executor.submit(print, KilledWorker("died")).result(timeout=1)


# -------------------- mistakes --------------------


def test_mistakes_are_found_before_anything_is_started(tmp_path):
    with pytest.raises(ValueError, match="unknown task 'nonsense'"):
        sweep([TASK, "nonsense"], [0], AT_ONCE, out=tmp_path / "out")
    with pytest.raises(ValueError, match="no seeds"):
        sweep(TASK, [])
    with pytest.raises(ValueError, match=r"label '\.\./x' cannot name a folder"):
        sweep(TASK, [0], {"../x": AT_ONCE})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0:3", [0, 1, 2]),
        ("5", [5]),
        ("2, 4:6", [2, 4, 5]),
        ("0:10:4", [0, 4, 8]),
        ("1,0:3", [1, 0, 2]),
    ],
)
def test_seeds_as_text(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "1:", ":3", "-1:3", "0:1:2:3", "3:3", "0:5:0", "1,,2"])
def test_malformed_seeds_are_shown(text):
    with pytest.raises(ValueError, match="seeds"):
        parse_seeds(text)


# -------------------- table and plot --------------------


def outcome(**row):
    return MemberOutcome({**dict.fromkeys(COLUMNS), "setting": "", **row}, machine=None)


RESULT = SweepResult(
    (
        outcome(task="a", seed=0, status="done", links=8, loss=1e-29, held_out_loss=0.0),
        outcome(task="a", seed=1, status="done", links=10, loss=0.5, held_out_loss=math.inf),
        outcome(task="b", seed=0, status="failed", error="ValueError: " + 80 * "x"),
    )
)


def test_the_table_is_aligned_and_leaves_out_what_nobody_has():
    header, first, _, third, total = RESULT.table().splitlines()
    assert header.split() == ["task", "seed", "status", "links", "loss", "held_out_loss", "error"]
    assert first.split() == ["a", "0", "done", "8", "1e-29", "0", "-"]
    assert third.endswith("…")
    assert total == "3 members: 2 done, 1 failed"
    assert header.index("links") + len("links") == first.index("8") + 1


def test_json_has_no_numbers_that_json_does_not_know():
    assert json.loads(RESULT.to_json())[1]["held_out_loss"] is None


def test_nothing_gives_an_empty_table():
    assert SweepResult(()).table().endswith("no members")


def test_the_plot_has_a_dot_per_machine():
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, ax = pyplot.subplots()
    assert RESULT.plot(ax) is ax
    assert ax.collections[0].get_offsets().tolist() == [[8.0, 1e-32], [10.0, 1e6]]
    assert ax.get_yscale() == "log"
    assert ax.get_title() == "3 members: 2 done, 1 failed"
    figure.canvas.draw()
    assert all(tick % 1 == 0 for tick in ax.get_xticks())
    pyplot.close(figure)
