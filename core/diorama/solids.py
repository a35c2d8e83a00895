"""Solids as signed distance functions: what the objects and places of Diorama are modelled with.

A shape is a list of parts; a part is a smooth union of a few rounded primitives, and the parts are joined sharply.
Object space: x is forwards, y is up (the ground is y = 0), z is to the object's right; an object is about 2 units long.
Distances after Hart 1996, "Sphere tracing"; the ellipsoid's is the usual first-order bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

Vec = tuple[float, float, float]
Colour = tuple[float, float, float]
#: Points as three (N,) tensors: cheaper than (N, 3) for everything done here.
Points = tuple[Tensor, Tensor, Tensor]
Distance = Callable[[Points], Tensor]


@dataclass(frozen=True)
class Pattern:
    """A second colour on a part, decided by the position in object space.

    Attributes:
        kind: ``stripes`` (across ``axis``), ``spots``, ``patches`` (large, irregular), ``below`` or ``above`` (a level
            of ``axis``), ``band`` (around such a level, ``amount`` to each side), ``grain`` (fine brightness noise),
            ``planks`` or ``bricks`` (joints in the second colour).
        colour: Linear RGB, 0..1.
        scale: Repeats per unit of length; for ``below``, ``above`` and ``band`` the level.
        axis: 0, 1 or 2.
        amount: Share of the second colour for ``stripes``, ``spots`` and ``patches``; strength for ``grain``.
        seed: Shifts the pattern.
    """

    kind: str
    colour: Colour
    scale: float = 3.0
    axis: int = 0
    amount: float = 0.5
    seed: float = 0.0


@dataclass
class Primitive:
    """One distance function and its colour."""

    distance: Distance
    colour: Colour
    #: Bounding sphere: centre and radius.
    centre: Vec
    radius: float


@dataclass
class Part:
    """A smooth union of primitives that share a material.

    Attributes:
        colour: Linear RGB, 0..1, of primitives that have none of their own.
        blend: Length over which two primitives flow into each other; 0 joins them sharply.
        mirror: Everything also stands at -z.
        gloss: Strength of the highlight, 0..1.
        glow: Light it gives by itself at night, 0..1 (windows, lamps).
        pattern: Second colour, or None.
    """

    colour: Colour
    blend: float = 0.0
    mirror: bool = False
    gloss: float = 0.25
    glow: float = 0.0
    pattern: Pattern | None = None
    primitives: list[Primitive] = field(default_factory=list)

    def ellipsoid(self, centre: Vec, radii: Vec, *, turn: Vec = (0, 0, 0), colour: Colour | None = None) -> Part:
        """An ellipsoid; ``turn`` rotates it about its own x, y and z, in degrees."""
        rx, ry, rz = radii
        smallest = min(radii)

        def distance(p: Points) -> Tensor:
            x, y, z = p
            k0 = torch.sqrt((x / rx) ** 2 + (y / ry) ** 2 + (z / rz) ** 2)
            k1 = torch.sqrt((x / rx**2) ** 2 + (y / ry**2) ** 2 + (z / rz**2) ** 2)
            return torch.where(k0 < 1e-3, -smallest, k0 * (k0 - 1.0) / k1.clamp_min(1e-6))

        def sphere(p: Points) -> Tensor:
            x, y, z = p
            return torch.sqrt(x * x + y * y + z * z) - rx

        return self._add(sphere if rx == ry == rz else distance, centre, max(radii), turn, colour)

    def box(
        self,
        centre: Vec,
        half: Vec,
        *,
        rounding: float = 0.04,
        taper: tuple[float, float] = (1.0, 1.0),
        turn: Vec = (0, 0, 0),
        colour: Colour | None = None,
    ) -> Part:
        """A rounded box of these half lengths; ``taper`` scales its top's (x, z) against its bottom's."""
        rounding = min(rounding, *half)
        hx, hy, hz = (length - rounding for length in half)
        tapered = taper != (1.0, 1.0)
        slack = max(1.0, *taper, *(1 / max(t, 0.2) for t in taper)) if tapered else 1.0

        def distance(p: Points) -> Tensor:
            x, y, z = p
            if tapered:
                up = ((y + half[1]) / (2 * half[1])).clamp(0, 1)
                x, z = x / (1 + (taper[0] - 1) * up), z / (1 + (taper[1] - 1) * up)
            qx, qy, qz = x.abs() - hx, y.abs() - hy, z.abs() - hz
            outside = torch.sqrt(qx.clamp_min(0) ** 2 + qy.clamp_min(0) ** 2 + qz.clamp_min(0) ** 2)
            inside = torch.maximum(qx, torch.maximum(qy, qz)).clamp_max(0)
            return (outside + inside - rounding) / slack

        reach = math.sqrt((half[0] * max(1, taper[0])) ** 2 + half[1] ** 2 + (half[2] * max(1, taper[1])) ** 2)
        return self._add(distance, centre, reach, turn, colour)

    def capsule(
        self, start: Vec, end: Vec, radius: float, end_radius: float | None = None, *, colour: Colour | None = None
    ) -> Part:
        """A rounded rod between two points; its radius may change from one to the other."""
        r1, r2 = radius, radius if end_radius is None else end_radius
        d = tuple(b - a for a, b in zip(start, end, strict=True))
        square = max(sum(c * c for c in d), 1e-9)

        def distance(p: Points) -> Tensor:
            x, y, z = p
            along = ((x * d[0] + y * d[1] + z * d[2]) / square).clamp(0, 1)
            dx, dy, dz = x - along * d[0], y - along * d[1], z - along * d[2]
            return torch.sqrt(dx * dx + dy * dy + dz * dz) - (r1 + (r2 - r1) * along)

        return self._add(distance, start, math.sqrt(square) + max(r1, r2), (0, 0, 0), colour)

    def tube(self, points: Sequence[Vec], radii: Sequence[float], *, colour: Colour | None = None) -> Part:
        """A rod through several points with a radius at each, without a bulge at the joints: tails, necks, legs."""
        pieces = Part(self.colour)
        for i in range(len(points) - 1):
            pieces.capsule(points[i], points[i + 1], radii[i], radii[i + 1])
        functions = [piece.distance for piece in pieces.primitives]

        def distance(p: Points) -> Tensor:
            best = functions[0](p)
            for function in functions[1:]:
                best = torch.minimum(best, function(p))
            return best

        centre = tuple(sum(point[i] for point in points) / len(points) for i in range(3))
        reach = max(math.dist(centre, point) + radius for point, radius in zip(points, radii, strict=True))
        self.primitives.append(Primitive(distance, colour or self.colour, centre, reach))
        return self

    def cylinder(
        self,
        centre: Vec,
        radius: float,
        half: float,
        *,
        axis: int = 1,
        rounding: float = 0.02,
        top: float = 1.0,
        turn: Vec = (0, 0, 0),
        colour: Colour | None = None,
    ) -> Part:
        """A rounded cylinder along an axis; ``top`` scales the radius at its far end (0 makes a cone)."""
        rounding = min(rounding, half, radius)

        def distance(p: Points) -> Tensor:
            along = p[axis]
            a, b = p[(axis + 1) % 3], p[(axis + 2) % 3]
            r = radius
            if top != 1.0:
                r = radius * (1 + (top - 1) * ((along + half) / (2 * half)).clamp(0, 1))
            qr, ql = torch.sqrt(a * a + b * b) - r + rounding, along.abs() - half + rounding
            outside = torch.sqrt(qr.clamp_min(0) ** 2 + ql.clamp_min(0) ** 2)
            result = outside + torch.maximum(qr, ql).clamp_max(0) - rounding
            return result if top == 1.0 else result * (2 * half / math.hypot(2 * half, radius * (1 - top)))

        return self._add(distance, centre, math.hypot(radius * max(1, top), half), turn, colour)

    def torus(
        self,
        centre: Vec,
        radius: float,
        tube: float,
        *,
        axis: int = 1,
        turn: Vec = (0, 0, 0),
        colour: Colour | None = None,
    ) -> Part:
        """A ring about an axis."""

        def distance(p: Points) -> Tensor:
            along, a, b = p[axis], p[(axis + 1) % 3], p[(axis + 2) % 3]
            ring = torch.sqrt(a * a + b * b) - radius
            return torch.sqrt(ring * ring + along * along) - tube

        return self._add(distance, centre, radius + tube, turn, colour)

    def prism(
        self,
        outline: Sequence[tuple[float, float]],
        half: float,
        *,
        centre: Vec = (0, 0, 0),
        axis: int = 2,
        rounding: float = 0.03,
        turn: Vec = (0, 0, 0),
        colour: Colour | None = None,
    ) -> Part:
        """A polygon pulled along an axis, with rounded edges: car bodies, hulls, wings, roofs.

        Args:
            outline: Corners in the other two axes, in their order (axis 2: (x, y); axis 1: (x, z); axis 0: (y, z)),
                either way round, not crossing itself. Rounding grows it by ``rounding``.
            half: Half its thickness along ``axis``.
            centre: Where the outline's origin stands.
            axis: Direction it is pulled in.
            rounding: Radius of the edges.
            turn: As for ``ellipsoid``.
            colour: Own colour, or the part's.
        """
        corners = [tuple(map(float, corner)) for corner in outline]
        a_axis, b_axis = [other for other in range(3) if other != axis]
        half_inner = max(half - rounding, 1e-3)

        def distance(p: Points) -> Tensor:
            flat, along = polygon_distance(p[a_axis], p[b_axis], corners), p[axis].abs() - half_inner
            outside = torch.sqrt(flat.clamp_min(0) ** 2 + along.clamp_min(0) ** 2)
            return outside + torch.maximum(flat, along).clamp_max(0) - rounding

        reach = math.hypot(max(math.hypot(*corner) for corner in corners) + rounding, half)
        return self._add(distance, centre, reach, turn, colour)

    def hull(self, centre: Vec, length: float, beam: float, depth: float, *, sheer: float = 0.1) -> Part:
        """A boat's hull: pointed raked bow at +x, rounded stern, sides that flare towards the deck.

        Args:
            centre: Middle of its keel line.
            length: Half its length at the deck.
            beam: Half its breadth at the deck.
            depth: Height of the deck amidships.
            sheer: How much higher the deck stands at the bow; half as much at the stern.
        """
        # How fast |z| - breadth grows at most, along z, x and y.
        steepest = math.hypot(1.0, 4.0 * beam / length, 1.2 * beam / depth)

        def distance(p: Points) -> Tensor:
            x, y, z = p
            up = (y / depth).clamp(0, 1)
            bow = (x / (length * (0.78 + 0.22 * up))).clamp(0, 1.15)
            stern = (-x / (length * (1.05 + 0.1 * up))).clamp(0, 0.95)
            breadth = beam * (0.55 + 0.45 * up * (2 - up)) * (1 - bow**2.5 - stern**5)
            t = (x / length).clamp(-1.2, 1.2)
            deck = depth + sheer * torch.where(t > 0, t * t, 0.5 * t * t)
            outside = torch.maximum(torch.maximum(z.abs() - breadth, y - deck), torch.maximum(-y, x.abs() - length))
            return outside / steepest

        return self._add(distance, centre, math.hypot(length + 0.05, beam, depth + sheer), (0, 0, 0), None)

    def cut(self, normal: Vec, offset: float) -> Part:
        """Cut the last primitive: what lies beyond the plane ``normal . p = offset`` (object space) goes."""
        last = self.primitives[-1]
        inner, length = last.distance, math.sqrt(sum(c * c for c in normal))
        nx, ny, nz = (c / length for c in normal)

        def distance(p: Points) -> Tensor:
            return torch.maximum(inner(p), p[0] * nx + p[1] * ny + p[2] * nz - offset / length)

        last.distance = distance
        return self

    def repeat(self, axis: int, step: float, count: int) -> Part:
        """The last primitive stands ``count`` times along an axis, for the price of one; ``step`` is over its width."""
        last = self.primitives[-1]
        inner, start = last.distance, last.centre[axis]

        def distance(p: Points) -> Tensor:
            number = torch.round((p[axis] - start) / step).clamp(0, count - 1)
            return inner(tuple(c - number * step if i == axis else c for i, c in enumerate(p)))

        half = (count - 1) * step / 2
        last.distance, last.radius = distance, last.radius + abs(half)
        last.centre = tuple(c + half if i == axis else c for i, c in enumerate(last.centre))
        return self

    def _add(self, local: Distance, centre: Vec, radius: float, turn: Vec, colour: Colour | None) -> Part:
        cx, cy, cz = centre
        if any(turn):
            m = rotation(turn)

            def distance(p: Points) -> Tensor:
                x, y, z = p[0] - cx, p[1] - cy, p[2] - cz
                # The rows of the transposed matrix: from object space back to the primitive's own.
                return local(tuple(x * m[0][i] + y * m[1][i] + z * m[2][i] for i in range(3)))

        else:

            def distance(p: Points) -> Tensor:
                return local((p[0] - cx, p[1] - cy, p[2] - cz))

        self.primitives.append(Primitive(distance, colour or self.colour, centre, radius))
        return self


@dataclass
class Shape:
    """Everything of one object, or of one place's props."""

    parts: list[Part] = field(default_factory=list)

    def part(
        self,
        colour: Colour,
        *,
        blend: float = 0.0,
        mirror: bool = False,
        gloss: float = 0.25,
        glow: float = 0.0,
        pattern: Pattern | None = None,
    ) -> Part:
        """A new, empty part; see ``Part``."""
        self.parts.append(Part(colour, blend, mirror, gloss, glow, pattern))
        return self.parts[-1]

    def bounds(self) -> tuple[Vec, float]:
        """A sphere (centre, radius) around everything."""
        low, high = [math.inf] * 3, [-math.inf] * 3
        for part in self.parts:
            for primitive in part.primitives:
                sides = (1, -1) if part.mirror else (1,)
                for side in sides:
                    centre = (*primitive.centre[:2], side * primitive.centre[2])
                    low = [min(a, c - primitive.radius) for a, c in zip(low, centre, strict=True)]
                    high = [max(a, c + primitive.radius) for a, c in zip(high, centre, strict=True)]
        centre = tuple((a + b) / 2 for a, b in zip(low, high, strict=True))
        return centre, math.dist(low, high) / 2


def rotation(turn: Vec) -> list[list[float]]:
    """Rotation matrix: about x, then y, then z, in degrees."""
    (sx, sy, sz), (cx, cy, cz) = ([f(math.radians(a)) for a in turn] for f in (math.sin, math.cos))
    return [
        [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
        [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx],
        [-sy, cy * sx, cy * cx],
    ]


def polygon_distance(x: Tensor, y: Tensor, corners: Sequence[tuple[float, float]]) -> Tensor:
    """Signed distance (N,) of points to a polygon, negative inside."""
    best = torch.full_like(x, math.inf)
    inside = torch.zeros_like(x, dtype=torch.bool)
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        ex, ey = bx - ax, by - ay
        wx, wy = x - ax, y - ay
        along = ((wx * ex + wy * ey) / max(ex * ex + ey * ey, 1e-12)).clamp(0, 1)
        dx, dy = wx - along * ex, wy - along * ey
        best = torch.minimum(best, dx * dx + dy * dy)
        if ay != by:
            crosses = ((ay > y) != (by > y)) & (wx < wy * (ex / ey))
            inside ^= crosses
    best = torch.sqrt(best)
    return torch.where(inside, -best, best)
