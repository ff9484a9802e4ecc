"""What holds for every machine that edits its own matrix, as checks.

A matrix that moves makes it easy to be wrong in ways that no single figure shows: a link that was
taken for still, a string that leaks into another one through the matrix they share, a name that
means something. Every law says so in one sentence, and holds for any machine and any streams that
the compiled engine can run; `check_laws` asks all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import autograd.numpy as anp
import numpy as np
from autograd import grad

from vvalues import format_path, max_norm, relabel

from ..compiled.plastic import PlasticProgram, Supports, supports_of, why_not_plastic
from ..machine import Machine, Streams
from ..reference import ReferenceProgram, run
from ..zoo import copy_links
from .editing_machines import Life

__all__ = [
    "check_causality",
    "check_copies_unheard",
    "check_engines",
    "check_laws",
    "check_names",
    "check_still_links",
    "check_strings_apart",
    "is_followed",
]

TOLERANCE = 1e-10


def is_followed(life: Life) -> bool:
    """Whether the compiled engine can run a machine on these streams; the laws are about those.

    Examples
    --------
    >>> import numpy as np
    >>> from dmm.testing import random_life
    >>> is_followed(random_life(np.random.default_rng(0)))
    True
    """
    if life.machine.matrix_port is None or why_not_plastic(life.machine) is not None:
        return False
    return isinstance(supports_of(life.machine, life.streams), Supports)


def check_laws(life: Life) -> None:
    """All laws of this module.

    Raises
    ------
    AssertionError
        If one does not hold; the message says where.

    Examples
    --------
    >>> import numpy as np
    >>> from dmm.testing import random_life
    >>> check_laws(random_life(np.random.default_rng(0)))
    """
    check_engines(life)
    check_still_links(life)
    check_causality(life)
    check_strings_apart(life)
    check_copies_unheard(life)
    check_names(life)


def _values(machine: Machine, life: Life, streams: Streams | None = None) -> np.ndarray:
    program = PlasticProgram(machine, life.observed)
    with np.errstate(all="ignore"):
        return program(machine.trainable, life.streams if streams is None else streams)


def _assert_same(found: np.ndarray, exact: np.ndarray, law: str) -> None:
    """Equal up to rounding, where the numbers are not beyond all measure."""
    size = 1.0 + np.max(np.abs(exact), initial=0.0)
    if not size < 1e6:  # what a machine amplifies without bounds, it amplifies rounding too
        return
    distance = np.abs(found - exact)
    worst = np.unravel_index(np.argmax(distance), distance.shape) if distance.size else ()
    assert np.max(distance, initial=0.0) <= TOLERANCE * size, (
        f"{law}: observed {worst[0]}, tick {worst[1]}, string {worst[2]}: {found[worst]} instead "
        f"of {exact[worst]}"
    )


# -------------------- the laws --------------------


def check_engines(life: Life) -> None:
    """Both engines say the same, and so do their gradients.

    Examples
    --------
    >>> import numpy as np
    >>> from dmm.testing import random_life
    >>> check_engines(random_life(np.random.default_rng(1)))
    """
    machine, streams = life.machine, life.streams
    reference = ReferenceProgram(machine, life.observed)
    with np.errstate(all="ignore"):
        exact = reference(machine.trainable, streams)
    _assert_same(_values(machine, life), exact, "engines differ")
    if not np.max(np.abs(exact), initial=0.0) < 1e3 or not np.any(exact):
        return
    slopes = [
        grad(lambda tree, p=program: anp.sum(p(tree, streams) ** 2))(machine.trainable)
        for program in (reference, PlasticProgram(machine, life.observed))
    ]
    apart = max_norm(slopes[1] - slopes[0])
    assert apart <= TOLERANCE * (1.0 + max_norm(slopes[0])), f"gradients differ by {apart}"


def check_still_links(life: Life) -> None:
    """A link that is said to be still has its first weight at every tick, and no others come up.

    Examples
    --------
    >>> import numpy as np
    >>> from dmm.testing import random_life
    >>> check_still_links(random_life(np.random.default_rng(2)))
    """
    machine, port = life.machine, life.machine.matrix_port
    assert port is not None
    supports = supports_of(machine, life.streams)
    assert isinstance(supports, Supports), supports
    known = supports.outputs[port]
    for string in range(len(life.streams)):
        with np.errstate(all="ignore"):
            outputs = run(machine, life.streams, string=string).outputs
        for tick, tree in enumerate(outputs):
            held = tree.subtree(port)
            for path, weight in held.items():
                at = f"the matrix of tick {tick + 1}, string {string}"
                is_foreseen = path in known or weight == 0.0
                assert is_foreseen, f"{format_path(path)} of {at} was not foreseen"
                is_same = path in supports.changing or weight == machine.matrix[path]
                assert is_same, f"{format_path(path)} is said to be still; it is {weight} in {at}"


def check_causality(life: Life) -> None:
    """What happens later changes nothing now: a shorter life is the beginning of a longer one.

    Examples
    --------
    >>> import numpy as np
    >>> from dmm.testing import random_life
    >>> check_causality(random_life(np.random.default_rng(3)))
    """
    ticks = (life.streams.ticks + 1) // 2
    early = life.streams.begin(ticks)
    whole = _values(life.machine, life)
    _assert_same(_values(life.machine, life, early), whole[:, :ticks], "the future is felt")


def check_strings_apart(life: Life) -> None:
    """Every string has a matrix of its own: it is as if it were alone.

    Examples
    --------
    >>> import numpy as np
    >>> from dmm.testing import random_life
    >>> check_strings_apart(random_life(np.random.default_rng(4)))
    """
    whole = _values(life.machine, life)
    for i in range(len(life.streams)):
        alone = life.streams.select([i])
        found = _values(life.machine, life, alone)
        _assert_same(found, whole[..., i : i + 1], f"string {i} feels the others")


def check_copies_unheard(life: Life) -> None:
    """A copy of neurons that nobody reads changes nothing else, edits of the originals included.

    Examples
    --------
    >>> import numpy as np
    >>> from dmm.testing import random_life
    >>> check_copies_unheard(random_life(np.random.default_rng(5)))
    """
    machine = life.machine
    holder = "" if machine.matrix_port is None else machine.matrix_port[0]
    kept = {path[0] for path in machine.fixed.support.paths} | {holder}
    members = {
        name
        for name in machine.neurons
        if name not in kept and machine.type_of(name).reads and machine.type_of(name).writes
    }
    suffix = "-copy"
    copies = copy_links(machine.trainable, members, suffix)
    copied = replace(
        machine,
        neurons={**machine.neurons, **{name + suffix: machine.neurons[name] for name in members}},
        trainable=machine.trainable + copies,
    )
    other = Life(copied, life.streams, life.observed)
    if _reads_matrix(machine) or not is_followed(other):
        return  # who reads the whole matrix sees that it has become larger
    _assert_same(_values(copied, other), _values(machine, life), "a copy is heard")


def _reads_matrix(machine: Machine) -> bool:
    port = machine.matrix_port
    assert port is not None
    return any(path[2:] == port and path[0] != port[0] for path in machine.matrix.support.paths)


def check_names(life: Life) -> None:
    """Names mean nothing: other ones, in links and in all fragments of a matrix, do the same.

    Examples
    --------
    >>> import numpy as np
    >>> from dmm.testing import random_life
    >>> check_names(random_life(np.random.default_rng(7)))
    """
    sources = set(life.streams.arrays)  # their names are those of the streams
    names = {name: f"{name}-r" for name in life.machine.neurons if name not in sources}
    renamed = _renamed(life, names)
    assert is_followed(renamed), "names matter: with other ones the machine cannot be followed"
    _assert_same(_values(renamed.machine, renamed), _values(life.machine, life), "names matter")


def _renamed(life: Life, names: Mapping[str, str]) -> Life:
    machine, port, streams = life.machine, life.machine.matrix_port, life.streams
    assert port is not None
    types = {names.get(name, name): _relabelled(k, names) for name, k in machine.neurons.items()}
    swapped = partial(_swapped, names=names)
    outputs = relabel(machine.initial, lambda p: (*swapped(p[:1]), p[1], *swapped(p[2:])))
    keys = tuple(tuple(map(swapped, own)) for own in streams.keys)
    return Life(
        replace(
            machine,
            neurons=types,
            fixed=relabel(machine.fixed, swapped),
            trainable=relabel(machine.trainable, swapped),
            initial=outputs,
            matrix_port=(names.get(port[0], port[0]), port[1]),
        ),
        replace(streams, keys=keys),
        tuple((names.get(name, name), field) for name, field in life.observed),
    )


def _swapped(path: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    """Names of neurons stand first and third, in links as in parts of them."""
    return tuple(names.get(key, key) if i in (0, 2) else key for i, key in enumerate(path))


def _relabelled(type_name: str, names: Mapping[str, str]) -> str:
    """Types that name neurons are those that say where numbers belong."""
    stem, bracket, argument = type_name.partition("(")
    if stem != "label" or not bracket:
        return type_name
    paths = [_swapped(tuple(text.split("/")), names) for text in argument[:-1].split(",")]
    return f"label({','.join(map('/'.join, paths))})"
