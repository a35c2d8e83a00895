import csv
import shutil

import numpy as np
import pytest
from PIL import Image

from core import benchmarks
from core.benchmarks import generate
from core.errors import DataError, UsageError
from core.images import compositing
from tests.conftest import write_csv


def only(cutouts, *files):
    """The folder of cut-outs with nothing but these in it."""
    for path in cutouts.glob("*/*"):
        if path.relative_to(cutouts).as_posix() not in files:
            path.unlink()
    for folder in cutouts.iterdir():
        if not any(folder.iterdir()):
            folder.rmdir()
    return cutouts


def read_rows(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def contents(out, but=()):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name not in but
    }


@pytest.fixture
def koala(cutouts):
    """One cut-out: 80x60."""
    return only(cutouts, "koala/koala0.png")


def small_set(foregrounds, backgrounds, out, **options):
    """About a hundred images a cut-out: of the locations only those with the whole box inside."""
    options = {"min_inside": 1.0, "workers": 1, **options}
    return generate.si_score_set(foregrounds, backgrounds, "location", out, **options)


@pytest.fixture
def sizes(koala, backgrounds, tmp_path, in_threads):
    """A whole set: one koala at each of the hundred sizes."""
    generate.si_score_set(koala, backgrounds, "size", tmp_path / "sizes", workers=1)
    return tmp_path / "sizes"


@pytest.fixture
def small_sizes(small_grids, sizes):
    """The same on smaller images."""
    return sizes


def plan(cutouts, backgrounds, **options):
    options = {"factor": "size", "per_object": 1, "min_inside": 0.0, "seed": 0, **options}
    return generate.Plan(cutouts=tuple(cutouts), backgrounds=tuple(backgrounds), **options)


# The grids: Yung et al. 2021, Section 3.


def test_the_size_grid_is_one_to_a_hundred_percent_at_the_centre():
    grid = generate.GRIDS["size"]
    assert grid.resolution == 512
    assert [setting.area for setting in grid.settings] == pytest.approx(np.linspace(0.01, 1.0, 100))
    assert {(setting.x, setting.y, setting.angle_deg) for setting in grid.settings} == {(0.5, 0.5, 0.0)}


def test_the_location_grid_is_21_by_21_centres_at_a_fifth_of_the_area():
    grid = generate.GRIDS["location"]
    assert grid.resolution == 500
    assert len(grid.settings) == 441
    assert {(setting.area, setting.angle_deg) for setting in grid.settings} == {(0.2, 0.0)}
    # A step of 0.05 is 25 of 500 pixels; a centre of 24.999 would be truncated to 24.
    centres = {(int(setting.x * 500), int(setting.y * 500)) for setting in grid.settings}
    assert centres == {(25 * i, 25 * j) for i in range(21) for j in range(21)}


def test_the_rotation_grid_is_18_angles_at_four_areas():
    grid = generate.GRIDS["rotation"]
    assert grid.resolution == 512
    assert len(grid.settings) == 72
    angles = [1, 21, 41, 61, 81, 101, 121, 141, 161, 181, 201, 221, 241, 261, 281, 301, 321, 341]
    found = {(setting.area, setting.angle_deg) for setting in grid.settings}
    assert found == {(area, angle) for area in (0.2, 0.5, 0.8, 1.0) for angle in angles}
    assert {(setting.x, setting.y) for setting in grid.settings} == {(0.5, 0.5)}


# The draw of backgrounds.

KOALAS = [("koala", f"somewhere/koala{number}.png") for number in range(40)]
SCENERY = [f"somewhere/background{number}.png" for number in range(12)]


def test_backgrounds_are_drawn_without_replacement():
    drawing = plan(KOALAS, SCENERY, per_object=12)
    assert all(sorted(drawing.draw(*koala)) == list(range(12)) for koala in KOALAS)
    assert len(set(plan(KOALAS, SCENERY, per_object=5).draw(*KOALAS[0]))) == 5


def test_the_draw_is_repeatable_and_changes_with_the_seed():
    drawn = [[plan(KOALAS, SCENERY, seed=seed).draw(*koala) for koala in KOALAS] for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_cut_outs_do_not_all_get_the_same_background():
    drawn = {plan(KOALAS, SCENERY).draw(*koala)[0] for koala in KOALAS}
    # Of 40 draws from 12, fewer than 6 different ones is all but impossible.
    assert len(drawn) >= 6


def test_the_draw_does_not_depend_on_other_classes_or_on_the_folder():
    alone, beside = plan(KOALAS, SCENERY), plan([("armadillo", "a.png"), *KOALAS], SCENERY)
    assert [alone.draw(*koala) for koala in KOALAS] == [beside.draw(*koala) for koala in KOALAS]
    assert alone.draw("koala", "elsewhere/koala3.png") == alone.draw(*KOALAS[3])


def test_adding_a_class_does_not_change_the_images_of_another(cutouts, backgrounds, tmp_path, small_grids):
    small_set(cutouts, backgrounds, tmp_path / "both")
    shutil.rmtree(cutouts / "zebra")
    small_set(cutouts, backgrounds, tmp_path / "koalas")
    both, koalas = contents(tmp_path / "both" / "koala"), contents(tmp_path / "koalas" / "koala")
    assert len(koalas) > 0
    # Koala comes before zebra, so even the numbers of its images stay.
    assert both == koalas


# What is written.


def test_a_set_has_the_published_layout(sizes):
    assert sorted(path.name for path in sizes.iterdir()) == [
        "backgrounds.csv",
        "foreground_classes.csv",
        "foreground_classes_metadata_indices.csv",
        "generate.json",
        "koala",
        "metadata.csv",
    ]
    header = (sizes / "metadata.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == (
        "image_id,x_coord,y_coord,area,rotation,foreground_class,foreground_instance,background,"
        "bg_resolution_width,bg_resolution_height,pct_inside_image"
    )
    rows = read_rows(sizes / "metadata.csv")
    assert {path.stem for path in (sizes / "koala").glob("*.jpg")} == {row["image_id"] for row in rows}
    assert len(rows) == 100
    assert {(row["bg_resolution_width"], row["bg_resolution_height"]) for row in rows} == {("512", "512")}
    assert read_rows(sizes / "foreground_classes.csv") == [{"int": "105", "label": "koala"}]
    assert read_rows(sizes / "foreground_classes_metadata_indices.csv") == [{"int": "0", "label": "koala"}]
    # Files in the order of their names.
    names = [(row["int"], row["label"]) for row in read_rows(sizes / "backgrounds.csv")]
    assert names == [("0", "field"), ("1", "sea"), ("2", "sky")]


def test_a_set_reads_back_through_the_reader_of_the_official_ones(small_sizes):
    benchmark = benchmarks.open_benchmark("si-score/size", small_sizes)
    samples = benchmark.samples()
    assert benchmark.notes == []
    assert sorted(samples["area"]) == [round(0.01 * percent, 2) for percent in range(1, 101)]
    assert all(accepted == [105] for accepted in samples["accepted"])
    assert samples["cluster"].unique().tolist() == ["koala/0"]
    assert (samples[["x", "y"]] == 0.5).all(axis=None)
    assert (samples["angle_deg"] == 0).all()


def test_the_share_inside_is_that_of_the_box(sizes):
    inside = {float(row["area"]): float(row["pct_inside_image"]) for row in read_rows(sizes / "metadata.csv")}
    # An 80x60 box is sqrt(area * 4 / 3) of the image wide: at 0.74 it fits, at 0.76 it does not.
    assert {area for area, share in inside.items() if share == 1} >= {round(0.01 * p, 2) for p in range(1, 75)}
    assert all(share < 1 for area, share in inside.items() if area > 0.755)
    # At area 1 it is int(591.2) pixels wide and less than 512 high, so 512 of 591 columns are inside.
    assert inside[1.0] == pytest.approx(512 / 591, abs=1e-6)


def test_an_image_is_the_composite_but_for_jpeg(sizes, koala, backgrounds):
    benchmark = benchmarks.open_benchmark("si-score/size", sizes)
    samples = benchmark.samples()
    sample = samples[samples["area"] == 0.3].iloc[0]
    name = {row["int"]: row["label"] for row in read_rows(sizes / "backgrounds.csv")}[sample["background"]]
    with (
        Image.open(koala / "koala" / "koala0.png") as foreground,
        Image.open(backgrounds / f"{name}.png") as background,
    ):
        composed = compositing.compose(foreground, background, area=0.3, x=0.5, y=0.5, angle_deg=0, resolution=512)
    difference = np.abs(np.asarray(benchmark.image(sample["sample_id"])).astype(int) - np.asarray(composed.image))
    assert difference.mean() < 2
    # The middle of the object and a corner of the background are flat, so JPEG keeps their colours.
    assert difference[256, 256].max() <= 3
    assert difference[5, 5].max() <= 3


def test_progress_ends_with_all_images_done(koala, backgrounds, tmp_path, small_grids):
    seen = []
    assert generate.si_score_set(koala, backgrounds, "size", tmp_path / "out", workers=1, progress=seen.append) == 100
    assert (seen[-1].done, seen[-1].total, seen[-1].seconds_left) == (100, 100, 0)


def test_every_cut_out_meets_as_many_different_backgrounds_as_asked_for(cutouts, backgrounds, tmp_path, small_grids):
    n = small_set(cutouts, backgrounds, tmp_path / "out", per_object=2)
    rows = read_rows(tmp_path / "out" / "metadata.csv")
    assert len(rows) == n == len({row["image_id"] for row in rows})
    met = {}
    for row in rows:
        met.setdefault((row["foreground_class"], row["foreground_instance"]), set()).add(row["background"])
    assert sorted(met) == [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
    assert all(len(drawn) == 2 for drawn in met.values())
    samples = benchmarks.open_benchmark("si-score/location", tmp_path / "out").samples()
    assert sorted(samples["cluster"].unique()) == ["koala/0", "koala/1", "zebra/0", "zebra/1"]
    assert len(samples) == n


def test_settings_with_too_little_of_the_object_inside_are_skipped(koala, backgrounds, tmp_path, in_threads):
    n = small_set(koala, backgrounds, tmp_path / "out", min_inside=1.0)
    # A fifth of 500x500 at 80:60 is a box of int(258.2) x int(193.6). It is inside for centres x of 150..350 (129 is
    # the least) and y of 100..400 (96.5 is the least): 9 x 13 of the 21 x 21.
    expected = {(x, y) for x in range(150, 351, 25) for y in range(100, 401, 25)}
    assert n == len(expected) == 117
    rows = read_rows(tmp_path / "out" / "metadata.csv")
    centres = {(round(float(row["x_coord"]) * 500), round(float(row["y_coord"]) * 500)) for row in rows}
    assert centres == expected
    assert {row["pct_inside_image"] for row in rows} == {"1.0"}
    assert len(list((tmp_path / "out" / "koala").glob("*.jpg"))) == 117


@pytest.mark.parametrize(("more", "n"), [(0, 100), (1e-6, 99)])
def test_a_setting_at_the_least_share_is_kept(koala, backgrounds, tmp_path, more, n, in_threads):
    # Area 1.00 has the least share of all; see above for its box.
    least = compositing.place((591, 443), x=0.5, y=0.5, resolution=(512, 512)).inside_fraction
    out = tmp_path / "out"
    assert generate.si_score_set(koala, backgrounds, "size", out, min_inside=least + more, workers=1) == n
    areas = {float(row["area"]) for row in read_rows(out / "metadata.csv")}
    assert len(areas) == n
    assert (1.0 in areas) == (n == 100)


def test_rotated_sets_hold_each_angle_at_each_area(koala, backgrounds, tmp_path, in_threads):
    assert generate.si_score_set(koala, backgrounds, "rotation", tmp_path / "out", workers=1) == 72
    samples = benchmarks.open_benchmark("si-score/rotation", tmp_path / "out").samples()
    assert samples.groupby(["angle_deg", "area"]).size().tolist() == [1] * 72
    # The smallest are wholly inside; a box as large as the image is not at any of these angles.
    assert (samples.loc[samples["area"] == 0.2, "pct_inside_image"] == 1).all()
    assert (samples.loc[samples["area"] == 1.0, "pct_inside_image"] < 1).all()


def test_an_interrupted_set_is_finished_with_the_same_bytes(koala, backgrounds, tmp_path, small_grids):
    out = tmp_path / "out"
    small_set(koala, backgrounds, out)
    whole = contents(out)
    images = sorted((out / "koala").glob("*.jpg"))
    assert len(images) > 10
    (out / "metadata.csv").unlink()
    (out / "foreground_classes.csv").unlink()
    for image in images[::3]:
        image.unlink()
    kept = {image: image.stat().st_mtime_ns for image in images if image.exists()}
    (out / "koala" / ".7.jpg.tmp").write_bytes(b"half an image")
    assert small_set(koala, backgrounds, out) == len(images)
    assert contents(out, but={".7.jpg.tmp"}) == whole
    assert {image: image.stat().st_mtime_ns for image in kept} == kept


def test_one_and_two_workers_write_the_same_files(cutouts, backgrounds, tmp_path):
    only(cutouts, "koala/koala0.png", "koala/koala1.png")
    numbers = [
        small_set(cutouts, backgrounds, tmp_path / str(workers), per_object=2, workers=workers) for workers in (1, 2)
    ]
    assert numbers[0] == numbers[1] > 20
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def test_classes_of_ones_own_come_with_a_list(koala, backgrounds, tmp_path, small_grids):
    (koala / "koala").rename(koala / "bath toy")
    write_csv(koala / "foreground_classes.csv", ["int", "label"], [(1, "bath toy")])
    small_set(koala, backgrounds, tmp_path / "out")
    samples = benchmarks.open_benchmark("si-score/location", tmp_path / "out").samples()
    assert len(samples) > 100
    assert {tuple(accepted) for accepted in samples["accepted"]} == {(1,)}
    assert set(samples["class"]) == {"bath toy"}


# What cannot be done.


def refused(error, match, foregrounds, backgrounds, out, factor="size", **options):
    with pytest.raises(error, match=match):
        generate.si_score_set(foregrounds, backgrounds, factor, out, workers=1, **options)
    assert not list(out.rglob("*.jpg"))


def test_a_cut_out_without_transparency_is_an_error_that_names_it(cutouts, backgrounds, tmp_path):
    Image.new("RGB", (20, 20)).save(cutouts / "zebra" / "opaque.png")
    refused(DataError, r"zebra.opaque\.png has no transparency; save it as PNG", cutouts, backgrounds, tmp_path / "out")


def test_a_cut_out_that_is_no_image_is_an_error_that_names_it(cutouts, backgrounds, tmp_path):
    (cutouts / "zebra" / "text.png").write_text("not an image", encoding="utf-8")
    refused(DataError, r"zebra.text\.png cannot be used as an image", cutouts, backgrounds, tmp_path / "out")


@pytest.mark.parametrize(
    ("cutout", "said"),
    [
        (Image.new("RGBA", (60, 60), (9, 9, 9, 0)), "is transparent everywhere: there is no object in it"),
        (Image.new("RGBA", (60, 60), (9, 9, 9, 100)), "is transparent everywhere"),
        (Image.new("RGBA", (60, 60), (9, 9, 9, 255)), "is opaque everywhere: its background was never removed"),
        (Image.new("LA", (60, 60), (9, 255)), "is opaque everywhere"),
        (Image.new("P", (60, 60)), "has no transparency"),
        (Image.new("I;16", (60, 60), 30000), "has no transparency"),
    ],
)
def test_what_shows_no_object_is_no_cut_out(cutouts, backgrounds, tmp_path, cutout, said):
    cutout.save(cutouts / "zebra" / "none.png")
    refused(DataError, rf"zebra.none\.png {said}", cutouts, backgrounds, tmp_path / "out")


@pytest.mark.parametrize(
    ("background", "said"),
    [
        (Image.new("I;16", (300, 300), 30000), "I;16 has more than 8 bits a channel"),
        (Image.new("RGB", (6000, 2)), "at most 100 times"),
    ],
)
def test_a_background_that_would_be_white_or_a_strip_is_refused_by_name(koala, tmp_path, background, said):
    scenery = tmp_path / "scenery"
    scenery.mkdir()
    background.save(scenery / "deep.png")
    refused(DataError, rf"deep\.png cannot be used as an image: .*{said}", koala, scenery, tmp_path / "out")


def test_a_background_that_is_a_bomb_or_a_program_is_refused_by_name(koala, tmp_path):
    scenery = tmp_path / "scenery"
    scenery.mkdir()
    (scenery / "holiday.jpg").write_bytes(b"%!PS\n(was-run) (w) file closefile")
    refused(DataError, r"holiday\.jpg cannot be used as an image", koala, scenery, tmp_path / "out")
    (scenery / "holiday.jpg").unlink()
    Image.new("L", (30_000, 6_200)).save(scenery / "panorama.png")
    refused(DataError, r"panorama\.png cannot be used as an image", koala, scenery, tmp_path / "out")


def test_a_background_that_is_cut_short_is_an_error_that_names_it(koala, tmp_path):
    backgrounds = tmp_path / "scenery"
    backgrounds.mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 60, 3), np.uint8)).save(backgrounds / "sea.jpg")
    content = (backgrounds / "sea.jpg").read_bytes()
    (backgrounds / "sea.jpg").write_bytes(content[: len(content) // 2])
    refused(DataError, r"sea\.jpg cannot be used as an image", koala, backgrounds, tmp_path / "out")


def test_an_unknown_class_is_an_error_that_names_the_nearest_and_the_fix(cutouts, backgrounds, tmp_path):
    (cutouts / "koala").rename(cutouts / "koalla")
    refused(
        DataError,
        r"'koalla' is not a class.*Did you mean 'koala'.*foreground_classes\.csv \(columns int,label\)",
        cutouts,
        backgrounds,
        tmp_path / "out",
    )


@pytest.mark.parametrize("per_object", [0, 4])
def test_more_backgrounds_than_there_are_cannot_be_drawn(cutouts, backgrounds, tmp_path, per_object):
    refused(
        UsageError,
        rf"--per-object must be between 1 and .* 3; got {per_object}\. .*without replacement",
        cutouts,
        backgrounds,
        tmp_path / "out",
        per_object=per_object,
    )


@pytest.mark.parametrize("share", [-0.1, 1.5, 60, float("nan")])
def test_a_share_is_from_zero_to_one(cutouts, backgrounds, tmp_path, share):
    refused(UsageError, "--min-inside is a share", cutouts, backgrounds, tmp_path / "out", min_inside=share)


def test_an_unknown_factor_names_the_nearest_one(cutouts, backgrounds, tmp_path):
    refused(UsageError, "unknown factor 'rotate'.*'rotation'", cutouts, backgrounds, tmp_path / "out", factor="rotate")


def test_folders_must_exist_and_hold_images(cutouts, backgrounds, tmp_path):
    out, absent, empty = tmp_path / "out", tmp_path / "absent", tmp_path / "empty"
    empty.mkdir()
    refused(UsageError, "--foregrounds .*absent is not a folder", absent, backgrounds, out)
    refused(UsageError, "--backgrounds .*absent is not a folder", cutouts, absent, out)
    refused(DataError, "empty has no cut-outs as <class label>/<instance>.png", empty, backgrounds, out)
    refused(UsageError, "number of backgrounds in .*empty, 0", cutouts, empty, out)
    assert not out.exists()


def test_a_folder_that_holds_something_else_is_left_alone(cutouts, backgrounds, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("mine", encoding="utf-8")
    refused(UsageError, "out already holds other files; give a new folder", cutouts, backgrounds, out)
    assert [path.name for path in out.iterdir()] == ["thesis.tex"]


def test_a_file_cannot_be_the_folder(cutouts, backgrounds, tmp_path):
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    refused(UsageError, "--out .*out is a file; give a folder", cutouts, backgrounds, tmp_path / "out")


def test_a_set_made_with_other_arguments_is_left_alone(koala, backgrounds, tmp_path, small_grids):
    out = tmp_path / "out"
    small_set(koala, backgrounds, out)
    before = contents(out)
    with pytest.raises(UsageError, match="already holds images made with other arguments; give a new folder"):
        small_set(koala, backgrounds, out, seed=1)
    assert contents(out) == before


# Masks: composed again from the plan.


def in_a_set(key, out):
    benchmark = benchmarks.open_benchmark(key, out)
    return benchmark, benchmark.samples().set_index("sample_id")


def test_the_mask_of_a_generated_image_is_where_its_object_is(sizes):
    benchmark, samples = in_a_set("si-score/size", sizes)
    for area in (0.01, 0.25, 0.8):
        sample_id = samples.index[samples["area"] == area].item()
        mask = benchmark.mask(sample_id)
        assert (mask.dtype, mask.shape) == (bool, (512, 512))
        # An ellipse of 0.2 = r^2 of its box's sides has 0.2 pi of its box, of which nothing is outside.
        assert mask.mean() == pytest.approx(area * 0.2 * np.pi, rel=0.06 if area == 0.01 else 0.01)
        # The koala is red (220, 30, 30); no background has more than 90 of red.
        red = np.asarray(benchmark.image(sample_id))[..., 0] > 155
        assert (red != mask).mean() < 0.01


def test_the_mask_is_moved_and_turned_with_its_object(koala, backgrounds, tmp_path, in_threads):
    small_set(koala, backgrounds, tmp_path / "places")
    benchmark, samples = in_a_set("si-score/location", tmp_path / "places")
    for sample_id in samples.index[::13]:
        rows, columns = np.nonzero(benchmark.mask(sample_id))
        # The centre of a box is truncated to whole pixels of 500.
        assert columns.mean() / 500 == pytest.approx(samples.at[sample_id, "x"], abs=0.004)
        assert rows.mean() / 500 == pytest.approx(samples.at[sample_id, "y"], abs=0.004)


def test_the_mask_is_of_the_cut_out_that_the_image_shows(cutouts, backgrounds, tmp_path, in_threads):
    small_set(cutouts, backgrounds, tmp_path / "out", per_object=2)
    benchmark, samples = in_a_set("si-score/location", tmp_path / "out")
    chosen = samples[(samples["x"] == 0.5) & (samples["y"] == 0.5)]
    # Two classes, two cut-outs of each, on two backgrounds.
    assert len(chosen) == 8
    for sample_id, row in chosen.iterrows():
        channel = 0 if row["class"] == "koala" else 1
        shown = np.asarray(benchmark.image(sample_id))[..., channel] > 190
        assert (shown != benchmark.mask(sample_id)).mean() < 0.01, sample_id


def test_a_set_without_a_plan_has_no_masks(small_sizes):
    (small_sizes / "generate.json").unlink()
    benchmark, samples = in_a_set("si-score/size", small_sizes)
    assert benchmark.mask(samples.index[0]) is None


def test_a_set_whose_cut_outs_are_gone_has_no_masks_and_says_so(small_sizes, koala):
    shutil.rmtree(koala)
    benchmark, samples = in_a_set("si-score/size", small_sizes)
    assert benchmark.mask(samples.index[0]) is None
    assert any("koala0.png, of which this set was made, is gone" in note for note in benchmark.notes)


def test_a_plan_that_is_none_is_an_error(small_sizes):
    for text in ("[]", "{}", '{"cutouts": 3}', '{"factor": "hue"}', "not JSON"):
        (small_sizes / "generate.json").write_text(text, encoding="utf-8")
        benchmark, samples = in_a_set("si-score/size", small_sizes)
        with pytest.raises(DataError, match="is not a plan of generated images"):
            benchmark.mask(samples.index[0])


def test_a_plan_of_another_set_is_an_error(small_sizes):
    path = small_sizes / "generate.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"koala"', '"zebra"'), encoding="utf-8")
    benchmark, samples = in_a_set("si-score/size", small_sizes)
    with pytest.raises(DataError, match="no cut-out 0 of 'koala': it has 0"):
        benchmark.mask(samples.index[0])


def test_there_is_no_mask_of_an_image_that_is_not_in_the_set(small_sizes):
    benchmark, _ = in_a_set("si-score/size", small_sizes)
    with pytest.raises(DataError, match="names no image"):
        benchmark.mask("koala/100.jpg")
