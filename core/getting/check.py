"""Point and check: whether a folder is the data of a benchmark, and what of it is amiss, in plain words."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from core import benchmarks, paths
from core.benchmarks import listing
from core.benchmarks.base import Benchmark
from core.benchmarks.imagenet_masks import ImageNetMasks
from core.errors import OffcenterError, StorageError, nearest
from core.getting import addresses, resemblance
from core.getting.expected import Expected, expected, is_published, nearest_count
from core.images.opening import as_rgb
from core.labels import IMAGENET_1K, label_space
from core.wording import count

Severity = Literal["fine", "worth knowing", "wrong"]
#: From the mildest on.
SEVERITIES: tuple[Severity, ...] = ("fine", "worth knowing", "wrong")
#: Images that are opened.
N_OPENED = 20
_SHOWN = 3
#: Beginnings of names of files that say nothing about single images.
_ABOUT = ("README", "LICEN")
_AGAIN = "Download or unpack it again."


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        about: ``layout``, ``images``, ``count``, ``classes``, ``annotations`` or ``note``.
        severity: ``fine``, ``worth knowing`` or ``wrong``.
        said: What was found.
        fix: What to do about it; empty where nothing is to be done.
    """

    about: str
    severity: Severity
    said: str
    fix: str = ""


@dataclass(frozen=True)
class Checked:
    """What was found in a folder.

    Attributes:
        key: Of the benchmark.
        folder: As it was given or known; empty if none is.
        root: Where in it the data are, or None if they were not recognised.
        n_images: Images that the benchmark has there.
        findings: In the order in which a reader wants them.
    """

    key: str
    folder: str
    root: str | None
    n_images: int
    findings: tuple[Finding, ...]

    @property
    def severity(self) -> Severity:
        """The worst of the findings."""
        return max((each.severity for each in self.findings), key=SEVERITIES.index, default="fine")

    @property
    def verdict(self) -> str:
        """All of it in a sentence."""
        where = f" in {self.folder}" if self.folder else ""
        if self.root is None:
            return f"{self.key}: not found{where}."
        n = Counter(each.severity for each in self.findings)
        amiss = [f"{n[name]} {name}" for name in ("wrong", "worth knowing") if n[name]]
        found = f"{self.key}: {count(self.n_images, 'image')}{where}"
        return f"{found}; {', '.join(amiss)}." if amiss else f"{found}; all is fine."

    def to_json(self) -> dict[str, Any]:
        """As JSON values, with severity and verdict."""
        return {**asdict(self), "severity": self.severity, "verdict": self.verdict}


def check(key: str, folder: Path | str | None = None, images: Path | str | None = None, *, seed: int = 0) -> Checked:
    """Look at a folder as the data of a benchmark; nothing is kept or changed.

    Args:
        key: Of a benchmark, a published one or one's own.
        folder: Of its data; by default the one that would be used.
        images: ImageNet's folder, for a benchmark of masks alone.
        seed: Of the draw of images that are opened.

    Raises:
        UsageError: If there is no such benchmark.
    """
    benchmarks.benchmark_class(key)
    try:
        root = benchmarks.find_data(key, folder)
        problem = _no_folder(key, folder, root)
        if problem is None and root is not None:
            return _checked(key, root, images, seed)
    except OffcenterError as error:
        root, problem = None, Finding("layout", "wrong", str(error), _how_to_get(key))
    except Exception as error:
        # No name of a folder, and no file system, may end in a traceback.
        said = f"{folder or root} cannot be looked at ({error})."
        root, problem = None, Finding("layout", "wrong", said, f"python -m core data check {key} DIR")
    return Checked(key, str(root or folder or ""), None, 0, (problem,) if problem else ())


def _how_to_get(key: str) -> str:
    """The steps to a benchmark's data, and the command where there is one."""
    entry = addresses.known().get(key)
    can_fetch = entry is not None and (entry.hub or any(file.addresses for file in entry.files))
    command = f" Or: python -m core data fetch {key}" if can_fetch else ""
    return f"{benchmarks.benchmark_class(key).how_to_get}{command}"


def _no_folder(key: str, folder: Path | str | None, root: Path | None) -> Finding | None:
    """Why there is no folder to look into, or None."""
    if root is None:
        return Finding("layout", "wrong", f"no data folder is known for '{key}'.", _how_to_get(key))
    again = f"python -m core data check {key} DIR"
    if folder is not None and not str(folder).strip():
        return Finding("layout", "wrong", "the name of the folder is empty.", f"Give one: {again}")
    if paths.is_folder(root):
        return None
    if root.is_file():
        if resemblance.is_archive(root):
            return Finding("layout", "wrong", f"{root} is an archive.", f"Unpack it and give the folder: {again}")
        return Finding("layout", "wrong", f"{root} is a file.", f"Give the folder that holds it: {again}")
    if root.exists():
        return Finding("layout", "wrong", f"{root} is no folder.", f"Give another: {again}")
    try:
        beside = [each.name for each in root.parent.iterdir()] if root.parent.is_dir() else []
    except OSError:
        beside = []
    return Finding("layout", "wrong", f"{root} is not there.{nearest(root.name, beside)}", f"Give another: {again}")


def _checked(key: str, folder: Path, images: Path | str | None, seed: int) -> Checked:
    benchmark, samples, error = None, pd.DataFrame(), ""
    try:
        benchmark = benchmarks.open_benchmark(key, folder, images)
        samples = benchmark.samples(benchmark.label_spaces[0])
    except OffcenterError as problem:
        error = str(problem)
    except Exception as problem:
        # Data that nobody foresaw are a finding, too.
        error = f"{type(problem).__name__}: {problem}"
    if benchmark is None or error or samples.empty:
        said = error or "there are no images in it."
        return Checked(key, str(folder), None, 0, tuple(_unrecognised(key, folder, said)))
    wanted = expected(key)
    findings = (
        *_layout(key, folder, benchmark),
        *_counts(key, len(samples), wanted),
        *_classes(samples, wanted),
        *_annotations(benchmark, samples),
        *_opened(benchmark, samples, seed),
        *(Finding("note", "worth knowing", text) for text in benchmark.notes),
    )
    return Checked(key, str(folder), str(benchmark.root), len(samples), findings)


def _unrecognised(key: str, folder: Path, error: str) -> Iterator[Finding]:
    """One answer for a folder that is not the benchmark's: what it is instead, or what was looked for."""
    how_to_get = benchmarks.benchmark_class(key).how_to_get
    like = resemblance.looks_like(folder, key)
    if like is not None and key in like.keys and like.folder == folder:
        # It is of this benchmark, and the reader says what is wrong with it.
        fix = "" if how_to_get in error else _how_to_get(key)
        if benchmarks.has_masks_alone(key):
            fix = f"python -m core data check {key} {folder} --images IMAGENET"
        yield Finding("layout", "wrong", error, fix)
        return
    said = f"this is not the data of '{key}'. Looked for: {expected(key).layout}."
    if like is not None and like.keys:
        where = "It" if like.folder == folder else f"Its folder {like.folder.name}"
        found = key if key in like.keys else like.keys[0]
        said += f" {where} looks like '{found}': {like.why}."
        yield Finding("layout", "wrong", said, f"python -m core data check {found} {like.folder}")
        return
    archives = resemblance.archives_in(folder)
    if archives:
        more = f" and {len(archives) - _SHOWN} more" if len(archives) > _SHOWN else ""
        said += f" It holds archives: {', '.join(archives[:_SHOWN])}{more}."
        yield Finding("layout", "wrong", said, f"Unpack them, then: python -m core data check {key} {folder}")
        return
    if next(iter(folder.iterdir()), None) is None:
        yield Finding("layout", "wrong", f"{said} The folder is empty.", _how_to_get(key))
        return
    fix = _how_to_get(key)
    if like is not None:
        said += f" {_sentence(like.why)}."
        fix += f" For images of your own: python -m core data add NAME {folder}"
    yield Finding("layout", "wrong", f"{said} {_sentence(error.replace(how_to_get, '').strip())}", fix)


def _sentence(said: str) -> str:
    """With a capital letter, unless it begins with a path or a name in quotes."""
    return said[:1].upper() + said[1:]


def _layout(key: str, folder: Path, benchmark: Benchmark) -> Iterator[Finding]:
    inside = f", in {benchmark.root}" if benchmark.root != folder else ""
    yield Finding("layout", "fine", f"recognised as '{key}'{inside}.")
    like = resemblance.looks_like(benchmark.root) if benchmark.embedded is None else None
    if like is None or not like.keys or not like.is_sure or key in like.keys or not is_published(key):
        return
    severity: Severity = "worth knowing" if expected(key).is_open else "wrong"
    yield Finding(
        "layout",
        severity,
        f"it looks like '{like.keys[0]}': {like.why}.",
        f"python -m core data check {like.keys[0]} {folder}",
    )


def _counts(key: str, n: int, wanted: Expected) -> Iterator[Finding]:
    known = nearest_count(wanted.counts, n)
    if known is None:
        yield Finding("count", "fine", f"{count(n, 'image')}; no published number is known to compare with.")
        return
    is_own = not is_published(key)
    stated = f"{known.what} ({known.source})"
    if n == known.n:
        said = f"as were added ({known.source})" if is_own else f"as published for {stated}"
        yield Finding("count", "fine", f"{count(n, 'image')}, {said}.")
        return
    fix = "Look for images that are there twice, or of another release."
    if wanted.is_open:
        fix = "Nothing, if these are images of your own; numbers of other images are not comparable."
    elif n < known.n:
        fix = f"Numbers of a part are not comparable with published ones. {_AGAIN}"
    there = f"{known.n:,} were added ({known.source})" if is_own else f"{known.n:,} are published for {stated}"
    if is_own:
        fix = "Bring them back, or give the folder that holds them now with --data DIR."
    yield Finding("count", "worth knowing", f"{count(n, 'image')}; {there}.", fix)


def _classes(samples: pd.DataFrame, wanted: Expected) -> Iterator[Finding]:
    column = next((name for name in ("wnid", "class", "category") if name in samples), None)
    labels = samples[column].astype(str) if column else samples["accepted"].map(tuple).astype(str)
    per_class = Counter(labels)
    shown = samples["class"].astype(str) if "class" in samples else labels
    said = f"{count(len(per_class), 'class', 'classes')} understood, such as {shown.iloc[0]}"
    if wanted.n_classes is None or len(per_class) == wanted.n_classes:
        yield Finding("classes", "fine", f"{said}.")
    else:
        part = f"{said}; the whole set has {wanted.n_classes:,}{_missing(samples, wanted.n_classes)}."
        yield Finding("classes", "worth knowing", part, "" if wanted.is_open else _AGAIN)
    if wanted.per_class is not None:
        uneven = {name: n for name, n in per_class.items() if n != wanted.per_class}
        if uneven:
            some = ", ".join(f"{name} ({n})" for name, n in sorted(uneven.items())[:_SHOWN])
            said = f"{count(len(uneven), 'class', 'classes')} without exactly {wanted.per_class} images: {some}."
            yield Finding("classes", "worth knowing", said, _AGAIN)


def _missing(samples: pd.DataFrame, n_classes: int) -> str:
    """Examples of the classes that are missing, where all of ImageNet's should be there."""
    space = label_space(IMAGENET_1K)
    if "wnid" not in samples or n_classes != len(space):
        return ""
    there = set(samples["wnid"])
    absent = [f"{wnid} ({name})" for wnid, name in zip(space.wnids, space.names, strict=True) if wnid not in there]
    more = f" and {len(absent) - _SHOWN:,} more" if len(absent) > _SHOWN else ""
    return f"; missing are {', '.join(absent[:_SHOWN])}{more}" if absent else ""


def _annotations(benchmark: Benchmark, samples: pd.DataFrame) -> Iterator[Finding]:
    if isinstance(benchmark, ImageNetMasks):
        yield Finding(
            "annotations", "fine", f"{count(len(samples), 'mask')} with an image in {benchmark.images_folder}."
        )
    try:
        names = [path.name for path in benchmark.label_files()]
        files = [name for name in names if not name.upper().startswith(_ABOUT)]
    except OffcenterError:
        files = []
    if files:
        more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
        yield Finding("annotations", "fine", f"files beside the images: {', '.join(files[:_SHOWN])}{more}.")


def _opened(benchmark: Benchmark, samples: pd.DataFrame, seed: int) -> Iterator[Finding]:
    ids = samples["sample_id"].tolist()
    drawn = sorted(random.Random(seed).sample(ids, min(N_OPENED, len(ids))))
    failed = [(sample_id, said) for sample_id in drawn if (said := _problem(benchmark, sample_id))]
    how = "all" if len(drawn) == len(ids) else f"{len(drawn)} drawn at random (seed {seed})"
    if not failed:
        yield Finding("images", "fine", f"{count(len(drawn), 'image')} opened, {how}: each is an image.")
        return
    by_reason: dict[str, list[str]] = {}
    for sample_id, said in failed:
        by_reason.setdefault(said, []).append(sample_id)
    reasons = "; ".join(f"{said}: {', '.join(map(listing.shown, names))}" for said, names in by_reason.items())
    yield Finding(
        "images",
        "wrong",
        f"{len(failed)} of {len(drawn)} images, {how}, cannot be used. {_sentence(reasons)}.",
        "Get these files again; an evaluation would record them as failed, and go on with the others.",
    )


def _problem(benchmark: Benchmark, sample_id: str) -> str:
    """Why an image or its mask cannot be used; empty if they can."""
    try:
        as_rgb(benchmark.image(sample_id))
        benchmark.mask(sample_id)
    except OffcenterError as error:
        if isinstance(error, StorageError):
            return str(error).rstrip(".")
        is_cut = "truncated" in str(error).lower()
        return _what_it_is(benchmark, sample_id) or ("the file is cut off" if is_cut else str(error).rstrip("."))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _what_it_is(benchmark: Benchmark, sample_id: str) -> str:
    """What a file that is no image is instead, where its first bytes say so."""
    try:
        path = benchmark.path(sample_id)
        if path is None:
            return ""
        with path.open("rb") as stream:
            begin = stream.read(256)
    except (OSError, OffcenterError):
        return ""
    if not begin:
        return "the file is empty"
    if begin[4:8] == b"ftyp":
        return "it is in the format HEIC, AVIF or MP4, whatever its name: save it as JPEG or PNG"
    if begin.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS, not the file itself (git lfs pull)"
    if begin.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "it is a web page, which a download left in place of the file"
    is_text = begin.isascii() and all(byte in b"\t\n\r\f" or byte >= 32 for byte in begin)
    return "it is a text file with the suffix of an image" if is_text else ""
