"""What is typed for a model, taken apart: where it comes from, which one, and options. Nothing here imports torch.

``PREFIX:WHERE?option=value&option=value``: ``resnet50.a1_in1k``, ``resnet50.a1_in1k?preset=zoom-paper``,
``open-clip:ViT-B-32/laion2b_s34b_b79k?prompts=openai-80``, ``onnx:net.onnx?layout=nhwc``.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

#: How names begin that are not timm's own; each is a source of ``core.models.sources``.
LOCAL_DIR, HF_HUB = "local-dir", "hf-hub"
TORCHVISION, OPEN_CLIP, TRANSFORMERS, ONNX, PYTHON = "torchvision", "open-clip", "transformers", "onnx", "python"
PREFIXES = (LOCAL_DIR, HF_HUB, TORCHVISION, OPEN_CLIP, TRANSFORMERS, ONNX, PYTHON)
#: Spellings that users bring from elsewhere.
_ALSO = {"hf_hub": HF_HUB, "open_clip": OPEN_CLIP, "openclip": OPEN_CLIP, "local_dir": LOCAL_DIR, "hf": HF_HUB}
#: Options end a name; a folder may have a question mark in its own.
_OPTIONS = re.compile(r"\?((?:[a-z_]+=[^&=?]*)(?:&[a-z_]+=[^&=?]*)*)$")


@dataclass(frozen=True)
class Spec:
    """A model's name, taken apart.

    Attributes:
        kind: One of ``PREFIXES``, or empty for a name of timm's or of a local folder; in lower case.
        where: What follows the prefix.
        options: By name, in the order of their names; values as they are meant, not as they are written.
    """

    kind: str
    where: str
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """What to type for it; ``parsed`` of it gives the same."""
        base = f"{self.kind}:{self.where}" if self.kind else self.where
        return base + _written(self.options)

    @property
    def base(self) -> str:
        """The same without options."""
        return str(replace(self, options={}))

    def with_options(self, **options: str | None) -> Spec:
        """The same with some options set, or taken away by None."""
        found = {**self.options, **options}
        return replace(self, options={name: found[name] for name in sorted(found) if found[name] is not None})


def parsed(text: str) -> Spec:
    """A model's name, taken apart; whatever it says, nothing is checked here.

    Spaces around it are nobody's. What ends in no options, or in one of them twice, has none: all of it is what follows
    the prefix.
    """
    text = text.strip()
    found = _OPTIONS.search(text)
    pairs = urllib.parse.parse_qsl(found[1], keep_blank_values=True) if found is not None else []
    options = dict(sorted(pairs))
    if found is not None and len(options) == len(pairs):
        text = text[: found.start()]
    else:
        options = {}
    kind, colon, where = text.partition(":")
    kind = _ALSO.get(kind.lower(), kind.lower())
    if colon and kind in PREFIXES:
        return Spec(kind, where, options)
    return Spec("", text, options)


def _written(options: Mapping[str, str]) -> str:
    if not options:
        return ""
    # What a path or a name is made of stays readable.
    return "?" + urllib.parse.urlencode(sorted(options.items()), quote_via=urllib.parse.quote, safe="/:,.~@")
