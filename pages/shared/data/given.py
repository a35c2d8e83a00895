"""What a user gives a form: a folder, a file by its path or uploaded, a name; and errors in the words of a form."""

from __future__ import annotations

import hashlib
import html
import os
import re
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core import paths
from core.errors import OffcenterError, UsageError
from core.own import entries
from core.wording import escaped

_UPLOADS = "uploads"
#: Characters of an uploaded file's name that are kept.
_LONGEST_STEM = 60
_LONGEST_PATH = 1000
#: Options of the command line, which errors name, as fields.
_FIELDS = (
    (r"or leave --factor .+? out", "or choose another kind"),
    (r"needs --classes FILE", "needs a list of its classes"),
    (r"of --classes\b", "of your list of classes"),
    (r"With --first-class (\d)", r"With \1 as the index of the first class (under More)"),
    (r"choose one with --label-space", "choose one under More"),
    (r", or add --leave-out to go on without them", ", or leave them out"),
    (r"--cluster names", "the cluster column is"),
)
Version = tuple[int, int]


def problem(error: OffcenterError) -> None:
    """An error that a user can act on, in a line and in the words of a form."""
    st.error(escaped(in_form(str(error))), icon=":material/error:")


def in_form(said: str) -> str:
    """A sentence that names options of the command line, naming fields instead."""
    for option, field in _FIELDS:
        said = re.sub(option, field, said)
    return said


def path_of(typed: str) -> str:
    """A path as people paste it: with quotation marks, or as an address of this machine.

    Raises:
        UsageError: If it is no path.
    """
    text = typed.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    text = text.removeprefix("file://")
    if not text.isprintable():
        raise UsageError("the path has signs that cannot be read: type it again.")
    if any(len(os.fsencode(part)) > 255 for part in text.split("/")):
        raise UsageError("the path has a part of more than 255 bytes, which no folder or file is called.")
    return text


def folder(label: str, key: str, hint: str) -> str:
    """A field for a folder on this machine; empty where nothing is typed.

    Raises:
        UsageError: If it is no path, or a whole disk.
    """
    typed = st.text_input(label, key=key, placeholder="/path/to/the/images", help=hint, max_chars=_LONGEST_PATH)
    found = path_of(typed)
    place = paths.place(found) if found else None
    if place is not None and not paths.is_remote(place) and place.parent == place:
        raise UsageError(f"{found} is a whole disk: give the folder that holds the images.")
    return found


def file(label: str, key: str, endings: Sequence[str], placeholder: str, hint: str) -> str:
    """A field for a file on this machine, and one to upload it, which goes first; empty where there is neither.

    Args:
        label: Of the field.
        key: Of the field.
        endings: That the file's name may have, in small letters, with the point.
        placeholder: Of the field.
        hint: What the file holds.

    Raises:
        UsageError: If it is no path, or the upload has another ending.
        StoreError: If the upload cannot be kept.
    """
    most = int(st.get_option("server.maxUploadSize"))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        place = st.container()
        with st.popover("Upload", icon=":material/upload:"):
            uploaded = st.file_uploader(
                f"{label}: a file of up to {most} MB; give a larger one by its path",
                [ending.removeprefix(".") for ending in endings],
                key=f"{key}-upload",
            )
            st.caption("It is kept in the data folder.")
    if uploaded is None:
        with place:
            typed = st.text_input(label, key=key, placeholder=placeholder, help=hint, max_chars=_LONGEST_PATH)
        return path_of(typed)
    place.text_input(label, uploaded.name, key=f"{key}-{uploaded.file_id}", disabled=True, help=hint)
    return str(_kept(uploaded.name, uploaded.getvalue(), endings))


def _kept(name: str, content: bytes, endings: Sequence[str]) -> Path:
    """An uploaded file in the data folder, under a name that is safe there; the same content once."""
    stem, ending = os.path.splitext(re.split(r"[/\\]", name)[-1])
    if ending.lower() not in endings:
        raise UsageError(f"'{name[:80]}' is none of {', '.join(endings)}.")
    digest = hashlib.sha256(content).hexdigest()[:12]
    path = entries.folder() / _UPLOADS / digest / f"{paths.slug(stem)[:_LONGEST_STEM]}{ending.lower()}"
    if not path.is_file() or path.stat().st_size != len(content):
        paths.write_atomically(path, content)
    return path


def propose(key: str, value: str) -> None:
    """Fill a field, unless a user has written something else there; called before the field is drawn."""
    last = f"{key}-proposed"
    before = st.session_state.get(last, "")
    if value != before and st.session_state.get(key, "") in ("", before):
        st.session_state[key] = value
    st.session_state[last] = value


def version(path: str) -> Version:
    """When a file or folder changed last, and its size; zeros where it cannot be seen."""
    try:
        status = Path(path).expanduser().stat() if path and "://" not in path else None
    except (OSError, ValueError, RuntimeError):
        return 0, 0
    return (status.st_mtime_ns, status.st_size) if status else (0, 0)


def tiles(content: Sequence[tuple[str, str, str]]) -> None:
    """Numbers in a row: what each is, the number, and what stands beneath."""
    parts = [
        f'<div class="oc-tile"><div class="label">{html.escape(label)}</div><div class="value">{html.escape(value)}'
        f'</div><span class="chip">{html.escape(beneath)}</span></div>'
        for label, value, beneath in content
    ]
    st.html(f'<div class="oc-tiles">{"".join(parts)}</div>')
