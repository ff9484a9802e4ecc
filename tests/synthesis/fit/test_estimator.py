"""An estimator that people's tools accept: scikit-learn and pandas, where they are installed."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.fit import Synthesizer
from tests.synthesis.fit.programs import fitted, quick, running_sum

X, Y = (np.asarray(values) for values in (running_sum()[0]["event"], running_sum()[1]))


# -------------------- without scikit-learn --------------------


def test_parameters_are_read_and_changed():
    model = Synthesizer(effort="quick", lookahead=2)
    parameters = model.get_params()
    assert (parameters["effort"], parameters["lookahead"], parameters["seed"]) == ("quick", 2, 0)
    assert Synthesizer(**parameters).get_params() == parameters
    assert model.set_params(effort="thorough") is model
    assert model.effort == "thorough"
    with pytest.raises(ValueError, match="'delay' is no parameter of Synthesizer; it has seed"):
        model.set_params(delay=3)


def test_scores_are_r_squared_or_the_share_that_is_right():
    model, streams, y = fitted(running_sum)
    assert model.score(streams, y) == 1.0
    off = y + np.where(np.arange(y.size).reshape(y.shape) % 2, 0.5, 0.0)
    answers = model.predict(streams)
    expected = 1.0 - np.sum((answers - off) ** 2) / np.sum((off - off.mean()) ** 2)
    assert model.score(streams, off) == pytest.approx(expected)
    flags = quick().fit(streams, y % 2)
    wrong = (y % 2).astype(float)
    wrong[:, 0] = 1.0 - wrong[:, 0]
    assert flags.score(streams, wrong) == pytest.approx(11 / 12)


# -------------------- scikit-learn --------------------


@pytest.fixture
def sklearn():
    return pytest.importorskip("sklearn", reason="scikit-learn is not installed")


@pytest.mark.usefixtures("sklearn")
def test_a_clone_is_unfitted_and_has_the_same_parameters():
    from sklearn.base import clone

    copy = clone(fitted(running_sum)[0])
    assert copy.get_params() == fitted(running_sum)[0].get_params()
    with pytest.raises(AttributeError, match="predict before fit"):
        copy.predict(X)


@pytest.mark.usefixtures("sklearn")
def test_tags_say_what_it_is():
    from sklearn.utils import get_tags
    from sklearn.utils.validation import check_is_fitted

    tags = get_tags(Synthesizer())
    assert tags.estimator_type == "regressor"
    assert tags.target_tags.required
    check_is_fitted(fitted(running_sum)[0])
    with pytest.raises(ValueError, match="not fitted"):
        check_is_fitted(Synthesizer())


@pytest.mark.usefixtures("sklearn")
def test_cross_validation():
    from sklearn.model_selection import cross_val_score

    np.testing.assert_array_equal(cross_val_score(quick(), X, Y, cv=2), [1.0, 1.0])


@pytest.mark.thorough
@pytest.mark.usefixtures("sklearn")
def test_a_grid_search_finds_the_lookahead():
    from sklearn.model_selection import GridSearchCV

    rng = np.random.default_rng(0)
    x = rng.integers(0, 5, (30, 8)).astype(float)
    y = np.concatenate([x[:, 1:], np.full((30, 1), np.nan)], axis=1)
    search = GridSearchCV(quick(), {"lookahead": [0, 1]}, cv=2)
    with pytest.warns(UserWarning, match="Not exact"):
        search.fit(x, y)
    assert search.best_params_ == {"lookahead": 1}
    assert search.best_score_ == 1.0


@pytest.mark.usefixtures("sklearn")
def test_a_pipeline():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    pipeline = make_pipeline(FunctionTransformer(np.negative), quick()).fit(X, Y)
    np.testing.assert_array_equal(pipeline.predict(X), Y)
    assert pipeline.score(X, Y) == 1.0
    assert pipeline[-1].verdict_.is_exact


# -------------------- pandas --------------------


def test_frames_come_back_as_frames():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    rows = pandas.DataFrame({"event": X.ravel(), "run": np.repeat(np.arange(30), 12)})
    total = pandas.Series(Y.ravel(), name="total")
    model = quick().fit(rows, total, group="run")
    assert model.verdict_.is_exact
    assert model.equations_ == "total = total[t-1] + event"
    answers = model.predict(rows)
    pandas.testing.assert_series_equal(answers, total, check_dtype=False)
    assert model.score(rows, total) == 1.0
    with pytest.raises(ValueError, match="expected 'event'"):
        model.predict(rows.rename(columns={"event": "events"}))
