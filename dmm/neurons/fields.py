"""Fields, the ports of neurons: their names, and the kinds of linear streams they carry.

Most streams are trees of numbers (kind ``"tree"``). A neuron type can declare other kinds for its
ports - signed samples, images, distributions. A link between ports of different kinds is refused,
unless a coercion has been declared, which is then applied to the stream before it is weighted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vvalues import NUMBER, VValue

__all__ = [
    "ANY",
    "TREE",
    "Field",
    "coercion",
    "declare_coercion",
    "has_coercions",
    "may_flow",
    "names_of",
    "parse_field",
]

TREE = "tree"
"""Kind of a port that declares none: V-values."""

ANY = "any"
"""Kind of a port that takes streams of every kind."""


@dataclass(frozen=True)
class Field:
    """A named port of a neuron.

    Attributes
    ----------
    name : str
    is_scalar : bool
        True when only the ``:number`` of the stream is read (or written).
    kind : str
        Kind of linear stream.

    Examples
    --------
    >>> picture = Field("x", kind="image")
    >>> picture.name, picture.kind
    ('x', 'image')
    """

    name: str
    is_scalar: bool = False
    kind: str = TREE


def parse_field(name: str | Field) -> Field:
    """A port from its spelling.

    Examples
    --------
    >>> parse_field("dict-1"), parse_field("norm/:number").is_scalar
    (Field(name='dict-1', is_scalar=False, kind='tree'), True)
    """
    if isinstance(name, Field):
        return name
    stem, separator, tail = name.partition("/")
    return Field(stem, is_scalar=bool(separator) and tail == NUMBER)


def names_of(fields: Iterable[Field]) -> str:
    """Names of fields for messages; ``nothing`` where there are none."""
    return ", ".join(field.name for field in fields) or "nothing"


# -------------------- links between different kinds --------------------

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

    Examples
    --------
    >>> declare_coercion("picture", "tree", abs)
    >>> declare_coercion("picture", "picture", abs)
    Traceback (most recent call last):
        ...
    ValueError: both kinds are 'picture'; streams of one kind need no coercion
    """
    if sent == received:
        raise ValueError(f"both kinds are {sent!r}; streams of one kind need no coercion")
    known = _coercions.get((sent, received))
    if known is not None and known is not function:
        raise ValueError(f"a coercion from {sent!r} to {received!r} is declared already")
    _coercions[sent, received] = function


def coercion(sent: str, received: str) -> Coercion | None:
    """The coercion between two kinds; None where none is needed (or none is declared).

    Examples
    --------
    >>> from vvalues import VValue
    >>> declare_coercion("photograph", "tree", abs)
    >>> coercion("photograph", "tree")(VValue({"pixel": -4}))
    VValue({'pixel': 4.0})
    """
    return _coercions.get((sent, received))


def has_coercions() -> bool:
    """Whether any coercion is declared at all."""
    return bool(_coercions)


def may_flow(sent: str, received: str) -> bool:
    """Whether a link may lead from a port of one kind to a port of another.

    Examples
    --------
    >>> may_flow("tree", "tree"), may_flow("tree", "image")
    (True, False)
    """
    return sent == received or ANY in (sent, received) or (sent, received) in _coercions
