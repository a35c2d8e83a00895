"""What uncommon settings cost: heatmaps, partitions, changes, costs and categories, as pages and files have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core import store, uncommon
from core.answers import sentences, setting_sentences
from core.answers.asking import DIRECT, Answers
from core.answers.cards import card_of
from core.answers.questions import Where
from core.answers.setting_sentences import LABELS
from core.answers.verdict_words import MARGIN
from core.figures import bars
from core.figures import uncommon as figures
from core.figures.exhibits.base import Exhibit, Offer, Pick, Subject, short_identity
from core.figures.style import Words
from core.types import FactorValue, is_thin
from core.uncommon import gaps
from core.uncommon.paper import published
from core.uncommon.rules import is_uncommon
from core.wording import count

#: The benchmark whose photos the published numbers are of.
PUBLISHED_ON = "focus"
#: How gaps are counted where nothing else is asked for.
DEFINITION = "paper-code"
_PLACES = {"t": "time", "w": "weather", "l": "location"}
#: ``P1``: one uncommon; ``P_tw``: time and weather, as FOCUS calls them and as a reader reads them.
PARTITIONS_IN_WORDS = {
    "P0": "none (P0)",
    **{f"P{number}": f"{number} uncommon (P{number})" for number in (1, 2, 3)},
    **{
        name: f"{' + '.join(_PLACES[letter] for letter in name[2:])} ({name})"
        for name in uncommon.PARTITIONS
        if name.startswith("P_")
    },
}
#: In a cell's partition: the uncommon side of an attribute.
UNCOMMON = "uncommon "
#: Only categories that have rules are counted.
RULED = Where("category", values=uncommon.CATEGORIES)
Runs = Mapping[str, store.Run]
Values = dict[str, FactorValue]


def offers(subject: Subject) -> Iterator[Offer]:
    """All figures of settings, of a benchmark that says which are uncommon; none of others."""
    named = {factor.name for factor in card_of(subject.run).factors}
    if not {"category", *uncommon.ATTRIBUTES} <= named or subject.run.n_views > 1:
        return
    for attribute, label in LABELS.items():
        for model in subject.runs:
            make = partial(_heatmap, subject, model, attribute)
            yield _offer(subject, f"heatmap_{attribute}", f"Top-1 by category and {label}", make, model)
    yield _offer(subject, "partitions", "Top-1 by partition", partial(_partitions, subject))
    yield _offer(subject, "gaps", "From common to uncommon settings", partial(_gaps, subject))
    if cost_tables(subject.runs):
        yield _offer(subject, "costs", "What each uncommon setting costs", partial(_costs, subject))
    for model in subject.runs:
        title = "Top-1 by category and number of uncommon attributes"
        yield _offer(subject, "categories", title, partial(_categories, subject, model), model)


def _offer(subject: Subject, name: str, title: str, make: Any, model: str = "") -> Offer:
    return Offer(name, title, subject.run.benchmark, subject.run.view, make, model)


def finding(runs: Runs, definition: str = DEFINITION, margin: float = MARGIN, ask: Answers = DIRECT) -> str:
    """The sentences on what settings cost, of the first model and, shorter, of the second; nothing yet of partial ones.

    Args:
        runs: By label.
        definition: Of ``gaps.DEFINITIONS``.
        margin: Largest difference that does not matter, a fraction.
        ask: Who answers.
    """
    said: list[str] = []
    for model, run in list(runs.items())[:2]:
        attributes = ask.settings(run, "attribute_changes")
        if not run.complete:
            said.append(sentences.partial(run.label, run.benchmark, run.n_done, run.n_samples))
        elif not said:
            values = ask.settings(run, "value_changes")
            said.append(setting_sentences.settings(model, attributes, values, definition, margin))
        else:
            said.append(setting_sentences.in_short(model, attributes, definition, margin))
    return " ".join(said)


def one(table: pd.DataFrame, **where: str) -> pd.Series:
    """The row of a table that has these values."""
    for column, content in where.items():
        table = table[table[column] == content]
    return table.iloc[0]


def gap_of(run: store.Run, question: str, attribute: str, definition: str, ask: Answers = DIRECT) -> pd.Series:
    """An attribute's gap by a definition, from ``gaps`` or ``gaps_class_adjusted``."""
    return one(ask.settings(run, question), attribute=attribute, definition=definition)


def heatmap(
    run: store.Run, attribute: str, definition: str = DEFINITION, ask: Answers = DIRECT, *, several: bool = False,
    chosen: tuple[str, str] | None = None,
) -> go.Figure:  # fmt: skip
    """Category by value of an attribute; uncommon cells in a frame.

    Args:
        run: Of a benchmark with settings.
        attribute: ``time``, ``weather`` or ``locations``.
        definition: Of the changes beside.
        ask: Who answers.
        several: Whether the model is named.
        chosen: The cell that is outlined.
    """
    said = f"{run.label} · " if several else ""
    cells, totals = ask.settings(run, f"heatmap_{attribute}"), ask.settings(run, f"totals_{attribute}")
    by_category = ask.settings(run, "category_gaps")
    by_category = by_category[(by_category["attribute"] == attribute) & (by_category["definition"] == definition)]
    whole = gap_of(run, "gaps", attribute, definition, ask).to_frame().T.assign(category=figures.ALL)
    found = pd.concat([by_category, whole])[["category", "value", "low", "high", "n_common", "n_uncommon"]]
    words = Words(
        f"Top-1 by category and {LABELS[attribute]}, %",
        f"{said}framed: uncommon · ( ): few images or objects",
        short_identity([run]),
    )
    return figures.setting_heatmap(cells, totals, gaps.as_change(found.infer_objects()), words, chosen=chosen)


def _heatmap(subject: Subject, model: str, attribute: str) -> Exhibit:
    run = subject.runs[model]
    shown = heatmap(run, attribute, several=True)
    tables = {model: DIRECT.settings(run, f"heatmap_{attribute}")}

    def pick(custom: list[Any]) -> Pick:
        return _picked(run, {"category": custom[0], attribute: custom[1]})

    return Exhibit(shown, tables, {model: run}, finding({model: run}), pick=pick)


def partitions(
    runs: Runs, colours: Mapping[str, str], ask: Answers = DIRECT, *, chosen: str | None = None
) -> tuple[go.Figure, dict[str, pd.DataFrame]]:
    """Accuracy by which settings are uncommon, on FOCUS beside the paper's; and the tables, without empty groups."""
    tables = {model: ask.settings(run, "partitions") for model, run in runs.items()}
    tables = {model: table[table["n"] > 0] for model, table in tables.items()}
    on_focus = next(iter(runs.values())).benchmark == PUBLISHED_ON
    words = Words(
        "Top-1 by partition",
        "by how many of time, weather and location are uncommon, then by which · 95 % interval",
        short_identity(list(runs.values())),
    )
    shown = bars.bars(
        tables, "partition", colours, words, published=_published_accuracy() if on_focus else None,
        order=uncommon.PARTITIONS, chosen=chosen, labels=PARTITIONS_IN_WORDS,
    )  # fmt: skip
    return shown, tables


def _published_accuracy() -> pd.DataFrame:
    rows = [
        (partition, model, share, "FOCUS, Table 4")
        for model, shares in published()["accuracy"].items()
        for partition, share in shares.items()
    ]
    return pd.DataFrame(rows, columns=["partition", "model", "value", "source"])


def _partitions(subject: Subject) -> Exhibit:
    shown, tables = partitions(subject.runs, subject.colours)

    def pick(custom: list[Any]) -> Pick:
        return _picked(subject.runs[custom[0]], of_partition(custom[1]))

    return Exhibit(shown, tables, subject.runs, finding(subject.runs), pick=pick)


def gap_points(
    runs: Runs, colours: Mapping[str, str], definition: str = DEFINITION, ask: Answers = DIRECT
) -> tuple[go.Figure, dict[str, pd.DataFrame]]:
    """Raw and class-mix-adjusted changes, on FOCUS beside the paper's; and the tables, by model and kind."""
    raw, adjusted = (
        {model: gaps.as_change(_of(ask.settings(run, question), definition)) for model, run in runs.items()}
        for question in ("gaps", "gaps_class_adjusted")
    )
    on_focus = next(iter(runs.values())).benchmark == PUBLISHED_ON and definition == DEFINITION
    words = Words(
        "From common to uncommon settings",
        f"{definition}: raw, and with the same class mix on both sides · 95 % interval",
        short_identity(list(runs.values())),
    )
    shown = figures.gap_points(
        raw, adjusted, colours, words, labels=LABELS, published=published()["gaps"] if on_focus else None,
        source="FOCUS, Table 3",
    )  # fmt: skip
    kinds = (("raw", raw), ("adjusted", adjusted))
    return shown, {f"{model}, {kind}": part[model] for kind, part in kinds for model in runs}


def _of(table: pd.DataFrame, definition: str) -> pd.DataFrame:
    return table[table["definition"] == definition]


def _gaps(subject: Subject) -> Exhibit:
    shown, tables = gap_points(subject.runs, subject.colours)

    def pick(custom: list[Any]) -> Pick:
        return _picked(subject.runs[custom[0]], {"partition": UNCOMMON + custom[1]})

    notes = ("A point's images are those of the uncommon side.",)
    return Exhibit(shown, tables, subject.runs, finding(subject.runs), notes, pick)


def cost_tables(runs: Runs, ask: Answers = DIRECT) -> dict[str, pd.DataFrame]:
    """What each setting costs, by model; only of models of which something is known."""
    tables = {model: gaps.as_change(ask.settings(run, "costs")) for model, run in runs.items()}
    return {
        model: table.assign(thin=is_thin(table["n_uncommon"], table["n_clusters"]))
        for model, table in tables.items()
        if table["value"].notna().any()
    }


def costs(runs: Runs, tables: Mapping[str, pd.DataFrame], colours: Mapping[str, str]) -> go.Figure:
    """A bar for each uncommon setting and model, of ``cost_tables``."""
    words = Words(
        "What each uncommon setting costs",
        "same class mix on both sides · hatched: few images or objects · 95 % interval",
        short_identity([runs[model] for model in tables]),
    )
    return figures.cost_bars(tables, colours, words)


def _costs(subject: Subject) -> Exhibit:
    tables = cost_tables(subject.runs)

    def pick(custom: list[Any]) -> Pick:
        model, attribute, setting = custom
        return _picked(subject.runs[model], {attribute: setting, "partition": UNCOMMON + attribute})

    shown, notes = costs(subject.runs, tables, subject.colours), ("A bar's images are those of the uncommon side.",)
    return Exhibit(shown, tables, subject.runs, finding(subject.runs), notes, pick)


def categories(run: store.Run, colour: str, ask: Answers = DIRECT) -> go.Figure:
    """A model's accuracy by category and number of uncommon attributes."""
    words = Words(
        "Top-1 by category and number of uncommon attributes",
        f"{run.label} · hollow: few images or objects",
        short_identity([run]),
    )
    return figures.category_partitions(ask.settings(run, "by_category_partition"), words, colour)


def _categories(subject: Subject, model: str) -> Exhibit:
    run = subject.runs[model]
    tables = {model: DIRECT.settings(run, "by_category_partition")}

    def pick(custom: list[Any]) -> Pick:
        return _picked(run, {"category": custom[0], "n_uncommon": float(custom[1])})

    return Exhibit(categories(run, subject.colours[model]), tables, {model: run}, finding({model: run}), pick=pick)


def of_partition(name: str) -> Values:
    """What the images of a partition have: ``P1`` is a number of uncommon attributes."""
    return {"n_uncommon": float(name[1:])} if name[1:].isdigit() else {"partition": name}


def conditions(values: Mapping[str, FactorValue]) -> tuple[Where, ...]:
    """The values of a cell as conditions on images.

    The uncommon side of a value means the categories for which it is uncommon, since an image with several locations
    may be uncommon by another one; that of an attribute means the partitions in which it is uncommon.
    """
    side = str(values.get("partition", ""))
    if not side.startswith(UNCOMMON):
        return tuple(Where.equals(name, content) for name, content in values.items())
    values = {name: content for name, content in values.items() if name != "partition"}
    attribute = side.removeprefix(UNCOMMON)
    if attribute in values:
        setting = str(values[attribute])
        rare = tuple(name for name in uncommon.CATEGORIES if is_uncommon(name, attribute, setting))
        return (*(Where.equals(name, content) for name, content in values.items()), Where("category", values=rare))
    there = tuple(name for name in uncommon.PARTITIONS if name.startswith("P_") and attribute[0] in name[2:])
    return (Where("partition", values=there),)


def in_words(name: str, content: FactorValue) -> str:
    """A value of a cell as a reader says it."""
    if name == "n_uncommon":
        return count(int(content), "uncommon attribute")
    if name == "partition" and str(content).startswith(UNCOMMON):
        return f"uncommon {LABELS[str(content).removeprefix(UNCOMMON)]}"
    if name == "partition":
        return f"uncommon: {PARTITIONS_IN_WORDS.get(str(content), str(content))}"
    return str(content)


def _picked(run: store.Run, values: Values) -> Pick:
    said = ", ".join(in_words(name, content) for name, content in values.items())
    return Pick(run, said, (RULED, *conditions(values)))
