"""``--adapt memo``: before and after, stored under an identity of its own."""

import numpy as np
import pytest
import torch
from PIL import Image

from core import models, store
from core.answers import report
from core.benchmarks import open_benchmark
from core.errors import ModelError, UsageError
from core.evaluate.adapt import AdaptingCrew, crew_of
from core.evaluate.loop import evaluate
from core.evaluate.plan import Plan
from core.evaluate.work import Asked, Crew, Work
from core.images.opening import open_rgb
from core.images.views import get_views
from core.zoom import Memo, memo
from tests.conftest import RED_WNID, TOY_TRANSFORM


class Colours(torch.nn.Module):
    """Logits are a linear function of the mean colour; a step moves them."""

    num_classes = 1000

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.head = torch.nn.Linear(3, 1000)
        self.register_buffer("called", torch.zeros((), dtype=torch.int64))

    def forward(self, inputs):
        self.called += 1
        return 5 * self.head(inputs.mean(dim=(2, 3)))


@pytest.fixture(autouse=True)
def eight_crops(monkeypatch):
    """Fewer than the study's, so that tests take no longer than they must; and larger steps."""
    monkeypatch.setattr(Memo.__init__, "__kwdefaults__", {**Memo.__init__.__kwdefaults__, "n": 8, "lr": 0.05})
    monkeypatch.setattr(memo.predict, "__kwdefaults__", {**memo.predict.__kwdefaults__, "n": 8, "lr": 0.05})


@pytest.fixture
def model():
    return models.from_module(Colours(), "colours", label_space="imagenet-1k", transform=TOY_TRANSFORM)


@pytest.fixture
def benchmark(colour_folder):
    (colour_folder / RED_WNID / "broken.png").write_bytes(b"no image")
    pixels = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    pixels[:, :40, 1:] = 0
    Image.fromarray(pixels).save(colour_folder / RED_WNID / "mixed.png")
    return open_benchmark("imagenet", colour_folder)


def state_of(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def test_what_is_stored_is_what_memo_says(model, benchmark):
    run = evaluate(model, benchmark, view="memo", keep_logits=True)
    assert run.complete
    assert run.views == get_views("memo").card()
    assert run.views.names == ["clean", "memo"]
    table = store.read(run).set_index(["sample_id", "view"])
    assert len(table) == 2 * 26
    name = f"{RED_WNID}/mixed.png"
    found = memo.predict(model, open_rgb(benchmark.root / name), sample_id=name)
    for view, prob in (("clean", found.before), ("memo", found.after)):
        best = np.argsort(-prob)[:10]
        assert list(table.loc[(name, view), "top10"]) == best.tolist()
        np.testing.assert_allclose(table.loc[(name, view), "top10_prob"], prob[best], rtol=1e-5)
    assert np.abs(found.after - found.before).max() > 1e-4
    broken = table.loc[f"{RED_WNID}/broken.png"]
    assert broken["error"].str.contains("UnidentifiedImageError").all()


def test_before_adapting_is_the_plain_evaluation(model, benchmark):
    adapted, plain = (evaluate(model, benchmark, view=view) for view in ("memo", "clean"))
    assert adapted.identity != plain.identity
    tables = [store.read(run) for run in (adapted, plain)]
    before, clean = (table[table["view"] == "clean"].set_index("sample_id").sort_index() for table in tables)
    good = clean["error"].isna()
    assert good.sum() == 25
    np.testing.assert_allclose(
        np.stack(before.loc[good, "top10_prob"]), np.stack(clean.loc[good, "top10_prob"]), rtol=1e-5
    )
    assert before["digest"].equals(clean["digest"])


def test_the_model_is_what_it_was(model, benchmark):
    before = state_of(model.module)
    evaluate(model, benchmark, view="memo")
    weights = {name: tensor for name, tensor in state_of(model.module).items() if name != "called"}
    assert all(torch.equal(tensor, before[name]) for name, tensor in weights.items())


def test_an_interrupted_run_goes_on_by_image(model, benchmark, monkeypatch):
    assert evaluate(model, benchmark, view="memo", limit=10).n_done == 10
    asked = []
    predict = Memo.predict
    monkeypatch.setattr(Memo, "predict", lambda self, *given, **more: asked.append(1) or predict(self, *given, **more))
    run = evaluate(model, benchmark, view="memo")
    assert run.complete
    assert len(asked) in (15, 16)


def test_a_report_has_before_and_after(model, benchmark):
    run = evaluate(model, benchmark, view="memo")
    table = report.build(run, tables=("by_adapted",))["tables"]["by_adapted"]
    assert [row["adapted"] for row in table] == [False, True]
    assert all(row["n"] == 25 for row in table)


def test_a_model_that_gives_no_numbers_fails(model, benchmark):
    with torch.no_grad():
        model.module.head.weight.fill_(float("nan"))
    with pytest.raises(ModelError, match="not finite"):
        evaluate(model, benchmark, view="memo")


def test_gradients_are_taken_in_fp32(model, benchmark):
    with pytest.raises(UsageError, match="adapting takes gradients in fp32, not in bf16: leave out --precision"):
        evaluate(model, benchmark, view="memo", precision="bf16")


def test_only_adapting_needs_a_crew_of_its_own(model, benchmark):
    asked = (Asked(model.source, model.fingerprint, model.label_space, module=model),)
    assert type(crew_of(Work(benchmark, "memo", asked))) is AdaptingCrew
    assert type(crew_of(Work(benchmark, "five-crop", asked))) is Crew


def test_an_identity_says_that_a_model_adapted(model, benchmark):
    assert Plan.of(model, benchmark, "memo").identity(model) != Plan.of(model, benchmark).identity(model)
