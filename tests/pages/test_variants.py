"""The panel of the same weights under several settings: what it says, shows and queues, and what it exports."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import jobs, store
from core.models import presets
from core.store.manifest import write_manifest
from tests.manifests import PREPROCESSING
from tests.pages.conftest import text_of
from tests.synthetic_store import make_samples, write_run

N = 72 * 40


def panel() -> None:
    """A page with nothing but the panel."""
    import streamlit as st

    from core import paths
    from pages.shared.models import variants
    from pages.shared.page import cached

    variants.show(cached.runs(str(paths.data_home())), st.query_params.get("first", ""))


def opened(**query) -> AppTest:
    at = AppTest.from_function(panel, default_timeout=60)
    for name, content in query.items():
        at.query_params[name] = content
    at.run()
    assert not at.exception
    return at


def stored(right, options="", *, name="m", done=1.0, **model):
    """A result of weights of that name, with options of its name."""
    samples = make_samples("rotation", N)
    run = write_run("rotation", samples, f"{name}{options}", right, done=done)
    asked = dict(part.split("=") for part in options.split("&") if part)
    shown = {each: asked[each] for each in presets.OPTIONS if each in asked}
    said = f" ({', '.join(shown.values())})" if shown else ""
    entry = replace(run.manifest.model, name=name + said, source=f"{name}?{options}" if options else name,
                    fingerprint=name, architecture="resnet50")  # fmt: skip
    manifest = replace(run.manifest, model=replace(entry, **model), preprocessing=presets.shown(PREPROCESSING, shown))
    write_manifest(run.path, manifest)
    return store.open_run(run.path, run.benchmark)


@pytest.fixture
def settings():
    """Its own, and one in which each tenth image is lost."""
    at = np.arange(N)
    return stored(at >= 0), stored(at % 10 > 0, "preset=focus-paper")


def test_the_worst_setting_is_said_and_every_row_has_its_identity(settings):
    at = opened()
    said = text_of(at)
    assert [each.value for each in at.subheader] == ["How much does preprocessing matter?"]
    assert "loses **10.0\u00a0points**" in said
    (table,) = at.dataframe
    assert table.value["Setting"].tolist() == ["own: 256 → 224, bicubic", "focus-paper: 224 → 224, bilinear"]
    assert table.value["Gained, lost"].tolist() == ["–", "+0 −288"]
    assert table.value["Identity"].tolist() == [run.identity[:8] for run in settings]
    assert all(f"identity {run.identity}" in said for run in settings)
    assert f"as in {presets.PRESETS['focus-paper'].paper}" in said


def test_what_is_missing_is_queued_as_one_job(settings, monkeypatch):
    queued = []
    monkeypatch.setattr("core.jobs.kinds.evaluation.Evaluation.checked", lambda self: self)
    monkeypatch.setattr(jobs, "submit", queued.append)
    at = opened()
    assert "Not evaluated yet: hard-imagenet-paper\\: squashed to 256 → 224, bilinear; bilinear." in text_of(at)
    at.button(key="variants-run").click().run()
    (asked,) = queued
    assert asked.models == ("m?preset=hard-imagenet-paper", "m?interpolation=bilinear")
    assert (asked.benchmark, asked.view, asked.precision) == ("si-score/rotation", "clean", "fp32")
    assert at.code[0].value.startswith("python -m core evaluate --model 'm?preset=hard-imagenet-paper'")


def test_a_benchmark_without_data_is_refused_in_a_sentence(settings):
    at = opened()
    at.button(key="variants-run").click().run()
    assert not at.exception
    assert "no data folder is given for 'si-score/rotation'" in at.error[0].value


def test_a_demo_queues_nothing(settings, monkeypatch):
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    at = opened()
    assert [each.key for each in at.button if each.key == "variants-run"] == []


def test_the_model_that_is_asked_for_is_shown_under_whichever_setting(settings):
    stored(np.arange(N) >= 0, name="other")
    assert opened(first="m (focus-paper)").selectbox[0].value == "m"
    assert opened(first="other").selectbox[0].value == "other"
    # Of its own accord it opens on one that has something to compare.
    assert opened().selectbox[0].value == "m"
    assert opened(variants_model="other").selectbox[0].value == "other"


def test_nothing_is_claimed_of_a_setting_that_is_not_finished():
    at = np.arange(N)
    stored(at >= 0)
    stored(at % 2 > 0, "preset=focus-paper", done=0.5)
    said = text_of(opened())
    assert "Not finished, so no finding yet" in said
    assert "loses" not in said


def test_prompts_have_the_same_panel_where_a_model_is_asked_by_texts():
    at = np.arange(N)
    for right, prompts in ((at >= 0, "simple-7"), (at % 10 > 0, "single")):
        head = f"zero-shot: 7 prompts ({prompts}), 1,000 class names, texts 0123"
        run = stored(right, f"prompts={prompts}", name="open-clip:tower", head=head, fingerprint="t")
        write_manifest(run.path, replace(run.manifest, model=replace(run.manifest.model, name=f"tower ({prompts})")))
    page = opened(first="tower (simple-7)")
    assert page.get("segmented_control") or page.get("button_group")
    page = opened(first="tower (simple-7)", variants_of="prompts")
    assert [each.value for each in page.subheader] == ["How much do the prompts matter?"]
    assert page.dataframe[0].value["Setting"].tolist() == ["own: simple-7", "single"]
    assert "**tower** loses **10.0\u00a0points**" in text_of(page)


def test_without_a_result_the_panel_says_what_it_would_show(no_results):
    at = opened()
    assert "No model has been evaluated here yet" in text_of(at)


def test_the_csv_names_preprocessing_identity_and_kind_of_interval(settings):
    from core.answers import variant_words, variants
    from pages.shared.models.variants import _exported
    from pages.shared.page.figure import table_csv

    (group,) = variants.groups(settings)
    csv = table_csv(*_exported(group, variant_words.named(group, variants.table(group)))).decode()
    head, own, paper = csv.strip().splitlines()
    assert {"setting", "change", "change_low", "change_interval", "preprocessing", "identity"} <= set(head.split(","))
    assert own.startswith("m,")
    assert paper.startswith("m (focus-paper),")
    assert '"224 → 224, bilinear"' in paper
    assert '"95 %, paired over images, all settings at once"' in paper
    assert "paired over images" not in own
    assert paper.endswith(settings[1].identity)
