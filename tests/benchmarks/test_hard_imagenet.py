"""Hard ImageNet's ranking, RIVAL, and real photos."""

import pickle

import pytest

from core import benchmarks, store
from core.benchmarks.hard_imagenet import RIVAL_CLASSES
from core.evaluate import evaluate
from core.labels import label_space
from tests.benchmarks.mask_folders import BEAM, PUCK, SEMI, VAL_BEAM, VAN, mask, noted, opened, photo, rival
from tests.benchmarks.mask_folders import root as root

# The ranking.


def rank(root, name="paths_by_rank.pkl", numbers=(30, 1, 2)):
    names = [f"train/{BEAM}/{BEAM}_{number}.JPEG" for number in numbers]
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_bytes(pickle.dumps({416: names, 746: [f"train/{PUCK}/{PUCK}_5.JPEG"]}))


@pytest.mark.parametrize("name", ["paths_by_rank.pkl", "meta/paths_by_rank2.pkl"])
def test_a_ranking_beside_the_masks_is_a_factor(root, name):
    rank(root, name)
    # Of three, the first is 0, the second 1/2, the last 1; samples are sorted by name: 1, 2, 30.
    assert opened(root / "train").samples()["spurious_rank"].tolist() == [0.5, 1.0, 0.0]
    assert opened(root).samples()["spurious_rank"].isna().all()


def test_without_a_ranking_nothing_is_ranked(root):
    samples = opened(root).samples()
    assert samples["spurious_rank"].isna().all()
    assert samples["spurious_rank"].dtype == float


def test_of_several_rankings_the_last_beside_the_masks_is_used_and_named(root):
    rank(root, "paths_by_rank.pkl", (1, 2, 30))
    rank(root, "paths_by_rank2.pkl", (30, 2, 1))
    benchmark = opened(root / "train")
    assert benchmark.samples()["spurious_rank"].tolist() == [1.0, 0.5, 0.0]
    assert "of 2 rankings" in noted(benchmark)
    assert "paths_by_rank2.pkl is used" in noted(benchmark)


def test_a_hostile_ranking_is_left_out_and_named(root, tmp_path):
    (root / "paths_by_rank.pkl").write_bytes(f"cos\nsystem\n(S'touch {tmp_path}/ran'\ntR.".encode())
    benchmark = opened(root)
    assert benchmark.samples()["spurious_rank"].isna().all()
    assert "the ranking is left out" in noted(benchmark)
    assert "'os.system', which is code" in noted(benchmark)
    assert not (tmp_path / "ran").exists()


def test_a_new_ranking_changes_factors_and_no_prediction(root):
    benchmark = opened(root / "train")
    before, digest = benchmarks.label_stamp(benchmark), benchmark.pool_digest()
    rank(root)
    assert benchmarks.label_stamp(benchmark) != before
    assert opened(root / "train").pool_digest() == digest


# RIVAL.


def test_rivals_classes_are_ten_pairs_of_imagenets():
    names = {name: [label_space("imagenet-1k").names[label_space("imagenet-1k").index_of_wnid[w]] for w in wnids]
             for name, wnids in RIVAL_CLASSES.items()}  # fmt: skip
    assert names == {
        "truck": ["moving van", "trailer truck"],
        "car": ["beach wagon", "convertible"],
        "plane": ["airliner", "warplane"],
        "ship": ["liner", "container ship"],
        "cat": ["Persian cat", "Egyptian cat"],
        "dog": ["Labrador retriever", "golden retriever"],
        "equine": ["sorrel", "zebra"],
        "deer": ["gazelle", "impala"],
        "frog": ["tailed frog", "tree frog"],
        "bird": ["goldfinch", "house finch"],
    }


def test_rival_takes_imagenets_validation_images_of_both_folders(tmp_path):
    rival(tmp_path / "rival")
    ten, twenty = opened(tmp_path / "rival", "rival10"), opened(tmp_path / "rival", "rival20")
    assert ten.samples()["wnid"].tolist() == twenty.samples()["wnid"].tolist() == [VAN, SEMI]
    assert ten.samples()["class"].tolist() == ["truck", "truck"]
    assert twenty.samples()["class"].tolist() == ["moving van", "trailer truck"]
    assert ten.samples()["accepted"].tolist() == [[675, 867], [675, 867]]
    assert twenty.samples()["accepted"].tolist() == [[675], [867]]
    assert "1 of 3 masks are of ImageNet's training images; not used." in noted(ten)
    assert ten.mask(ten.samples()["sample_id"][0]).sum() == 150


def test_one_folder_of_rival_is_asked_for_by_its_name(tmp_path):
    rival(tmp_path / "rival")
    benchmark = opened(tmp_path / "rival" / "train", "rival10")
    assert benchmark.samples()["class"].tolist() == ["cat", "truck"]
    assert "1 of 2 images are ImageNet's training images." in noted(benchmark)
    assert opened(tmp_path / "rival" / "test", "rival10").samples()["wnid"].tolist() == [VAN]


def test_both_rivals_share_one_pool(tmp_path, toy_model):
    rival(tmp_path / "rival")
    ten, twenty = opened(tmp_path / "rival", "rival10"), opened(tmp_path / "rival", "rival20")
    assert ten.pool_digest() == twenty.pool_digest()
    runs = [evaluate(toy_model, each, device="cpu") for each in (ten, twenty)]
    assert runs[0].identity == runs[1].identity


def test_a_class_that_rival_does_not_have_is_left_out(tmp_path):
    images = rival(tmp_path / "rival")
    mask(tmp_path / "rival" / "test" / "entire_object_masks" / f"{BEAM}_{VAL_BEAM}")
    photo(images / "val" / BEAM / VAL_BEAM)
    benchmark = opened(tmp_path / "rival", "rival20")
    assert len(benchmark.samples()) == 2
    assert "1 masks are of classes that 'rival20' does not have" in noted(benchmark)


def test_a_mask_in_both_folders_is_used_once(tmp_path):
    rival(tmp_path / "rival")
    mask(tmp_path / "rival" / "train" / "entire_object_masks" / f"{VAN}_ILSVRC2012_val_00000011.JPEG", box=None)
    benchmark = opened(tmp_path / "rival", "rival20")
    assert benchmark.samples()["object_area"].tolist() == [0.125, 0.125]
    assert "1 masks are there twice; the first was used" in noted(benchmark)


# Real photos.


@pytest.fixture
def real(shared, tmp_path):
    """The six photos of Hard ImageNet's classes, laid out as ImageNet is."""
    source = shared / "data" / "hard-imagenet-mini"
    for path in sorted((source / "val").iterdir()):
        wnid, _, file = path.name.partition("_")
        folder = tmp_path / "imagenet" / "val" / wnid
        folder.mkdir(parents=True)
        (folder / file).symlink_to(shared / "data" / "imagenet-sample" / wnid / file)
    return benchmarks.open_and_remember("hard-imagenet", source, tmp_path / "imagenet")


@pytest.mark.shared
def test_the_real_photos_are_read_with_their_masks(real):
    samples = real.samples().set_index("class")
    assert sorted(samples.index) == [
        *("balance beam", "horizontal bar", "patio", "puck", "space bar", "volleyball"),
    ]
    assert real.notes == []
    # A puck is a few pixels, a patio much of the picture.
    assert samples.at["puck", "object_area"] < 0.01
    assert samples["object_area"].idxmax() == "patio"
    for sample_id in samples["sample_id"]:
        found = real.mask(sample_id)
        assert found.shape == real.image(sample_id).size[::-1]
        assert 0 < found.mean() < 0.9


@pytest.mark.shared
@pytest.mark.parametrize("view", ["clean", "ablations"])
def test_a_real_model_is_evaluated_on_the_real_photos(real, shared, monkeypatch, view):
    monkeypatch.setenv("OFFCENTER_MODELS", str(shared / "models"))
    run = evaluate("mobilenetv2_100.tf_quant", real, view=view, device="cpu")
    assert run.complete
    said = store.read(run)
    # The volleyball is cut away by the model's crop: an answer to the rest is none without the object.
    left_out = said["sample_id"].str.contains("volleyball") & (view == "ablations")
    assert said.loc[~left_out, "error"].isna().all()
    assert said.loc[left_out, "error"].str.contains("outside of the model's crop").all()
    assert left_out.sum() == (5 if view == "ablations" else 0)
    assert set(said["sample_id"]) == set(real.samples()["sample_id"])
    assert len(said) == 6 * run.n_views
