"""Find the layer to explain, and how its output lies on the image, by running the network once.

The layer is the last one whose output has a value for every place in the image and through which the class scores
still depend on (nearly) every place. For a convolutional network that is the last feature map; for a vision transformer
that pools its tokens, the final norm; for one whose head reads the class token, the first norm of the last block, since
behind the last attention the other tokens no longer matter.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_leaves

from core.errors import NotAvailableError
from core.models.checkpoints import first_line
from core.saliency.layout import Layout, Tracer, layout_of
from core.saliency.placement import Placement
from core.saliency.tap import parts_of, tensor_in

#: Share of places whose gradient must differ from zero. Not all: a network may take a maximum over places.
_MIN_DEPENDENT = 0.9
#: Outputs kept while probing; the layer sought is among the last, and large networks have thousands.
_KEPT = 128
#: These project, average or pass on what another layer gives, or are a part of an attention.
_NEVER = (nn.Linear, nn.Identity, nn.Dropout, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d)
#: What the network of a source has, as a text, if it cannot be differentiated.
NO_GRADIENTS = "no_gradients"

_LOCKS: weakref.WeakKeyDictionary[nn.Module, threading.RLock] = weakref.WeakKeyDictionary()
_FOUND: weakref.WeakKeyDictionary[nn.Module, dict[tuple[int, int], Layer]] = weakref.WeakKeyDictionary()
_GUARD = threading.Lock()


@dataclass(frozen=True)
class Layer:
    """The layer that is explained.

    Attributes:
        name: Within the network.
        layout: Of its output.
        placement: Where in the image the cells of its map lie.
        block: Name of the last block, or names of the last two layers with weights if there are no blocks.
        after: Names of the modules with weights that run behind the block.
    """

    name: str
    layout: Layout
    placement: Placement
    block: tuple[str, ...]
    after: tuple[str, ...]


def module_lock(module: nn.Module) -> threading.RLock:
    """The one lock of a network; whoever hangs hooks into it holds this."""
    with _GUARD:
        return _LOCKS.setdefault(module, threading.RLock())


def find_layer(module: nn.Module, size: tuple[int, int], name: str = "") -> Layer:
    """The layer to explain; remembered as long as the network lives.

    Args:
        module: Maps float (N, 3, H, W) to scores (N, classes); in eval mode.
        size: (H, W) of its input.
        name: Of the model, for the error.

    Raises:
        NotAvailableError: If no layer has a map of the image that the scores depend on.
    """
    with module_lock(module):
        with _GUARD:
            known = _FOUND.setdefault(module, {})
        if size not in known:
            known[size] = _find(module, size, name or type(module).__name__)
        return known[size]


@dataclass
class _Seen:
    """One output of one module in the probing pass."""

    name: str
    module: nn.Module
    output: torch.Tensor
    layout: Layout
    placement: Placement


@dataclass
class _Probe:
    """What the probing pass has seen, in the order in which modules finished."""

    size: tuple[int, int]
    prefix: int | None
    channels: frozenset[int]
    tracer: Tracer
    spatial: deque[_Seen] = field(default_factory=lambda: deque(maxlen=_KEPT))
    finished: list[str] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)

    def see(self, name: str, module: nn.Module, output: Any) -> None:
        self.calls[name] = self.calls.get(name, 0) + 1
        self.finished.append(name)
        output = self._whole(output)
        if output is not None and output.requires_grad and output.shape[0] == 1:
            traced = self.tracer.grid_of(output)
            layout = layout_of(tuple(output.shape), self.size, self.prefix, self.channels, traced)
            if layout is not None:
                placed = self.tracer.of(output, layout.grid) or Placement.even(layout.grid, self.size)
                self.spatial.append(_Seen(name, module, output, layout, placed))

    def _whole(self, output: Any) -> torch.Tensor | None:
        """The tensor of an output that says no more than it does, and that no layer inside has given as it is."""
        if isinstance(output, torch.Tensor):
            return output
        found = [part for part in tree_leaves(tuple(parts_of(output))) if isinstance(part, torch.Tensor)]
        is_new = len(found) == 1 and not any(seen.output is found[0] for seen in self.spatial)
        return found[0] if is_new and tensor_in(output) is found[0] else None


def require_gradients(module: nn.Module, name: str) -> None:
    """Refuse a network that says of itself, or of one inside it, that it cannot be differentiated.

    Raises:
        NotAvailableError: With its reason.
    """
    for part in module.modules():
        if isinstance(reason := getattr(part, NO_GRADIENTS, None), str):
            raise _refusal(name, reason.rstrip("."))


@contextmanager
def differentiating(name: str) -> Iterator[None]:
    """Within this context, what torch says of a network that it cannot differentiate is a refusal by name.

    Raises:
        NotAvailableError: In place of torch's error.
    """
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, TypeError, NotImplementedError) as error:
        raise _refusal(
            name, f"running it with gradients recorded fails ({type(error).__name__}: {first_line(error)})"
        ) from error


def _find(module: nn.Module, size: tuple[int, int], name: str) -> Layer:
    require_gradients(module, name)
    # Gradients are needed whatever mode the caller is in, inference mode included.
    with torch.inference_mode(False), torch.enable_grad(), differentiating(name):
        probe, scores = _probed(module, size)
        if not scores.requires_grad:
            raise _refusal(name, "its scores cannot be differentiated: it runs without torch's gradients")
        if not probe.spatial:
            raise _refusal(name, f"none of its layers has a map of at least 2x2 places at {size[0]}x{size[1]} px input")
        candidates = [seen for seen in reversed(probe.spatial) if not isinstance(seen.module, _NEVER)]
        candidates = [seen for seen in candidates if probe.calls[seen.name] == 1 and seen.name]
        gradients = _gradients(scores, candidates)
        depending = [
            seen
            for seen, gradient in zip(candidates, gradients, strict=True)
            if gradient is not None and _dependent(seen.layout, gradient) >= _MIN_DEPENDENT
        ]
        if depending:
            beside = _beside(depending)
            if beside is not None:
                raise _refusal(name, _several(depending[0], beside))
            block = _last_block(module, probe)
            first = depending[0]
            return Layer(first.name, first.layout, first.placement, block, _after(module, probe, block))
    if all(gradient is None or not gradient.any() for gradient in gradients):
        raise _refusal(
            name,
            "its class scores do not depend on any layer's map of the image (is its classifier untrained, with weights "
            "of zero?)",
        )
    raise _refusal(name, "no layer has a map of which every place still counts for the class scores")


def _refusal(name: str, reason: str) -> NotAvailableError:
    return NotAvailableError(f"saliency is not available for {name}, because {reason}.")


def _probed(module: nn.Module, size: tuple[int, int]) -> tuple[_Probe, torch.Tensor]:
    """What a pass over one image of noise shows, and the scores."""
    parameter = next(module.parameters(), None)
    noise = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0))
    noise = noise.to(parameter.device if parameter is not None else "cpu").requires_grad_(True)
    tracer = Tracer(noise)
    probe = _Probe(size, _declared_prefix(module), _declared_channels(module), tracer)
    with _all_hooked(module, probe), tracer:
        # A copy goes in: a first layer that works in place may not do so on what is differentiated by.
        return probe, module(noise.clone())


def _gradients(output: torch.Tensor, by: list[_Seen]) -> tuple[torch.Tensor | None, ...]:
    """Of a random sum of an output's values, so that nothing cancels, by earlier outputs; None where there is none."""
    if not by:
        return ()
    weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(1)).to(output.device)
    return torch.autograd.grad(
        (output * weights).sum(), [seen.output for seen in by], allow_unused=True, retain_graph=True
    )


def _beside(depending: list[_Seen]) -> _Seen | None:
    """A map that the scores are read from without passing through the first one, or None.

    Whatever ran before the first one leads to it in most networks; in those with branches of several scales it may not.
    """
    first, *others = depending
    for seen, gradient in zip(others, _gradients(first.output, others), strict=True):
        if gradient is None or not gradient.any():
            return seen
    return None


def _several(first: _Seen, beside: _Seen) -> str:
    maps = " and ".join(
        f"{seen.name} with {seen.layout.grid[0]}x{seen.layout.grid[1]} places" for seen in (first, beside)
    )
    return (
        f"its class scores are read from several maps at once ({maps}), and one would show a part of the evidence only"
    )


@contextmanager
def _all_hooked(module: nn.Module, probe: _Probe) -> Iterator[None]:
    own = threading.get_ident()
    handles = []

    def hook(name: str):  # noqa: ANN202
        def see(submodule: nn.Module, _inputs: Any, output: Any) -> None:
            if threading.get_ident() == own:
                probe.see(name, submodule, output)

        return see

    try:
        for name, submodule in module.named_modules():
            handles.append(submodule.register_forward_hook(hook(name)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _dependent(layout: Layout, gradient: torch.Tensor) -> float:
    """Share of places at which the gradient is not zero in every channel, 0..1."""
    return (layout.channels_first(gradient) != 0).any(dim=1).float().mean().item()


def _declared_prefix(module: nn.Module) -> int | None:
    """Of the outermost network that says so: the one given, or one that it wraps."""
    declared = (getattr(part, "num_prefix_tokens", None) for part in module.modules())
    return next((number for number in declared if isinstance(number, int)), None)


def _declared_channels(module: nn.Module) -> frozenset[int]:
    """Channel counts that timm's ``feature_info`` and the width of the head name; see ``_declared_prefix``."""
    declaring = (part for part in module.modules() if getattr(part, "feature_info", None))
    network = next(declaring, module)
    info = getattr(network, "feature_info", None)
    stages = getattr(info, "info", info) or []
    counts = [stage.get("num_chs") for stage in stages if isinstance(stage, dict)]
    counts += [getattr(network, name, None) for name in ("num_features", "head_hidden_size", "embed_dim")]
    return frozenset(count for count in counts if isinstance(count, int))


def _last_block(module: nn.Module, probe: _Probe) -> tuple[str, ...]:
    """The block that ran last: one of a row, with three weighted layers or more, none such inside."""
    modules = dict(module.named_modules())
    ran = [name for name in dict.fromkeys(reversed(probe.finished)) if name and _is_block(modules[name])]
    for in_row in (_in_sequence, _has_twin):
        blocks = [name for name in ran if in_row(modules, name)]
        for name in blocks:
            if not any(other.startswith(name + ".") for other in blocks):
                return (name,)
    spatial = [seen.name for seen in reversed(probe.spatial)]
    return tuple(dict.fromkeys(name for name in spatial if name and _own_weights(modules[name])))[:2]


def _in_sequence(modules: dict[str, nn.Module], name: str) -> bool:
    return isinstance(modules[name.rpartition(".")[0]], nn.Sequential | nn.ModuleList)


def _has_twin(modules: dict[str, nn.Module], name: str) -> bool:
    """Whether its parent has another of its kind, as networks whose blocks are attributes do."""
    parent = modules[name.rpartition(".")[0]]
    if isinstance(modules[name], nn.Sequential | nn.ModuleList):
        return False
    return sum(type(each) is type(modules[name]) for each in parent.children()) > 1


def _own_weights(module: nn.Module) -> bool:
    return any(True for _ in module.parameters(recurse=False))


def _is_block(module: nn.Module) -> bool:
    """More than one convolution or projection with its norm."""
    return sum(_own_weights(part) for part in module.modules()) > 2


def _after(module: nn.Module, probe: _Probe, block: tuple[str, ...]) -> tuple[str, ...]:
    last = max((place for place, name in enumerate(probe.finished) if name in block), default=0)
    modules = dict(module.named_modules())
    behind = [name for name in probe.finished[last + 1 :] if name and _own_weights(modules[name])]
    # What holds the block finishes behind it; its other parts do not run there.
    return tuple(dict.fromkeys(name for name in behind if not any(each.startswith(name + ".") for each in block)))
