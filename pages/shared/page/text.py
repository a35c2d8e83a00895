"""Titles, findings, tiles, the identity line and the states of a page that has nothing to show."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core import paths, store
from core.answers import alike, questions, report, sentences, variant_words
from core.bench import certificate_text
from core.errors import OffcenterError
from core.figures.exhibits.base import short_identity as short_identity
from core.images.views import CLEAN
from core.types import FEW_OBJECTS, THIN, Card, is_thin
from core.wording import clusters, code, escaped, preprocessing, units, weights
from pages.shared.page import address, margin, send
from pages.shared.page.frame import Choice

#: Identities that a link names; a view of more rests on whatever is newest.
_MOST_IN_LINK = 24
#: In place of what starts or keeps something.
DEMO = "This is a demo: nothing can be started or changed here."


@dataclass(frozen=True)
class Tile:
    """A number with its interval.

    Attributes:
        label: What it is.
        value: As text.
        interval: As text.
        hint: What exactly it is; shown when the pointer rests on it.
        others: (model, text) of the models it is compared with.
        thin: What it rests on where that is too little for a claim, such as ``5 objects: thin``; empty otherwise.
    """

    label: str
    value: str
    interval: str
    hint: str = ""
    others: tuple[tuple[str, str], ...] = ()
    thin: str = ""


def head(title: str, finding: str, hint: str = "") -> None:
    """Title, what it means where that is not plain, and the finding in a sentence, which is Markdown."""
    st.title(title, anchor=False)
    if hint:
        st.caption(escaped(hint))
    with st.container(key="oc-finding"):
        st.markdown(finding)


def tiles(content: Sequence[Tile], choice: Choice) -> None:
    """Numbers in a row; they wrap on a narrow screen."""
    parts = []
    for tile in content:
        also = "".join(
            f'<div class="also"><i style="background:{choice.colours[model]}"></i>{html.escape(text)}</div>'
            for model, text in tile.others
        )
        thin = f'<span class="thin">{html.escape(tile.thin)}</span>' if tile.thin else ""
        parts.append(
            f'<div class="oc-tile{" is-thin" if thin else ""}" title="{html.escape(tile.hint)}">'
            f'<div class="label">{html.escape(tile.label)}</div><div class="value">{html.escape(tile.value)}</div>'
            f'<span class="chip">{html.escape(tile.interval)}</span>{thin}{also}</div>'
        )
    st.html(f'<div class="oc-tiles">{"".join(parts)}</div>')


def tile_of(
    label: str,
    said_of: Mapping[str, tuple[str, str]],
    hint: str,
    rows: Mapping[str, pd.Series],
    unit: str = "object",
) -> Tile | None:
    """A tile of the first model's number, with those of the others; None without any.

    Args:
        label: What it is.
        said_of: Value and interval as texts, by model.
        hint: What exactly it is.
        rows: ``n`` and ``n_clusters`` of each number, by model.
        unit: What the clusters are; see ``core.answers.cards.unit_of``.
    """
    if not said_of:
        return None
    (first, numbers), *others = said_of.items()
    n, n_clusters = (int(rows[first][name]) for name in ("n", "n_clusters"))
    thin = f"{sentences.resting(n, n_clusters, unit)}: thin" if is_thin(n, n_clusters) else ""
    others_said = tuple((model, " ".join(pair)) for model, pair in others)
    over = f", {clusters(n_clusters, unit)}" if n_clusters != n else ""
    return Tile(label, *numbers, f"{hint} n = {n:,}{over}.".strip(), others_said, thin=thin)


def identity_of(runs: Sequence[store.Run]) -> str:
    """Identities of one model's results and what decides them, in one line."""
    first = runs[0]
    day = max(run.manifest.updated[:10] for run in runs)
    parts = [
        f"{first.label}: identity {', '.join(f'{run.identity} ({_of_what(run)})' for run in runs)}",
        weights(first.fingerprint, first.is_imported and not first.preprocessing),
        preprocessing(first.preprocessing),
        variant_words.said_of(first),
        first.precision,
        f"{'imported' if first.is_imported else 'evaluated'} {day}" if day else "",
    ]
    return " · ".join(part for part in parts if part)


def _of_what(run: store.Run) -> str:
    """Benchmark, and the family of views where images are not shown as they are."""
    return run.benchmark if run.view == CLEAN else f"{run.benchmark}, {run.view}"


def identities(runs: Sequence[store.Run]) -> None:
    """The foot of a page: a line for each model; these are the results that can be sent."""
    send.keep(runs)
    unique = list({(run.label, run.identity, run.benchmark): run for run in runs}.values())
    models = dict.fromkeys(run.label for run in unique)
    lines = "<br>".join(html.escape(identity_of([run for run in unique if run.label == model])) for model in models)
    st.html(f'<div class="oc-identity">{lines}</div>')
    if len(unique) <= _MOST_IN_LINK:
        address.note(address.RESULTS, [".".join(dict.fromkeys(run.identity[:8] for run in unique))])


def flag_differences(runs: Sequence[store.Run]) -> None:
    """Say in what results that are compared differ beside the model."""
    found = alike.unlike(runs) if len(runs) > 1 else []
    if found:
        with st.container(key=f"oc-unlike-{runs[0].identity[:8]}-{runs[1].identity[:8]}"):
            st.markdown(f":material/balance: **Not compared like with like** on {code(runs[0].benchmark)}: "
                        f"{escaped('; '.join(found))}.")  # fmt: skip
            with st.popover("Details", type="tertiary"):
                st.markdown("\n".join(f"- {escaped(line)}" for line in report.differences(runs)))


def flag_state(runs: Sequence[store.Run], policy: str = "top1") -> None:
    """Say which results are partial, or do not tell what is asked.

    Args:
        runs: The results.
        policy: What counts as right.
    """
    early = [_early(run) for run in runs if run.n_done < run.n_samples]
    if early:
        st.info("  \n".join(early), icon=":material/hourglass_bottom:")
    for run in runs:
        if policy == "top5" and not questions.knows_top5(run):
            st.info(
                f"**{escaped(run.label)}** on {code(_of_what(run))}: top-5 is not known, because fewer than five "
                "classes of each image were imported. Choose Top-1.",
                icon=":material/help:",
            )


def _early(run: store.Run) -> str:
    """That a result is partial, and whether what there is is a fair sample."""
    drawn = ", drawn at random): numbers are estimates of the final ones."
    if run.is_imported:
        drawn = ", those that its imported file has): numbers are of these alone, which may be no fair sample."
    stopped = " It was stopped by an error; run it again to go on." if run.manifest.status == "failed" else ""
    which, done, total = f"**{escaped(run.label)}** on {code(_of_what(run))}", run.n_done, run.n_samples
    return f"{which} is {done / total:.0%} done ({done:,} of {total:,} images{drawn}{stopped}"


def about(cards: Sequence[Card], more: str = "", independent: str = "Wilson's") -> None:
    """The popover on what is measured, and with which interval.

    Args:
        cards: Of the benchmarks, the first of which says what intervals are over.
        more: Markdown on the page's own terms.
        independent: How intervals are made where images are independent; Markdown.
    """
    with st.popover("About", icon=":material/info:"):
        margin.control()
        for card in cards:
            st.markdown(f"**{escaped(card.title)}**  \n{escaped(card.about)}")
        if more:
            st.markdown(more)
        first = cards[0]
        several = escaped(units(first.cluster_unit)) if first.cluster_unit else ""
        one = escaped(clusters(1, first.cluster_unit or "").removeprefix("1 "))
        st.markdown(
            f"Intervals: 95 %, over {several}, because images of the same {one} are not independent: score intervals "
            f"of accuracies, Student's t of what is computed from several. What rests on fewer than {THIN} images or "
            f"{FEW_OBJECTS} {several} is marked as thin and carries no claim."
            if several
            else f"Intervals: 95 %, {independent}."
        )
        said = _how_sure()
        if said:
            with st.expander("How sure are these intervals?"):
                st.markdown(said)
                st.caption("`python -m core certify` draws them anew.")
        st.markdown(f"Paper: {escaped(first.paper)}  \nLicence: {escaped(first.licence)}")


@st.cache_data(show_spinner=False)
def _how_sure() -> str:
    """What the certificate that comes with the project says; empty where there is none."""
    try:
        return certificate_text.how_sure(certificate_text.read())
    except OffcenterError:
        return ""


def nothing_stored() -> None:
    """What to do on a machine without results."""
    st.info(
        "Nothing is evaluated yet. "
        + (
            "Start an evaluation on the Runs page, or in a terminal:"
            if (paths.REPO / "pages/runs.py").is_file()
            else "In a terminal, list the models and evaluate one:"
        ),
        icon=":material/inbox:",
    )
    st.code("python -m core models\npython -m core evaluate --model MODEL --benchmark BENCHMARK --data DIR", "bash")


def problem(error: Exception) -> None:
    """An error that a user can act on, in a sentence."""
    st.error(escaped(error), icon=":material/error:")
