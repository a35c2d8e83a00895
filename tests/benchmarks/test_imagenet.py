import pytest
from PIL import Image

from core import benchmarks
from core.errors import DataError, LabelSpaceError, UsageError
from tests.conftest import GREEN_WNID, RED_WNID


def opened(root):
    return benchmarks.open_benchmark("imagenet", root)


def test_each_image_accepts_the_class_of_its_folder(colour_folder):
    samples = opened(colour_folder).samples()
    assert len(samples) == 24
    assert samples["sample_id"].is_unique
    by_id = samples.set_index("sample_id")
    assert by_id.loc[f"{RED_WNID}/3.png", ["accepted", "class", "wnid"]].tolist() == [[0], "tench", RED_WNID]
    assert by_id.loc[f"{GREEN_WNID}/0.png", ["accepted", "class", "wnid"]].tolist() == [[1], "goldfish", GREEN_WNID]


def test_each_image_is_its_own_cluster(colour_folder):
    benchmark = opened(colour_folder)
    samples = benchmark.samples()
    assert benchmark.cluster_unit is None
    assert samples["cluster"].tolist() == samples["sample_id"].tolist()


def test_an_image_opens_by_its_id(colour_folder):
    image = opened(colour_folder).image(f"{RED_WNID}/3.png")
    assert image.size == (43, 36)
    assert image.getpixel((0, 0)) == (200, 10, 10)


def test_a_folder_val_is_looked_into(colour_folder, tmp_path):
    outer = tmp_path / "ILSVRC"
    outer.mkdir()
    colour_folder.rename(outer / "val")
    benchmark = opened(outer)
    assert benchmark.root == outer / "val"
    assert len(benchmark.samples()) == 24


def test_a_folder_val_beside_class_folders_is_not_looked_into(colour_folder):
    (colour_folder / "val").mkdir()
    assert opened(colour_folder).root == colour_folder


def test_other_folders_are_left_out_with_a_note(colour_folder):
    for name in ("n99999999", "extras"):
        (colour_folder / name).mkdir()
        Image.new("RGB", (8, 8)).save(colour_folder / name / "0.png")
    benchmark = opened(colour_folder)
    assert len(benchmark.samples()) == 24
    assert any("2 folders are not ImageNet-1k classes" in note for note in benchmark.notes)


def test_files_that_are_not_images_are_left_out_with_a_note(colour_folder):
    (colour_folder / RED_WNID / "notes.txt").write_text("seen", encoding="utf-8")
    benchmark = opened(colour_folder)
    assert len(benchmark.samples()) == 24
    assert any(note.startswith("left out: 1 file that is no image by its suffix (") for note in benchmark.notes)


def test_hidden_files_are_left_out_silently(colour_folder):
    Image.new("RGB", (8, 8)).save(colour_folder / RED_WNID / ".0.png")
    (colour_folder / ".thumbnails").mkdir()
    benchmark = opened(colour_folder)
    assert len(benchmark.samples()) == 24
    assert benchmark.notes == []


def test_notes_stand_once_however_often_one_asks(colour_folder):
    (colour_folder / "extras").mkdir()
    benchmark = opened(colour_folder)
    for _ in range(2):
        benchmark.samples()
        benchmark.pool_digest()
    assert len(benchmark.notes) == 1


def test_suffixes_are_read_in_any_case(colour_folder):
    Image.new("RGB", (8, 8)).save(colour_folder / RED_WNID / "ILSVRC2012_val_1.JPEG")
    assert f"{RED_WNID}/ILSVRC2012_val_1.JPEG" in set(opened(colour_folder).samples()["sample_id"])


def test_a_folder_without_class_folders_is_an_error_that_says_what_is_there(tmp_path):
    (tmp_path / "dogs").mkdir()
    with pytest.raises(DataError, match=r"no folder named by .* such as n01440764; it has the folders dogs.*--data"):
        opened(tmp_path).samples()


def test_a_folder_without_folders_is_an_error_that_says_so(tmp_path):
    with pytest.raises(DataError, match="it has no sub-folders"):
        opened(tmp_path).samples()


def test_empty_class_folders_are_an_error(tmp_path):
    (tmp_path / RED_WNID).mkdir()
    with pytest.raises(DataError, match=r"the 1 class folders in .* hold no images"):
        opened(tmp_path).samples()


def test_a_missing_folder_is_an_error_that_names_the_option(tmp_path):
    with pytest.raises(UsageError, match=r"absent, is not a folder.*--data"):
        opened(tmp_path / "absent")


def test_a_model_with_other_classes_is_refused(colour_folder):
    with pytest.raises(LabelSpaceError, match=r"'imagenet' needs .*this one has 'focus-10'"):
        opened(colour_folder).samples("focus-10")


def test_the_digest_stays_when_nothing_changes(colour_folder):
    assert opened(colour_folder).pool_digest() == opened(colour_folder).pool_digest()


def test_the_digest_does_not_depend_on_where_the_folder_is(colour_folder, tmp_path):
    before = opened(colour_folder).pool_digest()
    moved = colour_folder.rename(tmp_path / "moved")
    assert opened(moved).pool_digest() == before


def test_the_digest_changes_when_an_image_is_added_removed_renamed_or_redrawn(colour_folder):
    digests = [opened(colour_folder).pool_digest()]
    image = colour_folder / RED_WNID / "1.png"
    image.rename(image.with_name("x.png"))
    digests.append(opened(colour_folder).pool_digest())
    Image.new("RGB", (300, 200), (1, 2, 3)).save(image)
    digests.append(opened(colour_folder).pool_digest())
    image.unlink()
    image.with_name("x.png").unlink()
    digests.append(opened(colour_folder).pool_digest())
    Image.new("RGB", (9, 9), (4, 5, 6)).save(colour_folder / RED_WNID / "2.png")
    digests.append(opened(colour_folder).pool_digest())
    assert len(set(digests)) == 5


def test_the_digest_of_a_small_set_changes_with_bytes_at_the_same_size(colour_folder):
    before = opened(colour_folder).pool_digest()
    image = colour_folder / RED_WNID / "2.png"
    content = bytearray(image.read_bytes())
    content[-1] ^= 1
    image.write_bytes(content)
    assert opened(colour_folder).pool_digest() != before


def test_the_digest_of_a_large_set_changes_with_the_size_of_any_image(tmp_path):
    # Only 64 images are read, evenly spread; of four neighbours among 200 at least two are not.
    root = tmp_path / "large"
    (root / RED_WNID).mkdir(parents=True)
    files = [root / RED_WNID / f"{number:03}.png" for number in range(200)]
    for file in files:
        file.write_bytes(b"same")
    digests = [opened(root).pool_digest()]
    for file in files[100:104]:
        file.write_bytes(b"longer")
        digests.append(opened(root).pool_digest())
    assert len(set(digests)) == 5
