"""The tables of many zooms of each image, of a stored run: for reports, and kept on disk for pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core import store
from core.answers import joined
from core.answers.cards import card_of
from core.answers.run_tables import Asked, Made, RunTable
from core.errors import UsageError, nearest
from core.images.views.random_crops import PREFIX as RANDOM_CROPS
from core.metrics import zoom
from core.store import dense, lists
from core.types import CardTable, Policy

_PLACE = ("size", "row", "col")
#: What a report shows of a table's columns, and in which order.
_BOUND = ("bound", "top1", "low", "high", "passes", "n", "gain", "gain_low", "gain_high", "mark", *_PLACE, "n_failed")


@dataclass(frozen=True)
class Zooms:
    """What a model said of n images at V zooms of each.

    Attributes:
        run: Of a family of zooms.
        rows: int (n,), rows of the samples table.
        sample_ids: (n,).
        accepted: n lists of class indices.
        clusters: (n,) what is not independent between images; None if all are.
        origin: (n,) where images come from; None if the benchmark does not say.
        place: float (n, 2), x and y of the object's centre in shares of the image; None if the benchmark does not say.
        top: int (n, V), negative for an image that failed.
        p_top: float (n, V).
        p_accepted: float (n, V).
        mean_top: int (n,).
        correct: float (n, V), NaN for an image that failed.
        num_classes: Among how many the model chose.
        policy: What counts as right.
        others: Test-time augmentation of the same model on the same images.
    """

    run: store.Run
    rows: np.ndarray
    sample_ids: np.ndarray
    accepted: pd.Series
    clusters: np.ndarray | None
    origin: np.ndarray | None
    place: np.ndarray | None
    top: np.ndarray
    p_top: np.ndarray
    p_accepted: np.ndarray
    mean_top: np.ndarray
    correct: np.ndarray
    num_classes: int
    policy: Policy
    others: tuple[zoom.Ensemble, ...] = ()

    @property
    def views(self) -> pd.DataFrame:
        """A row a view: ``view, size, row, col``."""
        return pd.DataFrame(list(self.run.views.rows))

    @property
    def ensembles(self) -> tuple[zoom.Ensemble, ...]:
        """One answer out of all zooms, and out of the random crops of other runs."""
        own = zoom.Ensemble(f"{self.top.shape[1]} zooms", self.top, self.p_top, self.mean_top)
        return (own, *self.others)

    def only(self, kept: np.ndarray) -> Zooms:
        """Of some images: bool (n,)."""
        of_images = ("rows", "sample_ids", "accepted", "top", "p_top", "p_accepted", "mean_top", "correct")
        parts = {name: getattr(self, name)[kept] for name in of_images}
        for name in ("clusters", "origin", "place"):
            values = getattr(self, name)
            parts[name] = None if values is None else values[kept]
        others = tuple(
            replace(each, top=each.top[kept], p_top=each.p_top[kept], mean_top=each.mean_top[kept])
            for each in self.others
        )
        return replace(self, **parts, others=others)


def is_zoomed(run: store.Run) -> bool:
    """Whether a run's views are zooms that are kept as a grid."""
    return run.views.dense and {factor.name for factor in run.views.factors} >= set(_PLACE)


def read(run: store.Run, policy: Policy = "top1") -> Zooms:
    """What a run says, and what runs with random crops of the same images say.

    Args:
        run: Of a family of zooms; complete or partial.
        policy: ``top1``, or ``restricted`` to the benchmark's own classes.

    Raises:
        UsageError: If it is no such run, the policy is another, or the best of these classes was not kept.
        StoreError: If it cannot be read.
    """
    if not is_zoomed(run):
        raise UsageError(f"the views '{run.view}' are no zooms: evaluate with --view zoom-324, zoom-36 or zoom-9.")
    if policy not in ("top1", "restricted"):
        raise UsageError(f"of zooms only the best class is kept, so that '{policy}' is not known. Choose 'top1'.")
    samples = store.read_samples(run)
    classes = sorted(set(lists.list_offsets(samples["accepted"])[1].tolist()))
    own = classes if policy == "restricted" else None
    grid = store.read_grid(run, own)
    said = samples.iloc[grid.rows]
    accepted = said["accepted"].reset_index(drop=True)
    right = dense.is_right(grid.top, accepted).astype(float)
    right[grid.failed] = np.nan
    return Zooms(
        run,
        grid.rows,
        said["sample_id"].to_numpy(),
        accepted,
        said["cluster"].to_numpy() if card_of(run).cluster_unit else None,
        said["origin"].to_numpy() if "origin" in said else None,
        said[["x", "y"]].to_numpy(dtype=float) if {"x", "y"} <= set(said) else None,
        grid.top,
        grid.p_top,
        grid.p_accepted,
        grid.mean_top,
        right,
        len(classes) if policy == "restricted" else run.manifest.model.num_classes,
        policy,
        tuple(_aligned(other, grid.rows, own) for other in random_crops_of(run)),
    )


def random_crops_of(run: store.Run) -> list[store.Run]:
    """Complete results of the same model on the same images under random resized crops, by name."""
    found = [
        other
        for other in store.list_runs(run.benchmark)
        if other.view.startswith(RANDOM_CROPS)
        and (other.fingerprint, other.content, other.precision) == (run.fingerprint, run.content, run.precision)
        and other.preprocessing == run.preprocessing
        and other.complete
    ]
    return sorted(found, key=lambda other: other.view)


def _aligned(run: store.Run, rows: np.ndarray, classes: Sequence[int] | None) -> zoom.Ensemble:
    """Another run's answers to the images at some rows of the samples table; negative where it has none."""
    grid = store.read_grid(run, classes)
    at = pd.Index(grid.rows).get_indexer(rows)
    top, p_top, mean_top = grid.top[at].copy(), grid.p_top[at].copy(), grid.mean_top[at].copy()
    top[at < 0], p_top[at < 0], mean_top[at < 0] = -1, np.nan, -1
    return zoom.Ensemble(run.view, top, p_top, mean_top)


def bound(zooms: Zooms) -> pd.DataFrame:
    """From one crop to any of all; see ``core.metrics.zoom.bound``."""
    return zoom.bound(
        zooms.correct, zooms.views, zooms.clusters, accepted=zooms.accepted.tolist(), ensembles=zooms.ensembles
    )


def by_origin(zooms: Zooms) -> pd.DataFrame:
    """The same by where images come from; see ``core.metrics.zoom.by_origin``.

    Raises:
        UsageError: If the benchmark does not say.
    """
    if zooms.origin is None:
        raise UsageError(f"'{zooms.run.benchmark}' does not say where its images come from")
    return zoom.by_origin(
        zooms.correct,
        zooms.views,
        zooms.origin,
        zooms.clusters,
        accepted=zooms.accepted.tolist(),
        ensembles=zooms.ensembles,
    )


def at_object(zooms: Zooms) -> pd.DataFrame:
    """At the anchor nearest to the object; see ``core.metrics.zoom.at_object``.

    Raises:
        UsageError: If the benchmark does not say where objects are.
    """
    if zooms.place is None:
        raise UsageError(f"'{zooms.run.benchmark}' does not say where its objects are")
    return zoom.at_object(zooms.correct, zooms.views, *zooms.place.T, zooms.clusters)


def luck(zooms: Zooms) -> pd.DataFrame:
    """What so many tries would solve anyway; see ``core.metrics.zoom.luck``."""
    return zoom.luck(zooms.top, zooms.accepted.tolist(), zooms.views, zooms.num_classes, zooms.clusters)


def unsolvable(zooms: Zooms) -> pd.DataFrame:
    """Images that no zoom solves: ``sample_id, best_p, size, row, col``, the most probable first."""
    found = zoom.unsolvable(zooms.correct, zooms.views, zooms.p_accepted)
    found.insert(0, "sample_id", zooms.sample_ids[found["image"]])
    return found.drop(columns="image").sort_values("best_p", ascending=False, kind="stable", ignore_index=True)


def smallest_flip(zooms: Zooms) -> pd.DataFrame:
    """The zoom nearest to the usual crop that turns an image right or wrong: with ``sample_id``."""
    found = zoom.smallest_flip(zooms.correct, zooms.views)
    found.insert(0, "sample_id", zooms.sample_ids[found["image"]])
    return found.drop(columns="image")


#: By name: how it is made, what names a row, its title.
TABLES: dict[str, tuple[Callable[[Zooms], pd.DataFrame], tuple[str, ...], str]] = {
    "by_zoom": (
        lambda zooms: zoom.by_zoom(zooms.correct, zooms.views, zooms.clusters),
        _PLACE,
        "Top-1 by size and anchor",
    ),
    "bound": (bound, ("bound",), "From one crop to any of all zooms"),
    "at_object": (at_object, ("size",), "At the anchor nearest to the object"),
    "luck": (luck, ("bound",), "What so many tries would solve by luck: labels dealt anew"),
    "direction": (
        lambda zooms: zoom.direction(zooms.correct, zooms.views, zooms.clusters),
        ("group",),
        "Solved by zooming in, by zooming out, by the usual crop",
    ),
    "centre_bias": (
        lambda zooms: zoom.centre_bias(zooms.correct, zooms.views, zooms.clusters),
        ("row", "col"),
        "Solved by some size at each anchor",
    ),
    "minimal_cover": (
        lambda zooms: zoom.minimal_cover(zooms.correct, zooms.views),
        ("order",),
        "Zooms that together solve all that any solves, chosen on these images",
    ),
    "unsolvable": (unsolvable, ("sample_id",), "Images that no zoom solves"),
    "bound_by_origin": (by_origin, ("origin", "bound"), "From one crop to any of all zooms, by origin"),
    "smallest_flip": (smallest_flip, ("sample_id",), "The zoom nearest to the usual crop that changes the answer"),
}
#: What a page shows first.
FIRST = ("bound", "luck", "at_object", "by_zoom", "centre_bias", "minimal_cover", "direction", "unsolvable")
#: Not in a report where no table is named: a row an image.
_LONG = ("unsolvable", "smallest_flip", "by_zoom")


def answer(run: store.Run, name: str, policy: Policy = "top1") -> pd.DataFrame:
    """A table of a run; from disk if it was asked for before.

    Args:
        run: Of a family of zooms; complete or partial.
        name: Key of ``TABLES``.
        policy: ``top1`` or ``restricted``.

    Raises:
        UsageError: If there is no such table, or ``read`` refuses.
    """
    if name not in TABLES:
        raise UsageError(f"there is no table '{name}' of zooms.{nearest(name, TABLES)} Known: {', '.join(TABLES)}.")
    question = ["zoom", name, policy, others_of(run, name)]
    return joined.remembered(run, question, lambda: TABLES[name][0](read(run, policy)))


def has_factors(run: store.Run, name: str) -> bool:
    """Whether a run's benchmark and views say what a table is by."""
    needed = {"bound_by_origin": ("origin",), "at_object": ("x", "y")}.get(name, ())
    has_anchors = name != "at_object" or any(row["row"] != 1 for row in run.views.rows)
    return has_anchors and all(card_of(run).factor(each) is not None for each in needed)


def others_of(run: store.Run, name: str) -> tuple[str, ...]:
    """Identities of the other results that a table of a run counts too."""
    return tuple(other.identity for other in random_crops_of(run)) if name in ("bound", "bound_by_origin") else ()


def _reported(name: str) -> RunTable:
    make, by, title = TABLES[name]

    def made(asked: Asked) -> Made:
        zooms = read(asked.run, asked.policy)
        kept = np.isin(zooms.sample_ids, asked.said["sample_id"].unique())
        table = make(zooms if kept.all() else zooms.only(kept))
        if "bound" in table and "mark" in table:
            table = table[[*(each for each in by if each not in _BOUND), *(each for each in _BOUND if each in table)]]
        return Made(table, _NOTES.get(name, ()))

    def has_it(run: store.Run) -> bool:
        return is_zoomed(run) and has_factors(run, name)

    printed = {column: column for column in _PRINTED.get(name, ())}
    card = CardTable(name, by, title, True)
    return RunTable(card, made, has_it, lambda run: name not in _LONG and has_it(run), printed)


_GAIN = ("gain", "gain_low", "gain_high")
#: Of tables with many columns, those that a terminal shows.
_PRINTED = {
    "bound": ("bound", "top1", "low", "high", *_GAIN, "passes", "n", "mark"),
    "bound_by_origin": ("origin", "bound", "top1", "low", "high", *_GAIN, "n", "mark"),
    "at_object": ("size", "top1", "low", "high", *_GAIN, "n", "n_clusters"),
    "luck": ("bound", "observed", "value", "low", "high", "excess", "excess_low", "excess_high", "passes", "n"),
    "centre_bias": ("row", "col", "value", "low", "high", "drop", "drop_low", "drop_high", "published", "n"),
    "minimal_cover": ("order", *_PLACE, "gain", "cumulative", "top1", "n"),
}
_NOTES = {
    "at_object": (
        "each image is seen at the anchor in whose third of it its object's centre lies; the row without a size is of "
        "the size that is best on the other half of the images.",
    ),
    "bound": (
        "'oracle': some view is right, and only the label says which; it is no classifier. 'chosen on these images' "
        "looks better than it is.",
    ),
    "luck": (
        "labels are dealt anew among the images; what any of many tries still solves then, it solves by luck. The "
        "range is that of the middle 95 % of the deals.",
    ),
    "centre_bias": ("'published' counts an anchor only where a zoom of the greedy cover at it is right, as they did.",),
}
REPORTED: tuple[RunTable, ...] = tuple(_reported(name) for name in TABLES if name != "by_zoom")


def of_image(run: store.Run, sample_id: str) -> pd.DataFrame:
    """What a model says of one image at each zoom, without reading the others.

    Args:
        run: Of a family of zooms.
        sample_id: Of its samples.

    Returns:
        A row a zoom: ``view, size, row, col, top, p_top``, and bool ``right``; empty for an image that has none.
    """
    samples = store.read_samples(run, ["sample_id", "accepted"])
    at = np.flatnonzero(samples["sample_id"] == sample_id)
    if not len(at):
        return pd.DataFrame()
    image = store.image_ids(run)[int(at[0])].as_py()
    rows = [row for row in store.predictions_of(run).rows("sample_id", image) if row["error"] is None]
    if not rows:
        return pd.DataFrame()
    top = np.asarray(rows[0]["top"])
    right = np.isin(top, samples["accepted"].iloc[int(at[0])])
    p_top = np.asarray(rows[0]["p_top"], dtype=np.float32)
    return pd.DataFrame(list(run.views.rows)).assign(top=top, p_top=p_top, right=right)
