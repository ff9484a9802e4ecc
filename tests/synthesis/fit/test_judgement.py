"""Verdicts: exact means right, held out, sound and settled; everything less is said."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from dmm.proof import reachable
from synthesis.fit import ConvergenceWarning, Synthesizer, units
from synthesis.starts import Numerals, Provided
from tests.synthesis.fit.programs import (
    EVENTS,
    NUMBERS,
    fitted,
    quick,
    running_sum,
    with_reset,
)


@pytest.fixture
def rng():
    return np.random.default_rng(11)


# -------------------- held out means held out --------------------


def test_figures_are_of_parts_that_never_mix():
    model, _, y = fitted(with_reset)
    assert list(model.figures_) == ["training", "validation", "report"]
    asked = [errors.asked for errors in model.figures_.values()]
    assert sum(asked) == y.size
    assert asked == [18 * 16, 6 * 16, 6 * 16]


@pytest.mark.parametrize("held_out", [0.0, 0.2])
def test_where_nothing_is_held_out_the_verdict_says_so(held_out):
    """Three short strings, or a user who wants all to be trained on."""
    X, y = running_sum(strings=3 if held_out else 30, samples=16)
    model = quick(held_out=held_out).fit(X, y)
    assert list(model.figures_) == ["training"]
    assert not model.verdict_.is_exact
    assert any("nothing was held out" in caveat for caveat in model.verdict_.caveats)


def test_the_report_decides_nothing():
    """Whatever its answers are on the same grid: the machine is the same, the verdict is not."""
    model, X, y = fitted(with_reset)
    wrong = np.array(y)
    wrong[-6:] = wrong[-6:, ::-1]
    other = quick().fit(X, wrong)
    assert other.machine_.trainable == model.machine_.trainable
    assert [member.equations for member in other.front_] == [m.equations for m in model.front_]
    assert model.verdict_.is_exact and not other.verdict_.is_exact
    assert "on the strings of the report" in str(other.verdict_)


def test_the_report_is_read_once(monkeypatch):
    X, y = with_reset()
    seen = []
    plain = units.errors_in_own_units

    def counted(problem, candidate, strings):
        seen.append(strings is problem.split.report)
        return plain(problem, candidate, strings)

    for module in ("judgement", "synthesizer"):
        monkeypatch.setattr(f"synthesis.fit.{module}.errors_in_own_units", counted)
    quick().fit(X, y)
    assert seen.count(True) == 1
    assert len(seen) > 1


def test_validation_decides():
    """A rule that changes where training does not look is not taken for right."""
    X, y = running_sum()
    wrong = np.array(y)
    wrong[18:24, 6:] = 0
    with pytest.warns(ConvergenceWarning):
        model = quick(effort="first").fit(X, wrong)
    assert not model.verdict_.is_exact
    assert model.figures_["validation"].right < 1.0


def test_what_training_does_not_see_of_its_strings_decides():
    X, y = running_sum(samples=18)
    wrong = np.array(y)
    wrong[:, 12:] = wrong[:, 11:12]  # the count stands still where the beginnings end
    with pytest.warns(ConvergenceWarning):
        assert not quick(effort="first").fit(X, wrong).verdict_.is_exact


# -------------------- settled --------------------


def test_an_open_threshold_is_not_exact(rng):
    x = rng.uniform(0.0, 10.0, (20, 10))
    x = np.where((x > 4.0) & (x < 6.0), x + 3.0, x)
    model = quick().fit({"x": x}, (x > 5.0).astype(float))
    assert model.figures_["report"].right == 1.0
    assert not model.verdict_.is_exact
    assert "the data do not settle it: a bound of" in str(model.verdict_)


def test_a_threshold_at_zero_is_as_open_as_another(rng):
    x = rng.uniform(-5.0, 5.0, (20, 10))
    x = np.where(np.abs(x) < 1.0, x + 3.0 * np.sign(x), x)
    model = quick().fit({"x": x}, (x > 0.6).astype(float))
    assert not model.verdict_.is_exact


def test_a_run_that_the_data_do_not_show_is_not_settled(rng):
    """Two events in a row are counted; whether three are 3 or still 2, no string tells."""
    event = (rng.random((40, 16)) < 0.2).astype(float)
    for t in range(2, 16):
        event[:, t] *= 1.0 - event[:, t - 1] * event[:, t - 2]
    event[:, -1] = 0.0  # nor do strings end to end
    model = quick().fit({"event": event}, event + event * _before(event))
    assert model.figures_["report"].right == 1.0
    assert not model.verdict_.is_exact
    assert "strings in which what is rare is frequent" in str(model.verdict_)


def test_a_run_that_the_data_show_is_settled(rng):
    event = (rng.random((40, 16)) < 0.5).astype(float)
    length, asked = np.zeros(40), []
    for now in event.T:
        length = now * (length + 1.0)
        asked.append(length)
    model = quick().fit({"event": event}, np.stack(asked, axis=1))
    assert model.verdict_.is_exact


def test_few_answers_are_thin_evidence(rng):
    """Every answer but two is 0: many machines would be right by accident."""
    x = rng.integers(0, 3, (10, 6)).astype(float)
    y = np.zeros(x.shape)
    x[:, 0] = 0.0
    x[0, 1], y[0, 1] = 7.0, 1.0
    x[7, 1], y[7, 1] = 7.0, 1.0
    model = quick().fit({"x": x}, y)
    assert not model.verdict_.is_exact
    assert any("by accident" in caveat or "may lie" in caveat for caveat in model.verdict_.caveats)


@pytest.mark.thorough
def test_a_product_within_its_bound_is_a_caveat(rng):
    one, other = rng.integers(-2, 3, (2, 20, 12)) / 2.0
    model = quick(vocabulary=["dot", "accum"])
    with pytest.warns(ConvergenceWarning):
        model.fit({"one": one, "other": other}, one * other)
    assert not model.verdict_.is_exact or any("limited to 4" in c for c in model.verdict_.caveats)


@pytest.mark.thorough
def test_odd_weights_are_a_caveat():
    model = quick(effort="first").fit({"x": NUMBERS}, 0.7316 * np.cumsum(NUMBERS, axis=1))
    assert any("0.7316" in caveat for caveat in model.verdict_.caveats)


# -------------------- sentences --------------------


def test_an_exact_verdict_is_one_sentence_with_figures():
    model, _, _ = fitted(running_sum)
    said = str(model.verdict_)
    assert said.startswith("Exact: right on all 288 numbers that are asked, run free, and sound")
    assert said.count("\n") == 0
    assert f"({model.front_.best.links} links, {model.front_.best.bits:.0f} bits)" in said
    assert "report: mean squared error 0, R^2 1.0000, 100 % right of 72" in model.verdict_.told()


def test_a_verdict_counts_states_where_no_string_leads_out_of_them():
    """Over the user's own numbers, whatever unit the search has counted in."""
    model = quick().fit({"x": 0.3 * EVENTS}, 0.3 * _before(EVENTS))
    assert model.verdict_.is_exact and model.verdict_.states
    found = reachable(model.machine_, {"stream-x": (0.0, 0.3)})
    assert found.is_closed and found.states == model.verdict_.states
    assert f"{found.states} states on streams of these values" in model.verdict_.told()
    counting, _, _ = fitted(running_sum)
    assert counting.verdict_.is_exact and counting.verdict_.states is None
    assert "states on streams" not in counting.verdict_.told()


def _before(x):
    """The sample before, 0 at the beginning."""
    return np.concatenate([np.zeros_like(x[:, :1]), x[:, :-1]], axis=1)


def test_a_verdict_that_is_not_exact_says_how_far_it_came(rng):
    noise = rng.standard_normal(NUMBERS.shape)
    with pytest.warns(ConvergenceWarning, match="Not exact, and no machine can be on these"):
        model = quick(effort="first").fit({"x": NUMBERS}, noise)
    errors = model.figures_["validation"]
    assert f"mean squared error of {errors.mean_square:.3g}" in str(model.verdict_)
    reals = rng.standard_normal(NUMBERS.shape)  # never the same twice: nothing contradicts
    with pytest.warns(ConvergenceWarning, match="Not exact: 0 % of the answers of validation"):
        quick(effort="first").fit({"x": reals}, noise)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(10))
def test_nothing_wrong_is_called_exact(seed):
    """Rules with a memory, learned from so little that many machines would do."""
    rng = np.random.default_rng(seed)
    for strings, samples in ((6, 6), (10, 8), (20, 10)):
        for program in (running_sum, with_reset, _toggled, _debounced):
            X, y = program(rng, strings, samples)
            if np.ptp(y[: strings // 2, : samples // 2]) == 0:
                continue  # nothing to learn from
            model = Synthesizer(effort="quick", verbose=0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(X, y)
            if model.verdict_.is_exact:
                X, y = program(np.random.default_rng(1000 + seed), 20, 10 * samples)
                assert model.score(X, y) == 1.0, f"{program.__name__}: {model.equations_}"


def _toggled(rng, strings, samples):
    """On, off, on ... at every event."""
    event = (rng.random((strings, samples)) < 0.3).astype(int)
    return {"event": event}, np.cumsum(event, axis=1) % 2


def _debounced(rng, strings, samples):
    """The last value that came three times in a row."""
    x = rng.integers(0, 2, (strings, samples))
    kept, out = np.zeros(strings, dtype=int), []
    for t in range(samples):
        if t >= 2:
            is_same = (x[:, t] == x[:, t - 1]) & (x[:, t] == x[:, t - 2])
            kept = np.where(is_same, x[:, t], kept)
        out.append(kept)
    return {"x": x}, np.stack(out, axis=1)


@pytest.mark.thorough
def test_a_memory_that_numbers_no_longer_hold_is_not_called_exact(rng):
    """Palindromes by two numbers: right on these strings, and wrong where floats lose digits."""
    bits = rng.integers(0, 2, (80, 12)).astype(float)
    bits[::2, 6:] = bits[::2, :6][:, ::-1]
    asked = [[np.array_equal(row[:t], row[:t][::-1]) for t in range(1, 13)] for row in bits]
    model = quick(spaces=[Numerals()]).fit(bits, np.array(asked, dtype=float))
    assert all(errors.right == 1.0 for errors in model.figures_.values())
    assert not model.verdict_.is_exact
    assert any("beyond 2^53" in caveat for caveat in model.verdict_.caveats)


# -------------------- right but for little --------------------


def nearly(weight, **options):
    """A sum with a weight that is nearly 1, tried as it is."""
    model = Synthesizer(spaces=(Provided(f"y = {weight} y[t-1] + x"),), **options)
    x = np.random.default_rng(0).uniform(0.5, 1.0, (40, 24))
    return model, x, x.cumsum(axis=1)


def test_errors_that_grow_are_no_rounding_errors():
    model, x, y = nearly("1.00000003")
    verdict = model.fit(x, y).verdict_
    assert all(figures.right == 1.0 for figures in model.figures_.values())
    assert not verdict.is_exact and "its errors are small and grow" in str(verdict)


@pytest.mark.parametrize("digits", [7, 15])
def test_numbers_with_few_digits_are_no_errors(digits):
    model, x, y = nearly("1")
    assert model.fit(x, y.round(digits)).verdict_.is_exact
    assert model.fit(x.round(digits), y).verdict_.is_exact
