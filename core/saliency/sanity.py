"""Does a map depend on what the model has learnt? The randomisation test of saliency methods.

Source: Adebayo et al. 2018, "Sanity checks for saliency maps" (arXiv 1810.03292), section 3: a map that stays the same
when weights are drawn anew shows the image's edges, not the model's reasons. Here the head and the last block are drawn
anew in a copy of the network, three times, and maps are compared by Spearman's rank correlation.
"""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import nn

from core import paths
from core.errors import UsageError
from core.saliency.explain import Explainer
from core.saliency.layers import Layer, module_lock
from core.saliency.maps import Saliency, Target, check_method
from core.types import Model

#: Part of a stored badge's name; raised when the test itself, or what maps show, changes.
PROTOCOL = 2
DRAWS = 3
#: Above this similarity the badge warns. The paper names no number; this one is ours.
MAX_SIMILARITY = 0.5


@dataclass(frozen=True)
class Badge:
    """The result of the test for one model and method.

    Attributes:
        method: Key of ``core.saliency.maps.METHODS``.
        similarity: Mean rank correlation between maps before and after, -1..1; None if no pair could be compared.
        n: Pairs compared: images times draws.
        n_vanished: Pairs left out because a map became empty or the same everywhere.
        randomised: Names of what was drawn anew.
    """

    method: str
    similarity: float | None
    n: int
    n_vanished: int
    randomised: tuple[str, ...]

    @property
    def passed(self) -> bool | None:
        """Whether the maps depend on the weights; None if nothing could be compared."""
        return None if self.similarity is None else self.similarity <= MAX_SIMILARITY


def badge(model: Model, pixels: np.ndarray, method: str = "grad-cam", *, fresh: bool = False) -> Badge:
    """The badge of a model and method: from an earlier call with any images, or tested on these.

    Args:
        model: Loaded.
        pixels: A few images, (N, H, W, 3) as for ``Explainer.explain``.
        method: Key of ``core.saliency.maps.METHODS``.
        fresh: Test again.

    Raises:
        UsageError: If there are no images to test on.
        NotAvailableError: If the architecture has no such map.
        StoreError: If the result cannot be written.
    """
    check_method(method)
    stored = None if fresh else known(model, method)
    if stored is not None:
        return stored
    if not len(pixels):
        raise UsageError("the sanity test needs images: give a few, eight are enough")
    found = _tested(model, pixels, method)
    paths.write_atomically(_file(model, method), json.dumps(asdict(found), indent=1) + "\n")
    return found


def known(model: Model, method: str) -> Badge | None:
    """The badge from an earlier test; None if there was none, or what was stored of it cannot be read."""
    stored = paths.read_json(_file(model, method))
    try:
        return Badge(**{**stored, "randomised": tuple(stored["randomised"])})
    except (KeyError, TypeError):
        return None


def sentence(found: Badge) -> str:
    """What the badge says, for a reader."""
    if found.similarity is None:
        return "Whether such maps depend on what the model has learnt cannot be told: none could be compared."
    numbers = f"rank correlation {found.similarity:.2f} over {found.n} pairs, at most {MAX_SIMILARITY} wanted"
    if found.passed:
        return f"Maps of this model depend on what it has learnt: new last weights, other maps ({numbers})."
    return f"Maps of this model hardly depend on what it has learnt: new last weights, the same maps ({numbers})."


def _file(model: Model, method: str) -> Path:
    head = [model.head] if model.head else []
    identity = json.dumps([PROTOCOL, model.fingerprint, model.architecture, dict(model.transform), *head], default=list)
    digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
    return paths.results_home() / "saliency" / paths.slug(model.name) / f"{digest}-{method}.json"


def _tested(model: Model, pixels: np.ndarray, method: str) -> Badge:
    explainer = Explainer(model)
    before = explainer.explain(pixels, method)
    similarities = []
    for draw in range(DRAWS):
        random = randomised(model, explainer.layer, seed=draw)
        # The same classes and the same layer: what changes is the model, not the question.
        after = Explainer(random, layer=explainer.layer).explain(pixels, method, Target.of_class(before.classes))
        similarities += _similarities(before, after)
    compared = [value for value in similarities if np.isfinite(value)]
    return Badge(
        method=method,
        similarity=float(np.mean(compared)) if compared else None,
        n=len(compared),
        n_vanished=len(similarities) - len(compared),
        randomised=(*explainer.layer.block, *explainer.layer.after),
    )


def randomised(model: Model, layer: Layer, seed: int) -> Model:
    """A copy of a model whose last block and head are drawn anew, the original stays as it is.

    Every weight tensor is drawn from the normal distribution with its own mean and spread, so that activations keep
    their size; the statistics of batch norms stay.

    Args:
        model: Loaded.
        layer: Of the model; says which modules are meant.
        seed: Of the draw.
    """
    assert model.module is not None
    with module_lock(model.module):
        module = copy.deepcopy(model.module)
    generator = torch.Generator().manual_seed(seed)
    drawn: set[int] = set()
    with torch.no_grad():
        for part in map(module.get_submodule, (*layer.block, *layer.after)):
            for parameter in part.parameters():
                if id(parameter) not in drawn:
                    drawn.add(id(parameter))
                    _draw(parameter, generator)
    return Model(**{**vars(model), "name": f"{model.name}, randomised", "fingerprint": "", "module": module.eval()})


def _draw(parameter: nn.Parameter, generator: torch.Generator) -> None:
    spread = parameter.std(correction=0).item()
    noise = torch.randn(parameter.shape, generator=generator).to(parameter.device)
    parameter.copy_(noise * spread + parameter.mean())


def _similarities(before: Saliency, after: Saliency) -> list[float]:
    """Rank correlation of each pair of maps as they are shown, at the layer's own grid; NaN where one is flat."""
    pairs = zip(np.maximum(before.grid, 0), np.maximum(after.grid, 0), strict=True)
    return [_rank_correlation(first.ravel(), second.ravel()) for first, second in pairs]


def _rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    if not (np.isfinite(first).all() and np.isfinite(second).all()) or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(spearmanr(first, second).statistic)
