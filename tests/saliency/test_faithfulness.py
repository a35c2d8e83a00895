"""Insertion and deletion on images where the answer is known by hand."""

import numpy as np
import pytest

from core.errors import ModelError, NotAvailableError, UsageError
from core.saliency import faithfulness
from core.saliency.faithfulness import BLUR, DRAWS, STEP, Curves, Faithfulness, measured, sentence

SIDE = 20
#: Five percent of the pixels are one row.
ROW = SIDE * SIDE * STEP


def image():
    """Black, with a white square of 100 of 400 pixels, a quarter, at the top left."""
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    pixels[:10, :10] = 255
    return pixels


def white_at_the_square(batch):
    """How much white is left in the square: 1 for the image itself."""
    return batch[:, :10, :10].mean(axis=(1, 2, 3))


def on_square():
    values = np.zeros((SIDE, SIDE))
    values[:10, :10] = 1
    return values


def asked(values=None, probability_of=white_at_the_square, **more):
    given = {"grid": (5, 5), "baseline": (0.0, 0.0, 0.0)} | more
    return measured(image(), on_square() if values is None else values, probability_of, **given)


def test_a_map_of_the_evidence_takes_the_probability_with_it():
    found = asked()
    # A step removes 20 pixels; the square's 100 are gone after 5 steps of 20, each takes a fifth of the white.
    assert found.shares.tolist() == pytest.approx(np.linspace(0, 1, 21))
    assert found.map.deletion[:6].tolist() == pytest.approx([1, 0.8, 0.6, 0.4, 0.2, 0], abs=1e-6)
    assert not found.map.deletion[6:].any()
    # A triangle with a base of a quarter.
    assert found.map.deletion_area == pytest.approx(0.125)
    assert found.map.insertion[5:].tolist() == pytest.approx([1] * 16)
    # Blurred, a square on black keeps some white: less than all, more than nothing.
    assert 0.5 < found.map.insertion[0] < 1
    blurry = found.map.insertion[0]
    assert found.map.insertion_area == pytest.approx(1 - (1 - blurry) / 8, abs=1e-2)
    assert found.verdict == "faithful"


def test_a_map_of_everything_else_is_worse_than_random_ones():
    found = asked(1 - on_square())
    # The 300 others go first: the square's white lasts for 15 of 20 steps.
    assert found.map.deletion[:16].tolist() == pytest.approx([1] * 16)
    assert found.map.deletion_area == pytest.approx(0.875)
    assert found.verdict == "worse than random"
    assert "less faithful than any of 5 random maps" in sentence(found, "square")


@pytest.mark.parametrize("square", [1, -1])
def test_a_verdict_on_one_image_says_how_often_luck_gives_it(square):
    # Six random maps are equally likely to be the best, and the worst.
    said = sentence(asked(square * on_square()), "square")
    assert said.endswith("faithful than 5 others by luck, so look at several images.")
    assert " One in 6 random maps is " + ("more" if square > 0 else "less") in said


def test_pixels_and_baselines_that_are_no_colours_are_refused():
    for wrong in (
        image().astype(np.float32),
        image().astype(int),
        image() - np.float32(0.5),
        image() * np.float32("nan"),
    ):
        with pytest.raises(UsageError, match=r"^pixels are .*: they need to be uint8 of 0 to 255, or floats of 0 to 1"):
            measured(wrong, on_square(), white_at_the_square, grid=(5, 5), baseline=(0, 0, 0))
    for wrong in ((0.5,), 0.5, (0.5, 0.5), (0.5, 0.5, float("nan"))):
        with pytest.raises(UsageError, match="is no colour"):
            asked(baseline=wrong)


def test_the_order_of_the_centre_is_by_hand():
    # The middle of 4x4 pixels are 2x2; 5 of 20 steps take them all, whatever the order among them.
    places = faithfulness._order(faithfulness._centred((4, 4)), np.zeros((4, 4)))
    assert sorted(places[1:3, 1:3].ravel()) == [0, 1, 2, 3]
    assert sorted(places[[0, 0, -1, -1], [0, -1, 0, -1]]) == [12, 13, 14, 15]


def test_equal_pixels_go_in_the_order_of_the_random_map():
    ties = np.array([[0.1, 0.4], [0.2, 0.3]])
    assert faithfulness._order(np.array([[0, 0], [1, 0]]), ties).tolist() == [[3, 1], [0, 2]]


def test_removed_pixels_have_the_given_colour():
    seen = []

    def probability_of(batch):
        seen.extend(batch)
        return np.full(len(batch), 0.5)

    measured(image(), on_square(), probability_of, grid=(5, 5), baseline=(0.25, 0.5, 0.75))
    blurry, whole, nothing = seen[:3]
    assert np.array_equal(whole, image() / 255)
    assert np.allclose(nothing, [0.25, 0.5, 0.75])
    # Blurring keeps the mean of an image of which nothing leaves over the border that it is continued by.
    assert blurry.std() < whole.std()
    assert blurry[0, 0].tolist() == pytest.approx([1, 1, 1], abs=1e-3)


def test_the_blur_is_five_pixels_of_224():
    point = np.zeros((224, 224, 3), np.float32)
    point[112, 112] = 1
    found = faithfulness.blurred(point)[..., 0]
    rows = np.arange(224) - 112
    assert np.sqrt((found.sum(axis=1) * rows**2).sum()) == pytest.approx(5, abs=0.05)
    assert BLUR * 224 == 5


def test_the_model_is_asked_once_for_what_all_walks_share_and_in_batches():
    sizes = []

    def probability_of(batch):
        sizes.append(len(batch))
        return white_at_the_square(batch)

    asked(probability_of=probability_of, batch=16)
    # Three ends, and of each of map, centre and random maps 19 steps of two walks.
    assert sum(sizes) == 3 + (2 + DRAWS) * 2 * 19
    assert max(sizes) == 16


def test_the_same_seed_gives_the_same_numbers_and_another_one_others():
    first, again, other = asked(), asked(), asked(seed=1)
    assert [each.gain for each in first.random] == [each.gain for each in again.random]
    assert [each.gain for each in first.random] != [each.gain for each in other.random]


def test_pixels_of_a_view_that_are_no_integers_are_the_same():
    floats = measured(image() / np.float32(255), on_square(), white_at_the_square, grid=(5, 5), baseline=(0, 0, 0))
    assert floats.map.deletion.tolist() == pytest.approx(asked().map.deletion.tolist())


def test_random_maps_are_as_coarse_as_the_map():
    coarse = faithfulness._drawn((2, 2), (SIDE, SIDE), np.random.default_rng(0))
    # Two cells at pixels 4.5 and 14.5: beyond them nothing changes.
    assert np.allclose(coarse[:5, 0], coarse[0, 0])
    assert np.allclose(coarse[15:, 0], coarse[-1, 0])
    assert len(np.unique(faithfulness._drawn((SIDE, SIDE), (SIDE, SIDE), np.random.default_rng(0)))) == SIDE**2


def test_the_table_has_every_curve():
    table = asked().table()
    assert len(table) == 2 * (2 + DRAWS) * 21
    kept = table[(table["walk"] == "deletion") & (table["order"] == "map")]
    assert kept["probability"].tolist()[:3] == pytest.approx([1, 0.8, 0.6], abs=1e-6)
    assert table[table["order"] == "random"]["draw"].nunique() == DRAWS


def curves(insertion, deletion):
    return Curves(np.full(3, float(insertion)), np.full(3, float(deletion)))


def verdict_of(gain, centre=0.0, random=(0.0, 0.1, 0.2, 0.3, 0.4)):
    some = tuple(curves(0.5 + each / 2, 0.5 - each / 2) for each in random)
    return Faithfulness(np.linspace(0, 1, 3), curves(0.5 + gain / 2, 0.5 - gain / 2), some, curves(0.5 + centre, 0.5))


@pytest.mark.parametrize(
    ("gain", "verdict"), [(0.41, "faithful"), (0.39, "no better than random"), (0.2, "no better than random")]
)
def test_a_map_must_beat_every_random_one(gain, verdict):
    assert verdict_of(gain).verdict == verdict


def test_the_sentence_says_what_the_areas_are_and_of_whom():
    said = sentence(verdict_of(0.6, centre=0.9), "koala")
    assert said == (
        "This map is more faithful than 5 random maps as coarse, but not than pointing to the centre: insertion 0.80 "
        "(random 0.60), deletion 0.20 (random 0.40). One in 6 random maps is more faithful than 5 others by luck, so "
        "look at several images."
    )
    assert "also than pointing to the centre" in sentence(verdict_of(0.6), "koala")
    assert sentence(verdict_of(0.2), "koala").startswith("This map is no more faithful than 5 random maps as coarse: ")


def test_where_the_probability_never_moves_no_map_is_judged():
    found = asked(probability_of=lambda batch: np.full(len(batch), 0.004))
    assert found.verdict == "undecided"
    assert sentence(found, "koala").startswith("The probability of koala, 0.4 % for the whole image, hardly changes")


@pytest.mark.parametrize("values", [np.zeros((SIDE, SIDE)), np.full((SIDE, SIDE), np.nan)])
def test_a_map_of_nothing_is_not_judged(values):
    with pytest.raises(NotAvailableError, match="the same everywhere, or undefined"):
        asked(values)


def test_a_map_of_another_size_is_refused():
    with pytest.raises(UsageError, match=r"the map \(10, 20\)"):
        asked(np.zeros((10, 20)))


@pytest.mark.parametrize("value", [np.nan, 1.5, -0.5])
def test_what_is_no_probability_is_refused(value):
    with pytest.raises(ModelError, match="no probabilities between 0 and 1"):
        asked(probability_of=lambda batch: np.full(len(batch), value))
