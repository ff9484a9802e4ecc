"""Limits before anything is allocated: memory, depth, numbers, shapes, archives that lie."""

from __future__ import annotations

import io
import json
import os
import string
import tracemalloc
import zipfile
from itertools import islice, product

import numpy as np
import pytest

import vvalues as vv
from vvalues import VValue, files
from vvalues.files.npz import FORMAT
from vvalues.files.reading import DEPTH, MEMORY, Budget, parse_json, parse_shape, read_bytes

N = 20_000
KEYS = ["".join(letters) for letters in islice(product(string.ascii_letters, repeat=4), N)]

EXPENSIVE = {
    "floats": ["0.5"] * N,
    "texts": ['"ab"'] * N,
    "empty lists": ["[]"] * N,
    "empty objects": ["{}"] * N,
    "lists of one": ["[1.5]"] * N,
    "objects of one": ['{"a":1.5}'] * N,
    "wide characters": ['"a\U0001f600"'] * N,
    "one object": ["{" + ",".join(f'"{key}":"{key}"' for key in KEYS) + "}"],
    "one text": ['"' + "a" * N + '\U0001f600"'],
}


@pytest.mark.parametrize("name", EXPENSIVE)
def test_the_price_of_a_document_is_known_before_it_is_paid(name):
    data = f"[{','.join(EXPENSIVE[name])}]".encode()
    budget = Budget("here", len(data), memory=10**9)
    before = budget.left
    tracemalloc.start()
    try:
        document = parse_json(data, "here", budget)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert document == json.loads(data)
    assert peak <= before - budget.left + 10_000


def test_what_is_too_expensive_is_refused_before_it_is_parsed():
    data = b"[" + b"[]," * 6_000_000 + b"[]]"
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"^here needs more than the 540 MB .* memory="):
            parse_json(data, "here")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_long_paths_of_many_leaves_are_not_paid_for_by_a_short_file():
    """Every level has a leaf whose path is as long as the level is deep."""
    chain = '{":number":1,"a":' * 190 + "1" + "}" * 190
    text = "{" + ",".join(f'"{key}":{chain}' for key in KEYS[:40]) + "}"
    assert len(vv.from_json(text)) == 40 * 191
    with pytest.raises(ValueError, match="needs more than the 3 MB"):
        vv.from_json(text, memory=0)


def test_files_may_be_granted_more_memory(tmp_path):
    file = tmp_path / "wide.json"
    vv.save(VValue(dict.fromkeys(KEYS, 1.0)), file)
    size = file.stat().st_size
    with pytest.raises(ValueError, match=r"wide.json holds more than 0 MB; .* larger memory="):
        vv.load(file, memory=size - 1)
    assert len(vv.load(file, memory=2**23)) == N
    vv.save(VValue(dict.fromkeys(KEYS, 1.0)), tmp_path / "wide.npz")
    with pytest.raises(ValueError, match=r"wide.npz holds more than 0 MB"):
        vv.load(tmp_path / "wide.npz", memory=1000)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs an endless file")
def test_an_endless_file_is_not_read_to_its_end():
    with pytest.raises(ValueError, match="/dev/zero holds more than 1 MB"):
        read_bytes("/dev/zero", 2**20)


BAD_TEXTS = {
    "[" * (DEPTH + 1) + "]" * (DEPTH + 1): "nested too deeply",
    "[" * 50_000: "nested too deeply|is not JSON",
    '{"a": {"b": [1, NaN]}}': "a/b/1 is nan, expected a finite number",
    "[1, -Infinity]": "1 is -inf, expected a finite number",
    "[1e999]": "0 is inf, expected a finite number",
    "[1" + "0" * 5000 + "]": "a whole number of 5001 digits",
    '[{"b": 1, "a": 1, "c": 2, "a": 3}]': "the key 'a' occurs twice",
    '{"\\u001b[31m": NaN}': r"\\x1b\[31m is nan",
    "": "is not JSON",
}


@pytest.mark.parametrize("text", BAD_TEXTS, ids=lambda text: text[:30])
def test_documents_that_are_refused(text):
    for data in (text, text.encode()):
        with pytest.raises(ValueError, match=BAD_TEXTS[text]) as caught:
            parse_json(data, "here")
        assert str(caught.value).startswith("here")
        assert str(caught.value).isprintable()


def test_the_deepest_document_is_read():
    assert parse_json("[" * DEPTH + "]" * DEPTH, "here") is not None


def test_many_different_keys_and_one_twice_are_no_quadratic_work():
    text = "{" + ",".join(f'"{key}":1' for key in [*KEYS, KEYS[-1]]) + "}"
    with pytest.raises(ValueError, match=f"the key '{KEYS[-1]}' occurs twice"):
        parse_json(text, "here")


@pytest.mark.parametrize(
    "shape", [[-1], [1.0], [True], ["1"], [None], 3, None, {}, [1] * 33, [2**40, 2**40], [0, 2**60]]
)
def test_shapes_that_are_none(shape):
    with pytest.raises(ValueError, match=r"^here: "):
        parse_shape(shape, "here")
    text = json.dumps({"a": {":array": [shape, []]}})
    with pytest.raises(ValueError, match="a is not a valid array leaf"):
        vv.from_json(text)
    with pytest.raises(ValueError, match="damaged structure"):
        files.from_npz(archive({"paths": [["a"]], "shapes": [shape]}, np.zeros(0)))


@pytest.mark.parametrize("leaf", [{":array": [[1], [1.0]], "b": 2.0}, {":array": [[1], "1"]}])
def test_array_leaves_that_are_none(leaf):
    with pytest.raises(ValueError, match="a is not a valid array leaf"):
        vv.from_json(json.dumps({"a": leaf}))


# -------------------- archives --------------------


def archive(structure, buffer=None, **options):
    """An archive as `to_npz` writes it, but for what is given."""
    document = {"format": FORMAT, "version": 1, "shapes": None, **structure}
    text = json.dumps(document).encode()
    stream = io.BytesIO()
    write = np.savez_compressed if options.get("compressed") else np.savez
    write(stream, structure=np.frombuffer(text, np.uint8), buffer=np.zeros(1) if buffer is None
          else buffer)  # fmt: skip
    return stream.getvalue()


def test_compressed_archives_are_read_within_the_budget():
    data = archive({"paths": [["a"]], "shapes": [[1000]]}, np.ones(1000), compressed=True)
    assert np.all(files.from_npz(data)["a"] == 1.0)
    bomb = archive({"paths": [["a"]], "shapes": [[2**24]]}, np.zeros(2**24), compressed=True)
    assert len(bomb) < 200_000
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"needs more than the 1\d\d MB"):
            files.from_npz(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_an_archive_that_lies_about_its_size_is_not_believed():
    """A member that claims to be short is not decompressed any further."""
    bomb = bytearray(archive({"paths": [["a"]]}, np.zeros(2**21), compressed=True))
    real = (2**24 + 128).to_bytes(4, "little")
    assert bomb.count(real) >= 1
    lying = bytes(bomb).replace(real, (136).to_bytes(4, "little"))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="is not an npz file of a V-value"):
            files.from_npz(lying)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


HEADERS = [
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<f8', 'fortran_order': True, 'shape': (1,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': " + "(" * 90 + ")" * 90 + ", }",
    "__import__('os').system('true')",
]


def with_header(header):
    """An archive whose buffer has this header."""
    text = header.encode().ljust(117) + b"\n"
    buffer = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(8)
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive({"paths": [["a"]]}))) as good:
        structure = good.read("structure.npy")
    with zipfile.ZipFile(stream, "w") as changed:
        changed.writestr("structure.npy", structure)
        changed.writestr("buffer.npy", buffer)
    return stream.getvalue()


@pytest.mark.parametrize("header", HEADERS)
def test_headers_that_lie(header):
    with pytest.raises(ValueError, match=r"^here is not an npz file of a V-value: buffer.npy"):
        files.from_npz(with_header(header), "here")


def test_a_header_that_does_not_lie():
    good = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"
    assert files.from_npz(with_header(good)) == VValue({"a": 0.0})
    assert files.from_npz(with_header(good)).support.paths == (("a",),)


STRUCTURES = {
    "no paths": {"paths": None},
    "paths that are text": {"paths": "ab"},
    "a path that is text": {"paths": ["ab"]},
    "a key that is a number": {"paths": [[1]]},
    "a key below :number": {"paths": [[":number", "a"]]},
    "shapes that are a number": {"paths": [["a"]], "shapes": 3},
    "a huge total": {"paths": [[str(i)] for i in range(9)], "shapes": [[2**47]] * 9},
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_structures_that_are_damaged(name):
    with pytest.raises(ValueError, match=r"^here has a damaged structure"):
        files.from_npz(archive(STRUCTURES[name]), "here")


def test_other_archives():
    stream = io.BytesIO()
    np.savez(stream, structure=np.zeros(1, np.uint8))
    with pytest.raises(ValueError, match=r"hold exactly structure.npy and buffer.npy"):
        files.from_npz(stream.getvalue())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_BZIP2) as changed:
        changed.writestr("structure.npy", b"")
        changed.writestr("buffer.npy", b"")
    with pytest.raises(ValueError, match="compressed in an unusual way"):
        files.from_npz(stream.getvalue())
    for text in ("[1]", "3", '{"format": "x"}'):
        stream = io.BytesIO()
        np.savez(stream, structure=np.frombuffer(text.encode(), np.uint8), buffer=np.zeros(1))
        with pytest.raises(ValueError, match="is not an npz file of a V-value"):
            files.from_npz(stream.getvalue())


def test_the_limits_are_those_of_the_documentation():
    assert (MEMORY, DEPTH) == (128 * 2**20, 200)
