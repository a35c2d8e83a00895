"""How near an image is to every prompt of some classes: what a zero-shot model's answer is made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from core.errors import ModelError, NotAvailableError, UsageError
from core.models.normalise import Normalise
from core.models.outputs import finite, refusing
from core.models.sources import resolve
from core.models.zero_shot.head import ZeroShot
from core.models.zero_shot.prompts import filled
from core.types import Model

COLUMNS = ("class_index", "class_name", "is_ensemble", "template", "prompt", "similarity")


def prompt_scores(model: Model, pixels: np.ndarray, classes: Sequence[int]) -> pd.DataFrame:
    """Cosine similarities of one image with the prompts of some classes, and with what they make together.

    The embedding of every single prompt needs the text tower, which a loaded model does not keep: it is read again from
    the model's files the first time that a class is asked for, and what it says is kept on disk.

    Args:
        model: Loaded, zero-shot.
        pixels: uint8 (H, W, 3), as the model is shown them: of its ``input_size``.
        classes: Class indices, best one first say; none twice.

    Returns:
        A row for each class and template, in the order of both, after one for the class's ensemble:
        ``class_index`` (int), ``class_name``, ``is_ensemble`` (bool), ``template`` (empty for the ensemble), ``prompt``
        (the text; empty for the ensemble) and ``similarity`` (cosine, -1..1). The logit of a class is its ensemble's
        similarity times the model's scale, plus its bias.

    Raises:
        NotAvailableError: If the model is no zero-shot one.
        UsageError: If a class is not one of the model's, or the pixels are of another shape.
        ModelUnavailableError, ModelError: If its files are gone, or others now.
    """
    module = _module(model)
    names = [int(each) for each in classes]
    _require(model, names, pixels)
    source = resolve(model.source)
    if source.described().fingerprint != model.fingerprint:
        raise ModelError(f"the files of '{model.source}' are others now than those that were loaded: load it again.")
    # Pixels of a decoded image are read-only, which torch warns of.
    batch = torch.from_numpy(np.array(pixels, order="C"))[None].to(model.device)
    with torch.inference_mode(), refusing(model):
        features = finite(module.features(Normalise(model.transform, model.device)(batch)), model.name)[0]
        whole = (module.head.weight[names] @ features).cpu().numpy()
    features = features.float().cpu().numpy()
    rows = []
    for index, similarity, singly in zip(names, whole, source.prompt_embeddings(names), strict=True):
        name = source.texts.classes.names[index]
        rows.append((index, name, True, "", "", similarity))
        found = zip(source.texts.prompts.templates, singly @ features, strict=True)
        rows.extend((index, name, False, template, filled(template, name), value) for template, value in found)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"similarity": float})


def _module(model: Model) -> ZeroShot:
    if not isinstance(model.module, ZeroShot):
        why = "is described, not loaded" if model.module is None else "has classes of its own, which no text names"
        raise NotAvailableError(f"'{model.name}' {why}: there are no prompts to compare an image with.")
    return model.module


def _require(model: Model, classes: Sequence[int], pixels: np.ndarray) -> None:
    size = tuple(model.transform["input_size"][1:])
    if pixels.dtype != np.uint8 or pixels.shape != (*size, 3):
        raise UsageError(
            f"'{model.name}' is shown pixels uint8 ({size[0]}, {size[1]}, 3); these are {pixels.dtype} {pixels.shape}."
        )
    wrong = [each for each in classes if not 0 <= each < model.num_classes]
    if wrong or len(set(classes)) < len(classes):
        raise UsageError(
            f"classes {list(classes)}: give indices from 0 to {model.num_classes - 1:,}, none of them twice."
        )
