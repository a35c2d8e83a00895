"""Text embeddings: how they are put together, and how they are kept."""

import math

import numpy as np
import pytest
import torch

from core.errors import ModelError
from core.models.zero_shot.classes import Classes
from core.models.zero_shot.embeddings import each, ensembled, file_of, kept
from core.models.zero_shot.prompts import Prompts
from core.models.zero_shot.texts import Texts

#: By text; all of length 1. The first class's two lie at right angles, the second's are the same.
_VECTORS = {"a x": (1, 0), "the x": (0, 1), "a y": (0.6, -0.8), "the y": (0.6, -0.8)}
TEXTS = Texts(Prompts("p", "p", ("a {}", "the {}")), Classes("c", "c", ("x", "y"), "c"))


def encode(texts):
    return torch.tensor([_VECTORS[text] for text in texts], dtype=torch.float32)


def test_a_class_is_the_mean_of_its_prompts_brought_to_length_one():
    # (1, 0) and (0, 1) have the mean (0.5, 0.5), of length 1 / sqrt(2).
    half = math.sqrt(0.5)
    np.testing.assert_allclose(ensembled(encode, TEXTS), [[half, half], [0.6, -0.8]], atol=1e-6)
    np.testing.assert_allclose(each(encode, TEXTS, 0), [[1, 0], [0, 1]], atol=0)


def test_many_classes_and_prompts_are_the_same_in_batches():
    prompts = Prompts("p", "p", tuple(f"{number} {{}}" for number in range(30)))
    classes = Classes("c", "c", tuple(f"c{number}" for number in range(40)), "c")
    sizes = []

    def hashed(texts):
        sizes.append(len(texts))
        rows = torch.stack([torch.sin(torch.arange(8.0) * (1 + sum(map(ord, text)))) for text in texts])
        return rows / rows.norm(dim=-1, keepdim=True)

    found = ensembled(hashed, Texts(prompts, classes))
    assert max(sizes) <= 256
    assert sum(sizes) == 1200
    alone = hashed([f"{number} c17" for number in range(30)]).mean(0)
    np.testing.assert_allclose(found[17], alone / alone.norm(), atol=1e-6)


def test_a_text_tower_that_gives_no_numbers_is_said():
    with pytest.raises(ModelError, match="not finite"):
        ensembled(lambda texts: torch.full((len(texts), 2), torch.nan), TEXTS)
    # Opposite prompts have no mean direction.
    with pytest.raises(ModelError, match="not finite"):
        ensembled(lambda texts: torch.tensor([[1.0, 0.0], [-1.0, 0.0]] * (len(texts) // 2)), TEXTS)


def test_embeddings_are_computed_once_and_a_damaged_file_again():
    path, calls = file_of("weights", "texts"), []
    expected = np.arange(6, dtype=np.float32).reshape(2, 3)

    def compute():
        calls.append(1)
        return expected

    for _ in range(2):
        np.testing.assert_array_equal(kept(path, 2, compute), expected)
    assert len(calls) == 1
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[whole.index(expected.tobytes()) + 4] ^= 1
    for damaged in (b"", whole[:40], bytes(flipped), b"not a zip"):
        before = len(calls)
        path.write_bytes(damaged)
        np.testing.assert_array_equal(kept(path, 2, compute), expected)
        assert len(calls) == before + 1
        assert path.read_bytes() == whole
    # Of another number of classes.
    assert len(kept(path, 3, lambda: np.zeros((3, 3), np.float32))) == 3


def test_a_pickle_in_place_of_embeddings_is_not_run(tmp_path):
    path = file_of("weights")
    path.parent.mkdir(parents=True)

    class Harmful:
        def __reduce__(self):
            return (tmp_path / "was-run").mkdir, ()

    with open(path, "wb") as stream:
        np.savez(stream, embeddings=np.array([Harmful()], dtype=object))
    np.testing.assert_array_equal(kept(path, 1, lambda: np.ones((1, 2), np.float32)), [[1, 1]])
    assert not (tmp_path / "was-run").exists()


def test_other_weights_texts_or_versions_have_other_files():
    assert len({file_of("a", "b"), file_of("a", "c"), file_of("ab"), file_of("a", "b", "")}) == 4


def test_a_demo_that_keeps_nothing_computes_each_time(monkeypatch):
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    path = file_of("weights")
    np.testing.assert_array_equal(kept(path, 1, lambda: np.ones((1, 2), np.float32)), [[1, 1]])
    assert not path.exists()
