"""ObjectNet: which folders ImageNet has, by the download's own mapping, and the frame."""

import json

import pytest
from PIL import Image

from core import benchmarks
from core.benchmarks.objectnet import unframed
from core.errors import DataError, ImageError
from core.evaluate.loop import evaluate
from core.images.opening import digest_of
from core.store import read
from tests.class_folders import FRAME, draw, objectnet, write_mappings

#: ImageNet's indices of the labels in the mapping.
ANALOG_CLOCK, DIGITAL_CLOCK, BANANA = 409, 530, 954


@pytest.fixture
def root(tmp_path):
    objectnet(tmp_path / "objectnet-1.0")
    return tmp_path / "objectnet-1.0"


def opened(root):
    return benchmarks.open_benchmark("objectnet", root)


def test_a_folder_accepts_all_of_its_classes(root):
    samples = opened(root).samples()
    assert samples["sample_id"].tolist() == ["alarm_clock/0.png", "banana/1.png"]
    assert samples["accepted"].tolist() == [[ANALOG_CLOCK, DIGITAL_CLOCK], [BANANA]]
    assert samples["class"].tolist() == ["Alarm clock", "Banana"]
    assert samples["n_accepted"].tolist() == [2, 1]


def test_folders_that_imagenet_does_not_have_are_counted(root):
    draw(root / "images" / "my_own" / "0.png", (9, 9, 9))
    benchmark = opened(root)
    benchmark.samples()
    assert benchmark.notes == [
        "1 folders are of classes that ImageNet does not have and were left out.",
        "1 folders are not in folder_to_objectnet_label.json and were left out, such as my_own.",
        "2 of 113 classes are here.",
    ]


@pytest.mark.parametrize("given", [".", "images", ".."])
def test_the_folder_of_images_or_one_above_will_do(root, given):
    assert opened(root / given).root == root / "images"


def test_the_frame_is_cut_off_before_anything_else(root):
    image = opened(root).image("banana/1.png")
    assert image.size == (10, 8)
    assert image.getcolors() == [(80, (10, 200, 10))]


def test_the_digest_is_of_the_file_frame_and_all(root):
    decoded = opened(root).decoded("banana/1.png")
    assert decoded.image.size == (10, 8)
    assert decoded.digest == digest_of((root / "images" / "banana" / "1.png").read_bytes())


@pytest.mark.parametrize(("size", "left"), [((5, 5), (1, 1)), ((6, 9), (2, 5))])
def test_what_lies_within_the_frame_is_left(tmp_path, size, left):
    draw(tmp_path / "a.png", FRAME, size)
    with Image.open(tmp_path / "a.png") as image:
        assert unframed(image).size == left


def test_an_image_that_is_all_frame_fails_and_the_run_does_not(root, toy_model):
    draw(root / "images" / "banana" / "small.png", FRAME, (4, 30))
    benchmark = opened(root)
    with pytest.raises(ImageError, match="4 x 30 pixels: without its frame of 2, nothing of it is left") as caught:
        benchmark.decoded("banana/small.png")
    assert caught.value.digest is not None
    found = read(evaluate(toy_model, benchmark)).set_index("sample_id")
    assert found["error"].notna().tolist() == [name == "banana/small.png" for name in found.index]


def test_missing_mapping_files_are_named(root):
    (root / "mappings" / "imagenet_to_label_2012_v2").unlink()
    (root / "mappings" / "pytorch_to_imagenet_2012_id.json").unlink()
    message = r"2 of 4 mapping files are not in .*mappings: imagenet_to_label_2012_v2, pytorch_to_.*objectnet\.dev"
    with pytest.raises(DataError, match=message):
        opened(root).samples()


def test_a_mapping_that_counts_lines_from_1_is_refused(root):
    write_mappings(root / "mappings", first_line=1)
    with pytest.raises(DataError, match=r"gives .* of 1,000 classes the label of another: class 0 would be 'toilet"):
        opened(root).samples()


def test_a_label_that_imagenet_does_not_have_is_named(root):
    path = root / "mappings" / "objectnet_to_imagenet_1k.json"
    path.write_text(json.dumps({"Banana": "banana", "Alarm clock": "sundial of old"}))
    with pytest.raises(
        DataError, match="names 1 labels that imagenet_to_label_2012_v2 does not have, such as 'sundial"
    ):
        opened(root).samples()


def test_a_line_that_is_not_there_is_named(root):
    path = root / "mappings" / "pytorch_to_imagenet_2012_id.json"
    path.write_text(json.dumps({"7": 1000}))
    with pytest.raises(DataError, match=r"'7': 1000 is not a class index with a line of .*, which has 1,000\."):
        opened(root).samples()


def test_correcting_the_mapping_changes_labels_and_not_the_pool(root):
    before, stamp = opened(root).pool_digest(), benchmarks.label_stamp(opened(root))
    path = root / "mappings" / "objectnet_to_imagenet_1k.json"
    path.write_text(json.dumps({"Banana": "banana"}))
    assert opened(root).samples()["class"].tolist() == ["Banana"]
    assert opened(root).pool_digest() == before
    assert benchmarks.label_stamp(opened(root)) != stamp
