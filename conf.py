"""How Sphinx makes the documentation site of this repository.

    pip install -e ".[docs]"
    sphinx-build -W --keep-going -j auto . .site/html    # then open .site/html/index.html
    python -m docs.site.links .site/html                 # every link inside leads somewhere

Pages are the Markdown files and notebooks where they are; the reference is made of the docstrings.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from pygments.lexers.special import TextLexer  # noqa: E402

from docs.site.reference import write_pages  # noqa: E402
from vvalues import __version__  # noqa: E402

project = "dataflow-matrix-machines"
author = "The dataflow-matrix-machines developers"
project_copyright = f"2026, {author}"
release = version = __version__

extensions = ["myst_nb", "numpydoc", "sphinx.ext.autodoc", "sphinx_copybutton"]
root_doc = "docs/index"
include_patterns = [
    "docs/*.md",
    "docs/reference/*.rst",
    "notebooks/*.ipynb",
    "benchmarks/results/*.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
]

# Docstrings name things of this package in single backquotes.
default_role = "py:obj"
autodoc_typehints = "none"  # numpydoc says what the arguments are, with shapes and units
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

myst_heading_anchors = 3
nb_execution_mode = "off"  # notebooks are executed by the tests, and committed with their outputs

html_theme = "furo"
html_title = f"dataflow-matrix-machines {release}"
html_extra_path = ["docs/site/index.html"]
html_copy_source = False
html_show_sourcelink = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def setup(app: Any) -> None:
    """Write the pages of the reference before Sphinx looks for pages."""
    app.add_lexer("mermaid", TextLexer)  # charts are read as text; a script would need the network
    write_pages(ROOT / "docs" / "reference")
    app.connect("autodoc-skip-member", _skipped)


def _skipped(app: Any, what: str, name: str, thing: Any, skip: bool, options: Any) -> bool | None:
    """Fields of named tuples are told in the docstring of their class."""
    said = getattr(thing, "__doc__", None) or ""
    return True if said.startswith("Alias for field number") else None
