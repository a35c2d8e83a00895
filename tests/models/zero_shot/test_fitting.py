"""A zero-shot model's name is completed for a benchmark that is not about ImageNet's classes."""

import pytest

from core import labels
from core.models.zero_shot import fitted, usual_classes
from core.models.zero_shot.fitting import is_zero_shot

CLIP = "open-clip:ViT-B-32/laion2b_s34b_b79k"


@pytest.mark.parametrize(
    ("spec", "spaces", "expected"),
    [
        (CLIP, ("own-0123456789ab", "classes-3"), f"{CLIP}?classes=own-0123456789ab"),
        (f"{CLIP}?prompts=single", ("own-0123456789ab",), f"{CLIP}?classes=own-0123456789ab&prompts=single"),
        (f"{CLIP}?preset=zoom-paper", ("focus-10",), f"{CLIP}?classes=focus-10&preset=zoom-paper"),
        # Both fit: ImageNet's, as FOCUS itself evaluates CLIP.
        (CLIP, ("imagenet-1k", "focus-10"), CLIP),
        (CLIP, ("focus-10", "imagenet-1k"), CLIP),
        (f"{CLIP}?classes=focus-10", ("own-0123456789ab",), f"{CLIP}?classes=focus-10"),
        # Nothing says what those classes are called.
        (CLIP, ("classes-7",), CLIP),
        (CLIP, (), CLIP),
        ("resnet50.a1_in1k", ("own-0123456789ab",), "resnet50.a1_in1k"),
        ("transformers:google/vit-base-patch16-224", ("own-0123456789ab",), "transformers:google/vit-base-patch16-224"),
        ("OpenCLIP:x/y", ("focus-10",), "open-clip:x/y?classes=focus-10"),
    ],
)
def test_a_name_is_completed_where_imagenets_classes_do_not_fit(spec, spaces, expected):
    assert fitted(spec, spaces) == expected


def test_a_model_folder_is_told_by_what_it_holds(tmp_path, monkeypatch):
    for name, file in (("clip", "open_clip_config.json"), ("other", "config.json")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("{}")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path))
    assert fitted("clip", ("focus-10",)) == "clip?classes=focus-10"
    assert fitted("other", ("focus-10",)) == "other"
    assert (is_zero_shot("clip"), is_zero_shot("other"), is_zero_shot("nowhere")) == (True, False, False)


def test_the_usual_names_of_a_label_space_are_its_own():
    lower, upper = labels.keep_own(["apple", "pear"]), labels.keep_own(["Apple", "blood orange"])
    assert [usual_classes(space) for space in ("imagenet-1k", "focus-10", lower)] == ["imagenet-1k", "focus-10", lower]
    # A label space is the same however its classes are spelt; a text is not.
    assert usual_classes(upper).startswith(f"{upper}-")
    assert usual_classes("classes-7") == "classes-7"
