import json
import unicodedata

import numpy as np
import pandas as pd
import pytest

from core import benchmarks, paths
from core.errors import DataError, LabelSpaceError, ReadOnlyError, UsageError
from core.labels import label_space
from core.own import entries
from core.own.add import keep, understand
from tests.own.folders import photos, understood, write

PUBLISHED = benchmarks.published_benchmarks()


@pytest.fixture
def folder(tmp_path):
    return photos(tmp_path / "photos", "a.jpg", "b.jpg", "c/d.png", "e.jpg")


GOOD = "file,label,light\na.jpg,tench,day\nb.jpg,1,night\nc/d.png,n01484850,day\ne.jpg,tench|goldfish,day\n"


def test_a_table_is_understood_and_nothing_is_kept(folder, tmp_path):
    found = understood(folder, GOOD, tmp_path)
    assert (found.n_rows, found.n_images, found.n_labelled, found.n_left_out) == (4, 4, 4, 0)
    assert found.is_ready
    assert not found.problems
    assert found.columns == {"file": "file", "label": "label"}
    assert found.samples["sample_id"].tolist() == ["a.jpg", "b.jpg", "c/d.png", "e.jpg"]
    assert found.samples["accepted"].tolist() == [[0], [1], [2], [0, 1]]
    assert found.samples["class"].tolist() == ["tench", "goldfish", "great white shark", "tench"]
    assert [(each.factor.name, each.factor.kind) for each in found.factors] == [
        ("light", "category"),
        ("class", "category"),
    ]
    assert not entries.names()


def test_rows_that_cannot_be_used_are_named_and_left_out_only_if_asked(folder, tmp_path):
    text = GOOD + "gone.jpg,tench,day\n../a.jpg,tench,day\n,tench,day\nE.JPG,crane,day\n"
    text = text.replace("b.jpg,1,", "b.jpg,tensch,").replace("e.jpg,tench|goldfish,day\n", "")
    found = understood(folder, text, tmp_path)
    said = " ".join(found.problems)
    assert (found.n_rows, found.n_images, len(found.samples), found.n_left_out) == (7, 4, 2, 5)
    assert "1 of 7 names of images are not in the folder" in said
    assert "'gone.jpg'" in said
    assert "lead out of the folder" in said
    assert "'tensch' (1, perhaps 'tench'" in said
    assert "crane (bird) (n02012849) or crane (machine) (n03126707)" in said
    with pytest.raises(UsageError, match=r"5 of 7 rows cannot be used: .*--leave-out"):
        keep(found)
    assert not entries.names()
    kept = keep(understood(folder, text, tmp_path, leave_out=True))
    assert kept.n == 2
    assert "5 of 7 rows left out" in kept.notes[0]


def test_an_image_twice_is_refused(folder, tmp_path):
    with pytest.raises(DataError, match=r"'a.jpg' stands in rows 1, 3 \(1 such image\)"):
        understood(folder, "file,label\na.jpg,tench\nb.jpg,tench\n./a.jpg,goldfish\n", tmp_path)


def test_a_table_of_which_nothing_can_be_used_is_refused(folder, tmp_path):
    with pytest.raises(
        DataError, match=r"none of the rows \(1\) can be used. 1 label \(1 row\) not among the classes of imagenet"
    ):
        understood(folder, "file,label\na.jpg,my dog\n", tmp_path)
    with pytest.raises(UsageError, match=r"no column of image files.*It has: name, label"):
        understood(folder, "name,label\na.jpg,tench\n", tmp_path)


def test_columns_that_could_play_one_part_are_said_or_refused(folder, tmp_path):
    found = understood(folder, "file,path,label,labels\na.jpg,x,tench,y\n", tmp_path)
    assert "'file' is used for the file, so that 'path' is a factor." in found.notes
    assert "'label' is used for the label, so that 'labels' is a factor." in found.notes
    with pytest.raises(UsageError, match="'file' and 'File' differ in case only"):
        understood(folder, "file,File,label\na.jpg,b.jpg,tench\n", tmp_path)


def test_coco_is_understood_with_its_own_fields_beside(folder, tmp_path):
    content = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 10, "height": 10, "label": "mine", "class": "x"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5]}],
        "categories": [{"id": 1, "name": "tench"}],
    }
    path = write(tmp_path / "coco.json", json.dumps(content))
    found = understand("mine", folder, path, published=PUBLISHED)
    assert found.samples["accepted"].tolist() == [[0]]
    assert found.samples["object_share"].tolist() == [0.25]
    assert "class_own" in found.samples


def test_names_in_another_form_are_found_and_said(tmp_path):
    folder = photos(tmp_path / "photos", "köln.JPEG", "x/b.jpg")
    name = unicodedata.normalize("NFD", "köln.jpeg")
    found = understood(folder, f"file,label\n{name},tench\nb.jpg,tench\n", tmp_path)
    assert found.samples["sample_id"].tolist() == ["köln.JPEG", "x/b.jpg"]
    assert "1 image found by a name that differs in case or Unicode form." in found.notes
    assert "1 image found with other folders before the name." in found.notes


def test_folders_named_by_class_need_no_table(tmp_path):
    folder = photos(tmp_path / "photos", "val/tench/1.jpg", "val/n01443537/1.jpg", "train/tench/1.jpg")
    found = understand("mine", folder, published=PUBLISHED)
    assert found.samples["class"].tolist() == ["tench", "goldfish", "tench"]
    assert found.samples["split"].tolist() == ["train", "val", "val"]
    assert [each.factor.name for each in found.factors] == ["split", "class"]


def test_the_cluster_is_a_column_of_its_own(folder, tmp_path):
    text = "file,label,group,scene\na.jpg,0,g,s\nb.jpg,0,g,s\nc/d.png,0,,t\ne.jpg,0,h,t\n"
    found = understood(folder, text, tmp_path)
    assert found.samples["cluster"].tolist() == ["g", "g", "c/d.png", "h"]
    assert "group" not in found.samples
    other = understood(folder, text, tmp_path, cluster="SCENE")
    assert other.samples["cluster"].tolist() == ["s", "s", "t", "t"]
    assert other.samples["scene"].tolist() == ["s", "s", "t", "t"]
    with pytest.raises(UsageError, match=r"--cluster names 'scenes'.*Did you mean 'scene'"):
        understood(folder, text, tmp_path, cluster="scenes")


def test_kinds_are_a_users_to_say(folder, tmp_path):
    text = "file,label,turn,weight\na.jpg,0,-90,1\nb.jpg,0,0,2\nc/d.png,0,10,1\ne.jpg,0,20,1\n"
    found = understood(folder, text, tmp_path, factors=["Turn:circular"])
    assert found.samples["turn"].tolist() == [270.0, 0.0, 10.0, 20.0]
    assert "no mean uses it" in " ".join(found.notes)
    for factors, said in (
        (["turn"], "has the form NAME:KIND"),
        (["turn:circular", "Turn:numeric"], "is circular, and that it is numeric: give one"),
        (["turn:round"], "is no kind of a factor"),
        (["trun:circular"], "Did you mean 'turn'"),
        (["label:category"], "no such column"),
    ):
        with pytest.raises(UsageError, match=said):
            understood(folder, text, tmp_path, factors=factors)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("imagenet", "is taken by Offcenter"),
        ("SI-Score", "is taken by Offcenter"),
        ("all", "is taken by Offcenter"),
        ("COM1", "is taken by Offcenter"),
        ("a\nb", r"'a\\nb' is no name"),
        ("a/b", "is no name"),
        ("../x", "is no name"),
        ("", "is no name"),
        ("ä", "is no name"),
        ("x" * 65, "is no name"),
    ],
)
def test_names_that_mean_something_else_are_refused(folder, tmp_path, name, said):
    with pytest.raises(UsageError, match=said):
        understand(name, folder, published=PUBLISHED)


def test_folders_that_are_none_are_refused(tmp_path):
    with pytest.raises(UsageError, match="is not a folder"):
        understand("mine", tmp_path / "no", published=PUBLISHED)
    with pytest.raises(DataError, match="holds no image"):
        understand("mine", tmp_path, published=PUBLISHED)


def test_what_is_kept_says_what_was_understood(folder, tmp_path):
    kept = keep(understood(folder, GOOD, tmp_path))
    assert entries.entry("mine") == kept
    assert entries.read_samples(kept)["light"].tolist() == ["day", "night", "day", "day"]
    assert kept.tables == (("by_light", ("light",), "Top-1 by light"), ("by_class", ("class",), "Top-1 by class"))
    assert not entries.table_changed(kept)
    write(tmp_path / "t.csv", GOOD + "\n")
    assert entries.table_changed(kept) == "has changed"
    (tmp_path / "t.csv").unlink()
    assert "not there" in entries.table_changed(kept)


def test_adding_again_replaces_and_keeps_the_old_entry_aside(folder, tmp_path):
    keep(understood(folder, GOOD, tmp_path))
    again = understood(folder, GOOD.replace("night", "dusk"), tmp_path)
    assert again.replaces
    keep(again)
    assert entries.read_samples(entries.entry("mine"))["light"].tolist()[1] == "dusk"
    assert len(list((entries.folder() / "removed").iterdir())) == 1
    with pytest.raises(UsageError, match="differs from 'mine', which is there, in case only"):
        understand("MINE", folder, published=PUBLISHED)


def test_removing_moves_the_entry_aside_and_nothing_else(folder, tmp_path):
    keep(understood(folder, GOOD, tmp_path))
    there = entries.remove("mine")
    assert there.is_file()
    assert entries.names() == []
    assert (folder / "a.jpg").is_file()
    with pytest.raises(UsageError, match="no data of your own called 'mine'"):
        entries.remove("mine")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: "{",
        lambda content: "[]",
        lambda content: json.dumps({**content, "version": 99}),
        lambda content: json.dumps({**content, "factors": []}),
        lambda content: json.dumps({**content, "factors": [{"name": "x", "label": "x", "kind": "odd"}]}),
        lambda content: json.dumps({**content, "tables": [["by_x", ["x"], "X"]]}),
        lambda content: json.dumps({**content, "samples": "../../elsewhere.parquet"}),
        lambda content: json.dumps({key: value for key, value in content.items() if key != "root"}),
        lambda content: json.dumps({**content, "root": 3}),
        lambda content: json.dumps({**content, "name": "other"}),
        lambda content: json.dumps({**content, "more": 1}),
        lambda content: json.dumps({**content, "notes": 1}),
        lambda content: json.dumps({**content, "has_masks": "yes"}),
        lambda content: json.dumps({**content, "cluster_unit": 3}),
        lambda content: json.dumps({**content, "n": "4"}),
        lambda content: json.dumps({**content, "factors": [{"name": 3, "label": [], "kind": "set"}]}),
    ],
)
def test_a_damaged_entry_is_named_and_breaks_nothing_else(folder, tmp_path, damage):
    kept = keep(understood(folder, GOOD, tmp_path))
    content = json.loads(kept.path.read_text(encoding="utf-8"))
    kept.path.write_text(damage(content), encoding="utf-8")
    assert list(entries.damaged()) == ["mine"]
    assert "data remove mine" in entries.damaged()["mine"] or "its own name" in entries.damaged()["mine"]
    assert "mine" not in benchmarks.known_benchmarks()
    assert "imagenet" in benchmarks.known_benchmarks()
    with pytest.raises(DataError):
        benchmarks.benchmark_class("mine")
    entries.remove("mine")
    assert not entries.damaged()


def test_a_demo_keeps_nothing(folder, tmp_path, monkeypatch):
    found = understood(folder, GOOD, tmp_path)
    monkeypatch.setenv(paths.READ_ONLY, "1")
    with pytest.raises(ReadOnlyError):
        keep(found)
    assert not entries.names()


def test_classes_of_ones_own_are_kept_and_found(folder, tmp_path):
    classes = write(tmp_path / "classes.txt", "cat\nhot dog\n")
    text = "file,label\na.jpg,Cat\nb.jpg,hot_dog\nc/d.png,1\ne.jpg,cat|hot dog\n"
    found = understood(folder, text, tmp_path, classes=classes)
    assert found.samples["accepted"].tolist() == [[0], [1], [1], [0, 1]]
    with pytest.raises(LabelSpaceError):
        label_space(found.label_space)
    keep(found)
    assert label_space(found.label_space).names == ("cat", "hot dog")
    with pytest.raises(DataError, match="not among the classes of --classes"):
        understood(folder, "file,label\na.jpg,tench\n", tmp_path, classes=classes)
    focus = understood(folder, "file,label\na.jpg,dog\n", tmp_path, classes="focus-10")
    assert focus.label_space == "focus-10"


def test_masks_are_found_and_no_images_of_their_own(folder, tmp_path):
    photos(folder, "masks/a.png")
    text = "file,label,mask\na.jpg,0,masks/a.png\nb.jpg,0,masks/b.png\nc/d.png,0,\ne.jpg,0,\n"
    found = understood(folder, text, tmp_path)
    assert found.samples[entries.MASK].tolist() == ["masks/a.png", "", "", ""]
    assert any(each.startswith("1 mask not in the folder: these images have none. Masks are") for each in found.notes)
    assert not any("other image" in note for note in found.notes)


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_understood_in_seconds(tmp_path, monkeypatch):
    import time

    n = 100_000
    names = [f"{row % 100}/{row}.jpg" for row in range(n)]
    monkeypatch.setattr("core.own.add.find_images", lambda root: dict.fromkeys(names, 1))
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"file": names, "label": rng.integers(0, 1000, n)})
    for number in range(6):
        frame[f"number{number}"] = rng.normal(size=n).round(4)
        frame[f"kind{number}"] = rng.choice(["a", "b", "c"], n)
        frame[f"count{number}"] = rng.integers(0, 9, n)
    frame.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "photos").mkdir()
    began = time.process_time()
    found = understand("mine", tmp_path / "photos", tmp_path / "t.csv", published=PUBLISHED)
    assert len(found.samples) == n
    assert len(found.factors) == 6 * 3 + 1
    assert time.process_time() - began < 30
