"""The transformer's second task: what its patches show."""

import pytest
import timm
import torch

from core.embedded.patches import PatchTask, initialise


@pytest.fixture
def model():
    torch.manual_seed(0)
    return timm.create_model("test_vit", num_classes=10, img_size=64)


def batch():
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randn(4, 3, 64, 64, generator=generator)
    return pixels, torch.tensor([0, 3, 9, 3]), torch.rand(4, 4, 4, generator=generator)


def test_initialised_heads_look_for_what_is_alike_and_take_it_away(model):
    initialise(model)
    width, size = model.embed_dim, model.embed_dim // model.blocks[0].attn.num_heads
    for block in model.blocks:
        queries, keys, values = block.attn.qkv.weight.detach().view(3, width, width)
        # The best product of half as many columns keeps most of the diagonal.
        for head in range(block.attn.num_heads):
            rows = slice(head * size, (head + 1) * size)
            product = queries[rows].T @ keys[rows]
            assert product.diagonal().mean() > 0.3
            assert product.diagonal().mean() > 3 * (product - product.diagonal().diag()).abs().mean()
        product = values.T @ block.attn.proj.weight.detach().T
        assert product.diagonal().mean() == pytest.approx(-0.4, abs=0.05)
        assert (product + 0.4 * torch.eye(width)).std() == pytest.approx(0.4 / width**0.5, rel=0.1)


def test_initialised_places_are_unlike_each_other_and_near_ones_alike(model):
    initialise(model)
    places = torch.nn.functional.normalize(model.pos_embed.detach()[0, 1:], dim=1)
    alike = places @ places.T
    assert alike[0].argmax() == 0
    assert alike[0, 1] > alike[0, 3]
    assert alike[0, 4] > alike[0, 12]


def test_without_dropped_patches_the_model_classifies_as_ever(model):
    pixels, labels, coverage = batch()
    expected = torch.nn.functional.cross_entropy(model(pixels), labels, label_smoothing=0.05)
    task = PatchTask(model, 10, weight=0.0)
    torch.testing.assert_close(task.loss(model, pixels, labels, coverage, 0.0, torch.Generator()), expected)


def test_the_patches_loss_is_the_cross_entropy_with_the_covered_share(model):
    pixels, labels, coverage = batch()
    task = PatchTask(model, 10, weight=1.0)
    difference = task.loss(model, pixels, labels, coverage, 0.0, torch.Generator())
    task._weight = 0.0
    difference = difference - task.loss(model, pixels, labels, coverage, 0.0, torch.Generator())
    target = torch.zeros(4, 16, 11)
    target[:, :, 10] = 1 - coverage.flatten(1)
    for number, label in enumerate(labels):
        target[number, :, label] = coverage[number].flatten()
    logits = task.head(model.forward_features(pixels)[:, 1:])
    torch.testing.assert_close(
        difference, torch.nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten(0, 1))
    )


def test_dropped_patches_have_no_say(model):
    pixels, labels, coverage = batch()
    task = PatchTask(model, 10, weight=0.5)
    loss = task.loss(model, pixels, labels, coverage, 0.75, torch.Generator().manual_seed(2))
    kept = model.patch_drop.kept
    assert kept.shape == (4, 4)
    changed = pixels.clone()
    for image, indices in enumerate(kept):
        for patch in set(range(16)) - set(indices.tolist()):
            row, column = divmod(patch, 4)
            changed[image, :, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16] = 7.0
    again = task.loss(model, changed, labels, coverage, 0.75, torch.Generator().manual_seed(2))
    torch.testing.assert_close(again, loss)


def test_at_the_end_the_model_sees_all_patches_again(model):
    pixels, labels, coverage = batch()
    expected = model(pixels)
    task = PatchTask(model, 10, weight=0.5)
    task.loss(model, pixels, labels, coverage, 0.5, torch.Generator())
    task.end(model)
    torch.testing.assert_close(model(pixels), expected)
