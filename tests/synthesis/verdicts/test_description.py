"""Description length: what is odd or more costs more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm.machine import Circuit, Wire
from synthesis.verdicts import circuit_bits, is_simple, weight_bits

NEURONS = {"stream-x": "stream", "accum": "accum", "norm": "norm", "output": "output"}
ONE = (
    Wire("accum", "dict-2", "stream-x", "stream"),
    Wire("accum", "dict-1", "accum", "dict", lag=1),
    Wire("output", "dict-1", "accum", "dict"),
)
SIMPLE = st.sampled_from([-1.0, 0.5, 1.0, 2.0])


def chain(weights, lag=0):
    """A circuit with as many wires as weights, all between the same two neurons."""
    wires = [
        Wire("output", f"dict-{k}", "stream-x", "stream", w, lag) for k, w in enumerate(weights, 1)
    ]
    return Circuit({"stream-x": "stream", "output": "output"}, wires)


@given(weights=st.lists(SIMPLE, min_size=1, max_size=1))
def test_an_odd_weight_costs_more_than_a_simple_one(weights):
    odd = [0.731 * weight for weight in weights]
    assert circuit_bits(chain(odd)) > circuit_bits(chain(weights))


def test_bits_grow_with_wires():
    sizes = [circuit_bits(Circuit(NEURONS, ONE[:n])) for n in (1, 2, 3)]
    assert sizes == sorted(set(sizes))


def test_bits_grow_with_lags():
    sizes = [circuit_bits(chain([1.0], lag)) for lag in range(4)]
    assert sizes == sorted(set(sizes))


def test_a_weight_that_is_used_again_is_cheaper_than_a_new_one():
    wires = list(ONE)

    def bits(weights):
        changed = [w._replace(weight=weight) for w, weight in zip(wires, weights, strict=True)]
        return circuit_bits(Circuit(NEURONS, changed))

    assert bits([0.37, 0.37, 1.0]) < bits([0.37, 0.41, 1.0])


def test_a_link_more_with_weights_of_1_is_shorter_than_one_with_odd_ones():
    """What the number of links alone gets wrong."""
    links = 0.9 * 1.0137, 0.9871
    odd = Circuit(NEURONS, (ONE[0]._replace(weight=links[0]), ONE[2]._replace(weight=links[1])))
    assert circuit_bits(Circuit(NEURONS, ONE)) < circuit_bits(odd)


@given(digits=st.integers(1, 6), seed=st.integers(1, 9))
def test_every_digit_costs(digits, seed):
    """7, 7.3, 7.31 ... as decimals, none of them a fraction of small numbers."""
    text = "0.7319573"
    one, more = float(text[: digits + 1 + seed % 2]), float(text[: digits + 2 + seed % 2])
    assert weight_bits(one) < weight_bits(more)


@given(weight=st.floats(-1e6, 1e6).filter(lambda weight: abs(weight) > 1e-6))
def test_the_sign_of_a_weight_is_not_its_digits(weight):
    assert weight_bits(weight) == weight_bits(-weight)
    assert weight_bits(weight) >= 1.0


@pytest.mark.parametrize("weight", [0.0, 1.0, -1.0, 2.0, 0.5, 1 / 3, -0.2, 0.05, 12.0, 100.0])
def test_what_a_person_would_write_is_simple(weight):
    assert is_simple(weight)


@pytest.mark.parametrize("weight", [0.94631, 3.14159265, 1 / 997, 12345.678])
def test_what_has_to_be_rounded_is_not(weight):
    assert not is_simple(weight)


def test_parameters_of_a_circuit_do_not_change_its_bits_by_order():
    forward, backward = Circuit(NEURONS, ONE), Circuit(NEURONS, ONE[::-1])
    assert circuit_bits(forward) == pytest.approx(circuit_bits(backward))
