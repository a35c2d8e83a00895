"""``python -m core bundle``: what a newcomer types, and what is refused before any work."""

import numpy as np
import pytest
from typer.testing import CliRunner

from core.bundle.reading import read
from core.cli.main import app
from core.errors import UsageError
from tests import synthetic_store


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Model a has results on two benchmarks of a family, model b on one of them."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("data")
        patch.setenv("OFFCENTER_DATA", str(home))
        patch.setenv("OFFCENTER_EMBEDDED_RESULTS", "/nowhere")
        synthetic_store.make({"size": 100}, ("a", "b"))
        samples = synthetic_store.make_samples("rotation", 72)
        synthetic_store.write_run("rotation", samples, "a", np.ones(72, bool))
        yield home


@pytest.fixture
def bundle(home, monkeypatch):
    monkeypatch.setenv("OFFCENTER_DATA", str(home))

    def run(*arguments):
        return CliRunner().invoke(app, ["bundle", *arguments])

    return run


def test_a_family_is_all_of_it_that_is_stored(bundle, tmp_path):
    out = tmp_path / "report.html"
    both = ("--model", "a", "--model", "b", "--benchmark", "si-score")
    ran = bundle(*both, "--no-images", "--only", "by_area", "--title", "T", "--out", str(out))
    assert ran.exit_code == 0, ran.exception
    content = read(out)
    assert [(each["benchmark"], each["model"]) for each in content["results"]] == [
        ("si-score/size", "a"), ("si-score/size", "b"), ("si-score/rotation", "a"),
    ]  # fmt: skip
    assert content["left_out"][0].startswith("b on si-score/rotation, which it was not evaluated on: python -m core")
    assert content["title"] == "T"
    assert content["command"] == (
        "python -m core bundle --model a --model b --benchmark si-score --only by_area --title T --out report.html "
        "--no-images"
    )
    assert "3 results" in ran.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--model", "a", "--benchmark", "si-scroe"), "unknown benchmark 'si-scroe'.*Did you mean"),
        (("--model", "aa", "--benchmark", "si-score/size"), "no result of model 'aa'"),
        (("--model", "aa", "--benchmark", "si-score"), "no result of aa on any benchmark of 'si-score'"),
        (("--model", "a", "--benchmark", "si-score/size", "--view", "noise"), "with view noise"),
        (("--model", "a", "--benchmark", "si-score/size", "--policy", "top2"), "--policy 'top2' is unknown"),
        (("--model", "a", "--benchmark", "si-score/size", "--max-mb", "0.001"), "even without images"),
        (("--model", "a", "--benchmark", "si-score/size", "--only", "by_aera"), "Did you mean 'by_area'"),
        (("--model", "a", "--benchmark", "si-score/size", "--out", "x.pdf"), "must end in .html"),
    ],
)
def test_what_is_wrong_is_said_in_a_line_and_nothing_is_written(bundle, tmp_path, arguments, why):
    out = () if "--out" in arguments else ("--out", str(tmp_path / "x.html"))
    more = () if "--only" in arguments else ("--only", "by_area")
    ran = bundle(*arguments, *out, *more)
    assert isinstance(ran.exception, UsageError)
    with pytest.raises(UsageError, match=why):
        raise ran.exception
    assert not any(tmp_path.iterdir())
