"""Two rivals in jitted JAX, float64, on batches of strings: a dense scan, and our own algorithm."""

from __future__ import annotations

import numpy as np

from dmm import compile_machine
from dmm.compiled.binding import bind_sources
from dmm.neurons import Compare, DotProduct, MaxNorm, Sum

__all__ = ["layers_gradient", "scan_gradient"]


def _parts(machine, streams):
    """Plan, sources, and the weights of the live links as a function of the trainable ones."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    plan = compile_machine(machine, engine="numpy").plan
    numbers, keys, _ = bind_sources(plan, streams)
    live, element = plan.trainable

    def links(weights):
        return jnp.asarray(plan.base).at[live].add(weights[element])

    return plan, jnp.asarray(numbers), jnp.asarray(keys), links


def _gradient(machine, targets, observed):
    """A closure: the gradient of the summed squared error, at weights that vary minutely."""
    import jax
    import jax.numpy as jnp

    weights, wanted = jnp.asarray(machine.trainable.buffer), jnp.asarray(targets)
    jitted = jax.jit(jax.grad(lambda w: jnp.sum((observed(w) - wanted) ** 2)))
    return lambda: np.asarray(jitted(weights).block_until_ready())


def _outputs(kernel, rows, key_rows):
    """Number, keys (or None) of every written field; rows are (..., neurons, ticks, strings)."""
    import jax.numpy as jnp

    if isinstance(kernel, Sum):
        keys = [one for one in key_rows if one is not None]
        return [(sum(rows) + kernel.offset, sum(keys) if keys else None)]
    if isinstance(kernel, MaxNorm):
        norm = jnp.abs(rows[0])
        if key_rows[0] is not None:
            norm = jnp.maximum(norm, jnp.max(jnp.abs(key_rows[0]), axis=-1))
        return [(norm, None)]
    if isinstance(kernel, DotProduct):
        product = rows[0] * rows[1]
        if all(one is not None for one in key_rows):
            product = product + jnp.sum(key_rows[0] * key_rows[1], axis=-1)
        return [(jnp.clip(product, -kernel.bound, kernel.bound), None)]
    assert isinstance(kernel, Compare)
    difference = rows[0] - rows[1]
    return [(jnp.maximum(difference, 0.0), None), (jnp.maximum(-difference, 0.0), None)]


def layers_gradient(machine, streams, targets):
    """Our algorithm: all ticks of a level in one product, accumulators as cumulative sums."""
    import jax.numpy as jnp

    plan, numbers, keys, links = _parts(machine, streams)
    ticks, n_strings = streams.ticks, len(streams)

    def read(block, w, numbers, keys):
        table, keyed = block.outer, block.key_outer
        matrix = (
            jnp.zeros((block.n_rows, len(numbers))).at[table.row, table.slot].set(w[table.link])
        )
        rows = jnp.tensordot(matrix, numbers[:, :ticks], 1)
        matrix = jnp.zeros((block.n_key_rows, len(keys)))
        matrix = matrix.at[keyed.row, keyed.slot].set(w[keyed.link])
        return rows, jnp.tensordot(matrix, keys[:, :ticks], 1)

    def observed(weights):
        w, found, found_keys = links(weights), numbers, keys
        for block in plan.blocks:
            rows, key_rows = read(block, w, found, found_keys)
            for group in block.groups:
                ins = [rows[s.span] for s in group.rows]
                key_ins = [key_rows[s.key_span] if s.key_span else None for s in group.rows]
                outs = _outputs(group.kernel, ins, key_ins)
                for segment, (number, wide) in zip(group.slots, outs, strict=True):
                    if group.has_self_links:  # accumulators: weight 1
                        number = jnp.cumsum(number, axis=1)
                        wide = None if wide is None else jnp.cumsum(wide, axis=1)
                    before = jnp.zeros((len(number), 1, n_strings))
                    found = jnp.concatenate([found, jnp.concatenate([before, number], 1)])
                    if segment.key_span:
                        if wide is None:
                            wide = jnp.zeros((*number.shape, keys.shape[3]))
                        before = jnp.zeros((len(wide), 1, *wide.shape[2:]))
                        wide = jnp.concatenate([before, wide], 1)
                        found_keys = jnp.concatenate([found_keys, wide])
        return read(plan.sink, w, found, found_keys)[0]

    return _gradient(machine, targets, observed)


def scan_gradient(machine, streams, targets):
    """A dense scan over the ticks: one product of the whole matrix with all outputs a tick.

    A state is one array, (slots, columns, strings), column 0 the numbers. Every tick puts it
    together from its parts; writing them into zeros, or mapping over strings, takes two to six
    times as long.
    """
    import jax
    import jax.numpy as jnp

    plan, numbers, keys, links = _parts(machine, streams)
    columns, n_strings = 1 + keys.shape[3], len(streams)
    n_rows = sum(block.n_rows for block in plan.blocks) + plan.sink.n_rows
    first = np.cumsum([0, *(block.n_rows for block in plan.blocks)])
    every = [
        (table.row + at, table.slot, table.link)
        for block, at in zip((*plan.blocks, plan.sink), first, strict=True)
        for table in (block.outer, block.inner)
    ]
    row, slot, link = (np.concatenate(part) for part in zip(*every, strict=True))
    keyed = np.array([plan.slot_of[port] for port in plan.key_slot_of], int)[: len(keys)]
    emitted = jnp.zeros((streams.ticks, len(numbers), columns, n_strings))
    emitted = emitted.at[:, :, 0].set(jnp.moveaxis(numbers[:, 1:], 1, 0))
    emitted = emitted.at[:, keyed, 1:].set(jnp.transpose(keys[:, 1:], (1, 0, 3, 2)))

    def widened(number):
        return jnp.pad(number[:, None], ((0, 0), (0, columns - 1), (0, 0)))

    def tick(state, seen):
        matrix, outputs = state
        x = (matrix @ outputs.reshape(plan.n_slots, -1)).reshape(n_rows, columns, n_strings)
        parts = {0: seen}
        for block, at in zip(plan.blocks, first, strict=False):
            for group in block.groups:
                ins = [x[at + s.start : at + s.start + s.count] for s in group.rows]
                outs = _dense_outputs(group.kernel, ins)
                for segment, out in zip(group.slots, outs, strict=True):
                    parts[segment.start] = out if out.ndim == 3 else widened(out)
        new = jnp.concatenate([parts[start] for start in sorted(parts)])
        return (matrix, new), x[first[-1] :, 0]

    def observed(weights):
        matrix = jnp.zeros((n_rows, plan.n_slots)).at[row, slot].add(links(weights)[link])
        start = jnp.zeros((plan.n_slots, columns, n_strings))
        return jnp.moveaxis(jax.lax.scan(tick, (matrix, start), emitted)[1], 0, 1)

    return _gradient(machine, targets, observed)


def _dense_outputs(kernel, ins):
    """Every written field, with columns or numbers alone; rows are (neurons, columns, strings)."""
    import jax.numpy as jnp

    if isinstance(kernel, Sum):
        out = sum(ins)
        return [out.at[:, 0].add(kernel.offset) if kernel.offset else out]
    if isinstance(kernel, MaxNorm):
        return [jnp.max(jnp.abs(ins[0]), axis=1)]
    if isinstance(kernel, DotProduct):
        return [jnp.clip(jnp.sum(ins[0] * ins[1], axis=1), -kernel.bound, kernel.bound)]
    assert isinstance(kernel, Compare)
    difference = ins[0][:, 0] - ins[1][:, 0]
    return [jnp.maximum(difference, 0.0), jnp.maximum(-difference, 0.0)]
