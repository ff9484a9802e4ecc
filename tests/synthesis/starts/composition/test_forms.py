"""Forms: the circuit of a form gives the numbers that its definition gives, at every pace."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts import Gap
from synthesis.starts.composition.forms import Case, Kinked, Sum, Threshold
from tests.examples import examples
from tests.synthesis.samples import (
    arrays_of,
    builder_for,
    random_samples,
    said,
    sources_of,
    strings_of,
    value_of,
)

N_ROWS = 3
WEIGHTS = st.sampled_from([-2.0, -1.0, -0.5, 0.25, 1.0, 3.0])
ROWS = st.lists(st.integers(0, N_ROWS - 1), min_size=1, max_size=N_ROWS, unique=True)
PLACES = st.integers(-8, 8).map(lambda number: number / 4.0)


@st.composite
def sums(draw):
    rows = draw(ROWS | st.just([]))
    return Sum(tuple(rows), tuple(draw(WEIGHTS) for _ in rows), draw(PLACES))


@st.composite
def kinked(draw):
    rows = draw(ROWS)
    places = draw(st.lists(PLACES, max_size=3, unique=True).map(sorted))
    kinks = tuple((place, draw(WEIGHTS)) for place in places)
    weights = tuple(draw(WEIGHTS) for _ in rows)
    return Kinked(tuple(rows), weights, draw(PLACES), draw(PLACES), kinks)


@st.composite
def thresholds(draw):
    rows = draw(ROWS)
    bound = draw(PLACES)
    gap = Gap(bound, bound - 0.1, bound + 0.1, True)
    return Threshold(tuple(rows), tuple(draw(WEIGHTS) for _ in rows), bound, (gap,))


LEAVES = sums() | kinked() | thresholds()
CASES = st.builds(Case, st.just(N_ROWS), LEAVES, LEAVES)
FORMS = LEAVES | CASES | st.builds(Case, st.just(N_ROWS), LEAVES, CASES)


@given(form=FORMS, seed=st.integers(0, 10**6), more=st.integers(0, 2))
@examples(25)
def test_the_circuit_of_a_form_says_what_the_form_says(form, seed, more):
    rng = np.random.default_rng(seed)
    kinds = {f"x{k}": random_samples(rng, "number") for k in range(N_ROWS)}
    strings = strings_of({**kinds, "flag": random_samples(rng, "flag")})
    sources = list(sources_of(strings).values())
    builder = builder_for(strings)
    circuit = builder.circuit([form.signal(builder, sources.__getitem__)])
    got = said(circuit, strings, circuit.least_ticks() + more)[0]
    np.testing.assert_allclose(got, value_of(form, arrays_of(strings)), atol=1e-12)


@given(one=thresholds(), other=thresholds(), leaf=sums())
def test_a_case_reads_and_leaves_open_what_its_parts_do(one, other, leaf):
    form = Case(N_ROWS, one, Case(0, other, leaf))
    assert set(form.rows) == {N_ROWS, 0, *one.rows, *other.rows, *leaf.rows}
    assert len(set(form.rows)) == len(form.rows)
    assert form.gaps == one.gaps + other.gaps


def test_only_what_is_not_linear_needs_neurons():
    strings = strings_of({"x": [[1.0, 2.0]]})
    source = next(iter(sources_of(strings).values()))
    for form, made in (
        (Sum((0,), (2.0,), 1.0), set()),
        (Threshold((0,), (2.0,), 1.0), {"less_or_equal"}),
        (Kinked((0,), (1.0,), 1.0, 0.0, ((0.5, -1.0),)), {"compare"}),
        (Case(0, Sum((), (), 1.0), Sum((), (), 0.0)), {"multiplexer"}),
    ):
        builder = builder_for(strings)
        form.signal(builder, lambda row: source)
        assert set(builder.neurons.values()) == {"stream", "const_1", *made}
