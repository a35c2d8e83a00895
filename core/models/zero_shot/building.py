"""OpenCLIP's config and weights become a network and its tokenizer; or a sentence that says why they do not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from typing import Any

import huggingface_hub
import torch

from core.errors import ModelError, ModelUnavailableError, UsageError
from core.models.checkpoints import Checkpoint, first_line
from core.models.sources.hub import download, optional
from core.models.zero_shot.configs import Config, kind_of
from core.models.zero_shot.embeddings import Encode
from core.paths import read_json

#: Files of a tokenizer of Hugging Face, those with its vocabulary last, so that an interrupted download is told.
_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "config.json", "merges.txt")
_VOCABULARIES = (
    *("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "tokenizer.model"),
    *("sentencepiece.bpe.model", "sentencepiece.model"),
)
_CONFIG = "config.json"
#: With which the name of such a model in a local folder begins.
PREFIX = "open-clip:"
#: Whatever comes from a config and weights that do not fit; anything else is a fault of ours.
_DOES_NOT_FIT = (
    *(RuntimeError, LookupError, TypeError, ValueError, AssertionError, AttributeError, ArithmeticError, OSError),
    ImportError,
)
#: Which place is which, counted and not learnt: once in the state dicts of transformers, and left out of them since.
_COUNTED = {"text.transformer.embeddings.position_ids", "text.transformer.embed_positions.weights"}
_SHOWN = 3


def build(config: Config, checkpoint: Checkpoint, folder: Path | None, open_clip: ModuleType) -> torch.nn.Module:
    """The whole network in eval mode, float32, on the CPU.

    Args:
        config: Checked.
        checkpoint: Its weights.
        folder: Where it may have the config of a text tower of Hugging Face.
        open_clip: The package.

    Raises:
        ModelError: If the config is none of a network, or the weights do not fit it; names what differs.
        ModelUnavailableError: If the config of a text tower of Hugging Face cannot be had.
    """
    model = deepcopy(dict(config.model))
    model.pop("custom_text", None)
    if model["vision_cfg"].get("timm_model_name"):
        model["vision_cfg"]["timm_model_pretrained"] = False
    of_text = text_config_file(config, folder)
    if of_text is not None:
        model["text_cfg"] |= {"hf_model_name": str(_text_config(config, of_text)), "hf_model_pretrained": False}
    try:
        network = getattr(open_clip, kind_of(config))(**model)
    except MemoryError as error:
        raise ModelError(f"{config.where}: there is not enough memory for such a network.") from error
    except _DOES_NOT_FIT as error:
        raise ModelError(
            f"{config.where}: open_clip makes no network of 'model_cfg': {type(error).__name__}: {first_line(error)}."
        ) from error
    _fit(network, checkpoint, open_clip)
    return network.float().eval()


def _fit(network: torch.nn.Module, checkpoint: Checkpoint, open_clip: ModuleType) -> None:
    """Put weights into a network, after the changes that open_clip makes to those of other and earlier forms."""
    state = dict(checkpoint.state)
    try:
        state = open_clip.factory.convert_state_dict(network, state)
        if "positional_embedding" in state and not hasattr(network, "positional_embedding"):
            state = open_clip.convert_to_custom_text_state_dict(state)
        for name in ("logit_scale", "logit_bias"):
            wanted = getattr(network, name, None)
            if name in state and wanted is not None and state[name].numel() == wanted.numel():
                state[name] = state[name].reshape(wanted.shape)
        if getattr(network, "logit_bias", None) is not None and "logit_scale" in state:
            state.setdefault("logit_bias", torch.zeros_like(state["logit_scale"]))
        for name in _COUNTED - network.state_dict().keys():
            state.pop(name, None)
        open_clip.factory.resize_pos_embed(state, network)
        open_clip.factory.resize_text_pos_embed(state, network)
        fault = _difference(network.state_dict(), state)
        if not fault:
            network.load_state_dict(state)
            return
    except _DOES_NOT_FIT as error:
        fault = f"{type(error).__name__}: {first_line(error)}."
    raise ModelError(f"the weights in {checkpoint.path} do not fit {type(network).__name__} of its config: {fault}")


def _difference(wanted: dict[str, torch.Tensor], state: dict[str, torch.Tensor]) -> str:
    """What is missing, too much or of another shape, the first few of each; empty if nothing is."""
    missing, unexpected = sorted(wanted.keys() - state.keys()), sorted(state.keys() - wanted.keys())
    shapes = [
        f"{name} is {list(state[name].shape)} in the weights and {list(tensor.shape)} in the network"
        for name, tensor in wanted.items()
        if name in state and state[name].shape != tensor.shape
    ]
    parts = [
        *([f"the network has {_some(missing)}, which the weights lack"] if missing else []),
        *([f"the weights have {_some(unexpected)}, which the network lacks"] if unexpected else []),
        *shapes[:_SHOWN],
    ]
    return "; ".join(parts) + "." if parts else ""


def _some(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more


def text_config_file(config: Config, folder: Path | None) -> Path | None:
    """The config of a text tower of Hugging Face; None for one of open_clip's own.

    Args:
        config: Checked.
        folder: Where it may be beside the model.

    Raises:
        ModelUnavailableError: If it is nowhere on this machine and the hub cannot be reached.
        ModelError: If the repository that the config names has none.
    """
    name = config.text.get("hf_model_name")
    if not name:
        return None
    # Beside the weights there may be the config of the same network for another library.
    if folder is not None and "model_type" in read_json(folder / _CONFIG):
        return folder / _CONFIG
    return Path(_of_hub(name, (_CONFIG,), f"the config of the text tower, {name}"))


def _text_config(config: Config, path: Path) -> Path:
    """The folder with the config of a text tower of Hugging Face, of which none brings code."""
    from transformers import AutoConfig

    try:
        AutoConfig.from_pretrained(str(path.parent), trust_remote_code=False, local_files_only=True)
    except _DOES_NOT_FIT as error:
        name = config.text["hf_model_name"]
        raise ModelError(f"{config.where}: the text tower '{name}' cannot be built: {first_line(error)}.") from error
    return path.parent


def _of_hub(repo: str, names: tuple[str, ...], what: str) -> str:
    try:
        return download(repo, names, PREFIX)
    except UsageError as error:
        raise ModelError(f"{what}: {error}") from error
    except ModelUnavailableError as error:
        raise ModelUnavailableError(
            f"{what}, is neither beside the model nor on this machine, and the hub cannot be reached: copy "
            f"{' or '.join(names[:3])} of {repo} into the model's folder."
        ) from error


def tokenizer_files(config: Config, folder: Path | None) -> list[Path]:
    """Files of a model's tokenizer; none where it is open_clip's own.

    Args:
        config: Checked.
        folder: Where they may be beside the model.

    Raises:
        ModelUnavailableError: If they are nowhere on this machine and the hub cannot be reached.
        ModelError: If the repository that the config names has none.
    """
    repo = config.text.get("hf_tokenizer_name")
    if not repo:
        return []
    if folder is not None and any((folder / name).is_file() for name in _VOCABULARIES):
        return [folder / name for name in (*_SETTINGS, *_VOCABULARIES) if (folder / name).is_file()]
    cached = [Path(path) for name in (*_SETTINGS, *_VOCABULARIES) if (path := _cached(repo, name))]
    if any(path.name in _VOCABULARIES for path in cached):
        return cached
    what = f"{config.where}: its tokenizer, {repo}"
    found = []
    for name in (*_SETTINGS, *_VOCABULARIES[1:]):
        # Which of these a tokenizer has is its own affair.
        with contextlib.suppress(ModelError, UsageError):
            path = optional(repo, (name,), PREFIX)
            found += [path] if path is not None else []
    found.append(Path(_of_hub(repo, _VOCABULARIES, what)))
    return list(dict.fromkeys(found))


def _cached(repo: str, name: str) -> str | None:
    repo, _, revision = repo.partition("@")
    with contextlib.suppress(ValueError):
        found = huggingface_hub.try_to_load_from_cache(repo, name, revision=revision or None)
        return found if isinstance(found, str) else None
    return None


def encoder(config: Config, network: torch.nn.Module, files: Sequence[Path], open_clip: ModuleType) -> Encode:
    """The text tower with its tokenizer: texts to embeddings of length 1.

    Args:
        config: Checked.
        network: From ``build``.
        files: From ``tokenizer_files``.
        open_clip: The package.

    Raises:
        ModelError: If the tokenizer cannot be read; when called, if the tower does not take what it gives.
    """
    tokenizer = _tokenizer(config, files, open_clip)
    most = _context_length(config, open_clip)

    def encode(texts: list[str]) -> torch.Tensor:
        try:
            _require_short(tokenizer, texts, most)
            return _encoded(network, tokenizer(texts))
        except (ModelError, MemoryError):
            raise
        except _DOES_NOT_FIT as error:
            raise ModelError(
                f"{config.where}: the text tower does not take what the tokenizer gives for '{texts[0]}': "
                f"{type(error).__name__}: {first_line(error)}. Is 'text_cfg' that of these weights?"
            ) from error

    return encode


def _encoded(network: torch.nn.Module, tokens: torch.Tensor) -> torch.Tensor:
    """On a GPU where there is one with room; the eighty prompts of a thousand classes take long without."""
    if torch.cuda.is_available():
        try:
            return network.cuda().encode_text(tokens.cuda(), normalize=True).cpu()
        except torch.OutOfMemoryError:
            network.cpu()
    return network.encode_text(tokens, normalize=True)


def _require_short(tokenizer: Any, texts: Sequence[str], most: int) -> None:
    """Refuse texts whose end would be cut off, as CLIP does.

    Raises:
        ModelError: If one is longer than the text tower reads.
    """
    for text in texts:
        # No token is shorter than a byte, and two are added.
        if len(text.encode()) + 2 <= most:
            continue
        whole = getattr(tokenizer, "tokenizer", None)
        n = len(whole(text)["input_ids"] if whole is not None else tokenizer.encode(text)) + 2 * (whole is None)
        if n > most:
            raise ModelError(f"'{text}' has {n} tokens; this model's text tower reads {most}: shorten prompt or name.")


def _context_length(config: Config, open_clip: ModuleType) -> int:
    return int(config.text.get("context_length") or open_clip.tokenizer.DEFAULT_CONTEXT_LENGTH)


def _tokenizer(config: Config, files: Sequence[Path], open_clip: ModuleType) -> Callable[[list[str]], torch.Tensor]:
    text = config.text
    settings: dict[str, Any] = dict(text.get("tokenizer_kwargs") or {})
    settings["context_length"] = _context_length(config, open_clip)
    try:
        if not files:
            return open_clip.SimpleTokenizer(**settings)
        return open_clip.tokenizer.HFTokenizer(
            str(files[0].parent),
            tokenizer_mode=text.get("tokenizer_mode"),
            trust_remote_code=False,
            local_files_only=True,
            **settings,
        )
    except _DOES_NOT_FIT as error:
        raise ModelError(
            f"{config.where}: its tokenizer{f' in {files[0].parent}' if files else ''} cannot be read: "
            f"{type(error).__name__}: {first_line(error)}."
        ) from error
