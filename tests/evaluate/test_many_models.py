"""Several models on one decoding: each keeps its own run, its own progress and its own failure."""

import numpy as np
import pytest
import safetensors.torch

from core import models, store
from core.benchmarks import open_benchmark
from core.benchmarks.base import Benchmark
from core.cli.main import main
from core.errors import ModelError, UsageError
from core.evaluate.loop import InterruptedRunError, evaluate, evaluate_all
from core.labels import FOCUS_10
from tests.conftest import TOY_TRANSFORM, BrightestChannel
from tests.models.test_sources import make_folder


def toy(name, gain=10.0, *, module=None, **changes):
    module = module or BrightestChannel()
    module.gain.data.fill_(gain)
    transform = {**TOY_TRANSFORM, **changes}
    return models.from_module(module, name, label_space="imagenet-1k", transform=transform)


class Failing(BrightestChannel):
    """Has no room after some images."""

    def __init__(self, after):
        super().__init__()
        self.after = after

    def forward(self, inputs):
        self.after -= len(inputs)
        if self.after < 0:
            raise ModelError("the GPU has too little memory for 4 images at once: give --batch-size 2")
        return super().forward(inputs)


@pytest.fixture
def colours(colour_folder):
    return open_benchmark("imagenet", colour_folder)


@pytest.fixture
def decoded(monkeypatch):
    """Names of the images that were decoded."""
    seen, real = [], Benchmark.decoded
    monkeypatch.setattr(Benchmark, "decoded", lambda self, image: seen.append(image) or real(self, image))
    return seen


def said(run):
    table = store.read(run).sort_values(["sample_id", "view"], ignore_index=True)
    return table.drop(columns=["top10", "top10_prob"]), *(
        np.stack(table[name].map(list)) for name in ("top10", "top10_prob")
    )


@pytest.mark.parametrize("view", ["clean", "five-crop"])
def test_each_image_is_decoded_once_and_each_model_says_what_it_says_alone(colours, decoded, view):
    zoo = [toy("a"), toy("b", 5.0), toy("c", input_size=[3, 16, 16])]
    outcomes = evaluate_all(zoo, colours, view=view)
    assert sorted(decoded) == sorted(colours.samples()["sample_id"])
    assert [outcome.error for outcome in outcomes] == [None] * 3
    assert len({outcome.run.identity for outcome in outcomes}) == 3
    for model, outcome in zip(zoo, outcomes, strict=True):
        alone = evaluate(model, colours, view=view, fresh=True)
        for one, other in zip(said(outcome.run), said(alone), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6) if isinstance(one, np.ndarray) else None
        assert said(outcome.run)[0].drop(columns="p_accepted").equals(said(alone)[0].drop(columns="p_accepted"))


def test_models_that_are_differently_far_go_on_each_from_where_it_is(colours, decoded):
    zoo = [toy("a"), toy("b", 5.0), toy("c", 2.0)]
    evaluate(zoo[0], colours)
    evaluate(zoo[1], colours, limit=10)
    decoded.clear()
    outcomes = evaluate_all(zoo, colours)
    assert len(decoded) == 24
    assert [outcome.run.n_done for outcome in outcomes] == [24] * 3
    assert all(not store.read(outcome.run)["sample_id"].duplicated().any() for outcome in outcomes)
    assert outcomes[1].run.manifest.session.images == 14


def test_one_model_that_fails_keeps_what_it_has_and_stops_no_other(colours):
    zoo = [toy("a"), toy("small", module=Failing(after=9)), toy("c", 2.0)]
    first, small, third = evaluate_all(zoo, colours, batch_size=4, workers=1)
    assert (first.run.complete, third.run.complete) == (True, True)
    assert "too little memory" in str(small.error)
    stored = store.find_run("imagenet", "small")
    assert 0 < stored.n_done < 24
    assert stored.manifest.status == "failed"
    zoo[1].module.after = 10**6
    (again,) = evaluate_all(zoo[1:2], colours)
    assert again.run.complete


def test_a_model_that_does_not_fit_the_benchmark_is_its_own_failure(colours):
    other = toy("other")
    other.label_space = FOCUS_10
    good, bad = evaluate_all([toy("a"), other], colours)
    assert good.run.complete
    assert "needs a model with the 1,000 ImageNet-1k classes" in str(bad.error)


def test_ctrl_c_keeps_what_each_has(colours):
    def stop(state):
        if state.done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError, match="of 24 images are stored"):
        evaluate_all([toy("a"), toy("b", 5.0)], colours, batch_size=4, workers=1, progress=stop)
    assert all(8 <= run.n_done < 24 for run in store.list_runs())
    assert len(store.list_runs()) == 2
    assert all(outcome.run.complete for outcome in evaluate_all([toy("a"), toy("b", 5.0)], colours))


def test_one_model_under_two_names_is_refused(colours):
    with pytest.raises(UsageError, match="'a' and 'a' are the same model; give it once"):
        evaluate_all([toy("a"), toy("a")], colours)


def test_the_command_line_evaluates_the_others_and_ends_with_the_failure(colour_folder, tmp_path, monkeypatch, capsys):
    make_folder(tmp_path / "zoo" / "tiny")
    make_folder(tmp_path / "zoo" / "broken")
    (tmp_path / "zoo" / "broken" / "model.safetensors").write_bytes(b"not weights")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "evaluate",
                "--model",
                "tiny",
                "--model",
                "broken",
                "--benchmark",
                "imagenet",
                "--data",
                str(colour_folder),
            ]
        )
    assert ended.value.code == 1
    out, err = capsys.readouterr()
    assert "tiny on imagenet: top-1" in out
    assert "cannot be read as weights" in err
    assert store.find_run("imagenet", "tiny").complete


def test_who_interrupts_whenever_it_is_told_anything_is_heard_once_and_loses_nothing(colours):
    def stop(state):
        if state.done:
            raise KeyboardInterrupt

    zoo = [toy("a"), toy("b", 5.0), toy("c", 2.0)]
    with pytest.raises(InterruptedRunError, match=r"stopped: \d+ of 24 images are stored"):
        evaluate_all(zoo, colours, view="five-crop", batch_size=1, workers=1, progress=stop)
    assert all(outcome.run.complete for outcome in evaluate_all(zoo, colours, view="five-crop"))
    assert all(len(store.read(run)) == 120 for run in store.list_runs())


def test_what_only_the_weights_told_of_a_model_is_in_its_own_result(tmp_path, colours):
    for name, prefix in (("plain", ""), ("wrapped", "model.")):
        make_folder(tmp_path / name)
        weights = tmp_path / name / "model.safetensors"
        state = safetensors.torch.load_file(weights)
        safetensors.torch.save_file({prefix + key: value for key, value in state.items()}, weights)
    plain, wrapped = evaluate_all([f"local-dir:{tmp_path / name}" for name in ("plain", "wrapped")], colours)
    assert plain.run.manifest.model.notes == ()
    assert ["prefix 'model.'" in note for note in wrapped.run.manifest.model.notes] == [True]


def test_a_model_that_cannot_be_loaded_beside_another_leaves_no_trace(tmp_path, colours):
    for name in ("good", "cut"):
        make_folder(tmp_path / name)
    weights = tmp_path / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    good, cut = evaluate_all([f"local-dir:{tmp_path / name}" for name in ("good", "cut")], colours)
    assert good.run.complete
    assert "cannot be read as weights" in str(cut.error)
    assert [run.model for run in store.list_runs()] == ["good"]
