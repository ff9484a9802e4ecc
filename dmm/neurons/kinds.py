"""Kinds of linear streams, and what may flow between different kinds.

Most streams are trees of numbers (kind ``"tree"``). A neuron type can declare other kinds for its
ports - signed samples, images, distributions. A link between ports of different kinds is refused,
unless a coercion has been declared, which is then applied to the stream before it is weighted.
"""

from __future__ import annotations

from collections.abc import Callable

from vvalues import VValue

__all__ = ["ANY", "TREE", "coercion", "declare_coercion", "has_coercions", "may_flow"]

TREE = "tree"
"""Kind of a port that declares none: V-values."""

ANY = "any"
"""Kind of a port that takes streams of every kind."""

Coercion = Callable[[VValue], VValue]

_coercions: dict[tuple[str, str], Coercion] = {}


def declare_coercion(sent: str, received: str, function: Coercion) -> None:
    """Allow links from ports of one kind to ports of another.

    Parameters
    ----------
    sent, received : str
        The two kinds.
    function : callable, VValue -> VValue
        Turns a stream of the kind sent into one of the kind received; differentiable (made of
        `vvalues` operations) if machines that use it are to be trained.

    Raises
    ------
    ValueError
        If the two kinds are the same, or another coercion is declared for them.

    References
    ----------
    arXiv:1712.07447, section 2 (typed dataflow matrix machines).
    """
    if sent == received:
        raise ValueError(f"both kinds are {sent!r}; streams of one kind need no coercion")
    known = _coercions.get((sent, received))
    if known is not None and known is not function:
        raise ValueError(f"a coercion from {sent!r} to {received!r} is declared already")
    _coercions[sent, received] = function


def coercion(sent: str, received: str) -> Coercion | None:
    """The coercion between two kinds; None where none is needed (or none is declared)."""
    return _coercions.get((sent, received))


def has_coercions() -> bool:
    """Whether any coercion is declared at all."""
    return bool(_coercions)


def may_flow(sent: str, received: str) -> bool:
    """Whether a link may lead from a port of one kind to a port of another."""
    return sent == received or ANY in (sent, received) or (sent, received) in _coercions
