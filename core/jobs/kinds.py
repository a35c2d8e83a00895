"""The kinds of long work: what each is told, what it is called in words, where it queues and how it is done.

A new kind is a frozen dataclass here and a line in ``KINDS``; queue, worker, pages and command line know it then.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from core import paths, store
from core.benchmarks import benchmark_class, find_data, generate, open_and_remember, open_for
from core.errors import StoreError, UsageError, nearest
from core.evaluate import imports
from core.explain import probes
from core.images.views import get_view
from core.jobs import rates
from core.jobs.rates import Rate
from core.mistakes import diagnosis
from core.types import Precision, Progress, ProgressCallback

#: Of a job that has ended well: ``model``, ``benchmark`` and ``identity`` of a stored result, or ``folder``.
Result = Mapping[str, str]
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16", "fp16")


class Arguments(Protocol):
    """What a job is told; a frozen dataclass of values that JSON holds.

    Attributes:
        unit: What its progress counts, in the singular.
        modules: Imported before the job can be interrupted, because an import that is cut off cannot be repeated.
    """

    unit: ClassVar[str]
    modules: ClassVar[tuple[str, ...]]

    @property
    def kind(self) -> str:
        """Its key in ``KINDS``, as it stands in the queue's table."""
        ...

    @property
    def device(self) -> str:
        """The queue it waits in: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``."""
        ...

    @property
    def title(self) -> str:
        """What is done, in words."""
        ...

    @property
    def details(self) -> tuple[str, ...]:
        """Settings that are not the usual ones, in words."""
        ...

    def checked(self) -> Arguments:
        """The same, complete and with absolute folders.

        Raises:
            UsageError: If a value cannot be right; says which and what would be.
        """
        ...

    def run(self, progress: ProgressCallback) -> Result:
        """Do it; called again after an interruption it goes on from what is stored."""
        ...


@dataclass(frozen=True)
class Evaluation:
    """A model on a benchmark; see ``core.evaluate.loop.evaluate``.

    Attributes:
        model: A model's name.
        benchmark: Key.
        data: Folder of its data; the one last used if None.
        view: What is done to images first.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; jobs of one device run one after the other.
        batch_size: Images a forward pass; chosen by device if None.
        limit: Stop when this many images are stored; all of them if None.
    """

    kind: ClassVar[str] = "evaluate"
    unit: ClassVar[str] = "image"
    modules: ClassVar[tuple[str, ...]] = ("core.evaluate.loop",)

    model: str
    benchmark: str
    data: str | None = None
    view: str = "clean"
    precision: Precision = "fp32"
    device: str = "auto"
    batch_size: int | None = None
    limit: int | None = None

    @property
    def title(self) -> str:
        """``resnet50 on si-score/size``."""
        return f"{self.model} on {self.benchmark}"

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
        """
        if not self.model.strip():
            raise UsageError("no model is named: give a timm name, hf-hub:owner/name or local-dir:PATH.")
        data = _data_folder(self.benchmark, self.data)
        get_view(self.view)
        if self.precision not in PRECISIONS:
            raise UsageError(
                f"precision '{self.precision}' is unknown.{nearest(self.precision, PRECISIONS)} "
                f"Known: {', '.join(PRECISIONS)}."
            )
        _require_device(self.device)
        for name in ("batch_size", "limit"):
            value = getattr(self, name)
            if value is not None:
                _require_at_least(1, name, value)
        return replace(self, model=_canonical(self.model.strip()), data=data)

    def run(self, progress: ProgressCallback) -> Result:
        """Evaluate, and remember how fast that was on this machine."""
        from core.evaluate.loop import evaluate

        begun, last = time.monotonic(), Progress(0, 0, stage="listing the images")

        def follow(now: Progress) -> None:
            nonlocal last
            last = now
            progress(now)

        follow(last)
        benchmark = open_and_remember(self.benchmark, self.data)
        with _ctrl_c_is_an_interrupt():
            run = evaluate(
                self.model,
                benchmark,
                view=self.view,
                device=self.device,
                precision=self.precision,
                batch_size=self.batch_size,
                limit=self.limit,
                progress=follow,
            )
        if last.rate:
            session = run.manifest.session
            startup_s = max(0.0, time.monotonic() - begun - session.inference_s)
            with contextlib.suppress(StoreError):
                rates.record(
                    Rate(session.images, last.rate, startup_s, self.benchmark),
                    *(self.model, self.device, self.precision, self.batch_size),
                )
        else:
            total = min(self.limit or run.n_samples, run.n_samples)
            progress(Progress(total, total, stage="already stored"))
        return _result_of(run)


@contextlib.contextmanager
def _ctrl_c_is_an_interrupt() -> Iterator[None]:
    """The evaluation's own word for Ctrl-C, after it has stored what was finished, as Python's."""
    from core.evaluate.loop import InterruptedRunError

    try:
        yield
    except InterruptedRunError as error:
        print(error, flush=True)
        raise KeyboardInterrupt from None


def _result_of(run: store.Run) -> Result:
    return {"model": run.model, "benchmark": run.benchmark, "identity": run.identity}


def _canonical(model: str) -> str:
    """A folder by its absolute path; one that can be named by its name alone, by that."""
    prefix = "local-dir:"
    if not model.startswith(prefix):
        return model
    folder = Path(model.removeprefix(prefix)).expanduser().resolve()
    named = (parent / folder.name for parent in paths.model_folders())
    found = next((path for path in named if (path / "config.json").is_file()), None)
    return folder.name if found == folder else f"{prefix}{folder}"


def _data_folder(benchmark: str, data: str | None) -> str:
    """The absolute folder of a benchmark's data."""
    known = benchmark_class(benchmark)
    root = find_data(benchmark, data or None)
    if root is None:
        raise UsageError(f"no data folder is given for '{benchmark}'. {known.how_to_get}")
    if not root.is_dir():
        raise UsageError(f"'{root}' is not a folder on this machine. {known.how_to_get}")
    return str(root)


def _require_device(device: str) -> None:
    kind, _, index = device.partition(":")
    if kind not in ("auto", "cpu", "cuda") or (index and (kind != "cuda" or not index.isdigit())):
        raise UsageError(f"unknown device '{device}'. Known: auto, cpu, cuda, cuda:0, ….")


def _require_at_least(least: int, name: str, value: int) -> None:
    if value < least:
        raise UsageError(f"{name} is {value}, but must be at least {least}.")


@dataclass(frozen=True)
class Diagnosis:
    """Which single change repairs a stored result's mistakes; see ``core.mistakes.diagnosis``.

    Attributes:
        model: As it was evaluated.
        benchmark: Key; of composed scenes.
        identity: Of the result, or its beginning; the newest one of the clean view if None.
        limit: Mistakes, drawn at random.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    """

    kind: ClassVar[str] = "diagnose"
    unit: ClassVar[str] = "mistake"
    modules: ClassVar[tuple[str, ...]] = ("core.mistakes.asking",)

    model: str
    benchmark: str
    identity: str | None = None
    limit: int = diagnosis.LIMIT
    device: str = "auto"

    @property
    def title(self) -> str:
        """``Diagnosis of diorama-bn on diorama/location``."""
        return f"Diagnosis of {self.model} on {self.benchmark}"

    @property
    def details(self) -> tuple[str, ...]:
        """The limit where it is not the usual one."""
        return () if self.limit == diagnosis.LIMIT else (f"at most {self.limit:,} mistakes",)

    def checked(self) -> Diagnosis:
        """The same with the whole identity of the result.

        Raises:
            UsageError: If there is no such result, or it cannot be diagnosed; says what to do.
        """
        benchmark_class(self.benchmark)
        _require_device(self.device)
        _require_at_least(1, "limit", self.limit)
        run = store.find_run(self.benchmark, self.model, self.identity, view="clean")
        diagnosis.composer_for(run)
        return replace(self, model=run.model, identity=run.identity)

    def run(self, progress: ProgressCallback) -> Result:
        """Diagnose; mistakes that are diagnosed already are kept."""
        from core.mistakes import asking

        run = store.find_run(self.benchmark, self.model, self.identity, view="clean")
        asking.diagnose(run, limit=self.limit, device=self.device, progress=progress)
        return _result_of(run)


@dataclass(frozen=True)
class Probe:
    """Whether the place is in a model's features; see ``core.explain.probes``.

    Attributes:
        model: As it was evaluated.
        benchmark: Key; its images have a category and locations.
        identity: Of the result, or its beginning; the newest one if None.
        seed: Of the draws and folds.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    """

    kind: ClassVar[str] = "probe"
    # First images, whose features are kept, then pairs of category and location.
    unit: ClassVar[str] = "step"
    modules: ClassVar[tuple[str, ...]] = ("core.evaluate.loop", "core.explain.probe_fit")

    model: str
    benchmark: str
    identity: str | None = None
    seed: int = 0
    device: str = "auto"

    @property
    def title(self) -> str:
        """``Probe of resnet50 on focus``."""
        return f"Probe of {self.model} on {self.benchmark}"

    @property
    def details(self) -> tuple[str, ...]:
        """The seed where it is not the usual one."""
        return (f"seed {self.seed}",) if self.seed else ()

    def checked(self) -> Probe:
        """The same with the whole identity of the result.

        Raises:
            UsageError: If there is no such result, or nothing to probe for; says what to do.
            DataError: If its images are no longer where they were.
        """
        benchmark_class(self.benchmark)
        _require_device(self.device)
        _require_at_least(0, "seed", self.seed)
        run = store.find_run(self.benchmark, self.model, self.identity)
        probes.samples_of(run)
        open_for(run)
        return replace(self, model=run.model, identity=run.identity)

    def run(self, progress: ProgressCallback) -> Result:
        """Keep the features and fit the probes."""
        run = store.find_run(self.benchmark, self.model, self.identity)
        probes.fit(run, open_for(run), device=self.device, seed=self.seed, progress=progress)
        return _result_of(run)


@dataclass(frozen=True)
class Generation:
    """A set of SI-Score images; see ``core.benchmarks.generate``.

    Attributes:
        foregrounds: Folder of cut-outs.
        backgrounds: Folder of images.
        factor: ``size``, ``location`` or ``rotation``.
        out: New folder, or one of an interrupted job with the same arguments.
        per_object: Backgrounds a cut-out is put on.
        min_inside: Smallest share of the object's box that must be inside, 0..1.
        seed: Of the draw of backgrounds.
    """

    kind: ClassVar[str] = "generate"
    unit: ClassVar[str] = "image"
    modules: ClassVar[tuple[str, ...]] = ()
    device: ClassVar[str] = "cpu"

    foregrounds: str
    backgrounds: str
    factor: str
    out: str
    per_object: int = 1
    min_inside: float = 0.0
    seed: int = 0

    @property
    def title(self) -> str:
        """``Images of si-score/size in /data/mine``."""
        return f"Images of si-score/{self.factor} in {self.out}"

    @property
    def details(self) -> tuple[str, ...]:
        """Backgrounds, share inside and seed where they are not the usual ones."""
        said = (
            (self.per_object != 1, f"{self.per_object:,} backgrounds a cut-out"),
            (self.min_inside > 0, f"at least {self.min_inside:.0%} inside"),
            (self.seed != 0, f"seed {self.seed}"),
        )
        return tuple(words for is_said, words in said if is_said)

    def checked(self) -> Generation:
        """The same with absolute folders.

        Raises:
            UsageError: If a value cannot be right; says which and what would be.
        """
        if self.factor not in generate.GRIDS:
            known = ", ".join(generate.GRIDS)
            raise UsageError(f"unknown factor '{self.factor}'.{nearest(self.factor, generate.GRIDS)} Known: {known}.")
        _require_at_least(1, "per_object", self.per_object)
        _require_at_least(0, "seed", self.seed)
        if not 0 <= self.min_inside <= 1:
            raise UsageError(f"min_inside is {self.min_inside:g}, but must be a share from 0 to 1.")
        folders = {name: _absolute(getattr(self, name)) for name in ("foregrounds", "backgrounds", "out")}
        for name in ("foregrounds", "backgrounds"):
            if not folders[name].is_dir():
                raise UsageError(f"{name} '{folders[name]}' is not a folder on this machine.")
        if folders["out"].is_file():
            raise UsageError(f"out '{folders['out']}' is a file; give a new folder.")
        return replace(self, **{name: str(folder) for name, folder in folders.items()})

    def run(self, progress: ProgressCallback) -> Result:
        """Compose the images; those that are there are kept."""
        generate.si_score_set(
            *(Path(self.foregrounds), Path(self.backgrounds), self.factor, Path(self.out)),
            per_object=self.per_object,
            min_inside=self.min_inside,
            seed=self.seed,
            progress=progress,
        )
        return {"benchmark": f"si-score/{self.factor}", "folder": self.out}


@dataclass(frozen=True)
class Import:
    """Logits that were computed elsewhere, as a model's predictions; see ``core.evaluate.imports``.

    Attributes:
        logits: An ``.npy`` or ``.npz`` file.
        name: What the model shall be called.
        data: Folder with the annotations; where they are found if None.
        order: Of the rows: ``file`` or ``class``.
        array: Name of the array in an ``.npz`` with several.
    """

    kind: ClassVar[str] = "import"
    unit: ClassVar[str] = "benchmark"
    modules: ClassVar[tuple[str, ...]] = ()
    device: ClassVar[str] = "cpu"

    logits: str
    name: str
    data: str | None = None
    order: imports.Order = "file"
    array: str | None = None

    @property
    def title(self) -> str:
        """``Logits vit3b.npy as vit-3b``."""
        return f"Logits {Path(self.logits).name} as {self.name}"

    @property
    def details(self) -> tuple[str, ...]:
        """The order of rows where it is not the published one."""
        return () if self.order == "file" else (f"rows by {self.order}",)

    def checked(self) -> Import:
        """The same with absolute paths.

        Raises:
            UsageError: If a value cannot be right; says which and what would be.
        """
        if not self.name.strip():
            raise UsageError("the model has no name: give one, such as vit-3b.")
        if self.order not in imports.ORDERS:
            known = ", ".join(imports.ORDERS)
            raise UsageError(f"order '{self.order}' is unknown.{nearest(self.order, imports.ORDERS)} Known: {known}.")
        logits = _absolute(self.logits)
        if not logits.is_file():
            raise UsageError(f"'{logits}' is not a file on this machine: give an .npy or .npz.")
        data = imports.annotated_folder(_absolute(self.data) if self.data else None)
        return replace(self, logits=str(logits), name=self.name.strip(), data=str(data))

    def run(self, progress: ProgressCallback) -> Result:
        """Store the predictions on each benchmark that the logits are of."""
        results = []
        for number, benchmark in enumerate(imports.BENCHMARKS):
            progress(Progress(number, len(imports.BENCHMARKS), stage=f"storing {benchmark.key}"))
            opened = benchmark(_absolute(self.data or ""))
            run = imports.import_logits(Path(self.logits), self.name, opened, order=self.order, array=self.array)
            results.append(_result_of(run))
        progress(Progress(len(results), len(results), stage="stored"))
        return results[0]


@dataclass(frozen=True)
class Refresh:
    """The embedded models on all of Diorama again; see ``core.embedded.refresh``.

    Attributes:
        workers: Threads; one a core if None.
    """

    kind: ClassVar[str] = "refresh"
    unit: ClassVar[str] = "image"
    modules: ClassVar[tuple[str, ...]] = ("core.embedded.refresh",)
    device: ClassVar[str] = "auto"
    title: ClassVar[str] = "Embedded models on all of Diorama"

    workers: int | None = None

    @property
    def details(self) -> tuple[str, ...]:
        """Nothing that a reader needs to know."""
        return ()

    def checked(self) -> Refresh:
        """The same.

        Raises:
            UsageError: If there are less than one worker.
        """
        if self.workers is not None:
            _require_at_least(1, "workers", self.workers)
        return self

    def run(self, progress: ProgressCallback) -> Result:
        """Evaluate every embedded model on every Diorama benchmark and write the cards."""
        from core.embedded.refresh import refresh

        @contextlib.contextmanager
        def bar(title: str) -> Iterator[ProgressCallback]:
            yield lambda now: progress(replace(now, stage=title))

        with _ctrl_c_is_an_interrupt():
            refresh(bar, workers=self.workers)
        return {"folder": str(paths.embedded_results())}


def _absolute(path: str | Path) -> Path:
    return Path(path).expanduser().resolve()


@dataclass(frozen=True)
class Unknown:
    """Work that this version cannot do: of a newer one, or damaged. It is shown, never run.

    Attributes:
        kind: As it is stored.
        device: As it is stored.
    """

    unit: ClassVar[str] = "step"
    modules: ClassVar[tuple[str, ...]] = ()
    details: ClassVar[tuple[str, ...]] = ("not known to this version",)

    kind: str
    device: str

    @property
    def title(self) -> str:
        """The stored kind."""
        return f"Job of kind '{self.kind}'"

    def checked(self) -> Unknown:
        """Never right.

        Raises:
            UsageError: Always.
        """
        raise self._refusal()

    def run(self, progress: ProgressCallback) -> Result:
        """Never done.

        Raises:
            UsageError: Always.
        """
        del progress
        raise self._refusal()

    def _refusal(self) -> UsageError:
        return UsageError(
            f"this version cannot read a job of kind '{self.kind}': update Offcenter. Known: {', '.join(KINDS)}."
        )


KINDS: dict[str, type[Arguments]] = {
    kind.kind: kind for kind in (Evaluation, Diagnosis, Probe, Generation, Import, Refresh)
}


def read_arguments(kind: str, device: str, content: Any) -> Arguments:
    """Arguments from their fields; ``Unknown`` where this version cannot read them."""
    try:
        return KINDS[kind](**content)
    except (KeyError, TypeError):
        return Unknown(kind, device)
