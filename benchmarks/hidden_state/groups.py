"""The eleven groups, by what is honest to say about them."""

from __future__ import annotations

from .blind import BLIND
from .drawing import Program
from .fresh import FRESH
from .random_programs import RANDOM
from .sealed import SEALED
from .sealed_five import SEALED_FIVE
from .sealed_four import SEALED_FOUR
from .sealed_three import SEALED_THREE
from .sealed_two import SEALED_TWO
from .seen import SEEN
from .tuned import TUNED
from .unseen import UNSEEN

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
    "random": RANDOM,
}
