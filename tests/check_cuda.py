"""Inference on a GPU against the CPU: the same answers, the same maps, and how fast. On a machine that has one:

    python -m tests.check_cuda

Evaluates the embedded models on ``diorama/clean`` on both, in fp32 and, on the GPU, in bf16 and fp16; draws Grad-CAMs
on both; then times forward passes of larger networks with random weights and pixels, GPU events around them. Not
a test: it asserts nothing and prints what it finds.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import timm
import torch

from core import models, paths, store
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate
from core.explain import one_image
from core.models.forward import Forward

MODELS = ("test_efficientnet.diorama", "test_efficientnet_gn.diorama", "test_vit.diorama")
N_MAPS = 20
#: Architecture and batch of the timed passes.
TIMED = (("resnet50", 256), ("vit_base_patch16_224", 256))
ROUNDS = 20


def predictions(model: str, device: str, precision: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Top classes (N,), their probabilities (N, 10), and images a second, in a data home of its own."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["OFFCENTER_DATA"] = home
        source = f"local-dir:{paths.EMBEDDED / 'models' / model}"
        benchmark = open_benchmark("diorama/clean")
        begun = time.perf_counter()
        run = evaluate(source, benchmark, device=device, precision=precision, reuse_embedded=False)
        seconds = time.perf_counter() - begun
        table = store.read(run, ["sample_id", "top10", "top10_prob"]).sort_values("sample_id")
        top = np.stack(table["top10"].to_list())
        prob = np.stack(table["top10_prob"].to_list())
        by_class = np.take_along_axis(prob, np.argsort(top, axis=1), axis=1)
        return top[:, 0], by_class, len(table) / seconds


def compare_predictions() -> None:
    """Each model in each precision on the GPU against fp32 on the CPU."""
    for model in MODELS:
        top, prob, rate = predictions(model, "cpu", "fp32")
        print(f"{model}: cpu fp32 {rate:.0f} images/s")
        for precision in ("fp32", "bf16", "fp16"):
            other, other_prob, rate = predictions(model, "cuda", precision)
            error = np.linalg.norm(other_prob - prob) / np.linalg.norm(prob)
            same = float((other == top).mean())
            said = f"{100 * same:.2f} % same top-1, probabilities off by {error:.1e}"
            print(f"  cuda {precision}: {said}, {rate:.0f} images/s", flush=True)


def compare_maps() -> None:
    """Grad-CAMs of the first images on both."""
    os.environ["OFFCENTER_DATA"] = tempfile.mkdtemp()
    benchmark = open_benchmark("diorama/clean")
    ids = benchmark.samples()["sample_id"].iloc[:N_MAPS]
    for model in MODELS:
        source = f"local-dir:{paths.EMBEDDED / 'models' / model}"
        errors, times = [], []
        for sample_id in ids:
            maps = []
            for device in ("cpu", "cuda"):
                begun = time.perf_counter()
                found = one_image.explain_sample(source, "diorama/clean", None, sample_id, device=device)
                times.append((device, time.perf_counter() - begun))
                maps.append(np.nan_to_num(found.map) * np.nan_to_num(found.magnitude))
            errors.append(np.linalg.norm(maps[0] - maps[1]) / max(np.linalg.norm(maps[0]), 1e-12))
        median = {device: 1000 * statistics.median(t for d, t in times if d == device) for device in ("cpu", "cuda")}
        print(
            f"{model}: Grad-CAM off by {max(errors):.1e} at most; {median['cpu']:.0f} ms CPU, {median['cuda']:.0f} GPU"
        )


def time_passes() -> None:
    """Images a second of the engine's forward pass, against plain PyTorch on the same card in the same run."""
    for name, batch in TIMED:
        network = timm.create_model(name, pretrained=False).eval().cuda()
        config = timm.data.resolve_data_config({}, model=network)
        model = models.from_module(network, name, label_space="imagenet-1k", transform=config)
        side = config["input_size"][1]
        pixels = torch.randint(0, 256, (batch, side, side, 3), dtype=torch.uint8).cuda()
        plain = Plain(network, config)
        for precision in ("fp32", "bf16"):
            ours = _median_ms(partial(Forward(model, precision), pixels))
            bare = _median_ms(partial(plain.run, pixels, precision))
            print(
                f"{name} {precision}, batch {batch}: {1000 * batch / ours:,.0f} images/s, plain PyTorch "
                f"{1000 * batch / bare:,.0f}, ratio {bare / ours:.2f}"
            )


class Plain:
    """What one would write without the engine."""

    def __init__(self, network: torch.nn.Module, config: dict[str, Any]) -> None:
        self.network = network
        self.mean, self.std = (torch.tensor(config[key], device="cuda").view(1, 3, 1, 1) for key in ("mean", "std"))

    def run(self, pixels: torch.Tensor, precision: str) -> torch.Tensor:
        """Logits of uint8 pixels (N, H, W, 3)."""
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16, enabled=precision == "bf16"):
            return self.network((pixels.permute(0, 3, 1, 2).float() / 255 - self.mean) / self.std)


def _median_ms(call: Callable[[], torch.Tensor]) -> float:
    """Of ``ROUNDS`` calls, by the events of the GPU."""
    for _ in range(3):
        call()
    times = []
    for _ in range(ROUNDS):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        call()
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end))
    return statistics.median(times)


if __name__ == "__main__":
    print(torch.__version__, torch.cuda.get_device_name())
    compare_predictions()
    compare_maps()
    time_passes()
