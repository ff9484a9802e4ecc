"""Live editing: a machine that runs while somebody changes it.

A `Session` steps a machine, takes matrix fragments, neurons and input between the steps, shows
every stream and undoes anything. All values are immutable, so remembering a state costs nothing but
the references to it.

>>> from dmm import Session, zoo
>>> session = Session(zoo.wave())
>>> session.step()
>>> session["self", "single", "self", "delta", "update-2"]
VValue({'single': 1.0})
>>> session.undo()
>>> session.tick
0
"""

from __future__ import annotations

import queue
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vvalues import VValue, as_path, drop, put
from vvalues.core.tree import from_leaves

from ..machine.checks import check_matrix
from ..machine.machine import Machine, fixed_links
from ..neurons import get_neuron_type
from .engine import initial_state, network_matrix, two_stroke_cycle

__all__ = ["Session"]


@dataclass(frozen=True)
class Moment:
    """Everything that makes up the state of a session."""

    machine: Machine
    tick: int
    inputs: VValue
    outputs: VValue
    waiting: Mapping[str, tuple[VValue, ...]]  # input fed and not yet read
    defaults: Mapping[str, VValue]


class _Now(Sequence):
    """An external stream of which only the present entry is known, whatever its index."""

    def __init__(self, value: VValue) -> None:
        self.value = value

    def __len__(self) -> int:
        return sys.maxsize

    def __getitem__(self, index: Any) -> Any:
        return self.value


class Session:
    """A running machine, on the reference engine.

    Parameters
    ----------
    machine : Machine
        With an external network matrix, or one that it holds itself.
    history : int
        How many moments `undo` can go back.

    Attributes
    ----------
    moment : Moment
        The present state; immutable.

    Examples
    --------
    >>> from dmm.zoo import asynchronous_accumulation
    >>> session = Session(asynchronous_accumulation())
    >>> session.default("reader", {"step": 1})
    >>> session.step(3)
    >>> session.feed("reader", {"a": 1})  # at the next tick
    >>> session.step(3)
    >>> session.inputs["printer", "dict-1"]
    VValue({'a': 1.0, 'step': 3.0})
    >>> session.undo(2)
    >>> session.tick
    3
    """

    def __init__(self, machine: Machine, *, history: int = 1000) -> None:
        self.moment = Moment(machine, 0, VValue(), initial_state(machine), {}, {})
        self._past: deque[Moment] = deque(maxlen=history)
        self._queues: dict[str, Any] = {}

    # -------------------- looking --------------------

    @property
    def machine(self) -> Machine:
        """The machine as it is now (neurons and external links that were sent are in it)."""
        return self.moment.machine

    @property
    def tick(self) -> int:
        """Number of ticks so far."""
        return self.moment.tick

    @property
    def inputs(self) -> VValue:
        """What arrived at the last tick, neuron / field / stream."""
        return self.moment.inputs

    @property
    def outputs(self) -> VValue:
        """What was emitted at the last tick, neuron / field / stream."""
        return self.moment.outputs

    @property
    def matrix(self) -> VValue:
        """The network matrix of the next down movement."""
        return network_matrix(self.machine, self.outputs)

    def __getitem__(self, path: str | Iterable[str]) -> Any:
        """Latest output at a path: ``session["accum", "dict"]``."""
        return self.outputs[path]

    def __repr__(self) -> str:
        return (
            f"<Session {self.machine.name!r} after {self.tick} ticks: "
            f"{len(self.machine.neurons)} neurons, {len(self.matrix)} links>"
        )

    # -------------------- running --------------------

    def step(self, ticks: int = 1) -> None:
        """Run some two-stroke cycles; undone as one.

        Sources emit what was fed to them, then what waits in their queue, then their default.
        """
        before = self.moment
        try:
            for _ in range(ticks):
                self._cycle()
        except Exception:
            self.moment = before
            raise
        self._past.append(before)

    def _cycle(self) -> None:
        now = self.moment
        sources, waiting = self._take_input()
        inputs, outputs = two_stroke_cycle(
            now.machine, self.matrix, now.outputs, sources, (), now.tick
        )
        self.moment = replace(
            now, tick=now.tick + 1, inputs=inputs, outputs=outputs, waiting=waiting
        )

    def _take_input(self) -> tuple[dict[str, _Now], dict[str, tuple[VValue, ...]]]:
        """What each source emits now, and what stays waiting."""
        now = self.moment
        waiting = {name: values for name, values in now.waiting.items() if values}
        sources: dict[str, _Now] = {}
        for name in now.machine.neurons:
            if not now.machine.type_of(name).is_source:
                continue
            if waiting.get(name):
                value, *rest = waiting[name]
                waiting[name] = tuple(rest)
            else:
                value = self._from_queue(name, now.defaults.get(name, VValue()))
            sources[name] = _Now(value)
        return sources, waiting

    def _from_queue(self, name: str, default: VValue) -> VValue:
        if name not in self._queues:
            return default
        import asyncio  # few sessions need it, and importing it takes a while

        try:
            return VValue(self._queues[name].get_nowait())
        except (queue.Empty, asyncio.QueueEmpty):
            return default

    async def run(self, ticks: int | None = None, *, pause: float = 0.0) -> AsyncIterator[VValue]:
        """Step for ever (or for some ticks) and yield the inputs of each tick.

        Between two ticks other tasks have their turn: they may feed, send and inspect.

        Parameters
        ----------
        ticks : int, optional
        pause : float
            Seconds between ticks.
        """
        import asyncio

        done = 0
        while ticks is None or done < ticks:
            self.step()
            done += 1
            yield self.inputs
            await asyncio.sleep(pause)

    # -------------------- input from outside --------------------

    def feed(self, source: str, *values: Any) -> None:
        """Give a source values for its next ticks, one per tick.

        Raises
        ------
        ValueError
            If the machine has no such source.
        """
        self._check_source(source)
        fresh = tuple(VValue(value) for value in values)
        waiting = self.moment.waiting.get(source, ()) + fresh
        self._change(waiting={**self.moment.waiting, source: waiting})

    def default(self, source: str, value: Any) -> None:
        """What a source emits when nothing was fed and nothing waits in its queue."""
        self._check_source(source)
        self._change(defaults={**self.moment.defaults, source: VValue(value)})

    def attach(self, source: str, values: Any) -> None:
        """Let a source read from a ``queue.Queue`` or ``asyncio.Queue``, one entry per tick.

        What has been taken from a queue does not go back into it when the tick is undone.
        """
        self._check_source(source)
        self._queues[source] = values

    def _check_source(self, source: str) -> None:
        sources = [n for n in self.machine.neurons if self.machine.type_of(n).is_source]
        if source not in sources:
            raise ValueError(
                f"{source!r} is not a source of the machine; its sources are "
                f"{', '.join(sources) or 'none'}"
            )

    # -------------------- changing the machine --------------------

    def send(self, fragment: Any) -> None:
        """Add a matrix fragment to the running network matrix.

        Parameters
        ----------
        fragment : VValue or mapping, depth 4
            Weights to add: receiving neuron / field / sending neuron / field. Scale, sum and
            store fragments as the V-values they are.

        Raises
        ------
        ValueError
            If the fragment is not a network matrix of the machine's neurons; nothing is changed.
        """
        fragment, now = VValue(fragment), self.moment
        port = now.machine.matrix_port
        if port is not None:
            if any(len(path) != 4 for path in fragment):
                check_matrix({}, fragment, "fragment")
            self._change(outputs=now.outputs + put(VValue(), port, fragment))
            return
        check_matrix(now.machine.neurons, fragment, "fragment")
        self._change(machine=now.machine.with_trainable(now.machine.trainable + fragment))

    def send_neuron(self, name: str, type_name: str, links: Any = None) -> None:
        """Add a neuron, with the fixed links of its type, and links to or from it.

        Raises
        ------
        ValueError
            If the name is taken, the type unknown, or a link impossible; nothing is changed.
        """
        now = self.moment
        if name in now.machine.neurons:
            raise ValueError(f"the machine has a neuron {name!r} already; choose another name")
        emitted = get_neuron_type(type_name).initial
        neurons = {**now.machine.neurons, name: type_name}
        own = from_leaves({p: w for p, w in fixed_links(neurons).items() if p[0] == name})
        fragment = drop(VValue(links), own.support)
        check_matrix(neurons, fragment, "links of the new neuron")
        machine = replace(now.machine, neurons=neurons)
        outputs = now.outputs + put(VValue(), (name,), emitted)
        if machine.matrix_port is None:
            trainable = machine.trainable + fragment
            machine = replace(machine, fixed=machine.fixed + own, trainable=trainable)
        else:
            outputs = outputs + put(VValue(), machine.matrix_port, own + fragment)
        self._change(machine=machine, outputs=outputs)

    def remove_neuron(self, name: str) -> None:
        """Take a neuron out of a machine with an external matrix, with all its links.

        Raises
        ------
        ValueError
            If there is no such neuron, or the machine holds its matrix itself (send the negative
            of the links instead).
        """
        machine = self.machine
        if name not in machine.neurons:
            raise ValueError(f"the machine has no neuron {name!r}")
        if machine.matrix_port is not None:
            raise ValueError(
                f"the machine holds its matrix in {'/'.join(machine.matrix_port)}; send the "
                f"negative of the links of {name!r} instead of removing it"
            )

        without = machine.without_neuron(name)
        self._change(machine=without, outputs=self.outputs.at(name).remove())

    # -------------------- undoing --------------------

    def undo(self, steps: int = 1) -> None:
        """Go back before the last steps, sends and feeds.

        Raises
        ------
        ValueError
            If there is nothing (more) to undo.
        """
        if steps > len(self._past):
            raise ValueError(f"{len(self._past)} steps can be undone, not {steps}")
        for _ in range(steps):
            self.moment = self._past.pop()

    def _change(self, **parts: Any) -> None:
        changed = replace(self.moment, **parts)
        self._past.append(self.moment)
        self.moment = changed

    def inspect(self, path: str | Iterable[str]) -> dict[str, VValue]:
        """Input and output streams at a path (neuron, or neuron and field).

        Returns
        -------
        dict with ``"input"`` and ``"output"``
        """
        keys = as_path(path)
        return {"input": self.inputs.subtree(keys), "output": self.outputs.subtree(keys)}
