"""Pages on which a machine is played with; the look and the safety of pages with scripts."""

from .page import PLAY, embedded, play_page, script_policy

__all__ = ["PLAY", "embedded", "play_page", "script_policy"]
