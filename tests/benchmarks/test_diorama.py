"""The embedded world: what is held out, what varies, and that a picture follows from its row."""

import hashlib
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from core import benchmarks
from core.benchmarks.diorama import ANGLES_DEG, AREAS, N_CLEAN, PER_CELL, ROTATION_AREAS
from core.diorama import assets, recipe, scene
from core.errors import DataError, LabelSpaceError
from core.labels import FOCUS_10, focus_to_imagenet

KEYS = [key for key in benchmarks.known_benchmarks() if key.startswith("diorama/")]
OBJECTS = 10 * 5


def opened(key):
    return benchmarks.open_benchmark(f"diorama/{key}")


def samples(key):
    return opened(key).samples(FOCUS_10)


def test_it_opens_without_any_data_being_given():
    assert {"diorama/size", "diorama/location", "diorama/rotation", "diorama/pose"} <= set(KEYS)
    assert {"diorama/settings", "diorama/clean"} <= set(KEYS)
    assert all(benchmarks.find_data(key) == assets.FOLDER for key in KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_no_object_and_no_place_of_a_benchmark_was_trained_on(key):
    for row in benchmarks.open_benchmark(key).rows():
        assert row.instance >= assets.N_TRAIN_INSTANCES
        assert row.variant >= assets.N_TRAIN_VARIANTS


@pytest.mark.parametrize("key", KEYS)
def test_intervals_are_clustered_by_the_fifty_held_out_objects(key):
    table = benchmarks.open_benchmark(key).samples(FOCUS_10)
    assert table["cluster"].nunique() == OBJECTS
    assert (table["cluster"] == table["foreground_instance"]).all()


def test_size_varies_area_only():
    table = samples("size")
    assert len(table) == OBJECTS * len(AREAS) * 2
    assert set(table["area"]) == set(AREAS)
    assert (table[["x", "y"]] == 0.5).all(axis=None)
    assert (table["angle_deg"] == 0).all()
    assert set(table["time"]) == {"day"}


def test_each_cell_of_the_location_map_has_thirty_images_and_every_object_occurs_as_often():
    table = samples("location")
    cells = Counter(zip(table["x"], table["y"], strict=True))
    assert len(cells) == 21 * 21
    assert set(cells.values()) == {10 * PER_CELL}
    assert sorted(set(table["x"])) == sorted(set(table["y"])) == [round(0.05 * step, 2) for step in range(21)]
    counts = table["cluster"].value_counts()
    assert counts.max() - counts.min() <= 2


def test_the_share_inside_is_half_at_an_edge_and_a_quarter_in_a_corner():
    table = samples("location").set_index(["x", "y"])["pct_inside_image"]
    assert table.loc[(0.5, 0.5)].to_numpy() == pytest.approx(1)
    assert table.loc[(0.0, 0.5)].to_numpy() == pytest.approx(0.5, abs=0.01)
    assert table.loc[(1.0, 1.0)].to_numpy() == pytest.approx(0.25, abs=0.01)


def test_rotation_has_every_angle_at_si_scores_four_areas():
    table = samples("rotation")
    assert set(table["angle_deg"]) == set(ANGLES_DEG) == set(range(1, 342, 20))
    assert set(table["area"]) == set(ROTATION_AREAS)
    assert len(table) == OBJECTS * 18 * 4


def test_pose_shows_every_object_from_twelve_sides():
    table = samples("pose")
    assert Counter(table["yaw_deg"]) == {30.0 * step: OBJECTS * 2 for step in range(12)}
    files = {row.cut_out for row in opened("pose").rows()}
    assert len(files) == OBJECTS * 12


def test_settings_cross_everything_but_weather_indoors():
    table = samples("settings")
    assert len(table) == OBJECTS * 2 * (7 * 6 + 1)
    assert set(table.loc[table["place"] == "indoors", "weather"]) == {"none"}
    assert not (table.loc[table["place"] != "indoors", "weather"] == "none").any()


def test_settings_are_marked_by_the_rules_of_focus():
    table = samples("settings").set_index(["category", "place", "weather", "time"])["partition"]
    assert set(table.loc[("ship", "water", "sunny", "day")]) == {"P0"}
    assert set(table.loc[("ship", "street", "sunny", "day")]) == {"P_l"}
    assert set(table.loc[("cat", "indoors", "none", "night")]) == {"P_t"}
    assert set(table.loc[("car", "snow", "foggy", "night")]) == {"P_twl"}
    assert set(table.loc[("frog", "grass", "raining", "night")]) == {"P_w"}


def test_clean_stays_within_the_recipe():
    table, limits = samples("clean"), recipe.RECIPE
    assert len(table) == N_CLEAN
    assert table["area"].between(*limits.area).all()
    assert (table[["x", "y"]] - 0.5).abs().max(axis=None) <= limits.off_centre + 1e-9
    assert table["angle_deg"].abs().max() <= limits.angle_deg
    turned = table["yaw_deg"].where(table["yaw_deg"] <= 180, 360 - table["yaw_deg"])
    assert turned.between(*limits.yaw_deg).all()
    assert set(table["time"]) <= set(limits.times)
    assert set(table["weather"]) <= {*limits.weathers, "none"}


def test_clean_shows_usual_places_as_often_as_the_recipe_says():
    table = samples("clean")
    usual = np.mean(
        [place in recipe.USUAL_PLACES[name] for place, name in zip(table["place"], table["class"], strict=True)]
    )
    # Other draws fall on usual places by chance too, so the share lies above; ships have no other common place.
    assert recipe.RECIPE.usual_share <= usual < 0.95


def test_training_places_are_common_for_their_category():
    for category, usual in recipe.USUAL_PLACES.items():
        assert set(usual) <= set(recipe.common_places(category))


@pytest.mark.parametrize("key", KEYS)
def test_the_same_row_gives_the_same_pixels(key):
    first, again = (benchmarks.open_benchmark(key) for _ in range(2))
    for sample_id in first.samples(FOCUS_10)["sample_id"].iloc[::701]:
        pictures = [np.asarray(one.image(sample_id)) for one in (first, again)]
        np.testing.assert_array_equal(*pictures)
        assert pictures[0].shape == (assets.RESOLUTION, assets.RESOLUTION, 3)


def test_a_mask_covers_about_the_object_and_nothing_else():
    benchmark = opened("size")
    table = samples("size").set_index("sample_id")
    for sample_id in table.index[table["area"] == 0.3][::7]:
        row = benchmark.row(sample_id)
        mask = benchmark.mask(sample_id)
        # A cut-out fills a fifth (a biplane) to nine tenths of its box.
        assert 0.3 * 0.15 < mask.mean() < 0.3 * 0.95
        empty = np.asarray(assets.background(assets.FOLDER, row.place, row.variant, row.time))
        changed = (np.asarray(benchmark.image(sample_id)) != empty).any(axis=2)
        if row.weather == "none":
            assert changed[~mask].mean() < 0.05


def test_an_image_follows_a_changed_row():
    benchmark = opened("size")
    sample_id = next(iter(benchmark.rows())).sample_id
    row = benchmark.row(sample_id)
    moved = scene.compose(scene.Row(**{**row.__dict__, "x": 0.2, "area": 0.1}))
    columns = np.nonzero(moved.mask)[1]
    assert abs(columns.mean() / assets.RESOLUTION - 0.2) < 0.06


def test_accepted_classes_of_imagenet_are_those_that_focus_maps():
    table = opened("clean").samples("imagenet-1k").set_index("class")["accepted"]
    for category, classes in focus_to_imagenet().items():
        assert list(table.loc[[category]].iloc[0]) == classes


def test_a_model_with_other_classes_is_refused():
    with pytest.raises(LabelSpaceError, match="classes-17"):
        opened("clean").samples("classes-17")


def test_a_missing_picture_names_the_command_that_makes_it(tmp_path):
    benchmark = benchmarks.benchmark_class("diorama/size")(tmp_path)
    with pytest.raises(DataError, match="python -m core diorama build"):
        benchmark.samples(FOCUS_10)


def test_the_digest_covers_every_picture_s_bytes(tmp_path):
    folder = tmp_path / "foregrounds" / "cat"
    folder.mkdir(parents=True)
    pd.DataFrame({"file": ["a"]}).to_csv(tmp_path / assets.TABLE)
    (folder / "a.png").write_bytes(b"one")
    first = assets.digest.__wrapped__(tmp_path)
    (folder / "a.png").write_bytes(b"two")
    assert assets.digest.__wrapped__(tmp_path) != first
    assert len(first) == hashlib.sha256().digest_size * 2
