"""How to bring a model of one's own: what to type, by where it comes from."""

from __future__ import annotations

import streamlit as st

from core import paths
from core.models import presets, zero_shot
from core.wording import code, escaped

#: The box, in a link, which opens it.
HERE = "bring"
#: What is typed, what it is, and what it needs.
_WAYS = (
    ("resnet50.a1_in1k", "a name of timm's", "the hub, or its folder here"),
    ("hf-hub:owner/name", "timm's format on the hub", "the hub"),
    ("local-dir:~/runs/net", "timm's format in a folder", "config.json and weights"),
    ("torchvision:alexnet.IMAGENET1K_V1", "weights of torchvision's, or ?weights=FILE of yours", "–"),
    ("open-clip:ViT-B-32/laion2b_s34b_b79k", "zero-shot: texts name the classes", "pip install open_clip_torch"),
    ("transformers:owner/name", "an image classifier with its processor, hub or folder", "pip install transformers"),
    ("onnx:net.onnx", "a graph, with a JSON beside it on its input", "pip install onnxruntime"),
    ("python:net.py:make", "a function of yours that returns a network", "the command line"),
)


def show() -> None:
    """Draw the ways, the options and the folders."""
    rows = "".join(f"| {code(typed)} | {escaped(what)} | {escaped(needs)} |\n" for typed, what, needs in _WAYS)
    st.markdown(f"| Type | What it is | Needs |\n|---|---|---|\n{rows}")
    st.markdown(
        "Type it in **Model** above. Options end a name: "
        f"{code('?preset=' + '|'.join(presets.PRESETS))}, {code('&interpolation=bicubic')}, and for texts "
        f"{code('?prompts=' + '|'.join(zero_shot.prompt_sets()))} or a file, {code('&classes=FILE')}. "
        "A `python:` model runs your code, so it is evaluated from the command line; its results appear here."
    )
    folders = ", ".join(code(path) for path in paths.model_folders())
    st.markdown(f"Folders below {folders} go by their name; `OFFCENTER_MODELS` adds more.")
    st.markdown(
        "In a terminal, `python -m core models --help` says it all, and `python -m core models check NAME` checks one."
    )
