"""V-values in files: as plain Python objects (`plain`), JSON text (`json_text`) and npz archives
(`npz`); `disk` chooses between them by the suffix and replaces files as a whole. What every loader
does first, also those of other packages, stands in `reading`.
"""

from .disk import append, left_overs, load, naming, save, write_atomically
from .json_text import from_json, json_bytes, to_json
from .npz import from_npz, to_npz
from .plain import from_plain, to_plain
from .reading import (
    MEMORY,
    Budget,
    parse_json,
    parse_object,
    parse_shape,
    parse_support,
    read_bytes,
)

__all__ = [
    "MEMORY",
    "Budget",
    "append",
    "from_json",
    "from_npz",
    "from_plain",
    "json_bytes",
    "left_overs",
    "load",
    "naming",
    "parse_json",
    "parse_object",
    "parse_shape",
    "parse_support",
    "read_bytes",
    "save",
    "to_json",
    "to_npz",
    "to_plain",
    "write_atomically",
]
