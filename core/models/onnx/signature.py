"""What goes into an ONNX graph and what comes out of it, as onnxruntime and the settings say. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ModelError, nearest
from core.models.onnx.settings import NCHW, NHWC, Settings, unsaid

#: Types of inputs that pixels are given as, by onnxruntime's names, and numpy's names of them.
_TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
}
_SCORES = ("tensor(float)", "tensor(float16)", "tensor(double)")


@dataclass(frozen=True)
class Signature:
    """How a graph is called.

    Attributes:
        input: Name of the input.
        output: Name of the output.
        dtype: numpy's name of the input's type.
        layout: ``nchw`` or ``nhwc``.
        size: (height, width).
        batch: Images that it takes at once; None where any number goes.
        is_bgr: Whether it takes blue first.
        has_choice: Whether there are several outputs.
        layout_is_said: Whether the shape of the input does not tell the layout.
    """

    input: str
    output: str
    dtype: str
    layout: str
    size: tuple[int, int]
    batch: int | None
    is_bgr: bool = False
    has_choice: bool = False
    layout_is_said: bool = False

    @property
    def is_bytes(self) -> bool:
        """Whether it takes the pixels themselves."""
        return self.dtype == "uint8"


def signature_of(session: Any, settings: Settings, path: Path) -> Signature:
    """How a graph is called.

    Args:
        session: onnxruntime's.
        settings: What is said beside it.
        path: The file, for errors.

    Raises:
        ModelError: If it is called in no way that is known here, or it is not said in which; says what to write.
    """
    given = _one(session.get_inputs(), settings.get("input"), "input", path)
    if given.type not in _TYPES:
        raise ModelError(
            f"{path}: the input '{given.name}' is {given.type}; images are given as one of {', '.join(_TYPES)}."
        )
    outputs = session.get_outputs()
    output = _one(outputs, settings.get("output"), "output", path)
    if output.type not in _SCORES:
        raise ModelError(
            f"{path}: the output '{output.name}' is {output.type}, no scores of classes{_others(outputs, output.name)}."
        )
    shape = [each if isinstance(each, int) and each > 0 else None for each in given.shape]
    layout, told = _layout(shape, settings, given, path)
    return Signature(
        given.name,
        output.name,
        _TYPES[given.type],
        layout,
        _size(shape[2:] if layout == NCHW else shape[1:3], settings, path),
        shape[0],
        is_bgr=settings.get("channels") == "bgr",
        has_choice=len(outputs) > 1,
        layout_is_said=not told,
    )


def _one(values: Sequence[Any], asked: str | None, what: str, path: Path) -> Any:
    names = [each.name for each in values]
    if asked is not None:
        if asked not in names:
            raise ModelError(
                f"{path}: '{what}' is '{asked}', which the graph does not have.{nearest(asked, names)} It has "
                f"{', '.join(names)}."
            )
        if what == "input" and len(values) > 1:
            others = [name for name in names if name != asked]
            raise ModelError(
                f"{path}: the graph needs {', '.join(others)} beside '{asked}': only one of images alone can be run. "
                "Export it with the others as constants."
            )
        return next(each for each in values if each.name == asked)
    if len(values) == 1:
        return values[0]
    if not values:
        raise ModelError(f"{path}: the graph has no {what}.")
    listed = ", ".join(f"'{each.name}' {_shape(each.shape)}" for each in values)
    if what == "input":
        raise ModelError(f"{path}: the graph has several inputs ({listed}): only one of images alone can be run.")
    likely = next((each.name for each in values if each.type in _SCORES and len(each.shape) == 2), names[0])
    raise ModelError(
        f'{path}: the graph has several outputs ({listed}): say which has the scores, with "output": "{likely}" in '
        f"{path.stem}.json or ?output={likely}."
    )


def _others(values: Sequence[Any], name: str) -> str:
    named = [each.name for each in values if each.name != name and each.type in _SCORES]
    return f'; say "output": "{named[0]}"' if named else ""


def _layout(shape: list[int | None], settings: Settings, given: Any, path: Path) -> tuple[str, bool]:
    """The layout, and whether the shape tells it."""
    said, shown = settings.get("layout"), _shape(given.shape)
    if len(shape) != 4:
        raise ModelError(
            f"{path}: the input '{given.name}' has the shape {shown}; one of images has four axes, such as "
            "(N, 3, 224, 224)."
        )
    fits = [layout for layout, at in ((NCHW, 1), (NHWC, 3)) if shape[at] in (3, None)]
    sure = [layout for layout, at in ((NCHW, 1), (NHWC, 3)) if shape[at] == 3]
    if not fits:
        raise ModelError(
            f"{path}: the input '{given.name}' has the shape {shown}, and three channels neither second nor last: only "
            "RGB classifiers can be evaluated."
        )
    if said is not None:
        if said not in fits:
            raise ModelError(f"{path}: 'layout' is {said}, but the input '{given.name}' has the shape {shown}.")
        return said, sure == [said]
    if len(sure) == 1 or len(fits) == 1:
        # An axis of any length beside one of three: nobody exports images with any number of channels.
        return (sure or fits)[0], True
    # The third axis is one of places in both.
    size = ["input_size"] * (shape[2] is None and "input_size" not in settings.said)
    raise ModelError(unsaid(path, [*_unsaid_too(settings), "layout", *size], settings.said))


def _size(sides: list[int | None], settings: Settings, path: Path) -> tuple[int, int]:
    said = settings.get("input_size")
    if said is None:
        if None in sides:
            raise ModelError(unsaid(path, [*_unsaid_too(settings), "input_size"], settings.said))
        return sides[0], sides[1]
    if any(side not in (None, wanted) for side, wanted in zip(sides, said, strict=True)):
        shown = " x ".join(str(side or "any") for side in sides)
        raise ModelError(f"{path}: 'input_size' is {list(said)}, but the graph takes {shown} pixels.")
    return said


def _unsaid_too(settings: Settings) -> list[str]:
    """What else a reader would be told next."""
    missing = [key for key in ("mean", "std", "interpolation") if key not in settings.said]
    return missing + ["resize"] * ("resize" not in settings.said and "crop_pct" not in settings.said)


def _shape(shape: Sequence[Any]) -> str:
    return f"({', '.join(str(each) if isinstance(each, int) else str(each or '?') for each in shape)})"
