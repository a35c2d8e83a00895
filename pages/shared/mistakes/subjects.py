"""Whose mistakes the Mistakes page shows: a run's, or those published of a reference model; and the filters on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core import store
from core.benchmarks import imagenet_annotations
from core.benchmarks.base import Benchmark
from core.benchmarks.imagenet_annotations import Annotations, Labels
from core.benchmarks.imagenet_m import ImageNetMultilabel
from core.labels import IMAGENET_1K
from core.mistakes import files, published, stored, table
from core.mistakes.table import KINDS, Filters
from pages.shared.page import address, cached, place
from pages.shared.page.frame import Choice

#: Key of the benchmark picker for the published mistakes.
PUBLISHED = "published"
#: Names in the address.
PAIR, TRUE, PREDICTED, CATEGORIES, SEVERITIES = "pair", "true_class", "predicted_class", "category", "severity"
_TABLES = 8
#: Letters of another model's name that has room in the name of a kind.
_LONGEST_OTHER = 14


@dataclass(frozen=True)
class Subject:
    """Mistakes of one model, beside those of another.

    Attributes:
        key: Names the mistakes in the reviews.
        title: Name of the model.
        other: Name of the other model; empty if there is none.
        table: See ``core.mistakes.table``.
        label_space: Of the predictions.
        run: The stored result; None for a published mistake file.
        source: The benchmark on its images; None if they are not on this machine.
    """

    key: str
    title: str
    other: str
    table: pd.DataFrame = field(repr=False)
    label_space: str
    run: store.Run | None
    source: Benchmark | None = field(repr=False)

    @property
    def benchmark(self) -> str:
        """Key of the benchmark; of the published mistakes, the one that has their images."""
        return self.run.benchmark if self.run else ImageNetMultilabel.key

    @property
    def of_validation(self) -> bool:
        """Whether the images are ImageNet's validation set, of which there are published mistakes and confusions."""
        return stored.is_validation(self.table)

    @property
    def categories(self) -> tuple[str, ...]:
        """What a reviewer may call a mistake."""
        return published.categories_of(self.benchmark)

    @property
    def has_categories(self) -> bool:
        """Whether published categories are known of some rows."""
        return "category" in self.table and bool((self.table["category"].astype(str) != "").any())


def found_files(choice: Choice) -> files.Files:
    """The files of the remaining mistakes; looked for again each time, which takes a millisecond."""
    source = cached.benchmark(ImageNetMultilabel.key, choice.data_home)
    return files.find_files(source.root if source else None)


def of_published(reference: str, found: files.Files, choice: Choice) -> Subject:
    """The published mistakes of a reference model."""
    titles = {model.key: model.title for model in published.REFERENCES}
    other = next((key for key in titles if key != reference and found.reference(key).path), "")
    source = cached.benchmark(ImageNetMultilabel.key, choice.data_home)
    content = _published(
        _stamp(found.reference(reference).path),
        _stamp(found.reference(other).path) if other else None,
        _stamp(found.annotations.path),
        str(source.root) if source else "",
    )
    return Subject(reference, titles[reference], titles.get(other, ""), content, IMAGENET_1K, None, source)


def of_run(run: store.Run, other: store.Run | None, found: files.Files, choice: Choice) -> Subject:
    """A run's mistakes; of ImageNet's validation images with the published category where it is known."""
    content = _of_run(
        cached.key_of(run),
        cached.key_of(other) if other else None,
        _stamp(found.annotations.path),
        tuple(_stamp(found.reference(model.key).path) for model in published.REFERENCES),
        found,
    )
    source = cached.source_of(run)
    key = f"{run.benchmark}/{run.model}"
    return Subject(key, run.label, other.label if other else "", content, run.label_space, run, source)


_Stamp = tuple[str, int] | None


def _stamp(path: Path | None) -> _Stamp:
    """A file and when it changed: the key of what was read from it."""
    return (str(path), path.stat().st_mtime_ns) if path else None


@st.cache_resource(max_entries=_TABLES, show_spinner=False)
def _published(mistakes: _Stamp, other: _Stamp, annotated: _Stamp, root: str) -> pd.DataFrame:
    original = dict(ImageNetMultilabel(Path(root)).original) if root else {}
    return table.of_published(_read(mistakes), _read(other), _annotations(annotated), original)


@st.cache_resource(max_entries=_TABLES, show_spinner="Reading the predictions, once …")
def _of_run(
    key: cached.Key, other: Any, annotated: _Stamp, references: tuple[_Stamp, ...], _found: files.Files
) -> pd.DataFrame:
    del annotated, references
    run = store.open_run(Path(key[0]))
    second = store.open_run(Path(other[0])) if other else None
    if run is None:
        raise FileNotFoundError(key[0])
    return stored.of_run(run, second, _found)


def _read(stamp: _Stamp) -> pd.DataFrame | None:
    return published.read_mistakes(Path(stamp[0])) if stamp else None


def _annotations(stamp: _Stamp) -> Annotations | None:
    return imagenet_annotations.read_annotations(Path(stamp[0])) if stamp else None


def labels_of(sample_id: str, found: files.Files) -> Labels | None:
    """What annotators said of an image; None if it is not theirs."""
    name = imagenet_annotations.validation_name(sample_id)
    if name is None or found.annotations.path is None:
        return None
    return imagenet_annotations.read_annotations(found.annotations.path).labels.get(name)


def controls(subject: Subject) -> Filters:
    """The row of filters; all of it in the address.

    Returns:
        What is chosen, the cell, pair and category that were clicked in figures included.
    """
    kinds = ["wrong", "right", "all"]
    if subject.run is None:
        kinds = ["wrong"]
    if (subject.table["accepted"] == 1).any():
        kinds.append("single_only")
    if subject.other:
        kinds += ["both_wrong", "only_this_wrong"]
        kinds += ["only_other_wrong"] if subject.run is not None else []
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = st.segmented_control(
            "Show", kinds, format_func=lambda kind: _kind_label(kind, subject), label_visibility="collapsed",
            **_filter(address.one("kind", kinds, "wrong")),
        )  # fmt: skip
        text = st.text_input(
            "Class", placeholder="Class contains …", width=190, label_visibility="collapsed",
            **_filter(address.words("class_text")),
        )  # fmt: skip
        chosen = _popover(subject)
    return Filters(kind=kind if kind in KINDS else "wrong", text=text or "", pair=_pair_in_url(), **chosen)


def _filter(bound: dict[str, Any]) -> dict[str, Any]:
    """A widget that filters: its change closes the image and begins at the first page, in one step of the history."""
    name, texts, *_ = bound["args"]
    return {**bound, "on_change": _filtered, "args": (name, texts)}


def _filtered(name: str, texts: Callable[[Any], list[str]]) -> None:
    _put(**{name: texts(st.session_state[name])})


def _put(**changes: str | Sequence[str]) -> None:
    address.put(**{**changes, place.IMAGE: "", place.PAGE: ""})


def _kind_label(kind: str, subject: Subject) -> str:
    """A kind of images; a name that would push the next ones off the row is left to the sidebar."""
    if len(subject.other) > _LONGEST_OTHER:
        return KINDS[kind]  # type: ignore[index]
    if kind == "only_this_wrong":
        return f"Wrong, {subject.other} right"
    if kind == "only_other_wrong":
        return f"Right, {subject.other} wrong"
    return KINDS[kind]  # type: ignore[index]


def _popover(subject: Subject) -> dict[str, Any]:
    """Classes, confidence, category and severity."""
    active = sum(bool(address.asked(name)) for name in (TRUE, PREDICTED, CATEGORIES, SEVERITIES, "confidence"))
    with st.popover(f"Filters · {active}" if active else "Filters", icon=":material/filter_alt:"):
        true = _several("True class", TRUE, _names(subject.table["true"]))
        predicted = _several("Predicted class", PREDICTED, _names(subject.table["predicted"]))
        low, high = 0, 100
        if subject.table["confidence"].notna().any():
            bound = _filter(address.span("confidence", 0, 100))
            low, high = st.slider("Confidence", 0, 100, step=1, format="%d %%", **bound)
        categories: list[str] = []
        severities: list[str] = []
        if subject.has_categories:
            categories = _several("Category", CATEGORIES, published.CATEGORIES)
            severities = _several("Severity", SEVERITIES, published.SEVERITIES)
    return {
        "true": tuple(true),
        "predicted": tuple(predicted),
        "low": low / 100,
        "high": high / 100,
        "categories": tuple(categories),
        "severities": tuple(severities),
    }


def _several(label: str, name: str, options: Sequence[str]) -> list[str]:
    return st.multiselect(label, options, placeholder="All", **_filter(address.many(name, options)))


def _names(column: pd.Series) -> list[str]:
    """Classes that occur, sorted."""
    return sorted(str(name) for name in column.cat.categories[np.unique(column.cat.codes.to_numpy())])


def _pair_in_url() -> tuple[str, str] | None:
    first, found, second = next(iter(address.asked(PAIR)), "").partition(" ~ ")
    return (first, second) if found else None


def direction_of(filters: Filters) -> tuple[str, str] | None:
    """The (true, predicted) class whose mistakes are shown, if it is one cell of the matrix."""
    return (filters.true[0], filters.predicted[0]) if len(filters.true) == len(filters.predicted) == 1 else None


def choose_direction(direction: Sequence[str]) -> None:
    """Filter for one class taken for another; the same cell again takes the filter away."""
    # A bar also says whose it is.
    direction = direction[:2]
    chosen = [address.asked(TRUE), address.asked(PREDICTED)]
    true, predicted = ("", "") if chosen == [[each] for each in direction] else direction
    _put(**{TRUE: true, PREDICTED: predicted, PAIR: ""})


def choose_pair(pair: Sequence[str]) -> None:
    """Filter for a pair of classes; the same pair again takes the filter away."""
    pair = pair[:2]
    _put(**{PAIR: "" if _pair_in_url() == tuple(pair) else " ~ ".join(pair), TRUE: "", PREDICTED: ""})


def clear_classes() -> None:
    """Take the filters away that clicks on classes have set."""
    _put(**{PAIR: "", TRUE: "", PREDICTED: ""})


def choose_kind(custom: Sequence[str]) -> None:
    """Filter for a clicked bar's category and severity; the same bar again takes the filter away."""
    same = [address.asked(CATEGORIES), address.asked(SEVERITIES)] == [[each] for each in custom]
    category, severity = ("", "") if same else custom
    _put(**{CATEGORIES: category, SEVERITIES: severity})


@st.cache_data(max_entries=4, show_spinner=False)
def _confusions(stamp: tuple[str, int], _found: files.Files) -> pd.DataFrame | None:
    return stored.published_pairs(_found)


def published_pairs(found: files.Files) -> pd.DataFrame | None:
    """The published confusions by class name, most frequent first; None without the file."""
    stamp = _stamp(found.confusions.path)
    return _confusions(stamp, found) if stamp else None
