"""Every kernel of the library by itself: its derivatives, and its methods inside cycles."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import grad
from hypothesis import given
from hypothesis import strategies as st

from dmm import get_neuron_type
from dmm.neurons import Field, MixtureKernel, Stream, StreamReader
from dmm.neurons.superfluid import merged_fields
from tests.dmm.machines import types_with_kernel
from vvalues import VValue, assemble, inner, restrict

TICKS, MACHINES, N, STRINGS = 3, 2, 2, 2
STEP = 1e-30
seeds = st.integers(0, 2**32 - 1)
every_kernel = pytest.mark.parametrize("name", (*types_with_kernel(), "timer"))


def wide(rng: np.random.Generator, fields, columns: int = 4, is_tied: bool = False) -> np.ndarray:
    """Random streams (ticks, machines, fields, n, strings, columns); numbers have no keys.

    Where they are tied there are no other numbers than -1, 0 and 1.
    """
    shape = (TICKS, MACHINES, len(fields), N, STRINGS, columns)
    x = rng.integers(-1, 2, shape).astype(float) if is_tied else rng.standard_normal(shape)
    for i, field in enumerate(fields):
        if field.is_scalar:
            x[:, :, i, ..., 1:] = 0.0
    return x


def streams(x: np.ndarray, fields) -> list[Stream]:
    has_keys = x.shape[-1] > 1
    return [
        Stream(
            x[:, :, i, ..., 0], x[:, :, i, ..., 1:] if has_keys and not field.is_scalar else None
        )
        for i, field in enumerate(fields)
    ]


def stacked(found: list[Stream], columns: int = 4) -> np.ndarray:
    """Wide arrays of streams; what has no keys has zeros there."""
    out = np.zeros((TICKS, MACHINES, len(found), N, STRINGS, columns), found[0].number.dtype)
    for i, stream in enumerate(found):
        out[:, :, i, ..., 0] = stream.number
        if stream.keys is not None:
            out[:, :, i, ..., 1:] = stream.keys
    return out


@every_kernel
@given(seeds)
def test_the_tangent_is_the_derivative_and_the_adjoint_its_transpose(name, seed):
    neuron_type = get_neuron_type(name)
    derivatives_agree(neuron_type.kernel, neuron_type.reads, neuron_type.writes, seed)


MIXED = ("accum", "norm", "compare", "dot", "gate", "tanh", "register", "multiplexer")


@given(seeds, st.lists(st.sampled_from(MIXED), min_size=1, max_size=4, unique=True))
def test_mixtures_have_derivatives_by_inputs_and_coefficients(seed, names):
    types = [get_neuron_type(name) for name in names]
    reads, writes = (merged_fields(types, ports) for ports in ("reads", "writes"))
    coefficients = tuple(Field(name, is_scalar=True) for name in names)
    kernel = MixtureKernel(types, reads, writes)
    derivatives_agree(kernel, (*reads, *coefficients), writes, seed)


def derivatives_agree(kernel, reads, writes, seed):
    """The tangent with a complex step, the adjoint with the tangent."""
    rng = np.random.default_rng(seed)
    x, d, g = wide(rng, reads), wide(rng, reads), wide(rng, writes)
    partials = kernel.linearise(streams(x, reads))
    tangent = stacked(kernel.tangent(partials, streams(d, reads)))
    slope = stacked(kernel.forward(streams(x + 1j * STEP * d, reads))).imag / STEP
    np.testing.assert_allclose(tangent, slope, rtol=1e-10, atol=1e-12)
    cotangent = stacked(kernel.adjoint(partials, streams(g, writes)))
    # A cotangent may have keys that a scalar port throws away; the product leaves them out.
    assert np.sum(d * cotangent) == pytest.approx(np.sum(g * tangent), rel=1e-10, abs=1e-10)


def tree(fields, rows: np.ndarray) -> VValue:
    """Rows of a number and its keys as streams by field."""
    return VValue(
        {
            field.name: row[0]
            if field.is_scalar
            else dict(zip((":number", *"abc"), row, strict=True))
            for field, row in zip(fields, rows, strict=True)
        }
    )


@every_kernel
@given(seeds)
@pytest.mark.filterwarnings("ignore:Output seems independent")  # of a comparison by steps
def test_where_numbers_are_tied_the_gradient_is_that_of_the_activation(name, seed):
    neuron_type, rng = get_neuron_type(name), np.random.default_rng(seed)
    reads, writes = neuron_type.reads, neuron_type.writes
    x, g = (wide(rng, fields, is_tied=True)[:1, :1, :, :1, :1] for fields in (reads, writes))
    point, direction = tree(reads, x[0, 0, :, 0, 0]), tree(writes, g[0, 0, :, 0, 0])

    def loss(inputs):
        outputs = neuron_type.activation(inputs)
        return inner(assemble({(field.name,): outputs[field.name] for field in writes}), direction)

    kernel = neuron_type.kernel
    found = kernel.adjoint(kernel.linearise(streams(x, reads)), streams(g, writes))
    expected = restrict(grad(loss)(point), point.support)
    for field, stream in zip(reads, found, strict=True):
        wanted = [leaf for path, leaf in expected.items() if path[0] == field.name]
        got = [float(stream.number.item())]
        if not field.is_scalar:
            got += [0.0] * 3 if stream.keys is None else stream.keys.ravel().tolist()
        assert got == pytest.approx(wanted)


@every_kernel
@given(seeds, st.sampled_from([1, 2, 4]), st.booleans())
def test_inside_cycles_a_kernel_does_the_same_tick_by_tick(name, seed, columns, is_tied):
    neuron_type, rng = get_neuron_type(name), np.random.default_rng(seed)
    kernel, reads, writes = neuron_type.kernel, neuron_type.reads, neuron_type.writes
    mixing = kernel.mixing(len(reads))
    if len({field.is_scalar for field in reads}) > 1:
        assert np.array_equal(mixing, np.eye(len(reads)))  # or the engine uses the defaults

    def mixed(x):
        return np.einsum("ef,tmfnsc->tmensc", mixing, x)

    def filled(out, step):
        for t in range(TICKS):
            step(t)
        return out

    raw, d, g = (wide(rng, fields, columns, is_tied) for fields in (reads, reads, writes))
    x, y = mixed(raw), np.zeros_like(g)
    partials = kernel.linearise(streams(raw, reads))
    expected = stacked(kernel.forward(streams(raw, reads)), columns)
    np.testing.assert_allclose(filled(y, kernel.step(x, y)), expected, atol=1e-12)

    inside = kernel.step_linearise(x)
    y = np.zeros_like(g)
    expected = stacked(kernel.tangent(partials, streams(d, reads)), columns)
    found = filled(y, kernel.step_tangent(inside, mixed(d), y))
    np.testing.assert_allclose(found, expected, atol=1e-12)

    back = np.zeros_like(x)
    filled(back, kernel.step_adjoint(inside, g, back))
    found = np.einsum("ef,tmensc->tmfnsc", mixing, back)
    expected = stacked(kernel.adjoint(partials, streams(g, writes)), columns)
    for i, field in enumerate(reads):  # keys into a scalar port are thrown away by the engine
        columns = slice(0, 1 if field.is_scalar else None)
        np.testing.assert_allclose(
            found[:, :, i, ..., columns], expected[:, :, i, ..., columns], atol=1e-12
        )


numbers = st.floats(-4.0, 9.0) | st.integers(-4, 9).map(float)


@given(st.lists(numbers, min_size=1, max_size=8), st.integers(0, 6))
def test_an_entry_is_read_where_the_number_is_its_index(asked, length):
    found = StreamReader.entries(np.array(asked), length).tolist()
    assert found == [next((i for i in range(length) if i == x), -1) for x in asked]
