"""IDX files and the digit tasks."""

import gzip
import struct

import numpy as np
import pytest

from synthesis.architectures import Perceptron
from synthesis.process.models import Task
from synthesis.tasks.digits import Digits, find_mnist, load_mnist, small_digits
from synthesis.tasks.idx import read_idx, read_images_and_labels


def idx(array, code=0x08):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.tobytes()


def write_set(folder, n_train=6, n_test=3, pixels=(2, 2)):
    rng = np.random.default_rng(0)
    for part, n in (("train", n_train), ("t10k", n_test)):
        images = rng.integers(0, 256, (n, *pixels), dtype=np.uint8)
        labels = np.arange(n, dtype=np.uint8) % 3
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    return folder


def toy(n=60, classes=4, pixels=9):
    rng = np.random.default_rng(1)
    labels = np.arange(n) % classes
    images = rng.integers(0, 256, (n, pixels), dtype=np.uint8)
    return Digits("toy", images, labels, images[:20], labels[:20], classes, batch_size=8)


def test_idx_round_trip_plain_and_packed(tmp_path):
    array = np.arange(24, dtype=">i4").reshape(2, 3, 4)
    (tmp_path / "plain").write_bytes(idx(array, 0x0C))
    (tmp_path / "packed.gz").write_bytes(gzip.compress(idx(array, 0x0C)))
    for name in ("plain", "packed.gz"):
        got = read_idx(tmp_path / name)
        assert got.dtype == np.int32
        np.testing.assert_array_equal(got, array)


@pytest.mark.parametrize("content, message", [
    (b"", "not an IDX file"),
    (b"PNG!....", "not an IDX file"),
    (b"\0\0\x08\x03\0\0", "truncated: the header of 16 bytes"),
    (idx(np.zeros((4, 4), np.uint8))[:-3], r"truncated: shape \(4, 4\)"),
    (idx(np.zeros((4, 4), np.uint8)) + b"x", "too long"),
    (gzip.compress(idx(np.zeros((40, 40), np.uint8)), mtime=0)[:-12], "gzip"),
    (b"\0\0\x08\x41" + 65 * b"\0\0\0\1" + b"x", "65 dimensions"),
])  # fmt: skip
def test_corrupt_files_are_refused_by_name(tmp_path, content, message):
    file = tmp_path / "some-images-idx3-ubyte"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_idx(file)
    assert str(file) in str(caught.value)


def test_images_and_labels_have_to_match(tmp_path):
    images, labels = tmp_path / "images", tmp_path / "labels"
    images.write_bytes(idx(np.zeros((3, 2, 2), np.uint8)))
    labels.write_bytes(idx(np.zeros(2, np.uint8)))
    with pytest.raises(ValueError, match=r"3 images, .*labels 2 labels"):
        read_images_and_labels(images, labels)
    with pytest.raises(ValueError, match="expected images"):
        read_images_and_labels(labels, labels)
    with pytest.raises(ValueError, match="expected labels"):
        read_images_and_labels(images, images)


def test_files_without_images_or_with_labels_below_zero(tmp_path):
    images, labels = tmp_path / "images", tmp_path / "labels"
    labels.write_bytes(idx(np.array([0, 3, -2, 1], ">i2"), 0x0B))
    images.write_bytes(idx(np.zeros((4, 2, 2), np.uint8)))
    with pytest.raises(ValueError, match=r"labels: label 2 is -2; classes count from 0"):
        read_images_and_labels(images, labels)
    labels.write_bytes(idx(np.zeros(0, np.uint8)))
    assert read_idx(labels).shape == (0,)
    for shape in ((0, 2, 2), (3, 0, 2)):
        images.write_bytes(idx(np.zeros(shape, np.uint8)))
        with pytest.raises(
            ValueError, match=rf"images: holds no images: its shape is \({shape[0]}"
        ):
            read_images_and_labels(images, labels)
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte.* holds no images"):
        load_mnist(write_set(tmp_path, n_train=0))


def test_a_folder_is_loaded_and_an_empty_one_refused(tmp_path, monkeypatch):
    task = load_mnist(write_set(tmp_path), name="tiny")
    assert (task.n_pixels, task.n_classes, len(task.labels), len(task.test_labels)) == (4, 3, 6, 3)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(FileNotFoundError, match=r"no MNIST in .*empty"):
        find_mnist(empty)
    monkeypatch.setenv("MNIST_FOLDER", str(tmp_path))
    assert find_mnist() == tmp_path


def test_digits_are_a_task():
    task = toy()
    assert isinstance(task, Task)
    model = Perceptron([9, 5, 4])
    parameters = model.initial(np.random.default_rng(0))
    inputs, labels = task.batch(np.random.default_rng(0))
    assert inputs.shape == (8, 9)
    assert inputs.dtype == np.float64
    logits = model(parameters, inputs)
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    expected = -np.mean(np.log(probabilities[np.arange(8), labels]))
    assert task.loss(logits, labels) == pytest.approx(expected)
    right = np.argmax(model(parameters, task.as_inputs(task.test_images)), 1) == task.test_labels
    assert task.evaluate(model, parameters) == {"accuracy": pytest.approx(100 * right.mean())}


@pytest.mark.parametrize("shape", [(8, 3), (7, 4), (8,), (8, 4, 1)])
def test_predictions_that_do_not_fit_the_labels(shape):
    task = toy()
    with pytest.raises(ValueError, match=r"8 labels of toy need \(8, 4\): a model with 4 outputs"):
        task.loss(np.zeros(shape), task.labels[:8])
    model = Perceptron([9, 3])
    with pytest.raises(ValueError, match="a model with 4 outputs"):
        task.evaluate(model, model.initial(np.random.default_rng(0)))
    assert task.loss(np.zeros((8, 6)), task.labels[:8]) == pytest.approx(np.log(6))
    with pytest.raises(ValueError, match=r"batch_size is 2\.5"):
        task.with_batch_size(2.5)


def test_variants():
    task = toy()
    assert task.only([1, 3]).classes == (1, 3)
    assert [part.classes for part in task.split(2)] == [(0, 1), (2, 3)]
    permuted = task.permuted(np.random.default_rng(0))
    image = task.images[:1]
    assert sorted(permuted.as_inputs(image)[0]) == sorted(task.as_inputs(image)[0])
    assert not np.array_equal(permuted.as_inputs(image), task.as_inputs(image))
    with pytest.raises(ValueError, match="no images of class 7"):
        task.only([1, 7])


def test_a_validation_split_holds_no_test_image():
    task = toy(n=60)
    task.test_images[:] = 0
    task.test_labels[:] = 3
    split = task.validation_split(15)
    np.testing.assert_array_equal(np.vstack([split.images, split.test_images]), task.images)
    np.testing.assert_array_equal(np.hstack([split.labels, split.test_labels]), task.labels)
    assert len(split.test_labels) == 15
    with pytest.raises(ValueError, match="leaves none of the 60 training images of toy"):
        task.validation_split(60)


def test_the_store_is_stratified_and_refuses_what_is_not_there():
    task = toy()
    _, labels = task.store(10, np.random.default_rng(0))
    assert np.bincount(labels).tolist() == [3, 3, 2, 2]
    with pytest.raises(ValueError, match="100 stored inputs need 25 of class 0; toy has 15"):
        task.store(100, np.random.default_rng(0))


def test_mnist_itself():
    try:
        folder = find_mnist()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    task = load_mnist(folder)
    assert task.images.shape == (60000, 784)
    assert task.test_labels[:4].tolist() == [7, 2, 1, 0]
    assert np.bincount(task.labels)[:2].tolist() == [5923, 6742]


def test_small_digits():
    pytest.importorskip("sklearn")
    task = small_digits()
    assert task.n_pixels == 64
    assert task.as_inputs(np.array([[16]])).item() == pytest.approx((1 - 0.1307) / 0.3081)
