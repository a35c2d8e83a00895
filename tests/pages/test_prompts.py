"""Which classes the drawer compares prompts of."""

from dataclasses import dataclass

import pytest

from pages.shared.images.prompts import compared


@dataclass
class Said:
    top: tuple
    accepted: tuple


TOP = ((7, 0.5), (3, 0.3), (9, 0.1))


@pytest.mark.parametrize(
    ("top", "accepted", "expected"),
    [
        (TOP, (3,), (7, 3)),
        # Of several accepted ones that which the model likes most.
        (TOP, (1, 9), (7, 9)),
        (TOP, (1, 2), (7, 1)),
        # Where it is right, the next best, even if that is accepted too.
        (TOP, (7,), (7, 3)),
        (TOP, (7, 3), (7, 3)),
        (TOP, (), (7, 3)),
        (TOP[:1], (7,), (7,)),
        ((), (7,), ()),
    ],
)
def test_the_predicted_class_is_compared_with_the_true_one_or_the_next(top, accepted, expected):
    assert compared(Said(top, accepted)) == expected
