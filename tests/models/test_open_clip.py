"""Models of open_clip: found, described, loaded, and equal to open_clip's own pipeline."""

import json
import os
import pickle
import sys

import huggingface_hub
import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from core import models
from core.errors import LabelSpaceError, ModelError, ModelUnavailableError, UsageError
from core.images.preprocess import Preprocess, open_rgb
from core.models.forward import Forward
from core.models.sources.from_open_clip import find
from core.models.zero_shot.configs import Config, transform_of
from core.models.zero_shot.prompts import prompts_of
from core.paths import EMBEDDED
from tests.getting.server import site
from tests.tiny_models import tiny_open_clip

open_clip = pytest.importorskip("open_clip")

FOCUS = ("truck", "car", "plane", "ship", "cat", "dog", "horse", "deer", "frog", "bird")
#: A small part of the texts of the seven prompts, and the ten classes.
WORDS = ("itap", "of", "a", "bad", "photo", "the", "large", "art", "small", "in", "video", *FOCUS)
COCA = {
    "vision": {"attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True},
    "text": {"embed_cls": True, "output_tokens": True, "context_length": 23},
    "multimodal_cfg": {"context_length": 24, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
    "custom_text": True,
}
#: Names, and how the tiny model is made.
KINDS = {
    "clip": {},
    "pickled": {"weights": "open_clip_pytorch_model.bin"},
    "quickgelu": {"quick_gelu": True},
    "words": {"words": WORDS},
    "siglip": {
        "words": WORDS,
        "custom_text": True,
        "init_logit_bias": -10.0,
        "text": {"no_causal_mask": True, "pool_type": "last"},
        "preprocess": {"mean": [0.5] * 3, "std": [0.5] * 3, "resize_mode": "squash"},
    },
    "coca": COCA,
    "resnet": {"vision": {"layers": [1, 1, 1, 1], "width": 16, "head_width": 32}},
    "timm": {"vision": {"timm_model_name": "test_vit", "timm_pool": "", "image_size": 160}},
    "padded": {"preprocess": {"resize_mode": "longest", "interpolation": "bilinear"}},
}


def pictures():
    """Pictures of several shapes, as open_clip's transform and ours open them."""
    files = sorted((EMBEDDED / "diorama" / "backgrounds" / "snow").glob("*.jpg"))[:2]
    found = [open_rgb(path) for path in files]
    width, height = found[0].size
    return [*found, found[0].crop((0, 0, width // 2 + 1, height)), found[1].crop((3, 5, width, height // 3))]


def ours(model, images):
    """Logits as the engine gives them."""
    pixels = np.stack([Preprocess(model.transform)(image) for image in images])
    return Forward(model)(torch.from_numpy(pixels))


def theirs(folder, images, templates, names):
    """Logits of open_clip's own pipeline: its transform, its tokenizer, its zero-shot classifier."""
    network, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    network.eval()
    weights = open_clip.build_zero_shot_classifier(network, tokenizer, names, templates)
    with torch.no_grad():
        features = network.encode_image(torch.stack([transform(image) for image in images]), normalize=True)
        logits = network.logit_scale.exp() * features @ weights
    return logits if network.logit_bias is None else logits + network.logit_bias


@pytest.mark.parametrize("kind", KINDS)
def test_logits_are_those_of_open_clips_own_pipeline(tmp_path, kind):
    tiny_open_clip(tmp_path / kind, **KINDS[kind])
    model = models.load(f"open-clip:{tmp_path / kind}?classes=focus-10", "cpu")
    images = pictures()
    expected = theirs(tmp_path / kind, images, [*prompts_of("simple-7").templates], FOCUS)
    found = ours(model, images)
    assert torch.allclose(found, expected, atol=1e-5), (found - expected).abs().max()
    # Images and classes differ, so that the comparison can fail.
    assert expected.std(dim=0).min() > 1e-3
    assert expected.std(dim=1).min() > 1e-3


@pytest.mark.shared
def test_logits_of_real_photos_are_those_of_open_clips_own_pipeline(tmp_path, shared):
    tiny_open_clip(tmp_path / "tiny")
    files = sorted((shared / "data" / "imagenet-sample").rglob("*.JPEG"))[:24]
    images = [open_rgb(path) for path in files]
    model = models.load(f"open-clip:{tmp_path / 'tiny'}?prompts=openai-80&classes=focus-10", "cpu")
    expected = theirs(tmp_path / "tiny", images, open_clip.OPENAI_IMAGENET_TEMPLATES, FOCUS)
    assert torch.allclose(ours(model, images), expected, atol=1e-5)
    assert expected.std(dim=0).min() > 1e-3


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear", "random"])
@pytest.mark.parametrize("size", [48, (40, 56)])
def test_pixels_are_those_of_open_clips_transform(mode, interpolation, size):
    preprocess = {"resize_mode": mode, "interpolation": interpolation, "mean": 0.4, "std": (0.2, 0.3, 0.4)}
    config = Config({"vision_cfg": {"image_size": size}, "text_cfg": {}}, preprocess, "here")
    rendered = Preprocess(transform_of(config))
    transform = open_clip.image_transform(size, is_train=False, **preprocess)
    # Up to the normalisation, which is the last step.
    transform.transforms.pop()
    for width, height in ((64, 64), (48, 48), (101, 64), (47, 130), (31, 20), (300, 41), (55, 57)):
        image = Image.fromarray(np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8))
        expected = (transform(image) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        np.testing.assert_array_equal(rendered(image), expected)


def test_a_border_of_the_mean_colour_is_timms(tmp_path):
    config = {"vision_cfg": {}, "text_cfg": {}}
    preprocess = {"resize_mode": "longest", "mean": [0.5] * 3, "fill_color": 128}
    assert transform_of(Config(config, preprocess, "here"))["crop_mode"] == "border"
    with pytest.raises(ModelError, match=r"'fill_color' is 7; .* black, 0, or with the mean colour"):
        transform_of(Config(config, {**preprocess, "fill_color": 7}, "here"))


def test_a_model_says_what_it_is(tmp_path):
    tiny_open_clip(tmp_path / "tiny")
    model = models.describe(f"open-clip:local-dir:{tmp_path / 'tiny'}")
    assert model.name == "tiny (simple-7)"
    assert model.source == f"open-clip:{tmp_path / 'tiny'}?prompts=simple-7"
    assert (model.label_space, model.num_classes) == ("imagenet-1k", 1000)
    assert model.head.startswith("zero-shot: 7 prompts (simple-7), 1,000 class names, texts ")
    assert model.architecture.startswith("open_clip CLIP (config ")
    assert model == models.describe(model.source)


def test_prompts_classes_and_preprocessing_are_part_of_the_name_and_the_identity_not_of_the_fingerprint(tmp_path):
    tiny_open_clip(tmp_path / "tiny")
    base = f"open-clip:{tmp_path / 'tiny'}"
    one, other, ten = (
        models.describe(f"{base}{options}")
        for options in ("", "?prompts=single", "?classes=focus&interpolation=bilinear")
    )
    assert one.fingerprint == other.fingerprint == ten.fingerprint
    assert len({one.head, other.head, ten.head}) == 3
    assert other.name == "tiny (single)"
    assert ten.name == "tiny (simple-7, focus-10 classes) (bilinear)"
    assert ten.source == f"{base}?classes=focus-10&interpolation=bilinear&prompts=simple-7"


def test_a_folder_of_models_names_it(tmp_path, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path))
    tiny_open_clip(tmp_path / "tiny")
    model = models.describe("tiny?classes=focus-10")
    assert model.source == f"open-clip:{tmp_path / 'tiny'}?classes=focus-10&prompts=simple-7"
    assert models.describe("tiny").name == "tiny (simple-7)"


def test_a_folder_in_two_formats_is_open_clips_where_that_is_asked_for(tmp_path):
    tiny_open_clip(tmp_path / "tiny")
    (tmp_path / "tiny" / "config.json").write_text('{"architecture": "test_vit"}')
    model = models.describe(f"open-clip:{tmp_path / 'tiny'}?classes=focus")
    assert model.source == f"open-clip:{tmp_path / 'tiny'}?classes=focus-10&prompts=simple-7"


def test_a_question_mark_in_a_folders_name_is_no_option(tmp_path):
    tiny_open_clip(tmp_path / "a?b c=d")
    model = models.describe(f"open-clip:{tmp_path / 'a?b c=d'}?prompts=single")
    assert model.name == "a?b c=d (single)"
    assert models.describe(model.source) == model


def test_an_edited_tokenizer_is_another_head(tmp_path):
    tiny_open_clip(tmp_path / "tiny", words=WORDS)
    spec = f"open-clip:{tmp_path / 'tiny'}?classes=focus-10"
    before = models.load(spec, "cpu")
    path = tmp_path / "tiny" / "tokenizer.json"
    content = json.loads(path.read_text())
    words = content["model"]["vocab"]
    words["truck"], words["bird"] = words["bird"], words["truck"]
    path.write_text(json.dumps(content))
    after = models.load(spec, "cpu")
    assert before.fingerprint == after.fingerprint
    assert before.head != after.head
    swapped = before.module.head.weight[[9, *range(1, 9), 0]]
    assert torch.allclose(after.module.head.weight, swapped, atol=1e-6)


def test_only_the_image_tower_stays(tmp_path):
    whole = tiny_open_clip(tmp_path / "tiny")
    model = models.load(f"open-clip:{tmp_path / 'tiny'}?classes=focus-10", "cpu")
    assert [name for name, _ in model.module.named_children()] == ["visual", "head"]
    kept = sum(parameter.numel() for parameter in model.module.parameters())
    assert kept == sum(parameter.numel() for parameter in whole.visual.parameters()) + 10 * 32


def test_the_text_tower_is_not_asked_twice(tmp_path, monkeypatch):
    tiny_open_clip(tmp_path / "tiny")
    spec = f"open-clip:{tmp_path / 'tiny'}?classes=focus-10"
    first = models.load(spec, "cpu")
    monkeypatch.setattr(open_clip.CLIP, "encode_text", lambda *_, **__: pytest.fail("asked again"))
    assert torch.equal(models.load(spec, "cpu").module.head.weight, first.module.head.weight)


def test_weights_of_a_sigmoid_say_so(tmp_path):
    tiny_open_clip(tmp_path / "tiny", init_logit_bias=-10.0, init_logit_scale=2.0)
    model = models.load(f"open-clip:{tmp_path / 'tiny'}?classes=focus-10", "cpu")
    assert any("sigmoid" in note and "softmax" in note for note in model.notes)
    assert model.module.head.bias == -10.0


# --- names of published weights


@pytest.mark.parametrize("where", ["ViT-B-32/laion2b_s34b_b79k", "ViT-B/32/laion2b-s34b-b79k"])
def test_a_published_name_is_architecture_and_tag(where):
    source = find(where, {})
    assert source.name == "ViT-B-32.laion2b_s34b_b79k (simple-7)"
    assert source.spec == "open-clip:ViT-B-32/laion2b_s34b_b79k?prompts=simple-7"
    assert source.repo == "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
    assert source.names == ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")


@pytest.mark.slow
def test_all_published_weights_have_a_source_with_a_preprocessing_and_the_activation_of_their_training():
    for architecture, tag in open_clip.list_pretrained():
        source = find(f"{architecture}/{tag}", {})
        assert source.repo.count("/") == 1, (architecture, tag)
        said = open_clip.get_pretrained_cfg(architecture, tag)
        transform = transform_of(source.config)
        Preprocess(transform)
        assert transform["mean"] == list(said["mean"])
        own = open_clip.get_model_config(architecture).get("quick_gelu", False)
        assert source.config.model.get("quick_gelu", False) == (said.get("quick_gelu", False) or own)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("ViT-B-32", r"'ViT-B-32' of open_clip needs a tag\. Tags: openai, .*laion2b_s34b_b79k.*ViT-B-32/openai"),
        ("ViT-B/32", r"'ViT-B-32' of open_clip needs a tag"),
        ("ViT-B-32/laion2b", r"no weights tagged 'laion2b'\. Did you mean 'laion2b_"),
        ("ViT-B-33/openai", r"no architecture 'ViT-B-33'\. Did you mean 'ViT-B-32'"),
        ("nonsense", r"no architecture 'nonsense'.*open-clip:FOLDER"),
        ("/nowhere/at/all", r"has no open_clip_config\.json"),
        ("local-dir:nowhere", r"has no open_clip_config\.json"),
        ("ViT-B-32/openai?prompts=x", r"prompts 'x' are unknown"),
        ("ViT-B-32/openai?classes=x", r"classes 'x' are unknown"),
        ("ViT-B-32/openai?prompt=single", r"no option 'prompt'.*Did you mean 'prompts'"),
    ],
)
def test_an_unknown_name_is_answered_with_the_known_ones(where, said):
    with pytest.raises(UsageError, match=said):
        models.describe(f"open-clip:{where}")


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    tiny_open_clip(tmp_path / "tiny")
    monkeypatch.setitem(sys.modules, "open_clip", None)
    for where in (tmp_path / "tiny", "ViT-B-32/openai"):
        with pytest.raises(ModelError, match="pip install open_clip_torch"):
            models.describe(f"open-clip:{where}")


# --- what does not fit


def edited(folder, **fields):
    """A tiny model with other fields in its config; ``None`` takes one away."""
    tiny_open_clip(folder)
    path = folder / "open_clip_config.json"
    content = json.loads(path.read_text())
    for name, value in fields.items():
        at = content
        *outer, last = name.split("__")
        for each in outer:
            at = at[each]
        if value is None:
            at.pop(last)
        else:
            at[last] = value
    path.write_text(json.dumps(content))
    return f"open-clip:{folder}?classes=focus-10"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"model_cfg": None}, "has no object 'model_cfg'"),
        ({"model_cfg": [1]}, "has no object 'model_cfg'"),
        ({"preprocess_cfg": [1]}, "'preprocess_cfg' is \\[1\\]"),
        ({"model_cfg__vision_cfg": None}, "no object 'vision_cfg'"),
        ({"model_cfg__text_cfg": "x"}, "no object 'text_cfg'"),
        ({"model_cfg__embed_dim": "32"}, "'embed_dim' is \"32\""),
        ({"model_cfg__embed_dim": -1}, "'embed_dim' is -1"),
        ({"model_cfg__emb": 1}, "'model_cfg' holds 'emb'"),
        ({"model_cfg__vision_cfg__widht": 1}, "'vision_cfg' holds 'widht'.*Did you mean 'width'"),
        ({"model_cfg__text_cfg__tokenizer_kwargs": {"trust_remote_code": True}}, "holds 'trust_remote_code'"),
        ({"model_cfg__text_cfg__tokenizer_kwargs": {"bpe_path": "/etc/passwd"}}, "holds 'bpe_path'"),
        ({"model_cfg__text_cfg__tokenizer_kwargs": [1]}, "'tokenizer_kwargs' is \\[1\\]"),
        ({"model_cfg__text_cfg__context_length": "long"}, "'context_length' is \"long\""),
        ({"model_cfg__text_cfg__hf_tokenizer_name": 3}, "'hf_tokenizer_name' is 3"),
        ({"model_cfg__vision_cfg__timm_model_name": "test_vitt"}, "image tower 'test_vitt'.*'test_vit'"),
        ({"model_cfg__vision_cfg__timm_model_name": "hf-hub:a/b"}, "does not know the image tower"),
        ({"model_cfg__vision_cfg__image_size": "big"}, "'input_size' is"),
        ({"model_cfg__vision_cfg__image_size": 10**6}, "'input_size' is"),
        ({"preprocess_cfg__resize_mode": "widest"}, "'resize_mode' is \"widest\".*shortest, longest, squash"),
        ({"preprocess_cfg__interpolation": "lanczos"}, "'interpolation' is \"lanczos\""),
        ({"preprocess_cfg__mode": "L"}, "'mode' is \"L\""),
        ({"preprocess_cfg__mean": "x"}, "'mean' is"),
        ({"preprocess_cfg__mean": True}, "'mean' is"),
        ({"preprocess_cfg__std": [0.0, 1.0, 1.0]}, "'std' is"),
        ({"preprocess_cfg": {"mean": "x", "resize_mode": "longest", "fill_color": 7}}, "'mean' is"),
    ],
)
def test_a_config_that_says_what_cannot_be_is_answered_with_its_field(tmp_path, fields, said):
    with pytest.raises(ModelError, match=said) as caught:
        models.describe(edited(tmp_path / "tiny", **fields))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000])
def test_a_config_that_is_no_json_object_is_named(tmp_path, text):
    tiny_open_clip(tmp_path / "tiny")
    (tmp_path / "tiny" / "open_clip_config.json").write_text(text)
    with pytest.raises(ModelError, match=r"open_clip_config\.json"):
        models.describe(f"open-clip:{tmp_path / 'tiny'}")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"model_cfg__embed_dim": 48}, r"do not fit CLIP.*text_projection is \[32, 32\] in the weights and \[32, 48\]"),
        ({"model_cfg__vision_cfg__layers": 3}, r"the network has visual\.transformer\.resblocks\.2"),
        ({"model_cfg__vision_cfg__layers": 1}, r"the weights have visual\.transformer\.resblocks\.1"),
        ({"model_cfg__vision_cfg__width": 0}, "makes no network of 'model_cfg'"),
        ({"model_cfg__vision_cfg__layers": "two"}, "makes no network of 'model_cfg'"),
        ({"model_cfg__text_cfg__heads": 7}, "makes no network of 'model_cfg'"),
        ({"model_cfg__vision_cfg__pool_type": "what"}, "makes no network of 'model_cfg'"),
    ],
)
@pytest.mark.slow
def test_weights_of_another_architecture_are_refused(tmp_path, fields, said):
    with pytest.raises(ModelError, match=said) as caught:
        models.load(edited(tmp_path / "tiny", **fields), "cpu")
    assert "\n" not in str(caught.value)


def test_a_folder_without_weights_and_damaged_ones_are_named(tmp_path):
    tiny_open_clip(tmp_path / "tiny")
    spec, path = f"open-clip:{tmp_path / 'tiny'}?classes=focus-10", tmp_path / "tiny" / "open_clip_model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="cannot be read as weights"):
        models.load(spec, "cpu")
    path.unlink()
    with pytest.raises(ModelError, match=r"has none of open_clip_model\.safetensors"):
        models.load(spec, "cpu")


def test_timms_weights_beside_are_not_taken(tmp_path):
    tiny_open_clip(tmp_path / "tiny")
    safetensors.torch.save_file({"conv.weight": torch.zeros(3)}, tmp_path / "tiny" / "model.safetensors")
    assert models.load(f"open-clip:{tmp_path / 'tiny'}?classes=focus-10", "cpu").num_classes == 10


def test_a_checkpoint_with_code_is_refused_and_not_run(tmp_path):
    class Harmful:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "was-run"),)

    tiny_open_clip(tmp_path / "tiny", weights="open_clip_pytorch_model.bin")
    with open(tmp_path / "tiny" / "open_clip_pytorch_model.bin", "wb") as stream:
        pickle.dump({"state_dict": Harmful()}, stream)
    with pytest.raises(ModelError, match="cannot be read as weights"):
        models.load(f"open-clip:{tmp_path / 'tiny'}?classes=focus-10", "cpu")
    assert not (tmp_path / "was-run").exists()


def test_a_tokenizer_with_code_is_refused_and_not_run(tmp_path):
    tiny_open_clip(tmp_path / "tiny", words=WORDS)
    (tmp_path / "tiny" / "mine.py").write_text(
        f"import os\nos.mkdir({str(tmp_path / 'was-run')!r})\nclass Mine: pass\n"
    )
    path = tmp_path / "tiny" / "tokenizer_config.json"
    content = {
        **json.loads(path.read_text()),
        "tokenizer_class": "Mine",
        "auto_map": {"AutoTokenizer": ["mine.Mine", None]},
    }
    path.write_text(json.dumps(content))
    with pytest.raises(ModelError, match="its tokenizer in"):
        models.load(f"open-clip:{tmp_path / 'tiny'}?classes=focus-10", "cpu")
    assert not (tmp_path / "was-run").exists()


def test_a_text_tower_with_code_is_refused_and_not_run(tmp_path):
    pytest.importorskip("transformers")
    spec = edited(tmp_path / "tiny", model_cfg__text_cfg__hf_model_name="tester/tower")
    (tmp_path / "tiny" / "mine.py").write_text(
        f"import os\nos.mkdir({str(tmp_path / 'was-run')!r})\nclass Mine: pass\n"
    )
    content = {"model_type": "mine", "auto_map": {"AutoConfig": "mine.Mine", "AutoModel": "mine.Mine"}}
    (tmp_path / "tiny" / "config.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match="the text tower 'tester/tower' cannot be built"):
        models.load(spec, "cpu")
    assert not (tmp_path / "was-run").exists()


def test_a_damaged_tokenizer_and_one_of_other_words_are_named(tmp_path):
    tiny_open_clip(tmp_path / "tiny", words=WORDS)
    spec, path = f"open-clip:{tmp_path / 'tiny'}?classes=focus-10", tmp_path / "tiny" / "tokenizer.json"
    content = json.loads(path.read_text())
    content["model"]["vocab"]["ship"] = 999
    path.write_text(json.dumps(content))
    with pytest.raises(ModelError, match="does not take what the tokenizer gives"):
        models.load(spec, "cpu")
    path.write_text("{")
    with pytest.raises(ModelError, match=r"its tokenizer in .* cannot be read"):
        models.load(spec, "cpu")


@pytest.mark.parametrize("words", [(), WORDS])
def test_a_text_whose_end_would_be_cut_off_is_refused(tmp_path, words):
    tiny_open_clip(tmp_path / "tiny", words=words)
    # The text tower reads 24 tokens; open_clip's tokenizer adds one at each end, the other one at the end.
    room = 24 - (1 if words else 2)
    for n, is_good in ((room - 1, True), (room, False)):
        (tmp_path / "p.txt").write_text(" ".join(["a"] * n) + " {}\n")
        spec = f"open-clip:{tmp_path / 'tiny'}?classes=focus-10&prompts={tmp_path / 'p.txt'}"
        if is_good:
            models.load(spec, "cpu")
        else:
            with pytest.raises(ModelError, match="has 25 tokens; this model's text tower reads 24"):
                models.load(spec, "cpu")


def test_half_precision_keeps_what_tells_classes_apart(tmp_path):
    tiny_open_clip(tmp_path / "tiny", init_logit_scale=4.6)
    model = models.load(f"open-clip:{tmp_path / 'tiny'}?classes=focus-10", "cpu")
    pixels = torch.from_numpy(np.stack([Preprocess(model.transform)(image) for image in pictures()]))
    found = Forward(model, "bf16")(pixels)
    # Half precision itself has steps of 2 ** -2 for logits near 40; these have finer ones.
    assert not torch.equal(found, found.bfloat16().float())
    assert torch.allclose(found, Forward(model)(pixels), atol=2.0)


def test_names_that_are_spelt_otherwise_are_noticed(tmp_path):
    tiny_open_clip(tmp_path / "tiny")
    heads = []
    for spelling in ("apple\npear\n", "Apple\npear\n"):
        (tmp_path / "f.txt").write_text(spelling)
        kept = models.describe(f"open-clip:{tmp_path / 'tiny'}?classes={tmp_path / 'f.txt'}")
        heads.append(kept.head)
        assert models.describe(kept.source).head == kept.head
    assert heads[0] != heads[1]


def test_classes_that_are_not_kept_are_asked_for(tmp_path):
    tiny_open_clip(tmp_path / "tiny")
    with pytest.raises(LabelSpaceError, match="give the file again"):
        models.describe(f"open-clip:{tmp_path / 'tiny'}?classes=own-0123456789ab")


# --- the hub, on this machine

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub on this machine with an empty cache; what is called publishes a folder there as a repository."""
    for name in [name for name in os.environ if "proxy" in name.lower()]:
        monkeypatch.delenv(name)
    with site() as web:
        template = web.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", web.address)
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)

        def publish(repo, folder, files=None):
            for path in files or sorted(folder.iterdir()):
                content = path.read_bytes()
                headers = {"X-Repo-Commit": REVISION, "X-Linked-Size": str(len(content))}
                for revision in (REVISION, "main"):
                    etag = f'"{hash(content) & 0xFFFFFFFF:08x}"'
                    web.put(f"/{repo}/resolve/{revision}/{path.name}", content, etag=etag, headers=headers)

        yield publish, web


def test_a_model_of_the_hub_is_that_of_the_folder_it_was_pushed_from(hub, tmp_path, monkeypatch):
    publish, web = hub
    tiny_open_clip(tmp_path / "tiny", words=WORDS)
    files = [path for path in (tmp_path / "tiny").iterdir() if not path.name.startswith("tokenizer")]
    publish("tester/tiny", tmp_path / "tiny", files)
    publish("tester/words", tmp_path / "tiny", list((tmp_path / "tiny").glob("tokenizer*")))
    spec = "open-clip:hf-hub:tester/tiny?classes=focus-10"
    model = models.load(spec, "cpu")
    local = models.load(f"open-clip:{tmp_path / 'tiny'}?classes=focus-10", "cpu")
    assert model.name == "tester/tiny (simple-7, focus-10 classes)"
    assert model.source == "open-clip:hf-hub:tester/tiny?classes=focus-10&prompts=simple-7"
    for field in ("fingerprint", "architecture", "transform", "head", "label_space"):
        assert getattr(model, field) == getattr(local, field)
    assert torch.equal(ours(model, pictures()), ours(local, pictures()))
    # Then it works without the hub.
    n = len(web.requests)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert models.load(spec, "cpu").head == model.head
    assert len(web.requests) == n


def test_published_weights_come_from_their_repository(hub, tmp_path, monkeypatch):
    publish, _ = hub
    tiny_open_clip(tmp_path / "tiny")
    config = json.loads((tmp_path / "tiny" / "open_clip_config.json").read_text())["model_cfg"]
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "Tiny-8", config)
    said = {"hf_hub": "tester/tiny/", "mean": (0.5,) * 3, "std": (0.5,) * 3, "quick_gelu": True, "url": ""}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "Tiny-8", {"photos": said})
    publish("tester/tiny", tmp_path / "tiny", [tmp_path / "tiny" / "open_clip_model.safetensors"])
    model = models.load("open-clip:Tiny-8/photos?classes=focus-10", "cpu")
    assert model.name == "Tiny-8.photos (simple-7, focus-10 classes)"
    assert model.transform["mean"] == [0.5] * 3
    assert any("QuickGELU" in note for note in model.notes)
    network = open_clip.create_model("Tiny-8", force_quick_gelu=True)
    state = safetensors.torch.load_file(tmp_path / "tiny" / "open_clip_model.safetensors")
    network.load_state_dict(state)
    inputs = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = network.eval().encode_image(inputs, normalize=True)
        assert torch.allclose(model.module.features(inputs), expected, atol=1e-6)


def test_without_the_hub_a_tokenizer_of_the_hub_is_asked_for_beside_the_model(hub, tmp_path, monkeypatch):
    tiny_open_clip(tmp_path / "tiny", words=WORDS)
    for path in (tmp_path / "tiny").glob("tokenizer*"):
        path.unlink()
    spec = f"open-clip:{tmp_path / 'tiny'}?classes=focus-10"
    # The hub has no such repository.
    with pytest.raises(ModelError, match="its tokenizer, tester/words"):
        models.describe(spec)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelUnavailableError, match=r"its tokenizer, tester/words, .*copy tokenizer\.json") as caught:
        models.describe(spec)
    assert "into the model's folder" in str(caught.value)


_TOWER = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
_POSITIONS = {"vocab_size": len(WORDS) + 3, "max_position_embeddings": 40, "pad_token_id": 0}
#: Text towers by transformers' class of their config: what makes them tiny, and what open_clip's configs pool by.
TOWERS = {
    "RobertaConfig": ({**_POSITIONS, **_TOWER}, "mean_pooler"),
    "M2M100Config": (
        {
            **_POSITIONS,
            **{"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "bos_token_id": 1, "eos_token_id": 2},
            **{
                "encoder_attention_heads": 2,
                "decoder_attention_heads": 2,
                "encoder_ffn_dim": 64,
                "decoder_ffn_dim": 64,
            },
        },
        "cls_pooler",
    ),
    "MT5Config": (
        {"vocab_size": len(WORDS) + 3, "d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 1, "num_heads": 2},
        "mean_pooler",
    ),
}


@pytest.mark.parametrize(
    "tower", ["RobertaConfig", *(pytest.param(each, marks=pytest.mark.slow) for each in [*TOWERS][1:])]
)
def test_a_text_tower_of_transformers_needs_its_config_and_then_equals_open_clips(hub, tmp_path, monkeypatch, tower):
    transformers = pytest.importorskip("transformers")
    fields, pooler = TOWERS[tower]
    getattr(transformers, tower)(**fields).save_pretrained(tmp_path / "tower")
    text = {"hf_model_name": str(tmp_path / "tower"), "hf_proj_type": "linear", "hf_pooler_type": pooler}
    text["hf_model_pretrained"] = False
    with monkeypatch.context() as patched:
        # The class is chosen by the config, as open_clip does for towers of transformers.
        patched.setattr(open_clip, "CLIP", open_clip.CustomTextCLIP)
        tiny_open_clip(tmp_path / "tiny", words=WORDS, text=text)
    spec = f"open-clip:{tmp_path / 'tiny'}?classes=focus-10"
    expected = theirs(tmp_path / "tiny", pictures(), [*prompts_of("simple-7").templates], FOCUS)
    with pytest.raises(ModelError, match="the config of the text tower"):
        models.load(spec, "cpu")
    config = tmp_path / "tiny" / "config.json"
    config.write_bytes((tmp_path / "tower" / "config.json").read_bytes())
    model = models.load(spec, "cpu")
    assert torch.allclose(ours(model, pictures()), expected, atol=1e-5)
    # What the config says decides what the tower makes of a text, whatever is kept of earlier ones.
    content = json.loads(config.read_text())
    assert content["model_type"] in ("roberta", "m2m_100", "mt5")
    config.write_text(
        json.dumps({**content, "layer_norm_eps": 0.5, "layer_norm_epsilon": 0.5, "scale_embedding": False})
    )
    other = models.load(spec, "cpu")
    assert other.fingerprint == model.fingerprint
    assert other.head != model.head
    assert not torch.allclose(ours(other, pictures()), expected, atol=1e-4)


def test_weights_that_count_their_positions_are_taken(tmp_path, monkeypatch):
    tiny_open_clip(tmp_path / "tiny")
    path = tmp_path / "tiny" / "open_clip_model.safetensors"
    state = safetensors.torch.load_file(path)
    spec = f"open-clip:{tmp_path / 'tiny'}?classes=focus-10"
    expected = ours(models.load(spec, "cpu"), pictures())
    counted = ("text.transformer.embeddings.position_ids", "text.transformer.embed_positions.weights")
    safetensors.torch.save_file({**state, **{name: torch.zeros(1, 4) for name in counted}}, path)
    assert torch.equal(ours(models.load(spec, "cpu"), pictures()), expected)
    safetensors.torch.save_file({**state, "text.transformer.embed_positions.scales": torch.zeros(4)}, path)
    with pytest.raises(ModelError, match=r"the weights have text\.transformer\.embed_positions\.scales"):
        models.load(spec, "cpu")
