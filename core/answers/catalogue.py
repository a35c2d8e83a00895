"""What can be looked at: models and benchmarks with stored results, and what is missing. Reads manifests, no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace

from core import paths, store
from core.benchmarks import benchmark_class, find_data, known_benchmarks, published_benchmarks
from core.benchmarks.base import Benchmark
from core.errors import LabelSpaceError, UsageError
from core.labels import IMAGENET_1K, OWN, UNNAMED, label_space
from core.models import presets, zero_shot
from core.store import specs, weights
from core.wording import count
from core.wording import weights as said_of_weights

#: Label spaces in a reader's words.
_SPACES = {"imagenet-1k": "1,000 ImageNet classes", "focus-10": "10 FOCUS classes"}
#: How sources begin that are files of predictions; see ``core.evaluate.imported``.
_FILES = ("predictions:", "logits:")
#: Where a model comes from, in a reader's words, by the prefix of its name.
KINDS = {
    specs.LOCAL_DIR: "timm",
    specs.HF_HUB: "timm",
    specs.TORCHVISION: "torchvision",
    specs.OPEN_CLIP: "OpenCLIP, zero-shot",
    specs.TRANSFORMERS: "transformers",
    specs.ONNX: "ONNX",
    specs.PYTHON: "Python function",
}
#: Digits that tell one content from another.
_CONTENT_DIGITS = 12


@dataclass(frozen=True)
class KnownModel:
    """A model that has a stored result or a folder on this machine.

    Attributes:
        name: What a reader tells it by; see ``told_apart``.
        source: What to type to get it.
        label_space: Of its output; empty until it is evaluated.
        input_px: Side of its input in pixels, or None until it is evaluated.
        megabytes: Of its weights, or None if they are not in a model folder here.
        benchmarks: Keys of the benchmarks it has results on.
        is_imported: Whether a result of it was made elsewhere.
        is_file: Whether only a file of its predictions is known, so that it cannot be run.
    """

    name: str
    source: str
    label_space: str = ""
    input_px: int | None = None
    megabytes: float | None = None
    benchmarks: tuple[str, ...] = ()
    is_imported: bool = False
    is_file: bool = False

    @property
    def kind(self) -> str:
        """Where it comes from, in words; empty where only predictions of it are known."""
        return "" if self.is_file else KINDS[kind_of(self.source)]

    @property
    def details(self) -> str:
        """Label space and size in words."""
        parts = [space_in_words(self.label_space)]
        parts += [self.kind] if self.kind not in ("", KINDS[specs.LOCAL_DIR]) else []
        parts += ["imported"] if self.is_imported else []
        parts += [f"{self.input_px} px"] if self.input_px else []
        parts += [size_in_words(self.megabytes)] if self.megabytes else []
        return " · ".join(part for part in parts if part) or "not evaluated yet"


@dataclass(frozen=True)
class _Weights:
    """A network that can be chosen: weights under a short name; ``source`` is where they were found last."""

    name: str
    fingerprint: str
    source: str


def space_in_words(key: str) -> str:
    """A label space as a reader knows it: ``1,000 ImageNet classes``, ``7 classes of your own``; its key otherwise."""
    if key.startswith(UNNAMED) and key.removeprefix(UNNAMED).isdecimal():
        return f"{count(int(key.removeprefix(UNNAMED)), 'output')} without names"
    if not key.startswith(OWN):
        return _SPACES.get(key, key)
    try:
        return f"{len(label_space(key)):,} classes of your own"
    except LabelSpaceError:
        return "classes of your own"


def kind_of(source: str) -> str:
    """Which of ``specs.PREFIXES`` loads a model; names of timm's are of ``local-dir``."""
    asked = specs.parsed(source)
    if asked.kind:
        return asked.kind
    folder = weights.folder_of(source)
    return specs.LOCAL_DIR if folder is None else weights.kind_of(folder)


def may_fit(model: KnownModel, spaces: Sequence[str]) -> bool:
    """Whether a model's classes fit a benchmark, or may, where they are not known yet.

    Args:
        model: One that can be run.
        spaces: Label spaces of the benchmark.
    """
    if model.is_file:
        return False
    if model.label_space in ("", *spaces):
        # Which classes texts name is known before it is evaluated.
        return bool(model.label_space) or IMAGENET_1K in spaces or not _names_imagenet(model.source, spaces)
    return zero_shot.fitted(model.source, spaces) != model.source


def _names_imagenet(source: str, spaces: Sequence[str]) -> bool:
    """Whether texts name ImageNet's classes for a model, on a benchmark of these label spaces too."""
    if kind_of(source) != specs.OPEN_CLIP or zero_shot.CLASSES in specs.parsed(source).options:
        return False
    return zero_shot.fitted(source, spaces) == source


def told_apart(runs: Sequence[store.Run]) -> list[store.Run]:
    """Runs whose ``label`` tells their models apart: by the path where folders share a name, else by the weights."""
    labels = _labels(_networks(runs))
    return [replace(run, alias=labels[run.model, run.fingerprint]) for run in runs]


def known_models(runs: Sequence[store.Run]) -> dict[str, KnownModel]:
    """Models by label: those with results first, then what else is in folders on this machine; each sorted by label.

    A folder whose weights are others than those that were evaluated is a model of its own.

    Args:
        runs: As ``told_apart`` gives them.
    """
    networks = _networks(runs)
    labels = _labels(networks)
    found: dict[str, KnownModel] = {}
    for run in sorted(runs, key=lambda run: (run.label, run.benchmark)):
        earlier = found.get(run.label)
        source = next(each.source for each in networks if (each.name, each.fingerprint) == (run.model, run.fingerprint))
        found[run.label] = KnownModel(
            run.label,
            source,
            # What its outputs are by themselves: another benchmark may take them for other classes.
            run.manifest.model.label_space,
            _input_px(run),
            megabytes_of(source),
            tuple(dict.fromkeys([*(earlier.benchmarks if earlier else ()), run.benchmark])),
            run.is_imported or bool(earlier and earlier.is_imported),
            run.is_imported and not run.preprocessing,
        )
    waiting = {labels[each.name, each.fingerprint]: each.source for each in networks}
    for label in sorted(set(waiting) - set(found)):
        found[label] = KnownModel(label, waiting[label], megabytes=megabytes_of(waiting[label]))
    return found


def _networks(runs: Sequence[store.Run]) -> list[_Weights]:
    """Every network with a result, and every one in a folder here; the same weights under one name once."""
    found = {(run.model, run.fingerprint): run.source for run in reversed(runs)}
    evaluated = [folder for source in found.values() if (folder := weights.folder_of(source)) is not None]
    as_they_are = {weights.folder_of(source) for source in found.values() if not _is_shown_otherwise(source)}
    folders = list(dict.fromkeys([*weights.local_folders(), *evaluated]))
    shared = Counter([*(name for name, _ in found), *(folder.name for folder in folders)])
    for folder in folders:
        if folder in as_they_are and weights.kind_of(folder) != specs.LOCAL_DIR:
            # Their results name them otherwise than their folder: by prompts, by a file.
            continue
        # The weights are read, once, only where there is something to tell them from.
        fingerprint = (weights.fingerprint_in(folder) or "") if shared[folder.name] > 1 else ""
        if fingerprint or shared[folder.name] == 1:
            found[folder.name, fingerprint] = weights.source_of(folder)
    return [_Weights(name, fingerprint, source) for (name, fingerprint), source in found.items()]


def _is_shown_otherwise(source: str) -> bool:
    """Whether a model is shown images in another way than its own."""
    return not presets.OPTIONS.isdisjoint(specs.parsed(source).options)


def _labels(networks: Sequence[_Weights]) -> dict[tuple[str, str], str]:
    """Label by short name and fingerprint: the name; of several, the shortest end of the path that tells them apart."""
    labels: dict[tuple[str, str], str] = {}
    for name, group in _grouped(networks, lambda each: each.name).items():
        for source, same in _grouped(group, lambda each: each.source).items():
            others = {each.source for each in group} - {source}
            shown = _told(name, source, others)
            for each in same:
                which = said_of_weights(each.fingerprint, is_file=source.startswith(_FILES))
                retrained = f" ({which})" if len(same) > 1 else ""
                labels[each.name, each.fingerprint] = shown + retrained
    return labels


def _grouped(networks: Sequence[_Weights], key: Callable[[_Weights], str]) -> dict[str, list[_Weights]]:
    groups: dict[str, list[_Weights]] = {}
    for each in networks:
        groups.setdefault(key(each), []).append(each)
    return groups


def _told(name: str, source: str, others: Set[str]) -> str:
    """What tells a model from others of its short name: the end of its path, and what its name says of options."""
    asked = specs.parsed(source)
    elsewhere = {specs.parsed(other).where for other in others} - {asked.where}
    folder = asked.where.rpartition("/")[2].removesuffix(weights.ONNX_SUFFIX)
    said = name.removeprefix(folder) if asked.options and name.startswith(folder) else ""
    shown = _shortest(name.removesuffix(said), asked.where, elsewhere) + said
    return f"{shown} [{source}]" if asked.where in {specs.parsed(other).where for other in others} else shown


def _shortest(name: str, source: str, others: Set[str]) -> str:
    """The shortest end of a source's path that no other source ends with."""
    parts = source.split("/")
    if len(parts) == 1 or not others:
        return name
    ends = ("/".join(parts[-n:]) for n in range(1, len(parts) + 1))
    return next((end for end in ends if not any(f"/{other}".endswith(f"/{end}") for other in others)), source)


def _input_px(run: store.Run) -> int | None:
    """Side of the model's input; None for predictions that were imported."""
    size = run.preprocessing.get("input_size")
    return int(size[1]) if size else None


def size_in_words(megabytes: float) -> str:
    """``1.71 GB``, ``18.6 MB``, ``0.448 MB``."""
    if megabytes >= 999.5:
        return f"{megabytes / 1000:.3g} GB"
    return f"{megabytes:.3g} MB" if megabytes >= 0.001 else "less than 1 kB"


def megabytes_of(source: str) -> float | None:
    """Size of a model's weights; None if they are not in a model folder here."""
    folder = weights.folder_of(source)
    size = weights.bytes_of(folder) if folder else None
    return size / 1e6 if size else None


def family_of(key: str) -> str:
    """``si-score/size`` and ``si-score/location`` are both of ``si-score``."""
    return key.partition("/")[0]


def families(keys: Iterable[str]) -> dict[str, str]:
    """Title by family, of some benchmarks."""
    return {family_of(key): benchmark_class(key).title.partition(":")[0] for key in keys}


def members(family: str) -> list[str]:
    """Keys of a family's benchmarks."""
    return [key for key in known_benchmarks() if family_of(key) == family]


def is_own(key: str) -> bool:
    """Whether a benchmark is a user's own."""
    return key in known_benchmarks() and key not in published_benchmarks()


def titles(keys: Iterable[str]) -> dict[str, str]:
    """Title by key, each told apart from the others."""
    found = {key: benchmark_class(key).title for key in keys}
    shared = Counter(found.values())
    return {key: title if shared[title] == 1 else f"{title} ({key})" for key, title in found.items()}


def varied(benchmark: type[Benchmark]) -> tuple[str, ...]:
    """The factors a benchmark was made to vary: those of its first table."""
    return benchmark.tables[0].by if benchmark.tables else ()


def benchmarks_varying(*factors: str) -> list[str]:
    """Keys of the benchmarks whose first table is by one of these factors."""
    return [key for key, known in known_benchmarks().items() if set(varied(known)) & set(factors)]


def newest_run(
    runs: Sequence[store.Run],
    model: str,
    benchmark: str,
    view: str = "clean",
    content: str = "",
    pinned: Sequence[str] = (),
) -> store.Run | None:
    """A model's result on a benchmark: pinned ones first, complete before partial, then the newest; None if none.

    Args:
        runs: As ``told_apart`` gives them.
        model: A run's label.
        benchmark: Key.
        view: What was done to images.
        content: Only on these data; the beginning of a run's content.
        pinned: Beginnings of identities that come first.
    """
    fitting = [
        run
        for run in runs
        if (run.label, run.benchmark, run.view) == (model, benchmark, view) and run.content.startswith(content)
    ]

    def rank(run: store.Run) -> tuple[bool, bool, str]:
        return any(run.identity.startswith(each) for each in pinned), run.complete, run.manifest.updated

    return max(fitting, key=rank, default=None)


def copies_of_data(runs: Iterable[store.Run], benchmark: str) -> dict[str, str]:
    """The data that a benchmark's results are of: label by the beginning of the content, newest first.

    The label is the shortest end of the folder's path that tells them apart, with the number of images.
    """
    found: dict[str, store.Run] = {}
    for run in runs:
        if run.benchmark == benchmark and run.view == "clean":
            found.setdefault(run.content[:_CONTENT_DIGITS], run)
    roots = {content: run.entry.root for content, run in found.items()}
    labels = {}
    for content, run in found.items():
        root = roots[content]
        others = {other for key, other in roots.items() if key != content}
        name = _shortest(root, root, others) if root and root not in others else f"{root} {content}".strip()
        labels[content] = f"{name} · {run.n_samples:,} images"
    return labels


def data_of(key: str) -> Benchmark | None:
    """A benchmark on its data, or None if the data are not on this machine."""
    root = find_data(key)
    if root is None or not paths.is_there(root):
        return None
    try:
        return benchmark_class(key)(root)
    except UsageError:
        return None
