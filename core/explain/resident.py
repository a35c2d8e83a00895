"""Loaded classifiers that stay in memory between questions, within a bound.

Each model is loaded once a device, whoever asks. As many stay as fit the bound; the least recently used one that nobody
is using goes first, its GPU memory with it. One that is in use is never freed: whoever needs the room waits.
"""

from __future__ import annotations

import gc
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import chain

import torch

from core import models
from core.errors import ModelError, UsageError
from core.images.preprocess import Preprocess
from core.models.forward import Forward
from core.saliency.explain import Explainer
from core.types import Model

SETTING = "OFFCENTER_MODEL_MEMORY"
#: Bytes of weights that stay loaded on each device: some twenty ResNet-50s, or one ViT-L and its like.
DEFAULT_BYTES = 2 * 2**30
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}

#: What makes two models one: device, weights, architecture, what is made of its outputs, and preprocessing.
_Key = tuple[str, str, str, str, str, str]


class Resident:
    """A loaded model with what is needed to question it.

    Attributes:
        model: Loaded.
        preprocess: An RGB image to the model's pixels.
        forward: Pixels to logits.
        explainer: Pixels to saliency maps.
        users: How many are using it now.

    Args:
        model: Loaded.
        file_bytes: Of the files that it was loaded from.
    """

    def __init__(self, model: Model, file_bytes: int = 0) -> None:
        self.model = model
        self.preprocess = Preprocess(model.transform)
        self.forward = Forward(model)
        self.explainer = Explainer(model)
        self.users = 1
        self._file_bytes = file_bytes

    @property
    def n_bytes(self) -> int:
        """Bytes of parameters and buffers, those of the copy that Guided Grad-CAM makes included.

        A network of another runtime has none that torch knows: then as many as its files have.
        """
        tensors = chain.from_iterable(
            chain(network.parameters(), network.buffers()) for network in self.explainer.networks
        )
        return sum({tensor.data_ptr(): tensor.nbytes for tensor in tensors}.values()) or self._file_bytes


class Residents:
    """The models in memory; may be used from several threads.

    Args:
        bound: Bytes of parameters and buffers a device. A model that is larger is loaded all the same, alone.
    """

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self._held: OrderedDict[_Key, Resident] = OrderedDict()
        self._changed = threading.Condition()
        # The device on which somebody waits for room, or None.
        self._crowded: str | None = None
        # One load at a time: two at once would both find room for themselves.
        self._loading = threading.Lock()

    @contextmanager
    def use(
        self, spec: str, device: str = "auto", fingerprint: str | None = None, head: str | None = None
    ) -> Iterator[Resident]:
        """A loaded model that stays in memory as long as the block runs.

        A thread that holds one must not ask for another: each could wait for the other's room.

        Args:
            spec: A model's name (see ``core.models``).
            device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
            fingerprint: Of the weights that a stored result was made with; others are refused.
            head: What was made of the outputs for that result; anything else is refused.

        Raises:
            UsageError, ModelUnavailableError, ModelError: See ``models.load`` and ``models.require_weights``.
        """
        device = models.resolve_device(device)
        described = models.describe(spec)
        models.require_weights(described, fingerprint)
        _require_head(described, head)
        shown = repr(sorted(described.transform.items()))
        made = (described.architecture, described.label_space, described.head)
        key = (device, described.fingerprint, *made, shown)
        resident = self._taken(key) or self._loaded(key, described)
        try:
            yield resident
        finally:
            with self._changed:
                resident.users -= 1
                # It may have grown by a guided copy.
                self._fits(device, 0)
                self._changed.notify_all()

    def names(self) -> list[str]:
        """Names of the models in memory, the one to be freed first in front."""
        with self._changed:
            return [resident.model.name for resident in self._held.values()]

    def _taken(self, key: _Key) -> Resident | None:
        with self._changed:
            # Who waits for room goes first, or sessions that share a model could keep it in use for ever.
            self._changed.wait_for(lambda: self._crowded != key[0])
            resident = self._held.get(key)
            if resident is not None:
                resident.users += 1
                self._held.move_to_end(key)
            return resident

    def _loaded(self, key: _Key, described: Model) -> Resident:
        with self._loading:
            # Whoever loaded before us may have loaded this one.
            resident = self._taken(key)
            if resident is not None:
                return resident
            device = key[0]
            # The file tells about how large the model will be; weights stored in half precision grow to float32.
            expected = sum(path.stat().st_size for path in models.resolve(described.source).files())
            self._make_room(device, expected)
            resident = Resident(self._load(described.source, device), expected)
            with self._changed:
                self._held[key] = resident
                self._fits(device, 0)
            return resident

    def _make_room(self, device: str, expected: int) -> None:
        with self._changed:
            self._crowded = device
            try:
                self._changed.wait_for(lambda: self._fits(device, expected))
            finally:
                self._crowded = None
                self._changed.notify_all()

    def _load(self, source: str, device: str) -> Model:
        try:
            return models.load(source, device)
        except torch.OutOfMemoryError:
            # Something else is on the device too, a running evaluation perhaps.
            with self._changed:
                self._free_idle(device)
        try:
            return models.load(source, device)
        except torch.OutOfMemoryError as error:
            raise ModelError(
                f"{device} has too little free memory for '{source}'. Wait until evaluations on it have ended, or give "
                "device cpu."
            ) from error

    def _fits(self, device: str, more: int) -> bool:
        """Whether there is room for so many bytes more, after freeing what may be freed; the lock is held."""
        while (here := self._on(device)) and sum(held.n_bytes for held in here.values()) + more > self.bound:
            if len(here) == 1 and not more:
                # Larger than the bound on its own: freed when another is asked for, not after each question.
                return True
            idle = next((key for key, held in here.items() if not held.users), None)
            if idle is None:
                return False
            del self._held[idle], here
            _release(device)
        return True

    def _on(self, device: str) -> dict[_Key, Resident]:
        return {key: resident for key, resident in self._held.items() if key[0] == device}

    def _free_idle(self, device: str) -> None:
        for key, resident in self._on(device).items():
            if not resident.users:
                del self._held[key]
        _release(device)


def _require_head(model: Model, head: str | None) -> None:
    if head is not None and model.head != head:
        now, then = (said or "the network's own" for said in (model.head, head))
        raise ModelError(
            f"the outputs of '{model.source}' are others now ({now}) than those of this result ({then}): evaluate it "
            "again, and look at that result."
        )


def _release(device: str) -> None:
    """Give memory back to the device; networks may hold themselves in cycles, which only the collector undoes."""
    gc.collect()
    if device.startswith("cuda"):
        with torch.cuda.device(device):
            torch.cuda.empty_cache()


def memory_bound() -> int:
    """Bytes a device, from ``OFFCENTER_MODEL_MEMORY`` (``500M``, ``8G``), 2 GiB by default.

    Raises:
        UsageError: If the setting is no size.
    """
    setting = os.environ.get(SETTING, "").strip()
    if not setting:
        return DEFAULT_BYTES
    parts = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:I?B)?", setting.upper())
    if parts is None:
        raise UsageError(f"{SETTING}='{setting}' is no size: write for example 500M or 8G.")
    return int(float(parts[1]) * _UNITS[parts[2]])


@cache
def residents() -> Residents:
    """Those of this process."""
    return Residents(memory_bound())
