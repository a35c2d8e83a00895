"""A config and weights become a network, as timm makes it of them; or a sentence that says why they do not."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from timm.models import model_entrypoint
from timm.models._builder import build_model_with_cfg

from core.errors import ModelError
from core.models.checkpoints import Checkpoint, first_line

#: Keys that a message shows of each side.
_SHOWN = 3
#: What a prefix says of an average of other weights.
_AVERAGES = ("ema", "teacher", "averaged", "swa")
#: Whatever comes from a config and weights that do not fit; anything else is a fault of ours.
_DOES_NOT_FIT = (RuntimeError, LookupError, TypeError, ValueError, AssertionError, AttributeError, ArithmeticError)


def build(
    architecture: str, pretrained: Mapping[str, Any], model_args: Mapping[str, Any], checkpoint: Checkpoint
) -> tuple[torch.nn.Module, tuple[str, ...]]:
    """The network in eval mode, float32, on the CPU, and what a reader should know of how its weights fitted.

    Weights under a prefix (``model.``, ``net.``, ``teacher.backbone.``) are taken where all of the network's are there
    and no others.

    Args:
        architecture: timm's name.
        pretrained: timm's pretrained config.
        model_args: Arguments of the architecture.
        checkpoint: Its weights.

    Raises:
        ModelError: If the weights do not fit; names the first keys of both sides.
    """
    made = partial(_made, architecture, pretrained, model_args, checkpoint.path)
    try:
        return made(checkpoint.state), ()
    except ModelError:
        prefix = inner_prefix(checkpoint, _names_of(architecture, pretrained, model_args))
        if not prefix:
            raise
    state, left = under(checkpoint.state, prefix)
    others = f", and {len(left):,} weights that do not begin with it ({_some(left)})" if left else ""
    note = f"{checkpoint.path.name}: the prefix '{prefix}' was left out of the names of its weights{others}."
    return made(state), (note,)


def inner_prefix(checkpoint: Checkpoint, names: Set[str]) -> str:
    """The prefix below which a checkpoint has exactly a network's weights; empty if it has none such.

    Args:
        checkpoint: Of something that contains the network.
        names: Of the network's weights.

    Raises:
        ModelError: If it has them under several prefixes, none of which says that it is an average of the others.
    """
    longest = max(names, key=len, default="")
    prefixes = sorted(name.removesuffix(longest) for name in checkpoint.state if name.endswith(f".{longest}"))
    fitting = [prefix for prefix in prefixes if under(checkpoint.state, prefix)[0].keys() == names]
    averages = [prefix for prefix in fitting if any(word in prefix for word in _AVERAGES)]
    chosen = averages or fitting
    if len(chosen) > 1:
        raise ModelError(
            f"{checkpoint.path} holds several networks ({', '.join(chosen)}), and nothing says which to take: keep the "
            "weights of one of them in a file of its own."
        )
    return chosen[0] if chosen else ""


def under(state: Mapping[str, torch.Tensor], prefix: str) -> tuple[dict[str, torch.Tensor], list[str]]:
    """The weights whose names begin with a prefix, named without it; and the names of all others."""
    inside = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    return inside, [name for name in state if not name.startswith(prefix)]


def _names_of(architecture: str, pretrained: Mapping[str, Any], model_args: Mapping[str, Any]) -> set[str]:
    """Names of a network's weights; none where it cannot be built at all, which is an error of its own."""
    try:
        with _watched():
            module = model_entrypoint(architecture)(pretrained=False, pretrained_cfg=dict(pretrained), **model_args)
    except (MemoryError, *_DOES_NOT_FIT):
        return set()
    return set(module.state_dict())


def _made(
    architecture: str,
    pretrained: Mapping[str, Any],
    model_args: Mapping[str, Any],
    path: Path,
    state: Mapping[str, torch.Tensor],
) -> torch.nn.Module:
    # The weights are handed over in memory, so that timm neither downloads nor unpickles anything itself.
    config = {
        **pretrained,
        **dict.fromkeys(("file", "url", "hf_hub_id", "hf_hub_filename")),
        **{"source": "", "custom_load": False, "state_dict": dict(state)},
    }
    if "tag" in config and config["tag"] is None:
        config["tag"] = ""
    if model_args and "pretrained_model_args" in signature(build_model_with_cfg).parameters:
        model_args = {**model_args, "pretrained_model_args": dict(model_args)}
    try:
        with _watched() as said:
            module = model_entrypoint(architecture)(pretrained=True, pretrained_cfg=config, **model_args)
    except MemoryError as error:
        raise ModelError(f"there is not enough memory for '{architecture}'.") from error
    except _DOES_NOT_FIT as error:
        raise ModelError(f"the weights in {path} do not fit {architecture}: {_reason(error, path)}") from error
    if said:
        raise ModelError(f"the weights in {path} do not fit {architecture}: {said[0]} Without them it is untrained.")
    module.pretrained_cfg = {**module.pretrained_cfg, "state_dict": None}
    return module.float().eval()


@contextmanager
def _watched() -> Iterator[list[str]]:
    """Parameters that timm leaves untrained, of which it only logs; its own chatter is not shown."""
    log = logging.getLogger("timm.models._builder")
    root = logging.getLogger("timm")
    said: list[str] = []

    def watch(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if text.startswith(("Missing keys", "Unable to convert pretrained")):
            said.append(text.splitlines()[0][:300])
        return False

    levels = log.level, root.level
    log.addFilter(watch)
    log.setLevel(logging.INFO)
    root.setLevel(logging.ERROR)
    try:
        yield said
    finally:
        log.removeFilter(watch)
        log.setLevel(levels[0])
        root.setLevel(levels[1])


def _reason(error: BaseException, path: Path) -> str:
    """What is missing, unexpected or of another shape, the first few of each; else what the error says."""
    found = differences(error)
    if not found:
        kind = "" if isinstance(error, RuntimeError) else f"{type(error).__name__}: "
        return f"{kind}{first_line(error)}. Does 'model_args' or 'pretrained_cfg' in config.json belong to others?"
    sizes_alone = not any(_keys(str(error), word) for word in ("Missing", "Unexpected"))
    return found + (" Is config.json that of these weights?" if sizes_alone else "")


def differences(error: BaseException) -> str:
    """What torch says of weights that do not fit, the first few keys of each kind; empty if it says none of it."""
    text = str(error)
    missing, unexpected = (_keys(text, word) for word in ("Missing", "Unexpected"))
    sizes = re.findall(
        r"size mismatch for (\S+): copying a param with shape torch\.Size\((.*?)\) from checkpoint, "
        r"the shape in current model is torch\.Size\((.*?)\)",
        text,
    )
    parts = [
        *([f"the network has {_some(missing)}, which the weights lack"] if missing else []),
        *([f"the weights have {_some(unexpected)}, which the network lacks"] if unexpected else []),
        *([f"{name} is {there} in the weights and {wanted} in the network" for name, there, wanted in sizes[:_SHOWN]]),
    ]
    if not parts:
        return ""
    prefix = _prefix(missing, unexpected)
    hint = f" Every key of the weights begins with '{prefix}': save them without this prefix." if prefix else ""
    return f"{'; '.join(parts)}.{hint}"


def _keys(text: str, word: str) -> list[str]:
    found = re.search(rf"{word} key\(s\) in state_dict: (.*)", text)
    return re.findall(r'"([^"]+)"', found[1]) if found else []


def _some(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more


def _prefix(missing: Sequence[str], unexpected: Sequence[str]) -> str:
    """What all keys of the weights begin with and the network's do not, or an empty text."""
    if not (missing and unexpected):
        return ""
    first = unexpected[0]
    for key in missing:
        if first.endswith(key):
            prefix = first.removesuffix(key)
            fits = prefix and {each.removeprefix(prefix) for each in unexpected} & set(missing)
            return prefix if fits and all(each.startswith(prefix) for each in unexpected) else ""
    return ""
