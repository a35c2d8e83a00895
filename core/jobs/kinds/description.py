"""Facts computed from a benchmark's images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from core import paths
from core.benchmarks import find_data, find_images, open_and_remember, open_benchmark
from core.benchmarks.facts import describe
from core.benchmarks.imagenet_masks import ImageNetMasks
from core.errors import StorageError
from core.jobs.kinds.arguments import Result
from core.types import ProgressCallback
from core.wording import count


@dataclass(frozen=True)
class Description:
    """Facts computed from a benchmark's images; see ``core.benchmarks.facts``.

    Attributes:
        benchmark: Key.
        data: Folder of its data; the one last used if None.
        images: ImageNet's folder, for a benchmark whose data folder holds masks alone; the one last used if None.
        again: Whether all images are described anew.
    """

    kind: ClassVar[str] = "describe"
    unit: ClassVar[str] = "image"
    modules: ClassVar[tuple[str, ...]] = ()
    device: ClassVar[str] = "cpu"

    benchmark: str
    data: str | None = None
    images: str | None = None
    again: bool = False

    @property
    def title(self) -> str:
        """``Facts about the images of imagenet``."""
        return f"Facts about the images of {self.benchmark}"

    @property
    def details(self) -> tuple[str, ...]:
        """Whether all is done anew."""
        return ("all anew",) if self.again else ()

    def checked(self) -> Description:
        """The same with absolute folders.

        Raises:
            UsageError: If the benchmark is unknown, or a folder is missing or not wanted.
            DataError: If the folder holds masks alone, and no folder of images is known or it is not there.
        """
        opened = open_benchmark(self.benchmark, self.data or None, self.images or None)
        images = str(opened.require_images()) if isinstance(opened, ImageNetMasks) else None
        # What was found without being told goes along, so that a later choice changes no waiting job.
        return replace(self, data=str(find_data(self.benchmark, self.data or None)), images=images)

    def run(self, progress: ProgressCallback) -> Result:
        """Describe; images that are described already are kept.

        Raises:
            StorageError: If images could not be read now; the same job goes on with them.
        """
        is_news = self.images and paths.place(self.images) != find_images(self.benchmark, self.data)
        opened = open_and_remember(self.benchmark, self.data, self.images if is_news else None)
        found = describe(opened, again=self.again, progress=progress)
        if found.unread:
            image, reason = next(iter(found.unread.items()))
            raise StorageError(
                f"{count(len(found.unread), 'image')} could not be read now, such as '{image}' ({reason}); all others "
                "are described, and the same job goes on with these."
            )
        return {"benchmark": self.benchmark, "folder": str(found.file.parent)}
