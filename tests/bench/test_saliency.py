"""``bench --saliency`` and the real photos and cut-outs."""

import json

import numpy as np
import pytest
from PIL import Image

from core import cli, labels, models
from core.images import compositing
from core.images.opening import open_rgb
from core.images.preprocess import Preprocess
from core.saliency.alignment import align
from core.saliency.explain import Explainer
from core.saliency.maps import Target
from tests.models.test_sources import make_folder

REAL = "mobilenetv2_100.tf_quant"


def test_the_bench_compares_the_same_maps_in_one_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path))
    make_folder(tmp_path / "tiny")
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", "--saliency", "--model", "tiny", "--device", "cpu", "--rounds", "1", "--json"])
    assert ended.value.code == 0
    found = json.loads(capsys.readouterr().out)
    assert found["largest_difference"] < 1e-3
    assert found["images"] == 16
    assert found["layer"] == "blocks.5.norm1"
    assert found["explainer"] > 0
    assert found["package"] > 0


@pytest.fixture
def real(shared, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(shared / "models"))
    return Explainer(models.load(REAL, "cpu"))


@pytest.mark.shared
def test_on_real_cutouts_the_maximum_is_on_the_object_far_more_often_than_by_chance(real, shared):
    preprocess = Preprocess(real.model.transform)
    backgrounds = [open_rgb(path) for path in sorted((shared / "data/si-score/background_samples").iterdir())]
    indices = labels.si_score_classes()
    pixels, masks, classes = [], [], []
    for number, path in enumerate(sorted((shared / "data/si-score/foreground_samples").rglob("*.png"))):
        for turn, (x, y) in enumerate([(0.3, 0.3), (0.7, 0.3), (0.3, 0.7), (0.7, 0.7)]):
            scene = compositing.compose(
                Image.open(path),
                backgrounds[(number + turn) % len(backgrounds)],
                area=0.2,
                x=x,
                y=y,
                angle_deg=0,
                resolution=500,
            )
            pixels.append(preprocess(scene.image))
            masks.append(preprocess.mask(scene.mask))
            classes.append(indices[path.parent.name])
    found = real.explain(np.stack(pixels), target=Target.of_class(classes))
    summary = align(found, np.stack(masks)).summary()
    assert summary["n"] >= 30
    assert summary["pointing"] > 2 * summary["area_fraction"]
    assert summary["inside_share"] > 2 * summary["area_fraction"]
    assert summary["delta_density"] > 0.3


@pytest.mark.shared
def test_real_photos_have_maps_of_their_predicted_class(real, shared):
    files = sorted((shared / "data/imagenet-sample").rglob("*.JPEG"))[::50]
    preprocess = Preprocess(real.model.transform)
    found = real.explain(np.stack([preprocess(open_rgb(path)) for path in files]))
    assert found.states == ["map"] * len(files)
    assert found.layer == "bn2"
    wnids = labels.label_space("imagenet-1k").wnids
    right = [wnids[index] == path.parent.name for index, path in zip(found.classes, files, strict=True)]
    assert np.mean(right) >= 0.7
