"""Small folders of masks, with their images beside, for tests."""

import pytest
from PIL import Image

from core import benchmarks, paths

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
