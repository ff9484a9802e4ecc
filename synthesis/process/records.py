"""Records of what a run did, and the Pareto front it ends in."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple

from vvalues import VValue
from vvalues.files import Budget, parse_object

from .hints import check_fields

__all__ = ["Front", "FrontMember", "Record", "read_jsonl", "to_jsonl"]


@dataclass(frozen=True)
class Record:
    """One event of a run.

    Attributes
    ----------
    event : str
        What happened: "train", "prune", "remove", "back-out", "accept", ...
    phase : str
        The phase of the loop it happened in.
    step : int
        Number of gradient or least-squares steps so far.
    loss : float
        Training loss after the event.
    links : int
        Number of trainable links after the event.
    l1 : float
        Sum of absolute weights.
    details : mapping
        Whatever else is telling (JSON-compatible).

    Examples
    --------
    >>> record = Record("remove", "remove", 60, 0.5, 9, 9.5, {"link": "norm/dict/accum/dict"})
    >>> record.to_dict()["link"]
    'norm/dict/accum/dict'
    >>> Record.from_dict(record.to_dict()) == record
    True
    """

    event: str
    phase: str
    step: int
    loss: float
    links: int
    l1: float
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """A flat dict; details become keys of their own."""
        flat = asdict(self)
        details = flat.pop("details")
        return {**flat, **details}

    @classmethod
    def from_dict(cls, flat: Mapping[str, Any]) -> Record:
        """Inverse of `to_dict`; numbers that JSON could not hold (null) come back as infinite.

        Raises
        ------
        ValueError
            If a key is missing or of another type; the message names it.
        """
        names = [item.name for item in fields(cls) if item.name != "details"]
        own = {name: flat[name] for name in names if name in flat}
        for name in ("loss", "l1"):
            if own.get(name, 0.0) is None:
                own[name] = math.inf
        try:
            check_fields(cls, own)
        except ValueError as error:
            raise ValueError(f"record {dict(flat)!r:.60}: {error}") from None
        return cls(**own, details={key: flat[key] for key in flat if key not in own})


def to_jsonl(records: Iterable[Record | Mapping[str, Any]]) -> str:
    """One JSON object per line; numbers that are not finite become null.

    Examples
    --------
    >>> to_jsonl([{"step": 1, "loss": math.inf}]).strip()
    '{"step": 1, "loss": null}'
    """
    lines = []
    for record in records:
        flat = record.to_dict() if isinstance(record, Record) else dict(record)
        clean = {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in flat.items()
        }
        lines.append(json.dumps(clean, ensure_ascii=False, allow_nan=False))
    return "".join(line + "\n" for line in lines)


def read_jsonl(
    text: bytes | str, where: str = "records", budget: Budget | None = None
) -> list[dict[str, Any]]:
    """Inverse of `to_jsonl`, as dicts.

    Parameters
    ----------
    text : str, or bytes in UTF-8
    where : str
        What the text is, for messages: a file name, say.
    budget : Budget, optional
        Memory that may be taken; that of a file of this size when omitted.

    Raises
    ------
    ValueError
        If a line is not a JSON object; the message names it.

    Examples
    --------
    >>> read_jsonl('{"step": 1, "loss": 0.5}')
    [{'step': 1, 'loss': 0.5}]
    """
    budget = Budget(where, len(text)) if budget is None else budget
    # Not splitlines: text may hold other characters that end lines, and JSON does not escape them.
    data = text.encode() if isinstance(text, str) else text
    return [
        parse_object(line, f"{where}: line {i}", budget)
        for i, line in enumerate(data.split(b"\n"), start=1)
        if line.strip()
    ]


class FrontMember(NamedTuple):
    """A machine on the front.

    Examples
    --------
    >>> member = FrontMember(links=1, loss=0.5, parameters=VValue({"a": 2.0}))
    >>> member.links, member.loss
    (1, 0.5)
    """

    links: int
    loss: float
    parameters: VValue


@dataclass(frozen=True)
class Front:
    """Pareto front of links against loss; immutable.

    A machine is on the front when no other one has at most as many links and at most its loss.

    Examples
    --------
    >>> front = Front().add(VValue({"a": 1, "b": 2}), 0.1).add(VValue({"a": 1}), 0.5)
    >>> front.add(VValue({"b": 1, "c": 1}), 0.3).table()
    'links  loss\\n    1  0.5\\n    2  0.1'
    """

    members: tuple[FrontMember, ...] = ()

    def __post_init__(self) -> None:
        ordered = sorted(self.members, key=lambda m: (m.links, m.loss))
        object.__setattr__(self, "members", tuple(ordered))

    def __iter__(self) -> Iterator[FrontMember]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def add(self, parameters: VValue, loss: float) -> Front:
        """The front with one more machine; those it dominates leave."""
        links = len(parameters)
        if not math.isfinite(loss) or any(m.links <= links and m.loss <= loss for m in self):
            return self
        kept = [m for m in self if not (links <= m.links and loss <= m.loss)]
        return Front((*kept, FrontMember(links, loss, parameters)))

    def choose(self, largest_loss: float) -> FrontMember | None:
        """The smallest machine whose loss is not above ``largest_loss``; the best one otherwise."""
        good = [m for m in self if m.loss <= largest_loss]
        if good:
            return good[0]
        return min(self, key=lambda m: m.loss, default=None)

    def table(self, chosen: FrontMember | None = None) -> str:
        """Links and losses as text, the chosen machine marked."""
        lines = ["links  loss"]
        for member in self:
            mark = "  <==" if member is chosen else ""
            lines.append(f"{member.links:5d}  {member.loss:.3g}{mark}")
        return "\n".join(lines)
