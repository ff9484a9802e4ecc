"""A machine as equations: pairs folded, constants propagated, delays stated, and all of it checked.

Every equation is compared with what the machine does on random streams before it is printed. One
that disagrees is printed as the bare links and the neuron type instead.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import partial
from textwrap import wrap

from vvalues import max_norm

from ...machine.machine import Link, Machine, initial_outputs
from ...machine.wiring import by_receiver, wired
from ...neurons.spelling import Port, Symbol
from ..diagnostics import diagnose
from ..labels import constant_text, number_text, pad, plain, unique_labels, width
from ..reading import LIMIT, reading_order, shown_links
from ..rules import learning_rules
from .expressions import text
from .observations import Observations, observe
from .simplify import Equation, System, simplified

__all__ = ["derive", "equations", "legend", "written_equations"]

NAME_CELLS = 28
LINE = 84
TIE = "\N{NO-BREAK SPACE}"  # not in any name: `plain` escapes it


def equations(machine: Machine, *, limit: int | None = LIMIT) -> str:
    """A machine as equations with their delays and where they hold.

    Parameters
    ----------
    machine : Machine
    limit : int or None
        Machines with more links than this are shortened: the largest links, nothing folded.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> print("\\n".join(equations(duplicate_detector()).splitlines()[:5]))
    a = sum over time of char      delay 1
    m = max_norm(a)                delay 1
    d = clip4(<a, eos>)            delay 1
    output.dict-1 = relu(m - 1)    delay 2, from tick 3
    output.dict-2 = d              delay 1
    """
    n_links = len(machine.fixed) + len(machine.trainable)
    if not n_links:
        return "no equations: the machine has no links"
    if limit is not None and n_links > limit:
        return _shortened(machine)
    return _written(machine, derive(machine))


def derive(machine: Machine) -> System:
    """The simplified and checked equations of a machine.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> system = derive(duplicate_detector())
    >>> {"/".join(port): name for port, name in system.names.items()}
    {'input/char': 'char', 'eos/char': 'eos', 'accum/dict': 'a', 'norm/norm': 'm', 'dot/dot': 'd'}
    """
    observations = observe(machine)
    if observations.trouble:
        every = {(n, f.name) for n in machine.neurons for f in machine.type_of(n).writes}
        system = simplified(machine, every, {})
        system.unchecked = observations.trouble
        return system
    constants = _checked_constants(machine, observations)
    plain_ports: set[Port] = set()
    while True:
        system = simplified(machine, plain_ports, constants)
        claims = [e for e in (*system.equations, *system.parts) if e.port not in plain_ports]
        errors = {e.port: _error(observations, system, e) for e in claims}
        wrong = {port for port, error in errors.items() if not error <= observations.tolerance}
        if not wrong:
            system.rejected = sorted(plain_ports)
            system.difference = max(errors.values(), default=0.0)
            return system
        # An equation is wrong on its own account only if nothing written out in it is.
        plain_ports |= {e.port for e in claims if e.port in wrong and not e.inlined & wrong}


def _checked_constants(machine: Machine, observations: Observations) -> dict[Port, tuple]:
    """Constant ports with their value and the tick from which they have it."""
    into = by_receiver(wired(machine, machine.links()))
    found: dict[Port, tuple] = {}
    for port, value in diagnose(machine).constants.items():
        senders = [link.path[2:] for link in into[port[0]]]
        if any(sender not in found for sender in senders):
            continue
        start = 1 + max((found[sender][1] for sender in senders), default=0)
        if observations.constant_error(port, value, start) <= observations.tolerance * (
            1.0 + max_norm(value)
        ):
            found[port] = value, start
    return found


def _error(observations: Observations, system: System, equation: Equation) -> float:
    sign = system.signs.get(equation.port, 1)
    return observations.error(
        equation.port,
        equation.right * sign,
        system.signs,
        is_input=equation.is_input,
        is_sum=equation.is_sum,
        is_number=equation.is_number,
        valid_from=equation.valid_from,
    )


# -------------------- writing --------------------


def written_equations(
    machine: Machine, system: System, neurons: dict[str, str]
) -> list[tuple[str, str]]:
    """Every equation of a system on a line, and what is to be said beside it."""
    lines = []
    for equation in system.equations:
        left = system.names.get(equation.port, "")
        if equation.is_input:
            left = f"{neurons[equation.port[0]]}.{plain(equation.port[1])}"
        delays = _delays(equation)
        prefix = "sum over time of " if equation.is_sum else ""
        right = text(equation.right, partial(_symbol_text, names=system.names, delays=delays))
        lines.append((f"{left} = {prefix}{right}", _remarks(equation, system, delays)))
    return lines


def _written(machine: Machine, system: System) -> str:
    if not system.equations:
        return "no equations: the machine emits nothing"
    neurons = unique_labels(machine.neurons, NAME_CELLS)
    lines = written_equations(machine, system, neurons)
    column = max((width(line) for line, _ in lines if width(line) <= LINE), default=LINE) + 4
    out = []
    for line, remarks in lines:
        *above, last = _wrapped(line)
        out += [*above, f"{pad(last, max(column, width(last) + 4))}{remarks}".rstrip()]
    rules = learning_rules(machine)
    if rules:
        out = [*rules, "", *out]
    return "\n".join([*out, "", *legend(machine, system, neurons)])


def _wrapped(line: str) -> list[str]:
    """A long equation on several lines, broken between terms."""
    if width(line) <= LINE:
        return [line]
    tied = re.sub(r"(?<=[0-9…]) (?![-+=])|(?<= [-+]) ", TIE, line)
    parts = wrap(
        tied, LINE, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    return [part.replace(TIE, " ") for part in parts]


def _delays(equation: Equation) -> dict[Port, int]:
    """Delays to state beside the equation; symbols with several carry theirs themselves."""
    if equation.is_explicit:
        return {}
    found: dict[Port, set[int]] = {}
    for symbol in equation.right.symbols():
        found.setdefault(symbol.port, set()).add(symbol.delay)
    return {port: min(delays) for port, delays in found.items() if len(delays) == 1}


def _symbol_text(symbol: Symbol, names: dict[Port, str], delays: dict[Port, int]) -> str:
    name = names[symbol.port]
    return name if symbol.port in delays else f"{name}[t-{symbol.delay}]"


def _remarks(equation: Equation, system: System, delays: dict[Port, int]) -> str:
    remarks = []
    if len(set(delays.values())) == 1:
        remarks.append(f"delay {next(iter(delays.values()))}")
    elif delays:
        each = (f"{system.names[port]} {delay}" for port, delay in delays.items())
        remarks.append(f"delays {', '.join(each)}")
    if equation.valid_from > 1:
        remarks.append(f"from tick {equation.valid_from}")
    if equation.port in system.rejected:
        remarks.append("not simplified: the check failed")
    return ", ".join(remarks)


def legend(machine: Machine, system: System, neurons: dict[str, str]) -> list[str]:
    """Lines that say what the names stand for, and how the equations were checked."""
    lines, initial = [], initial_outputs(machine)
    for port, name in system.names.items():
        sign = "-" if system.signs.get(port, 1) < 0 else ""
        meaning = f"{sign}{neurons[port[0]]}.{plain(port[1])}"
        if port in system.sources:
            meaning += ", input stream"
        if port in system.constants:
            meaning += f" = {system.constants[port]}"
        start = initial.subtree(port)
        if start:
            meaning += f", {constant_text(start)} before the first tick"
        lines.append((name, meaning))
    column = max((width(name) for name, _ in lines), default=0)
    out = [f"{pad(name, column)} : {meaning}" for name, meaning in lines]
    out.append("delay k: the right side holds the values of k ticks earlier")
    if system.unchecked:
        return [*out, f"not simplified and not checked: {system.unchecked}"]
    difference = f"{system.difference:.0e}" if system.difference else "0"
    checked = f"checked on random streams: largest relative difference {difference}"
    if system.rejected:
        checked += f"; {len(system.rejected)} not simplified"
    return [*out, checked]


def _shortened(machine: Machine) -> str:
    """The largest links of a large machine, unfolded, by receiving neuron."""
    links, n_hidden = shown_links(machine)
    neurons = unique_labels(machine.neurons, NAME_CELLS)
    n_terms = Counter(link.path[:2] for link in machine.links())
    shown: dict[str, dict[str, list[Link]]] = {}
    for link in links:
        shown.setdefault(link.neuron_in, {}).setdefault(link.field_in, []).append(link)
    lines = []
    for neuron in reading_order(machine):
        if neuron in shown:
            fields = []
            for name, group in shown[neuron].items():
                n_more = n_terms[neuron, name] - len(group)
                fields.append(f"{plain(name)}: {_sum_text(group, neurons, n_more)}")
            type_name = plain(machine.neurons[neuron])
            lines.append(f"{neurons[neuron]} = {type_name}({', '.join(fields)})")
    note = f"… {n_hidden:,} more links; nothing folded, nothing checked"
    return "\n".join([*(part for line in lines for part in _wrapped(line)), "", note])


def _sum_text(links: Iterable[Link], neurons: dict[str, str], n_more: int) -> str:
    parts = []
    for i, link in enumerate(links):
        sign = ("-" if link.weight < 0 else "") if i == 0 else ("- " if link.weight < 0 else "+ ")
        sender = f"{neurons[link.neuron_out]}.{plain(link.field_out)}"
        parts.append(f"{sign}{number_text(abs(link.weight))} {sender}")
    if n_more:
        parts.append(f"+ … {n_more:,} more")
    return " ".join(parts)
