"""Measure the engine in one run against the loop people write, and against the forward pass alone."""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from timm.data import create_transform
from torch.utils.data import DataLoader, Dataset

from core import models
from core.benchmarks import find_data
from core.benchmarks.listing import IMAGE_SUFFIXES
from core.errors import UsageError
from core.images.opening import as_rgb, decode_file, open_rgb
from core.images.views import get_views
from core.images.views.base import random_of
from core.models.engine import Engine, Look, groups_of, stream
from core.models.forward import one_thread
from core.types import Model, Precision, Progress, ProgressCallback

MAX_IMAGES = 500
_PLAIN_BATCH = 32
_PLAIN_WORKERS = 2
_FIVE = "five-crop"


class _PlainDataset(Dataset):
    """The data set of (a): Pillow and timm's transform, one image at a time."""

    def __init__(self, files: list[Path], transform: Callable[[Image.Image], torch.Tensor]) -> None:
        self._files = files
        self._transform = transform

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self._transform(Image.open(self._files[index]).convert("RGB"))


def measure(
    model: str | None = None,
    data: Path | None = None,
    *,
    others: Sequence[str] | None = None,
    device: str = "auto",
    rounds: int = 5,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Compare ways of predicting over the same images, in alternating rounds.

    (a) ``plain``: DataLoader, timm's transform, eager float32 in the default layout; (b) ``engine``: this engine at
    fp32, from files to probabilities; (c) ``forward_only``: the engine's forward pass on pixels in memory; (d)
    ``engine_bf16``; (e) ``engine_views``: this engine on five crops of each image; (f) ``models_together``: three
    models on each image, decoded once, and (g) ``models_in_turn``: one after the other. One round of each warms up and
    is not counted.

    Args:
        model: A model's name; a local one by default.
        data: Folder with images, searched recursively; up to 500 are used. By default the remembered ``imagenet``
            data, else noise images made on the spot.
        others: Two more models for (f) and (g); the next local ones by default.
        device: ``auto``, ``cpu`` or ``cuda``.
        rounds: Counted rounds.
        progress: Called after each round.

    Returns:
        Images/s of each way, medians; ``ratio_plain`` (b/a), ``ratio_forward`` (b/c), ``ratio_views`` (views/s of e/c),
        ``ratio_models`` (time of f/g; None without two more models), ``peak_rss_mb`` (of the process up to the end of
        the engine's first round, so without (a)), ``startup_s`` and how it was run.
    """
    name = model_name(model)
    with tempfile.TemporaryDirectory() as scratch:
        files = image_files(data, Path(scratch))
        begun = time.perf_counter()
        loaded = models.load(name, device)
        engine = Engine(loaded, "fp32")
        load_s = time.perf_counter() - begun
        prepare_s = engine.prepare(sys.maxsize)
        predict([engine], files)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        half = _prepared(name, device, "bf16")
        pixels = torch.from_numpy(np.stack([engine.preprocess(open_rgb(file)) for file in files]))
        plain = _Plain(models.load(name, device), files)
        more = others if others is not None else [each for each in models.local_models() if each != name][:2]
        three = [engine, *(_prepared(each, device, "fp32") for each in more)]
        ways: dict[str, Callable[[], None]] = {
            "plain": plain,
            "engine": lambda: predict([engine], files),
            "forward_only": lambda: _forward_round(engine, pixels),
            "engine_bf16": lambda: predict([half], files),
            "engine_views": lambda: predict([engine], files, _FIVE),
        }
        if len(three) > 1:
            ways["models_together"] = lambda: predict(three, files)
            ways["models_in_turn"] = lambda: [predict([each], files) for each in three] and None
        rates = alternate(ways, len(files), rounds, progress)
    medians = {way: statistics.median(values) for way, values in rates.items()}
    together = medians.get("models_together")
    n_views = len(get_views(_FIVE).names)
    return {
        **{way: round(value, 2) for way, value in medians.items()},
        "ratio_plain": round(medians["engine"] / medians["plain"], 3),
        "ratio_forward": round(medians["engine"] / medians["forward_only"], 3),
        "ratio_views": round(n_views * medians["engine_views"] / medians["forward_only"], 3),
        "ratio_models": round(medians["models_in_turn"] / together, 3) if together else None,
        "peak_rss_mb": round(peak),
        "startup_s": {"load": round(load_s, 2), "prepare": round(prepare_s, 2)},
        "model": loaded.name,
        "models": [each.model.name for each in three],
        "device": loaded.device,
        "form": engine.forward.form,
        "form_bf16": half.forward.form,
        "workers": engine.workers,
        "batch_size": engine.batch_size,
        "images": len(files),
        "rounds": {way: [round(value, 1) for value in values] for way, values in rates.items()},
    }


def _prepared(name: str, device: str, precision: Precision) -> Engine:
    engine = Engine(models.load(name, device), precision)
    engine.prepare(sys.maxsize)
    return engine


def model_name(model: str | None) -> str:
    """The model to measure: the one given, else the first local one.

    Raises:
        UsageError: If there is neither.
    """
    name = model or next(iter(models.local_models()), None)
    if name is None:
        raise UsageError("no local model to measure: give one with --model.")
    return name


def alternate(
    ways: dict[str, Callable[[], None]], n_images: int, rounds: int, progress: ProgressCallback | None
) -> dict[str, list[float]]:
    """Images/s of each way in each round, the ways taking turns; a first round warms up and is not counted."""
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(-1, rounds):
        for way, run in ways.items():
            begun = time.perf_counter()
            run()
            if number >= 0:
                rates[way].append(n_images / (time.perf_counter() - begun))
        if progress is not None:
            progress(Progress(number + 2, rounds + 1, stage="measuring"))
    return rates


class _Plain:
    """(a): what a first evaluation script looks like."""

    def __init__(self, model: Model, files: list[Path]) -> None:
        assert model.module is not None
        self._module = model.module
        self._device = model.device
        transform = create_transform(**{**model.transform, "input_size": tuple(model.transform["input_size"])})
        self._loader = DataLoader(
            _PlainDataset(files, transform), _PLAIN_BATCH, num_workers=_PLAIN_WORKERS, persistent_workers=True
        )

    @torch.no_grad()
    def __call__(self) -> None:
        for batch in self._loader:
            self._module(batch.to(self._device)).softmax(dim=1).topk(min(10, self._module.num_classes)).indices.cpu()


def predict(engines: Sequence[Engine], files: Sequence[Path], view: str = "clean") -> None:
    """From files to the ten best classes, as ``evaluate`` does it."""
    views = get_views(view)
    firsts = [engines[members[0]].preprocess for members in groups_of(engines)]
    every = frozenset(range(len(engines)))

    def look_at(number: int) -> Look:
        image = as_rgb(decode_file(files[number]).image)
        rng = random_of(files[number].name)
        return Look([views.render(image, None, preprocess, rng) for preprocess in firsts], every)

    for part in stream(engines, np.arange(len(files)), look_at, len(views.names)):
        if part.failure is not None:
            raise part.failure
        part.top(10)


def _forward_round(engine: Engine, pixels: torch.Tensor) -> None:
    """(c): the same threads and slices, pixels in memory."""
    slices = iter(pixels.split(engine.batch_size))
    turn = threading.Lock()

    def work() -> None:
        with one_thread():
            while True:
                with turn:
                    part = next(slices, None)
                if part is None:
                    return
                engine.predict(part)

    threads = [threading.Thread(target=work) for _ in range(engine.workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def image_files(data: Path | None, scratch: Path) -> list[Path]:
    """Images to measure with: of a folder, of the remembered ``imagenet`` data, or noise written to ``scratch``.

    Raises:
        UsageError: If the folder is none, or has no images.
    """
    folder = data or find_data("imagenet")
    if folder is None:
        return _noise_images(scratch)
    if not folder.is_dir():
        raise UsageError(f"--data {folder} is not a folder.")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)[:MAX_IMAGES]
    if not files:
        raise UsageError(f"--data {folder} has no images.")
    return files


def _noise_images(folder: Path, n: int = 128) -> list[Path]:
    """JPEGs of smoothed noise at a photograph's usual size (500 x 375)."""
    rng = np.random.default_rng(0)
    files = []
    for number in range(n):
        coarse = Image.fromarray(rng.integers(0, 256, (47, 63, 3), dtype=np.uint8))
        files.append(folder / f"{number}.jpg")
        coarse.resize((500, 375), Image.Resampling.BICUBIC).save(files[-1], quality=92)
    return files
