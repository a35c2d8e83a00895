"""What an ONNX file does not say of itself: a small JSON beside it, or options of its name, which win. No torch.

``net.json`` beside ``net.onnx``, every key optional; ``onnx:net.onnx?layout=nhwc&mean=0.5,0.5,0.5`` says the same::

    input           name of the input, where the graph has several
    output          name of the output with the scores, where it has several
    layout          nchw or nhwc, where the shape of the input does not tell
    input_size      [height, width] in pixels, or one number; where the shape does not tell
    scale           1: the graph takes pixels of 0..1 less mean, by std; 255: pixels of 0..255. 1 if nobody says
    mean, std       three numbers or one, in the unit of ``scale`` and in the order of ``channels``; 0 and 1 for a graph
                    that normalises itself
    channels        rgb or bgr; rgb if nobody says
    resize          pixels of the shorter side before the crop (of both sides with crop_mode squash); or instead of it
    crop_pct        the share of it that the crop takes
    crop_mode       center, squash or border; center if nobody says
    interpolation   bilinear, bicubic, ...; as an option of the name it is called resample, since ?interpolation= swaps
                    that of any model for another
    output_is       logits or probabilities; where the end of the graph and its values do not tell
    labels          list of class names in the order of the output, a file of them (a line each, or JSON), or the key of
                    a label space such as imagenet-1k
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import labels, paths
from core.errors import LabelSpaceError, ModelError, OffcenterError, UsageError, nearest
from core.models.presets import INTERPOLATIONS, crop_pct
from core.store.weights import json_of

NCHW, NHWC = "nchw", "nhwc"
LOGITS, PROBABILITIES = "logits", "probabilities"
_LONGEST_SIDE = 4096
#: A mean or a deviation above it is none of pixels of 0..1.
_MOST_OF_ONE = 3.0
#: More than it is no number of pixels in any unit, and may be more than float32 holds.
_LARGEST = 1e9
_SHOWN = 60
#: What to write where nothing is known: the preprocessing of most classifiers of ImageNet.
_EXAMPLE = {
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    "resize": 256,
    "interpolation": "bilinear",
}
_EXAMPLE_SIZE = 224
#: How options of the name call what the JSON calls otherwise: there, the word stands for a swap.
_AS_OPTION = {"interpolation": "resample"}


@dataclass(frozen=True)
class Settings:
    """What is said beside an ONNX file; None where nothing is.

    Attributes:
        file: The JSON, or None where there is none.
        labels_file: File of class names, or None.
        names: Class names: a list in output order, an object of them by index, or None.
        said: Values by key, in the form that they are used in.
    """

    file: Path | None
    labels_file: Path | None
    names: object
    said: Mapping[str, Any]

    def get(self, key: str, otherwise: Any = None) -> Any:
        """What is said for a key."""
        return self.said.get(key, otherwise)


class _WrongError(Exception):
    """A value is none that its key takes; says what it takes."""


def json_beside(path: Path) -> Path:
    """Where the JSON of an ONNX file lies."""
    return path.with_suffix(".json")


def settings_for(path: Path, options: Mapping[str, str]) -> Settings:
    """What is said beside an ONNX file.

    Args:
        path: The ONNX file.
        options: Of the model's name, of ``KEYS``; they win.

    Raises:
        UsageError: If an option is none that its key takes; names key, value and what it takes.
        ModelError: If the JSON cannot be read, or the same is wrong in it.
    """
    beside = json_beside(path)
    in_file = _content(beside) if beside.is_file() else {}
    said = {key: _value(key, value, str(beside), ModelError) for key, value in in_file.items()}
    meant = {_FROM_OPTION.get(key, key): value for key, value in options.items()}
    asked = {key: _value(key, _untexted(key, value), "options", UsageError) for key, value in meant.items()}
    for where, values, kind in ((str(beside), said, ModelError), ("options", asked, UsageError)):
        if "resize" in values and "crop_pct" in values:
            raise kind(f"{where}: 'resize' and 'crop_pct' say the same in two ways: leave one out.")
    if "resize" in asked or "crop_pct" in asked:
        said = {key: value for key, value in said.items() if key not in ("resize", "crop_pct")}
    folder = Path.cwd() if "labels" in asked else path.parent
    said |= asked
    file, names = _names(said.pop("labels", None), folder)
    return Settings(beside if beside.is_file() else None, file, names, said)


def transform_of(settings: Settings, size: tuple[int, int], *, is_bytes: bool, path: Path) -> dict[str, Any]:
    """The preprocessing, with timm's keys: that of the pixels that the graph is given, of 0..1 and RGB.

    Args:
        settings: What is said.
        size: (height, width) of the input.
        is_bytes: Whether the graph takes uint8, which can only be the pixels themselves.
        path: The ONNX file.

    Raises:
        ModelError: If something is not said that decides what the model sees, or does not fit together; says what to
            write.
    """
    said = dict(settings.said)
    if is_bytes:
        said = {"scale": 255, "mean": (0.0,) * 3, "std": (1.0,) * 3, **said}
        for key, only in (("scale", 255), ("mean", (0.0,) * 3), ("std", (1.0,) * 3)):
            if said[key] != only:
                raise ModelError(
                    f"{path}: '{key}' is {_shown(said[key])}, but the graph takes uint8, which are the pixels as they "
                    f"are: leave it out."
                )
    missing = [key for key in ("mean", "std", "interpolation") if key not in said]
    missing += ["resize"] * ("resize" not in said and "crop_pct" not in said)
    if missing:
        raise ModelError(unsaid(path, missing, said))
    scale = said.get("scale", 1)
    _require_unit(said["mean"], said["std"], scale, path)
    # A graph that takes BGR has them in that order.
    turn = -1 if said.get("channels") == "bgr" else 1
    return {
        "input_size": [3, *size],
        "interpolation": said["interpolation"],
        "mean": [each / scale for each in said["mean"]][::turn],
        "std": [each / scale for each in said["std"]][::turn],
        "crop_pct": said["crop_pct"] if "crop_pct" in said else crop_pct(size[0], said["resize"]),
        "crop_mode": said.get("crop_mode", "center"),
    }


def unsaid(path: Path, missing: list[str], said: Mapping[str, Any]) -> str:
    """The error for what nobody says, with a JSON to fill in."""
    example = {**_EXAMPLE, "input_size": [_EXAMPLE_SIZE] * 2, "layout": NCHW}
    known = {key: value for key, value in said.items() if key not in ("input", "output")}
    whole = {**known, **{key: example[key] for key in missing}}
    options = "&".join(f"{_AS_OPTION.get(key, key)}={_as_option(example[key])}" for key in missing)
    return (
        f"{path.name} does not say how its images are prepared: {', '.join(missing)} "
        f"{'is' if len(missing) == 1 else 'are'} missing. Write {json_beside(path)} with the values that it was "
        f"trained with, for example {json.dumps(whole)}, or end its name with ?{options}"
    )


def _require_unit(mean: tuple[float, ...], std: tuple[float, ...], scale: int, path: Path) -> None:
    """Refuse numbers that are plainly of the other unit: a model would see nothing but grey or noise."""
    largest = max(*map(abs, mean), *std)
    if scale == 1 and largest > _MOST_OF_ONE:
        raise ModelError(f"{path}: 'mean' or 'std' holds {largest:g}, as for pixels of 0..255: say \"scale\": 255.")
    if scale != 1 and any(mean) and largest <= 1:
        raise ModelError(f"{path}: 'mean' and 'std' are of pixels of 0..1: leave 'scale' out, or give them for 0..255.")


def _content(path: Path) -> dict[str, Any]:
    content = json_of(path)
    if not isinstance(content, dict):
        raise ModelError(f'{path} is {_shown(content)}, not an object with keys such as "mean" and "std".')
    return content


def _value(key: str, value: Any, where: str, kind: type[OffcenterError]) -> Any:
    if key not in _READERS:
        raise kind(f"{where}: there is no '{key}'.{nearest(key, _READERS)} Known: {', '.join(_READERS)}.")
    try:
        return _READERS[key](value)
    except _WrongError as wrong:
        named = _AS_OPTION.get(key, key) if kind is UsageError else key
        raise kind(f"{where}: '{named}' is {_shown(value)}; it must be {wrong}.") from None


def _untexted(key: str, text: str) -> Any:
    """An option's text as JSON would have it; a text where it is none of numbers."""
    if key in ("input", "output", "layout", "channels", "output_is", "labels", "crop_mode", "interpolation"):
        return text
    numbers = [_number_of(part) for part in text.lower().replace("x", ",").split(",")]
    if any(number is None for number in numbers):
        return text
    return numbers if len(numbers) > 1 else numbers[0]


def _number_of(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else number


def _as_option(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _words(*known: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value.lower() not in known:
            hint = nearest(value, known) if isinstance(value, str) else ""
            raise _WrongError(f"one of {', '.join(known)}{hint and '.' + hint[:-1]}")
        return value.lower()

    return read


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _WrongError("a name of the graph")
    return value


def _three(value: Any) -> tuple[float, ...]:
    values = value if isinstance(value, list) else [value] * 3
    if len(values) != 3 or not all(map(_is_number, values)):
        raise _WrongError("three numbers, one a channel, or one for all")
    return tuple(float(each) for each in values)


def _three_above_0(value: Any) -> tuple[float, ...]:
    try:
        values = _three(value)
    except _WrongError:
        values = (0.0,)
    if min(values) <= 0:
        raise _WrongError("three numbers above 0, one a channel, or one for all")
    return values


def _size(value: Any) -> tuple[int, int]:
    values = value if isinstance(value, list) else [value] * 2
    values = values[1:] if len(values) == 3 and values[0] == 3 else values
    whole = all(isinstance(each, int) and not isinstance(each, bool) for each in values)
    if len(values) != 2 or not whole or not all(1 <= each <= _LONGEST_SIDE for each in values):
        raise _WrongError(f"[height, width] in pixels, each from 1 to {_LONGEST_SIDE}, or one number for both")
    return values[0], values[1]


def _pixels(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _LONGEST_SIDE:
        raise _WrongError(f"a whole number of pixels from 1 to {_LONGEST_SIDE}")
    return value


def _share(value: Any) -> float:
    if not _is_number(value) or not 0.1 <= value <= 10:
        raise _WrongError("a share from 0.1 to 10")
    return float(value)


def _scale(value: Any) -> int:
    if isinstance(value, bool) or value not in (1, 255):
        raise _WrongError("1 (pixels of 0..1) or 255 (pixels of 0..255)")
    return int(value)


def _labels(value: Any) -> Any:
    is_names = isinstance(value, list | dict) and all(
        isinstance(each, str) for each in (value if isinstance(value, list) else value.values())
    )
    if not value or not (is_names or isinstance(value, str)):
        raise _WrongError("a list of class names, a file of them, or a label space such as imagenet-1k")
    return value


#: How each key's value is read; a key that is not here is refused.
_READERS: dict[str, Callable[[Any], Any]] = {
    "input": _name,
    "output": _name,
    "layout": _words(NCHW, NHWC),
    "input_size": _size,
    "scale": _scale,
    "mean": _three,
    "std": _three_above_0,
    "channels": _words("rgb", "bgr"),
    "resize": _pixels,
    "crop_pct": _share,
    "crop_mode": _words("center", "squash", "border"),
    "interpolation": _words(*INTERPOLATIONS),
    "output_is": _words(LOGITS, PROBABILITIES),
    "labels": _labels,
}
_FROM_OPTION = {option: key for key, option in _AS_OPTION.items()}
#: Options of a name that say the same.
KEYS = frozenset(_AS_OPTION.get(key, key) for key in _READERS)


def _names(said: Any, folder: Path) -> tuple[Path | None, object]:
    """Class names, and the file that they are of, if they are of one.

    Raises:
        UsageError: If there is neither such a label space nor such a file.
        ModelError: If the file holds no names.
    """
    if not isinstance(said, str):
        return None, said
    try:
        space = labels.label_space(said)
        return None, list(space.wnids or space.names)
    except LabelSpaceError as error:
        path = paths.place(folder / Path(said).expanduser())
        if not path.is_file():
            raise UsageError(
                f"labels '{said}' names no file ({path} is not there) and no label space ({error})"
            ) from None
    try:
        if path.suffix.lower() == ".json":
            return path, _labels(paths.load_json(path))
        names = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError, _WrongError) as error:
        raise ModelError(f"the class names in {path} cannot be read: {error}.") from error
    while names and not names[-1].strip():
        names.pop()
    if not names or not all(name.strip() for name in names):
        raise ModelError(f"the class names in {path} cannot be read: line {_first_empty(names)} is empty.")
    return path, [name.strip() for name in names]


def _first_empty(names: list[str]) -> int:
    return next((at for at, name in enumerate(names, start=1) if not name.strip()), 1)


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
