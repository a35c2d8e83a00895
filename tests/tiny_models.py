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


#: What has to be said beside ``tiny_onnx``.
ONNX_SETTINGS = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3], "resize": 36, "interpolation": "bilinear"}


def tiny_onnx(
    path,
    *,
    classes=1000,
    shape=("n", 3, 32, 32),
    dtype="FLOAT",
    end="",
    flat=True,
    outputs=1,
    inputs=1,
    opset=17,
    external=False,
    settings=ONNX_SETTINGS,
    seed=0,
    weight=None,
):
    """An ONNX file of a network that pools each channel and puts a linear layer on it.

    Args:
        path: The file.
        classes: Outputs.
        shape: Of its input; channels second, or last where the last axis is 3.
        dtype: Of its input, by onnx's name.
        end: An operator put behind the scores, such as ``Softmax``.
        flat: Whether the output is (N, classes), or has two axes of one place more.
        outputs: 2 adds one of the pooled channels, in front.
        inputs: 2 adds one that is added to the scores.
        opset: Version of the operators.
        external: Whether the weights are in ``<name>.data`` beside it.
        settings: Written beside it as JSON; None writes none.
        seed: Of its weights.
        weight: (classes, 3) in their place.

    Returns:
        The network of float32 (N, 3, H, W) to (N, classes), channels in the order of the graph, without ``end``.
    """
    onnx = pytest.importorskip("onnx")
    helper, types = onnx.helper, onnx.TensorProto
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(classes, 3, generator=generator) if weight is None else torch.as_tensor(weight).float()
    bias = torch.randn(classes, generator=generator)
    kernels = onnx.numpy_helper.from_array(weight[:, :, None, None].numpy(), "kernels")
    biases = onnx.numpy_helper.from_array(bias.numpy(), "biases")
    nodes = [helper.make_node("Cast", ["images"], ["real"], to=types.FLOAT)]
    turned = "real"
    if shape[-1] == 3 and shape[1] != 3:
        nodes.append(helper.make_node("Transpose", ["real"], ["turned"], perm=[0, 3, 1, 2]))
        turned = "turned"
    nodes.append(helper.make_node("GlobalAveragePool", [turned], ["pooled"]))
    nodes.append(helper.make_node("Conv", ["pooled", "kernels", "biases"], ["places"]))
    last = "places"
    steps = [("Flatten", {})] * flat + ([(end, {})] if end else [])
    for at, (operator, settings_of) in enumerate(steps):
        nodes.append(helper.make_node(operator, [last], [f"step{at}"], **settings_of))
        last = f"step{at}"
    given = [helper.make_tensor_value_info("images", getattr(types, dtype), list(shape))]
    if inputs == 2:
        given.append(helper.make_tensor_value_info("shift", types.FLOAT, [1]))
        nodes.append(helper.make_node("Add", [last, "shift"], ["shifted"]))
        last = "shifted"
    nodes.append(helper.make_node("Identity", [last], ["scores"]))
    kind = types.INT64 if end == "ArgMax" else types.FLOAT
    axes = [shape[0], classes if end != "ArgMax" else 1] + [1, 1] * (not flat)
    given_back = [helper.make_tensor_value_info("scores", kind, axes)]
    if outputs == 2:
        given_back.insert(0, helper.make_tensor_value_info("pooled", types.FLOAT, [shape[0], 3, 1, 1]))
    if end == "ArgMax":
        nodes[-2].attribute.append(helper.make_attribute("axis", 1))
    graph = helper.make_graph(nodes, "tiny", given, given_back, [kernels, biases])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    at = {"save_as_external_data": True, "location": f"{path.stem}.data", "size_threshold": 0} if external else {}
    onnx.save_model(model, str(path), **at)
    if settings is not None:
        path.with_suffix(".json").write_text(json.dumps(settings))
    linear = torch.nn.Linear(3, classes)
    linear.load_state_dict({"weight": weight, "bias": bias})
    return torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), linear).eval()
