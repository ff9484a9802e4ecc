"""The bank: no stream twice, small ones first, and every stream is the circuit that is built."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts.composition.atoms import OPERATIONS
from synthesis.starts.composition.bank import LARGEST, Bank
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
KINDS = ("number", "flag", "keyed")


def drawn(seed, kinds=KINDS):
    rng = np.random.default_rng(seed)
    return strings_of({kind: random_samples(rng, kind) for kind in kinds})


def streams_of(strings):
    """What a bank is given."""
    arrays = dict(zip(strings.inputs.arrays, arrays_of(strings), strict=True))
    return {"1": np.ones((len(strings), strings.samples)), **arrays}


def bank_over(strings, most=400, largest=4, vocabulary=VOCABULARY):
    signals = {"1": Signal.of("const_1", "const_1"), **sources_of(strings)}
    unary, binary = known_operations(vocabulary, 1), known_operations(vocabulary, 2)
    return Bank(streams_of(strings), signals, unary, binary, most, largest)


def grown(bank):
    while bank.grow():
        pass
    return bank


@given(seed=st.integers(0, 10**6), more=st.integers(0, 1))
@examples(20)
def test_every_stream_is_its_circuit(seed, more):
    """Memories of memories, and what is awake before the first sample, too."""
    strings = drawn(seed)
    bank = grown(bank_over(strings))
    plain = [i for i, stream in enumerate(bank.streams) if stream.size and not stream.is_keyed]
    for number in np.random.default_rng(seed).choice(plain, 2, replace=False):
        builder = builder_for(strings)
        circuit = builder.circuit([bank.built(number, builder)])
        got = said(circuit, strings, circuit.least_ticks() + more)[0]
        name = bank.streams[number].name
        np.testing.assert_allclose(got, bank.values[number], atol=1e-9, err_msg=name)


@given(seed=st.integers(0, 10**6))
@examples(10)
def test_no_stream_is_there_twice_and_small_ones_come_first(seed):
    bank = grown(bank_over(drawn(seed)))
    seen = {(values.shape, np.round(values, 6).tobytes()) for values in bank.values}
    assert len(seen) == len(bank) == len(bank.values)
    assert len({stream.name for stream in bank.streams}) == len(bank)
    sizes = [stream.size for stream in bank.streams]
    assert sizes == sorted(sizes)
    for number, stream in enumerate(bank.streams):
        assert all(argument < number for argument in stream.arguments)
        parts = [bank.streams[argument].size for argument in stream.arguments]
        assert stream.size == (0 if stream.operation is None else 1 + sum(parts))


@pytest.mark.thorough
@given(seed=st.integers(0, 10**6))
@examples(5)
def test_growth_is_reproducible(seed):
    one, other = grown(bank_over(drawn(seed))), grown(bank_over(drawn(seed)))
    assert [stream.name for stream in one.streams] == [stream.name for stream in other.streams]
    for mine, its in zip(one.values, other.values, strict=True):
        np.testing.assert_array_equal(mine, its)


@given(seed=st.integers(0, 10**6))
@examples(10)
def test_streams_are_evaluated_on_other_samples(seed):
    """Those of the first samples alone are the beginnings."""
    strings = drawn(seed)
    bank = grown(bank_over(strings))
    begun = streams_of(strings.cut(4))
    for number in np.random.default_rng(seed).choice(len(bank), 30, replace=False):
        np.testing.assert_allclose(
            bank.evaluated(number, begun), bank.values[number][:, :4], atol=1e-12
        )


@given(seed=st.integers(0, 10**6))
@examples(10)
def test_kinds_say_what_streams_are(seed):
    bank = grown(bank_over(drawn(seed)))
    for stream, values in zip(bank.streams, bank.values, strict=True):
        assert stream.is_keyed == (values.ndim == 3)
        assert stream.is_flag == (values.ndim == 2 and set(np.unique(values)) <= {0.0, 1.0})
        assert not (stream.is_flag and "whole" in stream.kinds)
        if "whole" in stream.kinds:
            np.testing.assert_array_equal(values, np.round(values))


def test_a_bank_stops_at_its_size():
    strings = drawn(0, ("number",))
    one = grown(bank_over(strings, most=10**6, largest=1))
    assert max(stream.size for stream in one.streams) == 1
    assert not one.grow()
    small = grown(bank_over(strings, most=len(one), largest=3))
    assert len(small) >= len(one)
    assert max(stream.size for stream in small.streams) == 1


def test_what_grows_without_a_bound_is_left_out():
    strings = strings_of({"x": [[1e5, 2e5, 3e5]]})
    bank = grown(bank_over(strings, largest=2))
    assert max(np.abs(values).max() for values in bank.values) <= LARGEST
    assert not any("*" in stream.name and "1" not in stream.name for stream in bank.streams)


@pytest.mark.parametrize(
    ("vocabulary", "absent"),
    [((), "sum"), (("accum",), "since"), (("multiplexer",), "relu")],
)
def test_a_vocabulary_limits_what_grows(vocabulary, absent):
    bank = grown(bank_over(drawn(0), largest=2, vocabulary=vocabulary))
    used = {stream.operation for stream in bank.streams if stream.operation is not None}
    assert used
    assert all(set(operation.types) <= set(vocabulary) for operation in used)
    assert absent not in {operation.name for operation in used}
