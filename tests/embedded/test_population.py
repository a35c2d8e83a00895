"""The population: which images an object has, and what is kept of what the models said of them."""

import numpy as np
import pandas as pd
import pytest

from core.diorama import assets, recipe
from core.embedded import population
from core.embedded.pool import FIRST_EXTRA, N_EXTRA, N_SETS
from core.errors import DataError

MODELS = {"left": "a" * 64, "right": "b" * 64}


def answers(n_objects=2, n_images=3):
    """Objects that the left model knows on every image, and the right one on the first alone."""
    rows = [
        {
            **{"category": "cat", "instance": 5000 + number, "image": image, "setting": "size", "place": "grass"},
            **{"uncommon": image == 2, "area": 0.1 * (image + 1), "x": 0.5, "y": 0.5},
            **{"left": True, "right": image == 0},
        }
        for number in range(n_objects)
        for image in range(n_images)
    ]
    return pd.DataFrame(rows)


def settings(category="frog", instance=5007):
    return population.planned(category, instance, 30.0, "frog.png")


def test_no_object_is_one_of_a_benchmark_or_of_training():
    known = population.objects()
    assert len(set(known)) == len(known) == 1000
    numbers = {instance for _, instance in known}
    assert min(numbers) >= max(assets.N_INSTANCES, FIRST_EXTRA + N_SETS * N_EXTRA)


def test_every_object_has_the_same_settings_in_the_same_order():
    frog, ship = settings(), population.planned("ship", 5000, 200.0, "ship.png")
    assert [image.setting for image in frog] == [image.setting for image in ship]
    counts = pd.Series([image.setting for image in frog]).value_counts().to_dict()
    assert counts == {"mixed": 24, "map": 25, "size": 10, "place": 8}


def test_images_as_trained_follow_the_recipe_and_differ():
    rows = [image.row for image in settings() if image.setting == "mixed"]
    low, high = recipe.RECIPE.area
    assert all(low <= row.area <= high and row.time == "day" and abs(row.x - 0.5) <= 0.1 for row in rows)
    assert {row.place for row in rows} <= set(recipe.common_places("frog"))
    assert len({row.area for row in rows}) == 24
    other = [image.row.area for image in settings(instance=5008) if image.setting == "mixed"]
    assert other != [row.area for row in rows]


def test_an_object_is_seen_in_each_place_once_and_the_uncommon_ones_are_marked():
    images = [image for image in settings("ship") if image.setting == "place"]
    assert [image.row.place for image in images] == list(assets.PLACES)
    # A ship is at home on water alone.
    assert [image.row.place for image in images if not image.uncommon] == ["water"]


def test_only_places_that_training_never_shows_are_used():
    assert {image.row.variant for image in settings()} <= set(range(assets.N_TRAIN_VARIANTS, assets.N_VARIANTS))


def test_the_map_has_every_cell_of_five_by_five_once():
    cells = [(image.row.x, image.row.y) for image in settings() if image.setting == "map"]
    assert set(cells) == {(x / 4, y / 4) for x in range(5) for y in range(5)}
    assert len(cells) == 25


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "population.parquet"
    population.write(answers().sample(frac=1, random_state=1), MODELS, "digest", path)
    found = population.read(path)
    assert (found.models, found.fingerprints, found.recipe) == (("left", "right"), ("a" * 64, "b" * 64), "digest")
    assert found.objects["instance"].tolist() == [5000, 5001]
    assert found.correct[0].tolist() == [[True, True], [True, False], [True, False]]
    assert found.uncommon.tolist() == [[False, False, True]] * 2
    np.testing.assert_allclose(found.images["area"], [0.1, 0.2, 0.3])


def test_a_missing_or_damaged_file_names_the_command(tmp_path):
    with pytest.raises(DataError, match="diorama population"):
        population.read(tmp_path / "population.parquet")
    (tmp_path / "population.parquet").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"cannot be read .*diorama population"):
        population.read(tmp_path / "population.parquet")


def test_an_object_that_lacks_an_image_is_not_passed_over(tmp_path):
    path = tmp_path / "population.parquet"
    population.write(answers().drop(index=4), MODELS, "digest", path)
    with pytest.raises(DataError, match="an image of an object is missing"):
        population.read(path)


def test_another_recipe_has_another_digest(monkeypatch):
    monkeypatch.setattr(population, "N_OBJECTS", 1)
    before = population.digest()
    assert population.digest() == before
    monkeypatch.setattr(population, "MAP_AREA", 0.25)
    assert population.digest() != before
