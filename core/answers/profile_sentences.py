"""A profile in words: what each line says, which factor costs most and what cannot be told from it, and two models."""

from __future__ import annotations

from collections.abc import Sequence

from core.answers.profile_lines import COMMON, Line, further, side_among
from core.answers.sentences import listed, other_classes, size
from core.wording import clusters, count, escaped, interval, percent, points

#: What a line begins at, for captions: one sentence for all lines that are losses.
CLEAN = "from the model's best setting of each factor to its worst"
#: What is said of a factor that was not varied on purpose.
FOUND = "found, not varied: its settings may differ in classes and objects too"
#: Ties that are named; of more, their number is said.
_MOST = 2


def row(line: Line) -> str:
    """What one line says, plain text: both ends, the change with its interval, what it rests on, what is tied."""
    if not line.is_known:
        return line.note
    if line.kind == "cues":
        more = f"; {line.remark}" if line.remark else ""
        return (
            f"without its object (grayed out) right on {percent(line.worst, 0)} of {_images(line)}, with it on "
            f"{percent(line.clean, 0)}: a change of {_change(line)}{more}"
        )
    if line.kind == "zoom":
        return (
            f"{percent(line.clean, 0)} in the usual crop, {percent(line.worst, 0)} at {line.remark} ({line.worst_at}, "
            f"on all of them): {_change(line)}, {_images(line)}"
        )
    few = f"; {count(line.thin_levels, 'setting')} left out, of too few images or objects" if line.thin_levels else ""
    few += "" if line.is_varied else f"; {FOUND}"
    if line.is_level:
        return (
            f"{percent(line.clean, 0)} at all of {count(line.levels, 'setting')}: {_change(line)}, {_images(line)}{few}"
        )
    return (
        f"{percent(line.clean, 0)} {_begins(line)}; {percent(line.worst, 0)} at {worst_at(line)}: {_change(line)}, "
        f"{_images(line)}{_tied(line)}{few}"
    )


def worst_at(line: Line) -> str:
    """The worst setting with what it is of: ``size 1 %``, ``x 1, y 1``; plain text."""
    return _setting(line, line.worst_at)


def _setting(line: Line, at: str) -> str:
    return at if len(line.factors) > 1 or line.is_level else f"{line.label} {at}"


def _begins(line: Line) -> str:
    return f"in {COMMON}" if line.kind == "setting" else f"at its best, {_setting(line, line.clean_at)}"


def _around(low: float, high: float) -> str:
    """An interval; with a digit where without one it would not show on which side of zero its ends are."""
    return interval(low, high, 1 if any(0 < abs(end) < 0.005 for end in (low, high)) else 0)


def _change(line: Line) -> str:
    clear = "" if line.is_clear or not line.is_loss else ", not clear"
    return f"{points(line.change)} {_around(line.low, line.high)}{clear}"


def _images(line: Line) -> str:
    images = count(line.n, "image")
    return images if line.n_clusters >= line.n else f"{images} of {clusters(line.n_clusters, line.unit)}"


def _tied(line: Line) -> str:
    if not line.ties:
        return ""
    named = listed(line.ties) if len(line.ties) <= _MOST else count(len(line.ties), "other setting")
    return f"; {named} cannot be told from it"


#: How a second model compares at its own worst; of photographs what uncommon settings cost is, not accuracies.
_VERBS = (
    ("factor", 1, "is right more often with"),
    ("factor", -1, "is right less often with"),
    ("setting", 1, "loses less with"),
    ("setting", -1, "loses more with"),
)


def finding(lines: Sequence[Line]) -> str:
    """Which factor costs a model most, what may cost as much, and where nothing is clear; Markdown.

    Claims over several factors hold all at once.

    Args:
        lines: Of ``profile``, of one model.
    """
    losses = [line for line in lines if line.is_loss and line.is_known]
    if not lines:
        return ""
    model = f"**{escaped(lines[0].model)}**"
    if not losses:
        return f"No factor of {model} has settings with enough finished images for a claim yet."
    clear = [line for line in losses if line.is_clear_among(len(losses))]
    if not clear:
        what = "the one factor" if len(losses) == 1 else f"none of {len(losses)} factors"
        verb = "has no worst setting that is" if len(losses) == 1 else "has a worst setting that is"
        alone = [line for line in losses if line.is_clear]
        # What a figure draws as clear, it is by itself.
        each = f"; looked at alone, it would be with {_named(alone)}" if alone else ""
        return f"For {model}, {what} {verb} clearly worse than where it begins (95 % for all at once){each}."
    first, *rest = clear
    at = _drop(first, len(losses))
    ties = [line for line in rest if _may_cost_as_much(line, first, len(losses))]
    unclear = [line for line in losses if line not in clear]
    # One that is not clear may all the same cost as much: then too little is known of it to say.
    open_ = [line for line in unclear if _may_cost_as_much(line, first, len(losses))]
    is_most = len(losses) > 1 and not ties and not open_
    most = "is sure to lose most" if is_most else "loses much" if len(losses) > 1 else "loses clearly"
    said = (
        f"{model} {most} with **{escaped(first.title)}**: {percent(first.worst, 0)} at **{escaped(worst_at(first))}**, "
        f"{at} below {percent(first.clean, 0)} {escaped(_begins(first))}"
    )
    if ties or open_:
        said += f"; {_named([*ties, *open_])} may cost as much"
    more = f" It loses clearly with {len(clear)} of {count(len(losses), 'factor')}" if len(losses) > 1 else ""
    tail = f", not with {_named(unclear)}" if unclear and len(unclear) <= _MOST else ""
    return f"{said}.{more}{tail}{' (95 % for all at once).' if more else ''}{_found(clear)}"


def _found(lines: Sequence[Line]) -> str:
    """Of which factors nobody knows whether they are the cause."""
    found = [line for line in lines if not line.is_varied]
    if not found:
        return ""
    which = _named(found) if len(found) <= _MOST else f"{len(found):,} of them"
    return f" Settings of {which} were found, not varied: they may differ in classes and objects too."


def _drop(line: Line, m: int) -> str:
    low, high = _ends(line, m)
    return f"**{size(line.change)}** {_around(max(-high, -1.0), min(-low, 1.0))}"


def _ends(line: Line, m: int) -> tuple[float, float]:
    """Ends of the change that hold for ``m`` factors at once."""
    below = line.change - line.low
    above = line.high - line.change
    return (
        line.low - further(below, line.n_clusters, m),
        line.high + further(above, line.n_clusters, m),
    )


def _may_cost_as_much(line: Line, first: Line, m: int) -> bool:
    """Whether the two losses cannot be told apart, each somewhere within its interval."""
    return _ends(line, m)[0] <= _ends(first, m)[1]


def _named(lines: Sequence[Line]) -> str:
    return listed([escaped(line.title) for line in lines])


def between(lines: Sequence[Line]) -> str:
    """On which factors a second model is clearly better or worse at its own worst; Markdown, empty if none compares.

    Where the two choose among different classes it says so.

    Args:
        lines: Of ``profile`` with ``other``.
    """
    compared = [line for line in lines if line.against is not None and line.other is not None]
    if not compared:
        return ""
    first, second = (f"**{escaped(name)}**" for name in (compared[0].model, compared[0].other.model))
    sides = [(line, side_among(line.against, len(compared))) for line in compared]
    rest = [line for line, side in sides if line.is_loss and not side]
    groups = [(verb, [line for line, side in sides if (line.kind, side) == (kind, one)]) for kind, one, verb in _VERBS]
    said = [f"{verb} {listed([_with(line) for line in group])}" for verb, group in groups if group]
    apart = f"with {_named(rest)} they cannot be told apart" if rest else ""
    if said:
        text = f"Each at its own worst, {second} {listed(said)} than {first}{'; ' if apart else ''}{apart}."
    else:
        text = f"Each at its own worst, {second} and {first} cannot be told apart with {_named(rest)}." if rest else ""
    # To be right without the object is no strength, so neither is called the better one.
    leans = [
        f"Without the object {second} is right {'more' if side > 0 else 'less'} often than {first}: "
        f"{_with(line, named=False)}."
        for line, side in sides
        if line.kind == "cues" and side
    ]
    many = " (95 % for all at once)" if len(compared) > 1 else ""
    return f"{' '.join(filter(None, (text, *leans))).removesuffix('.')}{many}.{_other_classes(compared)}"


def _other_classes(compared: Sequence[Line]) -> str:
    """That two models choose among different classes, which is no merit of either."""
    pairs = dict.fromkeys((line.classes, line.other.classes) for line in compared if line.other is not None)
    said = filter(None, (other_classes(escaped(first), escaped(second)) for first, second in pairs))
    return "".join(f" {each}" for each in said)


def _with(line: Line, named: bool = True) -> str:
    contrast = line.against
    assert contrast is not None
    around = f"{points(contrast.value)} {_around(contrast.low, contrast.high)}"
    return f"**{escaped(line.title)}** ({around})" if named else around


def against(line: Line) -> str:
    """How a second model compares on one line: different, equivalent or not told apart, or not compared; plain text.

    It is different where that holds for all lines of the profile at once; the interval is of this line by itself.
    """
    if line.other is None:
        return ""
    if line.against is None:
        return "not compared"
    is_same = line.against.verdict().kind == "equivalent"
    verdict = "different" if line.differs else "equivalent" if is_same else "not told apart"
    return f"{points(line.against.value)} {_around(line.against.low, line.against.high)}, {verdict}"
