"""Seeing a synthesis: curves, front, before and after, and the live view."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from dmm import layered_space
from dmm.zoo import duplicate_detector
from synthesis.loop import Event
from synthesis.process.records import Front, Record, read_jsonl, to_jsonl
from synthesis.process.state import State
from synthesis.show import live
from vvalues import VValue

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

from matplotlib import pyplot as plt  # noqa: E402

from synthesis.show.plots import (  # noqa: E402
    before_and_after,
    curves,
    links_curve,
    loss_curve,
    pareto,
    watch,
    weights_curve,
)

RECORDS = [
    Record("train", "dense", 50, 9.0, 40, 8.0),
    Record("prune", "bites", 110, 2.0, 30, 6.0, {"loss_at_cut": 70.0}),
    Record("remove", "remove", 120, 1.0, 29, 5.0, {"link": "a/b/c/d"}),
    Record("back-out", "remove", 120, 1.0, 29, 5.0, {"link": "a/b/c/e", "loss_without": 300.0}),
    Record("simplify", "simplify", 130, 0.0, 29, 4.0),
]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def marks(ax):
    """Points of every kind of mark, by the word that its legend begins with."""
    return {
        collection.get_label(): np.asarray(collection.get_offsets()).tolist()
        for collection in ax.collections
    }


def test_the_loss_leaps_at_a_cut_and_a_backed_out_removal_is_no_part_of_the_curve():
    (line,) = loss_curve(RECORDS).lines
    assert line.get_xydata().tolist() == [
        [50, 9.0],
        [50, 70.0],
        [110, 2.0],
        [120, 1.0],
        [130, 1e-16],
    ]


def test_edits_and_back_outs_are_marked_each_with_its_own_shape():
    ax = loss_curve(RECORDS)
    assert marks(ax) == {
        "small links dropped (1)": [[50, 70.0]],
        "link removed (1)": [[120, 1.0]],
        "removal tried and backed out (1)": [[120, 300.0]],
        "weights made simple (1)": [[130, 1e-16]],
    }
    shapes = {tuple(c.get_paths()[0].vertices.ravel()) for c in ax.collections}
    assert len(shapes) == len(ax.collections)
    assert "0 drawn at 1e-16" in ax.get_title(loc="left")


def test_a_cut_that_dropped_nothing_is_no_edit():
    cuts = [Record("prune", "shrink", i, 1.0, 9, 1.0, {"dropped": n}) for i, n in enumerate((3, 0))]
    assert marks(loss_curve(cuts)) == {"small links dropped (1)": [[0, 1.0]]}


def test_links_and_regulariser_end_in_their_last_number():
    ax = links_curve(RECORDS)
    assert ax.lines[0].get_ydata().tolist() == [40, 30, 29, 29, 29]
    assert [text.get_text() for text in ax.texts] == ["29"]
    ax = weights_curve(RECORDS)
    assert ax.lines[0].get_ydata().tolist() == [8, 6, 5, 5, 4]
    assert ax.get_ylim()[0] == 0.0


def test_a_file_of_records_gives_the_same_picture():
    rows = read_jsonl(to_jsonl(RECORDS))
    for plot in (loss_curve, links_curve, weights_curve):
        one, other = plot(RECORDS).lines[0], plot(rows).lines[0]
        np.testing.assert_array_equal(one.get_xydata(), other.get_xydata())
    assert marks(pareto(RECORDS)) == marks(pareto(rows))


def test_a_loss_that_diverged_leaves_a_gap():
    rows = read_jsonl(to_jsonl([RECORDS[0], Record("train", "dense", 60, np.inf, 40, 8.0)]))
    assert rows[1]["loss"] is None
    assert np.isnan(loss_curve(rows).lines[0].get_ydata()).tolist() == [False, True]
    assert marks(pareto(rows))["machines on the way"] == [[40, 9.0]]


def test_all_three_curves_share_their_steps():
    axes = curves(iter(RECORDS))
    assert [len(ax.lines[0].get_xdata()) for ax in axes] == [5, 5, 5]
    assert [ax.get_xlabel() for ax in axes] == ["", "", "step"]
    given = plt.figure().subplots(3)
    assert curves(RECORDS, given) is given


def test_given_axes_are_used_and_returned():
    for plot in (loss_curve, links_curve, weights_curve, pareto):
        _, ax = plt.subplots()
        assert plot(RECORDS, ax) is ax


@pytest.mark.parametrize("plot", [loss_curve, links_curve, weights_curve, pareto])
def test_no_records_give_empty_axes(plot):
    ax = plot([])
    assert all(len(line.get_xdata()) == 0 for line in ax.lines)
    ax.figure.canvas.draw()


def test_the_front_runs_over_accepted_and_backed_out_machines():
    ax = pareto(RECORDS)
    found = marks(ax)
    assert found["front: nothing smaller is as good"] == [[28, 300.0], [29, 1e-16]]
    assert found["removal tried and backed out (1)"] == [[28, 300.0]]
    assert found["chosen"] == [[29, 1e-16]]
    assert [text.get_text() for text in ax.texts] == ["29 links, loss 0"]


def test_of_a_front_the_smallest_machine_at_rounding_level_is_chosen():
    front = Front()
    for n, loss in ((3, 1e-30), (2, 1e-20), (1, 0.5)):
        front = front.add(VValue({str(i): 1.0 for i in range(n)}), loss)
    assert marks(pareto(front))["chosen"] == [[2, 1e-16]]
    assert marks(pareto(front, chosen=(1, 0.5)))["chosen"] == [[1, 0.5]]


def test_the_network_before_and_after_in_one_scale():
    start = layered_space(np.random.default_rng(0), layers=2, copies=1)
    axes = before_and_after(start, duplicate_detector())
    titles = [ax.get_title(loc="left") for ax in axes]
    assert titles == [
        f"before: {len(start.trainable)} trainable links",
        "after: 8 trainable links",
    ]
    boxes = [ax.get_window_extent() for ax in axes]
    scales = [box.width / np.ptp(ax.get_xlim()) for ax, box in zip(axes, boxes, strict=True)]
    assert scales[0] == pytest.approx(scales[1])
    assert boxes[0].y0 > boxes[1].y1


def test_before_and_after_on_given_axes():
    _, axes = plt.subplots(2)
    assert before_and_after(duplicate_detector(), duplicate_detector(), axes) is axes


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="extra 'plot'"):
        loss_curve(RECORDS)


def test_importing_it_needs_no_matplotlib():
    found = "print('matplotlib' in sys.modules, 'IPython' in sys.modules)"
    code = f"import sys, synthesis.show.plots; {found}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


# -------------------- live --------------------


class Handle:
    """What IPython gives for a display that can be updated."""

    def __init__(self, shown):
        self.shown = shown

    def update(self, bundle, raw):
        assert raw
        self.shown.append(bundle)


@pytest.fixture
def notebook(monkeypatch):
    """A fake notebook: bundles shown first and in place."""
    shown = SimpleNamespace(first=[], updates=[], shell=SimpleNamespace(kernel=object()))

    def display(bundle, raw, display_id):
        assert raw and display_id
        shown.first.append(bundle)
        return Handle(shown.updates)

    ipython = SimpleNamespace(get_ipython=lambda: shown.shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    return shown


def events():
    state = State(VValue({"a": 1.0}), 2.5, step=50, phase="bite")
    return [Event(state, [record]) for record in RECORDS]


def test_watch_passes_everything_on_and_shows_it_in_one_place(notebook, monkeypatch):
    monkeypatch.setattr(live, "SECONDS", 0.0)
    given = events()
    assert list(watch(iter(given))) == given
    assert len(notebook.first) == 1
    assert len(notebook.updates) == len(given)  # all but the first, and once more at the end
    last = notebook.updates[-1]
    assert last["text/plain"] == "step 50 · bite: 1 link, loss 2.5"
    assert "<svg" in last["text/html"] and "simplify: 10 steps" in last["text/html"]
    assert "<script" not in last["text/html"]


def test_watch_shows_the_end_however_fast_the_run_and_when_it_is_left(notebook, monkeypatch):
    monkeypatch.setattr(live, "SECONDS", 3600.0)
    assert len(list(watch(events()))) == 5
    assert (len(notebook.first), len(notebook.updates)) == (1, 1)
    assert "simplify: 10 steps" in notebook.updates[-1]["text/html"]
    watching = watch(events())
    next(watching)
    watching.close()
    assert (len(notebook.first), len(notebook.updates)) == (2, 2)


def test_watch_is_quiet_outside_a_notebook(notebook):
    for shell in (None, SimpleNamespace()):  # plain Python; IPython in a terminal
        notebook.shell = shell
        assert len(list(watch(events()))) == 5
    assert not notebook.first


def test_watch_of_no_events_shows_nothing(notebook):
    assert list(watch([])) == []
    assert not notebook.first
