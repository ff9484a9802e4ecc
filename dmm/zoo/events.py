"""Machines that react to what happens outside."""

from __future__ import annotations

from ..machine.machine import Machine
from .links import machine_of

__all__ = ["asynchronous_accumulation", "event_log"]


def asynchronous_accumulation() -> Machine:
    """Reader, accumulator, printer: what comes in is added up while the machine runs.

    Feed it with a `dmm.Session`: ``session.default("reader", {"step": 1})`` for the ticks at which
    nothing else is there, ``session.feed("reader", {"a": 1})`` for the rest.

    Notes
    -----
    A map that is read at one cycle is part of the sum that the printer gets two cycles later; it
    replaces the default of its cycle: ..., {step: 14}, {step: 15}, {step: 15, a: 1},
    {step: 16, a: 1}, ...

    References
    ----------
    github jsa-aerial/DMM, ``examples/dmm/oct_28_2016_experiment.clj``.
    """
    return machine_of(
        {"reader": "stream", "accum": "accum", "printer": "output"},
        fixed="accum.dict-1 <- accum.dict",
        trainable="accum.dict-2 <- reader.stream\nprinter.dict-1 <- accum.dict",
        name="asynchronous-accumulation",
    )


def event_log() -> Machine:
    """A list of all events, the newest first.

    Notes
    -----
    ``log.self`` is ``{end-list: 1}`` at the start; every signal that is not empty is put in
    front: ``{this: signal, rest: old list}``.

    References
    ----------
    github jsa-aerial/DMM, ``examples/dmm/jul_13_2017_experiment.clj`` (``dmm-cons``).
    """
    return machine_of(
        {"events": "stream", "log": "event_list"},
        fixed="log.self <- log.self",
        trainable="log.signal <- events.stream",
        name="event-log",
    )
