"""What can be asked of a bundle, checked before anything is drawn."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from core.answers.questions import StoredPolicy
from core.errors import UsageError, nearest
from core.figures.exhibits import Pick

#: Bytes of a megabyte, as file managers count.
MB = 1_000_000
#: Of one file, and of a folder.
MAX_MB, MAX_MB_FOLDER = 25.0, 250.0
IMAGES_PER_POINT, IMAGES_PER_POINT_FOLDER = 6, 24
#: Images with maps: of two small networks on two cores a second or two, of two of ResNet-50's size half a minute.
SALIENCY = 24
#: Images of a point that anybody looks at, and maps that anybody waits for.
_MOST_PER_POINT, _MOST_SALIENCY = 1000, 100_000
#: Seconds since 1970 that reproducible builds are dated with (reproducible-builds.org).
_EPOCH = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True)
class Options:
    """What goes into a bundle.

    Attributes:
        policy: What counts as right.
        max_mb: Megabytes that the file, or all files of the folder, may have; None for what is usual.
        saliency: Images that get Grad-CAMs, at most.
        images_per_point: Images of a point, at most; None for what is usual.
        command: What remakes it.
        title: Plain text; made of the results' names if empty.
        only: Names of figures; all if empty.
        images: Whether images go in.
        is_folder: Whether pictures are files beside the page.
        left_out: Sentences of the caller: what is not among the results, and what brings it in.
        start: The point at which the page opens, where a figure has one of these images; its top for None.
        made: ISO 8601; now if empty, or the time that ``SOURCE_DATE_EPOCH`` says.
    """

    policy: StoredPolicy = "top1"
    max_mb: float | None = None
    saliency: int = SALIENCY
    images_per_point: int | None = None
    command: str = ""
    title: str = ""
    only: Sequence[str] = ()
    images: bool = True
    is_folder: bool = False
    left_out: Sequence[str] = ()
    start: Pick | None = None
    made: str = ""

    def __post_init__(self) -> None:
        policies = get_args(StoredPolicy)
        if self.policy not in policies:
            raise UsageError(
                f"--policy '{self.policy}' is unknown.{nearest(self.policy, policies)} Known: {', '.join(policies)}."
            )
        if self.max_mb is not None and not 0 < self.max_mb < math.inf:
            raise UsageError(f"--max-mb {self.max_mb:g} is no size: give megabytes above 0, such as {MAX_MB:g}.")
        if not 0 <= self.saliency <= _MOST_SALIENCY:
            raise UsageError(f"--saliency {self.saliency} is not from 0 to {_MOST_SALIENCY:,}.")
        if self.images_per_point is not None and not 1 <= self.images_per_point <= _MOST_PER_POINT:
            raise UsageError(
                f"--images-per-point {self.images_per_point} is not from 1 to {_MOST_PER_POINT:,}; "
                "--no-images leaves all out."
            )

    @property
    def most_bytes(self) -> int:
        """Bytes that all of it may have."""
        usual = MAX_MB_FOLDER if self.is_folder else MAX_MB
        return int((usual if self.max_mb is None else self.max_mb) * MB)

    @property
    def per_point(self) -> int:
        """Images of a point, at most."""
        usual = IMAGES_PER_POINT_FOLDER if self.is_folder else IMAGES_PER_POINT
        return self.images_per_point or usual

    @property
    def date(self) -> str:
        """When it is made."""
        if self.made:
            return self.made
        epoch = os.environ.get(_EPOCH, "")
        try:
            when = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise UsageError(f"{_EPOCH}={epoch!r} is no number of seconds since 1970.") from error
        return when.isoformat(timespec="seconds")
