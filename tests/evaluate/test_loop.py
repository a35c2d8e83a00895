"""The loop: right, resumable, honest about what failed."""

import json
import os
import shutil
import threading
import time

import numpy as np
import pytest
import torch
from PIL import Image
from timm.data import create_transform

from core import metrics, models, paths, store
from core.answers import report
from core.benchmarks import open_benchmark
from core.errors import DataError, LabelSpaceError, StoreError, UsageError
from core.evaluate import loop as evaluation
from core.evaluate.loop import evaluate
from core.evaluate.plan import Plan
from core.images.views import get_views, known_views
from core.images.views.pixelwise import Clean
from core.types import Progress
from tests.conftest import GREEN, GREEN_WNID, RED, RED_WNID, TOY_TRANSFORM, BrightestChannel


@pytest.fixture
def colours(colour_folder):
    return open_benchmark("imagenet", colour_folder)


def accuracy(run):
    return report.build(run)["overall"]


def test_the_one_wrongly_coloured_image_is_the_one_mistake(toy_model, colours):
    run = evaluate(toy_model, colours)
    table = report.joined(run)
    assert table.loc[table["correct"] == 0, "sample_id"].tolist() == [f"{RED_WNID}/0.png"]
    assert accuracy(run)["top1"] == pytest.approx(23 / 24)
    assert run.complete
    assert run.manifest.status == "complete"


def test_stored_probabilities_belong_to_the_stored_classes(toy_model, colours):
    row = report.joined(evaluate(toy_model, colours)).set_index("sample_id").loc[f"{RED_WNID}/0.png"]
    # Colour (10, 200, 10) normalised: channel means -0.92, 0.57, -0.92, times a gain of 10; all other logits are -10.
    logits = 10 * (np.array([10, 200, 10]) / 255 - 0.5) / 0.5
    shares = np.exp(logits) / (np.exp(logits).sum() + 997 * np.exp(-10))
    assert row["top10"][0] == GREEN
    assert row["top10_prob"][0] == pytest.approx(shares[GREEN], abs=1e-5)
    assert row["p_accepted"] == pytest.approx(shares[RED], abs=1e-9)


def test_the_result_does_not_depend_on_workers_or_batch_size(toy_model, colours):
    one = store.read(evaluate(toy_model, colours, batch_size=1, workers=1)).set_index("sample_id").sort_index()
    other = store.read(evaluate(toy_model, colours, batch_size=7, workers=3, fresh=True))
    other = other.set_index("sample_id").sort_index()
    assert one["top10"].map(list).tolist() == other["top10"].map(list).tolist()
    assert np.allclose(one["p_accepted"], other["p_accepted"], atol=1e-6)


class Counting(BrightestChannel):
    """Counts the images it has seen."""

    def __init__(self):
        super().__init__()
        self.seen = 0

    def forward(self, inputs):
        self.seen += len(inputs)
        return super().forward(inputs)


@pytest.fixture
def counting_model():
    found = models.from_module(Counting(), "counting", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    # Wrapping a network lets it classify one image.
    found.module.seen = 0
    return found


def test_a_finished_run_is_returned_without_running_the_model(counting_model, colours):
    evaluate(counting_model, colours)
    seen = counting_model.module.seen
    evaluate(counting_model, colours)
    assert counting_model.module.seen == seen == 24


def test_a_limited_run_is_partial_and_goes_on_from_there(counting_model, colours):
    run = evaluate(counting_model, colours, limit=10)
    assert (run.n_done, run.complete, run.manifest.status) == (10, False, "partial")
    assert any("partial: 10 of 24" in warning for warning in report.build(run)["warnings"])
    assert evaluate(counting_model, colours, limit=5).n_done == 10
    assert evaluate(counting_model, colours).complete
    assert counting_model.module.seen == 24


def test_a_partial_run_is_a_mixed_sample_not_the_first_class(toy_model, colours):
    table = report.joined(evaluate(toy_model, colours, limit=12))
    assert table["class"].nunique() == 3


def test_fresh_runs_again_and_keeps_the_earlier_result_aside(counting_model, colours):
    run = evaluate(counting_model, colours)
    evaluate(counting_model, colours, fresh=True)
    assert counting_model.module.seen == 48
    assert len(list(run.path.parent.glob(f"{run.identity}.replaced-*"))) == 1
    assert [found.identity for found in store.list_runs()] == [run.identity]


@pytest.mark.parametrize("change", ["weights", "preprocessing", "precision", "view", "data"])
def test_each_part_of_the_identity_makes_another_result(toy_model, colours, colour_folder, change):
    before = Plan.of(toy_model, colours).identity(toy_model)
    view, precision = "clean", "fp32"
    if change == "weights":
        module = BrightestChannel()
        module.gain.data += 1
        toy_model = models.from_module(module, "m", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    elif change == "preprocessing":
        toy_model.transform = {**toy_model.transform, "crop_pct": 0.9}
    elif change == "precision":
        precision = "bf16"
    elif change == "view":
        view = "mirror"
    else:
        Image.new("RGB", (300, 300), (1, 2, 3)).save(colour_folder / RED_WNID / "0.png")
    again = open_benchmark("imagenet", colour_folder)
    assert Plan.of(toy_model, again, view, precision).identity(toy_model) != before


def test_the_identity_does_not_depend_on_where_the_data_lie(toy_model, colours, colour_folder, tmp_path):
    shutil.copytree(colour_folder, tmp_path / "elsewhere")
    moved = open_benchmark("imagenet", tmp_path / "elsewhere")
    assert Plan.of(toy_model, moved).identity(toy_model) == Plan.of(toy_model, colours).identity(toy_model)


def add_views(monkeypatch, views):
    monkeypatch.setitem(known_views(), views.name, views)


def test_two_copies_of_an_image_get_noise_of_their_own_the_same_in_each_run(toy_model, colour_folder):
    for wnid in (RED_WNID, GREEN_WNID):
        for number in range(8):
            Image.new("RGB", (32, 32), (120, 128, 136)).save(colour_folder / wnid / f"{number}.png")
    said = [
        store.read(evaluate(toy_model, open_benchmark("imagenet", colour_folder), view="noise-0.25", fresh=fresh))
        for fresh in (False, True)
    ]
    first, again = (
        {row.sample_id: tuple(row.top10_prob) for row in table.itertuples() if "/" in row.sample_id} for table in said
    )
    assert first == again
    copies = [prob for name, prob in first.items() if name.partition("/")[0] in (RED_WNID, GREEN_WNID)]
    assert len(copies) == len(set(copies)) == 16


def test_a_vanished_data_folder_stops_the_run_and_blames_no_image(toy_model, colours, colour_folder):
    def progress(state: Progress):
        if state.stage == "loading the model":
            shutil.move(colour_folder, colour_folder.with_name("gone"))

    with pytest.raises(DataError, match="has gone away"):
        evaluate(toy_model, colours, progress=progress)
    shutil.move(colour_folder.with_name("gone"), colour_folder)
    assert report.build(evaluate(toy_model, colours))["n_failed"] == 0


def test_ctrl_c_stores_what_was_finished_and_the_same_call_goes_on(counting_model, colours, monkeypatch):
    monkeypatch.setattr(evaluation, "COMMIT_VIEWS", 6)

    def progress(state: Progress):
        if state.done >= 6:
            raise KeyboardInterrupt

    with pytest.raises(evaluation.InterruptedRunError, match=r"of 24 images are stored; the same command goes on"):
        evaluate(counting_model, colours, batch_size=3, workers=1, progress=progress)
    (run,) = store.list_runs()
    stored = run.n_done
    assert 6 <= stored < 24
    assert run.manifest.status == "partial"
    seen = counting_model.module.seen
    assert evaluate(counting_model, colours).complete
    assert counting_model.module.seen - seen == 24 - stored


def test_ctrl_c_while_the_model_is_loaded_says_the_same(toy_model, colours):
    def progress(state: Progress):
        if state.stage == "loading the model":
            raise KeyboardInterrupt

    with pytest.raises(evaluation.InterruptedRunError, match=r"stopped: 0 of 24 images are stored; the same command"):
        evaluate(toy_model, colours, progress=progress)
    assert evaluate(toy_model, colours).complete


def test_partial_results_are_readable_while_the_run_goes_on(toy_model, colours, monkeypatch):
    monkeypatch.setattr(evaluation, "COMMIT_VIEWS", 1)
    seen = []

    def progress(state: Progress):
        if state.done:
            (run,) = store.list_runs()
            seen.append((run.manifest.status, run.n_done, report.build(run)["n"]))

    evaluate(toy_model, colours, batch_size=4, workers=1, progress=progress)
    assert seen[0] == ("running", 4, 4)
    assert [n for _, n, _ in seen] == [4, 8, 12, 16, 20, 24]


def test_logits_are_kept_on_request_and_only_with_fresh_for_a_run_without(toy_model, colours):
    run = evaluate(toy_model, colours)
    assert store.read_logits(run) is None
    with pytest.raises(UsageError, match="add --fresh"):
        evaluate(toy_model, colours, keep_logits=True)
    run = evaluate(toy_model, colours, keep_logits=True, fresh=True)
    ids, logits = store.read_logits(run)
    assert logits.shape == (24, 1000)
    assert logits.dtype == np.float16
    predictions = store.read(run).set_index("sample_id").loc[ids]
    assert logits.argmax(axis=1).tolist() == [top[0] for top in predictions["top10"]]


def test_logits_are_kept_by_a_run_that_was_interrupted_before_its_first_image(toy_model, colours):
    def interrupt(*_):
        raise KeyboardInterrupt

    hook = toy_model.module.register_forward_pre_hook(interrupt)
    with pytest.raises(evaluation.InterruptedRunError, match="0 of 24 images are stored"):
        evaluate(toy_model, colours)
    hook.remove()
    run = evaluate(toy_model, colours, keep_logits=True)
    assert run.manifest.keep_logits
    assert len(store.read_logits(run)[0]) == 24


def test_logits_asked_for_while_another_process_begins_without_are_refused(toy_model, colours):
    identity = Plan.of(toy_model, colours).identity(toy_model)
    folder = store.run_folder("imagenet", toy_model.name, identity)
    waiting, said = threading.Event(), []

    def second():
        try:
            evaluate(toy_model, colours, keep_logits=True, progress=lambda state: waiting.set())
        except UsageError as error:
            said.append(str(error))

    finished = evaluate(toy_model, colours)
    parts = [path.rename(path.with_name(f"kept-{path.name}")) for path in finished.path.glob("part-*")]
    (folder / store.MANIFEST).unlink()
    with store.open_writer(folder, finished.manifest) as writer:
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(10)
        for path in parts:
            path.rename(path.with_name(path.name.removeprefix("kept-")))
        writer.write_manifest(status="complete")
    thread.join(20)
    assert said == [f"the stored result {identity} has no logits: add --fresh to make it again with them."]


@pytest.mark.parametrize("content", [b"", b"\0" * 512])
def test_a_manifest_without_bytes_is_made_again_without_inference(counting_model, colours, content):
    run = evaluate(counting_model, colours)
    (run.path / store.MANIFEST).write_bytes(content)
    seen = counting_model.module.seen
    again = evaluate(counting_model, colours)
    assert counting_model.module.seen == seen
    assert (again.identity, again.complete, again.manifest.status) == (run.identity, True, "complete")


def test_a_corrected_factor_is_in_reports_without_inference_and_without_another_identity(counting_model, colours):
    class Corrected(type(colours)):
        def samples(self, label_space):
            return super().samples(label_space).assign(**{"class": "fish"})

    first = evaluate(counting_model, colours)
    assert set(report.joined(first)["class"]) == {"tench", "goldfish", "great white shark"}
    seen = counting_model.module.seen
    again = evaluate(counting_model, Corrected(colours.root))
    assert counting_model.module.seen == seen
    assert again.identity == first.identity
    assert set(report.joined(again)["class"]) == {"fish"}


def test_a_result_that_comes_with_the_project_needs_no_samples_table_of_ones_own(embedded_results):
    found = store.find_run("diorama/clean", "test_vit.diorama")
    assert evaluate(found.model, open_benchmark("diorama/clean")).path == found.path
    assert not list(paths.results_home().rglob("*.parquet"))


def test_a_mirrored_view_shows_the_model_the_mirrored_image(toy_model, colours):
    shown = {}

    class Looking(BrightestChannel):
        def forward(self, inputs):
            shown["left"] = inputs[0, 0, 16, 2].item()
            return super().forward(inputs)

    model = models.from_module(Looking(), "looking", label_space="imagenet-1k", transform=TOY_TRANSFORM)
    half = Image.new("RGB", (32, 32), (0, 0, 0))
    half.paste((255, 255, 255), (16, 0, 32, 32))
    half.save(colours.root / RED_WNID / "7.png")
    for path in colours.root.glob("*/*.png"):
        if path.name != "7.png" or path.parent.name != RED_WNID:
            path.unlink()
    evaluate(model, open_benchmark("imagenet", colours.root))
    assert shown["left"] == -1
    evaluate(model, open_benchmark("imagenet", colours.root), view="mirror")
    assert shown["left"] == 1


def test_a_view_that_needs_masks_gets_them_at_the_models_input_size(toy_model, colours, monkeypatch):
    seen = []

    class Blank(Clean):
        name = "blank"
        needs_mask = True

        def render(self, image, mask, preprocess, rng):
            assert mask.shape == (image.height, image.width)
            (seen_mask,) = self.masks(mask, preprocess)
            seen.append((seen_mask.shape, seen_mask.dtype, seen_mask[:, :16].all(), seen_mask[:, 16:].any()))
            yield np.where(seen_mask[..., None], 128, preprocess(image)).astype(np.uint8)

    add_views(monkeypatch, Blank())
    with pytest.raises(UsageError, match="view 'blank' needs object masks, which 'imagenet' does not have"):
        evaluate(toy_model, colours, view="blank")

    # A mask that cannot be read is its image's matter, not the benchmark's.
    monkeypatch.setattr(colours, "mask", lambda sample_id: (_ for _ in ()).throw(DataError(f"no mask of {sample_id}")))
    run = evaluate(toy_model, colours, view="blank", limit=2)
    assert store.read(run)["error"].str.contains("no mask of").all()

    def left_half(sample_id):
        mask = np.zeros(colours.image(sample_id).size[::-1], dtype=bool)
        mask[:, : mask.shape[1] // 2] = True
        return mask

    monkeypatch.setattr(colours, "mask", left_half)
    evaluate(toy_model, colours, view="blank", limit=2, fresh=True)
    assert seen == [((32, 32), np.dtype(bool), True, False)] * 2


def test_a_model_of_other_classes_is_refused(toy_model, colours):
    toy_model.label_space = "focus-10"
    with pytest.raises(LabelSpaceError, match="needs a model with the 1,000 ImageNet-1k classes"):
        evaluate(toy_model, colours)


def test_the_manifest_says_what_was_run_with_what(toy_model, colours):
    run = evaluate(toy_model, colours)
    manifest = run.manifest
    assert manifest.preprocessing == TOY_TRANSFORM
    assert manifest.versions["torch"] == torch.__version__
    assert run.entry.n == 24
    assert run.entry.root == str(colours.root)
    assert run.entry.card == colours.card()
    assert run.views == get_views("clean").card()
    assert manifest.session.images == 24
    assert manifest.session.device == "cpu"
    assert json.loads((run.path / "run.json").read_text()) == manifest.to_json()


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "tf_mobilenetv3_small_100.tf_quant",
        pytest.param("mobilenetv2_100.tf_quant", marks=pytest.mark.slow),
        pytest.param("tf_efficientnet_lite0.pypi", marks=pytest.mark.slow),
    ],
)
def test_top1_and_probability_equal_timms_own_on_real_photos(shared, name):
    benchmark = open_benchmark("imagenet", shared / "data" / "imagenet-sample")
    run = evaluate(f"local-dir:{shared / 'models' / name}", benchmark, device="cpu", limit=100)
    predictions = store.read(run)
    model = models.load(f"local-dir:{shared / 'models' / name}", "cpu")
    transform = create_transform(**{**model.transform, "input_size": tuple(model.transform["input_size"])})
    same, worst = 0, 0.0
    with torch.inference_mode():
        for row in predictions.itertuples():
            with Image.open(benchmark.path(row.sample_id)) as image:
                prob = model.module(transform(image.convert("RGB"))[None]).softmax(dim=1)[0]
            same += int(prob.argmax()) == row.top10[0]
            worst = max(worst, abs(float(prob.max()) - row.top10_prob[0]))
    assert same == len(predictions)
    assert worst <= 1e-3
    top1 = metrics.accuracy_by(metrics.join(store.read_samples(run), predictions), [])["value"].iloc[0]
    assert top1 > 0.6


def test_a_reader_in_another_thread_never_sees_a_half_written_result(toy_model, colours, monkeypatch):
    monkeypatch.setattr(evaluation, "COMMIT_VIEWS", 1)
    problems, stop = [], threading.Event()

    def watch():
        while not stop.is_set():
            for run in store.list_runs():
                try:
                    ids = store.read(run, ["sample_id"])["sample_id"]
                    if ids.duplicated().any():
                        problems.append("twice")
                except StoreError as error:
                    problems.append(str(error))
            time.sleep(0.001)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        for _ in range(3):
            evaluate(toy_model, colours, batch_size=1, workers=2, fresh=True)
    finally:
        stop.set()
        watcher.join()
    assert not [problem for problem in problems if "damaged" in problem or problem == "twice"]


def test_no_worker_process_or_lock_is_left_behind(toy_model, colours):
    run = evaluate(toy_model, colours)
    aside = store.set_aside(run.path)
    assert aside is not None
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("offcenter-")]
    assert os.path.isdir(aside)
