"""The guide "your own streams" shows what really comes out."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "your-own-streams.md"


@pytest.mark.notebook
@pytest.mark.filterwarnings("ignore::synthesis.fit.ConvergenceWarning")
def test_every_output_in_the_guide_is_real():
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    page = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, PAGE.name, str(PAGE), 0)
    assert len(page.examples) > 20
    told: list[str] = []
    assert doctest.DocTestRunner(verbose=False).run(page, out=told.append).failed == 0, "".join(
        told
    )
