"""Which tests have to notice a change of which module."""

from __future__ import annotations

CORE = " ".join(
    f"tests/vvalues/{room}" for room in ("core", "algebra", "derivatives", "exchange", "patterns")
)
COMPILED = "tests/dmm/compiled tests/dmm/neurons tests/dmm/show/test_equations.py"
EDITS = "tests/synthesis/edits tests/matrix/test_edits.py"
WEIGHTS = "tests/synthesis/weight_space"

JUDGES: dict[str, str] = {
    **{
        f"vvalues/core/{name}.py": CORE
        for name in (
            *("kernels", "linear", "pointwise", "products", "structure", "bridges", "fused"),
            "support",
        )
    },
    **{
        f"dmm/neurons/{name}.py": COMPILED
        for name in (
            *("comparisons", "elementwise", "gates", "kernel", "memories", "norms", "products"),
            *("sums", "superfluid"),
        )
    },
    **{
        f"dmm/compiled/{name}.py": COMPILED
        for name in (
            *("binding", "bound", "directions", "evaluation", "loop_groups", "loops", "lowering"),
            *("movement", "parallel", "plan", "program", "segments", "stepping"),
        )
    },
    **{
        f"dmm/proof/{name}.py": "tests/dmm/proof"
        for name in ("automata", "definite", "equivalence", "exploration", "linear", "sides")
    },
    "dmm/show/algebra/simplify.py": "tests/dmm/show/test_equations.py",
    "synthesis/optimize/least_squares.py": "tests/synthesis/optimize/test_least_squares.py",
    **{f"synthesis/edits/{name}.py": EDITS for name in ("links", "neurons", "normalise")},
    "synthesis/process/places.py": EDITS,
    "synthesis/process/linearization.py": WEIGHTS,
    **{
        f"synthesis/weight_space/{name}.py": WEIGHTS
        for name in ("chains", "damage", "metric", "path", "pulls", "sparsity/sparse")
    },
}
"""Module to the tests (as pytest is told them) that have to notice a change of it."""
