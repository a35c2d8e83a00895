"""Maps with values worked out by hand on a network of one layer, and equal to the package's where that is right."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from pytorch_grad_cam import EigenCAM, GradCAM, LayerCAM, ScoreCAM
from torch import nn

from core.errors import ModelError, NotAvailableError, UsageError
from core.models.sources import state_sha256
from core.saliency.alignment import align
from core.saliency.explain import Explainer, upsampled
from core.saliency.maps import METHODS, Saliency, Target
from core.saliency.placement import Placement
from core.types import Model
from tests.conftest import TOY_TRANSFORM
from tests.saliency.test_layers import network

RED, GREEN, NOT_RED, NOTHING = 0, 1, 2, 3
CAMS = ["grad-cam", "grad-cam++", "layer-cam", "eigen-cam", "score-cam"]


class Places(nn.Module):
    """A 4x4 grid of how red, green and blue each place is (0..1); classes add or subtract the means over places."""

    def __init__(self, gain=1.0):
        super().__init__()
        self.pool = nn.AvgPool2d(8)
        self.act = nn.ReLU(inplace=True)
        self.head = nn.Linear(3, 1000)
        nn.init.zeros_(self.head.bias)
        nn.init.zeros_(self.head.weight)
        with torch.no_grad():
            self.head.weight[RED, 0] = 2.0 * gain
            self.head.weight[GREEN, 1] = 1.0 * gain
            self.head.weight[NOT_RED, 0] = -1.0 * gain

    def forward(self, inputs):
        return self.head(self.act(self.pool(inputs)).mean(dim=(2, 3)))


def wrapped(module, size=32):
    transform = {**TOY_TRANSFORM, "input_size": [3, size, size]}
    # Some have a few outputs only, with which nobody could wrap them.
    fingerprint = state_sha256(module)
    return Model("places", "places", "none", "imagenet-1k", 1000, transform, fingerprint, module.eval())


@pytest.fixture
def places():
    return wrapped(Places())


def picture(*marks):
    """A black 32 px image with 8 px squares: (row, column, channel) on the 4x4 grid."""
    image = np.zeros((32, 32, 3), np.uint8)
    for row, column, channel in marks:
        image[8 * row : 8 * row + 8, 8 * column : 8 * column + 8, channel] = 255
    return image


def grid_with(value, row, column):
    grid = np.zeros((4, 4))
    grid[row, column] = value
    return grid


RED_AT_TOP = picture((0, 1, 0))


def test_grad_cam_is_the_class_weight_at_the_place_of_the_evidence(places):
    # The mean over 16 places has a gradient of 1/16, times the weight 2, times the activation 1.
    found = Explainer(places).explain(RED_AT_TOP[None])
    assert found.classes.tolist() == [RED]
    assert found.layer == "act"
    assert np.allclose(found.grid[0], grid_with(2 / 16, 0, 1))
    assert found.scores[0] == pytest.approx(2 / 16)
    assert found.magnitude[0] == pytest.approx(2 / 16)
    assert found.states == ["map"]


def test_layer_cam_weighs_each_place_by_its_own_gradient(places):
    found = Explainer(places).explain(RED_AT_TOP[None], "layer-cam")
    assert np.allclose(found.grid[0], grid_with(2 / 16, 0, 1))


@pytest.mark.parametrize("gain", [1.0, 1e-3, 1e-6])
def test_grad_cam_plus_plus_follows_its_equation_however_small_the_gradients(gain):
    # Equation 19 with gradient g at 16 places and activations that sum to 1: 16 g * g^2 / (2 g^2 + g^3).
    g = 2 * gain / 16
    found = Explainer(wrapped(Places(gain))).explain(RED_AT_TOP[None], "grad-cam++")
    assert found.grid[0, 0, 1] == pytest.approx(16 * g / (2 + g), rel=1e-4)


def test_eigen_cam_is_the_centred_activation_with_the_object_positive(places):
    # One place of 16 has activation 1: less the mean of 1/16 that is 15/16 there and -1/16 elsewhere.
    found = Explainer(places).explain(RED_AT_TOP[None], "eigen-cam")
    expected = np.full((4, 4), -1 / 16)
    expected[0, 1] = 15 / 16
    assert np.allclose(found.grid[0], expected, atol=1e-6)


def test_score_cam_trusts_the_channel_whose_places_keep_the_score(places):
    # Seen through green's places nothing red is left, so red's channel must weigh more.
    image = picture((0, 0, 0), (3, 3, 1))
    found = Explainer(places).explain(image[None], "score-cam", Target.of_class(RED))
    assert found.grid[0, 0, 0] > found.grid[0, 3, 3] > 0


def test_input_gradients_lie_where_the_score_can_change(places):
    # Weight 2 over 16 places over 64 pixels; places that are not lit are cut off by the ReLU.
    found = Explainer(places).explain(RED_AT_TOP[None], "input-gradients")
    assert np.allclose(found.values[0, :8, 8:16], 2 / 16 / 64)
    assert found.values[0].sum() == pytest.approx(64 * 2 / 16 / 64, rel=1e-5)
    assert np.allclose(found.colour[0, :8, 8:16], [2 / 1024, 0, 0])


def test_guided_grad_cam_is_guided_gradient_times_map(places):
    found = Explainer(places).explain(RED_AT_TOP[None], "guided-grad-cam")
    cam = Explainer(places).explain(RED_AT_TOP[None], "grad-cam")
    assert np.allclose(found.colour[0, ..., 0], np.where(found.values[0] > 0, cam.values[0] * 2 / 1024, 0))
    assert (found.values[0, :8, 8:16] > 0).all()
    assert found.values[0, 8:].max() == 0


def test_guided_grad_cam_lets_no_negative_gradient_through(places):
    found = Explainer(places).explain(RED_AT_TOP[None], "guided-grad-cam", Target.of_class(NOT_RED))
    assert found.states == ["no-evidence"]


def test_the_difference_of_two_classes_shows_for_and_against(places):
    image = picture((0, 0, 0), (3, 3, 1))
    found = Explainer(places).explain(image[None], target=Target.difference(RED, GREEN))
    assert found.grid[0, 0, 0] == pytest.approx(2 / 16)
    assert found.grid[0, 3, 3] == pytest.approx(-1 / 16)
    assert found.values[0, -8:, -8:].max() == 0
    assert found.scores[0] == pytest.approx(2 / 16 - 1 / 16)
    assert found.against.tolist() == [GREEN]


def test_an_image_without_evidence_has_a_state_and_no_picture(places):
    found = Explainer(places).explain(np.stack([RED_AT_TOP, RED_AT_TOP]), target=Target.of_class([NOT_RED, RED]))
    assert found.states == ["no-evidence", "map"]
    assert found.grid[0, 0, 1] == pytest.approx(-1 / 16)
    scaled = found.scaled()
    assert np.isnan(scaled[0]).all()
    assert scaled[1].max() == 1.0
    summary = align(found, np.ones((2, 32, 32), bool)).summary()
    assert (summary["n"], summary["n_no_map"]) == (1, 1)


@pytest.mark.parametrize("method", CAMS)
def test_overflowing_numbers_are_a_state_and_no_picture(method):
    module = Places()
    module.pool = nn.Sequential(nn.AvgPool2d(8), Overflow())
    explainer = Explainer(wrapped(Places()))
    layer = explainer.layer
    found = Explainer(wrapped(module), layer=layer).explain(RED_AT_TOP[None], method, Target.of_class(RED))
    assert found.states == ["undefined"]
    assert np.isnan(found.scaled()).all()


class Overflow(nn.Module):
    def forward(self, inputs):
        return inputs * float("nan")


def test_the_best_scoring_accepted_class_is_explained(places):
    images = np.stack([RED_AT_TOP, picture((0, 0, 1))])
    found = Explainer(places).explain(images, target=Target.best_of([[NOT_RED, NOTHING], [NOT_RED, GREEN]]))
    assert found.classes.tolist() == [NOTHING, GREEN]


def test_the_prediction_is_compared_with_a_class(places):
    found = Explainer(places).explain(RED_AT_TOP[None], target=Target.difference(None, GREEN))
    assert (found.classes[0], found.against[0]) == (RED, GREEN)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Target.of_class(1000), "classes 0 to 999"),
        (Target.of_class(-1), "class -1 does not exist"),
        (Target.of_class([1, 2, 3]), "for 3 images, but there are 2"),
        (Target.difference(RED, RED), "cannot be compared with itself"),
    ],
)
def test_targets_that_do_not_fit_are_refused(places, target, message):
    with pytest.raises(UsageError, match=message):
        Explainer(places).explain(np.stack([RED_AT_TOP] * 2), target=target)


def test_an_image_without_accepted_class_is_named():
    with pytest.raises(UsageError, match="image 1 has no accepted class"):
        Target.best_of([[1], []])


def test_unknown_methods_and_wrong_sizes_are_refused_with_what_to_use(places):
    with pytest.raises(UsageError, match="Did you mean 'grad-cam'"):
        Explainer(places).explain(RED_AT_TOP[None], "gradcam")
    with pytest.raises(UsageError, match=r"core\.images\.preprocess"):
        Explainer(places).explain(np.zeros((1, 20, 32, 3), np.uint8))


def test_no_images_give_no_maps(places):
    found = Explainer(places).explain(np.zeros((0, 32, 32, 3), np.uint8))
    assert (len(found), found.states, found.magnitude.shape) == (0, [], (0,))


def test_a_described_model_cannot_be_explained(places):
    places.module = None
    with pytest.raises(ModelError, match=r"use core\.models\.load"):
        Explainer(places)


def test_networks_with_other_activations_have_no_guided_grad_cam():
    model = wrapped(network("test_vit", (160, 160)), 160)
    model.num_classes = 5
    with pytest.raises(NotAvailableError, match="activations are ReLU, and this one uses GELU"):
        Explainer(model).explain(np.zeros((1, 160, 160, 3), np.uint8), "guided-grad-cam")


def noise_images(n, size=64):
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def small_net(name="test_resnet", size=64):
    return wrapped(network(name, (size, size)), size)


@pytest.mark.parametrize(
    "method", [pytest.param(name, marks=pytest.mark.slow) if name == "score-cam" else name for name in METHODS]
)
def test_a_batch_gives_the_maps_of_its_images(method):
    model, images = small_net(), noise_images(5)
    together = Explainer(model, batch_size=4).explain(images, method)
    for number, image in enumerate(images):
        alone = Explainer(model, batch_size=1).explain(image[None], method)
        scale = np.abs(together.grid[number]).max()
        assert np.allclose(together.grid[number], alone.grid[0], atol=1e-4 * scale)
        assert together.classes[number] == alone.classes[0]


def package_maps(kind, model, layer, inputs):
    module = model.module
    with kind(module, [module.get_submodule(layer.name)], layer.layout.channels_first) as cam:
        return np.concatenate([cam(image[None], None) for image in inputs])


def package_scaled(values):
    low = values.min(axis=(1, 2), keepdims=True)
    return (values - low) / (values - low).max(axis=(1, 2), keepdims=True)


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_efficientnet"])
@pytest.mark.parametrize(("method", "kind"), [("grad-cam", GradCAM), ("layer-cam", LayerCAM), ("score-cam", ScoreCAM)])
def test_maps_are_those_of_the_package_image_by_image(name, method, kind):
    size = 160 if name == "test_vit" else 64
    model, images = small_net(name, size), noise_images(2, size)
    # The package draws maps as if cells shared the image evenly, and Score-CAM's masks from corner to corner.
    cells = Explainer(model).layer.layout.grid
    corners = Placement(cells, (0, 0), ((size - 1) / (cells[0] - 1), (size - 1) / (cells[1] - 1)))
    explainer = Explainer(model, layer=replace(Explainer(model).layer, placement=corners))
    found = explainer.explain(images, method)
    inputs = (torch.from_numpy(images).permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
    expected = package_maps(kind, model, explainer.layer, inputs)
    assert found.states == ["map", "map"]
    assert np.allclose(package_scaled(upsampled(found.grid, (size, size))), expected, atol=2e-3)


def test_eigen_cam_is_that_of_the_package_up_to_its_sign():
    model, images = small_net(), noise_images(2)
    explainer = Explainer(model)
    inputs = (torch.from_numpy(images).permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
    expected = package_maps(EigenCAM, model, explainer.layer, inputs)
    grid = explainer.explain(images, "eigen-cam").grid
    either = [package_scaled(upsampled(sign * grid, (64, 64))) for sign in (1, -1)]
    for number in range(2):
        assert any(np.allclose(maps[number], expected[number], atol=2e-3) for maps in either)


@pytest.mark.parametrize("method", METHODS)
def test_explaining_leaves_the_network_as_it_was(method):
    model = small_net()
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    kinds = [type(part) for part in model.module.modules()]
    Explainer(model).explain(noise_images(2), method)
    assert not any(part._forward_hooks or part._backward_hooks for part in model.module.modules())
    assert [type(part) for part in model.module.modules()] == kinds
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.module.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.module.state_dict().items())
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("method", METHODS)
def test_hooks_go_and_gradients_stay_off_when_the_network_fails(method):
    model = small_net()
    explainer = Explainer(model)
    assert explainer.layer.name == "layer4"
    fail = model.module.fc.register_forward_hook(lambda *_: 1 / 0)
    with torch.no_grad():
        with pytest.raises(ZeroDivisionError):
            explainer.explain(noise_images(2), method)
        assert not torch.is_grad_enabled()
    fail.remove()
    assert not any(part._forward_hooks for part in model.module.modules())
    assert Explainer(model).explain(noise_images(2), method).states == ["map", "map"]


def test_frozen_weights_and_inference_mode_of_the_caller_do_not_matter():
    model = small_net()
    expected = Explainer(model).explain(noise_images(2))
    model.module.requires_grad_(False)
    with torch.inference_mode():
        found = Explainer(model).explain(noise_images(2))
        assert torch.is_inference_mode_enabled()
    assert np.array_equal(found.grid, expected.grid)


def test_nothing_before_the_layer_is_recorded_for_the_way_back():
    model = small_net()
    recorded = []
    explainer = Explainer(model)
    _ = explainer.layer
    model.module.layer1.register_forward_hook(lambda _m, _i, output: recorded.append(output.requires_grad))
    explainer.explain(noise_images(1))
    assert recorded == [False]


def test_no_more_images_than_a_micro_batch_are_in_one_pass():
    model = small_net()
    explainer = Explainer(model, batch_size=3)
    _ = explainer.layer
    sizes = []
    model.module.conv1[0].register_forward_hook(lambda _m, inputs, _o: sizes.append(len(inputs[0])))
    explainer.explain(noise_images(8))
    assert sizes == [3, 3, 2]
    sizes.clear()
    explainer.explain(noise_images(1), "score-cam")
    assert max(sizes) <= 3


def test_threads_that_share_a_network_get_the_maps_they_would_get_alone():
    model, images = small_net(), noise_images(6)
    targets = [Target.of_class(number) for number in range(5)]
    expected = [Explainer(model).explain(images, target=target).grid for target in targets]
    found, plain, stop = {}, [], threading.Event()

    def explain(number):
        found[number] = Explainer(model, batch_size=2).explain(images, target=targets[number]).grid

    def predict():
        inputs = torch.zeros(1, 3, 64, 64)
        while not stop.is_set():
            with torch.inference_mode():
                plain.append(model.module(inputs))

    others = threading.Thread(target=predict)
    others.start()
    threads = [threading.Thread(target=explain, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    others.join()
    assert all(np.allclose(found[number], expected[number], atol=1e-6) for number in range(5))
    assert plain
    assert all(torch.allclose(logits, plain[0], atol=1e-5) and logits.is_inference() for logits in plain)


@pytest.mark.parametrize(("method", "units"), [("grad-cam", 5), ("score-cam", 5 * 3)])
def test_progress_ends_at_its_total(places, method, units):
    states = []
    Explainer(places, batch_size=2).explain(np.stack([RED_AT_TOP] * 5), method, progress=states.append)
    # Score-CAM counts channels: three of each image, of which one is lit.
    assert [(state.done, state.total) for state in states][-1] == (units, units)
    assert [state.done for state in states] == sorted(state.done for state in states)


def test_saliency_of_nan_is_undefined_not_empty():
    values = np.full((1, 2, 2), np.nan, np.float32)
    found = Saliency("grad-cam", "", values, values, np.zeros(1, int), np.full(1, -1), np.zeros(1, np.float32))
    assert found.states == ["undefined"]
