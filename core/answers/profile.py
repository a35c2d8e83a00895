"""Where a model breaks, a line a factor, over all its results: from the best setting of a factor to its worst.

What is *clean* on a line is the accuracy at the model's own best setting of that factor, so that each line is a
difference within one factor. Both ends are picked after looking at all settings; the interval of their difference
holds for all pairs of settings at once (``core.answers.worst``). Three kinds of lines compare something else, and say
so:

* ``setting``: time, weather and place of photographs, whose settings differ in their classes too: from common settings
  to the costliest uncommon value, the same class mix on both sides, for all values at once (``core.uncommon.ranking``);
* ``cues``: from images as they are to the same with the object grayed out; what is left is due to the surroundings, so
  that a small change is no strength;
* ``zoom``: from the usual crop to the best single zoom, chosen on the other half of the images: a gain.

Results that are not finished make no claim, nor do settings of too few images or objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core import store
from core.answers import catalogue, profile_lines, zoom_tables
from core.answers.cards import card_of, own_card_of
from core.answers.profile_lines import Kind, Line
from core.answers.questions import SAYS_WHAT, StoredPolicy
from core.benchmarks import published_benchmarks
from core.errors import UsageError
from core.uncommon import ATTRIBUTES

__all__ = ["Line", "has_lines", "profile", "results_of"]

#: Factors as readers call them; those of a user's own sets go by their own labels.
_LABELS = {
    **{"x+y": "location", "area": "size", "object_area": "size", "angle_deg": "rotation", "yaw_deg": "pose"},
    **{"locations": "place", "time": "time of day", "x": "place across", "y": "place down"},
    "centre_distance": "distance from the centre",
}
_LOCATION = ("x", "y")
#: Factors of published benchmarks that are labels, names, or follow from other factors.
_NOT_VARIED = {
    *SAYS_WHAT,
    *("wnid", "english_label", "n_accepted", "n_uncommon", "partition", "pct_inside_image"),
    *("foreground_instance", "background"),
}
_MAKE: dict[Kind, Callable[[store.Run, Line, StoredPolicy], Line]] = {
    "factor": profile_lines.of_factor,
    "setting": profile_lines.of_setting,
    "cues": profile_lines.of_cues,
    "zoom": profile_lines.of_zoom,
}


@dataclass(frozen=True)
class _Asked:
    """A line that is wanted.

    Attributes:
        run: Of which result.
        kind: What is compared.
        factors: Names.
        label: As a reader sees it.
        is_made_for: Whether the benchmark was made to vary it, which goes before one that merely does.
    """

    run: store.Run
    kind: Kind
    factors: tuple[str, ...]
    label: str
    is_made_for: bool = True


def profile(
    runs: Sequence[store.Run], *, policy: StoredPolicy = "top1", other: Sequence[store.Run] = ()
) -> tuple[Line, ...]:
    """Where a model breaks: a line for each factor of its results; the module says what each compares.

    Of a factor that several benchmarks of a family vary, such as the size of objects in SI-Score's, the line is of the
    one that was made to; then of the one with most images.

    Args:
        runs: Results of one model on any benchmarks and views, as ``catalogue.told_apart`` gives them.
        policy: What counts as right.
        other: Results of a second model; a line of both has ``other`` and, where they saw the same images, ``against``.

    Returns:
        Losses first, the one that is sure to be largest on top (by the nearer end of its interval); then losses that
        are not clear, cues and zoom, and lines without a number. The same for the same results, in whatever order.

    Raises:
        UsageError: If results are of several models.
        StoreError: If a result cannot be read.
    """
    for each in (runs, other):
        _require_one_model(each)
    lines = []
    for asked in _wanted(_newest(runs)):
        line = _line(asked, policy)
        rival = _rival(asked.run, other)
        if rival is not None:
            line = _with_other(asked, rival, line, policy)
        if line.varies:
            lines.append(line)
    m = sum(line.against is not None for line in lines)
    lines = [replace(line, differs=profile_lines.side_among(line.against, m) != 0) for line in lines]
    return tuple(sorted(_told_apart(lines), key=_place))


def has_lines(runs: Sequence[store.Run]) -> bool:
    """Whether some results of one model vary a factor; reads no predictions."""
    return any(_of_run(run) for run in runs)


def results_of(model: str, runs: Sequence[store.Run]) -> list[store.Run]:
    """All results of one model: those with its label, under any family of views."""
    return [run for run in runs if run.label == model]


def _require_one_model(runs: Sequence[store.Run]) -> None:
    models = list(dict.fromkeys(run.label for run in runs))
    if len(models) > 1:
        raise UsageError(f"a profile is of one model, not of {', '.join(models)}: choose the results of one.")


def _newest(runs: Sequence[store.Run]) -> list[store.Run]:
    """One result of a model for each benchmark and family of views, complete ones first, then the newest."""
    there = sorted(runs, key=lambda run: run.identity)
    kept = []
    for benchmark, view in sorted({(run.benchmark, run.view) for run in runs}):
        run = catalogue.newest_run(there, there[0].label, benchmark, view)
        if run is not None:
            kept.append(run)
    return kept


def _rival(run: store.Run, other: Sequence[store.Run]) -> store.Run | None:
    """The second model's result in the same place: on the same images if there is one."""
    there = sorted(other, key=lambda each: each.identity)
    found = (
        catalogue.newest_run(there, there[0].label, run.benchmark, run.view, content)
        for content in (run.content, "")
        if there
    )
    return next((each for each in found if each is not None), None)


def _wanted(runs: Sequence[store.Run]) -> list[_Asked]:
    """The lines of some results; of several of a family with one label, that which was made for it."""
    found: dict[tuple[str, str], _Asked] = {}
    for asked in sorted(
        (each for run in runs for each in _of_run(run)),
        key=lambda each: (not each.is_made_for, not each.run.complete, -each.run.n_samples, each.run.benchmark),
    ):
        family = catalogue.family_of(asked.run.benchmark)
        found.setdefault((family, asked.label), asked)
    located = {family for family, label in found if label == _LABELS["x+y"]}
    halves = {_LABELS[name] for name in _LOCATION}
    return [each for (family, label), each in found.items() if not (family in located and label in halves)]


def _of_run(run: store.Run) -> list[_Asked]:
    """The lines that a result may have."""
    if zoom_tables.is_zoomed(run):
        return [_Asked(run, "zoom", ("zoom",), "zoom")]
    if any(table.name == "ablation" for table in run.views.tables):
        return [_Asked(run, "cues", ("cues",), "cues")]
    if run.n_views > 1 or run.view != "clean":
        return []
    if run.benchmark not in published_benchmarks():
        return _of_own(run)
    card = own_card_of(run)
    if any(table.name == "costs" for table in card.tables):
        return [_Asked(run, "setting", (name,), _LABELS.get(name, name)) for name in ATTRIBUTES]
    varied = [table.by for table in card.tables if not table.computed]
    varied = [by if by == _LOCATION else by[:1] for by in varied]
    made_for = [by for by in dict.fromkeys(varied) if by[0] not in _NOT_VARIED]
    if made_for:
        return [_Asked(run, "factor", by, _label(run, by)) for by in made_for]
    rest = [(factor.name,) for factor in card.factors if factor.name not in _NOT_VARIED]
    return [_Asked(run, "factor", by, _label(run, by), is_made_for=False) for by in rest]


def _of_own(run: store.Run) -> list[_Asked]:
    """A user's own set: all its factors, facts about its images too, but what names a class or a cluster."""
    card = card_of(run)
    factors = [factor for factor in card.factors if factor.name not in (*SAYS_WHAT, card.cluster_unit)]
    shared = Counter(factor.label.lower() for factor in factors)
    return [
        _Asked(run, "factor", (factor.name,), label if shared[label] == 1 else f"{label} [{factor.name}]", False)
        for factor in factors
        for label in (factor.label.lower(),)
    ]


def _label(run: store.Run, by: tuple[str, ...]) -> str:
    factor = own_card_of(run).factor(by[0])
    return _LABELS.get("+".join(by)) or (factor.label.lower() if factor else by[0])


def _line(asked: _Asked, policy: StoredPolicy, run: store.Run | None = None) -> Line:
    run = run or asked.run
    line = profile_lines.begun(run, asked.kind, asked.factors, asked.label, is_varied=asked.is_made_for)
    return line if line.note else _MAKE[asked.kind](run, line, policy)


def _with_other(asked: _Asked, rival: store.Run, line: Line, policy: StoredPolicy) -> Line:
    """A line with the second model's; compared where both have a number, on the same images."""
    theirs = _line(asked, policy, rival)
    line = replace(line, other=theirs)
    if not (line.is_known and theirs.is_known) or rival.content != asked.run.content:
        return line
    return replace(line, against=profile_lines.against(asked.run, rival, line, policy))


def _told_apart(lines: Sequence[Line]) -> list[Line]:
    """Lines of several families that share a label get the family's name."""
    shared = Counter(line.label for line in lines)

    def told(line: Line) -> Line:
        family = catalogue.family_of(line.benchmark)
        return replace(line, family=family, other=replace(line.other, family=family) if line.other else None)

    return [told(line) if shared[line.label] > 1 else line for line in lines]


def _place(line: Line) -> tuple[int, float, str, str, str]:
    """Where a line stands: the clearest largest loss first."""
    group = 3 if not line.is_known else 2 if not line.is_loss else 0 if line.is_clear else 1
    by = line.high if group == 0 else line.change if group == 1 else 0.0
    return group, by, line.label, line.benchmark, line.name
