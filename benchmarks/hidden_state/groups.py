"""The thirteen groups, by what is honest to say about them."""

from __future__ import annotations

from .drawing import Program
from .programs.blind import BLIND
from .programs.fresh import FRESH
from .programs.sealed import SEALED
from .programs.sealed_five import SEALED_FIVE
from .programs.sealed_four import SEALED_FOUR
from .programs.sealed_seven import SEALED_SEVEN
from .programs.sealed_six import SEALED_SIX
from .programs.sealed_three import SEALED_THREE
from .programs.sealed_two import SEALED_TWO
from .programs.seen import SEEN
from .programs.tuned import TUNED
from .programs.unseen import UNSEEN
from .random_programs import RANDOM

__all__ = ["GROUPS"]

GROUPS: dict[str, dict[str, Program]] = {
    "tuned": TUNED,
    "seen": SEEN,
    "unseen": UNSEEN,
    "fresh": FRESH,
    "blind": BLIND,
    "sealed": SEALED,
    "sealed_two": SEALED_TWO,
    "sealed_three": SEALED_THREE,
    "sealed_four": SEALED_FOUR,
    "sealed_five": SEALED_FIVE,
    "sealed_six": SEALED_SIX,
    "sealed_seven": SEALED_SEVEN,
    "random": RANDOM,
}
