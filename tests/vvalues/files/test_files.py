"""Files: exact round trips, canonical text, and errors that name the place."""

from __future__ import annotations

import errno
import io
import json
import os
import stat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vvalues as vv
from vvalues import VValue, files
from vvalues import strategies as trees
from vvalues.files.npz import FORMAT

ARRAYS = {"w": (2,), "m": (2, 3), "none": (0,)}
ANY_FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(trees.vvalues(arrays=ARRAYS, elements=ANY_FINITE))
def test_json_and_npz_are_exact(tree):
    for again in (vv.from_json(vv.to_json(tree)), files.from_npz(files.to_npz(tree))):
        assert again.support is tree.support
        assert again.buffer.tobytes() == tree.buffer.tobytes()


@given(trees.vvalues(alphabet=None, max_leaves=5))
def test_any_keys_survive(tree):
    assert vv.from_json(vv.to_json(tree)) == tree
    assert files.from_npz(files.to_npz(tree)).support is tree.support


def test_text_is_canonical():
    one = VValue({"n10": 1, "n2": {":number": 2, "x": np.array([1.0, 2.0])}})
    other = VValue({"n2": {"x": np.array([1.0, 2.0])}}) + VValue({"n2": 2, "n10": 1})
    text = (
        '{"format": "vvalue", "version": 1, "tree": {"n2": {":number": 2.0, '
        '"x": {":array": [[2], [1.0, 2.0]]}}, "n10": 1.0}}'
    )
    assert vv.to_json(one) == vv.to_json(other) == text
    assert vv.to_json(VValue({"ä": 1}), indent=1).endswith('"ä": 1.0\n }\n}')


def test_files_by_suffix(tmp_path):
    tree = VValue({"a": 1.0, "w": np.arange(6.0).reshape(2, 3)})
    for name in ("tree.json", "tree.npz", "tree"):
        vv.save(tree, tmp_path / name)
        assert vv.load(tmp_path / name) == tree
    assert (tmp_path / "tree.npz").read_bytes()[:2] == b"PK"
    assert json.loads((tmp_path / "tree.json").read_text())["tree"]["a"] == 1.0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tree", "tree.json", "tree.npz"]


def test_a_key_that_only_json_can_escape(tmp_path):
    tree = VValue({"\ud800": 1.0})
    vv.save(tree, tmp_path / "odd.json")
    assert vv.load(tmp_path / "odd.json") == tree


def test_the_reserved_key_of_arrays_is_written_as_a_list_of_leaves():
    tree = VValue({"a": {":array": 5.0}, "b": 1.0})
    with pytest.raises(ValueError, match="path a/:array has the key ':array', reserved"):
        files.to_plain(tree)
    assert json.loads(vv.to_json(tree))["leaves"] == [[["a", ":array"], 5.0], [["b"], 1.0]]
    assert vv.from_json(vv.to_json(tree)) == tree


def test_nan_is_refused_by_json_and_nothing_is_overwritten(tmp_path):
    file = tmp_path / "tree.json"
    vv.save(VValue({"a": 1.0}), file)
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"leaf at n1/x is {bad}; JSON holds finite"):
            vv.save(VValue({"n1": {"x": bad}}), file)
    with pytest.raises(ValueError, match=r"leaf at w is \[ 1. nan\]"):
        vv.to_json(VValue({"w": np.array([1.0, np.nan])}))
    assert vv.load(file) == VValue({"a": 1.0})
    vv.save(VValue({"a": float("nan")}), tmp_path / "tree.npz")
    assert np.isnan(vv.load(tmp_path / "tree.npz")["a"])


BAD_JSON = {
    "{": "is not JSON",
    "[1]": "expected an object, not list",
    "NaN": "expected an object, not float",
    '{"a": {"b": NaN}}': "a/b is nan, expected a finite number",
    '{"a": 1e999}': "a is inf, expected a finite",
    f'{{"a": 1{"0" * 400}}}': "a is 1000.*, expected a finite",
    '{"a": "x"}': "a is 'x', not a real number",
    '{"a": true}': "a is True, not a real number",
    '{"a": [1]}': r"a is \[1\], not a real number",
    '{"a": {":number": {"b": 1}}}': "a/:number must hold a number",
    '{"a": {":array": [[2], [1.0]]}}': "a is not a valid array leaf",
    '{"a": {":array": [[1], ["x"]]}}': "a is 'x', not a real number",
    '{"a": {":array": 3}}': "a is not a valid array leaf",
    '{"a": 1, "a": 2}': "the key 'a' occurs twice",
    '{"format": "vvalue", "version": 2, "tree": {}}': "version 2 .* reads version 1",
    '{"format": "vvalue", "version": 1}': "expected an object, not NoneType",
    '{"format": "vvalue", "version": 1, "leaves": [["a", 1.0]]}': r"entry 0 of leaves is \['a'",
    '{"format": "vvalue", "version": 1, "leaves": [[["a"], 1.0], [["a"], 1.0]]}': "two leaves",
    '{"format": "vvalue", "version": 1, "leaves": 7}': "entry 0 of leaves is 7",
    '{"format": "vvalue", "version": 1, "leaves": [[[1], 1.0]]}': "entry 0 of leaves",
    '{"a":' * 100_000 + "1" + "}" * 100_000: "nested too deeply",
}


@pytest.mark.parametrize("text", BAD_JSON, ids=lambda text: text[:40])
def test_bad_json_is_refused_with_the_file_and_the_path(text, tmp_path):
    file = tmp_path / "bad.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=BAD_JSON[text]) as caught:
        vv.load(file)
    assert str(caught.value).startswith(str(file))


def test_bad_bytes_are_refused_with_the_file(tmp_path):
    good = files.to_npz(VValue({"a": 1.0, "w": np.ones(2)}))
    (tmp_path / "bad.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"bad.json is not UTF-8 text"):
        vv.load(tmp_path / "bad.json")
    for bad in (b"", b"nonsense", good[:50]):
        with pytest.raises(ValueError, match="here is not an npz file of a V-value"):
            files.from_npz(bad, "here")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "other"}, "is not an npz file of a V-value"),
        ({"version": 9}, "version 9 of the npz format"),
        ({"paths": [["a"]]}, "2 shapes for 1 paths"),
        ({"paths": [["w"], ["a"]]}, "not in canonical order"),
        ({"paths": [["a"], ["a"]]}, "not in canonical order"),
        ({"paths": [["a"], 5]}, "damaged structure"),
        ({"shapes": [[], [3]]}, r"buffer of shape \(3,\) .* need 4 real numbers"),
    ],
)
def test_archives_that_contradict_themselves(changes, words):

    structure = {
        "format": FORMAT,
        "version": 1,
        "paths": [["a"], ["w"]],
        "shapes": [[], [2]],
        **changes,
    }
    stream = io.BytesIO()
    text = np.frombuffer(json.dumps(structure).encode(), np.uint8)
    np.savez(stream, structure=text, buffer=np.ones(3))
    with pytest.raises(ValueError, match=words):
        files.from_npz(stream.getvalue())


def test_new_files_have_the_permissions_that_the_umask_leaves(tmp_path):
    before = os.umask(0o027)
    try:
        vv.save(VValue({"a": 1.0}), tmp_path / "new.json")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.json").stat().st_mode) == 0o640


def test_a_file_that_is_there_keeps_its_permissions(tmp_path):
    file = tmp_path / "private.json"
    file.write_text("{}")
    file.chmod(0o600)
    vv.save(VValue({"a": 1.0}), file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert vv.load(file) == VValue({"a": 1.0})


def test_names_as_long_as_the_system_allows(tmp_path):
    file = tmp_path / ("é" * 120 + ".json")
    vv.save(VValue({"a": 1.0}), file)
    assert vv.load(file) == VValue({"a": 1.0})


def test_errors_of_the_system_name_the_file(tmp_path, monkeypatch):
    file = tmp_path / "x.json"
    for write in (files.write_atomically, files.append):
        with pytest.raises(FileNotFoundError) as caught:
            write(tmp_path / "nowhere" / "x.json", b"new")
        assert caught.value.filename == str(tmp_path / "nowhere" / "x.json")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        files.write_atomically(file, b"new")
    assert caught.value.filename == str(file)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_appending_to_a_full_disk_names_the_file():
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        files.append("/dev/full", b"x")


def test_a_failed_write_leaves_no_trace(tmp_path, monkeypatch):
    file = tmp_path / "x.json"
    files.write_atomically(file, "old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        files.write_atomically(file, b"new")
    assert file.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]
