"""What is computed from runs and kept: by whom, how long, and when it is out of date."""

import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core import paths, store
from core.answers import compare, joined, questions
from core.answers.questions import Question
from core.errors import StoreError
from core.types import Factor
from tests.conftest import REPO
from tests.synthetic_store import make_samples, write_run

AREA = Factor("area", "Area", "numeric")


@pytest.fixture
def samples():
    return make_samples("size", 200)


@pytest.fixture
def run(samples):
    """Right where the object takes more than half of the image."""
    return write_run("size", samples, "large", (samples["area"] > 0.5).to_numpy())


def correct(run, samples):
    """What an evaluation does that finds other factors than those stored."""
    store.write_samples(store.samples_of(run), samples)


def tables(run):
    return sorted(path.name for path in joined.folder(run).rglob("*.parquet"))


def by_area(run):
    table = questions.answer(run, Question(by=("area",)))
    return dict(zip(table["area"].round(2), table["value"], strict=True))


def test_two_threads_ask_the_first_question_at_once(samples):
    for number in range(5):
        run = write_run("size", samples, f"m{number}", (samples["area"] > 0.5).to_numpy())
        together = threading.Barrier(2)

        def ask(run=run, together=together):
            together.wait()
            return by_area(run)

        with ThreadPoolExecutor(2) as pool:
            first, second = (task.result() for task in [pool.submit(ask), pool.submit(ask)])
        assert first == second
        assert (first[0.5], first[0.51]) == (0, 1)


def test_two_processes_ask_the_first_question_at_once(run):
    code = (
        "from core import store\nfrom core.answers import questions\n"
        "run = store.find_run('si-score/size', 'large')\n"
        "print(questions.answer(run, questions.Question(by=('area',)))['value'].sum())\n"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=REPO, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    # Of 100 areas, those from 0.51 on.
    assert [float(process.communicate(timeout=60)[0]) for process in both] == [50, 50]


def test_a_corrected_factor_is_in_every_answer(run, samples):
    question = Question(by=("area",))
    other = write_run("size", samples, "other", (samples["area"] > 0.5).to_numpy())
    by_area(run)
    questions.levels(run, AREA)
    compare.paired_difference(run, other, question)
    correct(run, samples.assign(area=1 - samples["area"]))
    # Now the small ones are right.
    assert (by_area(run)[0.49], by_area(run)[0.5]) == (1, 0)
    assert questions.levels(run, AREA)[0] == 0
    assert compare.paired_difference(run, other, question)["area"].min() == 0
    sample = samples["sample_id"].iloc[0]
    assert joined.sample(run, sample).factors["area"] == pytest.approx(0.99)


def test_a_new_factor_is_a_column(run, samples):
    assert "weather" not in joined.columns_of(run)
    correct(run, samples.assign(weather="snow"))
    assert "weather" in joined.columns_of(run)


def test_what_was_kept_serves_again_as_long_as_nothing_changes(run, samples):
    by_area(run)
    version, kept = joined.version(run), [path.stat() for path in sorted(joined.folder(run).rglob("*.parquet"))]
    correct(run, samples)
    by_area(run)
    assert joined.version(run) == version
    again = [path.stat() for path in sorted(joined.folder(run).rglob("*.parquet"))]
    assert [found.st_mtime_ns for found in again] == [found.st_mtime_ns for found in kept]


#: Files of what decides, of several rooms; and one that decides nothing.
DECIDE, DECIDES_NOTHING = ["metrics/accuracy.py", "answers/questions.py", "store/lists.py", "types.py"], "wording.py"
#: The version of the run by the code in the working folder, as it is and with one file after the other changed.
_VERSIONS = """
import sys
from pathlib import Path
from core import store
from core.answers import joined
run = store.find_run("si-score/size", "large")
print(joined.version(run))
for name in sys.argv[1:]:
    path = Path("core") / name
    before = path.read_bytes()
    path.write_bytes(before + b"\\n")
    joined._code.cache_clear()
    print(joined.version(run))
    path.write_bytes(before)
"""


def test_the_version_changes_with_the_code_that_computes(run, tmp_path):
    shutil.copytree(REPO / "core", tmp_path / "code" / "core", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "code" / "data").symlink_to(REPO / "data")
    done = subprocess.run(
        [sys.executable, "-c", _VERSIONS, *DECIDE, DECIDES_NOTHING],
        cwd=tmp_path / "code", check=True, capture_output=True, text=True,
    )  # fmt: skip
    as_it_is, *changed, with_nothing = done.stdout.split()
    assert as_it_is == with_nothing == joined.version(run)
    assert len({as_it_is, *changed}) == 1 + len(DECIDE)


@pytest.mark.parametrize("content", [b"", b"\0" * 4096])
def test_kept_tables_without_bytes_after_a_power_cut_are_made_again(run, content):
    before = by_area(run)
    for path in joined.folder(run).rglob("*.parquet"):
        path.write_bytes(content)
    assert by_area(run) == before
    assert len(joined.read(run, ["correct"])) == 200


def test_a_data_home_that_cannot_be_written_to_gives_the_same_answers(run, monkeypatch):
    monkeypatch.setattr(joined, "_passing", [])
    expected = by_area(run)
    shutil.rmtree(paths.data_home() / "cache")
    (paths.data_home() / "cache").write_text("in the way")
    assert by_area(run) == expected
    (passing,) = joined._passing
    kept = {path: path.stat().st_mtime_ns for path in Path(passing.name).rglob("*.parquet")}
    assert len(kept) == 2
    assert by_area(run) == expected
    assert {path: path.stat().st_mtime_ns for path in Path(passing.name).rglob("*.parquet")} == kept


def test_only_the_newest_versions_are_kept_and_nothing_of_others_is_deleted(run, samples):
    foreign = joined.folder(run) / "200-1" / "diagnosis-0000000-0000000.parquet"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"not ours")
    earlier = foreign.with_name("scored.parquet")
    earlier.write_bytes(b"of an earlier edition")
    for number in range(6):
        correct(run, samples.assign(area=samples["area"] + number))
        by_area(run)
    assert foreign.exists()
    assert not earlier.exists()
    assert tables(run).count("scored.parquet") == 3
    assert len(tables(run)) == 3 + 3 + 1


def test_a_samples_table_that_lost_its_end_is_named_before_anything_is_computed(run):
    path = store.samples_of(run)
    path.write_bytes(path.read_bytes()[:-512] + b"\0" * 512)
    with pytest.raises(StoreError, match=r"the samples table .* cannot be read .* evaluate command writes it again"):
        joined.version(run)
