"""Verdicts on differences; worked out with tables of Student's t."""

import math

import pytest

from core.errors import UsageError
from core.metrics.verdicts import clusters_needed, detectable, standard_error, verdict


@pytest.mark.parametrize(
    ("low", "high", "kind", "is_small"),
    [
        (0.01, 0.09, "different", False),
        (-0.09, -0.001, "different", False),
        (-0.015, 0.019, "equivalent", True),
        (0.001, 0.015, "different", True),
        (-0.015, 0.02, "unclear", False),
        (-0.02, 0.01, "unclear", False),
        (0.0, 0.05, "unclear", False),
        (-0.3, 0.3, "unclear", False),
    ],
)
def test_the_interval_alone_decides(low, high, kind, is_small):
    found = verdict((low + high) / 2, low, high, 900, 90)
    assert (found.kind, found.is_small) == (kind, is_small)


def test_the_margin_decides_what_is_equivalent():
    assert verdict(0.0, -0.04, 0.04, 900, 90).kind == "unclear"
    assert verdict(0.0, -0.04, 0.04, 900, 90, d=0.05).kind == "equivalent"
    with pytest.raises(UsageError, match="a margin of 0 leaves no room for equal"):
        verdict(0.0, -0.04, 0.04, 900, 90, d=0.0)


@pytest.mark.parametrize(("n_clusters", "low", "high"), [(1, math.nan, math.nan), (0, math.nan, math.nan)])
def test_without_an_interval_nothing_can_be_told(n_clusters, low, high):
    found = verdict(0.3, low, high, 5, n_clusters)
    assert (found.kind, found.needed, found.more) == ("unclear", None, None)
    assert math.isnan(found.detectable)


def test_the_smallest_difference_that_nine_objects_find():
    # t of 8 degrees: 2.3060 two-sided at 95 %, 0.8889 at 80 %.
    assert detectable(0.02, 9) == pytest.approx((2.3060 + 0.8889) * 0.02, abs=1e-5)
    # Many: 1.9600 + 0.8416.
    assert detectable(0.02, 10**7) == pytest.approx(2.8016 * 0.02, abs=1e-5)


def test_how_many_objects_would_find_what_nine_saw():
    # Standard error 0.05 with nine objects, so 0.15 / sqrt(K): to find 0.1, K >= 2.25 (t_a + t_b)^2. With 19 objects, t
    # of 18 degrees: 2.25 * (2.1009 + 0.8620)^2 = 19.75, too many; with 20, 2.25 * (2.0930 + 0.8610)^2 = 19.63.
    assert clusters_needed(0.1, 0.05, 9) == 20
    found = verdict(0.1, 0.1 - 2.3060 * 0.05, 0.1 + 2.3060 * 0.05, 90, 9)
    assert (found.kind, found.needed, found.more, found.unit) == ("unclear", 20, 11, "objects")
    assert found.detectable == pytest.approx(3.1949 * 0.05, abs=1e-4)


def test_where_images_are_independent_it_is_images():
    found = verdict(0.01, 0.01 - 1.9623 * 0.02, 0.01 + 1.9623 * 0.02, 1000, 1000)
    # 2.8016^2 * 1000 * (0.02 / 0.01)^2 = 31,396, and one or two more for t.
    assert found.unit == "images"
    assert found.needed == pytest.approx(31_396, abs=5)
    assert found.more == found.needed - 1000


def test_a_difference_that_was_found_may_rest_on_luck():
    # Just significant with nine objects: found so in half of all such studies; 80 % takes more.
    found = verdict(0.12, 0.001, 0.239, 90, 9)
    assert found.kind == "different"
    assert found.more > 0
    # A difference of ten standard errors needs no more.
    assert verdict(0.5, 0.5 - 2.306 * 0.05, 0.5 + 2.306 * 0.05, 90, 9).more == 0


def test_no_number_of_objects_finds_no_difference():
    found = verdict(0.0, -0.1, 0.1, 90, 9)
    assert (found.needed, found.more) == (None, None)
    assert clusters_needed(1e-9, 0.05, 9) is None


def test_two_objects_are_the_fewest():
    assert clusters_needed(1.0, 1e-6, 50) == 2


def test_the_standard_error_is_that_of_the_end_towards_0():
    # The far end is cut at 1.
    assert standard_error(0.8, 0.8 - 2.3060 * 0.3, 1.0, 9) == pytest.approx(0.3, abs=1e-4)
    assert standard_error(-0.8, -1.0, -0.8 + 2.3060 * 0.3, 9) == pytest.approx(0.3, abs=1e-4)
    assert standard_error(0.0, -0.2306, 0.1, 9) == pytest.approx(0.1, abs=1e-4)


def test_a_standard_error_that_is_known_is_used():
    assert verdict(0.1, -0.1, 0.3, 90, 9, se=0.05).needed == 20
