"""The layer and its grid in networks of torchvision, OpenCLIP and transformers, of random weights, wrapped or not."""

import re

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from core.errors import NotAvailableError
from core.models.heads import Reduced
from core.saliency.explain import Explainer
from core.saliency.guided import guided_copy
from core.saliency.layers import _declared_prefix, find_layer
from core.saliency.layout import Layout, layout_of
from core.saliency.maps import METHODS, Target
from core.saliency.placement import Placement
from core.saliency.tap import tapped, tensor_in
from tests.saliency.test_explain import Places, noise_images, wrapped
from tests.saliency.test_layers import assert_places_correspond, awake
from tests.saliency.test_layout import looks_at, traced

FIRST, LAST, TOKENS = "channels-first", "channels-last", "tokens"
WIDE = (64, 96)

#: torchvision name, (H, W), kind, grid, layer, pixel of the first cell, last block. Of five strides of 2, each with a
#: padding of one less than half its kernel, cell 0 stays at pixel 0; patches of 4 px and three mergers put it at 15.5.
#: AlexNet: (11 - 1) / 2 - 2 = 3 at stride 4, then three pools of 3 without padding: + 4 + 8 + 16 = 31.
TORCHVISION = [
    ("alexnet", (224, 224), FIRST, (6, 6), "features", 31, ("features.10", "features.8")),
    ("vgg11", WIDE, FIRST, (2, 3), "features", 15.5, ("features.18", "features.16")),
    ("resnet18", WIDE, FIRST, (2, 3), "layer4", 0, ("layer4.1",)),
    ("densenet121", WIDE, FIRST, (2, 3), "features", 14, ("features.denseblock4",)),
    ("googlenet", (224, 224), FIRST, (7, 7), "inception5b", 22, ("inception5b",)),
    ("inception_v3", (139, 139), FIRST, (3, 3), "Mixed_7c", 37, ("Mixed_7c",)),
    ("mobilenet_v2", WIDE, FIRST, (2, 3), "features", 0, ("features.17",)),
    ("mobilenet_v3_small", WIDE, FIRST, (2, 3), "features", 0, ("features.11",)),
    ("efficientnet_b0", WIDE, FIRST, (2, 3), "features", 0, ("features.7.0",)),
    ("convnext_tiny", WIDE, FIRST, (2, 3), "features", 15.5, ("features.7.2",)),
    ("swin_t", WIDE, FIRST, (2, 3), "permute", 15.5, ("features.7.1",)),
    ("swin_v2_t", WIDE, FIRST, (2, 3), "permute", 15.5, ("features.7.1",)),
    ("regnet_y_400mf", WIDE, FIRST, (2, 3), "trunk_output", 0, ("trunk_output.block4.block4-5",)),
    ("mnasnet0_5", WIDE, FIRST, (2, 3), "layers", 0, ("layers.13.0",)),
    ("shufflenet_v2_x0_5", WIDE, FIRST, (2, 3), "conv5", 0, ("stage4.3",)),
    # Its classifier is a convolution: the map is that of the class itself. (7 - 1) / 2 + 2 + 4 + 8, the pools' shares.
    ("squeezenet1_0", (224, 224), FIRST, (13, 13), "classifier.2", 17, ("features.12",)),
    ("small ViT", (64, 64), TOKENS, (4, 4), "encoder.layers.encoder_layer_1.ln_1", 7.5, None),
    # Attention works in blocks of 2x2 cells, which are put together again.
    ("small MaxViT", (64, 64), FIRST, (8, 8), "blocks.1", 0, None),
]
#: Those that are quick to run.
QUICK = (
    "alexnet",
    "resnet18",
    "mobilenet_v3_small",
    "shufflenet_v2_x0_5",
    "squeezenet1_0",
    "small ViT",
    "small MaxViT",
)
SMALL = {
    "small ViT": lambda: torchvision.models.VisionTransformer(64, 16, 2, 2, 32, 64, num_classes=5),
    "small MaxViT": lambda: torchvision.models.MaxVit((64, 64), 8, 2, [8, 16], [1, 1], 8, 0.0, num_classes=5),
}


def of_torchvision(name):
    torch.manual_seed(0)
    if name in SMALL:
        return awake(SMALL[name]())
    more = {"init_weights": False, "transform_input": True} if name in ("googlenet", "inception_v3") else {}
    return awake(torchvision.models.get_model(name, weights=None, num_classes=5, **more))


def depends_everywhere(module, layer, size):
    noise = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0))
    with tapped(module, layer.name, gradients=True) as caught:
        (gradient,) = torch.autograd.grad(module(noise)[0, 0], caught[0])
    return bool((layer.layout.channels_first(gradient) != 0).any(dim=1).all())


#: Every eighth of the others that are not as large as their siblings are deep.
OTHERS = [
    name
    for name in torchvision.models.list_models(module=torchvision.models)
    if not name.startswith(
        ("regnet_y_128gf", "vit_h_14", "efficientnet_b7", "convnext_large", "regnet_x_32gf", "vit_l")
    )
    and name not in {each[0] for each in TORCHVISION}
][::8]


@pytest.mark.parametrize(
    ("name", "size", "kind", "grid", "layer_name", "first", "block"),
    [pytest.param(*each, id=each[0], marks=[] if each[0] in QUICK else pytest.mark.slow) for each in TORCHVISION],
)
def test_networks_of_torchvision_have_their_map_found(name, size, kind, grid, layer_name, first, block):
    module = of_torchvision(name)
    layer = find_layer(module, size, name)
    assert (layer.name, layer.layout.kind, layer.layout.grid) == (layer_name, kind, grid)
    assert layer.layout.prefix == (1 if kind == TOKENS else 0)
    assert layer.placement.traced
    assert layer.placement.offset == (first, first)
    assert block is None or layer.block == block
    assert depends_everywhere(module, layer, size)
    assert not any(part._forward_hooks for part in module.modules())


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_other_classifiers_of_torchvision_have_a_map(name):
    module = of_torchvision(name)
    side = getattr(module, "image_size", 299 if name == "inception_v3" else 224)
    layer = find_layer(module, (side, side), name)
    assert layer.placement.traced
    assert 6 <= layer.layout.grid[0] == layer.layout.grid[1] <= 16
    assert depends_everywhere(module, layer, (side, side))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "side"), [("alexnet", 224), ("squeezenet1_0", 224), ("densenet121", 416)])
def test_cells_of_torchvision_lie_where_the_network_looks(name, side):
    module = of_torchvision(name)
    layer = find_layer(module, (side, side))
    (cells, _), (first, _), (stride, _) = layer.layout.grid, layer.placement.offset, layer.placement.stride
    # Without padding cells stand closer than the image divided by their number, by which the middle one is told.
    expected = first + (stride - side / cells) * (cells // 2)
    assert np.allclose(looks_at(module, layer, (side, side)), expected, atol=3)


class Logits(nn.Module):
    """A network of transformers as one that gives logits."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, inputs):
        return self.network(inputs).logits


_VIT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "patch_size": 16}
_SWIN = {"embed_dim": 8, "depths": [1, 1, 2], "num_heads": [1, 2, 4], "window_size": 4, "patch_size": 4}
_CONV = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}
_SQUARE = (64, 64)

#: Class without ``ForImageClassification``, of its config, its arguments, (H, W), grid, prefix tokens, layer.
TRANSFORMERS = [
    ("ViT", "ViT", _VIT, WIDE, (4, 6), 1, "vit.layers.1.layernorm_before"),
    ("DeiT", "DeiT", _VIT, WIDE, (4, 6), 2, "deit.layers.1.layernorm_before"),
    # The mean of the patches is pooled, the class token left out.
    ("Beit", "Beit", _VIT, _SQUARE, (4, 4), 1, "beit.layers.1"),
    ("Beit", "Beit", {**_VIT, "use_mean_pooling": False}, _SQUARE, (4, 4), 1, "beit.layers.1.layernorm_before"),
    ("Swin", "Swin", _SWIN, WIDE, (4, 6), 0, "swin.layernorm"),
    ("Swinv2", "Swinv2", _SWIN, WIDE, (4, 6), 0, "swinv2.layernorm"),
    ("ConvNext", "ConvNext", _CONV, WIDE, (2, 3), 0, "convnext.encoder.stages.3"),
    ("ConvNextV2", "ConvNextV2", _CONV, WIDE, (2, 3), 0, "convnextv2.encoder.stages.3"),
    ("ResNet", "ResNet", {**_CONV, "embedding_size": 8}, WIDE, (2, 3), 0, "resnet.encoder.stages.3"),
    ("MobileNetV1", "MobileNetV1", {"depth_multiplier": 0.25}, WIDE, (2, 3), 0, "mobilenet_v1.layer.25"),
    ("MobileNetV2", "MobileNetV2", {"depth_multiplier": 0.35}, WIDE, (2, 3), 0, "mobilenet_v2.conv_1x1"),
]


def of_transformers(kind, arguments, size):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    # Those of convolutions have no size of their own.
    sized = {"image_size": size if size != _SQUARE else size[0]} if "patch_size" in arguments else {}
    config = getattr(transformers, f"{kind}Config")(**arguments, **sized, num_labels=5)
    return awake(Logits(getattr(transformers, f"{kind}ForImageClassification")(config)))


@pytest.mark.parametrize(
    ("kind", "config", "arguments", "size", "grid", "prefix", "layer_name"),
    TRANSFORMERS,
    ids=[f"{each[0]}-{each[-1]}" for each in TRANSFORMERS],
)
def test_networks_of_transformers_have_their_map_found(kind, config, arguments, size, grid, prefix, layer_name):
    module = of_transformers(config, arguments, size)
    layer = find_layer(module, size, kind)
    assert layer.name == f"network.{layer_name}"
    assert (layer.layout.grid, layer.layout.prefix) == (grid, prefix)
    assert layer.placement.traced
    assert depends_everywhere(module, layer, size)
    if layer.layout.kind == TOKENS:
        noise = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0))
        assert_places_correspond(module, layer, noise)


class Texts(nn.Module):
    """An image tower whose classes are texts."""

    def __init__(self, visual, width, n_classes=5):
        super().__init__()
        self.visual = visual
        generator = torch.Generator().manual_seed(1)
        self.register_buffer(
            "texts", nn.functional.normalize(torch.randn(width, n_classes, generator=generator), dim=0)
        )

    def forward(self, inputs):
        seen = self.visual(inputs)
        seen = seen[0] if isinstance(seen, tuple) else seen
        return 100 * nn.functional.normalize(seen, dim=-1) @ self.texts


def vision_transformer(size, **more):
    open_clip = pytest.importorskip("open_clip")
    return open_clip.transformer.VisionTransformer(size, 16, 32, 2, 2, 4, output_dim=8, **more)


def of_timm(name, pool, proj, side):
    open_clip = pytest.importorskip("open_clip")
    return open_clip.timm_model.TimmModel(name, 8, image_size=side, pool=pool, proj=proj)


def resnet_with_attention():
    open_clip = pytest.importorskip("open_clip")
    return open_clip.modified_resnet.ModifiedResNet((1, 1, 1, 1), 8, 4, image_size=64, width=8)


_COCA = {"attentional_pool": True, "attn_pooler_heads": 2, "attn_pooler_queries": 16, "output_tokens": True}
_CLIPA = {"pool_type": "avg", "final_ln_after_pool": True, "no_ln_pre": True}
#: Tower, (H, W), grid, prefix tokens, layer, pixel of the first cell.
OPEN_CLIP = {
    "ViT": (lambda: vision_transformer(WIDE), WIDE, (4, 6), 1, "transformer.resblocks.1.ln_1", 7.5),
    "ViT of CLIPA": (lambda: vision_transformer(WIDE, **_CLIPA), WIDE, (4, 6), 1, "transformer", 7.5),
    # Its pooler asks with 16 queries, which are no places although there are as many of both.
    "ViT of CoCa": (lambda: vision_transformer(_SQUARE, **_COCA), _SQUARE, (4, 4), 1, "attn_pool.ln_k", 7.5),
    # Convolutions of 3 with a padding of 1 and four pools of 2 (one in each later stage and in the stem).
    "ResNet": (resnet_with_attention, _SQUARE, (2, 2), 0, "layer4", 15),
    "ConvNeXt": (lambda: of_timm("convnext_atto", "", "linear", 64), WIDE, (2, 3), 0, "trunk.stages", 15.5),
    "timm's ViT": (
        *(lambda: of_timm("vit_tiny_patch16_224", "token", "linear", 224), (224, 224), (14, 14), 1),
        *("trunk.blocks.11.norm1", 7.5),
    ),
    "FastViT": (lambda: of_timm("fastvit_t8", "avg", "linear", 64), WIDE, (2, 3), 0, "trunk.final_conv", 0),
}


def clip(name):
    torch.manual_seed(0)
    tower, size, *_ = OPEN_CLIP[name]
    return awake(Texts(tower(), 8)), size


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name in ("FastViT", "timm's ViT") else name for name in OPEN_CLIP],
)
def test_towers_of_open_clip_have_their_map_found_whose_class_is_a_text(name):
    module, size = clip(name)
    _, _, grid, prefix, layer_name, first = OPEN_CLIP[name]
    layer = find_layer(module, size, name)
    assert layer.name == f"visual.{layer_name}"
    assert (layer.layout.grid, layer.layout.prefix) == (grid, prefix)
    assert layer.placement.traced
    assert layer.placement.offset == (first, first)
    assert depends_everywhere(module, layer, size)
    # The tower itself ends behind the block, but most of it ran before.
    assert "visual" not in layer.after


def test_the_map_of_one_text_is_not_that_of_another():
    module, size = clip("ViT")
    explainer = Explainer(wide_model(module))
    found = [explainer.explain(noise_images(1, 96)[:, : size[0]], target=Target.of_class(text)) for text in (0, 1)]
    assert found[0].grid.shape == (1, 4, 6)
    assert not np.allclose(found[0].grid, found[1].grid)


def wide_model(module):
    model = wrapped(module)
    model.transform = {**model.transform, "input_size": [3, *WIDE]}
    return model


def test_a_reduced_head_has_the_map_of_its_network_and_of_the_class_that_it_kept():
    network = of_transformers("ViT", _VIT, WIDE)
    reduced = Reduced(network, (3, 1)).eval()
    layer = find_layer(reduced, WIDE)
    assert layer.name == "network.network.vit.layers.1.layernorm_before"
    assert layer.block == ("network.network.vit.layers.1",)
    assert layer.after == ("network.network.vit.layernorm", "network.network.classifier")
    images = noise_images(1, 96)[:, : WIDE[0]]
    kept = Explainer(wide_model(reduced)).explain(images, target=Target.of_class(0))
    whole = Explainer(wide_model(network)).explain(images, target=Target.of_class(3))
    assert np.allclose(kept.grid, whole.grid, atol=1e-6)


class Padded(nn.Module):
    """Tokens whose number alone does not tell their grid: 4x6 behind a class token are 25, as 5x5 are."""

    num_prefix_tokens = 1


def test_what_a_wrapped_network_declares_is_found():
    inner = awake(torchvision.models.get_model("resnet18", weights=None, num_classes=5))
    inner.declared = Padded()
    assert _declared_prefix(Reduced(inner, (0,))) == 1
    assert _declared_prefix(Places()) is None


def test_a_grid_that_was_followed_goes_before_one_that_is_guessed():
    # 25 tokens on a square image of 5x5 places, or of 4x4 behind nine others.
    assert layout_of((1, 25, 8), (80, 80)).grid == (5, 5)
    assert layout_of((1, 25, 8), (80, 80), traced=(4, 4)) == Layout(TOKENS, (4, 4), 8, 9)
    # What has too few or too many tokens for it is read as without it.
    assert layout_of((1, 25, 8), (80, 80), traced=(40, 40)).grid == (5, 5)


class Boxed(Places):
    """The same, with its map inside an object by names, beside what is none."""

    class Box(nn.Module):
        def forward(self, inputs):
            return {"text": "a map", "map": inputs * 1.0, "more": None}

    def __init__(self, box=None):
        super().__init__()
        self.box = box or self.Box()

    def forward(self, inputs):
        found = self.box(self.act(self.pool(inputs)))
        found = found if isinstance(found, dict) else {"map": found[0]}
        return self.head(found["map"].mean(dim=(2, 3)))


class Tupled(nn.Module):
    def forward(self, inputs):
        return inputs * 1.0, None


class Pooled(nn.Module):
    """Gives its map and, beside it, what was already made of it: the map alone changes nothing any more."""

    def forward(self, inputs):
        return inputs * 1.0, inputs.mean(dim=(2, 3))


@pytest.mark.parametrize("box", [None, Tupled()])
def test_a_map_inside_what_a_layer_gives_is_found_and_explained(box):
    plain, boxed = (Explainer(wrapped(each)) for each in (Places(), Boxed(box)))
    image = np.zeros((1, 32, 32, 3), np.uint8)
    image[0, :8, 8:16, 0] = 255
    assert boxed.layer.name == "box"
    assert np.allclose(boxed.explain(image).grid, plain.explain(image).grid)


def test_a_map_beside_what_was_made_of_it_is_not_the_one_to_change():
    module = Boxed(Pooled())
    assert find_layer(module.eval(), (32, 32)).name == "act"


def test_what_was_given_by_a_layer_stays_as_it_was():
    box = Boxed.Box()
    given = {}
    box.register_forward_hook(lambda _m, _i, output: given.setdefault("first", output) and None)
    module = Boxed(box).eval()
    with tapped(module, "box", gradients=True) as caught:
        module(torch.rand(1, 3, 32, 32))
    assert given["first"]["map"] is not caught[0]
    assert not given["first"]["map"].requires_grad
    assert tensor_in({"a": "text", "b": caught[0]}) is caught[0]
    assert tensor_in("text") is None


class Runtime(nn.Module):
    """What no torch runs."""

    no_gradients = "it runs in another runtime, which gives no gradients."

    def forward(self, inputs):
        return torch.zeros(len(inputs), 1000)


class Undifferentiable(nn.Module):
    """What forgets its gradients on the way."""

    def forward(self, inputs):
        return torch.from_numpy(np.zeros((len(inputs), 1000), np.float32)) + inputs.detach().mean()


class Numpy(nn.Module):
    def forward(self, inputs):
        return torch.from_numpy(inputs.numpy().reshape(len(inputs), -1)[:, :1000])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (Runtime(), "because it runs in another runtime, which gives no gradients."),
        (Reduced(Runtime(), (0, 1)), "because it runs in another runtime, which gives no gradients."),
        (Undifferentiable(), "differentiated|recorded|ReLU"),
        (Numpy(), "running it with gradients recorded fails .RuntimeError: Can't call numpy|ReLU"),
    ],
    ids=["runtime", "reduced", "detached", "numpy"],
)
def test_what_has_no_gradients_is_refused_by_name(module, reason, method):
    with pytest.raises(
        NotAvailableError, match=r"(saliency|Guided Grad-CAM) is not available for places, because .*"
    ) as refused:
        Explainer(wrapped(module)).explain(np.zeros((1, 32, 32, 3), np.uint8), method)
    assert re.search(reason, str(refused.value))
    assert not str(refused.value).endswith("..")


def test_blocks_that_are_put_together_again_are_the_old_cells():
    def windows(x):
        cut = x.reshape(1, 4, 4, 4, 6, 4).permute(0, 2, 4, 3, 5, 1).reshape(1, 24, 16, 4)
        cut = (cut @ cut.transpose(-1, -2)).softmax(-1) @ cut
        return cut.reshape(1, 4, 6, 4, 4, 4).permute(0, 5, 1, 3, 2, 4).reshape(1, 4, 16, 24)

    tracer, output = traced(windows)
    assert tracer.of(output, (16, 24)) == Placement.of_pixels((16, 24))


def test_guided_maps_need_activations_that_are_modules():
    with pytest.raises(NotAvailableError, match="this one has none as modules"):
        guided_copy(Runtime(), "runtime")


def test_activations_of_other_libraries_are_no_relus():
    with pytest.raises(NotAvailableError, match="this one uses GELUActivation"):
        guided_copy(of_transformers("ViT", _VIT, WIDE), "vit")
