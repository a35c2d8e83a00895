"""Predictions on disk: which results there are, and reading them.

Layout, below ``data/results`` and, for the results that come with the project, ``data/embedded/results``::

    <benchmark>/samples/<content digest>.<label space>.parquet    what is in each image
    <benchmark>/<model>/<identity>/run.json                       what was run, on what, with what
                                   part-<first>-<last>.parquet    predictions (see ``core.store.parts``)
                                   logits-<first>-<last>.parquet  float16 logits of the same images, on request
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from core import paths
from core.errors import StoreError, UsageError, nearest
from core.store.lists import list_offsets, to_pandas
from core.store.manifest import MANIFEST, Manifest, read_manifest
from core.store.parts import Parts

#: In the name of a folder that was set aside.
REPLACED = ".replaced-"

PREDICTIONS_SCHEMA = pa.schema(
    [
        ("sample_id", pa.string()),
        ("view", pa.string()),
        ("top10", pa.list_(pa.int32())),
        ("top10_prob", pa.list_(pa.float32())),
        ("p_accepted", pa.float32()),
        ("error", pa.string()),
    ]
)
LOGITS_SCHEMA = pa.schema([("sample_id", pa.string()), ("logits", pa.list_(pa.float16()))])


def identity(parts: Mapping[str, Any]) -> str:
    """Identity of a result: 16 hex digits over what decides its numbers.

    Args:
        parts: weights, architecture, preprocessing, precision, benchmark content, view; JSON values.
    """
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=list)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def content_of(digest: str, samples: pd.DataFrame) -> str:
    """SHA-256 (hex) of a benchmark's data and of what counts as right on them.

    Args:
        digest: ``Benchmark.content_digest`` of the data.
        samples: Its samples table.
    """
    offsets, flat = list_offsets(samples["accepted"])
    content = hashlib.sha256(digest.encode())
    content.update("\n".join(samples["sample_id"]).encode())
    content.update(offsets.astype("<i8").tobytes() + flat.astype("<i8").tobytes())
    return content.hexdigest()


@dataclass(frozen=True)
class Run:
    """One stored result: a folder and its manifest.

    Attributes:
        path: The identity's folder.
        manifest: What was run, on what, with what.
        alias: What tells its model from others of the same short name, where runs are shown together; else empty.
    """

    path: Path
    manifest: Manifest = field(repr=False)
    alias: str = ""

    @property
    def identity(self) -> str:
        """Hash that names the result."""
        return self.path.name

    @property
    def benchmark(self) -> str:
        """Key of the benchmark."""
        return self.manifest.benchmark.key

    @property
    def content(self) -> str:
        """SHA-256 (hex) of the benchmark's data and of what counts as right on them."""
        return self.manifest.benchmark.content

    @property
    def model(self) -> str:
        """Short name of the model."""
        return self.manifest.model.name

    @property
    def label(self) -> str:
        """The model as a reader tells it from the others; see ``core.answers.catalogue.told_apart``."""
        return self.alias or self.model

    @property
    def source(self) -> str:
        """What to type to get the model again."""
        return self.manifest.model.source

    @property
    def label_space(self) -> str:
        """Key of the space that class indices live in."""
        return self.manifest.model.label_space

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the model's weights."""
        return self.manifest.model.fingerprint

    @property
    def view(self) -> str:
        """What was done to images first."""
        return self.manifest.view

    @property
    def precision(self) -> str:
        """Of the forward pass."""
        return self.manifest.precision

    @property
    def preprocessing(self) -> Mapping[str, Any]:
        """Timm's resolved data config; empty for imported predictions, of which it is not known."""
        return self.manifest.preprocessing

    @property
    def n_samples(self) -> int:
        """Images the benchmark has."""
        return self.manifest.benchmark.n

    @property
    def n_done(self) -> int:
        """Images with a stored prediction or a recorded error; counted from the parts, so right at any moment."""
        return predictions_of(self).num_rows

    @property
    def complete(self) -> bool:
        """Whether every image of the benchmark is there."""
        return self.n_done >= self.n_samples


def open_run(folder: Path) -> Run | None:
    """The run in a result's folder, or None if there is none.

    Raises:
        StoreError: If its manifest is damaged; see ``core.store.manifest``.
    """
    manifest = read_manifest(folder)
    return Run(folder, manifest) if manifest else None


def roots() -> tuple[Path, Path]:
    """Where results are read from; one of the user's own goes before an embedded one of the same identity."""
    return paths.results_home(), paths.embedded_results()


def relative(path: Path) -> str:
    """A path below the results folder as it stands in a manifest."""
    return path.relative_to(paths.results_home()).as_posix()


def embedded_run(benchmark: str, model: str, run_identity: str) -> Run | None:
    """The result of that identity that comes with the project, or None."""
    return open_run(paths.embedded_results() / benchmark / paths.slug(model) / run_identity)


def run_folder(benchmark: str, model: str, run_identity: str) -> Path:
    """Folder of a result."""
    return paths.results_home() / benchmark / paths.slug(model) / run_identity


@dataclass(frozen=True)
class Listing:
    """What is stored.

    Attributes:
        runs: Those with a manifest that can be read, newest first.
        problems: What is wrong with the others, by the folder.
    """

    runs: list[Run]
    problems: dict[Path, str]


def list_all() -> Listing:
    """Everything that is stored; a damaged manifest does not hide the others."""
    runs: dict[tuple[str, str], Run] = {}
    problems: dict[Path, str] = {}
    for path in (path.parent for root in roots() for path in sorted(root.rglob(MANIFEST))):
        # What was set aside keeps its manifest.
        if REPLACED in path.name:
            continue
        try:
            run = open_run(path)
        except StoreError as error:
            problems[path] = str(error)
            continue
        if run is not None and run.manifest.identity == path.name:
            runs.setdefault((run.benchmark, run.identity), run)
    newest = sorted(runs.values(), key=lambda run: run.manifest.updated, reverse=True)
    return Listing(newest, problems)


def list_runs(benchmark: str | None = None, model: str | None = None) -> list[Run]:
    """Stored results, newest first; those that cannot be read are left out (see ``list_all``).

    Args:
        benchmark: Only of this benchmark.
        model: Only of this model: its short name or its source.
    """
    return [
        run
        for run in list_all().runs
        if (benchmark is None or run.benchmark == benchmark) and (model is None or is_model(run, model))
    ]


def is_model(run: Run, spec: str) -> bool:
    """Whether a run is of the model of a short name or source."""
    if spec.startswith("local-dir:"):
        spec = "local-dir:" + str(Path(spec.removeprefix("local-dir:")).expanduser().resolve())
    return spec in (run.model, run.source, run.source.removeprefix("hf-hub:"))


def find_run(benchmark: str, model: str, run_identity: str | None = None, **settings: str) -> Run:
    """The stored result of a model on a benchmark; the newest complete one where there are several.

    Args:
        benchmark: Key.
        model: Short name or source.
        run_identity: Its identity, or the beginning of it.
        settings: Values that ``run.json`` must have, such as ``precision="fp32"`` or ``view="clean"``.

    Raises:
        UsageError: If there is none, which says what is stored and what to run; or if the short name is that of
            several models.
        StoreError: If what there is of the model is damaged.
    """
    runs = list_runs(benchmark, model)
    if run_identity:
        runs = [run for run in runs if run.identity.startswith(run_identity)]
    wanted = {name: value for name, value in settings.items() if value}
    runs = [run for run in runs if all(getattr(run, name) == value for name, value in wanted.items())]
    runs = [run for run in runs if run.source == model] or runs
    _require_one_model(runs, model)
    if not runs:
        listing = list_all()
        models = sorted({run.model for run in listing.runs if run.benchmark == benchmark})
        damaged = [said for path, said in listing.problems.items() if path.parent.name == paths.slug(model)]
        if damaged:
            raise StoreError(damaged[0])
        stored = f"Stored for it: {', '.join(models)}." if models else "Nothing is stored for this benchmark."
        asked = "".join(f" with {name} {value}" for name, value in wanted.items())
        raise UsageError(
            f"no result of model '{model}' on benchmark '{benchmark}'{asked}.{nearest(model, models)} {stored} "
            f"Run: python -m core evaluate --model {model} --benchmark {benchmark}"
        )
    return max(runs, key=lambda run: run.complete)


def _require_one_model(runs: Sequence[Run], model: str) -> None:
    """Folders of one name (``seed1/final``, ``seed2/final``) are several models, unless their weights are the same."""
    sources = sorted({run.source for run in runs})
    if len(sources) < 2 or len({run.fingerprint for run in runs}) < 2:
        return
    raise UsageError(
        f"'{model}' is the name of {len(sources)} models: {', '.join(sources)}. Give one of these with --model, or a "
        f"result's --identity: {', '.join(run.identity for run in runs)}."
    )


def predictions_of(run: Run | Path) -> Parts:
    """The parts that hold a run's predictions."""
    return Parts(run.path if isinstance(run, Run) else run, "part", PREDICTIONS_SCHEMA)


def logits_of(run: Run | Path) -> Parts:
    """The parts that hold a run's logits, if they were kept."""
    # Images with a prediction are not evaluated again, so the logits of a part that is gone come back only with all.
    remedy = "Delete it and give the same evaluate command with --fresh --keep-logits."
    return Parts(run.path if isinstance(run, Run) else run, "logits", LOGITS_SCHEMA, remedy)


def read(run: Run | Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Stored predictions; of a run under way, those so far.

    Args:
        run: The run, or its folder.
        columns: Only these of ``sample_id, view, top10, top10_prob, p_accepted, error``; all by default.

    Returns:
        One row per image. ``top10`` and ``top10_prob`` are Arrow-backed lists, best class first, missing where
        ``error`` says why.

    Raises:
        StoreError: If a part cannot be read.
    """
    return to_pandas(predictions_of(run).read(columns))


def read_logits(run: Run | Path) -> tuple[list[str], np.ndarray] | None:
    """Sample ids, each once, and float16 (N, num_classes) logits, or None if none were kept."""
    table = logits_of(run).read()
    if not table.num_rows:
        return None
    # Where predictions could not be stored after their logits, the image came again: its last logits are those of the
    # stored prediction.
    last = ~pd.Series(table["sample_id"].to_pylist()).duplicated(keep="last").to_numpy()
    table = table.filter(pa.array(last))
    ids = table["sample_id"].to_pylist()
    flat = table["logits"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return ids, flat.reshape(len(ids), -1)
