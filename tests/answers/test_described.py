"""Facts computed from images are factors of every run of the benchmark, and nothing changes where there are none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image

from core import store
from core.answers import compare, exporting, joined, questions, report
from core.answers.cards import card_of, own_card_of, samples_of
from core.answers.questions import Question, Where
from core.benchmarks import facts, open_benchmark
from core.errors import UsageError
from core.evaluate.loop import evaluate
from core.store.parts import write_parquet
from core.types import Factor
from tests.conftest import BLUE_WNID, GREEN_WNID, RED_WNID
from tests.synthetic_store import make_samples, write_run

#: Luma of the three colours in 256 steps.
LUMA = {RED_WNID: 67, GREEN_WNID: 122, BLUE_WNID: 32}


@pytest.fixture
def run(toy_model, colour_folder):
    """Of three plain colours, eight images each; one of the red class is green, so that it is wrong."""
    return evaluate(toy_model, open_benchmark("imagenet", colour_folder), device="cpu")


def describe(folder):
    return facts.describe(open_benchmark("imagenet", folder))


def test_without_a_description_nothing_is_there_and_nothing_changes(run):
    before = joined.version(run)
    assert card_of(run) == own_card_of(run)
    assert samples_of(run).equals(store.read_samples(run))
    assert joined.version(run) == before
    assert "brightness" not in joined.columns_of(run)


def test_facts_are_factors_and_columns_with_their_exact_values(run, colour_folder):
    describe(colour_folder)
    names = [factor.name for factor in card_of(run).factors]
    # The sizes differ from 40 to 47 by 36: so does the aspect, the shorter side does not; colours alone are plain.
    assert {"brightness", "aspect", "colourfulness"} <= set(names)
    assert not {"resolution", "contrast", "sharpness", "entropy", "jpeg_quality", "object_area"} & set(names)
    assert card_of(run).factor("brightness").label == "Brightness (computed)"
    table = joined.read(run, ["sample_id", "brightness"]).set_index("sample_id")["brightness"]
    for wnid, luma in LUMA.items():
        assert table[f"{wnid}/4.png"] == pytest.approx(luma / 255, abs=0.003)
    assert table[f"{RED_WNID}/0.png"] == table[f"{GREEN_WNID}/4.png"]


def test_a_fact_answers_a_question_and_its_images_are_behind_it(run, colour_folder):
    describe(colour_folder)
    table = questions.answer(run, Question(by=("brightness",)))
    # The green one in the red class is predicted as green.
    assert table[["value", "n"]].to_numpy().tolist() == [[1, 8], [1, 7], [pytest.approx(8 / 9), 9]]
    at = float(table["brightness"].iloc[2])
    rows = questions.behind(run, Question(where=(Where.equals("brightness", at),)))
    assert len(rows) == 9
    assert rows.loc[rows["right"] == 0, "sample_id"].tolist() == [f"{RED_WNID}/0.png"]
    assert (rows["brightness"] == at).all()


def test_a_fact_that_is_not_there_says_what_computes_it(run, colour_folder):
    with pytest.raises(UsageError, match="'python -m core data describe imagenet' computes it from the images"):
        questions.factor_of(run, "brightness")
    describe(colour_folder)
    with pytest.raises(UsageError, match="no two of them differ in it"):
        questions.factor_of(run, "resolution")
    for name, needed in (("jpeg_quality", "it is of JPEG files"), ("object_area", "it needs object masks")):
        with pytest.raises(UsageError, match=f"No image has it: {needed}"):
            questions.factor_of(run, name)
    with pytest.raises(UsageError, match=r"no factor 'brightnes'\. Did you mean 'brightness'"):
        questions.factor_of(run, "brightnes")


def test_facts_are_in_reports_and_exports_and_of_one_image(run, colour_folder):
    describe(colour_folder)
    exported = exporting.predictions(run).set_index("sample_id")
    assert exported.loc[f"{BLUE_WNID}/2.png", "aspect"] == pytest.approx(42 / 36, abs=0.001)
    assert report.build(run)["n"] == 24
    assert joined.sample(run, f"{BLUE_WNID}/2.png").factors["aspect"] == pytest.approx(42 / 36, abs=0.001)


def test_the_version_follows_the_description_and_answers_do_too(run, colour_folder):
    plain = joined.version(run)
    describe(colour_folder)
    first = joined.version(run)
    describe(colour_folder)
    assert plain != first == joined.version(run)
    before = questions.answer(run, Question(by=("brightness",)))
    file = facts.file_of("imagenet", run.manifest.pool.digest)
    table = pd.read_parquet(file)
    changed = table.assign(brightness=np.where(table["image"] == f"{BLUE_WNID}/1.png", 0.9, table["brightness"]))
    facts._write(file, changed)
    assert joined.version(run) != first
    after = questions.answer(run, Question(by=("brightness",)))
    assert (len(before), len(after), after["brightness"].iloc[-1]) == (3, 4, 0.9)


def test_what_stands_already_keeps_its_name(colour_folder):
    samples = make_samples("size", 100).assign(contrast=7.0)
    run = write_run("size", samples, "m", np.ones(100, bool))
    mine = Factor("brightness", "My brightness", "numeric")
    card = replace(run.entry.card, factors=(*run.entry.card.factors, mine))
    run = store.amend(run, replace(run.entry, card=card))
    images = samples["sample_id"].tolist()
    known = pd.DataFrame({"image": images, **{name: np.arange(100.0) for name in facts.NAMES}})
    facts._write(facts.file_of(run.benchmark, run.manifest.pool.digest), known)
    factors = questions.factors_of(run)
    assert factors["brightness"].label == "My brightness"
    assert factors["brightness_computed"].label == "Brightness (computed)"
    # A column that is no factor is not overwritten either.
    assert samples_of(run)["contrast"].unique().tolist() == [7.0]
    assert samples_of(run)["contrast_computed"].tolist() == list(np.arange(100.0))
    assert "saturation" in factors


def test_images_without_facts_have_a_row_of_their_own(run, colour_folder):
    (colour_folder / BLUE_WNID / "3.png").write_bytes(b"no image")
    found = describe(colour_folder)
    # The run is of the folder as it was; what is described belongs to the folder as it is.
    assert card_of(run) == own_card_of(run)
    facts._write(facts.file_of("imagenet", run.manifest.pool.digest), found.table)
    table = questions.answer(run, Question(by=("brightness",)))
    assert table["n"].tolist() == [7, 7, 9, 1]
    assert np.isnan(table["brightness"].iloc[-1])


def test_two_models_are_compared_by_a_fact(run, colour_folder, toy_model):
    describe(colour_folder)
    found = compare.paired_difference(run, run, Question(by=("brightness",)))
    assert found["value"].tolist() == [0, 0, 0]


@pytest.mark.parametrize("content", [b"", b"PAR1 damaged"])
def test_a_damaged_description_is_none(run, colour_folder, content):
    facts.describe(open_benchmark("imagenet", colour_folder)).file.write_bytes(content)
    assert card_of(run) == own_card_of(run)
    assert questions.answer(run, Question())["n"].tolist() == [24]


def test_a_table_of_another_kind_is_none(run):
    write_parquet(facts.file_of("imagenet", run.manifest.pool.digest), pa.table({"x": [1]}))
    assert card_of(run) == own_card_of(run)


def test_many_values_are_in_readable_bins(toy_model, tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "grey" / RED_WNID
    folder.mkdir(parents=True)
    for number, level in enumerate(rng.permutation(200)):
        Image.new("RGB", (20, 20), (int(level) + 20,) * 3).save(folder / f"{number}.png")
    run = evaluate(toy_model, open_benchmark("imagenet", folder.parent), device="cpu")
    describe(folder.parent)
    table = questions.answer(run, Question(by=("brightness",)))
    assert 8 <= len(table) <= 10
    assert table["n"].sum() == 200
    assert table["n"].min() >= 10


@pytest.mark.slow
def test_where_the_object_is_can_be_asked_after_masks_were_described_and_is_not_told_unasked(embedded_results):
    run = store.find_run("diorama/clean", "test_efficientnet.diorama", view="clean")
    plain = report.build(run, more=report.MORE)
    with pytest.raises(UsageError, match="geometry"):
        report.build(run, tables=["geometry"], more=report.MORE)
    images = store.image_ids(run).to_pylist()
    spread = np.linspace(0.1, 0.9, len(images))
    known = pd.DataFrame({"image": images, **dict.fromkeys(facts.NAMES, spread)})
    facts._write(facts.file_of(run.benchmark, run.manifest.pool.digest), known)
    told = report.build(run, more=report.MORE)
    assert (list(told["tables"]), told["warnings"]) == (list(plain["tables"]), plain["warnings"])
    rows = report.build(run, tables=["geometry"], more=report.MORE)["tables"]["geometry"]
    assert {"object_area", "centre_distance"} <= {row["measure"] for row in rows}
    facts._write(facts.file_of(run.benchmark, run.manifest.pool.digest), known.assign(centre_distance=0.5))
    with pytest.raises(UsageError, match="geometry"):
        report.build(run, tables=["geometry"], more=report.MORE)
