"""The best of a benchmark's own classes, for predictions whose ten best classes hold none of them.

A classifier of 1,000 classes that is asked about 15 may have its best fifteenth far down. The other predictions tell it
themselves, so that this side table is small.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from core.store.parts import Parts

#: ``classes`` is the key of the set that was chosen from.
SCHEMA = pa.schema([("sample_id", pa.string()), ("view", pa.string()), ("classes", pa.string()), ("best", pa.int32())])
_KIND = "within"


def within_of(folder: Path) -> Parts:
    """The side table of a run."""
    return Parts(folder, _KIND, SCHEMA)


def key_of(classes: Iterable[int]) -> str:
    """Names a set of classes: 16 hex digits."""
    return hashlib.sha256(",".join(map(str, sorted(set(classes)))).encode()).hexdigest()[:16]
