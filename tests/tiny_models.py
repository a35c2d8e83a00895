"""Classifiers of other libraries, tiny and with random weights, as their libraries save them.

Each function writes a folder and returns the network that it holds, so that a test can compare.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

#: An OpenCLIP model of 32 x 32 pixels whose texts are 24 tokens long.
_VISION = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
_TEXT = {"context_length": 24, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}


def tiny_open_clip(
    folder, *, seed=0, weights="open_clip_model.safetensors", vision=None, text=None, preprocess=None, words=(), **more
):
    """An OpenCLIP model as ``open_clip.push_to_hf_hub`` writes it.

    Args:
        folder: Where.
        seed: Of its weights.
        weights: File of the weights; safetensors, or a pickle.
        vision: Changes of ``vision_cfg``.
        text: Changes of ``text_cfg``.
        preprocess: ``preprocess_cfg``; open_clip's own if none.
        words: If there are any, it has a tokenizer of Hugging Face that knows these and no other words.
        more: Further fields of ``model_cfg``, such as ``init_logit_bias`` or ``multimodal_cfg``.

    Returns:
        The network, an ``open_clip.CLIP``, ``CustomTextCLIP`` or ``CoCa`` in eval mode.
    """
    open_clip = pytest.importorskip("open_clip")
    safetensors_torch = pytest.importorskip("safetensors.torch")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text_cfg = {**_TEXT, **(text or {})}
    if words:
        text_cfg |= {"hf_tokenizer_name": "tester/words", "vocab_size": len(words) + 3}
        tiny_tokenizer(folder, words)
    config = {"embed_dim": 32, "vision_cfg": {**_VISION, **(vision or {})}, "text_cfg": text_cfg, **more}
    content = {"model_cfg": config, "preprocess_cfg": preprocess or {}}
    (folder / "open_clip_config.json").write_text(json.dumps(content))
    fields = {name: value for name, value in config.items() if name != "custom_text"}
    kind = "CoCa" if "multimodal_cfg" in config else "CustomTextCLIP" if config.get("custom_text") else "CLIP"
    torch.manual_seed(seed)
    model = getattr(open_clip, kind)(**fields).eval()
    with torch.no_grad():
        # What begins as zeros, or as a projection of tiny numbers, would make all images alike.
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1 or "class_embedding" in name:
                parameter.normal_(std=0.2)
    state = {name: tensor.clone().contiguous() for name, tensor in model.state_dict().items()}
    if weights.endswith(".safetensors"):
        safetensors_torch.save_file(state, folder / weights)
    else:
        torch.save({"epoch": 1, "state_dict": state}, folder / weights)
    return model


def tiny_tokenizer(folder, words):
    """A tokenizer of Hugging Face that splits at spaces and knows some words, in its own files."""
    tokenizers = pytest.importorskip("tokenizers")
    transformers = pytest.importorskip("transformers")
    vocabulary = {word: number for number, word in enumerate(["<pad>", "<unk>", *words, "<end>"])}
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    backend.post_processor = tokenizers.processors.TemplateProcessing(
        single="$A <end>", special_tokens=[("<end>", vocabulary["<end>"])]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", unk_token="<unk>", eos_token="<end>"
    ).save_pretrained(folder)
