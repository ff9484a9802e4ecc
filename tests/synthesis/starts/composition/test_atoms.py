"""Operations: the neuron that is built does to samples what the arrays say, at every pace."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts.composition.atoms import OPERATIONS, leaky_signal
from synthesis.starts.composition.running import leaky
from synthesis.starts.composition.vocabulary import known_operations
from synthesis.starts.signals import Signal
from tests.examples import examples
from tests.synthesis.samples import (
    arrays_of,
    builder_for,
    random_samples,
    said,
    sources_of,
    strings_of,
)

VOCABULARY = frozenset(name for operation in OPERATIONS for name in operation.types)


def kinds_of(operation):
    """The kinds of arguments that an operation can be tried with."""
    if "any" not in operation.reads:
        return [operation.reads]
    return [("number",) * len(operation.reads), ("keyed",) * len(operation.reads)]


def shown(operation, kinds):
    return f"{operation.name} of {' and '.join(kinds)}"


CASES = [(operation, kinds) for operation in OPERATIONS for kinds in kinds_of(operation)]


@pytest.mark.parametrize(("operation", "kinds"), CASES, ids=[shown(*case) for case in CASES])
@given(seed=st.integers(0, 10**6), more=st.integers(0, 2))
@examples(3)
def test_the_neuron_does_what_the_arrays_say(operation, kinds, seed, more):
    rng = np.random.default_rng(seed)
    strings = strings_of({f"x{k}": random_samples(rng, kind) for k, kind in enumerate(kinds)})
    expected = operation.values(*arrays_of(strings))
    if expected.ndim == 3:  # a tree is read through its norm
        expected = np.abs(expected).max(axis=2)
    builder = builder_for(strings)
    signal = operation.build(builder, *sources_of(strings).values())
    if "keyed" in kinds and operation.name not in ("norm", "dot", "clamped dot"):
        signal = Signal.of(builder.neuron("norm", dict=signal), "norm")
    circuit = builder.circuit([signal])
    assert set(circuit.neurons.values()) <= {
        *operation.types,
        "stream",
        "const_1",
        "output",
        "norm",
    }
    got = said(circuit, strings, circuit.least_ticks() + more)[0]
    np.testing.assert_allclose(got, expected, atol=1e-12)


@given(seed=st.integers(0, 10**6), pole=st.integers(0, 99), more=st.integers(0, 2))
@examples(10)
def test_a_leaky_sum_is_its_neuron(seed, pole, more):
    strings = strings_of({"x": random_samples(np.random.default_rng(seed), "number")})
    builder = builder_for(strings)
    signal = leaky_signal(builder, *sources_of(strings).values(), pole / 100.0)
    circuit = builder.circuit([signal])
    got = said(circuit, strings, circuit.least_ticks() + more)[0]
    np.testing.assert_allclose(got, leaky(arrays_of(strings)[0], pole / 100.0), atol=1e-12)


# -------------------- the table --------------------


def test_every_operation_has_a_name_of_its_own():
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)


def test_a_vocabulary_limits_the_operations():
    names = {operation.name for operation in known_operations(("accum", "norm"), 1)}
    assert names == {"lag", "not", "sum", "abs", "norm", "toggle"}
    assert {operation.name for operation in known_operations((), 2)} == {"+", "-"}


def test_symmetric_operations_are_symmetric_and_others_are_not():
    rng = np.random.default_rng(0)
    for operation in OPERATIONS:
        if len(operation.reads) == 2:
            shape = (4, 9, 2) if "keyed" in operation.reads else (4, 9)
            one, other = rng.standard_normal((2, *shape))
            is_same = np.array_equal(operation.values(one, other), operation.values(other, one))
            assert is_same == operation.is_symmetric, operation.name


def test_operations_never_see_later_samples():
    rng = np.random.default_rng(0)
    for operation, kinds in CASES:
        strings = strings_of({f"x{k}": random_samples(rng, kind) for k, kind in enumerate(kinds)})
        whole = arrays_of(strings)
        begun = [array[:, :4] for array in whole]
        np.testing.assert_array_equal(operation.values(*begun), operation.values(*whole)[:, :4])
