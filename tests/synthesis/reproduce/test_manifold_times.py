"""Time and memory in the loss of manifolds, from end to end with very few steps."""

from __future__ import annotations

import json

import pytest

from synthesis.reproduce.manifold import times

TIMED = times.Asked("seconds", 100.0), times.Asked("seconds", 100.0, 200)
RIVALS = times.NOTHING._replace(most=200), times.Asked("links", 0.05)


@pytest.fixture(scope="module")
def tiny(few_digits):
    measured = times.measured_here
    few = {
        "load_mnist": lambda: few_digits,
        "measured_here": lambda n, rng, largest=60: measured(max(n // 4, 15), rng, 60),
        "STEPS": 2, "FINISHING_STEPS": 2, "SMALL_STEPS": 10, "N_HIDDEN": 12,
        "TOY_SECONDS": (0.0, 1e3), "TOY_BYTES": (1e-5,), "TIMED": TIMED, "MEASURED": 1,
        "RIVALS": RIVALS, "CONFIRMED": (1, 2),
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in few.items():
            patch.setattr(times, name, value)
        yield


@pytest.fixture(scope="module")
def whole(tiny, tmp_path_factory):
    """What a run that was never interrupted finds, and its folder."""
    folder = tmp_path_factory.mktemp("whole")
    return times.reproduce(True, folder), folder


@pytest.mark.thorough
def test_what_time_and_memory_buy_is_reported(whole):
    figures, folder = whole
    assert list(json.loads((folder / "manifold-time.json").read_text())) == list(figures)
    rows = figures["MNIST, 2 steps, then 2 of the weights alone"]
    assert list(rows) == [
        "nothing", "seconds, weight 100", "seconds, weight 100, pruned to 200",
        "nothing, pruned to 200", "links, down to 5.0%",
    ]  # fmt: skip
    assert 0 < rows["nothing, pruned to 200"]["links"] <= 200 < rows["nothing"]["links"]
    assert all(row["links"] > 0 and row["measured_ms"] > 0 for row in rows.values())
    assert figures["chosen on validation images"] in ("nothing", *map(str, TIMED))
    pair = figures["test images, seed 2"]
    assert pair["points lost"] == pytest.approx(pair["accuracy without"] - pair["accuracy with"])
    text = (folder / "manifold-time.md").read_text()
    for heading in ("Time against links", "Sums and differences", "The choice on the test"):
        assert heading in text


@pytest.mark.thorough
def test_an_interrupted_run_goes_on_with_its_own_cost_model(whole, tmp_path, monkeypatch):
    figures, _ = whole
    kept = {key: value for key, value in figures.items() if not key.startswith("test images")}
    (tmp_path / "manifold-time.json").write_text(json.dumps(kept))
    trained = []
    of = times.Costs.figures
    monkeypatch.setattr(
        times.Costs, "figures", lambda self, *what: trained.append(what) or of(self, *what)
    )
    again = times.reproduce(True, tmp_path)
    assert again["cost model"] == figures["cost model"]
    assert [what[1] for what in trained[-4:]] == [1, 1, 2, 2]
    assert (TIMED[0],) not in trained  # a row that was there
    pair, before = (found["test images, seed 1"] for found in (again, figures))
    assert pair["accuracy with"] == before["accuracy with"]


@pytest.mark.thorough
def test_without_full_only_the_toy_set_is_measured(tiny, tmp_path):
    figures = times.reproduce(False, tmp_path)
    assert not any("MNIST" in name for name in figures)


def test_the_fastest_that_costs_little_is_chosen():
    some, pruned = map(str, times.TIMED[:2])

    def chosen(at_some, at_pruned):
        figures = {"nothing": (2.0, 97.0), some: at_some, pruned: at_pruned,
                   "nothing, pruned to 6,000": (0.5, 97.0)}  # fmt: skip
        rows = {name: {"measured_ms": ms, "accuracy": a} for name, (ms, a) in figures.items()}
        return str(times.fastest(rows))

    assert chosen((1.5, 96.9), (1.2, 96.5)) == pruned
    assert chosen((1.1, 96.5), (1.2, 96.9)) == some
    assert chosen((1.1, 96.4), (1.2, 96.9)) == pruned
    assert chosen((1.1, 96.4), (1.2, 96.3)) == "nothing"
