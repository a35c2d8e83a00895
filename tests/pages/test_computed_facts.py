"""Facts computed from images on the page on factors: picked, drawn, and their images one click away."""

import numpy as np
import pytest
from PIL import Image

from core.answers import questions, spans
from core.benchmarks import facts, open_benchmark
from core.evaluate.loop import evaluate
from tests.conftest import RED_WNID
from tests.pages.conftest import open_page, text_of

PAGE = "pages/size_location_rotation.py"


@pytest.fixture
def run(toy_model, tmp_path):
    """Two hundred greys of one class, all described."""
    folder = tmp_path / "greys" / RED_WNID
    folder.mkdir(parents=True)
    for number, level in enumerate(np.random.default_rng(0).permutation(200)):
        Image.new("RGB", (20, 20), (int(level) + 20,) * 3).save(folder / f"{number}.png")
    opened = open_benchmark("imagenet", folder.parent)
    facts.describe(opened)
    return evaluate(toy_model, opened, device="cpu")


def test_a_computed_fact_is_a_factor_of_the_page_and_its_images_are_behind_a_point(run):
    factor = questions.factor_of(run, "brightness")
    first = spans.binned(run, factor).spans[0]
    n = int(questions.answer(run, questions.Question(by=("brightness",)))["n"].iloc[0])
    at = open_page(PAGE, benchmark="imagenet", factor="brightness")
    assert not at.exception
    assert at.selectbox(key="factor").value == "brightness"
    assert "Brightness (computed)" in at.selectbox(key="factor").options
    assert f"{n} images" not in text_of(at)
    cell = f"imagenet;brightness={first.low}..{first.high}"
    at = open_page(PAGE, benchmark="imagenet", factor="brightness", cell=cell)
    assert not at.exception
    assert f"{n} images" in text_of(at)
