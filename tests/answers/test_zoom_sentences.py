"""What is said of zooms: direction, fairness, and silence where nothing can be told."""

import numpy as np
import pandas as pd
import pytest

from core.answers import zoom_sentences
from core.metrics import zoom


def bound(*, n=300, best=(320, 1, 1), gain=(0.06, 0.01, 0.11), oracle=0.99, tta=()):
    rows = [
        {"bound": zoom.ONE_CROP, "top1": 0.5, "low": 0.44, "high": 0.56, "passes": 1, "mark": "", "gain": np.nan},
        {"bound": zoom.BEST, "top1": 0.57, "mark": zoom.CHOSEN, "passes": 1, "size": best[0], "row": best[1],
         "col": best[2], "gain": 0.07, "gain_low": 0.0, "gain_high": 0.14},
        {"bound": f"{zoom.BEST}, cross-fitted", "top1": 0.56, "mark": zoom.CROSS_FITTED, "passes": 1,
         "gain": gain[0], "gain_low": gain[1], "gain_high": gain[2]},
        {"bound": "any of 324", "top1": oracle, "mark": zoom.ORACLE, "passes": 324, "gain": 0.4},
        *({"bound": f"TTA mean, tta-rrc@{passes},0.1,1", "top1": 0.5 + each[0], "mark": "", "passes": passes,
           "gain": each[0], "gain_low": each[1], "gain_high": each[2]} for passes, each in tta),
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(n=n, n_clusters=n)


def said_of(*tables):
    """With plain spaces, as a reader sees it."""
    return zoom_sentences.finding(*tables).replace("\xa0", " ")


LUCK = pd.DataFrame([{"bound": "any of 324", "value": 0.76, "n": 300}])


def at_object(gain):
    row = dict(zip(("gain", "gain_low", "gain_high"), gain, strict=True))
    return pd.DataFrame([{"size": 672, "chosen": True, **row}, {"size": pd.NA, "chosen": False, **row}]).assign(
        n=300, n_clusters=50
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {},
            "(size 320, middle, on all of them), gains **+6 pts** [1, 11].",
        ),
        ({"best": (128, 1, 1)}, "Looking from farther away, with one zoom"),
        ({"best": (256, 0, 1)}, "Looking elsewhere, with one zoom chosen on the other half"),
        (
            {"gain": (0.02, -0.02, 0.06)},
            "No single zoom is clearly better: the best of the other half (size 320",
        ),
        ({"gain": (-0.03, -0.05, -0.01)}, "No single zoom is better for all of them."),
        ({"best": (256, 1, 1), "gain": (0.0, 0.0, 0.0)}, "No other single zoom is better for all of them."),
        ({"tta": [(32, (0.04, 0.01, 0.07))]}, "The mean of 32 random crops gains +4 pts [1, 7]."),
        ({"tta": [(32, (-0.09, -0.14, -0.04))]}, "The mean of 32 random crops loses: −9 pts [−14, −4]."),
        ({"tta": [(32, (0.01, -0.04, 0.05))]}, "gains nothing that could be told: +1 pts [−4, 5]."),
    ],
)
def test_each_number_is_said_with_its_direction(options, said):
    assert said in said_of("m", bound(**options), LUCK)


def test_an_oracle_that_misses_one_image_is_not_called_all():
    assert "right on 99.5 %: an oracle" in said_of("m", bound(oracle=0.995), LUCK)
    assert "right on 100 %: an oracle" in said_of("m", bound(oracle=1.0), LUCK)


def test_of_several_kinds_of_random_crops_none_is_picked():
    text = said_of("m", bound(tta=[(16, (0.04, 0.01, 0.07)), (32, (0.05, 0.01, 0.07))]), LUCK)
    assert "random crops" not in text


def test_the_oracle_never_stands_without_luck_where_that_is_known():
    assert "right on 99 %: an oracle" in said_of("m", bound(), LUCK)
    assert "with labels dealt anew it would still be 76" in said_of("m", bound(), LUCK)
    nothing = LUCK.assign(value=np.nan)
    assert "since only the label says which." in said_of("m", bound(), nothing)


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        (
            (0.15, 0.06, 0.23),
            "size chosen on the other half, 672 on all) gains **+15 pts** [6, 23].",
        ),
        ((-0.1, -0.2, -0.01), "loses: **−10 pts** [−20, −1]."),
        ((0.0, -0.1, 0.1), "changes nothing that could be told"),
    ],
)
def test_looking_at_the_object_is_said_where_it_is_known(gain, said):
    assert said in said_of("m", bound(), LUCK, at_object(gain))
    assert "where the object is" not in said_of("m", bound(), LUCK)


def test_few_images_or_none_carry_no_claim():
    assert "too few for a claim" in said_of("m", bound(n=20), LUCK)
    assert "no answer to the usual crop" in said_of("m", bound().assign(n=0), LUCK)
