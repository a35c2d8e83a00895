"""Everything that a bundle holds, within its budget: a draft, and as many images as there is room for."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from core import store
from core.bundle import pictures
from core.bundle.answers import Answers
from core.bundle.choosing import Shown, in_words, rounds
from core.bundle.content import Content, canonical, digest_of, embedded, parts_of, plain
from core.bundle.draft import Draft, draft
from core.bundle.options import MB, Options
from core.bundle.pictures import Album
from core.errors import UsageError
from core.figures.exhibits import Pick
from core.labels import class_names
from core.types import Progress, ProgressCallback
from core.wording import count

#: Folder of the pictures beside a page.
PICTURES = "images"
#: Bytes kept free for the sentences that say what was left out.
_RESERVE = 2000
#: Images that are opened together.
_BATCH = 64
#: Times that images are chosen again where the file came out larger than its parts.
_TRIES = 6
#: Figures that are named where a bundle is too large.
_NAMED = 3
_NO_MAP = "a map was not made of this image: --saliency with a larger number makes more"


@dataclass(frozen=True)
class Bundle:
    """One file to send, or the files of a folder.

    Attributes:
        content: Sealed: with its digests.
        page: HTML.
        files: Bytes by path relative to the page; none where pictures are inside.
        is_folder: Whether pictures lie beside the page.
    """

    content: Content
    page: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)
    is_folder: bool = False

    @property
    def n_bytes(self) -> int:
        """Of all files."""
        return len(self.page) + sum(map(len, self.files.values()))


def collect(
    runs: Sequence[store.Run], options: Options | None = None, progress: ProgressCallback | None = None
) -> Content:
    """What a bundle of some results holds.

    Args:
        runs: Of any models, benchmarks and families of views, in the order in which they are shown; sentences are about
            the first model, differences are of others less that one.
        options: What goes in.
        progress: Called along the way.

    Raises:
        UsageError: If there is nothing to show, a figure is unknown, or there is no room even without images.
    """
    return build(runs, options, progress).content


def build(
    runs: Sequence[store.Run], options: Options | None = None, progress: ProgressCallback | None = None
) -> Bundle:
    """The page of some results with what lies beside it, within its budget; see ``collect``."""
    options = options or Options()
    drafted = draft(runs, options, progress)
    filling = Filling(drafted, options, progress)
    bare = _sealed(drafted, _Filled(), options, filling.album)
    room = options.most_bytes - bare.n_bytes - _RESERVE
    if bare.n_bytes > options.most_bytes:
        raise _too_large(drafted, options, bare.n_bytes)
    if not options.images:
        return bare
    for _ in range(_TRIES):
        found = _sealed(drafted, filling.filled(max(room, 0)), options, filling.album)
        if found.n_bytes <= options.most_bytes:
            return found
        room -= found.n_bytes - options.most_bytes + _RESERVE
    return bare


@dataclass
class _Filled:
    """Images that were chosen.

    Attributes:
        images: Entries by id.
        pictures: WebP by id.
        shown: Images of each point, in the order in which they were chosen.
        wanted: Images that would be inside if there were room.
        n_maps: Images with maps.
    """

    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    shown: dict[str, list[tuple[str, Shown]]] = field(default_factory=dict)
    wanted: int = 0
    n_maps: int = 0
    spent: int = 0


@dataclass(frozen=True)
class _Made:
    """One image, ready to go in."""

    entry: dict[str, Any]
    pictures: dict[str, bytes]


class Filling:
    """Puts images into a draft, as many as there is room for; what was made once is kept for another try.

    Args:
        drafted: The draft.
        options: What goes in.
        progress: Called with each image.
    """

    def __init__(self, drafted: Draft, options: Options, progress: ProgressCallback | None = None) -> None:
        self._draft, self._options, self._progress = drafted, options, progress
        self.album = Album()
        self._made: dict[str, _Made] = {}
        self._answers: dict[tuple[str, str], Answers] = {}
        self._order = self._turns()
        self._pictures: dict[str, bytes | str] = {}
        self._queue = list({image: (drafted.picks[name].run, shown) for name, shown, image in self._order}.items())
        self._every = list({_of(pick.run): pick.run for pick in drafted.picks.values()}.values())

    def _turns(self) -> list[tuple[str, Shown, str]]:
        """Points and their images in the order in which they go in, with the image's id."""
        counted = self._draft.counted
        lengths = {name: len(each.candidates) for name, each in counted.items()}
        turns = rounds(self._draft.groups, lengths, self._options.per_point)
        found = []
        for name, number in turns:
            shown = counted[str(name)].candidates[number]
            found.append((str(name), shown, image_id(self._draft.picks[str(name)].run, shown)))
        return found

    def filled(self, room: int) -> _Filled:
        """As many images as fit into so many bytes; every point has its first before any has its second."""
        found = _Filled(wanted=len({image for _, _, image in self._order}))
        is_full = False
        for name, shown, image in self._order:
            if image not in found.images:
                if is_full or not (made := self._fitting(image, name, shown, found, room)):
                    is_full = True
                    continue
                found.images[image] = made.entry
                found.pictures |= made.pictures
            cost = len(embedded(_shown(image, shown, self._draft.picks[name])).encode()) + 1
            if found.spent + cost > room:
                is_full = True
                continue
            found.spent += cost
            found.shown.setdefault(name, []).append((image, shown))
        return found

    def _fitting(self, image: str, name: str, shown: Shown, found: _Filled, room: int) -> _Made | None:
        """An image, if there is room for it, which is then taken."""
        with_maps = found.n_maps < self._options.saliency
        made = self._made.get(image)
        if made is None:
            made = self._made[image] = self._make(image, self._draft.picks[name], shown, with_maps)
            if self._progress is not None:
                self._progress(Progress(len(self._made), found.wanted, stage="preparing images"))
        new = {key: encoded for key, encoded in made.pictures.items() if key not in found.pictures}
        cost = len(embedded({image: made.entry}).encode()) + sum(
            len(encoded) + len(_path(key)) if self._options.is_folder else math.ceil(len(encoded) / 3) * 4 + 24
            for key, encoded in new.items()
        )
        cost += 32 * len(new)
        if found.spent + cost > room:
            return None
        found.spent += cost
        found.n_maps += with_maps
        return made

    def _make(self, image: str, pick: Pick, shown: Shown, with_maps: bool) -> _Made:
        run, kept = pick.run, {}

        def keep(picture: bytes | str) -> tuple[str, str]:
            if isinstance(picture, str):
                return "", picture
            kept[pictures.name_of(picture)] = picture
            return pictures.name_of(picture), ""

        here, problem = keep(self._picture(image))
        answers = {}
        for other in self._beside(run):
            told = self._told(other)
            said = told.of(shown.sample_id, shown.view)
            if said is None:
                continue
            best = told.best(shown.sample_id, shown.view)
            heat, why = "", ""
            if best:
                asked = pictures.silent(other) if not with_maps or not here else ""
                asked = asked or (problem if not here else "") or ("" if with_maps else _NO_MAP)
                heat, why = keep(asked or self.album.saliency(other, shown.sample_id, shown.view, best[0][0]))
            answers[other.label] = {**said, "saliency": heat, "why_no_map": why}
        entry = {
            "benchmark": run.benchmark,
            "sample_id": shown.sample_id,
            "view": shown.view,
            "true": shown.true,
            "picture": here,
            "problem": problem,
            "answers": answers,
        }
        return _Made(plain(entry), kept)

    def _picture(self, image: str) -> bytes | str:
        """An image as WebP, or why there is none; those that come next are prepared at once, on all cores."""
        while image not in self._pictures:
            first = len(self._pictures)
            batch = self._queue[first : first + _BATCH]
            for _, (run, _) in batch:
                self.album.source_of(run)
            with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
                found = pool.map(lambda each: self.album.picture(each[1][0], each[1][1].sample_id), batch)
                self._pictures |= {name: picture for (name, _), picture in zip(batch, found, strict=True)}
        return self._pictures[image]

    def _beside(self, run: store.Run) -> list[store.Run]:
        """The results that have the same image: of other data an image of the same name is another image."""
        return [
            other
            for other in self._every
            if (other.benchmark, other.view, other.content) == (run.benchmark, run.view, run.content)
        ]

    def _told(self, run: store.Run) -> Answers:
        """By what the page counts as right, though points of confusions are about the best class alone."""
        return self._answers.setdefault(_of(run), Answers(run, self._options.policy))


def _of(run: store.Run) -> tuple[str, str]:
    return run.identity, run.benchmark


def image_id(run: store.Run, shown: Shown) -> str:
    """What an image under a view is called in a bundle: the same every time."""
    return pictures.name_of(canonical([run.benchmark, run.content, shown.sample_id, shown.view]).encode())


def _shown(image: str, shown: Shown, pick: Pick) -> dict[str, Any]:
    """An image of a point as a content has it."""
    names = class_names(pick.run.label_space, [shown.predicted])
    confidence = None if math.isnan(shown.confidence) else round(shown.confidence, 4)
    return plain(
        {"image": image, "view": shown.view, "right": shown.right, "predicted": names[0], "confidence": confidence}
    )


def _sealed(drafted: Draft, filled: _Filled, options: Options, album: Album) -> Bundle:
    """A whole content with its page, and what lies beside it."""
    from core.bundle import page

    picks = {}
    for name, pick in drafted.picks.items():
        there = sorted(filled.shown.get(name, []), key=lambda each: each[1].right)
        counted = drafted.counted[name]
        picks[name] = {
            "said": pick.said,
            "model": pick.run.label,
            "benchmark": pick.run.benchmark,
            "view": pick.run.view,
            "n": counted.n,
            "n_right": counted.n_right,
            "chosen": in_words(counted, [shown for _, shown in there]),
            "images": [_shown(image, shown, pick) for image, shown in there],
        }
    addresses = {
        name: _path(name) if options.is_folder else pictures.data_uri(each) for name, each in filled.pictures.items()
    }
    content = {
        **drafted.content,
        "picks": plain(picks),
        "images": filled.images,
        "pictures": addresses,
        "left_out": plain([*drafted.left_out, *_left_out(drafted, filled, options, album)]),
    }
    # In the order in which it is read back, so that the page of what was read is the page.
    content = json.loads(canonical(content))
    content["parts"] = parts_of(content)
    content["digest"] = digest_of(content)
    files = {_path(name): each for name, each in filled.pictures.items()} if options.is_folder else {}
    return Bundle(content, page.html(content).encode(), files, options.is_folder)


def _path(name: str) -> str:
    return f"{PICTURES}/{name}.webp"


def _left_out(drafted: Draft, filled: _Filled, options: Options, album: Album) -> list[str]:
    if not options.images:
        return ["all images, by --no-images: without it they are inside."]
    found = [f"the images of {key}: {why}" for key, why in album.missing.items()]
    n = len(filled.images)
    if n < filled.wanted:
        each = (filled.spent / n) if n else 0
        needed = math.ceil((options.most_bytes + each * (filled.wanted - n)) / MB) + 1
        brings = f"--max-mb {needed} has room for about all" if n else "--max-mb with a larger number brings them in"
        found.append(f"{filled.wanted - n:,} of {count(filled.wanted, 'image')}, for want of room: {brings}.")
    more = sum(each.n > len(filled.shown.get(name, ())) for name, each in drafted.counted.items())
    if more and n:
        found.append(
            f"images beyond {options.per_point} of a point, at {more:,} of {count(len(drafted.counted), 'point')}: "
            "--images-per-point with a larger number brings in more."
        )
    if 0 < filled.n_maps < n:
        found.append(f"Grad-CAMs of all but {count(filled.n_maps, 'image')}: --saliency {n} makes all.")
    elif n and not options.saliency:
        found.append(f"Grad-CAMs: --saliency {n} makes all.")
    return found


def _too_large(drafted: Draft, options: Options, n_bytes: int) -> UsageError:
    sizes = sorted(
        ((len(embedded(each).encode()), each["id"]) for each in drafted.content["exhibits"]), key=lambda each: -each[0]
    )
    largest = ", ".join(f"{name} {size / MB:.2f} MB" for size, name in sizes[:_NAMED])
    return UsageError(
        f"even without images this takes {n_bytes / MB:.2f} MB, more than --max-mb {options.most_bytes / MB:g}: leave "
        f"out benchmarks, or figures with --only (the largest: {largest or 'none'}), or give --max-mb "
        f"{math.ceil(n_bytes / MB * 10) / 10:g} or more."
    )
