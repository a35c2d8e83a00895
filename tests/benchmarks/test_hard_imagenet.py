import copy
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from core import benchmarks, paths, store
from core.benchmarks import object_masks
from core.benchmarks.hard_imagenet import RIVAL_CLASSES
from core.errors import DataError, ImageError, StorageError, UsageError
from core.evaluate import evaluate
from core.labels import label_space
from tests.cli.test_cli import run as run
from tests.conftest import REPO

BEAM, PUCK = "n02777292", "n04019541"
VAL_BEAM, VAL_PUCK = "ILSVRC2012_val_00000007.JPEG", "ILSVRC2012_val_00000003.JPEG"
VAN, SEMI, CAT = "n03796401", "n04467665", "n02123394"


def photo(path, size=(40, 30), colour=(200, 90, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def mask(path, size=(40, 30), box=(0, 0, 10, 15)):
    """A mask whose object is a rectangle: left, top, right, bottom."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("L", size, 0)
    if box is not None:
        picture.paste(255, box)
    picture.save(path, quality=95)


def hard_imagenet(root):
    """Two validation images, three training images, ImageNet beside; its folder is remembered."""
    images = root.parent / "ilsvrc"
    for wnid, file in ((BEAM, VAL_BEAM), (PUCK, VAL_PUCK)):
        photo(images / "val" / wnid / file)
        mask(root / "val" / f"{wnid}_{file}")
    for number in (1, 2, 30):
        photo(images / "train" / BEAM / f"{BEAM}_{number}.JPEG")
        mask(root / "train" / f"{BEAM}_{BEAM}_{number}.JPEG")
    paths.remember_data(f"images of {root}", images)
    return images


def rival(root):
    """Of ImageNet's validation images one in RIVAL's train and one in its test folder; and a training image."""
    images = root.parent / "ilsvrc"
    for split, wnid, file in (
        ("test", VAN, "ILSVRC2012_val_00000011.JPEG"),
        ("train", SEMI, "ILSVRC2012_val_00000012.JPEG"),
        ("train", CAT, f"{CAT}_99.JPEG"),
    ):
        photo(images / ("val" if "val" in file else "train") / wnid / file)
        mask(root / split / "entire_object_masks" / f"{wnid}_{file}")
    paths.remember_data(f"images of {root}", images)
    return images


@pytest.fixture
def root(tmp_path):
    hard_imagenet(tmp_path / "masks")
    return tmp_path / "masks"


@pytest.fixture
def images(root):
    return root.parent / "ilsvrc"


def opened(root, key="hard-imagenet"):
    return benchmarks.open_benchmark(key, root)


def noted(benchmark):
    benchmark.samples()
    return "\n".join(benchmark.notes)


# Layout, classes and splits.


def test_masks_are_joined_to_their_images_by_name(root, images):
    benchmark = opened(root)
    samples = benchmark.samples()
    assert samples["sample_id"].tolist() == [f"{BEAM}/{VAL_BEAM}", f"{PUCK}/{VAL_PUCK}"]
    assert samples["class"].tolist() == ["balance beam", "puck"]
    assert samples["accepted"].tolist() == [[416], [746]]
    assert samples["wnid"].tolist() == [BEAM, PUCK]
    assert benchmark.path(f"{BEAM}/{VAL_BEAM}") == images / "val" / BEAM / VAL_BEAM
    assert benchmark.image(f"{BEAM}/{VAL_BEAM}").size == (40, 30)
    assert benchmark.notes == []


def test_the_folder_of_training_masks_is_asked_for_by_its_name(root):
    samples = opened(root / "train").samples()
    # The file's name has its class again; the mask's name has it twice.
    assert samples["sample_id"].tolist() == [f"{BEAM}/{BEAM}_{number}.JPEG" for number in (1, 2, 30)]
    assert opened(root / "val").samples()["sample_id"].tolist() == opened(root).samples()["sample_id"].tolist()


def test_training_masks_are_used_and_named_where_there_are_no_others(root):
    for path in (root / "val").iterdir():
        path.unlink()
    (root / "val").rmdir()
    benchmark = opened(root)
    assert len(benchmark.samples()) == 3
    assert "training images" in noted(benchmark)


@pytest.mark.parametrize("layout", ["classes", "flat", "flat in val", "the other split"])
def test_imagenet_may_lie_in_other_ways(root, images, layout):
    benchmark = opened(root)
    before = benchmark.samples()
    folder = images / "val"
    if layout.startswith("flat"):
        for path in list(folder.glob("*/*")):
            path.rename((folder if layout == "flat in val" else images) / path.name)
    paths.remember_data(
        f"images of {root}",
        {"classes": folder, "flat": images, "flat in val": images, "the other split": images / "train"}[layout],
    )
    after = opened(root)
    assert after.samples().equals(before)
    assert after.image(f"{PUCK}/{VAL_PUCK}").size == (40, 30)
    if layout in ("classes", "the other split"):
        assert after.pool_digest() == benchmark.pool_digest()


def test_masks_in_the_wrong_split_are_found_counted_and_named(root):
    (root / "val" / f"{BEAM}_{VAL_BEAM}").rename(root / "train" / f"{BEAM}_{VAL_BEAM}")
    (root / "train" / f"{BEAM}_{BEAM}_30.JPEG").rename(root / "val" / f"{BEAM}_{BEAM}_30.JPEG")
    validation, training = opened(root), opened(root / "train")
    assert validation.samples()["sample_id"].tolist() == [f"{BEAM}/{BEAM}_30.JPEG", f"{PUCK}/{VAL_PUCK}"]
    assert f"{BEAM}/{VAL_BEAM}" in training.samples()["sample_id"].tolist()
    for benchmark, name in ((validation, f"{BEAM}_{BEAM}_30.JPEG"), (training, f"{BEAM}_{VAL_BEAM}")):
        assert (
            f"1 masks are, by their names, of ImageNet's other split than their folder; move or rename it: {name}."
            in (benchmark.notes)
        )


def test_what_is_no_mask_of_a_class_is_counted_and_left_out(root):
    mask(root / "val" / "n99999999_x.JPEG")
    mask(root / "val" / "beam.JPEG")
    (root / "val" / "readme.txt").write_text("masks")
    benchmark = opened(root)
    assert len(benchmark.samples()) == 2
    notes = noted(benchmark)
    assert "1 masks are of classes that 'hard-imagenet' does not have and were left out: n99999999_x.JPEG" in notes
    assert "1 files are not named <wnid>_<file> and were left out: beam.JPEG" in notes


def test_masks_without_image_are_counted_and_the_first_named(root, images):
    for number in range(5):
        mask(root / "val" / f"{BEAM}_ILSVRC2012_val_0000010{number}.JPEG")
    benchmark = opened(root)
    assert len(benchmark.samples()) == 2
    first = ", ".join(f"val/{BEAM}/ILSVRC2012_val_0000010{number}.JPEG" for number in range(3))
    assert f"5 masks have no image in {images} and were left out" in noted(benchmark)
    assert f"{first} and 2 more." in noted(benchmark)


# What cannot be read.


def test_without_images_the_option_is_named(root):
    paths.remember_data(f"images of {root}", root.parent / "gone")
    with pytest.raises(DataError, match=r"gone is not a folder.*--images IMAGENET"):
        opened(root).samples()
    (paths.data_home() / "settings.json").unlink()
    with pytest.raises(DataError, match=r"no folder of ImageNet's images is known.*--images IMAGENET"):
        opened(root).samples()


def test_a_folder_that_is_not_imagenet_is_named_with_an_example(root, tmp_path):
    (tmp_path / "empty").mkdir()
    paths.remember_data(f"images of {root}", tmp_path / "empty")
    with pytest.raises(
        DataError, match=rf"none of the 2 masks .* in {tmp_path}/empty, for example val/{BEAM}/.*--images"
    ):
        opened(root).samples()


def test_a_folder_without_masks_is_an_error_that_says_what_it_should_hold(root, images, tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(DataError, match=r"x has no folder val or test or train\. Download"):
        opened(tmp_path / "x").samples()
    with pytest.raises(DataError, match="no folder val/entire_object_masks or"):
        opened(root, "rival10").samples()
    mask(tmp_path / "x" / "val" / "beam.png")
    paths.remember_data("imagenet", images)
    with pytest.raises(DataError, match=r"no mask named <wnid>_<file> of a class .* but for example beam\.png"):
        opened(tmp_path / "x").samples()


def noise(path, size=(40, 30)):
    pixels = np.random.default_rng(0).integers(70, 190, (*size[::-1], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def test_photographs_where_masks_belong_are_an_error_that_names_one(root):
    for path in (root / "val").iterdir():
        noise(path)
    with pytest.raises(
        DataError, match=rf"2 of 2 files .* are photographs where masks belong, such as .*{BEAM}_{VAL_BEAM}"
    ):
        opened(root).samples()


def test_one_photograph_among_masks_is_counted_and_is_no_mask(root):
    noise(root / "val" / f"{BEAM}_{VAL_BEAM}")
    benchmark = opened(root)
    samples = benchmark.samples()
    assert len(samples) == 2
    assert np.isnan(samples["object_area"].iloc[0])
    assert f"1 masks are photographs, not masks, and count as none: put the published masks back: {BEAM}_" in noted(
        benchmark
    )
    with pytest.raises(ImageError, match="is a photograph"):
        benchmark.mask(samples["sample_id"].iloc[0])


def test_a_damaged_mask_is_counted_and_its_image_stays(root):
    (root / "val" / f"{BEAM}_{VAL_BEAM}").write_bytes(b"no JPEG")
    benchmark = opened(root)
    assert benchmark.samples()["object_area"].isna().tolist() == [True, False]
    assert "1 masks cannot be read as images" in noted(benchmark)
    with pytest.raises(ImageError, match=r"the mask .* cannot be opened") as caught:
        benchmark.mask(f"{BEAM}/{VAL_BEAM}")
    assert caught.value.digest is None


def test_an_image_with_a_damaged_mask_fails_alone(root, toy_model):
    (root / "val" / f"{PUCK}_{VAL_PUCK}").write_bytes(b"no JPEG")
    run = evaluate(toy_model, opened(root), view="ablations", device="cpu")
    assert run.complete
    said = store.read(run).groupby("sample_id")["error"].agg(lambda errors: errors.notna().all())
    assert said.to_dict() == {f"{BEAM}/{VAL_BEAM}": False, f"{PUCK}/{VAL_PUCK}": True}
    assert store.read(evaluate(toy_model, opened(root), device="cpu"))["error"].isna().all()


def test_an_empty_mask_is_kept_and_counted(root):
    mask(root / "val" / f"{BEAM}_{VAL_BEAM}", box=None)
    benchmark = opened(root)
    samples = benchmark.samples()
    assert samples["object_area"].iloc[0] == 0
    assert np.isnan(samples["centre_distance"].iloc[0])
    assert "1 masks are empty; their images stay" in noted(benchmark)
    assert not benchmark.mask(f"{BEAM}/{VAL_BEAM}").any()


def test_a_mask_of_another_size_and_the_same_shape_is_scaled_and_counted(root):
    mask(root / "val" / f"{BEAM}_{VAL_BEAM}", size=(20, 15), box=(10, 0, 20, 15))
    benchmark = opened(root)
    found = benchmark.mask(f"{BEAM}/{VAL_BEAM}")
    assert found.shape == (30, 40)
    assert found[:, 20:].all()
    assert not found[:, :20].any()
    assert benchmark.samples()["object_area"].iloc[0] == 0.5
    assert "1 masks are of another size than their image and of its shape; they are scaled to it" in noted(benchmark)


@pytest.mark.parametrize("size", [(30, 40), (40, 40), (60, 30)])
def test_a_mask_of_another_shape_is_refused_and_counted(root, size):
    mask(root / "val" / f"{BEAM}_{VAL_BEAM}", size=size)
    benchmark = opened(root)
    assert benchmark.samples()["object_area"].isna().tolist() == [True, False]
    assert "1 masks have another shape than their image and count as none" in noted(benchmark)
    with pytest.raises(ImageError, match=rf"is {size[0]} x {size[1]} pixels and its image 40 x 30"):
        benchmark.mask(f"{BEAM}/{VAL_BEAM}")


def test_an_exif_rotation_is_not_applied_to_either(root, images):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 30)).save(images / "val" / BEAM / VAL_BEAM, exif=exif)
    assert opened(root).mask(f"{BEAM}/{VAL_BEAM}").shape == (30, 40)


# Pixels.


def test_a_pixel_belongs_to_the_object_from_half_on(root):
    levels = np.zeros((30, 40), np.uint8)
    levels[0, :4] = (127, 128, 1, 255)
    name = "ILSVRC2012_val_00000009"
    Image.fromarray(levels).save(root / "val" / f"{BEAM}_{name}.png")
    photo(root.parent / "ilsvrc" / "val" / BEAM / f"{name}.png")
    found = opened(root).mask(f"{BEAM}/{name}.png")
    assert found[0, :4].tolist() == [False, True, False, True]
    assert found.sum() == 2


def test_area_and_distance_are_those_of_hand(root):
    # 10 x 15 of 40 x 30 pixels; its centre is (5, 7.5), 15 and 7.5 from (20, 15), whose own distance to a corner is 25.
    row = opened(root).samples().iloc[0]
    assert row["object_area"] == pytest.approx(150 / 1200)
    assert row["centre_distance"] == pytest.approx(np.hypot(15, 7.5) / 25)


def test_measures_at_their_ends():
    whole = np.ones((6, 8), bool)
    assert object_masks.measure(whole) == (1.0, 0.0)
    corner = np.zeros((600, 800), bool)
    corner[0, 0] = True
    # The middle of a corner's pixel is half a pixel from the corner each way: 499.3 of 500.
    assert object_masks.measure(corner) == (1 / 480_000, pytest.approx(np.hypot(399.5, 299.5) / 500))
    # Two objects in opposite corners have their common centre in the middle.
    corner[-1, -1] = True
    assert object_masks.measure(corner)[1] == pytest.approx(0, abs=1e-12)
    area, distance = object_masks.measure(np.zeros((3, 3), bool))
    assert area == 0
    assert np.isnan(distance)


@pytest.mark.parametrize(
    ("size", "other", "same"),
    [
        ((500, 375), (224, 168), True),
        # 500 x 333 at 224 is 149.2 high.
        ((500, 333), (224, 149), True),
        ((333, 500), (149, 224), True),
        ((500, 375), (500, 374), True),
        ((500, 375), (375, 500), False),
        ((500, 375), (224, 224), False),
        ((500, 375), (500, 372), False),
        ((224, 224), (512, 512), True),
    ],
)
def test_shapes_are_the_same_up_to_rounding(size, other, same):
    assert object_masks.same_shape(size, other) is object_masks.same_shape(other, size) is same


def test_masks_are_measured_once_and_again_when_they_change(root, monkeypatch):
    first = opened(root).samples()
    cached = list((paths.data_home() / "cache").glob("masks-*"))
    assert len(cached) == 1
    with monkeypatch.context() as without:
        without.setattr(object_masks, "measure_file", None)
        assert opened(root).samples().equals(first)
    mask(root / "val" / f"{BEAM}_{VAL_BEAM}", box=(0, 0, 40, 30))
    assert opened(root).samples()["object_area"].tolist() == [1.0, pytest.approx(0.125)]
    # A cache that was damaged is no reason to fail.
    for path in (paths.data_home() / "cache").glob("masks-*"):
        path.write_bytes(b"no Parquet")
    assert opened(root).samples()["object_area"].tolist() == [1.0, pytest.approx(0.125)]


def test_what_is_measured_is_the_same_where_nothing_can_be_kept(root, monkeypatch):
    kept = opened(root).samples()
    for path in (paths.data_home() / "cache").glob("masks-*"):
        path.unlink()
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    assert opened(root).samples().equals(kept)
    assert not list((paths.data_home() / "cache").glob("masks-*"))


def test_finding_images_opens_none(root, images):
    for path in images.rglob("*.JPEG"):
        path.write_bytes(b"no image")
    assert list(opened(root).pairs) == [f"{BEAM}/{VAL_BEAM}", f"{PUCK}/{VAL_PUCK}"]


# The pool.


@pytest.mark.parametrize("changed", ["mask", "image", "more"])
def test_the_pool_changes_with_images_and_masks(root, images, changed):
    before = opened(root).pool_digest()
    assert opened(root).pool_digest() == before
    if changed == "mask":
        mask(root / "val" / f"{BEAM}_{VAL_BEAM}", box=(0, 0, 11, 15))
    elif changed == "image":
        photo(images / "val" / BEAM / VAL_BEAM, colour=(200, 90, 31))
    else:
        mask(root / "val" / f"{BEAM}_{VAL_PUCK}")
        photo(images / "val" / BEAM / VAL_PUCK)
    assert opened(root).pool_digest() != before


def test_the_pool_is_the_same_elsewhere_and_with_other_images_around(root, images, tmp_path):
    before = opened(root).pool_digest()
    photo(images / "val" / BEAM / "ILSVRC2012_val_00000999.JPEG")
    (tmp_path / "moved").mkdir()
    os.rename(root, tmp_path / "moved" / "m")
    os.rename(images, tmp_path / "moved" / "i")
    paths.remember_data(f"images of {tmp_path / 'moved' / 'm'}", tmp_path / "moved" / "i")
    assert opened(tmp_path / "moved" / "m").pool_digest() == before
    assert opened(tmp_path / "moved" / "m" / "val").pool_digest() == before


def test_no_id_of_something_else_is_opened(root, images):
    photo(images / "val" / BEAM / "other.JPEG")
    benchmark = opened(root)
    for ask in (benchmark.path, benchmark.image, benchmark.mask, benchmark.decoded):
        with pytest.raises(DataError, match="names no image inside the data folder"):
            ask(f"{BEAM}/other.JPEG")


# The two folders.


def test_the_images_are_given_once_and_remembered_for_the_masks(root, images):
    (paths.data_home() / "settings.json").unlink()
    with pytest.raises(DataError, match="--images"):
        benchmarks.open_and_remember("hard-imagenet", root)
    assert paths.remembered_data("hard-imagenet") is None
    benchmarks.open_and_remember("hard-imagenet", root, images)
    assert len(benchmarks.open_benchmark("hard-imagenet").samples()) == 2
    # Also for the masks of the other split.
    assert len(opened(root / "train").samples()) == 3


def test_images_that_do_not_fit_are_not_remembered(root, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="none of the 2 masks"):
        benchmarks.open_and_remember("hard-imagenet", root, tmp_path / "empty")
    assert len(opened(root).samples()) == 2


def test_the_folder_of_imagenet_serves_where_no_other_was_given(root, images):
    (paths.data_home() / "settings.json").unlink()
    paths.remember_data("imagenet", images / "val")
    assert len(opened(root).samples()) == 2


def test_a_benchmark_that_was_opened_too_early_finds_images_later(root, images):
    (paths.data_home() / "settings.json").unlink()
    benchmark = opened(root)
    with pytest.raises(DataError):
        benchmark.samples()
    paths.remember_data(f"images of {root}", images)
    assert len(benchmark.samples()) == 2


def test_an_image_that_another_process_does_not_see_is_no_fact_about_it(root, images):
    elsewhere = pickle.loads(pickle.dumps(opened(root)))
    (images / "val" / BEAM / VAL_BEAM).unlink()
    with pytest.raises(StorageError, match=r"is not in .*ilsvrc now"):
        elsewhere.decoded(f"{BEAM}/{VAL_BEAM}")
    elsewhere = pickle.loads(pickle.dumps(opened(root)))
    images.rename(images.with_name("unmounted"))
    with pytest.raises(StorageError, match="is not a folder"):
        elsewhere.decoded(f"{BEAM}/{VAL_BEAM}")
    images.mkdir()
    with pytest.raises(StorageError, match="none of the 2 masks"):
        elsewhere.decoded(f"{BEAM}/{VAL_BEAM}")


def test_images_are_for_masks_alone(colour_folder):
    with pytest.raises(UsageError, match="'imagenet' has its images in the folder of --data"):
        benchmarks.open_and_remember("imagenet", colour_folder, colour_folder)


def test_another_process_gets_both_folders(root, images, tmp_path):
    benchmark = benchmarks.open_and_remember("hard-imagenet", root, images)
    (tmp_path / "benchmark.pkl").write_bytes(pickle.dumps(benchmark))
    code = (
        "import pickle, sys; b = pickle.load(open(sys.argv[1], 'rb')); s = b.samples(); "
        "print(len(s), b.mask(s['sample_id'][0]).sum(), b.image(s['sample_id'][0]).size, b.pool_digest())"
    )
    nothing = {**os.environ, "OFFCENTER_DATA": str(tmp_path / "another")}
    command = [sys.executable, "-c", code, str(tmp_path / "benchmark.pkl")]
    found = subprocess.run(command, cwd=REPO, env=nothing, capture_output=True, text=True, check=True).stdout
    assert found.split("\n")[0] == f"2 150 (40, 30) {benchmark.pool_digest()}"
    assert copy.copy(benchmark).samples().equals(benchmark.samples())


def test_it_is_evaluated_with_one_command(root, images, run, tmp_path, monkeypatch):
    from tests.models.test_sources import make_folder

    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    make_folder(tmp_path / "zoo" / "tiny")
    (paths.data_home() / "settings.json").unlink()
    options = ("evaluate", "--model", "tiny", "--benchmark", "hard-imagenet")
    code, _, err = run(*options, "--data", root)
    assert code == 1
    assert "--images IMAGENET" in err
    code, out, err = run(*options, "--data", root, "--images", images)
    assert code == 0, err
    assert "n = 2" in out
    code, out, err = run(*options, "--json")
    assert code == 0, err
    assert json.loads(out)["n"] == 2


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
