"""Zero-shot models on benchmarks: of ImageNet's classes, and of a user's own."""

import pytest
from PIL import Image

from core import benchmarks, evaluate, labels, store
from core.errors import LabelSpaceError
from core.own.add import keep, understand
from tests.tiny_models import tiny_open_clip

pytest.importorskip("open_clip")

COLOURS = {"red": (200, 10, 10), "green": (10, 200, 10)}


@pytest.fixture
def clip(tmp_path):
    """The name of a tiny OpenCLIP model in a folder."""
    tiny_open_clip(tmp_path / "tiny")
    return f"open-clip:{tmp_path / 'tiny'}"


@pytest.fixture
def colours(tmp_path):
    """A set of one's own, ``colours``: plain images, labelled by two classes that ImageNet does not have."""
    root = tmp_path / "images"
    for name, colour in COLOURS.items():
        (root / name).mkdir(parents=True)
        for number in range(3):
            Image.new("RGB", (40 + number, 36), colour).save(root / name / f"{number}.png")
    (tmp_path / "classes.txt").write_text("green\nred\n")
    published = benchmarks.published_benchmarks()
    keep(understand("colours", root, published=published, classes=tmp_path / "classes.txt"))


def test_a_set_of_ones_own_has_its_own_classes_named(clip, colours):
    run = evaluate.evaluate(clip, "colours", device="cpu")
    own = labels.own_key(["green", "red"])
    assert (run.label_space, run.complete) == (own, True)
    assert run.source == f"{clip}?classes={own}&prompts=simple-7"
    assert run.model == f"tiny (simple-7, {own[:10]} classes)"
    # The same again by the name that the run keeps, and by the set's: nothing is evaluated twice.
    for spec in (run.source, f"{clip}?classes=colours"):
        assert evaluate.evaluate(spec, "colours", device="cpu").path == run.path


def test_other_prompts_are_another_result_of_the_same_weights(clip, colours):
    one, other = (evaluate.evaluate(f"{clip}{more}", "colours", device="cpu") for more in ("", "?prompts=single"))
    assert one.path != other.path
    assert one.fingerprint == other.fingerprint


def test_classes_that_are_not_the_benchmarks_are_refused(clip, colours):
    with pytest.raises(LabelSpaceError, match="focus-10"):
        evaluate.evaluate(f"{clip}?classes=focus", "colours", device="cpu")


def test_what_is_stored_is_what_texts_and_images_say(clip, colours):
    """A colour that no text knows is told by the image tower alone: equal images have equal answers."""
    run = evaluate.evaluate(clip, "colours", device="cpu")
    rows = store.read(run)
    said = {sample: tuple(top) for sample, top in zip(rows["sample_id"], rows["top10"], strict=True)}
    assert len(said) == 6
    assert all(set(top) == {0, 1} for top in said.values())
    assert len({said[f"red/{number}.png"] for number in range(3)}) == 1


@pytest.mark.parametrize("key", ["diorama/size"])
def test_diorama_is_about_imagenets_classes_for_it(clip, key):
    run = evaluate.evaluate(f"{clip}?prompts=single&classes=diorama", key, device="cpu", limit=8)
    assert run.label_space == "focus-10"
