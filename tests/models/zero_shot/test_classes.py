"""Class names: published label spaces, a user's sets, and lists in files."""

import json

import pytest

from core import labels, paths
from core.errors import LabelSpaceError, UsageError
from core.models.zero_shot.classes import classes_of
from core.models.zero_shot.texts import texts_of

FRUIT = ["apple", "blood_orange", "pear"]


@pytest.fixture
def fruit():
    """A set of one's own with three classes, as 'data add' keeps it; its label space."""
    key = labels.keep_own(FRUIT)
    entry = paths.data_home() / "own" / "fruit.json"
    entry.write_text(json.dumps({"name": "fruit", "label_space": key}))
    return key


def test_imagenets_names_are_the_curated_ones_in_the_order_of_sorted_wordnet_ids():
    found = classes_of("imagenet-1k")
    assert (found.space, len(found)) == ("imagenet-1k", 1000)
    # Ten that CLIP's authors renamed, beside the WordNet names of the same index.
    space = labels.label_space("imagenet-1k")
    for index, curated, own in ((7, "rooster", "cock"), (21, "kite (bird of prey)", "kite"), (0, "tench", "tench")):
        assert (found.names[index], space.names[index]) == (curated, own)
    assert found.names[999] == "toilet paper"


def test_imagenets_names_are_those_that_open_clip_carries():
    open_clip = pytest.importorskip("open_clip")
    assert list(classes_of("imagenet-1k").names) == list(open_clip.IMAGENET_CLASSNAMES)


@pytest.mark.parametrize("asked", ["focus-10", "focus", "diorama/size", "diorama"])
def test_focus_and_diorama_have_ten_classes(asked):
    found = classes_of(asked)
    assert found.space == "focus-10"
    assert found.names == ("truck", "car", "plane", "ship", "cat", "dog", "horse", "deer", "frog", "bird")


def test_a_set_of_ones_own_is_named_by_its_name_and_its_label_space_means_the_same(fruit):
    by_name, by_key = classes_of("fruit"), classes_of(fruit)
    assert by_name.names == by_key.names == ("apple", "blood orange", "pear")
    assert (
        (by_name.key, by_name.space, by_name.name) == (by_key.key, by_key.space, by_key.name) == (fruit, fruit, "fruit")
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("f.txt", "apple\n\nblood_orange\npear\n"),
        ("f.json", '["apple", "blood orange", "pear"]'),
        ("f.csv", "id,name\n1,apple\n2,blood orange\n3,pear\n"),
        ("f.csv", "name\napple\nblood orange\npear\n"),
    ],
)
def test_a_file_of_names_is_kept_as_a_label_space_that_results_know(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    found = classes_of(str(tmp_path / name))
    assert found.names == ("apple", "blood orange", "pear")
    assert found.space == labels.own_key(FRUIT)
    (tmp_path / name).unlink()
    assert labels.label_space(found.space).names == found.names
    assert classes_of(found.key).names == found.names


def test_a_name_spelt_otherwise_is_another_text_of_the_same_label_space(tmp_path):
    keys, digests = set(), set()
    for spelling in ("apple\npear\n", "Apple\npear\n"):
        (tmp_path / "f.txt").write_text(spelling)
        found = texts_of({"classes": str(tmp_path / "f.txt")})
        assert texts_of(found.options).classes.names == tuple(spelling.split())
        keys.add(found.classes.space)
        digests.add(found.digest())
    assert (len(keys), len(digests)) == (1, 2)


def test_imagenets_classes_by_other_names_stay_imagenets_classes(tmp_path):
    (tmp_path / "f.json").write_text(json.dumps(labels.label_space("imagenet-1k").names))
    found = texts_of({"classes": str(tmp_path / "f.json")})
    assert found.classes.space == "imagenet-1k"
    assert found.classes.names[7] == "cock"
    assert found.options["classes"] == found.classes.key != "imagenet-1k"
    assert texts_of(found.options).digest() == found.digest()
    assert found.suffix == f"(simple-7, {found.classes.key[:10]} classes)"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("f.txt", b"", "holds no class name"),
        ("f.txt", b"apple\n", "names one class, 'apple'"),
        ("f.txt", b"apple\npear\napple\n", "class name 3, 'apple', is there already as class name 1"),
        ("f.txt", b"apple\npear\nApple\n", "there twice, however it is spelt"),
        ("f.txt", b"blood orange\nblood_orange\n", "there twice, however it is spelt"),
        ("f.csv", b"id,label\n1,apple\n", "has no column 'name'; it has id, label"),
        ("f.csv", b"", "has no column 'name'; it has none"),
        ("f.csv", b"id,name\n1,apple\n2,\n3,pear\n", "class name 2 is empty"),
        ("f.csv", b'name\n"apple\n', "is no CSV"),
        ("f.json", b'["apple", "", "pear"]', "class name 2 is empty"),
        ("f.json", b"[" * 100_000, "is not JSON"),
        ("f.txt", b"\x00\x01", "is no text in UTF-8"),
        ("f.txt", "ap\u200bple\npear\n".encode(), "signs that are no text"),
        ("f.txt", b"\n".join(b"c%d" % n for n in range(25_001)), "25,000 are the most"),
    ],
)
def test_what_is_no_list_of_classes_is_said_in_a_line(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError) as caught:
        classes_of(str(tmp_path / name))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_classes_name_the_known_ones(fruit):
    for asked, near in (("frut", "fruit"), ("imagenet1k", "imagenet-1k"), ("", "focus-10")):
        with pytest.raises(UsageError, match=near):
            classes_of(asked)


def test_names_that_are_not_on_this_machine_are_asked_for(fruit):
    with pytest.raises(LabelSpaceError, match="give the file again"):
        classes_of("own-0123456789ab")
    labels.own_file(fruit).unlink()
    for asked in (fruit, "fruit"):
        with pytest.raises(LabelSpaceError, match="give the file again"):
            classes_of(asked)


def test_a_set_whose_classes_nothing_names_is_refused():
    (paths.data_home() / "own").mkdir(parents=True)
    (paths.data_home() / "own" / "odd.json").write_text('{"label_space": "classes-7"}')
    with pytest.raises(UsageError, match="names of its classes are not kept"):
        classes_of("odd")


def test_texts_say_what_head_they_make(fruit):
    assert texts_of({}).said().startswith("zero-shot: 7 prompts (simple-7), 1,000 class names, texts ")
    assert texts_of({}).suffix == "(simple-7)"
    assert texts_of({}).options == {"prompts": "simple-7"}
    found = texts_of({"prompts": "single", "classes": "fruit"})
    assert found.said().startswith("zero-shot: 1 prompt (single), 3 class names, texts ")
    assert found.suffix == "(single, fruit classes)"
    assert found.options == {"classes": fruit, "prompts": "single"}
    assert found.of(1) == ["a photo of a blood orange"]
    assert found.said("another tokenizer") != found.said()
