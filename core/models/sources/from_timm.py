"""Networks of timm: by timm's name, from a folder in its hub format, or from such a repository on the hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import timm

from core import paths
from core.errors import ModelError, ModelUnavailableError, UsageError, nearest
from core.models.building import build
from core.models.checkpoints import first_line, read_checkpoint
from core.models.configs import identify_labels, read_config, renamed, resolve_transform
from core.models.heads import said_of, with_head
from core.models.sources.base import Network, Source
from core.models.sources.hub import download, fetched, optional
from core.store import specs
from core.store.weights import (
    CONFIG,
    INDEXES,
    NOT_TIMMS,
    OPEN_CLIP_CONFIG,
    WEIGHTS,
    candidates_in,
    files_sha256,
    is_index,
    kind_of,
    parts_of,
    source_of,
    weight_map,
)
from core.types import Model

#: Letters that a message shows of a path.
_SHOWN = 300


@dataclass(frozen=True)
class TimmSource(Source):
    """A network of timm, before its weights are downloaded.

    Attributes:
        architecture: timm's name of the architecture.
        config: timm's pretrained config.
        model_args: Arguments that change the architecture.
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

    def files(self) -> list[Path]:
        """See ``Source.files``."""
        path = weights_file(self)
        parts = parts_of(path)
        # Of the hub's cache the file that names the current revision: once that moves on, so may config and weights.
        says = [self.folder / CONFIG] if self.folder is not None else []
        if self.repo is not None:
            says = [path.parents[2] / "refs" / "main"]
        says += [path] if path not in parts else []
        return [*(each for each in says if each.is_file()), *parts]

    def described(self) -> Model:
        """See ``Source.described``."""
        where = str(self.folder / CONFIG) if self.folder is not None else self.spec
        head = identify_labels(self.config, where)
        return Model(
            name=self.name,
            source=self.spec,
            architecture=self.architecture + _suffix(self.model_args),
            label_space=head.label_space,
            num_classes=head.num_classes,
            transform=resolve_transform(self.config, where),
            fingerprint=files_sha256(parts_of(weights_file(self))),
            notes=(*self.notes, *said_of(head)),
            labels_said=head.why,
            head=head.said,
        )

    def network(self) -> Network:
        """See ``Source.network``."""
        checkpoint = read_checkpoint(weights_file(self))
        module, notes = build(self.architecture, self.config, self.model_args, checkpoint)
        module = with_head(module, identify_labels(self.config, self.spec))
        return Network(module, (*checkpoint.notes, *notes))


def from_folder(where: str | Path) -> TimmSource:
    """A model folder in timm's hub format.

    Raises:
        UsageError: If it is none.
        ModelError: If its config is not what timm writes.
    """
    folder = _expanded(where) if isinstance(where, str) else where
    paths.require_text(folder)
    kind = kind_of(folder)
    if kind != specs.LOCAL_DIR:
        raise UsageError(f"{folder} holds no model in timm's format, but one of {kind}: write {source_of(folder)}")
    if not (folder / CONFIG).is_file():
        raise UsageError(f"{folder} has no {CONFIG}: it is not a model folder in timm's hub format.")
    candidates = candidates_in(folder)
    notes = ()
    if len(candidates) > 1 and candidates[0].name not in WEIGHTS:
        names = ", ".join(path.name for path in candidates)
        rule = "the first by name" if candidates[0].name.endswith(NOT_TIMMS) else "as timm does"
        notes = (f"{folder.name} holds {names}: {candidates[0].name} was loaded, {rule}.",)
    return _from_config(folder, folder.name, source_of(folder), notes, folder=folder)


def from_hub(repo: str) -> TimmSource:
    """A repository of the hub in timm's format.

    Raises:
        UsageError: If it is of another library; says what to write. See also ``hub.download``.
        ModelUnavailableError, ModelError: See ``hub.download``.
    """
    at = Path(download(repo, (CONFIG, OPEN_CLIP_CONFIG)))
    if at.name == CONFIG and kind_of(at.parent) == specs.LOCAL_DIR:
        return _from_config(at.parent, repo, f"hf-hub:{repo}", repo=repo)
    meant = f"{specs.OPEN_CLIP}:{specs.HF_HUB}:{repo}" if _is_clip(at, repo) else f"{specs.TRANSFORMERS}:{repo}"
    raise UsageError(f"the hub repository '{repo}' holds no model in timm's format: write {meant}")


def _is_clip(config: Path, repo: str) -> bool:
    """Whether a repository is of open_clip; many of those have a config of transformers too."""
    if config.name == OPEN_CLIP_CONFIG:
        return True
    try:
        return optional(repo, (OPEN_CLIP_CONFIG,)) is not None
    except ModelUnavailableError:
        return False


def _from_config(at: Path, name: str, spec: str, notes: tuple[str, ...] = (), **where: Any) -> TimmSource:
    config = read_config(at)
    notes = (*config.notes, *notes)
    return TimmSource(name, spec, config.architecture, config.pretrained, config.model_args, notes=notes, **where)


def from_name(spec: str, local: Mapping[str, Path]) -> TimmSource:
    """One of timm's own names.

    Args:
        spec: The name.
        local: Local folders by name, which count as near names too.

    Raises:
        UsageError: If there is no such model; names the nearest ones.
    """
    current = renamed(spec)
    if current is not None:
        note = f"'{spec}' is timm's old name for '{current}', which is what was loaded."
        return replace(from_name(current, local), notes=(note,))
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
    return TimmSource(full, full, architecture, values, {}, repo=repo, url=None if repo else _plain_url(values["url"]))


def _plain_url(url: str | list[str] | tuple[str, ...]) -> str:
    """Some are pairs of an address and a file's name."""
    return url if isinstance(url, str) else url[0]


def _tags(architecture: str) -> str:
    return ", ".join(timm.list_pretrained(f"{architecture}.*")) or "none are published"


def _expanded(where: str) -> Path:
    try:
        folder = Path(where).expanduser().resolve()
        # Names that are too long are no more than that once a file below them is asked for.
        folder.is_dir()
        return folder
    except (RuntimeError, OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or first_line(error)
        raise UsageError(f"'{where[:_SHOWN]}' names no folder: {why}.") from error


def is_folder_here(where: str) -> bool:
    """Whether a path as it is typed can be followed to a folder."""
    try:
        return _expanded(where).is_dir()
    except UsageError:
        return False


def weights_file(source: TimmSource) -> Path:
    """The file of a model's weights, or the list of them where they are in several; downloaded if not in a cache.

    Raises:
        ModelUnavailableError: If it is neither here nor reachable.
        ModelError: If the folder or repository has no weights.
    """
    if source.folder is not None:
        found = candidates_in(source.folder)
        if not found:
            raise ModelError(f"{source.folder} has none of {', '.join(WEIGHTS)}.")
        return found[0]
    if source.url is not None:
        return fetched(source.url)
    path = Path(download(source.repo, (*weight_names(source), *INDEXES)))
    if is_index(path):
        for name in sorted(set(weight_map(path, are_there=False).values())):
            download(source.repo, (name,))
    return path


def weight_names(source: TimmSource) -> tuple[str, ...]:
    """Files of a hub repository that may hold a model's weights, the first that is there does."""
    named = source.config.get("hf_hub_filename") or "pytorch_model.bin"
    return tuple(dict.fromkeys((safe_name(named), named, *WEIGHTS)))


def safe_name(name: str) -> str:
    """The safetensors file of a hub repository that timm takes in place of a weights file, or that file itself."""
    known = {"pytorch_model.bin": WEIGHTS[0], "open_clip_pytorch_model.bin": "open_clip_model.safetensors"}
    return known.get(name) or (name.removesuffix(".bin") + ".safetensors" if name.endswith(".bin") else name)


def _suffix(model_args: Mapping[str, Any]) -> str:
    return "".join(f",{name}={json.dumps(value)}" for name, value in sorted(model_args.items()))
