"""A model's card: read back by the hub's own parsers, hostile names inside, nothing of somebody else's replaced."""

from dataclasses import replace

import huggingface_hub
import numpy as np
import pytest
import yaml
from huggingface_hub.repocard_data import eval_results_to_model_index

from core import paths
from core.errors import UsageError
from core.paper import hub_card
from tests.synthetic_store import make_samples, write_run

SAMPLES = make_samples("rotation", 2160)
SAMPLES = SAMPLES[SAMPLES["area"] == 0.5].reset_index(drop=True)
#: What YAML, Markdown, HTML and a front matter might take for their own.
HOSTILE = "a: b\n---\n| `x` <script>alert(1)</script> ![i](http://x) 'q' \"猫\" {% raw %}"


@pytest.fixture
def run():
    """Wrong of all 30 cut-outs at 201 degrees, right of all at the 17 other angles."""
    return write_run("rotation", SAMPLES, "m", (SAMPLES["angle_deg"] != 201).to_numpy())


def test_the_hubs_parsers_read_the_card_and_its_results_back(run, tmp_path):
    card, picture, results = hub_card.written([run], tmp_path / "card" / "README.md")
    read = huggingface_hub.ModelCard.load(card)
    (result,) = read.data.eval_results
    assert read.data.model_name == "m"
    # 510 of 540.
    assert result.metric_value == 17 / 18
    assert (result.task_type, result.metric_type, result.verified) == ("image-classification", "accuracy", False)
    assert (result.dataset_type, result.dataset_name) == ("si-score/rotation", "SI-Score: object rotation")
    assert (result.metric_args["n"], result.metric_args["n_clusters"]) == (540, 30)
    assert result.metric_args["identity"] == run.identity
    front = yaml.safe_load(card.read_text().split("---\n")[1])
    assert eval_results_to_model_index("m", [result]) == front["model-index"]
    (entry,) = huggingface_hub.parse_eval_result_entries(yaml.safe_load(results.read_text()))
    assert (entry.dataset_id, entry.task_id, entry.value) == ("si-score/rotation", "si-score/rotation", 17 / 18)
    assert "not a data set on the hub" in entry.notes
    assert results == card.parent / ".eval_results" / "offcenter-m.yaml"
    assert f"]({picture.name})" in read.text
    assert "| rotation | 100.0\u00a0%, 1° | 0.0\u00a0%, 201° | −100.0\u00a0pts | " in read.text
    assert "| 30 images | `si-score/rotation` |" in read.text


def test_names_from_data_are_text_in_every_file(run, tmp_path):
    card, picture, results = hub_card.written([replace(run, alias=HOSTILE)], tmp_path / "README.md")
    read = huggingface_hub.ModelCard.load(card)
    assert read.data.model_name == " ".join(HOSTILE.split())
    assert read.data.eval_results[0].metric_value == 17 / 18
    assert "<script" not in read.text.replace("\\<script", "")
    assert "![i](" not in read.text
    assert "<script" not in picture.read_text()
    assert yaml.safe_load(results.read_text())[0]["value"] == 17 / 18
    assert results.name.startswith("offcenter-a-b")


def test_every_result_that_a_number_rests_on_is_named_and_only_what_is_there_is_explained(run, tmp_path):
    other = write_run("rotation", SAMPLES, "o", (SAMPLES["angle_deg"] != 101).to_numpy(), seed=1)
    text = hub_card.written([run, other], tmp_path / "README.md")[0].read_text()
    assert f"- `si-score/rotation`, m: identity `{run.identity}`" in text
    assert f"- `si-score/rotation`, o: identity `{other.identity}`" in text
    # One factor, which the benchmark was made to vary.
    assert "**m** loses clearly with **rotation**" in text
    assert not any(words in text for words in ("uncommon", "grayed out", "not varied", "zoom"))


def test_what_is_not_finished_is_named_and_in_no_result(run, tmp_path):
    half = write_run("rotation", SAMPLES, "half", np.ones(540, dtype=bool), done=0.5)
    (card,) = hub_card.written([half], tmp_path / "README.md")
    read = huggingface_hub.ModelCard.load(card)
    assert "eval_results" not in read.data.to_dict()
    assert "is left out: 270 of 540 images are done." in read.text
    assert "No benchmark is finished yet." in read.text
    assert not any(words in read.text for words in ("![", "How it was measured"))
    text = hub_card.written([run, half], tmp_path / "two.md")[0].read_text()
    assert "(clean) of half is left out: 270 of 540 images are done." in text


def test_a_card_of_somebody_elses_stays(run, tmp_path):
    theirs = tmp_path / "README.md"
    theirs.write_text("# my model\n")
    with pytest.raises(UsageError, match="was not written by this command: give another name"):
        hub_card.written([run], theirs)
    assert theirs.read_text() == "# my model\n"
    assert {path.name for path in tmp_path.iterdir()} == {"README.md", paths.data_home().name}
    ours = tmp_path / "card.md"
    first = hub_card.written([run], ours)
    assert hub_card.written([run], ours) == first


@pytest.mark.parametrize(
    ("labels", "name", "said"),
    [
        (("a", "b", "c"), "README.md", "not of 3: name one or two"),
        ((), "README.md", "needs a stored result"),
        (("a",), "README.txt", "ends in '.md'"),
    ],
)
def test_what_no_card_can_be_made_of_is_refused_in_a_line(run, tmp_path, labels, name, said):
    with pytest.raises(UsageError, match=said):
        hub_card.written([replace(run, alias=label) for label in labels], tmp_path / name)
    assert not (tmp_path / name).exists()
