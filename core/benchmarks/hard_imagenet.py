"""``hard-imagenet``, ``rival10`` and ``rival20``: is an image recognised by its object?

Moayeri, Singla and Feizi 2022, "Hard ImageNet: Segmentations for Objects with Strong Spurious Cues", and Moayeri, Pope,
Balaji and Feizi 2022, "A Comprehensive Study of Image Classification Model Sensitivity to Foregrounds, Backgrounds, and
Visual Attributes" (RIVAL10), with which the former compares. Both publish masks alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pandas as pd

from core.benchmarks.imagenet_masks import ImageNetMasks, Pair
from core.benchmarks.rank_pickle import read_ranks
from core.errors import DataError, StorageError
from core.labels import IMAGENET_1K, label_space
from core.types import Factor

RANKS = "paths_by_rank*.pkl"
#: The two ImageNet classes of each class of RIVAL10, in its order; source: ``label_mappings.json`` and
#: ``wnid_to_class.json`` of https://github.com/mmoayeri/RIVAL10 (rival10/data).
RIVAL_CLASSES = {
    "truck": ("n03796401", "n04467665"),
    "car": ("n02814533", "n03100240"),
    "plane": ("n02690373", "n04552348"),
    "ship": ("n03673027", "n03095699"),
    "cat": ("n02123394", "n02124075"),
    "dog": ("n02099712", "n02099601"),
    "equine": ("n02389026", "n02391049"),
    "deer": ("n02423022", "n02422699"),
    "frog": ("n01644900", "n01644373"),
    "bird": ("n01531178", "n01532829"),
}
_CLASS_OF_WNID = {wnid: name for name, wnids in RIVAL_CLASSES.items() for wnid in wnids}
_IMAGES = (
    "The images stay in your ImageNet, whose folder (val/<wnid>/..., train/<wnid>/...) is given once: "
    "--data MASKS --images IMAGENET."
)


class HardImageNet(ImageNetMasks):
    """Objects that are small, off-centre and among telling surroundings, with masks: 15 classes of ImageNet."""

    key: ClassVar[str] = "hard-imagenet"
    title: ClassVar[str] = "Hard ImageNet"
    paper: ClassVar[str] = (
        "Moayeri et al. 2022, Hard ImageNet: Segmentations for Objects with Strong Spurious Cues (NeurIPS)"
    )
    licence: ClassVar[str] = "Masks CC0; ImageNet's terms of access for images"
    how_to_get: ClassVar[str] = (
        "Download hardImageNet.zip as https://mmoayeri.github.io/HardImageNet says, unpack it and give the folder that "
        f"holds val and train with masks. {_IMAGES} Masks of validation images are used where there are some; "
        "--data MASKS/train gives those of training images."
    )
    factors: ClassVar[tuple[Factor, ...]] = (
        *ImageNetMasks.factors,
        Factor("spurious_rank", "Place in the class's ranking by spurious cues (0 first, 1 last)", "numeric"),
    )

    @cached_property
    def ranks(self) -> dict[str, float]:
        """Place of each image in its class's ranking, 0..1 by file name; empty without one."""
        files = self.label_files()
        if not files:
            return {}
        if len(files) > 1:
            self.note(f"of {len(files)} rankings, {files[0]} is used.")
        try:
            return read_ranks(files[0])
        except StorageError:
            raise
        except DataError as error:
            self.note(f"the ranking is left out: {error}")
            return {}

    def label_files(self) -> list[Path]:
        """The published rankings, the one that is used first: beside the masks the last by name, then in ``meta``."""
        folders = (self.top, self.top / "meta")
        return [path for folder in folders for path in sorted(folder.glob(RANKS), reverse=True) if path.is_file()]

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """See ``ImageNetMasks.samples``; ``spurious_rank`` is NaN where an image is not ranked."""
        samples = super().samples(label_space)
        files = samples["sample_id"].str.partition("/")[2]
        return samples.assign(spurious_rank=files.map(self.ranks).astype(float))


class Rival20(ImageNetMasks):
    """RIVAL's images with the twenty classes that ImageNet has for them: what Hard ImageNet is compared with."""

    key: ClassVar[str] = "rival20"
    pool: ClassVar[str] = "rival"
    mask_folder: ClassVar[str] = "entire_object_masks"
    # RIVAL has drawn a train and a test split of its own from all of ImageNet.
    splits_are_imagenets: ClassVar[bool] = False
    title: ClassVar[str] = "RIVAL20"
    paper: ClassVar[str] = (
        "Moayeri et al. 2022, A Comprehensive Study of Image Classification Model Sensitivity to Foregrounds, "
        "Backgrounds, and Visual Attributes (CVPR)"
    )
    licence: ClassVar[str] = "See the release for masks; ImageNet's terms of access for images"
    how_to_get: ClassVar[str] = (
        "Download rival10.zip as https://github.com/mmoayeri/RIVAL10 says, unpack it and give the folder that holds "
        f"test/{mask_folder} and train/{mask_folder}. {_IMAGES} Of both folders those of ImageNet's validation images "
        "are used, as in Hard ImageNet's comparison; --data MASKS/test or MASKS/train gives all of one."
    )

    @property
    def classes(self) -> Mapping[str, int]:
        """ImageNet index of RIVAL's twenty WordNet ids."""
        indices = label_space(IMAGENET_1K).index_of_wnid
        return {wnid: indices[wnid] for wnid in _CLASS_OF_WNID}

    def chosen(self, splits: Mapping[str, Path]) -> dict[str, Path]:
        """Both folders; see ``usable``."""
        return dict(splits)

    def usable(self, pairs: dict[str, Pair]) -> dict[str, Pair]:
        """The pairs of ImageNet's validation images, unless one folder was asked for or there are none."""
        validation = {sample_id: pair for sample_id, pair in pairs.items() if pair.split == "val"}
        n_training = len(pairs) - len(validation)
        if self.top != self.root or not validation:
            if n_training:
                self.note(f"{n_training:,} of {len(pairs):,} images are ImageNet's training images.")
            return pairs
        if n_training:
            self.note(f"{n_training:,} of {len(pairs):,} masks are of ImageNet's training images; not used.")
        return validation


class Rival10(Rival20):
    """RIVAL's images with its ten classes, as in CIFAR-10: a prediction of either of a class's two is right."""

    key: ClassVar[str] = "rival10"
    title: ClassVar[str] = "RIVAL10"

    def accepted(self, wnid: str) -> list[int]:
        """Both ImageNet classes of the one that it belongs to."""
        return sorted(self.classes[each] for each in RIVAL_CLASSES[self.class_name(wnid)])

    def class_name(self, wnid: str) -> str:
        """Name of RIVAL's class."""
        return _CLASS_OF_WNID[wnid]


BENCHMARKS = (HardImageNet, Rival10, Rival20)
