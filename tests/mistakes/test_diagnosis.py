"""A model with one planted weakness is found to have that weakness and no other."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from core import models, paths
from core.benchmarks import open_benchmark
from core.benchmarks.diorama import Diorama
from core.benchmarks.generate import si_score_set
from core.diorama.scene import Row
from core.errors import DataError, UsageError
from core.evaluate.loop import evaluate
from core.images.preprocess import Preprocess
from core.mistakes import diagnosis
from core.mistakes.counterfactual import CONTROL, FACTORS, DioramaComposer, composer_of
from core.mistakes.diagnosis import ORIGINAL, repaired_shares, try_changes
from core.models.forward import Forward
from tests.benchmarks.test_generate import only
from tests.conftest import TOY_TRANSFORM, write_csv

DAY_DOG, NIGHT_DOG, FRONT_DOG = "foregrounds/dog/12-day.png", "foregrounds/dog/12-night.png", "poses/dog/12-180.webp"
USUAL_DOG = "poses/dog/12-060.webp"
MAGENTA, CYAN, YELLOW = (255, 0, 255), (0, 255, 255), (255, 255, 0)
RIGHT, WRONG = 5, 0


def disc(path, middle=None):
    """A disc, whose box no turn changes: magenta above, cyan below, with a middle of another colour if one is given."""
    y, x = np.mgrid[:60, :60] - 29.5
    pixels = np.zeros((60, 60, 4), np.uint8)
    pixels[np.hypot(x, y) < 29.5] = (*CYAN, 255)
    pixels[(np.hypot(x, y) < 29.5) & (y < 0)] = (*MAGENTA, 255)
    if middle:
        pixels[np.hypot(x, y) < 12] = (*middle, 255)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, lossless=True)


@pytest.fixture
def world(tmp_path):
    """A dog by day, by night, from behind and from its usual side; grass (common) is green, rocks (uncommon) is red."""
    root = tmp_path / "world"
    for file, middle in ((DAY_DOG, None), (NIGHT_DOG, None), (FRONT_DOG, YELLOW), (USUAL_DOG, None)):
        disc(root / file, middle)
    colours = {"grass": ((30, 170, 40), (0, 85, 5)), "rocks": ((170, 40, 30), (85, 5, 0))}
    for place, (day, night) in colours.items():
        for light, colour in (("day", day), ("night", night)):
            path = root / f"backgrounds/{place}/4-{light}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (256, 256), colour).save(path, quality=95)
        (root / f"depths/{place}").mkdir(parents=True)
        Image.new("L", (256, 256), 60).save(root / f"depths/{place}/4.png")
    header = ["file", "kind", "class", "instance", "split", "light", "yaw_deg", "pitch_deg", "width", "height"]
    rows = [
        [DAY_DOG, "foreground", "dog", 12, "test", "day", 40, 15, 60, 60],
        [NIGHT_DOG, "foreground", "dog", 12, "test", "night", 40, 15, 60, 60],
        [FRONT_DOG, "pose", "dog", 12, "test", "day", 180, 15, 60, 60],
        [USUAL_DOG, "pose", "dog", 12, "test", "day", 60, 15, 60, 60],
    ]
    write_csv(root / "assets.csv", header, rows)
    return World(root)


def row(sample_id, **changes):
    usual = {"yaw_deg": 40.0, "cut_out": DAY_DOG, "place": "grass", "time": "day", "weather": "none"}
    where = {"x": 0.5, "y": 0.5, "area": 0.3, "angle_deg": 0.0}
    return Row(sample_id, "dog", 12, variant=4, **{**usual, **where, **changes})


class World(Diorama):
    """Two dogs that are wrong in every way, one of them by day and from behind, and one that is wrong in none."""

    key = "diorama/world"
    title = "World"

    def rows(self):
        wrong = {"x": 0.3, "y": 0.65, "area": 0.1, "angle_deg": 100.0, "place": "rocks", "weather": "foggy"}
        yield row("behind", **wrong, cut_out=FRONT_DOG, yaw_deg=180.0)
        yield row("night", **wrong, cut_out=NIGHT_DOG, time="night")
        yield row("usual")


def seen(image):
    """What a planted model looks at: masks of the disc's colours, and the ground's colour in a corner."""
    pixels = np.asarray(image.convert("RGB")).astype(int)
    red, green, blue = (pixels[..., channel] for channel in range(3))
    magenta = (red - green > 30) & (blue - green > 30)
    cyan = (green - red > 30) & (blue - red > 30)
    yellow = (red - blue > 30) & (green - blue > 30)
    return magenta, cyan, yellow, pixels[2:8, 2:8].reshape(-1, 3).mean(axis=0)


def centroid(mask):
    return np.argwhere(mask).mean(axis=0) / len(mask)


#: What each planted model needs to be right; of everything else it takes no notice.
NEEDS = {
    "centre": lambda m, c, y, ground: np.abs(centroid(m | c | y) - 0.5).max() < 0.1,
    "size": lambda m, c, y, ground: 0.15 < (m | c | y).mean() < 0.35,
    "upright": lambda m, c, y, ground: centroid(c)[0] - centroid(m)[0] > 1.6 * abs(centroid(c)[1] - centroid(m)[1]),
    "yaw": lambda m, c, y, ground: not y.any(),
    "place": lambda m, c, y, ground: ground[1] > ground[0],
    "time": lambda m, c, y, ground: ground.max() > 120,
    "weather": lambda m, c, y, ground: np.ptp(ground) > 60,
}


def planted(need):
    return lambda images: np.array([RIGHT if need(*seen(image)) else WRONG for image in images])


def tried_by(world, need, ids):
    composer = DioramaComposer(world)
    rows = [
        {"sample_id": sample_id, "factor": tried.factor, "repaired": tried.repaired}
        for sample_id in ids
        for tried in try_changes(composer, sample_id, [RIGHT], planted(need))
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("weakness", NEEDS)
def test_a_planted_weakness_is_found_and_no_other(world, weakness):
    # Turned objects have pictures by day only, and it is not night in both pictures.
    ids = {"yaw": ["behind"], "time": ["night"]}.get(weakness, ["behind", "night"])
    shares = repaired_shares(tried_by(world, NEEDS[weakness], ids)).set_index("factor")
    assert shares.at[weakness, "value"] == 1
    assert shares["value"].drop(weakness).tolist() == [0.0] * (len(shares) - 1)
    assert CONTROL in shares.index


def test_two_weaknesses_at_once_are_repaired_by_no_single_change(world):
    def need(*what):
        return NEEDS["centre"](*what) and NEEDS["size"](*what)

    assert repaired_shares(tried_by(world, need, ["behind", "night"]))["value"].sum() == 0


def test_what_is_as_it_should_be_is_not_changed(world):
    composer = composer_of(world)
    assert [change.factor for change in composer.changes("usual")] == [CONTROL]
    changed = {change.factor: change.said for change in composer.changes("behind")}
    assert list(changed) == [factor for factor in FACTORS if factor != "time"]
    assert changed["centre"] == "x 0.30, y 0.65 → centre"
    assert changed["yaw"] == "yaw 180° → 60°"
    assert changed["place"] == "rocks → grass"
    assert "yaw" not in {change.factor for change in composer.changes("night")}


def test_the_original_is_the_benchmark_s_own_picture(world):
    assert DioramaComposer(world).original("behind").tobytes() == world.image("behind").tobytes()


def tried(sample_id, original=False, **repaired):
    rows = {ORIGINAL: original, **repaired}
    return [{"sample_id": sample_id, "factor": factor, "repaired": value} for factor, value in rows.items()]


def test_shares_are_of_all_mistakes_whether_or_not_there_was_something_to_change():
    rows = pd.DataFrame([*tried("a", centre=True, size=False), *tried("b", size=True), *tried("c", size=False)])
    shares = repaired_shares(rows).set_index("factor")
    assert shares.loc["centre", ["value", "n", "n_changed"]].tolist() == [pytest.approx(1 / 3), 3, 1]
    assert shares.loc["size", ["value", "n", "n_changed"]].tolist() == [pytest.approx(1 / 3), 3, 3]
    # Wilson's interval of 1 of 3: 6.1 % to 79.2 %.
    assert (shares.at["centre", "low"], shares.at["centre", "high"]) == pytest.approx((0.0615, 0.7923), abs=1e-3)


def test_a_mistake_that_is_none_when_asked_again_is_left_out():
    rows = pd.DataFrame([*tried("a", size=True), *tried("b", original=True, size=True)])
    assert repaired_shares(rows)["n"].tolist() == [1]
    assert repaired_shares(pd.DataFrame(tried("b", original=True, size=True))).empty


def test_the_finding_names_the_factor_and_never_the_control():
    rows = pd.DataFrame([*tried("a", centre=True, control=True), *tried("b", centre=False, control=True)])
    said = diagnosis.finding(repaired_shares(rows))
    assert said.startswith("The one change that repairs most: centred, 50 %")
    assert said.endswith("of 2 mistakes. A meaningless move of 2 pixels repairs 100 %.")
    nothing = pd.DataFrame(tried("a", centre=False))
    assert diagnosis.finding(repaired_shares(nothing)) == "No single change repairs any of 1 mistake."


class NeedsCentre(torch.nn.Module):
    """Koala (105) if what is red lies in the middle, else tench."""

    num_classes = 1000

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor(1.0))

    def forward(self, inputs):
        # Pixels were scaled to -1..1.
        red = ((inputs[:, 0] > 0.2) & (inputs[:, 1] < -0.2)).float()
        at = torch.linspace(0, 1, inputs.shape[-1])
        total = red.sum(dim=(1, 2)).clamp(min=1)
        x, y = (red * at).sum(dim=(1, 2)) / total, (red * at[:, None]).sum(dim=(1, 2)) / total
        central = ((x - 0.5).abs() < 0.12) & ((y - 0.5).abs() < 0.12)
        logits = torch.zeros(len(inputs), 1000) * self.gain
        logits[:, 0] = 1
        logits[:, 105] = 2 * central
        return logits


@pytest.fixture
def generated(tmp_path, cutouts, backgrounds, small_grids):
    """A koala at some hundred places at a fifth of the image, all of it inside, generated as SI-Score's are."""
    si_score_set(only(cutouts, "koala/koala0.png"), backgrounds, "location", tmp_path / "set", min_inside=1, workers=1)
    paths.remember_data("si-score/location", tmp_path / "set")
    return open_benchmark("si-score/location")


@pytest.fixture
def planted_run(generated):
    """A model that is right only of centred objects, evaluated."""
    transform = {**TOY_TRANSFORM, "input_size": [3, 64, 64]}
    model = models.from_module(NeedsCentre(), "needs-centre", label_space="imagenet-1k", transform=transform)
    return evaluate(model, generated), asks(model)


def asks(model):
    """A loaded model as what a diagnosis asks."""
    forward, preprocess = Forward(model), Preprocess(model.transform)

    def predict(images):
        pixels = np.stack([preprocess(image) for image in images])
        return forward(torch.from_numpy(pixels)).argmax(dim=1).numpy()

    return predict


def test_a_generated_set_is_composed_again_from_its_plan(planted_run, generated):
    run, predict = planted_run
    wrong = diagnosis.mistakes(run)
    assert 40 < len(wrong) < 120
    diagnosis.diagnose(run, predict, limit=12)
    shares = diagnosis.shares_of(run).set_index("factor")
    assert shares["n"].tolist() == [12] * len(shares)
    assert shares.at["centre", "value"] == 1
    assert shares["value"].drop("centre").tolist() == [0.0, 0.0]
    # One cut-out, so there is nothing to resample.
    assert np.isnan(shares.at["centre", "low"])


def test_what_is_composed_again_is_the_image_of_the_set(generated):
    composer = composer_of(generated)
    sample_id = generated.samples()["sample_id"].iloc[0]
    row = composer._rows.loc[sample_id]
    same = composer._change("centre", "", row).compose()
    assert same.tobytes() == composer.original(sample_id).tobytes()


def test_a_diagnosis_goes_on_where_it_was_and_asks_nothing_twice(planted_run):
    run, predict = planted_run
    asked = []

    def counting(images):
        asked.append(len(images))
        return predict(images)

    diagnosis.diagnose(run, counting, limit=3)
    first = diagnosis.stored(run)
    said = []
    diagnosis.diagnose(run, counting, limit=5, progress=said.append)
    assert len(asked) == 5
    # What was there before counts as done, and not as done in no time.
    assert [(each.done, each.total) for each in said] == [(4, 5), (5, 5)]
    assert said[0].seconds_left == pytest.approx(1 / said[0].rate)
    assert said[1].seconds_left == 0
    after = diagnosis.stored(run)
    assert first["sample_id"].nunique() == 3
    assert set(first["sample_id"]) < set(after["sample_id"])
    assert after["sample_id"].nunique() == 5


def test_cut_outs_that_are_gone_are_named(planted_run, cutouts):
    run, predict = planted_run
    (cutouts / "koala" / "koala0.png").unlink()
    with pytest.raises(DataError, match=r"koala0\.png, of which this set was made, cannot be opened"):
        diagnosis.diagnose(run, predict, limit=1)


def test_photographs_cannot_be_diagnosed(toy_model, colour_folder):
    paths.remember_data("imagenet", colour_folder)
    run = evaluate(toy_model, open_benchmark("imagenet"))
    with pytest.raises(UsageError, match="'imagenet' is not of composed scenes"):
        diagnosis.diagnose(run, lambda images: np.zeros(len(images), int))
