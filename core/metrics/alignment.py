"""How well a saliency map and an object mask agree: the formulas, for one map and one mask.

A map is scaled by its maximum, so its unit does not matter. A mask without a pixel, or a map without a finite positive
maximum, has nothing to agree with: every measure is NaN then, to be left out of means and counted.

Source: Moayeri et al. 2022, "Hard ImageNet", section on saliency alignment; the pointing game is Zhang et al. 2016,
"Top-down neural attention by excitation backprop".
"""

from __future__ import annotations

import numpy as np

from core.errors import UsageError

#: Above which share of its maximum a map counts as lit.
THRESHOLD = 0.5


def iou(saliency: np.ndarray, mask: np.ndarray, threshold: float = THRESHOLD) -> float:
    """Intersection over union of the mask and what is lit in the map.

    Args:
        saliency: float (H, W), at least 0.
        mask: bool (H, W), the object.
        threshold: Share of the map's maximum from which on a pixel counts as lit, 0..1.

    Returns:
        0..1, or NaN; see the module.

    Raises:
        UsageError: If map and mask are not of these types and of one shape, or the threshold is outside 0..1.
    """
    if not 0 <= threshold <= 1:
        raise UsageError(f"the threshold is {threshold:g}: it is a share of the map's maximum, from 0 to 1.")
    scaled = _scaled(saliency, mask)
    if scaled is None:
        return float("nan")
    lit = scaled >= threshold
    return float((lit & mask).sum() / (lit | mask).sum())


def delta_density(saliency: np.ndarray, mask: np.ndarray) -> float:
    """Mean of the scaled map inside the mask less its mean outside.

    Args:
        saliency: float (H, W), at least 0.
        mask: bool (H, W), the object.

    Returns:
        -1..1, or NaN, also where the mask covers everything; see the module.

    Raises:
        UsageError: If map and mask are not of these types and of one shape.
    """
    scaled = _scaled(saliency, mask)
    if scaled is None or mask.all():
        return float("nan")
    return float(scaled[mask].mean() - scaled[~mask].mean())


def pointing(saliency: np.ndarray, mask: np.ndarray) -> float:
    """Whether the map's maximum lies in the mask.

    Args:
        saliency: float (H, W), at least 0.
        mask: bool (H, W), the object.

    Returns:
        0 or 1, the share of maxima inside if there are several, or NaN; see the module.

    Raises:
        UsageError: If map and mask are not of these types and of one shape.
    """
    scaled = _scaled(saliency, mask)
    return float("nan") if scaled is None else float(mask[saliency == saliency.max()].mean())


def inside_share(saliency: np.ndarray, mask: np.ndarray) -> float:
    """Share of the map's sum that lies in the mask.

    Args:
        saliency: float (H, W), at least 0.
        mask: bool (H, W), the object.

    Returns:
        0..1, or NaN; see the module. By chance it is the share of the image that the mask covers.

    Raises:
        UsageError: If map and mask are not of these types and of one shape.
    """
    scaled = _scaled(saliency, mask)
    return float("nan") if scaled is None else float(scaled[mask].sum() / scaled.sum())


def _scaled(saliency: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """The map by its maximum, float64 (H, W); None where there is nothing to measure."""
    for name, values, kinds, wanted in (("map", saliency, "fiu", "numbers"), ("mask", mask, "b", "bool")):
        if not isinstance(values, np.ndarray) or values.dtype.kind not in kinds or values.ndim != 2:
            seen = f"{values.dtype} {values.shape}" if isinstance(values, np.ndarray) else type(values).__name__
            raise UsageError(f"the {name} is {seen}, but must be an array (H, W) of {wanted}.")
    if saliency.shape != mask.shape:
        raise UsageError(
            f"the map is {saliency.shape}, but the mask {mask.shape}: crop the mask with "
            "core.images.preprocess.Preprocess.mask"
        )
    if not mask.any() or not np.isfinite(saliency).all() or not saliency.max() > 0:
        return None
    return saliency.astype(np.float64) / saliency.max()
