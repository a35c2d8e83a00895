"""ReaL: a list of labels for each validation image, in order."""

import json

import pytest

from core import benchmarks
from core.errors import DataError
from core.evaluate.loop import evaluate
from core.evaluate.plan import Plan
from tests.class_folders import real_labels
from tests.validation_images import MAILBOX, SHARK, name, write_images

#: By number of the image: none of the second's, two of the fourth's and one that is twice.
LABELS = {1: [0], 3: [1], 4: [SHARK, MAILBOX, SHARK], 5: [SHARK], 9: [7]}


@pytest.fixture(params=[True, False], ids=["flat", "folders"])
def root(request, tmp_path):
    write_images(tmp_path / "val", flat=request.param)
    real_labels(tmp_path / "val", LABELS)
    return tmp_path / "val"


def opened(root):
    return benchmarks.open_benchmark("imagenet-real", root)


def test_an_image_accepts_the_labels_at_its_number(root):
    samples = opened(root).samples()
    assert samples["sample_id"].tolist() == [name(number) for number in (1, 3, 4, 5)]
    assert samples["accepted"].tolist() == [[0], [1], [SHARK, MAILBOX], [SHARK]]
    assert samples["n_accepted"].tolist() == [1, 1, 2, 1]


def test_images_without_a_label_are_counted(root):
    benchmark = opened(root)
    benchmark.samples()
    assert benchmark.notes == [
        "49,995 of 50,000 validation images have no label in real.json and were left out.",
        "1 of 5 annotated images are not here; left out.",
    ]


def test_the_original_class_is_that_of_the_folder(tmp_path):
    write_images(tmp_path, flat=False)
    real_labels(tmp_path, LABELS)
    assert opened(tmp_path).samples()["class"].tolist() == ["tench", "tench"] + ["great white shark"] * 2


def test_predictions_are_shared_with_imagenet(tmp_path, toy_model):
    write_images(tmp_path, flat=False)
    real_labels(tmp_path, LABELS)
    plain = benchmarks.open_benchmark("imagenet", tmp_path)
    assert Plan.of(toy_model, opened(tmp_path)).identity(toy_model) == Plan.of(toy_model, plain).identity(toy_model)
    made = evaluate(toy_model, plain)
    again = evaluate(toy_model, opened(tmp_path))
    assert again.path == made.path


def test_the_labels_may_lie_above_the_images(root):
    (root / "real.json").rename(root.parent / "real.json")
    assert len(opened(root).samples()) == 4


def test_labels_that_change_are_seen(root):
    before = benchmarks.label_stamp(opened(root))
    real_labels(root, {1: [0, 1]})
    assert benchmarks.label_stamp(opened(root)) != before
    assert opened(root).samples()["accepted"].tolist() == [[0, 1]]


def test_no_labels_are_an_error_that_says_where_they_are(root):
    (root / "real.json").unlink()
    with pytest.raises(DataError, match=r"real\.json is neither in .* nor above it\..*reassessed-imagenet"):
        opened(root).samples()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([[0]] * 49_999, "holds 49,999 entries; a list of 50,000"),
        ({"a": 1}, "holds a dict; a list of 50,000"),
        ([[0]] * 49_998 + [[1000], [True]], r"2 entries are no lists of class indices .* number 49,999: \[1000\]"),
        ([0] * 50_000, "50,000 entries are no lists of class indices from 0 to 999, the first is number 1: 0"),
    ],
    ids=["short", "object", "no class", "no lists"],
)
def test_labels_of_something_else_are_refused(root, content, said):
    (root / "real.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match=said):
        opened(root).samples()


def test_what_is_no_json_is_refused(root):
    (root / "real.json").write_text("[[0],")
    with pytest.raises(DataError, match=r"real\.json cannot be read as JSON"):
        opened(root).samples()
