"""A model on a benchmark."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from core import paths
from core.benchmarks import benchmark_class, find_data, find_images, open_and_remember, open_benchmark
from core.benchmarks.imagenet_masks import ImageNetMasks
from core.errors import ModelError, OffcenterError, StoreError, UsageError, nearest
from core.images.views import get_views
from core.jobs import rates
from core.jobs.kinds.arguments import Result, ctrl_c_is_an_interrupt, require_at_least, require_device, result_of
from core.jobs.rates import Rate
from core.models import zero_shot
from core.store import naming, specs, weights
from core.types import Precision, Progress, ProgressCallback
from core.wording import count

if TYPE_CHECKING:
    from core.evaluate.loop import Outcome

PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16", "fp16")


@dataclass(frozen=True)
class Evaluation:
    """Models on a benchmark; see ``core.evaluate.loop.evaluate_all``.

    Attributes:
        model: A model's name.
        benchmark: Key.
        data: Folder of its data; the one last used if None.
        view: What is done to images first.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; jobs of one device run one after the other.
        batch_size: Images a forward pass; chosen by device if None.
        limit: Stop when this many images are stored; all of them if None.
        also: More models, which see each image once it is decoded.
        images: ImageNet's folder, for a benchmark whose data folder holds masks alone; the one last used if None.
    """

    kind: ClassVar[str] = "evaluate"
    unit: ClassVar[str] = "image"
    modules: ClassVar[tuple[str, ...]] = ("core.evaluate.loop", "core.models.engine", "core.models.sources")

    model: str
    benchmark: str
    data: str | None = None
    view: str = "clean"
    precision: Precision = "fp32"
    device: str = "auto"
    batch_size: int | None = None
    limit: int | None = None
    also: tuple[str, ...] = ()
    images: str | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """All models, each once."""
        return tuple(dict.fromkeys((self.model, *self.also)))

    @property
    def title(self) -> str:
        """``resnet50 on si-score/size``, ``resnet50 and 2 more on si-score/size``."""
        more = f" and {len(self.models) - 1} more" if len(self.models) > 1 else ""
        return f"{self.model}{more} on {self.benchmark}"

    def __post_init__(self) -> None:
        # JSON has lists.
        object.__setattr__(self, "also", tuple(self.also))

    @property
    def details(self) -> tuple[str, ...]:
        """View, precision and limit where they are not the usual ones."""
        limit = f"at most {self.limit:,} images" if self.limit else ""
        unusual = (self.view != "clean", self.view), (self.precision != "fp32", self.precision), (bool(limit), limit)
        return tuple(said for is_said, said in unusual if is_said)

    def checked(self) -> Evaluation:
        """The same with absolute folders.

        Raises:
            UsageError: If a value cannot be right; says which and what would be.
            DataError: If the benchmark's folder holds masks alone, and no folder of images is known or it is not there.
        """
        if not all(specs.parsed(name.strip()).where.strip() for name in self.models):
            raise UsageError(
                "no model is named: give a timm name, hf-hub:owner/name, local-dir:PATH or another of those that "
                "'python -m core models --help' has."
            )
        data = _data_folder(self.benchmark, self.data)
        images = _images_folder(self.benchmark, data, self.images)
        get_views(self.view)
        if self.precision not in PRECISIONS:
            raise UsageError(
                f"precision '{self.precision}' is unknown.{nearest(self.precision, PRECISIONS)} "
                f"Known: {', '.join(PRECISIONS)}."
            )
        require_device(self.device)
        for name in ("batch_size", "limit"):
            value = getattr(self, name)
            if value is not None:
                require_at_least(1, name, value)
        first, *more = (lasting(name) for name in self.models)
        return replace(self, model=first, also=tuple(more), data=data, images=images)

    def run(self, progress: ProgressCallback) -> Result:
        """Evaluate, and remember how fast that was on this machine."""
        from core.answers.prepared import prepare
        from core.evaluate.loop import evaluate_all

        begun, last = time.monotonic(), Progress(0, 0, stage="listing the images")

        def follow(now: Progress) -> None:
            nonlocal last
            last = now
            progress(now)

        follow(last)
        benchmark = open_and_remember(self.benchmark, self.data, _news(self.benchmark, self.data, self.images))
        with ctrl_c_is_an_interrupt():
            outcomes = evaluate_all(
                self.models,
                benchmark,
                view=self.view,
                device=self.device,
                precision=self.precision,
                batch_size=self.batch_size,
                limit=self.limit,
                progress=follow,
            )
        for outcome in outcomes:
            if outcome.run is not None:
                prepare(outcome.run)
        _require_all(outcomes)
        run = outcomes[0].run
        if not last.rate:
            total = min(self.limit or run.n_samples, run.n_samples)
            progress(Progress(total, total, stage="already stored"))
        elif len(self.models) == 1:
            # What several models on one decoding took says little of one of them.
            session = run.manifest.session
            startup_s = max(0.0, time.monotonic() - begun - session.inference_s)
            with contextlib.suppress(StoreError):
                rates.record(
                    # Of single passes, since families differ in how many an image takes.
                    Rate(session.images, last.rate * get_views(self.view).passes, startup_s, self.benchmark),
                    *(self.model, self.device, self.precision, self.batch_size),
                )
        return result_of(run)


def _require_all(outcomes: Sequence[Outcome]) -> None:
    """Raise the error of a model that failed; says of which where there are others, whose results are stored."""
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if failed and len(outcomes) > 1 and isinstance(failed[0].error, OffcenterError):
        said = "; ".join(f"{outcome.model}: {outcome.error}" for outcome in failed)
        stored = len(outcomes) - len(failed)
        raise ModelError(f"{said}. {count(stored, 'other model')} {'is' if stored == 1 else 'are'} stored.")
    if failed:
        raise failed[0].error


def lasting(model: str, *, in_full: bool = False) -> str:
    """A model's name that means the same in every folder and at any time: paths absolute, texts from files kept.

    Args:
        model: As it was typed.
        in_full: With the texts of a zero-shot model also where it has the usual ones, as results name it.

    Raises:
        UsageError: If a path cannot be followed, or a file holds no prompts or class names.
        StoreError: If those of a file cannot be kept.
    """
    name = naming.canonical(model)
    asked, folder = specs.parsed(name), weights.folder_of(name)
    given = {option: value for option, value in asked.options.items() if option in zero_shot.OPTIONS}
    kind = weights.kind_of(folder) if folder is not None and not asked.kind else asked.kind
    if kind != specs.OPEN_CLIP or not (given or in_full):
        return name
    kept = zero_shot.texts_of(given).options
    wanted = kept if in_full else {option: kept.get(option) for option in given}
    return str(asked.with_options(**wanted))


def _data_folder(benchmark: str, data: str | None) -> str:
    """The absolute folder of a benchmark's data."""
    known = benchmark_class(benchmark)
    root = find_data(benchmark, data or None)
    if root is None:
        raise UsageError(f"no data folder is given for '{benchmark}'. {known.how_to_get}")
    if not paths.is_folder(root):
        raise UsageError(f"'{root}' is not a folder on this machine. {known.how_to_get}")
    return str(root)


def _images_folder(benchmark: str, data: str, images: str | None) -> str | None:
    """The absolute folder of the images of masks; None for a benchmark that has its images in its data folder."""
    opened = open_benchmark(benchmark, data, images or None)
    return str(opened.require_images()) if isinstance(opened, ImageNetMasks) else None


def _news(benchmark: str, data: str | None, images: str | None) -> str | None:
    """The folder of images if it is another one than is found without being told, which need not be remembered."""
    return images if images and paths.place(images) != find_images(benchmark, data) else None
