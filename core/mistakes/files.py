"""Which files of ImageNet's remaining mistakes are on this machine, and what each other one would give."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from core import paths
from core.benchmarks import imagenet_annotations
from core.errors import UsageError
from core.mistakes import published

_SOURCE = "https://github.com/google-research/imagenet-mistakes"


@dataclass(frozen=True)
class File:
    """A file that may be absent.

    Attributes:
        name: What it is called.
        path: Where it is, or None.
        gives: What it gives, in a sentence.
    """

    name: str
    path: Path | None
    gives: str


@dataclass(frozen=True)
class Files:
    """All files that the Mistakes page can use."""

    vit3b: File
    greedy_soups: File
    confusions: File
    annotations: File
    original: File

    def all(self) -> list[File]:
        """In the order in which they matter."""
        return [getattr(self, field.name) for field in fields(self)]

    def reference(self, key: str) -> File:
        """A reference model's mistake file; see ``published.REFERENCES``."""
        return getattr(self, key)


def find_files(images: Path | None = None) -> Files:
    """Look for the files.

    Args:
        images: Folder of ImageNet's validation images, if there is one.
    """
    folders = imagenet_annotations.folders_of(images)

    def at(name: str, gives: str, *others: str) -> File:
        return File(name, imagenet_annotations.find([name, *others], folders), gives)

    mistakes = f"the mistakes of {{}} with category and severity ({_SOURCE})."
    return Files(
        *(at(model.file, mistakes.format(model.title)) for model in published.REFERENCES),
        confusions=at(published.CONFUSIONS, f"how often each pair of classes was confused ({_SOURCE})."),
        annotations=at(
            imagenet_annotations.FILE,
            "accepted, unclear and wrong labels, multi-label accuracy and ImageNet-M's 68 images.",
        ),
        original=at(
            imagenet_annotations.LABEL_FILES[0],
            "each image's original class, unless images are in class folders.",
            *imagenet_annotations.LABEL_FILES[1:],
        ),
    )


def remember(folder: Path) -> None:
    """Keep a folder that holds at least one of the files.

    Raises:
        UsageError: If it holds none.
    """
    folder = paths.place(folder)
    names = [file.name for file in find_files().all()]
    if imagenet_annotations.find([*names, *imagenet_annotations.LABEL_FILES], [folder]) is None:
        raise UsageError(f"{folder} holds none of {', '.join(names)}.")
    paths.remember_data(imagenet_annotations.KEY, folder)
