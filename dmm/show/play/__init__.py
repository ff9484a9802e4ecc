"""Pages that do something: the one on which a machine is played with, and what such pages share."""

from .closed import closed_page, time_bar
from .page import play_page

__all__ = ["closed_page", "play_page", "time_bar"]
