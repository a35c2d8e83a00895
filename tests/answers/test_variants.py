"""The same weights under other settings: which results make a group, the paired table, sentences, what is missing."""

from dataclasses import replace

import numpy as np
import pytest
import timm

from core import store
from core.answers import alike, catalogue, report, variant_missing, variant_words, variants
from core.errors import UsageError
from core.evaluate.loop import evaluate
from core.models import presets
from core.store.manifest import AS_IMPORTED, write_manifest
from tests.manifests import PREPROCESSING
from tests.synthetic_store import make_samples, write_run

#: A cut-out at each of 72 settings; each ends up with as many images that are lost.
N = 72 * 40


@pytest.fixture
def samples():
    return make_samples("rotation", N)


def changed(run, **manifest):
    write_manifest(run.path, replace(run.manifest, **manifest))
    return store.open_run(run.path, run.benchmark)


def make(samples, right, options="", *, name="m", fingerprint="f", head="", done=1.0, **manifest):
    """A result of the weights ``f`` with options of a name."""
    stored = write_run("rotation", samples, f"{name}{options}{fingerprint}{manifest}", right, done=done)
    asked = dict(part.split("=") for part in options.split("&") if part)
    shown = {each: asked[each] for each in ("preset", "interpolation") if each in asked}
    said = f" ({', '.join(shown.values())})" if shown else ""
    model = replace(
        stored.manifest.model, name=name + said, source=f"{name}?{options}" if options else name,
        fingerprint=fingerprint, head=head, architecture="resnet50",
    )  # fmt: skip
    preprocessing = presets.shown(PREPROCESSING, shown)
    return changed(stored, **{"model": model, "preprocessing": preprocessing, **manifest})


def every(n):
    """Right but for each n-th image, of every cut-out as many."""
    return np.arange(N) % n > 0


def all_right():
    return np.ones(N, dtype=bool)


def one_group(*runs, axis="preprocessing"):
    (found,) = variants.groups(runs, axis)
    return found


def told(group, margin=0.02):
    return variant_words.sentence(group, variant_words.named(group, variants.table(group)), margin, markdown=False)


def test_the_same_weights_make_a_group_with_the_own_setting_first(samples):
    runs = [
        make(samples, all_right(), "interpolation=bilinear"),
        make(samples, all_right(), "preset=focus-paper"),
        make(samples, all_right()),
        make(samples, all_right(), fingerprint="other"),
        make(samples, all_right(), precision="bf16"),
    ]
    found = variants.groups(runs)
    assert [len(group.runs) for group in found] == [3, 1, 1]
    group = found[0]
    assert group.own.source == "m"
    assert [run.source for run in group.others] == ["m?preset=focus-paper", "m?interpolation=bilinear"]
    assert (group.model, group.base, group.benchmark) == ("m", "m", "si-score/rotation")
    assert variants.group_of(runs, runs[0]).own.source == "m"


def test_predictions_from_a_file_have_no_known_setting(samples):
    run = make(samples, all_right(), precision=AS_IMPORTED)
    assert variants.groups([run]) == []
    assert variants.group_of([run], run) is None


def test_of_two_results_of_one_setting_the_complete_one_counts(samples):
    whole = make(samples, all_right(), "preset=focus-paper")
    part = make(samples, every(2), "preset=focus-paper", done=0.5, updated="2027-01-01T00:00:00+0000")
    assert one_group(part, whole).others == (whole,)


def test_each_setting_is_paired_with_the_own_one(samples):
    own = make(samples, every(4))
    # Lost: each fourth and each tenth are wrong, of which each twentieth is both. Gained: none of the fourths.
    worse = make(samples, every(4) & every(10), "preset=focus-paper")
    better = make(samples, all_right(), "preset=hard-imagenet-paper")
    table = variants.table(one_group(own, worse, better))
    assert table["value"].tolist() == pytest.approx([0.75, 0.70, 1.0])
    assert table["change"].tolist()[1:] == pytest.approx([-0.05, 0.25])
    assert table["lost"].tolist() == [0, N // 10 - N // 20, 0]
    assert table["gained"].tolist() == [0, 0, N // 4]
    assert table["n_common"].tolist() == [0, N, N]
    assert table["n_common_clusters"].tolist() == [0, 40, 40]
    assert np.isnan(table["change"][0])
    assert (table["change_low"] <= table["change"])[1:].all()
    assert table["lowest"].tolist() == [False, True, False]
    assert set(table["policy"]) == {"top1"}


def test_intervals_of_all_settings_hold_at_once(samples):
    rng = np.random.default_rng(1)
    own = make(samples, every(4))
    others = [
        make(samples, rng.random(N) < 0.7, options)
        for options in ("preset=focus-paper", "preset=hard-imagenet-paper", "interpolation=bilinear")
    ]
    alone = variants.table(one_group(own, others[0])).iloc[1]
    among = variants.table(one_group(own, *others)).iloc[1]
    assert among["change"] == alone["change"]
    assert among["change_low"] < alone["change_low"]
    assert among["change_high"] > alone["change_high"]


def test_the_worst_setting_is_named_with_its_images(samples):
    group = one_group(
        make(samples, all_right()),
        make(samples, every(10), "preset=focus-paper"),
        make(samples, every(1000), "interpolation=bilinear"),
    )
    said = told(group)
    assert said.startswith("Of 2 other preprocessings, m loses 10.0\u00a0points [")
    assert "with focus-paper: 224 → 224, bilinear in place of its own preprocessing" in said
    assert "(288 images lost and 0 gained of 2,880)" in said
    assert said.endswith("; 1 of them cannot be told from its own.")


def test_what_may_as_well_be_the_worst_is_named(samples):
    wrong = np.arange(N) % 10
    group = one_group(
        make(samples, all_right()),
        make(samples, wrong != 0, "preset=focus-paper"),
        make(samples, np.where(np.arange(N) == 5, False, wrong != 0), "preset=hard-imagenet-paper"),
    )
    assert "; focus-paper cannot be told from that)" in told(group)


def test_a_setting_that_is_not_finished_is_neither_the_worst_nor_in_the_way_of_it(samples):
    wrong = np.arange(N) % 10
    finished = [
        make(samples, all_right()),
        make(samples, wrong != 0, "preset=focus-paper"),
        make(samples, np.where(np.arange(N) == 5, False, wrong != 0), "preset=hard-imagenet-paper"),
    ]
    part = make(samples, ~all_right(), "interpolation=bilinear", done=0.5)
    alone, beside = (variants.table(one_group(*runs)) for runs in (finished, [*finished, part]))
    assert beside["lowest"].tolist() == [False, True, True, False]
    assert beside["change_low"].tolist()[1:3] == alone["change_low"].tolist()[1:3]
    assert beside["change"].iloc[3] == -1
    assert "; focus-paper cannot be told from that)" in told(one_group(*finished, part))
    assert told(one_group(*finished, part)).endswith(" Not finished, so no finding yet: bilinear.")


def test_equal_is_said_only_where_the_whole_interval_is_small(samples):
    at = np.arange(N)
    own = every(4)
    # Of 2,880 images one in 40 is gained and one in 40 is lost: 72 each, not of the same cut-outs.
    other = np.where(at % 40 == 0, True, np.where(at % 40 == 9, False, own))
    group = one_group(make(samples, own), make(samples, other, "preset=focus-paper"))
    row = variants.table(group).iloc[1]
    assert (row["change"], row["gained"], row["lost"]) == (0.0, 72, 72)
    assert told(group).startswith(
        "The one other preprocessing of m, focus-paper: 224 → 224, bilinear, is equivalent within 2\u00a0points to "
        "its own over 2,880 images: 0.0\u00a0pts ["
    )
    strict = told(group, 0.0001)
    assert "focus-paper: 224 → 224, bilinear, cannot be told from its own over 2,880 images" in strict
    assert "; these 40 objects would show " in strict


def test_none_of_several_can_be_told(samples):
    group = one_group(
        make(samples, all_right()),
        make(samples, all_right(), "preset=focus-paper"),
        make(samples, every(1500), "interpolation=bilinear"),
    )
    said = told(group)
    assert said.startswith(
        "None of 2 other preprocessings of m can be told from its own over 2,880 images; the furthest"
    )
    # Wilson's of none of 40 cut-outs ends at 1.96^2 / (40 + 1.96^2), 8.8 points, and at once a little further.
    assert told(group, 0.15).startswith(
        "All 2 other preprocessings of m are equivalent within 15\u00a0points to its own"
    )


def test_a_preset_that_changes_nothing_shows_the_same_pixels(samples):
    group = one_group(make(samples, all_right()), make(samples, all_right(), "preset=zoom-paper"))
    table = variants.table(group)
    assert table["same_pixels"].tolist() == [False, True]
    assert np.isnan(table["change_low"][1])
    assert variant_words.change_in_words(table.iloc[1]) == "same pixels"
    assert told(group).endswith("The same pixels as its own, under another name: zoom-paper.")
    assert told(group).startswith("m has no complete result with another preprocessing")


def test_nothing_is_claimed_of_what_is_not_finished(samples):
    own, part = make(samples, all_right()), make(samples, every(2), "preset=focus-paper", done=0.5)
    said = told(one_group(own, part))
    assert "loses" not in said
    assert said.endswith("Not finished, so no finding yet: focus-paper.")
    late = make(samples, all_right(), name="late", fingerprint="late", done=0.5)
    other = make(samples, every(2), "preset=focus-paper", name="late", fingerprint="late")
    assert "late with its own preprocessing is not finished on si-score/rotation" in told(one_group(late, other))


def test_without_the_own_setting_there_is_nothing_to_compare_with(samples):
    group = one_group(make(samples, every(2), "preset=focus-paper"))
    assert (group.own, group.model) == (None, "m")
    table = variants.table(group)
    assert table["change"].isna().all()
    assert "has no result with its own preprocessing" in told(group)
    assert [each.spec for each in variant_missing.wanted(group).missing] == [
        *("m", "m?preset=zoom-paper", "m?preset=hard-imagenet-paper"),
    ]


def test_too_few_objects_carry_no_claim():
    few = make_samples("rotation", 72 * 4)
    n = len(few)
    group = one_group(make(few, np.ones(n, bool)), make(few, np.arange(n) % 2 > 0, "preset=focus-paper"))
    assert "rests on 4 objects, too few to claim" in told(group)


@pytest.mark.parametrize(
    ("transform", "said"),
    [
        ({}, "256 → 224"),
        ({"crop_pct": 1.0}, "224 → 224"),
        ({"crop_pct": 0.95}, "235 → 224"),
        ({"input_size": [3, 256, 256], "crop_pct": 1.0, "crop_mode": "squash"}, "squashed to 256"),
        ({"crop_mode": "squash"}, "squashed to 256 → 224"),
        ({"crop_mode": "squash-floor"}, "squashed to 256 → 224"),
        ({"crop_mode": "border"}, "padded, 256 → 224"),
        ({"crop_mode": "border-black"}, "padded, 256 → 224"),
        ({"input_size": [3, 192, 256], "crop_pct": 0.8}, "240 × 320 → 192 × 256"),
    ],
)
def test_sizes_in_words(transform, said):
    assert variant_words.geometry({**PREPROCESSING, **transform}) == said


def test_settings_in_words(samples):
    other = {**PREPROCESSING, "crop_pct": 1.0, "interpolation": "bilinear"}
    group = one_group(
        make(samples, all_right(), updated="2027-01-01T00:00:00+0000"),
        make(samples, all_right(), preprocessing=other),
        make(samples, all_right(), "preset=focus-paper&interpolation=nearest"),
        make(samples, all_right(), "interpolation=bilinear"),
    )
    assert variant_words.settings(group) == [
        *("own: 256 → 224, bicubic", "focus-paper: 224 → 224, nearest", "another config: 224 → 224, bilinear"),
        "bilinear",
    ]


def test_what_is_missing_can_be_typed(samples):
    group = one_group(make(samples, all_right()), make(samples, all_right(), "preset=focus-paper"))
    wanted = variant_missing.wanted(group)
    assert [(each.said, each.spec) for each in wanted.missing] == [
        ("hard-imagenet-paper: squashed to 256 → 224, bilinear", "m?preset=hard-imagenet-paper"),
        ("bilinear", "m?interpolation=bilinear"),
    ]
    # Its own is 256 → 224 already.
    assert wanted.same == ("zoom-paper: 256 → 224, bicubic",)
    assert variant_missing.command(group, wanted.missing) == (
        "python -m core evaluate --model 'm?preset=hard-imagenet-paper' --model 'm?interpolation=bilinear' "
        "--benchmark si-score/rotation"
    )


def test_a_model_of_one_size_is_not_asked_for_another(samples):
    large = {**PREPROCESSING, "input_size": [3, 384, 384], "crop_pct": 1.0}
    run = make(samples, all_right(), preprocessing=large)
    run = changed(run, model=replace(run.manifest.model, architecture="vit_base_patch16_384"))
    wanted = variant_missing.wanted(one_group(run))
    assert [said.partition(":")[0] for said in wanted.unfit] == ["focus-paper", "zoom-paper", "hard-imagenet-paper"]
    assert [each.said for each in wanted.missing] == ["bilinear"]
    run = changed(run, model=replace(run.manifest.model, architecture="resnet50"))
    assert variant_missing.wanted(one_group(run)).unfit == ()


def test_which_architectures_have_one_size_is_as_timms_own_configs_say():
    configs = {name: timm.models.get_pretrained_cfg(name) for name in timm.list_models()}
    wrong = [
        name
        for name, config in configs.items()
        if config is not None and variant_missing.has_one_size(name) != bool(config.fixed_input_size)
    ]
    assert len(configs) > 1000
    # Of another version of timm some new ones may differ.
    assert wrong == [] or (timm.__version__ != "1.0.31" and len(wrong) < 40)
    # Those of other libraries with position embeddings; their swin pads windows.
    fixed = ("torchvision vit_b_16", "torchvision maxvit_t", "ViTForImageClassification", "DeiTForImageClassification")
    free = ("torchvision swin_t", "torchvision resnet50", "SwinForImageClassification", "ResNetForImageClassification")
    assert [variant_missing.has_one_size(each) for each in (*fixed, *free)] == [True] * 4 + [False] * 4


def test_a_config_that_scales_pixels_otherwise_says_so(samples):
    other = {**PREPROCESSING, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    group = one_group(make(samples, all_right()), make(samples, all_right(), preprocessing=other))
    assert sorted(variant_words.settings(group))[0].startswith("another config: ")
    assert sorted(variant_words.settings(group))[0].endswith(", other mean and std")
    assert not variants.table(group)["same_pixels"].any()


def test_an_unfinished_setting_is_still_to_be_run(samples):
    group = one_group(make(samples, all_right(), done=0.5), make(samples, all_right(), "preset=focus-paper", done=0.5))
    said = [each.said for each in variant_missing.wanted(group).missing]
    assert said[:2] == ["own: 256 → 224, bicubic", "focus-paper: 224 → 224, bilinear"]


def test_of_weights_that_are_gone_nothing_can_be_run(samples, tmp_path):
    run = make(samples, all_right())
    run = changed(run, model=replace(run.manifest.model, source=f"local-dir:{tmp_path}/gone"))
    wanted = variant_missing.wanted(one_group(run))
    assert wanted.why_not == f"its weights are no longer at {tmp_path}/gone."
    assert wanted.missing == ()


def asked_with(samples, right, prompts, options=""):
    """A result of a zero-shot tower, as its source names and describes it."""
    asked = f"prompts={prompts}{options}"
    run = make(samples, right, asked, name="open-clip:tower", fingerprint="t",
               head=f"zero-shot: 7 prompts ({prompts}), 1,000 class names, texts 0123456789ab")  # fmt: skip
    return changed(run, model=replace(run.manifest.model, name=f"tower ({prompts})"))


def test_other_prompts_of_a_zero_shot_model_are_a_group_of_their_own(samples):
    own = asked_with(samples, all_right(), "simple-7")
    more = asked_with(samples, every(10), "openai-80")
    assert len(variants.groups([own, more])) == 2
    group = one_group(own, more, axis="prompts")
    assert (group.model, group.base) == ("tower", "open-clip:tower")
    assert variant_words.settings(group) == ["own: simple-7", "openai-80"]
    assert variants.table(group)["change"][1] == pytest.approx(-0.1)
    assert told(group).startswith("tower loses 10.0\u00a0points [")
    assert "with openai-80 in place of its own set of prompts" in told(group)
    assert variants.groups([make(samples, all_right())], "prompts") == []


def test_without_the_usual_prompts_there_is_nothing_to_compare_with(samples):
    group = one_group(asked_with(samples, all_right(), "single"), axis="prompts")
    assert group.own is None
    assert "has no result with its own set of prompts" in told(group)
    assert variant_missing.wanted(group).missing[0] == variant_missing.Missing("own: simple-7", "open-clip:tower")


def test_sets_of_prompts_that_were_not_asked_with_are_missing(samples):
    own = asked_with(samples, all_right(), "simple-7", "&classes=own-123")
    more = asked_with(samples, every(10), "openai-80", "&classes=own-123")
    missing = variant_missing.wanted(one_group(own, more, axis="prompts")).missing
    assert [each.said for each in missing] == ["clip-single", "single"]
    # The class names stay those of the results.
    assert missing[1].spec == "open-clip:tower?classes=own-123&prompts=single"


def test_models_that_were_asked_otherwise_are_not_alike(samples):
    own = asked_with(samples, all_right(), "simple-7")
    more = asked_with(samples, every(10), "openai-80")
    (said,) = alike.unlike([own, more])
    assert said.startswith("zero-shot: 7 prompts (simple-7), 1,000 class names")
    assert " against zero-shot: 7 prompts (openai-80)" in said
    assert alike.unlike([own, own]) == []
    (said,) = report.differences([own, more])
    assert said.startswith("compared runs differ in outputs: ")
    squashed = make(samples, all_right(), "preset=hard-imagenet-paper")
    assert "crop mode center against squash" in alike.unlike([make(samples, all_right()), squashed])


def test_provenance_says_a_paper_by_name(samples):
    assert variant_words.said_of(make(samples, all_right())) == ""
    run = make(samples, all_right(), "preset=focus-paper&interpolation=nearest")
    paper = presets.PRESETS["focus-paper"].paper
    assert variant_words.said_of(run) == f"as in {paper}, interpolation nearest asked for"
    assert variant_words.said_of(asked_with(samples, all_right(), "single")).startswith("zero-shot: 7 prompts (single)")


def test_a_policy_that_a_result_cannot_tell_is_refused(samples):
    group = one_group(make(samples, all_right()), make(samples, every(2), "preset=focus-paper"))
    assert set(variants.table(group, "top5")["policy"]) == {"top5"}
    with pytest.raises(UsageError, match=r"unknown policy 'unknown'\. Known: top1, top5, restricted\."):
        variants.table(one_group(make(samples, every(2), name="y", fingerprint="y")), "unknown")


def test_a_real_network_is_shown_images_in_other_ways(toy_model, colour_folder):
    """Of plain colours every preprocessing shows the same, so nothing is gained or lost."""
    from core.benchmarks import open_benchmark

    benchmark = open_benchmark("imagenet", colour_folder)
    runs = [evaluate(presets.applied(toy_model, options), benchmark)
            for options in ({}, {"preset": "focus-paper"}, {"interpolation": "nearest"})]  # fmt: skip
    group = one_group(*catalogue.told_apart(runs))
    table = variants.table(group)
    # 23 of 24 plain images are of the class of their folder.
    assert table["value"].tolist() == pytest.approx([23 / 24] * 3)
    assert table[["gained", "lost"]].to_numpy().sum() == 0
    assert table["change"].tolist()[1:] == [0.0, 0.0]
    assert group.model == "brightest-channel"
    restricted = variants.table(group, "restricted")
    assert restricted["value"].tolist() == pytest.approx([23 / 24] * 3)
