import pytest
from PIL import Image

from core import benchmarks
from core.benchmarks.imagenet_attributes import read_attributes
from core.errors import DataError
from tests.conftest import write_csv

HEADER = ["image", "time", "weather", "locations"]
TENCH, TABBY = "n01440764", "n02123045"
NONE = "[0, 0, 0, 0, 0, 0, 0, 0, 1]"


@pytest.fixture
def root(tmp_path):
    """A tench and two tabby cats, one of them in snow at night; one image has no attributes, one row no image."""
    for wnid, file in ((TENCH, "a"), (TABBY, "b"), (TABBY, "c"), (TABBY, "unlabelled")):
        (tmp_path / "val" / wnid).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "val" / wnid / f"{file}.JPEG")
    rows = [
        ["/imagenet-val/a.JPEG", "night", "none", "[0, 0, 0, 0, 0, 0, 0, 1, 0]"],
        ["/imagenet-val/b.JPEG", "night", "snowing", "[0, 0, 0, 0, 0, 1, 1, 0, 0]"],
        ["/imagenet-val/c.JPEG", "day", "sunny", NONE],
        ["/imagenet-val/gone.JPEG", "day", "sunny", NONE],
    ]
    write_csv(tmp_path / "attributes.csv", HEADER, rows)
    return tmp_path


def opened(root):
    return benchmarks.open_benchmark("imagenet-attributes", root)


def test_images_get_the_attributes_of_their_file_name(root):
    samples = opened(root).samples().set_index("class")
    tabby = samples.loc["tabby"].set_index("sample_id")
    assert tabby.loc[f"{TABBY}/b.JPEG", "locations"] == ["snow", "street"]
    assert tabby["partition"].to_dict() == {f"{TABBY}/b.JPEG": "P_twl", f"{TABBY}/c.JPEG": "P0"}
    assert tabby["accepted"].tolist() == [[281], [281]]


def test_a_class_of_none_of_the_ten_categories_has_no_partition(root):
    tench = opened(root).samples().set_index("class").loc["tench"]
    assert tench[["category", "partition", "n_uncommon"]].tolist() == ["other", "none", 0]


def test_images_and_rows_without_a_partner_are_noted(root):
    benchmark = opened(root)
    assert len(benchmark.samples()) == 3
    assert benchmark.notes == [
        "1 images with attributes are not there and were left out: gone.JPEG",
        "1 images have no published attributes and were left out.",
    ]


def test_a_folder_without_the_csv_says_what_to_put_there(root):
    (root / "attributes.csv").unlink()
    with pytest.raises(DataError, match="no CSV file with the columns image,time,weather,locations"):
        opened(root).samples()


def test_a_list_of_another_length_is_named(root):
    write_csv(root / "attributes.csv", HEADER, [["/imagenet-val/a.JPEG", "day", "none", "[0, 1]"]])
    with pytest.raises(DataError, match=r"'\[0, 1\]' must be 9 times 0 or 1"):
        opened(root).samples()


@pytest.mark.shared
def test_the_published_file_is_read(shared):
    rows = read_attributes(shared / "data" / "focus-imagenet-val-attributes.csv")
    assert len(rows) == 4729
    assert rows["file"].is_unique
    # All six snowing images show snow, which shows that the order of the flags is the vocabulary's.
    snowing = rows[rows["weather"] == "snowing"]
    assert len(snowing) == 6
    assert all("snow" in locations for locations in snowing["locations"])
