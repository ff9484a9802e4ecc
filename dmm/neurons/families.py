"""Families of neuron types: ``delay(3)`` or ``superfluid(accum,norm)``, made on demand by name.

A machine file names types by strings. A family turns the part in parentheses into a type, so that
a type with parameters can be written down and read back like any other.
"""

from __future__ import annotations

from collections.abc import Callable

from .types import NeuronType, add_maker

__all__ = ["family"]

Maker = Callable[[str], NeuronType]


def family(name: str) -> Callable[[Maker], Maker]:
    """Decorator: register a function that makes the types ``name(argument)``.

    The function gets the text between the parentheses and raises ValueError if it cannot make a
    type of it.
    """

    def decorate(make: Maker) -> Maker:
        add_maker(name, make)
        return make

    return decorate
