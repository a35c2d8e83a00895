"""Places: a ground, a sky and props, traced once and shaded for day and for night.

Place space: x to the right, y up, z towards the camera, which stands above (0, 0, 0) and looks along -z. Each prop is
traced by itself, over the rays that meet its bounding sphere, and the ground is met in closed form: a place of sixty
props costs little more than its picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from core.diorama.depth import encode
from core.diorama.patterns import lattice, value_noise
from core.diorama.render import LIGHTS, Camera, Light, Scene, shade, to_srgb, trace
from core.diorama.solids import Colour, Points, Shape, Vec

_CHUNK = 32_768
_FIELD_DEG = 44.0
#: The ground lies square to the light; a little less of it by day, more by night, keeps its colours.
_GROUND_EXPOSURE = (0.70, 1.25)
_DAY, _NIGHT = LIGHTS["day"], LIGHTS["night"]

#: Albedo (N, 3) of ground points, given also their distances (N,) from the eye, for fading what is finer than a pixel.
Paint = Callable[[Points, Tensor], Tensor]


@dataclass(frozen=True)
class Ground:
    """The plane y = 0.

    Attributes:
        paint: Its colours.
        bump: Slope of its unevenness, 0 is flat.
        bump_scale: Bumps a unit of length.
        mirror: Share of the sky that it reflects when seen from above (water, ice, polish); more at a low angle.
        stretch: Bumps are this much longer along x (waves).
        seed: Shifts the bumps.
    """

    paint: Paint
    bump: float = 0.0
    bump_scale: float = 1.0
    mirror: float = 0.0
    stretch: float = 1.0
    seed: float = 0.0


@dataclass(frozen=True)
class Sky:
    """Linear colours at the horizon and overhead, by day and by night; ``haze`` is the distance that air veils half."""

    day: tuple[Colour, Colour] = ((0.60, 0.77, 0.90), (0.10, 0.33, 0.72))
    night: tuple[Colour, Colour] = ((0.030, 0.052, 0.125), (0.004, 0.009, 0.035))
    haze: float = 70.0
    moon: tuple[float, float] = (0.3, 0.28)
    seed: float = 0.0


@dataclass(frozen=True)
class Lamp:
    """A point that gives light at night.

    Attributes:
        at: Position.
        colour: Linear RGB.
        strength: Factor of the light that it throws on what is near.
        halo: Radius of the glow around it in the picture; 0 for none.
    """

    at: Vec
    colour: Colour = (1.0, 0.62, 0.24)
    strength: float = 2.0
    halo: float = 0.35


class Prop:
    """A shape that stands somewhere in a place."""

    def __init__(self, shape: Shape, at: Vec, *, scale: float = 1.0, turn_deg: float = 0.0, casts: bool = True) -> None:
        """``turn_deg`` turns it about the vertical; without ``casts`` it leaves no shadow on the ground."""
        self.scene, self.at, self.scale, self.casts = Scene(shape), at, scale, casts
        self.centre, self.radius = shape.bounds()
        self._cos, self._sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))

    def direction(self, v: Points) -> Points:
        """A direction of the place in the prop's own space."""
        return v[0] * self._cos - v[2] * self._sin, v[1], v[0] * self._sin + v[2] * self._cos

    def point(self, p: Points) -> Points:
        """A point of the place in the prop's own space."""
        return tuple(c / self.scale for c in self.direction(tuple(c - a for c, a in zip(p, self.at, strict=True))))

    def outward(self, v: Points) -> Points:
        """A direction of the prop's own space in the place."""
        return v[0] * self._cos + v[2] * self._sin, v[1], -v[0] * self._sin + v[2] * self._cos

    def light(self, light: Light) -> Light:
        """The light as it falls in the prop's own space."""
        return replace(light, sun=self.direction(light.sun))


@dataclass
class Place:
    """Everything that is seen of a place.

    Attributes:
        ground: What one stands on.
        props: What stands there.
        sky: Above, and the colour of distant things.
        lamps: Lights at night.
        horizon: Its height in the picture as a fraction from the top.
        eye: Height of the camera.
        lights: Day and night light.
    """

    ground: Ground
    props: list[Prop] = field(default_factory=list)
    sky: Sky = field(default_factory=Sky)
    lamps: list[Lamp] = field(default_factory=list)
    horizon: float = 0.4
    eye: float = 1.7
    lights: tuple[Light, Light] = (_DAY, _NIGHT)

    def add(self, shape: Shape, x: float, z: float, **placing: float | bool) -> None:
        """Stand a shape on the ground; further arguments are those of ``Prop``."""
        self.props.append(Prop(shape, (x, 0.0, z), **placing))


def render(place: Place, size: int = 512, samples: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Square pictures of a place.

    Args:
        place: From ``core.diorama.places.make``.
        size: Side in pixels.
        samples: Rays a pixel in each direction, where one ray does not tell (at edges).

    Returns:
        Day and night, uint8 (size, size, 3) sRGB, and distances, uint8 (size, size), coded by
        ``core.diorama.depth``.
    """
    drop = (0.5 - place.horizon) * 2 * math.tan(math.radians(_FIELD_DEG / 2))
    camera = Camera((0.0, place.eye, 0.0), (0.0, place.eye - drop, -1.0), _FIELD_DEG)
    with torch.inference_mode():
        origin, rays = camera.rays(size, size)
        distance, pictures = _look(place, origin, rays)
        edges = torch.nonzero(_edges(distance.reshape(size, size), pictures[0].reshape(size, size, 3))).flatten()
        if samples > 1 and len(edges):
            _, fine = camera.rays(size * samples, size * samples)
            rows = _subpixels(edges, size, samples)
            _, finer = _look(place, origin, tuple(c[rows] for c in fine))
            for picture, values in zip(pictures, finer, strict=True):
                picture[edges] = values.reshape(len(edges), samples**2, 3).mean(dim=1)
        day, night = ((p * 255 + 0.5).to(torch.uint8).reshape(size, size, 3).numpy() for p in pictures)
    return day, night, encode(distance.reshape(size, size).numpy())


def _edges(distance: Tensor, picture: Tensor) -> Tensor:
    """Pixels (H * W,) next to a jump in distance or in colour."""
    inverse = 1 / distance.clamp_min(1e-3)
    marked = torch.zeros_like(distance, dtype=torch.bool)
    for values, limit in ((inverse[..., None], 0.012), (picture, 0.14)):
        for axis in (0, 1):
            n = values.shape[axis]
            jump = (values.narrow(axis, 1, n - 1) - values.narrow(axis, 0, n - 1)).abs().amax(dim=-1) > limit
            marked.narrow(axis, 0, n - 1).logical_or_(jump)
            marked.narrow(axis, 1, n - 1).logical_or_(jump)
    return marked.flatten()


def _subpixels(pixels: Tensor, size: int, samples: int) -> Tensor:
    """Indices of the finer grid's rays that lie in each pixel, pixel by pixel."""
    row, column = pixels // size * samples, pixels % size * samples
    inside = [(row + i) * size * samples + column + j for i in range(samples) for j in range(samples)]
    return torch.stack(inside, dim=1).flatten()


def _look(place: Place, origin: Tensor, rays: Points) -> tuple[Tensor, list[Tensor]]:
    """Distance (N,) and display colours (N, 3) by day and by night of each ray."""
    parts = []
    for i in range(0, len(rays[0]), _CHUNK):
        parts.append(_look_at_once(place, origin, tuple(c[i : i + _CHUNK] for c in rays)))
    return torch.cat([d for d, _ in parts]), [to_srgb(torch.cat([c[k] for _, c in parts])) for k in range(2)]


def _look_at_once(place: Place, origin: Tensor, rays: Points) -> tuple[Tensor, list[Tensor]]:
    # The ground is met in closed form; upward rays never meet it.
    nearest = torch.where(rays[1] < -1e-4, place.eye / (-rays[1]).clamp_min(1e-4), torch.inf)
    nearest = torch.where(nearest < 400, nearest, torch.inf)
    who = torch.full_like(nearest, -1, dtype=torch.int64)
    for number, prop in enumerate(place.props):
        _meet(prop, number, origin, rays, nearest, who)
    sky = [_sky(place.sky, rays, night) for night in (False, True)]
    colours = [c.clone() for c in sky]
    for number in [-1, *who.unique().tolist()]:
        rows = torch.nonzero((who == number) & torch.isfinite(nearest)).flatten()
        if number == -2 or not len(rows):
            continue
        some, t = tuple(c[rows] for c in rays), nearest[rows]
        p = tuple(origin[k] + t * some[k] for k in range(3))
        shaded = _shade_ground(place, p, some, t) if number < 0 else _shade_prop(place, place.props[number], p, some)
        veil = (1 - torch.exp2(-t / place.sky.haze))[:, None]
        for k, colour in enumerate(colours):
            colour[rows] = shaded[k] + (_horizon(place.sky, k) - shaded[k]) * veil
    for lamp in place.lamps:
        colours[1] += _halo(lamp, origin, rays, nearest)
    return nearest, colours


def _meet(prop: Prop, number: int, origin: Tensor, rays: Points, nearest: Tensor, who: Tensor) -> None:
    """Trace one prop, and note where it is the nearest."""
    eye = prop.point(tuple(origin[k] for k in range(3)))
    inward = tuple(c - e for c, e in zip(prop.centre, eye, strict=True))
    square = sum(float(c) ** 2 for c in inward)
    local = prop.direction(rays)
    along = sum(r * c for r, c in zip(local, inward, strict=True))
    rows = torch.nonzero((square - along**2 < prop.radius**2) & ((along > 0) | (square < prop.radius**2))).flatten()
    if not len(rows):
        return
    near = max(math.sqrt(square) - prop.radius, 0.05)
    t = prop.scale * trace(
        prop.scene, torch.stack(eye), tuple(c[rows] for c in local), near, math.sqrt(square) + prop.radius
    )
    closer = t < nearest[rows]
    nearest[rows[closer]] = t[closer]
    who[rows[closer]] = number


def _shade_prop(place: Place, prop: Prop, p: Points, rays: Points) -> list[Tensor]:
    local, local_rays = prop.point(p), prop.direction(rays)
    lights = [prop.light(light) for light in place.lights]
    shaded = shade(prop.scene, local, local_rays, lights, 2 * prop.radius)
    if place.lamps:
        albedo, _, _ = prop.scene.materials(local)
        shaded[1] = shaded[1] + albedo * _lamplight(place.lamps, p, prop.outward(prop.scene.normals(local)))
    return shaded


def _shade_ground(place: Place, p: Points, rays: Points, t: Tensor) -> list[Tensor]:
    ground, normal = place.ground, _ground_normal(place.ground, p, t)
    albedo = ground.paint(p, t)
    open_sky, up = _ground_occlusion(place.props, p), 0.5 + 0.5 * normal[1]
    shaded = []
    for k, light in enumerate(place.lights):
        length = math.sqrt(sum(c * c for c in light.sun))
        sun = tuple(c / length for c in light.sun)
        facing = sum(a * b for a, b in zip(normal, sun, strict=True)).clamp(0, 1)
        lit = _ground_shadow(place.props, p, light)
        sky, below, direct = (torch.tensor(c) for c in (light.sky, light.ground, light.sun_colour))
        diffuse = (facing * lit)[:, None] * direct + open_sky[:, None] * (below + (sky - below) * up[:, None])
        if k == 1 and place.lamps:
            diffuse = diffuse + _lamplight(place.lamps, p, normal)
        colour = albedo * diffuse
        if ground.mirror:
            colour = _reflect(place, colour, normal, rays, sun, k, lit, open_sky)
        shaded.append(colour * light.exposure * _GROUND_EXPOSURE[k])
    return shaded


def _reflect(
    place: Place, colour: Tensor, n: Points, rays: Points, sun: Vec, night: int, lit: Tensor, open_sky: Tensor
) -> Tensor:
    """The ground's colour with the sky and the sun's glitter in it."""
    facing = -sum(a * b for a, b in zip(n, rays, strict=True))
    share = (place.ground.mirror + (1 - place.ground.mirror) * (1 - facing.clamp(0, 1)) ** 5).clamp(0, 0.85)
    back = [r + 2 * facing * c for r, c in zip(rays, n, strict=True)]
    back[1] = back[1].abs() + 0.02
    horizon, zenith = (torch.tensor(c) for c in (place.sky.day, place.sky.night)[night])
    seen = horizon + (zenith - horizon) * (back[1].clamp(0, 1) ** 0.6)[:, None]
    glitter = sum(a * b for a, b in zip(back, sun, strict=True)).clamp(0, 1) ** 60 * lit
    light = torch.tensor(place.lights[night].sun_colour)
    return colour + (seen * open_sky[:, None] - colour) * share[:, None] + glitter[:, None] * light * 1.2


def _ground_normal(ground: Ground, p: Points, t: Tensor) -> Points:
    if not ground.bump:
        return torch.zeros_like(t), torch.ones_like(t), torch.zeros_like(t)
    fade = ground.bump / (1 + (t * ground.bump_scale / 45) ** 2)
    step = 0.25 / ground.bump_scale

    def height(x: Tensor, z: Tensor) -> Tensor:
        flat = (x / ground.stretch, torch.zeros_like(x), z)
        coarse = value_noise(flat, ground.bump_scale, ground.seed)
        return coarse + 0.4 * value_noise(flat, 2.3 * ground.bump_scale, ground.seed + 3)

    here = height(p[0], p[2])
    dx, dz = (height(p[0] + step, p[2]) - here), (height(p[0], p[2] + step) - here)
    nx, nz = -dx * fade * 2, -dz * fade * 2
    length = torch.sqrt(1 + nx * nx + nz * nz)
    return nx / length, 1 / length, nz / length


def _ground_shadow(props: list[Prop], p: Points, light: Light) -> Tensor:
    """Share of the sun (N,) that reaches points of the ground."""
    lit = torch.ones_like(p[0])
    for prop in props:
        if not prop.casts:
            continue
        sun = prop.direction(light.sun)
        sun = tuple(c / math.sqrt(sum(s * s for s in sun)) for c in sun)
        local = prop.point(p)
        inward = tuple(c - q for c, q in zip(prop.centre, local, strict=True))
        along = sum(s * c for s, c in zip(sun, inward, strict=True))
        aside = sum(c * c for c in inward) - along**2
        rows = torch.nonzero((aside < (1.15 * prop.radius) ** 2) & (along > -prop.radius)).flatten()
        if len(rows):
            here = tuple(c[rows] for c in local)
            up = (torch.zeros_like(here[0]), torch.ones_like(here[0]), torch.zeros_like(here[0]))
            lit[rows] *= prop.scene.shadow(here, up, sun, 3.5 * prop.radius)
    return lit


def _ground_occlusion(props: list[Prop], p: Points) -> Tensor:
    """Ambient light (N,) that props leave to points of the ground."""
    light = torch.ones_like(p[0])
    for prop in props:
        if not prop.casts:
            continue
        local = prop.point(p)
        away = torch.sqrt(sum((c - q) ** 2 for c, q in zip(local, prop.centre, strict=True)))
        rows = torch.nonzero(away < prop.radius + 0.45).flatten()
        if len(rows):
            here = tuple(c[rows] for c in local)
            up = (torch.zeros_like(here[0]), torch.ones_like(here[0]), torch.zeros_like(here[0]))
            light[rows] *= prop.scene.occlusion(here, up)
    return light


def _lamplight(lamps: list[Lamp], p: Points, n: Points) -> Tensor:
    """Light (N, 3) from the lamps on points with these normals; without shadows."""
    total = torch.zeros(len(p[0]), 3)
    for lamp in lamps:
        toward = [a - c for a, c in zip(lamp.at, p, strict=True)]
        square = sum(c * c for c in toward)
        facing = sum(a * b for a, b in zip(toward, n, strict=True)) / torch.sqrt(square.clamp_min(1e-4))
        fall = lamp.strength * (0.15 + 0.85 * facing.clamp(0, 1)) / (1 + square)
        total += fall[:, None] * torch.tensor(lamp.colour)
    return total


def _halo(lamp: Lamp, origin: Tensor, rays: Points, nearest: Tensor) -> Tensor:
    """Glow (N, 3) of the air around a lamp."""
    if not lamp.halo:
        return torch.zeros(len(nearest), 3)
    toward = [a - float(o) for a, o in zip(lamp.at, origin, strict=True)]
    along = sum(r * c for r, c in zip(rays, toward, strict=True))
    aside = (sum(c * c for c in toward) - along**2).clamp_min(0)
    seen = (along > 0) & (along < nearest + lamp.halo)
    glow = torch.where(seen, 0.55 * torch.exp(-aside / lamp.halo**2), 0.0)
    return glow[:, None] * torch.tensor(lamp.colour)


def _horizon(sky: Sky, night: int) -> Tensor:
    return torch.tensor((sky.day, sky.night)[night][0])


def _sky(sky: Sky, rays: Points, night: bool) -> Tensor:
    """Linear colours (N, 3) of the clear sky; at night with stars and the moon."""
    horizon, zenith = (torch.tensor(c) for c in (sky.day, sky.night)[night])
    height = (rays[1].clamp(0, 1) / 0.62).clamp(0, 1) ** 0.75
    colour = horizon + (zenith - horizon) * height[:, None]
    if not night:
        return colour
    azimuth, grid = rays[0] / (-rays[2]).clamp_min(0.2), 62.0
    u, v = azimuth * grid, rays[1] * grid
    cell = torch.floor(u), torch.floor(v), torch.zeros_like(u)
    at = [cell[i] + 0.2 + 0.6 * lattice(*cell, sky.seed + 5 + i) for i in range(2)]
    bright = (lattice(*cell, sky.seed + 9) - 0.86).clamp_min(0) / 0.14
    size = 0.06 + 0.12 * bright
    star = torch.exp(-((u - at[0]) ** 2 + (v - at[1]) ** 2) / size**2) * (bright > 0) * (0.25 + 0.75 * bright)
    off = torch.sqrt((azimuth - sky.moon[0]) ** 2 + (rays[1] - sky.moon[1]) ** 2)
    disc = (0.5 + (0.034 - off) / 0.004).clamp(0, 1)
    glow = 0.22 * torch.exp(-((off - 0.03).clamp_min(0) / 0.09))
    colour = colour + (star * (1 - disc))[:, None] * torch.tensor((0.8, 0.85, 1.0))
    return colour + glow[:, None] * torch.tensor((0.45, 0.55, 0.8)) + disc[:, None] * torch.tensor((0.95, 0.9, 0.75))
