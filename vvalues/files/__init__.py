"""V-values in files: as plain Python objects (`plain`), JSON text (`json_text`) and npz archives
(`npz`); `disk` chooses between them by the suffix and replaces files as a whole.
"""

from .disk import load, save, write_atomically
from .json_text import from_json, to_json
from .npz import from_npz, to_npz
from .plain import from_plain, to_plain

__all__ = [
    "from_json",
    "from_npz",
    "from_plain",
    "load",
    "save",
    "to_json",
    "to_npz",
    "to_plain",
    "write_atomically",
]
