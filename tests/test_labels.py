import csv

import pytest

from core import labels
from core.errors import LabelSpaceError


@pytest.fixture
def imagenet():
    return labels.label_space("imagenet-1k")


def test_imagenet_has_a_thousand_unique_names_in_the_order_of_sorted_wordnet_ids(imagenet):
    assert len(imagenet) == len(imagenet.names) == len(imagenet.wnids) == len(imagenet.lemmas) == 1000
    assert len(set(imagenet.names)) == 1000
    assert len(set(imagenet.wnids)) == 1000
    assert list(imagenet.wnids) == sorted(imagenet.wnids)


@pytest.mark.parametrize(
    ("wnid", "index", "name"),
    [
        ("n01440764", 0, "tench"),
        ("n01443537", 1, "goldfish"),
        ("n01608432", 21, "kite"),
        ("n01882714", 105, "koala"),
        ("n02099601", 207, "golden retriever"),
        ("n02391049", 340, "zebra"),
    ],
)
def test_well_known_classes_stand_at_their_usual_index(imagenet, wnid, index, name):
    assert imagenet.index_of_wnid[wnid] == index
    assert imagenet.names[index] == name
    assert imagenet.names.index(name) == index


def test_the_last_class_is_toilet_tissue(imagenet):
    assert imagenet.index_of_wnid["n15075141"] == 999
    assert "toilet tissue" in imagenet.lemmas[999]


@pytest.mark.parametrize(
    ("word", "first", "second"), [("crane", "n02012849", "n03126707"), ("maillot", "n03710637", "n03710721")]
)
def test_two_classes_of_the_same_word_have_names_of_their_own(imagenet, word, first, second):
    names = [imagenet.names[imagenet.index_of_wnid[wnid]] for wnid in (first, second)]
    assert all(word in name for name in names)
    assert names[0] != names[1]
    assert word not in imagenet.names


def test_the_bird_comes_before_the_machine_among_cranes(imagenet):
    assert imagenet.names.index("crane (bird)") == 134
    assert imagenet.names.index("crane (machine)") == 517


def test_an_unknown_label_space_names_the_nearest_one():
    with pytest.raises(LabelSpaceError, match=r"unknown label space 'imagenet-1000'.*'imagenet-1k'"):
        labels.label_space("imagenet-1000")


def test_focus_has_ten_categories_in_the_order_of_its_paper():
    paper = ["truck", "car", "plane", "ship", "cat", "dog", "horse", "deer", "frog", "bird"]
    assert list(labels.focus_to_imagenet()) == paper
    assert list(labels.label_space("focus-10").names) == paper


@pytest.mark.parametrize(
    ("category", "wnids"),
    [
        ("plane", {"n02690373", "n04552348"}),  # airliner, warplane
        ("cat", {"n02123045", "n02123159", "n02123394", "n02123597", "n02124075"}),  # the domestic cats
        ("horse", {"n02389026", "n02391049"}),  # sorrel, zebra
        ("frog", {"n01641577", "n01644373", "n01644900"}),  # bullfrog, tree frog, tailed frog
    ],
)
def test_a_focus_category_accepts_its_imagenet_classes(imagenet, category, wnids):
    assert {imagenet.wnids[index] for index in labels.focus_to_imagenet()[category]} == wnids


def test_any_dog_breed_counts_as_dog(imagenet):
    # ImageNet's 118 breeds run from Chihuahua (n02085620) to Mexican hairless (n02113978).
    first, last = imagenet.index_of_wnid["n02085620"], imagenet.index_of_wnid["n02113978"]
    assert last - first + 1 == 118
    assert set(range(first, last + 1)) <= set(labels.focus_to_imagenet()["dog"])


def test_wolves_foxes_and_hyenas_do_not_count_as_dog(imagenet):
    dogs = set(labels.focus_to_imagenet()["dog"])
    # Timber, white and red wolf, coyote; hyena; red, kit, Arctic and grey fox.
    assert not dogs & {269, 270, 271, 272, 276, 277, 278, 279, 280}
    assert imagenet.names[269] == "timber wolf"


def test_no_imagenet_class_counts_as_two_focus_categories():
    indices = [index for accepted in labels.focus_to_imagenet().values() for index in accepted]
    assert len(indices) == len(set(indices))
    assert all(0 <= index < 1000 for index in indices)


def test_si_score_names_112_classes_of_imagenet():
    classes = labels.si_score_classes()
    assert len(classes) == 112
    assert all(0 <= index < 1000 for index in classes.values())


@pytest.mark.parametrize(("label", "index"), [("koala", 105), ("zebra", 340), ("bagel", 931), ("toilet paper", 999)])
def test_an_si_score_class_has_the_index_of_its_imagenet_class(label, index):
    assert labels.si_score_classes()[label] == index


def test_the_toy_kite_of_si_score_counts_as_the_bird_of_prey(imagenet):
    index = labels.si_score_classes()["kite"]
    assert index == 21
    assert imagenet.wnids[index] == "n01608432"


@pytest.mark.shared
def test_si_score_classes_are_the_published_ones(shared):
    with open(shared / "facts" / "si_score_classes.csv", newline="", encoding="utf-8") as stream:
        published = {row["label"]: int(row["imagenet_index"]) for row in csv.DictReader(stream)}
    assert labels.si_score_classes() == published


def test_a_thousand_classes_without_names_are_taken_for_imagenet():
    assert labels.identify(1000) == "imagenet-1k"


def test_sorted_wordnet_ids_are_imagenet(imagenet):
    assert labels.identify(1000, imagenet.wnids) == "imagenet-1k"


def test_imagenet_names_in_their_order_are_imagenet_in_any_case(imagenet):
    assert labels.identify(1000, imagenet.lemmas) == "imagenet-1k"
    assert labels.identify(1000, [lemmas.split(",")[0].upper() for lemmas in imagenet.lemmas]) == "imagenet-1k"


@pytest.mark.parametrize("kind", ["names", "lemmas", "wnids"])
@pytest.mark.parametrize("order", [slice(None, None, -1), "alphabetical", "rotated"])
def test_imagenet_classes_in_another_order_are_not_imagenet(imagenet, kind, order):
    given = list(getattr(imagenet, kind))
    if order == "alphabetical":
        # Sorted ids are the usual order, so these are sorted by their last digits.
        permuted = sorted(given, key=lambda name: (name[-3:], name))
    elif order == "rotated":
        permuted = given[1:] + given[:1]
    else:
        permuted = given[order]
    assert labels.identify(1000, permuted) == "classes-1000"


def test_the_ten_focus_categories_are_focus():
    names = ["truck", "car", "plane", "ship", "cat", "dog", "horse", "deer", "frog", "bird"]
    assert labels.identify(10, names) == "focus-10"


def test_focus_categories_in_another_order_are_not_focus():
    names = ["bird", "car", "cat", "deer", "dog", "frog", "horse", "plane", "ship", "truck"]
    assert labels.identify(10, names) == "classes-10"


@pytest.mark.parametrize("n", [10, 21841])
def test_a_space_that_no_benchmark_knows_is_named_by_its_size(n):
    assert labels.identify(n) == f"classes-{n}"
