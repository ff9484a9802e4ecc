"""What users bring to a forecast is read in every form it may have."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.forecast import Forecaster
from synthesis.forecast.panel import read_panel


@given(lengths=st.lists(st.integers(1, 6), min_size=1, max_size=4))
def test_strings_of_any_lengths_are_a_list_of_arrays(lengths):
    strings = [np.arange(1.0, n + 1.0) + 10.0 * k for k, n in enumerate(lengths)]
    panel = read_panel(strings)
    assert panel.lengths.tolist() == lengths and not panel.is_flat
    np.testing.assert_array_equal(panel.observed(), np.concatenate(strings))


def test_one_list_of_numbers_is_one_string():
    assert read_panel([1.0, 2.0, 4.0]).is_flat
    assert not read_panel([[1.0, 2.0, 4.0]]).is_flat


def test_a_stream_beside_may_not_be_called_as_the_series():
    with pytest.raises(ValueError, match="leave it out of X"):
        read_panel([1.0, 2.0], {"y": [0.0, 1.0]})


@pytest.mark.filterwarnings("error")
def test_a_scale_does_not_look_beyond_the_end_of_a_string():
    rng = np.random.default_rng(0)
    strings = [np.exp(0.1 * rng.standard_normal(n).cumsum()) for n in (30, 22, 27, 25, 24, 30)]
    found = Forecaster(transform="log", most=2).fit(strings)
    assert [len(told) for told in found.predict()] == [30, 22, 27, 25, 24, 30]
