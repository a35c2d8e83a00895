"""The start page: what is stored on this machine. The pages that look closer come with the next releases."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from core import benchmarks, report, store
from core.errors import OffcenterError

START = """python -m core models
python -m core evaluate --model MODEL --benchmark imagenet --data DIR"""


@st.cache_data(show_spinner=False, max_entries=256)
def summary(folder: str, version: tuple[str, int]) -> dict:
    """Overall accuracy of the run in a folder; computed again when ``version`` (time and count) changes."""
    run = store.open_run(Path(folder))
    return report.build(run, tables=["by_class"])


def run_row(run: store.Run) -> dict:
    """A run as a line of the table; a run that cannot be read says why."""
    row = {"Benchmark": run.benchmark, "Model": run.model, "Run": f"{run.info['precision']}, {run.info['view']}"}
    try:
        content = summary(str(run.path), (run.info.get("updated", ""), run.n_done))
    except OffcenterError as error:
        return {**row, "State": str(error), "Identity": run.identity[:8]}
    overall = content["overall"]
    return {
        **row,
        "Top-1": percent(overall["top1"]),
        "95 % interval": interval(overall),
        "Top-5": percent(overall["top5"]),
        "Images": overall["n"],
        "State": state(run, content["n_failed"]),
        "Identity": run.identity[:8],
    }


def percent(share: float | None) -> float | None:
    """A fraction as percent; nothing stays nothing."""
    return None if share is None else 100 * share


def state(run: store.Run, n_failed: int) -> str:
    """How far a run is, and how many of its images could not be read."""
    done = "complete" if run.complete else f"{run.n_done / run.n_samples:.0%} done"
    return f"{done}, {n_failed:,} failed" if n_failed else done


def interval(overall: dict) -> str:
    """``59.8 to 62.7`` percent, or a dash where there is none."""
    low, high = overall["top1_low"], overall["top1_high"]
    return "–" if low is None else f"{100 * low:.1f} to {100 * high:.1f}"


def show_runs(runs: list[store.Run]) -> None:
    """The finding in a sentence, then the table."""
    table = pd.DataFrame([run_row(run) for run in runs]).sort_values(["Benchmark", "Model"])
    n_models, n_benchmarks = table["Model"].nunique(), table["Benchmark"].nunique()
    st.markdown(
        f"**{len(runs)}** stored {'result' if len(runs) == 1 else 'results'}: **{n_models}** "
        f"{'model' if n_models == 1 else 'models'} on **{n_benchmarks}** "
        f"{'benchmark' if n_benchmarks == 1 else 'benchmarks'}."
    )
    columns = st.column_config
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        column_config={
            "Top-1": columns.ProgressColumn(format="%.1f %%", min_value=0, max_value=100, width=125),
            "Top-5": columns.NumberColumn(format="%.1f %%"),
            "Images": columns.NumberColumn(format="localized"),
        },
    )
    st.caption(
        "Intervals are bootstrapped over cut-outs where images share one (SI-Score), else Wilson's. The identity names "
        "weights, preprocessing, precision, data and view: the same identity means the same numbers."
    )
    st.markdown("Tables by size, location, rotation and class:")
    st.code(f"python -m core report --model {runs[0].model} --benchmark {runs[0].benchmark}", language="bash")


def show_empty() -> None:
    """What to do on a machine without results."""
    st.info("Nothing is evaluated yet. In a terminal, list the models and evaluate one on a folder of images:")
    st.code(START, language="bash")


def show_benchmarks() -> None:
    """Each benchmark with where its data are, or how to get them."""
    for key, benchmark in benchmarks.known_benchmarks().items():
        root = benchmarks.find_data(key)
        ready = root is not None and root.is_dir()
        with st.container(border=True):
            st.markdown(f"**{benchmark.title}** · `{key}` · {'data found' if ready else 'no data yet'}")
            st.caption(f"{root if ready else benchmark.how_to_get}  \n{benchmark.paper}. Licence: {benchmark.licence}.")


st.set_page_config(page_title="Offcenter", layout="wide")
st.title("Offcenter")
st.markdown("See **where an image classifier breaks**: object off-centre, too small, turned, or simply confused.")
found = store.list_runs()
st.header("Stored results")
if found:
    show_runs(found)
else:
    show_empty()
st.header("Benchmarks")
show_benchmarks()
