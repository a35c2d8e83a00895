"""Train Diorama's three small classifiers from scratch: ``python -m core diorama train``.

The networks are timm's own test architectures; what they are shown is ``recipe``. Training is seeded and goes on
from the last finished epoch after an interruption.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
import torch
from timm.models import save_for_hf
from torch import Tensor
from torch.nn import functional

from core import paths
from core.diorama import assets
from core.embedded import pool
from core.embedded.patches import SMOOTHING, PatchTask, initialise
from core.embedded.pool import Pictures
from core.errors import UsageError, cannot_write, nearest
from core.models.normalise import Normalise
from core.types import Progress, ProgressCallback


@dataclass(frozen=True)
class Cycle:
    """One fall of the learning rate.

    Attributes:
        n_sets: Sets of pictures that are used (``pool``).
        epochs: Passes over them.
        rate: Highest learning rate of its cosine.
        swapped: Share of pictures whose colour channels are swapped.
        dropped: Share of its patches that a transformer does not see (``patches``).
    """

    n_sets: int
    epochs: int
    rate: float
    swapped: float = 0.0
    dropped: float = 0.0


@dataclass(frozen=True)
class Training:
    """How one network is trained.

    Attributes:
        architecture: timm's name.
        cycles: One after the other; the first begins with a warm-up.
        weight_decay: Of AdamW.
        about: What it stands for among the three.
        patch_weight: Of the loss on what each patch shows; for vision transformers, which also start from the weights
            of ``patches.initialise``.
    """

    architecture: str
    cycles: tuple[Cycle, ...]
    weight_decay: float
    about: str
    patch_weight: float = 0.0

    @property
    def epochs(self) -> int:
        """Of all cycles."""
        return sum(cycle.epochs for cycle in self.cycles)

    def cycle_of(self, epoch: int) -> Cycle:
        """The cycle that an epoch is in."""
        return next(cycle for cycle in self.cycles for _ in range(cycle.epochs) if (epoch := epoch - 1) < 0)


#: Both norms are trained alike, so that they can be compared.
_CONVOLUTIONAL = (Cycle(1, 9, 3e-3, swapped=0.25), Cycle(2, 4, 2e-3))
TRAININGS: dict[str, Training] = {
    "test_efficientnet.diorama": Training(
        "test_efficientnet", _CONVOLUTIONAL, 0.02, "a convolutional network, BatchNorm"
    ),
    "test_efficientnet_gn.diorama": Training(
        "test_efficientnet_gn", _CONVOLUTIONAL, 0.02, "the same network with GroupNorm"
    ),
    "test_vit.diorama": Training(
        "test_vit",
        (Cycle(2, 20, 2e-3, dropped=0.5), Cycle(2, 5, 1e-3)),
        0.05,
        "a vision transformer with patches of 16 pixels",
        patch_weight=0.5,
    ),
}
BATCH = 64
_WARM_UP = 0.08
_SEED = 5


def trained() -> tuple[str, ...]:
    """Those of the embedded models that there are."""
    return tuple(name for name in TRAININGS if (paths.EMBEDDED / "models" / name / "config.json").is_file())


def training_home() -> Path:
    """Folder of training images and checkpoints."""
    return paths.data_home() / "downloads" / "diorama-training"


def train(name: str, *, threads: int | None = None, progress: ProgressCallback | None = None) -> Path:
    """Train one of the embedded models and write its folder in timm's hub format.

    Args:
        name: A key of ``TRAININGS``.
        threads: Of torch; by default one a core.
        progress: Called while images are made and after every few batches.

    Returns:
        The model's folder below ``data/embedded/models``.

    Raises:
        UsageError: If the name is unknown.
        StoreError: If a file cannot be written.
    """
    if name not in TRAININGS:
        raise UsageError(f"Diorama has no model '{name}'.{nearest(name, TRAININGS)} It has: {', '.join(TRAININGS)}.")
    home, training = training_home(), TRAININGS[name]
    pool.make(home, threads, progress)
    pictures = pool.read(home)
    torch.set_num_threads(threads or os.cpu_count() or 1)
    model = _fit(training, pictures, home / f"{name}.pt", progress)
    folder = paths.EMBEDDED / "models" / name
    try:
        save_for_hf(model.to(memory_format=torch.contiguous_format), folder, model_config=_config(training))
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder


def _config(training: Training) -> dict[str, Any]:
    """What timm needs to preprocess as in training, and to name the classes."""
    transform = {key: tuple(value) if isinstance(value, list) else value for key, value in pool.TRANSFORM.items()}
    names = list(assets.CATEGORIES)
    config = {"architecture": training.architecture, "tag": "diorama", "num_classes": len(names), **transform}
    return {"num_classes": len(names), "label_names": names, "pretrained_cfg": config}


def _fit(
    training: Training, pictures: Pictures, checkpoint: Path, progress: ProgressCallback | None
) -> torch.nn.Module:
    torch.manual_seed(_SEED)
    n_classes = len(assets.CATEGORIES)
    model = timm.create_model(training.architecture, num_classes=n_classes)
    model = model.to(memory_format=torch.channels_last).train()
    patches = None
    if training.patch_weight:
        initialise(model)
        patches = PatchTask(model, n_classes, training.patch_weight)
    learning = torch.nn.ModuleList([model] if patches is None else [model, patches])
    optimiser = torch.optim.AdamW(_groups(learning, training.weight_decay), lr=training.cycles[0].rate)
    state = {"model": learning, "optimiser": optimiser}
    first, per_set = _resume(checkpoint, state), len(pictures.labels) // pool.N_SETS
    sizes = [training.cycle_of(epoch).n_sets * per_set // BATCH for epoch in range(training.epochs)]
    rates = _rates(training.cycles, per_set)
    normalise = Normalise(pool.TRANSFORM)
    step, begun = sum(sizes[:first]), time.perf_counter()
    done_before = step
    for epoch in range(first, training.epochs):
        cycle = training.cycle_of(epoch)
        for number, rows in enumerate(_batches(cycle.n_sets * per_set, epoch)):
            for group in optimiser.param_groups:
                group["lr"] = rates[step]
            generator = torch.Generator().manual_seed((_SEED * 1000 + epoch) * 100_000 + number)
            images, labels, coverage = _augment(Pictures(*(part[rows] for part in pictures)), generator, cycle.swapped)
            if patches is None:
                loss = functional.cross_entropy(model(normalise(images)), labels, label_smoothing=SMOOTHING)
            else:
                loss = patches.loss(model, normalise(images), labels, coverage, cycle.dropped, generator)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learning.parameters(), 1.0)
            optimiser.step()
            step += 1
            if progress is not None and number % 5 == 0:
                rate = (step - done_before) / (time.perf_counter() - begun)
                stage = f"epoch {epoch + 1}, loss {loss.item():.2f}"
                left = (len(rates) - step) / rate
                progress(Progress(step * BATCH, len(rates) * BATCH, 0, rate * BATCH, left, stage))
        _keep(checkpoint, state, epoch + 1)
    if patches is not None:
        patches.end(model)
    return model.eval()


def _groups(model: torch.nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Biases and norms are not decayed."""
    matrices = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def _rates(cycles: Sequence[Cycle], per_set: int) -> list[float]:
    """The learning rate of every step: in each cycle half a cosine down to nothing, before the first a linear rise."""
    found: list[float] = []
    for number, cycle in enumerate(cycles):
        total = cycle.epochs * (cycle.n_sets * per_set // BATCH)
        rise = int(_WARM_UP * total) if number == 0 else 0
        found += [cycle.rate * (step + 1) / rise for step in range(rise)]
        fall = total - rise
        found += [cycle.rate * 0.5 * (1 + math.cos(math.pi * step / fall)) for step in range(fall)]
    return found


def _batches(n: int, epoch: int) -> Iterator[Tensor]:
    """Rows of each full batch of an epoch, in an order that depends on the epoch only."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(_SEED * 1000 + epoch))
    yield from order[: n // BATCH * BATCH].split(BATCH)


def _augment(pictures: Pictures, generator: torch.Generator, swapped_share: float = 0.0) -> Pictures:
    """Mirrored by chance, in other colours, brightness and contrast; geometry stays within the recipe.

    Toys come in any paint, so some pictures are pale or grey, and some may have their colour channels swapped.

    Args:
        pictures: A batch.
        generator: Where chance comes from.
        swapped_share: Of pictures whose colour channels are swapped.

    Returns:
        The batch with images float32 (N, H, W, 3) and coverage float32 (N, rows, columns), both 0..1.
    """
    pixels, labels, coverage = pictures
    n = len(pixels)

    def chance(share: float) -> Tensor:
        return torch.rand(n, generator=generator) < share

    def around_one(width: float, *shape: int) -> Tensor:
        return 1 + width * (2 * torch.rand(n, *shape, generator=generator) - 1)

    mirrored, swapped, faded = chance(0.5), chance(swapped_share), chance(0.5)
    contrast, tint = around_one(0.3, 1, 1, 1), around_one(0.15, 1, 1, 3)
    shift = 0.12 * (around_one(1.0, 1, 1, 1) - 1)
    saturation = torch.where(faded, 1.1 * torch.rand(n, generator=generator), 1.0)[:, None, None, None]
    channels = torch.randperm(3, generator=generator)
    pixels = torch.where(mirrored[:, None, None, None], pixels.flip(2), pixels)
    coverage = torch.where(mirrored[:, None, None], coverage.flip(2), coverage)
    pixels[swapped] = pixels[swapped][..., channels]
    values = pixels.float().div_(255)
    values = torch.lerp(values.mean(dim=3, keepdim=True), values, saturation)
    values = values.sub_(0.5).mul_(contrast).add_(0.5 + shift).mul_(tint).clamp_(0, 1).contiguous()
    return Pictures(values, labels, coverage.float().div_(255))


def _keep(checkpoint: Path, state: dict[str, Any], epochs: int) -> None:
    with paths.writing(checkpoint) as stream:
        torch.save({"epochs": epochs, **{name: part.state_dict() for name, part in state.items()}}, stream)


def _resume(checkpoint: Path, state: dict[str, Any]) -> int:
    """Load the last finished epoch, if there is one; returns how many are finished."""
    if not checkpoint.is_file():
        return 0
    kept = torch.load(checkpoint, weights_only=True)
    for name, part in state.items():
        part.load_state_dict(kept[name])
    return int(kept["epochs"])
