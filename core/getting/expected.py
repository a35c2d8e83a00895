"""What a folder of a published benchmark should hold: how it is laid out, and how many images and classes it has.

Every count names its source. Sets of which no source gives a count that can be compared have none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core import benchmarks
from core.benchmarks.own import OwnBenchmark

_WNIDS = "folders named by WordNet id (n01440764/...) with images in them"
_VALIDATION = (
    "ImageNet's validation images, ILSVRC2012_val_*.JPEG, flat or in folders named by WordNet id, right in the folder "
    "or in its folder val"
)
_SI_SCORE = "metadata.csv beside folders named by class (koala/...) with images in them"
_MASKS = "masks named <wnid>_<image file>, in {}; the images stay in ImageNet's folder (--images)"


@dataclass(frozen=True)
class Count:
    """How many images a published form of a set has.

    Attributes:
        n: Images.
        what: Which form of the set has so many.
        source: Who says so.
    """

    n: int
    what: str
    source: str


@dataclass(frozen=True)
class Expected:
    """What is looked for in a benchmark's folder.

    Attributes:
        layout: Files and folders, in words.
        counts: Published numbers of images, that of the usual form first; empty where none is known.
        n_classes: Classes of the whole set, or None where that is not published.
        per_class: Images that each class has, or None where they differ.
        is_open: Whether any images of one's own in the same layout are welcome too.
    """

    layout: str
    counts: tuple[Count, ...] = ()
    n_classes: int | None = None
    per_class: int | None = None
    is_open: bool = False


_ILSVRC = "Russakovsky et al. 2015, Table 2"
_FACTOR = "Yung et al. 2021, arXiv 2104.04191"
_FOCUS = Count(23_902, "the set of the paper", "Kattakinda and Feizi 2022, Table 2")
_OF_NOTEBOOKS = "notebooks of the release"
_HARD = "https://huggingface.co/datasets/taesiri/imagenet-hard"
_VALIDATION_COUNT = Count(50_000, "the validation set", _ILSVRC)

_KNOWN: dict[str, Expected] = {
    "imagenet": Expected(
        f"{_WNIDS}, right in the folder or in its folder val; or flat validation images with a list of their classes",
        (_VALIDATION_COUNT, Count(1_281_167, "the training set", _ILSVRC)),
        n_classes=1000,
        is_open=True,
    ),
    "imagenet-attributes": Expected(
        f"{_WNIDS}, and a CSV file with the columns image,time,weather,locations",
        (Count(4_729, "the images with attributes", "the file published with FOCUS"),),
    ),
    "imagenet-multilabel": Expected(f"{_VALIDATION}; and human_accuracy_v3.0.0.json beside them"),
    "imagenet-m": Expected(
        f"{_VALIDATION}; and human_accuracy_v3.0.0.json beside them",
        (Count(68, "ImageNet-M", "Vasudevan et al. 2022, arXiv 2205.04596"),),
    ),
    "imagenet-real": Expected(
        f"{_VALIDATION}; and real.json beside them",
        (Count(46_837, "the images that have a label", "Beyer et al. 2020, arXiv 2006.07159"),),
    ),
    "imagenet-a": Expected(_WNIDS, (Count(7_500, "the set", "Hendrycks et al. 2021, arXiv 1907.07174"),), 200),
    "imagenet-r": Expected(_WNIDS, (Count(30_000, "the set", "Hendrycks et al. 2021, arXiv 2006.16241"),), 200),
    "imagenet-sketch": Expected(
        _WNIDS, (Count(50_889, "the set", "https://github.com/HaohanWang/ImageNet-Sketch"),), 1000
    ),
    "imagenet-v2": Expected(
        "folders named by class index, 0 to 999, with images in them",
        (Count(10_000, "each of the three test sets", "Recht et al. 2019, arXiv 1902.10811"),),
        1000,
        10,
    ),
    "objectnet": Expected(
        "a folder images with one folder a class (alarm_clock/...), and a folder mappings with four files beside it",
        n_classes=113,
    ),
    "imagenet-hard": Expected(
        "Parquet files with the columns image, label, origin and english_label, right in the folder or in its folder "
        "data",
        (
            Count(10_980, "the current revision", _HARD),
            Count(13_925, "an earlier revision", _HARD),
            Count(11_350, "a 4K revision", _HARD),
            Count(11_211, "a 4K revision", _HARD),
        ),
    ),
    "focus": Expected(
        "annotations.db (SQLite) and the images that it names",
        (_FOCUS, *(Count(n, "the later public release", _OF_NOTEBOOKS) for n in (20_815, 20_813, 23_904))),
        n_classes=10,
    ),
    "hard-imagenet": Expected(
        _MASKS.format("val or train"),
        (Count(750, "the validation images of 15 classes", "50 of each class, Russakovsky et al. 2015"),),
        15,
    ),
    "rival10": Expected(_MASKS.format("train/entire_object_masks and test/entire_object_masks"), n_classes=10),
    "rival20": Expected(_MASKS.format("train/entire_object_masks and test/entire_object_masks"), n_classes=20),
    "si-score/size": Expected(_SI_SCORE, (Count(92_884, "the released set", _FACTOR),), 61),
    "si-score/rotation": Expected(_SI_SCORE, (Count(39_540, "the released set", _FACTOR),), 61),
    "si-score/location": Expected(_SI_SCORE, (Count(541_548, "the released set with minimum share 0", _FACTOR),), 61),
}


def expected(key: str) -> Expected:
    """What is looked for in the folder of a benchmark; of one's own data, the images that were added."""
    if key in _KNOWN:
        return _KNOWN[key]
    known = benchmarks.known_benchmarks().get(key)
    if known is None or not issubclass(known, OwnBenchmark):
        return Expected("what comes with the project")
    added = Count(known.entry.n, "what was added", known.entry.added or "its entry")
    return Expected("the images that were added, at their paths in the folder", (added,))


def is_published(key: str) -> bool:
    """Whether it is known what the folder of a benchmark should hold."""
    return key in _KNOWN


def nearest_count(counts: Iterable[Count], n: int) -> Count | None:
    """The published form of exactly so many images, else the usual one; None where none is known."""
    counts = list(counts)
    return next((each for each in counts if each.n == n), counts[0] if counts else None)
