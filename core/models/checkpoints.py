"""Weights from a file or several: data only, in the entry that timm takes, or what is wrong with them in a sentence."""

from __future__ import annotations

import argparse
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from timm.models import clean_state_dict

from core.errors import ModelError
from core.models.strangers import in_words, what_else_it_is
from core.store.weights import is_index, parts_of, total_size, weight_map

#: Entries of a checkpoint that may be the weights, in the order in which timm's ``load_state_dict`` takes them: an
#: average before what was averaged.
ENTRIES = ("state_dict_ema", "model_ema", "state_dict", "model")
_AVERAGES = ("state_dict_ema", "model_ema")
#: Entries of other frameworks, averages first, looked for where none of timm's is there.
_OTHERS = (
    *("ema_state_dict", "params_ema", "ema", "teacher", "model_state_dict", "model_state", "net", "network", "module"),
    *("student", "params", "weights", "backbone", "encoder"),
)
#: So deep entries lie in entries.
_DEEPEST = 4
_SAFE = ".safetensors"
_READING = (OSError, RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
#: What torch keeps beside an average of weights, which all begin with ``module.``.
_N_AVERAGED = "n_averaged"
#: What torch.compile puts before, or into, the names of weights.
_COMPILED = "_orig_mod."
#: How torch's reader of archives begins what it says.
_CUT = "PytorchStreamReader failed"
#: Ends of names of what libraries keep beside quantised weights.
_QUANTISED = (
    *(".SCB", ".weight_format", ".absmax", ".quant_map", ".nested_absmax", ".qweight", ".qzeros", ".g_idx"),
    *("_packed_params.dtype", "_packed_params._packed_params", ".weight_scale", ".weight_scale_inv"),
)
#: Numbers of NumPy's, which metrics beside the weights often are; a name of NumPy 1 means the same.
_NUMBERS = (
    *("Bool", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"),
    *("Float16", "Float32", "Float64"),
)


@dataclass(frozen=True)
class Checkpoint:
    """What a weights file holds.

    Attributes:
        path: The file, or the list of the files.
        state: The state dict.
        notes: What a reader should know, such as that an average of the weights was taken.
    """

    path: Path
    state: dict[str, torch.Tensor] = field(repr=False)
    notes: tuple[str, ...] = ()


def read_checkpoint(path: Path) -> Checkpoint:
    """A state dict from safetensors, or from a pickle that holds only tensors and plain containers.

    Args:
        path: A weights file, or the index of several.

    Raises:
        ModelError: If a file is no such thing, is damaged or holds code; says what it is. If weights are quantised.
    """
    content = _joined(path) if is_index(path) else _content(parts_of(path)[0])
    entry, state, notes = _entry_of(content, path)
    _refuse_quantised(state, path)
    strangers = [str(name) for name, value in state.items() if not isinstance(value, torch.Tensor)]
    strangers += [str(name) for name in state if not isinstance(name, str)]
    if not state or strangers:
        named = f"its {entry} " if entry else ""
        holds = f"holds {', '.join(strangers[:5])}, which are no tensors" if strangers else "is empty"
        raise ModelError(
            f"{path}: {named}{holds}; it is no state dict. Save the network's state_dict(), or a dict that has it as "
            f"one of {', '.join(ENTRIES)}."
        )
    _refuse_other_layouts(state, path)
    clean, also = _without_wrappers(_without_count(state), path)
    return Checkpoint(path, clean, (*notes, *also, *_precision(clean, path)))


def _content(path: Path) -> Any:
    try:
        fault = what_else_it_is(path)
        if fault:
            raise ModelError(f"{path} cannot be read as weights: {fault}")
        return _safe(path) if path.suffix == _SAFE else _pickled(path)
    except MemoryError as error:
        raise ModelError(f"{path} cannot be read as weights: there is not enough memory for them.") from error
    except (safetensors.SafetensorError, pickle.UnpicklingError, zipfile.BadZipFile, *_READING) as error:
        kind = "" if isinstance(error, safetensors.SafetensorError | RuntimeError) else f"{type(error).__name__}: "
        # What torch's reader adds are guesses at the cause.
        why = first_line(error).partition(". ")[0] if _CUT in first_line(error) else first_line(error)
        raise ModelError(f"{path} cannot be read as weights: {kind}{why}. Is it complete?") from error


def _safe(path: Path) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(path, device="cpu")


def _pickled(path: Path) -> Any:
    try:
        # Training checkpoints hold their arguments and metrics beside the weights; these are data.
        with torch.serialization.safe_globals(_data()), warnings.catch_warnings():
            # Of old protocols of pickle, which no user can change.
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(f"{path} cannot be read as weights: {_code_in(path, error)}") from error


def _data() -> list[Any]:
    """Types of plain data that torch does not take for such by itself."""
    scalar = np.float64(0).__reduce__()[0]
    named = [(scalar, f"{module}.scalar") for module in ("numpy.core.multiarray", "numpy._core.multiarray")]
    numbers = [getattr(np.dtypes, f"{name}DType") for name in _NUMBERS]
    return [argparse.Namespace, *named, np.dtype, *numbers]


def _code_in(path: Path, error: BaseException) -> str:
    try:
        with torch.serialization.safe_globals(_data()):
            names = torch.serialization.get_unsafe_globals_in_checkpoint(str(path))
    except (pickle.UnpicklingError, zipfile.BadZipFile, *_READING):
        names = []
    # What torch says first is an advice to read the file all the same.
    why = re.search(r"WeightsUnpickler error:\s*(.+)", str(error))
    return in_words(path, sorted(names), why[1].rstrip(".") if why else first_line(error))


def _joined(index: Path) -> dict[str, Any]:
    """The weights of all files that an index lists, each from the file in which the index says that it is.

    Raises:
        ModelError: If one is missing, in another file, or there are more; see also ``_content``.
    """
    wanted = weight_map(index)
    found: dict[str, Any] = {}
    for path in parts_of(index):
        part = _content(path)
        names = {name for name, file in wanted.items() if file == path.name}
        if not isinstance(part, dict) or part.keys() != names:
            there = set(map(str, part)) if isinstance(part, dict) else set()
            raise ModelError(
                f"{path} is not the file that {index.name} lists: it lacks {len(names - there):,} of its weights and "
                f"has {len(there - names):,} others ({', '.join(sorted(names ^ there)[:3]) or type(part).__name__}). "
                "Copy or download both again."
            )
        found |= part
    size, expected = sum(each.nbytes for each in found.values() if isinstance(each, torch.Tensor)), total_size(index)
    if expected is not None and size != expected:
        raise ModelError(
            f"the files that {index} lists hold {size:,} bytes of weights, and it says {expected:,}: one is of another "
            "model or precision. Copy or download them again."
        )
    return found


def _entry_of(content: Any, path: Path) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """The part of a checkpoint that is the weights, by timm's rule; its name, and a note where there was a choice."""
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds a {type(content).__name__}, not a state dict (a tensor by parameter).")
    names: list[str] = []
    notes: list[str] = []
    while len(names) < _DEEPEST:
        there, is_timms = _entries_in(content)
        if not there:
            break
        notes += _choice(path, there, is_timms and not names)
        names.append(there[0])
        content = content[there[0]]
    other = next((name for name in ENTRIES if name in content and not isinstance(content[name], torch.Tensor)), None)
    if not names and other is not None and content[other] is not None:
        raise ModelError(f"{path}: its '{other}' is a {type(content[other]).__name__}, not a state dict.")
    return ".".join(names), content, tuple(notes)


def _entries_in(content: Mapping[Any, Any]) -> tuple[list[str], bool]:
    """Names of entries that may be the weights, the one to take in front, and whether timm would take it."""
    timms = [name for name in ENTRIES if isinstance(content.get(name), dict)]
    others = [name for name in _OTHERS if isinstance(content.get(name), dict)]
    return (timms, True) if timms else (others, False)


def _choice(path: Path, there: list[str], is_timms: bool) -> list[str]:
    if len(there) < 2:
        return []
    rule = "as timm does" if is_timms else "an average before what was averaged"
    return [f"{path.name} holds {' and '.join(there)}: {there[0]} was loaded, {rule}."]


def _without_count(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights that torch has averaged (``AveragedModel``), without how many it averaged."""
    is_averaged = all(name.startswith("module.") for name in state if name != _N_AVERAGED) and len(state) > 1
    return {name: value for name, value in state.items() if name != _N_AVERAGED} if is_averaged else state


def _without_wrappers(state: dict[str, torch.Tensor], path: Path) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
    """Names of weights without what data-parallel training and torch.compile put there, and a note if they did."""
    clean = clean_state_dict(state)
    inside = {name.replace(_COMPILED, ""): value for name, value in clean.items()}
    clean = inside if len(inside) == len(clean) else clean
    first, was = next(((name, old) for name, old in zip(clean, state, strict=False) if name != old), ("", ""))
    if len(clean) != len(state):
        raise ModelError(f"{path} has some weights twice, with the prefix 'module.' or '{_COMPILED}' and without.")
    if not was:
        return clean, ()
    prefix = was.removesuffix(first) if was.endswith(first) else _COMPILED
    return clean, (f"{path.name}: the prefix '{prefix}' was left out of the names of its weights.",)


def _refuse_quantised(state: Mapping[str, Any], path: Path) -> None:
    """Refuse weights that mean something only with scales beside them, by their type or by what lies beside them."""
    for name, value in state.items():
        if not _is_quantised(str(name), value):
            continue
        what = str(value.dtype).removeprefix("torch.") if isinstance(value, torch.Tensor) else type(value).__name__
        raise ModelError(
            f"{path} holds quantised weights ({name} is {what}), which a plain network cannot use: give those that "
            "they were made from, or export the quantised network to ONNX and use onnx:FILE."
        )


def _is_quantised(name: str, value: Any) -> bool:
    if name.endswith(_QUANTISED):
        return True
    if not isinstance(value, torch.Tensor):
        return False
    is_whole = value.dtype in (torch.int8, torch.uint8) and value.ndim > 1 and name.endswith("weight")
    return value.is_quantized or is_whole or (value.is_floating_point() and value.dtype.itemsize == 1)


def _refuse_other_layouts(state: Mapping[str, torch.Tensor], path: Path) -> None:
    """Refuse what is no tensor of real numbers with its values."""
    for name, value in state.items():
        if value.device.type == "meta":
            raise ModelError(f"{path}: {name} is without values: save the weights from where they were loaded.")
        if value.is_complex() or value.layout != torch.strided:
            what = str(value.dtype if value.is_complex() else value.layout).removeprefix("torch.")
            raise ModelError(f"{path}: {name} is {what}, and not a plain tensor of real numbers.")


def _precision(state: Mapping[str, torch.Tensor], path: Path) -> tuple[str, ...]:
    """A note of weights that are kept in another precision than they are used in."""
    kept = {value.dtype for value in state.values() if value.is_floating_point()} - {torch.float32}
    if not kept:
        return ()
    names = " and ".join(sorted(str(dtype).removeprefix("torch.") for dtype in kept))
    return (f"{path.name} keeps its weights in {names}; they are used in float32.",)


def first_line(error: BaseException) -> str:
    """The first line of what an error says, without a full stop; its type's name if it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
