"""How well saliency maps and object masks agree, as in Hard ImageNet's "right for the right reasons"; numpy only.

Source: Moayeri et al. 2022, "Hard ImageNet", section on saliency alignment; the pointing game is Zhang et al. 2016,
"Top-down neural attention by excitation backprop".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import UsageError
from core.metrics import alignment
from core.metrics.alignment import THRESHOLD
from core.saliency.maps import Saliency

MEASURES = ("iou", "delta_density", "pointing", "inside_share", "area_fraction")


@dataclass(frozen=True)
class Alignment:
    """One value an image and measure; NaN for an image that is left out.

    Attributes:
        iou: Intersection over union of the mask and the map, scaled to maximum 1 and cut at 0.5; 0..1.
        delta_density: Mean of the scaled map inside the mask less that outside, -1..1. NaN where the mask covers
            everything.
        pointing: Whether the map's maximum lies in the mask, 0 or 1; the share of maxima if there are several.
        inside_share: Share of the map's sum that lies in the mask, 0..1.
        area_fraction: Share of the image that the mask covers, 0..1: what ``pointing`` and ``inside_share`` are by
            chance.
        empty_masks: bool (N,), left out because the object is not in the crop.
        no_maps: bool (N,), left out because there is no map to show, with a mask that is not empty.
    """

    iou: np.ndarray
    delta_density: np.ndarray
    pointing: np.ndarray
    inside_share: np.ndarray
    area_fraction: np.ndarray
    empty_masks: np.ndarray
    no_maps: np.ndarray

    def summary(self) -> dict[str, float | int]:
        """Mean of each measure (NaN without images), ``n`` of them, ``n_empty_mask`` and ``n_no_map`` left out."""
        means = {}
        for name in MEASURES:
            values = getattr(self, name)
            there = values[~np.isnan(values)]
            means[name] = float(there.mean()) if len(there) else float("nan")
        counts = {"n_empty_mask": int(self.empty_masks.sum()), "n_no_map": int(self.no_maps.sum())}
        return {**means, "n": len(self.iou) - sum(counts.values()), **counts}


def align(saliency: Saliency, masks: np.ndarray, threshold: float = THRESHOLD) -> Alignment:
    """Compare maps with masks.

    Args:
        saliency: Maps of N images.
        masks: bool (N, H, W), cropped and resized as the images were (``core.images.preprocess.Preprocess.mask``).
        threshold: Above which share of its maximum a map counts as lit, 0..1.

    Raises:
        UsageError: If the masks do not have the maps' shape or are not bool.
    """
    masks = np.asarray(masks)
    if masks.dtype != bool or masks.shape != saliency.values.shape:
        raise UsageError(
            f"masks are {masks.dtype} {masks.shape}, but the maps need bool {saliency.values.shape}: crop them with "
            "core.images.preprocess.Preprocess.mask"
        )
    empty = ~masks.any(axis=(1, 2))
    shown = np.array([state == "map" for state in saliency.states], dtype=bool)
    measured = np.full((len(MEASURES), len(masks)), np.nan)
    for number in np.flatnonzero(shown & ~empty):
        measured[:, number] = _measures(saliency.values[number], masks[number], threshold)
    return Alignment(*measured, empty_masks=empty, no_maps=~shown & ~empty)


def _measures(values: np.ndarray, mask: np.ndarray, threshold: float) -> tuple[float, ...]:
    """In the order of ``MEASURES``, of one map with a positive maximum and one mask that is not empty."""
    return (
        alignment.iou(values, mask, threshold),
        alignment.delta_density(values, mask),
        alignment.pointing(values, mask),
        alignment.inside_share(values, mask),
        float(mask.mean()),
    )
