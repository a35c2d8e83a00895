"""Cross-fitted linear heads, on features of which it is known what they tell."""

import numpy as np
import pytest

from core.errors import UsageError
from core.explain import head_fit

NAMES = ["cat", "dog", "frog"]


def codes(numbers, width):
    """One view of each image, which is 1 in the dimension of its number: float16 (N, 1, width)."""
    return np.eye(width, dtype=np.float16)[np.asarray(numbers)][:, None]


def answers(fitted):
    return fitted.prob.argmax(axis=2)


def test_features_that_name_the_class_are_told_under_every_view():
    labels = np.arange(18) % 3
    # Under the second view each image looks like the next class.
    features = np.concatenate([codes(labels, 3), codes((labels + 1) % 3, 3)], axis=1)
    fitted = head_fit.cross_fit(features, labels, NAMES)
    assert fitted.reasons == [None] * 18
    assert answers(fitted)[:, 0].tolist() == labels.tolist()
    assert answers(fitted)[:, 1].tolist() == ((labels + 1) % 3).tolist()
    assert np.allclose(fitted.prob.sum(axis=2), 1, atol=1e-6)


def test_heads_are_fitted_on_the_view_that_is_named():
    labels = np.arange(18) % 3
    features = np.concatenate([codes((labels + 1) % 3, 3), codes(labels, 3)], axis=1)
    assert answers(head_fit.cross_fit(features, labels, NAMES, fitted_view=1))[:, 1].tolist() == labels.tolist()
    by_first = answers(head_fit.cross_fit(features, labels, NAMES))
    assert by_first[:, 0].tolist() == labels.tolist()
    assert by_first[:, 1].tolist() == ((labels - 1) % 3).tolist()


def test_an_image_whose_features_say_only_which_image_it_is_is_not_recognised():
    labels = np.arange(20) % 2
    features = codes(np.arange(20), 20)
    features = np.concatenate([features, features], axis=1)
    # A head that has seen the image knows it.
    seen = head_fit._fitted(features, labels, np.arange(20), 0).predict(features[:, 0].astype(float))
    assert seen.tolist() == labels.tolist()
    # Of eight others of each class nothing tells which class it is of.
    assert head_fit.cross_fit(features, labels, NAMES[:2]).prob == pytest.approx(0.5, abs=1e-3)


def test_an_image_is_not_recognised_by_another_of_its_cluster():
    labels = np.repeat(np.arange(20) % 2, 2)
    clusters = np.repeat([f"object {number}" for number in range(20)], 2)
    features = codes(np.repeat(np.arange(20), 2), 20)
    alone = answers(head_fit.cross_fit(features, labels, NAMES[:2]))[:, 0]
    assert (alone == labels).mean() > 0.7
    together = head_fit.cross_fit(features, labels, NAMES[:2], clusters=clusters)
    assert together.prob == pytest.approx(0.5, abs=1e-3)


def test_a_class_with_fewer_images_than_folds_is_counted_out_and_named():
    labels = np.array([0, 1] * 6 + [2])
    fitted = head_fit.cross_fit(codes(labels, 3), labels, NAMES)
    assert fitted.reasons == [None] * 12 + ["its class 'frog' has 1 image, and a head needs 5"]
    assert np.isnan(fitted.prob[12]).all()
    assert (fitted.prob[:12, :, 2] == 0).all()
    assert answers(fitted)[:12, 0].tolist() == labels[:12].tolist()


def test_clusters_are_counted_not_images():
    labels = np.repeat([0, 1, 2], 8)
    clusters = np.array([f"{label} {number % (4 if label == 1 else 8)}" for number, label in enumerate(labels)])
    reasons = head_fit.left_out(labels, NAMES, clusters)
    assert reasons[8:16] == ["its class 'dog' has 4 clusters, and a head needs 5"] * 8
    assert reasons[:8] + reasons[16:] == [None] * 16


def test_images_without_features_or_class_take_no_part():
    labels = np.array([0, 1] * 6 + [-1])
    features = codes(labels % 2, 2)
    features[0, 0, 1] = np.nan
    features[1, 0, 0] = np.inf
    fitted = head_fit.cross_fit(features, labels, NAMES[:2])
    assert fitted.reasons[:2] == ["there are no features of it"] * 2
    assert fitted.reasons[-1] == "it has no accepted class"
    assert answers(fitted)[2:12, 0].tolist() == labels[2:12].tolist()
    # One more that is not there, and its class has four left.
    features[2] = np.nan
    with pytest.raises(UsageError, match=r"two classes with 5 images each, .* 1 of the 2 classes .* \(10 images"):
        head_fit.cross_fit(features, labels, NAMES[:2])


def test_one_class_alone_has_no_head():
    with pytest.raises(UsageError, match=r"and 1 of the 1 classes here has as many \(9 images in all\)"):
        head_fit.left_out(np.zeros(9, int), ["cat"])


def test_a_class_that_no_image_shows_is_never_said():
    labels = np.array([0, 2] * 6)
    fitted = head_fit.cross_fit(codes(labels, 3), labels, NAMES)
    assert (fitted.prob[:, :, 1] == 0).all()
    assert answers(fitted)[:, 0].tolist() == labels.tolist()


def test_a_fold_that_would_hold_all_of_a_class_is_refused(monkeypatch):
    class Together:
        def __init__(self, *_, **__):
            pass

        def split(self, labels, *_):
            yield np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)

    monkeypatch.setattr(head_fit, "StratifiedGroupKFold", Together)
    labels = np.arange(20) % 2
    with pytest.raises(UsageError, match="clusters of images cannot be spread over 5 folds"):
        head_fit.cross_fit(codes(labels, 2), labels, NAMES[:2], clusters=np.arange(20))


def test_the_scale_of_a_dimension_does_not_matter():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    features = rng.normal(size=(60, 1, 4)) + codes(labels, 4)
    scaled = head_fit.cross_fit(features * [1000.0, 1.0, 0.001, 7.0], labels, NAMES)
    assert head_fit.cross_fit(features, labels, NAMES).prob == pytest.approx(scaled.prob, abs=1e-3)


def test_the_same_seed_gives_the_same_answers_and_another_other_folds():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    features = rng.normal(size=(60, 2, 4)) + codes(labels, 4)
    first, again, other = (head_fit.cross_fit(features, labels, NAMES, seed=seed).prob for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other, atol=1e-3)


def test_progress_goes_by_fold():
    labels = np.arange(20) % 2
    seen = []
    head_fit.cross_fit(codes(labels, 2), labels, NAMES[:2], progress=seen.append)
    assert [(state.done, state.total) for state in seen] == [(number, 5) for number in range(1, 6)]
