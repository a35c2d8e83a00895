"""The published files: real ones where they are at hand, and what is wrong with others."""

import json

import pytest

from core.errors import DataError, UsageError
from core.mistakes import files, published
from core.mistakes.relations import UNKNOWN_RELATION, groups, relation
from tests.validation_images import name, wnid


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def entry(category="Fine-grained error", severity="Minor", predicted=5):
    return {"top_prediction": predicted, "failure category": category, "failure severity": severity}


@pytest.mark.shared
def test_the_real_files_have_the_published_numbers(shared):
    folder = shared / "data" / "imagenet-mistakes"
    vit, soups = (published.read_mistakes(folder / model.file) for model in published.REFERENCES)
    assert (len(vit), len(soups)) == (378, 249)
    # Two of the spellings differ between the files: "with OOV" is written in two ways.
    assert vit["category"].value_counts().to_dict() == {
        published.FINE_GRAINED: 241,
        published.OOV: 54,
        published.SPURIOUS: 52,
        published.NON_PROTOTYPICAL: 30,
        published.MULTILABEL: 1,
    }
    assert (soups["category"] == published.OOV).sum() == 17 + 9
    assert set(soups["category_original"]) >= {"Fine-grained with OOV", "Fine-grained error with OOV"}
    assert vit["severity"].value_counts().to_dict() == {"major": 154, "minor": 150, "borderline": 74}
    pairs = published.read_confusions(folder / published.CONFUSIONS)
    assert len(pairs) == 481
    assert (pairs["first"] < pairs["second"]).all()


def test_spellings_are_one_category_and_the_original_is_kept(tmp_path):
    spelt = ["Fine-grained with OOV", "Fine-grained error with OOV", "fine-grained  error with oov"]
    path = write(tmp_path / "m.json", {name(n): entry(text) for n, text in enumerate(spelt, 1)})
    table = published.read_mistakes(path)
    assert set(table["category"]) == {"fine-grained error with OOV"}
    assert table["category_original"].tolist() == spelt


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (entry(category="Nonprototypical"), r"unknown failure category 'Nonprototypical'\. Did you mean 'non-proto"),
        (entry(severity="Huge"), "unknown failure severity 'Huge'"),
        (entry(predicted=1000), "top_prediction 1000 is not"),
        ({}, "needs top_prediction"),
    ],
)
def test_an_entry_that_does_not_fit_is_named_with_its_image(tmp_path, changed, said):
    path = write(tmp_path / "m.json", {name(7): changed})
    with pytest.raises(DataError, match=said) as caught:
        published.read_mistakes(path)
    assert name(7) in str(caught.value)


def test_what_is_exported_reads_back(tmp_path):
    rows = [
        {"sample_id": name(2), "predicted": 7, "category": published.SPURIOUS, "severity": "minor", "note": "a é"},
        {"sample_id": name(9), "predicted": 8, "category": published.OOV, "severity": "major", "note": ""},
    ]
    path = tmp_path / "out.json"
    path.write_text(published.as_published(rows), encoding="utf-8")
    assert json.loads(path.read_text())[name(9)] == entry("fine-grained error with OOV", "Major", 8)
    back = published.read_mistakes(path)[["sample_id", "predicted", "category", "severity", "note"]]
    assert back.to_dict("records") == rows


def test_confusions_are_pairs_without_direction(tmp_path):
    path = write(tmp_path / "c.json", [[wnid(9), wnid(3), 2], [wnid(0), wnid(1), 5]])
    assert published.read_confusions(path).values.tolist() == [[0, 1, 5], [3, 9, 2]]
    with pytest.raises(DataError, match="'n999' is not"):
        published.read_confusions(write(path, [["n999", wnid(1), 1]]))


def test_files_are_found_where_they_were_remembered_and_the_rest_says_what_it_gives(tmp_path):
    write(tmp_path / "vit3b_mistakes.json", {})
    assert all(file.path is None for file in files.find_files().all())
    files.remember(tmp_path)
    found = files.find_files()
    assert found.vit3b.path == tmp_path / "vit3b_mistakes.json"
    assert found.annotations.path is None
    assert "ImageNet-M" in found.annotations.gives
    with pytest.raises(UsageError, match=r"holds none of vit3b_mistakes\.json"):
        files.remember(tmp_path.parent / "nothing")


def test_each_class_has_one_group():
    assert len(groups()) == 1000
    assert [groups()[index].name for index in (0, 151, 268, 281, 985)] == [
        "fish",
        "dog",
        "dog",
        "domestic cat",
        "flower",
    ]


def test_relations_say_what_is_known_and_no_more():
    # 182 Border terrier, 184 Irish terrier, 207 golden retriever, 281 tabby, 404 airliner, 405 airship.
    assert relation(182, 184) == "both are named terrier"
    assert relation(182, 207) == "same group: dog"
    assert relation(207, 281) == "both animals: dog and domestic cat"
    assert relation(207, 404) == "far apart: dog and thing"
    assert relation(404, 405) == UNKNOWN_RELATION
    assert relation(3, 3) == "the same class"
