"""Find, describe and load classifiers.

A model is named as timm names it (``resnet50.a1_in1k``, ``hf-hub:owner/name``, ``local-dir:PATH``) or by the name of a
folder in timm's hub format below one of the model folders. Weights are data: safetensors, or a pickle read with
``weights_only=True``; code in a checkpoint is never run.
"""

from __future__ import annotations

import hashlib
import json
import socket
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import huggingface_hub
import timm
import torch
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

from core import labels, paths
from core.errors import ModelError, ModelUnavailableError, UsageError, nearest
from core.models.building import build
from core.models.checkpoints import first_line, read_checkpoint
from core.models.configs import checked_transform, identify_labels, read_config, renamed, resolve_transform
from core.models.outputs import check
from core.store.weights import CONFIG, WEIGHTS, candidates_in, file_sha256, local_models, source_of, version_of
from core.types import Model


@dataclass(frozen=True)
class Source:
    """Where a model comes from, before anything is downloaded.

    Attributes:
        name: Short name.
        spec: What to type to get it again.
        architecture: timm's name of the architecture.
        config: timm's pretrained config.
        model_args: Arguments that change the architecture.
        folder: Local folder with the weights, or None for the hub.
        repo: Hub repository, or None.
        url: Where weights are that no hub has, or None.
        notes: What a reader should know.
    """

    name: str
    spec: str
    architecture: str
    config: Mapping[str, Any]
    model_args: Mapping[str, Any]
    folder: Path | None = None
    repo: str | None = None
    url: str | None = None
    notes: tuple[str, ...] = ()


def resolve_device(device: str = "auto") -> str:
    """``auto`` to what this machine has.

    Raises:
        UsageError: If the device is unknown or absent.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = device.partition(":")
    if kind not in ("cpu", "cuda") or (index and not index.isdigit()):
        raise UsageError(f"unknown device '{device}'. Known: auto, cpu, cuda, cuda:0, ….")
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        raise UsageError(
            f"device '{device}' is not there: torch {torch.__version__} sees no such GPU. Use --device cpu."
        )
    return device


def resolve(spec: str) -> Source:
    """What a model's name stands for.

    Raises:
        UsageError: If there is no such model; names the nearest ones.
        ModelUnavailableError: If a hub repository's config cannot be reached.
        ModelError: If a config is not what timm writes.
    """
    local = local_models()
    if spec in local:
        return _from_folder(local[spec])
    kind, colon, where = spec.partition(":")
    # As timm has it: the prefix in any case, and an old spelling of it.
    kind = kind.lower().replace("hf_hub", "hf-hub") if colon else ""
    if kind == "local-dir" and where:
        return _from_folder(_expanded(where))
    if kind == "hf-hub" and where:
        return _from_hub(where)
    if colon or "/" in spec:
        raise UsageError(
            f"'{spec}' is not a model name. For a folder write local-dir:{spec}, for the hub hf-hub:owner/name."
        )
    return _from_timm(spec, local)


def _expanded(where: str) -> Path:
    try:
        return Path(where).expanduser().resolve()
    except (RuntimeError, OSError, ValueError) as error:
        raise UsageError(f"'{where}' names no folder: {first_line(error)}.") from error


def _from_folder(folder: Path) -> Source:
    paths.require_text(folder)
    if not (folder / CONFIG).is_file():
        raise UsageError(f"{folder} has no {CONFIG}: it is not a model folder in timm's hub format.")
    candidates = candidates_in(folder)
    notes = ()
    if len(candidates) > 1 and candidates[0].name not in WEIGHTS:
        names = ", ".join(path.name for path in candidates)
        notes = (f"{folder.name} holds {names}: {candidates[0].name} was loaded, as timm does.",)
    return _from_config(folder, folder.name, source_of(folder), notes, folder=folder)


def _from_hub(repo: str) -> Source:
    return _from_config(Path(_download(repo, (CONFIG,))).parent, repo, f"hf-hub:{repo}", repo=repo)


def _from_config(at: Path, name: str, spec: str, notes: tuple[str, ...] = (), **where: Any) -> Source:
    config = read_config(at)
    notes = (*config.notes, *notes)
    return Source(name, spec, config.architecture, config.pretrained, config.model_args, notes=notes, **where)


def _from_timm(spec: str, local: Mapping[str, Path]) -> Source:
    current = renamed(spec)
    if current is not None:
        note = f"'{spec}' is timm's old name for '{current}', which is what was loaded."
        return replace(_from_timm(current, local), notes=(note,))
    architecture, _, tag = spec.partition(".")
    try:
        config = timm.get_pretrained_cfg(spec) if timm.is_model(architecture) else None
    except RuntimeError as error:
        raise UsageError(
            f"timm has no weights tagged '{tag}' for '{architecture}'. Tags: {_tags(architecture)}."
        ) from error
    if config is None:
        candidates = [*local, *timm.list_models(), *timm.list_pretrained()]
        raise UsageError(
            f"unknown model '{spec}'.{nearest(spec, candidates)} "
            "'python -m core models' lists what is on this machine; timm's names are at https://huggingface.co/timm."
        )
    values = config.to_dict()
    if not (values.get("hf_hub_id") or values.get("url")):
        raise UsageError(f"timm has no weights for '{spec}'; use a tag of it: {_tags(architecture)}.")
    full = f"{architecture}.{values['tag']}" if values.get("tag") and not tag else spec
    repo = values.get("hf_hub_id")
    return Source(full, full, architecture, values, {}, repo=repo, url=None if repo else _plain_url(values["url"]))


def _plain_url(url: str | list[str] | tuple[str, ...]) -> str:
    """Some are pairs of an address and a file's name."""
    return url if isinstance(url, str) else url[0]


def _tags(architecture: str) -> str:
    return ", ".join(timm.list_pretrained(f"{architecture}.*")) or "none are published"


def weights_file(source: Source) -> Path:
    """The file of a model's weights; downloaded if it is not in the hub's cache.

    Raises:
        ModelUnavailableError: If it is neither here nor reachable.
        ModelError: If the folder or repository has no weights.
    """
    if source.folder is not None:
        found = candidates_in(source.folder)
        if not found:
            raise ModelError(f"{source.folder} has none of {', '.join(WEIGHTS)}.{_parts_of(source.folder)}")
        return found[0]
    if source.url is not None:
        return _fetched(source.url)
    return Path(_download(source.repo, weight_names(source)))


def weight_names(source: Source) -> tuple[str, ...]:
    """Files of a hub repository that may hold a model's weights, the first that is there does."""
    named = source.config.get("hf_hub_filename") or "pytorch_model.bin"
    return tuple(dict.fromkeys((safe_name(named), named, *WEIGHTS)))


def safe_name(name: str) -> str:
    """The safetensors file of a hub repository that timm takes in place of a weights file, or that file itself."""
    known = {"pytorch_model.bin": WEIGHTS[0], "open_clip_pytorch_model.bin": "open_clip_model.safetensors"}
    return known.get(name) or (name.removesuffix(".bin") + ".safetensors" if name.endswith(".bin") else name)


def _download(repo: str, names: tuple[str, ...]) -> str:
    """The first of some files that a hub repository has; from the cache if one is there, without asking the hub."""
    repo, _, revision = repo.partition("@")
    for name in names:
        cached = huggingface_hub.try_to_load_from_cache(repo, name, revision=revision or None)
        if isinstance(cached, str):
            return cached
    try:
        _require_connection()
        for name in names:
            try:
                return huggingface_hub.hf_hub_download(repo, name, revision=revision or None)
            except LocalEntryNotFoundError:
                raise
            except EntryNotFoundError:
                continue
    except RepositoryNotFoundError as error:
        raise UsageError(f"the hub has no repository '{repo}' that you may read: check the name, or log in.") from error
    except (OSError, HfHubHTTPError, LocalEntryNotFoundError) as error:
        raise ModelUnavailableError(
            f"'{repo}' is not on this machine and the hub cannot be reached ({first_line(error)}). On a machine "
            f"with a connection run: hf download {repo} --local-dir {paths.slug(repo)}; copy that folder here and use "
            "--model local-dir:PATH."
        ) from error
    raise ModelError(f"the hub repository '{repo}' has none of {', '.join(names)}.")


def _fetched(url: str) -> Path:
    """A weights file from its address, kept where torch keeps such files; its name may begin its SHA-256."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(urllib.parse.urlsplit(url).path).name
    if path.is_file():
        return path
    try:
        if huggingface_hub.constants.HF_HUB_OFFLINE:
            raise OSError("offline mode is on")
        path.parent.mkdir(parents=True, exist_ok=True)
        beginning = torch.hub.HASH_REGEX.search(path.name)
        torch.hub.download_url_to_file(url, str(path), beginning[1] if beginning else None, progress=False)
    except (OSError, RuntimeError) as error:
        raise ModelUnavailableError(
            f"{url} is not on this machine and cannot be fetched ({first_line(error)}). On a machine with a connection "
            f"fetch it, and put it here as {path}."
        ) from error
    return path


def _require_connection() -> None:
    """Fail within seconds where the hub client would retry for half a minute.

    Raises:
        OSError: If the hub's host does not answer and no proxy is set that could reach it.
    """
    hub = urllib.parse.urlsplit(huggingface_hub.constants.ENDPOINT)
    if huggingface_hub.constants.HF_HUB_OFFLINE or urllib.request.getproxies():
        return
    with socket.create_connection((hub.hostname, hub.port or (443 if hub.scheme == "https" else 80)), timeout=5):
        pass


def _parts_of(folder: Path) -> str:
    """What to say of a folder that has its weights in several files, which timm does not load."""
    if not any(folder.glob("*.index.json")):
        return ""
    return " Its weights are in several files (an index names them): join them into model.safetensors."


def describe(spec: str) -> tuple[Model, list[Path]]:
    """What a model is, its fingerprint included, without building it; ``core.models.describe`` remembers it.

    Args:
        spec: A model's name.

    Returns:
        The model, and the files that say so, the weights last.

    Raises:
        UsageError, ModelUnavailableError, ModelError: See ``resolve`` and ``weights_file``.
    """
    source = resolve(spec)
    path = weights_file(source)
    # Of the hub's cache the file that names the current revision: once that moves on, so may config and weights.
    says = [source.folder / CONFIG] if source.folder is not None else []
    if source.repo is not None:
        says = [path.parents[2] / "refs" / "main"]
    return _described(source, file_sha256(path)), [*(each for each in says if each.is_file()), path]


def _described(source: Source, fingerprint: str) -> Model:
    where = str(source.folder / CONFIG) if source.folder is not None else source.spec
    space = identify_labels(source.config, where)
    return Model(
        name=source.name,
        source=source.spec,
        architecture=source.architecture + _suffix(source.model_args),
        label_space=space.key,
        num_classes=int(source.config.get("num_classes") or 1000),
        transform=resolve_transform(source.config, where),
        fingerprint=fingerprint,
        notes=source.notes,
        labels_said=space.why,
    )


def _suffix(model_args: Mapping[str, Any]) -> str:
    return "".join(f",{name}={json.dumps(value)}" for name, value in sorted(model_args.items()))


def load(name: str, device: str = "auto") -> Model:
    """A classifier, ready to run.

    Args:
        name: timm name, ``hf-hub:...``, ``local-dir:PATH`` or the name of a local model folder.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Returns:
        The model with its module in eval mode, float32, on the device.

    Raises:
        UsageError: If name or device are unknown.
        ModelUnavailableError: If weights cannot be had.
        ModelError: If weights do not fit, are damaged or hold code.
    """
    device = resolve_device(device)
    source = resolve(name)
    path = weights_file(source)
    version = _version(path)
    model = _described(source, file_sha256(path))
    checkpoint = read_checkpoint(path)
    module = build(source.architecture, source.config, source.model_args, checkpoint)
    if _version(path) != version:
        raise ModelError(f"{path} changed while it was read: once whoever writes it has finished, try again.")
    notes = (*model.notes, *checkpoint.notes)
    model = replace(model, module=module.to(device), device=device, notes=notes)
    check(model)
    return model


def _version(path: Path) -> str:
    try:
        return version_of(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error


def require_weights(model: Model, fingerprint: str | None) -> None:
    """Refuse a model whose weights are not those that a stored result was made with.

    Args:
        model: As it is now.
        fingerprint: Of the result's weights; None asks nothing.

    Raises:
        ModelError: If they differ, for example because the model was trained on in the same folder.
    """
    if fingerprint and model.fingerprint != fingerprint:
        raise ModelError(
            f"the weights of '{model.source}' are others now ({model.fingerprint[:8]}) than those of this result "
            f"({fingerprint[:8]}): put those back, or evaluate the new ones and look at that result."
        )


def from_module(module: torch.nn.Module, name: str, *, label_space: str, transform: Mapping[str, Any]) -> Model:
    """Wrap a network of your own.

    Args:
        module: Maps float32 (N, 3, H, W) to logits (N, classes).
        name: Short name.
        label_space: Of its output: ``imagenet-1k``, ``focus-10``.
        transform: Preprocessing, with the keys of ``core.models.configs.TRANSFORM_KEYS``.

    Raises:
        LabelSpaceError: If the label space is unknown.
        ModelError: If the preprocessing is impossible, or the network does not give such logits for an image of it.
    """
    module = module.eval()
    device = next((str(parameter.device) for parameter in module.parameters()), "cpu")
    model = Model(
        name=name,
        source=name,
        architecture=type(module).__name__,
        label_space=label_space,
        num_classes=len(labels.label_space(label_space)),
        transform=checked_transform(transform, f"'{name}'"),
        fingerprint=state_sha256(module),
        module=module,
        device=device,
    )
    check(model)
    return model


def state_sha256(module: torch.nn.Module) -> str:
    """SHA-256 (hex) over names, shapes, types and values of a state dict."""
    total = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        values = tensor.detach().cpu().contiguous()
        total.update(f"{name} {tuple(values.shape)} {values.dtype}".encode())
        total.update(values.reshape(-1).view(torch.uint8).numpy().tobytes())
    return total.hexdigest()
