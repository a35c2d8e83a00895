"""Copies of published sets as people have them: wrapped, flat, with junk beside; and what stays as it was."""

import hashlib
import shutil

import pytest
from PIL import Image

from core.benchmarks import imagenet_ground_truth, known_benchmarks, listing, open_benchmark
from core.errors import DataError
from tests import class_folders, validation_images
from tests.benchmarks import mask_folders
from tests.benchmarks.test_contract import si_score
from tests.benchmarks.test_focus import focus
from tests.conftest import GREEN_WNID, RED_WNID
from tests.development_kit import KIT, WNIDS, write_kit
from tests.parquet_images import write_set
from tests.validation_images import name


def digest(root, ids):
    """A pool's digest, written out: names, sizes as 64-bit numbers, and the digest of each file's bytes."""
    files = [(root / each).read_bytes() for each in ids]
    total = hashlib.sha256("\n".join(ids).encode())
    total.update(b"".join(len(content).to_bytes(8, "little") for content in files))
    for content in files:
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


def write_junk(folder):
    """What macOS, Windows and network storage leave in a folder and its sub-folders."""
    for place in (folder, *(each for each in folder.iterdir() if each.is_dir())):
        for junk in (".DS_Store", "Thumbs.db", "desktop.ini", "._0.png", "._metadata.csv"):
            (place / junk).write_bytes(b"\x00\x05\x16\x07")
    for path in (folder / "__MACOSX" / "x" / "._0.png", folder / "@eaDir" / "0.png"):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"\x00\x05\x16\x07")


@pytest.fixture
def flat(tmp_path):
    """Five flat validation images: three of tench, two of the great white shark."""
    validation_images.write_images(tmp_path / "ILSVRC2012" / "val", flat=True)
    return tmp_path / "ILSVRC2012" / "val"


def test_a_folder_is_the_pool_that_it_always_was_wrapped_or_not_with_junk_or_without(colour_folder, tmp_path):
    expected = digest(colour_folder, sorted(str(p.relative_to(colour_folder)) for p in colour_folder.glob("*/*")))
    assert open_benchmark("imagenet", colour_folder).pool_digest() == expected
    outer = tmp_path / "download"
    outer.mkdir()
    inner = colour_folder.rename(outer / "colours")
    write_junk(outer)
    write_junk(inner)
    benchmark = open_benchmark("imagenet", outer)
    assert (benchmark.root, len(benchmark.samples()), benchmark.pool_digest()) == (inner, 24, expected)
    assert benchmark.notes == []


def test_of_two_folders_side_by_side_a_user_has_to_choose(colour_folder, tmp_path):
    shutil.copytree(colour_folder, tmp_path / "sets" / "imagenet")
    shutil.copytree(colour_folder, tmp_path / "sets" / "imagenet-a")
    with pytest.raises(DataError, match="it has the folders imagenet, imagenet-a"):
        open_benchmark("imagenet", tmp_path / "sets").samples()


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png", ".webp"])
def test_any_suffix_of_an_image_will_do(tmp_path, suffix):
    (tmp_path / RED_WNID).mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / RED_WNID / f"0{suffix}")
    assert open_benchmark("imagenet", tmp_path).samples()["sample_id"].tolist() == [f"{RED_WNID}/0{suffix}"]


def test_flat_images_with_a_list_are_the_pool_of_the_multi_label_set(flat):
    lines = zip(range(1, 6), [0, 0, 0, 2, 2], strict=True)
    (flat.parent / "val.txt").write_text("\ufeff" + "".join(f"val/{name(n)} {c}\n" for n, c in lines), "utf-8")
    benchmark = open_benchmark("imagenet", flat.parent)
    samples = benchmark.samples()
    assert samples["sample_id"].tolist() == [name(n) for n in range(1, 6)]
    assert samples["wnid"].tolist() == [WNIDS[0]] * 3 + [WNIDS[2]] * 2
    assert samples["accepted"].tolist() == [[0]] * 3 + [[2]] * 2
    assert benchmark.pool_digest() == digest(flat, [name(n) for n in range(1, 6)])
    assert flat.parent / "val.txt" in benchmark.label_files()
    validation_images.write_annotations(flat.parent)
    assert open_benchmark("imagenet-multilabel", flat.parent).pool_digest() == benchmark.pool_digest()


def test_flat_images_without_a_class_are_left_out_and_counted(flat):
    (flat / "val.txt").write_text(f"{name(1)} 0\n{name(4)} n01484850\n")
    benchmark = open_benchmark("imagenet", flat)
    assert benchmark.samples()["accepted"].tolist() == [[0], [2]]
    (note,) = benchmark.notes
    assert note.startswith("3 of 5 validation images have no class in val.txt; left out: ")


def test_a_wordnet_id_in_the_name_gives_the_class(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / f"ILSVRC2012_val_00000293_{GREEN_WNID}.JPEG")
    assert open_benchmark("imagenet", tmp_path).samples()["accepted"].tolist() == [[1]]


def test_nothing_that_says_the_classes_is_an_error_that_names_what_was_looked_for(flat):
    with pytest.raises(DataError, match=r"5 validation images flat.*val\.txt.*ground_truth\.txt.*meta\.mat.*Put one"):
        open_benchmark("imagenet", flat).samples()


def test_kaggles_copy_has_its_list_at_the_top(flat, tmp_path):
    top = tmp_path / "kaggle"
    (top / "ILSVRC" / "Data" / "CLS-LOC").mkdir(parents=True)
    flat.rename(top / "ILSVRC" / "Data" / "CLS-LOC" / "val")
    rows = [f"ILSVRC2012_val_{n:08},{WNIDS[c]} 1 2 3 4 \n" for n, c in zip(range(1, 6), [0, 0, 0, 2, 2], strict=True)]
    (top / "LOC_val_solution.csv").write_text("ImageId,PredictionString\n" + "".join(rows))
    assert open_benchmark("imagenet", top).samples()["accepted"].tolist() == [[0], [0], [0], [2], [2]]


@pytest.mark.parametrize("synsets", ["meta.mat", "map_clsloc.txt", "synset_words.txt"])
@pytest.mark.parametrize(
    "where",
    ["ILSVRC2012_devkit_t12", "devkit", "devkit/ILSVRC2012_devkit_t12", "ILSVRC2012_devkit_t12/ILSVRC2012_devkit_t12"],
)
def test_the_ground_truth_counts_as_ilsvrc_does_and_not_by_sorted_wordnet_ids(flat, synsets, where):
    write_kit(flat.parent / where / "data", synsets)
    samples = open_benchmark("imagenet", flat.parent).samples()
    assert samples["wnid"].tolist() == [KIT[0], KIT[1], KIT[2], KIT[0], KIT[1]]
    # The kit fox is class 278 of models, and number 1 of ILSVRC.
    assert samples["accepted"].iloc[0] == [278]


def test_a_list_sorted_by_wordnet_id_does_not_explain_the_ground_truth(flat):
    write_kit(flat, "")
    (flat / "synset_words.txt").write_text("".join(f"{wnid} a name\n" for wnid in WNIDS))
    with pytest.raises(DataError, match="nothing says their classes"):
        open_benchmark("imagenet", flat).samples()
    with pytest.raises(DataError, match=r"sorted by WordNet id.*Put meta\.mat"):
        imagenet_ground_truth.read_synsets(flat / "synset_words.txt")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("1\n2\n", r"has 2 lines; one for each of the 50,000"),
        ("1\n" * 49_999 + "1001\n", r"line 50000: '1001' is not one of ILSVRC's numbers"),
        ("1\n" * 49_999 + "²\n", r"line 50000: '²' is not one of"),
    ],
)
def test_a_damaged_ground_truth_names_line_and_value(flat, content, said):
    write_kit(flat, "map_clsloc.txt")
    (flat / imagenet_ground_truth.FILE).write_text(content, "utf-8")
    with pytest.raises(DataError, match=said):
        open_benchmark("imagenet", flat).samples()


@pytest.mark.parametrize("content", [b"", b"MATLAB 5.0 MAT-file" + bytes(200), b"\x00" * 128])
def test_a_damaged_table_of_matlab_is_an_error(flat, content):
    write_kit(flat, "")
    (flat / "meta.mat").write_bytes(content)
    with pytest.raises(DataError, match=r"meta\.mat"):
        open_benchmark("imagenet", flat).samples()


@pytest.fixture
def size_set(tmp_path):
    """Four images of kites and zebras in SI-Score's format."""
    si_score(tmp_path / "set")
    return tmp_path / "set"


@pytest.mark.parametrize("folder", ["area", "size", "object_size", "object_size_mini"])
def test_names_of_si_scores_folders(size_set, tmp_path, folder):
    outer = tmp_path / "download"
    outer.mkdir()
    size_set.rename(outer / folder)
    write_junk(outer)
    write_junk(outer / folder)
    benchmark = open_benchmark("si-score/size", outer)
    assert (benchmark.root, len(benchmark.samples())) == (outer / folder, 4)
    assert not any("left out" in note for note in benchmark.notes)
    for other in ("rotation", "location"):
        with pytest.raises(DataError, match="no images in class folders"):
            open_benchmark(f"si-score/{other}", outer).samples()


@pytest.mark.parametrize("least", ["0", "50", "75"])
def test_a_location_set_of_any_minimum_share_is_one(size_set, tmp_path, least):
    outer = tmp_path / "object_location"
    outer.mkdir()
    inner = size_set.rename(outer / f"location20_area02_min{least}pc")
    assert open_benchmark("si-score/location", outer).root == inner


def test_of_several_location_sets_the_official_one_is_used_and_else_a_user_chooses(size_set, tmp_path):
    for least in ("0", "50", "75"):
        shutil.copytree(size_set, tmp_path / "sets" / f"location20_area02_min{least}pc")
    assert open_benchmark("si-score/location", tmp_path / "sets").root.name == "location20_area02_min0pc"
    shutil.rmtree(tmp_path / "sets" / "location20_area02_min0pc")
    assert open_benchmark("si-score/location", tmp_path / "sets").root == tmp_path / "sets"


def test_a_folder_that_is_given_is_read_whatever_its_name(size_set):
    assert len(open_benchmark("si-score/rotation", size_set.rename(size_set.with_name("area"))).samples()) == 4


def wrap(folder):
    """The folder's content, wrapped in one more folder with junk beside."""
    inner = folder.parent / "download" / folder.name
    inner.parent.mkdir()
    folder.rename(inner)
    write_junk(inner.parent)
    return inner.parent


WRAPPED = {
    "focus": focus,
    "imagenet-a": class_folders.by_wnid,
    "imagenet-v2": class_folders.by_index,
    "objectnet": class_folders.objectnet,
    "imagenet-hard": write_set,
}


@pytest.mark.parametrize("key", WRAPPED)
def test_a_set_may_be_wrapped_in_a_folder_and_is_the_same_pool(tmp_path, key):
    root = tmp_path / "set"
    WRAPPED[key](root)
    before = open_benchmark(key, root)
    ids, pool = before.samples(before.label_spaces[0])["sample_id"].tolist(), before.pool_digest()
    wrapped = open_benchmark(key, wrap(root))
    assert wrapped.samples(before.label_spaces[0])["sample_id"].tolist() == ids
    assert wrapped.pool_digest() == pool


def test_masks_may_be_wrapped_and_their_images_may_have_another_suffix(tmp_path):
    root = tmp_path / "masks"
    images = mask_folders.hard_imagenet(root)
    assert list(open_benchmark("hard-imagenet", root, images).pairs) == [
        f"{mask_folders.BEAM}/{mask_folders.VAL_BEAM}",
        f"{mask_folders.PUCK}/{mask_folders.VAL_PUCK}",
    ]
    beam = images / "val" / mask_folders.BEAM / mask_folders.VAL_BEAM
    beam.rename(beam.with_name(f"ILSVRC2012_val_00000007_{mask_folders.BEAM}.jpg"))
    puck = images / "val" / mask_folders.PUCK / mask_folders.VAL_PUCK
    puck.rename(puck.with_suffix(".png"))
    benchmark = open_benchmark("hard-imagenet", wrap(root), images)
    assert len(benchmark.pairs) == 2
    assert {benchmark.path(each).suffix for each in benchmark.pairs} == {".jpg", ".png"}


def test_attributes_find_images_whatever_their_suffix(tmp_path):
    draw = tmp_path / "val" / RED_WNID / f"ILSVRC2012_val_00000293_{RED_WNID}.jpg"
    draw.parent.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(draw)
    lines = "image,time,weather,locations\n/val/ILSVRC2012_val_00000293.JPEG,day,none,grass\n"
    (tmp_path / "attributes.csv").write_text(lines)
    samples = open_benchmark("imagenet-attributes", tmp_path).samples()
    assert samples[["sample_id", "time"]].to_numpy().tolist() == [[f"{RED_WNID}/{draw.name}", "day"]]


def test_names_that_are_junk():
    names = ["._a.png", ".DS_Store", "Thumbs.db", "THUMBS.DB", "__MACOSX", "@eaDir", "desktop.ini"]
    assert all(map(listing.is_junk, names))
    assert not any(map(listing.is_junk, ["thumbs.png", "MACOSX", "n01440764", "a.JPEG"]))


def test_a_root_that_is_not_there_is_kept_by_every_benchmark(tmp_path):
    for benchmark in known_benchmarks().values():
        if benchmark.embedded is None:
            assert benchmark(tmp_path / "absent").root == tmp_path / "absent"
