"""The paragraph on methods says what the results say of themselves."""

import re
from dataclasses import replace

import pytest

from core import store
from core.errors import UsageError
from core.explain import reporting
from core.paper import methods
from core.paper.reading import Result
from tests.paper.latex_reader import check


def result(run):
    return Result(run, reporting.build(run, tables=[]))


@pytest.fixture
def small(embedded_results):
    """Results of two models on the embedded world."""
    runs = [run for run in store.list_runs("diorama/pose") if "gn" not in run.model]
    return [result(run) for run in runs]


def changed(one, **manifest):
    return replace(one, run=replace(one.run, manifest=replace(one.run.manifest, **manifest)))


def test_it_says_what_was_measured_and_how(small):
    found = methods.build(small[:1])
    text = " ".join(found.paragraph.split())
    for words in (
        "1,200 images of 50 objects",
        "Diorama: object yaw (diorama/pose)",
        "score intervals over objects",
        "(policy top1)",
        "shorter side to 160 px (bicubic), the central 160 x 160",
        "mean 0.5, 0.5, 0.5; standard deviation 0.5, 0.5, 0.5",
        "in fp32",
        "(Wightman 2019)",
        small[0].run.identity,
    ):
        assert words in text
    assert "compared" not in text
    assert "@misc{rw2019timm," in found.bibtex
    assert max(map(len, found.paragraph.splitlines())) <= 100


def test_versions_are_those_of_the_machine_that_evaluated(small):
    text = methods.build([changed(small[0], versions={"offcenter": "9.9", "torch": "0.0.7"})]).paragraph
    assert "Offcenter 9.9, PyTorch 0.0.7." in " ".join(text.split())


def test_models_that_were_shown_images_otherwise_are_told_apart(small):
    one, other = small
    other = changed(other, preprocessing={**other.run.preprocessing, "crop_mode": "squash"}, precision="bf16")
    text = " ".join(methods.build([one, other]).paragraph.split())
    assert f"Preprocessing of {other.run.model}: squashed to 160 x 160 px" in text
    assert f"computed by {other.run.model} in bf16" in text
    assert "Models are compared on the same images" in text


def test_presets_prompts_and_notes_are_said(small):
    entry = small[0].run.manifest.model
    model = replace(entry, source="resnet50?preset=zoom-paper", head="zero-shot: 7 prompts (simple-7)", notes=("odd",))
    text = " ".join(methods.build([changed(small[0], model=model)]).paragraph.split())
    assert "preset zoom-paper, after ImageNet-Hard (zoom)" in text
    assert "(Taesiri et al. 2023)." in text
    assert "zero-shot: 7 prompts (simple-7)." in text
    assert f"Of {entry.name}: odd." in text


def test_imported_predictions_have_no_preprocessing_and_no_library(small):
    found = methods.build([changed(small[0], preprocessing={}, precision=store.manifest.AS_IMPORTED)])
    text = " ".join(found.paragraph.split())
    assert "were made elsewhere and imported." in text
    assert "Preprocessing: not known." in text
    assert "Wightman" not in text
    assert "in as imported" not in text


def test_in_latex_names_are_escaped_and_every_key_that_is_cited_is_there(small):
    entry = replace(small[0].run.manifest.model, name="a_b & {c} 犬", notes=("100 % #1",))
    found = methods.build([changed(small[0], model=entry), small[1]], methods.LATEX)
    check(found.paragraph)
    assert r"a\_b \& \{c\}" in found.paragraph
    cited = {key for group in re.findall(r"\\cite\{(.*?)\}", found.paragraph) for key in group.split(",")}
    assert cited == set(re.findall(r"@\w+\{(.*?),", found.bibtex))


def test_in_markdown_names_are_escaped(small):
    entry = replace(small[0].run.manifest.model, name="<b>*x*</b>")
    found = methods.build([changed(small[0], model=entry)], methods.MARKDOWN)
    assert r"\<b\>\*x\*\</b\>" in found.paragraph
    assert found.bibtex.startswith("```bibtex\n")


def test_an_unknown_format_is_refused(small):
    with pytest.raises(UsageError, match="Did you mean 'latex'"):
        methods.build(small, "latx")
