"""What changed between two machines: links added, removed and changed, neurons likewise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vvalues import natural_key

from ..machine.machine import Link, Machine
from .labels import count, pad, plain, unique_labels, weight_text, width
from .reading import LIMIT, SHOWN

__all__ = ["MachineDiff", "diff"]

NAME_CELLS = 28


@dataclass(frozen=True)
class MachineDiff:
    """The way from one machine to another.

    Attributes
    ----------
    one, other : names of the machines
    added, removed : tuple of Link
    changed : tuple of (Link, Link)
        Same ends, but another weight, or fixed in one and trainable in the other.
    neurons_added, neurons_removed : mapping-like tuple of (neuron, type)
    retyped : tuple of (neuron, type before, type after)
    n_equal : int
        Links that are the same in both.

    Examples
    --------
    >>> from dmm.show import diff
    >>> from dmm.zoo import duplicate_detector
    >>> detector = duplicate_detector()
    >>> change = diff(detector, detector.with_trainable(2 * detector.trainable))
    >>> len(change.changed), len(change.added), change.n_equal
    (8, 0, 3)
    """

    one: str
    other: str
    added: tuple[Link, ...]
    removed: tuple[Link, ...]
    changed: tuple[tuple[Link, Link], ...]
    neurons_added: tuple[tuple[str, str], ...]
    neurons_removed: tuple[tuple[str, str], ...]
    retyped: tuple[tuple[str, str, str], ...]
    n_equal: int

    def __bool__(self) -> bool:
        """Whether anything differs."""
        links = (self.added, self.removed, self.changed)
        return any((*links, self.neurons_added, self.neurons_removed, self.retyped))

    def __str__(self) -> str:
        return "\n".join(line.rstrip() for line in _lines(self))


def diff(one: Machine, other: Machine, *, tolerance: float = 0.0) -> MachineDiff:
    """Compare two machines link by link.

    Parameters
    ----------
    one, other : Machine
        For instance before and after a stage of a synthesis.
    tolerance : float
        Weights that differ by no more than this count as equal.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> before = duplicate_detector()
    >>> path = "dot", "dict-2", "eos", "char"
    >>> after = before.with_trainable(before.trainable.at(path).set(0.5))
    >>> print(diff(before, after))
    duplicate-detector -> duplicate-detector: 0 links added, 0 removed, 1 changed, 10 equal
    ~ dot.dict-2 <- eos.char  +1.000 -> +0.500  (-0.500)
    """
    before = {(link.path, link.is_fixed): link for link in one.links()}
    after = {(link.path, link.is_fixed): link for link in other.links()}
    changed, n_equal = [], 0
    for key in before.keys() & after.keys():
        pair = before.pop(key), after.pop(key)
        if abs(pair[0].weight - pair[1].weight) <= tolerance:
            n_equal += 1
        else:
            changed.append(pair)
    for path, is_fixed in list(before):  # a link that was fixed and now learns, or the reverse
        if (path, not is_fixed) in after:
            changed.append((before.pop((path, is_fixed)), after.pop((path, not is_fixed))))
    return MachineDiff(
        one.name,
        other.name,
        added=_sorted(after.values()),
        removed=_sorted(before.values()),
        changed=tuple(sorted(changed, key=lambda pair: natural_key(pair[0].path))),
        neurons_added=_only_in(other, one),
        neurons_removed=_only_in(one, other),
        retyped=tuple(
            (neuron, one.neurons[neuron], other.neurons[neuron])
            for neuron in sorted(one.neurons.keys() & other.neurons.keys(), key=natural_key)
            if one.neurons[neuron] != other.neurons[neuron]
        ),
        n_equal=n_equal,
    )


def _sorted(links: Iterable[Link]) -> tuple[Link, ...]:
    return tuple(sorted(links, key=lambda link: natural_key(link.path)))


def _only_in(one: Machine, other: Machine) -> tuple[tuple[str, str], ...]:
    names = sorted(one.neurons.keys() - other.neurons.keys(), key=natural_key)
    return tuple((name, one.neurons[name]) for name in names)


# -------------------- as text --------------------


def _lines(found: MachineDiff) -> Iterable[str]:
    yield (
        f"{plain(found.one)} -> {plain(found.other)}: {count(len(found.added), 'link')} added, "
        f"{len(found.removed):,} removed, {len(found.changed):,} changed, {found.n_equal:,} equal"
    )
    for sign, neurons in (("+", found.neurons_added), ("-", found.neurons_removed)):
        for name, type_name in neurons:
            yield f"{sign} neuron {plain(name)} ({plain(type_name)})"
    for name, before, after in found.retyped:
        yield f"~ neuron {plain(name)} ({plain(before)} -> {plain(after)})"
    yield from _link_lines(found)


def _link_lines(found: MachineDiff) -> Iterable[str]:
    """Beyond 60 links the 40 with the largest change."""
    entries = [("+", link, weight_text(link.weight), abs(link.weight)) for link in found.added]
    entries += [("-", link, weight_text(link.weight), abs(link.weight)) for link in found.removed]
    entries += [("~", b, _change_text(a, b), abs(b.weight - a.weight)) for a, b in found.changed]
    n_hidden = 0
    if len(entries) > LIMIT:
        n_hidden = len(entries) - SHOWN
        least = sorted((size for *_, size in entries), reverse=True)[SHOWN - 1]
        entries = [entry for entry in entries if entry[3] >= least][:SHOWN]
    links = [link for _, link, _, _ in entries]
    names = unique_labels(
        {name: None for link in links for name in (link.neuron_in, link.neuron_out)}, NAME_CELLS
    )
    texts = [
        f"{names[k.neuron_in]}.{plain(k.field_in)} {'<=' if k.is_fixed else '<-'} "
        f"{names[k.neuron_out]}.{plain(k.field_out)}"
        for k in links
    ]
    cells = max(map(width, texts), default=0)
    for (sign, _, weights, _), text in zip(entries, texts, strict=True):
        yield f"{sign} {pad(text, cells)}  {weights}"
    if n_hidden:
        yield f"… {n_hidden:,} more"


def _change_text(before: Link, after: Link) -> str:
    text = f"{weight_text(before.weight)} -> {weight_text(after.weight)}"
    if before.weight != after.weight:
        text += f"  ({weight_text(after.weight - before.weight)})"
    if before.is_fixed != after.is_fixed:
        text += "  now hard" if after.is_fixed else "  now soft"
    return text
