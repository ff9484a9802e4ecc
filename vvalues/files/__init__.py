"""V-values in files."""

from .io import (
    DEEPEST_NESTING,
    from_json,
    from_plain,
    load,
    save,
    to_json,
    to_plain,
    write_atomically,
)
from .npz import from_bytes, to_bytes

__all__ = [
    "DEEPEST_NESTING",
    "from_bytes",
    "from_json",
    "from_plain",
    "load",
    "save",
    "to_bytes",
    "to_json",
    "to_plain",
    "write_atomically",
]
