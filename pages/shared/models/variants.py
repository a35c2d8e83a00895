"""How much preprocessing matters, or prompts: the same weights under several settings, paired with their own."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core import jobs, paths, store
from core.answers import variant_missing, variant_words, variants
from core.answers.cards import unit_of
from core.answers.variants import Axis, Group
from core.errors import OffcenterError, StoreError
from core.figures import variants as figures
from core.figures.style import Words, colour_of
from core.images.views import CLEAN
from core.jobs.kinds import Evaluation
from core.jobs.table import ENDED, Job
from core.wording import clusters, count, escaped
from pages.shared.page import address, cached, figure, frame, margin, text
from pages.shared.runs import following

_TITLES: dict[Axis, str] = {
    "preprocessing": "How much does preprocessing matter?",
    "prompts": "How much do the prompts matter?",
}
_NAMES: dict[Axis, str] = {"preprocessing": "Preprocessing", "prompts": "Prompts"}
_HELP = (
    "Papers differ in how they show images to models. Here the same weights see the same images in several ways; each "
    "way is paired, image by image, with the model's own. Intervals of the differences hold all at once."
)
#: The panel, in a link.
HERE = "variants"
_MODEL, _ON, _OF = "variants_model", "variants_on", "variants_of"


def show(runs: Sequence[store.Run], model: str = "") -> None:
    """The panel: a model and a benchmark, the figure, the table, and a button for what is missing.

    Args:
        runs: All that are stored, as ``core.answers.catalogue.told_apart`` gives them.
        model: Label of the one that is shown first.
    """
    found = {axis: variants.groups(runs, axis) for axis in variants.AXES}
    place = st.container()
    groups = found["preprocessing"]
    if not groups:
        place.subheader(_TITLES["preprocessing"], anchor=False, help=_HELP)
        place.caption("No model has been evaluated here yet: once one is, the same weights can be shown images in the "
                      "ways of several papers.")  # fmt: skip
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="oc-variants-pick"):
        names = list(dict.fromkeys(group.model for group in groups))
        chosen = st.selectbox("Model", names, width=320, **address.one(_MODEL, names, _first(groups, names, model)))
        fitting = {axis: [each for each in found[axis] if chosen in _names(each)] for axis in variants.AXES}
        axis = _axis(fitting)
        labelled = _labelled(fitting[axis])
        on = st.selectbox("Benchmark", list(labelled), width=320, **address.one(_ON, list(labelled), _most(labelled)))
    place.subheader(_TITLES[axis], anchor=False, help=_HELP)
    try:
        _panel(labelled[on])
    except OffcenterError as error:
        text.problem(error)


def _names(group: Group) -> set[str]:
    """What the model is called in the panel; with other prompts it has another name."""
    return {variants.name_of(run) for run in group.runs}


def _first(groups: Sequence[Group], names: Sequence[str], model: str) -> str:
    """The model that is asked for, under whichever setting; else one that has something to compare."""
    asked = [group.model for group in groups if model and model in {group.model, *(run.label for run in group.runs)}]
    several = [group.model for group in groups if len(group.runs) > 1]
    return next(iter([*asked, *several, *names]))


def _axis(fitting: Mapping[Axis, Sequence[Group]]) -> Axis:
    """What differs: of which there are most settings, until another is chosen."""
    if not fitting["prompts"]:
        return "preprocessing"
    options = list(variants.AXES)
    first = max(options, key=lambda axis: max((len(group.runs) for group in fitting[axis]), default=0))
    return st.segmented_control(
        "What differs", options, format_func=_NAMES.__getitem__, required=True, **address.one(_OF, options, first)
    )


def _labelled(groups: Sequence[Group]) -> dict[str, Group]:
    """Groups of one model by what tells them apart: benchmark, views, precision, copy of the data."""
    found: dict[str, Group] = {}
    for group in groups:
        run = group.runs[0]
        unusual = [said for said in (run.view, run.precision) if said not in (CLEAN, "fp32")]
        name = " · ".join([group.benchmark, *unusual])
        found[name if name not in found else f"{name} · {run.identity[:8]}"] = group
    return found


def _most(labelled: dict[str, Group]) -> str:
    """The group with the most settings; of several, one of images as they are that is through."""

    def rank(name: str) -> tuple[int, bool, bool]:
        runs = labelled[name].runs
        return len(runs), runs[0].view == CLEAN, all(run.complete for run in runs)

    return max(labelled, key=rank)


@st.cache_data(max_entries=256, show_spinner="Comparing on the common images, once …")
def _table(key: tuple, has_own: bool, _group: Group) -> pd.DataFrame:
    del key, has_own
    return variants.table(_group)


def _panel(group: Group) -> None:
    keys = (group.axis, group.base, tuple((run.source, cached.key_of(run), run.n_done) for run in group.runs))
    named = variant_words.named(group, _table(keys, group.own is not None, group))
    st.markdown(variant_words.sentence(group, named, margin.chosen()))
    shown = figures.variants(named, colour_of([group.model])[group.model], _words(group, named))
    figure.show(shown, f"variants-{group.axis}", *_exported(group, named))
    _rows(named)
    _offer(group)
    lines = "<br>".join(html.escape(text.identity_of([run])) for run in group.runs)
    st.html(f'<div class="oc-identity">{lines}</div>')


def _words(group: Group, table: pd.DataFrame) -> Words:
    accuracy = variant_words.ACCURACY[str(table["policy"].iloc[0])]
    one = variant_words.NOUNS[group.axis][0]
    n, n_clusters = int(table["n"].max()), int(table["n_clusters"].max())
    unit = unit_of(group.runs[0])
    over = f" of {clusters(n_clusters, unit)}" if n_clusters != n else ""
    return Words(
        f"{accuracy.capitalize()} by {one}",
        f"{group.model} on {group.benchmark} · n = {n:,}{over} · 95 % interval · dotted: its own · "
        "diamond: clearly different",
        text.short_identity(list(group.runs)),
        unit,
    )


def _exported(group: Group, table: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """The table by result, each with its identity and how its images were prepared."""
    tables, identities = {}, {}
    for at, run in enumerate(group.runs):
        name = run.label if run.label not in tables else f"{run.label} ({run.identity[:8]})"
        row = table.iloc[[at]].drop(columns="identity")
        tables[name] = row.assign(
            change_interval="" if row["change_low"].isna().all() else "95 %, paired over images, all settings at once",
            preprocessing=variant_words.prepared(run.preprocessing),
            head=run.manifest.model.head,
            source=run.source,
        )
        identities[name] = run.identity
    return tables, identities


def _rows(table: pd.DataFrame) -> None:
    """The numbers of the figure as a table."""
    rows = [
        {
            "Setting": row["setting"],
            "Accuracy": variant_words.accuracy_in_words(row),
            "Less its own": variant_words.change_in_words(row),
            "Gained, lost": variant_words.counts_in_words(row) or "–",
            **({"n": f"{row['n']:,}"} if table["n"].nunique() > 1 else {}),
            "Identity": row["identity"][:8],
        }
        for row in table.to_dict("records")
    ]
    column = st.column_config.TextColumn
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        width="stretch",
        column_config={
            "Less its own": column(
                help="Accuracy less that under the model's own setting on the same images; 95 % intervals, all at once."
            ),
            "Setting": column(width=220),
            "Gained, lost": column(help="Images that are right with this setting only, and with the own one only."),
        },
    )


def _offer(group: Group) -> None:
    """What is missing, and a button that queues it as one job."""
    wanted = variant_missing.wanted(group)
    if wanted.same:
        st.caption(f"The same pixels as its own, so not run: {escaped('; '.join(wanted.same))}.")
    if wanted.unfit:
        st.caption(f"It takes images of its own size only, so not: {escaped('; '.join(wanted.unfit))}.")
    if wanted.why_not:
        st.caption(f"More settings cannot be run: {escaped(wanted.why_not)}")
    if not wanted.missing:
        return
    st.caption(f"Not evaluated yet: {escaped('; '.join(each.said for each in wanted.missing))}.")
    evaluation = _evaluation(group, [each.spec for each in wanted.missing])
    job = _latest(evaluation)
    if job is not None and job.state not in ENDED:
        following.watch(job.id)
        return
    if job is not None and job.state != "done" and job.message:
        st.warning(f"{escaped(job.arguments.title)}: {escaped(job.message)}", icon=":material/error:")
        frame.link("See its log", frame.RUNS_PAGE, {"job": job.id})
    if paths.read_only():
        st.caption(text.DEMO)
        return
    with st.container(horizontal=True, gap="small"):
        pressed = st.button(
            f"Evaluate {count(len(wanted.missing), 'missing setting')}", icon=":material/play_arrow:",
            key="variants-run", help="One job: each image is decoded once for all of them.",
        )  # fmt: skip
        with st.popover("Command", icon=":material/terminal:", type="tertiary"):
            st.code(variant_missing.command(group, wanted.missing), "bash", wrap_lines=True)
    if pressed:
        try:
            jobs.submit(evaluation.checked())
        except OffcenterError as error:
            text.problem(error)
            return
        st.rerun()


def _evaluation(group: Group, missing: Sequence[str]) -> Evaluation:
    run = group.runs[0]
    return Evaluation(missing[0], group.benchmark, view=run.view, precision=run.precision, also=tuple(missing[1:]))  # type: ignore[arg-type]


def _latest(evaluation: Evaluation) -> Job | None:
    """The job that was asked for last and evaluates one of these settings."""
    try:
        every = jobs.list_jobs()
    except StoreError:
        # The Runs page says what is wrong with the list, and mends it.
        return None
    wanted = set(evaluation.models)
    about = [
        job
        for job in every
        if isinstance(job.arguments, Evaluation)
        and (job.arguments.benchmark, job.arguments.view) == (evaluation.benchmark, evaluation.view)
        and wanted & set(job.arguments.models)
    ]
    return max(about, key=lambda job: job.queued, default=None)
