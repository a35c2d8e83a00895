"""Tables of what an answer hangs on: the object or its surroundings (Hard ImageNet, "right for the right reasons").

Every function takes joined samples and predictions (``core.metrics.join``) of a run with several views an image, the
factors of these views among its columns, and ``cluster``, the column of what is not independent between images, if
there is one; views of one image never are. A row that failed, which is NaN in ``correct``, counts nowhere.

Source: Moayeri, Singla and Feizi 2022, "Hard ImageNet: Segmentations for objects with strong spurious cues".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from core.errors import UsageError
from core.metrics.accuracy import accuracy_by
from core.metrics.bootstrap import replicates, student_interval
from core.metrics.clusters import Freedom
from core.metrics.rfs import sensitivity

#: What an image stands under where nothing is taken away, or no noise lies on it.
NONE = "none"
#: Kinds of noise: the factor that says how strong it is, by the name of its norm.
NORMS = {"pixel": "sigma", "l2": "l2"}
REGIONS = ("fg", "bg")
#: Columns that say what is in an image; the first that is there is what accuracies are balanced over.
CLASS_COLUMNS = ("class", "category")
_MEASURES = ("acc_noisy_fg", "acc_noisy_bg", "value", "low", "high", "n", "n_clusters")


def ablation(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """Accuracy without the object, and the drop from the clean view of the same images.

    Args:
        joined: See the module: ``sample_id, view, correct, ablation``, and ``p_accepted`` where it is known. Views with
            noise on them play no part.
        cluster: See the module.

    Returns:
        One row per view, the clean one first: ``view, value, low, high, drop, drop_low, drop_high, mean_p_accepted, n,
        n_clusters``. Everything in a row is of the images that have an answer to this view and to the clean one;
        ``drop`` is clean accuracy less ``value``, in [-1, 1], and NaN for the clean view itself. ``mean_p_accepted`` is
        NaN unless it is known of all of them. NaN where there are no images.

    Raises:
        UsageError: If a column is missing.
    """
    _check(joined, ("sample_id", "view", "correct", "ablation"), cluster)
    shown = _narrow(joined, _without_noise(joined), ("view", "ablation", "p_accepted", cluster))
    images = _Images.of(shown, cluster)
    names, columns, n_clean = _clean_first(shown)
    right, p = (images.spread(shown, name, columns, len(names)) for name in ("correct", "p_accepted"))
    clean = right[:, :1] if n_clean else np.full((len(images), 1), np.nan)
    there = ~np.isnan(right) & ~np.isnan(clean)
    image, cell = np.nonzero(there)
    clusters = None if images.independent else images.clusters[image]
    accuracy = _by_cell(right[there], cell, clusters, len(names))
    change, n = (clean - right)[there], accuracy["n"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        drop, mean_p = (np.bincount(cell, weights=part, minlength=len(names)) / n for part in (change, p[there]))
    draws = replicates(change, cell, clusters, len(names)) if len(names) else np.empty((0, 0))
    freedom = Freedom.of_cells(cell, clusters, len(names))
    low, high = student_interval(draws, drop, freedom.n_clusters, freedom=freedom)
    found = {"view": names, **{name: accuracy[name] for name in ("value", "low", "high")}}
    for name, part in (("drop", drop), ("drop_low", low), ("drop_high", high)):
        found[name] = np.where(np.arange(len(names)) < n_clean, np.nan, part)
    return pd.DataFrame({**found, "mean_p_accepted": mean_p, "n": n, "n_clusters": accuracy["n_clusters"]})


def _clean_first(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, int]:
    """Names of the views in the order of the table but for the clean one, which is first; each row's; how many are."""
    view, names = pd.factorize(table["view"])
    is_clean = np.isin(np.arange(len(names)), view[_is_none(table["ablation"])])
    order = np.argsort(~is_clean, kind="stable")
    return np.asarray(names, dtype=object).astype(str)[order], np.argsort(order)[view], int(is_clean.sum())


def _by_cell(values: np.ndarray, cells: np.ndarray, clusters: np.ndarray | None, n_cells: int) -> pd.DataFrame:
    """The metric columns of each cell, those without images too."""
    pairs = pd.DataFrame({"cell": cells, "correct": values, "cluster": 0 if clusters is None else clusters})
    found = accuracy_by(pairs, "cell", None if clusters is None else "cluster").set_index("cell")
    found = found.reindex(range(n_cells)).reset_index(drop=True)
    return found.assign(**{name: found[name].fillna(0).astype(np.int64) for name in ("n", "n_clusters")})


def rfs(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """Accuracy with noise on the object and around it, and relative foreground sensitivity, by strength.

    An answer counts if the same image was answered with the same noise on the other side. Answers to several draws are
    averaged within an image, images within a class, then classes; see ``core.metrics.rfs.sensitivity`` for the interval
    and for classes of which a resampling has nothing. A class without a counted image is in no mean.

    A low value need not mean that a model leans on the surroundings: they mostly have more pixels, so at one standard
    deviation more noise lies on them, and a model may take noise itself for an object: read it beside ``ablation``.

    Args:
        joined: See the module: ``sample_id, correct, region``, ``draw`` and ``sigma`` or ``l2``, and one of
            ``CLASS_COLUMNS``. Images of no class are left out.
        cluster: See the module.

    Returns:
        One row per norm and strength, ascending, and after those of a norm one with NaN for ``sigma``, of all its
        strengths pooled: their answers are averaged within an image too. ``norm`` (``pixel``: ``sigma`` is the noise's
        standard deviation in each pixel; ``l2``: its norm), ``sigma, acc_noisy_fg, acc_noisy_bg, value`` (RFS), ``low,
        high, n, n_clusters``. NaN where there are no images.

    Raises:
        UsageError: If a column is missing.
    """
    rows = []
    for noise in _noises(joined, cluster):
        each = [(strength, noise.measured(number)) for number, strength in enumerate(noise.strengths)]
        rows += [{"norm": noise.norm, "sigma": sigma, **found} for sigma, found in (*each, (np.nan, noise.measured()))]
    return pd.DataFrame(rows, columns=["norm", "sigma", *_MEASURES])


def rfs_by_class(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """Relative foreground sensitivity of each class, over all strengths pooled; see ``rfs``.

    Returns:
        One row per norm and class, classes sorted: ``norm, class, acc_noisy_fg, acc_noisy_bg, value, low, high, n,
        n_clusters``.

    Raises:
        UsageError: If a column is missing.
    """
    rows = [
        {"norm": noise.norm, "class": name, **noise.measured(of_class=number)}
        for noise in _noises(joined, cluster)
        for number, name in enumerate(noise.class_names)
    ]
    return pd.DataFrame(rows, columns=["norm", "class", *_MEASURES])


@dataclass(frozen=True)
class _Images:
    """The images of a table with several rows an image.

    Attributes:
        codes: int (rows,), the image of each row.
        first: int (N,), the first row of each image.
        clusters: int (N,).
        independent: Whether each image is a cluster of its own.
    """

    codes: np.ndarray
    first: np.ndarray
    clusters: np.ndarray
    independent: bool

    @classmethod
    def of(cls, table: pd.DataFrame, cluster: str | None) -> _Images:
        codes = pd.factorize(table["sample_id"], use_na_sentinel=False)[0]
        first = np.unique(codes, return_index=True)[1]
        clusters = np.arange(len(first))
        if cluster is not None:
            clusters = pd.factorize(table[cluster].iloc[first], use_na_sentinel=False)[0]
        return cls(codes, first, clusters, int(clusters.max(initial=-1)) + 1 == len(first))

    def __len__(self) -> int:
        return len(self.first)

    def spread(self, table: pd.DataFrame, name: str, columns: np.ndarray, n_columns: int) -> np.ndarray:
        """A column's values, an image a row: float (N, n_columns); NaN where it has none, or there is no column."""
        found = np.full((len(self), n_columns), np.nan)
        if name in table:
            found[self.codes, columns] = table[name].to_numpy(dtype=float, na_value=np.nan)
        return found


@dataclass(frozen=True)
class _Noise:
    """Answers under one kind of noise, each beside that to the same noise on the other side.

    Attributes:
        norm: Key of ``NORMS``.
        strengths: float (S,), ascending.
        right: float (2, N, S): right answers with noise on the object, and around it; summed over draws.
        n: int (N, S), of how many draws.
        classes: int (N,), the class of each image; negative for none.
        class_names: By class, sorted.
        clusters: int (N,).
    """

    norm: str
    strengths: np.ndarray
    right: np.ndarray
    n: np.ndarray
    classes: np.ndarray
    class_names: list[str]
    clusters: np.ndarray

    def measured(self, strength: int | None = None, of_class: int | None = None) -> dict[str, float | int]:
        """``_MEASURES`` at one strength, or all pooled; of one class, or balanced over all."""
        at = slice(None) if strength is None else slice(strength, strength + 1)
        n, right = self.n[:, at].sum(axis=1), self.right[:, :, at].sum(axis=2)
        counted = (n > 0) & (self.classes >= 0 if of_class is None else self.classes == of_class)
        noisy_fg, noisy_bg = right[:, counted] / n[counted]
        return asdict(sensitivity(noisy_fg, noisy_bg, self.classes[counted], self.clusters[counted]))


def _noises(joined: pd.DataFrame, cluster: str | None) -> Iterator[_Noise]:
    """Each kind of noise that a table has."""
    says = next((name for name in CLASS_COLUMNS if name in joined), CLASS_COLUMNS[0])
    _check(joined, ("sample_id", "correct", "region", "draw", says), cluster)
    kinds = {norm: factor for norm, factor in NORMS.items() if factor in joined}
    if not kinds:
        raise UsageError(
            f"no column {' or '.join(NORMS.values())} says how strong noise is: evaluate with --view rfs, rfs-l2 or "
            "all-cues."
        )
    noisy = joined["region"].isin(REGIONS).to_numpy(dtype=bool)
    for norm, factor in kinds.items():
        rows = noisy & (joined[factor].to_numpy(dtype=float, na_value=np.nan) > 0)
        table = _narrow(joined, rows, ("region", "draw", factor, says, cluster))
        if len(table):
            yield _noise(table, norm, factor, says, cluster)


def _noise(table: pd.DataFrame, norm: str, factor: str, says: str, cluster: str | None) -> _Noise:
    images = _Images.of(table, cluster)
    strengths, strength = np.unique(table[factor].to_numpy(dtype=float), return_inverse=True)
    draws, draw = np.unique(table["draw"].to_numpy(dtype=float, na_value=np.nan), return_inverse=True)
    side = (table["region"] == REGIONS[1]).to_numpy(dtype=int)
    shape = (len(REGIONS), len(strengths), len(draws))
    column = np.ravel_multi_index((side, strength, draw), shape)
    right = images.spread(table, "correct", column, int(np.prod(shape))).reshape(len(images), *shape)
    both = ~np.isnan(right).any(axis=1)
    summed = np.where(both[:, None], right, 0.0).sum(axis=3).transpose(1, 0, 2)
    classes, names = pd.factorize(table[says].iloc[images.first].astype(object), sort=True)
    return _Noise(norm, strengths, summed, both.sum(axis=2), classes, [str(name) for name in names], images.clusters)


def _narrow(joined: pd.DataFrame, rows: np.ndarray, columns: tuple[str | None, ...]) -> pd.DataFrame:
    """Rows, and only the columns used here: copying lists of predictions is slow."""
    return joined.loc[rows, [name for name in ("sample_id", "correct", *columns) if name in joined]]


def _without_noise(joined: pd.DataFrame) -> np.ndarray:
    """Rows of views that have no noise: bool (rows,)."""
    return _is_none(joined["region"]) if "region" in joined else np.ones(len(joined), dtype=bool)


def _is_none(column: pd.Series) -> np.ndarray:
    return (column.isna() | (column == NONE)).to_numpy(dtype=bool)


def _check(joined: pd.DataFrame, columns: tuple[str, ...], cluster: str | None) -> None:
    for name in (*columns, *([cluster] if cluster else ())):
        if name not in joined:
            raise UsageError(
                f"no column '{name}', which the table needs: there are {', '.join(map(str, joined.columns))}. Evaluate "
                "with --view ablations, rfs or all-cues."
            )
