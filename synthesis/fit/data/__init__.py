"""What users have, as strings to learn from, and answers in the form in which the streams came.

`read_streams` reads every form of X and `read_answers` of y; `to_strings` does both, and refuses
what no machine can be learned from. `Names` remembers what streams and outputs are called.
"""

from ...problems import SOURCE
from .asked import Asked, read_answers, to_strings
from .given import Given, read_streams
from .layouts import Layout
from .names import Names

__all__ = [
    "SOURCE",
    "Asked",
    "Given",
    "Layout",
    "Names",
    "read_answers",
    "read_streams",
    "to_strings",
]
