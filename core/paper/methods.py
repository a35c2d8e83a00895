"""A paragraph that says how numbers were made, from what stored results say of themselves, with what it cites.

Everything is read from the results: the versions are those of the machine that evaluated, not of this one.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from core.answers import catalogue, models
from core.answers.cards import card_of, unit_of
from core.answers.sentences import listed
from core.errors import UsageError, nearest
from core.models import presets
from core.paper import captions, citations, latex_text
from core.paper.citations import Citation
from core.paper.reading import Result
from core.store import specs
from core.wording import clusters, count, escaped, units

TEXT, MARKDOWN, LATEX = "text", "markdown", "latex"
FORMATS = (TEXT, MARKDOWN, LATEX)
_WIDTH = 100
_SCORE = (
    "Intervals of accuracies are 95 % score intervals over {units}: {what} of one {unit} are not independent, so that "
    "an interval is that of as many trials as the images are worth (Wilson's score interval on the effective sample "
    "size, with Student's t)."
)
_WILSON = "Intervals of accuracies are 95 % Wilson score intervals over images."
_NAMES = {"offcenter": "Offcenter", "python": "Python", "torch": "PyTorch", "pillow": "Pillow"}


@dataclass(frozen=True)
class Said:
    """A sentence, and what is cited before its full stop.

    Attributes:
        words: Without a full stop where it cites something.
        cited: What it cites.
    """

    words: str
    cited: tuple[Citation, ...] = ()


@dataclass(frozen=True)
class Methods:
    """A paragraph and its bibliography.

    Attributes:
        paragraph: In a format.
        bibtex: Entries of what it cites; empty if nothing is.
    """

    paragraph: str
    bibtex: str

    @property
    def whole(self) -> str:
        """Both as one text."""
        return f"{self.paragraph}\n{self.bibtex}" if self.bibtex.strip() else self.paragraph


def build(results: Sequence[Result], form: str = TEXT) -> Methods:
    """How the numbers of some results were made.

    Args:
        results: Of one model or several, on one benchmark or several.
        form: Of ``FORMATS``.

    Raises:
        UsageError: If the format is unknown.
    """
    if form not in FORMATS:
        raise UsageError(f"--methods is {' or '.join(FORMATS)}, and not '{form}'.{nearest(form, FORMATS)}")
    results = list({(each.run.path, each.run.benchmark): each for each in results}.values())
    sentences = list(_sentences(results))
    write, cite, wrap = _WRITERS[form]
    text = " ".join(write(each.words) + (f"{cite(each.cited)}." if each.cited else "") for each in sentences)
    cited = [citation for each in sentences for citation in each.cited]
    bibtex = citations.bibliography(cited) if cited else ""
    if form == MARKDOWN and bibtex:
        bibtex = f"```bibtex\n{bibtex}```\n"
    # A number and its sign stay in one line.
    return Methods(wrap(text.replace("95 %", "95\u00a0%").replace(r"95 \%", r"95~\%")) + "\n", bibtex)


def _short(cited: Sequence[Citation]) -> str:
    return f" ({'; '.join(dict.fromkeys(each.short for each in cited))})"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


_WRITERS: dict[str, tuple[Callable[[str], str], Callable[[Sequence[Citation]], str], Callable[[str], str]]] = {
    TEXT: (lambda words: " ".join(words.split()), _short, _wrapped),
    MARKDOWN: (escaped, lambda cited: escaped(_short(cited).strip()).join((" ", "")), str),
    LATEX: (
        latex_text.escaped,
        lambda cited: rf"~\cite{{{','.join(dict.fromkeys(each.key for each in cited))}}}",
        _wrapped,
    ),
}


def _sentences(results: Sequence[Result]) -> Iterator[Said]:
    named = _named(results)
    firsts = captions.same(results)
    yield Said(f"We evaluated {listed(dict.fromkeys(named))}.")
    yield from _loaded(results, named)
    for first in firsts:
        yield from _benchmark(results, named, first)
    for policy in dict.fromkeys(sentence for each in results for sentence in captions.policies(each)):
        yield Said(policy)
    yield from map(Said, _intervals(results))
    yield from _shown(results, named)
    yield from map(Said, captions.answers(results))
    yield from _made(results, named)
    yield Said(captions.identities(results, named))


def _loaded(results: Sequence[Result], named: Sequence[str]) -> Iterator[Said]:
    """With which libraries models were loaded."""
    kinds: dict[str, list[str]] = {}
    for name, each in zip(named, results, strict=True):
        if each.run.preprocessing:
            kinds.setdefault(catalogue.kind_of(each.run.source), []).append(name)
    libraries: dict[tuple[Citation, ...], list[tuple[str, list[str]]]] = {}
    for kind, names in kinds.items():
        libraries.setdefault(citations.of_model(kind), []).append((catalogue.KINDS[kind].partition(",")[0], names))
    for cited, group in libraries.items():
        names = list(dict.fromkeys(name for _, each in group for name in each))
        whose = listed(names) if len(names) < len(set(named)) else "It" if len(names) == 1 else "They"
        if cited:
            yield Said(f"{whose} {'was' if len(names) == 1 else 'were'} loaded with {group[0][0]}", cited)


def _named(results: Sequence[Result]) -> list[str]:
    """What each result's model is called: what tells it from the others."""
    return [run.label for run in catalogue.told_apart([each.run for each in results])]


def _benchmark(results: Sequence[Result], named: Sequence[str], first: Result) -> Iterator[Said]:
    """What a benchmark is, and how much of it each model saw."""
    card = card_of(first.run)
    cited, after = citations.of_benchmark(card), citations.after(card)
    yield Said(f"The benchmark is {captions.benchmark(first)}" + ("" if cited else "."), cited)
    if after:
        yield Said(card.paper or f"It follows {listed(each.short for each in after)}", after)
    if card.about:
        yield Said(card.about if card.about.endswith(".") else f"{card.about}.")
    group = [(name, each) for name, each in zip(named, results, strict=True)
             if each.run.benchmark == first.run.benchmark]  # fmt: skip
    sizes = {name: _size(each) for name, each in group}
    if len(set(sizes.values())) == 1:
        yield Said(f"It has {next(iter(sizes.values()))}.")
    else:
        yield Said(f"Of it were evaluated: {'; '.join(f'by {name} {size}' for name, size in sizes.items())}.")
    for name, each in group:
        if not each.run.complete:
            yield Said(
                f"The result of {name} on {first.run.benchmark} is not finished: {each.run.n_done:,} of "
                f"{each.run.n_samples:,} images were seen, and its numbers are of these alone."
            )
        yield from (Said(f"Of the data: {_closed(note)}") for note in each.run.entry.notes)


def _size(result: Result) -> str:
    overall, failed = result.content["overall"], result.content["n_failed"]
    objects = overall["n_clusters"]
    of = f" of {clusters(objects, unit_of(result.run))}" if objects is not None and objects != overall["n"] else ""
    return f"{count(overall['n'], 'image')}{of}" + (f" (and {failed:,} that could not be evaluated)" if failed else "")


def _intervals(results: Sequence[Result]) -> Iterator[str]:
    """How intervals are made, and which differences are paired."""
    kinds: dict[str, list[Result]] = {}
    for each in results:
        is_wilson = each.content["interval"].startswith("95 %, Wilson")
        kinds.setdefault(_WILSON if is_wilson else _of_clusters(unit_of(each.run)), []).append(each)
    for said, whose in kinds.items():
        keys = listed(dict.fromkeys(each.run.benchmark for each in whose))
        yield said if len(kinds) == 1 else f"On {keys}, {said[:1].lower()}{said[1:]}"
    of_benchmark = [each.run.benchmark for each in results]
    if any(of_benchmark.count(key) > 1 for key in of_benchmark):
        drawn = " or ".join(dict.fromkeys(units(unit_of(each.run)) for each in results))
        yield (
            "Models are compared on the same images: the difference of a pair has a 95 % interval of its own, from "
            f"resampling {drawn} for both models at once."
        )


def _of_clusters(unit: str) -> str:
    """How intervals over objects are made, or over images that are seen several times."""
    # A unit may be called anything, see ``wording.clusters``.
    one = clusters(1, unit).removeprefix("1 ")
    return _SCORE.format(what="views" if unit == "image" else "images", unit=one, units=units(unit))


def _shown(results: Sequence[Result], named: Sequence[str]) -> Iterator[Said]:
    """How images were shown, to which models; prompts, views and precision."""
    ways: dict[str, list[str]] = {}
    for name, each in zip(named, results, strict=True):
        ways.setdefault(_preprocessing(each), []).append(name)
    for way, names in ways.items():
        whose = f" of {listed(dict.fromkeys(names))}" if len(ways) > 1 else ""
        yield Said(f"Preprocessing{whose}: {way}.")
    yield from _presets(results, named)
    heads = {name: each.run.manifest.model.head for name, each in zip(named, results, strict=True)}
    yield from (Said(f"The outputs of {name}: {_closed(said)}") for name, said in heads.items() if said)
    for view, title in dict.fromkeys((each.run.view, each.run.views.title) for each in results):
        if view != "clean":
            n = next(each.run.n_views for each in results if each.run.view == view)
            seen = f"Each image was seen in {count(n, 'view')} ({title}; {view})"
            cited = citations.of_views(view)
            yield Said(seen if cited else f"{seen}.", cited)
    precisions: dict[str, list[str]] = {}
    for name, each in zip(named, results, strict=True):
        precisions.setdefault(each.run.precision, []).append(name)
    for precision, names in precisions.items():
        if precision in ("fp32", "bf16", "fp16"):
            whose = f" by {listed(dict.fromkeys(names))}" if len(precisions) > 1 else ""
            yield Said(f"Predictions were computed{whose} in {precision}.")


def _preprocessing(result: Result) -> str:
    transform = result.run.preprocessing
    if not transform:
        return "not known"
    mean, std = (", ".join(f"{float(each):.4g}" for each in transform[name]) for name in ("mean", "std"))
    return f"{models.shown_in_words(transform)} (mean {mean}; standard deviation {std})"


def _presets(results: Sequence[Result], named: Sequence[str]) -> Iterator[Said]:
    chosen: dict[str, list[str]] = {}
    for name, each in zip(named, results, strict=True):
        preset = specs.parsed(each.run.source).options.get(presets.PRESET, "")
        if preset in presets.PRESETS:
            chosen.setdefault(preset, []).append(name)
    for preset, names in chosen.items():
        found, cited = presets.PRESETS[preset], citations.of_preset(preset)
        how = f"{found.said}, {found.interpolation}"
        said = f"For {listed(dict.fromkeys(names))} this is the preset {preset}, after {found.paper} ({how})"
        yield Said(said if cited else f"{said}.", cited)


def _made(results: Sequence[Result], named: Sequence[str]) -> Iterator[Said]:
    """What was made elsewhere, what models say of themselves, and with which software."""
    for name, each in zip(named, results, strict=True):
        if each.run.is_imported:
            yield Said(f"The predictions of {name} on {each.run.benchmark} were made elsewhere and imported.")
    noted = [(name, note) for name, each in zip(named, results, strict=True) for note in each.run.manifest.model.notes]
    yield from (Said(f"Of {name}: {_closed(note)}") for name, note in dict.fromkeys(noted))
    software: dict[str, list[str]] = {}
    for name, each in zip(named, results, strict=True):
        software.setdefault(_software(each), []).append(f"{name} on {each.run.benchmark}")
    for versions, whose in software.items():
        if not versions:
            continue
        of = f" ({listed(dict.fromkeys(whose))})" if len(software) > 1 else ""
        yield Said(f"Software{of}: {versions}.")


def _software(result: Result) -> str:
    versions = result.run.manifest.versions
    return ", ".join(f"{_NAMES.get(name, name)} {version}" for name, version in versions.items())


def _closed(note: str) -> str:
    return note if note.endswith((".", "!", "?")) else f"{note}."
