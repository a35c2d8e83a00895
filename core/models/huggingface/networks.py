"""Networks of transformers: a config and weights, checked; or a sentence that says why they are no image classifier."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from core.errors import ModelError, nearest
from core.models.checkpoints import first_line, read_checkpoint
from core.models.huggingface.processors import quiet

#: Keys that a message shows of each side.
_SHOWN = 3
#: What a config could have transformers do besides making a network: run code, fetch kernels, patch modules.
_NOT_A_CONFIGS = re.compile(
    r"auto_map|custom_pipelines|_?attn_implementation.*|_?experts_implementation.*|fusion_config|kernel_config|"
    r"use_kernels|distributed_config|transformers_weights|torch_dtype|dtype|_name_or_path|name_or_path|"
    r"_commit_hash|torchscript|output_attentions|output_hidden_states|return_dict|use_return_dict"
)
#: Parameters that weights may lack, since a network in eval mode does not read them.
_MAY_LACK = re.compile(r"(.*\.)?(num_batches_tracked|position_ids)")
#: What weights may hold besides: buffers that are computed now, and parts of a base model that no classifier of its
#: kind has.
_MAY_HOLD = re.compile(
    r"(.*\.)?(num_batches_tracked|position_ids|relative_position_index|relative_coords_table|attn_mask|mask_token|"
    r"pooler\.(dense\.)?(weight|bias))"
)
#: A network with so many times the numbers that its weights have is not theirs; it is not even made.
_TOO_LARGE = 2


class Logits(torch.nn.Module):
    """A classifier of transformers that gives its logits alone.

    Args:
        network: Its forward takes ``pixel_values`` (N, 3, H, W) and gives an object with ``logits``.
        flips: Whether it takes blue, green, red.
    """

    def __init__(self, network: torch.nn.Module, flips: bool = False) -> None:
        super().__init__()
        self.network = network
        self.flips = flips

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of images in red, green, blue."""
        return self.network(pixel_values=inputs.flip(1) if self.flips else inputs).logits


def checked_config(content: Mapping[str, Any], where: str) -> tuple[str, Any]:
    """The name of an image classifier's class, and its config.

    Args:
        content: What ``config.json`` holds.
        where: What to call the model in an error.

    Raises:
        ModelError: If it is no image classifier's that transformers knows; says what it is.
    """
    import transformers
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES

    classes = dict(MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES)
    kind = content.get("model_type")
    if not isinstance(kind, str) or kind not in classes:
        raise ModelError(f"{where}: {_other_kind(content, kind, classes, transformers)}")
    of_kind = classes[kind] if isinstance(classes[kind], tuple) else (classes[kind],)
    said = content.get("architectures") or [of_kind[0]]
    name = next((each for each in said if each in of_kind), None) if isinstance(said, list) else None
    if name is None:
        shown = ", ".join(map(str, said)) if isinstance(said, list) else repr(said)
        raise ModelError(f"{where}: its config is of {shown[:120]}, {_without_head(kind, shown, of_kind)}")
    if content.get("quantization_config"):
        raise ModelError(f"{where}: its weights are quantised (quantization_config); only whole ones can be evaluated.")
    if content.get("problem_type") == "regression":
        raise ModelError(
            f"{where}: its outputs are values (problem_type regression in config.json), not scores of classes, of "
            "which only one is right."
        )
    if content.get("num_channels", 3) != 3:
        raise ModelError(
            f"{where}: it takes {content['num_channels']!r} channels; only RGB classifiers can be evaluated."
        )
    return name, _config(content, kind, where, transformers)


def _other_kind(content: Mapping[str, Any], kind: object, classes: Mapping[str, Any], transformers: Any) -> str:
    known = transformers.CONFIG_MAPPING
    if "auto_map" in content and (not isinstance(kind, str) or kind not in known):
        return (
            f"its network is code of its own (auto_map in config.json, model_type {kind!r}), which would have to be "
            "run to load it; that is not done. Export it to ONNX, or give a function of yours with python:FILE.py:make."
        )
    if not isinstance(kind, str):
        return "config.json has no 'model_type': it is not what transformers writes."
    if kind not in known:
        return f"transformers {transformers.__version__} does not know the model_type '{kind}'.{nearest(kind, classes)}"
    said = content.get("architectures")
    shown = f" ({', '.join(map(str, said))[:120]})" if isinstance(said, list) else ""
    return f"a model of the kind '{kind}'{shown} is no image classifier of transformers{_hint(kind)}."


def _hint(kind: str) -> str:
    return "; for zero-shot classes write open-clip: with an OpenCLIP model" if "clip" in kind else ""


def _without_head(kind: str, shown: str, of_kind: Sequence[str]) -> str:
    if kind in ("clip", "siglip", "siglip2", "metaclip_2"):
        return (
            "which compares images with texts and has no classes of its own: for zero-shot classes write open-clip: "
            "with an OpenCLIP model."
        )
    return (
        f"which has no head for image classes: transformers would add a random one. Use a model whose config says "
        f"{of_kind[0]}, such as a fine-tuned one."
    )


def _config(content: Mapping[str, Any], kind: str, where: str, transformers: Any) -> Any:
    own = {key: value for key, value in content.items() if not _NOT_A_CONFIGS.fullmatch(key)}
    labels = content.get("id2label")
    if labels is not None and not isinstance(labels, dict):
        raise ModelError(f"{where}: 'id2label' in config.json is {str(labels)[:60]!r}, not names by class index.")
    if labels and content.get("num_labels", len(labels)) != len(labels):
        raise ModelError(
            f"{where}: config.json has num_labels {content['num_labels']!r}, but 'id2label' names {len(labels):,} "
            "classes: make them the same."
        )
    try:
        with quiet():
            config = transformers.CONFIG_MAPPING[kind].from_dict(own)
        n = config.num_labels
    except Exception as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelError(f"{where}: config.json is not what transformers takes for '{kind}': {said}") from error
    if not isinstance(n, int) or n < 1:
        raise ModelError(f"{where}: config.json names {n} classes: such a network has no head.")
    return config


def built(
    content: Mapping[str, Any], weights: Path, where: str, *, flips: bool = False
) -> tuple[Logits, tuple[str, ...]]:
    """The network in eval mode, float32, on the CPU, and notes of what its weights told.

    Args:
        content: What ``config.json`` holds.
        weights: The file of the weights, or the index of several.
        where: What to call the model in an error.
        flips: Whether the network takes blue, green, red.

    Raises:
        ModelError: If the weights do not fit; names the first keys of both sides.
    """
    import transformers

    name, config = checked_config(content, where)
    checkpoint = read_checkpoint(weights)
    state, notes = checkpoint.state, list(checkpoint.notes)
    network_class = getattr(transformers, name)
    _require_size(network_class, config, state, where, weights)
    try:
        with quiet():
            network, told = network_class.from_pretrained(
                None,
                config=config,
                state_dict=state,
                dtype=torch.float32,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                local_files_only=True,
                trust_remote_code=False,
            )
    except Exception as error:
        raise _unfit(where, name, f"{type(error).__name__}: {first_line(error)[:200]}.") from error
    notes += _require_fit(told, where, name)
    if "auto_map" in content:
        notes.append("Its config names code of its own (auto_map), which was not run: transformers' own was used.")
    return Logits(network.float(), flips).eval(), tuple(dict.fromkeys(notes))


def _require_size(
    network_class: Any, config: Any, state: Mapping[str, torch.Tensor], where: str, weights: Path
) -> None:
    """Refuse a config of a far larger network than its weights are of, before there is memory taken for it."""
    try:
        with quiet(), torch.device("meta"):
            wanted = sum(each.numel() for each in network_class(config).parameters())
    except Exception as error:
        said = f"{type(error).__name__}: {first_line(error)[:200]}"
        raise ModelError(f"{where}: transformers makes no {network_class.__name__} of its config: {said}.") from error
    there = sum(each.numel() for each in state.values())
    if wanted > _TOO_LARGE * there:
        raise _unfit(
            where, network_class.__name__, f"config.json asks for {wanted:,} numbers, and {weights} has {there:,}."
        )


def _require_fit(told: Mapping[str, Any], where: str, name: str) -> list[str]:
    missing = sorted(key for key in told["missing_keys"] if not _MAY_LACK.fullmatch(key))
    unexpected = sorted(key for key in told["unexpected_keys"] if not _MAY_HOLD.fullmatch(key))
    sizes = sorted(told["mismatched_keys"])
    parts = [
        *([f"the network has {_some(missing)}, which the weights lack"] if missing else []),
        *([f"the weights have {_some(unexpected)}, which the network lacks"] if unexpected else []),
        *(
            f"{key} is {list(there)} in the weights and {list(wanted)} in the network"
            for key, there, wanted in sizes[:_SHOWN]
        ),
    ]
    if parts or told["error_msgs"]:
        said = "; ".join([*parts, *(first_line(ValueError(each)) for each in told["error_msgs"])])
        random = " transformers would fill what is missing with random numbers." if missing or sizes else ""
        raise _unfit(where, name, f"{said}.{random}")
    unused = sorted(key for key in told["unexpected_keys"] if "pooler" in key or "mask_token" in key)
    return [f"{_some(unused)} of the weights has no part in classifying and was left out."] if unused else []


def _some(keys: Iterable[str]) -> str:
    keys = list(keys)
    return ", ".join(keys[:_SHOWN]) + (f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else "")


def _unfit(where: str, name: str, why: str) -> ModelError:
    return ModelError(f"{where}: its weights do not fit {name}: {why}")
