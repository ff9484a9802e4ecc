"""Streams that are heard and seen moving.

`Sound` is a stream of numbers as samples, `Motion` a stream of points as frames. Notebooks play
them; `Sound.wav` and `Motion.svg` are files for others. Neither needs a further package.
"""

from .motion import Motion
from .sound import Sound

__all__ = ["Motion", "Sound"]
