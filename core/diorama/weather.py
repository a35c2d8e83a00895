"""Weather as a layer over a picture with distances: what is far is veiled more, and what falls lies in several depths.

Whatever stands in the picture has its distance in the depth map, an object pasted into a place too, so weather passes
in front of it and behind it. Only numpy and uint8 depths as ``core.diorama.depth`` codes them.

A picture is composed anew on every machine, so each pixel must come out the same on all of them: products are summed
element by element (a float32 ``@`` goes to a BLAS whose kernels add in different orders), and functions that the
processor's vector units round differently are taken in double precision (``_rounded``).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.diorama.depth import SKY, decode

WEATHERS = ("none", "sunny", "partly cloudy", "cloudy", "foggy", "raining", "snowing")

#: Display colours by day and by night.
_CLOUD = {"day": (0.97, 0.97, 0.98), "night": (0.25, 0.28, 0.38)}
_OVERCAST = {"day": (0.70, 0.73, 0.76), "night": (0.13, 0.15, 0.20)}
_FOG = {"day": (0.80, 0.82, 0.83), "night": (0.20, 0.23, 0.29)}
_RAIN_SKY = {"day": (0.46, 0.51, 0.57), "night": (0.09, 0.11, 0.16)}
_SNOW_SKY = {"day": (0.82, 0.84, 0.88), "night": (0.22, 0.25, 0.33)}
_STREAK = {"day": (0.82, 0.87, 0.93), "night": (0.42, 0.48, 0.60)}
_FLAKE = {"day": (1.0, 1.0, 1.0), "night": (0.78, 0.82, 0.92)}
_SUN = (1.0, 0.94, 0.72)
_GREY = (np.float32(0.299), np.float32(0.587), np.float32(0.114))


def apply(image: np.ndarray, depth: np.ndarray, weather: str, time: str, rng: np.random.Generator) -> np.ndarray:
    """A picture under a weather.

    Args:
        image: (H, W, 3) sRGB, 0..1, under a clear sky.
        depth: uint8 (H, W) of ``core.diorama.depth``; 255 is the sky.
        weather: One of ``WEATHERS``; ``none`` changes nothing.
        time: ``day`` or ``night``, as the picture was lit.
        rng: Where clouds, streaks and flakes are; the same state gives the same pixels.

    Returns:
        float32 (H, W, 3), 0..1.
    """
    if weather not in WEATHERS:
        raise ValueError(f"there is no weather {weather!r}; choose one of {', '.join(WEATHERS)}")
    if time not in _CLOUD:
        raise ValueError(f"there is no time {time!r}; choose day or night")
    image = np.asarray(image, np.float32)
    if weather == "none":
        return image
    return np.clip(_LAYERS[weather](image, depth, time, rng), 0, 1)


def _sunny(image: np.ndarray, depth: np.ndarray, time: str, rng: np.random.Generator) -> np.ndarray:
    """Warm light, and by day the sun's glow in the sky."""
    if time == "night":
        return image
    height, width = depth.shape
    x, y = rng.uniform(0.12, 0.88) * width, rng.uniform(0.06, 0.16) * _sky_height(depth)
    off = np.hypot(np.arange(width)[None] - x, np.arange(height)[:, None] - y).astype(np.float32) / height
    glow = 0.45 * _rounded(np.exp, -off / 0.16) + np.clip((0.05 - off) / 0.008, 0, 1)
    sky = depth == SKY
    share = np.where(sky, np.minimum(glow, 1), 0.12 * _rounded(np.exp, -off / 0.35))[..., None].astype(np.float32)
    warm = image * np.array((1.05, 1.01, 0.93), np.float32)
    return warm + (np.array(_SUN, np.float32) - warm) * share


def _partly_cloudy(image: np.ndarray, depth: np.ndarray, time: str, rng: np.random.Generator) -> np.ndarray:
    """White clouds before the sky, and their large soft shadows on the ground."""
    noise = _clouds(depth, rng)
    share = np.clip((noise - 0.50) / 0.12, 0, 1) * np.float32(0.95)
    # The lower side of a cloud is greyer: the difference to the noise a little higher.
    light = np.clip(0.92 + 1.6 * (noise - np.roll(noise, 4, axis=0)), 0.72, 1.0)
    cloud = light[..., None] * np.array(_CLOUD[time], np.float32)
    shade = 1 - 0.25 * np.clip((_noise(depth.shape, (4, 3), rng) - 0.5) / 0.15, 0, 1)
    sky = (depth == SKY)[..., None]
    return np.where(sky, image + (cloud - image) * share[..., None], image * shade[..., None])


def _cloudy(image: np.ndarray, depth: np.ndarray, time: str, rng: np.random.Generator) -> np.ndarray:
    """A closed grey sky, and flat light without much colour."""
    flat = _dull(image, colour=0.55, contrast=0.72, level=0.42 if time == "day" else 0.10, gain=0.86)
    relief = 0.86 + 0.28 * _clouds(depth, rng)
    cover = relief[..., None] * np.array(_OVERCAST[time], np.float32)
    flat = _veil(flat, depth, _OVERCAST[time], half=60.0)
    return np.where((depth == SKY)[..., None], cover, flat)


def _foggy(image: np.ndarray, depth: np.ndarray, time: str, rng: np.random.Generator) -> np.ndarray:
    """Fog that thickens with distance and drifts in swathes."""
    swathes = 0.75 + 0.5 * _noise(depth.shape, (5, 2), rng)
    dull = _dull(image, colour=0.7, contrast=0.85, level=0.5 if time == "day" else 0.12, gain=0.95)
    return _veil(dull, depth, _FOG[time], half=5.5, density=swathes, least=0.12)


def _raining(image: np.ndarray, depth: np.ndarray, time: str, rng: np.random.Generator) -> np.ndarray:
    """Dark grey sky, wet ground and streaks in three depths."""
    sky_colour = np.array(_RAIN_SKY[time], np.float32)
    wet = _dull(image, colour=0.6, contrast=0.85, level=0.35 if time == "day" else 0.09, gain=0.74)
    wet = _sheen(wet, depth, sky_colour)
    wet = _veil(wet, depth, _RAIN_SKY[time], half=22.0)
    relief = 0.8 + 0.4 * _clouds(depth, rng)
    wet = np.where((depth == SKY)[..., None], relief[..., None] * sky_colour, wet)
    slant = rng.uniform(-0.25, 0.25)
    for distance, count, length, strength in ((9.0, 220, 0.05, 0.30), (5.0, 130, 0.09, 0.42), (2.0, 55, 0.15, 0.5)):
        drops = _streaks(depth.shape, count, length, slant, rng) * strength
        wet = _before(wet, drops, depth, distance, _STREAK[time])
    return wet


def _snowing(image: np.ndarray, depth: np.ndarray, time: str, rng: np.random.Generator) -> np.ndarray:
    """Pale sky, a whitened distance and flakes in three sizes."""
    dull = _dull(image, colour=0.7, contrast=0.85, level=0.5 if time == "day" else 0.12, gain=0.97)
    white = _veil(dull, depth, _SNOW_SKY[time], half=15.0, least=0.06)
    for distance, count, radius, strength in ((14.0, 330, 0.0035, 0.8), (6.0, 150, 0.0065, 0.9), (2.0, 42, 0.013, 0.8)):
        flakes = _flakes(depth.shape, count, radius, rng) * strength
        white = _before(white, flakes, depth, distance, _FLAKE[time])
    return white


_LAYERS = {
    "sunny": _sunny,
    "partly cloudy": _partly_cloudy,
    "cloudy": _cloudy,
    "foggy": _foggy,
    "raining": _raining,
    "snowing": _snowing,
}


def _dull(image: np.ndarray, *, colour: float, contrast: float, level: float, gain: float) -> np.ndarray:
    """Less colour, contrast pulled together around ``level``, and darker by ``gain``."""
    red, green, blue = (image[..., channel] * share for channel, share in enumerate(_GREY))
    grey = (red + green + blue)[..., None]
    a = np.float32(gain * contrast * colour)
    b, c = np.float32(gain * contrast * (1 - colour)), np.float32(gain * (1 - contrast) * level)
    return image * a + (grey * b + c)


def _veil(
    image: np.ndarray,
    depth: np.ndarray,
    colour: tuple[float, float, float],
    *,
    half: float,
    density: np.ndarray | None = None,
    least: float = 0.0,
) -> np.ndarray:
    """Air between the eye and things: at the distance ``half`` half of them is left."""
    distances = decode(np.arange(256, dtype=np.uint8))
    exponent = np.minimum(distances, 12 * half) / np.float32(half)
    amount = exponent[depth]
    if density is not None:
        amount = amount * density
    share = 1 - (1 - np.float32(least)) * _rounded(np.exp2, -amount)
    return image + (np.array(colour, np.float32) - image) * share[..., None]


def _before(
    image: np.ndarray, layer: np.ndarray, depth: np.ndarray, distance: float, colour: tuple[float, float, float]
) -> np.ndarray:
    """A layer (H, W) of drops at a distance, hidden where something is nearer."""
    seen = layer * (decode(np.arange(256, dtype=np.uint8)) > distance)[depth]
    return image + (np.array(colour, np.float32) - image) * seen[..., None]


def _sheen(image: np.ndarray, depth: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """Level ground mirrors the sky more the farther it is; the lower part of the picture is taken for ground."""
    height = depth.shape[0]
    below = np.clip((np.arange(height, dtype=np.float32) - _sky_height(depth)) / (0.2 * height), 0, 1)
    share = (0.30 * below)[:, None] * np.clip(depth.astype(np.float32) / 160 - 0.3, 0, 1) * (depth != SKY)
    return image + (1.25 * sky - image) * share[..., None]


def _sky_height(depth: np.ndarray) -> float:
    """Rows from the top to the lowest row that is mostly sky; indoors a third of the picture."""
    open_rows = np.flatnonzero((depth == SKY).mean(axis=1) > 0.3)
    return float(open_rows[-1] + 1) if len(open_rows) else depth.shape[0] / 3


def _noise(shape: tuple[int, int], cells: tuple[int, int], rng: np.random.Generator, octaves: int = 3) -> np.ndarray:
    """Smooth noise (H, W), 0..1 around 0.5, with so many cells (across, down) in its coarsest octave."""
    total, weight, most = np.zeros(shape, np.float32), 1.0, 0.0
    for octave in range(octaves):
        across, down = (n * 2**octave for n in cells)
        lattice = rng.random((down + 1, across + 1), dtype=np.float32)
        rows = _between(lattice, shape[0], down)
        total += weight * _between(rows.T, shape[1], across).T
        most += weight
        weight *= 0.5
    return np.float32(0.5) + (total / most - 0.5) * np.float32(1.25)


def _between(lattice: np.ndarray, n: int, cells: int) -> np.ndarray:
    """Smooth interpolation of lattice points (cells + 1, k) at n places along their first axis: (n, k)."""
    at = (np.arange(n, dtype=np.float32) + 0.5) / n * cells
    cell = np.minimum(at.astype(int), cells - 1)
    f = at - cell
    f = (f * f * (3 - 2 * f))[:, None]
    return lattice[cell] * (1 - f) + lattice[cell + 1] * f


def _rounded(function: Callable[[np.ndarray], np.ndarray], values: np.ndarray) -> np.ndarray:
    """A function in double precision, rounded to float32, so that the last bit does not hang on the processor."""
    return function(values.astype(np.float64)).astype(np.float32)


def _clouds(depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Noise (H, W) for the sky, squeezed together towards the horizon."""
    height, width = depth.shape
    noise = _noise((height, width), (4, 4), rng, octaves=4)
    down = np.arange(height) / max(_sky_height(depth), 1)
    rows = (np.clip(down, 0, 1) ** 1.6 * (height - 1)).astype(int)
    return noise[rows]


def _streaks(shape: tuple[int, int], count: int, length: float, slant: float, rng: np.random.Generator) -> np.ndarray:
    """Opacity (H, W) of falling drops, brighter towards their lower end."""
    height, width = shape
    steps = max(2, round(length * height))
    x, y = rng.random(count) * width * 1.4 - 0.2 * width, rng.random(count) * (height + steps) - steps
    along = np.arange(steps)
    u = x[:, None] + slant * along
    v = np.floor(y[:, None] + along).astype(int)
    left = np.floor(u).astype(int)
    fade = np.broadcast_to((along + 1) / steps, u.shape)
    layer = np.zeros(shape, np.float32)
    thick = max(1, round(height / 256 * (1 + (length > 0.12))))
    for shift in range(thick + 1):
        share = fade * (1 - (u - left) if shift == 0 else (u - left) if shift == thick else 1.0)
        inside = (v >= 0) & (v < height) & (left + shift >= 0) & (left + shift < width)
        np.maximum.at(layer, (v[inside], left[inside] + shift), share[inside].astype(np.float32))
    return layer


def _flakes(shape: tuple[int, int], count: int, radius: float, rng: np.random.Generator) -> np.ndarray:
    """Opacity (H, W) of soft round flakes."""
    height, width = shape
    size = radius * height * rng.uniform(0.7, 1.4, count)
    x, y = rng.random(count) * width, rng.random(count) * height
    reach = int(np.ceil(1.4 * radius * height)) + 1
    offsets = np.arange(-reach, reach + 1)
    columns, rows = x.astype(int)[:, None] + offsets, y.astype(int)[:, None] + offsets
    off = np.sqrt(((columns + 0.5 - x[:, None]) ** 2)[:, None, :] + ((rows + 0.5 - y[:, None]) ** 2)[:, :, None])
    soft = np.maximum(0.35 * size, 0.8)[:, None, None]
    opacity = np.clip(0.5 + (size[:, None, None] - off) / (2 * soft), 0, 1).astype(np.float32)
    padded = np.zeros((height + 2 * reach, width + 2 * reach), np.float32)
    where = (rows + reach)[:, :, None], (columns + reach)[:, None, :]
    np.maximum.at(padded, tuple(np.broadcast_arrays(*where)), opacity)
    return padded[reach:-reach, reach:-reach]
