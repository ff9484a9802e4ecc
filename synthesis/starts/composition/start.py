"""The start that composes: answers as few operations on streams, found by trying all small ones.

While a machine is looked for, its own past answers are known: they are in the data. With them as
one more stream ("teacher forcing") most programs with a memory have none left to find, and an
answer is a function of the sample. Other memories - sums, runs, what was held - are streams of a
bank, which holds all that few operations make of the given ones. A form is then looked for in which
the answer is made of streams of the bank; the circuit is built from it, and takes its own answers
where the data's were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, product

import numpy as np

from ...problems import Problem, Strings
from ..proposal import Gap, Proposal
from ..signals import Builder
from .finders import Told, forms_of, inexact_forms
from .forms import Form, Gated, Kinked, Staircase, Threshold
from .functions import with_cuts_again
from .known import Cut, Known
from .thresholds import with_bound

__all__ = ["MEDIUM", "NEEDED", "SMALL", "Composition", "built", "proposals_of"]

NEEDED = ("stream", "const_1", "output")
"""Neuron types that circuits have whatever the vocabulary."""


@dataclass(frozen=True)
class Composition:
    r"""Answers composed of few operations.

    Attributes
    ----------
    bank : int
        Streams in the bank.
    largest : int
        Operations in a stream.
    strings : int
        Training strings that the bank is grown on; the others only check.
    is_exact_only : bool
        Propose nothing that is not right on the data that it sees.
    per_form : int
        Forms of one kind that are proposed.
    per_output : int
        Forms of one output that are combined with those of others.

    Examples
    --------
    >>> from itertools import islice
    >>> from dmm.show.algebra import sample_equations
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.problems import Problem
    >>> x = np.random.default_rng(0).integers(0, 2, (12, 8))
    >>> problem = Problem.of(to_strings(x, x.cumsum(axis=1))[0])
    >>> proposals = Composition(bank=200, largest=3).propose(problem, ("accum", "dot"))
    >>> print("\n".join(sample_equations(one.circuit) for one in islice(proposals, 2)))
    output.dict-1 = x[t-4] + x[t-3] + x[t-2] + x[t-1] + x
    output.dict-1 = output.dict-1[t-1] + x
    """

    name = "composition"

    bank: int = 12_000
    largest: int = 5
    strings: int = 14
    is_exact_only: bool = False
    per_form: int = 8
    per_output: int = 5

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits that give the answers of the training strings' beginnings, teacher-forced.

        Where none does, the best sums of one stream, two, ... that need no past answers.
        """
        known = Known(problem, vocabulary, self.bank, self.largest, self.strings)
        yield from proposals_of(known, self._told(known))

    def _told(self, known: Known) -> Iterator[Sequence[Told]]:
        """Forms for all outputs at once."""
        outputs = range(known.problem.n_outputs)
        if len(outputs) == 1:
            yield from ([told] for told in forms_of(known, 0, self.per_form))
        else:
            found = (islice(forms_of(known, k, self.per_form), self.per_output) for k in outputs)
            yield from product(*found)
        if not self.is_exact_only:
            yield from zip(*(inexact_forms(known, k) for k in outputs), strict=False)


SMALL, MEDIUM = (Composition(bank=n, largest=3, is_exact_only=True) for n in (400, 800))
"""For what is left to explain beside a memory that is known: right, or nothing."""


def proposals_of(known: Known, told: Iterable[Sequence[Told]]) -> Iterator[Proposal]:
    """The circuits of forms that have neurons of the vocabulary alone."""
    allowed = {*known.vocabulary, *NEEDED}
    for forms in told:
        proposal = built(known, forms)
        if allowed.issuperset(proposal.circuit.neurons.values()):
            yield proposal


def built(known: Known, told: Sequence[Told]) -> Proposal:
    """The circuit of forms over known streams, one form per output."""
    builder = Builder.of(known.problem.sources)
    signals = [form.signal(builder, lambda i: known.signal(i, builder)) for form, _ in told]
    gaps = tuple(gap for form, _ in told for gap in _gaps_of(known, form))
    origin = f"{Composition.name}: {'; '.join(what for _, what in told)}"
    refitted = partial(_refitted, known, told) if gaps else None
    return Proposal(builder.circuit(signals), origin, gaps, refitted)


def _gaps_of(known: Known, form: Form) -> Iterator[Gap]:
    """The gaps of a form; those of bounds of one given stream alone by its name."""
    if isinstance(form, Staircase):
        for step in form.steps:
            yield from _gaps_of(known, step)
        return
    stream, weight = "", 1.0
    if isinstance(form, Threshold) and len(form.rows) == 1:
        stream, weight = known.source(form.rows[0]), form.weights[0]
    elif isinstance(form, Kinked):
        beside = (known.beside[-1 - row] for row in form.rows if row < 0)
        cut = {known.source(one.stream) for one in beside if isinstance(one, Cut)}
        stream = cut.pop() if len(cut) == 1 else ""
    for gap in form.gaps:
        yield gap.times(1.0 / weight, stream) if stream else gap


def _refitted(known: Known, told: Sequence[Told], strings: Strings) -> Proposal:
    """The same circuit with bounds chosen by other strings."""
    known.look_at(strings)
    chosen = [(_bounded(known, form, k), what) for k, (form, what) in enumerate(told)]
    known.look_at(known.problem.beginnings)
    return built(known, chosen)


def _bounded(known: Known, form: Form, output: int) -> Form:
    answers = known.wanted(output)
    if isinstance(form, Threshold):
        rows = known.rows(form.rows, output)
        return with_bound(rows, answers, form.rows, np.array(form.weights)) or form
    if isinstance(form, Kinked):
        return with_cuts_again(known, form, answers, output)
    if isinstance(form, Staircase):
        return _with_bounds(known, form, answers, output)
    if isinstance(form, Gated):
        one, other = known.rows([form.one, form.other], output)
        told = np.abs(one - answers) < np.abs(other - answers)
        differ = np.abs(one - other) > 1e-9 * max(float(np.abs(answers).max()), 1e-300)
        rows = known.rows(form.gate.rows, output)[:, differ]
        label = told[differ].astype(float)
        if np.ptp(label):
            gate = with_bound(rows, label, form.gate.rows, np.array(form.gate.weights))
            return form if gate is None else Gated(gate, form.one, form.other)
    return form


def _with_bounds(known: Known, form: Staircase, answers: np.ndarray, output: int) -> Staircase:
    steps, level = [], form.constant
    for step, height in zip(form.steps, form.heights, strict=True):
        level += height
        rows, is_above = known.rows(step.rows, output), (answers >= level).astype(float)
        steps.append(with_bound(rows, is_above, step.rows, np.array(step.weights)) or step)
    return replace(form, steps=tuple(steps))
