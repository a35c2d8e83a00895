"""Networks of open_clip as zero-shot classifiers: an image is compared with texts that name the classes.

``ViT-B-32/laion2b_s34b_b79k`` (architecture and tag of ``open_clip.list_pretrained``), ``hf-hub:owner/name``, or a
folder with ``open_clip_config.json``, weights and, where its config names one, a tokenizer. Everything becomes files on
this machine; then open_clip builds. Code in checkpoints, configs and tokenizers is never run.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from core import paths
from core.errors import ModelError, UsageError, nearest
from core.models.checkpoints import read_checkpoint
from core.models.configs import checked_transform
from core.models.sources.base import Network, Source, missing_package
from core.models.sources.hub import download, fetched
from core.models.zero_shot import texts as zero_shot
from core.models.zero_shot.building import PREFIX, build, encoder, text_config_file, tokenizer_files
from core.models.zero_shot.configs import Config, architecture_of, checked, read_config, transform_of
from core.models.zero_shot.embeddings import Encode, each, ensembled, file_of, kept
from core.models.zero_shot.head import TextHead, ZeroShot
from core.models.zero_shot.texts import Texts
from core.store import specs
from core.store.naming import is_path
from core.store.specs import Spec
from core.store.weights import (
    LOCAL_DIR,
    OPEN_CLIP_CONFIG,
    WEIGHTS,
    candidates_in,
    file_sha256,
    files_sha256,
    kind_of,
    source_of,
)
from core.types import Model

OPTIONS: frozenset[str] = zero_shot.OPTIONS
_HUB = f"{specs.HF_HUB}:"
_PACKAGE = "open_clip_torch"
_SIGMOID = "Trained with a sigmoid: its logits are scale x cosine + bias, and their softmax over the classes is shown."
#: Weight files in open_clip's order of preference; timm's own may lie beside.
_WEIGHTS = (*(name for name in WEIGHTS if name.startswith("open_clip_")), *WEIGHTS)


@dataclass(frozen=True)
class OpenClipSource(Source):
    """A network of open_clip with its texts, before its weights are downloaded.

    Attributes:
        config: Checked.
        texts: Prompts and classes.
        folder: Local folder with the weights, or None.
        repo: Hub repository with them, or None.
        names: Files of that repository that may hold them, the first that is there does.
        url: Where they are that no hub has, or None.
        notes: What a reader should know.
    """

    name: str
    spec: str
    config: Config
    texts: Texts
    folder: Path | None = None
    repo: str | None = None
    names: tuple[str, ...] = ()
    url: str | None = None
    notes: tuple[str, ...] = ()

    def files(self) -> list[Path]:
        """See ``Source.files``."""
        path = self._weights
        says = [self.folder / OPEN_CLIP_CONFIG] if self.folder is not None else []
        if self.repo is not None:
            # Names the current revision: once that moves on, so may config and weights.
            says = [path.parents[2] / "refs" / "main"]
        return [*(each for each in says if each.is_file()), *self.texts.files, *self._of_text, path]

    def described(self) -> Model:
        """See ``Source.described``."""
        return Model(
            name=self.name,
            source=self.spec,
            architecture=architecture_of(self.config, _open_clip()),
            label_space=self.texts.classes.space,
            num_classes=len(self.texts.classes),
            transform=checked_transform(transform_of(self.config), self.config.where),
            fingerprint=self._fingerprint,
            notes=self.notes,
            head=self.texts.said(*self._of_text_digests),
        )

    def network(self) -> Network:
        """See ``Source.network``."""
        checkpoint = read_checkpoint(self._weights)
        whole = build(self.config, checkpoint, self.folder, _open_clip())
        path = file_of(*self._identity, self.texts.digest())
        embeddings = kept(path, len(self.texts.classes), lambda: ensembled(self._encoder(whole), self.texts))
        bias = getattr(whole, "logit_bias", None)
        head = TextHead(
            torch.from_numpy(embeddings), _number(whole.logit_scale.exp()), 0.0 if bias is None else _number(bias)
        )
        if embeddings.shape[1] != self.config.model["embed_dim"]:
            raise ModelError(
                f"{self.config.where}: the text tower gives embeddings of {embeddings.shape[1]} numbers, but "
                f"'embed_dim' is {self.config.model['embed_dim']}: they cannot be compared with images."
            )
        return Network(ZeroShot(whole.visual.cpu(), head).eval(), checkpoint.notes)

    def prompt_embeddings(self, classes: Sequence[int]) -> Iterator[np.ndarray]:
        """Embeddings of the single prompts of classes, from disk where they are; see ``zero_shot.scores``.

        Args:
            classes: Indices.

        Yields:
            float32 (templates, width) a class, in the order asked for.

        Raises:
            ModelUnavailableError, ModelError: See ``network``.
        """
        for index in classes:
            path = file_of(*self._identity, *self.texts.of(index))
            yield kept(path, len(self.texts.prompts), lambda: each(self._text_tower, self.texts, index))  # noqa: B023

    @cached_property
    def _text_tower(self) -> Encode:
        return self._encoder(build(self.config, read_checkpoint(self._weights), self.folder, _open_clip()))

    def _encoder(self, whole: torch.nn.Module) -> Encode:
        return encoder(self.config, whole, self._tokenizer, _open_clip())

    @property
    def _identity(self) -> tuple[str, ...]:
        """What decides the embedding of a text."""
        packages = (_PACKAGE, "torch", *(("transformers",) if self._of_text else ()))
        versions = [importlib.metadata.version(package) for package in packages]
        return (self._fingerprint, architecture_of(self.config, _open_clip()), *versions, *self._of_text_digests)

    @property
    def _fingerprint(self) -> str:
        return files_sha256([self._weights])

    @cached_property
    def _tokenizer(self) -> list[Path]:
        return tokenizer_files(self.config, self.folder)

    @cached_property
    def _of_text(self) -> list[Path]:
        """Files that decide what the text tower makes of a text, beside config and weights."""
        config = text_config_file(self.config, self.folder)
        return list(dict.fromkeys([*self._tokenizer, *([config] if config else [])]))

    @property
    def _of_text_digests(self) -> list[str]:
        return [f"{path.name} {file_sha256(path)}" for path in self._of_text]

    @property
    def _weights(self) -> Path:
        if self.folder is not None:
            named = [self.folder / name for name in _WEIGHTS if (self.folder / name).is_file()]
            found = named or candidates_in(self.folder)
            if not found:
                raise ModelError(f"{self.folder} has none of {', '.join(_WEIGHTS[:4])}.")
            return found[0]
        if self.url is not None:
            return fetched(self.url)
        return Path(download(self.repo, self.names, PREFIX))


def find(where: str, options: Mapping[str, str]) -> OpenClipSource:
    """What the rest of such a name stands for.

    Args:
        where: ``ARCHITECTURE/TAG``, ``hf-hub:owner/name``, a folder, or ``local-dir:`` with one.
        options: ``prompts`` and ``classes``; see ``core.models.zero_shot``.

    Raises:
        UsageError: If there is no such model, or an option is none; names the nearest ones.
        ModelUnavailableError: If a config is neither here nor reachable.
        ModelError: If open_clip is not installed, or a config is not what it writes.
    """
    texts = zero_shot.texts_of(options)
    if where.startswith(_HUB):
        return _from_hub(where.removeprefix(_HUB), texts)
    if where.startswith(LOCAL_DIR) or _is_folder(where):
        return _from_folder(paths.place(where.removeprefix(LOCAL_DIR)), texts)
    return _from_tag(where, texts)


def _open_clip() -> ModuleType:
    try:
        import open_clip
    except ImportError as error:
        raise missing_package("open-clip", _PACKAGE, error) from error
    return open_clip


def _is_folder(where: str) -> bool:
    """Whether a name is a path: it is written as one, or there is such a folder with a model."""
    if is_path(where):
        return True
    try:
        return (paths.place(where) / OPEN_CLIP_CONFIG).is_file()
    except (UsageError, OSError):
        return False


def _source(where: str, name: str, config: Config, texts: Texts, **more: object) -> OpenClipSource:
    spec = str(specs.parsed(where).with_options(**texts.options))
    notes = more.pop("notes", ())
    if config.has_bias:
        notes = (*notes, _SIGMOID)
    return OpenClipSource(f"{name} {texts.suffix}", spec, config, texts, notes=notes, **more)


def _from_folder(folder: Path, texts: Texts) -> OpenClipSource:
    paths.require_text(folder)
    if not (folder / OPEN_CLIP_CONFIG).is_file():
        raise UsageError(f"{folder} has no {OPEN_CLIP_CONFIG}: it is not a model folder of open_clip.")
    config = read_config(folder / OPEN_CLIP_CONFIG, _open_clip())
    is_plain = kind_of(folder) == specs.OPEN_CLIP
    where = source_of(folder) if is_plain else str(Spec(specs.OPEN_CLIP, str(folder)))
    return _source(where, folder.name, config, texts, folder=folder)


def _from_hub(repo: str, texts: Texts) -> OpenClipSource:
    open_clip = _open_clip()
    at = Path(download(repo, (OPEN_CLIP_CONFIG,), PREFIX))
    return _source(f"{PREFIX}{_HUB}{repo}", repo, read_config(at, open_clip), texts, repo=repo, names=_WEIGHTS)


def _from_tag(where: str, texts: Texts) -> OpenClipSource:
    open_clip = _open_clip()
    architecture, tag = _split(where, open_clip)
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    # open_clip takes tags in any case, with - for _.
    asked, tag = tag, tag.lower().replace("-", "_")
    if tag not in tags:
        known = ", ".join(tags) or "none are published"
        fault = f"has no weights tagged '{asked}'.{nearest(asked, tags)}" if asked else "needs a tag."
        example = f", such as open-clip:{architecture}/{tags[0]}" if tags else ""
        raise UsageError(f"'{architecture}' of open_clip {fault} Tags: {known}{example}.")
    said = open_clip.get_pretrained_cfg(architecture, tag)
    model = open_clip.get_model_config(architecture)
    notes = ()
    # The tag knows what its weights were trained with; the architecture's config has one value for all of them.
    if said.get("quick_gelu", False) and not model.get("quick_gelu", False):
        model["quick_gelu"] = True
        notes = (f"The weights '{tag}' were trained with QuickGELU, so the network was built with it.",)
    config = checked(model, said, f"open_clip's {architecture}/{tag}", open_clip)
    repo, _, file = said.get("hf_hub", "").rpartition("/")
    files = {"repo": repo, "names": _names(file)} if repo else {"url": said["url"]}
    return _source(f"{PREFIX}{architecture}/{tag}", f"{architecture}.{tag}", config, texts, notes=notes, **files)


def _split(where: str, open_clip: ModuleType) -> tuple[str, str]:
    """Architecture and tag; the architecture as open_clip writes it, also where CLIP writes ``ViT-B/32``."""
    known = open_clip.list_models()
    if where.replace("/", "-") in known:
        return where.replace("/", "-"), ""
    begin, _, tag = where.rpartition("/")
    architecture = begin.replace("/", "-")
    if architecture not in known:
        asked = architecture or where
        raise UsageError(
            f"open_clip {open_clip.__version__} has no architecture '{asked}'.{nearest(asked, known)} Write "
            "open-clip:ARCHITECTURE/TAG, open-clip:hf-hub:owner/name, or open-clip:FOLDER."
        )
    return architecture, tag


def _names(file: str) -> tuple[str, ...]:
    """Files of a repository that may hold a tag's weights: safetensors before the pickle that open_clip names."""
    if not file:
        return ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
    safe = (f"{file[:-4]}.safetensors",) if file.endswith((".bin", ".pth")) else ()
    return (*safe, file)


def _number(tensor: torch.Tensor) -> float:
    return float(tensor.detach().float().reshape(-1)[0])
