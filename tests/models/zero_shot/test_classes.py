"""Class names: published label spaces, a user's sets, and lists in files."""

import json
import re

import pytest

from core import labels, paths
from core.benchmarks import published_benchmarks
from core.errors import LabelSpaceError, UsageError
from core.models.zero_shot.classes import LEMMAS, classes_of, own_file
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


def test_every_benchmark_names_the_classes_that_it_is_about():
    for key, benchmark in published_benchmarks().items():
        assert classes_of(key).space in benchmark.label_spaces, key


def test_a_set_of_ones_own_is_named_by_its_name_and_its_label_space_means_the_same(fruit):
    by_name, by_key = classes_of("fruit"), classes_of(fruit)
    assert by_name.names == by_key.names == ("apple", "blood orange", "pear")
    assert (
        (by_name.key, by_name.space, by_name.name)
        == (by_key.key, by_key.space, by_key.name)
        == (fruit, fruit, fruit[:10])
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("f.txt", "apple\n\nblood_orange\npear\n"),
        ("f.json", '["apple", "blood orange", "pear"]'),
        ("f.csv", "id,name\n1,apple\n2,blood orange\n3,pear\n"),
        ("f.csv", "name\napple\nblood orange\npear\n"),
        ("f.csv", "Name\napple\nblood\u00a0orange\n\npear\n"),
        ("f.json", '{"0": "apple", "2": "pear", "1": "blood_orange"}'),
        ("f.json", '{"id2label": {"0": "apple", "1": "blood orange", "2": "pear"}, "architectures": []}'),
        ("f.json", '{"apple": 0, "pear": 2, "blood orange": 1}'),
        ("f.json", '{"0": ["n07739125", "apple"], "1": ["n07747607", "blood_orange"], "2": ["n07767847", "pear"]}'),
        ("f.json", '{"names": ["apple", "blood orange", "pear"], "source": "mine"}'),
        ("f.txt", "0 apple\n1: blood orange\n2, pear\n"),
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
    assert re.fullmatch(r"\(simple-7, imagenet-1k-[0-9a-f]{6} classes\)", found.suffix)


def test_imagenets_own_names_in_a_file_are_those_taken_by_default(tmp_path):
    for key in ("imagenet-1k", LEMMAS):
        # Among them are some twice, such as sunglasses and crane.
        published = classes_of(key)
        assert len(set(published.names)) < 1000
        (tmp_path / "f.txt").write_text("\n".join(published.names))
        found = classes_of(str(tmp_path / "f.txt"))
        assert (found.key, found.space, found.names) == (key, "imagenet-1k", published.names)


def test_lemmas_are_the_first_names_of_wordnet():
    found = texts_of({"classes": LEMMAS})
    # By hand from the lemmas of n01514668, n01806143, n02012849 and n03126707.
    assert [found.classes.names[index] for index in (7, 84, 134, 517)] == ["cock", "peacock", "crane", "crane"]
    assert (found.classes.space, len(found.classes)) == ("imagenet-1k", 1000)
    assert found.options == {"classes": LEMMAS, "prompts": "simple-7"}
    assert found.suffix == "(simple-7, imagenet-1k-lemmas classes)"


def test_published_classes_in_another_order_are_put_into_their_own(tmp_path):
    ten = classes_of("focus-10")
    (tmp_path / "f.txt").write_text("\n".join(name.title() for name in ten.names[::-1]))
    assert classes_of(str(tmp_path / "f.txt")).names == ten.names
    names = labels.label_space("imagenet-1k").names
    (tmp_path / "f.txt").write_text("\n".join(names[::-1]))
    found = classes_of(str(tmp_path / "f.txt"))
    assert (found.space, found.names) == ("imagenet-1k", names)
    assert classes_of(found.key).names == names


def test_a_users_set_in_another_order_than_the_published_one_stays_in_its_own():
    key = labels.keep_own([name.title() for name in classes_of("focus-10").names[::-1]])
    found = classes_of(key)
    assert (found.space, found.names[0]) == (key, "Bird")


def test_what_names_are_called_depends_on_the_names_alone(tmp_path, fruit):
    spellings = {"apple\nblood orange\npear": "", "Apple\nBlood orange\nPear": "", "apple\nblood orange\nPEAR": ""}
    for content in spellings:
        (tmp_path / "f.txt").write_text(content)
        found = classes_of(str(tmp_path / "f.txt"))
        assert (found.space, found.names) == (fruit, tuple(content.split("\n")))
        assert classes_of(found.key).names == found.names
        spellings[content] = (found.key, found.name)
    assert len(set(spellings.values())) == 3
    assert spellings["apple\nblood orange\npear"] == (fruit, fruit[:10])
    # The set is still spelt as it was, and is called alike once it is kept anew, with other names, or not at all.
    assert paths.read_json(labels.own_file(fruit))["names"] == FRUIT
    labels.keep_own(["Apple", "Blood orange", "Pear"])
    upper = "Apple\nBlood orange\nPear"
    for asked in ("fruit", fruit):
        assert (classes_of(asked).key, classes_of(asked).name) == spellings[upper]
    own_file(spellings[upper][0]).unlink()
    (paths.data_home() / "own" / "fruit.json").unlink()
    (tmp_path / "f.txt").write_text(upper)
    assert classes_of(str(tmp_path / "f.txt")).name == spellings[upper][1]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_texts_may_call_a_sets_classes_otherwise_than_their_labels(tmp_path, fruit, order):
    rows = [("apple", "red apple"), ("Blood_Orange", "moro"), ("pear", "pear")]
    (tmp_path / "f.csv").write_text("class,name\n" + "\n".join(",".join(rows[at]) for at in order))
    found = texts_of({"classes": str(tmp_path / "f.csv")})
    assert (found.classes.space, found.classes.names) == (fruit, ("red apple", "moro", "pear"))
    assert re.fullmatch(rf"{fruit}-[0-9a-f]{{6}}", found.options["classes"])
    assert found.classes.name == f"own-{found.options['classes'][-6:]}"
    again = texts_of(found.options)
    assert (again.digest(), again.classes.space, again.suffix) == (found.digest(), fruit, found.suffix)
    assert classes_of("fruit").names == ("apple", "blood orange", "pear")


def test_texts_may_call_published_classes_otherwise_too(tmp_path):
    names = dict.fromkeys(classes_of("focus-10").names[::-1])
    named = {**{name: name for name in names}, "plane": "airplane", "car": "automobile"}
    (tmp_path / "f.csv").write_text("class,name\n" + "\n".join(map(",".join, named.items())))
    found = classes_of(str(tmp_path / "f.csv"))
    assert found.space == "focus-10"
    assert found.names == ("truck", "automobile", "airplane", "ship", "cat", "dog", "horse", "deer", "frog", "bird")
    assert found.name == found.key == f"focus-10-{found.key[-6:]}"
    assert classes_of(found.key).names == found.names


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("class,name\na,b\n,c\n", "row 2 has no 'class'"),
        ("class,name\na,b\na,c\n", "class name 2, 'a', is there already"),
        ("class,name\na,c\nb,c\n", "class name 2, 'c', is there already"),
        ("class\na\nb\n", "has no column 'name'; it has class"),
        ("class,name\na,n07739125\nb,n07747607\n", "are WordNet ids"),
    ],
)
def test_what_does_not_call_each_class_by_a_name_is_said(tmp_path, content, said):
    (tmp_path / "f.csv").write_text(content)
    with pytest.raises(UsageError, match=said):
        classes_of(str(tmp_path / "f.csv"))


def test_scripts_and_emoji_that_join_letters_are_names(tmp_path):
    names = (
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "50 % {off}",
    )
    (tmp_path / "f.txt").write_text("\n".join(names), encoding="utf-8")
    assert classes_of(str(tmp_path / "f.txt")).names == names


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("f.txt", b"", "holds no class name"),
        ("f.txt", b"apple\n", "names one class, 'apple'"),
        ("f.txt", b"apple\npear\napple\n", "class name 3, 'apple', is there already as class name 1"),
        ("f.txt", b"apple\npear\nApple\n", "there twice, however it is spelt"),
        ("f.txt", b"blood orange\nblood_orange\n", "'blood orange', is there already as class name 1"),
        ("f.csv", b"id,label\n1,apple\n", "has no column 'name'; it has id, label"),
        ("f.csv", b"", "has no column 'name'; it has none"),
        ("f.csv", b"id,name\n1,apple\n2,\n3,pear\n", "class name 2 is empty"),
        ("f.csv", b'name\n"apple\n', "is no CSV"),
        ("f.json", b'["apple", "", "pear"]', "class name 2 is empty"),
        ("f.json", b"[" * 100_000, "is not JSON"),
        ("f.txt", b"\x00\x01", "is no text in UTF-8"),
        ("f.json", b'{"0": "apple", "2": "pear"}', "names 2 classes and none has the index 1"),
        ("f.json", b'{"a": "apple", "b": "pear"}', "keys are not all class indices"),
        ("f.json", b'{"0": "apple", "1": 7}', "has 7 for class 1"),
        ("f.txt", b"n07739125\nn07747607\n", "are WordNet ids, such as n07739125, which say nothing to a text tower"),
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
    assert found.suffix == f"(single, {fruit[:10]} classes)"
    assert found.options == {"classes": fruit, "prompts": "single"}
    assert found.of(1) == ["a photo of a blood orange"]
    assert found.said("another tokenizer") != found.said()
