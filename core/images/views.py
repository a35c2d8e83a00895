"""What is done to an image before the model sees it.

A view works on the pixels a model would get (its input size, [0, 1], before normalisation), so that the same strength
means the same thing for every model. Its name is part of a result's identity.
"""

from __future__ import annotations

import hashlib

import numpy as np

from core.errors import UsageError, nearest
from core.types import View

#: Pixel-noise levels of Hard ImageNet's relative foreground sensitivity (Moayeri et al. 2022, Section 4).
NOISE_SIGMAS = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75)


def mirror(image: np.ndarray, mask: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """Flip left and right."""
    return image[:, ::-1]


def gaussian_noise(image: np.ndarray, rng: np.random.Generator, sigma: float) -> np.ndarray:
    """Add independent Gaussian noise to every pixel and channel, clipped to [0, 1]."""
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    return np.clip(image + sigma * noise, 0.0, 1.0)


def _noise_view(sigma: float) -> View:
    return View(f"noise-{sigma:g}", lambda image, mask, rng: gaussian_noise(image, rng, sigma))


VIEWS: dict[str, View] = {
    view.name: view for view in (View("clean"), View("mirror", mirror), *(_noise_view(s) for s in NOISE_SIGMAS))
}


def get_view(name: str) -> View:
    """A view by its name.

    Raises:
        UsageError: If there is no such view.
    """
    if name not in VIEWS:
        raise UsageError(f"unknown view '{name}'.{nearest(name, VIEWS)} Known: {', '.join(VIEWS)}.")
    return VIEWS[name]


def seen_mask(view: View, mask: np.ndarray | None) -> np.ndarray | None:
    """The object's mask as it lies in the image after a view; only ``mirror`` moves anything."""
    return mask[:, ::-1] if mask is not None and view.name == "mirror" else mask


def sample_rng(sample_id: str, view: str) -> np.random.Generator:
    """The random generator of one image under one view: the same on every machine and in every order."""
    digest = hashlib.sha256(f"{view}\0{sample_id}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))
