"""The door: streams and answers in; a small machine, its equations and an honest verdict out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dmm import Machine, get_neuron_type

from ..problems import Problem, Strings
from ..starts import Start
from ..verdicts import Verdict, answers_of, errors_of
from .data import Names, read_answers, to_strings
from .efforts import VOCABULARY, effort_named
from .fitted import Fitted
from .front import Choices, Member
from .judgement import judged
from .parameters import Parameters
from .progress import Line, Progress, wants_a_line
from .trials import Search
from .tried import Trial
from .units import errors_in_own_units, in_own_units

__all__ = ["ConvergenceWarning", "Synthesizer"]


class ConvergenceWarning(UserWarning):
    """The verdict is not exact, and the effort is spent.

    Examples
    --------
    >>> import warnings
    >>> warnings.filterwarnings("ignore", category=ConvergenceWarning)  # the verdict says it
    """


class Synthesizer(Parameters):
    """Finds the smallest machine that turns input streams into the answers that are asked.

    Parameters
    ----------
    seed : int or numpy.random.Generator
        Same seed, same result.
    vocabulary : sequence of str, optional
        Names of neuron types that the machine may have, own ones included. The default has the four
        published types, a product without a bound, a step, a gated memory, a maximum so far and a
        memory with addresses.
    spaces : "auto" or sequence of starts
        Where machines come from; "auto" takes those of the effort, and goes on without one that
        fails, with a `StartFailure` warning; an error of one that is given is raised.
    effort : "quick", "normal" or "thorough"
        Counted in machines that are tried, not in seconds.
    lookahead : int
        Later samples that an answer may wait for. With 0 the answer to a sample depends on that
        sample and earlier ones only.
    held_out : float
        Share of the strings for validation, and as much again for the report.
    verbose : int, optional
        0: no progress line. When omitted there is one in terminals and notebooks.
    callback : callable, optional
        Called with a `Progress` after every machine that was tried.
    warm_start : bool
        Begin with the machines of the fit before.
    random_state : int or numpy.random.Generator, optional
        Another name for ``seed``.

    Attributes
    ----------
    verdict_ : Verdict
        Prints one sentence; has ``is_exact``, ``caveats`` and ``figures``.
    machine_ : Machine
    proposed_ : Member
        What the machine's start proposed, before it lost what it can do without.
    equations_ : str
        In samples.
    front_ : Choices
        Machines to choose from; ``pareto_`` is the same.
    figures_ : dict
        Of training, validation and report, each an `Errors`, in the user's units.
    loss_ : float
        Mean squared error per number that training asks.
    names_ : Names
        What streams and answers are called.
    n_features_in_ : int
        Streams.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> event = rng.integers(0, 2, (40, 12))
    >>> model = Synthesizer().fit({"event": event}, np.cumsum(event, axis=1))
    >>> print(model.equations_)
    y = y[t-1] + event
    >>> model.verdict_.is_exact
    True
    >>> model.predict({"event": [[1, 0, 1, 1]]})
    array([[1., 1., 2., 3.]])
    """

    verdict_: Verdict
    machine_: Machine
    proposed_: Member
    front_: Choices

    def __init__(
        self,
        seed: Any = 0,
        *,
        vocabulary: Sequence[str] | None = None,
        spaces: str | Sequence[Start] = "auto",
        effort: str = "normal",
        lookahead: int = 0,
        held_out: float = 0.2,
        verbose: int | None = None,
        callback: Callable[[Progress], None] | None = None,
        warm_start: bool = False,
        random_state: Any = None,
    ) -> None:
        self.seed = seed
        self.vocabulary = vocabulary
        self.spaces = spaces
        self.effort = effort
        self.lookahead = lookahead
        self.held_out = held_out
        self.verbose = verbose
        self.callback = callback
        self.warm_start = warm_start
        self.random_state = random_state

    # -------------------- fitting --------------------

    def fit(self, X: Any, y: Any, group: Any = None) -> Synthesizer:
        """Find a machine.

        Parameters
        ----------
        X : array-like, mapping, text, pandas.Series, pandas.DataFrame
            Streams: shape (samples,), (strings, samples) or (strings, samples, streams), lists for
            strings of different lengths, a mapping of name to any of these; see
            `synthesis.fit.read_streams`.
        y : likewise
            Answers, one per sample and output; NaN where nothing is asked.
        group : column name or array-like (rows,), optional
            Which string a row belongs to.

        Raises
        ------
        ValueError
            If the data cannot be learnt from: one sentence with the remedy, before any work.
        """
        vocabulary = self._checked()
        strings, names = to_strings(X, y, group)
        problem = Problem.of(strings, lookahead=self.lookahead, held_out=self.held_out)
        effort = effort_named(self.effort)
        starts, is_strict = effort.starts, False
        if not isinstance(self.spaces, str):  # whoever gives starts wants to see where they fail
            starts, effort, is_strict = tuple(self.spaces), replace(effort, noisy=()), True
        search = Search(problem, effort, vocabulary, self._rng(), is_strict)
        self._search(search, starts)
        best = search.best()
        if best is None:
            raise ValueError(
                "no start proposed a machine for these streams with this vocabulary: "
                f"{', '.join(vocabulary)}; allow more neuron types, or give more samples"
            )
        self.proposed_ = self._member(problem, best, names)
        if best.is_right:
            best = search.compacted(best)
        self._settle(search, best, names, strings)
        return self

    def _checked(self) -> tuple[str, ...]:
        vocabulary = VOCABULARY if self.vocabulary is None else tuple(self.vocabulary)
        for name in vocabulary:
            get_neuron_type(name)
        if self.lookahead < 0 or self.lookahead != int(self.lookahead):
            raise ValueError(
                f"lookahead is {self.lookahead}; expected a number of samples, 0 or more"
            )
        if not 0.0 <= self.held_out < 0.5:
            raise ValueError(
                f"held_out is {self.held_out}; expected 0 or more, and below 0.5: as many strings "
                "again are kept for the report"
            )
        if isinstance(self.spaces, str) and self.spaces != "auto":
            raise ValueError(f"spaces is {self.spaces!r}; expected 'auto' or a sequence of starts")
        return vocabulary

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed if self.random_state is None else self.random_state)

    def _search(self, search: Search, starts: Sequence[Start]) -> None:
        """Run a search; Ctrl-C keeps what was found."""
        line = Line() if (wants_a_line() if self.verbose is None else self.verbose) else None

        told = [one for one in (line, self.callback) if one is not None]

        def tell(stage: str, search: Search) -> None:
            if told:
                progress = Progress.of(stage, search)
                for one in told:
                    one(progress)

        try:
            if self.warm_start and hasattr(self, "_trials"):
                search.reconsider(self._trials)
            search.run(starts, tell)
        except KeyboardInterrupt:
            if search.best() is None:
                raise
            warnings.warn("interrupted: the best machine so far is kept", stacklevel=3)
        finally:
            if line is not None:
                line.close()

    def _settle(self, search: Search, best: Trial, names: Names, given: Strings) -> None:
        member = self._member(search.problem, best, names)
        self.names_ = names
        self.n_features_in_ = len(names.streams)
        self.verdict_ = judged(search, best, member, given)
        self.machine_ = member.machine
        self.equations_ = member.equations
        self.figures_ = self.verdict_.figures
        self.loss_ = member.train.mean_square
        others = [self._member(search.problem, trial, names) for trial in search.front(best)]
        members = sorted([*others, member], key=lambda m: (m.links, m.validation.mean_square))
        self.front_ = self.pareto_ = Choices(members, member)
        self._trials = [best, *search.right()]
        problem = search.problem
        self._whole, self._units = problem.is_whole, problem.answer_units
        asked = problem.split.training.answers[problem.split.training.asked]
        self._is_classifier = bool(np.all((asked == 0.0) | (asked == 1.0)))
        if not self.verdict_.is_exact and not best.is_right:
            advice = "More effort, more data or lookahead may help."
            if problem.is_contradictory:
                advice = "If that is no noise, lookahead or another stream may help."
            warnings.warn(f"{self.verdict_.sentence} {advice}", ConvergenceWarning, stacklevel=3)

    def _member(self, problem: Problem, trial: Trial, names: Names) -> Member:
        """What was tried, in the user's units."""
        candidate, circuit = in_own_units(problem, trial)
        validation = training = errors_in_own_units(problem, candidate, problem.split.training)
        if problem.split.validation is not None:
            validation = errors_in_own_units(problem, candidate, problem.split.validation)
        return Member(
            candidate.machine,
            circuit,
            candidate.pace,
            trial.bits,
            training,
            validation,
            candidate.origin,
            names.called,
            problem.lookahead,
            self._answered,
        )

    # -------------------- using --------------------

    def predict(self, X: Any, group: Any = None) -> Any:
        """What the machine answers, in the form in which the streams come.

        Raises
        ------
        AttributeError
            Before `fit`.
        ValueError
            If a stream is missing, unknown or without its name.
        """
        if not hasattr(self, "machine_"):
            raise AttributeError("predict before fit: call fit(X, y) first")
        return self._answered(self.front_.best, X, group)

    def _answered(self, member: Member, X: Any, group: Any) -> Any:
        return Fitted(member.machine, self.names_, member.lookahead).predict(X, group)

    def score(self, X: Any, y: Any, group: Any = None) -> float:
        """R^2 of the answers; the share of right ones where the answers of `fit` were 0 and 1."""
        if not hasattr(self, "machine_"):
            raise AttributeError("score before fit: call fit(X, y) first")
        given = self.names_.read(X, group)
        asked = read_answers(y, given)
        best = self.front_.best
        strings = Strings(given.streams, asked.answers, given.lengths).later(best.lookahead)
        answers = answers_of(best.candidate, strings, len(self.names_.outputs))
        errors = errors_of(answers, strings, self._whole, self._units)
        return errors.right if self._is_classifier else errors.determination
