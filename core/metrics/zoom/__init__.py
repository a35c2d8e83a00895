"""How right a model is over many zooms of each image: pure numbers over matrices of images by views.

``by_zoom`` (each view), ``bound`` and ``by_origin`` (from one crop to any of all views), ``luck`` (what so many tries
would solve anyway), ``direction``, ``centre_bias``, ``minimal_cover`` with its histograms, ``unsolvable`` and
``smallest_flip``.

Source: Taesiri et al. 2023, "ImageNet-Hard: The hardest images remaining from a study of the power of zoom and spatial
biases in image classification".
"""

from core.metrics.zoom.at_object import at_object, nearest_anchor
from core.metrics.zoom.bounds import bound, by_origin
from core.metrics.zoom.cover import FIRST, cover_anchors, cover_sizes, minimal_cover
from core.metrics.zoom.grid import ONE_CROP_SIZE
from core.metrics.zoom.ladder import BEST, CHOSEN, CROSS_FITTED, ONE_CROP, ORACLE
from core.metrics.zoom.luck import luck
from core.metrics.zoom.tables import by_zoom, centre_bias, direction, smallest_flip, unsolvable
from core.metrics.zoom.voting import Ensemble

__all__ = [
    "BEST",
    "CHOSEN",
    "CROSS_FITTED",
    "FIRST",
    "ONE_CROP",
    "ONE_CROP_SIZE",
    "ORACLE",
    "Ensemble",
    "at_object",
    "bound",
    "by_origin",
    "by_zoom",
    "centre_bias",
    "cover_anchors",
    "cover_sizes",
    "direction",
    "luck",
    "minimal_cover",
    "nearest_anchor",
    "smallest_flip",
    "unsolvable",
]
