"""Manifests of runs that nothing was evaluated for."""

from core import store
from core.benchmarks import benchmark_class
from core.images.views import get_views

PREPROCESSING = {
    "input_size": [3, 224, 224],
    "interpolation": "bicubic",
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    "crop_pct": 0.875,
    "crop_mode": "center",
}


def make_manifest(
    identity,
    benchmark="imagenet",
    *,
    model="m",
    source=None,
    n=2,
    fingerprint="f",
    num_classes=3,
    samples="imagenet/samples/x.parquet",
    samples_digest="",
    pool="c" * 64,
    view="clean",
    notes=(),
    root="",
    card=False,
    **more,
):
    """A manifest of one benchmark; ``card`` gives it the benchmark's own."""
    known = benchmark_class(benchmark).card() if card else None
    entry = store.BenchmarkEntry(benchmark, n, samples, samples_digest, tuple(notes), root, known)
    values = {
        "model": store.ModelEntry(model, source or model, "none", "imagenet-1k", num_classes, fingerprint),
        "pool": store.PoolEntry(benchmark, pool),
        "views": get_views(view).card(),
        "precision": "fp32",
        "preprocessing": PREPROCESSING,
        "benchmarks": (entry,),
    }
    return store.Manifest(identity=identity, **{**values, **more})
