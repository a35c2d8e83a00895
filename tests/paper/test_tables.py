"""Tables of several models: which number is bold, and what is said where none is."""

import numpy as np
import pytest

from core.explain import reporting
from core.paper import tables
from core.paper.reading import Result
from tests import synthetic_store

#: Of 60 cut-outs, how many a model has right at the areas 0.1, 0.5 and 1.0: the first ones.
RIGHT = {"alpha": (60, 50, 15), "beta": (20, 10, 60), "gamma": (10, 50, 0)}


def samples(n_cutouts=60):
    table = synthetic_store.make_samples("size", 100 * n_cutouts)
    return table[table["area"].isin([0.1, 0.5, 1.0])].reset_index(drop=True)


def stored(model, counts, table, **more):
    number = table.groupby("area").cumcount().to_numpy()
    most = dict(zip((0.1, 0.5, 1.0), counts, strict=True))
    return synthetic_store.write_run("size", table, model, number < table["area"].map(most).to_numpy(), **more)


def results(runs, **asked):
    return [Result(run, reporting.build(run, **asked)) for run in runs]


def rows_of(table):
    return [[f"{each.text} {each.interval}".rstrip() for each in row] for row in table.rows]


def bold(table):
    return [[each.text for each in row if each.is_best] for row in table.rows]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The three models' tables, one model's, and those of a fourth that is not finished and of top-5."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OFFCENTER_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("OFFCENTER_EMBEDDED_RESULTS", str(tmp_path_factory.mktemp("none")))
        table = samples()
        runs = [stored(model, counts, table) for model, counts in RIGHT.items()]
        partial = stored("delta|$", (60, 60, 60), table, done=0.9)
        few = samples(20)
        thin = [stored(model, (20, 20, 20) if model == "alpha" else (0, 0, 0), few) for model in ("alpha", "beta")]
        yield {
            "three": tables.build(results(runs)),
            "one": tables.build(results(runs[:1])),
            "partial": tables.build(results([*runs, partial])),
            "thin": tables.build(results(thin)),
            "twice": tables.build(results([runs[0], runs[0]])),
            "unlike": tables.build([*results(runs[:1]), *results(runs[1:2], policy="top5")]),
            "without": tables.build(results(runs, exclude=[table["class"].iloc[0]])),
        }


def named(built, which, name):
    return next(each for each in built[which] if each.name == name)


def test_a_number_is_bold_where_it_differs_from_every_other(built):
    table = named(built, "three", "by_size")
    assert [column.head for column in table.columns] == ["area", "alpha", "beta", "gamma", "n"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["10\u00a0%", "100.0", "33.3", "16.7", "60"],
        ["50\u00a0%", "83.3", "16.7", "83.3", "60"],
        ["100\u00a0%", "25.0", "100.0", "0.0", "60"],
    ]
    assert bold(table) == [["100.0"], [], ["100.0"]]
    assert any(note.startswith("Ties") and "alpha, gamma (50\u00a0%)" in note for note in table.notes)
    assert any("intervals that hold for all rows at once" in sentence for sentence in table.caption)


def test_over_all_images_the_best_differs_by_the_paired_verdict(built):
    table = built["three"][0]
    assert table.name == "overall"
    # 125, 90 and 60 of 180.
    assert [row[1].text for row in table.rows] == ["69.4", "50.0", "33.3"]
    assert bold(table) == [["69.4"], [], []]
    assert "n = 180 images of 60 cut-outs." in table.caption or "n = 180 images of 60 objects." in table.caption


def test_one_model_has_no_bold_number_and_its_own_columns(built):
    assert not any(any(bold(table)) for table in built["one"])
    table = named(built, "one", "by_size")
    assert [column.head for column in table.columns] == ["area", "Top-1 (%)", "Top-5 (%)", "n"]


def test_a_result_that_is_not_finished_is_never_bold_and_is_said(built):
    table = named(built, "partial", "by_size")
    assert "delta|$‡" in [column.head for column in table.columns]
    assert not any(bold(table))
    assert any("Not finished (‡): delta|$ on si-score/size, 162 of 180 images." in each for each in table.caption)
    assert any("not finished" in note for note in table.notes)


def test_few_images_carry_no_claim(built):
    table = named(built, "thin", "by_size")
    assert not any(bold(table))
    assert [row[-1].text for row in table.rows] == ["20†"] * 3
    assert any(note.startswith("†: fewer than 30 images") for note in table.notes)


def test_the_same_result_twice_counts_once(built):
    assert rows_of(built["twice"][0]) == rows_of(built["one"][0])


def test_different_policies_are_not_compared(built):
    overall = built["unlike"][0]
    assert not any(bold(overall))
    assert any("not the same answers count as right" in note for note in overall.notes)


def test_classes_that_are_left_out_are_said(built):
    assert any(sentence.startswith("Left out: the class ") for sentence in built["without"][0].caption)
    assert bold(named(built, "without", "by_size"))[0] == ["100.0"]


def test_labels_are_all_different_and_plain(built):
    labels = [table.label for which in ("three", "one") for table in built[which]]
    assert len(labels) == len(set(labels))
    assert all(label.replace("-", "").isalnum() and label.isascii() for label in labels)


def test_rows_and_columns_agree(built):
    for group in built.values():
        for table in group:
            assert {len(row) for row in table.rows} == {len(table.columns)}


def test_views_of_spoilt_images_have_no_best(embedded_results):
    from core import store

    runs = [run for run in store.list_runs("diorama/clean") if run.view == "all-cues"][:2]
    found = tables.build(results(runs, tables=["ablation"]))
    assert not any(any(bold(table)) for table in found)
    assert any("spoilt" in note for note in found[0].notes)
    assert [column.head for column in found[1].columns][:3] == ["Model", "view", "Top-1 (%)"]
    np.testing.assert_equal({len(row) for row in found[1].rows}, {len(found[1].columns)})
