"""The stored results that the page on cues rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core import paths, store
from core.answers import catalogue
from core.answers.cue_results import ABLATIONS, ALL, NOISE
from core.benchmarks.base import Benchmark
from pages.shared.page import cached
from pages.shared.page.frame import Choice

#: More bars than colours could not be told apart.
_MOST = 10


@dataclass(frozen=True)
class Cues:
    """Results on one benchmark with its masks, by model; the chosen models first.

    Attributes:
        benchmark: Key.
        ablations: Results under the ablations.
        noise: Results under noise.
    """

    benchmark: str
    ablations: Mapping[str, store.Run]
    noise: Mapping[str, store.Run]

    @property
    def runs(self) -> list[store.Run]:
        """All results, each once."""
        unique = {run.identity: run for run in (*self.ablations.values(), *self.noise.values())}
        return list(unique.values())

    def of(self, models: tuple[str, ...]) -> Cues:
        """Only those of some models."""
        kept = [{name: run for name, run in there.items() if name in models} for there in (self.ablations, self.noise)]
        return Cues(self.benchmark, *kept)


def has_masks(benchmark: type[Benchmark]) -> bool:
    """Whether a benchmark can say where the object is."""
    return benchmark.mask is not Benchmark.mask


def found(choice: Choice, benchmark: str) -> Cues:
    """What is stored on a benchmark: the chosen models, then others with a complete result."""
    others = [name for name, known in choice.known.items() if benchmark in known.benchmarks]
    models = list(dict.fromkeys([*choice.models, *others]))
    families = []
    for names in ((ALL, ABLATIONS), (ALL, NOISE)):
        there: dict[str, store.Run] = {}
        for model in models:
            run = next((run for name in names if (run := choice.run(model, benchmark, name)) is not None), None)
            if run is not None and (model in choice.models or (run.complete and len(there) < _MOST)):
                there[model] = run
        families.append(there)
    return Cues(benchmark, *families)


def offered() -> dict[str, str]:
    """Title by key of the benchmarks with masks; those with results of this kind first."""
    masked = {key: known.title for key, known in catalogue.known_benchmarks().items() if has_masks(known)}
    stored = {run.benchmark for run in cached.runs(str(paths.data_home())) if run.view in (ALL, ABLATIONS, NOISE)}
    return {key: masked[key] for key in sorted(masked, key=lambda key: key not in stored)}
