"""Masks in one folder, images in the user's ImageNet: layouts, what cannot be found, the pool, the two folders."""

import copy
import json
import os
import pickle
import subprocess
import sys

import pytest

from core import benchmarks, paths
from core.errors import DataError, StorageError, UsageError
from tests.benchmarks.mask_folders import BEAM, PUCK, VAL_BEAM, VAL_PUCK, mask, noted, opened, photo
from tests.benchmarks.mask_folders import images as images
from tests.benchmarks.mask_folders import root as root
from tests.cli.conftest import run as run
from tests.conftest import REPO

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
