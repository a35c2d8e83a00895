"""A crew whose models adapt to each image before they answer; who makes a crew asks here for the right one.

The forward passes of an image depend on each other, so they are none of ``core.models.engine``'s; images, masks, rows
and errors are those of every other crew, and so is what is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from core.errors import DataError, ModelError, UsageError
from core.evaluate.work import Crew, Delivery, Sight, Work, accepted_column
from core.images.views.adapted import MEMO

if TYPE_CHECKING:
    from PIL import Image

    from core.models.engine import Predicted
    from core.zoom.memo import Memo


def crew_of(work: Work) -> Crew:
    """The crew for some work.

    Raises:
        UsageError, ModelError: See ``Crew`` and ``AdaptingCrew``.
    """
    return AdaptingCrew(work) if work.views == MEMO else Crew(work)


class AdaptingCrew(Crew):
    """Models that adapt to each image by MEMO, answer before and after, and are restored; one image after another.

    Args:
        work: What is to be predicted.

    Raises:
        UsageError: If the precision is not fp32; see ``Crew`` for the rest.
    """

    def __init__(self, work: Work) -> None:
        from core.zoom.memo import Memo

        if work.precision != "fp32":
            raise UsageError(f"adapting takes gradients in fp32, not in {work.precision}: leave out --precision.")
        # No images to come: a traced form would be of no use here.
        super().__init__(replace(work, n_images=0))
        self._memos: list[Memo] = [Memo(engine.model) for engine in self._engines]

    def run(self, ids: pa.Table) -> Iterator[Delivery]:
        """See ``Crew.run``."""
        for number, error in self.failures.items():
            yield Delivery(number, failure=error)
        sight = Sight(self.work.benchmark, ids, self._views.name, [], self._numbers)
        accepted = {
            asked.label_space: ids[accepted_column(asked.label_space)].to_pylist() for asked in self.work.models
        }
        failed: set[int] = set()
        for at, wanted in enumerate(sight.wanted):
            engines = sorted(wanted - failed)
            opened = sight.opened(at) if engines else ""
            for engine in engines:
                said = self._said(engine, at, opened if isinstance(opened, str) else opened[0], sight)
                if said.failure is not None:
                    failed.add(engine)
                yield self._delivery(said, sight, accepted)

    def _said(self, engine: int, at: int, image: Image.Image | str, sight: Sight) -> Predicted:
        """What a model says of an image, which may be the reason why there is none."""
        from core.models.engine import Predicted
        from core.models.outputs import NOT_FINITE

        memo, number = self._memos[engine], np.array([at])
        nothing = np.empty((0, memo.model.num_classes), np.float32)
        if isinstance(image, str):
            return Predicted(engine, number, [image], nothing, nothing)
        try:
            found = memo.predict(image, sight.names[at], entropy=False)
        except DataError as error:
            return Predicted(engine, number, [sight.reason(at, error)], nothing, nothing)
        except Exception as error:
            if isinstance(error, ModelError) and NOT_FINITE in str(error):
                return Predicted(engine, number, [NOT_FINITE], nothing, nothing)
            return Predicted(engine, number[:0], [], nothing, nothing, error)
        return Predicted(engine, number, [None], np.stack([found.before, found.after]), found.logits)
