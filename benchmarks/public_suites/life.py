"""A cell of the Game of Life: nine streams, 512 cases, no state.

References
----------
M. Gardner, "The fantastic combinations of John Conway's new solitaire game 'life'", Scientific
American 223, 1970.
"""

from __future__ import annotations

from .task import BITS, Program, Task, drawn_symbols

__all__ = ["LIFE"]

LENGTH = 10
PLACES = ("nw", "n", "ne", "w", "here", "e", "sw", "s", "se")


def step(state, *cells):
    """Alive next with three living neighbours, or with two if alive now."""
    here = cells[PLACES.index("here")]
    neighbours = sum(cells) - here
    return state, float(neighbours == 3.0 or (neighbours == 2.0 and here == 1.0))


_program = Program(step, kind="none")
_alphabet = dict.fromkeys(PLACES, BITS)

LIFE: dict[str, Task] = {
    "life": Task("life", "life", _alphabet, LENGTH, drawn_symbols(_program, _alphabet), _program)
}
