"""A bundle without its images: results, headlines, figures with their tables, and the points that can be clicked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from plotly import __version__ as plotly_version

from core import __version__, paths, store
from core.answers import catalogue, report
from core.answers.cards import unit_of
from core.answers.sentences import listed
from core.bundle import headlines
from core.bundle.choosing import Counted, Told, rounds
from core.bundle.content import FORMAT, Content, plain
from core.bundle.options import Options
from core.bundle.points import points_of, start_of
from core.errors import OffcenterError, UsageError
from core.figures.exhibits import Exhibit, Offer, Pick, offered
from core.figures.exported import table_csv
from core.paper import figure_files
from core.store import weights
from core.types import Progress, ProgressCallback
from core.wording import count, preprocessing

#: Points that can be clicked: each takes a few hundred bytes and a look at the table.
MOST_POINTS = 6000
#: Rooms whose code draws figures, and says what they show.
_SAYING = ("figures", "answers", "metrics", "uncommon")
#: Benchmarks that a title names one by one.
_NAMED = 2


@dataclass(frozen=True)
class Draft:
    """What a bundle holds before images are put in.

    Attributes:
        content: Without images, left-out sentences and digests.
        picks: What each point stands for, by pick id.
        counted: Each point, counted.
        groups: Pick ids of each exhibit.
        left_out: Sentences: what is not inside, and what brings it in.
    """

    content: Content
    picks: Mapping[str, Pick]
    counted: Mapping[str, Counted]
    groups: Sequence[Sequence[str]]
    left_out: list[str] = field(default_factory=list)


def draft(runs: Sequence[store.Run], options: Options, progress: ProgressCallback | None = None) -> Draft:
    """Everything but the images.

    Raises:
        UsageError: If there is no result, two are of one model, benchmark and family of views, or a figure is unknown.
    """
    runs = _told_apart(runs)
    left_out = list(options.left_out)
    offers = _chosen(runs, options, left_out)
    drawn = draw(offers, left_out, progress)
    exhibits = [exhibit_of(name, offer, made) for name, offer, made in drawn]
    clicks = [points_of(made, each["figure"]) for (_, _, made), each in zip(drawn, exhibits, strict=True)]
    numbered = _numbered(clicks, left_out)
    picks = dict(numbered.values())
    for each, points in zip(exhibits, clicks, strict=True):
        names = {key: numbered.get(_key(pick)) for key, pick in points.items()}
        each["points"] = {key: found[0] for key, found in names.items() if found}
    counted = counted_of(picks, options.per_point if options.images else 0, progress)
    content = {
        "format": FORMAT,
        "title": options.title or _title(runs),
        "made": options.date,
        "offcenter": __version__,
        "edition": edition(),
        "command": options.command,
        "policy": options.policy,
        "models": _models(runs),
        "results": [result(run, options) for run in runs],
        "headlines": headlines_of(runs, options, exhibits),
        "exhibits": exhibits,
        "warnings": warnings_of(runs),
        "start": start_of(options.start, [each["id"] for each in exhibits], clicks) if options.start else {},
    }
    groups = [list(each["points"].values()) for each in exhibits]
    return Draft(plain(content), picks, counted, groups, left_out)


def draw(
    offers: Sequence[Offer], left_out: list[str], progress: ProgressCallback | None = None
) -> list[tuple[str, Offer, Exhibit]]:
    """Figures with an id for each; those that cannot be drawn are said in ``left_out``."""
    drawn: list[tuple[str, Offer, Exhibit]] = []
    for number, offer in enumerate(offers):
        if progress is not None:
            progress(Progress(number, len(offers), stage="drawing figures"))
        try:
            drawn.append((_id_of(offer, (each for each, _, _ in drawn)), offer, offer.make()))
        except OffcenterError as error:
            left_out.append(f"the figure {offer.name} of {offer.benchmark or 'all benchmarks'}: {error}")
    return drawn


def _told_apart(runs: Sequence[store.Run]) -> list[store.Run]:
    if not runs:
        raise UsageError("there is no result to make a bundle of: give one model and one benchmark at least.")
    found: dict[tuple[str, str, str], store.Run] = {}
    for run in catalogue.told_apart(runs):
        other = found.setdefault((run.label, run.benchmark, run.view), run)
        if other.identity != run.identity:
            raise UsageError(
                f"two results of '{run.label}' on '{run.benchmark}' ({run.view}) cannot be told apart in one bundle: "
                f"{other.identity} and {run.identity}; leave one out."
            )
    return list(found.values())


def _chosen(runs: Sequence[store.Run], options: Options, left_out: list[str]) -> list[Offer]:
    if not options.only:
        return list(offered(runs, options.policy))
    left_out.append(f"figures other than {', '.join(options.only)}: without --only all are inside.")
    return figure_files.chosen(runs, options.only, options.policy)


def _id_of(offer: Offer, taken: Iterable[str]) -> str:
    """A name for links and for reading: letters, digits and few signs, whatever the offer's names hold."""
    parts = (offer.benchmark, offer.view if offer.view != "clean" else "", offer.name, offer.model)
    name = paths.slug("-".join(part for part in parts if part))
    n = sum(each == name or each.startswith(f"{name}.") for each in taken)
    return f"{name}.{n + 1}" if n else name


def exhibit_of(name: str, offer: Offer, made: Exhibit) -> dict[str, Any]:
    """A figure as a content has it, without its points."""
    return {
        "id": name,
        "name": offer.name,
        "title": offer.title,
        "benchmark": offer.benchmark,
        "view": offer.view,
        "model": offer.model,
        "finding": made.finding,
        "notes": list(made.notes),
        "figure": plain(made.figure.to_plotly_json()),
        "points": {},
        "csv": csv_of(made),
    }


def csv_of(made: Exhibit) -> str:
    """The numbers behind a figure."""
    unit = unit_of(next(iter(made.runs.values()))) if made.runs else "object"
    return table_csv(made.tables, made.identities, unit).decode()


#: What makes two picks one.
_Key = tuple[Any, ...]


def _key(pick: Pick) -> _Key:
    against = pick.against.identity if pick.against else ""
    return *_of(pick), pick.said, pick.where, pick.only, against


def _numbered(clicks: Sequence[Mapping[str, Pick]], left_out: list[str]) -> dict[_Key, tuple[str, Pick]]:
    """An id for each pick; where there are too many, of all exhibits as many as there is room for."""
    groups = [{_key(pick): pick for pick in points.values()} for points in clicks]
    every = {key: pick for group in groups for key, pick in group.items()}
    kept = set(every)
    if len(every) > MOST_POINTS:
        fair = (key for key, _ in rounds([list(group) for group in groups], dict.fromkeys(every, 1), 1))
        kept = {key for key, _ in zip(fair, range(MOST_POINTS), strict=False)}
        left_out.append(
            f"the images of {len(every) - len(kept):,} of {len(every):,} points: fewer figures (--only) bring in those "
            "of the rest."
        )
    named = [(key, pick) for key, pick in every.items() if key in kept]
    return {key: (f"p{number}", pick) for number, (key, pick) in enumerate(named)}


def counted_of(picks: Mapping[str, Pick], most: int, progress: ProgressCallback | None = None) -> dict[str, Counted]:
    """Each point, counted; what a result says is read once for all its points."""
    columns: dict[tuple[str, str, str], dict[str, None]] = {}
    for pick in picks.values():
        columns.setdefault(_of(pick), {}).update(dict.fromkeys(part.column for part in pick.where))
    told: dict[tuple[str, str, str], Told] = {}
    found = {}
    for number, (name, pick) in enumerate(picks.items()):
        of = _of(pick)
        if of not in told:
            told[of] = Told(pick.run, pick.policy, list(columns[of]))
        found[name] = told[of].counted(pick, most)
        if progress is not None and number % 50 == 0:
            progress(Progress(number, len(picks), stage="counting images"))
    return found


def _of(pick: Pick) -> tuple[str, str, str]:
    return pick.run.identity, pick.run.benchmark, pick.policy


def _title(runs: Sequence[store.Run]) -> str:
    models = list(dict.fromkeys(run.label for run in runs))
    keys = list(dict.fromkeys(run.benchmark for run in runs))
    titles = list(catalogue.titles(keys).values())
    families = {catalogue.family_of(key) for key in keys}
    if len(titles) > _NAMED and len(families) == 1:
        titles = [title.partition(":")[0] for title in titles[:1]]
    shown = listed(titles) if len(titles) <= _NAMED else count(len(titles), "benchmark")
    return f"{listed(models) if len(models) <= _NAMED else count(len(models), 'model')} on {shown}"


@cache
def edition() -> str:
    """SHA-256 (hex) of the code that makes contents of results, and pages of contents: under one edition the same."""
    root = Path(__file__).parent
    files = [each for kind in ("*.py", "*.js", "*.css") for each in sorted(root.glob(kind))]
    files += [each for room in _SAYING for each in sorted((root.parent / room).rglob("*.py"))]
    files.append(root.parent / "wording.py")
    return hashlib.sha256(b"\0".join(each.read_bytes() for each in files) + plotly_version.encode()).hexdigest()


def _models(runs: Sequence[store.Run]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        entry = run.manifest.model
        known = found.setdefault(
            run.label,
            {
                "label": run.label,
                "source": weights.spec_of(run.source),
                "fingerprint": run.fingerprint,
                "architecture": entry.architecture,
                "preprocessing": preprocessing(run.preprocessing),
                "head": entry.head,
                "notes": [],
            },
        )
        known["notes"] += [note for note in entry.notes if note not in known["notes"]]
    return list(found.values())


def result(run: store.Run, options: Options) -> dict[str, Any]:
    """A result as a content has it; ``verify`` makes it again."""
    return {
        "model": run.label,
        "benchmark": run.benchmark,
        "title": catalogue.titles([run.benchmark])[run.benchmark],
        "view": run.view,
        "identity": run.identity,
        "samples_digest": store.samples_digest(run),
        "predictions_digest": predictions_digest(run),
        "precision": run.precision,
        "n": run.n_done,
        "n_samples": run.n_samples,
        "complete": run.complete,
        "imported": run.is_imported,
        "versions": dict(run.manifest.versions),
        "overall": headlines.overall_of(run, options.policy),
    }


def predictions_digest(run: store.Run) -> str:
    """SHA-256 (hex) of what a model said of every image: its best classes, in order, and which images failed."""
    table = store.read(run, ["sample_id", "view", "top10", "error"])
    table = table.assign(error=table["error"].notna())
    return store.digest_samples(table.sort_values(["sample_id", "view"], kind="stable"))


def headlines_of(
    runs: Sequence[store.Run], options: Options, exhibits: Sequence[Mapping[str, Any]]
) -> list[dict[str, str]]:
    """Findings over benchmarks first; then of each benchmark its numbers and what its first figure finds."""
    found = headlines.headlines(runs, options.policy)
    across = [each for each in exhibits if not each["benchmark"] and each["finding"]]
    first = [headlines.headline(each["finding"], headlines.FINDING) for each in across]
    partial = {(run.benchmark, run.view) for run in runs if not run.complete}
    for benchmark, view in dict.fromkeys((run.benchmark, run.view) for run in runs):
        own = [line for line in found if (line["benchmark"], line["view"]) == (benchmark, view)]
        first += own
        said = [each["finding"] for each in exhibits if (each["benchmark"], each["view"]) == (benchmark, view)]
        finding = next((text for text in said if text and text not in {line["text"] for line in own}), "")
        if finding and (benchmark, view) not in partial:
            first.append(headlines.headline(finding, headlines.FINDING, benchmark, view))
    return first


def warnings_of(runs: Sequence[store.Run]) -> list[str]:
    """What a reader should know of the numbers."""
    found: dict[str, None] = {}
    groups: dict[tuple[str, str], list[store.Run]] = {}
    for run in runs:
        groups.setdefault((run.benchmark, run.view), []).append(run)
    for (benchmark, _), there in groups.items():
        found |= dict.fromkeys(f"{benchmark}: {said}" for said in report.differences(there))
        found |= dict.fromkeys(f"{benchmark}: {note}" for run in there for note in run.entry.notes)
    return list(found)
