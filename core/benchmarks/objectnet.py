"""``objectnet``: household objects in unusual places, turned, from unusual sides.

Barbu et al. 2019, "ObjectNet: A large-scale bias-controlled dataset for pushing the limits of object recognition
models". Of its 313 classes, 113 are ImageNet's; which they are, the download's own mapping files say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from PIL import Image

from core.benchmarks import listing
from core.benchmarks.class_folders import ClassFolders
from core.benchmarks.imagenet_annotations import read_object
from core.errors import DataError, ImageError
from core.images.opening import Decoded, decode_file
from core.labels import IMAGENET_1K, label_space
from core.types import Factor, Policy, Table

MAPPINGS = "mappings"
#: ObjectNet's label by folder.
LABELS = "folder_to_objectnet_label.json"
#: ImageNet's labels by ObjectNet's label; several with "; " between them.
IMAGENET_LABELS = "objectnet_to_imagenet_1k.json"
#: ImageNet's label a line, in the order of the 2012 development kit.
LINES = "imagenet_to_label_2012_v2"
#: Line, from 0, by the class index that models use.
LINE_OF_INDEX = "pytorch_to_imagenet_2012_id.json"
FILES = (LABELS, IMAGENET_LABELS, LINES, LINE_OF_INDEX)
#: Red pixels around each image, which mark it as one to test with.
FRAME = 2


class ObjectNet(ClassFolders):
    """Objects whose place, rotation and viewpoint were drawn by lot: the 113 classes that ImageNet has too."""

    key: ClassVar[str] = "objectnet"
    title: ClassVar[str] = "ObjectNet"
    paper: ClassVar[str] = "Barbu et al. 2019, ObjectNet (NeurIPS)"
    licence: ClassVar[str] = "ObjectNet's terms: CC BY 4.0, never to be trained on"
    how_to_get: ClassVar[str] = (
        f"Download objectnet-1.0.zip from https://objectnet.dev, unpack it and give the folder that holds images and "
        f"{MAPPINGS}."
    )
    factors: ClassVar[tuple[Factor, ...]] = (
        Factor("class", "ObjectNet's class", "category"),
        Factor("n_accepted", "Accepted classes", "numeric"),
    )
    tables: ClassVar[tuple[Table, ...]] = (
        Table("by_class", ("class",), "Top-1 by class"),
        Table("by_n_accepted", ("n_accepted",), "Top-1 by number of accepted classes"),
    )
    n_classes: ClassVar[int] = 113
    archives: ClassVar[tuple[str, ...]] = ("images", "objectnet-1.0/images")
    named: ClassVar[str] = "that ObjectNet's mapping gives a class of ImageNet, such as alarm_clock"
    default_policy: ClassVar[Policy] = "restricted"

    def where(self, folder: Path) -> Path | None:
        """See ``ClassFolders.where``; a folder is told by its mapping, which names the class folders."""
        return self._unpacked(folder) or (folder if (folder / MAPPINGS).is_dir() else None)

    def label_files(self) -> list[Path]:
        """The mapping files, those that are there."""
        return [path for path in map(self._mapping, FILES) if path is not None]

    def _mapping(self, name: str) -> Path | None:
        folders = (self.root / MAPPINGS, self.root.parent / MAPPINGS)
        return next((folder / name for folder in folders if (folder / name).is_file()), None)

    def _require(self, name: str) -> Path:
        path = self._mapping(name)
        if path is None:
            missing = [each for each in FILES if self._mapping(each) is None]
            raise DataError(
                f"{len(missing)} of {len(FILES)} mapping files are not in {self.root.parent / MAPPINGS}: "
                f"{', '.join(missing)}. {self.how_to_get}"
            )
        return path

    @cached_property
    def labels(self) -> dict[str, str]:
        """ObjectNet's label by folder.

        Raises:
            DataError: If the mapping cannot be read.
        """
        return {folder: str(label) for folder, label in read_object(self._require(LABELS)).items()}

    @cached_property
    def classes(self) -> Mapping[str, Sequence[int]]:
        """See ``ClassFolders.classes``.

        Raises:
            DataError: If mapping files are missing, cannot be read or do not fit each other.
        """
        paths = {name: self._require(name) for name in FILES}
        indices = _indices_of_labels(paths[LINES], paths[LINE_OF_INDEX])
        wanted = {label: str(names).split("; ") for label, names in read_object(paths[IMAGENET_LABELS]).items()}
        unknown = sorted({name for names in wanted.values() for name in names if name not in indices})
        if unknown:
            raise DataError(
                f"{paths[IMAGENET_LABELS]} names {len(unknown):,} labels that {LINES} does not have, such as "
                f"'{unknown[0]}'. {self.how_to_get}"
            )
        accepted = {label: sorted({at for name in names for at in indices[name]}) for label, names in wanted.items()}
        return {folder: accepted[label] for folder, label in self.labels.items() if label in accepted}

    def class_name(self, folder: str) -> str:
        """ObjectNet's label of a folder."""
        return self.labels[folder]

    def left_out(self, folders: Sequence[str]) -> None:
        """See ``ClassFolders.left_out``; most folders are of classes that ImageNet does not have."""
        foreign = [name for name in folders if name in self.labels]
        if foreign:
            self.note(f"{len(foreign):,} folders are of classes that ImageNet does not have and were left out.")
        unknown = [name for name in folders if name not in self.labels and name != MAPPINGS]
        if unknown:
            self.note(f"{len(unknown):,} folders are not in {LABELS} and were left out, such as {unknown[0]}.")

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per image of a class that ImageNet has; see ``Benchmark.samples``."""
        samples = super().samples(label_space)
        return samples.assign(n_accepted=samples["accepted"].str.len())

    def pool_digest(self) -> str:
        """Of all images, whatever the mapping says of them; see ``listing.digest``."""
        return listing.digest(listing.list_class_folders(self.root))

    def image(self, sample_id: str) -> Image.Image:
        """See ``Benchmark.image``; without its frame."""
        return self.decoded(sample_id).image

    def decoded(self, image_id: str) -> Decoded:
        """See ``Benchmark.decoded``; without its frame, which is in the file, and so in the digest."""
        framed = decode_file(self._inside(image_id), f"the image '{image_id}'")
        try:
            return Decoded(unframed(framed.image), framed.digest)
        except ImageError as error:
            error.digest = framed.digest
            raise


def unframed(image: Image.Image) -> Image.Image:
    """An image without the red pixels around it.

    Raises:
        ImageError: If nothing would be left.
    """
    width, height = image.size
    if min(width, height) <= 2 * FRAME:
        raise ImageError(f"the image is {width} x {height} pixels: without its frame of {FRAME}, nothing of it is left")
    return image.crop((FRAME, FRAME, width - FRAME, height - FRAME))


def _indices_of_labels(lines: Path, line_of_index: Path) -> dict[str, list[int]]:
    """Class indices of ImageNet by label; two of ImageNet's classes share the label "crane".

    Raises:
        DataError: If the files cannot be read, or do not fit each other or ImageNet.
    """
    try:
        labels = [line.strip() for line in lines.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise DataError(f"{lines} cannot be read: {error}.") from error
    found: dict[str, list[int]] = defaultdict(list)
    for index, line in read_object(line_of_index).items():
        if not _is_line(index, line, len(labels)):
            raise DataError(
                f"{line_of_index}: {index!r}: {line!r} is not a class index with a line of {lines.name}, which has "
                f"{len(labels):,}."
            )
        found[labels[line]].append(int(index))
    _require_imagenets(found, line_of_index)
    return dict(found)


def _is_line(index: str, line: Any, n: int) -> bool:
    is_index = index.isascii() and index.isdigit() and int(index) < len(label_space(IMAGENET_1K))
    return is_index and isinstance(line, int) and 0 <= line < n


def _require_imagenets(found: Mapping[str, Sequence[int]], path: Path) -> None:
    """Refuse a mapping that gives most classes the label of another, as one does that counts lines from 1.

    Raises:
        DataError: Naming an example.
    """
    lemmas = label_space(IMAGENET_1K).lemmas
    pairs = [(label, index) for label, indices in found.items() for index in indices]
    own = [_first(label) == _first(lemmas[index]) for label, index in pairs]
    if 2 * sum(own) < len(own):
        label, index = pairs[own.index(False)]
        raise DataError(
            f"{path} gives {len(own) - sum(own):,} of {len(own):,} classes the label of another: class {index} would "
            f"be '{label}', and is '{lemmas[index]}'. Take the mapping files of one download."
        )


def _first(label: str) -> str:
    return label.split(",")[0].strip().lower()


BENCHMARKS = (ObjectNet,)
