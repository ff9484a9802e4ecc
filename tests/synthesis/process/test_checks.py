"""Checks of settings: what passes, what is refused, and that errors name setting and value."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.process.checks import check_finite, check_positive, check_probability, check_whole


@given(st.floats(0.0, 1.0))
def test_probabilities_pass(value: float) -> None:
    check_probability("budding", value)
    check_finite("budding", value)


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (check_probability, -1e-9),
        (check_probability, 1.0 + 1e-9),
        (check_probability, math.nan),
        (check_finite, -1e-300),
        (check_finite, math.inf),
        (check_finite, math.nan),
        (check_positive, 0.0),
        (check_positive, math.inf),
        (check_whole, True),
        (check_whole, -1),
        (check_whole, 1.0),
    ],
)
def test_everything_else_is_refused_by_name_and_value(check, value: float) -> None:
    with pytest.raises(ValueError, match=rf"^budding is {value!r}; "):
        check("budding", value)
