"""Outputs and classes: larger cuts of ImageNet reduced, other orders put right, a background left out."""

import json
import re

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
from safetensors.torch import load_file
from timm.data import ImageNetInfo
from torchvision.models._meta import _IMAGENET_CATEGORIES

from core import labels, models
from core.benchmarks import open_benchmark
from core.errors import LabelSpaceError, ModelError
from core.evaluate.features import split
from core.evaluate.plan import Plan
from core.images.opening import open_rgb
from core.images.preprocess import Preprocess
from core.models.classes import NONE, _published
from core.models.configs import identify_labels
from core.models.forward import Forward
from core.models.heads import Head, Reduced, head_of, with_head
from tests.models.test_sources import make_folder

SPACE = labels.label_space(labels.IMAGENET_1K)
TEN = list(labels.label_space(labels.FOCUS_10).names)

#: Outputs, timm's name of their list, and how many of ImageNet's classes it lacks: counted in the lists themselves.
LISTS = [
    (21841, "imagenet-22k", ["n04399382"]),
    (21842, "imagenet-22k-ms", []),
    (21843, "imagenet-21k-goog", ["n04399382"]),
    (
        11821,
        "imagenet-12k",
        ["n02085782", "n02089078", "n02089867", "n02091635", "n02112706", "n03710721", "n04399382"],
    ),
    (11221, "imagenet-21k-miil", None),
]


@pytest.mark.parametrize(("n", "subset", "lacking"), LISTS)
def test_a_head_of_a_larger_cut_is_reduced_by_wordnet_id(n, subset, lacking):
    ids, head = ImageNetInfo(subset).label_names(), head_of(n)
    assert (head.label_space, head.num_classes, len(head.columns)) == (labels.IMAGENET_1K, 1000, 1000)
    assert head.said.startswith(f"reduced from {n:,} outputs to ImageNet's 1,000 classes by WordNet id")
    absent = [SPACE.wnids[at] for at, column in enumerate(head.columns) if column == NONE]
    assert all(ids[column] == SPACE.wnids[at] for at, column in enumerate(head.columns) if column != NONE)
    assert len(absent) <= 10
    assert not set(absent) & set(ids)
    assert ("of them no output stands for" in head.said) == bool(absent)
    if lacking is not None:
        assert absent[:2] == lacking[:2]
        assert len(absent) == len(lacking)


def test_zebra_is_where_the_list_of_22k_has_its_id():
    # n02391049 stands in line 4,059 of timm's list, counted from 1 with grep -n.
    at = ImageNetInfo("imagenet-22k").label_names().index("n02391049")
    assert head_of(21841).columns[340] == at


def test_ids_of_a_config_decide_and_not_the_number_of_outputs():
    ids = [*reversed(SPACE.wnids), *(f"n9{number:07}" for number in range(20841))]
    head = head_of(21841, ids)
    assert head.columns == tuple(range(999, -1, -1))
    sparse = head_of(5000, {str(at + 7): wnid for at, wnid in enumerate(SPACE.wnids)})
    assert sparse.columns == tuple(range(7, 1007))


def test_words_confirm_the_list_of_that_length_or_rule_it_out():
    info = ImageNetInfo("imagenet-22k")
    said = info.label_descriptions()
    assert head_of(21841, said).columns == head_of(21841).columns
    assert head_of(21841, dict(enumerate(said))).columns == head_of(21841).columns
    assert head_of(21841, sorted(said)).label_space == "classes-21841"
    assert head_of(21841, ["something"] * 21841).label_space == "classes-21841"


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([*SPACE.wnids[11:], *(f"n9{number:07}" for number in range(500))], r"11 of .* missing \(tench, goldfish"),
        ([*SPACE.wnids, SPACE.wnids[3]], "1,001 outputs"),
        ([*SPACE.wnids, SPACE.wnids[3], "n90000000"], "of which 3 and 1000 have one WordNet id, n01491361"),
    ],
)
def test_ids_that_do_not_name_the_thousand_classes_are_refused_with_what_is_wrong(ids, said):
    head = head_of(len(ids), ids)
    assert head.label_space == f"classes-{len(ids)}"
    assert not head.columns
    assert head.num_classes == len(ids)
    assert re.search(said, head.why)


@pytest.mark.parametrize("n", [2, 999, 1002, 19168, 115217])
def test_a_number_of_outputs_that_nothing_names_stays_what_it_is(n):
    head = head_of(n)
    assert (head.label_space, head.columns, head.said) == (f"classes-{n}", (), "")
    assert f"{n:,} outputs" in head.why


@pytest.mark.parametrize("kind", ["names", "wnids"])
def test_a_thousand_classes_in_another_order_are_put_right(kind):
    given = list(getattr(SPACE, kind))
    # The classes one place on: class 0 is the last output.
    head = head_of(1000, [*given[1:], given[0]])
    assert head.label_space == labels.IMAGENET_1K
    assert head.columns == (999, *range(999))
    assert re.fullmatch(
        r"1,000 outputs put into the order of ImageNet's classes by their names \(order [0-9a-f]{6}\)", head.said
    )


def test_other_orders_of_the_same_outputs_are_said_to_be_others():
    ids, published = list(SPACE.wnids), list(_published("imagenet21k_goog_synsets.txt"))
    said = {
        head_of(len(names), names).said
        for names in (ids, ids[::-1], [*ids[1:], ids[0]], published, published[::-1], [*published[1:], published[0]])
    }
    assert len(said) == 6
    # The list that is known by its length is as it always was.
    assert head_of(21843, published).said == head_of(21843).said
    assert "order" not in head_of(21843).said


def test_two_swapped_classes_among_many_in_order_are_put_right():
    names = [lemmas.split(",")[0] for lemmas in SPACE.lemmas]
    # All of them unique: each of the words that two classes share with what tells them apart.
    for at in (134, 264, 474, 517, 638, 639):
        names[at] = SPACE.names[at]
    assert head_of(1000, names) == Head(labels.IMAGENET_1K, 1000)
    names[0], names[1] = names[1], names[0]
    assert head_of(1000, names).columns == (1, 0, *range(2, 1000))


def test_names_as_libraries_write_them_are_in_their_order():
    published = [list(_IMAGENET_CATEGORIES), ImageNetInfo("imagenet-1k").label_descriptions()]
    for names in published:
        assert head_of(1000, names) == Head(labels.IMAGENET_1K, 1000)
        assert head_of(1001, ["background", *names]).columns == tuple(range(1, 1001))
        # Backwards, words that two classes share are not guessed at.
        assert head_of(1000, names[::-1]).label_space == "classes-1000"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        # Names in ImageNet's order backwards, with a word that two classes share.
        ({134: "crane"}, r"'crane' \(output 865\) may be crane \(bird\), n02012849 or crane \(machine\), n03126707"),
        ({264: "CARDIGAN"}, r"'CARDIGAN' \(output 735\) may be Cardigan, n02113186 or cardigan, n02963159"),
        ({638: "maillot", 639: "maillot"}, r"'maillot' \(output 36\d\)"),
        ({836: "sunglasses"}, r"'sunglasses' \(output 163\).*both name"),
        ({744: "missile"}, r"'missile' \(output 255\) and 'missile' \(output 342\) both name missile \(n03773504\)"),
        ({5: "unicorn"}, r"'unicorn' \(output 994\) names no class"),
        ({5: "uni\n\x1b[31mcorn" + "!" * 999}, r"'uni \?\[31mcorn!{47}…' \(output 994\) names no class of ImageNet$"),
    ],
)
def test_no_two_outputs_become_one_class_and_none_is_guessed(changes, said):
    names = list(SPACE.names)
    for at, name in changes.items():
        names[at] = name
    head = head_of(1000, names[::-1])
    assert head.label_space == "classes-1000"
    assert re.search(said, head.why), head.why


def test_names_mostly_in_order_with_some_moved_and_one_unknown_are_refused():
    names = list(SPACE.names)
    names[7], names[8], names[500] = names[8], names[7], "unicorn"
    for given in (names, dict(list(enumerate(names))[:-1])):
        head = head_of(1000, given)
        assert head.label_space == "classes-1000"
        assert "but 'hen' is output 7 there and 'cock' output 8" in head.why
    # A name that is another's too moves nothing, nor does one that nobody knows.
    names = list(SPACE.names)
    names[744], names[500] = "missile", "unicorn"
    assert head_of(1000, names) == Head(labels.IMAGENET_1K, 1000)


@pytest.mark.parametrize("form", ["{} {}", "{}: {}", "{}_{}", " {}, {}"])
def test_a_wordnet_id_counts_and_not_the_words_behind_it(form):
    names = [form.format(wnid, lemmas) for wnid, lemmas in zip(SPACE.wnids, SPACE.lemmas, strict=True)]
    assert head_of(1000, names) == Head(labels.IMAGENET_1K, 1000)
    assert head_of(1000, names[::-1]).columns == tuple(range(999, -1, -1))
    assert head_of(1001, ["background", *names]).columns == tuple(range(1, 1001))


def test_words_that_two_classes_share_are_told_apart_by_wordnet_id():
    names = list(SPACE.names)
    names[134], names[517] = SPACE.wnids[134], SPACE.wnids[517]
    assert head_of(1000, names[::-1]).columns == tuple(range(999, -1, -1))


@pytest.mark.parametrize("form", ["LABEL_{}", "class {}", "{}", "Class-{}"])
def test_names_that_only_count_say_nothing(form):
    assert head_of(1000, [form.format(at) for at in range(1000)]) == Head(labels.IMAGENET_1K, 1000)
    assert head_of(21841, [form.format(at) for at in range(21841)]).num_classes == 1000
    assert head_of(7, {at: form.format(at) for at in range(7)}).label_space == "classes-7"


def test_numbers_in_another_order_than_the_outputs_say_that_it_is_another():
    # As folders are sorted that are named by number: 0, 1, 10, 100, 101, ...
    assert head_of(1000, sorted(map(str, range(1000)))).label_space == "classes-1000"


def test_the_ten_of_focus_in_another_order_are_put_right():
    head = head_of(10, sorted(TEN))
    # Sorted: bird car cat deer dog frog horse plane ship truck.
    assert head.columns == (9, 1, 7, 8, 2, 4, 6, 3, 5, 0)
    assert head.label_space == labels.FOCUS_10
    assert head.said.startswith("10 outputs put into the order of FOCUS's classes by their names (order ")
    assert head_of(10, TEN) == Head(labels.FOCUS_10, 10)
    assert head_of(10, [*TEN[:9], "boat"]).label_space == "classes-10"
    assert head_of(10, [*TEN[:9], TEN[0]]).label_space == "classes-10"


def test_classes_of_ones_own_in_another_order_are_put_right():
    key = labels.keep_own(["tomato", "apple", "red onion"])
    assert head_of(3, ["tomato", "apple", "red_onion"]) == Head(key, 3)
    head = head_of(3, ["Red onion", "tomato", "apple"])
    assert (head.label_space, head.columns) == (key, (1, 2, 0))
    assert head_of(3, ["tomato", "apple", "apple"]).label_space == "classes-3"
    assert head_of(3, {"0": "tomato", "2": "apple"}).label_space == "classes-3"
    # A damaged list of classes hides no other.
    labels.own_file("own-000000000000").write_text("{")
    assert head_of(3, ["Red onion", "tomato", "apple"]).label_space == key


@pytest.mark.parametrize(
    ("names", "columns", "which"),
    [
        (["background", *SPACE.lemmas], tuple(range(1, 1001)), "first"),
        ([*SPACE.names, "background"], tuple(range(1000)), "last"),
        ({"0": "Background"}, tuple(range(1, 1001)), "first"),
        (["__nothing here__", *SPACE.wnids], tuple(range(1, 1001)), "first"),
        ([*SPACE.wnids[::-1], "void"], tuple(range(999, -1, -1)), "last"),
    ],
)
def test_a_background_class_is_left_out_where_names_tell_which_it_is(names, columns, which):
    head = head_of(1001, names)
    assert (head.label_space, head.num_classes, head.columns) == (labels.IMAGENET_1K, 1000, columns)
    assert head.said.startswith(f"without the {which} of 1,001 outputs, a background class")


@pytest.mark.parametrize(
    "names",
    [
        None,
        [f"LABEL_{at}" for at in range(1001)],
        [*SPACE.names, "tench"],
        ["background", *SPACE.names[:0:-1], "unicorn"],
        ["background", *[f"thing {at}" for at in range(999)], "background"],
        ["background", *SPACE.names[1:], "background"],
    ],
)
def test_without_such_names_the_two_counts_are_said(names):
    head = head_of(1001, names)
    assert head.label_space == "classes-1001"
    assert "1,001 outputs, where ImageNet has 1,000 classes" in head.why


@pytest.mark.parametrize(
    ("names", "said"),
    [(["a", None], "None for class 1"), ({"x": "a"}, "keys"), ({"-1": "a"}, "index -1"), ({0: "a", "0": "b"}, "twice")],
)
def test_names_in_no_known_form_are_named(names, said):
    with pytest.raises(ValueError, match=said):
        head_of(2, names)


class Counting(torch.nn.Module):
    """Five outputs: 0, 10, 20, 30 and 40."""

    def forward(self, inputs):
        return 10.0 * torch.arange(5.0).repeat(len(inputs), 1)


def test_a_reduced_network_gives_its_columns_and_never_an_absent_class():
    module = with_head(Counting(), Head("classes-3", 3, (4, NONE, 1)))
    logits = module(torch.zeros(2, 3, 8, 8))
    assert logits.tolist() == [[40.0, -1e4, 10.0]] * 2
    assert logits.softmax(1)[0, 1] == 0
    assert with_head(Counting(), Head("classes-5", 5)).__class__ is Counting
    assert Reduced(Counting(), (2, 0))(torch.zeros(1, 3, 8, 8)).tolist() == [[20.0, 0.0]]


def wide_folder(folder, n, **config):
    """A model folder with so many outputs and random weights; its network."""
    return make_folder(folder, num_classes=n, **config)


@pytest.mark.parametrize("n", [11221, 21842, 21843])
def test_a_folder_of_a_larger_cut_gives_the_outputs_of_the_thousand_classes(tmp_path, n):
    whole, spec = wide_folder(tmp_path / "m", n), f"local-dir:{tmp_path / 'm'}"
    described, loaded = models.describe(spec), models.load(spec, "cpu")
    assert described.label_space == loaded.label_space == labels.IMAGENET_1K
    assert described.name == "m"
    assert described.num_classes == 1000
    assert described.head.startswith(f"reduced from {n:,} outputs")
    assert f"R{described.head[1:]}." in described.notes
    inputs = torch.randn(2, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    columns = torch.tensor(head_of(n).columns)
    with torch.no_grad():
        found, expected = loaded.module(inputs), whole(inputs)
    kept = columns != NONE
    assert torch.equal(found[:, kept], expected[:, columns[kept]])
    assert (found[:, ~kept] < found.amin()).sum() == 0
    assert models.label_space_of(tmp_path / "m") == labels.IMAGENET_1K


def test_features_of_a_reduced_network_have_the_rows_of_its_classes(tmp_path):
    wide_folder(tmp_path / "m", 21841)
    model = models.load(f"local-dir:{tmp_path / 'm'}", "cpu")
    body, head = split(model)
    inputs = torch.randn(2, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = body.module(inputs).numpy() @ head[:, :-1].T + head[:, -1]
        expected = model.module(inputs).numpy()
    teddy = 850
    assert found[:, teddy].tolist() == [-1e4, -1e4]
    assert np.allclose(np.delete(found, teddy, 1), np.delete(expected, teddy, 1), atol=1e-4)
    assert SPACE.names[teddy] == "teddy"


@pytest.mark.slow
@pytest.mark.shared
def test_a_trained_network_with_more_outputs_says_of_photos_what_it_said(shared, tmp_path):
    """The rows of a network of ImageNet's 1,000 classes at their places among 21,841, the others lower or higher."""
    source = shared / "models" / "tf_efficientnet_lite0.pypi"
    config, state = json.loads((source / "config.json").read_text()), load_file(source / "model.safetensors")
    columns = torch.tensor(head_of(21841).columns)
    there = columns != NONE
    for name in ("classifier.weight", "classifier.bias"):
        wide = torch.full((21841, *state[name].shape[1:]), 0.5, dtype=state[name].dtype)
        wide[columns[there]] = state[name][there]
        state[name] = wide
    for each in (config, config["pretrained_cfg"]):
        each["num_classes"] = 21841
        each.pop("label_names", None)
    (tmp_path / "wide").mkdir()
    (tmp_path / "wide" / "config.json").write_text(json.dumps(config))
    safetensors.torch.save_file(state, tmp_path / "wide" / "model.safetensors")
    usual, wide = (models.load(f"local-dir:{folder}", "cpu") for folder in (source, tmp_path / "wide"))
    preprocess = Preprocess(usual.transform)
    photos = sorted((shared / "data" / "imagenet-sample").rglob("*.JPEG"))[:8]
    pixels = np.stack([preprocess(open_rgb(path)) for path in photos])
    with torch.inference_mode():
        expected, found = (Forward(model)(torch.from_numpy(pixels)) for model in (usual, wide))
    assert torch.allclose(found[:, there], expected[:, there], atol=1e-4)
    assert (found[:, ~there] < found[:, there].amin(1, keepdim=True)).all()


def test_timms_names_of_larger_cuts_are_described_as_reduced():
    for name, n in (
        ("vit_tiny_patch16_224.augreg_in21k", 21843),
        ("convnext_tiny.fb_in22k", 21841),
        ("convnext_nano.in12k", 11821),
        ("mobilenetv3_large_100.miil_in21k", 11221),
        ("focalnet_large_fl3.ms_in22k", 21842),
    ):
        source = models.resolve(name)
        assert head_of(source.config["num_classes"]).said.startswith(f"reduced from {n:,}")


def test_a_network_of_features_has_no_classes_and_says_what_to_do(monkeypatch, tmp_path):
    source = models.resolve("aimv2_1b_patch14_224.apple_pt")
    with pytest.raises(ModelError, match=r"gives features and no classes \(num_classes is 0\)"):
        source.described()


def test_embeddings_of_clip_are_no_classes_and_say_what_to_give():
    name = "vit_base_patch16_clip_224.openai"
    head = identify_labels(timm.get_pretrained_cfg(name).to_dict(), name)
    assert head.label_space == "classes-512"
    assert head.why.endswith("for CLIP, whose outputs are embeddings, give both towers (open-clip:...)")
    tuned = "vit_base_patch16_clip_224.openai_ft_in1k"
    assert identify_labels(timm.get_pretrained_cfg(tuned).to_dict(), tuned) == Head(labels.IMAGENET_1K, 1000)


def test_swapped_names_in_a_folder_make_another_identity_and_the_right_classes(tmp_path, colour_folder):
    wnids = list(SPACE.wnids)
    plain = make_folder(tmp_path / "plain")
    make_folder(tmp_path / "swapped", label_names=[wnids[1], wnids[0], *wnids[2:]])
    usual, swapped = (models.load(f"local-dir:{tmp_path / name}", "cpu") for name in ("plain", "swapped"))
    inputs = torch.randn(1, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, found = plain(inputs), swapped.module(inputs)
    assert found[0, :2].tolist() == [expected[0, 1].item(), expected[0, 0].item()]
    assert usual.fingerprint == swapped.fingerprint
    benchmark = open_benchmark("imagenet", colour_folder)
    identities = {Plan.of(model, benchmark).identity(model) for model in (usual, swapped)}
    assert len(identities) == 2
    assert usual.head == ""


def test_names_listed_after_a_model_was_looked_at_count_from_then_on(tmp_path):
    make_folder(tmp_path / "m", num_classes=2, label_names=["apple", "tomato"])
    assert models.describe(f"local-dir:{tmp_path / 'm'}").label_space == "classes-2"
    key = labels.keep_own(["tomato", "apple"])
    assert models.describe(f"local-dir:{tmp_path / 'm'}").label_space == key


def test_timms_offset_leaves_out_the_background_of_a_weights_file(tmp_path):
    whole = make_folder(tmp_path / "m", label_offset=1)
    state = {
        name: torch.cat([torch.full_like(value[:1], 9.0), value]) if name.startswith("head.") else value
        for name, value in whole.state_dict().items()
    }
    safetensors.torch.save_file(state, tmp_path / "m" / "model.safetensors")
    model = models.load(f"local-dir:{tmp_path / 'm'}", "cpu")
    assert model.label_space == labels.IMAGENET_1K
    assert torch.equal(model.module.head.bias, whole.head.bias)


def test_a_head_that_fits_no_benchmark_is_loaded_and_refused_there_with_what_helps(tmp_path, colour_folder):
    make_folder(tmp_path / "m", num_classes=1002)
    model = models.load(f"local-dir:{tmp_path / 'm'}", "cpu")
    assert model.num_classes == 1002
    with pytest.raises(LabelSpaceError, match=r"1,002 outputs, where ImageNet has 1,000 classes.*label_names"):
        Plan.of(model, open_benchmark("imagenet", colour_folder))


def test_the_mean_of_a_distilled_networks_two_heads_is_taken(tmp_path):
    folder = tmp_path / "m"
    folder.mkdir()
    torch.manual_seed(0)
    module = timm.create_model("deit_tiny_distilled_patch16_224", num_classes=1000).eval()
    cfg = {key: value for key, value in module.pretrained_cfg.items() if key in ("mean", "std", "input_size")}
    cfg |= {"num_classes": 1000, "first_conv": "patch_embed.proj", "classifier": ["head", "head_dist"]}
    (folder / "config.json").write_text(
        json.dumps({"architecture": "deit_tiny_distilled_patch16_224", "num_classes": 1000, "pretrained_cfg": cfg})
    )
    safetensors.torch.save_file(module.state_dict(), folder / "model.safetensors")
    loaded = models.load(f"local-dir:{folder}", "cpu").module
    inputs = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        tokens = module.forward_features(inputs)
        expected = (module.head(tokens[:, 0]) + module.head_dist(tokens[:, 1])) / 2
        assert torch.allclose(loaded(inputs), expected, atol=1e-6)


def test_nothing_speaks_for_a_class_without_an_output():
    outputs = torch.tensor([[3.0, -2.0, 1.0]], requires_grad=True)
    found = Reduced(torch.nn.Identity(), (2, NONE))(outputs)
    (of_absent,) = torch.autograd.grad(found[0, 1], outputs, retain_graph=True)
    (of_kept,) = torch.autograd.grad(found[0, 0], outputs)
    assert (of_absent.tolist(), of_kept.tolist()) == ([[0, 0, 0]], [[0, 0, 1]])
