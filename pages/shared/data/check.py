"""Point and check: a folder is looked at as the data of a benchmark, or told what it is; then it can be used.

Looking at a large folder takes long: it goes on beside the page.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

import streamlit as st

from core import benchmarks, paths
from core.answers.sentences import listed
from core.benchmarks import listing
from core.errors import OffcenterError, nearest
from core.getting import resemblance
from core.getting.check import Checked, Finding, Severity
from core.getting.check import check as checked_as
from core.wording import code, escaped, linked
from pages.shared.data import beside, status
from pages.shared.page import cached, text

_TELL_ME = "Tell me which"
_MARKS: dict[Severity, str] = {
    "fine": '<span class="oc-right">✓</span>',
    "worth knowing": "<b>!</b>",
    "wrong": '<span class="oc-wrong">✗</span>',
}
_OF_OWN = "For images of your own: “Add images of your own” above."


@dataclass(frozen=True)
class Looked:
    """What was found in a folder.

    Attributes:
        findings: What was seen before a benchmark was decided on.
        checked: As the data of a benchmark; None where it is none's.
        images: ImageNet's folder that it was looked at with; empty if none.
        others: Benchmarks that the same folder may be the data of, too.
    """

    findings: tuple[Finding, ...] = ()
    checked: Checked | None = None
    images: str = ""
    others: tuple[str, ...] = ()


def look(folder: str, key: str = "", images: str = "") -> Looked:
    """Look at a folder; nothing is kept or changed, and nothing is raised.

    Args:
        folder: As typed; empty for the one that would be used.
        key: Of the benchmark that it should be; empty to be told which it looks like.
        images: ImageNet's folder, for a benchmark of masks alone.
    """
    if key:
        return Looked(checked=checked_as(key, folder or None, images or None), images=images)
    try:
        root = paths.place(folder)
        if not paths.is_folder(root):
            return Looked((_no_folder(folder),))
        like = resemblance.looks_like(root)
        archives = [] if like else resemblance.archives_in(root)[:3]
    except OffcenterError as error:
        return Looked((Finding("layout", "wrong", str(error)),))
    except Exception as error:
        # No name of a folder, and no file system, may end in a traceback.
        return Looked((Finding("layout", "wrong", f"{folder} cannot be looked at ({error}).", "Give another folder."),))
    if like is None:
        said, fix = (
            f"{root} looks like the data of no benchmark.",
            "Pick the benchmark that it should be.",
        )
        if archives:
            said, fix = f"{root} holds archives: {', '.join(archives)}.", "Unpack them and give the folder."
        return Looked((Finding("layout", "wrong", said, fix),))
    if not like.keys:
        return Looked((Finding("layout", "worth knowing", f"{like.why[:1].upper()}{like.why[1:]}.", _OF_OWN),))
    where = "" if like.folder == root else f" in {like.folder}"
    sure = "" if like.is_sure else "; other data look like that, too"
    seen = Finding("layout", "fine", f"It looks like {listed(like.keys)}: {like.why}{where}{sure}.")
    found = checked_as(like.keys[0], like.folder, images or None)
    return Looked((seen,), found, images, tuple(like.keys[1:]))


def _no_folder(folder: str) -> Finding:
    root = paths.place(folder)
    if root.is_file():
        fix = "Unpack it and give the folder." if resemblance.is_archive(root) else "Give the folder that holds it."
        return Finding("layout", "wrong", f"{root} is a file.", fix)
    beside = [each.name for each in root.parent.iterdir()] if root.parent.is_dir() else []
    return Finding("layout", "wrong", f"{root} is not there.{nearest(root.name, beside)}", "Give another folder.")


def form() -> None:
    """The fields and the button, and what was found."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        folder = st.text_input("Folder", placeholder="/path/to/the/images", key="check-folder", max_chars=1000)
    with right:
        options = [_TELL_ME, *benchmarks.known_benchmarks()]
        picked = st.selectbox("Is it the data of", options, key="check-key")
    key = "" if picked == _TELL_ME else picked
    images = ""
    done: Looked | None = beside.done("check-form")
    decided = key or (done.checked.key if done and done.checked else "")
    if decided and benchmarks.has_masks_alone(decided):
        images = st.text_input(
            "ImageNet's folder, which holds the photographs of these masks",
            placeholder="/path/to/imagenet",
            key="check-images",
            max_chars=1000,
        )
    if st.button("Check", icon=":material/fact_check:", key="check-start"):
        if folder.strip():
            begin("form", folder.strip(), key, images.strip())
        else:
            beside.forget("check-form")
            st.warning("Name a folder first.", icon=":material/folder_open:")
    show("form", usable=True)


def begin(name: str, folder: str, key: str = "", images: str = "") -> None:
    """Look at a folder beside the page; ``show`` tells what comes of it.

    Args:
        name: Of the part of the page that asks.
        folder: See ``look``.
        key: See ``look``.
        images: See ``look``.
    """
    beside.begin(f"check-{name}", lambda: look(folder, key, images), f"Looking at {folder or key}")


def show(name: str, *, usable: bool = False) -> None:
    """What was found, or that the work goes on; nothing where nothing was asked.

    Args:
        name: See ``begin``.
        usable: Whether there is a button that makes the folder the benchmark's.
    """
    try:
        found: Looked | None = beside.outcome(f"check-{name}")
    except Exception as error:
        text.problem(error)
        return
    if found is None:
        return
    _findings(found)
    if usable and found.checked is not None:
        _use(found.checked, found)


def _findings(found: Looked) -> None:
    if found.checked is not None:
        st.markdown(f"**{escaped(found.checked.verdict)}**")
    findings = (*found.findings, *(found.checked.findings if found.checked else ()))
    lines = "".join(_line(each) for each in findings)
    st.html(f'<dl class="oc-facts">{lines}</dl>')
    if found.others:
        also = " and ".join(code(each) for each in found.others)
        st.caption(f"The same folder may serve {also}: pick one of them above to check it as that.")


def _line(each: Finding) -> str:
    fix = f"<br>To do: {linked(listing.shown(each.fix))}" if each.fix else ""
    said = listing.shown(each.said[:1].upper() + each.said[1:])
    return (
        f"<dt>{_MARKS[each.severity]} {html.escape(each.about)}</dt>"
        f"<dd>{'' if each.severity == 'fine' else f'<b>{each.severity}</b>: '}{linked(said)}{fix}</dd>"
    )


def _use(checked: Checked, found: Looked) -> None:
    """A button that makes the folder the benchmark's, where it was recognised and is another than the one in use."""
    if checked.root is None:
        return
    if not found.images and benchmarks.find_data(checked.key) == paths.place(checked.folder):
        st.caption(f"It is the folder that is used for {code(checked.key)}.")
        return
    if not st.button(f"Use this folder for {escaped(checked.key)}", icon=":material/folder_open:", key="check-use"):
        return
    try:
        with st.spinner("Reading it …"):
            benchmarks.open_and_remember(checked.key, checked.folder, found.images or None)
    except OffcenterError as error:
        text.problem(error)
        return
    status.forget()
    cached.forget_runs()
    st.session_state["data-said"] = f"{checked.folder} is the folder of {checked.key} now."
    beside.forget("check-form")
    st.rerun()
