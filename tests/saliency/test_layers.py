"""The layer and its grid, found on random weights of a small variant of every family."""

import pytest
import timm
import torch
from torch import nn

from core import models
from core.errors import NotAvailableError
from core.saliency.explain import Explainer
from core.saliency.layers import find_layer
from core.saliency.layout import Layout, layout_of
from core.saliency.tap import tapped
from tests.conftest import TOY_TRANSFORM

FIRST, LAST, TOKENS = "channels-first", "channels-last", "tokens"
#: Wider than high, so that rows and columns cannot be mixed up unnoticed: 2x3 places at stride 32, 4x6 at 16.
WIDE = (64, 96)
CNN = (2, 3)
PATCHES = (4, 6)

#: timm name, (H, W), kind, grid, prefix tokens, layer. The layers are those that the forward pass of each family reads
#: its pooled features or, for class tokens, its last keys and values from.
FAMILIES = [
    ("resnet18", WIDE, FIRST, CNN, 0, "layer4"),
    ("resnext50_32x4d", WIDE, FIRST, CNN, 0, "layer4"),
    ("wide_resnet50_2", WIDE, FIRST, CNN, 0, "layer4"),
    ("regnetx_002", WIDE, FIRST, CNN, 0, "s4"),
    ("regnety_002", WIDE, FIRST, CNN, 0, "s4"),
    ("efficientnet_b0", WIDE, FIRST, CNN, 0, "bn2"),
    ("mobilenetv1_100", WIDE, FIRST, CNN, 0, "blocks"),
    ("mobilenetv2_050", WIDE, FIRST, CNN, 0, "bn2"),
    ("mobilenetv3_small_050", WIDE, FIRST, CNN, 0, "blocks"),
    ("mobilenetv4_conv_small_035", WIDE, FIRST, CNN, 0, "blocks"),
    ("mobilenetv4_hybrid_medium", WIDE, FIRST, CNN, 0, "blocks"),
    ("densenet121", WIDE, FIRST, CNN, 0, "features"),
    ("vgg11", WIDE, FIRST, CNN, 0, "features"),
    ("convnext_atto", WIDE, FIRST, CNN, 0, "stages"),
    ("dm_nfnet_f0", WIDE, FIRST, CNN, 0, "final_act"),
    ("vit_tiny_patch16_224", WIDE, TOKENS, PATCHES, 1, "blocks.11.norm1"),
    ("vit_medium_patch16_gap_240", WIDE, TOKENS, PATCHES, 0, "norm"),
    ("vit_betwixt_patch16_reg1_gap_256", WIDE, TOKENS, PATCHES, 1, "blocks"),
    ("vit_small_patch14_reg4_dinov2", (56, 84), TOKENS, PATCHES, 5, "blocks.11.norm1"),
    ("deit_tiny_patch16_224", WIDE, TOKENS, PATCHES, 1, "blocks.11.norm1"),
    ("deit_tiny_distilled_patch16_224", WIDE, TOKENS, PATCHES, 2, "blocks.11.norm1"),
    ("eva02_tiny_patch14_224", (56, 84), TOKENS, PATCHES, 1, "blocks.11"),
    ("cait_xxs24_224", WIDE, TOKENS, PATCHES, 1, "blocks_token_only.1.norm1"),
    ("swin_tiny_patch4_window7_224", WIDE, LAST, CNN, 0, "norm"),
    ("swinv2_cr_tiny_ns_224", WIDE, FIRST, CNN, 0, "stages"),
    ("maxvit_rmlp_pico_rw_256", WIDE, FIRST, CNN, 0, "norm"),
    ("coatnet_pico_rw_224", WIDE, FIRST, CNN, 0, "norm"),
    ("mixer_s32_224", WIDE, TOKENS, CNN, 0, "norm"),
    ("poolformer_s12", WIDE, FIRST, CNN, 0, "stages"),
    ("caformer_s18", WIDE, FIRST, CNN, 0, "stages"),
    ("mambaout_femto", (128, 192), LAST, PATCHES, 0, "stages"),
    ("levit_128s", (224, 224), TOKENS, (4, 4), 0, "stages"),
]
#: Those that take a second and more on one core.
LARGE = (
    *("wide_resnet50_2", "resnext50_32x4d", "dm_nfnet_f0", "densenet121", "vgg11", "mobilenetv4_hybrid_medium"),
    *("vit_medium_patch16_gap_240", "vit_betwixt_patch16_reg1_gap_256", "vit_small_patch14_reg4_dinov2"),
    *("swin_tiny_patch4_window7_224", "caformer_s18"),
)


def network(name, size):
    torch.manual_seed(0)
    try:
        module = timm.create_model(name, pretrained=False, num_classes=5, img_size=size)
    except TypeError:
        module = timm.create_model(name, pretrained=False, num_classes=5)
    return awake(module)


def awake(module):
    """A network through which everything counts."""
    # Some families start with weights of zero, from which nothing depends on the image.
    for part in module.modules():
        for parameter in part.parameters(recurse=False):
            if parameter.ndim > 1 and not parameter.any():
                nn.init.normal_(parameter, std=0.02)
        # Or with residual branches that a norm's weight of zero switches off.
        weight = getattr(part, "weight", None)
        if isinstance(weight, nn.Parameter) and weight.ndim == 1 and not weight.any():
            nn.init.ones_(weight)
    return module.eval()


def output_at(module, layer, inputs):
    with tapped(module, layer.name, gradients=False) as caught:
        module(inputs)
    return layer.layout.channels_first(caught[0])


@pytest.mark.parametrize(
    ("name", "size", "kind", "grid", "prefix", "layer_name"),
    [pytest.param(*family, id=family[0], marks=pytest.mark.slow if family[0] in LARGE else []) for family in FAMILIES],
)
def test_every_family_has_its_map_found(name, size, kind, grid, prefix, layer_name):
    module = network(name, size)
    layer = find_layer(module, size, name)
    assert (layer.layout.kind, layer.layout.grid, layer.layout.prefix) == (kind, grid, prefix)
    assert layer.name == layer_name
    assert layer.placement.traced
    assert not any(part._forward_hooks for part in module.modules())

    noise = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0))
    with tapped(module, layer.name, gradients=True) as caught:
        scores = module(noise)
        (gradient,) = torch.autograd.grad(scores[0, 0], caught[0])
    assert layer.layout.channels_first(gradient).shape == (1, layer.layout.channels, *grid)
    assert (layer.layout.channels_first(gradient) != 0).any(dim=1).all(), "the score depends on every place"
    # LeViT with random weights attends to all places alike, so that every place of its map shows the whole image.
    if kind != FIRST and name != "levit_128s":
        assert_places_correspond(module, layer, noise)


def assert_places_correspond(module, layer, noise):
    """What changes on the left, or at the top, of the image changes the left, or the top, of the map."""
    (height, width), (rows, columns) = noise.shape[2:], layer.layout.grid
    inputs = (0.1 * noise).repeat(5, 1, 1, 1)
    inputs[1, :, :, : width // 2] += noise[0, :, :, : width // 2]
    inputs[2, :, :, width // 2 :] += noise[0, :, :, width // 2 :]
    inputs[3, :, : height // 2] += noise[0, :, : height // 2]
    inputs[4, :, height // 2 :] += noise[0, :, height // 2 :]
    output = output_at(module, layer, inputs)
    left, right, top, bottom = (output[1:] - output[:1]).square().sum(dim=1)
    # Of what changes at a place, the share that each half of the image causes.
    by_left, by_top = left / (left + right), top / (top + bottom)
    assert by_left[:, : columns // 2].mean() > by_left[:, -(columns // 2) :].mean() + 0.1
    assert by_top[: rows // 2].mean() > by_top[-(rows // 2) :].mean() + 0.1


def test_a_channel_last_output_is_told_from_a_channel_first_one_by_the_image():
    # At 224 px and stride 32 there are 7x7 places; 7x768 places would need two different strides.
    assert layout_of((1, 7, 7, 768), (224, 224)) == Layout("channels-last", (7, 7), 768)
    assert layout_of((1, 768, 7, 7), (224, 224)) == Layout("channels-first", (7, 7), 768)


def test_known_channel_counts_decide_where_both_readings_fit():
    # On 64x128 px this is 8 channels of 16x32 places at stride 4, or 8x16 places at stride 8 with 32 channels.
    shape, size = (1, 8, 16, 32), (64, 128)
    assert layout_of(shape, size, channels=frozenset({8})) == Layout("channels-first", (16, 32), 8)
    assert layout_of(shape, size, channels=frozenset({32})) == Layout("channels-last", (8, 16), 32)
    assert layout_of(shape, size).kind == "channels-first"


def test_tokens_before_those_of_the_image_are_counted():
    # 14x14 patches, a class token and four registers, declared or not.
    assert layout_of((1, 201, 384), (224, 224)) == Layout("tokens", (14, 14), 384, 5)
    assert layout_of((1, 201, 384), (224, 224), prefix=5) == Layout("tokens", (14, 14), 384, 5)


def test_a_grid_of_tokens_has_the_proportions_of_the_image():
    # 24 tokens are 4x6 on a wide image and 6x4 on a high one.
    assert layout_of((1, 24, 8), (64, 96)).grid == (4, 6)
    assert layout_of((1, 24, 8), (96, 64)).grid == (6, 4)


def test_tokens_become_a_grid_row_by_row():
    tokens = torch.tensor([9.0, 0, 1, 2, 3, 4, 5]).reshape(1, 7, 1)
    grid = Layout("tokens", (2, 3), 1, prefix=1).channels_first(tokens)
    assert grid.tolist() == [[[[0, 1, 2], [3, 4, 5]]]]


@pytest.mark.parametrize("shape", [(1, 1000), (1, 512, 1, 1), (1, 512, 7, 1), (1, 5)])
def test_what_has_no_two_places_each_way_is_no_map(shape):
    assert layout_of(shape, (224, 224)) is None


class Flat(nn.Module):
    """A classifier that sees no places: colours only."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 1000)

    def forward(self, inputs):
        return self.head(inputs.mean(dim=(2, 3)))


def test_a_network_without_places_is_refused_with_the_reason():
    with pytest.raises(NotAvailableError, match="not available for flat, because none of its layers has a map"):
        find_layer(Flat().eval(), (32, 32), "flat")


def test_at_a_small_input_an_earlier_map_is_taken():
    # At 32 px stride 32 leaves a single place, stride 16 leaves 2x2.
    layer = find_layer(network("resnet18", (32, 32)), (32, 32))
    assert layer.layout.grid == (2, 2)
    assert layer.name == "layer3"


class FirstPlaceOnly(Flat):
    """A map of which one place counts."""

    def __init__(self):
        super().__init__()
        self.features = nn.Conv2d(3, 3, 8, stride=8)

    def forward(self, inputs):
        return self.head(self.features(inputs)[:, :, 0, 0])


def test_a_map_that_hardly_counts_for_the_score_is_refused_with_the_reason():
    with pytest.raises(NotAvailableError, match="no layer has a map of which every place still counts"):
        find_layer(FirstPlaceOnly().eval(), (32, 32), "first")


def test_a_network_with_two_scales_side_by_side_is_refused_with_both():
    # Each branch of CrossViT ends in a class token of its own; the scores are the mean of two heads.
    with pytest.raises(
        NotAvailableError, match=r"several maps at once \(.* with 20x20 places and .* with 14x14 places\)"
    ):
        find_layer(network("crossvit_tiny_240", (240, 240)), (240, 240), "crossvit")


def test_a_layer_is_found_in_the_inference_mode_of_the_caller():
    module = network("test_vit", (160, 160))
    with torch.inference_mode():
        assert find_layer(module, (160, 160)).name == "blocks.5.norm1"


def test_a_head_of_zeros_is_refused_with_the_reason():
    module = network("test_resnet", (64, 64))
    nn.init.zeros_(module.fc.weight)
    with pytest.raises(NotAvailableError, match="weights of zero"):
        find_layer(module, (64, 64), "untrained")


def test_probing_leaves_no_gradient_and_no_hook_even_when_the_network_fails():
    module = network("test_resnet", (64, 64))
    module.fc.register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        find_layer(module, (64, 64))
    assert [name for name, part in module.named_modules() if part._forward_hooks] == ["fc"]
    assert all(parameter.grad is None for parameter in module.parameters())
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("name", "block"),
    [("resnet18", ("layer4.1",)), ("vit_tiny_patch16_224", ("blocks.11",)), ("convnext_atto", ("stages.3.blocks.1",))],
)
def test_the_last_block_is_the_last_element_of_the_last_stage(name, block):
    layer = find_layer(network(name, (64, 64)), (64, 64))
    assert layer.block == block
    assert layer.after[-1] in ("fc", "head", "head.fc")


def test_a_named_model_that_has_no_map_is_refused_by_the_explainer():
    model = models.from_module(Flat(), "flat", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    with pytest.raises(NotAvailableError, match="flat"):
        _ = Explainer(model).layer
