"""Maps lie on what the network has looked at: a bright spot, or what moves a cell's value."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from core.saliency.explain import Explainer, upsampled
from core.saliency.layers import find_layer
from core.saliency.layout import Tracer, drawn
from core.saliency.placement import Placement
from tests.saliency.test_explain import wrapped
from tests.saliency.test_layers import network

SIDE = 99


class Halving(nn.Module):
    """A convolution that halves the grid, of one channel: each cell is mostly its middle pixel."""

    def __init__(self, padding):
        super().__init__()
        self.padding = padding
        self.conv = nn.Conv2d(1, 1, 3, stride=2, bias=False)
        with torch.no_grad():
            self.conv.weight.copy_(torch.tensor([1.0, 2, 1])[:, None] * torch.tensor([1.0, 2, 1]) / 16)

    def forward(self, inputs):
        return self.conv(functional.pad(inputs, self.padding))


class Spots(nn.Module):
    """How bright each place is, seen through a stem; the first class is for it."""

    def __init__(self, *stem):
        super().__init__()
        self.grey = nn.Conv2d(3, 1, 1)
        self.stem = nn.Sequential(*stem)
        self.act = nn.ReLU()
        self.head = nn.Linear(1, 1000)
        with torch.no_grad():
            self.grey.weight.fill_(1 / 3)
            # Black, normalised, is -1.
            self.grey.bias.fill_(1.0)
            self.head.weight.zero_()[0] = 1.0
            self.head.bias.zero_()

    def forward(self, inputs):
        return self.head(self.act(self.stem(self.grey(inputs))).mean(dim=(2, 3)))


def patches():
    conv = nn.Conv2d(1, 1, 8, stride=8, bias=False)
    nn.init.constant_(conv.weight, 1 / 64)
    return conv


def stacked(*padding):
    return [Halving(padding) for _ in range(3)]


#: Stem, side of the image, where cell 0 lies. The side of 99 px gives 11 cells where nothing is padded.
STEMS = {
    "symmetric": (stacked(1, 1, 1, 1), 96, 0),
    "none": (stacked(0, 0, 0, 0), SIDE, 1 + 2 + 4),
    "before": (stacked(2, 0, 2, 0), 96, -1 - 2 - 4),
    "same as TensorFlow": (stacked(0, 1, 0, 1), 96, 1 + 2 + 4),
    "patches": ([patches()], 96, 3.5),
    "pools": ([nn.MaxPool2d(2), nn.AvgPool2d(2), nn.MaxPool2d(2)], 96, 0.5 + 1 + 2),
}


def spot(side, row, column):
    """A black image with a bright square of which that is the middle: 3 or, between pixels, 4 px wide."""
    image = np.zeros((side, side, 3), np.uint8)
    rows, columns = (slice(int(np.ceil(at - 1.5)), int(np.floor(at + 1.5)) + 1) for at in (row, column))
    image[rows, columns] = 255
    return image


def middle_of_maximum(values):
    return tuple(float(places.mean()) for places in np.nonzero(values >= values.max() * (1 - 1e-6)))


@pytest.mark.parametrize("name", STEMS)
@pytest.mark.parametrize("method", ["grad-cam", "grad-cam++", "layer-cam", "score-cam"])
def test_the_maximum_of_a_map_is_at_the_bright_spot(name, method):
    stem, side, first = STEMS[name]
    row, column = first + 8 * 5, first + 8 * 3
    explainer = Explainer(wrapped(Spots(*stem), side))
    found = explainer.explain(spot(side, row, column)[None], method)
    assert explainer.layer.placement.traced
    assert middle_of_maximum(found.grid[0]) == (5, 3)
    assert middle_of_maximum(found.values[0]) == (row, column)


def test_score_cam_masks_the_image_where_its_channel_looks():
    stem, side, _ = STEMS["symmetric"]
    model = wrapped(Spots(*stem), side)
    explainer, seen = Explainer(model), []
    assert explainer.layer.placement.offset == (0, 0)
    model.module.grey.register_forward_hook(lambda _m, inputs, _o: seen.append(inputs[0]))
    explainer.explain(spot(side, 40, 24)[None], "score-cam")
    whole, masked = (inputs[0, 0] for inputs in seen)
    # Along an axis the cell gets 8 of 64 from the middle of the spot and 7 (4 + 2 + 1, by three ways) from either side,
    # the cells beside it 1 from the near side: the mask is 1 at the one and 1/22 at the others, 8 px away. Black is -1.
    assert masked[40, 24] == pytest.approx(1)
    assert masked[40, 25] == pytest.approx(7 / 8 + 1 / 8 / 22)
    assert masked[40, [20, 28]].tolist() == pytest.approx([-(1 + 1 / 22) / 2] * 2)
    assert not masked[:, 40:].any()
    assert whole[0, 0] == -1


@pytest.mark.parametrize("grid", [(2, 3), (7, 7), (1, 4)])
def test_cells_that_share_the_image_evenly_are_drawn_as_torch_does(grid):
    maps = torch.rand(2, *grid, generator=torch.Generator().manual_seed(0))
    expected = functional.interpolate(maps[:, None], size=(64, 96), mode="bilinear", align_corners=False)[:, 0]
    assert torch.allclose(drawn(maps, (64, 96), Placement.even(grid, (64, 96))), expected, atol=1e-6)
    assert np.allclose(upsampled(maps.numpy(), (64, 96)), expected, atol=1e-6)


def looks_at(module, layer, size):
    """Centre of the squared gradient of nine cells by the image, less what their strides explain: (row, column) px."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(4, 3, *size, generator=generator).requires_grad_(True)
    caught = []
    handle = module.get_submodule(layer.name).register_forward_hook(lambda _m, _i, output: caught.append(output))
    module(images.clone())
    handle.remove()
    output = layer.layout.channels_first(caught[0])
    middle = [cells // 2 for cells in layer.layout.grid]
    places = []
    for cell in [(middle[0] + row, middle[1] + column) for row in (-1, 0, 1) for column in (-1, 0, 1)]:
        weights = torch.randn(output.shape[:2], generator=generator)
        score = (output[:, :, cell[0], cell[1]] * weights).sum()
        (gradient,) = torch.autograd.grad(score, images, retain_graph=True)
        moved = gradient.square().sum(dim=(0, 1)).numpy()
        centre = [(moved.sum(axis=1 - axis) * np.arange(size[axis])).sum() / moved.sum() for axis in (0, 1)]
        places.append([centre[axis] - size[axis] / layer.layout.grid[axis] * cell[axis] for axis in (0, 1)])
    return np.mean(places, axis=0)


#: timm name, side of the image, where cell 0 lies: five convolutions or pools of stride 2 give 1 + 2 + 4 + 8 + 16 with
#: TensorFlow's padding and 0 with symmetric padding; patches lie at (side - 1) / 2.
FAMILIES = [
    ("resnet18", 416, 0),
    ("mobilenetv2_100", 416, 0),
    ("tf_mobilenetv3_small_minimal_100", 416, 31),
    ("tf_efficientnet_lite0", 416, 31),
    ("vgg11", 224, 15.5),
    ("convnext_atto", 224, 15.5),
    ("swin_tiny_patch4_window7_224", 224, 15.5),
    ("test_vit", 160, 7.5),
]


#: Those that are quick to look through.
QUICK = ("convnext_atto", "test_vit", "tf_mobilenetv3_small_minimal_100")


@pytest.mark.parametrize(
    ("name", "side", "first"),
    [pytest.param(*family, id=family[0], marks=[] if family[0] in QUICK else pytest.mark.slow) for family in FAMILIES],
)
def test_cells_lie_where_the_network_looks(name, side, first):
    module = network(name, (side, side))
    layer = find_layer(module, (side, side), name)
    assert layer.placement.traced
    assert layer.placement.offset == (first, first)
    assert np.allclose(looks_at(module, layer, (side, side)), first, atol=3)


def traced(operation, size=(16, 24)):
    image = torch.zeros(1, 4, *size)
    tracer = Tracer(image)
    with tracer:
        output = operation(image)
    return tracer, output


@pytest.mark.parametrize(
    ("operation", "grid", "offset", "stride"),
    [
        (lambda x: x[:, :, 1::2, -4:], (8, 4), (1, 20), (2, 1)),
        (lambda x: functional.pad(x, (3, 0, 0, 1), mode="reflect"), (17, 27), (0, -3), (1, 1)),
        (lambda x: functional.avg_pool2d(x, 2), (8, 12), (0.5, 0.5), (2, 2)),
        (lambda x: functional.max_pool2d(x, 3, 2, 1), (8, 12), (0, 0), (2, 2)),
        (lambda x: functional.adaptive_avg_pool2d(x, (4, 6)), (4, 6), (1.5, 1.5), (4, 4)),
        (lambda x: functional.interpolate(x, scale_factor=2), (32, 48), (-0.25, -0.25), (0.5, 0.5)),
        (
            lambda x: functional.conv2d(x, torch.ones(1, 4, 3, 3), stride=2, padding=1) * x.mean(),
            (8, 12),
            (0, 0),
            (2, 2),
        ),
        # The pool's cells lie at half a pixel, those of the convolution at whole ones.
        (
            lambda x: functional.avg_pool2d(x, 2) + functional.conv2d(x, torch.ones(4, 4, 1, 1), stride=2),
            (8, 12),
            (0.25, 0.25),
            (2, 2),
        ),
    ],
)
def test_operations_move_cells(operation, grid, offset, stride):
    tracer, output = traced(operation)
    placed = tracer.of(output, grid)
    assert (placed.grid, placed.offset, placed.stride) == (grid, offset, stride)


def test_tokens_lie_where_their_patches_lay_before_attention_and_a_class_token():
    def tokens(image):
        patches = functional.conv2d(image, torch.ones(8, 4, 4, 4), stride=4).flatten(2).transpose(1, 2)
        both = torch.cat([torch.zeros(1, 1, 8), patches], dim=1)
        return both + functional.scaled_dot_product_attention(both, both, both)

    tracer, output = traced(tokens)
    assert tracer.of(output, (4, 6)) == Placement((4, 6), (1.5, 1.5), (4.0, 4.0))


def test_blocks_of_pixels_that_become_channels_lie_at_their_middle():
    tracer, output = traced(lambda x: x.reshape(1, 4, 8, 2, 12, 2).permute(0, 1, 3, 5, 2, 4).flatten(1, 3))
    assert output.shape == (1, 16, 8, 12)
    assert tracer.of(output, (8, 12)) == Placement((8, 12), (0.5, 0.5), (2.0, 2.0))


def test_what_cannot_be_followed_has_no_place():
    # Columns of overlapping patches, which no rule is for.
    tracer, output = traced(lambda x: functional.unfold(x, 2, stride=2).reshape(1, 16, 8, 12))
    assert tracer.of(output, (8, 12)) is None
    assert tracer.of(torch.zeros(1, 4, 8, 12), (8, 12)) is None


class Unfolded(nn.Module):
    def forward(self, inputs):
        side = inputs.shape[2] // 8
        return functional.unfold(inputs, 8, stride=8).unflatten(2, (side, side)).mean(dim=1, keepdim=True)


def test_a_network_that_cannot_be_followed_has_its_cells_share_the_image_evenly():
    explainer = Explainer(wrapped(Spots(Unfolded()), 96))
    assert explainer.layer.placement == Placement((12, 12), (3.5, 3.5), (8.0, 8.0), traced=False)
    found = explainer.explain(spot(96, 43.5, 27.5)[None])
    assert middle_of_maximum(found.values[0]) == (43.5, 27.5)
