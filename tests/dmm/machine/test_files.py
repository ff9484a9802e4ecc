"""Machine files: what is written comes back; what is malformed is refused in one clear line."""

from __future__ import annotations

import json
import pickle

import pytest

from dmm import layered_space, load_machine, machine_from_matrix, save_machine, zoo
from vvalues import VValue


def same(one, other):
    return (
        dict(one.neurons) == dict(other.neurons)
        and one.fixed == other.fixed
        and one.trainable.support is other.trainable.support
        and one.trainable == other.trainable
        and one.initial == other.initial
        and one.matrix_port == other.matrix_port
        and one.name == other.name
        and dict(one.metadata) == dict(other.metadata)
    )


MACHINES = [
    zoo.duplicate_detector,
    zoo.wave,
    zoo.self_copying,
    zoo.fast_weights,
    lambda: layered_space(__import__("numpy").random.default_rng(0), layers=2),
]


@pytest.mark.parametrize("make", MACHINES)
def test_machines_come_back_from_files_and_pickles(make, tmp_path):
    machine = make()
    save_machine(machine, tmp_path / "machine.json")
    assert same(load_machine(tmp_path / "machine.json"), machine)
    assert same(pickle.loads(pickle.dumps(machine)), machine)


def test_weights_come_back_to_the_last_bit(tmp_path):
    path = ("output", "dict-1", "compare", "true")
    machine = zoo.duplicate_detector()
    machine = machine.with_trainable(machine.trainable.at(path).set(0.1 + 0.2))
    save_machine(machine, tmp_path / "m.json")
    assert load_machine(tmp_path / "m.json").trainable[path] == 0.1 + 0.2


def test_a_bare_matrix_is_a_machine_named_after_its_file(julia_data):
    machine = load_machine(julia_data / "sparse20-100-steps-matrix.json")
    assert machine.name == "sparse20-100-steps-matrix"
    assert len(machine.trainable) == 19
    assert machine.fixed["accum-1-2", "dict-1", "accum-1-2", "dict"] == 1.0
    assert machine.neurons["compare-5-1"] == "compare"


def test_a_self_link_in_a_bare_matrix_is_trainable_and_replaces_the_fixed_one():
    matrix = VValue({"accum-1": {"dict-1": {"accum-1": {"dict": 0.9}}}})
    machine = machine_from_matrix(matrix)
    assert machine.trainable == matrix
    assert "accum-1" not in machine.fixed


HEAD = {"format": "dmm-machine", "version": 1, "name": "m", "neurons": {"norm": "norm"}}

MALFORMED = [
    ("{", "not JSON"),
    ("[1]", "expected an object, not list"),
    ('{"norm": {"dict": {"accum": {"dict": NaN}}}}', "norm/dict/accum/dict.*nan|NaN"),
    ('{"norm": {"dict": {"accum": {"dict": "x"}}}}', "norm/dict/accum/dict"),
    ('{"norm": {"dict": {"accum": 1}}}', "norm/dict/accum has 3 keys; a link has four"),
    ('{"foo-1": {"dict": {"accum": {"dict": 1}}}}', "'foo-1' would be of the type 'foo'"),
    ('{"norm": {"dict": {"accum": {"bar": 1}}}}', "norm/dict/accum/bar names the field 'bar'"),
    (json.dumps({**HEAD, "version": 7}), "version 7 of the machine format"),
    (json.dumps({**HEAD, "neurons": ["norm"]}), "neurons: expected an object"),
    (json.dumps({**HEAD, "neurons": {"norm": "what"}}), "unknown neuron type 'what'"),
    (json.dumps({**HEAD, "name": 3}), "name: 3 is not a str"),
    (json.dumps({**HEAD, "neurons": {"a": "delay(100000000)"}}), "from 1 to 1000"),
    (json.dumps({**HEAD, "neurons": {"a": "delay(03)"}}), r"is spelled 'delay\(3\)'"),
    (
        json.dumps({**HEAD, "neurons": {"a": "superfluid(" * 2000 + "norm" + ")" * 2000}}),
        "is itself a mixture",
    ),
    ('{"norm": {"dict": {"accum": {"dict": 1, "dict": 2}}}}', "the key 'dict' occurs twice"),
    (
        json.dumps({"norm": {"dict": {"accum": {"dict": {":array": [[2], [1.0, 2.0]]}}}}}),
        "the weight at norm/dict/accum/dict is an array of shape",
    ),
    ('{"a":' * 5000 + "1" + "}" * 5000, "nested too deeply"),
    (json.dumps({**HEAD, "fixed": [1]}), "fixed: expected an object, not list"),
    (json.dumps({**HEAD, "metadata": [1]}), "metadata: expected an object"),
    (json.dumps({**HEAD, "matrix_port": "norm"}), "matrix_port: expected"),
    (json.dumps({**HEAD, "matrix_port": ["norm", "dict"]}), "writes norm"),
    (json.dumps({**HEAD, "initial": {"norm": {"foo": 1}}}), "initial outputs: norm/foo"),
    (
        json.dumps({**HEAD, "trainable": {"norm": {"dict": {"nobody": {"dict": 1}}}}}),
        "trainable matrix: the link norm/dict/nobody/dict names the neuron 'nobody'",
    ),
]


@pytest.mark.parametrize(("text", "message"), MALFORMED)
def test_a_malformed_file_is_one_error_with_file_and_path(text, message, tmp_path):
    file = tmp_path / "bad.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        load_machine(file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)
    assert str(caught.value).count(str(file)) == 1


def test_names_from_files_do_not_steer_terminals(tmp_path):
    file = tmp_path / "red.json"
    name = "norm-\x1b[31m"
    for matrix in ({name: {"dict": {"accum": 1.0}}}, {name: {"dict": {"accum": {"\x07": 1.0}}}}):
        file.write_text(json.dumps(matrix))
        with pytest.raises(ValueError, match=r"\\x1b") as caught:
            load_machine(file)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "changes",
    [
        {"matrix_port": ["norm", "\u202e"]},
        {"matrix_port": ["\x1b[31m", "dict"]},
        {"neurons": {"a": "delay(\x1b)"}},
        {"neurons": {"a": "superfluid(\x1b,\x1b)"}},
        {"neurons": {"a": "superfluid(functions(\x1b))"}},
        {"neurons": {"a": "\u202e"}},
        {"name": ["\x1b"]},
        {"version": "\x1b"},
        {"initial": {"\x1b": {"\x07": 1}}},
        {"initial": {"norm": {"\x07": 1}}},
    ],
)
def test_whatever_a_machine_file_names_is_escaped_in_messages(changes, tmp_path):
    (tmp_path / "m.json").write_text(json.dumps({**HEAD, **changes}))
    with pytest.raises(ValueError) as caught:
        load_machine(tmp_path / "m.json")
    assert str(caught.value).isprintable()


def test_machines_may_be_granted_more_memory(tmp_path):
    save_machine(zoo.duplicate_detector(), tmp_path / "m.json")
    with pytest.raises(ValueError, match=r"holds more than 0 MB; .* larger memory="):
        load_machine(tmp_path / "m.json", memory=10)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(OSError):
        load_machine(tmp_path / "nothing.json")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="not JSON"):
        load_machine(tmp_path / "bytes")
