"""The rule by which a machine rewires itself, in one line for each way it has.

What edits a machine's matrix is what arrives at the neuron that holds it. Plasticity neurons and
gates on the way are written out as products; every factor is scaled so that its first term has
the coefficient 1 and the whole product says how strong the edit is.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..machine.machine import Link, Machine
from ..machine.wiring import wired
from .labels import number_text, plain

__all__ = ["learning_rules"]

MATRIX = "W"
# The clock or reward that opens the gate stands last: when, after what.
FACTORS = {"plasticity": ("post", "pre", "gate"), "gate": ("dict", "gate")}


def learning_rules(machine: Machine) -> list[str]:
    """How a machine that holds its own matrix edits it.

    Parameters
    ----------
    machine : Machine

    Returns
    -------
    list of str
        A line per link into the holder of the matrix, but for the one by which it keeps it; none
        for a machine whose matrix is external.

    Notes
    -----
    ``W`` is the part of the running matrix that may change (behind a mask), or all of it. A product
    of two labelled streams is their outer product, and stands at the links between their labels.

    Examples
    --------
    >>> from dmm.machine import machine_of
    >>> machine = machine_of(
    ...     {"self": "accumulator", "rule": "plasticity", "x": "stream", "y": "stream",
    ...      "p": "stream", "on": "stream"},
    ...     trainable="self.accum <- self.single\\nself.delta <- rule.delta 0.5\\n"
    ...               "rule.gate <- on.stream 2\\nrule.post <- p.stream -0.31\\n"
    ...               "rule.post <- y.stream 0.31\\nrule.pre <- x.stream",
    ...     matrix_port=("self", "single"))
    >>> learning_rules(machine)
    ['W += 0.310 (y - p) x on']
    """
    if machine.matrix_port is None:
        return []
    return _Rules(machine).lines()


class _Rules:
    def __init__(self, machine: Machine) -> None:
        assert machine.matrix_port is not None
        self.machine = machine
        self.port = machine.matrix_port
        self.links = wired(machine, machine.links())

    def lines(self) -> list[str]:
        holder, field = self.port
        edits = [
            link
            for link in self.links
            if link.neuron_in == holder and link.path[2:] != (holder, field) and link.weight
        ]
        return [self._line(link) for link in edits]

    def _line(self, link: Link) -> str:
        strength, words = self._product(link.neuron_out)
        if strength * link.weight < 0.0:  # a difference may just as well stand the other way round
            strength, words = self._product(link.neuron_out, -1)
        strength *= link.weight
        return f"{MATRIX} += {number_text(strength)} {' '.join(words)}".rstrip()

    def _product(self, neuron: str, sign: int = 1) -> tuple[float, list[str]]:
        """What a neuron emits, as a number times words; ``sign`` is that of its first difference's
        leading term, if it has one."""
        kind = self.machine.neurons[neuron]
        if self._is_matrix(neuron):
            return 1.0, [MATRIX]
        if kind not in FACTORS:
            return 1.0, [plain(neuron)]
        strength, words = 1.0, []
        for field in FACTORS[kind]:
            into = [k for k in self.links if k.path[:2] == (neuron, field) and k.weight]
            own, word = self._sum(into, sign)
            if word.startswith("(") and own * sign > 0.0:
                sign = 1
            strength *= own
            words.append(word)
        return strength, [word for word in words if word]

    def _sum(self, links: Sequence[Link], sign: int) -> tuple[float, str]:
        """A sum of streams: the leading coefficient, and the rest relative to it.

        It leads with the largest term of a sign, if that is among the large ones.
        """
        if not links:
            return 0.0, "0"
        if len(links) == 1:
            return self._term(links[0])
        ranked = sorted(links, key=lambda link: -abs(link.weight))
        large = [link for link in ranked if abs(link.weight) > 0.5 * abs(ranked[0].weight)]
        first = next((link for link in large if link.weight * sign > 0.0), ranked[0])
        terms = [first, *(link for link in links if link is not first)]
        parts = []
        for i, link in enumerate(terms):
            own, word = self._term(link)
            share = own / first.weight
            size = "" if abs(abs(share) - 1.0) < 1e-9 and word else number_text(abs(share))
            mark = ("- " if share < 0 else "+ ") if i else ("-" if share < 0 else "")
            parts.append(mark + " ".join(filter(None, (size, word))))
        return first.weight, f"({' '.join(parts)})"

    def _term(self, link: Link) -> tuple[float, str]:
        """A link as a coefficient and a word; the constant has none."""
        sender = link.neuron_out
        if self.machine.neurons[sender] == "const_1":
            return link.weight, ""
        if self.machine.neurons[sender] in FACTORS or self._is_matrix(sender):
            strength, words = self._product(sender)
            return link.weight * strength, " ".join(words)
        is_only = len(self.machine.type_of(sender).writes) == 1
        return link.weight, plain(sender if is_only else f"{sender}.{link.field_out}")

    def _is_matrix(self, neuron: str) -> bool:
        """Whether a neuron emits the matrix, through a mask."""
        read = [link.path[2:] for link in self.links if link.path[:2] == (neuron, "main")]
        return self.machine.neurons[neuron] == "mask_multiply" and self.port in read
