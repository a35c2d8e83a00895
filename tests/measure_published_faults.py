"""What each known fault of the published code of Hard ImageNet makes, alone, on images that are at hand.

    python -m tests.measure_published_faults [IMAGES]

Two sets: Diorama's held-out images with an embedded model, and images composed of real cut-outs and photos with a real
one; and real photos without masks for squashing alone. Top-1 in percent with the fault and without, paired: how many
images it makes right and wrong. The faults are written here only, from what the published code does. Not a test: it
asserts nothing.

Source: the code released with Moayeri, Singla and Feizi 2022, "Hard ImageNet".
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage

from core import models
from core.benchmarks import generate, open_benchmark
from core.benchmarks.base import Benchmark
from core.images.ablation import ablate
from core.images.opening import as_rgb
from core.images.preprocess import Preprocess
from core.images.published import PublishedPreprocess
from core.models.forward import Forward
from core.saliency.alignment import align
from core.saliency.explain import Explainer
from core.saliency.maps import Target
from core.types import Model
from tests.conftest import SHARED

EMBEDDED, REAL = "test_efficientnet.diorama", "mobilenetv2_100.tf_quant"
BATCH = 32
#: Each fault alone: the view with it, that without it.
PAIRS = {
    "squashed, clean": ("squashed clean", "clean"),
    "squashed, gray": ("squashed gray", "gray"),
    "mask above 0, gray": ("grown gray", "gray"),
    "box without its last row and column, gray-box": ("short gray-box", "gray-box"),
    "tile searched and pasted transposed": ("transposed tile", "tile"),
}


@dataclass(frozen=True)
class Seen:
    """Some images as a model sees them.

    Attributes:
        views: float32 (N, H, W, 3) in [0, 1], by name.
        masks: bool (N, H, W).
        grown: The same, counted where above 0.
        accepted: Classes that count as right.
        n_empty: Images whose object is outside of the model's crop, and of the squashed one; they are left out.
    """

    views: dict[str, np.ndarray]
    masks: np.ndarray
    grown: np.ndarray
    accepted: list[list[int]]
    n_empty: tuple[int, int]


def short_box(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A gray box that ends before the last row and column of the object."""
    found = image.copy()
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    found[rows[0] : rows[-1], columns[0] : columns[-1]] = 0.5
    return found


def transposed_tile(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Boxes filled from beside the same box in the transposed image, one after the other."""
    found = image.copy()
    for rows, columns in ndimage.find_objects(ndimage.label(mask)[0]):
        # The last row and column are lost twice.
        box = slice(rows.start, rows.stop - 2), slice(columns.start, columns.stop - 2)
        if found[box].size:
            strip, axis, from_end = _strip(found.transpose(1, 0, 2), mask.T, *box)
            n, there = found[box].shape[axis], strip.shape[axis]
            at = (np.arange(n) - n if from_end else np.arange(n)) % max(there, 1)
            # Where no side has room, the box becomes black.
            found[box] = np.take(strip, at, axis=axis) if there else 0.0
    return found


def _strip(image: np.ndarray, mask: np.ndarray, rows: slice, columns: slice) -> tuple[np.ndarray, int, bool]:
    """What fills a box, along which axis it is repeated, and whether from the box's end."""
    height, width = rows.stop - rows.start, columns.stop - columns.start
    sides = (
        ((slice(rows.stop, rows.stop + height), columns), 0, False),
        ((slice(max(0, rows.start - height), rows.start), columns), 0, True),
        ((rows, slice(columns.stop, columns.stop + width)), 1, False),
        # It ends where the box ends, so the box itself is in it.
        ((rows, slice(max(0, columns.start - width), columns.stop)), 1, True),
    )
    best: tuple[int, np.ndarray, int, bool] | None = None
    for where, axis, from_end in sides:
        strip, taken = image[where], mask[where]
        size = taken.size
        if taken.any():
            # Of the four sides, two are looked at along the wrong axis; and what counts is the part with the object.
            counted = _counted(taken.any(axis=0 if from_end else 1), strip.shape[axis], from_end)
            kept = range(counted, strip.shape[axis]) if from_end else range(counted)
            strip = np.take(strip, kept, axis=axis)
            size = counted * (width if axis == 0 else height)
        if best is None or size > best[0]:
            best = size, strip, axis, from_end
    assert best is not None
    return best[1:]


def _counted(taken: np.ndarray, n: int, from_end: bool) -> int:
    """The depth at which the published code cuts a strip of depth ``n``; 0 where it finds none without an object."""
    if from_end:
        after_last = int(np.flatnonzero(taken)[-1]) + 1
        return after_last if after_last < n else 0
    first = int(taken.argmax())
    return n - min(first, n) if first else 0


def look(benchmark: Benchmark, model: Model, n: int) -> Seen:
    """Some images of a benchmark, drawn at random, under each view."""
    own = Preprocess(model.transform)
    squashed = PublishedPreprocess(own.size)
    samples = benchmark.samples(model.label_space).sample(n, random_state=0)
    views: dict[str, list[np.ndarray]] = {}
    masks, grown, accepted, empty = [], [], [], [0, 0]
    for name, classes in zip(samples["sample_id"], samples["accepted"], strict=True):
        image, mask = as_rgb(benchmark.image(name)), benchmark.mask(name)
        coverage = np.asarray(own.picture(own.mask_picture(mask)))
        half, any_of = coverage >= 128, coverage > 0
        other = np.asarray(squashed.picture(squashed.mask_picture(mask))) >= 128
        empty[0] += not half.any()
        empty[1] += not squashed.mask(mask).any()
        if not (half.any() and other.any()):
            continue
        for view, pixels in _views(own(image), squashed(image), half, any_of, other):
            views.setdefault(view, []).append(pixels)
        masks.append(half)
        grown.append(any_of)
        accepted.append([int(each) for each in classes])
    stacked = {view: np.stack(pixels) for view, pixels in views.items()}
    return Seen(stacked, np.stack(masks), np.stack(grown), accepted, (empty[0], empty[1]))


def _views(
    own: np.ndarray, squashed: np.ndarray, mask: np.ndarray, grown: np.ndarray, other: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    clean, squashed = (np.divide(pixels, np.float32(255)) for pixels in (own, squashed))
    yield "clean", clean
    for kind in ("gray", "gray-box", "tile"):
        yield kind, ablate(clean, mask, kind)
    yield "squashed clean", squashed
    yield "squashed gray", ablate(squashed, other, "gray")
    yield "grown gray", ablate(clean, grown, "gray")
    yield "short gray-box", short_box(clean, mask)
    yield "transposed tile", transposed_tile(clean, mask)


def probabilities(model: Model, pixels: np.ndarray) -> np.ndarray:
    """Softmax: float32 (N, classes)."""
    forward = Forward(model)
    batches = (torch.from_numpy(pixels[start : start + BATCH].copy()) for start in range(0, len(pixels), BATCH))
    return torch.cat([forward(batch).softmax(dim=1) for batch in batches]).numpy()


def is_right(prob: np.ndarray, accepted: list[list[int]]) -> np.ndarray:
    """Whether the likeliest class is accepted: bool (N,)."""
    return np.array([top in classes for top, classes in zip(prob.argmax(axis=1), accepted, strict=True)])


def say_pair(name: str, wrong: np.ndarray, right: np.ndarray) -> None:
    """One line for a fault: bool (N,) answers with it and without it."""
    made, lost = int((wrong & ~right).sum()), int((right & ~wrong).sum())
    print(
        f"  {name}: {100 * wrong.mean():.1f} % for {100 * right.mean():.1f} % (+{made} -{lost} of {len(right)} images)"
    )


def say_confidences(name: str, prob: np.ndarray, classes: np.ndarray) -> None:
    """The confidence in the true class, and what indexing each image by a whole batch's classes makes of it."""
    order = np.random.default_rng(0).permutation(len(prob))
    pieces = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    own = np.concatenate([prob[at, classes[at]] for at in pieces])
    published = np.concatenate([prob[np.ix_(at, classes[at])].mean(axis=1) for at in pieces])
    print(
        f"  confidences of batches of {BATCH}, {name}: mean {published.mean():.3f} for {own.mean():.3f}, mean absolute "
        f"error of an image {np.abs(published - own).mean():.3f}"
    )


def say_grad_cam(model: Model, seen: Seen, classes: np.ndarray) -> None:
    """Alignment with masks of maps of images as the model wants them, and of such as are not normalised."""
    raw = replace(model, transform={**model.transform, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)})
    target = Target.of_class(classes.tolist())
    found = [
        align(Explainer(each).explain(seen.views["clean"], "grad-cam", target), seen.masks) for each in (raw, model)
    ]
    both = ~np.isnan(found[0].iou) & ~np.isnan(found[1].iou)
    wrong, right = (each.iou[both].mean() for each in found)
    apart = np.abs(found[0].iou - found[1].iou)[both].mean()
    print(
        f"  Grad-CAM without normalisation: mean IoU {wrong:.3f} for {right:.3f}, that of an image off by {apart:.3f}, "
        f"n = {int(both.sum())}"
    )


def say_empty(seen: Seen) -> None:
    """What an object of which the crop has nothing makes of noise that is scaled to an l2 norm."""
    nothing = torch.randn(3, 8, 8) * torch.zeros(3, 8, 8)
    what = "NaN" if (nothing / nothing.square().sum().sqrt()).isnan().all() else "finite"
    own, squashed = seen.n_empty
    print(f"  noise by l2 norm on an empty mask is {what}: {own} images cropped as the model does, {squashed} squashed")


def measure(title: str, benchmark: Benchmark, model: Model, n: int) -> None:
    """All faults on one set."""
    seen = look(benchmark, model, n)
    print(f"{title}, {model.name}, {len(seen.masks)} images", flush=True)
    prob = {view: probabilities(model, pixels) for view, pixels in seen.views.items()}
    right = {view: is_right(each, seen.accepted) for view, each in prob.items()}
    for name, (wrong, own) in PAIRS.items():
        say_pair(name, right[wrong], right[own])
    growth = seen.grown.sum(axis=(1, 2)) / seen.masks.sum(axis=(1, 2)) - 1
    print(f"  mask above 0: {100 * np.median(growth):.1f} % more pixels (median; mean {100 * growth.mean():.1f} %)")
    classes = np.array([each[0] for each in seen.accepted])
    for view in ("clean", "gray"):
        say_confidences(view, prob[view], classes)
    say_grad_cam(model, seen, classes)
    say_empty(seen)


def measure_photos(model: Model, n: int) -> None:
    """Squashing on real photos, which are seldom square."""
    benchmark = open_benchmark("imagenet", SHARED / "data" / "imagenet-sample")
    own = Preprocess(model.transform)
    samples = benchmark.samples(model.label_space)
    samples = samples.sample(min(n, len(samples)), random_state=0)
    images = [as_rgb(benchmark.image(name)) for name in samples["sample_id"]]
    accepted = [list(classes) for classes in samples["accepted"]]
    ways = (PublishedPreprocess(own.size), own)
    pixels = (np.stack([np.divide(way(image), np.float32(255)) for image in images]) for way in ways)
    right = [is_right(probabilities(model, each), accepted) for each in pixels]
    print(f"Real photos, {model.name}, {len(images)} images")
    say_pair("squashed, clean", *right)


def main(n: int) -> None:
    """Measure and print."""
    measure("Diorama, held-out", open_benchmark("diorama/clean"), models.load(EMBEDDED, "cpu"), n)
    if not SHARED.is_dir():
        print("real cut-outs, photos and models are not beside the project: only Diorama was measured")
        return
    os.environ["OFFCENTER_MODELS"] = str(SHARED / "models")
    model, material = models.load(REAL, "cpu"), SHARED / "data" / "si-score"
    with tempfile.TemporaryDirectory() as folder:
        generate.si_score_set(
            material / "foreground_samples", material / "background_samples", "size", Path(folder) / "made"
        )
        measure("Composed of real cut-outs", open_benchmark("si-score/size", Path(folder) / "made"), model, n)
    measure_photos(model, 500)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
