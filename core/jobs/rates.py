"""How fast models are on this machine, as the queue's evaluations measured it: ``data/jobs/rates.json``."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from core import paths

#: A rate over fewer images than this is still ruled by the first, slow ones; a longer measurement outlives it.
STEADY_IMAGES = 256


@dataclass(frozen=True)
class Rate:
    """One measurement.

    Attributes:
        images: Images that it was measured over.
        images_per_s: Images a second, of one view each.
        startup_s: Seconds before the first image.
        benchmark: Key of the benchmark with which it was measured.
    """

    images: int
    images_per_s: float
    startup_s: float
    benchmark: str


def find(model: str, device: str, precision: str, batch_size: int | None) -> Rate | None:
    """The rate last measured here with these settings."""
    known = paths.read_json(_file()).get(_key(model, device, precision, batch_size))
    try:
        found = Rate(**known)
        good = found.images >= 1 and found.images_per_s > 0 and found.startup_s >= 0 and bool(str(found.benchmark))
    except TypeError:
        # Not there, or what somebody else wrote.
        return None
    return found if good else None


def record(rate: Rate, model: str, device: str, precision: str, batch_size: int | None) -> None:
    """Remember how fast an evaluation was; a short measurement does not replace a steady one.

    Raises:
        StoreError: If it cannot be written.
    """
    known = find(model, device, precision, batch_size)
    if rate.images < 1 or (known is not None and rate.images < STEADY_IMAGES <= known.images):
        return
    rounded = {"images_per_s": round(rate.images_per_s, 3), "startup_s": round(rate.startup_s, 2)}
    content = paths.read_json(_file()) | {_key(model, device, precision, batch_size): asdict(rate) | rounded}
    paths.write_atomically(_file(), json.dumps(content, indent=1) + "\n")


def _file() -> Path:
    return paths.data_home() / "jobs" / "rates.json"


def _key(model: str, device: str, precision: str, batch_size: int | None) -> str:
    # The folder may lie on a disk that several machines share.
    return json.dumps([platform.node(), model, device, precision, batch_size])
