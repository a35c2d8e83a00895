"""Whether intervals hold the truth: many small studies of worlds whose truth is known, and how often it lies inside.

For every kind of number that pages show, studies of a few objects are drawn from a world (``core.bench.worlds``), and
their intervals computed by the functions that pages use (``core.bench.shown_intervals``). Of 95 % intervals about 95 %
must hold the truth; and of models that are equally good, about 5 % may be called different.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from core.answers.compare import half_crossing
from core.bench.shown_intervals import SHOWN, Ends, Intervals
from core.bench.worlds import MAP, MIXED, PLACE, SIZE, Simulated, Studies, World
from core.errors import UsageError, nearest
from core.types import FEW_OBJECTS, Progress, ProgressCallback

#: Objects of a study.
OBJECTS = (3, 5, 9, 20, 50)
DRAWS, SEED = 800, 0
#: Mean and standard deviation of the logits of the simulated worlds.
LOGITS = ((0.0, 1.5), (2.0, 1.5), (3.0, 2.0))
#: Images of an object, for accuracies and for paired differences.
MANY, PAIRED = 20, 10


@dataclass(frozen=True)
class Found:
    """Intervals of studies, and what they should hold.

    Attributes:
        ends: Low and high, float (studies, m).
        truth: float (studies, m), m numbers that must all lie in their intervals at once.
    """

    ends: Ends
    truth: np.ndarray


@dataclass(frozen=True)
class Number:
    """A kind of number on the pages.

    Attributes:
        title: In tables.
        images: Images of an object that it is computed from, in words.
        find: Its intervals.
        compares: Whether it compares two models, so that equal ones may be called different.
        part: Share of the studies that it is computed for; what takes long is for fewer.
        least: Fewest objects that it is shown for.
    """

    title: str
    images: str
    find: Callable[[Studies, np.random.Generator, Intervals], Found]
    compares: bool = False
    part: float = 1.0
    least: int = 2


@dataclass(frozen=True)
class Held:
    """A line of the certificate.

    Attributes:
        world: Where studies were drawn from.
        number: A key of ``NUMBERS``.
        objects: Of a study.
        images: Of an object, in words.
        draws: Studies that have an interval.
        without: Studies that have none.
        held: Share of the intervals that held the truth; NaN without any.
        error: Standard error of that share, from the number of draws.
        width: Median width.
        differs: Share of studies of two equal models of which an interval excludes 0; None where there are not two.
    """

    world: str
    number: str
    objects: int
    images: str
    draws: int
    without: int
    held: float
    error: float
    width: float
    differs: float | None


def _accuracy(n_images: int, setting: str = MIXED) -> Callable[[Studies, np.random.Generator, Intervals], Found]:
    def find(studies: Studies, rng: np.random.Generator, intervals: Intervals) -> Found:
        of = studies.of(setting)
        values = _some(studies.first[..., of], n_images, rng)
        return Found(intervals.accuracy(values), studies.truth_first[:, of].mean(axis=1))

    return find


def _paired(n_images: int) -> Callable[[Studies, np.random.Generator, Intervals], Found]:
    def find(studies: Studies, rng: np.random.Generator, intervals: Intervals) -> Found:
        of = studies.of(MIXED)
        change = studies.second[..., of].astype(float) - studies.first[..., of]
        truth = (studies.truth_second - studies.truth_first)[:, of].mean(axis=1)
        return Found(intervals.paired(_some(change, n_images, rng)), truth)

    return find


def _gap(studies: Studies, rng: np.random.Generator, intervals: Intervals) -> Found:
    of = studies.of(PLACE)
    return Found(intervals.difference(studies.first[..., of], studies.uncommon[..., of]), studies.truth_gap)


def _adjusted_gap(studies: Studies, rng: np.random.Generator, intervals: Intervals) -> Found:
    of = studies.of(PLACE)
    uncommon = studies.uncommon[..., of]
    ends = intervals.adjusted(studies.first[..., of], uncommon, studies.classes)
    weights = np.stack([
        np.bincount(classes, weights=side.sum(axis=1), minlength=studies.truth_gap_by_class.shape[1])
        for classes, side in zip(studies.classes, uncommon, strict=True)
    ])  # fmt: skip
    truth = (weights * studies.truth_gap_by_class).sum(axis=1) / weights.sum(axis=1)
    return Found(ends, truth)


def _pairs(studies: Studies, rng: np.random.Generator, intervals: Intervals) -> Found:
    of = studies.of(SIZE)
    first, second = np.triu_indices(len(of), 1)
    truth = studies.truth_first[:, of]
    return Found(intervals.pairs(studies.first[..., of]), truth[:, second] - truth[:, first])


def _contrast(studies: Studies, rng: np.random.Generator, intervals: Intervals) -> Found:
    of = studies.of(MAP)
    away = np.abs(studies.images.iloc[of][["x", "y"]].to_numpy(float) - 0.5)
    centre, corner = of[away.max(axis=1) == 0], of[away.min(axis=1) == 0.5]
    both = np.concatenate([centre, corner])
    second = np.broadcast_to(np.isin(both, corner), studies.first[..., both].shape)
    truth = studies.truth_first[:, corner].mean(axis=1) - studies.truth_first[:, centre].mean(axis=1)
    return Found(intervals.difference(studies.first[..., both], second), truth)


def _half_area(studies: Studies, rng: np.random.Generator, intervals: Intervals) -> Found:
    of = studies.of(SIZE)
    areas = studies.images["area"].to_numpy(float)[of]
    return Found(intervals.half_area(studies.first[..., of], areas), half_crossing(areas, studies.truth_first[:, of]))


def _cells(studies: Studies, rng: np.random.Generator, intervals: Intervals) -> Found:
    of = studies.of(MAP)
    return Found(intervals.band(studies.first[..., of]), studies.truth_first[:, of])


def _changed_cells(studies: Studies, rng: np.random.Generator, intervals: Intervals) -> Found:
    of = studies.of(MAP)
    change = studies.second[..., of].astype(float) - studies.first[..., of]
    return Found(intervals.change_band(change), (studies.truth_second - studies.truth_first)[:, of])


#: What is certified, in the order of the table.
NUMBERS: dict[str, Number] = {
    "accuracy-1": Number("accuracy, as trained", "1", _accuracy(1)),
    "accuracy": Number("accuracy, as trained", str(MANY), _accuracy(MANY)),
    "accuracy-map": Number("accuracy, 25 locations", "25", _accuracy(25, MAP)),
    "paired-1": Number("difference of two models", "1", _paired(1), compares=True),
    "paired": Number("difference of two models", str(PAIRED), _paired(PAIRED), compares=True),
    "gap": Number("gap, uncommon to common places", "8", _gap),
    "adjusted-gap": Number("the same, within classes", "8", _adjusted_gap),
    "contrast": Number("contrast, centre to corner", "5", _contrast),
    "half-area": Number("area at half accuracy", "10", _half_area),
    "pairs": Number("all pairs of 10 sizes at once", "10", _pairs, part=0.25, least=FEW_OBJECTS),
    "band": Number("map of 25 cells, all at once", "25", _cells, part=0.25),
    "change-band": Number("map of differences of two models, all at once", "25", _changed_cells, True, 0.25),
}


def certify(
    worlds: Sequence[World],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    objects: Sequence[int] = OBJECTS,
    numbers: Sequence[str] = tuple(NUMBERS),
    intervals: Intervals = SHOWN,
    workers: int = 1,
    progress: ProgressCallback | None = None,
) -> list[Held]:
    """Draw studies and count how many intervals hold the truth.

    Args:
        worlds: Where studies are drawn from.
        draws: Studies of each world, kind of number and number of objects; see ``Number.part``.
        seed: Makes the draws repeatable; a line depends on it and on what the line says, not on other lines.
        objects: Of a study, at least 2 each.
        numbers: Keys of ``NUMBERS``.
        intervals: The functions under test.
        workers: Processes.
        progress: Called after each line.

    Returns:
        One line for each world, number and number of objects, in this order; none of fewer objects than pages show the
        number for.

    Raises:
        UsageError: If a number is unknown, or studies have too few objects or draws.
    """
    _check(draws, seed, objects, numbers)
    lines = [(world, name, k) for world in worlds for name in numbers for k in objects if k >= NUMBERS[name].least]
    tasks = [(world, name, k, draws, seed, intervals) for world, name, k in lines]
    begun, found = perf_counter(), {}
    for number, held in _each(tasks, workers):
        found[number] = held
        if progress is not None:
            rate = len(found) / (perf_counter() - begun)
            progress(Progress(len(found), len(tasks), 0, rate, (len(tasks) - len(found)) / rate, "drawing studies"))
    return [found[number] for number in range(len(tasks))]


def _check(draws: int, seed: int, objects: Sequence[int], numbers: Sequence[str]) -> None:
    if draws < 2:
        raise UsageError(f"--draws {draws}: a share needs 2 studies at least, and some hundreds to say anything.")
    if seed < 0:
        raise UsageError(f"--seed {seed} is negative: give 0 or more.")
    for k in objects:
        if k < 2:
            raise UsageError(f"a study of {k} objects has no interval: give 2 or more.")
    for name in numbers:
        if name not in NUMBERS:
            raise UsageError(f"unknown number '{name}'.{nearest(name, NUMBERS)} Known: {', '.join(NUMBERS)}.")


def _each(tasks: Sequence[tuple[Any, ...]], workers: int) -> Iterator[tuple[int, Held]]:
    if workers < 2:
        yield from ((number, line(*task)) for number, task in enumerate(tasks))
        return
    # Started afresh rather than forked: a fork of a process with threads can hang.
    with ProcessPoolExecutor(min(workers, len(tasks)), get_context("spawn")) as pool:
        pending = {pool.submit(line, *task): number for number, task in enumerate(tasks)}
        try:
            for done in as_completed(pending):
                yield pending[done], done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def line(world: World, name: str, n_objects: int, draws: int, seed: int, intervals: Intervals) -> Held:
    """One line of the certificate; see ``certify``."""
    number = NUMBERS[name]
    draws = max(2, round(draws * number.part))
    rng = np.random.default_rng([seed, zlib.crc32(world.name.encode()), zlib.crc32(name.encode()), n_objects])
    found = number.find(world.draw(rng, draws, n_objects), rng, intervals)
    differs = None
    if number.compares:
        equal = number.find(world.draw(rng, draws, n_objects, equal=True), rng, intervals)
        low, high = (end.reshape(draws, -1) for end in equal.ends)
        differs = float(((low > 0) | (high < 0)).any(axis=1).mean())
    return Held(world.name, name, n_objects, number.images, *held(found), differs)


def held(found: Found) -> tuple[int, int, float, float, float]:
    """How many intervals there are and are not, what share holds the truth, its standard error, and the median width.

    Of numbers that must hold at once, one outside its interval is enough for the study to miss.
    """
    low, high, truth = (
        np.asarray(part, dtype=float).reshape(len(found.truth), -1) for part in (*found.ends, found.truth)
    )
    known = ~np.isnan(low).any(axis=1)
    n = int(known.sum())
    if not n:
        return 0, len(known), np.nan, np.nan, np.nan
    inside = ((low <= truth) & (truth <= high)).all(axis=1)[known]
    share = float(inside.mean())
    width = float(np.median((high - low)[known]))
    return n, len(known) - n, share, float(np.sqrt(share * (1 - share) / n)), width


def _some(values: np.ndarray, n_images: int, rng: np.random.Generator) -> np.ndarray:
    """Some images of each object, others each time: (studies, objects, n_images)."""
    if n_images >= values.shape[-1]:
        return values
    order = np.argpartition(rng.random(values.shape, dtype=np.float32), n_images, axis=-1)[..., :n_images]
    return np.take_along_axis(values, order, axis=-1)


def table(lines: Sequence[Held]) -> pd.DataFrame:
    """The certificate as a table, one row a line, columns as in ``Held``."""
    return pd.DataFrame([asdict(held_line) for held_line in lines])


def simulated() -> list[World]:
    """The simulated worlds of the certificate."""
    return [Simulated(mean, sd) for mean, sd in LOGITS]
