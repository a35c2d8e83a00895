"""What a table's caption says: of what, how many images of how many objects, which intervals, what counts as right."""

from __future__ import annotations

from collections.abc import Sequence

from core.answers import report
from core.answers.cards import card_of, unit_of
from core.answers.sentences import listed
from core.paper.cells import PARTIAL_MARK, THIN_MARK
from core.paper.reading import Result
from core.types import FEW_OBJECTS, THIN
from core.wording import clusters, count, units

_POLICIES = {
    "top1": "An image counts as right if the first class is an accepted one (policy top1).",
    "top5": "An image counts as right if one of the first five classes is an accepted one (policy top5).",
    "restricted": "An image counts as right if the best of the benchmark's own classes is an accepted one (policy "
    "restricted).",
}
_REDUCTIONS = {
    "mean": "an image counts by the share of its views that are right",
    "any": "an image counts as right if any of its views is",
    "majority": "an image counts as right if more than half of its views are",
    "first": "of an image the first view counts",
}


def benchmark(result: Result) -> str:
    """A benchmark's title and key; the title of one's own begins with the key."""
    title, key = card_of(result.run).title, result.run.benchmark
    return title if title.split(" (")[0] == key else f"{title} ({key})"


def marked(result: Result) -> str:
    """A model's name; of a result that is not finished with a mark."""
    return result.run.label if result.run.complete else f"{result.run.label}{PARTIAL_MARK}"


def same(results: Sequence[Result]) -> list[Result]:
    """One result of each benchmark, in order."""
    return list({each.run.benchmark: each for each in reversed(results)}.values())[::-1]


def caption(
    results: Sequence[Result], models: Sequence[str], *, is_share: bool = True, computed: bool = False
) -> tuple[str, ...]:
    """The sentences of a caption, without its title.

    Args:
        results: What the table is of.
        models: What each result's model is called in the table.
        is_share: Whether its numbers are shown as percent.
        computed: Whether it has intervals of its own, and not those of accuracies.
    """
    firsts = same(results)
    names = list(dict.fromkeys(models))
    whose = names[0] if len(names) == 1 else f"{len(names)} models"
    return (
        f"{whose} on {listed(benchmark(each) for each in firsts)}.",
        *_sizes(results, models),
        *_intervals(results, is_share, computed),
        *_of_views(results, models),
        *dict.fromkeys(sentence for each in results for sentence in policies(each)),
        *answers(results),
        *_unfinished(results, models),
    )


def _sizes(results: Sequence[Result], models: Sequence[str]) -> list[str]:
    """``n = 1,500 images of 50 objects``, by benchmark; of models that saw other numbers, of each."""
    said = []
    several = len(same(results)) > 1
    for first in same(results):
        group = [(name, each) for name, each in zip(models, results, strict=True)
                 if each.run.benchmark == first.run.benchmark]  # fmt: skip
        sizes = {name: _size(each) for name, each in group}
        of = f" on {first.run.benchmark}" if several else ""
        if len(set(sizes.values())) == 1:
            said.append(f"n = {sizes[group[0][0]]}{of}.")
        else:
            said.append(f"n{of}: {'; '.join(f'{name} {size}' for name, size in sizes.items())}.")
    return said


def _size(result: Result) -> str:
    overall, failed = result.content["overall"], result.content["n_failed"]
    objects = overall["n_clusters"]
    of = f" of {clusters(objects, unit_of(result.run))}" if objects is not None and objects != overall["n"] else ""
    return f"{count(overall['n'], 'image')}{of}" + (f", {failed:,} more could not be evaluated" if failed else "")


def _intervals(results: Sequence[Result], is_share: bool, computed: bool) -> list[str]:
    kinds = dict.fromkeys(each.content["interval"] for each in results)
    if computed:
        # How they are made differs from table to table; what is drawn anew does not.
        kinds = dict.fromkeys("95 %, over images" if unit_of(each.run) == "image" else
                              f"95 %, over {units(unit_of(each.run))}" for each in results)  # fmt: skip
    how = f"intervals in brackets ({' or '.join(kinds)})."
    return [f"Percent, with {how}" if is_share else f"{how[0].upper()}{how[1:]}"]


def _of_views(results: Sequence[Result], models: Sequence[str]) -> list[str]:
    said: dict[str, None] = {}
    for each in results:
        if each.run.n_views > 1:
            family = f"{each.run.n_views} views ({each.run.views.title}, {each.run.view})"
            how = _REDUCTIONS[each.content["reduce"]]
            said[f"Each image is seen in {family}; in numbers over views {how}."] = None
        elif each.run.view != "clean":
            said[f"Images are shown as {each.run.view}."] = None
    if len({each.run.view for each in results}) > 1:
        shown = "; ".join(f"{name} {each.run.view}" for name, each in zip(models, results, strict=True))
        said[f"The models saw different views: {shown}."] = None
    return list(said)


def policies(result: Result) -> list[str]:
    """What counts as right."""
    return [_POLICIES[result.content["policy"]]]


def answers(results: Sequence[Result]) -> list[str]:
    """Who answers where the networks themselves do not, and what is left out."""
    said: dict[str, None] = {}
    for each in results:
        content = each.content
        if content["head"]:
            said["Cross-fitted linear heads on the networks' features answer, and not the networks."] = None
        if "as_published" in content:
            own = f"; own: identity {content['own_identity']}" if content["own_identity"] else ""
            said[f"Images are shown {content['as_published']}{own}."] = None
        if content["excluded"]:
            said[f"Left out: the {'class' if len(content['excluded']) == 1 else 'classes'} "
                 f"{', '.join(content['excluded'])}."] = None  # fmt: skip
    return list(said)


def _unfinished(results: Sequence[Result], models: Sequence[str]) -> list[str]:
    """What is partial, and what was made elsewhere."""
    said = [
        f"Not finished ({PARTIAL_MARK}): {name} on {each.run.benchmark}, {each.run.n_done:,} of "
        f"{each.run.n_samples:,} images."
        for name, each in zip(models, results, strict=True)
        if not each.run.complete
    ]
    imported = [name for name, each in zip(models, results, strict=True) if each.run.is_imported]
    if imported:
        said.append(f"Predictions made elsewhere and imported: {', '.join(dict.fromkeys(imported))}.")
    return said


def identities(results: Sequence[Result], models: Sequence[str]) -> str:
    """Which stored results the numbers are of."""
    several = len(same(results)) > 1
    each = [
        each.run.identity if len(results) == 1 else
        f"{name}{f' on {each.run.benchmark}' if several else ''} {each.run.identity}"
        for name, each in zip(models, results, strict=True)
    ]  # fmt: skip
    return f"{'Identity' if len(each) == 1 else 'Identities'}: {', '.join(each)}."


def thin(unit: str) -> str:
    """What the mark of a small count means."""
    objects = "" if unit == "image" else f" or {FEW_OBJECTS} {units(unit)}"
    return f"{THIN_MARK}: fewer than {THIN} images{objects}, too few for a claim."


def differences(results: Sequence[Result]) -> list[str]:
    """In what results of one benchmark differ beside the model; the values are for the methods."""
    lines = report.differences_by_benchmark([each.run for each in results])
    what = dict.fromkeys(line.partition(":")[0].rpartition(" differ in ")[2] for line in lines)
    return [f"Beside the model, the results differ in {listed(what)}."] if what else []


def bold(*, rows: int, among: int) -> str:
    """What bold means in a table.

    Args:
        rows: How many rows are compared together.
        among: How many benchmarks are.
    """
    kind = "paired difference on the same images excludes 0 (95 %)"
    if rows > 1:
        kind = "paired difference on the same images excludes 0 (95 %, intervals that hold for all rows at once)"
    elif among > 1:
        kind = f"paired difference on the same images excludes 0 (95 %, for {among} benchmarks at once)"
    return f"Bold: the highest number, where to every other model its {kind}."
