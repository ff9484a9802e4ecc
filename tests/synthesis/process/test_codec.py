"""States and settings as JSON: whatever a dataclass holds comes back to the bit, or is refused."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.loop import Settings
from synthesis.process.checkpoint import load_checkpoint, save_checkpoint
from synthesis.process.codec import Writer, from_plain, to_plain, types_in
from vvalues import VValue
from vvalues.strategies import numbers, vvalues


class Moments(NamedTuple):
    """A named tuple inside a state."""

    first: VValue
    updates: int


@dataclass(frozen=True)
class Inner:
    """A dataclass inside a state."""

    name: str = ""
    bound: float = math.inf


@dataclass(frozen=True)
class Example:
    """A state of everything a checkpoint can keep."""

    tree: VValue
    moments: Moments
    array: np.ndarray
    inner: Inner = field(default_factory=Inner)
    best: VValue | None = None
    texts: tuple[str, ...] = ()
    table: dict[str, Any] = field(default_factory=dict)


TYPES = (Example, Inner, Moments)


def through_text(value, types=TYPES):
    writer = Writer()
    plain = writer.plain(value)
    table = json.loads(writer.table())
    return from_plain(json.loads(json.dumps(plain, allow_nan=False)), types, table)


def same_bits(one, other):
    return one.support is other.support and one.buffer.tobytes() == other.buffer.tobytes()


@given(
    tree=vvalues(),
    other=vvalues(),
    bound=st.floats(allow_nan=False),
    updates=st.integers(-(2**130), 2**130),
    table=st.dictionaries(st.text().filter(lambda s: not s.startswith("$")), numbers()),
    values=st.lists(st.floats(width=64), max_size=6),
)
def test_everything_comes_back_to_the_bit(tree, other, bound, updates, table, values):
    array = np.array(values).reshape(-1, 1)
    state = Example(tree, Moments(other, updates), array, Inner("x", bound), tree, ("a",), table)
    again = through_text(state)
    assert same_bits(again.tree, tree) and same_bits(again.moments.first, other)
    assert type(again.moments) is Moments and again.moments.updates == updates
    assert again.array.shape == array.shape and again.array.tobytes() == array.tobytes()
    assert again.inner == state.inner and again.texts == ("a",) and again.table == table
    assert same_bits(again.best, tree)


def test_a_support_is_written_once_however_many_trees_share_it():
    writer = Writer()
    tree = VValue({"a": 1.0, "b": {"c": np.zeros((2, 3))}})
    writer.plain((tree, -tree, 2.0 * tree, VValue({"z": 1.0})))
    assert len(json.loads(writer.table())) == 2


def test_settings_come_back_as_they_were():
    settings = Settings.of(dense={"steps": 7}, common={"contest": {"guard": {"runaway": math.inf}}})
    assert from_plain(to_plain(settings), types_in(settings)) == settings


@pytest.mark.parametrize("value", [object(), {1: 2}, 1j, np.array(["a"]), {"$of": "x"}, len])
def test_what_cannot_be_kept_is_refused_by_type(value):
    with pytest.raises(TypeError, match="a checkpoint cannot keep"):
        Writer().plain({"here": [value]})


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({"a": {"$of": "Popen", "args": "ls"}}, "a: it is a 'Popen', which does not belong here"),
        ({"a": [1, {"$of": "Inner", "nme": "x"}]}, r"a/1: .*nme"),
        ({"$tree": 0, "data": ""}, r"\(root\): there is no support 0, but 0"),
        ({"$tree": -1, "data": ""}, r"\(root\): there is no support -1"),
        ({"$tree": True, "data": ""}, r"\(root\): there is no support True"),
        ({"$tree": 0}, r"\(root\): expected the keys \$tree, data"),
        ({"$what": 0}, r"\(root\): '\$what' is no mark of this format"),
        ({"b": {"$array": ["<f8", [3]], "data": "AAAA"}}, "b: 3 bytes where 3 numbers"),
        ({"b": {"$array": ["<f8", [1]], "data": 3}}, "b: data is 3, which is no base64"),
        ({"b": {"$array": ["<f8,<f8", [1]], "data": ""}}, "b: no array"),
        ({"b": {"$array": ["<f8", [2**50]], "data": ""}}, "b: array: there is no array"),
        ({"b": {"$array": ["<f8", [-1]], "data": ""}}, r"b: array: the shape \[-1\]"),
        ({"b": {"$array": ["O", [1]], "data": ""}}, "b: no array"),
        ({"b": {"$array": ["<f8", [1]], "data": "!"}}, "b: "),
        ({"c": {"$number": "1.5"}}, "c: '1.5' is none of inf"),
        ({"c": {"$number": ["inf"]}}, r"c: \['inf'\] is none of inf"),
        ({"$of": ["Inner"]}, r"it is a \['Inner'\], which does not belong here"),
        ({"$of": "Inner", "name": 3}, "name is 3, which is no str"),
        ({"$of": "Inner", "bound": None}, "bound is None, which is no float"),
        ({"$of": "Inner", "bound": True}, "bound is True, which is no float"),
        ({"$of": "Moments", "updates": 3}, "the Moments lacks first"),
        ({"$of": "Moments", "first": "x", "updates": 3}, "first is 'x', which is no VValue"),
        ({"a": {"$of": "Example", "texts": ["x", 1]}}, "a: the Example lacks tree"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(plain, message):
    with pytest.raises(ValueError, match=message):
        from_plain(plain, TYPES)


@pytest.mark.parametrize(
    ("supports", "message"),
    [
        (
            [{"paths": [["a"], ["a"]], "shapes": None}],
            "supports/0: the paths are not in canonical order",
        ),
        ([{"paths": [["a"]], "shapes": []}], "supports/0: 0 shapes for 1 paths"),
        ([{"paths": [[1]], "shapes": None}], "supports/0: path 0 is .1.; expected a list of keys"),
        ([{}], "supports/0: expected an object of paths and shapes"),
        ([{"paths": [["a"]], "shapes": [[-1]]}], "supports/0: the shape"),
        ([{"paths": [["a"]], "shapes": [[2**50]]}], "supports/0: there is no array"),
        (["x"], "supports/0: expected an object"),
    ],
)
def test_supports_are_checked_too(supports, message):
    with pytest.raises(ValueError, match=message):
        from_plain({"$tree": 0, "data": ""}, TYPES, supports)


def test_a_checkpoint_of_another_dataclass_is_refused(tmp_path):
    save_checkpoint(tmp_path / "c.json", Inner("x"), {"identity": {}})
    assert load_checkpoint(tmp_path / "c.json", [Inner]) == (Inner("x"), {"identity": {}})
    with pytest.raises(ValueError, match=r"c\.json: \(root\): it is a 'Inner'"):
        load_checkpoint(tmp_path / "c.json", [Example])


def test_no_byte_of_a_checkpoint_may_change(tmp_path):
    file = tmp_path / "c.json"
    save_checkpoint(file, Inner("x"), {"seconds": 12.5})
    whole = file.read_bytes()
    assert whole.isascii()
    for at in range(len(whole) - 1):  # the last one ends the line
        for bit in (1, 4):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            with pytest.raises(ValueError, match=r"c\.json"):
                load_checkpoint(file, [Inner])
    file.write_bytes(whole.replace(b"12.5", b"13.5"))
    with pytest.raises(ValueError, match=r"c\.json: damaged: the checksum"):
        load_checkpoint(file, [Inner])
