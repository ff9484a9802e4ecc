"""What became of every mutant, kept from call to call, and the table made of it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Fate", "Kept", "Score", "equivalents", "written"]

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".mutation"
EQUIVALENT = Path(__file__).parent / "equivalent.json"


class Fate(NamedTuple):
    """How a mutant's trial ended, and how many tests can see the change."""

    how: str
    n_tests: int
    line: int

    @property
    def is_killed(self) -> bool:
        """Whether a test noticed it; a test that no longer ends does."""
        return self.how != "survived"


class Kept:
    """Fates of a module's mutants, while it is the same.

    A file of lines: the module's digest, then fates and, where they begin to count, digests of the
    tests. A survivor has met the tests whose digests stand above it, and meets others later.
    """

    def __init__(self, module: str, scope: str) -> None:
        self.file = KEPT / (module.replace("/", ".") + ".jsonl")
        self.fates: dict[str, Fate] = {}
        self._met: dict[str, dict[str, str]] = {}
        self._now = _digests(scope)
        self._digest = _digest([ROOT / module])
        self.read()

    def read(self) -> dict[str, Fate]:
        """All that is kept of the module as it is, by whichever process."""
        met: dict[str, str] = {}
        for line in self._lines():
            if isinstance(line, dict):
                met = line
                continue
            name, *rest = line
            self.fates[name] = Fate(*rest)
            self._met[name] = {**self._met.get(name, {}), **met}
        return self.fates

    def _lines(self) -> list[Any]:
        if not self.file.exists():
            return []
        known, *lines = map(json.loads, self.file.read_text(encoding="utf-8").splitlines())
        return lines if known == self._digest else []

    def unmet(self, name: str) -> tuple[str, ...]:
        """Files of tests that a mutant has still to meet; none if it is killed."""
        fate = self.fates.get(name)
        if fate is not None and fate.is_killed:
            return ()
        met = self._met.get(name, {})
        return tuple(file for file, digest in self._now.items() if met.get(file) != digest)

    def add(self, name: str, fate: Fate) -> None:
        """Keep one more."""
        before = self.fates.get(name)
        if before is not None:
            fate = fate._replace(n_tests=before.n_tests + fate.n_tests)
        self.fates[name] = fate
        self._append([name, *fate])

    def begin(self) -> None:
        """Say, before anything is added, that it has met the tests as they are."""
        KEPT.mkdir(exist_ok=True)
        if not self.fates:
            self.file.write_text(json.dumps(self._digest) + "\n", encoding="utf-8")
        self._append(self._now)

    def _append(self, line: object) -> None:
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


class Score(NamedTuple):
    """A module's mutants: all, those tried, and of these the killed and the equivalent ones."""

    module: str
    n_mutants: int
    n_tried: int
    n_killed: int
    n_equivalent: int
    survivors: Mapping[str, Fate]

    @property
    def n_counted(self) -> int:
        """Tried and not equivalent."""
        return self.n_tried - self.n_equivalent

    @property
    def killed(self) -> float:
        """Share of the killed, 0 to 1."""
        return self.n_killed / self.n_counted if self.n_counted else 1.0

    @property
    def variance(self) -> float:
        """Of `killed` as an estimate, as if one more were killed and one more not."""
        share = (self.n_killed + 1) / (self.n_counted + 2)
        unknown = 1.0 - self.n_tried / self.n_mutants
        return unknown * share * (1.0 - share) / (self.n_counted + 2)


def equivalents() -> dict[str, dict[str, str]]:
    """By module and name the reason why no test can notice a change."""
    return json.loads(EQUIVALENT.read_text(encoding="utf-8"))


def overall(scores: Sequence[Score]) -> tuple[float, float]:
    """Share of the killed among the modules' mutants, and half its interval at 95 per cent."""
    total = sum(score.n_mutants for score in scores)
    weights = [score.n_mutants / total for score in scores]
    share = sum(w * score.killed for w, score in zip(weights, scores, strict=True))
    variance = sum(w * w * score.variance for w, score in zip(weights, scores, strict=True))
    return share, 1.96 * math.sqrt(variance)


def written(scores: Sequence[Score], command: str) -> str:
    """The table of what was tried, what survives, and what no test can notice."""
    scores = [score for score in scores if score.n_tried]
    tried, killed, counted = (
        sum(getattr(score, name) for score in scores)
        for name in ("n_tried", "n_killed", "n_counted")
    )
    share, half = overall(scores)
    lines = [
        "# Mutation testing",
        "",
        f"`{command}`",
        "",
        f"{killed} of {tried} mutants that were tried are killed, {tried - counted} of the others "
        "are no fault: equivalent, or another setting that serves as well (below, each with its "
        f"reason). Without these, of all {sum(score.n_mutants for score in scores)} mutants of "
        f"these modules {100 * share:.1f} % ± {100 * half:.1f} % are killed (95 per cent, of the "
        "sampling alone; a module counts by its mutants).",
        "",
        "| module | mutants | tried | equivalent | killed | score |",
        "|---|---|---|---|---|---|",
    ]
    for score in scores:
        lines.append(
            f"| `{score.module}` | {score.n_mutants} | {score.n_tried} | {score.n_equivalent} "
            f"| {score.n_killed} | {100 * score.killed:.0f} % |"
        )
    lines += ["", "## Survivors", ""]
    for score in scores:
        for name, fate in score.survivors.items():
            seen = "" if fate.n_tests else " (no test executes it)"
            lines.append(f"* `{score.module}:{fate.line}` {name}{seen}")
    reasons = equivalents()
    lines += ["", "## No fault", ""]
    for score in scores:
        for name, reason in reasons.get(score.module, {}).items():
            lines.append(f"* `{score.module}` {name}: {reason}")
    return "\n".join(lines) + "\n"


def _digests(scope: str) -> dict[str, str]:
    """Digest of every file of tests, together with the helpers beside it."""
    found = {}
    for part in scope.split():
        place = ROOT / part.partition("::")[0]
        for file in sorted(place.rglob("test_*.py")) if place.is_dir() else [place]:
            helpers = [other for other in file.parent.glob("*.py") if "test_" not in other.name]
            found[str(file.relative_to(ROOT))] = _digest([file, *sorted(helpers)])
    return found


def _digest(files: Iterable[Path]) -> str:
    state = hashlib.sha256()
    for file in files:
        state.update(file.read_bytes())
    return state.hexdigest()[:16]
