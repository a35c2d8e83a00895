"""Distance as one byte a pixel.

``code = 254 d / (d + HALF)`` for a distance ``d``, so that near distances get the finer steps; 255 is the sky.
"""

from __future__ import annotations

import numpy as np

SKY = 255
#: Distance, in units of object space, that is coded as 127.
HALF = 8.0


def encode(distance: np.ndarray) -> np.ndarray:
    """Distances (any shape; infinite is the sky) as uint8, growing with distance."""
    finite = np.where(np.isfinite(distance), distance, 0.0)
    code = np.rint(254 * finite / (finite + HALF)).clip(0, 254)
    return np.where(np.isfinite(distance), code, SKY).astype(np.uint8)


def decode(code: np.ndarray) -> np.ndarray:
    """Distances (float32, the shape of ``code``) of what ``encode`` made; infinite in the sky."""
    return _DISTANCES[code]


_CODES = np.arange(256, dtype=np.float32)
_DISTANCES = np.where(_CODES < SKY, HALF * _CODES / np.maximum(254 - _CODES, 0.5), np.inf).astype(np.float32)
