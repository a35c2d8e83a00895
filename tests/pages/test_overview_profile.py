"""The profile on Overview: it says what core says, and a row's images are those of its worst setting."""

import pytest

from core.answers import profile_sentences
from core.answers.profile import profile
from pages.shared.overview.profile import _cell
from pages.shared.page import place
from tests.pages.conftest import open_page, text_of
from tests.synthetic_store import make_samples, write_run

SAMPLES = make_samples("rotation", 2160)
SAMPLES = SAMPLES[SAMPLES["area"] == 0.5].reset_index(drop=True)


@pytest.mark.slow
def test_the_profile_and_the_images_behind_its_worst_setting():
    run = write_run("rotation", SAMPLES, "m", (SAMPLES["angle_deg"] != 201).to_numpy())
    (line,) = profile([run])
    cell = _cell(line)
    assert (cell.benchmark, cell.values) == ("si-score/rotation", {"angle_deg": 201.0})
    assert place.decode(cell.encode()) == cell
    at = open_page("pages/overview.py", only="si-score", cell=cell.encode(), by="m")
    assert not at.exception
    said = text_of(at)
    assert "Where it breaks, factor by factor" in said
    assert profile_sentences.finding((line,)) in said
    assert "**30 images, 0" in said
