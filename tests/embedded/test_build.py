"""The committed pictures are those that the code renders, and nothing is missing."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.diorama import assets
from core.diorama.recipe import RECIPE
from core.embedded import build
from core.embedded.sheet import sheet
from core.errors import UsageError

TABLE = assets.table()


def pixels(path, mode="RGBA"):
    with Image.open(path) as image:
        return np.asarray(image.convert(mode)).astype(int)


def test_there_are_sixteen_instances_of_each_category_under_both_lights():
    cut_outs = TABLE[TABLE["kind"] == "foreground"]
    counts = cut_outs.groupby(["class", "light"])["instance"].nunique()
    assert set(counts.index.get_level_values("class")) == set(assets.CATEGORIES)
    assert set(counts) == {16}
    by_split = cut_outs[cut_outs["light"] == "day"].groupby(["class", "split"]).size().unstack()
    assert (by_split["train"] >= 11).all()
    assert (by_split["test"] >= 5).all()


def test_there_are_six_variants_of_each_place_under_both_lights_with_a_depth():
    places = TABLE[TABLE["kind"] == "background"]
    assert set(places.groupby(["class", "light"]).size()) == {6}
    assert set(places["class"]) == set(assets.PLACES)
    for place in assets.PLACES:
        for variant in range(assets.N_VARIANTS):
            assert pixels(assets.FOLDER / assets.depth_file(place, variant), "L").shape == (512, 512)


def test_every_row_has_its_file_and_every_picture_its_row():
    found = {path.relative_to(assets.FOLDER).as_posix() for path in assets.FOLDER.glob("*/*/*.*")}
    assert {name for name in found if not name.startswith("depths/")} == set(TABLE["file"])


def test_sizes_in_the_table_are_those_of_the_files():
    for row in TABLE.iloc[::37].itertuples():
        with Image.open(assets.FOLDER / row.file) as image:
            assert image.size == (row.width, row.height)


def test_cut_outs_are_256_pixels_long_with_soft_edges():
    cut_outs = TABLE[TABLE["kind"] == "foreground"]
    assert (cut_outs[["width", "height"]].max(axis=1) == 256).all()
    alpha = pixels(assets.FOLDER / cut_outs["file"].iloc[0])[..., 3]
    assert 0 < ((alpha > 0) & (alpha < 255)).mean() < 0.2


def test_stored_views_lie_within_the_training_recipe():
    cut_outs = TABLE[TABLE["kind"] == "foreground"]
    turned = cut_outs["yaw_deg"].where(cut_outs["yaw_deg"] <= 180, 360 - cut_outs["yaw_deg"])
    assert turned.between(RECIPE.yaw_deg[0] - 0.1, RECIPE.yaw_deg[1] + 0.1).all()
    assert cut_outs["pitch_deg"].between(*RECIPE.pitch_deg).all()


@pytest.mark.slow
@pytest.mark.parametrize("job", [build.Job("object", "frog", 12), build.Job("place", "indoors", 4)], ids=str)
def test_rendering_again_gives_the_committed_picture(job, tmp_path):
    rows = build.render(job, tmp_path)
    assert len(rows) == 2
    committed = TABLE.set_index("file")
    for row in rows:
        assert committed.at[row["file"], "width"] == row["width"]
        difference = np.abs(pixels(tmp_path / row["file"]) - pixels(assets.FOLDER / row["file"]))
        # Another processor may round differently in places; nothing visible may change.
        assert difference.mean() < 0.5
        assert (difference > 24).mean() < 0.005


def test_two_instances_of_a_category_are_never_the_same_picture():
    for category in assets.CATEGORIES:
        small = []
        for instance in range(assets.N_INSTANCES):
            with Image.open(assets.FOLDER / assets.foreground_file(category, instance, "day")) as image:
                small.append(np.asarray(image.convert("RGBA").resize((32, 32))).astype(int))
        for first in range(len(small)):
            for second in range(first):
                assert np.abs(small[first] - small[second]).mean() > 2, (category, first, second)


def test_objects_are_darker_at_night():
    for category in assets.CATEGORIES:
        day, night = (pixels(assets.FOLDER / assets.foreground_file(category, 3, light)) for light in assets.LIGHTS)
        inside = day[..., 3] == 255
        assert night[inside][:, :3].mean() < 0.75 * day[inside][:, :3].mean()


def test_an_unknown_name_is_refused_with_what_there_is(tmp_path):
    with pytest.raises(UsageError, match="unicorn"):
        build.build(tmp_path, only=["unicorn"])


def test_a_part_of_a_world_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="without --only"):
        build.build(tmp_path, only=["cat"])


def test_a_sheet_shows_every_picture_of_a_kind(tmp_path):
    with Image.open(sheet("background", tmp_path / "sheet.png", size=32)) as page:
        assert page.size == (32 * 12, 32 * 8)
    with Image.open(sheet("foreground", tmp_path / "cats.png", only="cat", size=32)) as page:
        assert page.size == (32 * 16, 32 * 2)
    with pytest.raises(UsageError, match="background"):
        sheet("backgrounds", tmp_path / "x.png")
    with pytest.raises(UsageError, match="cat"):
        sheet("foreground", tmp_path / "x.png", only="cta")


def test_the_table_is_sorted_so_that_a_new_build_changes_only_what_changed():
    assert TABLE["file"].is_monotonic_increasing
    assert isinstance(TABLE, pd.DataFrame)
