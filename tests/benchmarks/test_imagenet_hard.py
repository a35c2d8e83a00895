"""ImageNet-Hard in its Parquet files: rows, revisions, and what may be wrong with them."""

import pickle

import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import benchmarks
from core.benchmarks.imagenet_hard import ids_of, revision
from core.errors import DataError, ImageError, LabelSpaceError, StorageError
from core.evaluate.loop import evaluate
from core.images.opening import digest_of
from core.labels import label_space
from core.store import read
from tests.parquet_images import ROWS, SCHEMA, encoded, row, write_set, write_shard


def opened(root):
    return benchmarks.open_benchmark("imagenet-hard", root)


@pytest.fixture
def hard(tmp_path):
    write_set(tmp_path / "hard")
    return tmp_path / "hard"


def one_file(tmp_path, rows, **options):
    write_shard(tmp_path / "hard" / "validation.parquet", rows, **options)
    return opened(tmp_path / "hard")


def test_each_row_accepts_all_of_its_labels(hard):
    samples = opened(hard).samples()
    assert samples["sample_id"].tolist() == [f"image_{number}.png" for number in range(5)]
    assert samples["accepted"].tolist() == [[0], [1, 0], [2], [637], [999]]
    assert samples["n_accepted"].tolist() == [1, 2, 1, 1, 1]
    assert samples["origin"].tolist() == ["imagenet", "imagenet_a", "imagenet", "objectnet", "imagenet_sketch"]
    assert samples["class"].tolist()[:3] == ["tench", "goldfish", "great white shark"]
    assert samples["english_label"].tolist()[0] == ["tench"]


def test_an_image_is_that_of_its_row_whichever_file_it_lies_in(hard):
    benchmark = opened(hard)
    for number in (4, 0, 3, 1, 2):
        assert benchmark.image(f"image_{number}.png").getpixel((0, 0)) == (40 * number, 10, 10)


def test_a_decoded_image_has_the_digest_of_its_own_bytes(hard):
    decoded = opened(hard).decoded("image_3.png")
    assert decoded.image.size == (40, 36)
    assert decoded.digest == digest_of(encoded((120, 10, 10)))


def test_an_image_has_no_file_and_no_mask(hard):
    benchmark = opened(hard)
    assert benchmark.path("image_0.png") is None
    assert benchmark.mask("image_0.png") is None


def test_nothing_is_unpacked(hard):
    before = sorted(hard.rglob("*"))
    benchmark = opened(hard)
    benchmark.samples()
    benchmark.image("image_4.png")
    assert sorted(hard.rglob("*")) == before


def test_the_files_may_lie_in_the_folder_itself_and_another_process_opens_them_anew(hard):
    benchmark = pickle.loads(pickle.dumps(opened(hard / "data")))
    assert benchmark.samples().equals(opened(hard).samples())
    assert benchmark.pool_digest() == opened(hard).pool_digest()


def test_ids_are_the_names_of_images_where_each_has_its_own():
    assert ids_of(["a.png", "b/c.png"], 2) == ["a.png", "b/c.png"]


@pytest.mark.parametrize("names", [["a.png", "a.png"], ["a.png", None], ["a.png", ""], ["a.png", "../b.png"], []])
def test_ids_are_the_numbers_of_rows_otherwise(names):
    assert ids_of(names, 2) == ["row-00000", "row-00001"]


def test_ids_and_images_stay_where_rows_are_spread_over_other_files(hard, tmp_path):
    made = [row(labels, colour=(40 * n, 10, 10), path=f"image_{n}.png") for n, (labels, _) in enumerate(ROWS)]
    other = one_file(tmp_path / "other", made, group=5)
    assert other.samples()["sample_id"].tolist() == opened(hard).samples()["sample_id"].tolist()
    assert other.decoded("image_4.png").digest == opened(hard).decoded("image_4.png").digest


@pytest.mark.parametrize(
    ("n", "is_4k", "said"),
    [
        (10_980, False, "10,980 rows: the current revision of ImageNet-Hard."),
        (13_925, False, "13,925 rows: another revision of ImageNet-Hard."),
        (10_980, True, "10,980 rows: the current 4K revision of ImageNet-Hard."),
        (11_350, True, "11,350 rows: another 4K revision of ImageNet-Hard."),
        (11_211, True, "11,211 rows: another 4K revision of ImageNet-Hard."),
    ],
)
def test_a_revision_is_told_by_its_rows(n, is_4k, said):
    assert revision(n, is_4k=is_4k) == said


def test_what_is_no_revision_says_which_there_are():
    assert revision(48).startswith("48 rows: a part of ImageNet-Hard, or another set;")
    assert "10,980 and 13,925 rows" in revision(48)
    assert "10,980, 11,211 and 11,350 rows" in revision(13_925, is_4k=True)


def test_the_rows_are_shown_and_the_enlarged_images_told_by_their_column(hard, tmp_path):
    benchmark = opened(hard)
    benchmark.samples()
    assert benchmark.notes[0].startswith("5 rows: a part of ImageNet-Hard")
    enlarged = one_file(tmp_path / "4k", [{"id": 7, **row([0])}], schema=SCHEMA.insert(0, pa.field("id", pa.int64())))
    enlarged.samples()
    assert "11,350" in enlarged.notes[0]


def test_the_revision_is_part_of_the_identity(hard, tmp_path):
    more = write_shard(hard / "data" / "validation-00001-of-00002.parquet", [row([3]), row([4]), row([5])])
    again = opened(hard).pool_digest()
    write_shard(more, [row([3]), row([4])])
    assert opened(hard).pool_digest() != again


def test_the_pool_changes_with_an_image_and_not_with_a_label_or_a_name(tmp_path):
    rows = [row([0], path="a"), row([1], path="b")]
    digests = [one_file(tmp_path / "1", rows).pool_digest()]
    relabelled = one_file(tmp_path / "2", [{**rows[0], "label": [5], "english_label": ["other"]}, rows[1]])
    (relabelled.root / "validation.parquet").rename(relabelled.root / "test.parquet")
    digests.append(relabelled.pool_digest())
    changed = bytearray(rows[1]["image"]["bytes"])
    changed[-20] ^= 1
    digests.append(one_file(tmp_path / "3", [rows[0], row([1], path="b", content=bytes(changed))]).pool_digest())
    assert digests[0] == digests[1] != digests[2]


def test_labels_that_change_are_seen_by_who_keeps_the_benchmark_open(hard):
    before = benchmarks.label_stamp(opened(hard))
    write_shard(hard / "data" / "validation-00001-of-00002.parquet", [row([7]), row([8])])
    assert benchmarks.label_stamp(opened(hard)) != before


def test_an_image_that_cannot_be_decoded_fails_and_the_run_does_not(tmp_path, toy_model):
    rows = [row([0], path="good.png"), row([0], path="text.png", content=b"no image"), row([0], path="none.png")]
    rows[2]["image"]["bytes"] = None
    benchmark = one_file(tmp_path, rows)
    with pytest.raises(ImageError, match="row 2 holds no bytes: download the files again"):
        benchmark.image("none.png")
    with pytest.raises(ImageError, match="UnidentifiedImageError") as caught:
        benchmark.image("text.png")
    assert caught.value.digest == digest_of(b"no image")
    found = read(evaluate(toy_model, benchmark)).set_index("sample_id")
    assert pd.isna(found.loc["good.png", "error"])
    assert found.loc["good.png", "top10"][0] == 0
    assert found.loc[["text.png", "none.png"], "error"].notna().all()


def test_a_damaged_row_group_is_a_matter_of_its_images(tmp_path):
    benchmark = one_file(tmp_path, [row([0], colour=(n, n, n), path=f"{n}.png") for n in range(4)])
    path = benchmark.root / "validation.parquet"
    begin, n = benchmark.shards.cells[0].span(0)
    content = path.read_bytes()
    path.write_bytes(content[:begin] + bytes(n) + content[begin + n :])
    with pytest.raises(ImageError, match="row 1 of its table is damaged"):
        benchmark.image("1.png")
    assert benchmark.image("3.png").getpixel((0, 0)) == (3, 3, 3)


def test_rows_with_a_label_that_is_no_class_are_counted_and_left_out(tmp_path):
    benchmark = one_file(tmp_path, [row([0]), row([3, 1000]), row([-1]), row([])])
    assert benchmark.samples()["accepted"].tolist() == [[0]]
    assert benchmark.notes[1:] == [
        "2 rows have a label outside 0..999, are left out; download the files again: row 1 (1000), row 2 (-1).",
        "1 rows have no label and were left out: row 3.",
    ]
    # What is left keeps the number of its row.
    assert benchmark.samples()["sample_id"].tolist() == ["row-00000"]


def test_no_usable_label_at_all_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"none of 2 rows in .* has labels from 0 to 999, for example row 0 \(1000\)"):
        one_file(tmp_path, [row([1000]), row([])]).samples()


def test_a_missing_file_is_counted_and_named(hard):
    (hard / "data" / "validation-00000-of-00002.parquet").unlink()
    benchmark = opened(hard)
    assert len(benchmark.samples()) == 2
    assert benchmark.image("image_3.png").getpixel((0, 0)) == (120, 10, 10)
    assert any("1 files of the data set are not here" in note and "00000-of-00002" in note for note in benchmark.notes)


def test_a_file_that_is_cut_is_counted_and_named(hard):
    path = hard / "data" / "validation-00001-of-00002.parquet"
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(DataError, match=r"1 of 2 Parquet files in .* validation-00001-of-00002.parquet .*Download"):
        opened(hard).samples()


def test_files_of_two_revisions_in_one_folder_are_refused(hard):
    write_shard(hard / "data" / "validation-00000-of-00003.parquet", [row([0])])
    with pytest.raises(DataError, match=r"of 2 revisions, 2 of 2 and 1 of 3: keep those of one"):
        opened(hard).samples()


def test_a_file_that_is_there_twice_is_refused(hard):
    content = (hard / "data" / "validation-00001-of-00002.parquet").read_bytes()
    (hard / "data" / "copy-00001-of-00002.parquet").write_bytes(content)
    with pytest.raises(DataError, match=r"there more than once: copy-00001-of-00002.parquet, validation-00001"):
        opened(hard).samples()


def test_a_folder_of_images_is_an_error_that_says_how_to_get_the_files(colour_folder):
    with pytest.raises(DataError, match=r"no Parquet file.*the folders n01440764, n01443537, n01484850.*hf download"):
        opened(colour_folder).samples()
    with pytest.raises(DataError, match="holds 8 image files, which this data set does not come as"):
        opened(colour_folder / "n01443537").samples()


def test_missing_columns_are_named_with_those_that_are_there(tmp_path):
    bare = {name: value for name, value in row([0]).items() if name in ("image", "label")}
    schema = pa.schema([SCHEMA.field("image"), SCHEMA.field("label")])
    benchmark = one_file(tmp_path, [bare], schema=schema)
    message = r"1 of 1 Parquet files .* lacks origin, english_label; it has image, image.bytes, image.path, label\."
    with pytest.raises(DataError, match=message):
        benchmark.samples()


def test_images_kept_as_links_are_refused_by_their_column(tmp_path):
    schema = pa.schema([("image", pa.string()), *list(SCHEMA)[1:]])
    with pytest.raises(DataError, match=r"lacks image\.bytes"):
        one_file(tmp_path, [{**row([0]), "image": "https://example.org/a.png"}], schema=schema).samples()


def test_a_folder_that_has_gone_away_is_a_matter_of_the_system(hard):
    benchmark = opened(hard)
    benchmark.samples()
    for path in (hard / "data").iterdir():
        path.unlink()
    with pytest.raises((StorageError, DataError)):
        opened(hard).samples()


def test_the_files_may_lie_in_an_object_store(hard):
    store = fsspec.filesystem("memory")
    store.put(str(hard), "/hard", recursive=True)
    try:
        benchmark = opened("memory://hard")
        assert benchmark.samples().equals(opened(hard).samples())
        assert benchmark.pool_digest() == opened(hard).pool_digest()
        assert benchmark.decoded("image_4.png").digest == opened(hard).decoded("image_4.png").digest
    finally:
        store.rm("/hard", recursive=True)


def test_a_model_with_other_classes_is_refused(hard):
    with pytest.raises(LabelSpaceError, match="needs a model with the 1,000 ImageNet-1k classes"):
        opened(hard).samples("focus-10")


def test_answers_count_by_plain_top_1():
    assert benchmarks.benchmark_class("imagenet-hard").card().default_policy == "top1"


@pytest.mark.shared
def test_real_photos_are_read_as_they_are_in_their_folder(shared):
    benchmark = opened(shared / "data" / "imagenet-hard-mini")
    samples = benchmark.samples()
    assert len(samples) == 48
    wnids = label_space("imagenet-1k").wnids
    files = {path.name: path for path in (shared / "data" / "imagenet-sample").rglob("*.JPEG")}
    for number in np.random.default_rng(0).permutation(48):
        sample_id, accepted = samples.loc[number, ["sample_id", "accepted"]]
        assert sample_id.startswith(wnids[accepted[0]])
        assert len(accepted) == (2 if number % 6 == 0 else 1)
        assert benchmark.decoded(sample_id).digest == digest_of(files[sample_id].read_bytes())
    assert benchmark.notes[0].startswith("48 rows: a part of ImageNet-Hard")
