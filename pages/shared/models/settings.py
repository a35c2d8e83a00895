"""How a model shows images and which prompts name its classes: pickers that write options into its name.

The name is the only truth, since it is what results are told by; the pickers read it and write it.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.answers import catalogue
from core.models import presets, zero_shot
from core.store import specs
from core.wording import code, escaped
from pages.shared.page import address

#: What a picker says where a name says nothing.
_OWN = "its own"
#: Name of the model in the address.
MODEL = "model"
_PRESET_HELP = (
    "How images are shown to it: as its training says, or in the size, crop and interpolation of a paper's code; they "
    "are normalised as its weights need it. It is part of the result's identity and of the model's name. "
)
_INTERPOLATION_HELP = "How pixels are resampled when an image is resized; its own unless a paper's preset says another."
_PROMPTS_HELP = (
    "Texts that name the classes of a zero-shot model, each averaged over these templates. For a file of your own end "
    "the model's name with `?prompts=FILE`."
)


def show(model: str, spaces: Sequence[str]) -> None:
    """Draw the pickers of a model below its name.

    Args:
        model: As it stands in the form; nothing is drawn without one.
        spaces: Label spaces of the benchmark that is chosen.
    """
    if not model:
        return
    is_zero_shot = catalogue.kind_of(model) == specs.OPEN_CLIP
    # The name says what is picked; a label that changed would close what is open.
    label = "How images are shown, and its prompts" if is_zero_shot else "How images are shown"
    with st.expander(label, icon=":material/tune:"):
        with st.container(horizontal=True, gap="medium"):
            _pick("Preprocessing", model, presets.PRESET, list(presets.PRESETS), _PRESET_HELP + _papers())
            _pick("Interpolation", model, presets.INTERPOLATION, list(presets.INTERPOLATIONS), _INTERPOLATION_HELP)
            if is_zero_shot:
                _pick(
                    "Prompts", model, zero_shot.PROMPTS, list(zero_shot.prompt_sets()), _PROMPTS_HELP, zero_shot.DEFAULT
                )
        st.caption(f"Name of the model with these: {code(model)}")
    fitted = zero_shot.fitted(model, spaces)
    if fitted != model:
        classes = specs.parsed(fitted).options[zero_shot.CLASSES]
        st.caption(f"Its texts name the classes of this benchmark: {escaped(catalogue.space_in_words(classes))}.")


def _papers() -> str:
    return " ".join(
        f"`{name}`: {escaped(preset.said)} ({escaped(preset.paper)})." for name, preset in presets.PRESETS.items()
    )


def _pick(label: str, model: str, option: str, known: Sequence[str], hint: str, default: str = "") -> None:
    """A picker of an option of a model's name."""
    says = specs.parsed(model).options.get(option, default)
    first = [] if default else [_OWN]
    # A value that is not known here, such as a file of one's own, stays what it is.
    options = [*first, *known, *([says] if says and says not in known else [])]
    key = f"run_{option}"
    st.session_state[key] = says or _OWN
    st.selectbox(label, options, key=key, help=hint, on_change=_picked, args=(model, option, default), width=240)


def _picked(model: str, option: str, default: str) -> None:
    says = st.session_state[f"run_{option}"]
    changed = specs.parsed(model).with_options(**{option: None if says in (_OWN, default) else says})
    address.put(**{MODEL: str(changed)})
