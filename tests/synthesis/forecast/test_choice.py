"""Which of several ways to forecast is chosen, by what each loses."""

import numpy as np

from synthesis.forecast.ways import CHOICES, chosen, compared, smallest_within
from synthesis.forecast.ways.choice import Tried


def test_the_smallest_within_one_standard_error_is_chosen():
    rng = np.random.default_rng(0)
    good = Tried("good", 5, rng.uniform(0.5, 1.5, 100))
    as_good = Tried("as good", 1, good.losses + 0.3 * rng.standard_normal(100))
    bad = Tried("bad", 0, good.losses + 0.1)
    for choice in CHOICES:
        assert chosen([as_good, good, bad], choice, is_scaled=True) is as_good


def test_the_share_of_an_error_decides_how_careful_a_choice_is():
    losses = np.random.default_rng(0).uniform(0.0, 10.0, 100)
    better = Tried("better", 2, losses)
    worse = Tried("worse", 1, losses + 0.5 * better.error)
    assert chosen([worse, better], "standard error", is_scaled=True) is worse
    assert chosen([worse, better], "third of standard error", is_scaled=True) is better
    assert smallest_within([worse, better], 0.51) is worse
    assert smallest_within([worse, better], 0.49) is better


def test_whether_there_is_a_level_is_settled_carefully():
    losses = np.random.default_rng(0).uniform(0.0, 10.0, 100)
    level = Tried("level", 2, losses)
    changes = Tried("changes", 1, losses + 0.5 * level.error, has_level=False)
    larger = Tried("larger", 3, losses + 0.1 * level.error, has_level=False)
    assert chosen([level, changes, larger], "third of standard error", is_scaled=True) is larger


def test_a_small_loss_that_is_there_on_every_sample_counts_if_differences_do():
    losses = np.random.default_rng(0).uniform(0.0, 10.0, 100)
    worse, better = Tried("worse", 1, losses + 0.05), Tried("better", 2, losses)
    assert worse.loss < better.loss + better.error
    assert chosen([worse, better], "standard error", is_scaled=True) is worse
    assert chosen([worse, better], "difference", is_scaled=True) is better


def test_what_differs_wildly_does_not_pass_for_as_good():
    rng = np.random.default_rng(0)
    best = Tried("best", 9, rng.uniform(0.5, 1.5, 100))
    small = Tried("small", 2, best.losses + 0.1)
    differing = 5.0 * rng.standard_normal(100)
    wild = Tried("wild", 5, best.losses + 0.2 + differing - differing.mean())
    assert compared(small, best) == "worse than" and compared(wild, best) == "about as good as"
    assert chosen([best, small, wild], "difference", is_scaled=True) is best


def test_a_link_has_to_save_the_code_that_names_it():
    few, many = (np.full(n, 1.0) for n in (20, 2000))
    for losses, expected in ((few, "small"), (many, "large")):
        small, large = Tried("small", 1, 1.02 * losses), Tried("large", 4, losses)
        # Half the logarithm of 1.02 a row, against three links.
        assert chosen([small, large], "code length", is_scaled=True).name == expected
        # The logarithm of a probability counts as it is.
        assert chosen([small, large], "code length", is_scaled=False).name == expected


def test_errors_of_rounding_are_no_reason_for_links():
    rounded = np.full(100, 1e-30)
    ways = [Tried("none", 0, np.ones(100)), Tried("s", 2, rounded), Tried("l", 3, rounded / 9.0)]
    assert chosen(ways, "code length", is_scaled=True).name == "s"
