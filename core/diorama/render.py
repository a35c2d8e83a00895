"""Render shapes by sphere tracing: camera, light, soft shadows, ambient occlusion.

Everything runs on the CPU in float32 with the same operations in the same order, so a picture is the same to the pixel
on one platform.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.diorama.patterns import paint
from core.diorama.solids import Colour, Part, Points, Shape, Vec

_CHUNK = 32768
_EPSILON = 1.5e-3
#: Side of the blocks of rays that are traced as one cone first.
_BLOCK = 8


@dataclass(frozen=True)
class Camera:
    """A pinhole camera.

    Attributes:
        eye: Position.
        target: The point that it looks at.
        field_deg: Vertical angle of the square picture that is centred on the target.
        window: Part of that picture (left, top, right, bottom), 0..1 downwards; may reach beyond it.
    """

    eye: Vec
    target: Vec
    field_deg: float
    window: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

    def rays(self, width: int, height: int) -> tuple[Tensor, Points]:
        """Origin (3,) and unit directions, three (height * width,) tensors, row by row."""
        eye = np.asarray(self.eye)
        forward = np.asarray(self.target) - eye
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, (0, 1, 0))
        right /= np.linalg.norm(right)
        up = np.cross(right, forward)
        left, top, far, bottom = self.window
        reach = math.tan(math.radians(self.field_deg) / 2)
        u = (left + (np.arange(width) + 0.5) / width * (far - left) - 0.5) * 2 * reach
        v = (0.5 - (top + (np.arange(height) + 0.5) / height * (bottom - top))) * 2 * reach
        uu, vv = np.meshgrid(u, v)
        directions = forward + uu[..., None] * right + vv[..., None] * up
        directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
        flat = torch.from_numpy(directions.reshape(-1, 3).astype(np.float32))
        return torch.tensor(self.eye, dtype=torch.float32), tuple(flat[:, i].contiguous() for i in range(3))


@dataclass(frozen=True)
class Light:
    """Light of a time of day; colours are linear RGB.

    Attributes:
        sun: Direction towards the light.
        sun_colour: Of the direct light.
        sky: From above.
        ground: From below.
        glow: How much of a part's own glow shows.
        exposure: Factor before tone mapping.
    """

    sun: Vec
    sun_colour: Colour
    sky: Colour
    ground: Colour
    glow: float
    exposure: float = 1.0


LIGHTS: dict[str, Light] = {
    "day": Light((-0.45, 0.8, 0.55), (1.75, 1.62, 1.4), (0.42, 0.50, 0.62), (0.26, 0.23, 0.19), glow=0.0),
    "night": Light((0.4, 0.85, 0.35), (0.20, 0.25, 0.40), (0.055, 0.075, 0.15), (0.03, 0.03, 0.045), glow=1.0),
}


class Scene:
    """A shape, ready to be asked for distances and materials."""

    def __init__(self, shape: Shape) -> None:
        self.parts = [part for part in shape.parts if part.primitives]
        self._spheres = [_part_sphere(part) for part in self.parts]

    def distance(self, p: Points) -> Tensor:
        """Signed distance (N,) to the nearest surface."""
        n = len(p[0])
        if n <= _CHUNK:
            return self._distance(p)
        # In pieces that stay in the processor's cache.
        return torch.cat([self._distance(tuple(c[i : i + _CHUNK] for c in p)) for i in range(0, n, _CHUNK)])

    def _distance(self, p: Points) -> Tensor:
        best: Tensor | None = None
        folded = (p[0], p[1], p[2].abs())
        for part, (cx, cy, cz, radius) in zip(self.parts, self._spheres, strict=True):
            q = folded if part.mirror else p
            if best is not None:
                away = torch.sqrt((q[0] - cx) ** 2 + (q[1] - cy) ** 2 + (q[2] - cz) ** 2) - radius
                if bool((away > best).all()):
                    continue
            d = part_distance(part, q)
            best = d if best is None else torch.minimum(best, d)
        return best

    def materials(self, p: Points) -> tuple[Tensor, Tensor, Tensor]:
        """Colours (N, 3), gloss (N,) and glow (N,) at points on the surface."""
        best = torch.full_like(p[0], math.inf)
        colour = torch.zeros(len(best), 3)
        gloss, glow = torch.zeros_like(best), torch.zeros_like(best)
        for part in self.parts:
            q = (p[0], p[1], p[2].abs()) if part.mirror else p
            d, own = _part_colour(part, q)
            if part.pattern is not None:
                own = paint(own, p, part.pattern)
            nearer = d < best
            best = torch.where(nearer, d, best)
            colour = torch.where(nearer[:, None], own, colour)
            gloss = torch.where(nearer, part.gloss, gloss)
            glow = torch.where(nearer, part.glow, glow)
        return colour, gloss, glow

    def normals(self, p: Points) -> Points:
        """Unit normals by central differences on a tetrahedron."""
        h = 1e-3
        corners = ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1))
        n = [torch.zeros_like(p[0]) for _ in range(3)]
        for corner in corners:
            d = self.distance(tuple(c + h * k for c, k in zip(p, corner, strict=True)))
            for i in range(3):
                n[i] += corner[i] * d
        length = torch.sqrt(n[0] ** 2 + n[1] ** 2 + n[2] ** 2).clamp_min(1e-9)
        return tuple(c / length for c in n)

    def occlusion(self, p: Points, n: Points, reach: float = 0.45) -> Tensor:
        """Ambient light that reaches a point, 0..1, from five distances along its normal."""
        blocked, weight, total = torch.zeros_like(p[0]), 1.0, 0.0
        for step in range(1, 6):
            height = 0.01 + reach * (step / 5) ** 1.5
            d = self.distance(tuple(c + height * k for c, k in zip(p, n, strict=True)))
            blocked += weight * (1 - (d / height).clamp(0, 1))
            total += weight
            weight *= 0.75
        return (1 - 0.95 * blocked / total).clamp(0, 1)

    def shadow(self, p: Points, n: Points, sun: Vec, far: float, softness: float = 9.0) -> Tensor:
        """Share of the sun that reaches a point, 0..1, with a soft edge."""
        origin = tuple(c + 0.012 * k for c, k in zip(p, n, strict=True))
        light, t = torch.ones_like(p[0]), torch.full_like(p[0], 0.02)
        active = torch.arange(len(light))
        for _ in range(28):
            here = tuple(c[active] + t[active] * s for c, s in zip(origin, sun, strict=True))
            d = self.distance(here)
            light[active] = torch.minimum(light[active], softness * d / t[active])
            t[active] = t[active] + d.clamp(0.02, 0.35)
            active = active[(light[active] > 0.005) & (t[active] < far)]
            if not len(active):
                break
        light = light.clamp(0, 1)
        return light * light * (3 - 2 * light)


def _part_sphere(part: Part) -> tuple[float, float, float, float]:
    low = [min(q.centre[i] - q.radius for q in part.primitives) for i in range(3)]
    high = [max(q.centre[i] + q.radius for q in part.primitives) for i in range(3)]
    centre = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
    radius = max(math.dist(centre, q.centre) + q.radius for q in part.primitives)
    return *centre, radius


def part_distance(part: Part, p: Points) -> Tensor:
    """Signed distance (N,) to a part; ``p`` is already folded where the part is mirrored."""
    best = part.primitives[0].distance(p)
    for primitive in part.primitives[1:]:
        d = primitive.distance(p)
        best = torch.minimum(best, d) if not part.blend else _smooth_minimum(best, d, part.blend)[0]
    return best


def _smooth_minimum(a: Tensor, b: Tensor, blend: float) -> tuple[Tensor, Tensor]:
    """Smooth minimum of two distances, and the share of ``b`` in it, 0..1."""
    h = (0.5 + 0.5 * (a - b) / blend).clamp(0, 1)
    return a + (b - a) * h - blend * h * (1 - h), h


def _part_colour(part: Part, p: Points) -> tuple[Tensor, Tensor]:
    """Distance (N,) and colour (N, 3); where primitives flow together their colours do too, over a shorter length."""
    first = part.primitives[0]
    best = first.distance(p)
    colour = torch.tensor(first.colour).expand(len(best), 3)
    for primitive in part.primitives[1:]:
        d = primitive.distance(p)
        share = _smooth_minimum(best, d, max(0.35 * part.blend, 1e-3))[1]
        best = torch.minimum(best, d) if not part.blend else _smooth_minimum(best, d, part.blend)[0]
        colour = colour + (torch.tensor(primitive.colour) - colour) * share[:, None]
    return best, colour


def trace(scene: Scene, origin: Tensor, rays: Points, near: float | Tensor, far: float) -> Tensor:
    """Distance (N,) along each ray to the surface; infinite where it misses.

    Args:
        scene: What is looked at.
        origin: (3,) where the rays begin.
        rays: Unit directions.
        near: Distance up to which there is nothing, for all rays or for each (N,).
        far: Distance at which a ray is given up.
    """
    t = torch.zeros_like(rays[0]) + near
    hit = torch.zeros_like(t, dtype=torch.bool)
    active = torch.nonzero(t < far).flatten()
    for _ in range(110):
        here = tuple(origin[i] + t[active] * rays[i][active] for i in range(3))
        d = scene.distance(here)
        t[active] = t[active] + d
        near_surface = d < _EPSILON * 0.4
        hit[active[near_surface]] = True
        active = active[~near_surface & (t[active] < far)]
        if not len(active):
            break
    # A ray that grazes a surface for the whole march is on it.
    hit[active] = True
    return torch.where(hit & (t < far), t, torch.inf)


def free_distance(scene: Scene, camera: Camera, width: int, height: int, near: float, far: float) -> Tensor:
    """Distance (height * width,) that each ray of a picture surely goes before it meets anything.

    One cone is traced for each block of rays; what is free for the cone is free for all of them.
    """
    columns, lines = math.ceil(width / _BLOCK), math.ceil(height / _BLOCK)
    left, top, right, bottom = camera.window
    whole = left + (right - left) * columns * _BLOCK / width, top + (bottom - top) * lines * _BLOCK / height
    origin, rays = replace(camera, window=(left, top, *whole)).rays(columns, lines)
    reach = 2 * math.tan(math.radians(camera.field_deg) / 2)
    half_diagonal = math.hypot((whole[0] - left) / columns, (whole[1] - top) / lines) / 2 * reach
    t = torch.full_like(rays[0], near)
    active = torch.arange(len(t))
    for _ in range(60):
        d = scene.distance(tuple(origin[i] + t[active] * rays[i][active] for i in range(3)))
        # A little less than the sphere allows, so that the cone's rim stays inside it as well.
        step = d - 1.05 * half_diagonal * t[active]
        free = step > 0.01
        active = active[free]
        t[active] = t[active] + step[free]
        active = active[t[active] < far]
        if not len(active):
            break
    blocks = t.reshape(lines, columns).repeat_interleave(_BLOCK, dim=0).repeat_interleave(_BLOCK, dim=1)
    return blocks[:height, :width].reshape(-1)


def shade(scene: Scene, p: Points, rays: Points, lights: list[Light], far: float) -> list[Tensor]:
    """Linear colours (N, 3) of surface points, one tensor a light; geometry is worked out once."""
    n = scene.normals(p)
    albedo, gloss, glow = scene.materials(p)
    ambient = scene.occlusion(p, n)
    up = 0.5 + 0.5 * n[1]
    shaded = []
    for light in lights:
        length = math.sqrt(sum(c * c for c in light.sun))
        sun = tuple(c / length for c in light.sun)
        facing = sum(a * b for a, b in zip(n, sun, strict=True))
        direct = facing.clamp(0, 1)
        lit = torch.nonzero(direct > 0).flatten()
        direct[lit] *= scene.shadow(tuple(c[lit] for c in p), tuple(c[lit] for c in n), sun, far)
        half = [s - r for s, r in zip(sun, rays, strict=True)]
        size = torch.sqrt(sum(c * c for c in half)).clamp_min(1e-6)
        shine = (sum(a * b for a, b in zip(n, half, strict=True)) / size).clamp(0, 1) ** 40
        rim = (1 + sum(a * b for a, b in zip(n, rays, strict=True))).clamp(0, 1) ** 3
        sky, ground, direct_colour = (torch.tensor(c) for c in (light.sky, light.ground, light.sun_colour))
        diffuse = direct[:, None] * direct_colour
        diffuse = diffuse + ambient[:, None] * (ground + (sky - ground) * up[:, None])
        colour = albedo * diffuse
        colour = colour + (gloss * direct * shine)[:, None] * direct_colour * 0.7
        colour = colour + (0.35 * rim * ambient * gloss)[:, None] * sky
        colour = colour + albedo * (glow * light.glow)[:, None] * 1.6
        shaded.append(colour * light.exposure)
    return shaded


def to_srgb(linear: Tensor) -> Tensor:
    """Linear light to display values 0..1: a soft shoulder, then the sRGB curve."""
    x = linear.clamp_min(0)
    x = torch.where(x > 0.7, 0.7 + 0.3 * torch.tanh((x - 0.7) / 0.6), x)
    return torch.where(x <= 0.0031308, 12.92 * x, 1.055 * x.clamp_min(1e-8) ** (1 / 2.4) - 0.055).clamp(0, 1)


def cut_out(
    shape: Shape,
    *,
    yaw_deg: float,
    pitch_deg: float,
    size: int = 256,
    lights: list[Light],
    samples: int = 2,
) -> list[np.ndarray]:
    """Pictures of a shape with transparent surroundings, cropped to it.

    Args:
        shape: In object space.
        yaw_deg: Where it faces: 0 is towards the camera, 90 to the picture's right, 180 away.
        pitch_deg: Height of the camera above the horizon.
        size: Longer side of the picture in pixels.
        lights: One picture is made for each.
        samples: Rays a pixel, in each direction.

    Returns:
        uint8 (H, W, 4) sRGB with straight alpha, one a light.
    """
    scene = Scene(shape)
    centre, radius = shape.bounds()
    camera, distance = _around(centre, radius, yaw_deg, pitch_deg)
    near, far = distance - 1.05 * radius, distance + 1.05 * radius
    camera, width, height = _frame(scene, camera, size, near, far)
    origin, rays = camera.rays(width * samples, height * samples)
    start = free_distance(scene, camera, width * samples, height * samples, near, far)
    turned = [_turned(light, yaw_deg) for light in lights]
    covered, colours = _picture(scene, origin, rays, start, far, turned, 2 * radius)
    return [_average(covered, colour, width, height, samples) for colour in colours]


def _around(centre: Vec, radius: float, yaw_deg: float, pitch_deg: float) -> tuple[Camera, float]:
    field = 24.0
    distance = 1.15 * radius / math.sin(math.radians(field / 2))
    yaw, pitch = math.radians(yaw_deg), math.radians(pitch_deg)
    # The camera goes round instead of the object. At 90 degrees the object's +x is at the picture's right.
    toward = (math.cos(yaw) * math.cos(pitch), math.sin(pitch), math.sin(yaw) * math.cos(pitch))
    eye = tuple(c + distance * t for c, t in zip(centre, toward, strict=True))
    return Camera(eye, centre, field), distance


def _turned(light: Light, yaw_deg: float) -> Light:
    """The light as it stands for the camera (x right, y up, z towards it), in the object's space."""
    yaw = math.radians(yaw_deg)
    right, up, toward = light.sun[0], light.sun[1], light.sun[2]
    sun = (right * math.sin(yaw) + toward * math.cos(yaw), up, -right * math.cos(yaw) + toward * math.sin(yaw))
    return Light(sun, light.sun_colour, light.sky, light.ground, light.glow, light.exposure)


def _frame(scene: Scene, camera: Camera, size: int, near: float, far: float) -> tuple[Camera, int, int]:
    """The camera with its window around the shape, and the picture's width and height."""
    grid = 112
    origin, rays = camera.rays(grid, grid)
    hit = torch.isfinite(trace(scene, origin, rays, near, far)).reshape(grid, grid)
    rows, columns = (torch.nonzero(hit.any(dim=axis)).flatten().tolist() for axis in (1, 0))
    # One pixel of the coarse grid is added on each side, because a thin edge may lie between its rays.
    left, right = (columns[0] - 1) / grid, (columns[-1] + 2) / grid
    top, bottom = (rows[0] - 1) / grid, (rows[-1] + 2) / grid
    scale = size / max(right - left, bottom - top)
    width, height = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    return Camera(camera.eye, camera.target, camera.field_deg, (left, top, right, bottom)), width, height


def _picture(
    scene: Scene, origin: Tensor, rays: Points, near: Tensor, far: float, lights: list[Light], shadow_far: float
) -> tuple[Tensor, list[Tensor]]:
    """Whether each ray hits (N,), and its linear colour (N, 3) under each light."""
    t = trace(scene, origin, rays, near, far)
    covered = torch.isfinite(t)
    colours = [torch.zeros(len(t), 3) for _ in lights]
    rows = torch.nonzero(covered).flatten()
    some = tuple(c[rows] for c in rays)
    p = tuple(origin[k] + t[rows] * some[k] for k in range(3))
    for colour, shaded in zip(colours, shade(scene, p, some, lights, shadow_far), strict=True):
        colour[rows] = shaded
    return covered, colours


def _average(covered: Tensor, colour: Tensor, width: int, height: int, samples: int) -> np.ndarray:
    """Samples to pixels: coverage is alpha, and colour is the mean of the covered samples."""
    shape = (height, samples, width, samples)
    inside = covered.reshape(shape).float()
    alpha = inside.mean(dim=(1, 3))
    shown = to_srgb(colour).reshape(*shape, 3) * inside[..., None]
    mean = shown.sum(dim=(1, 3)) / inside.sum(dim=(1, 3)).clamp_min(1)[..., None]
    picture = torch.cat([mean, alpha[..., None]], dim=-1)
    return (picture * 255 + 0.5).to(torch.uint8).numpy()
