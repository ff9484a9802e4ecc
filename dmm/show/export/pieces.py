"""Pieces of the programs that `dmm.show.export.python` writes: plain Python, no other package.

They are text, not functions of this package, because the program must stand alone.
"""

from __future__ import annotations

__all__ = ["HELPERS", "MAIN", "MOVEMENTS", "RUN", "RUN_SELF"]

HELPERS = '''
# A stream is a dict of path -> number; the path () holds the plain number.


def scalar(stream):
    """The plain number of a stream."""
    return stream.get((), 0.0)


def number(stream):
    """A stream without its keys, only the plain number."""
    return {(): scalar(stream)}


def add(*streams):
    """The sum of streams."""
    total = {}
    for stream in streams:
        for path, x in stream.items():
            total[path] = total.get(path, 0.0) + x
    return total


def scale(factor, stream):
    """A number times a stream."""
    return {path: factor * x for path, x in stream.items()}


def subtree(key, stream):
    """What hangs below a key."""
    return {path[1:]: x for path, x in stream.items() if path[:1] == (key,)}


def below(key, stream):
    """A stream hung below a key."""
    return {(key, *path): x for path, x in stream.items()}


def largest(stream):
    """The largest absolute value."""
    return max(map(abs, stream.values()), default=0.0)


def dot_product(one, other):
    """The sum of the products of entries with the same path."""
    return sum(x * other.get(path, 0.0) for path, x in one.items())


# What each type of neuron does: read(field) gives an input, the result is {field: output}.
'''

MOVEMENTS = '''
def down_movement(links, outputs):
    """Inputs of all neurons: every link adds weight * what its sender emitted last."""
    inputs = {}
    for neuron, field, sender, port, weight in links:
        target = inputs.setdefault((neuron, field), {})
        for path, x in outputs.get((sender, port), {}).items():
            target[path] = target.get(path, 0.0) + weight * x
    return inputs


def up_movement(neurons, inputs, streams, tick):
    """Outputs of all neurons: every neuron applies its function to its inputs."""
    outputs = {}
    for neuron, kind in neurons.items():

        def read(field, neuron=neuron):
            return inputs.get((neuron, field), {})

        for field, stream in FUNCTIONS[kind](read, streams.get(neuron, ()), tick).items():
            outputs[neuron, field] = stream
    return outputs
'''

RUN = '''
def run(streams, ticks):
    """Yield the observed streams, {(neuron, field): stream}, after every tick."""
    outputs = INITIAL
    for tick in range(ticks):
        inputs = down_movement(LINKS, outputs)
        outputs = up_movement(NEURONS, inputs, streams, tick)
        seen = outputs if OBSERVES_OUTPUTS else inputs
        yield {port: seen.get(port, {}) for port in OBSERVED}
'''

RUN_SELF = '''
def run(streams, ticks):
    """Yield the observed streams, {(neuron, field): stream}, after every tick.

    The machine holds its own links: MATRIX_PORT emits them, at first LINKS.
    """
    start = {(*path,): weight for *path, weight in LINKS}
    outputs = {**INITIAL, MATRIX_PORT: add(INITIAL.get(MATRIX_PORT, {}), start)}
    for tick in range(ticks):
        links = [(*path, weight) for path, weight in outputs.get(MATRIX_PORT, {}).items()]
        inputs = down_movement(links, outputs)
        outputs = up_movement(active(links), inputs, streams, tick)
        seen = outputs if OBSERVES_OUTPUTS else inputs
        yield {port: seen.get(port, {}) for port in OBSERVED}


def active(links):
    """Neurons with a link into them, new names included, and those that read nothing."""
    neurons = {name: kind for name, kind in NEURONS.items() if kind in READS_NOTHING}
    for name, *_ in links:
        neurons[name] = NEURONS.get(name, name.split("-")[0])
    return neurons
'''

MAIN = '''
def text_stream(text, ticks, period):
    """A character every so many ticks, the last one for ever; nothing in between."""
    entries = []
    for t in range(ticks):
        letter = text[min(t // period, len(text) - 1)]
        entries.append({(letter,): 1.0} if t % period == 0 else {})
    return entries


def main():
    parser = argparse.ArgumentParser(description="Run the machine on a text.")
    parser.add_argument("text")
    parser.add_argument("--ticks", type=int, default=140)
    parser.add_argument("--period", type=int, default=10, help="ticks between characters")
    parser.add_argument("--json", action="store_true", help="whole streams, one tick per line")
    arguments = parser.parse_args()
    if not arguments.text or arguments.ticks < 1 or arguments.period < 1:
        parser.error("the text must not be empty; ticks and period must be at least 1")
    entries = text_stream(arguments.text, arguments.ticks, arguments.period)
    if not arguments.json:
        print("\\t".join(["tick", *(ascii("/".join(port))[1:-1] for port in OBSERVED)]))
    for tick, seen in enumerate(run({TEXT_SOURCE: entries}, arguments.ticks), start=1):
        if arguments.json:
            print(json.dumps([[[list(k), x] for k, x in seen[p].items()] for p in OBSERVED]))
        else:
            print("\\t".join([str(tick), *(f"{scalar(seen[port]):.6g}" for port in OBSERVED)]))


if __name__ == "__main__":
    main()
'''
