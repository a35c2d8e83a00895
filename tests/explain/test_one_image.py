"""Questions about one image: answers equal to those of the parts they are made of, however many ask at once."""

import gc
import shutil
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image

from core import models
from core.benchmarks.imagenet import ImageNet
from core.errors import DataError, ModelError, StorageError, UsageError
from core.explain import one_image, resident
from core.explain.resident import Residents
from core.images.opening import open_rgb
from core.images.preprocess import Preprocess
from core.saliency.explain import Explainer
from core.saliency.maps import Target
from tests.job_tools import make_model

ARCHITECTURES = ("test_efficientnet", "test_resnet", "test_vit", "test_convnext")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Four models of four families, named as their architectures."""
    folder = tmp_path_factory.mktemp("made")
    for architecture in ARCHITECTURES:
        make_model(folder / architecture, architecture)
    return folder


@pytest.fixture
def zoo(made, tmp_path, monkeypatch):
    """The four models, to be changed at will, and no model in memory."""
    shutil.copytree(made, tmp_path / "zoo")
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    resident.residents.cache_clear()
    yield tmp_path / "zoo"
    resident.residents.cache_clear()


@pytest.fixture
def photos(tmp_path):
    """Eight images of smooth noise in an ImageNet-style folder."""
    root = tmp_path / "photos" / "n01440764"
    root.mkdir(parents=True)
    for number in range(8):
        coarse = np.random.default_rng(number).integers(0, 256, (6, 7, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((210, 180), Image.Resampling.BICUBIC).save(root / f"{number}.png")
    return root.parent


def sample(number):
    return f"n01440764/{number}.png"


def n_bytes(name):
    module = models.load(name, "cpu").module
    return sum(t.nbytes for t in (*module.parameters(), *module.buffers()))


def directly(name, root, sample_id, target=None, method="grad-cam"):
    """Map and top-5 with a model of its own, in this thread."""
    model = models.load(name, "cpu")
    pixels = Preprocess(model.transform)(open_rgb(root / sample_id))[None]
    found = Explainer(model).explain(pixels, method, Target.of_class(target) if target is not None else None)
    mean, std = np.array(model.transform["mean"]), np.array(model.transform["std"])
    inputs = torch.from_numpy(((pixels / 255 - mean) / std).astype(np.float32)).permute(0, 3, 1, 2)
    with torch.no_grad():
        best = model.module(inputs).softmax(-1)[0].topk(5)
    return found, best


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_map_and_predictions_are_those_of_the_model_alone(zoo, photos, name):
    explained = one_image.explain_sample(name, "imagenet", photos, sample(1), 7)
    found, best = directly(name, photos, sample(1), 7)
    assert (explained.state, explained.target) == ("map", 7)
    assert np.allclose(explained.map, found.scaled()[0], atol=1e-4)
    assert explained.magnitude == pytest.approx(found.magnitude[0], rel=1e-3)
    assert [index for index, _ in explained.top5] == best.indices.tolist()
    assert [prob for _, prob in explained.top5] == pytest.approx(best.values.tolist(), abs=1e-5)


def test_the_image_is_what_the_model_sees_and_the_target_its_prediction(zoo, photos):
    explained = one_image.explain_sample("test_resnet", "imagenet", photos, sample(0))
    model = models.describe("test_resnet")
    assert np.array_equal(explained.image, Preprocess(model.transform)(open_rgb(photos / sample(0))))
    assert explained.map.shape == explained.image.shape[:2]
    assert explained.target == explained.top5[0][0]
    assert explained.mask is None


def test_a_view_is_applied_to_the_image_before_the_model_sees_it(zoo, photos):
    plain = one_image.explain_sample("test_resnet", "imagenet", photos, sample(0), method="layer-cam")
    mirrored = one_image.explain_sample("test_resnet", "imagenet", photos, sample(0), method="layer-cam", view="mirror")
    assert np.array_equal(mirrored.image, plain.image[:, ::-1])
    assert plain.state == mirrored.state == "map"
    assert not np.allclose(mirrored.map, plain.map)


class Masked(ImageNet):
    """The object is the left half of every image."""

    def mask(self, sample_id):
        mask = np.zeros((180, 210), bool)
        mask[:, :105] = True
        return mask


def test_the_mask_lies_on_the_image_as_the_model_sees_it(zoo, photos, monkeypatch):
    monkeypatch.setattr(one_image, "open_benchmark", lambda key, root: Masked(root))
    plain = one_image.explain_sample("test_resnet", "imagenet", photos, sample(0))
    mirrored = one_image.explain_sample("test_resnet", "imagenet", photos, sample(0), view="mirror")
    side = plain.image.shape[1]
    assert plain.mask.shape == plain.image.shape[:2]
    assert plain.mask[:, : side // 2 - 1].all()
    assert not plain.mask[:, side // 2 + 1 :].any()
    assert np.array_equal(mirrored.mask, plain.mask[:, ::-1])


@pytest.mark.slow
def test_eight_sessions_with_different_models_get_the_answers_of_one_alone(zoo, photos):
    # Room for two of the four, so that models are freed and loaded again all the time.
    bound = n_bytes("test_vit") + n_bytes("test_convnext")
    shared = Residents(bound)
    jobs = [
        (ARCHITECTURES[n % 4], sample((3 * n) % 8), n % 5 or None, "score-cam" if n == 9 else "grad-cam")
        for n in range(16)
    ]
    expected = [directly(name, photos, image, target, method) for name, image, target, method in jobs]
    start = threading.Barrier(8)

    def session(number):
        start.wait()
        return [
            one_image.explain_sample(name, "imagenet", photos, image, target, method)
            for name, image, target, method in jobs[number::8]
        ]

    resident.residents.cache_clear()
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(8) as pool:
        patch.setattr(one_image, "residents", lambda: shared)
        answers = list(pool.map(session, range(8)))
    assert sum(found.states == ["map"] for found, _ in expected) > 8
    for number in range(8):
        for explained, (found, best) in zip(answers[number], expected[number::8], strict=True):
            assert np.allclose(explained.map, found.scaled()[0], atol=1e-4, equal_nan=True)
            assert explained.top5[0][0] == best.indices[0]
    assert sum(n_bytes(name) for name in shared.names()) <= bound


def test_one_model_is_loaded_once_however_many_ask(zoo):
    held = Residents(2**30)
    start = threading.Barrier(8)

    def session(_):
        start.wait()
        with held.use("test_vit", "cpu") as entry:
            return entry

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(session, range(8)))) == 1


def test_the_least_recently_used_goes_first_and_its_memory_with_it(zoo):
    # A weights file is a few kilobytes larger than the weights.
    held = Residents(n_bytes("test_resnet") + n_bytes("test_efficientnet") + 2**16)
    with held.use("test_resnet", "cpu"):
        pass
    with held.use("test_efficientnet", "cpu") as entry:
        freed = weakref.ref(entry.model.module)
    del entry
    with held.use("test_resnet", "cpu"):
        pass
    make_model(zoo / "again", "test_efficientnet", seed=1)
    with held.use("again", "cpu"):
        assert held.names() == ["test_resnet", "again"]
    gc.collect()
    assert freed() is None


def test_a_model_in_use_is_not_freed_and_who_needs_its_room_waits(zoo):
    held = Residents(n_bytes("test_resnet") + 1)
    arrived = threading.Event()

    def other():
        with held.use("test_efficientnet", "cpu"):
            arrived.set()

    thread = threading.Thread(target=other)
    with held.use("test_resnet", "cpu"):
        thread.start()
        assert not arrived.wait(0.5)
        assert held.names() == ["test_resnet"]
    assert arrived.wait(30)
    thread.join()
    assert held.names() == ["test_efficientnet"]


def test_sessions_that_share_a_model_do_not_keep_others_waiting_for_ever(zoo):
    held = Residents(n_bytes("test_resnet") + 1)
    over, arrived, in_use = threading.Event(), threading.Event(), threading.Event()
    may_leave = threading.Semaphore(0), threading.Semaphore(0)

    def session(me):
        # Each leaves only once the other has come back, or cannot: left alone, the two keep the model in use for ever.
        first = me == 0
        while not over.is_set():
            with held.use("test_resnet", "cpu"):
                in_use.set()
                if not first:
                    may_leave[1 - me].release()
                first = False
                may_leave[me].acquire(timeout=1)

    def other():
        in_use.wait(30)
        with held.use("test_efficientnet", "cpu"):
            arrived.set()

    threads = [threading.Thread(target=session, args=(me,)) for me in range(2)] + [threading.Thread(target=other)]
    for thread in threads:
        thread.start()
    found = arrived.wait(30)
    over.set()
    for thread in threads:
        thread.join(60)
    assert found


def test_a_model_larger_than_the_bound_is_loaded_alone_and_kept_for_the_next_question(zoo):
    held = Residents(1)
    with held.use("test_vit", "cpu") as first:
        pass
    with held.use("test_vit", "cpu") as second:
        assert second is first
    with held.use("test_resnet", "cpu"):
        assert held.names() == ["test_resnet"]


def test_the_copy_that_guided_grad_cam_makes_counts(zoo, photos):
    pixels = np.zeros((1, 160, 160, 3), np.uint8)
    held = Residents(2**30)
    with held.use("test_resnet", "cpu") as entry:
        before = entry.n_bytes
        assert before == n_bytes("test_resnet")
        entry.explainer.explain(pixels, "guided-grad-cam")
        assert entry.n_bytes == 2 * before


def test_weights_that_were_replaced_are_loaded_anew(zoo, photos):
    before = one_image.predict_sample(["test_resnet"], "imagenet", photos, sample(0))
    make_model(zoo / "other", "test_resnet", seed=5)
    (zoo / "other" / "model.safetensors").replace(zoo / "test_resnet" / "model.safetensors")
    after = one_image.predict_sample(["test_resnet"], "imagenet", photos, sample(0))
    assert before[0].top5 != after[0].top5


def test_a_model_that_cannot_be_had_does_not_hide_the_others(zoo, photos):
    (zoo / "test_vit" / "model.safetensors").write_bytes(b"no weights")
    found = one_image.predict_sample(["test_vit", "no_such_net", "test_resnet"], "imagenet", photos, sample(0))
    assert "cannot be read as weights" in found[0].problem
    assert "unknown model 'no_such_net'" in found[1].problem
    assert len(found[2].top5) == 5
    assert found[2].problem == ""


def test_a_failed_load_leaves_nothing_behind_that_blocks_the_next(zoo, photos):
    weights = (zoo / "test_resnet" / "model.safetensors").read_bytes()
    (zoo / "test_resnet" / "model.safetensors").write_bytes(b"no weights")
    assert one_image.predict_sample(["test_resnet"], "imagenet", photos, sample(0))[0].problem
    (zoo / "test_resnet" / "model.safetensors").write_bytes(weights)
    assert one_image.predict_sample(["test_resnet"], "imagenet", photos, sample(0))[0].top5


def test_no_evidence_and_architectures_without_a_map_are_states_with_a_reason(zoo, photos):
    states = {
        target: one_image.explain_sample("test_resnet", "imagenet", photos, sample(0), target) for target in range(60)
    }
    empty = [explained for explained in states.values() if explained.state == "no-evidence"]
    assert empty
    assert empty[0].message == "no positive evidence for this class"
    assert np.isnan(empty[0].map).all()
    guided = one_image.explain_sample("test_vit", "imagenet", photos, sample(0), method="guided-grad-cam")
    assert guided.state == "not-available"
    assert "ReLU" in guided.message
    assert len(guided.top5) == 5


@pytest.mark.parametrize("sample_id", ["../secret.png", "n01440764/../../secret.png", "/etc/hostname", ""])
def test_a_link_cannot_lead_out_of_the_data_folder(zoo, photos, sample_id):
    Image.new("RGB", (20, 20)).save(photos.parent / "secret.png")
    with pytest.raises(DataError, match="names no image inside the data folder of 'imagenet'"):
        one_image.predict_sample(["test_resnet"], "imagenet", photos, sample_id)


def test_images_that_are_gone_or_broken_are_named(zoo, photos):
    with pytest.raises(StorageError, match=r"'n01440764/99\.png' cannot be read now: No such file"):
        one_image.explain_sample("test_resnet", "imagenet", photos, sample(99))
    (photos / sample(0)).write_bytes(b"no image")
    with pytest.raises(DataError, match=r"'n01440764/0\.png' of 'imagenet' cannot be opened"):
        one_image.explain_sample("test_resnet", "imagenet", photos, sample(0))


@pytest.mark.parametrize(
    ("text", "expected"), [("", 2 * 2**30), ("500M", 500 * 2**20), ("1.5 GiB", 1.5 * 2**30), ("7", 7)]
)
def test_the_bound_is_read_from_the_setting(monkeypatch, text, expected):
    monkeypatch.setenv(resident.SETTING, text)
    assert resident.memory_bound() == expected


def test_a_bound_that_is_no_size_is_refused(monkeypatch):
    monkeypatch.setenv(resident.SETTING, "much")
    with pytest.raises(UsageError, match="OFFCENTER_MODEL_MEMORY='much' is no size: write for example 500M"):
        resident.memory_bound()


@pytest.mark.shared
def test_real_photos_are_recognised_and_explained(shared, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(shared / "models"))
    resident.residents.cache_clear()
    root = shared / "data" / "imagenet-sample"
    image = next((root / "n02099712").iterdir())
    explained = one_image.explain_sample("mobilenetv2_100.tf_quant", "imagenet", root, f"n02099712/{image.name}")
    # Labrador retriever.
    assert 208 in [index for index, _ in explained.top5]
    assert explained.state == "map"
    resident.residents.cache_clear()


def test_a_result_is_explained_by_the_weights_that_made_it_or_not_at_all(zoo, photos):
    now = models.describe("test_resnet").fingerprint
    found = one_image.explain_sample("test_resnet", "imagenet", photos, sample(0), fingerprint=now)
    assert found.prediction.top5
    with pytest.raises(ModelError, match=rf"others now \({now[:8]}\) than those of this result \(0123abcd\)"):
        one_image.explain_sample("test_resnet", "imagenet", photos, sample(0), fingerprint="0123abcd" * 8)
