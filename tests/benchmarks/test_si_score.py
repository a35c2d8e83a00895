import csv
import os

import pytest
from PIL import Image

from core import benchmarks
from core.benchmarks import label_stamp
from core.errors import DataError, LabelSpaceError
from tests.conftest import write_csv

PUBLISHED_COLUMNS = [
    "image_id",
    "x_coord",
    "y_coord",
    "area",
    "rotation",
    "foreground_class",
    "foreground_instance",
    "background",
    "bg_resolution_width",
    "bg_resolution_height",
    "pct_inside_image",
]
LISTS = ("foreground_classes.csv", "foreground_classes_metadata_indices.csv")


def row(image_id, foreground_class=0, **values):
    """A line of metadata.csv: the object at the centre, half of the image, upright."""
    defaults = {"x_coord": 0.5, "y_coord": 0.5, "area": 0.5, "rotation": 0}
    defaults |= {"foreground_instance": 0, "background": 3, "bg_resolution_width": 8, "bg_resolution_height": 8}
    defaults["pct_inside_image"] = 1.0
    known = {**defaults, "image_id": image_id, "foreground_class": foreground_class, **values}
    return [known[column] for column in PUBLISHED_COLUMNS]


def draw(root, label, image_id, size=8, colour=(30, 60, 90)):
    (root / label).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (size, size), colour).save(root / label / f"{image_id}.jpg")


@pytest.fixture
def si_score(tmp_path):
    """Two koalas and two zebras, with the class lists in the folder itself."""
    root = tmp_path / "size"
    for image_id, label in ((0, "koala"), (1, "koala"), (2, "zebra"), (3, "zebra")):
        draw(root, label, image_id)
    write_metadata(
        root,
        [
            row(0, 0, area=0.1, foreground_instance=0),
            row(1, 0, area=0.2, foreground_instance=1, x_coord=0.25, y_coord=0.75, rotation=41, pct_inside_image=0.8),
            row(2, 1, area=0.1, foreground_instance=0),
            row(3, 1, area=0.2, foreground_instance=0, background=7),
        ],
    )
    write_lists(root, {"koala": 105, "zebra": 340}, ["koala", "zebra"])
    return root


def write_metadata(root, rows, columns=PUBLISHED_COLUMNS):
    write_csv(root / "metadata.csv", columns, rows)


def write_lists(folder, imagenet, labels):
    write_csv(folder / LISTS[0], ["int", "label"], [(index, label) for label, index in imagenet.items()])
    write_csv(folder / LISTS[1], ["int", "label"], enumerate(labels))


def read_rows(root):
    with open(root / "metadata.csv", newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))[1:]


def opened(root, factor="size"):
    return benchmarks.open_benchmark(f"si-score/{factor}", root)


def samples_of(root, factor="size"):
    return opened(root, factor).samples().set_index("sample_id")


def test_an_image_is_described_by_its_row(si_score):
    samples = samples_of(si_score)
    assert sorted(samples.index) == ["koala/0.jpg", "koala/1.jpg", "zebra/2.jpg", "zebra/3.jpg"]
    koala = samples.loc["koala/1.jpg"]
    assert koala[["area", "x", "y", "angle_deg", "pct_inside_image"]].tolist() == [0.2, 0.25, 0.75, 41, 0.8]
    assert koala[["class", "foreground_instance", "background"]].tolist() == ["koala", "1", "3"]
    assert samples["accepted"].to_dict() == {
        "koala/0.jpg": [105],
        "koala/1.jpg": [105],
        "zebra/2.jpg": [340],
        "zebra/3.jpg": [340],
    }


def test_a_cluster_is_a_cut_out_of_a_class(si_score):
    assert opened(si_score).cluster_unit == "cut-out"
    assert samples_of(si_score)["cluster"].to_dict() == {
        "koala/0.jpg": "koala/0",
        "koala/1.jpg": "koala/1",
        "zebra/2.jpg": "zebra/0",
        "zebra/3.jpg": "zebra/0",
    }


def test_the_order_of_metadata_rows_does_not_matter(si_score):
    before = samples_of(si_score)
    write_metadata(si_score, reversed(read_rows(si_score)))
    after = samples_of(si_score)
    assert after.loc[before.index].to_dict() == before.to_dict()


@pytest.mark.parametrize(
    ("factor", "folder"),
    [("size", "area"), ("rotation", "rotation"), ("location", "location20_area02_min0pc")],
)
def test_the_folder_above_the_published_one_may_be_given(si_score, tmp_path, factor, folder):
    outer = tmp_path / "si-score"
    outer.mkdir()
    si_score.rename(outer / folder)
    benchmark = opened(outer, factor)
    assert benchmark.root == outer / folder
    assert len(benchmark.samples()) == 4
    assert benchmark.image("koala/0.jpg").size == (8, 8)


def test_class_lists_may_lie_in_the_folder_above(si_score):
    for name in LISTS:
        (si_score / name).rename(si_score.parent / name)
    write_csv(si_score.parent / LISTS[0], ["int", "label"], [(7, "koala"), (340, "zebra")])
    assert samples_of(si_score).loc["koala/0.jpg", "accepted"] == [7]


def test_the_data_sets_own_class_list_beats_the_built_in_one(si_score):
    write_lists(si_score, {"koala": 299, "zebra": 340}, ["koala", "zebra"])
    samples = samples_of(si_score)
    assert samples.loc["koala/0.jpg", "accepted"] == [299]
    assert samples.loc["zebra/2.jpg", "accepted"] == [340]


def test_without_class_lists_the_published_names_are_known(si_score):
    for name in LISTS:
        (si_score / name).unlink()
    samples = samples_of(si_score)
    assert len(samples) == 4
    assert samples.loc["koala/0.jpg", "accepted"] == [105]
    assert samples.loc["zebra/3.jpg", ["accepted", "area"]].tolist() == [[340], 0.2]


def test_several_labels_may_share_a_class(si_score):
    write_lists(si_score, {"koala": 340, "zebra": 340}, ["koala", "zebra"])
    samples = samples_of(si_score)
    assert samples.loc["koala/0.jpg", ["accepted", "class", "cluster"]].tolist() == [[340], "koala", "koala/0"]
    assert samples.loc["zebra/2.jpg", ["accepted", "class", "cluster"]].tolist() == [[340], "zebra", "zebra/0"]


def test_a_kite_counts_as_the_bird_of_prey(tmp_path):
    draw(tmp_path, "kite", 0)
    write_metadata(tmp_path, [row(0)])
    assert samples_of(tmp_path).loc["kite/0.jpg", "accepted"] == [21]
    benchmark = benchmarks.open_benchmark("si-score/size", tmp_path)
    benchmark.samples()
    assert any("--exclude kite" in note for note in benchmark.notes)


def test_the_same_id_in_two_classes_is_two_images(si_score):
    draw(si_score, "zebra", 0)
    write_metadata(si_score, [row(0, 0, area=0.1), row(0, 1, area=0.9)])
    samples = samples_of(si_score)
    assert samples["area"].to_dict() == {"koala/0.jpg": 0.1, "zebra/0.jpg": 0.9}


def test_grid_values_with_float_noise_are_equal_settings(si_score):
    write_metadata(
        si_score,
        [
            row(0, 0, x_coord="0.15000000000000002", area="0.30000000000000004"),
            row(1, 0, x_coord="0.15", area="0.3"),
            row(2, 1, y_coord="0.6000000000000001"),
            row(3, 1, y_coord="0.6"),
        ],
    )
    samples = samples_of(si_score)
    assert samples["x"].tolist() == [0.15, 0.15, 0.5, 0.5]
    assert samples["y"].tolist() == [0.5, 0.5, 0.6, 0.6]
    assert samples.groupby("area").size().to_dict() == {0.3: 2, 0.5: 2}


def test_neighbouring_settings_of_the_finest_grid_stay_apart(si_score):
    write_metadata(si_score, [row(number, number // 2, area=0.01 * (number + 1)) for number in range(4)])
    assert samples_of(si_score)["area"].tolist() == [0.01, 0.02, 0.03, 0.04]


def test_an_id_may_hold_dots_and_leading_zeros(tmp_path):
    for image_id in ("007", "7", "a.b"):
        draw(tmp_path, "koala", image_id)
    write_metadata(tmp_path, [row("007", area=0.1), row("7", area=0.2), row("a.b", area=0.3)])
    assert samples_of(tmp_path)["area"].to_dict() == {"koala/007.jpg": 0.1, "koala/7.jpg": 0.2, "koala/a.b.jpg": 0.3}


def test_rows_without_an_image_are_left_out_with_a_note(si_score):
    write_metadata(si_score, [*read_rows(si_score), row(8), row(9)])
    benchmark = opened(si_score)
    assert len(benchmark.samples()) == 4
    assert benchmark.notes == ["2 of 6 rows of metadata.csv have no image; left out."]


def test_images_without_a_row_are_left_out_with_a_note(si_score):
    draw(si_score, "koala", 9)
    benchmark = opened(si_score)
    assert len(benchmark.samples()) == 4
    assert benchmark.notes == ["1 of 5 images have no row in metadata.csv; left out."]


def test_notes_stand_once_however_often_one_asks(si_score):
    draw(si_score, "koala", 9)
    benchmark = opened(si_score)
    for _ in range(2):
        benchmark.samples()
        benchmark.pool_digest()
    assert len(benchmark.notes) == 1


def test_hidden_files_and_other_files_are_not_images(si_score):
    draw(si_score, "koala", ".9")
    draw(si_score, ".cache", 9)
    (si_score / "koala" / "credits.txt").write_text("by hand", encoding="utf-8")
    benchmark = opened(si_score)
    assert len(benchmark.samples()) == 4
    assert benchmark.notes == ["left out: 1 file that is no image by its suffix (koala/credits.txt)"]


def test_a_missing_column_is_an_error_that_names_file_and_column(si_score):
    rows = [values[:-1] for values in read_rows(si_score)]
    write_metadata(si_score, rows, PUBLISHED_COLUMNS[:-1])
    with pytest.raises(DataError, match=r"metadata\.csv, row 1: column 'pct_inside_image' is missing; the header is"):
        opened(si_score).samples()


@pytest.mark.parametrize("column", ["x_coord", "area", "rotation", "foreground_class", "pct_inside_image"])
@pytest.mark.parametrize("value", ["large", "", "nan", "inf"])
def test_a_value_that_is_not_a_number_is_an_error_that_names_file_row_and_column(si_score, column, value):
    rows = read_rows(si_score)
    rows[1][PUBLISHED_COLUMNS.index(column)] = value
    write_metadata(si_score, rows)
    # The header is row 1, so the second image stands in row 3.
    with pytest.raises(DataError, match=rf"metadata\.csv, row 3, column '{column}': '{value}' is not a number"):
        opened(si_score).samples()


def test_a_class_number_that_is_not_whole_is_an_error(si_score):
    rows = read_rows(si_score)
    rows[3][PUBLISHED_COLUMNS.index("foreground_class")] = "0.5"
    write_metadata(si_score, rows)
    with pytest.raises(DataError, match=r"metadata\.csv, row 5, column 'foreground_class'.*0\.5"):
        opened(si_score).samples()


def test_a_row_with_too_many_values_is_an_error_that_names_file_and_row(si_score):
    rows = read_rows(si_score)
    rows[2].append("more")
    write_metadata(si_score, rows)
    with pytest.raises(DataError, match=r"metadata\.csv cannot be read as CSV.*line 4"):
        opened(si_score).samples()


def test_metadata_that_is_not_text_is_an_error(si_score):
    (si_score / "metadata.csv").write_bytes(b"\xff\xfe\x00\x81" * 20)
    with pytest.raises(DataError, match=r"metadata\.csv"):
        opened(si_score).samples()


def test_metadata_without_rows_is_an_error(si_score):
    write_metadata(si_score, [])
    with pytest.raises(DataError, match=r"metadata\.csv has a header but no rows"):
        opened(si_score).samples()


def test_missing_metadata_is_an_error_that_names_the_option(si_score):
    (si_score / "metadata.csv").unlink()
    with pytest.raises(DataError, match=r"metadata\.csv is missing.*--data"):
        opened(si_score).samples()


def test_a_folder_without_images_is_an_error_that_says_how_to_get_them(tmp_path):
    write_metadata(tmp_path, [row(0)])
    with pytest.raises(DataError, match=r"no images in class folders.*area\.zip"):
        opened(tmp_path).samples()


def test_an_unknown_class_folder_is_an_error_that_names_the_nearest_and_the_fix(si_score):
    (si_score / "koala").rename(si_score / "koalla")
    with pytest.raises(DataError, match=r"'koalla'.*Did you mean 'koala'.*name all classes in a foreground_cl"):
        opened(si_score).samples()


def test_adding_an_unknown_class_to_the_list_makes_it_known(si_score):
    # The fix that the error above names.
    draw(si_score, "quokka", 4)
    write_metadata(si_score, [*read_rows(si_score), row(4, 2)])
    write_lists(si_score, {"koala": 105, "zebra": 340, "quokka": 104}, ["koala", "zebra", "quokka"])
    assert samples_of(si_score).loc["quokka/4.jpg", "accepted"] == [104]


def test_a_class_index_beyond_imagenet_is_an_error_that_names_file_row_and_column(si_score):
    write_lists(si_score, {"koala": 105, "zebra": 1000}, ["koala", "zebra"])
    with pytest.raises(DataError, match=r"foreground_classes\.csv, row 3, column 'int': 1000 is not in 0\.\.999"):
        opened(si_score).samples()


def test_a_class_number_that_the_list_lacks_is_an_error_that_names_both_files(si_score):
    write_metadata(si_score, [row(0, 0), row(2, 5)])
    with pytest.raises(
        DataError, match=r"metadata\.csv, row 3, column 'foreground_class': 5 is not in .*_metadata_indices\.csv"
    ):
        opened(si_score).samples()


def test_an_ambiguous_id_is_an_error_that_names_the_list_that_would_tell(si_score):
    (si_score / LISTS[1]).unlink()
    draw(si_score, "zebra", 0)
    with pytest.raises(DataError, match=r"'0' is there twice: add foreground_classes_metadata_indices\.csv"):
        opened(si_score).samples()


def test_a_row_that_stands_twice_is_an_error_that_names_the_file_and_the_id(si_score):
    write_metadata(si_score, [*read_rows(si_score), row(1, 0)])
    with pytest.raises(DataError, match=r"metadata\.csv.*'1'.*twice"):
        opened(si_score).samples()


def test_two_files_of_one_id_are_an_error_that_names_the_folder_and_the_id(si_score):
    Image.new("RGB", (8, 8)).save(si_score / "koala" / "1.png")
    with pytest.raises(DataError, match=r"size.*'1'.*twice"):
        opened(si_score).samples()


def test_the_error_of_a_repeated_row_does_not_ask_for_a_list_that_is_there(si_score):
    write_metadata(si_score, [*read_rows(si_score), row(1, 0)])
    with pytest.raises(DataError) as caught:
        opened(si_score).samples()
    assert "is needed" not in str(caught.value)


def test_metadata_of_another_set_is_an_error(si_score):
    write_metadata(si_score, [row(10), row(11)])
    with pytest.raises(DataError, match=r"none of the 4 images in .* has a row in metadata\.csv \(2 rows\)"):
        opened(si_score).samples()


def test_a_model_with_other_classes_is_refused(si_score):
    with pytest.raises(LabelSpaceError, match=r"'si-score/size' needs .*'classes-21841'"):
        opened(si_score).samples("classes-21841")


def test_the_digest_stays_when_nothing_changes(si_score):
    assert opened(si_score).pool_digest() == opened(si_score).pool_digest()


def test_the_digest_changes_with_the_size_of_an_image(si_score):
    before = opened(si_score).pool_digest()
    draw(si_score, "koala", 0, size=64)
    assert opened(si_score).pool_digest() != before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("metadata.csv", "0.25", "0.35"), (LISTS[0], "340,zebra", "341,zebra"), (LISTS[1], "1,zebra", "2,zebra")],
)
def test_annotations_are_no_part_of_the_pool_and_are_looked_at_by_their_stamp(si_score, name, old, new):
    before = opened(si_score).pool_digest()
    path = si_score / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    stamp = label_stamp(opened(si_score))
    path.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(path, (1, 1))
    assert opened(si_score).pool_digest() == before
    assert label_stamp(opened(si_score)) != stamp


def test_the_digest_does_not_depend_on_where_the_folder_is(si_score, tmp_path):
    before = opened(si_score).pool_digest()
    moved = si_score.rename(tmp_path / "elsewhere")
    assert opened(moved).pool_digest() == before
