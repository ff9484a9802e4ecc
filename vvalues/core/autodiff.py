"""Registration of the V-value as a type of HIPS autograd.

All V-values are *one* vector space: two trees of different support add. So the space compares
equal by type alone; a support is kept only to draw probes (``randn``, ``standard_basis``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from autograd.extend import Box, VSpace

from . import kernels
from .paths import NUMBER
from .support import Support
from .tree import VValue, from_buffer

__all__ = ["VValueBox", "VValueSpace", "register"]


class VValueSpace(VSpace):
    """The vector space of all V-values, seen from one of them."""

    __slots__ = ("support",)

    def __init__(self, value: VValue) -> None:
        self.support: Support = value.support

    @property
    def size(self) -> int:
        return self.support.size

    def zeros(self) -> VValue:
        return VValue()

    def ones(self) -> VValue:
        return from_buffer(self.support, np.ones(self.support.size))

    def standard_basis(self) -> Iterator[VValue]:
        for i in range(self.support.size):
            row = np.zeros(self.support.size)
            row[i] = 1.0
            yield from_buffer(self.support, row)

    def randn(self) -> VValue:
        # autograd's own checker draws from the global generator; nothing else here does.
        return from_buffer(self.support, np.random.randn(self.support.size))  # noqa: NPY002

    _add = _mut_add = staticmethod(kernels.add)  # values are immutable
    _scalar_mul = staticmethod(kernels.scale)
    _inner_prod = staticmethod(kernels.inner)

    def _covector(self, x: VValue) -> VValue:
        return x

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "VValueSpace()"


class VValueBox(Box):
    """A V-value that is being differentiated; it has the V-value's operators and accessors."""

    __slots__ = ()

    # The class bodies of VValue ask for the support or call primitives, which accept boxes: borrow
    # them.
    __add__ = VValue.__add__
    __radd__ = VValue.__radd__
    __sub__ = VValue.__sub__
    __rsub__ = VValue.__rsub__
    __neg__ = VValue.__neg__
    __pos__ = VValue.__pos__
    __abs__ = VValue.__abs__
    __mul__ = VValue.__mul__
    __rmul__ = VValue.__rmul__
    __truediv__ = VValue.__truediv__
    __rtruediv__ = VValue.__rtruediv__
    __pow__ = VValue.__pow__
    __rpow__ = VValue.__rpow__
    __gt__ = VValue.__gt__
    __lt__ = VValue.__lt__
    __ge__ = VValue.__ge__
    __le__ = VValue.__le__
    __array_ufunc__ = VValue.__array_ufunc__
    __getitem__ = VValue.__getitem__
    __len__ = VValue.__len__
    __contains__ = VValue.__contains__
    __iter__ = VValue.__iter__
    size = VValue.size
    get = VValue.get
    subtree = VValue.subtree
    at = VValue.at

    def items(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        for path in self.support.paths:
            own = (*path, NUMBER)  # the leaf itself, also where a subtree hangs below it
            yield path, self[own]

    @property
    def support(self) -> Support:
        return self._value.support

    @property
    def buffer(self) -> np.ndarray:
        raise AttributeError(
            "the buffer of a V-value that is being differentiated is not traced: "
            "use vvalues.ravel(v)"
        )

    def __eq__(self, other: object) -> bool:
        return self._value == (other._value if isinstance(other, Box) else other)

    __hash__ = Box.__hash__

    def __repr__(self) -> str:
        return f"VValueBox({self._value!r})"


def register() -> None:
    """Make V-values known to autograd; importing `vvalues` does this."""
    VValueSpace.register(VValue)
    VValueBox.register(VValue)
