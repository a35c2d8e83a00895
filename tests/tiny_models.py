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


#: By kind: the classes of config and network, the image processor, and what makes the network tiny.
_TRANSFORMERS = {
    "vit": (
        *("ViTConfig", "ViTForImageClassification", "ViTImageProcessor"),
        {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64},
        {"image_size": 32, "patch_size": 8},
        {"size": {"height": 32, "width": 32}},
    ),
    "deit": (
        *("DeiTConfig", "DeiTForImageClassificationWithTeacher", "DeiTImageProcessor"),
        {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64},
        {"image_size": 32, "patch_size": 8},
        {"size": {"height": 37, "width": 37}, "crop_size": {"height": 32, "width": 32}},
    ),
    "dinov2": (
        *("Dinov2Config", "Dinov2ForImageClassification", "BitImageProcessor"),
        {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2},
        {"image_size": 28, "patch_size": 14},
        {"size": {"shortest_edge": 33}, "crop_size": {"height": 28, "width": 28}},
    ),
    "beit": (
        *("BeitConfig", "BeitForImageClassification", "BeitImageProcessor"),
        {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64},
        {"image_size": 32, "patch_size": 8, "use_relative_position_bias": True},
        {"size": {"height": 39, "width": 39}, "crop_size": {"height": 32, "width": 32}, "do_center_crop": True},
    ),
    "swin": (
        *("SwinConfig", "SwinForImageClassification", "ViTImageProcessor"),
        {"embed_dim": 16, "depths": [1, 2], "num_heads": [2, 2], "window_size": 4},
        {"image_size": 32, "patch_size": 4},
        {"size": {"height": 32, "width": 32}, "resample": 3},
    ),
    "convnext": (
        *("ConvNextConfig", "ConvNextForImageClassification", "ConvNextImageProcessor"),
        {"hidden_sizes": [8, 16, 16, 32], "depths": [1, 1, 1, 1]},
        {"image_size": 32},
        {"size": {"shortest_edge": 32}, "crop_pct": 0.875},
    ),
    "resnet": (
        *("ResNetConfig", "ResNetForImageClassification", "ConvNextImageProcessor"),
        {"embedding_size": 8, "hidden_sizes": [8, 16, 16, 32], "depths": [1, 1, 1, 1]},
        {},
        {"size": {"shortest_edge": 32}, "crop_pct": 0.9, "resample": 2},
    ),
    "mobilenet_v1": (
        *("MobileNetV1Config", "MobileNetV1ForImageClassification", "MobileNetV1ImageProcessor"),
        {"depth_multiplier": 0.25, "image_size": 32},
        {},
        {"size": {"shortest_edge": 37}, "crop_size": {"height": 32, "width": 32}},
    ),
    "mobilevit": (
        *("MobileViTConfig", "MobileViTForImageClassification", "MobileViTImageProcessor"),
        {"hidden_sizes": [16, 24, 32], "neck_hidden_sizes": [8, 8, 8, 16, 16, 16, 32], "num_attention_heads": 2},
        {"image_size": 32},
        {"size": {"shortest_edge": 36}, "crop_size": {"height": 32, "width": 32}},
    ),
    "levit": (
        *("LevitConfig", "LevitForImageClassificationWithTeacher", "LevitImageProcessor"),
        {"hidden_sizes": [16, 32, 48], "num_attention_heads": [1, 2, 3], "key_dim": [8, 8, 8], "depths": [1, 1, 1]},
        {"image_size": 64},
        {"size": {"shortest_edge": 64}, "crop_size": {"height": 64, "width": 64}},
    ),
    "poolformer": (
        *("PoolFormerConfig", "PoolFormerForImageClassification", "PoolFormerImageProcessor"),
        {"hidden_sizes": [8, 16, 16, 32], "depths": [1, 1, 1, 1]},
        {},
        {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}, "crop_pct": 0.9},
    ),
    "efficientnet": (
        *("EfficientNetConfig", "EfficientNetForImageClassification", "EfficientNetImageProcessor"),
        {"width_coefficient": 0.25, "depth_coefficient": 0.1, "hidden_dim": 320, "image_size": 32},
        {},
        {"size": {"height": 32, "width": 32}, "rescale_factor": 1 / 127.5, "rescale_offset": True, "resample": 0},
    ),
}
TRANSFORMERS_KINDS = tuple(_TRANSFORMERS)


def tiny_transformers(folder, kind="vit", *, seed=0, n_classes=1000, names=None, shards=0, prepared=True, **more):
    """An image classifier of transformers as ``save_pretrained`` writes it, with its image processor.

    Args:
        folder: Where.
        kind: One of ``TRANSFORMERS_KINDS``.
        seed: Of its weights.
        n_classes: Outputs.
        names: Of its classes, in their order; transformers' ``LABEL_0`` and so on if none.
        shards: Largest size of a file of weights in bytes; one file if 0.
        prepared: Whether its image processor is saved too; changes of that, if it is a dict.
        more: Further fields of its config.

    Returns:
        The network in eval mode.
    """
    transformers = pytest.importorskip("transformers")
    folder = Path(folder)
    config_class, network_class, processor_class, small, sizes, processor = _TRANSFORMERS[kind]
    labels = {"num_labels": n_classes}
    if names is not None:
        labels = {"id2label": dict(enumerate(names)), "label2id": {name: at for at, name in enumerate(names)}}
    config = getattr(transformers, config_class)(**{**small, **sizes, **labels, **more})
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = getattr(transformers, network_class)(config).eval()
        # What a new network has as 0 or 1 would hide whether it was loaded, and small weights what it is shown.
        for name, value in network.state_dict().items():
            if value.is_floating_point() and value.ndim < 2:
                is_scale = name.endswith("weight") or "var" in name
                value.copy_(torch.rand_like(value) + 0.5 if is_scale else torch.randn_like(value) * 0.1)
            elif value.is_floating_point():
                value.copy_(torch.randn_like(value) * 1.5 / value[0].numel() ** 0.5)
    network.save_pretrained(folder, **({"max_shard_size": shards} if shards else {}))
    if prepared:
        changes = prepared if isinstance(prepared, dict) else {}
        getattr(transformers, processor_class)(**{**processor, **changes}).save_pretrained(folder)
    return network
