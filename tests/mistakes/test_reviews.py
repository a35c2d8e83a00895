"""Verdicts are saved at once, by several processes, and compared."""

import multiprocessing

import numpy as np
import pandas as pd
import pytest

from core.errors import DataError, StoreError, UsageError
from core.mistakes import published, reviews
from core.mistakes.agreement import between, cohens_kappa
from core.mistakes.reviews import Review
from tests.validation_images import name


def verdicts(reviewer=None):
    columns = ["sample_id", "predicted", "reviewer", "category", "severity", "note"]
    return reviews.find("vit3b", reviewer)[columns].values.tolist()


def test_a_verdict_is_there_for_others_at_once_and_a_later_one_replaces_it():
    reviews.save(Review("vit3b", name(1), 5, "Ada", published.OOV, "minor", "see the fin"))
    assert verdicts() == [[name(1), 5, "Ada", published.OOV, "minor", "see the fin"]]
    reviews.save(Review("vit3b", name(1), 5, " Ada ", published.OOV, "major"))
    assert verdicts() == [[name(1), 5, "Ada", published.OOV, "major", ""]]


def test_reviewers_sources_and_predictions_do_not_mix():
    reviews.save(Review("vit3b", name(1), 5, "Ada", severity="minor"))
    reviews.save(Review("vit3b", name(1), 5, "Bo", severity="major"))
    reviews.save(Review("vit3b", name(1), 6, "Ada", severity="major"))
    reviews.save(Review("diorama/size/tiny", "ship-12/0.1/0", 5, "Ada", severity="major"))
    assert len(verdicts()) == 3
    assert [row[1] for row in verdicts("Ada")] == [5, 6]
    assert reviews.reviewers("vit3b") == ["Ada", "Bo"]
    reviews.delete("vit3b", name(1), 6, "Ada")
    assert [row[1] for row in verdicts("Ada")] == [5]


@pytest.mark.parametrize(
    ("review", "said"),
    [
        (Review("vit3b", "x", 1, " "), "needs the reviewer's name"),
        (Review("vit3b", "x", 1, "Ada", category="typo"), "unknown category 'typo'"),
        (Review("vit3b", "x", 1, "Ada", severity="huge"), "unknown severity 'huge'"),
    ],
)
def test_what_is_no_verdict_is_refused_and_nothing_is_stored(review, said):
    with pytest.raises(UsageError, match=said):
        reviews.save(Review("vit3b", "y", 1, "Ada"), review)
    assert verdicts() == []


def test_reading_leaves_no_file_behind():
    assert reviews.find("vit3b").empty
    assert not reviews.reviews_file().exists()


def test_a_damaged_file_says_where_it_is():
    reviews.reviews_file().parent.mkdir(parents=True)
    reviews.reviews_file().write_bytes(b"not sqlite" * 200)
    with pytest.raises(StoreError, match=r"reviews\.sqlite is damaged"):
        reviews.find("vit3b")


def write_many(reviewer):
    for number in range(40):
        reviews.save(Review("vit3b", name(number), 5, reviewer, severity="minor"))


def test_two_processes_lose_no_verdict():
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_many, args=(reviewer,)) for reviewer in ("Ada", "Bo")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(verdicts("Ada")) == len(verdicts("Bo")) == 40


def test_what_is_exported_can_be_imported_by_another_reviewer(tmp_path):
    reviews.save(Review("vit3b", name(1), 5, "Ada", published.OOV, "minor", "fin"))
    reviews.save(Review("vit3b", name(2), 6, "Ada", published.SPURIOUS, "borderline"))
    path = tmp_path / "ada.json"
    path.write_text(reviews.exported("vit3b", "Ada"), encoding="utf-8")
    assert reviews.import_mistakes(path, "vit3b", "Bo") == 2
    assert [row[3:] for row in verdicts("Bo")] == [row[3:] for row in verdicts("Ada")]


def test_a_verdict_without_category_is_exported_and_imported(tmp_path):
    reviews.save(Review("vit3b", name(1), 5, "Ada", note="look again"))
    path = tmp_path / "ada.json"
    path.write_text(reviews.exported("vit3b", "Ada"))
    reviews.import_mistakes(path, "vit3b", "Bo")
    assert verdicts("Bo") == [[name(1), 5, "Bo", "", "", "look again"]]


def test_verdicts_on_any_benchmark_are_exported_and_imported(tmp_path):
    for number, category in enumerate(published.GENERAL):
        reviews.save(Review("vit3b", f"ship-12/{number}/0", 5, "Ada", category, "minor"))
    path = tmp_path / "ada.json"
    path.write_text(reviews.exported("vit3b", "Ada"))
    assert reviews.import_mistakes(path, "vit3b", "Bo") == 7
    assert [row[3] for row in verdicts("Bo")] == list(published.GENERAL)


def test_the_published_categories_are_for_imagenet():
    assert published.categories_of("imagenet-multilabel") == published.CATEGORIES
    assert published.categories_of("diorama/location") == published.GENERAL


def test_a_file_in_another_form_is_refused_whole(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"ILSVRC2012_val_00000001.JPEG": {"top_prediction": 3}, "b": 4}')
    with pytest.raises(DataError, match="'b'"):
        reviews.import_mistakes(path, "vit3b", "Bo")
    assert verdicts() == []


def test_kappa_of_a_textbook_table():
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: agreement 0.7, by chance 0.5 x 0.6 + 0.5 x 0.4 = 0.5.
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    found = cohens_kappa(first, second)
    assert (found.kappa, found.observed, found.n) == (pytest.approx(0.4), pytest.approx(0.7), 50)
    # Fleiss, Cohen and Everitt by hand: 0.4 (1 - 1.1 x 0.6)^2 + 0.3 (1 - 0.9 x 0.6)^2 = 0.10972 for those who agree;
    # 0.36 (0.1 (0.6 + 0.5)^2 + 0.2 (0.4 + 0.5)^2) = 0.10188 for the others; less (0.4 - 0.5 x 0.6)^2 = 0.01.
    error = np.sqrt((0.10972 + 0.10188 - 0.01) / 50) / 0.5
    assert found.low == pytest.approx(0.4 - 1.959964 * error, abs=1e-6)
    assert found.high == pytest.approx(0.4 + 1.959964 * error, abs=1e-6)


def test_kappa_at_its_ends():
    assert cohens_kappa(["a", "b"], ["a", "b"]).kappa == 1
    assert cohens_kappa(["a", "b"], ["b", "a"]).kappa == -1
    assert np.isnan(cohens_kappa(["a", "a"], ["a", "a"]).kappa)
    assert cohens_kappa(["a", "a"], ["a", "a"]).observed == 1
    assert np.isnan(cohens_kappa([], []).kappa)


def test_agreement_is_over_the_mistakes_both_have_judged():
    one = pd.DataFrame(
        {"sample_id": list("abcd"), "predicted": [1, 1, 1, 1], "severity": ["major", "minor", "", "major"]}
    )
    two = pd.DataFrame({"sample_id": list("abcd"), "predicted": [1, 1, 1, 2], "severity": ["major"] * 4})
    found = between(one, two, "severity")
    # c is not judged by the first, d is another prediction.
    assert (found.n, found.observed) == (2, 0.5)
