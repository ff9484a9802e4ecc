"""What users bring to a forecast is read in every form it may have."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.forecast import FAMILIES, Forecaster
from synthesis.forecast.panel import read_panel

LAGS_ONLY = FAMILIES[:1]


@given(lengths=st.lists(st.integers(1, 6), min_size=1, max_size=4))
def test_strings_of_any_lengths_are_a_list_of_arrays(lengths):
    strings = [np.arange(1.0, n + 1.0) + 10.0 * k for k, n in enumerate(lengths)]
    panel = read_panel(strings)
    assert panel.lengths.tolist() == lengths
    np.testing.assert_array_equal(panel.observed(), np.concatenate(strings))


def test_answers_come_in_the_form_of_the_series():
    rng = np.random.default_rng(0)
    walk = rng.standard_normal(60).cumsum()
    model = Forecaster(families=LAGS_ONLY, lags=2, most=1).fit(walk)
    flat = model.predict(walk)
    assert flat.shape == (60,)
    np.testing.assert_array_equal(model.predict(walk[None]), flat[None])
    assert [one.shape for one in model.predict([walk[:30], walk[30:50]])] == [(30,), (20,)]
    run = np.arange(60) % 2  # rows of two strings in turn
    strings = model.predict([walk[::2], walk[1::2]])
    np.testing.assert_array_equal(model.predict(walk, group=run)[1::2], strings[1])


def test_a_stream_beside_may_not_be_called_as_the_series():
    with pytest.raises(ValueError, match="leave it out of X"):
        read_panel([1.0, 2.0], {"y": [0.0, 1.0]})


@pytest.mark.filterwarnings("error")
def test_a_scale_does_not_look_beyond_the_end_of_a_string():
    rng = np.random.default_rng(0)
    strings = [np.exp(0.1 * rng.standard_normal(n).cumsum()) for n in (30, 22, 27, 25, 24, 30)]
    found = Forecaster(transform="log", most=2).fit(strings)
    assert [len(told) for told in found.predict()] == [30, 22, 27, 25, 24, 30]
