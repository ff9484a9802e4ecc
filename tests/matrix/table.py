"""The table of the pages, made from the matrix: ``python -m tests.matrix.table``."""

from __future__ import annotations

from pathlib import Path

from tests.matrix.architectures import ARCHITECTURES
from tests.matrix.cells import METHODS, REFUSED

PAGE = Path(__file__).resolve().parents[2] / "docs" / "one-core.md"
BEGIN, END = "<!-- matrix: begin -->\n", "<!-- matrix: end -->\n"


def markdown() -> str:
    """A row per method; refusals are numbered, and said below."""
    sentences = list(dict.fromkeys(REFUSED.values()))
    names = list(ARCHITECTURES)
    lines = ["| | " + " | ".join(names) + " |", "|---" + "|:-:" * len(names) + "|"]
    for method in METHODS:
        row = [REFUSED.get((name, method)) for name in names]
        cells = ["✓" if why is None else f"({sentences.index(why) + 1})" for why in row]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    count = len(names) * len(METHODS)
    works = count - len(REFUSED)
    lines += [
        "",
        f"{works} of {count} pairs work ({works / count:.0%}). Refused, by the library:",
        "",
    ]
    lines += [f"{i}. {sentence}" for i, sentence in enumerate(sentences, start=1)]
    return "\n".join(lines) + "\n"


def written(page: str) -> str:
    """A page with the table as it is now."""
    head, _, rest = page.partition(BEGIN)
    return head + BEGIN + markdown() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
