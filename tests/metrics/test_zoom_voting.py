import numpy as np
import pandas as pd
import pytest

from core.errors import DataError
from core.metrics.zoom import voting
from core.metrics.zoom.voting import Ensemble


def test_the_majority_is_the_class_of_most_views():
    assert voting.answers(Ensemble("x", np.array([[4, 7, 7], [7, 4, 4]])))["majority"].tolist() == [7, 4]


def test_equal_votes_go_to_the_more_probable_class_and_then_to_the_lower_index():
    top = np.array([[5, 3], [5, 3], [5, 3]])
    p_top = np.array([[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]])
    assert voting.answers(Ensemble("x", top, p_top))["majority"].tolist() == [5, 3, 3]
    assert voting.answers(Ensemble("x", top))["majority"].tolist() == [3, 3, 3]


def test_more_votes_beat_any_probability():
    top, p_top = np.array([[1, 1, 2]]), np.array([[0.0, 0.0, 1.0]])
    found = voting.answers(Ensemble("x", top, p_top))
    assert (found["majority"][0], found["max"][0]) == (1, 2)


def test_the_most_confident_view_is_the_first_of_equals_and_never_a_missing_one():
    top = np.array([[1, 2, 3], [1, 2, 3]])
    p_top = np.array([[0.2, 0.7, 0.7], [np.nan, 0.1, 0.05]])
    assert voting.answers(Ensemble("x", top, p_top))["max"].tolist() == [2, 2]


def test_votes_of_many_images_do_not_mix():
    rng = np.random.default_rng(0)
    top = rng.integers(0, 9, (5000, 7)).astype(np.int16)
    expected = [np.bincount(row, minlength=9).argmax() for row in top]
    assert voting.answers(Ensemble("x", top))["majority"].tolist() == expected


def test_an_answer_is_right_if_any_of_the_labels_is_it():
    ensemble = Ensemble("x", np.array([[1], [2], [-1]]), mean_top=np.array([3, -1, 3]))
    labels = pd.Series([[1, 3], [4], [3]], index=[7, 8, 9])
    found = voting.hits(ensemble, labels)
    assert list(found) == ["mean", "majority"]
    np.testing.assert_array_equal(found["majority"], [1.0, 0.0, np.nan])
    np.testing.assert_array_equal(found["mean"], [1.0, np.nan, 1.0])


def test_no_images_have_no_answers():
    assert voting.hits(Ensemble("x", np.empty((0, 3), int), np.empty((0, 3))), [])["majority"].shape == (0,)


def test_probabilities_and_means_must_be_of_the_same_views():
    with pytest.raises(DataError, match=r"\(2, 3\) and \(2, 2\)"):
        voting.answers(Ensemble("x", np.zeros((2, 3), int), np.zeros((2, 2))))
    with pytest.raises(DataError, match="1 mean answers for 2 images"):
        voting.answers(Ensemble("x", np.zeros((2, 3), int), mean_top=np.zeros(1, int)))
    with pytest.raises(DataError, match="one shape"):
        voting.answers(Ensemble("x", np.zeros(3, int)))
