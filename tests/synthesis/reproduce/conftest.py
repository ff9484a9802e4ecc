"""What several reproductions are tried on."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.tasks import Digits


@pytest.fixture(scope="module")
def few_digits():
    """Sixty random images of MNIST's size, of which a validation split takes twenty."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 784), dtype=np.uint8)
    labels = np.arange(60) % 10
    split = Digits.validation_split
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Digits, "validation_split", lambda self, n=20: split(self, n))
        yield Digits("few", images, labels, images[:20], labels[:20], batch_size=10)
