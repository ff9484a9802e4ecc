"""Nobody waits in the dark: callbacks, a line, and an interrupt that keeps the best."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.fit import ConvergenceWarning, Progress
from synthesis.fit.efforts import EFFORTS
from synthesis.fit.progress import Line, told
from tests.synthesis.fit.programs import NUMBERS, quick, running_sum, with_reset


def test_a_callback_hears_of_every_machine():
    heard = []
    quick(callback=heard.append).fit(*with_reset())
    assert [progress.trials for progress in heard] == list(range(1, len(heard) + 1))
    assert all(isinstance(progress, Progress) for progress in heard)
    shares = [progress.share for progress in heard]
    assert shares == sorted(shares) and shares[0] > 0.0 and shares[-1] <= 1.0
    assert heard[0].stage.startswith("composition: ")
    assert heard[-1].best is not None and heard[-1].best.is_right


def test_no_more_than_all_of_the_effort_is_told():
    class More:
        count, effort = 130, EFFORTS["quick"]

        def best(self):
            return None

    assert More.count > More.effort.trials
    assert Progress.of("noisy", More()).share == 1.0


def test_an_interrupt_keeps_the_best():
    X, y = running_sum()

    def stop(progress):
        if progress.trials == 3:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="interrupted: the best machine so far is kept"):
        model = quick(callback=stop).fit(X, y)
    assert model.verdict_.is_exact
    np.testing.assert_array_equal(model.predict(X), y)


def test_an_interrupt_before_anything_was_found_is_an_interrupt():
    def stop(progress):
        raise KeyboardInterrupt

    class Nothing:
        name = "nothing"

        def propose(self, problem, vocabulary):
            raise KeyboardInterrupt
            yield

    with pytest.raises(KeyboardInterrupt):
        quick(callback=stop, spaces=[Nothing()]).fit(*running_sum())


def test_who_proposes_nothing_finds_nothing():
    class Nothing:
        name = "nothing"

        def propose(self, problem, vocabulary):
            return iter(())

    with pytest.raises(ValueError, match="no start proposed a machine for these streams"):
        quick(spaces=[Nothing()]).fit(*running_sum())


def test_a_line_is_written_where_somebody_wants_it(capsys, monkeypatch):
    monkeypatch.setattr("synthesis.fit.progress.EVERY", 0.0)
    quick(verbose=1).fit(*running_sum())
    written = capsys.readouterr().err
    assert "% of the effort" in written and "links, right" in written
    assert written.endswith("\r")
    quick(verbose=0).fit(*running_sum())
    assert capsys.readouterr().err == ""


def test_nobody_looking_nothing_is_written(capsys):
    quick(verbose=None).fit(*running_sum())  # neither a terminal nor a notebook
    assert capsys.readouterr().err == ""


def test_a_line_is_short_and_says_where_the_fit_stands():
    line = told(Progress("composition: " + 99 * "x", 12, 0.25, None))
    assert line.startswith(" 25 % of the effort  12 tried  nothing yet  composition: ")
    assert len(line) == 79


def test_a_line_leaves_nothing_behind(capsys):
    line = Line()
    line(Progress("long ago " + 40 * "x", 1, 0.5, None))
    line.close()
    shown = capsys.readouterr().err.split("\r")
    assert shown[-2].strip() == "" and len(shown[-2]) == len(shown[1])


def test_spent_effort_is_said():
    rng = np.random.default_rng(0)
    with pytest.warns(ConvergenceWarning, match="Not exact"):
        model = quick(effort="first").fit({"x": NUMBERS}, rng.standard_normal(NUMBERS.shape))
    assert not model.verdict_.is_exact
