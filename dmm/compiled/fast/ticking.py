"""The fast kernels: a machine tick by tick, eight strings side by side in one register.

All links have a delay of one tick. So every row of a tick reads what was emitted before it, and
layered and recurrent machines are one program. Rows that read the same slots are summed four at a
time, which loads a slot once for four rows and keeps four sums independent of each other.

Tables are flat arrays as `dmm.compiled.fast.tables` describes them. What has strings lies in lanes:
a matrix with a row of eight doubles per place, or a flat array where one machine is on one string.
``memory`` holds, for every machine, chunk of strings and time, all slots and then all rows.
Weights are numbers, one machine after the other; or lanes, where few strings leave room for several
machines in a register.
"""

# mypy: ignore-errors
# (numba types these functions when it compiles them.)

from __future__ import annotations

from numba import njit

from .lanes import (
    at,
    clamped,
    fused,
    larger,
    load,
    magnitude,
    negative,
    over,
    plus,
    positive,
    settle,
    sign_where,
    splat,
    store,
    times,
    within,
)
from .tables import COMPARE, DOT, NORM, OFFSET, ROWS

__all__ = ["pull_back", "run", "tangent"]

# -------------------- row sums --------------------


@njit
def _sums(panels, links, weights, first, read, current, write, following):
    """``write[target] = sum of weight * read[slot]`` for all rows of the panels."""
    for p in range(0, len(panels), 9):
        n, link, w = at(panels, p + 1), at(panels, p + 2), first + at(panels, p + 3)
        columns, row = at(panels, p + 4), following + at(panels, p + 5)
        c = 0
        if at(panels, p) == ROWS:
            row1, row2 = following + at(panels, p + 6), following + at(panels, p + 7)
            row3 = following + at(panels, p + 8)
            while c < columns:
                x0 = x1 = x2 = x3 = splat(read, 0.0)
                for k in range(n):
                    x = load(read, current + at(links, link + k) + c)
                    x0 = fused(load(weights, w + 4 * k), x, x0)
                    x1 = fused(load(weights, w + 4 * k + 1), x, x1)
                    x2 = fused(load(weights, w + 4 * k + 2), x, x2)
                    x3 = fused(load(weights, w + 4 * k + 3), x, x3)
                store(write, row + c, x0)
                store(write, row1 + c, x1)
                store(write, row2 + c, x2)
                store(write, row3 + c, x3)
                c += 1
        while c + 4 <= columns:
            x0 = x1 = x2 = x3 = splat(read, 0.0)
            for k in range(n):
                slot, factor = current + at(links, link + k) + c, load(weights, w + k)
                x0 = fused(factor, load(read, slot), x0)
                x1 = fused(factor, load(read, slot + 1), x1)
                x2 = fused(factor, load(read, slot + 2), x2)
                x3 = fused(factor, load(read, slot + 3), x3)
            store(write, row + c, x0)
            store(write, row + c + 1, x1)
            store(write, row + c + 2, x2)
            store(write, row + c + 3, x3)
            c += 4
        while c < columns:
            x0 = splat(read, 0.0)
            for k in range(n):
                x = load(read, current + at(links, link + k) + c)
                x0 = fused(load(weights, w + k), x, x0)
            store(write, row + c, x0)
            c += 1


# -------------------- forward --------------------


@njit
def _norm(memory, out, number, keys, columns, keep):
    """The largest magnitude; its partial derivatives in place of the row, ties share."""
    x = load(memory, number)
    largest = magnitude(x)
    for c in range(columns):
        largest = larger(magnitude(load(memory, keys + c)), largest)
    store(memory, out, largest)
    if not keep:
        return
    sign = sign_where(x, largest)
    ties = magnitude(sign)
    for c in range(columns):
        ties = plus(ties, magnitude(sign_where(load(memory, keys + c), largest)))
    share = over(splat(memory, 1.0), larger(ties, splat(memory, 1.0)))
    store(memory, number, times(sign, share))
    for c in range(columns):
        sign = sign_where(load(memory, keys + c), largest)
        store(memory, keys + c, times(sign, share))


@njit
def _dot(memory, out, number, other, keys, other_keys, columns, bound, keep):
    """The clamped product; its partial derivatives in place of the rows."""
    product = times(load(memory, number), load(memory, other))
    for c in range(columns):
        product = fused(load(memory, keys + c), load(memory, other_keys + c), product)
    store(memory, out, clamped(product, splat(memory, bound)))
    if not keep:
        return
    slope = within(product, splat(memory, bound))
    x, y = load(memory, number), load(memory, other)
    store(memory, number, times(y, slope))
    store(memory, other, times(x, slope))
    for c in range(columns):
        x, y = load(memory, keys + c), load(memory, other_keys + c)
        store(memory, keys + c, times(y, slope))
        store(memory, other_keys + c, times(x, slope))


@njit
def _compare(memory, true, false, one, other, keep):
    """Both differences where they are positive; which they are, in place of the rows."""
    difference = plus(load(memory, one), negative(load(memory, other)))
    above, below = positive(difference), positive(negative(difference))
    store(memory, true, times(difference, above))
    store(memory, false, times(negative(difference), below))
    if keep:
        store(memory, one, above)
        store(memory, other, below)


@njit(cache=True)
def run(memory, sources, start, out, weights, sizes, panels, links, units, bounds):
    """All ticks. With room for all times in memory, partial derivatives take the rows' places.

    With less room (two times are enough) nothing is kept: all machines and strings use the same,
    which stays in the cache.
    """
    chunks, ticks, stride, observed = sizes.chunks, sizes.ticks, sizes.stride, sizes.observed
    period = sizes.period
    keep = period > ticks
    for part in range(sizes.machines * chunks):
        machine, chunk = part // chunks, part % chunks
        origin = part * period * stride if keep else 0
        for i in range(len(start) // chunks):
            store(memory, origin + i, load(start, chunk * (len(start) // chunks) + i))
        for t in range(ticks):
            now = origin + (t % period) * stride
            then = origin + ((t + 1) % period) * stride
            for i in range(sizes.n_sources):
                store(memory, then + i, load(sources, (chunk * ticks + t) * sizes.n_sources + i))
            _sums(panels, links, weights, machine * sizes.entries, memory, now, memory, then)
            for i in range(len(bounds)):
                u = 7 * i
                kind, to, columns = at(units, u), then + at(units, u + 1), at(units, u + 6)
                one, other = then + at(units, u + 2), then + at(units, u + 3)
                keys, other_keys = then + at(units, u + 4), then + at(units, u + 5)
                if kind == NORM:
                    _norm(memory, to, one, keys, columns, keep)
                elif kind == DOT:
                    _dot(memory, to, one, other, keys, other_keys, columns, at(bounds, i), keep)
                elif kind == COMPARE:
                    _compare(memory, to, keys, one, other, keep)
                else:
                    store(memory, to, plus(load(memory, to), splat(memory, at(bounds, i))))
            for o in range(observed):
                place = ((machine * observed + o) * ticks + t) * chunks + chunk
                store(out, place, load(memory, then + sizes.sink + o))


# -------------------- reverse mode --------------------


@njit(cache=True)
def pull_back(
    memory,
    observed_g,
    gradient,
    back_weights,
    sizes,
    panels,
    links,
    units,
    bounds,
    back,
    followers,
    cotangents,
    sums,
):
    """Gradient of every weight of the panels, for each machine."""
    chunks, ticks, stride, observed = sizes.chunks, sizes.ticks, sizes.stride, sizes.observed
    for machine in range(sizes.machines):
        sums[:] = 0.0
        for chunk in range(chunks):
            origin = (machine * chunks + chunk) * sizes.period * stride
            cotangents[:] = 0.0
            after, before = 0, stride
            for t in range(ticks - 1, -1, -1):
                now, then = origin + t * stride, origin + (t + 1) * stride
                for o in range(observed):
                    place = ((machine * observed + o) * ticks + t) * chunks + chunk
                    store(cotangents, after + sizes.sink + o, load(observed_g, place))
                _units_back(memory, cotangents, units, bounds, then, after)
                _outer(panels, links, sums, memory, now, cotangents, after)
                first = machine * (len(back_weights) // sizes.machines)
                _sums(back, followers, back_weights, first, cotangents, after, cotangents, before)
                after, before = before, after
        for i in range(sizes.entries):
            settle(gradient, machine * sizes.entries + i, load(sums, i))


@njit
def _units_back(memory, cotangents, units, bounds, then, after):
    for i in range(len(bounds)):
        u = 7 * i
        kind, columns = at(units, u), at(units, u + 6)
        one, other = at(units, u + 2), at(units, u + 3)
        keys, other_keys = at(units, u + 4), at(units, u + 5)
        g = load(cotangents, after + at(units, u + 1))
        if kind == COMPARE:
            up = times(g, load(memory, then + one))
            down = times(load(cotangents, after + keys), load(memory, then + other))
            g = plus(up, negative(down))
            store(cotangents, after + one, g)
            store(cotangents, after + other, negative(g))
        elif kind != OFFSET:
            store(cotangents, after + one, times(g, load(memory, then + one)))
            for c in range(columns):
                partial = load(memory, then + keys + c)
                store(cotangents, after + keys + c, times(g, partial))
            if kind == DOT:
                store(cotangents, after + other, times(g, load(memory, then + other)))
                for c in range(columns):
                    partial = load(memory, then + other_keys + c)
                    store(cotangents, after + other_keys + c, times(g, partial))


@njit
def _outer(panels, links, sums, memory, now, cotangents, after):
    """``sums[weight] += cotangent of the row * slot``, over all columns."""
    for p in range(0, len(panels), 9):
        n, link, w = at(panels, p + 1), at(panels, p + 2), at(panels, p + 3)
        columns, row = at(panels, p + 4), after + at(panels, p + 5)
        if at(panels, p) == ROWS:
            row1, row2 = after + at(panels, p + 6), after + at(panels, p + 7)
            row3 = after + at(panels, p + 8)
            for k in range(n):
                slot, place = now + at(links, link + k), w + 4 * k
                x0, x1 = load(sums, place), load(sums, place + 1)
                x2, x3 = load(sums, place + 2), load(sums, place + 3)
                for c in range(columns):
                    x = load(memory, slot + c)
                    x0 = fused(load(cotangents, row + c), x, x0)
                    x1 = fused(load(cotangents, row1 + c), x, x1)
                    x2 = fused(load(cotangents, row2 + c), x, x2)
                    x3 = fused(load(cotangents, row3 + c), x, x3)
                store(sums, place, x0)
                store(sums, place + 1, x1)
                store(sums, place + 2, x2)
                store(sums, place + 3, x3)
        else:
            for k in range(n):
                slot = now + at(links, link + k)
                x0 = load(sums, w + k)
                for c in range(columns):
                    x0 = fused(load(cotangents, row + c), load(memory, slot + c), x0)
                store(sums, w + k, x0)


# -------------------- forward mode --------------------


@njit
def _row_tangents(rows, starts, links, weights, tangents, before, after):
    """Row sums of four directions at once, over links from slots that can have changed."""
    for r in range(len(starts)):
        last, target, columns = at(rows, 4 * r + 1), at(rows, 4 * r + 2), at(rows, 4 * r + 3)
        for c in range(columns):
            x0 = x1 = x2 = x3 = splat(tangents, 0.0)
            for k in range(at(starts, r), last):
                slot, factor = before + 4 * (at(links, k) + c), load(weights, k)
                x0 = fused(factor, load(tangents, slot), x0)
                x1 = fused(factor, load(tangents, slot + 1), x1)
                x2 = fused(factor, load(tangents, slot + 2), x2)
                x3 = fused(factor, load(tangents, slot + 3), x3)
            row = after + 4 * (target + c)
            store(tangents, row, x0)
            store(tangents, row + 1, x1)
            store(tangents, row + 2, x2)
            store(tangents, row + 3, x3)


@njit
def _unit_tangents(memory, tangents, units, bounds, unit, then, after):
    for i in range(unit, len(bounds)):
        u = 7 * i
        kind, columns = at(units, u), at(units, u + 6)
        one, other = at(units, u + 2), at(units, u + 3)
        keys, other_keys = at(units, u + 4), at(units, u + 5)
        for d in range(4):
            to, x = after + 4 * at(units, u + 1) + d, load(tangents, after + 4 * one + d)
            if kind == COMPARE:
                x = plus(x, negative(load(tangents, after + 4 * other + d)))
                store(tangents, to, times(x, load(memory, then + one)))
                down = negative(times(x, load(memory, then + other)))
                store(tangents, after + 4 * keys + d, down)
            elif kind != OFFSET:
                y = times(x, load(memory, then + one))
                for c in range(columns):
                    x = load(tangents, after + 4 * (keys + c) + d)
                    y = fused(x, load(memory, then + keys + c), y)
                if kind == DOT:
                    x = load(tangents, after + 4 * other + d)
                    y = fused(x, load(memory, then + other), y)
                    for c in range(columns):
                        x = load(tangents, after + 4 * (other_keys + c) + d)
                        y = fused(x, load(memory, then + other_keys + c), y)
                store(tangents, to, y)


@njit(cache=True)
def tangent(
    memory,
    out,
    out_rows,
    weights,
    sizes,
    rows,
    links,
    starts,
    units,
    bounds,
    levels,
    directions,
    tangents,
):
    """Derivatives of the observed numbers along single links, four of them side by side.

    ``out_rows`` says which row of ``out`` each direction has.
    """
    chunks, ticks, stride, observed = sizes.chunks, sizes.ticks, sizes.stride, sizes.observed
    n_rows = len(rows) // 4
    for part in range(len(levels) // 3 * chunks):
        panel, chunk = part // chunks, part % chunks
        level, row = at(levels, 3 * panel), at(levels, 3 * panel + 1)
        unit = at(levels, 3 * panel + 2)
        tangents[:] = 0.0
        before, after = 0, 4 * stride
        for t in range(ticks):
            now = (chunk * sizes.period + t) * stride
            begun = starts[level * n_rows + row : (level + 1) * n_rows]
            _row_tangents(rows[4 * row :], begun, links, weights, tangents, before, after)
            for i in range(8 * panel, 8 * (panel + 1)):
                target, columns = at(directions, 3 * i), at(directions, 3 * i + 2)
                for c in range(columns):
                    d = after + 4 * (target + c) + (i // 2) % 4
                    x = load(memory, now + at(directions, 3 * i + 1) + c)
                    store(tangents, d, plus(x, load(tangents, d)))
            _unit_tangents(memory, tangents, units, bounds, unit, now + stride, after)
            for o in range(observed):
                for d in range(4):
                    to = at(out_rows, 4 * panel + d)
                    place = ((to * observed + o) * ticks + t) * chunks + chunk
                    store(out, place, load(tangents, after + 4 * (sizes.sink + o) + d))
            before, after = after, before
