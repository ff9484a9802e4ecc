"""Colour images: what is drawn, and CIFAR's files."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.tasks import SHAPES, load_cifar, shapes_task, task_of
from synthesis.tasks.colour import _covered
from synthesis.tasks.descriptions import described

RECORD = 3072


def test_the_same_seed_draws_the_same_images():
    one, other = (shapes_task(np.random.default_rng(3), n=40) for _ in range(2))
    np.testing.assert_array_equal(one.images, other.images)
    np.testing.assert_array_equal(one.test_labels, other.test_labels)
    again = task_of(described(one))
    np.testing.assert_array_equal(again.images, one.images)
    assert not np.array_equal(one.images[:10], one.test_images)


def test_shapes_differ_and_lie_inside_the_picture():
    centre = np.array([16.0, 16.0])
    drawn = [_covered(shape, centre, 10.0) for shape in SHAPES]
    for i, one in enumerate(drawn):
        rows, columns = np.nonzero(one)
        assert rows.min() >= 6 and rows.max() <= 25 and columns.min() >= 6 and columns.max() <= 25
        assert all(np.mean(one != other) > 0.02 for other in drawn[:i])


def test_ink_and_ground_differ_and_their_colours_say_nothing_of_the_shape():
    task = shapes_task(np.random.default_rng(1), n=1000, noise=0.0)
    pictures = task.images.reshape(-1, 3, 32, 32).astype(float)
    ground = pictures[:, :, 0, 0]
    spread = np.abs(pictures - ground[:, :, None, None]).max(axis=(2, 3))
    assert spread.min() >= 79
    for label in range(10):
        mean = ground[task.labels == label].mean(axis=0)
        np.testing.assert_allclose(mean, 127.5, atol=36)  # five deviations of such a mean


def cifar(folder, classes, before, files):
    rng = np.random.default_rng(0)
    for name, n in files.items():
        rows = rng.integers(0, 256, (n, before + RECORD), dtype=np.uint8)
        rows[:, :before] = 0
        rows[:, before - 1] = np.arange(n) % classes
        (folder / name).write_bytes(rows.tobytes())
    return folder


@pytest.mark.parametrize(
    ("classes", "before", "files"),
    [
        (10, 1, {**{f"data_batch_{i}.bin": 4 for i in range(1, 6)}, "test_batch.bin": 3}),
        (100, 2, {"train.bin": 20, "test.bin": 3}),
    ],
)
def test_cifar_is_read_from_its_binary_files(tmp_path, classes, before, files):
    task = load_cifar(cifar(tmp_path, classes, before, files))
    assert task.images.shape == (20, RECORD) and task.test_images.shape == (3, RECORD)
    assert task.n_classes == classes and task.name == f"CIFAR-{classes}"
    np.testing.assert_array_equal(task.test_labels, [0, 1, 2])
    last = np.frombuffer((tmp_path / list(files)[-1]).read_bytes(), np.uint8)[-RECORD:]
    np.testing.assert_array_equal(task.test_images[-1], last)


def test_damaged_files_are_refused_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no CIFAR in .*: expected data_batch_1\.bin"):
        load_cifar(tmp_path)
    cifar(tmp_path, 100, 2, {"train.bin": 5, "test.bin": 3})
    whole = (tmp_path / "test.bin").read_bytes()
    (tmp_path / "test.bin").write_bytes(whole[:-1])
    with pytest.raises(ValueError, match=r"test\.bin: 9,221 bytes are no whole images"):
        load_cifar(tmp_path)
    (tmp_path / "test.bin").write_bytes(b"\0\xff" + whole[2:])
    with pytest.raises(ValueError, match=r"test\.bin: class 255 of 100 classes"):
        load_cifar(tmp_path)
    with pytest.raises(ValueError, match="n is 3"):
        shapes_task(np.random.default_rng(0), n=3)
