"""Logits that were computed elsewhere become a stored result."""

import numpy as np
import pytest

from core import store
from core.answers import report
from core.benchmarks import open_benchmark
from core.benchmarks.imagenet_m import ImageNetMultilabel
from core.cli.main import main
from core.errors import DataError, UsageError
from core.evaluate.imports import import_logits, read_logits, rows_in
from tests.validation_images import GOLDFISH, MAILBOX, SHARK, TENCH, name, write_annotations

SHAPE = (50_000, 1000)


@pytest.fixture
def logits(tmp_path):
    """All zero but for the annotated images: 1 right, 2 accepted as unclear, 3 wrong, 4 accepted as a second label."""
    array = np.lib.format.open_memmap(tmp_path / "logits.npy", mode="w+", dtype=np.float16, shape=SHAPE)
    for number, best in ((1, TENCH), (2, GOLDFISH), (3, SHARK), (4, MAILBOX)):
        array[number - 1, best] = 10
    array.flush()
    return tmp_path / "logits.npy"


@pytest.fixture
def annotated(tmp_path):
    """Annotations and original classes, without images."""
    write_annotations(tmp_path / "a")
    classes = [TENCH, TENCH, TENCH, SHARK, SHARK]
    (tmp_path / "a" / "val.txt").write_text("".join(f"{name(n)} {c}\n" for n, c in enumerate(classes, 1)))
    return tmp_path / "a"


def test_imported_logits_are_a_run_like_any_other(logits, annotated):
    run = import_logits(logits, "soup", ImageNetMultilabel(annotated))
    assert store.find_run("imagenet-multilabel", "soup").identity == run.identity
    assert run.complete
    joined = report.joined(run)
    assert dict(zip(joined["sample_id"], joined["correct"], strict=True)) == {
        name(1): 1, name(2): 1, name(3): 0, name(4): 1,
    }  # fmt: skip
    # One logit of 10 and 999 of 0.
    first = joined.iloc[0]
    assert first["top10_prob"][0] == pytest.approx(np.exp(10) / (np.exp(10) + 999), rel=1e-5)
    assert len(set(first["top10"])) == 10
    # Image 2 accepts classes 0 and 1: the logit of 10 and one of 0.
    assert joined["p_accepted"][1] == pytest.approx((np.exp(10) + 1) / (np.exp(10) + 999), rel=1e-5)
    scores = {row["measure"]: row["top1"] for row in report.build(run)["tables"]["scores"]}
    # Tench: 2 of 3 accepted, shark: 1 of 1.
    assert scores["multi-label accuracy"] == pytest.approx((2 / 3 + 1) / 2)
    assert scores["plain top-1"] == pytest.approx(1 / 4)


def test_importing_twice_gives_one_result_and_other_logits_another(logits, annotated):
    benchmark = ImageNetMultilabel(annotated)
    first = import_logits(logits, "soup", benchmark)
    assert import_logits(logits, "soup", benchmark).identity == first.identity
    assert first.n_done == 4
    np.lib.format.open_memmap(logits, mode="r+")[10, 10] = 1
    assert import_logits(logits, "soup", benchmark).identity != first.identity


def test_probabilities_are_taken_as_they_are(tmp_path, annotated):
    array = np.lib.format.open_memmap(tmp_path / "p.npy", mode="w+", dtype=np.float16, shape=SHAPE)
    array[:, TENCH], array[:, SHARK] = 0.75, 0.25
    array.flush()
    joined = report.joined(import_logits(tmp_path / "p.npy", "p", ImageNetMultilabel(annotated)))
    assert joined["top10_prob"][0][:2] == [0.75, 0.25]


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((1000, 50_000), np.float16), r"has the shape \(1000, 50000\)"),
        (np.zeros(SHAPE, np.int8), "holds int8, not floating-point"),
    ],
)
def test_another_shape_or_type_is_refused(tmp_path, array, said):
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(DataError, match=said):
        read_logits(tmp_path / "x.npy")


def test_a_value_that_is_not_finite_is_named_by_its_row(logits):
    np.lib.format.open_memmap(logits, mode="r+")[49_999, 3] = np.nan
    with pytest.raises(DataError, match="row 49,999: a value is not finite"):
        read_logits(logits)


def test_an_object_array_is_not_unpickled(tmp_path):
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"cannot be read as \.npy or \.npz"):
        read_logits(tmp_path / "x.npy")


def test_the_array_of_an_npz_must_be_named_if_there_are_two(tmp_path):
    np.savez(tmp_path / "x.npz", logits=np.zeros(3), labels=np.zeros(3))
    with pytest.raises(UsageError, match=r"--array NAME\. Did you mean 'logits'"):
        read_logits(tmp_path / "x.npz", "logit")


def test_rows_in_the_order_of_class_folders_are_put_right():
    # Images 1 and 3 are of class 5, all others of class 2: sorted by class, 2 comes first and 1 and 3 last.
    original = {name(n): 5 if n in (1, 3) else 2 for n in range(1, 50_001)}
    assert rows_in([name(1), name(2), name(3), name(4)], "class", original).tolist() == [49_998, 0, 49_999, 1]
    assert rows_in([name(1), name(4)], "file", {}).tolist() == [0, 3]
    with pytest.raises(UsageError, match="1 are known"):
        rows_in([name(1)], "class", {name(1): 5})


def test_rows_in_another_order_are_noticed_and_nothing_is_stored(tmp_path, logits, monkeypatch):
    many = {n: (TENCH, [TENCH], [], []) for n in range(1, 201)}
    monkeypatch.setattr("tests.validation_images.IMAGES", many)
    write_annotations(tmp_path / "many")
    array = np.lib.format.open_memmap(logits, mode="r+")
    array[:] = 0
    array[:, MAILBOX] = 5
    with pytest.raises(DataError, match=r"0\.0 % of 199 images are right, which is chance.*try --order class"):
        import_logits(logits, "soup", ImageNetMultilabel(tmp_path / "many"))
    assert store.list_runs() == []


def run_cli(arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0


def test_the_command_imports_for_both_benchmarks(logits, annotated, capsys):
    run_cli(["mistakes", "import-logits", str(logits), "--name", "soup", "--data", str(annotated)])
    out = capsys.readouterr().out
    assert "4 predictions of soup on imagenet-multilabel" in out
    assert "2 predictions of soup on imagenet-m" in out
    run_cli(["report", "--model", "soup", "--benchmark", "imagenet-m"])
    assert "preprocessing unknown" in capsys.readouterr().out


def test_images_that_are_there_and_imported_predictions_have_the_same_ids(val, logits):
    run = import_logits(logits, "soup", ImageNetMultilabel(val))
    assert store.read(run)["sample_id"].tolist() == open_benchmark(run.benchmark, val).samples()["sample_id"].tolist()
