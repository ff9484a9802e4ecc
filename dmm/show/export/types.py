"""Plain Python bodies of library neuron types that cannot be read off their kernel.

A body is the lines of a function of ``(read, stream, tick)`` that returns ``{field: stream}``.
"""

from __future__ import annotations

from ...neurons.superfluid import repertoire

__all__ = ["body_by_name", "components"]

Lines = list[str]

_BODIES: dict[str, str] = {
    "relu": """
return {'dict': {path: max(0.0, x) for path, x in read('dict').items()}}
""",
    "tanh": """
return {'dict': {path: math.tanh(x) for path, x in read('dict').items()}}
""",
    "square": """
return {'dict': {path: x * x for path, x in read('dict').items()}}
""",
    "sigmoid": """
return {'number': {(): 0.5 * (1.0 + math.tanh(0.5 * scalar(read('number'))))}}
""",
    "softplus": """
x = scalar(read('number'))
return {'number': {(): max(0.0, x) + math.log1p(math.exp(-abs(x)))}}
""",
    "gate": """
return {'dict': scale(scalar(read('gate')), read('dict'))}
""",
    "multiplexer": """
share = scalar(read('gate'))
return {'dict': add(scale(share, read('dict-1')), scale(1.0 - share, read('dict-2')))}
""",
    "less_or_equal": """
difference = add(read('right'), scale(-1.0, read('left')))
is_true = all(x >= 0 for x in difference.values())
return {'true-channel': {(): float(is_true)}, 'false-channel': {(): float(not is_true)}}
""",
    "mask_multiply": """
total = {}
for start, factor in read('mask').items():
    chosen = {p: x for p, x in read('main').items() if p[: len(start)] == start}
    total = add(total, scale(factor, chosen))
return {'single': total}
""",
    "linear_combination": """
total = {}
for start, factor in read('mask').items():
    n = len(start)
    chosen = {p[n:]: x for p, x in read('main').items() if p[:n] == start}
    total = add(total, scale(factor, chosen))
return {'single': total}
""",
    "running_max": """
return {'best': {(): max(scalar(read('number')), scalar(read('best')))}}
""",
    "cons": """
return {'list': add(below('this', read('this')), below('rest', read('rest')))}
""",
    "first": """
return {'this': subtree('this', read('list'))}
""",
    "rest": """
return {'rest': subtree('rest', read('list'))}
""",
    "event_list": """
signal, old = read('signal'), read('self')
if not any(signal.values()):
    return {'self': old}
return {'self': add(below('this', signal), below('rest', old))}
""",
}

_DELAY = """
line = read('line')
moved = below('1', read('dict'))
for age in range(2, {ticks} + 1):
    moved = add(moved, below(str(age), subtree(str(age - 1), line)))
return {{'dict': subtree('{ticks}', line), 'line': moved}}
"""

_SUPERFLUID = """
total = {{}}
for kind in {kinds}:
    share = scalar(subtree(kind, read(':function')))
    for field, emitted in FUNCTIONS[kind](read, stream, tick).items():
        total[field] = add(total.get(field, {{}}), scale(share, emitted))
return {{**total, ':function': read(':function')}}
"""


def components(type_name: str) -> tuple[str, ...]:
    """Names of further types that a type's body calls.

    Examples
    --------
    >>> components("superfluid(accum,norm)"), components("accum")
    (('accum', 'norm'), ())
    """
    return (repertoire(type_name) or ()) if type_name.startswith("superfluid(") else ()


def body_by_name(type_name: str) -> Lines | None:
    """The body of a library type; None for other types."""
    text = _BODIES.get(type_name)
    if type_name.startswith("delay("):
        text = _DELAY.format(ticks=type_name[len("delay(") : -1])
    if components(type_name):
        text = _SUPERFLUID.format(kinds=ascii(components(type_name)))
    return None if text is None else text.strip("\n").split("\n")
