"""What a model tolerates of a factor, in a sentence: the range it keeps, its worst setting, and the ties of that."""

from __future__ import annotations

from collections.abc import Sequence

from core.answers.compare import Contrast
from core.answers.sentences import listed, resting, size
from core.answers.tolerance import KEPT, Level, Tolerance
from core.answers.verdict_words import MARGIN, limits, within
from core.types import THIN, Factor
from core.wording import clusters, count, escaped, interval, percent, points, units, value

#: One and several settings of a factor; others are values of the factor's label.
_NOUNS = {
    "angle_deg": ("angle", "angles"),
    "yaw_deg": ("yaw", "yaws"),
    "area": ("size", "sizes"),
    "x": ("place", "places"),
}
#: As many ties, or ranges, are named; of more, their number is said.
_MOST = 2


def tolerance(model: str, found: Tolerance, factors: Sequence[Factor], half: Contrast | None = None) -> str:
    """What a model keeps, where it is worst, and what cannot be told from that.

    Args:
        model: Its name; ``It`` for a model that the sentence before has named.
        found: From ``core.answers.tolerance``.
        factors: Those that are varied: one, or x and y.
        half: For the object's area: from ``core.answers.compare.half_area``.
    """
    name = _named(model)
    one, _ = _nouns(factors)
    if found.best is None or found.worst is None:
        return f"{name} {_too_little(found, factors)}."
    if not found.is_clear:
        return (
            f"{name} shows no {one} that is clearly worse than its best: {place(found.worst, factors)} less "
            f"{place(found.best, factors)} is {points(found.change)} {interval(found.low, found.high, 0)}."
        )
    best = percent(found.best.value, 0) + (f" at {place(found.best, factors)}" if len(factors) == 1 else "")
    ties = tied(found, factors)
    return (
        f"{name} keeps {percent(KEPT, 0)} of its best accuracy {kept(found, factors)}{_half(half)}; its worst {one} is "
        f"**{place(found.worst, factors)}**: **{percent(found.worst.value, 0)}** of {count(found.worst.n, 'image')}, "
        f"{size(found.change)} {interval(-found.high, -found.low, 0)} below its best ({best})"
        f"{f'; {ties} cannot be told from it' if ties else ''}."
    )


def both(
    models: tuple[str, str],
    found: tuple[Tolerance, Tolerance],
    factors: Sequence[Factor],
    between: tuple[Contrast, tuple[float, ...], tuple[float, ...]],
    margin: float = MARGIN,
) -> str:
    """The worst setting of two models, how the two compare, and what each keeps.

    Args:
        models: Their names.
        found: From ``core.answers.tolerance``, of each.
        factors: As for ``tolerance``.
        between: From ``core.answers.tolerance.worst_against_worst``: on the images that both have.
        margin: Largest difference that does not matter, a fraction.
    """
    unclear = [model for model, each in zip(models, found, strict=True) if each.worst is None or not each.is_clear]
    if unclear:
        return " ".join(tolerance(model, each, factors) for model, each in zip(models, found, strict=True))
    first, second = (f"**{escaped(model)}**" for model in models)
    one, _ = _nouns(factors)
    contrast, *places = between
    if contrast.n == 0:
        return f"{first} and {second} have too few images in common to compare their worst {one}."
    here, there = (_at(at, factors) for at in places)
    accuracies = percent(contrast.before, 0), percent(contrast.after, 0)
    where = f"is worst at **{here}** ({accuracies[0]}), {second} at **{there}** ({accuracies[1]})"
    if here == there:
        where = f"and {second} are both worst at **{here}** ({accuracies[0]} and {accuracies[1]})"
    verdict = contrast.verdict(margin)
    more = f" ({limits(verdict)})" if limits(verdict) else ""
    apart = {
        "different": "",
        "equivalent": f", {within(verdict)} at their worst",
        "unclear": f", so they cannot be told apart at their worst{more}",
    }[verdict.kind]
    one_keeps, other_keeps = (kept(each, factors) for each in found)
    keeps = f"{one_keeps} ({first}) and {other_keeps} ({second})" if one_keeps != other_keeps else one_keeps
    return (
        f"{first} {where}: {second} less {first} is **{points(contrast.value)}** "
        f"{interval(contrast.low, contrast.high, 0)}{apart}. "
        f"They keep {percent(KEPT, 0)} of their best accuracy {keeps}."
    )


def kept(found: Tolerance, factors: Sequence[Factor]) -> str:
    """Where 90 % of the best accuracy is kept: ``from −19° to 21°``, ``at 243 of 441 places``."""
    one, several = _nouns(factors)
    if found.keeps == found.levels:
        return f"at **every {one}**"
    if len(factors) > 1:
        return f"at **{percent(found.keeps / found.levels, 0)}** of {found.levels:,} {several}"
    if len(found.kept) > _MOST:
        return f"at **{found.keeps} of {found.levels} {several}**"
    factor, said = factors[0], []
    of = " of the image" if factor.name == "area" else ""
    for low, high in found.kept:
        if low == high:
            said.append(
                f"only at **{_shown(factor, low)}**" if len(found.kept) == 1 else f"at **{_shown(factor, low)}**"
            )
        elif factor.kind != "circular" and high == found.ends[1]:
            said.append(f"from **{_shown(factor, low)}**{of} up")
        elif factor.kind != "circular" and low == found.ends[0]:
            said.append(f"up to **{_shown(factor, high)}**{of}")
        else:
            said.append(f"from **{_range(factor, low, high)}**{of}")
    return listed(said)


def tied(found: Tolerance, factors: Sequence[Factor]) -> str:
    """The settings that may as well be the worst; empty if there are none."""
    one, several = _nouns(factors)
    if not found.tied or found.worst is None:
        return ""
    if len(factors) == 1 and len(found.tied) <= _MOST:
        return listed([_shown(factors[0], at[0]) for at in found.tied])
    (worst, *_) = found.worst.at
    ranges = [each for each in found.tied_ranges if each != (worst, worst)]
    if len(factors) > 1 or len(ranges) > _MOST:
        return f"{len(found.tied):,} other {several if len(found.tied) > 1 else one}"
    said = []
    for low, high in sorted(ranges, key=lambda ends: not _holds(ends, worst)):
        text = _shown(factors[0], low) if low == high else _range(factors[0], low, high)
        said.append(f"the rest of {text}" if _holds((low, high), worst) else text)
    return listed(said)


def place(level: Level, factors: Sequence[Factor]) -> str:
    """A setting as a reader sees it: ``101°``, ``x 0.85, y 0.95``."""
    return _at(level.at, factors)


def noun(factors: Sequence[Factor]) -> str:
    """What one setting is called: ``angle``, ``place``."""
    return _nouns(factors)[0]


def thin(found: Tolerance) -> str:
    """For a tile: what too little there is; empty where there is enough."""
    if found.worst is not None:
        return ""
    few = clusters(found.n_clusters, found.unit) if found.few_objects else f"fewer than {THIN} images each"
    return f"{few}: thin"


def _too_little(found: Tolerance, factors: Sequence[Factor]) -> str:
    one, _ = _nouns(factors)
    if found.few_objects:
        return f"rests on {resting(THIN, found.n_clusters, found.unit)}, too few to claim at which {one} it is worst"
    few = f"fewer than {THIN}, or of too few {units(found.unit)}"
    return f"has too few images at each {one} to claim at which it is worst: {few}"


def _half(half: Contrast | None) -> str:
    if half is None or half.is_thin or half.value != half.value:
        return ""
    if half.bound == "below":
        return f" and half of it even at **{percent(half.value)}**"
    return f" and half of it down to **{percent(half.value)}** {interval(half.low, half.high)}"


def _nouns(factors: Sequence[Factor]) -> tuple[str, str]:
    label = factors[0].label.lower()
    return _NOUNS.get(factors[0].name, (f"value of {label}", f"values of {label}"))


def _named(model: str) -> str:
    return model if model == "It" else f"**{escaped(model)}**"


def _at(at: Sequence[float], factors: Sequence[Factor]) -> str:
    if len(factors) == 1:
        return _shown(factors[0], at[0])
    return ", ".join(f"{factor.name} {_shown(factor, part)}" for factor, part in zip(factors, at, strict=True))


def _shown(factor: Factor, number: float) -> str:
    return value(factor, number).replace("-", "−")


def _range(factor: Factor, low: float, high: float) -> str:
    """``30° to 120°``; ``−19° to +21°`` over 0°, and ``161° over 0° to 21°`` where it begins beyond 180°."""
    if factor.kind == "circular" and low < 0:
        if low < -180:
            return f"{_shown(factor, low + 360)} over 0° to {_shown(factor, high)}"
        return f"{_shown(factor, low)} to {'+' if high > 0 else ''}{_shown(factor, high)}"
    return f"{_shown(factor, low)} to {_shown(factor, high)}"


def _holds(ends: tuple[float, float], number: float) -> bool:
    return ends[0] <= number <= ends[1] or ends[0] <= number - 360 <= ends[1]
