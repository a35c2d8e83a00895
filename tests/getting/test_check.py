"""Any folder, given for any benchmark: one clear answer, and what is amiss by name."""

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from core import benchmarks
from core.cli.main import main
from core.errors import UsageError
from core.getting import resemblance
from core.getting.check import N_OPENED, SEVERITIES, check
from core.getting.expected import expected, is_published
from core.getting.status import status
from core.labels import label_space
from tests import class_folders, validation_images
from tests.benchmarks.mask_folders import BEAM, hard_imagenet, photo
from tests.benchmarks.test_contract import BUILDERS
from tests.conftest import BLUE_WNID, GREEN_WNID, RED_WNID, write_csv

WNIDS = label_space("imagenet-1k").wnids


def found(checked, about):
    return [each for each in checked.findings if each.about == about]


def only(checked):
    (finding,) = checked.findings
    return finding


def draw(path, size=(24, 20)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 20, 60)).save(path)


def test_a_good_folder_says_what_was_looked_at(colour_folder):
    checked = check("imagenet", colour_folder)
    assert (checked.root, checked.n_images, checked.severity) == (str(colour_folder), 24, "worth knowing")
    assert [each.about for each in checked.findings] == ["layout", "count", "classes", "images"]
    (counted,) = found(checked, "count")
    assert counted.said.startswith("24 images; 50,000 are published for the validation set (Russakovsky et al. 2015")
    (opened,) = found(checked, "images")
    assert opened.said == "20 images opened, 20 drawn at random (seed 0): each is an image."
    assert checked.verdict == f"imagenet: 24 images in {colour_folder}; 2 worth knowing."


def test_which_images_are_opened_depends_on_the_seed_alone(colour_folder):
    names = sorted(str(path.relative_to(colour_folder)) for path in colour_folder.glob("*/*"))
    for name in names:
        (colour_folder / name).write_bytes(b"\xff\xd8 cut")
    first, again, other = (found(check("imagenet", colour_folder, seed=seed), "images")[0].said for seed in (0, 0, 1))
    assert first == again != other.replace("seed 1", "seed 0")
    named = [name for name in names if name in first]
    assert len(named) == N_OPENED < len(names)


def test_as_many_images_as_were_published_is_fine(tmp_path):
    for index in range(1000):
        for number in range(10):
            path = tmp_path / str(index) / f"{number}.jpg"
            path.parent.mkdir(exist_ok=True)
            if index or number:
                os.link(tmp_path / "0" / "0.jpg", path)
            else:
                Image.new("RGB", (8, 8)).save(path)
    checked = check("imagenet-v2", tmp_path)
    assert checked.severity == "fine"
    assert checked.verdict.endswith("all is fine.")
    assert found(checked, "count")[0].said == (
        "10,000 images, as published for each of the three test sets (Recht et al. 2019, arXiv 1902.10811)."
    )
    (tmp_path / "7" / "3.jpg").unlink()
    checked = check("imagenet-v2", tmp_path)
    assert found(checked, "count")[0].severity == "worth knowing"
    uneven = [each.said for each in found(checked, "classes") if each.severity != "fine"]
    assert uneven == [f"1 class without exactly 10 images: {WNIDS[7]} (9)."]


def test_missing_classes_are_counted_and_some_named(tmp_path):
    for wnid in WNIDS[2:]:
        draw(tmp_path / wnid / "0.jpg", (4, 4))
    (finding,) = found(check("imagenet-sketch", tmp_path), "classes")
    assert finding.severity == "worth knowing"
    assert "998 classes understood" in finding.said
    assert "missing are n01440764 (tench), n01443537 (goldfish)." in finding.said
    assert "again" in finding.fix


def test_images_that_cannot_be_used_are_named_with_what_they_are(tmp_path):
    draw(tmp_path / RED_WNID / "good.jpg", (64, 64))
    whole = (tmp_path / RED_WNID / "good.jpg").read_bytes()
    contents = {
        "cut.jpg": whole[: len(whole) // 2],
        "text.jpg": b"no image at all",
        "empty.png": b"",
        "page.jpg": b"<!DOCTYPE html><html>404</html>",
        "phone.jpg": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "pointer.jpg": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    }
    for name, content in contents.items():
        (tmp_path / RED_WNID / name).write_bytes(content)
    checked = check("imagenet", tmp_path)
    assert checked.severity == "wrong"
    said = found(checked, "images")[0].said
    assert said.startswith("6 of 7 images, all, cannot be used.")
    for name, what in (
        ("cut.jpg", "is cut off"),
        ("text.jpg", "is a text file"),
        ("empty.png", "is empty"),
        ("page.jpg", "is a web page"),
        ("phone.jpg", "format HEIC, AVIF or MP4"),
        ("pointer.jpg", "pointer of Git LFS"),
    ):
        assert any(what.lower() in part.lower() and f"{RED_WNID}/{name}" in part for part in said.split("; "))


def test_a_name_that_is_no_text_is_shown_escaped(tmp_path):
    (tmp_path / RED_WNID).mkdir()
    draw(tmp_path / RED_WNID / "0.jpg")
    with open(os.fsencode(tmp_path / RED_WNID) + b"/caf\xe9.jpg", "wb") as stream:
        stream.write(b"")
    checked = check("imagenet", tmp_path)
    assert "caf\\xe9" in found(checked, "note")[0].said
    json.dumps(checked.to_json()).encode()


#: What is given for a benchmark, and what it is said to look like.
OTHERS = {
    "focus": "focus",
    "hard-imagenet": "hard-imagenet",
    "imagenet-hard": "imagenet-hard",
    "imagenet-v2": "imagenet-v2",
    "objectnet": "objectnet",
    "rival10": "rival10",
    # The builder's set varies several things.
    "si-score/size": "si-score/size",
    "imagenet-multilabel": "imagenet",
}


@pytest.mark.parametrize("given", OTHERS)
@pytest.mark.parametrize("key", ["imagenet-a", "focus", "si-score/rotation", "objectnet", "imagenet-hard"])
def test_another_benchmarks_data_are_told_with_the_command(tmp_path, given, key):
    BUILDERS[given](tmp_path / "data")
    if given == key or given.partition("/")[0] == key.partition("/")[0]:
        pytest.skip("that is the benchmark itself, or cannot be told from it")
    checked = check(key, tmp_path / "data")
    (finding,) = [each for each in checked.findings if "looks like" in each.said]
    assert finding.severity == "wrong"
    assert f"looks like '{OTHERS[given]}'" in finding.said
    assert finding.fix == f"python -m core data check {OTHERS[given]} {tmp_path / 'data'}"


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (["0.000116_digital clock _ digital clock_0.865662.jpg", "0.01_bee _ fly_0.7.jpg"], "imagenet-a"),
        (["art_0.jpg", "cartoon_11.jpg", "sketch_3.jpg"], "imagenet-r"),
        (["sketch_0.JPEG", "sketch_41.JPEG"], "imagenet-sketch"),
        (["ILSVRC2012_val_00000293.JPEG"], "imagenet"),
        ([f"{RED_WNID}_10026.JPEG"], "imagenet"),
    ],
)
def test_sets_in_folders_of_the_same_classes_are_told_by_the_names_of_their_images(tmp_path, names, key):
    for name in names:
        draw(tmp_path / RED_WNID / name)
    seen = resemblance.looks_like(tmp_path)
    assert (seen.keys[0], seen.is_sure) == (key, True)
    for other in ("imagenet-a", "imagenet-r", "imagenet-sketch"):
        layout = found(check(other, tmp_path), "layout")
        assert any("looks like" in each.said for each in layout) == (other != key)


def test_images_of_ones_own_in_class_folders_look_like_nothing_else(colour_folder):
    assert not resemblance.looks_like(colour_folder).is_sure
    assert [each.severity for each in found(check("imagenet-a", colour_folder), "layout")] == ["fine"]


def test_what_si_scores_metadata_vary_is_read_from_them(tmp_path):
    columns = ["image_id", "x_coord", "y_coord", "area", "rotation", "foreground_class", "foreground_instance"]
    columns += ["background", "bg_resolution_width", "bg_resolution_height", "pct_inside_image"]
    values = {
        "size": [(0.5, 0.5, 0.1, 0), (0.5, 0.5, 0.2, 0)],
        "location": [(0.0, 0.5, 0.2, 0), (0.05, 0.5, 0.2, 0)],
        "rotation": [(0.5, 0.5, 0.2, 1), (0.5, 0.5, 0.8, 21)],
        None: [(0.5, 0.5, 0.2, 0), (0.5, 0.5, 0.2, 0)],
    }
    for factor, rows in values.items():
        lines = [[number, *row, 0, 0, 0, 8, 8, 1] for number, row in enumerate(rows)]
        write_csv(tmp_path / "metadata.csv", columns, lines)
        assert resemblance.varied_factor(tmp_path / "metadata.csv") == factor
    write_csv(tmp_path / "metadata.csv", columns[:4], [])
    assert resemblance.varied_factor(tmp_path / "metadata.csv") is None


def test_a_folder_above_names_the_folder_inside(colour_folder, tmp_path):
    sets = tmp_path / "sets"
    shutil.copytree(colour_folder, sets / "b-imagenet")
    BUILDERS["focus"](sets / "a-focus")
    finding = only(check("imagenet", sets))
    assert "Its folder b-imagenet looks like 'imagenet'" in finding.said
    assert finding.fix == f"python -m core data check imagenet {sets / 'b-imagenet'}"
    assert "Its folder a-focus looks like 'focus'" in only(check("objectnet", sets)).said


@pytest.mark.parametrize("key", [key for key in benchmarks.known_benchmarks() if is_published(key)])
def test_hopeless_folders_get_one_answer_for_every_benchmark(tmp_path, key):
    (tmp_path / "empty").mkdir()
    home = tmp_path / "home"
    for name in ("docs/letter.txt", ".ssh/config", "notes.md"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x")
    (tmp_path / "zips").mkdir()
    (tmp_path / "zips" / "set.tar.gz").write_bytes(b"x")
    for folder, said in (
        (tmp_path / "empty", "The folder is empty."),
        (home, "Looked for: "),
        (tmp_path / "zips", "It holds archives: set.tar.gz."),
        (tmp_path / "zips" / "set.tar.gz", "is an archive."),
        (home / "notes.md", "is a file."),
        (tmp_path / "empti", "is not there. Did you mean 'empty'?"),
    ):
        checked = check(key, folder)
        finding = only(checked)
        assert (finding.severity, checked.root, checked.n_images) == ("wrong", None, 0)
        assert said in finding.said
        assert finding.fix
        assert checked.verdict == f"{key}: not found in {folder}."


def test_images_without_classes_are_ones_own_to_add(tmp_path):
    draw(tmp_path / "cats" / "a.jpg")
    finding = only(check("imagenet-a", tmp_path))
    assert "It has folders of images, such as cats." in finding.said
    assert finding.fix.endswith(f"python -m core data add NAME {tmp_path}")


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("", "the name of the folder is empty"),
        ("\0", "cannot be reached"),
        ("a" * 300, "too long to be the path of a file"),
        ("~nobody-of-this-name/x", "nobody-of-this-name"),
        (os.devnull, "is no folder"),
        ("memory://nothing-here", "is not there"),
        ("foo://bar", "cannot be opened"),
    ],
)
def test_odd_names_of_folders_are_one_clear_line(folder, said):
    finding = only(check("imagenet", folder))
    assert said in finding.said
    assert "\n" not in finding.said
    assert finding.fix


def test_ones_own_data_are_compared_with_what_was_added(colour_folder, capsys):
    with pytest.raises(SystemExit):
        main(["data", "add", "colours", str(colour_folder), "--yes"])
    checked = check("colours")
    assert (checked.n_images, checked.severity) == (24, "fine")
    assert "24 images, as were added (" in found(checked, "count")[0].said
    (colour_folder / RED_WNID / "3.png").unlink()
    (counted,) = found(check("colours"), "count")
    assert counted.said.startswith("23 images; 24 were added (")
    assert counted.severity == "worth knowing"
    (mine,) = status("colours").benchmarks.to_dict("records")
    assert (mine["kind"], mine["state"], mine["why"], mine["source"]) == ("own", "partial", "23 of 24 images", "yours")
    BUILDERS["focus"](colour_folder.parent / "focus")
    assert "looks like 'focus'" in only(check("colours", colour_folder.parent / "focus")).said
    (Path(os.environ["OFFCENTER_DATA"]) / "own" / "colours.json").write_text("{")
    assert any("colours.json is damaged" in each for each in status().problems)


def test_no_folder_known_says_how_to_get_it():
    finding = only(check("focus"))
    assert finding.said == "no data folder is known for 'focus'."
    assert "focus.zip" in finding.fix


def test_masks_need_their_images(tmp_path):
    images = hard_imagenet(tmp_path / "masks")
    checked = check("hard-imagenet", tmp_path / "masks")
    assert found(checked, "annotations")[0].said == f"2 masks with an image in {images}."
    moved = (tmp_path / "masks").rename(tmp_path / "moved")
    finding = only(check("hard-imagenet", moved))
    assert "no folder of ImageNet's images is known" in finding.said
    assert finding.fix == f"python -m core data check hard-imagenet {moved} --images IMAGENET"
    assert check("hard-imagenet", moved, images).n_images == 2


def test_a_mask_that_cannot_be_opened_is_named(tmp_path):
    images = hard_imagenet(tmp_path / "masks")
    (next((tmp_path / "masks" / "val").glob(f"{BEAM}*"))).write_bytes(b"\xff\xd8 no mask")
    checked = check("hard-imagenet", tmp_path / "masks", images)
    assert "1 of 2 images" in found(checked, "images")[0].said


def test_a_damaged_list_is_the_readers_own_words(tmp_path):
    validation_images.write_images(tmp_path, flat=True)
    (tmp_path / "val.txt").write_text("ILSVRC2012_val_00000001.JPEG 1000\n")
    assert "val.txt, line 1: '1000' is neither" in only(check("imagenet", tmp_path)).said


def test_nothing_that_data_hold_ends_in_a_traceback(tmp_path, monkeypatch):
    class_folders.by_wnid(tmp_path)

    def broken(self, label_space=""):
        raise KeyError("surprise")

    monkeypatch.setattr(benchmarks.benchmark_class("imagenet"), "samples", broken)
    assert "KeyError: 'surprise'" in only(check("imagenet", tmp_path)).said


def test_a_folder_that_may_not_be_read_is_said(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (tmp_path / "closed").mkdir(mode=0)
    assert "cannot be read" in only(check("imagenet", tmp_path / "closed")).said


def test_every_published_benchmark_has_a_layout_and_sources():
    for key, benchmark in benchmarks.known_benchmarks().items():
        if benchmark.embedded is None and "/" not in key.removeprefix("si-score/"):
            wanted = expected(key)
            assert is_published(key)
            assert wanted.layout
            assert all(each.n > 0 and each.source and each.what for each in wanted.counts)


def test_the_embedded_sets_are_fine():
    assert check("diorama/small").severity == "fine"


@pytest.mark.shared
def test_real_folders(shared):
    for key, name, n in (("imagenet", "imagenet-sample", 500), ("focus", "focus-mini", 111)):
        checked = check(key, shared / "data" / name)
        assert (checked.n_images, checked.severity) == (n, "worth knowing")
    assert "Its folder focus-mini looks like 'focus'" in only(check("objectnet", shared / "data")).said


def command(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(["data", "check", *map(str, arguments)])
    return left.value.code, capsys.readouterr()


def test_the_command_prints_each_finding_and_exits_with_1_if_something_is_wrong(colour_folder, capsys):
    code, printed = command(capsys, "imagenet", colour_folder)
    assert code == 0
    assert printed.out.startswith(f"imagenet: 24 images in {colour_folder}; 2 worth knowing.\n  fine: layout: ")
    (colour_folder / GREEN_WNID / "1.png").write_bytes(b"x")
    (colour_folder / BLUE_WNID / "1.png").write_bytes(b"x")
    for path in (colour_folder / RED_WNID).iterdir():
        path.write_bytes(b"\x00")
    code, printed = command(capsys, "imagenet", colour_folder, "--json")
    assert code == 1
    content = json.loads(printed.out)
    assert (content["severity"], content["key"], content["n_images"]) == ("wrong", "imagenet", 24)
    assert {each["severity"] for each in content["findings"]} == set(SEVERITIES)


def test_the_command_refuses_an_unknown_benchmark_with_2(capsys):
    code, printed = command(capsys, "imagnet", ".")
    assert code == 2
    assert "unknown benchmark 'imagnet'. Did you mean 'imagenet'" in printed.err
    with pytest.raises(UsageError):
        check("imagnet")


def test_a_check_keeps_nothing(colour_folder, tmp_path):
    check("imagenet", colour_folder)
    assert benchmarks.find_data("imagenet") is None
    assert not Path(os.environ["OFFCENTER_DATA"]).exists()


def test_photos_where_masks_belong_are_said(tmp_path):
    images = hard_imagenet(tmp_path / "masks")
    for path in (tmp_path / "masks" / "val").iterdir():
        noise = Image.effect_noise((40, 30), 60)
        noise.save(path)
    photo(images / "val" / BEAM / "ILSVRC2012_val_00000009.JPEG")
    assert "photographs where masks belong" in only(check("hard-imagenet", tmp_path / "masks", images)).said
