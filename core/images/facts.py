"""What the pixels of an image, its file and its object's mask say without a model: numbers to break accuracy down by.

All but sharpness are of the image at its own size; none applies an EXIF rotation, as no other part of the project does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import numpy as np
from PIL import Image

from core.errors import DataError
from core.images import geometry
from core.images.opening import as_rgb
from core.types import Factor

#: Raised when the same image would get other numbers.
VERSION = 1
#: Of an image alone.
OF_IMAGE = (
    Factor("brightness", "Brightness (computed)", "numeric"),
    Factor("contrast", "Contrast (computed)", "numeric"),
    Factor("sharpness", "Sharpness (computed)", "numeric"),
    Factor("colourfulness", "Colourfulness (computed)", "numeric"),
    Factor("saturation", "Saturation (computed)", "numeric"),
    Factor("entropy", "Entropy of brightness (computed)", "numeric", "bits"),
    Factor("aspect", "Width / height (computed)", "numeric"),
    Factor("resolution", "Shorter side (computed)", "numeric", "px"),
    Factor("jpeg_quality", "JPEG quality (estimated)", "numeric"),
)
#: Of an object's mask.
OF_MASK = (
    Factor("object_area", "Object area / image area (computed)", "numeric"),
    Factor("centre_distance", "Object's distance from the centre (computed)", "numeric"),
    Factor("truncation", "Share of the border that the object covers (computed)", "numeric"),
)
FACTS = (*OF_IMAGE, *OF_MASK)
#: Shorter side that an image is brought to before its sharpness is measured, in pixels: about what classifiers see.
SHARPNESS_SIDE = 224
#: Longer side that it may then have: of a panorama the middle is measured.
_LONGEST = 4 * SHARPNESS_SIDE
#: Pixels whose colours are summed at a time; a large image takes no more memory than that.
_BAND = 1 << 20
#: Quantisation of luma and of chroma at quality 50, row by row: ITU-T T.81, tables K.1 and K.2.
_LUMA = """
    16 11 10 16 24 40 51 61  12 12 14 19 26 58 60 55  14 13 16 24 40 57 69 56  14 17 22 29 51 87 80 62
    18 22 37 56 68 109 103 77  24 35 55 64 81 104 113 92  49 64 78 87 103 121 120 101  72 92 95 98 112 100 103 99
"""
_CHROMA = """
    17 18 24 47 99 99 99 99  18 21 26 66 99 99 99 99  24 26 56 99 99 99 99 99  47 66 99 99 99 99 99 99
    99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99
"""


def of(image: Image.Image) -> dict[str, float | None]:
    """What an image says of itself, by the names of ``OF_IMAGE``.

    Luma is that of ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B, in 256 steps; 0 is black.

    Args:
        image: As published, any mode that becomes RGB.

    Returns:
        - ``brightness``: mean luma, 0..1.
        - ``contrast``: standard deviation of luma, 0..0.5: the RMS contrast of Peli 1990.
        - ``sharpness``: variance of the Laplacian of luma in grey levels, 0 and up (Pech-Pacheco et al. 2000). The
          image is first brought to a shorter side of 224 px, so that the resolution does not decide it; one that is
          smaller is enlarged, and is as blurred as a classifier sees it.
        - ``colourfulness``: of Hasler and Suesstrunk 2003, equation for M3: 0 none, 33 moderate, 59 quite, 109 extreme.
        - ``saturation``: mean saturation of HSV, 0..1 (Smith 1978).
        - ``entropy``: of the histogram of luma in bits, 0..8 (Shannon 1948).
        - ``aspect``: width / height.
        - ``resolution``: shorter side in pixels.
        - ``jpeg_quality``: see ``jpeg_quality``.

    Raises:
        ImageError: If it cannot become RGB.
    """
    rgb = as_rgb(image)
    grey = rgb.convert("L")
    share = np.array(grey.histogram(), dtype=float) / (grey.width * grey.height)
    level = np.arange(256) / 255
    mean = float(share @ level)
    colourfulness, saturation = _colours(np.asarray(rgb))
    filled = share[share > 0]
    return {
        "brightness": round(mean, 3),
        "contrast": round(math.sqrt(float(share @ (level - mean) ** 2)), 3),
        "sharpness": _significant(_sharpness(grey)),
        "colourfulness": round(colourfulness, 1),
        "saturation": round(saturation, 3),
        # Adding zero turns -0.0 into 0.0.
        "entropy": round(float(-(filled @ np.log2(filled))), 2) + 0.0,
        "aspect": round(rgb.width / rgb.height, 3),
        "resolution": min(rgb.size),
        "jpeg_quality": jpeg_quality(getattr(image, "quantization", None)),
    }


def of_mask(mask: np.ndarray) -> dict[str, float | None]:
    """What an object's mask says of its image, by the names of ``OF_MASK``.

    Args:
        mask: bool (H, W), at the image's own size.

    Returns:
        - ``object_area``: share of the image that the object covers, 0..1.
        - ``centre_distance``: from the object's centre of mass to the image's centre in halves of the diagonal, 0..1;
          None for an empty mask. See ``core.images.geometry``.
        - ``truncation``: share of the pixels on the image's border that belong to the object, 0..1: 0 for one that
          lies wholly inside. None for an empty mask.

    Raises:
        DataError: If it is no mask.
    """
    where = geometry.of(mask)
    if math.isnan(where.centre_distance):
        return {"object_area": 0.0, "centre_distance": None, "truncation": None}
    border = np.ones(mask.shape, dtype=bool)
    border[1:-1, 1:-1] = False
    return {
        "object_area": round(where.object_area, 4),
        "centre_distance": round(where.centre_distance, 3),
        "truncation": round(float(mask[border].mean()), 3),
    }


def require_same_size(mask: np.ndarray, image: Image.Image, name: str) -> None:
    """Refuse a mask that is not of its image's size.

    Raises:
        DataError: Names both sizes.
    """
    if mask.shape != (image.height, image.width):
        shown = " x ".join(str(side) for side in mask.shape[::-1])
        raise DataError(
            f"the mask of '{name}' is {shown} pixels, its image {image.width} x {image.height}: give both the same "
            "size."
        )


def jpeg_quality(tables: Mapping[int, Sequence[int]] | None) -> int | None:
    """The quality at which a JPEG was last saved, 1..100, from its quantisation tables.

    Exact for what libjpeg's own scaling made, which is nearly everything; for the tables of other programs it is the
    quality whose tables are nearest.

    Args:
        tables: By number, 64 values each, in rows; the first is for luma, the second for chroma. None for an image that
            is no JPEG.

    Returns:
        The quality, or None where there are no tables.
    """
    found = [np.asarray(table, dtype=float) for _, table in sorted((tables or {}).items())][:2]
    if not found or any(len(table) != 64 for table in found):
        return None
    away = [np.abs(scaled - table).sum(axis=1) for scaled, table in zip(_scaled(), found, strict=False)]
    return 1 + int(np.argmin(np.sum(away, axis=0)))


@cache
def _scaled() -> np.ndarray:
    """Both tables at each quality, as libjpeg scales them: float (2, 100, 64)."""
    bases = np.array([text.split() for text in (_LUMA, _CHROMA)], dtype=float)
    percent = np.array([5000 // quality if quality < 50 else 200 - 2 * quality for quality in range(1, 101)])
    return np.clip((bases[:, None] * percent[:, None] + 50) // 100, 1, 255)


def _sharpness(grey: Image.Image) -> float:
    """Variance of the Laplacian (four neighbours) at ``SHARPNESS_SIDE``, in grey levels squared."""
    scale = SHARPNESS_SIDE / min(grey.size)
    # Cut before it is enlarged, so that a strip of a few pixels does not become a large image.
    width, height = (min(side, math.ceil(_LONGEST / scale)) for side in grey.size)
    left, top = (grey.width - width) // 2, (grey.height - height) // 2
    cut = grey.crop((left, top, left + width, top + height))
    size = tuple(max(SHARPNESS_SIDE, round(side * scale)) for side in cut.size)
    level = np.asarray(cut.resize(size, Image.Resampling.BILINEAR), dtype=np.float32)
    centre = level[1:-1, 1:-1]
    around = level[:-2, 1:-1] + level[2:, 1:-1] + level[1:-1, :-2] + level[1:-1, 2:]
    return float(np.var(around - 4 * centre, dtype=np.float64))


def _colours(pixels: np.ndarray) -> tuple[float, float]:
    """Colourfulness and mean saturation, see ``of``; pixels are uint8 (H, W, 3)."""
    n = pixels.shape[0] * pixels.shape[1]
    # Whole numbers: exact, however large the image is.
    sums, saturation = np.zeros(4, dtype=np.int64), 0.0
    for band in _bands(pixels):
        red, green, blue = (band[..., channel].astype(np.int32) for channel in range(3))
        for at, opponent in enumerate((red - green, red + green - 2 * blue)):
            sums[2 * at] += opponent.sum(dtype=np.int64)
            sums[2 * at + 1] += np.square(opponent).sum(dtype=np.int64)
        most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
        # Black has none.
        saturation += float(np.sum((most - least) / np.maximum(most, 1)))
    mean_rg, mean_yb = sums[0] / n, sums[2] / n / 2
    variance = sums[1] / n - mean_rg**2 + sums[3] / n / 4 - mean_yb**2
    return math.sqrt(max(variance, 0.0)) + 0.3 * math.hypot(mean_rg, mean_yb), saturation / n


def _bands(pixels: np.ndarray) -> Iterator[np.ndarray]:
    rows = max(1, _BAND // pixels.shape[1])
    for top in range(0, pixels.shape[0], rows):
        yield pixels[top : top + rows]


def _significant(value: float, digits: int = 3) -> float:
    """A number rounded to some significant digits."""
    return float(f"{value:.{digits}g}")
