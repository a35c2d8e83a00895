import sqlite3
from contextlib import closing

import pytest
from PIL import Image

from core import benchmarks
from core.benchmarks import annotation_stamp, label_stamp
from core.errors import DataError, LabelSpaceError

COLUMNS = ("file_name", "category", "time", "weather", "locations", "humans")
ROWS = (
    ("/truck/a.jpg", "truck", "night", "foggy", "rocks, street", "no"),
    ("/car/b.jpg", "car", "day", "sunny", "street", "yes"),
    ("/plane/sea/c.jpg", "plane", "day", "none", "water", "no"),
    ("/frog/d.jpg", "frog", "night", "none", "none", "no"),
)


def focus(root, rows=ROWS, columns=COLUMNS, without=()):
    """A FOCUS folder; images are drawn for all rows but those ``without``."""
    root.mkdir(parents=True)
    with closing(sqlite3.connect(root / "annotations.db")) as database, database:
        database.execute(f"CREATE TABLE annotations ({', '.join(f'{name} TEXT' for name in columns)})")
        marks = ", ".join("?" * len(columns))
        database.executemany(f"INSERT INTO annotations VALUES ({marks})", [row[: len(columns)] for row in rows])
    for row in rows:
        path = root / row[0].removeprefix("/")
        if row[0] not in without and ".." not in row[0]:
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (12, 10), (200, 40, 40)).save(path)
    return root


def opened(root):
    return benchmarks.open_benchmark("focus", root)


def by_id(benchmark, space="imagenet-1k"):
    return benchmark.samples(space).set_index("sample_id")


def test_rows_become_samples_with_what_is_uncommon_about_them(tmp_path):
    samples = by_id(opened(focus(tmp_path / "focus")))
    assert samples["partition"].to_dict() == {
        "truck/a.jpg": "P_twl",
        "car/b.jpg": "P0",
        "plane/sea/c.jpg": "P_l",
        # Frogs are often photographed at night: the paper has no uncommon time for them.
        "frog/d.jpg": "P0",
    }
    assert samples.loc["truck/a.jpg", "locations"] == ["rocks", "street"]
    assert samples["humans"].tolist().count("yes") == 1


def test_any_class_of_the_category_is_accepted_of_imagenet_models(tmp_path):
    samples = by_id(opened(focus(tmp_path / "focus")))
    # Airliner and warplane.
    assert samples.loc["plane/sea/c.jpg", "accepted"] == [404, 895]
    assert samples.loc["frog/d.jpg", "accepted"] == [30, 31, 32]


def test_models_of_the_ten_categories_accept_their_own_index(tmp_path):
    samples = by_id(opened(focus(tmp_path / "focus")), "focus-10")
    assert samples["accepted"].to_dict() == {
        "truck/a.jpg": [0],
        "car/b.jpg": [1],
        "plane/sea/c.jpg": [2],
        "frog/d.jpg": [8],
    }


def test_other_models_are_refused(tmp_path):
    with pytest.raises(LabelSpaceError, match="ten FOCUS categories"):
        opened(focus(tmp_path / "focus")).samples("classes-7")


def test_a_release_without_humans_is_read(tmp_path):
    samples = opened(focus(tmp_path / "focus", columns=COLUMNS[:5])).samples()
    assert set(samples["humans"]) == {"unknown"}


def test_rows_without_an_image_are_counted_and_listed(tmp_path):
    benchmark = opened(focus(tmp_path / "focus", without=("/car/b.jpg",)))
    assert len(benchmark.samples()) == 3
    assert benchmark.missing == ["car/b.jpg"]
    assert benchmark.notes == ["1 annotated images are not there and were left out: car/b.jpg."]


def test_a_folder_without_any_of_its_images_is_refused(tmp_path):
    with pytest.raises(DataError, match="none of the 4 images"):
        opened(focus(tmp_path / "focus", without=[row[0] for row in ROWS])).samples()


def test_rows_that_cannot_be_used_are_noted(tmp_path):
    strange = (
        ("/boat/e.jpg", "boat", "day", "sunny", "water", "no"),
        ("/../secret.jpg", "car", "day", "sunny", "street", "no"),
        ("/car/b.jpg", "car", "night", "sunny", "street", "no"),
    )
    benchmark = opened(focus(tmp_path / "focus", rows=(*ROWS, *strange)))
    samples = by_id(benchmark)
    assert len(samples) == 4
    assert samples.loc["car/b.jpg", "time"] == "day"
    assert [note.split(" rows ")[1].split(" and were")[0] for note in benchmark.notes] == [
        "are of a category that FOCUS does not have",
        "name a file outside the folder",
        "repeat an earlier file name",
    ]


def test_spelling_is_evened_out(tmp_path):
    rows = [("/car/b.jpg", "Car", "Day", None, "street,Street , none", "no")]
    sample = opened(focus(tmp_path / "focus", rows=rows)).samples().iloc[0]
    assert sample[["category", "time", "weather", "locations"]].tolist() == ["car", "day", "none", ["street"]]


def test_the_folder_above_will_do(tmp_path):
    focus(tmp_path / "unpacked" / "focus")
    assert len(opened(tmp_path / "unpacked").samples()) == 4


def test_a_missing_column_is_named(tmp_path):
    root = focus(tmp_path / "focus", columns=COLUMNS[:3])
    with pytest.raises(DataError, match="no column 'weather'; it has file_name, category, time"):
        opened(root).samples()


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "annotations.db").write_text("file_name,category" * 100)
    with pytest.raises(DataError, match=r"annotations\.db cannot be read as a SQLite file"):
        opened(tmp_path).samples()


def test_an_empty_folder_says_how_to_get_the_data(tmp_path):
    with pytest.raises(DataError, match=r"no annotations\.db .* focus\.zip"):
        opened(tmp_path).samples()


def test_reading_leaves_the_file_as_it_is(tmp_path):
    root = focus(tmp_path / "focus")
    (root / "annotations.db").chmod(0o444)
    before = sorted(path.name for path in root.iterdir())
    opened(root).samples()
    assert sorted(path.name for path in root.iterdir()) == before


def test_other_annotations_are_the_same_pool(tmp_path):
    first = opened(focus(tmp_path / "first"))
    second = opened(focus(tmp_path / "second", rows=(*ROWS[:3], ("/frog/d.jpg", "frog", "day", "none", "none", "no"))))
    assert first.pool_digest() == second.pool_digest()
    assert label_stamp(first) != label_stamp(second)


@pytest.mark.shared
def test_the_real_photos_are_read(shared):
    samples = opened(shared / "data" / "focus-mini").samples()
    # Counts of its README.
    assert samples["category"].value_counts()["dog"] == 60
    assert (samples["time"] == "night").sum() == 1
    assert sum("snow" in locations for locations in samples["locations"]) == 7
    assert (samples["humans"] == "yes").sum() == 13


def test_the_stamp_of_a_folder_changes_with_its_annotations_and_not_with_its_images(tmp_path):
    (tmp_path / "annotations.db").write_bytes(b"first")
    (tmp_path / "one.png").write_bytes(b"image")
    before = annotation_stamp(tmp_path)
    assert [name for name, _, _ in before] == ["annotations.db"]
    (tmp_path / "two.png").write_bytes(b"image")
    assert annotation_stamp(tmp_path) == before
    (tmp_path / "annotations.db").write_bytes(b"corrected")
    assert annotation_stamp(tmp_path) != before
    assert annotation_stamp(None) == annotation_stamp(tmp_path / "gone") == ()
