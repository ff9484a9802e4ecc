"""Settings that declare the bounds of their fields; all are checked in one place, on construction.

Examples
--------
>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class WalkSettings(Bounded):
...     steps: int = whole(100, least=1)
...     rate: float = positive(0.01)
>>> WalkSettings(rate=-1.0)
Traceback (most recent call last):
    ...
ValueError: rate is -1.0; expected a finite number > 0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, fields
from functools import partial
from typing import Any, ClassVar

from .checks import (
    check_above,
    check_at_least,
    check_finite,
    check_positive,
    check_probability,
    check_whole,
)

__all__ = [
    "Bounded",
    "above",
    "at_least",
    "bound",
    "checked",
    "finite",
    "positive",
    "share",
    "whole",
]

Check = Callable[[str, Any], None]
"""It takes the name and the value of a setting, and raises ValueError."""


class Bounded:
    """Base of dataclasses whose fields declare bounds; rules on several fields go to the subclass.

    Parameters
    ----------
    called : str, of the subclass
        How messages call a field: ``class Weights(Bounded, called="weight {}")``.

    Notes
    -----
    None passes where it is the default: that setting is optional.
    """

    _called: ClassVar[str] = "{}"

    def __init_subclass__(cls, called: str | None = None) -> None:
        super().__init_subclass__()
        if called is not None:
            cls._called = called

    def __post_init__(self) -> None:
        for item in fields(self):  # type: ignore[arg-type]
            value, declared = getattr(self, item.name), item.metadata.get("bound")
            if declared is not None and not (value is None and item.default is None):
                check, called = declared
                check(self._called.format(called or item.name), value)


def bound(check: Check, called: str = "") -> Mapping[str, Any]:
    """Metadata of a field without a default: ``n_units: int = field(metadata=bound(check_whole))``.

    Parameters
    ----------
    check : (name, value) -> None
        Raises ValueError for a wrong value.
    called : str
        How messages call the field, if not by its name.
    """
    return {"bound": (check, called)}


def checked(default: Any, check: Check) -> Any:
    """A field with a default and a check of one's own (see `bound`)."""
    return field(default=default, metadata=bound(check))


def whole(default: int, *, least: int = 0) -> Any:
    """A field of whole numbers that are not below the least."""
    return checked(default, partial(check_whole, least=least))


def share(default: float) -> Any:
    """A field of probabilities and shares, between 0 and 1."""
    return checked(default, check_probability)


def finite(default: float) -> Any:
    """A field of finite numbers that are not negative."""
    return checked(default, check_finite)


def positive(default: float | None) -> Any:
    """A field of finite numbers above 0."""
    return checked(default, check_positive)


def at_least(default: float, least: float) -> Any:
    """A field of numbers, infinite ones included, that are not below the least."""
    return checked(default, partial(check_at_least, least=least))


def above(default: float, limit: float) -> Any:
    """A field of numbers, infinite ones included, above the limit."""
    return checked(default, partial(check_above, limit=limit))
