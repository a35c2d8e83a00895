"""A toy classifier, a few tiny images, and the real material where it is at hand."""

from __future__ import annotations

import csv
import itertools
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core import jobs, models
from core.benchmarks.si_score_plan import GRIDS
from core.jobs.kinds import Evaluation
from core.jobs.table import ENDED, is_locked
from tests import validation_images
from tests.job_tools import N_IMAGES, make_model, until

REPO = Path(__file__).resolve().parent.parent
SHARED = REPO.parent / "shared"

TOY_TRANSFORM = {
    "input_size": [3, 32, 32],
    "interpolation": "bilinear",
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "crop_pct": 1.0,
    "crop_mode": "center",
}

#: The toy classifier tells an image by its brightest channel.
RED, GREEN, BLUE = 0, 1, 2
RED_WNID, GREEN_WNID, BLUE_WNID = "n01440764", "n01443537", "n01484850"


def pytest_configure():
    """Tests press Ctrl-C in processes that they start; a shell's background job has it ignored, and hands that on."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Its processes share the cores, and so do those that tests start.
        torch.set_num_threads(1)
        os.environ.setdefault("OMP_NUM_THREADS", "1")


class BrightestChannel(torch.nn.Module):
    """Logits of ImageNet classes 0, 1 and 2 are the mean of the red, green and blue channel; all others are low."""

    num_classes = 1000

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor(10.0))

    def forward(self, inputs):
        logits = torch.full((inputs.shape[0], 1000), -10.0, dtype=inputs.dtype, device=inputs.device)
        logits[:, :3] = self.gain * inputs.mean(dim=(2, 3))
        return logits


@pytest.fixture(scope="session")
def _numbered(tmp_path_factory):
    """Names for the folders of tests, none of which is there yet."""
    base = tmp_path_factory.mktemp("tests")
    return (base / f"{number}" for number in itertools.count())


@pytest.fixture
def _own_folder(_numbered):
    """Where a test may write; made only for those that ask for ``tmp_path``."""
    return next(_numbered)


@pytest.fixture
def tmp_path(_own_folder):
    """pytest's own, which lists the folders of all tests before this one to find the number of the next."""
    _own_folder.mkdir(exist_ok=True)
    return _own_folder


@pytest.fixture(autouse=True)
def _own_data_home(_own_folder, monkeypatch):
    """No test reads or writes the user's results, settings or models, and none sees the embedded results unasked."""
    monkeypatch.setenv("OFFCENTER_DATA", str(_own_folder / "offcenter-data"))
    monkeypatch.delenv("OFFCENTER_MODELS", raising=False)
    monkeypatch.setenv("OFFCENTER_EMBEDDED_RESULTS", str(_own_folder / "no-embedded-results"))


@pytest.fixture
def embedded_results(monkeypatch):
    """The results that come with the project are there, as on a user's machine."""
    monkeypatch.delenv("OFFCENTER_EMBEDDED_RESULTS")


@pytest.fixture
def toy_model():
    return models.from_module(
        BrightestChannel(), "brightest-channel", label_space="imagenet-1k", transform=TOY_TRANSFORM
    )


@pytest.fixture
def colour_folder(tmp_path):
    """An ImageNet-style folder: per class 8 plain images; one of the 24 is of the wrong colour."""
    root = tmp_path / "colours"
    colours = {RED_WNID: (200, 10, 10), GREEN_WNID: (10, 200, 10), BLUE_WNID: (10, 10, 200)}
    for wnid, colour in colours.items():
        (root / wnid).mkdir(parents=True)
        for number in range(8):
            Image.new("RGB", (40 + number, 36), colour).save(root / wnid / f"{number}.png")
    Image.new("RGB", (40, 36), colours[GREEN_WNID]).save(root / RED_WNID / "0.png")
    return root


@pytest.fixture
def in_threads(monkeypatch):
    """Sets of images are generated in this process; starting others takes longer than composing some hundred."""
    monkeypatch.setattr(
        "core.benchmarks.generate.ProcessPoolExecutor", lambda workers, mp_context: ThreadPoolExecutor(workers)
    )


@pytest.fixture
def small_grids(in_threads, monkeypatch):
    """SI-Score's settings, on images of a fifth of their width: for what does not depend on how large they are."""
    for factor, grid in GRIDS.items():
        monkeypatch.setitem(GRIDS, factor, replace(grid, resolution=100))


@pytest.fixture
def cutouts(tmp_path):
    """Four cut-outs of two SI-Score classes: opaque ellipses on transparent ground."""
    return write_cutouts(tmp_path / "foregrounds")


def write_cutouts(root):
    """The cut-outs of the fixture of that name, in a folder; returns it."""
    for label, colour in (("koala", (220, 30, 30)), ("zebra", (30, 220, 30))):
        (root / label).mkdir(parents=True)
        for number in range(2):
            height, width = 60 + 10 * number, 80
            y, x = np.mgrid[:height, :width]
            inside = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) < 0.2
            pixels = np.zeros((height, width, 4), dtype=np.uint8)
            pixels[inside] = (*colour, 255)
            Image.fromarray(pixels, "RGBA").save(root / label / f"{label}{number}.png")
    return root


@pytest.fixture
def backgrounds(tmp_path):
    """Three backgrounds of different shapes."""
    root = tmp_path / "backgrounds"
    root.mkdir()
    for name, size, colour in (
        ("sea", (90, 70), (20, 40, 160)),
        ("field", (64, 64), (40, 120, 40)),
        ("sky", (50, 80), (90, 160, 220)),
    ):
        Image.new("RGB", size, colour).save(root / f"{name}.png")
    return root


@pytest.fixture
def shared():
    """The folder of real photos, cut-outs and classifiers; absent on a user's machine."""
    if not SHARED.is_dir():
        pytest.skip(f"real photos and classifiers are not at {SHARED.name}/ beside the project")
    return SHARED


def write_csv(path: Path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


@pytest.fixture(scope="session")
def many_photos(tmp_path_factory):
    """A folder of ``N_IMAGES`` images of two classes, which no test changes."""
    root = tmp_path_factory.mktemp("many") / "photos"
    for folder in ("n01440764", "n01443537"):
        (root / folder).mkdir(parents=True)
        for number in range(N_IMAGES // 2):
            pixels = np.full((40, 40, 3), number % 256, np.uint8)
            Image.fromarray(pixels).save(root / folder / f"{number:03}.png")
    return root


@pytest.fixture
def small_request(many_photos, tmp_path, monkeypatch):
    """Images for a small model, stored one by one, so that there is time to look."""
    make_model(tmp_path / "zoo" / "small", "test_vit")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    yield Evaluation("small", "imagenet", str(many_photos), device="cpu", batch_size=1)
    for job in jobs.list_jobs():
        if job.state not in ENDED:
            jobs.cancel(job.id)
    assert until(lambda: not any(is_locked(jobs.worker_lock(device)) for device in ("auto", "cpu")))


@pytest.fixture
def val(tmp_path):
    """ImageNet's validation set in class folders, with annotations."""
    validation_images.write_images(tmp_path / "val", flat=False)
    validation_images.write_annotations(tmp_path / "val")
    return tmp_path / "val"
