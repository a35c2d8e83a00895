"""``imagenet-a``, ``imagenet-r``, ``imagenet-sketch`` and ``imagenet-v2``: other images of ImageNet's classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import ClassVar

import pandas as pd

from core.benchmarks import listing
from core.benchmarks.class_folders import ClassFolders
from core.benchmarks.imagenet import class_names
from core.errors import DataError
from core.labels import IMAGENET_1K, label_space
from core.types import Factor, Policy


class WnidFolders(ClassFolders):
    """Images in folders named by WordNet id."""

    named: ClassVar[str] = "named by an ImageNet-1k WordNet id such as n01440764"
    factors: ClassVar[tuple[Factor, ...]] = (*ClassFolders.factors, Factor("wnid", "WordNet id", "category"))

    @cached_property
    def classes(self) -> Mapping[str, Sequence[int]]:
        """See ``ClassFolders.classes``."""
        return {wnid: [index] for wnid, index in label_space(IMAGENET_1K).index_of_wnid.items()}

    def class_name(self, folder: str) -> str:
        """Name of a folder's class."""
        return class_names([self.classes[folder][0]])[0]

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per image, with ``class`` and ``wnid``; see ``Benchmark.samples``."""
        samples = super().samples(label_space)
        return samples.assign(wnid=samples["sample_id"].str.partition("/")[0])


class ImageNetA(WnidFolders):
    """Photographs that a ResNet-50 got wrong, of 200 of ImageNet's classes."""

    key: ClassVar[str] = "imagenet-a"
    title: ClassVar[str] = "ImageNet-A"
    paper: ClassVar[str] = "Hendrycks et al. 2021, Natural Adversarial Examples (CVPR, arXiv 1907.07174)"
    licence: ClassVar[str] = "MIT for the collection; images belong to their owners"
    how_to_get: ClassVar[str] = (
        "Download https://people.eecs.berkeley.edu/~hendrycks/imagenet-a.tar, unpack it and give its folder."
    )
    n_classes: ClassVar[int] = 200
    archives: ClassVar[tuple[str, ...]] = ("imagenet-a",)
    default_policy: ClassVar[Policy] = "restricted"


class ImageNetR(WnidFolders):
    """Renditions, such as paintings, toys and embroidery, of 200 of ImageNet's classes."""

    key: ClassVar[str] = "imagenet-r"
    title: ClassVar[str] = "ImageNet-R"
    paper: ClassVar[str] = "Hendrycks et al. 2021, The Many Faces of Robustness (ICCV, arXiv 2006.16241)"
    licence: ClassVar[str] = "MIT for the collection; images belong to their owners"
    how_to_get: ClassVar[str] = (
        "Download https://people.eecs.berkeley.edu/~hendrycks/imagenet-r.tar, unpack it and give its folder."
    )
    n_classes: ClassVar[int] = 200
    archives: ClassVar[tuple[str, ...]] = ("imagenet-r",)
    default_policy: ClassVar[Policy] = "restricted"


class ImageNetSketch(WnidFolders):
    """Sketches in black and white of ImageNet's classes, some fifty each."""

    key: ClassVar[str] = "imagenet-sketch"
    title: ClassVar[str] = "ImageNet-Sketch"
    paper: ClassVar[str] = (
        "Wang et al. 2019, Learning Robust Global Representations by Penalizing Local Predictive Power (NeurIPS)"
    )
    licence: ClassVar[str] = "MIT for the collection; images belong to their owners"
    how_to_get: ClassVar[str] = (
        "Download ImageNet-Sketch.zip as https://github.com/HaohanWang/ImageNet-Sketch says, unpack it and give its "
        "folder sketch."
    )
    n_classes: ClassVar[int] = 1000
    archives: ClassVar[tuple[str, ...]] = ("sketch",)


class ImageNetV2(ClassFolders):
    """A second test set, collected as ImageNet's validation set was: ten photographs of each class."""

    key: ClassVar[str] = "imagenet-v2"
    title: ClassVar[str] = "ImageNet-V2"
    paper: ClassVar[str] = "Recht et al. 2019, Do ImageNet Classifiers Generalize to ImageNet? (ICML, arXiv 1902.10811)"
    licence: ClassVar[str] = "MIT for the collection; images belong to their owners"
    how_to_get: ClassVar[str] = (
        "Download one of the three test sets of https://imagenetv2.org (mostly matched-frequency), unpack it and give "
        "the folder that holds the folders 0 to 999."
    )
    factors: ClassVar[tuple[Factor, ...]] = WnidFolders.factors
    n_classes: ClassVar[int] = 1000
    archives: ClassVar[tuple[str, ...]] = tuple(
        f"imagenetv2-{kind}-format-val" for kind in ("matched-frequency", "threshold0.7", "top-images")
    )
    named: ClassVar[str] = "named by a class index from 0 to 999"

    @cached_property
    def classes(self) -> Mapping[str, Sequence[int]]:
        """The class that a folder's name says; sorted by name, 10 would come before 2."""
        return {str(index): [index] for index in range(len(label_space(IMAGENET_1K)))}

    def class_name(self, folder: str) -> str:
        """Name of a folder's class."""
        return class_names([int(folder)])[0]

    def left_out(self, folders: Sequence[str]) -> None:
        """See ``ClassFolders.left_out``; folders that count from 1 are refused.

        Raises:
            DataError: If there is a folder 1000.
        """
        if "1000" in folders:
            raise DataError(
                f"{self.root} has a folder 1000, so its folders count from 1: each would be taken for the class after "
                "its own. Rename them to 0 to 999."
            )
        super().left_out(folders)

    @cached_property
    def found(self) -> listing.Listing:
        """See ``ClassFolders.found``; which of the three test sets it is, is told where the folder's name says so."""
        images = super().found
        if self.root.name in self.archives:
            self.note(f"of the three test sets, this is {self.root.name}.")
        return images

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per image, with ``class`` and ``wnid``; see ``Benchmark.samples``."""
        samples = super().samples(label_space)
        return samples.assign(wnid=[_wnid(accepted[0]) for accepted in samples["accepted"]])


def _wnid(index: int) -> str:
    return label_space(IMAGENET_1K).wnids[index]


BENCHMARKS = (ImageNetA, ImageNetR, ImageNetSketch, ImageNetV2)
