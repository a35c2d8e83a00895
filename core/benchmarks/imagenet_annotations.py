"""Multi-label annotations of ImageNet's validation set, and the names and original classes of its images.

The annotations are ``human_accuracy_v3.0.0.json`` (Shankar et al. 2020, extended by Vasudevan et al. 2022): which
classes are correct, unclear or wrong for an image, which images are problematic, and the 68 images of ImageNet-M.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from core import paths
from core.benchmarks import imagenet_ground_truth
from core.errors import DataError
from core.labels import IMAGENET_1K, label_space

FILE = "human_accuracy_v3.0.0.json"
#: Key under which the folder of annotations, mistake files and confusion lists is remembered.
KEY = "imagenet-mistakes"
#: Files that give each validation image its original class: file name and class a line, or WordNet ids in order.
LABEL_FILES = ("val.txt", "LOC_val_solution.csv", "imagenet_2012_validation_synset_labels.txt")
N_VALIDATION = 50_000
_KIT = "ILSVRC2012_devkit_t12"
#: Where copies of ImageNet keep such files, beside the validation images or beside their folder; the kit's archive may
#: be unpacked into a folder of its own.
_LABEL_FOLDERS = (
    *("meta", f"{_KIT}/data", "devkit/data", "caffe_ilsvrc12"),
    *(f"devkit/{_KIT}/data", f"{_KIT}/{_KIT}/data"),
)
#: Folder of validation images in Kaggle's copy, whose lists lie at its top.
_KAGGLE = ("ILSVRC", "Data", "CLS-LOC", "val")

_NAME = re.compile(r"ILSVRC2012_val_(\d{8})(?:_(n\d{8}))?", re.IGNORECASE)
_WNID = re.compile(r"^n\d{8}$")


@dataclass(frozen=True)
class Labels:
    """What annotators said of one image; class indices of ImageNet-1k.

    Attributes:
        correct: Classes that are in the image.
        unclear: Classes on which annotators did not agree; accepted all the same.
        wrong: Classes that models proposed and that are not in the image.
    """

    correct: tuple[int, ...] = ()
    unclear: tuple[int, ...] = ()
    wrong: tuple[int, ...] = ()

    @property
    def accepted(self) -> tuple[int, ...]:
        """Classes that count as right."""
        return self.correct + self.unclear


@dataclass(frozen=True)
class Annotations:
    """An annotations file.

    Attributes:
        path: The file.
        labels: By validation file name, problematic images included.
        problematic: Images that annotators could not label; every score leaves them out.
        imagenet_m: The images of ImageNet-M.
    """

    path: Path
    labels: Mapping[str, Labels] = field(repr=False)
    problematic: frozenset[str] = field(repr=False)
    imagenet_m: tuple[str, ...] = field(repr=False)

    @cached_property
    def usable(self) -> dict[str, Labels]:
        """Images that are not problematic and have an accepted class, by name."""
        return {
            name: labels
            for name, labels in sorted(self.labels.items())
            if labels.accepted and name not in self.problematic
        }


def validation_name(text: str) -> str | None:
    """``ILSVRC2012_val_00000001.JPEG`` from a path or file name of any suffix; None for another file."""
    found = _NAME.search(text)
    return f"ILSVRC2012_val_{found[1]}.JPEG" if found else None


def validation_number(name: str) -> int:
    """1 to 50,000, from ``validation_name``."""
    return int(name[len("ILSVRC2012_val_") :][:8])


def wnid_in_name(text: str) -> str | None:
    """The WordNet id that some copies of the validation set have in their file names."""
    found = _NAME.search(text)
    return found[2] if found else None


def folders_of(root: Path | None = None) -> list[Path]:
    """Where the files of the mistakes are looked for: beside the images, then where they were last found."""
    near = [root, root.parent] if root is not None else []
    remembered = paths.remembered_data(KEY)
    return [*near, *([remembered] if remembered else []), paths.data_home() / "downloads" / KEY]


def find(names: Iterable[str], folders: Iterable[Path]) -> Path | None:
    """The first of some files in the first folder that has one."""
    tried = (folder / name for folder in folders for name in names)
    return next((path for path in tried if path.is_file()), None)


def label_folders(root: Path | None = None) -> list[Path]:
    """Where files of original classes are looked for: see ``folders_of``, then where copies of ImageNet keep them."""
    near = [root, root.parent] if root is not None else []
    found = folders_of(root) + [folder / name for folder in near for name in _LABEL_FOLDERS]
    if root is not None and root.parts[-len(_KAGGLE) :] == _KAGGLE:
        found.append(root.parents[len(_KAGGLE) - 1])
    return list(dict.fromkeys(found))


def label_files(root: Path | None = None) -> list[Path]:
    """The files that give validation images their original classes: one, the ground truth with its key, or none."""
    folders = label_folders(root)
    listed = find(LABEL_FILES, folders)
    return [listed] if listed is not None else list(imagenet_ground_truth.find(folders) or ())


def original_classes(root: Path | None = None) -> dict[str, int]:
    """Original class index by validation file name, from ``label_files``; empty without one.

    Raises:
        DataError: If a file is there and damaged; names line and value.
    """
    files = label_files(root)
    if len(files) < 2:
        return read_original_classes(files[0]) if files else {}
    classes = imagenet_ground_truth.read(*files, n_images=N_VALIDATION)
    return {f"ILSVRC2012_val_{number:08}.JPEG": index for number, index in enumerate(classes, 1)}


def read_annotations(path: Path) -> Annotations:
    """The annotations in a file; read once as long as it does not change.

    Raises:
        DataError: If it is not such a file; names what is missing or unknown.
    """
    try:
        status = path.stat()
        changed = status.st_size, getattr(status, "st_mtime_ns", status.st_mtime)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    return _read(path, changed)


@lru_cache(maxsize=4)
def _read(path: Path, changed: object) -> Annotations:
    del changed
    content = read_object(path)
    for key in ("initial_annots", "problematic_images", "imagenet_m"):
        if key not in content:
            raise DataError(f"{path} has no '{key}', so it is not {FILE}; its keys are {', '.join(content)[:200]}.")
    entries = content["initial_annots"]
    if not isinstance(entries, dict):
        raise DataError(f"{path}: 'initial_annots' is {type(entries).__name__}, not an object of images.")
    # The file also covers another test set, whose images are named otherwise.
    labels = {
        name: _labels(path, key, entry) for key, entry in entries.items() if (name := validation_name(key)) is not None
    }
    if not labels:
        raise DataError(f"{path}: no image in 'initial_annots' is named like ILSVRC2012_val_00000001.JPEG.")
    return Annotations(path, labels, frozenset(_names(content["problematic_images"])), _names(content["imagenet_m"]))


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        DataError: If the file cannot be read, or holds something else.
    """
    try:
        content = paths.load_json(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(content, dict):
        raise DataError(f"{path} holds a {type(content).__name__}, not an object.")
    return content


def _labels(path: Path, image: str, entry: object) -> Labels:
    if not isinstance(entry, dict):
        raise DataError(f"{path}: '{image}' is {type(entry).__name__}, not an object with correct, wrong and unclear.")
    indices = label_space(IMAGENET_1K).index_of_wnid
    parts = {}
    for kind in ("correct", "unclear", "wrong"):
        wnids = entry.get(kind) or []
        unknown = [wnid for wnid in wnids if wnid not in indices]
        if unknown:
            raise DataError(f"{path}: '{image}', {kind}: '{unknown[0]}' is not a WordNet id of ImageNet-1k.")
        parts[kind] = tuple(dict.fromkeys(indices[wnid] for wnid in wnids))
    return Labels(**parts)


def _names(images: Iterable[str]) -> tuple[str, ...]:
    """File names in order, without repetition; from a list or from the keys of an object."""
    return tuple(dict.fromkeys(name for image in images if (name := validation_name(str(image))) is not None))


def read_original_classes(path: Path) -> dict[str, int]:
    """Original class index by validation file name, from one of ``LABEL_FILES``.

    Understood are lines of a file name and a class (index or WordNet id), separated by blanks or a comma, and lines of
    WordNet ids alone, one for each of the 50,000 images in order.

    Raises:
        DataError: Naming file, line and value that does not fit.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    rows = [(number, re.split(r"[,\s]+", line.strip())) for number, line in enumerate(lines, 1) if line.strip()]
    if rows and rows[0][1][0].lower() in ("imageid", "image", "file"):
        rows = rows[1:]
    if rows and all(len(parts) == 1 and _WNID.match(parts[0]) for _, parts in rows):
        if len(rows) != N_VALIDATION:
            raise DataError(f"{path} has {len(rows):,} WordNet ids; one for each of the 50,000 images is needed.")
        return {f"ILSVRC2012_val_{at:08}.JPEG": _class(path, n, parts[0]) for at, (n, parts) in enumerate(rows, 1)}
    found = {}
    for number, parts in rows:
        name = validation_name(parts[0])
        if name is None or len(parts) < 2:
            raise DataError(f"{path}, line {number}: '{' '.join(parts)[:80]}' is not a file name and its class.")
        found[name] = _class(path, number, parts[1])
    return found


def _class(path: Path, line: int, text: str) -> int:
    space = label_space(IMAGENET_1K)
    index = space.index_of_wnid.get(text)
    if index is None and text.isdigit() and int(text) < len(space):
        index = int(text)
    if index is None:
        raise DataError(
            f"{path}, line {line}: '{text}' is neither a WordNet id of ImageNet-1k nor an index below 1000."
        )
    return index
