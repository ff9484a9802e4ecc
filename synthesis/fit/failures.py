"""What fails on somebody's streams is left out of the search, and said.

Starts meet streams that nobody here has seen. If one of them raises, its circuits are missing; what
the other starts found, or would find, is the user's all the same.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["StartFailure", "left_out"]


class StartFailure(RuntimeWarning):
    """A start of the library raised an error, and the search went on without it.

    Examples
    --------
    >>> import warnings
    >>> warnings.filterwarnings("error", category=StartFailure)  # to see where it was raised
    >>> warnings.filterwarnings("default", category=StartFailure)
    """


@contextmanager
def left_out(what: str) -> Iterator[None]:
    """Go on after what is inside, whether it raises an error or not.

    Parameters
    ----------
    what : str
        What is inside, for the warning.

    Warns
    -----
    StartFailure
        If it raised.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     with left_out("the start 'automaton'"):
    ...         {}["const_1"]
    >>> print(said[0].message)  # doctest: +NORMALIZE_WHITESPACE
    the start 'automaton' failed on these streams (KeyError: 'const_1') and is left out; the search
    goes on. It is a fault of this library: please report it
    """
    try:
        yield
    except Exception as error:  # whatever it is: the user has other starts
        warnings.warn(
            f"{what} failed on these streams ({type(error).__name__}: {error}) and is left out; "
            "the search goes on. It is a fault of this library: please report it",
            StartFailure,
            stacklevel=3,
        )
